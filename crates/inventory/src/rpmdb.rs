//! rpm's package database, read from its bytes: the header of each installed package.
//!
//! rpm has kept its headers in three kinds of files over the years, and each has a reader of its own here.
//! They need random access alone, so a large database need not be in memory. Nothing is looked up by an
//! index: every header is visited once.
//!
//! A damaged database must not cost more than a good one. No page is used twice, so that loops end, the
//! headers together are never longer than the file, and nothing is allocated before it is known to lie in it.

use seawall_model::Content;

mod berkeley;
pub(crate) mod header;
mod ndb;
mod pages;
mod sqlite;

pub(crate) use sqlite::has_pending_changes;

/// Why a database, or one header of it, could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Damage(String);

impl Damage {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// Is shown each header, or why there is none where one should be.
pub(crate) type Visit<'v> = dyn FnMut(Result<Vec<u8>, Damage>) + 'v;

/// Shows all headers of a database, whose kind is told by its first bytes and not by its name.
///
/// # Errors
/// It is no database, or one whose overall structure can't be followed.
pub(crate) fn read(content: Content<'_>, visit: &mut Visit<'_>) -> Result<(), Damage> {
    if content.size() == 0 {
        return Err(Damage::new("the database is empty"));
    }
    let mut head = [0; 32];
    content.read_exact_at(&mut head, 0).map_err(|_| Damage::new("the database is cut short"))?;
    if sqlite::is_one(&head) {
        sqlite::read(content, visit)
    } else if ndb::is_one(&head) {
        ndb::read(content, visit)
    } else if berkeley::is_one(&head) {
        berkeley::read(content, visit)
    } else {
        Err(Damage::new("it is no database of a kind that rpm uses"))
    }
}
