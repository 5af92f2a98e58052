//! Until when a distribution's release gets security updates, from a dated table.
//!
//! The table is `data/end-of-life.tsv`; its head says what the columns mean and of which day it is. It is
//! looked at only to warn: which advisories there are is another question.

use seawall_model::{Distro, Timestamp};

const TABLE: &str = include_str!("../data/end-of-life.tsv");

const DAY: i64 = 86_400;

/// What is known of the end of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndOfLife {
    /// It gets updates, up to and including this day.
    SupportedUntil(Timestamp),
    /// The last day of updates for everyone is past.
    EndedOn {
        ended: Timestamp,
        /// The last day of support that is paid for or given by volunteers; it may be past as well.
        extended_until: Option<Timestamp>,
    },
    /// It has no releases and does not end; an old image of it is out of date all the same.
    Rolling,
    /// The table does not have it, or no end is announced.
    Unknown,
}

/// What is known of the end of this distribution's release at this time.
pub fn end_of_life(distro: &Distro, now: Timestamp) -> EndOfLife {
    let id = table_id(distro);
    let rows = rows().filter(|row| row.id == id);
    // The longest release that fits: 15.10 is no 15.1, and 2018.03 no 2.
    let row =
        rows.filter(|row| row.fits(distro)).max_by_key(|row| (row.is_codename(distro), row.release.len()));
    let has_extended = distro.has_channel(Distro::ESM);
    match row.map(|row| (row.standard, row.extended)) {
        // An image that is on the channel of extended support has it.
        Some((Standard::Until(_), Some(day))) if has_extended && now.unix() < day.unix() + DAY => {
            EndOfLife::SupportedUntil(day)
        }
        None => EndOfLife::Unknown,
        Some((Standard::Rolling, _)) => EndOfLife::Rolling,
        Some((Standard::Until(day), _)) if now.unix() < day.unix() + DAY => EndOfLife::SupportedUntil(day),
        Some((Standard::Until(ended), extended_until)) => EndOfLife::EndedOn { ended, extended_until },
    }
}

/// The day of the table: later changes of plan are not in it.
pub fn end_of_life_as_of() -> Option<Timestamp> {
    let (_, rest) = TABLE.lines().next()?.split_once("As of ")?;
    rest.trim_end_matches('.').parse().ok()
}

/// CentOS Linux and CentOS Stream have the same `ID` and `VERSION_ID`.
fn table_id(distro: &Distro) -> &str {
    let is_stream = distro.pretty_name.as_deref().is_some_and(|name| name.contains("Stream"));
    if distro.id == "centos" && is_stream { "centos-stream" } else { &distro.id }
}

#[derive(Clone, Copy)]
struct Row<'a> {
    id: &'a str,
    release: &'a str,
    standard: Standard,
    extended: Option<Timestamp>,
}

#[derive(Clone, Copy)]
enum Standard {
    Rolling,
    Until(Timestamp),
}

impl Row<'_> {
    fn fits(&self, distro: &Distro) -> bool {
        match (self.release, distro.version_id.as_deref()) {
            ("*", _) | ("-", None) => true,
            (release, Some(version)) => {
                // 12.5 is 12. SLES without a service pack says 15, and its table 15.0.
                let is_beginning = |rest: &str| rest.is_empty() || rest.starts_with('.');
                version.strip_prefix(release).is_some_and(is_beginning)
                    || (self.id == "sles" && release.strip_suffix(".0") == Some(version))
                    || self.is_codename(distro)
            }
            _ => self.is_codename(distro),
        }
    }

    fn is_codename(&self, distro: &Distro) -> bool {
        distro.codename.as_deref() == Some(self.release)
    }
}

fn rows() -> impl Iterator<Item = Row<'static>> {
    TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(row)
}

