//! What the parts of the page count, counted once. No HTML here.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use seawall_model::{Finding, LayerIndex, Package, PackageKind, Timestamp};

use crate::describe::{self, Grade};
use crate::scan_report::ScanReport;

/// Findings by grade, and how many of each an upgrade mends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    all: [usize; Grade::ALL.len()],
    fixable: [usize; Grade::ALL.len()],
}

impl Tally {
    fn add(&mut self, finding: &Finding) {
        let grade = Grade::of(finding) as usize;
        self.all[grade] += 1;
        self.fixable[grade] += usize::from(finding.fix.nearest().is_some());
    }

    fn merge(&mut self, other: &Self) {
        for grade in Grade::ALL {
            self.all[grade as usize] += other.all[grade as usize];
            self.fixable[grade as usize] += other.fixable[grade as usize];
        }
    }

    pub(super) fn of(&self, grade: Grade) -> usize {
        self.all[grade as usize]
    }

    pub(super) fn fixable(&self, grade: Grade) -> usize {
        self.fixable[grade as usize]
    }

    /// All of them, notices too.
    pub(super) fn sum(&self) -> usize {
        self.all.iter().sum()
    }
}

/// A bar of a plot: what it stands for, and how many.
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) tally: Tally,
}

/// The report, sorted and counted for the page.
pub(super) struct View<'a> {
    pub(super) report: &'a ScanReport,
    /// Open findings, what to look at first coming first.
    pub(super) open: Vec<&'a Finding>,
    pub(super) suppressed: Vec<&'a Finding>,
    pub(super) total: Tally,
    /// One for each layer.
    pub(super) layers: Vec<LayerContent>,
    /// Open findings of packages that lie in no layer.
    pub(super) elsewhere: Tally,
    /// Open findings of each package.
    pub(super) findings_of: Vec<usize>,
    /// For each package the packages that need it.
    pub(super) needed_by: BTreeMap<usize, Vec<usize>>,
}

/// What one layer brought.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LayerContent {
    pub(super) packages: usize,
    pub(super) tally: Tally,
}

impl<'a> View<'a> {
    pub(super) fn of(report: &'a ScanReport) -> Self {
        let (suppressed, open) = report.findings.iter().partition(|finding| finding.suppression.is_some());
        let mut view = Self {
            report,
            open,
            suppressed,
            total: Tally::default(),
            layers: vec![LayerContent::default(); report.layers.len()],
            elsewhere: Tally::default(),
            findings_of: vec![0; report.packages.len()],
            needed_by: BTreeMap::new(),
        };
        view.sort();
        view.count();
        view
    }

    /// By grade; in each, what is exploited, then what is likely to be.
    fn sort(&mut self) {
        let report = self.report;
        let key = |finding: &&Finding| {
            let name = report.packages.get(finding.package).map(|package| package.name.as_str());
            (
                Grade::of(finding),
                finding.kev_since.is_none(),
                Reverse(finding.epss.map(|(probability, _)| probability.to_bits())),
                name,
                finding.package,
            )
        };
        self.open.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.vulnerability.cmp(&b.vulnerability)));
        self.suppressed
            .sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.vulnerability.cmp(&b.vulnerability)));
    }

    fn count(&mut self) {
        for package in &self.report.packages {
            if let Some(layer) = layer_of(package).and_then(|layer| self.layers.get_mut(layer)) {
                layer.packages += 1;
            }
        }
        for finding in &self.open {
            self.total.add(finding);
            if let Some(count) = self.findings_of.get_mut(finding.package) {
                *count += 1;
            }
            let layer = self.report.packages.get(finding.package).and_then(layer_of);
            match layer.and_then(|layer| self.layers.get_mut(layer)) {
                Some(layer) => layer.tally.add(finding),
                None => self.elsewhere.add(finding),
            }
        }
        for dependency in &self.report.dependencies {
            if self.findings_of.get(dependency.to).is_some_and(|count| *count > 0) {
                self.needed_by.entry(dependency.to).or_default().push(dependency.from);
            }
        }
    }

    pub(super) fn package_of(&self, finding: &Finding) -> Option<&'a Package> {
        self.report.packages.get(finding.package)
    }

    /// Open findings that are exploited already.
    pub(super) fn exploited(&self) -> usize {
        self.open.iter().filter(|finding| finding.kev_since.is_some()).count()
    }

    /// Packages with at least one open finding.
    pub(super) fn packages_hit(&self) -> usize {
        self.findings_of.iter().filter(|count| **count > 0).count()
    }

    /// Kinds of packages that have open findings, most findings first.
    pub(super) fn by_kind(&self) -> Vec<Bar> {
        let mut kinds: BTreeMap<PackageKind, Tally> = BTreeMap::new();
        for finding in &self.open {
            if let Some(package) = self.package_of(finding) {
                kinds.entry(package.kind).or_default().add(finding);
            }
        }
        let bars =
            kinds.into_iter().map(|(kind, tally)| Bar { label: kind.title().to_owned(), tally }).collect();
        most_first(bars, "other kinds")
    }

    /// Layers that brought open findings, most findings first.
    pub(super) fn by_layer(&self) -> Vec<Bar> {
        let bar = |(index, layer): (usize, &LayerContent)| Bar {
            label: match describe::instruction(self.report, index) {
                Some(instruction) => format!("{index}  {instruction}"),
                None => format!("{index}"),
            },
            tally: layer.tally,
        };
        let mut bars: Vec<Bar> = self.layers.iter().enumerate().map(bar).collect();
        bars.push(Bar { label: "no layer".to_owned(), tally: self.elsewhere });
        bars.retain(|bar| bar.tally.sum() > 0);
        most_first(bars, "other layers")
    }

    /// Open findings by the time since their first advisory was published.
    pub(super) fn by_age(&self) -> Vec<Bar> {
        const BOUNDS: [(i64, &str); 6] = [
            (7, "≤ 1 week"),
            (30, "≤ 1 month"),
            (90, "≤ 3 months"),
            (365, "≤ 1 year"),
            (730, "≤ 2 years"),
            (i64::MAX, "older"),
        ];
        let mut bars: Vec<Bar> = BOUNDS
            .iter()
            .map(|(_, label)| Bar { label: (*label).to_owned(), tally: Tally::default() })
            .collect();
        bars.push(Bar { label: "no date".to_owned(), tally: Tally::default() });
        for finding in &self.open {
            let days = published(finding).map(|at| self.report.now.days_since(at));
            let bucket = days.and_then(|days| BOUNDS.iter().position(|(bound, _)| days <= *bound));
            let last = bars.len() - 1;
            bars[bucket.unwrap_or(last)].tally.add(finding);
        }
        bars
    }
}

/// The most bars that a plot shows; the rest is one bar.
const MAX_BARS: usize = 8;

fn most_first(mut bars: Vec<Bar>, others: &str) -> Vec<Bar> {
    bars.sort_by_key(|bar| Reverse(bar.tally.sum()));
    if bars.len() > MAX_BARS {
        let rest = bars.split_off(MAX_BARS - 1);
        let mut other = Bar { label: format!("{} {others}", rest.len()), tally: Tally::default() };
        for bar in &rest {
            other.tally.merge(&bar.tally);
        }
        bars.push(other);
    }
    bars
}

/// The layer that brought a package; `None` outside images.
pub(super) fn layer_of(package: &Package) -> Option<LayerIndex> {
    package.places.first().and_then(|place| place.layer)
}

/// When the first advisory that tells of it was published.
pub(super) fn published(finding: &Finding) -> Option<Timestamp> {
    finding.advisories.iter().filter_map(|advisory| advisory.published).min()
}
