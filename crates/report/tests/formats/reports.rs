//! Reports as a scan could give them: hostile names, nothing found, everything suppressed, much unread.

use seawall_model::{
    Advisory, Coverage, Dependency, Digest, Distro, Ecosystem, EcosystemCoverage, EcosystemName, FeedDate,
    FilePathBuf, Finding, FindingId, FindingKind, FixState, ImageFacts, LayerLine, Owner, Package,
    PackageKind, Place, Priority, PriorityReason, Problem, ProblemKind, Scope, Severity, SeveritySource,
    SubjectKind, Suppression, Timestamp,
};
use seawall_report::{DatabaseInfo, EndOfLife, ExceptionNote, FeedInfo, Hidden, ScanReport, UnknownNote};

pub(crate) const CVSS: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn ecosystem(name: EcosystemName, release: Option<&str>) -> Ecosystem {
    Ecosystem { name, release: release.map(str::to_owned) }
}

fn coverage(name: &str, packages: usize, feed: Option<Ecosystem>) -> EcosystemCoverage {
    let matched = if feed.is_some() { packages } else { 0 };
    EcosystemCoverage {
        name: name.to_owned(),
        feed: feed.map(|feed| (feed, FeedDate::Known(time("2026-01-30T06:00:00Z")))),
        packages,
        matched,
        unknown_version: 0,
        unknown_ranges: 0,
        third_party: 0,
        development: 0,
    }
}

pub(crate) fn package(
    kind: PackageKind,
    name: &str,
    version: &str,
    path: &str,
    layer: Option<usize>,
) -> Package {
    let mut package = Package::new(kind, name, version, "test/test");
    package.places = vec![Place { path: FilePathBuf::from(path), inside: None, layer }];
    package
}

pub(crate) fn finding(package: usize, vulnerability: &str, severity: Option<Severity>) -> Finding {
    let id = FindingId::of(&["vulnerability", vulnerability, &package.to_string()]);
    let mut finding = Finding::new(id, vulnerability, package);
    finding.severity = severity;
    finding.severity_source = severity.map(|_| SeveritySource::Record);
    finding.priority = Priority::TrackClosely;
    finding.priority_reasons = vec![PriorityReason::NoWordOfExploitation, PriorityReason::Severity(severity)];
    finding.advisories = vec![Advisory {
        id: vulnerability.to_owned(),
        ecosystem: ecosystem(EcosystemName::Npm, None),
        matched_name: "name".to_owned(),
        matched_version: "1".to_owned(),
        range: "<2".to_owned(),
        fixed: None,
        summary: format!("A fault called {vulnerability}").into(),
        published: Some(time("2025-06-01")),
        modified: Some(time("2025-06-02")),
        references: vec!["https://example.com/advisory".to_owned()].into(),
    }];
    finding
}

fn layer(byte: u8, instruction: Option<&str>) -> LayerLine {
    LayerLine {
        diff_id: Digest::from_sha256([byte; 32]),
        blob: None,
        instruction: instruction.map(str::to_owned),
        bytes: 1_000_000,
        from_cache: false,
    }
}

/// An image without any package.
pub(crate) fn empty() -> ScanReport {
    ScanReport {
        tool_version: "0.1.0".to_owned(),
        now: time("2026-01-31T12:00:00Z"),
        target: "registry.example/team/app:1.0".to_owned(),
        kind: SubjectKind::Image,
        image: Some(ImageFacts {
            manifest_digest: Some(Digest::from_sha256([0xaa; 32])),
            id: Digest::from_sha256([0xbb; 32]),
            platform: "linux/amd64".to_owned(),
            created: Some(time("2026-01-20T00:00:00Z")),
            labels: Vec::new(),
        }),
        distro: None,
        end_of_life: EndOfLife::Unknown,
        layers: Vec::new(),
        packages: Vec::new(),
        dependencies: Vec::new(),
        findings: Vec::new(),
        unknown: Vec::new(),
        coverage: Coverage::default(),
        database: Some(DatabaseInfo {
            feeds: vec![FeedInfo { ecosystem: "npm".to_owned(), records: 2, date: Some(time("2026-01-30")) }],
            kev: Some(time("2026-01-30")),
            epss: None,
        }),
        hidden: Hidden::default(),
        exceptions: Vec::new(),
        vex: Vec::new(),
    }
}

/// An image in which nothing was found though everything was judged.
pub(crate) fn clean() -> ScanReport {
    let mut report = empty();
    report.packages = vec![package(PackageKind::Npm, "left-pad", "1.3.0", "srv/app/package.json", Some(0))];
    report.layers = vec![layer(1, Some("COPY . /srv"))];
    report.coverage.ecosystems = vec![coverage("npm", 1, Some(ecosystem(EcosystemName::Npm, None)))];
    report.coverage.layers = 1;
    report
}

