//! Versions, records and the database of `seawall-advisory` and `seawall-feed`.

use std::cmp::Ordering;
use std::sync::{Arc, LazyLock};

use seawall_advisory::db::{Epss, FeedMeta, Kev, SegmentBuilder, assemble};
use seawall_advisory::{Database, MatchOptions, VersionScheme, match_packages, query, records_by_id};
use seawall_feed::{lists, osv};
use seawall_model::{EcosystemName, Package, PackageKind, Timestamp};

/// The first byte chooses a scheme; then come three versions, a line each. Their order must be an order.
pub fn version(bytes: &[u8]) {
    let Some((scheme, rest)) = bytes.split_first() else { return };
    let scheme = VersionScheme::ALL[usize::from(*scheme) % VersionScheme::ALL.len()];
    let Some(text) = super::text(rest) else { return };
    let mut lines = text.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    let [a, b, c] = [next(), next(), next()];
    let (Ok(ab), Ok(bc), Ok(ac)) = (scheme.compare(a, b), scheme.compare(b, c), scheme.compare(a, c)) else {
        return;
    };
    assert_eq!(scheme.compare(a, a), Ok(Ordering::Equal), "{scheme}: {a:?} and itself");
    assert_eq!(scheme.compare(b, a), Ok(ab.reverse()), "{scheme}: {a:?} and {b:?}");
    let parsed = scheme.parse(a).and_then(|a| a.compare_text(b));
    assert_eq!(parsed, Ok(ab), "{scheme}: {a:?} and {b:?}, parsed");
    if HAS_CIRCLES.contains(&scheme) {
        return;
    }
    let expected = match (ab, bc) {
        (Ordering::Equal, other) | (other, Ordering::Equal) => Some(other),
        (first, second) => (first == second).then_some(first),
    };
    assert!(
        expected.is_none_or(|expected| expected == ac),
        "{scheme}: {a:?}, {b:?}, {c:?}: {ab:?} {bc:?} {ac:?}"
    );
}

/// Schemes whose own comparator has circles, which we follow. Pacman heeds a release only where both versions
/// have one, so that `1-1` = `1` = `1-2`. Maven 3.9 puts `1.0.--rc.!` before `1`, that before `1rc,1`, and that
/// before the first. Conan compares two numbers as numbers, else as text: `20220623` > `623` > `20230re` > the
/// first.
const HAS_CIRCLES: &[VersionScheme] = &[VersionScheme::Alpm, VersionScheme::Conan, VersionScheme::Maven];

/// An OSV record, as one of several feeds; what is read must fit into a database.
pub fn osv_record(bytes: &[u8]) {
    for feed in [EcosystemName::Debian, EcosystemName::Npm, EcosystemName::AlmaLinux, EcosystemName::Maven] {
        if let osv::Read::Record(record, _) = osv::read(bytes, feed) {
            let mut builder = SegmentBuilder::new(feed).expect("a compressor");
            if builder.add(&record).is_ok() {
                let segment = builder.finish(&FeedMeta::default()).expect("one record fits");
                open_and_ask(assemble(&[&segment], &[], &[], Timestamp::from_unix(0)));
            }
        }
    }
}

/// The lists of exploited vulnerabilities and of EPSS scores.
pub fn lists(bytes: &[u8]) {
    let _ = lists::read_kev(bytes);
    let _ = lists::read_epss(bytes);
}

const RECORD: &str = r#"{"id":"DEBIAN-CVE-2024-1","modified":"2024-01-02T03:04:05Z","aliases":["CVE-2024-1"],
"summary":"A fault","details":"Many words.","references":[{"type":"WEB","url":"https://example.org"}],
"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
"affected":[{"package":{"ecosystem":"Debian:12","name":"openssl"},"ranges":[{"type":"ECOSYSTEM",
"events":[{"introduced":"0"},{"fixed":"3.0.11-1"}]}],"versions":["3.0.1-1"],"ecosystem_specific":{"urgency":"high"}},
{"package":{"ecosystem":"npm","name":"lodash"},"ranges":[{"type":"SEMVER","events":[{"introduced":"1.0.0"},
{"last_affected":"4.17.0"}]}],"database_specific":{"severity":"HIGH"}}]}"#;

/// A small database of two feeds and both lists.
static DATABASE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let segments: Vec<_> = [EcosystemName::Debian, EcosystemName::Npm].map(segment).to_vec();
    let date = Timestamp::from_unix(1_700_000_000);
    let kev = Kev::encode("kev", Some(date), &[("CVE-2024-1".to_owned(), date)]);
    let epss = Epss::encode("epss", Some(date), &[("CVE-2024-1".to_owned(), 0.5, 0.9)]);
    assemble(&segments.iter().map(Vec::as_slice).collect::<Vec<_>>(), &kev, &epss, date)
});

fn segment(feed: EcosystemName) -> Vec<u8> {
    let mut builder = SegmentBuilder::new(feed).expect("a compressor");
    if let osv::Read::Record(record, _) = osv::read(RECORD.as_bytes(), feed) {
        builder.add(&record).expect("the record fits");
    }
    let meta = FeedMeta { ecosystem: feed.to_string(), records: 1, ..FeedMeta::default() };
    builder.finish(&meta).expect("the segment is small")
}

/// A good database with damage: three bytes say where, two say what stands there.
pub fn database(bytes: &[u8]) {
    let mut damaged = DATABASE.clone();
    for [a, b, c, new @ ..] in bytes.as_chunks::<5>().0 {
        let at = u32::from_le_bytes([*a, *b, *c, 0]) as usize % (damaged.len() - 1);
        damaged[at..at + 2].copy_from_slice(new);
    }
    open_and_ask(damaged);
}

/// Asks everything that can be asked; a damaged database may refuse, but not panic.
fn open_and_ask(bytes: Vec<u8>) {
    let Ok(database) = Database::open(Arc::new(bytes)) else { return };
    let packages = [
        Package::new(PackageKind::Deb, "openssl", "3.0.1-1", "fuzz"),
        Package::new(PackageKind::Npm, "lodash", "2.0.0", "fuzz"),
        Package::new(PackageKind::Maven, "org.acme:shop", "1.0", "fuzz"),
        Package::new(PackageKind::Rpm, "openssl", "3.0.1-1", "fuzz"),
    ];
    for (id, version) in [("debian", "12"), ("almalinux", "9")] {
        let distro = seawall_model::Distro {
            id: id.to_owned(),
            version_id: Some(version.to_owned()),
            ..seawall_model::Distro::default()
        };
        let _ = match_packages(&database, &packages, Some(&distro), MatchOptions::default());
    }
    let _ = records_by_id(&database, "CVE-2024-1");
    let _ = query(&database, &"pkg:npm/lodash@2.0.0".parse().expect("a package URL"));
    let _ = database.checked().map(|at| at.to_string());
    for segment in database.segments().flatten() {
        let _ = segment.meta().map(|meta| meta.date.map(|date| date.to_string()));
        let _ = (segment.ecosystem(), segment.releases(), segment.record_count());
    }
    let _ = (database.kev().meta(), database.kev().since("CVE-2024-1"));
    let _ = (database.epss().meta(), database.epss().score("CVE-2024-1"));
}
