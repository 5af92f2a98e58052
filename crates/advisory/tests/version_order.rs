//! The version orders against published tables, and against bytes that are no versions.
//!
//! `script/versions/check` asks the ecosystems' own comparators about the same tables and about generated pairs.

use std::cmp::Ordering;

use seawall_advisory::version::{MAX_VERSION_BYTES, Version, VersionError, VersionScheme};
use seawall_model::{Ecosystem, EcosystemName, PackageKind};

macro_rules! tables {
    ($($scheme:ident $file:literal,)+) => {
        const TABLES: &[(VersionScheme, &str)] =
            &[$((VersionScheme::$scheme, include_str!(concat!("../fixtures/versions/", $file, ".tsv"))),)+];
    };
}

tables! {
    Dpkg "dpkg",
    Rpm "rpm",
    Apk "apk",
    Alpm "alpm",
    Pep440 "pep440",
    Npm "npm",
    SemVer "semver",
    LenientSemVer "lenient-semver",
    Go "go",
    RubyGems "rubygems",
    Composer "composer",
    Maven "maven",
    NuGet "nuget",
    Hex "hex",
    Cran "cran",
    Pub "pub",
    Conan "conan",
    Swift "swift",
    CocoaPods "cocoapods",
    Julia "julia",
    Pvp "pvp",
    Opam "opam",
}

