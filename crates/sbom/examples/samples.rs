//! Writes sample bills in every form into a folder, for the validators that `script/sbom/check` asks.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "a program for tests, not the engine")]

#[path = "../tests/samples/mod.rs"]
mod samples;

use std::path::PathBuf;

use seawall_sbom::{Bill, CycloneDxVersion, Form, write};

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap());
    let bills = [("empty", samples::empty()), ("image", samples::image()), ("hostile", samples::hostile())];
    for (name, bill) in &bills {
        for (ending, form) in forms() {
            std::fs::write(folder.join(format!("{name}{ending}")), text(bill, form)).unwrap();
        }
    }
}

fn forms() -> Vec<(String, Form)> {
    let mut forms = vec![
        (".spdx.json".to_owned(), Form::SpdxJson),
        (".spdx".to_owned(), Form::SpdxTagValue),
        (".seawall.json".to_owned(), Form::SeawallJson),
    ];
    for version in CycloneDxVersion::ALL {
        forms.push((format!("-{}.cdx.json", version.as_str()), Form::CycloneDxJson(version)));
        forms.push((format!("-{}.cdx.xml", version.as_str()), Form::CycloneDxXml(version)));
    }
    forms
}

fn text(bill: &Bill, form: Form) -> Vec<u8> {
    let mut out = Vec::new();
    write(bill, form, &mut out).unwrap();
    out
}
