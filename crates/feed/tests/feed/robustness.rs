//! A damaged database gives errors or wrong answers, never a panic.

use std::sync::Arc;

use seawall_advisory::{Database, MatchOptions, match_packages, records_by_id, withdrawn_records};
use seawall_model::Package;

use crate::common::{Mirror, affected, affected_of, distro, package, record};

fn small_database() -> Vec<u8> {
    let fields = r#""versions":["1.0","1.1"],"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}]"#;
    let listed = affected_of("ECOSYSTEM", "PyPI", "x", "introduced 0, fixed 1.5", fields);
    let text = r#""aliases":["CVE-2026-0001"],"summary":"s","details":"d","references":[{"type":"WEB","url":"https://example.org"}]"#;
    let debian = [affected("Debian:12", "x", "introduced 0"), affected("Debian:11", "y", "introduced 0")];
    let mirror = Mirror::of(&[
        ("PyPI", &record("PYSEC-1", text, &[listed])),
        ("PyPI", &record("PYSEC-2", r#""withdrawn":"2026-01-02","aliases":["CVE-2026-0003"]"#, &[])),
        ("Debian", &record("DSA-1", r#""upstream":["CVE-2026-0001","CVE-2026-0002"]"#, &debian)),
    ]);
    let kev = mirror.path().join("kev.json");
    let json = r#"{"vulnerabilities":[{"cveID":"CVE-2026-0001","dateAdded":"2026-01-01"}]}"#;
    std::fs::write(&kev, json).unwrap();
    mirror.update_with(|request| request.kev = Some(seawall_feed::Location::Path(kev))).unwrap();
    std::fs::read(mirror.database()).unwrap()
}

/// Asks everything that can be asked; answers do not matter.
fn ask(bytes: Vec<u8>, packages: &[Package]) -> bool {
    let Ok(database) = Database::open(Arc::new(bytes)) else { return false };
    let on = distro("debian 12");
    let matched = match_packages(&database, packages, on.as_ref(), MatchOptions::default());
    let records = records_by_id(&database, "CVE-2026-0001");
    let _ = (database.withdrawn("PYSEC-2"), withdrawn_records(&database, "CVE-2026-0003"));
    for segment in database.segments().flatten() {
        let _ = (segment.meta(), segment.releases());
    }
    let _ = (database.checked(), database.kev().meta(), database.epss().meta());
    matched.is_ok_and(|matches| matches.findings.len() == 3)
        && records.is_ok_and(|records| records.len() == 2)
}

fn packages() -> Vec<Package> {
    ["pypi x 1.0", "deb x 1-1"].map(package).into()
}

#[test]
fn cut_off_at_every_length() {
    let whole = small_database();
    let packages = packages();
    assert!(ask(whole.clone(), &packages));
    for length in 0..whole.len() {
        assert!(Database::open(Arc::new(whole[..length].to_vec())).is_err(), "opened with {length} bytes");
    }
}

#[test]
fn every_byte_changed() {
    let whole = small_database();
    let packages = packages();
    for position in 0..whole.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[position] ^= flip;
            ask(bytes, &packages);
        }
    }
}

#[test]
fn other_files_are_no_databases() {
    for bytes in [&b""[..], b"PK\x03\x04", b"SEAWALL\n", b"SEAWALL\n\x07\0\0\0\0\0\0\0", &[0; 4096]] {
        assert!(Database::open(Arc::new(bytes.to_vec())).is_err());
    }
}
