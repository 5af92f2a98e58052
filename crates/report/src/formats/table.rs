//! The report for a terminal: packages with their findings, then what it all comes to, then what was examined.
//!
//! The summary stands last, where a reader of a long list still sees it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use seawall_model::text::escaped;
use seawall_model::{
    EcosystemCoverage, FeedDate, Finding, Package, Priority, PriorityReason, Severity, SubjectKind,
};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::describe::{self, count, rank};
use crate::escape::without_commands;
use crate::scan_report::{EndOfLife, ScanReport};

/// How wide and how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableOptions {
    /// Columns of the terminal; lines are cut to fit. At least 40 are used.
    pub width: usize,
    /// Lists suppressed findings too, with the reason.
    pub show_suppressed: bool,
    /// Lists every finding and every problem, instead of the first fifty of a package and the first ten.
    pub list_all: bool,
}

/// Writes the report. Colours are always written; who prints takes them out where they are not wanted.
///
/// # Errors
/// Writing to `out` failed.
pub fn write_table(report: &ScanReport, options: TableOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table { report, width: options.width.max(40), options, text: String::new() };
    table.head();
    table.findings();
    table.totals();
    table.coverage();
    out.write_all(table.text.as_bytes())
}

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const WARNING: Style = AnsiColor::Yellow.on_default();
const GOOD: Style = AnsiColor::Green.on_default();

const fn style_of(severity: Option<Severity>) -> Style {
    match severity {
        Some(Severity::Critical) => AnsiColor::Red.on_default().bold(),
        Some(Severity::High) => AnsiColor::Red.on_default(),
        Some(Severity::Medium) => AnsiColor::Yellow.on_default(),
        Some(Severity::Low) => AnsiColor::Blue.on_default(),
        Some(Severity::Negligible) => DIM,
        None => AnsiColor::Magenta.on_default(),
    }
}

struct Table<'a> {
    report: &'a ScanReport,
    width: usize,
    options: TableOptions,
    text: String,
}

/// Packages that one build made and that have the same findings: shown once.
struct Group<'a> {
    packages: Vec<&'a Package>,
    findings: Vec<&'a Finding>,
}

impl<'r> Table<'r> {
    fn head(&mut self) {
        let report = self.report;
        let mut line = safe(&report.target);
        if let Some(image) = &report.image {
            let _ = write!(line, " · {}", escaped(&image.platform));
        }
        if let Some(distro) = &report.distro {
            let _ = write!(line, " · {}", escaped(&distro.display_name()));
        }
        self.line(BOLD, &line);
        if let Some(image) = &report.image {
            let digest = image.manifest_digest.unwrap_or(image.id);
            let created = image.created.map(|at| format!(" · created {}", at.date())).unwrap_or_default();
            self.line(DIM, &format!("{digest}{created}"));
        }
        self.blank();
    }

    fn findings(&mut self) {
        let groups = self.groups();
        let all = || groups.iter().flat_map(|group| group.findings.iter().copied());
        let id = all().map(|finding| safe(&finding.vulnerability).width()).max().unwrap_or(0).min(22);
        let fix = all().map(|finding| fix_text(finding).width()).max().unwrap_or(0);
        // What mends it is worth more than the summary, which may go where there is no room.
        let room = self.width.saturating_sub(SEVERITY_COLUMNS + id + 2);
        let fix = fix.min((self.width / 3).max(24));
        let columns = Columns { id, fix, is_stacked: fix > room };
        for group in &groups {
            self.group(group, columns);
        }
    }

