//! How urgent a finding is: a table of severity and exploitation, then what the fix and the exposure change.
//!
//! It judges a fault by what is known of it, not the system that it lies in. `docs/priority.md` explains it for
//! people; a test holds the page against this code.

use seawall_model::{Finding, FindingKind, FixState, Priority, PriorityReason, Severity, Timestamp};

/// The least EPSS probability that counts as likely: one in ten over the next 30 days.
pub const LIKELY: f32 = 0.1;

/// What is known of exploitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exploitation {
    Known,
    Likely,
    Neither,
}

/// The decision by exploitation and severity, before fix and exposure.
const fn decision(exploitation: Exploitation, severity: Severity) -> Priority {
    use Priority::{Act, Attend, Track, TrackClosely};
    match (exploitation, severity) {
        (Exploitation::Known, Severity::Critical | Severity::High | Severity::Medium)
        | (Exploitation::Likely, Severity::Critical) => Act,
        (Exploitation::Known, Severity::Low | Severity::Negligible)
        | (Exploitation::Likely, Severity::High | Severity::Medium)
        | (Exploitation::Neither, Severity::Critical) => Attend,
        (Exploitation::Likely, Severity::Low | Severity::Negligible)
        | (Exploitation::Neither, Severity::High) => TrackClosely,
        (Exploitation::Neither, Severity::Medium | Severity::Low | Severity::Negligible) => Track,
    }
}

/// How near the vulnerable code is to someone who could use it, as far as the package tells.
///
/// That it belongs to a base image is no part of it: it says who mends a fault, not how urgent it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Exposure {
    /// Installed or needed at run time, or not known.
    #[default]
    Runtime,
    /// Needed for development or tests only.
    DevelopmentOnly,
}

/// What the priority follows from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Signals<'a> {
    pub kind: FindingKind,
    /// `None` is unknown and taken as high.
    pub severity: Option<Severity>,
    pub exploited_since: Option<Timestamp>,
    /// The EPSS probability.
    pub likelihood: Option<f32>,
    pub fix: &'a FixState,
    pub exposure: Exposure,
}

impl<'a> Signals<'a> {
    /// Those of a finding.
    pub fn of(finding: &'a Finding, exposure: Exposure) -> Self {
        Self {
            kind: finding.kind,
            severity: finding.severity,
            exploited_since: finding.kev_since,
            likelihood: finding.epss.map(|(probability, _)| probability),
            fix: &finding.fix,
            exposure,
        }
    }
}

/// The priority, and what it follows from in the order in which it was asked.
pub fn priority(signals: &Signals<'_>) -> (Priority, Vec<PriorityReason>) {
    match signals.kind {
        FindingKind::Malware => (Priority::Act, vec![PriorityReason::Malware]),
        FindingKind::Unmaintained | FindingKind::Unsound | FindingKind::Notice => {
            (Priority::Track, vec![PriorityReason::Notice(signals.kind)])
        }
        FindingKind::Vulnerability => priority_of_vulnerability(signals),
    }
}

