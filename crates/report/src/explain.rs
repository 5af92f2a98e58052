//! Why a finding is there, for people: the record, the range, the compared versions, the feed and its date, and
//! what would mend it.

use std::fmt::Write as _;
use std::io::{self, Write};

use anstyle::Style;
use seawall_model::text::escaped;
use seawall_model::{
    Advisory, EcosystemCoverage, FeedDate, Finding, FixPlan, Package, Place, Purl, Severity, Upgrade,
};
use unicode_width::UnicodeWidthStr;

use crate::describe;
use crate::scan_report::ScanReport;

/// What to explain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// The beginning of a finding's identifier, at least [`MIN_ID_DIGITS`] hexadecimal digits.
    Id(String),
    /// The name of a vulnerability or of an advisory, in any case of letters.
    Name(String),
    /// A package, by its package URL; what it leaves out is any.
    Package(Purl),
}

/// Digits of an identifier that a query must have.
pub const MIN_ID_DIGITS: usize = 8;

impl std::str::FromStr for Query {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("pkg:") {
            return text
                .parse()
                .map(Self::Package)
                .map_err(|error: seawall_model::PurlError| error.to_string());
        }
        if text.is_empty() {
            return Err("an identifier, a CVE or a package URL is needed".to_owned());
        }
        let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match text.len() {
            length if is_hex && length < MIN_ID_DIGITS => Err(format!(
                "{text:?} is too short: {MIN_ID_DIGITS} digits of a finding's identifier are needed"
            )),
            length if is_hex && length <= 16 => Ok(Self::Id(text.to_ascii_lowercase())),
            _ => Ok(Self::Name(text.to_owned())),
        }
    }
}

impl Query {
    /// The findings that are meant, in the order of the report.
    pub fn findings<'r>(&self, report: &'r ScanReport) -> Vec<&'r Finding> {
        report.findings.iter().filter(|finding| self.means(finding, report)).collect()
    }

    fn means(&self, finding: &Finding, report: &ScanReport) -> bool {
        match self {
            Self::Id(start) => finding.id.to_string().starts_with(start.as_str()),
            Self::Name(name) => finding.names().any(|known| known.eq_ignore_ascii_case(name)),
            Self::Package(purl) => report
                .packages
                .get(finding.package)
                .is_some_and(|package| fits(purl, &package.purl(report.distro.as_ref()))),
        }
    }

    /// The packages that are meant: positions in the report's list.
    fn packages(&self, report: &ScanReport) -> Vec<usize> {
        let Self::Package(purl) = self else { return Vec::new() };
        let meant = |(_, package): &(usize, &Package)| fits(purl, &package.purl(report.distro.as_ref()));
        report.packages.iter().enumerate().filter(meant).map(|(index, _)| index).collect()
    }
}

/// Whether everything that a query says of a package is so.
fn fits(query: &Purl, own: &Purl) -> bool {
    query.purl_type == own.purl_type
        && query.name == own.name
        && (query.namespace.is_none() || query.namespace == own.namespace)
        && (query.version.is_none() || query.version == own.version)
        && query.qualifiers.iter().all(|(key, value)| own.qualifier(key) == Some(value))
}

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Explains what a query means, and tells whether it means anything in this report.
///
/// # Errors
/// Writing to `out` failed.
pub fn write_explanation(
    report: &ScanReport,
    plan: &FixPlan,
    query: &Query,
    width: usize,
    out: &mut dyn Write,
) -> io::Result<bool> {
    let mut page = Page { report, plan, width: width.clamp(40, 120), text: String::new() };
    let findings = query.findings(report);
    for package in query.packages(report) {
        page.package(package);
    }
    for (index, finding) in findings.iter().enumerate() {
        if index > 0 || !page.text.is_empty() {
            page.text.push('\n');
        }
        page.finding(finding);
    }
    let known = !page.text.is_empty();
    if !known {
        page.nothing();
    }
    out.write_all(page.text.as_bytes())?;
    Ok(known)
}

struct Page<'a> {
    report: &'a ScanReport,
    plan: &'a FixPlan,
    width: usize,
    text: String,
}

