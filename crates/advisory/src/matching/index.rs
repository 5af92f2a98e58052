//! The feeds of a database with what they hold, looked up once for each run.

use seawall_model::{Ecosystem, FeedDate};

use crate::db::{Database, DbError, Segment};
use crate::feed_of::{Feed, Releases};

/// The segments and what they hold, looked up once for each run.
pub(crate) struct Index<'a> {
    pub(crate) segments: Vec<Segment<'a>>,
    names: Vec<&'a str>,
    releases: Vec<Vec<&'a str>>,
}

impl<'a> Index<'a> {
    pub(crate) fn new(database: &'a Database) -> Result<Self, DbError> {
        let segments: Vec<_> = database.segments().collect::<Result<_, _>>()?;
        let names = segments.iter().map(|segment| segment.ecosystem()).collect::<Result<_, _>>()?;
        let releases = segments
            .iter()
            .map(|segment| Ok(segment.releases()?.into_iter().map(|(release, _)| release).collect()))
            .collect::<Result<_, DbError>>()?;
        Ok(Self { segments, names, releases })
    }

    /// The segment of a feed and the ecosystems in it that speak of the package; `None` without any.
    pub(crate) fn feed(&self, feed: &Feed<'_>) -> Option<(usize, Vec<&'a str>)> {
        self.releases_of(&feed.ecosystem, &feed.releases)
    }

    pub(super) fn releases_of(
        &self,
        ecosystem: &Ecosystem,
        releases: &Releases,
    ) -> Option<(usize, Vec<&'a str>)> {
        let segment = self.names.iter().position(|name| *name == ecosystem.name.as_str())?;
        let mut meant: Vec<_> = self.releases[segment]
            .iter()
            .copied()
            .filter(|spelled| releases.include(ecosystem, spelled))
            .collect();
        // Whose word settles a record is asked first.
        meant.sort_by_key(|spelled| !releases.settles(spelled));
        if meant.is_empty() { None } else { Some((segment, meant)) }
    }

    pub(super) fn date(&self, segment: usize) -> Result<FeedDate, DbError> {
        Ok(self.segments[segment].date()?.map_or(FeedDate::Unknown, FeedDate::Known))
    }
}
