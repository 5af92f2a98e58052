//! From a target to what is in it: the one place that joins readers and catalogers.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, anyhow, bail};
use globset::GlobSet;
use seawall_image::archive::{ArchiveKind, TarIndex};
use seawall_image::cache::Cache;
use seawall_image::daemon::{Daemon, DaemonError};
use seawall_image::image::{BlobImage, ImageError};
use seawall_image::layout::{LayoutDir, Pick};
use seawall_image::manifest::Platform;
use seawall_image::registry::{Registry, Settings as RegistrySettings};
use seawall_image::scan::{Meter, ScanOptions, ScannedImage, scan_image};
use seawall_image::stream::{StreamChoice, scan_stream};
use seawall_image::{Environment, Reference};
use seawall_inventory::{Assembled, Facts, Inventory, LayerFacts, assemble};
use seawall_model::{
    Analyser, Content, EntryMeta, Interest, Limits, Problem,
};
use seawall_report::{ImageFacts, LayerLine, SubjectKind};
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

/// Reads a target.
pub(crate) fn read(target: &Target, options: &ReadOptions) -> Result<Readout> {
    let reader = Reader { options, meter: Arc::new(Meter::default()) };
    match target {
        Target::Dir(dir) => reader.tree(dir, SubjectKind::SourceTree),
        Target::RootFs(dir) => reader.tree(dir, SubjectKind::RootFileSystem),
        Target::OciLayout { dir, pick } => {
            let image = LayoutDir::open(dir, pick, &reader.platform(), &options.limits)
                .with_context(|| format!("can't open the image layout {}", dir.display()))?;
            reader.image(target.to_string(), |analyser, scan| Ok(scan_image(&image, analyser, scan)))
        }
        Target::DockerArchive { file, tag } => reader.archive(target, file, tag.as_deref(), None),
        Target::OciArchive { file, tag } => reader.archive(target, file, tag.as_deref(), Some(())),
        Target::Registry(reference) => reader.registry(reference),
        Target::Docker(reference) => {
            let daemon = Daemon::docker(&Environment::of_process(), options.limits.clone())
                .context("can't reach a Docker daemon")?;
            reader
                .daemon(&daemon, reference)?
                .ok_or_else(|| anyhow!("the Docker daemon has no image {}; registry:{0} would fetch it", reference.familiar()))
        }
        Target::Podman(reference) => {
            let daemon = Daemon::podman(&Environment::of_process(), options.limits.clone())
                .context("can't reach Podman")?;
            reader
                .daemon(&daemon, reference)?
                .ok_or_else(|| anyhow!("Podman has no image {}; registry:{0} would fetch it", reference.familiar()))
        }
        Target::Containerd(_) => bail!("images of containerd are not read yet"),
        Target::Image(reference) => reader.anywhere(reference),
    }
}

struct Reader<'a> {
    options: &'a ReadOptions,
    meter: Arc<Meter>,
}

impl Reader<'_> {
    fn platform(&self) -> Platform {
        self.options.platform.clone().unwrap_or_else(Platform::host)
    }

    fn analyser(&self, kind: SubjectKind) -> Excluding<'_> {
        let limits = self.options.limits.clone();
        let inner = match kind {
            SubjectKind::SourceTree => Inventory::of_source(limits),
            _ => Inventory::of_installed(limits),
        };
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
        let layers: Vec<LayerFacts<'_>> = tree.facts.iter().map(|facts| LayerFacts { index: None, facts }).collect();
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
        };
        Ok(readout_of_image(name, scan(&analyser, &scan_options)?))
    }

    fn archive(&self, target: &Target, file: &Path, tag: Option<&str>, oci: Option<()>) -> Result<Readout> {
        let opened = || format!("can't read the image archive {}", file.display());
        let limits = &self.options.limits;
        if file == Path::new("-") {
            return self.stream(target.to_string(), tag, Box::new(std::io::stdin()), || {
                Err(ImageError::NotAnImage("standard input can't be read twice".to_owned()))
            });
        }
        let Some(index) = TarIndex::open(file, limits).with_context(opened)? else {
            let stream = Box::new(File::open(file).with_context(opened)?);
            return self.stream(target.to_string(), tag, stream, || {
                let again = File::open(file);
                let io = |source| ImageError::Io { what: file.display().to_string(), source };
                again.map(|file| Box::new(file) as Box<dyn Read>).map_err(io)
            });
        };
        match (index.kind(), oci) {
            (Some(ArchiveKind::Docker), None) => {
                let image = index.into_docker(target.to_string(), tag).with_context(opened)?;
                self.image(target.to_string(), |analyser, scan| Ok(scan_image(&image, analyser, scan)))
            }
            (Some(_), _) => {
                let pick = tag.map_or(Pick::Any, |tag| Pick::Tag(tag.to_owned()));
                let image = index.into_oci(target.to_string(), &pick, &self.platform()).with_context(opened)?;
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
        stream: Box<dyn Read>,
        reopen: impl FnOnce() -> Result<Box<dyn Read>, ImageError>,
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
            settings.ca_certificates =
                std::fs::read(path).with_context(|| format!("can't read the certificates {}", path.display()))?;
        }
        Ok(settings)
    }
}
