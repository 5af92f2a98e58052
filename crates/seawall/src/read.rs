//! From a target to what is in it: the one place that joins readers and catalogers.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, anyhow, bail};
use globset::GlobSet;
use seawall_image::archive::{ArchiveKind, TarIndex};
use seawall_image::cache::Cache;
use seawall_image::containerd::{Containerd, ContainerdError};
use seawall_image::daemon::storage::Storage;
use seawall_image::daemon::{Daemon, DaemonError, DaemonImage};
use seawall_image::image::{BlobImage, ImageDescription, ImageError, LayerDescription};
use seawall_image::layout::{LayoutDir, Pick};
use seawall_image::manifest::{ImageConfig, Platform};
use seawall_image::registry::{Registry, Settings as RegistrySettings};
use seawall_image::scan::{Meter, ScanOptions, ScannedImage, scan_cached, scan_image};
use seawall_image::stream::{StreamChoice, scan_stream};
use seawall_image::unpacked::{UnpackedImage, scan_unpacked};
use seawall_image::{Environment, HeldBytes, Reference, Shared};
use seawall_inventory::{Assembled, Facts, Inventory, LayerFacts, assemble};
use seawall_model::{
    Analyser, Content, Digest, EntryMeta, FilePathBuf, ImageFacts, Interest, LayerLine, Limits, Place,
    Problem, SubjectKind, limits::read_bounded,
};
use seawall_sbom::{Bill, ReadError};
use seawall_source::{WalkOptions, scan_tree};

use crate::progress::{Progress, Status, Unit};
use crate::target::Target;

/// How targets are read.
pub(crate) struct ReadOptions {
    pub(crate) platform: Option<Platform>,
    pub(crate) cache: Option<Cache>,
    pub(crate) verify_blobs: bool,
    pub(crate) exclude: GlobSet,
    /// The globs as they were written: part of the cache's key.
    pub(crate) exclude_text: Vec<String>,
    pub(crate) threads: usize,
    pub(crate) quiet: bool,
    pub(crate) verbose: bool,
    pub(crate) ca_cert: Option<PathBuf>,
    pub(crate) dangerous_plain_http: bool,
    pub(crate) limits: Limits,
}

/// What is in a target.
pub(crate) struct Readout {
    pub(crate) kind: SubjectKind,
    pub(crate) name: String,
    pub(crate) image: Option<ImageFacts>,
    pub(crate) layers: Vec<LayerLine>,
    pub(crate) assembled: Assembled,
    /// Problems of layers and directories; those of files are in `assembled`.
    pub(crate) problems: Vec<Problem>,
    pub(crate) files_seen: u64,
    pub(crate) files_read: u64,
    pub(crate) layers_cached: usize,
}

impl Readout {
    /// All problems, of files and of layers or directories; sorted, each once. None are left behind.
    pub(crate) fn take_problems(&mut self) -> Vec<Problem> {
        let mut problems = std::mem::take(&mut self.assembled.problems);
        problems.append(&mut self.problems);
        problems.sort();
        problems.dedup();
        problems
    }
}

/// Reads a target.
pub(crate) fn read(target: &Target, options: &ReadOptions) -> Result<Readout> {
    let shared = Shared::new(&options.limits);
    let reader = Reader { options, meter: Arc::new(Meter::default()), shared };
    match target {
        Target::Dir(dir) => reader.tree(dir, SubjectKind::SourceTree),
        Target::RootFs(dir) => reader.tree(dir, SubjectKind::RootFileSystem),
        Target::Sbom(file) => reader.bill(target, file, seawall_sbom::read),
        Target::Purls(file) => reader.bill(target, file, seawall_sbom::read_purls),
        Target::OciLayout { dir, pick } => {
            let image = LayoutDir::open(dir, pick, &reader.platform(), &options.limits)
                .with_context(|| format!("can't open the image layout {}", dir.display()))?;
            reader.image(target.to_string(), |analyser, scan| Ok(scan_image(&image, analyser, scan)))
        }
        Target::DockerArchive { file, tag } => {
            reader.archive(target, file, tag.as_deref(), ArchiveKind::Docker)
        }
        Target::OciArchive { file, tag } => reader.archive(target, file, tag.as_deref(), ArchiveKind::Oci),
        Target::Registry(reference) => reader.registry(reference),
        Target::Docker(reference) => {
            let daemon = reader.docker().context("can't reach a Docker daemon")?;
            reader.daemon(&daemon, reference)?.ok_or_else(|| missing("the Docker daemon", reference))
        }
        Target::Podman(reference) => reader.podman(reference)?.ok_or_else(|| missing("Podman", reference)),
        Target::Containerd(reference) => {
            let containerd = reader.containerd().context("can't reach containerd")?;
            reader.containerd_image(&containerd, reference)?.ok_or_else(|| missing("containerd", reference))
        }
        Target::Image(reference) => reader.anywhere(reference),
    }
}

