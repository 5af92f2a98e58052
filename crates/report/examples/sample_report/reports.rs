//! Made-up reports: a small one with one of everything, a typical one, a large one, a hostile one, a clean one.

use seawall_model::{
    Advisory, Coverage, Dependency, Digest, Distro, Ecosystem, EcosystemCoverage, FeedDate, FilePathBuf,
    Finding, FindingId, FindingKind, FixState, ImageFacts, LayerLine, Package, PackageKind, Place, Problem,
    ProblemKind, Scope, Severity, SeveritySource, SubjectKind, Suppression, Timestamp,
};
use seawall_report::{DatabaseInfo, EndOfLife, ExceptionNote, FeedInfo, Hidden, ScanReport, UnknownNote};

const LAYERS: [(&str, u64); 6] = [
    ("ADD rootfs.tar.xz / # buildkit", 121_300_000),
    (
        "RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates curl nodejs \
      && rm -rf /var/lib/apt/lists/*",
        214_800_000,
    ),
    ("COPY --chown=node package.json package-lock.json /srv/checkout/", 412_000),
    ("RUN npm ci --omit=dev", 98_200_000),
    ("RUN pip install --no-cache-dir -r /srv/reports/requirements.txt", 61_700_000),
    ("COPY --chown=node . /srv/checkout", 1_900_000),
];

