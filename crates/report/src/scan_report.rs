//! Everything that a report of a scan can tell, before it has a form.

use std::collections::BTreeMap;

use seawall_model::{
    Coverage, Dependency, Distro, Finding, ImageFacts, LayerIndex, LayerLine, Package, Severity, SubjectKind,
    Timestamp, VexUse,
};

/// The result of one scan.
#[derive(Debug, Clone)]
pub struct ScanReport {
    /// The version of Seawall.
    pub tool_version: String,
    /// The time that the scan took as now.
    pub now: Timestamp,
    /// As the user named it.
    pub target: String,
    pub kind: SubjectKind,
    /// `None` for directories.
    pub image: Option<ImageFacts>,
    pub distro: Option<Distro>,
    pub end_of_life: EndOfLife,
    /// Base first; empty for directories.
    pub layers: Vec<LayerLine>,
    /// Sorted; findings point into it.
    pub packages: Vec<Package>,
    /// Which package needs which, as far as their systems say; sorted.
    pub dependencies: Vec<Dependency>,
    /// Sorted by package, then most severe first; suppressed ones among them.
    pub findings: Vec<Finding>,
    /// What could be judged neither affected nor not affected.
    pub unknown: Vec<UnknownNote>,
    pub coverage: Coverage,
    /// `None` where no database was asked.
    pub database: Option<DatabaseInfo>,
    pub hidden: Hidden,
    /// Exceptions that matched nothing or have expired.
    pub exceptions: Vec<ExceptionNote>,
    /// What VEX documents did.
    pub vex: Vec<VexUse>,
}

/// Whether the distribution still gets fixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndOfLife {
    /// Until that day.
    Supported(Timestamp),
    /// Not since that day; with the end of paid or long-term support where there is such a thing.
    Ended { since: Timestamp, extended_until: Option<Timestamp> },
    /// The table does not know it, or it has no releases.
    Unknown,
}

/// The advisory database that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseInfo {
    pub feeds: Vec<FeedInfo>,
    /// The date of the list of known exploited vulnerabilities.
    pub kev: Option<Timestamp>,
    pub epss: Option<Timestamp>,
}

/// One feed of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedInfo {
    pub ecosystem: String,
    pub records: usize,
    pub date: Option<Timestamp>,
}

/// Findings that filters keep out of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hidden {
    pub below_severity: usize,
    pub not_fixed: usize,
}

/// An advisory that names a package and could not be judged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnknownNote {
    /// The position of the package in the list.
    pub package: usize,
    pub advisory: String,
    pub reason: String,
}

/// An exception that did nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionNote {
    /// File and line.
    pub source: String,
    pub rule: String,
    /// `matched nothing` or `expired on 2026-01-31`.
    pub message: String,
}

/// Open findings by severity.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    pub by_severity: BTreeMap<Severity, usize>,
    pub unknown: usize,
    /// Notices that have no severity: unmaintained, unsound.
    pub notices: usize,
    pub suppressed: usize,
    pub fixable: usize,
    /// Packages that have at least one open finding.
    pub packages: usize,
}

impl Totals {
    /// Open findings with a severity or an unknown one.
    pub fn open(&self) -> usize {
        self.by_severity.values().sum::<usize>() + self.unknown
    }
}

impl ScanReport {
    /// Counts the findings.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        let mut packages: Vec<usize> = Vec::new();
        for finding in &self.findings {
            if finding.suppression.is_some() {
                totals.suppressed += 1;
                continue;
            }
            packages.push(finding.package);
            if !finding.kind.is_security_fault() {
                totals.notices += 1;
                continue;
            }
            totals.fixable += usize::from(finding.fix.nearest().is_some());
            match finding.severity {
                Some(severity) => *totals.by_severity.entry(severity).or_default() += 1,
                None => totals.unknown += 1,
            }
        }
        packages.sort_unstable();
        packages.dedup();
        totals.packages = packages.len();
        totals
    }

    /// The instruction that brought a layer.
    pub fn instruction(&self, layer: LayerIndex) -> Option<&str> {
        self.layers.get(layer)?.instruction.as_deref()
    }
}
