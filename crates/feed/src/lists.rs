//! The two lists by CVE: CISA's catalogue of known exploited vulnerabilities, and the EPSS scores.

use std::io::{BufRead, BufReader, Read};

use seawall_model::Timestamp;
use serde::Deserialize;

use crate::csv;
use crate::location::MAX_LIST_BYTES;

/// A list as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct List<T> {
    /// When it was made, where it says so.
    pub date: Option<Timestamp>,
    pub entries: Vec<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Catalogue {
    date_released: Option<String>,
    vulnerabilities: Vec<Exploited>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Exploited {
    #[serde(rename = "cveID")]
    cve_id: String,
    date_added: String,
}

/// Reads CISA's catalogue, JSON or CSV. An entry without a date that can be read makes the list malformed. The
/// CSV does not say when it was made; its newest entry dates it.
///
/// <https://www.cisa.gov/known-exploited-vulnerabilities-catalog>
pub fn read_kev(bytes: &[u8]) -> Result<List<(String, Timestamp)>, String> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    if text.starts_with(b"{") { read_kev_json(text) } else { read_kev_csv(text) }
}

/// Columns are found by the names in the heading.
fn read_kev_csv(bytes: &[u8]) -> Result<List<(String, Timestamp)>, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let mut rows = csv::rows(text);
    let heading = rows.next().unwrap_or_default();
    let column = |name: &str| heading.iter().position(|field| field.trim() == name);
    let (Some(cve), Some(added)) = (column("cveID"), column("dateAdded")) else {
        return Err("it is neither CISA's JSON nor a CSV with the columns cveID and dateAdded".to_owned());
    };
    let entries = rows.map(|row| {
        let (Some(cve), Some(added)) = (row.get(cve), row.get(added)) else {
            return Err(format!("the row {:?} has too few fields", row.join(",")));
        };
        let added = added.trim().parse().map_err(|error| format!("{cve}: {error}"))?;
        Ok((cve.trim().to_owned(), added))
    });
    let entries = entries.collect::<Result<Vec<(String, Timestamp)>, String>>()?;
    Ok(List { date: entries.iter().map(|(_, added)| *added).max(), entries })
}

fn read_kev_json(bytes: &[u8]) -> Result<List<(String, Timestamp)>, String> {
    let catalogue: Catalogue = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let date = catalogue.date_released.and_then(|date| date.parse().ok());
    let entries = catalogue.vulnerabilities.into_iter().map(|entry| {
        let added = entry.date_added.parse().map_err(|error| format!("{}: {error}", entry.cve_id))?;
        Ok((entry.cve_id, added))
    });
    Ok(List { date, entries: entries.collect::<Result<_, String>>()? })
}