impl Page<'_> {
    fn finding(&mut self, finding: &Finding) {
        let report = self.report;
        let Some(package) = report.packages.get(finding.package) else { return };
        let purl = package.purl(report.distro.as_ref());
        let severity = finding.severity.map_or("unknown severity", Severity::as_str);
        self.title(&format!("{} in {} {}", finding.vulnerability, package.name, package.version));
        let mut names = finding.aliases.clone();
        names.insert(0, format!("finding {}", finding.id));
        self.note(&names.join(" · "));
        self.entry("package", &purl.to_string());
        self.entry("severity", &severity_text(severity, finding));
        let reasons: Vec<String> = finding.priority_reasons.iter().map(ToString::to_string).collect();
        self.entry("priority", &format!("{}: {}", finding.priority, reasons.join("; ")));
        if let Some(suppression) = &finding.suppression {
            self.entry("suppressed", &describe::suppression(suppression));
        }
        if finding.perhaps_backported {
            self.entry(
                "doubt",
                "the file belongs to a package of the distribution, which may have mended it without changing the version",
            );
        }
        self.head("Why it matched");
        for advisory in &finding.advisories {
            self.advisory(advisory);
        }
        self.head("Where it is");
        self.places(package);
        self.needed_by(finding.package);
        self.head("What mends it");
        self.remedy(finding);
    }

    fn advisory(&mut self, advisory: &Advisory) {
        let date = self.feed_date(advisory);
        self.line(
            2,
            &format!("{BOLD}{}{BOLD:#} of the feed {}, {date}", escaped(&advisory.id), advisory.ecosystem),
        );
        let Advisory { matched_name, matched_version, range, .. } = advisory;
        self.line(4, &escaped(&format!("{matched_name} {matched_version} is compared with {range}")));
        match &advisory.fixed {
            Some(version) => self.line(4, &escaped(&format!("mended in {version}"))),
            None => self.line(4, "no mended version is named"),
        }
        if !advisory.summary.is_empty() {
            self.line(4, &escaped(&advisory.summary));
        }
        let times = [("published", advisory.published), ("changed", advisory.modified)];
        let told: Vec<String> = times
            .iter()
            .filter_map(|(word, time)| time.map(|time| format!("{word} {}", time.date())))
            .collect();
        if !told.is_empty() {
            self.line(4, &told.join(", "));
        }
        for link in advisory.references.iter().take(5) {
            self.line(4, &format!("{DIM}{}{DIM:#}", escaped(link)));
        }
    }

    fn feed_date(&self, advisory: &Advisory) -> String {
        let of_feed = |entry: &&EcosystemCoverage| {
            entry.feed.as_ref().is_some_and(|(feed, _)| feed.name == advisory.ecosystem.name)
        };
        let entry = self.report.coverage.ecosystems.iter().find(of_feed);
        match entry.and_then(|entry| entry.feed.as_ref()) {
            Some((_, FeedDate::Known(date))) => format!("as of {}", date.date()),
            _ => "whose date is unknown".to_owned(),
        }
    }

    fn places(&mut self, package: &Package) {
        const SHOWN: usize = 8;
        for place in package.places.iter().take(SHOWN) {
            self.place(place);
        }
        if package.places.len() > SHOWN {
            self.line(2, &format!("and {} more places", package.places.len() - SHOWN));
        }
        if let Some(owner) = &package.owner {
            self.line(2, &escaped(&format!("installed by the package {} {}", owner.name, owner.version)));
        }
    }

    fn place(&mut self, place: &Place) {
        let mut text = escaped(&format!("/{}", place.path));
        if let Some(inside) = &place.inside {
            let _ = write!(text, " → {}", escaped(inside));
        }
        self.line(2, &text);
        let Some(layer) = place.layer else { return };
        let mut text = format!("layer {layer}");
        if let Some(instruction) = describe::instruction(self.report, layer) {
            let _ = write!(text, ": {}", escaped(&instruction));
        }
        self.line(4, &format!("{DIM}{text}{DIM:#}"));
    }

    /// Who needs the package directly.
    fn needed_by(&mut self, package: usize) {
        const SHOWN: usize = 5;
        let needs = self.report.dependencies.iter().filter(|dependency| dependency.to == package);
        let names: Vec<String> = needs
            .filter_map(|dependency| self.report.packages.get(dependency.from))
            .map(|package| escaped(&format!("{} {}", package.name, package.version)))
            .collect();
        if names.is_empty() {
            return;
        }
        let more = names.len().saturating_sub(SHOWN);
        let mut text = format!("needed by {}", names[..names.len().min(SHOWN)].join(", "));
        if more > 0 {
            let _ = write!(text, " and {more} more");
        }
        self.line(2, &text);
    }

    fn remedy(&mut self, finding: &Finding) {
        let report = self.report;
        let position = report.findings.iter().position(|known| known.id == finding.id);
        let upgrade = position
            .and_then(|position| self.plan.upgrades.iter().find(|upgrade| upgrade.mends.contains(&position)));
        match (upgrade, finding.fix.nearest()) {
            (Some(upgrade), _) => self.upgrade(upgrade, finding),
            (None, Some(version)) => self.line(2, &escaped(&format!("an upgrade to {version}"))),
            (None, None) => self.line(2, &format!("nothing yet: the feeds say {}", finding.fix.as_str())),
        }
    }

    fn upgrade(&mut self, upgrade: &Upgrade, finding: &Finding) {
        let nearest = finding.fix.nearest().unwrap_or_default();
        self.line(2, &escaped(&format!("{} {} → {nearest} mends this one", upgrade.name, upgrade.from)));
        let mut others: Vec<String> = upgrade
            .mends
            .iter()
            .filter_map(|index| self.report.findings.get(*index))
            .filter(|other| other.vulnerability != finding.vulnerability)
            .map(|other| escaped(&other.vulnerability))
            .collect();
        others.sort();
        others.dedup();
        if !others.is_empty() {
            let text = format!(
                "{} {} → {} mends also {}",
                upgrade.name,
                upgrade.from,
                upgrade.to,
                others.join(", ")
            );
            self.line(2, &escaped(&text));
        }
    }

    fn package(&mut self, index: usize) {
        let package = &self.report.packages[index];
        self.title(&package.purl(self.report.distro.as_ref()).to_string());
        let is_open = |finding: &&Finding| finding.suppression.is_none() && finding.package == index;
        let open = self.report.findings.iter().filter(is_open);
        self.entry("findings", &format!("{} open", open.count()));
        self.entry("found by", &package.cataloger);
        if !package.licences.is_empty() {
            self.entry("licences", &package.licences.join(", "));
        }
        self.places(package);
    }

    fn nothing(&mut self) {
        self.line(0, "Nothing in this report says so. It compared:");
        for entry in &self.report.coverage.ecosystems {
            let feed = match &entry.feed {
                Some((feed, FeedDate::Known(date))) => format!("the feed {feed} as of {}", date.date()),
                Some((feed, FeedDate::Unknown)) => format!("the feed {feed}, whose date is unknown"),
                None => "no feed".to_owned(),
            };
            let text =
                format!("{} of {} packages of {} with {feed}", entry.matched, entry.packages, entry.name);
            self.line(2, &escaped(&text));
        }
    }

    fn title(&mut self, text: &str) {
        self.line(0, &format!("{BOLD}{}{BOLD:#}", escaped(text)));
    }

    fn note(&mut self, text: &str) {
        self.line(0, &format!("{DIM}{}{DIM:#}", escaped(text)));
    }

    fn head(&mut self, text: &str) {
        self.text.push('\n');
        self.line(0, &format!("{BOLD}{text}{BOLD:#}"));
    }

    fn entry(&mut self, name: &str, text: &str) {
        self.wrapped(&format!("{name:<12}"), 12, &escaped(text));
    }

    fn line(&mut self, indent: usize, text: &str) {
        self.wrapped(&" ".repeat(indent), indent + 2, text);
    }

    /// Breaks a text at spaces; what follows the first line is indented.
    fn wrapped(&mut self, first: &str, indent: usize, text: &str) {
        let mut used = first.width();
        self.text.push_str(first);
        for (index, word) in text.split(' ').enumerate() {
            let width = shown_width(word);
            if index > 0 && used + 1 + width > self.width {
                self.text.push('\n');
                self.text.push_str(&" ".repeat(indent));
                used = indent;
            } else if index > 0 {
                self.text.push(' ');
                used += 1;
            }
            self.text.push_str(word);
            used += width;
        }
        self.text.push('\n');
    }
}