fn debian(report: &mut ScanReport) {
    report.distro = Some(Distro {
        id: "debian".to_owned(),
        version_id: Some("12".to_owned()),
        pretty_name: Some("Debian GNU/Linux 12 (bookworm)".to_owned()),
        ..Distro::default()
    });
    report.end_of_life = EndOfLife::Supported(time("2026-06-10"));
    report.coverage.distribution_judged = Some(true);
}

/// An image with a finding of every sort.
pub(crate) fn full() -> ScanReport {
    let mut report = empty();
    debian(&mut report);
    report.layers = vec![
        layer(1, Some("ADD rootfs.tar.xz /")),
        layer(2, Some("RUN apt-get update &&   apt-get install -y curl")),
        layer(3, None),
    ];
    let status = "var/lib/dpkg/status";
    let mut openssl = package(PackageKind::Deb, "libssl3", "3.0.11-1~deb12u2", status, Some(0));
    openssl.source = Some(seawall_model::SourcePackage {
        name: "openssl".to_owned(),
        version: "3.0.11-1~deb12u2".to_owned(),
    });
    let mut jar = package(PackageKind::Maven, "org.example:core", "2.14.0", "opt/app.jar", Some(2));
    jar.places[0].inside = Some("BOOT-INF/lib/core-2.14.0.jar".to_owned());
    jar.places.push(Place { path: FilePathBuf::from("opt/other.jar"), inside: None, layer: Some(2) });
    let mut python = package(
        PackageKind::Pypi,
        "requests",
        "2.28.1",
        "usr/lib/python3/dist-packages/requests/METADATA",
        Some(1),
    );
    python.owner = Some(Owner {
        kind: PackageKind::Deb,
        name: "python3-requests".to_owned(),
        version: "2.28.1+dfsg-1".to_owned(),
    });
    report.packages = vec![
        openssl,
        package(PackageKind::Deb, "curl", "7.88.1-10", status, Some(1)),
        jar,
        python,
        package(PackageKind::Cargo, "old-crate", "0.1.0", "opt/tool", Some(2)),
    ];
    report.dependencies = vec![Dependency { from: 1, to: 0 }];

    let mut critical = finding(0, "CVE-2026-0001", Some(Severity::Critical));
    critical.cvss_score = Some(9.8);
    critical.cvss_vector = Some(CVSS.to_owned());
    critical.aliases = vec!["DSA-5532-1".to_owned(), "GHSA-aaaa-bbbb-cccc".to_owned()];
    critical.fix = FixState::Fixed(vec!["3.0.11-1~deb12u3".to_owned()]);
    critical.kev_since = Some(time("2026-01-15"));
    critical.epss = Some((0.5, 0.97));
    let mut same = finding(1, "CVE-2026-0001", Some(Severity::High));
    same.cvss_score = Some(9.8);
    same.severity_source = Some(SeveritySource::Distribution);
    let mut unknown = finding(2, "GHSA-dddd-eeee-ffff", None);
    unknown.fix = FixState::Fixed(vec!["2.15.0".to_owned(), "3.0.0".to_owned()]);
    let low = finding(1, "CVE-2026-0002", Some(Severity::Low));
    let negligible = finding(1, "CVE-2026-0003", Some(Severity::Negligible));
    let mut owned = finding(3, "CVE-2026-0004", Some(Severity::Medium));
    owned.suppression = Some(Suppression::DistributionFixed {
        owner: "python3-requests 2.28.1+dfsg-1".to_owned(),
        evidence: "mended in 2.28.1+dfsg-1".to_owned(),
    });
    let mut excepted = finding(0, "CVE-2026-0005", Some(Severity::High));
    excepted.suppression = Some(Suppression::Exception {
        source: "seawall.yaml, exception 1".to_owned(),
        reason: Some("not reachable".to_owned()),
        expires: Some(time("2027-01-31")),
    });
    let mut maybe = finding(3, "CVE-2026-0006", Some(Severity::Medium));
    maybe.perhaps_backported = true;
    let mut unmaintained = finding(4, "RUSTSEC-2026-0001", None);
    unmaintained.kind = FindingKind::Unmaintained;
    let mut malware = finding(2, "MAL-2026-0001", None);
    malware.kind = FindingKind::Malware;
    report.findings =
        vec![critical, excepted, same, low, negligible, unknown, malware, owned, maybe, unmaintained];
    report.unknown = vec![UnknownNote {
        package: 2,
        advisory: "GHSA-gggg-hhhh-iiii".to_owned(),
        reason: "the range can't be read".to_owned(),
    }];
    let mut maven = coverage("Maven", 1, Some(ecosystem(EcosystemName::Maven, None)));
    maven.unknown_ranges = 1;
    report.coverage.ecosystems = vec![
        coverage("Debian:12", 2, Some(ecosystem(EcosystemName::Debian, Some("12")))),
        maven,
        coverage("PyPI", 1, Some(ecosystem(EcosystemName::PyPi, None))),
        coverage("crates.io", 1, Some(ecosystem(EcosystemName::CratesIo, None))),
    ];
    report.coverage.layers = 3;
    report.exceptions = vec![ExceptionNote {
        source: "seawall.yaml, exception 2".to_owned(),
        rule: "vuln/CVE-2020-0001".to_owned(),
        message: "matched nothing".to_owned(),
    }];
    report.hidden = Hidden { below_severity: 1, not_fixed: 2 };
    report
}