/// Reads the CSV of FIRST, plain or compressed with gzip: a comment, a heading, `cve,epss,percentile`.
///
/// <https://www.first.org/epss/data_stats>
pub fn read_epss(bytes: &[u8]) -> Result<List<(String, f32, f32)>, String> {
    let reader: Box<dyn Read + '_> = if bytes.starts_with(&[0x1f, 0x8b]) {
        Box::new(flate2::read::MultiGzDecoder::new(bytes))
    } else {
        Box::new(bytes)
    };
    let mut list = List { date: None, entries: Vec::new() };
    let mut seen = 0_u64;
    for (number, line) in BufReader::new(reader.take(MAX_LIST_BYTES)).lines().enumerate() {
        let line = line.map_err(|error| format!("line {}: {error}", number + 1))?;
        seen += line.len() as u64 + 1;
        if let Some(comment) = line.strip_prefix('#') {
            let date = comment.split(',').find_map(|part| part.strip_prefix("score_date:"));
            // The time zone is written `+0000`.
            list.date = date.and_then(|date| date.get(..10)?.parse().ok());
            continue;
        }
        if line.is_empty() || line.starts_with("cve,") {
            continue;
        }
        let mut fields = line.split(',');
        let mut number_field = || fields.next().and_then(|field| field.trim().parse::<f32>().ok());
        let entry = (|| {
            let (cve, _) = line.split_once(',')?;
            number_field();
            Some((cve.to_owned(), number_field()?, number_field()?))
        })();
        let entry = entry.filter(|(cve, ..)| cve.starts_with("CVE-"));
        list.entries.push(entry.ok_or_else(|| format!("line {} is not cve,epss,percentile", number + 1))?);
    }
    if seen >= MAX_LIST_BYTES {
        return Err(format!("it has more than {MAX_LIST_BYTES} bytes"));
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::io::Write;

    const CSV: &str = "#model_version:v2025.03.14,score_date:2026-01-31T00:00:00+0000\n\
                       cve,epss,percentile\nCVE-1999-0001,0.01141,0.77912\n";

    #[test]
    fn scores_are_read_plain_and_compressed() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(CSV.as_bytes()).unwrap();
        for bytes in [CSV.as_bytes().to_vec(), gzip.finish().unwrap()] {
            let list = read_epss(&bytes).unwrap();
            assert_eq!(list.date.map(Timestamp::date).as_deref(), Some("2026-01-31"));
            assert_eq!(list.entries, [("CVE-1999-0001".to_owned(), 0.01141, 0.77912)]);
        }
    }

    #[test]
    fn malformed_lists_are_errors() {
        assert!(read_epss(b"cve,epss,percentile\nCVE-1999-0001,high,0.7\n").is_err());
        assert!(read_epss(b"<html>").is_err());
        assert!(read_epss(&[0x1f, 0x8b, 8, 0, 0]).is_err());
        assert!(read_kev(b"{}").is_err());
        assert!(read_kev(br#"{"vulnerabilities":[{"cveID":"CVE-2021-1","dateAdded":"soon"}]}"#).is_err());
    }

    #[test]
    fn the_catalogue_says_when() {
        let json = br#"{"dateReleased":"2025-08-25T17:04:19.9796Z",
            "vulnerabilities":[{"cveID":"CVE-2021-44228","dateAdded":"2021-12-10","product":"Log4j2"}]}"#;
        let list = read_kev(json).unwrap();
        assert_eq!(list.entries, [("CVE-2021-44228".to_owned(), "2021-12-10".parse().unwrap())]);
        assert!(list.date.is_some());
    }

    #[test]
    fn the_catalogue_is_read_as_csv_too() {
        let csv = "\u{feff}\"cveID\",\"vendorProject\",\"dateAdded\",\"shortDescription\",\"dueDate\"\r\n\
                   CVE-2021-44228,Apache,2021-12-10,\"Log4j2, \"\"JNDI\"\"\nfeatures\",2021-12-24\r\n\
                   CVE-2020-0001,X,2020-01-02,,\r\n";
        let list = read_kev(csv.as_bytes()).unwrap();
        let read: Vec<_> =
            list.entries.iter().map(|(cve, added)| format!("{cve} {}", added.date())).collect();
        assert_eq!(read, ["CVE-2021-44228 2021-12-10", "CVE-2020-0001 2020-01-02"]);
        assert_eq!(list.date.map(Timestamp::date).as_deref(), Some("2021-12-10"));
        for (malformed, why) in [
            ("", "neither"),
            ("<html>", "neither"),
            ("cveID,product\nCVE-2021-1,x", "neither"),
            ("cveID,dateAdded\nCVE-2021-1,soon", "CVE-2021-1"),
            ("cveID,dateAdded\nCVE-2021-1", "too few"),
        ] {
            let error = read_kev(malformed.as_bytes()).unwrap_err();
            assert!(error.contains(why), "{malformed:?}: {error}");
        }
        assert!(read_kev(b"cveID,dateAdded\nCVE-2021-1\xff,2021-01-01").is_err());
    }
}
