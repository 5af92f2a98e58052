//! A difference as text for people. Names are escaped.

use std::io::{self, Write};

use seawall_model::Severity;
use seawall_model::text::escaped;

use super::{Change, Difference, PackageChange, Side, VulnerabilityChange};

/// Writes the difference.
///
/// # Errors
/// Writing to `out` failed.
pub fn write_table(difference: &Difference, out: &mut dyn Write) -> io::Result<()> {
    write_side(out, "before", &difference.before)?;
    write_side(out, "after ", &difference.after)?;
    if difference.packages.is_empty() {
        writeln!(out, "\nThe packages are the same.")?;
    }
    for change in Change::ALL {
        write_packages(out, change, &difference.packages)?;
    }
    let Some(vulnerabilities) = &difference.vulnerabilities else {
        return writeln!(out, "\nVulnerabilities were not compared: there is no advisory database.");
    };
    if vulnerabilities.is_empty() {
        writeln!(out, "\nThe vulnerabilities are the same.")?;
    }
    write_vulnerabilities(out, "Vulnerabilities that came", vulnerabilities, true)?;
    write_vulnerabilities(out, "Vulnerabilities that went", vulnerabilities, false)
}

fn write_side(out: &mut dyn Write, word: &str, side: &Side) -> io::Result<()> {
    let distribution =
        side.distribution.as_ref().map_or(String::new(), |name| format!(", {}", escaped(name)));
    let problems = match side.problems {
        0 => String::new(),
        count => format!(", {count} problems: it may hold more"),
    };
    writeln!(out, "{word}  {} ({} packages{distribution}{problems})", escaped(&side.name), side.packages)
}

fn write_packages(out: &mut dyn Write, change: Change, packages: &[PackageChange]) -> io::Result<()> {
    let these: Vec<&PackageChange> = packages.iter().filter(|package| package.change == change).collect();
    if these.is_empty() {
        return Ok(());
    }
    let mut title = change.as_str().to_owned();
    title[..1].make_ascii_uppercase();
    writeln!(out, "\n{title} ({})", these.len())?;
    let width = these.iter().map(|one| escaped(&one.name).chars().count()).max().unwrap_or(0).min(50);
    for one in these {
        let versions = match change {
            Change::Added => joined(&one.after),
            Change::Removed => joined(&one.before),
            Change::Relicensed => String::new(),
            Change::Upgraded | Change::Downgraded | Change::Changed => {
                format!("{} → {}", joined(&one.before), joined(&one.after))
            }
        };
        let licences = one.licences.as_ref().map_or(String::new(), |(before, after)| {
            format!("  licence {} → {}", licences(before), licences(after))
        });
        let line =
            format!("  {:<9} {:<width$}  {versions}{licences}", one.kind.purl_type(), escaped(&one.name));
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn joined(texts: &[String]) -> String {
    texts.iter().map(|text| escaped(text)).collect::<Vec<_>>().join(", ")
}

fn licences(texts: &[String]) -> String {
    if texts.is_empty() { "none stated".to_owned() } else { joined(texts) }
}

fn write_vulnerabilities(
    out: &mut dyn Write,
    title: &str,
    all: &[VulnerabilityChange],
    came: bool,
) -> io::Result<()> {
    let mut these: Vec<&VulnerabilityChange> = all.iter().filter(|one| one.came == came).collect();
    if these.is_empty() {
        return Ok(());
    }
    these.sort_by_key(|one| std::cmp::Reverse(one.severity));
    writeln!(out, "\n{title} ({})", these.len())?;
    for one in these {
        writeln!(
            out,
            "  {:<10} {:<20} {} {}",
            one.severity.map_or("unknown", Severity::as_str),
            escaped(&one.vulnerability),
            escaped(&one.package),
            joined(&one.versions)
        )?;
    }
    Ok(())
}