fn priority_of_vulnerability(signals: &Signals<'_>) -> (Priority, Vec<PriorityReason>) {
    let (exploitation, reason) = match (signals.exploited_since, signals.likelihood) {
        (Some(since), _) => (Exploitation::Known, PriorityReason::Exploited(since)),
        (None, Some(score)) if score >= LIKELY => (Exploitation::Likely, PriorityReason::Likely(score)),
        (None, Some(score)) => (Exploitation::Neither, PriorityReason::NotLikely(score)),
        (None, None) => (Exploitation::Neither, PriorityReason::NoWordOfExploitation),
    };
    let mut reasons = vec![reason, PriorityReason::Severity(signals.severity)];
    let mut priority = decision(exploitation, signals.severity.unwrap_or(Severity::High));
    // What is being exploited is as urgent without a fix: the program can be taken out of reach.
    let waits_for_fix = match signals.fix {
        FixState::Fixed(_) => None,
        FixState::NotFixed => Some(PriorityReason::NoFix),
        FixState::WillNotFix => Some(PriorityReason::WillNotFix),
        FixState::EndOfLife => {
            reasons.push(PriorityReason::EndOfLife);
            None
        }
    };
    if let Some(reason) = waits_for_fix.filter(|_| exploitation != Exploitation::Known) {
        reasons.push(reason);
        priority = priority.lower();
    }
    if signals.exposure == Exposure::DevelopmentOnly {
        reasons.push(PriorityReason::DevelopmentOnly);
        priority = priority.lower();
    }
    (priority, reasons)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    const DAY: Timestamp = Timestamp::from_unix(1_640_000_000);

    fn signals<'a>(exploitation: &str, severity: Option<Severity>, fix: &'a FixState) -> Signals<'a> {
        Signals {
            kind: FindingKind::Vulnerability,
            severity,
            exploited_since: (exploitation == "exploited").then_some(DAY),
            likelihood: match exploitation {
                "likely" => Some(LIKELY),
                "not likely" => Some(LIKELY - 0.01),
                _ => None,
            },
            fix,
            exposure: Exposure::Runtime,
        }
    }

    fn told(signals: &Signals<'_>) -> String {
        let (priority, reasons) = priority(signals);
        let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
        format!("{priority}: {}", reasons.join("; "))
    }

    #[test]
    fn the_page_shows_the_table_of_the_code() {
        let mut table = "| | critical | high, unknown | medium | low | negligible |\n\
                         |---|---|---|---|---|---|\n"
            .to_owned();
        let fixed = FixState::Fixed(vec!["2".to_owned()]);
        for (name, row) in [
            ("exploited", "known to be exploited"),
            ("likely", "likely to be exploited"),
            ("not likely", "neither"),
        ] {
            let _ = write!(table, "| **{row}** |");
            for severity in Severity::ALL.into_iter().rev() {
                let (decided, _) = priority(&signals(name, Some(severity), &fixed));
                let _ = write!(table, " {decided} |");
            }
            table.push('\n');
            let unknown = priority(&signals(name, None, &fixed)).0;
            assert_eq!(unknown, priority(&signals(name, Some(Severity::High), &fixed)).0, "{name}");
        }
        let page = include_str!("../../../docs/priority.md");
        assert!(page.contains(&table), "docs/priority.md does not hold this table:\n{table}");
        assert!(page.contains(&format!("**{LIKELY}**")), "docs/priority.md names another bound of EPSS");
    }

    #[test]
    fn every_step_is_told() {
        let fixed = FixState::Fixed(vec!["2".to_owned()]);
        let critical = Some(Severity::Critical);
        for (exploitation, severity, fix, expected) in [
            ("exploited", critical, &fixed, "act: exploited since 2021-12-20; severity critical"),
            (
                "exploited",
                critical,
                &FixState::NotFixed,
                "act: exploited since 2021-12-20; severity critical",
            ),
            (
                "likely",
                critical,
                &FixState::NotFixed,
                "attend: likely to be exploited (EPSS 0.100); severity critical; \
                 no mended version yet: one step lower",
            ),
            (
                "likely",
                critical,
                &FixState::EndOfLife,
                "act: likely to be exploited (EPSS 0.100); severity critical; \
                 no longer supported: waiting brings no mended version",
            ),
            (
                "not likely",
                critical,
                &FixState::WillNotFix,
                "track*: not likely to be exploited (EPSS 0.090); severity critical; \
                 will not be mended: one step lower",
            ),
            ("", None, &fixed, "track*: no word of exploitation; severity unknown, taken as high"),
        ] {
            assert_eq!(told(&signals(exploitation, severity, fix)), expected);
        }
    }

    #[test]
    fn development_lowers_and_kinds_decide_alone() {
        let fixed = FixState::Fixed(vec!["2".to_owned()]);
        let mut signals = signals("exploited", Some(Severity::Critical), &fixed);
        signals.exposure = Exposure::DevelopmentOnly;
        assert_eq!(
            told(&signals),
            "attend: exploited since 2021-12-20; severity critical; for development only: one step lower"
        );
        signals.kind = FindingKind::Malware;
        assert_eq!(told(&signals), "act: published to do harm");
        signals.kind = FindingKind::Unmaintained;
        assert_eq!(told(&signals), "track: a remark (unmaintained), no fault to exploit");
    }

    #[test]
    fn worse_signals_never_lower_the_priority() {
        let fixes = [FixState::Fixed(vec!["2".to_owned()]), FixState::NotFixed, FixState::EndOfLife];
        for fix in &fixes {
            for pair in Severity::ALL.windows(2) {
                for names in ["", "not likely", "likely", "exploited"].windows(2) {
                    let at = |name, severity| priority(&signals(name, Some(severity), fix)).0;
                    assert!(at(names[0], pair[0]) <= at(names[0], pair[1]));
                    assert!(at(names[0], pair[0]) <= at(names[1], pair[0]));
                }
            }
        }
    }
}
