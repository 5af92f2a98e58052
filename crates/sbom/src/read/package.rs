//! From a component to a package: from its package URL, and from what its producer notes beside it.
//!
//! Syft and Trivy write properties of their own where the package URL lacks something: the source package, the layer.
//! <https://github.com/anchore/syft/blob/main/schema>, <https://trivy.dev/latest/docs/supply-chain/sbom/>

use std::collections::HashMap;

use seawall_model::{
    Distro, FilePathBuf, LayerIndex, Owner, Package, PackageKind, Place, Purl, Scope, SourcePackage,
    split_source_rpm,
};

use super::document::{Component, ComponentKind};

/// What a component is, for the inventory.
pub(super) enum Identified {
    Package(Box<Package>, Option<Distro>),
    /// A file, an operating system, a container: no package, and nobody expects one.
    Nothing,
    /// It has no package URL, and nothing else that names it without doubt.
    NoUrl,
    /// It has one of a type that Seawall does not know.
    UnknownType(String),
    Malformed(String),
}

/// What is the same for all components of a document.
pub(super) struct Context<'a> {
    pub(super) cataloger: &'static str,
    /// Whether suppliers are what package databases say, and not what somebody made of it.
    pub(super) knows_vendors: bool,
    /// Layers by the digest of their uncompressed tar.
    pub(super) layers: HashMap<String, LayerIndex>,
    pub(super) components: &'a [Component],
}