struct Reader<'a> {
    options: &'a ReadOptions,
    meter: Arc<Meter>,
    shared: Shared,
}

impl Reader<'_> {
    fn platform(&self) -> Platform {
        self.options.platform.clone().unwrap_or_else(Platform::host)
    }

    fn analyser(&self, kind: SubjectKind) -> Excluding<'_> {
        let limits = self.options.limits.clone();
        let room = HeldBytes::new(limits.max_held_bytes);
        let inner = match kind {
            SubjectKind::SourceTree => Inventory::of_source(limits),
            _ => Inventory::of_installed(limits),
        };
        let inner = inner.with_room(room);
        Excluding { inner, globs: &self.options.exclude, text: &self.options.exclude_text }
    }

    /// A directory.
    fn tree(&self, dir: &Path, kind: SubjectKind) -> Result<Readout> {
        let analyser = self.analyser(kind);
        let files_seen = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&files_seen);
        let _progress = Progress::start(self.options.quiet, move || Status {
            done: counter.load(Ordering::Relaxed),
            total: 0,
            message: "reading files".to_owned(),
            unit: Unit::Files,
        });
        let walk = WalkOptions {
            limits: &self.options.limits,
            threads: self.options.threads,
            one_file_system: kind == SubjectKind::RootFileSystem,
            skipped_names: if kind == SubjectKind::SourceTree { &[".git"] } else { &[] },
            files_seen: &files_seen,
        };
        let tree = scan_tree(dir, &analyser, &walk)?;
        let layers: Vec<LayerFacts<'_>> =
            tree.facts.iter().map(|facts| LayerFacts { index: None, facts }).collect();
        Ok(Readout {
            kind,
            name: dir.display().to_string(),
            image: None,
            layers: Vec::new(),
            assembled: assemble(&layers, &|_, _| true),
            problems: tree.problems,
            files_seen: files_seen.load(Ordering::Relaxed),
            files_read: tree.files_read,
            layers_cached: 0,
        })
    }

    /// A bill of materials or a list of package URLs.
    fn bill(
        &self,
        target: &Target,
        file: &Path,
        read: impl Fn(&[u8], &str, &Limits) -> Result<Bill, ReadError>,
    ) -> Result<Readout> {
        let bytes = document_bytes("", file, &self.options.limits)?;
        let name = target.to_string();
        let bill = read(&bytes, &name, &self.options.limits).with_context(|| format!("can't use {name}"))?;
        let is_list = matches!(target, Target::Purls(_));
        Ok(readout_of_bill(name, if is_list { SubjectKind::PurlList } else { SubjectKind::Sbom }, bill))
    }

    /// An image, read by `scan`.
    fn image(
        &self,
        name: String,
        scan: impl FnOnce(&Excluding<'_>, &ScanOptions<'_>) -> Result<ScannedImage<Facts>>,
    ) -> Result<Readout> {
        let analyser = self.analyser(SubjectKind::Image);
        let meter = Arc::clone(&self.meter);
        let _progress = Progress::start(self.options.quiet, move || Status {
            done: meter.bytes_read.load(Ordering::Relaxed),
            total: meter.bytes_total.load(Ordering::Relaxed),
            message: format!(
                "layer {} of {}",
                meter.layers_done.load(Ordering::Relaxed),
                meter.layers_total.load(Ordering::Relaxed)
            ),
            unit: Unit::Bytes,
        });
        let scan_options = ScanOptions {
            limits: &self.options.limits,
            threads: self.options.threads,
            cache: self.options.cache.as_ref(),
            verify_blobs: self.options.verify_blobs,
            meter: &self.meter,
            shared: &self.shared,
        };
        Ok(readout_of_image(name, scan(&analyser, &scan_options)?))
    }

    /// An archive; one that is of both kinds is read as the preferred one.
    fn archive(
        &self,
        target: &Target,
        file: &Path,
        tag: Option<&str>,
        preferred: ArchiveKind,
    ) -> Result<Readout> {
        let opened = || format!("can't read the image archive {}", file.display());
        let limits = &self.options.limits;
        if file == Path::new("-") {
            return self.stream(target.to_string(), tag, Box::new(std::io::stdin()), || {
                Err(ImageError::NotAnImage("standard input can't be read twice".to_owned()))
            });
        }
        let Some(index) = TarIndex::open(file, limits).with_context(opened)? else {
            let stream = Box::new(File::open(file).with_context(opened)?);
            return self
                .stream(target.to_string(), tag, stream, || {
                    let again = File::open(file);
                    let io = |source| ImageError::Io { what: file.display().to_string(), source };
                    again.map(|file| Box::new(file) as Box<dyn Read + Send>).map_err(io)
                })
                .with_context(opened);
        };
        match (index.kind(), preferred) {
            (Some(ArchiveKind::Docker), ArchiveKind::Docker) => {
                let image = index.into_docker(target.to_string(), tag).with_context(opened)?;
                self.image(target.to_string(), |analyser, scan| Ok(scan_image(&image, analyser, scan)))
            }
            (Some(_), _) => {
                let pick = tag.map_or(Pick::Any, |tag| Pick::Tag(tag.to_owned()));
                let image =
                    index.into_oci(target.to_string(), &pick, &self.platform()).with_context(opened)?;
                self.image(target.to_string(), |analyser, scan| Ok(scan_image(&image, analyser, scan)))
            }
            (None, _) => bail!(
                "{} holds neither manifest.json nor index.json, so it is no image archive; an unpacked root file system is scanned as rootfs:DIR",
                file.display()
            ),
        }
    }

    fn stream(
        &self,
        name: String,
        tag: Option<&str>,
        stream: Box<dyn Read + Send>,
        reopen: impl FnOnce() -> Result<Box<dyn Read + Send>, ImageError>,
    ) -> Result<Readout> {
        let platform = self.platform();
        self.image(name.clone(), |analyser, scan| {
            let choice = StreamChoice { name, tag, platform: &platform };
            Ok(scan_stream(stream, &choice, analyser, scan, reopen)?)
        })
    }

    fn registry(&self, reference: &Reference) -> Result<Readout> {
        let registry = Registry::new(self.registry_settings()?)?;
        let repository = registry.repository(reference)?;
        let root = repository.resolve()?;
        let name = reference.familiar();
        let image = BlobImage::open(repository, name.clone(), root, &self.platform(), &self.options.limits)
            .with_context(|| format!("can't use the image {name}"))?;
        self.image(name, |analyser, scan| Ok(scan_image(&image, analyser, scan)))
    }

    fn registry_settings(&self) -> Result<RegistrySettings> {
        let mut settings = RegistrySettings::load(&Environment::of_process())?;
        settings.dangerous_plain_http = self.options.dangerous_plain_http;
        settings.limits = self.options.limits.clone();
        if let Some(path) = &self.options.ca_cert {
            settings.ca_certificates = std::fs::read(path)
                .with_context(|| format!("can't read the certificates {}", path.display()))?;
        }
        Ok(settings)
    }
}

