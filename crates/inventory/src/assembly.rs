//! From the facts of layers to one inventory: what is still there, who brought it, who owns it.

use std::collections::{BTreeMap, HashMap, HashSet};

use seawall_model::{
    Dependency, Distro, FilePath, FilePathBuf, LayerIndex, Owner, Package, PackageKind, Place, Problem,
};

use crate::catalogers::elf_note::ELF_NOTE;
use crate::catalogers::windows_version_resource::VERSION_RESOURCE;
use crate::dependencies;
use crate::facts::{Facts, FileFacts};
use crate::identity::{self, Statement};

/// The facts of one layer, and where it stands.
pub struct LayerFacts<'a> {
    /// `None` for a directory, which has no layers.
    pub index: Option<LayerIndex>,
    pub facts: &'a Facts,
}

/// The whole of an image or directory.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Assembled {
    pub distro: Option<Distro>,
    /// Sorted by kind, name, version and architecture; each once, with all its places.
    pub packages: Vec<Package>,
    /// Which package needs which; sorted, positions in `packages`.
    pub dependencies: Vec<Dependency>,
    /// Sorted.
    pub problems: Vec<Problem>,
}

/// Joins the facts of layers, base first.
///
/// `is_visible` says whether the file of this path that this layer brought is still there in the finished
/// file system: neither replaced nor removed by a later layer. A file that is gone gives no package, but it
/// tells since which layer a package has been in a database that later layers rewrote.
pub fn assemble(
    layers: &[LayerFacts<'_>],
    is_visible: &dyn Fn(LayerIndex, FilePath<'_>) -> bool,
) -> Assembled {
    let mut visible: Vec<Visible<'_>> = Vec::new();
    for layer in layers {
        for file in last_of_each(layer.facts) {
            if layer.index.is_none_or(|index| is_visible(index, file.path.as_path())) {
                visible.push(Visible { layer: layer.index, file });
            }
        }
    }
    let history = History::of(layers);
    let owners = Owners::of(&visible);
    let licences = licences_of(&visible);
    let listed = listed_in_deps(&visible);
    let mut packages = merge(&visible, &history, &listed);
    for package in &mut packages {
        package.owner = owners.of_package(package);
        if package.licences.is_empty()
            && let Some(stated) = licences.get(&(package.kind, package.name.as_str()))
        {
            package.licences = stated.to_vec();
        }
    }
    drop_known_notes(&mut packages);
    let mut distro = distro_of(&visible);
    if let Some(distro) = distro.as_mut().filter(|distro| has_packages_of_esm(distro, &packages)) {
        distro.channels = vec![Distro::ESM.to_owned()];
    }
    let dependencies = dependencies::resolve(&packages);
    Assembled { distro, packages, dependencies, problems: problems_of(&visible) }
}

/// Takes away what notes in ELF files say of packages that the distribution's database knows: as owners of the
/// files, or by name and version, where it lists the files under other paths than they lie at.
fn drop_known_notes(packages: &mut Vec<Package>) {
    let without_epoch = |version: &str| version.split_once(':').map_or(version, |(_, rest)| rest).to_owned();
    let mut known = HashSet::new();
    if packages.iter().any(|package| package.cataloger == ELF_NOTE) {
        for package in packages.iter().filter(|package| package.kind.is_distribution()) {
            let (name, version) = package.source_or_self();
            known.insert((name.to_owned(), without_epoch(version)));
            known.insert((package.name.clone(), without_epoch(&package.version)));
        }
    }
    packages.retain(|package| {
        let named = || (package.name.clone(), without_epoch(&package.version));
        package.cataloger != ELF_NOTE || (package.owner.is_none() && !known.contains(&named()))
    });
}

/// Whether a package of Ubuntu was built for its extended support, as its version says: images are seldom
/// attached to Ubuntu Pro, but may hold what was installed while the one who built them was.
fn has_packages_of_esm(distro: &Distro, packages: &[Package]) -> bool {
    let is_of_esm = |package: &Package| {
        package.kind == PackageKind::Deb && ["+esm", "~esm"].iter().any(|mark| package.version.contains(mark))
    };
    distro.id == "ubuntu" && packages.iter().any(is_of_esm)
}

/// What a layer's files tell. An archive may hold a name twice; whoever unpacks it keeps the last.
fn last_of_each(facts: &Facts) -> impl Iterator<Item = &FileFacts> {
    let key = |file: &'_ FileFacts| (file.path.clone(), file.cataloger);
    let last: HashMap<_, usize> = facts.files.iter().enumerate().map(|(at, file)| (key(file), at)).collect();
    facts
        .files
        .iter()
        .enumerate()
        .filter(move |(at, file)| last.get(&key(file)) == Some(at))
        .map(|(_, file)| file)
}

/// A file of the finished file system.
struct Visible<'a> {
    layer: Option<LayerIndex>,
    file: &'a FileFacts,
}

/// All versions of the files that later layers wrote anew, to find out who brought which package.
struct History<'a> {
    versions: HashMap<(&'a FilePathBuf, &'static str), Vec<Version<'a>>>,
}