impl Context<'_> {
    pub(super) fn identify(&self, component: &Component) -> Identified {
        // Package URLs serve as references too, and some producers write them there alone.
        let stated = component.purl.as_deref();
        let Some(text) = stated.or(Some(&*component.reference).filter(|text| text.starts_with("pkg:")))
        else {
            return self.without_purl(component);
        };
        let purl: Purl = match text.parse() {
            Ok(purl) => purl,
            Err(_) if stated.is_none() => return self.without_purl(component),
            Err(error) => return Identified::Malformed(error.to_string()),
        };
        let Some(package) = Package::of_purl(&purl, self.cataloger) else {
            return match purl.purl_type.as_str() {
                // What holds the packages is none.
                "oci" | "docker" => Identified::Nothing,
                _ if component.kind != ComponentKind::Package => Identified::Nothing,
                _ => Identified::UnknownType(purl.purl_type),
            };
        };
        if component.kind == ComponentKind::OperatingSystem {
            return Identified::Nothing;
        }
        let package = self.completed(with_stated_names(package, component, &purl), component);
        Identified::Package(Box::new(package), Distro::of_purl(&purl))
    }

    /// Syft and Trivy say the type of a package; name and version are then what the package system says.
    fn without_purl(&self, component: &Component) -> Identified {
        if component.kind != ComponentKind::Package {
            return Identified::Nothing;
        }
        let stated = component.first_property(&[
            "seawall:type",
            "syft:package:type",
            "aquasecurity:trivy:PkgType",
            "PkgType",
        ]);
        // Trivy lists the lockfile of an application as a component without a version.
        let Some(version) = &component.version else {
            let holds = ["aquasecurity:trivy:Class", "Class"];
            let is_holder = component.first_property(&holds).is_some();
            return if is_holder { Identified::Nothing } else { Identified::NoUrl };
        };
        let Some(kind) = stated.and_then(kind_of_word) else { return Identified::NoUrl };
        let name = component.group.as_ref().map_or_else(
            || component.name.clone(),
            |group| joined(kind, group, &component.name).unwrap_or_else(|| component.name.clone()),
        );
        if name.trim().is_empty() {
            return Identified::NoUrl;
        }
        let package = Package::new(kind, name, version, self.cataloger);
        Identified::Package(Box::new(self.completed(package, component)), None)
    }

    /// Everything that is said beside the package URL.
    fn completed(&self, mut package: Package, component: &Component) -> Package {
        let text = |names: &[&str]| component.first_property(names).map(str::to_owned);
        if let Some(cataloger) = component.property("seawall:cataloger") {
            package.cataloger = cataloger.to_owned().into();
        }
        package.arch = text(&["seawall:architecture"])
            .or(package.arch)
            .or_else(|| text(&["syft:metadata:architecture"]).filter(|_| package.kind.is_distribution()));
        if package.kind.is_distribution() {
            package.source = stated_source(component, &package).or(package.source);
            package.modularity = text(&[
                "seawall:modularity",
                "syft:metadata:modularityLabel",
                "aquasecurity:trivy:Modularitylabel",
                "Modularitylabel",
            ])
            .or(package.modularity);
        }
        if self.knows_vendors && package.kind.is_distribution() {
            package.vendor = text(&["syft:metadata:vendor", "syft:metadata:maintainer"])
                .or_else(|| component.supplier.clone())
                .filter(|vendor| !vendor.trim().is_empty());
        }
        package.owner = owner(component);
        package.licences.clone_from(&component.licences);
        package.checksums.clone_from(&component.checksums);
        package.places = self.places(component);
        let marks = ["cdx:npm:package:development", "cdx:composer:package:isDevRequirement"];
        if component.is_development || marks.iter().any(|mark| component.property(mark) == Some("true")) {
            package.scope = Scope::Development;
        }
        package
    }

    fn places(&self, component: &Component) -> Vec<Place> {
        let mut places = self.numbered_places(component, "seawall:location:", "layer");
        if places.is_empty() {
            places = self.numbered_places(component, "syft:location:", "layerID");
        }
        if places.is_empty() {
            let layer = ["aquasecurity:trivy:LayerDiffID", "LayerDiffID"];
            let layer = self.layer(component.first_property(&layer));
            let path = ["aquasecurity:trivy:FilePath", "FilePath", "SrcFile"];
            // A lockfile holds the packages that it tells of.
            let of_parent = || {
                let parent = self.components.get(component.parent?)?;
                (parent.kind == ComponentKind::Package && parent.purl.is_none())
                    .then_some(parent.name.as_str())
            };
            let path = component.first_property(&path).or_else(of_parent);
            places = path.into_iter().map(|path| place(path, layer)).collect();
        }
        if places.is_empty() {
            places = component.paths.iter().map(|path| place(path, None)).collect();
        }
        places.sort();
        places.dedup();
        places
    }

    /// Properties `PREFIXn:path` and `PREFIXn:LAYER`.
    fn numbered_places(&self, component: &Component, prefix: &str, layer: &str) -> Vec<Place> {
        let field = |wanted: &str| {
            let of_prefix = component.properties.iter().filter_map(|(name, value)| {
                let (number, field) = name.strip_prefix(prefix)?.split_once(':')?;
                (field == wanted).then_some((number.to_owned(), value.as_str()))
            });
            of_prefix.collect::<Vec<_>>()
        };
        let layers: HashMap<String, &str> = field(layer).into_iter().collect();
        let place = |(number, path): (String, &str)| place(path, self.layer(layers.get(&number).copied()));
        field("path").into_iter().map(place).collect()
    }

    fn layer(&self, diff_id: Option<&str>) -> Option<LayerIndex> {
        self.layers.get(diff_id?).copied()
    }
}

fn place(text: &str, layer: Option<LayerIndex>) -> Place {
    let (path, inside) = match text.split_once("!/") {
        Some((path, inside)) => (path, Some(inside.to_owned())),
        None => (text, None),
    };
    Place { path: FilePathBuf::normalise(path.as_bytes()), inside, layer }
}

/// Package URLs spell names in lower case and leave epochs out. Where the component says the same in its own words,
/// those are the package system's.
fn with_stated_names(mut package: Package, component: &Component, purl: &Purl) -> Package {
    let grouped = component.group.as_deref().and_then(|group| joined(package.kind, group, &component.name));
    let names = grouped.into_iter().chain([component.name.clone()]);
    for name in names.filter(|name| !name.is_empty() && *name != package.name) {
        let with_name = Package { name: name.clone(), ..Package::new(package.kind, name, "", "") };
        let canonical = with_name.purl(None);
        let same_namespace = package.kind.is_distribution() || canonical.namespace == purl.namespace;
        if canonical.name == purl.name && same_namespace {
            package.name = with_name.name;
            break;
        }
    }
    if let Some(stated) = &component.version
        && (package.version.is_empty() || adds_epoch(stated, &package.version))
    {
        package.version.clone_from(stated);
    }
    package
}