fn day(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn digest(seed: u64) -> Digest {
    let word = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let hex =
        [7, 19, 31, 43].map(|turn| format!("{:016x}", word.rotate_left(turn).wrapping_mul(turn.into())));
    format!("sha256:{}", hex.concat()).parse().unwrap()
}

/// An image with nothing in it.
pub(crate) fn clean() -> ScanReport {
    let layer = |(index, (instruction, bytes)): (usize, &(&str, u64))| LayerLine {
        diff_id: digest(index as u64),
        blob: Some(digest(index as u64 + 100)),
        instruction: Some((*instruction).to_owned()),
        bytes: *bytes,
        from_cache: index == 0,
    };
    ScanReport {
        tool_version: "0.1.0".to_owned(),
        now: day("2026-11-01T09:30:00Z"),
        target: "registry.example.org/shop/checkout:2.4.1".to_owned(),
        kind: SubjectKind::Image,
        image: Some(ImageFacts {
            manifest_digest: Some(digest(1_000)),
            id: digest(1_001),
            platform: "linux/amd64".to_owned(),
            created: Some(day("2026-10-12T07:41:10Z")),
            labels: Vec::new(),
        }),
        distro: Some(Distro {
            id: "debian".to_owned(),
            version_id: Some("12".to_owned()),
            pretty_name: Some("Debian GNU/Linux 12 (bookworm)".to_owned()),
            ..Distro::default()
        }),
        end_of_life: EndOfLife::Ended { since: day("2026-06-10"), extended_until: Some(day("2028-06-30")) },
        layers: LAYERS.iter().enumerate().map(layer).collect(),
        packages: Vec::new(),
        dependencies: Vec::new(),
        findings: Vec::new(),
        unknown: Vec::new(),
        coverage: Coverage {
            ecosystems: vec![ecosystem("Debian:12", Some("Debian:12"), 0, 0)],
            files_seen: 41_877,
            files_read: 612,
            layers: LAYERS.len(),
            layers_cached: 1,
            distribution_judged: Some(true),
            ..Coverage::default()
        },
        database: Some(DatabaseInfo {
            feeds: [("Debian", 48_211), ("PyPI", 17_302), ("npm", 20_844)]
                .map(|(name, records)| FeedInfo {
                    ecosystem: name.to_owned(),
                    records,
                    date: Some(day("2026-10-31")),
                })
                .to_vec(),
            kev: Some(day("2026-10-30")),
            epss: Some(day("2026-10-31")),
        }),
        hidden: Hidden::default(),
        exceptions: Vec::new(),
        vex: Vec::new(),
    }
    .with_packages(vec![package(
        PackageKind::Deb,
        "zlib1g",
        "1:1.2.13.dfsg-1",
        0,
        "var/lib/dpkg/status",
    )])
}

trait WithPackages {
    fn with_packages(self, packages: Vec<Package>) -> Self;
}

impl WithPackages for ScanReport {
    /// Sets the packages, and a coverage that fits.
    fn with_packages(mut self, packages: Vec<Package>) -> Self {
        let count = |kind: PackageKind| packages.iter().filter(|package| package.kind == kind).count();
        let known = [
            ("Debian:12", PackageKind::Deb, true),
            ("PyPI", PackageKind::Pypi, true),
            ("npm", PackageKind::Npm, true),
            ("program", PackageKind::Generic, false),
        ];
        self.coverage.ecosystems = known
            .into_iter()
            .filter(|(_, kind, _)| count(*kind) > 0)
            .map(|(name, kind, is_judged)| {
                ecosystem(
                    name,
                    is_judged.then_some(name),
                    count(kind),
                    if is_judged { count(kind) } else { 0 },
                )
            })
            .collect();
        self.packages = packages;
        self
    }
}

fn ecosystem(name: &str, feed: Option<&str>, packages: usize, matched: usize) -> EcosystemCoverage {
    EcosystemCoverage {
        name: name.to_owned(),
        feed: feed.map(|feed| (feed.parse::<Ecosystem>().unwrap(), FeedDate::Known(day("2026-10-31")))),
        packages,
        matched,
        unknown_version: 0,
        unknown_ranges: 0,
        third_party: 0,
        development: 0,
    }
}

fn package(kind: PackageKind, name: &str, version: &str, layer: usize, path: &str) -> Package {
    let mut package = Package::new(kind, name, version, "sample");
    package.places =
        vec![Place { path: FilePathBuf::normalise(path.as_bytes()), inside: None, layer: Some(layer) }];
    package
}

fn advisory(id: &str, ecosystem: &str, package: &Package, fixed: Option<&str>, summary: &str) -> Advisory {
    Advisory {
        id: id.to_owned(),
        ecosystem: ecosystem.parse().unwrap(),
        matched_name: package.name.clone(),
        matched_version: package.version.clone(),
        range: fixed.map_or_else(|| ">=0".to_owned(), |fixed| format!("<{fixed}")),
        fixed: fixed.map(str::to_owned),
        summary: summary.into(),
        published: Some(day("2026-09-14")),
        modified: Some(day("2026-10-02")),
        references: vec![
            format!("https://security.example.org/{id}"),
            "https://git.example.org/project/commit/3f1d0c?a=1&b=2".to_owned(),
        ]
        .into(),
    }
}

fn finding(vulnerability: &str, package: usize, severity: Option<Severity>, advisory: Advisory) -> Finding {
    let id = FindingId::of(&[vulnerability, &package.to_string()]);
    let mut finding = Finding::new(id, vulnerability, package);
    finding.severity = severity;
    finding.severity_source = severity.map(|_| SeveritySource::Record);
    if let Some(version) = &advisory.fixed {
        finding.fix = FixState::Fixed(vec![version.clone()]);
    }
    finding.advisories = vec![advisory];
    finding.priority_reasons = vec![seawall_model::PriorityReason::Severity(severity)];
    finding
}

/// One of everything.
pub(crate) fn small() -> ScanReport {
    let mut report = clean();
    let mut tls = package(PackageKind::Deb, "libharbour3", "3.0.11-1~deb12u1", 1, "var/lib/dpkg/status");
    tls.licences = vec!["Apache-2.0".to_owned()];
    let mut jar = package(
        PackageKind::Npm,
        "tide-table",
        "1.3.0",
        3,
        "srv/checkout/node_modules/tide-table/package.json",
    );
    jar.licences = vec!["MIT".to_owned(), "BSD-3-Clause".to_owned()];
    let mut dev = package(PackageKind::Npm, "drydock", "4.0.0", 3, "srv/checkout/package-lock.json");
    dev.scope = Scope::Development;
    let buoy = package(
        PackageKind::Pypi,
        "buoy",
        "2.0.1",
        4,
        "usr/lib/python3/dist-packages/buoy-2.0.1.dist-info/METADATA",
    );
    let program = package(PackageKind::Generic, "busybox", "1.36.1", 0, "usr/bin/busybox");

    let mut exploited = finding(
        "CVE-2026-0001",
        0,
        Some(Severity::Critical),
        advisory(
            "DSA-9001-1",
            "Debian:12",
            &tls,
            Some("3.0.11-1~deb12u2"),
            "harbour-tls accepts an expired certificate",
        ),
    );
    exploited.aliases = vec!["DSA-9001-1".to_owned(), "GHSA-aaaa-bbbb-cccc".to_owned()];
    exploited.cvss_score = Some(9.8);
    exploited.cvss_vector = Some("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H".to_owned());
    exploited.kev_since = Some(day("2026-09-20"));
    exploited.epss = Some((0.9437, 0.998));
    let mut likely = finding(
        "CVE-2026-0002",
        1,
        Some(Severity::High),
        advisory("GHSA-dddd-eeee-ffff", "npm", &jar, None, "tide-table runs code from a chart"),
    );
    likely.epss = Some((0.124, 0.95));
    let mut backported =
        finding("CVE-2026-0003", 3, None, advisory("PYSEC-2026-1", "PyPI", &buoy, Some("2.1.0"), ""));
    backported.perhaps_backported = true;
    let mut unmaintained = finding(
        "GHSA-9999",
        1,
        None,
        advisory("GHSA-9999", "npm", &jar, None, "tide-table is no longer maintained"),
    );
    unmaintained.kind = FindingKind::Unmaintained;
    let mut excepted = finding(
        "CVE-2026-0004",
        1,
        Some(Severity::Medium),
        advisory("GHSA-gggg-hhhh-iiii", "npm", &jar, Some("1.4.0"), "tide-table is slow on a long chart"),
    );
    excepted.suppression = Some(Suppression::Exception {
        source: "seawall.yaml:12".to_owned(),
        reason: Some("the service draws no charts of others".to_owned()),
        expires: Some(day("2027-01-31")),
    });
    let mut mended = finding(
        "CVE-2026-0005",
        3,
        Some(Severity::Low),
        advisory("PYSEC-2026-2", "PyPI", &buoy, Some("2.0.2"), "buoy logs its token"),
    );
    mended.suppression = Some(Suppression::DistributionFixed {
        owner: "python3-buoy 2.0.1-1+deb12u1".to_owned(),
        evidence: "fixed in 2.0.1-1+deb12u1 by DSA-9002-1".to_owned(),
    });
    report = report.with_packages(vec![tls, jar, dev, buoy, program]);
    report.dependencies = vec![Dependency { from: 1, to: 0 }, Dependency { from: 3, to: 0 }];
    report.findings = vec![exploited, likely, excepted, unmaintained, backported, mended];
    report.coverage.ecosystems[2].development = 1;
    report.coverage.ecosystems[2].matched = 1;
    report.coverage.problems = vec![Problem {
        path: Some(FilePathBuf::from("srv/checkout/vendor/old.jar")),
        layer: Some(5),
        kind: ProblemKind::Malformed,
        message: "the zip directory is cut off".to_owned(),
    }];
    report.unknown = vec![UnknownNote {
        package: 3,
        advisory: "PYSEC-2026-3".to_owned(),
        reason: "the range holds a version that PEP 440 does not know".to_owned(),
    }];
    report.hidden = Hidden { below_severity: 3, not_fixed: 0 };
    report.exceptions = vec![ExceptionNote {
        source: "seawall.yaml:20".to_owned(),
        rule: "vuln/CVE-2020-0001".to_owned(),
        message: "matched nothing".to_owned(),
    }];
    report
}

/// Numbers that look random and are the same on each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

/// As of an image that nobody has looked after for some months.
pub(crate) fn typical() -> ScanReport {
    let mut report = large(74, 420);
    let program = package(PackageKind::Generic, "busybox", "1.36.1", 0, "usr/bin/busybox");
    let mut packages = report.packages.clone();
    packages.push(program);
    report = report.with_packages(packages);
    report.coverage.ecosystems[1].unknown_ranges = 2;
    report.coverage.problems = small().coverage.problems;
    report.exceptions = small().exceptions;
    report
}

const WORDS: [&str; 24] = [
    "anchor",
    "beacon",
    "buoy",
    "capstan",
    "current",
    "drydock",
    "fathom",
    "galley",
    "harbour",
    "jetty",
    "keel",
    "lantern",
    "mooring",
    "pilot",
    "quay",
    "rudder",
    "sextant",
    "sluice",
    "spinnaker",
    "swell",
    "tide",
    "trawl",
    "windlass",
    "yaw",
];

const FAULTS: [&str; 8] = [
    "accepts a certificate that has expired",
    "reads past the end of a crafted header",
    "follows a link out of the folder that it unpacks to",
    "takes quadratic time over nested brackets",
    "lets a guest overwrite settings of others through a prototype",
    "writes the session token to its log",
    "frees a buffer twice when a connection is closed early",
    "trusts a length field before it is checked, so that a remote peer can make it allocate all memory",
];

/// So many open findings and packages, some findings suppressed.
pub(crate) fn large(findings: usize, packages: usize) -> ScanReport {
    let mut dice = Dice(7);
    let mut list = Vec::with_capacity(packages);
    for index in 0..packages {
        let name = format!(
            "{}-{}{}",
            WORDS[dice.below(24)],
            WORDS[dice.below(24)],
            if index % 3 == 0 { "" } else { "-core" }
        );
        let version = format!("{}.{}.{}", dice.below(9), dice.below(30), dice.below(20));
        let mut made = match dice.below(10) {
            0..=3 => package(
                PackageKind::Deb,
                &name,
                &format!("{version}-{}+deb12u1", dice.below(4)),
                dice.below(2),
                "var/lib/dpkg/status",
            ),
            4..=8 => package(
                PackageKind::Npm,
                &name,
                &version,
                3,
                &format!("srv/checkout/node_modules/{name}/package.json"),
            ),
            _ => package(
                PackageKind::Pypi,
                &name,
                &version,
                4,
                &format!("usr/local/lib/python3.11/site-packages/{name}-{version}.dist-info/METADATA"),
            ),
        };
        made.licences =
            vec![["MIT", "Apache-2.0", "BSD-3-Clause", "GPL-2.0-or-later"][dice.below(4)].to_owned()];
        list.push(made);
    }
    let mut report = clean();
    for number in 0..findings + findings / 12 {
        // Faults come in heaps: a tenth of the packages has most of them.
        let index = dice.below((packages / 10).max(1)) * 10 % packages;
        let mut made = random_finding(&mut dice, number, index, &list[index]);
        if number >= findings {
            made.suppression.clone_from(&small().findings[2 + 3 * (number % 2)].suppression);
        }
        report.findings.push(made);
    }
    report.dependencies =
        (1..packages).map(|from| Dependency { from, to: dice.below(from) / 10 * 10 }).collect();
    report.with_packages(list)
}

fn random_finding(dice: &mut Dice, number: usize, index: usize, package: &Package) -> Finding {
    let year = 2026 - dice.below(100).saturating_sub(40) / 20;
    let name = format!("CVE-{year}-{:05}", 10_000 + number * 7 % 89_999);
    let (severity, score) = match dice.below(100) {
        0..=3 => (Some(Severity::Critical), 9.0 + dice.below(10) as f64 / 10.0),
        4..=24 => (Some(Severity::High), 7.0 + dice.below(19) as f64 / 10.0),
        25..=64 => (Some(Severity::Medium), 4.0 + dice.below(29) as f64 / 10.0),
        65..=84 => (Some(Severity::Low), 1.0 + dice.below(28) as f64 / 10.0),
        85..=92 => (Some(Severity::Negligible), 0.0),
        _ => (None, 0.0),
    };
    let fixed = (dice.below(3) > 0).then(|| format!("{}.{}.{}", 9, dice.below(30), dice.below(9)));
    let (feed, id) = match package.kind {
        PackageKind::Deb => ("Debian:12", name.clone()),
        PackageKind::Npm => {
            ("npm", format!("GHSA-{:04x}-{:04x}-{:04x}", dice.below(65_536), dice.below(65_536), number))
        }
        _ => ("PyPI", format!("PYSEC-{year}-{number}")),
    };
    let summary = format!("{} {}", package.name, FAULTS[dice.below(8)]);
    let mut told = advisory(&id, feed, package, fixed.as_deref(), &summary);
    let age = dice.below(30) * dice.below(30);
    told.published = Some(Timestamp::from_unix(day("2026-10-30").unix() - age as i64 * 86_400));
    let link = format!("https://nvd.example.org/vuln/detail/{name}");
    told.references = told.references.iter().cloned().chain([link]).collect();
    let mut made = finding(&name, index, severity, told);
    made.id = FindingId::of(&[&name, &number.to_string()]);
    made.aliases = vec![id];
    if score > 0.0 {
        made.cvss_score = Some(score);
        made.cvss_vector = Some("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H".to_owned());
    }
    let likelihood = dice.below(1_000) as f32 / 1_000.0;
    made.epss = Some((likelihood.powi(9), likelihood));
    if severity >= Some(Severity::High) && dice.below(8) == 0 {
        made.kev_since = Some(day("2026-08-17"));
    }
    made
}

/// Whatever a name from an image could try, everywhere.
pub(crate) fn hostile() -> ScanReport {
    let evil = [
        "</script><script>alert(1)</script>",
        "\" onmouseover=\"alert(1)",
        "\u{202e}gpj.exe\u{202c} \u{61c}\u{200b}",
        "<!-- --><svg/onload=alert(1)>",
        "</title></style><img src=https://evil.example/x>",
        "\x1b]0;owned\x07\n::error::\0\u{fffe}",
        "{{7*7}} ${7*7} javascript:alert(1)",
    ]
    .concat();
    let long = "A".repeat(10_000);
    let mut report = small();
    report.target.clone_from(&evil);
    report.tool_version.clone_from(&evil);
    let distro = report.distro.as_mut().unwrap();
    distro.pretty_name = Some(evil.clone());
    distro.id.clone_from(&evil);
    report.image.as_mut().unwrap().platform.clone_from(&evil);
    for layer in &mut report.layers {
        layer.instruction = Some(format!("{evil}{long}"));
    }
    for package in &mut report.packages {
        package.name = format!("{evil}{}", package.name);
        package.version.clone_from(&long);
        package.arch = Some(evil.clone());
        package.licences = vec![evil.clone(); 300];
        package.places[0].path = FilePathBuf::normalise(format!("{evil}/{long}").as_bytes());
        package.places[0].inside = Some(evil.clone());
        package.owner =
            Some(seawall_model::Owner { kind: PackageKind::Deb, name: evil.clone(), version: long.clone() });
    }
    for finding in &mut report.findings {
        finding.vulnerability.clone_from(&evil);
        finding.aliases = vec![evil.clone(); 300];
        finding.cvss_vector = Some(evil.clone());
        finding.fix = FixState::Fixed(vec![evil.clone(); 300]);
        let advisory = &mut finding.advisories[0];
        for text in
            [&mut advisory.id, &mut advisory.matched_name, &mut advisory.matched_version, &mut advisory.range]
        {
            *text = format!("{evil}{long}");
        }
        advisory.summary = format!("{evil}{long}").into();
        advisory.fixed = Some(evil.clone());
        advisory.references = vec![
            "javascript:alert(1)".to_owned(),
            format!("https://example.org/{evil}"),
            format!("https://example.org/{long}"),
            "https://user:pass@example.org/".to_owned(),
            "https://example.org/\"><script>alert(1)</script>".to_owned(),
            "data:text/html,<script>alert(1)</script>".to_owned(),
        ]
        .into();
        finding.advisories = vec![finding.advisories[0].clone(); 40];
        if let Some(Suppression::Exception { source, reason, .. }) = &mut finding.suppression {
            source.clone_from(&evil);
            *reason = Some(format!("{evil}{long}"));
        }
    }
    for ecosystem in &mut report.coverage.ecosystems {
        ecosystem.name.clone_from(&evil);
    }
    for problem in &mut report.coverage.problems {
        problem.path = Some(FilePathBuf::normalise(evil.as_bytes()));
        problem.message = format!("{evil}{long}");
    }
    for note in &mut report.unknown {
        note.advisory.clone_from(&evil);
        note.reason.clone_from(&evil);
    }
    for note in &mut report.exceptions {
        note.rule.clone_from(&evil);
        note.source.clone_from(&evil);
        note.message.clone_from(&evil);
    }
    report.database.as_mut().unwrap().feeds[0].ecosystem.clone_from(&evil);
    report
}
