//! Reading and writing the primitives of the database file: every read is checked, nothing is trusted.

use super::DbError;

/// A position in bytes that may have been damaged.
#[derive(Clone, Copy)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// Starts at an offset, which may lie outside.
    pub(crate) fn at(bytes: &'a [u8], offset: usize) -> Result<Self, DbError> {
        bytes.get(offset..).map(|rest| Self { rest }).ok_or(DbError::Damaged("an offset points outside"))
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], DbError> {
        let (head, rest) =
            self.rest.split_at_checked(count).ok_or(DbError::Damaged("an entry is cut off"))?;
        self.rest = rest;
        Ok(head)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, DbError> {
        let (first, rest) = self.rest.split_first().ok_or(DbError::Damaged("an entry is cut off"))?;
        self.rest = rest;
        Ok(*first)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, DbError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, DbError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DbError> {
        let (head, rest) = self.rest.split_first_chunk().ok_or(DbError::Damaged("an entry is cut off"))?;
        self.rest = rest;
        Ok(*head)
    }

    /// An unsigned number in groups of seven bits, lowest first.
    pub(crate) fn varint(&mut self) -> Result<u64, DbError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(DbError::Damaged("a number is too long"))
    }

    /// A number that counts or points, so that it must fit the address space.
    pub(crate) fn size(&mut self) -> Result<usize, DbError> {
        usize::try_from(self.varint()?).map_err(|_| DbError::Damaged("a number is too large"))
    }

    /// How many entries follow. Each takes a byte at least, so that a damaged count allocates no more than
    /// the file holds.
    pub(crate) fn count(&mut self) -> Result<usize, DbError> {
        let count = self.size()?;
        if count > self.rest.len() {
            return Err(DbError::Damaged("a count is larger than what follows"));
        }
        Ok(count)
    }

    /// A number that may be negative, in zigzag form.
    pub(crate) fn signed(&mut self) -> Result<i64, DbError> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, DbError> {
        let length = self.size()?;
        std::str::from_utf8(self.bytes(length)?).map_err(|_| DbError::Damaged("a text is no UTF-8"))
    }

    pub(crate) fn texts(&mut self) -> Result<Vec<&'a str>, DbError> {
        let count = self.count()?;
        (0..count).map(|_| self.text()).collect()
    }

    pub(crate) fn optional_text(&mut self) -> Result<Option<&'a str>, DbError> {
        Ok(if self.u8()? == 0 { None } else { Some(self.text()?) })
    }

    pub(crate) fn optional_signed(&mut self) -> Result<Option<i64>, DbError> {
        Ok(if self.u8()? == 0 { None } else { Some(self.signed()?) })
    }
}

pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn put_signed(out: &mut Vec<u8>, value: i64) {
    put_varint(out, ((value << 1) ^ (value >> 63)) as u64);
}

pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_varint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

pub(crate) fn put_texts<T: AsRef<str>>(out: &mut Vec<u8>, texts: &[T]) {
    put_varint(out, texts.len() as u64);
    for text in texts {
        put_text(out, text.as_ref());
    }
}

pub(crate) fn put_optional_text(out: &mut Vec<u8>, text: Option<&str>) {
    out.push(u8::from(text.is_some()));
    if let Some(text) = text {
        put_text(out, text);
    }
}

pub(crate) fn put_optional_signed(out: &mut Vec<u8>, value: Option<i64>) {
    out.push(u8::from(value.is_some()));
    if let Some(value) = value {
        put_signed(out, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_texts_read_back() {
        let mut out = Vec::new();
        for value in [0, 1, 127, 128, 300, u64::MAX] {
            put_varint(&mut out, value);
        }
        put_signed(&mut out, i64::MIN);
        put_text(&mut out, "größe");
        put_optional_text(&mut out, None);
        let mut cursor = Cursor::at(&out, 0).unwrap();
        for value in [0, 1, 127, 128, 300, u64::MAX] {
            assert_eq!(cursor.varint(), Ok(value));
        }
        assert_eq!(cursor.signed(), Ok(i64::MIN));
        assert_eq!(cursor.text(), Ok("größe"));
        assert_eq!(cursor.optional_text(), Ok(None));
        assert!(cursor.u8().is_err());
    }

    #[test]
    fn damaged_numbers_are_errors() {
        assert!(Cursor::at(&[0xff; 20], 0).unwrap().varint().is_err());
        assert!(Cursor::at(&[0xff, 0xff, 0x03, 1], 0).unwrap().count().is_err());
        assert!(Cursor::at(&[5, b'a'], 0).unwrap().text().is_err());
        assert!(Cursor::at(&[], 1).is_err());
    }
}
