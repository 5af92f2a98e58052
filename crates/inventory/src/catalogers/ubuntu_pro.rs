//! Whether packages of Ubuntu come from its extended support (ESM), which Ubuntu Pro gives access to.
//!
//! Two kinds of files say so: the state that the client of Ubuntu Pro keeps, and sources of packages at
//! `esm.ubuntu.com`. Services of the same server that build other packages (FIPS, real-time kernels) are not meant.
//! Versions with `+esm` say it too; see [`crate::assembly`].
//! <https://canonical-ubuntu-pro-client.readthedocs-hosted.com/>

use seawall_model::{Distro, FilePath};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document;

pub(super) struct UbuntuPro;

const STATUS: &str = "var/lib/ubuntu-advantage/status.json";

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    services: Vec<Service>,
}

#[derive(Deserialize)]
struct Service {
    #[serde(default)]
    name: String,
    #[serde(default)]
    status: String,
}

impl Cataloger for UbuntuPro {
    fn name(&self) -> &'static str {
        "ubuntu/pro"
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[
            Trigger::Directory("var/lib/ubuntu-advantage"),
            Trigger::Directory("etc/apt/sources.list.d"),
            Trigger::Name("sources.list"),
        ]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        let bytes = path.as_bytes();
        bytes == STATUS.as_bytes()
            || bytes == b"etc/apt/sources.list"
            || (bytes.starts_with(b"etc/apt/sources.list.d/")
                && matches!(path.extension(), Some(b"list" | b"sources")))
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let has_esm = match file.path.extension() {
            Some(b"json") => document::json::<Status>(&*text, found).is_some_and(|status| status.has_esm()),
            Some(b"sources") => text.split("\n\n").any(is_esm_paragraph),
            _ => text.lines().any(is_esm_line),
        };
        if has_esm {
            let channels = vec![Distro::ESM.to_owned()];
            found.distro(Distro { id: "ubuntu".to_owned(), channels, ..Distro::default() });
        }
    }
}

impl Status {
    fn has_esm(&self) -> bool {
        let is_esm = |service: &Service| matches!(service.name.as_str(), "esm-infra" | "esm-apps");
        self.services.iter().any(|service| is_esm(service) && service.status == "enabled")
    }
}

/// A line of `*.list`: `deb [signed-by=…] https://esm.ubuntu.com/infra/ubuntu focal-infra-security main`.
fn is_esm_line(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.next() == Some("deb") && words.any(is_esm_address)
}

/// A paragraph of `*.sources`, of fields that may go on in lines that begin with a space.
fn is_esm_paragraph(paragraph: &str) -> bool {
    let lines = || paragraph.lines().filter(|line| !line.starts_with('#'));
    let is_off = lines().any(|line| {
        let field = line.split_once(':').filter(|(key, _)| key.eq_ignore_ascii_case("enabled"));
        field.is_some_and(|(_, value)| {
            ["no", "false", "0"].iter().any(|off| value.trim().eq_ignore_ascii_case(off))
        })
    });
    !is_off && lines().flat_map(str::split_whitespace).any(is_esm_address)
}

/// An address of `infra` or `apps`; Ubuntu 14.04 has neither of these words.
fn is_esm_address(word: &str) -> bool {
    let rest = word.strip_prefix("https://").or_else(|| word.strip_prefix("http://"));
    let path = rest.and_then(|rest| rest.strip_prefix("esm.ubuntu.com/"));
    path.is_some_and(|path| matches!(path.split('/').next(), Some("infra" | "apps" | "ubuntu")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_sources() {
        for (line, expected) in [
            ("deb https://esm.ubuntu.com/infra/ubuntu focal-infra-security main", true),
            ("deb [arch=amd64] https://esm.ubuntu.com/apps/ubuntu/ jammy-apps-updates main", true),
            ("deb https://esm.ubuntu.com/ubuntu trusty-infra-security main", true),
            ("# deb https://esm.ubuntu.com/infra/ubuntu focal-infra-security main", false),
            ("deb-src https://esm.ubuntu.com/infra/ubuntu focal-infra-security main", false),
            ("deb https://esm.ubuntu.com/fips/ubuntu focal main", false),
            ("deb https://esm.ubuntu.com/realtime/ubuntu jammy main", false),
            ("deb http://archive.ubuntu.com/ubuntu jammy main", false),
            ("deb https://example.org/esm.ubuntu.com/infra jammy main", false),
            ("", false),
        ] {
            assert_eq!(is_esm_line(line), expected, "{line}");
        }
    }

    #[test]
    fn paragraphs_of_sources() {
        let esm = "Types: deb\nURIs: https://esm.ubuntu.com/apps/ubuntu\nSuites: noble-apps-security";
        assert!(is_esm_paragraph(esm));
        assert!(!is_esm_paragraph(&format!("{esm}\nEnabled: no")));
        assert!(!is_esm_paragraph(&format!("# {}", esm.replace('\n', "\n# "))));
        assert!(is_esm_paragraph("URIs:\n http://a.example\n https://esm.ubuntu.com/infra/ubuntu"));
    }
}
