//! Bills for tests: a tiny one, and one of everything that a bill can hold, with names that want to do harm.
#![expect(clippy::unwrap_used, reason = "samples are right by construction")]

use seawall_model::{
    Advisory, Checksum, ChecksumAlgorithm, Dependency, Digest, Distro, Ecosystem, EcosystemName, FilePathBuf,
    Finding, FindingId, FindingKind, FixState, ImageFacts, LayerLine, Owner, Package, PackageKind, Place,
    Priority, Problem, ProblemKind, Scope, Severity, SeveritySource, SourcePackage, SubjectKind, Suppression,
    Timestamp,
};

use seawall_sbom::{Bill, BillFile, Tool};

pub(crate) const HOSTILE: &str = "a\0\u{1b}[2J\n<b>&\"'</text>\u{ffff}\u{202e}]]>::error::=1+1|`";

pub(crate) fn digest(byte: u8) -> Digest {
    Digest::from_sha256([byte; 32])
}

/// A bill of nothing.
pub(crate) fn empty() -> Bill {
    Bill {
        tool: Tool { name: "seawall".into(), version: Some("0.1.0".into()) },
        created: Timestamp::from_unix(1_767_225_600),
        kind: SubjectKind::SourceTree,
        name: ".".into(),
        image: None,
        distro: None,
        layers: Vec::new(),
        packages: Vec::new(),
        dependencies: Vec::new(),
        files: Vec::new(),
        findings: None,
        problems: Vec::new(),
    }
}

/// An image of two layers and two packages.
pub(crate) fn image() -> Bill {
    let mut zlib = Package::new(PackageKind::Deb, "zlib1g", "1:1.2.13", "debian/dpkg");
    zlib.arch = Some("amd64".into());
    zlib.source = Some(SourcePackage { name: "zlib".into(), version: "1:1.2.13".into() });
    zlib.vendor = Some("A Team <team@example.org>".into());
    zlib.licences = vec!["Zlib".into(), "GPL-2+".into()];
    zlib.places = vec![place("var/lib/dpkg/status", None, 0)];
    let mut idna = Package::new(PackageKind::Pypi, "idna", "3.4", "python/installed");
    idna.places = vec![place("usr/lib/python3/idna.dist-info/METADATA", None, 1)];
    idna.licences = vec!["BSD-3-Clause OR Foo".into()];
    let owner = Owner { kind: PackageKind::Deb, name: "python3-idna".into(), version: "3.4-1".into() };
    idna.owner = Some(owner);
    idna.checksums = vec![Checksum::from_bytes(ChecksumAlgorithm::Sha256, &[1; 32]).unwrap()];
    Bill {
        kind: SubjectKind::Image,
        name: "example.org/team/app:1".into(),
        image: Some(ImageFacts {
            manifest_digest: Some(digest(7)),
            id: digest(8),
            platform: "linux/amd64".into(),
            created: Some(Timestamp::from_unix(1_700_000_000)),
            labels: vec![("org.opencontainers.image.title".into(), "App".into())],
        }),
        distro: Some(Distro {
            id: "debian".into(),
            version_id: Some("12".into()),
            pretty_name: Some("Debian GNU/Linux 12 (bookworm)".into()),
            ..Distro::default()
        }),
        layers: vec![layer(1), layer(2)],
        packages: vec![zlib, idna],
        dependencies: vec![Dependency { from: 1, to: 0 }],
        ..empty()
    }
}

/// One of everything, in the nastiest form that it may have.
pub(crate) fn hostile() -> Bill {
    let mut bill = image();
    bill.name = HOSTILE.into();
    bill.image.as_mut().unwrap().labels.push((HOSTILE.into(), HOSTILE.into()));
    bill.distro = Some(Distro {
        id: HOSTILE.into(),
        version_id: Some(HOSTILE.into()),
        codename: Some(HOSTILE.into()),
        id_like: vec![HOSTILE.into()],
        pretty_name: Some(HOSTILE.into()),
        variant_id: Some(HOSTILE.into()),
        cpe_name: Some(HOSTILE.into()),
        channels: vec![HOSTILE.into()],
    });
    bill.layers[1].instruction = Some(HOSTILE.into());
    for (index, kind) in PackageKind::ALL.iter().enumerate() {
        bill.packages.push(hostile_package(*kind, index));
    }
    // Two packages of one name, and one without any.
    bill.packages.push(hostile_package(PackageKind::Npm, 6));
    bill.packages.push(Package::new(PackageKind::Npm, "", "", "node/package-json"));
    bill.dependencies = (0..bill.packages.len() - 1).map(|at| Dependency { from: at, to: at + 1 }).collect();
    bill.dependencies.push(Dependency { from: bill.packages.len() - 1, to: 2 });
    bill.files = vec![
        file(b"usr/bin/a", 0, Some(Checksum::from_bytes(ChecksumAlgorithm::Sha1, &[2; 20]).unwrap())),
        file(
            b"usr/bin/\xff\x1b[2J\n",
            0,
            Some(Checksum::from_bytes(ChecksumAlgorithm::Md5, &[3; 16]).unwrap()),
        ),
        file(HOSTILE.as_bytes(), 1, None),
        file(HOSTILE.as_bytes(), 2, None),
    ];
    bill.problems = vec![
        Problem::general(ProblemKind::Skipped, HOSTILE),
        Problem { layer: Some(1), ..Problem::at(HOSTILE.into(), ProblemKind::LayerUnreadable, HOSTILE) },
    ];
    bill.findings = Some(findings(bill.packages.len()));
    bill
}

