//! The two lists that are keyed by CVE: known exploited vulnerabilities, and EPSS scores.

use seawall_model::Timestamp;

use super::DbError;
use super::bytes::{Cursor, put_optional_signed, put_signed, put_text};
use crate::record::cve_key;

const KEV_ENTRY: usize = 8;
const EPSS_ENTRY: usize = 8;
/// Scores are stored as parts of this.
const FULL: f32 = 65_535.0;

/// What both lists say of themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListMeta {
    pub source: String,
    pub date: Option<Timestamp>,
    pub entries: usize,
}

/// Source, date and entries of a list.
fn list(bytes: &[u8]) -> Result<(&str, Option<Timestamp>, &[u8]), DbError> {
    let mut cursor = Cursor::at(bytes, 0)?;
    let source = cursor.text()?;
    let date = cursor.optional_signed()?.map(Timestamp::from_unix);
    let length = cursor.size()?;
    Ok((source, date, cursor.bytes(length)?))
}

fn meta(bytes: &[u8]) -> Option<ListMeta> {
    let (source, date, body) = list(bytes).ok()?;
    // Both kinds of entry take eight bytes.
    Some(ListMeta { source: source.to_owned(), date, entries: body.len() / KEV_ENTRY })
}

/// Finds the eight bytes of an entry by its key in their first four.
fn find(body: &[u8], key: u32) -> Option<[u8; 4]> {
    let (entries, _) = body.as_chunks::<8>();
    let key_of = |entry: &[u8; 8]| u32::from_le_bytes([entry[0], entry[1], entry[2], entry[3]]);
    let found = entries.binary_search_by_key(&key, key_of).ok()?;
    let entry = entries.get(found)?;
    Some([entry[4], entry[5], entry[6], entry[7]])
}

fn encode(source: &str, date: Option<Timestamp>, mut entries: Vec<(u32, [u8; 4])>) -> Vec<u8> {
    entries.sort_unstable();
    entries.dedup_by_key(|entry| entry.0);
    let mut out = Vec::with_capacity(entries.len() * EPSS_ENTRY + 64);
    put_text(&mut out, source);
    put_optional_signed(&mut out, date.map(Timestamp::unix));
    super::bytes::put_varint(&mut out, (entries.len() * EPSS_ENTRY) as u64);
    for (key, value) in entries {
        out.extend_from_slice(&key.to_le_bytes());
        out.extend_from_slice(&value);
    }
    out
}

/// CISA's catalogue of known exploited vulnerabilities.
#[derive(Clone, Copy)]
pub struct Kev<'a>(&'a [u8]);

impl<'a> Kev<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Where it came from; `None` without one.
    pub fn meta(self) -> Option<ListMeta> {
        meta(self.0)
    }

    /// When a CVE was added.
    pub fn since(self, cve: &str) -> Option<Timestamp> {
        let (_, _, body) = list(self.0).ok()?;
        let days = i32::from_le_bytes(find(body, cve_key(cve)?)?);
        Some(Timestamp::from_unix(i64::from(days) * 86_400))
    }

    /// The section of a list of CVEs and the days on which they were added. What is no CVE is left out.
    pub fn encode(source: &str, date: Option<Timestamp>, entries: &[(String, Timestamp)]) -> Vec<u8> {
        let day = |time: Timestamp| i32::try_from(time.unix().div_euclid(86_400)).unwrap_or(0).to_le_bytes();
        let entries = entries.iter().filter_map(|(cve, added)| Some((cve_key(cve)?, day(*added)))).collect();
        encode(source, date, entries)
    }
}

/// The EPSS scores of the day.
#[derive(Clone, Copy)]
pub struct Epss<'a>(&'a [u8]);

impl<'a> Epss<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Where they came from; `None` without any.
    pub fn meta(self) -> Option<ListMeta> {
        meta(self.0)
    }

    /// The probability of exploitation and its percentile, both 0 to 1, to four digits.
    pub fn score(self, cve: &str) -> Option<(f32, f32)> {
        let (_, _, body) = list(self.0).ok()?;
        let [a, b, c, d] = find(body, cve_key(cve)?)?;
        let part = |bytes| f32::from(u16::from_le_bytes(bytes)) / FULL;
        Some((part([a, b]), part([c, d])))
    }

    /// The section of a list of CVEs with probability and percentile. What is no CVE is left out.
    pub fn encode(source: &str, date: Option<Timestamp>, entries: &[(String, f32, f32)]) -> Vec<u8> {
        let part = |score: f32| ((score.clamp(0.0, 1.0) * FULL).round() as u16).to_le_bytes();
        let entries = entries
            .iter()
            .filter_map(|(cve, probability, percentile)| {
                let ([a, b], [c, d]) = (part(*probability), part(*percentile));
                Some((cve_key(cve)?, [a, b, c, d]))
            })
            .collect();
        encode(source, date, entries)
    }
}

/// The section that says when the feeds were last asked.
pub(super) fn encode_info(checked: Timestamp) -> Vec<u8> {
    let mut out = vec![1];
    put_signed(&mut out, checked.unix());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_scores_read_back() {
        let day: Timestamp = "2021-12-10".parse().unwrap();
        let kev = Kev::encode("kev.json", Some(day), &[("CVE-2021-44228".into(), day), ("x".into(), day)]);
        assert_eq!(Kev::new(&kev).since("CVE-2021-44228"), Some(day));
        assert_eq!(Kev::new(&kev).since("CVE-2021-44229"), None);
        assert_eq!(Kev::new(&kev).meta().unwrap().entries, 1);
        let epss = Epss::encode("epss", None, &[("CVE-2021-44228".into(), 0.944_32, 1.0)]);
        let (probability, percentile) = Epss::new(&epss).score("CVE-2021-44228").unwrap();
        assert!((probability - 0.944_32).abs() < 1e-4 && percentile >= 1.0, "{probability}");
    }

    #[test]
    fn an_empty_section_knows_nothing() {
        assert_eq!(Kev::new(&[]).since("CVE-2021-44228"), None);
        assert_eq!(Epss::new(&[9, 9]).score("CVE-2021-44228"), None);
    }
}