/// The bytes of a document; `-` is standard input. `what` stands before its name in an error: `the report `.
pub(crate) fn document_bytes(what: &str, file: &Path, limits: &Limits) -> Result<Vec<u8>> {
    let read = |reader: &mut dyn Read| read_bounded(reader, limits.max_text_bytes);
    let bytes = if file == Path::new("-") {
        read(&mut std::io::stdin().lock())
    } else {
        File::open(file).and_then(|mut file| read(&mut file))
    };
    bytes.with_context(|| format!("can't read {what}{}", file.display()))
}

fn readout_of_bill(name: String, kind: SubjectKind, bill: Bill) -> Readout {
    let mut packages = bill.packages;
    // Where the document does not say where a package lies, it lies in the document.
    for package in packages.iter_mut().filter(|package| package.places.is_empty()) {
        let path = FilePathBuf::normalise(name.as_bytes());
        package.places.push(Place { path, inside: None, layer: None });
    }
    Readout {
        kind,
        name,
        image: bill.image,
        layers: bill.layers,
        assembled: Assembled {
            distro: bill.distro,
            packages,
            dependencies: bill.dependencies,
            problems: bill.problems,
        },
        problems: Vec::new(),
        files_seen: 1,
        files_read: 1,
        layers_cached: 0,
    }
}

/// How an image looks to the daemons: a platform only where one was asked for.
fn daemon_platform(platform: Option<&Platform>) -> Option<seawall_image::daemon::Platform<'_>> {
    platform.map(|platform| seawall_image::daemon::Platform {
        os: &platform.os,
        architecture: &platform.architecture,
        variant: platform.variant.as_deref(),
    })
}