    /// Groups of packages, the most severe first.
    fn groups(&self) -> Vec<Group<'r>> {
        let report = self.report;
        let mut by_package: BTreeMap<usize, Vec<&'r Finding>> = BTreeMap::new();
        for finding in &report.findings {
            if finding.suppression.is_none() || self.options.show_suppressed {
                by_package.entry(finding.package).or_default().push(finding);
            }
        }
        let mut groups: BTreeMap<_, Group<'r>> = BTreeMap::new();
        for (index, findings) in by_package {
            let Some(package) = report.packages.get(index) else { continue };
            let names: Vec<&str> = findings.iter().map(|finding| finding.vulnerability.as_str()).collect();
            let layer = package.places.first().and_then(|place| place.layer);
            let key = (package.kind, package.source_or_self(), layer, names);
            let group = groups.entry(key).or_insert_with(|| Group { packages: Vec::new(), findings });
            group.packages.push(package);
        }
        let mut groups: Vec<Group<'r>> = groups.into_values().collect();
        for group in &mut groups {
            group.findings.sort_by_key(|finding| (rank(finding), finding.vulnerability.as_str()));
        }
        groups.sort_by_key(|group| {
            let worst = group.findings.first().map(|finding| rank(finding));
            (worst, std::cmp::Reverse(group.findings.len()), group.packages[0].name.as_str())
        });
        groups
    }

    fn group(&mut self, group: &Group<'_>, columns: Columns) {
        let first = group.packages[0];
        let (source, version) = first.source_or_self();
        let name = if group.packages.len() == 1 { &first.name } else { source };
        let version = if group.packages.len() == 1 { &first.version } else { version };
        let title = cut(&safe(&format!("{name} {version}")), self.width);
        let mut used = title.width();
        let mut head = format!("{BOLD}{title}{BOLD:#}");
        let note = group_note(group, name);
        if !note.is_empty() && used + 2 < self.width {
            let note = cut(&note, self.width - used - 2);
            used += 2 + note.width();
            let _ = write!(head, "  {DIM}{note}{DIM:#}");
        }
        let place = self.place(first);
        let fits = place.width() + 2 <= self.width.saturating_sub(used);
        if fits && !place.is_empty() {
            let _ = write!(head, "  {DIM}{place}{DIM:#}");
        }
        self.text.push_str(&head);
        self.text.push('\n');
        if !fits {
            self.line(DIM, &format!("  {place}"));
        }
        let shown = if self.options.list_all { usize::MAX } else { MAX_FINDINGS };
        for finding in group.findings.iter().take(shown) {
            self.finding(finding, columns);
        }
        if let Some(rest) = group.findings.get(shown..).filter(|rest| !rest.is_empty()) {
            self.line(DIM, &format!("  and {} more, none of them more severe (-v lists all)", rest.len()));
        }
        self.blank();
    }

    fn finding(&mut self, finding: &Finding, columns: Columns) {
        let style = style_of(finding.severity);
        let word = describe::severity_word(finding);
        let room = self.width.saturating_sub(SEVERITY_COLUMNS);
        let id = cut(&safe(&finding.vulnerability), room);
        let id = if columns.is_stacked { id } else { pad(&id, columns.id) };
        let mut line = format!("  {style}{word:<12}{style:#} {id}");
        let mut used = SEVERITY_COLUMNS + id.width();
        let fix = fix_text(finding);
        let note = note(finding);
        if columns.is_stacked {
            let fits = used + 2 + fix.width() <= self.width;
            if fits {
                let _ = write!(line, "  {fix}");
            }
            let _ = writeln!(self.text, "{}", line.trim_end());
            for text in [if fits { "" } else { &fix }, &note].iter().filter(|text| !text.is_empty()) {
                let _ = writeln!(self.text, "      {}", cut(text, self.width - 6));
            }
            return;
        }
        if used + 2 + columns.fix <= self.width {
            let _ = write!(line, "  {}", pad(&cut(&fix, columns.fix), columns.fix));
            used += 2 + columns.fix;
        }
        if self.width > used + 12 && !note.is_empty() {
            let _ = write!(line, "  {}", cut(&note, self.width - used - 2));
        }
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// Layer and instruction, or the path where there are no layers.
    fn place(&self, package: &Package) -> String {
        let path = || package.places.first().map(|place| place.path.to_string()).unwrap_or_default();
        let text = describe::layer(self.report, package).unwrap_or_else(path);
        cut(&safe(&text), self.width.saturating_sub(2).min(PLACE_COLUMNS.max(self.width / 2)))
    }

    fn totals(&mut self) {
        let totals = self.report.totals();
        let open = totals.open();
        if open == 0 && totals.notices == 0 {
            self.nothing_found();
        } else {
            let mut parts: Vec<(Style, String)> = Vec::new();
            for severity in Severity::ALL.into_iter().rev() {
                let number = totals.by_severity.get(&severity).copied().unwrap_or(0);
                if number > 0 {
                    parts.push((style_of(Some(severity)), format!("{number} {severity}")));
                }
            }
            if totals.unknown > 0 {
                parts.push((style_of(None), format!("{} of unknown severity", totals.unknown)));
            }
            if totals.notices > 0 {
                parts.push((Style::new(), count(totals.notices, "notice", "notices")));
            }
            let findings = count(open, "finding", "findings");
            let packages = count(self.report.packages.len(), "package", "packages");
            self.tally(&format!("{findings} in {} of {packages}", totals.packages), &parts);
            self.line(Style::new(), &format!("{} can be mended by an upgrade", totals.fixable));
            self.priorities();
        }
        self.hidden(totals.suppressed);
        self.end_of_life();
    }

    fn priorities(&mut self) {
        let open = || self.report.findings.iter().filter(|finding| finding.suppression.is_none());
        let count = |priority| open().filter(|finding| finding.priority == priority).count();
        let (act, attend) = (count(Priority::Act), count(Priority::Attend));
        if act + attend > 0 {
            let text = format!("{act} to act on, {attend} to attend to before the usual updates");
            self.line(if act > 0 { WARNING } else { Style::new() }, &text);
        }
    }

    /// A heading and the numbers behind it, each in its colour, in as many lines as it takes.
    fn tally(&mut self, head: &str, parts: &[(Style, String)]) {
        let mut used = head.width() + 1;
        let _ = write!(self.text, "{BOLD}{head}{BOLD:#}:");
        for (position, (style, part)) in parts.iter().enumerate() {
            let comma = if position + 1 < parts.len() { "," } else { "" };
            let width = 1 + part.width() + comma.len();
            if used + width > self.width {
                self.text.push_str("\n   ");
                used = 3;
            }
            let _ = write!(self.text, " {style}{part}{style:#}{comma}");
            used += width;
        }
        self.text.push('\n');
    }

    /// Nothing found is good news only as far as packages were judged.
    fn nothing_found(&mut self) {
        let ecosystems = &self.report.coverage.ecosystems;
        let packages: usize = ecosystems.iter().map(|ecosystem| ecosystem.packages).sum();
        let judged: usize = ecosystems.iter().map(|ecosystem| ecosystem.matched).sum();
        if let Some(text) = describe::left_out(self.report) {
            self.line(WARNING, &format!("nothing to show: {text}"));
        } else if packages == 0 {
            self.line(WARNING, "nothing found, and nothing to judge: see below");
        } else if judged == 0 {
            let packages = count(packages, "package", "packages");
            self.line(WARNING, &format!("nothing is known of {packages}: none could be judged, see below"));
        } else if judged < packages {
            let text = format!(
                "no known vulnerability in {judged} of {packages} packages; the others were not judged"
            );
            self.line(WARNING, &text);
        } else if self.report.coverage.is_complete() {
            self.line(GOOD, &format!("no known vulnerability in {}", count(packages, "package", "packages")));
        } else {
            self.line(WARNING, "nothing found, but not everything was examined: see below");
        }
    }

    fn hidden(&mut self, suppressed: usize) {
        let hidden = self.report.hidden;
        if hidden.below_severity > 0 {
            self.line(DIM, &format!("{} of lower severity not shown (--severity)", hidden.below_severity));
        }
        if hidden.not_fixed > 0 {
            self.line(
                DIM,
                &format!("{} without a mended version not shown (--only-fixed)", hidden.not_fixed),
            );
        }
        if suppressed > 0 && !self.options.show_suppressed {
            self.line(DIM, &format!("{suppressed} suppressed (--show-suppressed)"));
        }
        for used in &self.report.vex {
            let mut text = format!(
                "VEX {}: {} of {} findings suppressed",
                used.source,
                used.suppressed,
                used.suppressed + used.confirmed
            );
            if used.suppressed + used.confirmed == 0 {
                text = format!(
                    "VEX {}: none of its {} statements is about a finding",
                    used.source, used.statements
                );
            }
            self.line(DIM, &safe(&text));
            for problem in used.problems.iter().take(3) {
                self.line(WARNING, &safe(&format!("VEX {}: {problem}", used.source)));
            }
        }
        for note in &self.report.exceptions {
            let text = format!("exception {} at {}: {}", note.rule, note.source, note.message);
            self.line(WARNING, &escaped(&text));
        }
    }

    fn end_of_life(&mut self) {
        if let EndOfLife::Ended { since, extended_until } = self.report.end_of_life {
            let name =
                self.report.distro.as_ref().map(seawall_model::Distro::display_name).unwrap_or_default();
            let extended = match extended_until {
                Some(until) if until > self.report.now => {
                    format!("; long-term support until {}", until.date())
                }
                _ => String::new(),
            };
            self.line(
                WARNING,
                &format!("{} is out of support since {}{extended}", escaped(&name), since.date()),
            );
        }
    }

    fn coverage(&mut self) {
        self.blank();
        self.line(BOLD, "Examined");
        let coverage = &self.report.coverage;
        if coverage.ecosystems.is_empty() {
            let hint = match self.report.kind {
                SubjectKind::Sbom | SubjectKind::PurlList => "no packages: the document names none",
                SubjectKind::SourceTree => "no packages: no lockfile of a known kind was found",
                _ => "no packages: no package database and no installed artefact of a known kind was found",
            };
            self.line(WARNING, &format!("  {hint}"));
        }
        let name_width =
            coverage.ecosystems.iter().map(|ecosystem| ecosystem.name.width()).max().unwrap_or(0);
        for ecosystem in &coverage.ecosystems {
            let text =
                format!("  {}  {}", pad(&escaped(&ecosystem.name), name_width), ecosystem_text(ecosystem));
            let is_judged =
                ecosystem.feed.is_some() && ecosystem.unknown_version + ecosystem.unknown_ranges == 0;
            self.line(if is_judged { Style::new() } else { WARNING }, &text);
        }
        if coverage.layers > 0 {
            let cached = match coverage.layers_cached {
                0 => String::new(),
                cached => format!(", {cached} of them not read again (their facts were cached)"),
            };
            let layers = count(coverage.layers, "layer", "layers");
            self.line(DIM, &format!("  {layers}{cached}"));
        }
        if self.report.database.is_none() {
            self.line(WARNING, "  no advisory database was asked");
        }
        self.problems();
    }

    fn problems(&mut self) {
        let problems = &self.report.coverage.problems;
        if problems.is_empty() {
            return;
        }
        self.blank();
        self.line(WARNING, &format!("{} could not be examined", count(problems.len(), "thing", "things")));
        let shown = if self.options.list_all { problems.len() } else { problems.len().min(10) };
        for problem in &problems[..shown] {
            let text = describe::problem(problem);
            self.line(Style::new(), &format!("  {}", safe(&text)));
        }
        if shown < problems.len() {
            self.line(DIM, &format!("  and {} more (-v lists all)", problems.len() - shown));
        }
    }

    fn line(&mut self, style: Style, text: &str) {
        for line in wrap(text, self.width) {
            // A word of foreign text may have come to the start of a line.
            let line = without_commands(&line);
            let _ = writeln!(self.text, "{style}{line}{style:#}");
        }
    }

    fn blank(&mut self) {
        self.text.push('\n');
    }
}

