//! From what was read or judged to a bill of materials.

use seawall_model::Timestamp;
use seawall_report::ScanReport;
use seawall_sbom::{Bill, Tool};

use crate::read::Readout;

fn tool() -> Tool {
    Tool { name: "seawall".to_owned(), version: Some(env!("CARGO_PKG_VERSION").to_owned()) }
}

/// The bill of a target whose vulnerabilities nobody looked for.
pub(crate) fn of_readout(mut readout: Readout, created: Timestamp) -> Bill {
    let problems = readout.take_problems();
    Bill {
        tool: tool(),
        created,
        kind: readout.kind,
        name: readout.name,
        image: readout.image,
        distro: readout.assembled.distro,
        layers: readout.layers,
        packages: readout.assembled.packages,
        dependencies: readout.assembled.dependencies,
        files: Vec::new(),
        findings: None,
        problems,
    }
}

/// The bill of a scan, with its findings.
pub(crate) fn of_report(report: &ScanReport, created: Timestamp) -> Bill {
    Bill {
        tool: tool(),
        created,
        kind: report.kind,
        name: report.target.clone(),
        image: report.image.clone(),
        distro: report.distro.clone(),
        layers: report.layers.clone(),
        packages: report.packages.clone(),
        dependencies: report.dependencies.clone(),
        files: Vec::new(),
        findings: Some(report.findings.clone()),
        problems: report.coverage.problems.clone(),
    }
}
