//! How long to wait before a request is tried again.
//!
//! It does not sleep and does not decide what is worth another try.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

use seawall_model::Timestamp;

/// How often and at what distance a failed request is repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backoff {
    /// Tries in all, the first one included. Default: 5.
    pub tries: u32,
    /// The wait after the first try; it doubles with each further one. Default: 500 ms.
    pub first: Duration,
    /// The longest wait, and the longest `Retry-After` that is honoured: a registry that wants more gets
    /// no further request. Default: 60 s.
    pub longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { tries: 5, first: Duration::from_millis(500), longest: Duration::from_mins(1) }
    }
}

impl Backoff {
    /// The wait after so many failed tries, half of it by chance, so that many clients do not come back at
    /// the same moment.
    pub(super) fn wait(&self, failed_tries: u32, chance: u32) -> Duration {
        let doubled = 1_u32.checked_shl(failed_tries.saturating_sub(1)).unwrap_or(u32::MAX);
        let full = self.first.saturating_mul(doubled).min(self.longest);
        full.mul_f64(0.5 + f64::from(chance) / f64::from(u32::MAX) / 2.0)
    }
}

/// A number that differs each time. Not for secrets.
pub(super) fn chance() -> u32 {
    (RandomState::new().hash_one(0_u8) >> 32) as u32
}

/// What a `Retry-After` header asks for: seconds, or the time until a date.
/// <https://www.rfc-editor.org/rfc/rfc9110#field.retry-after>
pub(super) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let seconds = http_date(value)?.unix().saturating_sub(now.unix());
    Some(Duration::from_secs(seconds.max(0).unsigned_abs()))
}

/// The one date format that servers may send, as in `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<Timestamp> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let mut parts = text.split_once(", ")?.1.split(' ');
    let (day, month, year, clock) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if parts.next() != Some("GMT") || parts.next().is_some() || month.len() != 3 {
        return None;
    }
    let month = MONTHS.find(month).filter(|at| at % 3 == 0)? / 3 + 1;
    format!("{year}-{month:02}-{day}T{clock}Z").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let backoff = Backoff { tries: 9, first: Duration::from_secs(1), longest: Duration::from_secs(5) };
        let waits = |chance| [1, 2, 3, 4, 90].map(|tries| backoff.wait(tries, chance).as_millis());
        assert_eq!(waits(u32::MAX), [1000, 2000, 4000, 5000, 5000]);
        assert_eq!(waits(0), [500, 1000, 2000, 2500, 2500]);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = "1994-11-06T08:49:00Z".parse().unwrap();
        for (value, expected) in [
            ("0", Some(0)),
            (" 17 ", Some(17)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(37)),
            ("Sun, 06 Nov 1994 08:48:00 GMT", Some(0)),
            ("", None),
            ("-1", None),
            ("soon", None),
            ("Sun, 06 Nox 1994 08:49:37 GMT", None),
            ("Sun, 06 nFe 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
            ("Sun, 99 Nov 1994 08:49:37 GMT", None),
        ] {
            assert_eq!(retry_after(value, now), expected.map(Duration::from_secs), "{value:?}");
        }
    }
}