/// The layer that wrote a file, and the packages that it told of then.
type Version<'a> = (LayerIndex, HashSet<Identity<'a>>);

/// What makes two entries of a package database the same package.
type Identity<'a> = (PackageKind, &'a str, &'a str, Option<&'a str>);

fn identity_of(package: &Package) -> Identity<'_> {
    (package.kind, &package.name, &package.version, package.arch.as_deref())
}

impl<'a> History<'a> {
    fn of(layers: &[LayerFacts<'a>]) -> Self {
        let mut files: HashMap<_, Vec<_>> = HashMap::new();
        for layer in layers {
            let Some(index) = layer.index else { continue };
            for file in last_of_each(layer.facts) {
                files.entry((&file.path, file.cataloger)).or_default().push((index, file));
            }
        }
        files.retain(|_, versions| versions.len() > 1);
        let known = |file: &'a FileFacts| file.packages.iter().map(identity_of).collect();
        let versions = |files: Vec<(LayerIndex, &'a FileFacts)>| {
            files.into_iter().map(|(index, file)| (index, known(file))).collect()
        };
        Self { versions: files.into_iter().map(|(key, files)| (key, versions(files))).collect() }
    }

    /// The first of the layers, without a gap back from this one, whose version of the file had the package.
    fn introduced(&self, file: &FileFacts, layer: LayerIndex, package: &Package) -> LayerIndex {
        let Some(versions) = self.versions.get(&(&file.path, file.cataloger)) else { return layer };
        versions
            .iter()
            .rev()
            .skip_while(|(index, _)| *index > layer)
            .take_while(|(_, earlier)| earlier.contains(&identity_of(package)))
            .last()
            .map_or(layer, |(index, _)| *index)
    }
}

/// The files that a `*.deps.json` of .NET lists, by hash.
fn listed_in_deps(visible: &[Visible<'_>]) -> HashSet<u64> {
    let owned = visible.iter().flat_map(|visible| &visible.file.owned);
    owned.filter(|owned| owned.kind == PackageKind::Nuget).flat_map(|owned| &owned.paths).copied().collect()
}

/// One entry for each package, with all its places.
///
/// What a library of .NET says of itself counts only where it is not `listed`.
fn merge(visible: &[Visible<'_>], history: &History<'_>, listed: &HashSet<u64>) -> Vec<Package> {
    type Key = (PackageKind, String, String, Option<String>, Option<String>, Vec<(String, String)>);
    let mut merged: BTreeMap<Key, Package> = BTreeMap::new();
    let is_listed =
        |file: &FileFacts| file.cataloger == VERSION_RESOURCE && listed.contains(&file.path.as_path().hash());
    for Visible { layer, file } in visible.iter().filter(|visible| !is_listed(visible.file)) {
        for package in &file.packages {
            let layer = layer.map(|layer| history.introduced(file, layer, package));
            let places = package.places.iter().map(|place| Place { layer, ..place.clone() });
            let key = (
                package.kind,
                package.name.clone(),
                package.version.clone(),
                package.arch.clone(),
                package.subpath.clone(),
                package.qualifiers.clone(),
            );
            match merged.get_mut(&key) {
                Some(known) => {
                    known.places.extend(places);
                    known.scope = known.scope.min(package.scope);
                    // Two databases may tell of one package, and one of them knows less: opkg's list and
                    // its control files, chisel's manifest and dpkg's list.
                    complete(&mut known.source, package.source.as_ref());
                    complete(&mut known.vendor, package.vendor.as_ref());
                    complete(&mut known.modularity, package.modularity.as_ref());
                    join(&mut known.licences, &package.licences);
                    join(&mut known.needs, &package.needs);
                    join(&mut known.provides, &package.provides);
                    join(&mut known.checksums, &package.checksums);
                }
                None => {
                    merged.insert(key, Package { places: places.collect(), ..package.clone() });
                }
            }
        }
    }
    merged
        .into_values()
        .map(|mut package| {
            package.places.sort();
            package.places.dedup();
            package
        })
        .collect()
}

fn complete<T: Clone>(known: &mut Option<T>, other: Option<&T>) {
    if known.is_none() {
        *known = other.cloned();
    }
}

fn join<T: Clone + PartialEq>(known: &mut Vec<T>, others: &[T]) {
    // The usual case: the same package found again, which says the same.
    if known.as_slice() == others {
        return;
    }
    for other in others {
        if !known.contains(other) {
            known.push(other.clone());
        }
    }
}

/// The licences that stand in a file of their own; of several files the first by path counts.
fn licences_of<'a>(visible: &[Visible<'a>]) -> HashMap<(PackageKind, &'a str), &'a [String]> {
    let mut files: Vec<&FileFacts> = visible.iter().map(|visible| visible.file).collect();
    files.retain(|file| !file.licences.is_empty());
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut licences = HashMap::new();
    for stated in files.into_iter().flat_map(|file| &file.licences) {
        licences.entry((stated.kind, stated.name.as_str())).or_insert(stated.licences.as_slice());
    }
    licences
}

/// Which distribution package owns which file.
struct Owners {
    by_path: HashMap<u64, Owner>,
}

impl Owners {
    fn of(visible: &[Visible<'_>]) -> Self {
        let packages = || visible.iter().flat_map(|visible| &visible.file.packages);
        // Only files that show a package are ever looked up, and there are few of them.
        let mut wanted: Vec<u64> = packages()
            .filter(|package| !package.kind.is_distribution())
            .flat_map(|package| package.places.iter().map(|place| place.path.as_path().hash()))
            .collect();
        wanted.sort_unstable();
        wanted.dedup();

        let mut versions: HashMap<(PackageKind, &str), Vec<&Package>> = HashMap::new();
        for package in packages().filter(|package| package.kind.is_distribution()) {
            versions.entry((package.kind, &package.name)).or_default().push(package);
        }
        let mut by_path = HashMap::new();
        for owned in visible.iter().flat_map(|visible| &visible.file.owned) {
            let candidates = versions.get(&(owned.kind, owned.name.as_str())).into_iter().flatten();
            let fits = |package: &&&Package| owned.arch.is_none() || owned.arch == package.arch;
            let Some(package) = candidates.clone().find(fits).or_else(|| candidates.clone().next()) else {
                continue;
            };
            for path in owned.paths.iter().filter(|path| wanted.binary_search(path).is_ok()) {
                by_path.entry(*path).or_insert_with(|| Owner {
                    kind: package.kind,
                    name: package.name.clone(),
                    version: package.version.clone(),
                });
            }
        }
        Self { by_path }
    }

    /// The owner of a package that no distribution made: only where one owns every place of it.
    fn of_package(&self, package: &Package) -> Option<Owner> {
        if package.kind.is_distribution() {
            return None;
        }
        let mut owners = package.places.iter().map(|place| self.by_path.get(&place.path.as_path().hash()));
        let first = owners.next().flatten()?;
        owners.all(|owner| owner.is_some()).then(|| first.clone())
    }
}

fn distro_of(visible: &[Visible<'_>]) -> Option<Distro> {
    let statement = |visible: &Visible<'_>| {
        Some(Statement {
            path: visible.file.path.clone(),
            layer: visible.layer,
            distro: visible.file.distro.clone()?,
        })
    };
    identity::decide(visible.iter().filter_map(statement).collect())
}

fn problems_of(visible: &[Visible<'_>]) -> Vec<Problem> {
    let mut problems: Vec<Problem> = Vec::new();
    for Visible { layer, file } in visible {
        problems.extend(file.problems.iter().map(|problem| Problem { layer: *layer, ..problem.clone() }));
    }
    problems.sort();
    problems.dedup();
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    const DB: &str = "lib/apk/db/installed";

    fn layer(files: &[(&str, &[&str])]) -> Facts {
        let file = |(path, names): &(&str, &[&str])| {
            let mut file = FileFacts::empty(FilePathBuf::from(*path), "alpine/apk");
            file.packages = names.iter().map(|name| package(path, name)).collect();
            file
        };
        Facts { files: files.iter().map(file).collect() }
    }

    fn package(path: &str, name: &str) -> Package {
        let mut package = Package::new(PackageKind::Apk, name, "1-r0", "alpine/apk");
        package.places = vec![Place { path: FilePathBuf::from(path), inside: None, layer: None }];
        package
    }

    fn brought(layers: &[Facts]) -> String {
        let last = layers.len() - 1;
        let layers: Vec<_> = layers
            .iter()
            .enumerate()
            .map(|(index, facts)| LayerFacts { index: Some(index), facts })
            .collect();
        let assembled = assemble(&layers, &|layer, _| layer == last);
        let line = |package: &Package| format!("{}:{:?}", package.name, package.places[0].layer.unwrap());
        assembled.packages.iter().map(line).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_package_belongs_to_the_layer_that_brought_it_not_to_the_last_that_wrote_the_database() {
        let layers = [
            layer(&[(DB, &["musl"])]),
            layer(&[(DB, &["musl", "zlib"])]),
            layer(&[(DB, &["curl", "musl", "zlib"])]),
        ];
        assert_eq!(brought(&layers), "curl:2 musl:0 zlib:1");
    }

    #[test]
    fn a_package_that_was_removed_and_came_back_belongs_to_its_return() {
        let layers = [layer(&[(DB, &["zlib"])]), layer(&[(DB, &[])]), layer(&[(DB, &["zlib"])])];
        assert_eq!(brought(&layers), "zlib:2");
    }

    #[test]
    fn of_a_name_that_an_archive_holds_twice_the_last_counts() {
        assert_eq!(brought(&[layer(&[(DB, &["zlib"]), (DB, &["musl"])])]), "musl:0");
    }

    #[test]
    fn an_empty_database_hides_the_one_below() {
        assert_eq!(brought(&[layer(&[(DB, &["zlib"])]), layer(&[(DB, &[])])]), "");
    }

    #[test]
    fn who_owns_every_place_owns_the_package() {
        let mut facts = layer(&[(DB, &["py3-idna"])]);
        let path = FilePathBuf::from("usr/lib/python3/idna.dist-info/METADATA");
        facts.files[0].owned.push(crate::OwnedFiles {
            kind: PackageKind::Apk,
            name: "py3-idna".into(),
            arch: None,
            paths: vec![path.as_path().hash()],
        });
        let mut python = FileFacts::empty(path.clone(), "python/installed");
        let mut package = Package::new(PackageKind::Pypi, "idna", "3.4", "python/installed");
        package.places = vec![Place { path, inside: None, layer: None }];
        python.packages.push(package);
        facts.files.push(python);
        let assembled = assemble(&[LayerFacts { index: None, facts: &facts }], &|_, _| true);
        let idna = assembled.packages.iter().find(|package| package.kind == PackageKind::Pypi).unwrap();
        assert_eq!(idna.owner.as_ref().map(|owner| owner.name.as_str()), Some("py3-idna"));
    }

    #[test]
    fn two_databases_complete_each_other() {
        let mut list = layer(&[("a", &["zlib"])]);
        let mut control = layer(&[("b", &["zlib"])]).files.remove(0);
        control.packages[0].vendor = Some("someone".into());
        list.files.push(control);
        let assembled = assemble(&[LayerFacts { index: None, facts: &list }], &|_, _| true);
        let [zlib] = &assembled.packages[..] else { panic!("{:?}", assembled.packages) };
        assert_eq!((zlib.places.len(), zlib.vendor.as_deref()), (2, Some("someone")));
    }

    #[test]
    fn licences_of_another_file_fill_in_where_the_database_has_none() {
        let mut facts = layer(&[(DB, &["curl", "zlib"])]);
        facts.files[0].packages[0].licences.push("curl".into());
        let mut copyright = FileFacts::empty(FilePathBuf::from("usr/share/doc/x"), "debian/copyright");
        for name in ["curl", "zlib"] {
            let (kind, licences) = (PackageKind::Apk, vec!["Zlib".to_owned()]);
            copyright.licences.push(crate::StatedLicences { kind, name: name.into(), licences });
        }
        facts.files.push(copyright);
        let assembled = assemble(&[LayerFacts { index: None, facts: &facts }], &|_, _| true);
        let licences: Vec<_> = assembled.packages.iter().map(|package| package.licences.join(",")).collect();
        assert_eq!(licences, ["curl", "Zlib"]);
    }

    #[test]
    fn a_package_of_ubuntus_extended_support_tells_of_the_channel() {
        for (id, version, expected) in
            [("ubuntu", "1.2-3ubuntu0.1+esm2", true), ("ubuntu", "1.2-3", false), ("debian", "1~esm1", false)]
        {
            let mut facts = layer(&[]);
            let mut release = FileFacts::empty(FilePathBuf::from("etc/os-release"), "linux/os-release");
            release.distro = Some(Distro { id: id.into(), ..Distro::default() });
            let mut status = FileFacts::empty(FilePathBuf::from("var/lib/dpkg/status"), "debian/dpkg");
            status.packages.push(Package::new(PackageKind::Deb, "x", version, "debian/dpkg"));
            facts.files = vec![release, status];
            let distro = assemble(&[LayerFacts { index: None, facts: &facts }], &|_, _| true).distro.unwrap();
            assert_eq!(distro.has_channel(Distro::ESM), expected, "{id} {version}");
        }
    }

    #[test]
    fn the_note_in_a_file_that_a_package_owns_is_no_package() {
        let path = FilePathBuf::from("usr/bin/tool");
        let note = |path: &FilePathBuf| {
            let mut file = FileFacts::empty(path.clone(), ELF_NOTE);
            let mut package = Package::new(PackageKind::Generic, "tool", "1-1", ELF_NOTE);
            package.places = vec![Place { path: path.clone(), inside: None, layer: None }];
            file.packages.push(package);
            file
        };
        let mut facts = layer(&[(DB, &["tool"])]);
        facts.files.push(note(&path));
        let count =
            |facts: &Facts| assemble(&[LayerFacts { index: None, facts }], &|_, _| true).packages.len();
        assert_eq!(count(&facts), 2);
        facts.files[0].packages[0].version = "2:1-1".to_owned();
        assert_eq!(count(&facts), 1, "known by name and version");
        facts.files[0].packages[0].version = "2".to_owned();
        facts.files[0].owned.push(crate::OwnedFiles {
            kind: PackageKind::Apk,
            name: "tool".into(),
            arch: None,
            paths: vec![path.as_path().hash()],
        });
        assert_eq!(count(&facts), 1);
    }
}