/// Columns of a word without the sequences that colour it, which are ours: foreign ones are escaped.
fn shown_width(word: &str) -> usize {
    let mut width = 0;
    let mut rest = word;
    while let Some(start) = rest.find('\u{1b}') {
        width += rest[..start].width();
        rest = rest[start..].split_once('m').map_or("", |(_, after)| after);
    }
    width + rest.width()
}

fn severity_text(severity: &str, finding: &Finding) -> String {
    let mut text = severity.to_owned();
    if let Some(source) = finding.severity_source {
        let _ = write!(text, ", as said by the {}", source.as_str().replace('-', " "));
    }
    if let Some(score) = finding.cvss_score {
        let _ = write!(text, "; CVSS {score:.1}");
    }
    if let Some(vector) = &finding.cvss_vector {
        let _ = write!(text, " {vector}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_shows_in_its_form() {
        let query = |text: &str| text.parse::<Query>();
        assert_eq!(query("0123abcd"), Ok(Query::Id("0123abcd".into())));
        assert!(query("0123abc").unwrap_err().contains("too short"));
        assert_eq!(query("CVE-2026-0001"), Ok(Query::Name("CVE-2026-0001".into())));
        assert!(matches!(query("pkg:npm/a@1"), Ok(Query::Package(_))));
        assert!(query("pkg:npm").is_err());
        assert!(query("").is_err());
    }
}