/// An image whose author wants to steer whatever reads the report.
pub(crate) fn hostile() -> ScanReport {
    let mut report = empty();
    report.target = String::from("::error::target|`@octocat`<script>alert(1)</script>.tar");
    report.layers =
        vec![layer(1, Some("RUN echo '##vso[task.complete]' \u{1b}]0;t\u{7} | \"<b>\" \n::error::layer"))];
    report.distro = Some(Distro {
        id: "evil".to_owned(),
        pretty_name: Some("<img src=x onerror=alert(1)> \u{202e}@everyone".to_owned()),
        ..Distro::default()
    });
    report.coverage.distribution_judged = Some(false);
    let names = [
        "::error file=a::pwned",
        "=cmd|' /C calc'!A0",
        "+1,\"2\"",
        "-2+3",
        "@SUM(1)",
        "\t=tab",
        "\r\n::set-output name=x::y",
        "`code` | pipe",
        "[link](javascript:alert(1)) {0} {braces}",
        "<!-- --><script>alert(1)</script>",
        "]]> </failure> &amp; \u{0} \u{ffff}",
        "##vso[task.setvariable variable=a]b",
        "../../etc/passwd?x#y%z",
    ];
    for (index, name) in names.iter().enumerate() {
        report.packages.push(package(PackageKind::Npm, name, name, name, Some(0)));
        let mut finding = finding(index, name, Severity::ALL.get(index % 6).copied());
        finding.fix = FixState::Fixed(vec![(*name).to_owned()]);
        finding.aliases = vec![(*name).to_owned()];
        for advisory in &mut finding.advisories {
            advisory.summary = format!("{name} @octocat #1 !2 https://evil.example www.evil.example").into();
            advisory.references = vec![
                "javascript:alert(1)".to_owned(),
                format!("https://example.com/{name}"),
                "https://example.com/><script>".to_owned(),
            ]
            .into();
        }
        finding.cvss_vector = Some((*name).to_owned());
        report.findings.push(finding);
    }
    report.findings[1].suppression = Some(Suppression::Exception {
        source: names[0].to_owned(),
        reason: Some(names[9].to_owned()),
        expires: None,
    });
    report.coverage.ecosystems =
        vec![coverage("npm", names.len(), Some(ecosystem(EcosystemName::Npm, None)))];
    for name in names {
        let path = FilePathBuf::from(name);
        report.coverage.problems.push(Problem::at(path, ProblemKind::Malformed, format!("at {name}")));
    }
    report
}

/// A source tree, of which much could not be judged.
pub(crate) fn incomplete() -> ScanReport {
    let mut report = empty();
    report.target = String::from("./services/api");
    report.kind = SubjectKind::SourceTree;
    report.image = None;
    report.packages = vec![
        package(PackageKind::Npm, "web", "1.0.0", "package-lock.json", None),
        package(PackageKind::Npm, "router", "2.0.0", "package-lock.json", None),
        package(PackageKind::Npm, "tester", "3.0.0", "package-lock.json", None),
        package(PackageKind::Swift, "swift-thing", "1.0.0", "Package.resolved", None),
    ];
    report.packages[2].scope = Scope::Development;
    report.dependencies = vec![Dependency { from: 0, to: 1 }];
    let mut found = finding(1, "GHSA-aaaa-bbbb-cccc", Some(Severity::High));
    found.fix = FixState::Fixed(vec!["2.0.1".to_owned()]);
    report.findings = vec![found];
    let mut npm = coverage("npm", 3, Some(ecosystem(EcosystemName::Npm, None)));
    (npm.matched, npm.unknown_version, npm.development) = (1, 1, 1);
    report.coverage.ecosystems = vec![npm, coverage("Swift package", 1, None)];
    report.coverage.problems = vec![
        Problem::at(FilePathBuf::from("sub/Cargo.lock"), ProblemKind::Malformed, "line 3 is no TOML"),
        Problem::general(ProblemKind::DatabaseUnreadable, "a page is damaged"),
    ];
    report
}

/// More findings than GitHub takes.
pub(crate) fn many(count: usize) -> ScanReport {
    let mut report = clean();
    report.findings = (0..count)
        .map(|index| {
            let severity = if index == count - 1 { Severity::Critical } else { Severity::Low };
            finding(0, &format!("CVE-2026-{index:05}"), Some(severity))
        })
        .collect();
    report
}

/// Every report that is written in every form and looked at by foreign validators.
pub(crate) fn all() -> Vec<(&'static str, ScanReport)> {
    vec![
        ("empty", empty()),
        ("clean", clean()),
        ("full", full()),
        ("hostile", hostile()),
        ("incomplete", incomplete()),
    ]
}
