//! Installed Node packages: every `package.json` that has a name and a version.
//!
//! They count wherever they lie, not only in `node_modules`: global tools and bundled copies have other
//! folders. Those without a version tell Node how to load a folder and are no packages.
//! <https://docs.npmjs.com/cli/configuring-npm/package-json>

use std::fmt;

use seawall_model::PackageKind;
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document::{self, Loose, Text};
use crate::node::{is_name, is_version};

pub(super) struct NodePackageJson;

impl Cataloger for NodePackageJson {
    fn name(&self) -> &'static str {
        "node/package-json"
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("package.json")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let Some(manifest) = document::json::<Manifest<'_>>(&*text, found) else { return };
        let (Some(name), Some(version)) = (manifest.name.0, manifest.version.0) else { return };
        let version = version.trim();
        if is_name(&name) && is_version(version) {
            let mut package = found.package(PackageKind::Npm, name, version);
            package.licences = manifest.licences.0;
            found.push(package);
        }
    }
}

/// The fields that count. People write these files: of a key that stands there twice the last one counts, and
/// an odd value loses nothing else.
#[derive(Default)]
struct Manifest<'a> {
    name: Loose<'a>,
    version: Loose<'a>,
    licences: Licences,
}

impl<'de: 'a, 'a> Deserialize<'de> for Manifest<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ManifestVisitor;

        impl<'de> Visitor<'de> for ManifestVisitor {
            type Value = Manifest<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a package manifest")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Manifest<'de>, A::Error> {
                let mut manifest = Manifest::default();
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    match &*key {
                        "name" => manifest.name = map.next_value()?,
                        "version" => manifest.version = map.next_value()?,
                        "license" | "licenses" => {
                            let licences: Licences = map.next_value()?;
                            if !licences.0.is_empty() {
                                manifest.licences = licences;
                            }
                        }
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(manifest)
            }
        }

        deserializer.deserialize_map(ManifestVisitor)
    }
}

/// A text, an object with `type`, or a list of these.
#[derive(Default)]
struct Licences(Vec<String>);

impl<'de> Deserialize<'de> for Licences {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LicencesVisitor;

        impl<'de> Visitor<'de> for LicencesVisitor {
            type Value = Licences;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a licence")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Licences, E> {
                Ok(Licences(Some(text.to_owned()).filter(|text| !text.is_empty()).into_iter().collect()))
            }

            fn visit_bool<E: de::Error>(self, _: bool) -> Result<Licences, E> {
                Ok(Licences::default())
            }

            fn visit_i64<E: de::Error>(self, _: i64) -> Result<Licences, E> {
                Ok(Licences::default())
            }

            fn visit_u64<E: de::Error>(self, _: u64) -> Result<Licences, E> {
                Ok(Licences::default())
            }

            fn visit_f64<E: de::Error>(self, _: f64) -> Result<Licences, E> {
                Ok(Licences::default())
            }

            fn visit_unit<E: de::Error>(self) -> Result<Licences, E> {
                Ok(Licences::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Licences, A::Error> {
                let mut all = Licences::default();
                while let Some(mut licences) = list.next_element::<Licences>()? {
                    all.0.append(&mut licences.0);
                }
                Ok(all)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Licences, A::Error> {
                let mut licences = Licences::default();
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    let value: Loose<'de> = map.next_value()?;
                    if matches!(&*key, "type" | "name") && licences.0.is_empty() {
                        licences.0.extend(value.0.map(std::borrow::Cow::into_owned));
                    }
                }
                Ok(licences)
            }
        }

        deserializer.deserialize_any(LicencesVisitor)
    }
}