fn hostile_package(kind: PackageKind, index: usize) -> Package {
    let mut package = Package::new(kind, format!("{HOSTILE}/{HOSTILE}"), HOSTILE.repeat(40), "test/binary");
    package.arch = Some(HOSTILE.into());
    package.source = Some(SourcePackage { name: HOSTILE.into(), version: HOSTILE.into() });
    package.vendor = Some(format!("{HOSTILE} <{HOSTILE}@example.org>"));
    package.modularity = Some(HOSTILE.into());
    package.licences = vec![HOSTILE.into(), "MIT".into(), "x".repeat(300), "A text\r\n</text>\n\u{7}".into()];
    package.subpath = Some(HOSTILE.into());
    package.qualifiers = vec![("vcs_url".into(), HOSTILE.into())];
    package.needs = vec![HOSTILE.into()];
    package.provides = vec![HOSTILE.into()];
    package.scope = if index.is_multiple_of(2) { Scope::Runtime } else { Scope::Development };
    package.places = vec![place(HOSTILE, Some(HOSTILE), 1), place("a", None, 0)];
    let hex = "ab".repeat(64);
    package.checksums = ChecksumAlgorithm::ALL
        .iter()
        .map(|algorithm| Checksum::from_hex(*algorithm, &hex[..algorithm.bytes() * 2]).unwrap())
        .collect();
    package.owner = Some(Owner { kind: PackageKind::Deb, name: HOSTILE.into(), version: HOSTILE.into() });
    package
}

fn findings(packages: usize) -> Vec<Finding> {
    let suppressions = [
        None,
        Some(Suppression::DistributionFixed { owner: HOSTILE.into(), evidence: HOSTILE.into() }),
        Some(Suppression::HeadersOnly { source: HOSTILE.into() }),
        Some(Suppression::KnownWrong { reason: HOSTILE.into() }),
        Some(Suppression::Vex { source: HOSTILE.into(), status: "fixed", reason: Some(HOSTILE.into()) }),
        Some(Suppression::Exception {
            source: HOSTILE.into(),
            reason: Some(HOSTILE.into()),
            expires: Some(Timestamp::from_unix(1_800_000_000)),
        }),
        Some(Suppression::Exception { source: "seawall.yaml:3".into(), reason: None, expires: None }),
    ];
    let mut out = Vec::new();
    for package in 0..packages {
        for (index, suppression) in suppressions.iter().enumerate() {
            out.push(finding(package, index, suppression.clone()));
        }
    }
    out
}

fn finding(package: usize, index: usize, suppression: Option<Suppression>) -> Finding {
    let names = ["CVE-2026-0001", "GHSA-aaaa-bbbb-cccc", "RUSTSEC-2026-0001", HOSTILE];
    let severities = [None, Some(Severity::Negligible), Some(Severity::Low), Some(Severity::Critical)];
    let kinds = [FindingKind::Vulnerability, FindingKind::Unmaintained];
    let vulnerability = names[index % names.len()];
    Finding {
        id: FindingId::of(&[vulnerability, &package.to_string(), &index.to_string()]),
        kind: kinds[index % kinds.len()],
        vulnerability: vulnerability.into(),
        aliases: vec![HOSTILE.into(), "CVE-2026-0009".into()],
        package,
        severity: severities[index % severities.len()],
        severity_source: Some(SeveritySource::Record),
        cvss_score: (index.is_multiple_of(2)).then_some(9.8),
        cvss_vector: Some(["CVSS:3.1/AV:N", HOSTILE, "AV:N/AC:L"][index % 3].into()),
        fix: if index.is_multiple_of(2) {
            FixState::Fixed(vec!["2".into(), HOSTILE.into()])
        } else {
            [FixState::NotFixed, FixState::WillNotFix, FixState::EndOfLife][index % 3].clone()
        },
        advisories: vec![Advisory {
            id: HOSTILE.into(),
            ecosystem: Ecosystem::release(EcosystemName::Debian, "12"),
            matched_name: HOSTILE.into(),
            matched_version: HOSTILE.into(),
            range: HOSTILE.into(),
            fixed: None,
            summary: HOSTILE.into(),
            published: Some(Timestamp::from_unix(0)),
            modified: None,
            references: [HOSTILE.into(), "https://example.org/a b\u{1b}?<>".into()].into(),
        }],
        kev_since: Some(Timestamp::from_unix(1_700_000_000)),
        epss: Some((0.1, 0.99)),
        priority: Priority::Attend,
        priority_reasons: Vec::new(),
        suppression,
        perhaps_backported: true,
    }
}

fn place(path: &str, inside: Option<&str>, layer: usize) -> Place {
    Place { path: FilePathBuf::from(path), inside: inside.map(str::to_owned), layer: Some(layer) }
}

fn layer(byte: u8) -> LayerLine {
    LayerLine {
        diff_id: digest(byte),
        blob: Some(digest(byte + 100)),
        instruction: Some(format!("COPY {byte} /")),
        bytes: 1024,
        from_cache: false,
    }
}

fn file(path: &[u8], package: usize, checksum: Option<Checksum>) -> BillFile {
    BillFile { path: FilePathBuf::normalise(path), package, checksum, layer: Some(1) }
}