/// Whether a version is another one with an epoch in front.
fn adds_epoch(stated: &str, version: &str) -> bool {
    let Some((epoch, rest)) = stated.split_once(':') else { return false };
    rest == version && !epoch.is_empty() && epoch.bytes().all(|byte| byte.is_ascii_digit())
}

/// Group and name as the package system joins them.
fn joined(kind: PackageKind, group: &str, name: &str) -> Option<String> {
    match kind {
        PackageKind::Maven => Some(format!("{group}:{name}")),
        _ if kind.is_distribution() => None,
        _ => Some(format!("{group}/{name}")),
    }
}

fn owner(component: &Component) -> Option<Owner> {
    Some(Owner {
        kind: PackageKind::from_purl_type(component.property("seawall:owner:type")?)?,
        name: component.property("seawall:owner:name")?.to_owned(),
        version: component.property("seawall:owner:version").unwrap_or_default().to_owned(),
    })
}

/// The source package as the producer notes it.
fn stated_source(component: &Component, package: &Package) -> Option<SourcePackage> {
    let ours = component.property("seawall:source:name").zip(component.property("seawall:source:version"));
    if let Some((name, version)) = ours {
        return Some(SourcePackage { name: name.to_owned(), version: version.to_owned() });
    }
    if let Some(name) = component.first_property(&["aquasecurity:trivy:SrcName", "SrcName"]) {
        return Some(SourcePackage { name: name.to_owned(), version: version_of_trivy(component, package) });
    }
    if let Some(file) = component.property("syft:metadata:sourceRpm")
        && let Some((name, version)) = split_source_rpm(file)
    {
        let epoch = package.version.split_once(':').filter(|(_, rest)| *rest == version);
        let version = epoch.map_or(version.clone(), |(epoch, _)| format!("{epoch}:{version}"));
        return Some(SourcePackage { name, version });
    }
    if let Some(name) = component.first_property(&["syft:metadata:source", "syft:metadata:originPackage"]) {
        let version = component.property("syft:metadata:sourceVersion").unwrap_or(&package.version);
        return Some(SourcePackage { name: name.to_owned(), version: version.to_owned() });
    }
    let built = component.property("spdx:sourceInfo")?.strip_prefix("built package from: ")?;
    let (name, version) = built.split_once(' ')?;
    Some(SourcePackage { name: name.to_owned(), version: version.trim().to_owned() })
}

/// Trivy notes epoch, version and release apart; a version without a note is the package's.
fn version_of_trivy(component: &Component, package: &Package) -> String {
    let part = |name: &str| component.first_property(&[&format!("aquasecurity:trivy:{name}"), name]);
    let Some(version) = part("SrcVersion") else { return package.version.clone() };
    let epoch =
        part("SrcEpoch").filter(|epoch| *epoch != "0").map_or(String::new(), |epoch| format!("{epoch}:"));
    let release = part("SrcRelease").map_or(String::new(), |release| format!("-{release}"));
    format!("{epoch}{version}{release}")
}

/// The words of Syft and Trivy for package systems.
fn kind_of_word(word: &str) -> Option<PackageKind> {
    use PackageKind as K;
    Some(match word {
        "debian" | "ubuntu" => K::Deb,
        "alpine" | "wolfi" | "chainguard" => K::Apk,
        "redhat" | "centos" | "rocky" | "alma" | "fedora" | "amazon" | "oracle" | "photon" => K::Rpm,
        "python" | "python-pkg" | "pip" | "poetry" | "pipenv" | "uv" | "pylock" => K::Pypi,
        "node-pkg" | "yarn" | "pnpm" | "bun" => K::Npm,
        "java-archive" | "jar" | "pom" | "gradle" => K::Maven,
        "go-module" | "gobinary" | "gomod" => K::Golang,
        "rust-crate" | "rustbinary" => K::Cargo,
        "gemspec" | "bundler" => K::Gem,
        "php-composer" | "composer-vendor" => K::Composer,
        "dotnet" | "dotnet-core" | "packages-props" => K::Nuget,
        "conda-pkg" => K::Conda,
        "dart-pub" => K::Pub,
        other => return PackageKind::from_purl_type(other),
    })
}
