//! The `DESCRIPTION` of an installed package of R.
//!
//! The same file lies in the sources of a package; only an installation writes the field `Built`.
//! <https://cran.r-project.org/doc/manuals/r-release/R-exts.html#The-DESCRIPTION-file>

use std::collections::BTreeMap;

use seawall_model::{PackageKind, ProblemKind};

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};

pub(super) struct RDescription;

impl Cataloger for RDescription {
    fn name(&self) -> &'static str {
        "r/description"
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("DESCRIPTION")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let bytes = match file.bytes() {
            Ok(bytes) => bytes,
            Err(error) => return found.read_problem(&error),
        };
        // Names of authors are in the encoding that the file declares; what is read here is ASCII.
        let text = String::from_utf8_lossy(&bytes);
        let fields = fields(&text);
        let value = |key: &str| fields.get(key).map(String::as_str).filter(|value| !value.is_empty());
        if value("Built").is_none() {
            return;
        }
        let (Some(name), Some(version)) = (value("Package"), value("Version")) else {
            return found.problem(ProblemKind::Malformed, "it has no Package or no Version");
        };
        let mut package = found.package(PackageKind::Cran, name, version);
        package.licences.extend(value("License").map(str::to_owned));
        package.vendor = value("Repository").map(str::to_owned);
        found.push(package);
    }
}

/// Fields by name; lines that begin with white space go on with the one before.
fn fields(text: &str) -> BTreeMap<&str, String> {
    let mut fields: BTreeMap<&str, String> = BTreeMap::new();
    let mut current = "";
    for line in text.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some(value) = fields.get_mut(current) {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            current = name;
            fields.insert(name, value.trim().to_owned());
        }
    }
    fields
}