/// Findings of one package that are shown; the rest is counted.
const MAX_FINDINGS: usize = 50;

/// Columns of layer and instruction; more only where the terminal is wide.
const PLACE_COLUMNS: usize = 72;

/// Indentation, the widest word of a severity or kind, and a space.
const SEVERITY_COLUMNS: usize = 2 + 12 + 1;

#[derive(Clone, Copy)]
struct Columns {
    id: usize,
    fix: usize,
    /// Whether what mends a finding stands on a line of its own, as there is no room beside its name.
    is_stacked: bool,
}

fn group_note(group: &Group<'_>, name: &str) -> String {
    let mut note = if group.packages.len() > 1 {
        let names: Vec<String> = group.packages.iter().map(|package| safe(&package.name)).collect();
        names.join(", ")
    } else {
        group.packages[0].kind.title().to_owned()
    };
    let source = group.packages[0].source_or_self().0;
    if source != name {
        let _ = write!(note, " from {}", safe(source));
    }
    if let Some(owner) = &group.packages[0].owner {
        let _ = write!(note, ", installed by {} {}", safe(&owner.name), safe(&owner.version));
    }
    note
}

fn fix_text(finding: &Finding) -> String {
    safe(&describe::fix(finding))
}

/// What is worth knowing beside the fix, the most important first, as the end is cut where it is narrow.
fn note(finding: &Finding) -> String {
    let mut notes: Vec<String> = Vec::new();
    if finding.suppression.is_none() && finding.priority >= Priority::Attend {
        notes.push(finding.priority.to_string());
    }
    let is_exploitation =
        |reason: &&PriorityReason| matches!(reason, PriorityReason::Exploited(_) | PriorityReason::Likely(_));
    if let Some(reason) = finding.priority_reasons.iter().find(is_exploitation) {
        notes.push(reason.to_string());
    }
    if finding.perhaps_backported {
        notes.push("perhaps mended by the distribution".to_owned());
    }
    if let Some(suppression) = &finding.suppression {
        notes.push(format!("suppressed: {}", safe(&describe::suppression(suppression))));
    }
    notes.push(safe(describe::summary(finding)));
    notes.retain(|note| !note.is_empty());
    notes.join(" · ")
}