fn row(line: &'static str) -> Option<Row<'static>> {
    let mut columns = line.split('\t');
    let (id, release) = (columns.next()?, columns.next()?);
    let standard = match columns.next()? {
        "rolling" => Standard::Rolling,
        day => Standard::Until(day.parse().ok()?),
    };
    let extended = match columns.next()? {
        "-" => None,
        day => Some(day.parse().ok()?),
    };
    columns.next().filter(|source| source.starts_with("https://"))?;
    Some(Row { id, release, standard, extended })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// `id version codename`, with `-` for what is not said, on a day.
    fn told(distro: &str, day: &str) -> String {
        let words: Vec<_> = distro.split(' ').collect();
        let word =
            |index: usize| words.get(index).filter(|word| **word != "-").map(|word| (*word).to_owned());
        let distro =
            Distro { id: words[0].into(), version_id: word(1), codename: word(2), ..Distro::default() };
        show(end_of_life(&distro, day.parse().unwrap()))
    }

    fn show(end: EndOfLife) -> String {
        match end {
            EndOfLife::SupportedUntil(day) => format!("until {}", day.date()),
            EndOfLife::EndedOn { ended, extended_until: None } => format!("ended {}", ended.date()),
            EndOfLife::EndedOn { ended, extended_until: Some(day) } => {
                format!("ended {}, extended until {}", ended.date(), day.date())
            }
            EndOfLife::Rolling => "rolling".into(),
            EndOfLife::Unknown => "unknown".into(),
        }
    }

    #[test]
    fn every_line_of_the_table_can_be_read_and_none_is_there_twice() {
        let mut seen = BTreeSet::new();
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            let row = row(line).unwrap_or_else(|| panic!("{line:?}"));
            assert!(seen.insert((row.id, row.release)), "{line:?} is there twice");
            if let (Standard::Until(standard), Some(extended)) = (row.standard, row.extended) {
                assert!(extended > standard, "{line:?}");
            }
        }
        assert!(seen.len() > 200);
        assert!(end_of_life_as_of().is_some());
    }

    #[test]
    fn the_last_day_itself_is_supported() {
        assert_eq!(told("debian 11", "2024-08-14T23:59:59Z"), "until 2024-08-14");
        assert_eq!(told("debian 11", "2024-08-15"), "ended 2024-08-14, extended until 2026-08-31");
    }

    #[test]
    fn releases_are_known_by_the_beginning_of_their_version() {
        for (distro, expected) in [
            ("alpine 3.19.1", "until 2025-11-01"),
            ("alpine 3.2.0", "ended 2017-05-01"),
            ("ubuntu 22.04", "until 2027-04-01"),
            ("ubuntu 18.04", "ended 2023-05-31, extended until 2028-04-01"),
            ("rhel 8.10", "until 2029-05-31"),
            ("rocky 9.4", "until 2032-05-31"),
            ("centos 7.9.2009", "ended 2024-06-30"),
            ("amzn 2", "until 2026-06-30"),
            ("amzn 2018.03", "ended 2023-12-31"),
            ("sles 15", "ended 2019-12-31, extended until 2022-12-31"),
            ("sles 15.1", "ended 2021-01-31, extended until 2024-01-31"),
            ("sles 15.10", "unknown"),
            ("opensuse-leap 15.6", "until 2026-04-30"),
            ("mariner 2.0.20240101", "until 2025-11-30"),
            ("fedora 40", "ended 2025-05-13"),
        ] {
            assert_eq!(told(distro, "2025-06-01"), expected, "{distro}");
        }
    }

    #[test]
    fn extended_support_counts_for_who_has_it() {
        let mut bionic = Distro {
            id: "ubuntu".into(),
            version_id: Some("18.04".into()),
            channels: vec![Distro::ESM.into()],
            ..Distro::default()
        };
        let on = |distro: &Distro, day: &str| show(end_of_life(distro, day.parse().unwrap()));
        assert_eq!(on(&bionic, "2025-06-01"), "until 2028-04-01");
        assert_eq!(on(&bionic, "2028-04-02"), "ended 2023-05-31, extended until 2028-04-01");
        bionic.channels.clear();
        assert_eq!(on(&bionic, "2025-06-01"), "ended 2023-05-31, extended until 2028-04-01");
    }

    #[test]
    fn what_does_not_end_and_what_is_not_known() {
        for (distro, expected) in [
            ("arch", "rolling"),
            ("wolfi 20230201", "rolling"),
            ("opensuse-tumbleweed 20240101", "rolling"),
            ("alpine 3.23_alpha20250612 edge", "rolling"),
            ("alpine 3.20.1 edge", "rolling"),
            ("debian - trixie", "rolling"),
            ("debian 99", "unknown"),
            ("nonesuch 1", "unknown"),
            ("alpine", "unknown"),
            ("alpine 3", "unknown"),
        ] {
            assert_eq!(told(distro, "2025-06-01"), expected, "{distro}");
        }
    }

    #[test]
    fn centos_stream_is_not_centos_linux() {
        let stream = Distro {
            id: "centos".into(),
            version_id: Some("8".into()),
            pretty_name: Some("CentOS Stream 8".into()),
            ..Distro::default()
        };
        assert_eq!(show(end_of_life(&stream, "2025-06-01".parse().unwrap())), "ended 2024-05-31");
        assert_eq!(told("centos 8", "2025-06-01"), "ended 2021-12-31");
    }
}
