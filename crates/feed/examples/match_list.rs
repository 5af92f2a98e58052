//! Builds or opens a database and matches a list of packages: what the truth test asks.
//!
//! `match_list DATABASE [OSV-DIRECTORY] < list`, lines of `ecosystem TAB name TAB version [TAB source name]`;
//! prints `ecosystem TAB name TAB version TAB vulnerability TAB fix`, one line for each finding, and
//! `unknown` with the record in place of the vulnerability for what could not be judged.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::path::Path;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use seawall_advisory::{MatchOptions, match_packages};
use seawall_feed::{Location, NoProgress, Update, open, update};
use seawall_model::{Distro, Package, PackageKind, SourcePackage, Timestamp};

/// Packages with the ecosystem of their line, by distribution and version.
type Groups = BTreeMap<Option<(String, String)>, Vec<(String, Package)>>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("usage: match_list DATABASE [OSV-DIRECTORY] < list")?;
    let database = Path::new(&path);
    if let Some(directory) = arguments.next() {
        let start = Instant::now();
        build(database, &directory)?;
        eprintln!("built in {:?}", start.elapsed());
    }
    let start = Instant::now();
    let database = open(database)?;
    eprintln!("opened in {:?}", start.elapsed());

    // Packages of one distribution are matched together, in the order of the list.
    let mut groups = Groups::new();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let fields: Vec<&str> = line.split('\t').collect();
        let [ecosystem, name, version, ..] = fields[..] else { return Err(format!("{line:?}").into()) };
        let (kind, distro) = kind_of(ecosystem).ok_or_else(|| format!("no packages of {ecosystem:?}"))?;
        let mut package = Package::new(kind, name, version, "list");
        package.source = fields
            .get(3)
            .map(|source| SourcePackage { name: (*source).to_owned(), version: version.to_owned() });
        groups.entry(distro).or_default().push((ecosystem.to_owned(), package));
    }
    let mut out = std::io::stdout().lock();
    for (distro, packages) in groups {
        let distro = distro.map(|(id, version)| Distro {
            id,
            version_id: Some(version).filter(|version| !version.is_empty()),
            ..Distro::default()
        });
        let (ecosystems, packages): (Vec<_>, Vec<_>) = packages.into_iter().unzip();
        let start = Instant::now();
        let matches = match_packages(&database, &packages, distro.as_ref(), MatchOptions::default())?;
        eprintln!(
            "{} packages of {}: {} findings in {:?}",
            packages.len(),
            distro.map_or_else(|| "languages".to_owned(), |distro| distro.display_name()),
            matches.findings.len(),
            start.elapsed()
        );
        for finding in matches.findings {
            let package = &packages[finding.package];
            let fix = finding.fix.nearest().unwrap_or("-");
            let (ecosystem, vulnerability) = (&ecosystems[finding.package], &finding.vulnerability);
            writeln!(out, "{ecosystem}\t{}\t{}\t{vulnerability}\t{fix}", package.name, package.version)?;
        }
        for unknown in matches.unknown {
            let package = &packages[unknown.package];
            let ecosystem = &ecosystems[unknown.package];
            writeln!(out, "{ecosystem}\t{}\t{}\tunknown\t{}", package.name, package.version, unknown.record)?;
        }
    }
    Ok(())
}

fn build(database: &Path, directory: &str) -> Result<(), Box<dyn std::error::Error>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let kev = Location::Path(Path::new(directory).join("kev.json"));
    let report = update(
        &Update {
            database: database.into(),
            from: Location::of(directory),
            ecosystems: Vec::new(),
            kev: Some(kev).filter(|_| Path::new(directory).join("kev.json").is_file()),
            epss: None,
            now: Timestamp::from_unix(now.cast_signed()),
            threads: std::thread::available_parallelism()?.get(),
        },
        &NoProgress,
    )?;
    for feed in &report.feeds {
        let refused: Vec<_> =
            feed.feed.refused.iter().map(|r| format!("{} {}", r.count, r.reason.as_str())).collect();
        eprintln!("{}: {} records, left out: {refused:?}", feed.feed.ecosystem, feed.feed.records);
    }
    eprintln!("{} bytes", report.bytes);
    Ok(())
}

/// The kind of package that an ecosystem of OSV speaks of, and the distribution with its version.
fn kind_of(ecosystem: &str) -> Option<(PackageKind, Option<(String, String)>)> {
    let (name, release) = ecosystem.split_once(':').unwrap_or((ecosystem, ""));
    let on = |kind, id: &str, release: &str| Some((kind, Some((id.to_owned(), release.to_owned()))));
    match name {
        "Debian" => on(PackageKind::Deb, "debian", release),
        "Ubuntu" => on(PackageKind::Deb, "ubuntu", release.trim_end_matches(":LTS")),
        "Alpine" => on(PackageKind::Apk, "alpine", release.trim_start_matches('v')),
        "Wolfi" => on(PackageKind::Apk, "wolfi", ""),
        "AlmaLinux" => on(PackageKind::Rpm, "almalinux", release),
        "Rocky Linux" => on(PackageKind::Rpm, "rocky", release),
        "PyPI" => Some((PackageKind::Pypi, None)),
        "npm" => Some((PackageKind::Npm, None)),
        "Go" => Some((PackageKind::Golang, None)),
        "Maven" => Some((PackageKind::Maven, None)),
        "crates.io" => Some((PackageKind::Cargo, None)),
        "RubyGems" => Some((PackageKind::Gem, None)),
        "Packagist" => Some((PackageKind::Composer, None)),
        _ => None,
    }
}