fn missing(place: &str, reference: &Reference) -> anyhow::Error {
    let name = reference.familiar();
    anyhow!("{place} has no image {name}; registry:{name} would fetch it")
}

impl Reader<'_> {
    fn docker(&self) -> Result<Daemon, DaemonError> {
        Daemon::docker(&Environment::of_process(), self.options.limits.clone())
    }

    fn containerd(&self) -> Result<Containerd, ContainerdError> {
        let mut settings = seawall_image::containerd::Settings::load(&Environment::of_process())?;
        settings.limits = self.options.limits.clone();
        Containerd::connect(settings)
    }

    /// A local daemon that has the image, else the registry.
    fn anywhere(&self, reference: &Reference) -> Result<Readout> {
        match self.docker() {
            Ok(daemon) => match self.daemon(&daemon, reference) {
                Ok(Some(readout)) => return Ok(readout),
                Ok(None) => {}
                Err(error) => return Err(error),
            },
            // No daemon, or one that is not for us: the registry has it.
            Err(error) => log_passed_over(self.options, "Docker", &error),
        }
        match self.podman(reference) {
            Ok(Some(readout)) => return Ok(readout),
            Ok(None) => {}
            Err(error) => log_passed_over(self.options, "Podman", error.as_ref()),
        }
        self.registry(reference).with_context(|| {
            format!(
                "no local daemon has the image {0}, and the registry did not give it",
                reference.familiar()
            )
        })
    }

    /// An image of a daemon; `None` where it has none of this name.
    fn daemon(&self, daemon: &Daemon, reference: &Reference) -> Result<Option<Readout>> {
        let platform = daemon_platform(self.options.platform.as_ref());
        let Some(image) = daemon.inspect(reference, platform)? else { return Ok(None) };
        if let Some(wanted) = &self.options.platform
            && (wanted.os != image.os || wanted.architecture != image.architecture)
        {
            bail!("the image of the daemon is for {}/{}, not for {wanted}", image.os, image.architecture);
        }
        let name = reference.familiar();
        let document = format!("configuration of {}", image.id);
        let known = self.options.cache.as_ref().and_then(|cache| cache.document(&document));
        let description = known.and_then(|bytes| describe_cached(&name, &image, bytes));
        let readout = self.image(name.clone(), |analyser, scan| {
            if let Some(description) = &description
                && let Some(scanned) = scan_cached(description, analyser, scan)
            {
                return Ok(scanned);
            }
            let stream = daemon.export(&image, platform)?;
            let platform = self.platform();
            let choice = StreamChoice { name, tag: None, platform: &platform };
            let scanned = scan_stream(stream, &choice, analyser, scan, || {
                let stream = daemon.export(&image, daemon_platform(self.options.platform.as_ref()));
                let failed = |error: DaemonError| ImageError::NotFound(error.to_string());
                stream.map(|stream| Box::new(stream) as Box<dyn Read + Send>).map_err(failed)
            })?;
            if let Some(cache) = &self.options.cache {
                // A cache that cannot be written costs time, not truth.
                let _ = cache.keep_document(&document, &scanned.image.config_bytes);
            }
            Ok(scanned)
        })?;
        Ok(Some(readout))
    }

    /// An image of Podman: through its service, else from its storage on disk.
    fn podman(&self, reference: &Reference) -> Result<Option<Readout>> {
        match Daemon::podman(&Environment::of_process(), self.options.limits.clone()) {
            Ok(daemon) => return self.daemon(&daemon, reference),
            Err(error) if error.is_not_running() => {}
            Err(error) => return Err(error).context("can't use the Podman service"),
        }
        let Some(storage) = Storage::find(&Environment::of_process(), self.options.limits.clone()) else {
            return Ok(None);
        };
        let Some(image) = storage.image(reference)? else { return Ok(None) };
        let name = reference.familiar();
        let layers = image.layers.iter().map(|layer| (layer.diff_id, layer.diff_dir.clone())).collect();
        let image = UnpackedImage::new(name.clone(), image.config, layers)?;
        self.image(name, |analyser, scan| Ok(scan_unpacked(&image, analyser, scan))).map(Some)
    }

    fn containerd_image(&self, containerd: &Containerd, reference: &Reference) -> Result<Option<Readout>> {
        let Some(image) = containerd.image(reference)? else { return Ok(None) };
        let root = image.resolve()?;
        let name = reference.familiar();
        let image = BlobImage::open(image, name.clone(), root, &self.platform(), &self.options.limits)?;
        self.image(name, |analyser, scan| Ok(scan_image(&image, analyser, scan))).map(Some)
    }
}