/// Foreign text that neither steers the terminal nor, in the log of a build server, gives it commands.
fn safe(text: &str) -> String {
    without_commands(&escaped(text))
}

fn ecosystem_text(ecosystem: &EcosystemCoverage) -> String {
    let mut text = count(ecosystem.packages, "package", "packages");
    match &ecosystem.feed {
        Some((_, FeedDate::Known(date))) => {
            let _ = write!(text, ", {} judged by the feed of {}", ecosystem.matched, date.date());
        }
        Some((_, FeedDate::Unknown)) => {
            let _ = write!(text, ", {} judged by a feed of unknown date", ecosystem.matched);
        }
        None => text.push_str(", not judged: the database has no feed for them"),
    }
    if ecosystem.unknown_ranges > 0 {
        let advisories = count(ecosystem.unknown_ranges, "advisory", "advisories");
        let _ = write!(text, "; {advisories} that could not be judged");
    }
    for (count, what) in [
        (ecosystem.unknown_version, "with a version that can't be compared"),
        (ecosystem.third_party, "built by others than the distribution, not judged"),
        (ecosystem.development, "for development only, not judged"),
    ] {
        if count > 0 {
            let _ = write!(text, "; {count} {what}");
        }
    }
    text
}

/// Fills up with spaces to a width of the terminal.
fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// Breaks a line at spaces into lines of at most this width. What follows the first is indented by four
/// more than it; a word that is too long for a line is cut.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let first_indent = text.len() - text.trim_start_matches(' ').len();
    if text.width() <= width {
        return vec![text.to_owned()];
    }
    let mut lines = Vec::new();
    let mut line = " ".repeat(first_indent);
    let mut is_empty = true;
    for word in text.trim_start_matches(' ').split(' ') {
        if !is_empty && line.width() + 1 + word.width() > width {
            lines.push(line);
            line = " ".repeat((first_indent + 4).min(width / 4));
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(&cut(word, width.saturating_sub(line.width())));
        is_empty = false;
    }
    lines.push(line);
    lines
}

/// Cuts to a width of the terminal, and says so by an ellipsis.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for character in text.chars() {
        let step = character.width().unwrap_or(0);
        if used + step + 1 > width {
            break;
        }
        used += step;
        out.push(character);
    }
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_at_spaces_and_hang() {
        assert_eq!(wrap("  one two three", 20), ["  one two three"]);
        assert_eq!(wrap("  one two three four", 12), ["  one two", "   three", "   four"]);
        assert_eq!(wrap("abcdefghijklmnop", 8), ["abcdefg…"]);
    }

    #[test]
    fn what_is_cut_says_so_and_counts_wide_characters() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(cut("漢字漢字", 5), "漢字…");
    }
}
