//! A file of pages of one size, none of which is used twice.

use seawall_model::Content;

use super::Damage;

/// A file of pages, numbered as the format does.
pub(super) struct Pages<'a> {
    content: Content<'a>,
    page_size: usize,
    /// The number of the page at the start of the file.
    first: u32,
    /// A bit for each page that was taken.
    taken: Vec<u64>,
    /// Bytes that headers may still have: together they are no longer than the file.
    budget: u64,
}

impl<'a> Pages<'a> {
    /// Every page has `page_size` bytes; the first is number `first`.
    pub(super) fn new(content: Content<'a>, page_size: usize, first: u32) -> Self {
        let count = content.size().div_ceil(page_size as u64);
        let words = usize::try_from(count / 64 + 1).unwrap_or(usize::MAX);
        Self { content, page_size, first, taken: vec![0; words], budget: content.size() }
    }

    /// Pages that are whole.
    pub(super) fn count(&self) -> u64 {
        self.content.size() / self.page_size as u64
    }

    pub(super) const fn page_size(&self) -> usize {
        self.page_size
    }

    /// Notes that a header of this length is there. Several items that share their bytes are damage, and
    /// reading them all could take for ever.
    pub(super) fn spend(&mut self, length: u64) -> Result<(), Damage> {
        let left = self.budget.checked_sub(length);
        self.budget = left.ok_or_else(|| Damage::new("the headers are longer than the file"))?;
        Ok(())
    }

    /// A page that was not taken before. A page that two chains share, or a chain that comes back to
    /// itself, is damage, and following it could take for ever.
    pub(super) fn take(&mut self, number: u32) -> Result<Vec<u8>, Damage> {
        let index = u64::from(number)
            .checked_sub(u64::from(self.first))
            .filter(|index| *index < self.count())
            .ok_or_else(|| Damage::new(format!("page {number} lies outside the file")))?;
        let word = self.taken.get_mut((index / 64) as usize);
        let bit = 1 << (index % 64);
        match word {
            Some(word) if *word & bit == 0 => *word |= bit,
            _ => return Err(Damage::new(format!("page {number} is used twice"))),
        }
        let mut page = vec![0; self.page_size];
        self.content
            .read_exact_at(&mut page, index * self.page_size as u64)
            .map_err(|error| Damage::new(format!("page {number} can't be read: {error}")))?;
        Ok(page)
    }
}

/// Two, four bytes as a number; `None` beyond the end.
pub(super) fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub(super) fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub(super) fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}
