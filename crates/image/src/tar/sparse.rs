//! Sparse files: a map says which ranges of the file are stored; all between them is zero.

use super::header::{RawHeader, number};
use super::pax::decimal;
use super::{BLOCK, TarError};

/// Ranges of one sparse file: more are refused.
const MAX_RANGES: usize = 1 << 16;

/// The stored ranges of a sparse file, in order, without overlap.
pub(super) struct SparseMap {
    ranges: Vec<(u64, u64)>,
    real_size: u64,
    /// Old GNU format: another block of the map follows.
    pub(super) has_extension: bool,
}

pub(super) enum SparseError {
    Malformed(&'static str),
    Tar(TarError),
}

impl From<&'static str> for SparseError {
    fn from(why: &'static str) -> Self {
        Self::Malformed(why)
    }
}

impl From<TarError> for SparseError {
    fn from(error: TarError) -> Self {
        Self::Tar(error)
    }
}

impl SparseMap {
    /// The ranges in the header of an old GNU sparse file.
    pub(super) fn old_gnu(header: &RawHeader<'_>) -> Result<Self, SparseError> {
        let (fields, has_extension) = header.sparse_fields();
        let mut map = Self { ranges: Vec::new(), real_size: 0, has_extension };
        map.push_old_gnu(fields)?;
        Ok(map)
    }

    /// The ranges in a block that follows such a header.
    pub(super) fn extend_old_gnu(&mut self, block: &[u8; BLOCK]) -> Result<(), SparseError> {
        self.has_extension = block[504] != 0;
        self.push_old_gnu(&block[..504])
    }

    fn push_old_gnu(&mut self, fields: &[u8]) -> Result<(), SparseError> {
        for pair in fields.chunks_exact(24) {
            if pair[0] == 0 {
                break;
            }
            self.push(number(&pair[..12])?, number(&pair[12..])?)?;
        }
        Ok(())
    }

    /// Offsets and lengths in turn.
    pub(super) fn of_pairs(numbers: Vec<u64>) -> Result<Self, SparseError> {
        let mut map = Self { ranges: Vec::new(), real_size: 0, has_extension: false };
        let (pairs, rest) = numbers.as_chunks::<2>();
        if !rest.is_empty() {
            return Err("a sparse map with half a range".into());
        }
        for [offset, length] in pairs {
            map.push(*offset, *length)?;
        }
        Ok(map)
    }

    fn push(&mut self, offset: u64, length: u64) -> Result<(), SparseError> {
        if self.ranges.len() >= MAX_RANGES {
            return Err("a sparse file of too many ranges".into());
        }
        self.ranges.push((offset, length));
        Ok(())
    }

    /// Checks the map against the file's real size and the bytes that are stored.
    pub(super) fn finish(mut self, real_size: u64, stored: u64) -> Result<Self, SparseError> {
        let (mut end, mut sum) = (0, 0_u64);
        for (offset, length) in &self.ranges {
            if *offset < end {
                return Err("a sparse map that is not in order".into());
            }
            end = offset.checked_add(*length).ok_or("a sparse map beyond 64 bits")?;
            sum = sum.saturating_add(*length);
        }
        if end > real_size || sum != stored {
            return Err("a sparse map that does not fit its file".into());
        }
        self.real_size = real_size;
        Ok(self)
    }

    pub(super) const fn real_size(&self) -> u64 {
        self.real_size
    }

    /// Whether stored bytes or a hole lie at `position`, and how many bytes of it follow. `hint` is the range
    /// at which the last call stopped.
    pub(super) fn run_at(&self, position: u64, hint: &mut usize) -> (bool, u64) {
        while let Some((offset, length)) = self.ranges.get(*hint) {
            if position < *offset {
                return (false, offset - position);
            }
            if position < offset + length {
                return (true, offset + length - position);
            }
            *hint += 1;
        }
        (false, self.real_size - position)
    }
}

/// The map of PAX sparse format 1.0: a count, then offsets and lengths, a decimal line each, in blocks.
#[derive(Default)]
pub(super) struct MapText {
    numbers: Vec<u64>,
    line: Vec<u8>,
    complete: bool,
}

impl MapText {
    pub(super) fn push(&mut self, block: &[u8]) -> Result<(), SparseError> {
        for byte in block {
            if self.complete {
                break;
            }
            match byte {
                b'\n' => self.end_line()?,
                _ if self.line.len() < 20 => self.line.push(*byte),
                _ => return Err("a sparse map with a line too long".into()),
            }
        }
        Ok(())
    }

    fn end_line(&mut self) -> Result<(), SparseError> {
        self.numbers.push(decimal(&self.line)?);
        self.line.clear();
        let count = self.numbers[0];
        if count > MAX_RANGES as u64 {
            return Err("a sparse file of too many ranges".into());
        }
        self.complete = self.numbers.len() as u64 == 1 + 2 * count;
        Ok(())
    }

    pub(super) const fn is_complete(&self) -> bool {
        self.complete
    }

    pub(super) fn into_map(self) -> SparseMap {
        let ranges = self.numbers[1..].as_chunks::<2>().0.iter().map(|[offset, length]| (*offset, *length));
        SparseMap { ranges: ranges.collect(), real_size: 0, has_extension: false }
    }
}