/// What a table says of each line: `a < b`, or `a ?` for a text that is refused.
fn rows(table: &str) -> impl Iterator<Item = Vec<&str>> {
    table.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

/// The row as it should read by the scheme, both ways round.
fn judged(scheme: VersionScheme, row: &[&str]) -> String {
    let sign = |order| match order {
        Ok(Ordering::Less) => "<",
        Ok(Ordering::Equal) => "=",
        Ok(Ordering::Greater) => ">",
        Err(_) => "?",
    };
    match row {
        [a, _, b] => {
            let there = scheme.compare(a, b);
            let back = scheme.compare(b, a).map(Ordering::reverse);
            let way_back = if there == back { String::new() } else { format!(" but back {}", sign(back)) };
            format!("{a}\t{}\t{b}{way_back}", sign(there))
        }
        [a, ..] => format!("{a}\t{}", if scheme.parse(a).is_err() { "?" } else { "is read" }),
        [] => String::new(),
    }
}

#[test]
fn published_tables_hold() {
    let mut wrong = Vec::new();
    for (scheme, table) in TABLES {
        for row in rows(table) {
            let judged = judged(*scheme, &row);
            if judged != row.join("\t") {
                wrong.push(format!("{scheme}: {judged}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_scheme_has_a_table_of_a_few_dozen_pairs() {
    for scheme in VersionScheme::ALL {
        let table = TABLES.iter().find(|(of, _)| of == scheme);
        assert!(table.is_some_and(|(_, table)| rows(table).count() >= 24), "{scheme}");
    }
}

#[test]
fn versions_compare_as_their_texts_do() {
    for (scheme, table) in TABLES {
        for row in rows(table) {
            let [a, _, b] = row[..] else { continue };
            let (left, right) = (scheme.parse(a).unwrap(), scheme.parse(b).unwrap());
            let order = scheme.compare(a, b).unwrap();
            assert_eq!(left.partial_cmp(&right), Some(order), "{scheme} {a} {b}");
            assert_eq!(left.compare_text(b), Ok(order), "{scheme} {a} {b}");
            assert_eq!(left == right, order.is_eq(), "{scheme} {a} {b}");
            assert_eq!(left.scheme(), *scheme);
        }
    }
}

#[test]
fn versions_of_two_schemes_have_no_order() {
    let dpkg = VersionScheme::Dpkg.parse("1.0").unwrap();
    let rpm = VersionScheme::Rpm.parse("1.0").unwrap();
    assert_eq!(dpkg.partial_cmp(&rpm), None);
    assert!(dpkg != rpm);
}

#[test]
fn a_text_without_end_is_refused_before_it_is_read() {
    for scheme in VersionScheme::ALL {
        let long = "1".repeat(MAX_VERSION_BYTES + 1);
        assert_eq!(scheme.parse(&long).map(|_| ()), Err(VersionError::TooLong), "{scheme}");
        assert_eq!(scheme.compare("1.0.0", &long), Err(VersionError::TooLong), "{scheme}");
    }
}

#[test]
fn an_empty_text_is_no_version() {
    for scheme in VersionScheme::ALL {
        for text in ["", " ", "\t"] {
            assert!(scheme.parse(text).is_err(), "{scheme} {text:?}");
        }
    }
}

#[test]
fn errors_name_scheme_and_text() {
    let error = VersionScheme::Pep440.parse("2004d").map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "\"2004d\" is not a pep440 version");
}

/// Texts that look like versions to the half, from a generator with a fixed start.
struct Noise(u64);

impl Noise {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below
    }

    fn text(&mut self) -> String {
        const TOKENS: &[&str] = &[
            "0",
            "1",
            "9",
            "10",
            "00",
            "99999999999999999999",
            ".",
            ".",
            "-",
            "_",
            "+",
            "~",
            "^",
            ":",
            "!",
            "a",
            "b",
            "rc",
            "alpha",
            "dev",
            "post",
            "p",
            "x",
            "v",
            "V",
            "go",
            "-r1",
            "_rc",
            "*",
            " ",
            "\t",
            "\u{0}",
            "\u{1}",
            "\u{3}",
            "ä",
            "٣",
            "漢",
            "🦀",
            "\u{202e}",
            "=",
            "@",
            "as",
            "final",
        ];
        let count = self.next(9);
        (0..count).map(|_| TOKENS[self.next(TOKENS.len())]).collect()
    }
}

#[test]
fn noise_never_panics_and_is_ordered_alike_both_ways() {
    let mut noise = Noise(2);
    for _ in 0..20_000 {
        let (a, b) = (noise.text(), noise.text());
        for scheme in VersionScheme::ALL {
            let there = scheme.compare(&a, &b);
            if let Ok(order) = there {
                assert_eq!(scheme.compare(&b, &a), Ok(order.reverse()), "{scheme} {a:?} {b:?}");
                assert_eq!(scheme.compare(&a, &a), Ok(Ordering::Equal), "{scheme} {a:?}");
            }
        }
    }
}

#[test]
fn the_longest_text_is_compared_in_no_time() {
    for unit in ["1", "1.", "0.", "a1", "-1", "~", "^", ".0", "_p1", "20", "99-"] {
        let long = format!("1{}", unit.repeat((MAX_VERSION_BYTES - 1) / unit.len()));
        for scheme in VersionScheme::ALL {
            let _ = scheme.compare(&long, &long);
            let _ = scheme.compare(&long, "1.0.0");
        }
    }
}

#[test]
fn each_ecosystem_has_its_order() {
    let schemes: Vec<String> = EcosystemName::ALL
        .iter()
        .map(|name| {
            let scheme = VersionScheme::of_ecosystem(*name);
            format!("{name}: {}", scheme.map_or("-", VersionScheme::as_str))
        })
        .collect();
    assert_eq!(schemes.join("\n"), include_str!("../fixtures/versions/ecosystems.txt").trim_end());
}

#[test]
fn feeds_that_carry_another_ecosystem_use_its_order() {
    let of = |text: &str| VersionScheme::of(&text.parse::<Ecosystem>().unwrap());
    assert_eq!(of("Debian:12"), Some(VersionScheme::Dpkg));
    assert_eq!(of("Red Hat:enterprise_linux:9::appstream"), Some(VersionScheme::Rpm));
    assert_eq!(of("TuxCare:Alpine:v3.16"), Some(VersionScheme::Apk));
    assert_eq!(of("Root:PyPI"), Some(VersionScheme::Pep440));
    assert_eq!(of("Echo"), Some(VersionScheme::Dpkg));
    assert_eq!(of("Echo:Maven"), Some(VersionScheme::Maven));
    assert_eq!(of("TuxCare"), None);
    assert_eq!(of("TuxCare:TuxCare:npm"), None);
    assert_eq!(of("Root:Nope"), None);
}

#[test]
fn rebuilds_by_echo_are_told_apart() {
    let echo = VersionScheme::of(&"Echo:npm".parse().unwrap()).unwrap();
    let versions = ["1.2.3", "1.2.3+echo.1", "1.2.3+echo.2", "1.2.4"].map(|text| echo.parse(text).unwrap());
    assert!(versions.is_sorted_by(Version::lt));
}

#[test]
fn a_package_and_its_ecosystem_agree() {
    let pairs = [
        (PackageKind::Deb, EcosystemName::Debian),
        (PackageKind::Apk, EcosystemName::Wolfi),
        (PackageKind::Rpm, EcosystemName::RockyLinux),
        (PackageKind::Pypi, EcosystemName::PyPi),
        (PackageKind::Npm, EcosystemName::Npm),
        (PackageKind::Maven, EcosystemName::Maven),
        (PackageKind::Golang, EcosystemName::Go),
        (PackageKind::Cargo, EcosystemName::CratesIo),
        (PackageKind::Gem, EcosystemName::RubyGems),
        (PackageKind::Composer, EcosystemName::Packagist),
        (PackageKind::Nuget, EcosystemName::NuGet),
        (PackageKind::Pub, EcosystemName::Pub),
        (PackageKind::Hex, EcosystemName::Hex),
        (PackageKind::Swift, EcosystemName::SwiftUrl),
        (PackageKind::Conan, EcosystemName::ConanCenter),
        (PackageKind::Julia, EcosystemName::Julia),
        (PackageKind::Cran, EcosystemName::Cran),
        (PackageKind::GithubActions, EcosystemName::GitHubActions),
        (PackageKind::Bitnami, EcosystemName::Bitnami),
        (PackageKind::Hackage, EcosystemName::Hackage),
    ];
    for (kind, name) in pairs {
        assert!(VersionScheme::of_package(kind).is_some(), "{kind:?}");
        assert_eq!(VersionScheme::of_package(kind), VersionScheme::of_ecosystem(name), "{kind:?}");
    }
    assert_eq!(VersionScheme::of_package(PackageKind::Alpm), Some(VersionScheme::Alpm));
    assert_eq!(VersionScheme::of_package(PackageKind::Generic), None);
}