fn log_passed_over(options: &ReadOptions, place: &str, error: &dyn std::error::Error) {
    if options.verbose {
        crate::output::note(&format!("{place} was not asked: {error}"));
    }
}

/// The description of a daemon's image whose configuration is cached. It must agree with the daemon.
fn describe_cached(name: &str, image: &DaemonImage, config_bytes: Vec<u8>) -> Option<ImageDescription> {
    let config = ImageConfig::parse(&config_bytes).ok()?;
    if config.diff_ids != image.diff_ids {
        return None;
    }
    let layer = |diff_id: &Digest| LayerDescription { blob: None, diff_id: *diff_id, urls: Vec::new() };
    Some(ImageDescription {
        name: name.to_owned(),
        manifest_digest: None,
        config_digest: seawall_image::blobs::digest_of(&config_bytes),
        layers: config.diff_ids.iter().map(layer).collect(),
        config,
        config_bytes,
    })
}

/// Joins the facts of an image's layers.
fn readout_of_image(name: String, scanned: ScannedImage<Facts>) -> Readout {
    let own = scanned.layers.iter().enumerate().map(|(index, layer)| (index, &layer.facts));
    // What links name is visible by construction, and belongs to the layer that holds the bytes.
    let aliases = scanned.aliases.iter().map(|(layer, facts)| (*layer, facts));
    let alias_paths: HashSet<_> = aliases
        .clone()
        .flat_map(|(layer, facts)| facts.files.iter().map(move |file| (layer, file.path.as_path())))
        .collect();
    let layers: Vec<LayerFacts<'_>> =
        own.chain(aliases).map(|(index, facts)| LayerFacts { index: Some(index), facts }).collect();
    let assembled = assemble(&layers, &|layer, path| {
        scanned.squashed.is_visible(layer, path) || alias_paths.contains(&(layer, path))
    });
    let instructions = scanned.image.config.instructions();
    let line = |(index, layer): (usize, &seawall_image::scan::ScannedLayer<Facts>)| LayerLine {
        diff_id: scanned.image.layers[index].diff_id,
        blob: scanned.image.layers[index].blob.map(|(digest, _)| digest),
        instruction: instructions.get(index).cloned().flatten(),
        bytes: layer.tree.tar_bytes,
        from_cache: layer.from_cache,
    };
    let lines = scanned.layers.iter().enumerate().map(line).collect();
    Readout {
        kind: SubjectKind::Image,
        name,
        image: Some(ImageFacts {
            manifest_digest: scanned.image.manifest_digest,
            id: scanned.image.config_digest,
            platform: scanned.image.config.platform.to_string(),
            created: scanned.image.config.created,
            labels: scanned.image.config.labels.clone().into_iter().collect(),
        }),
        layers: lines,
        assembled,
        problems: scanned.problems,
        files_seen: scanned.layers.iter().map(|layer| layer.tree.files.len() as u64).sum(),
        files_read: scanned.layers.iter().map(|layer| layer.tree.files_read).sum(),
        layers_cached: scanned.layers.iter().filter(|layer| layer.from_cache).count(),
    }
}

/// An inventory that does not look at what was excluded.
struct Excluding<'a> {
    inner: Inventory,
    globs: &'a GlobSet,
    text: &'a [String],
}

impl Analyser for Excluding<'_> {
    type Facts = Facts;

    fn identity(&self) -> String {
        format!("{} without {:?}", self.inner.identity(), self.text)
    }

    fn interest(&self, entry: &EntryMeta<'_>) -> Interest {
        let interest = self.inner.interest(entry);
        if interest == Interest::Skip || self.globs.is_empty() {
            return interest;
        }
        let path = std::ffi::OsStr::from_bytes(entry.path.as_bytes());
        if self.globs.is_match(path) { Interest::Skip } else { interest }
    }

    fn wants_content(&self, entry: &EntryMeta<'_>, head: &[u8]) -> bool {
        self.inner.wants_content(entry, head)
    }

    fn analyse(&self, entry: &EntryMeta<'_>, content: Content<'_>, facts: &mut Facts) {
        self.inner.analyse(entry, content, facts);
    }

    fn unreadable(&self, problem: Problem, facts: &mut Facts) {
        self.inner.unreadable(problem, facts);
    }

    fn fixed_paths(&self) -> &[&'static str] {
        self.inner.fixed_paths()
    }

    fn encode(&self, facts: &Facts) -> Vec<u8> {
        self.inner.encode(facts)
    }

    fn decode(&self, bytes: &[u8]) -> Option<Facts> {
        self.inner.decode(bytes)
    }
}
