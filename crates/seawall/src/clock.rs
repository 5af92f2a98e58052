//! The time, which is an input: `--now`, `SOURCE_DATE_EPOCH`, the image, the clock.

use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use seawall_model::{ImageFacts, Timestamp};

/// `--now`, else `SOURCE_DATE_EPOCH`, else the clock.
pub(crate) fn now(flag: Option<Timestamp>) -> Result<Timestamp> {
    match stated(flag)? {
        Some(time) => Ok(time),
        None => clock(),
    }
}

/// When a bill of materials was made: as [`now`], but an image's own time comes before the clock, so that the
/// same image gives the same bill tomorrow.
pub(crate) fn created(flag: Option<Timestamp>, image: Option<&ImageFacts>) -> Result<Timestamp> {
    let of_image = || image.and_then(|image| image.created).filter(|time| is_in_calendar(*time));
    match stated(flag)?.or_else(of_image) {
        Some(time) => Ok(time),
        None => clock(),
    }
}

fn stated(flag: Option<Timestamp>) -> Result<Option<Timestamp>> {
    if flag.is_some() {
        return Ok(flag);
    }
    let Some(epoch) = std::env::var_os("SOURCE_DATE_EPOCH").filter(|epoch| !epoch.is_empty()) else {
        return Ok(None);
    };
    let text = epoch.to_string_lossy().into_owned();
    let seconds =
        text.parse().with_context(|| format!("SOURCE_DATE_EPOCH is {text:?}, not a number of seconds"))?;
    let time = Timestamp::from_unix(seconds);
    if !is_in_calendar(time) {
        bail!("SOURCE_DATE_EPOCH is {text:?}, which no calendar of four digits has");
    }
    Ok(Some(time))
}

/// Years 1 to 9999: documents have no form for others.
fn is_in_calendar(time: Timestamp) -> bool {
    (-62_135_596_800..253_402_300_800).contains(&time.unix())
}

fn clock() -> Result<Timestamp> {
    let since =
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).context("the clock stands before 1970")?;
    Ok(Timestamp::from_unix(since.as_secs().cast_signed()))
}
