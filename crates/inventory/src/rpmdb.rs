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

#[cfg(test)]
mod tests {
    use super::*;

    const SQLITE: &[u8] = include_bytes!("../fixtures/redhat/rpmdb/sqlite/usr/lib/sysimage/rpm/rpmdb.sqlite");
    const NDB: &[u8] = include_bytes!("../fixtures/redhat/rpmdb/ndb/usr/lib/sysimage/rpm/Packages.db");
    const LITTLE: &[u8] =
        include_bytes!("../fixtures/redhat/rpmdb/berkeley-little-endian/var/lib/rpm/Packages");
    const BIG: &[u8] = include_bytes!("../fixtures/redhat/rpmdb/berkeley-big-endian/var/lib/rpm/Packages");

    /// How many headers, of how many bytes, and each different complaint.
    fn told(bytes: &[u8]) -> (usize, usize, Vec<String>) {
        let (mut count, mut sum, mut complaints) = (0, 0, Vec::new());
        let read = read(Content::Memory(bytes), &mut |blob| match blob {
            Ok(blob) => {
                count += 1;
                sum += blob.len();
            }
            Err(damage) => complaints.push(damage.to_string()),
        });
        complaints.extend(read.err().map(|damage| damage.to_string()));
        complaints.sort();
        complaints.dedup();
        (count, sum, complaints)
    }

    fn patched(bytes: &[u8], at: usize, with: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        bytes[at..at + with.len()].copy_from_slice(with);
        bytes
    }

    #[test]
    fn whole_databases_give_no_complaint() {
        for bytes in [SQLITE, NDB, LITTLE, BIG] {
            let (count, _, complaints) = told(bytes);
            assert_eq!((count, complaints), (3, vec![]));
        }
    }

    #[test]
    fn a_chain_of_overflow_pages_that_comes_back_to_itself_ends() {
        let mut looping = LITTLE.to_vec();
        for page in looping.chunks_exact_mut(2048).skip(1).filter(|page| page[25] == 7) {
            let own_number: [u8; 4] = page[8..12].try_into().unwrap();
            page[16..20].copy_from_slice(&own_number);
        }
        let (count, _, complaints) = told(&looping);
        assert!(count < 3 && complaints.iter().any(|text| text.contains("used twice")), "{complaints:?}");

        let mut looping = SQLITE.to_vec();
        let overflow = |page: &[u8]| !matches!(page[0], 0x05 | 0x0d);
        for (index, page) in looping.chunks_exact_mut(512).enumerate().skip(1) {
            if overflow(page) {
                page[..4].copy_from_slice(&(index as u32 + 1).to_be_bytes());
            }
        }
        let (count, _, complaints) = told(&looping);
        assert!(count < 3 && complaints.iter().any(|text| text.contains("used twice")), "{complaints:?}");
    }

    #[test]
    fn a_tree_that_contains_itself_ends() {
        // The schema's only page becomes an inner page whose last child is itself.
        let mut looping = patched(SQLITE, 100, &[0x05]);
        looping[103..105].fill(0);
        looping[108..112].copy_from_slice(&1_u32.to_be_bytes());
        let (count, _, complaints) = told(&looping);
        assert_eq!((count, complaints), (0, vec!["page 1 is used twice".to_owned()]));
    }

    #[test]
    fn many_slots_for_one_blob_cost_no_more_than_the_file_has() {
        let slot: [u8; 16] = NDB[32..48].try_into().unwrap();
        let mut repeated = NDB.to_vec();
        repeated[32..4096].as_chunks_mut::<16>().0.fill(slot);
        let (_, sum, complaints) = told(&repeated);
        assert!(sum <= repeated.len());
        assert!(complaints.iter().any(|text| text.contains("overlaps")), "{complaints:?}");
    }

    #[test]
    fn counts_that_the_file_can_not_hold_are_refused() {
        let huge = u32::MAX.to_le_bytes();
        assert_eq!(told(&patched(NDB, 12, &huge)).2, ["the table of packages reaches beyond the file"]);
        // Pages of the table: all whole ones are read.
        assert_eq!(told(&patched(LITTLE, 32, &huge)).2, ["the database is cut short"]);
        assert_eq!(told(&patched(LITTLE, 20, &huge)).2, ["the page size is none that Berkeley DB has"]);
        assert_eq!(told(&patched(SQLITE, 16, &[0, 3])).2, ["the page size is none that SQLite has"]);
    }

    #[test]
    fn what_is_no_database_is_said_to_be_none() {
        for (bytes, expected) in [
            (&b""[..], "the database is empty"),
            (b"SQLite format 3\0", "the database is cut short"),
            (&[0; 4096], "it is no database of a kind that rpm uses"),
        ] {
            assert_eq!(told(bytes), (0, 0, vec![expected.to_owned()]));
        }
    }
}
