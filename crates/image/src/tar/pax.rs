//! PAX records: `length key=value\n`, one after the other.

/// The records that change how an entry is read; all others are passed over.
#[derive(Default)]
pub(super) struct PaxRecords {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    /// `GNU.sparse.name`: the file's own name; the entry has a made-up one.
    pub(super) sparse_name: Option<Vec<u8>>,
    /// `GNU.sparse.size` or `GNU.sparse.realsize`.
    pub(super) sparse_real_size: Option<u64>,
    /// Offsets and lengths in turn: `GNU.sparse.map`, or pairs of `GNU.sparse.offset` and `numbytes`.
    pub(super) sparse_map: Option<Vec<u64>>,
    /// Version 1.0: the map is at the start of the content.
    pub(super) sparse_in_content: bool,
}

impl PaxRecords {
    pub(super) fn parse(mut bytes: &[u8]) -> Result<Self, &'static str> {
        let mut records = Self::default();
        let (mut major, mut minor) = (None, None);
        while !bytes.is_empty() {
            let (record, rest) = split_record(bytes)?;
            bytes = rest;
            let equals = record.iter().position(|byte| *byte == b'=').ok_or("a PAX record without value")?;
            let (key, value) = (&record[..equals], &record[equals + 1..]);
            match key {
                b"GNU.sparse.major" => major = Some(decimal(value)?),
                b"GNU.sparse.minor" => minor = Some(decimal(value)?),
                _ => records.assign(key, value)?,
            }
        }
        records.sparse_in_content = (major, minor) == (Some(1), Some(0));
        Ok(records)
    }

    fn assign(&mut self, key: &[u8], value: &[u8]) -> Result<(), &'static str> {
        match key {
            b"path" => self.path = text(value)?,
            b"linkpath" => self.link = text(value)?,
            b"size" => self.size = if value.is_empty() { None } else { Some(decimal(value)?) },
            b"GNU.sparse.name" => self.sparse_name = text(value)?,
            b"GNU.sparse.size" | b"GNU.sparse.realsize" => self.sparse_real_size = Some(decimal(value)?),
            b"GNU.sparse.map" => {
                let numbers = value.split(|byte| *byte == b',').map(decimal);
                self.sparse_map = Some(numbers.collect::<Result<_, _>>()?);
            }
            b"GNU.sparse.offset" | b"GNU.sparse.numbytes" => {
                self.sparse_map.get_or_insert_default().push(decimal(value)?);
            }
            _ => {}
        }
        Ok(())
    }
}

/// The first record without its length and line end, and what follows it.
fn split_record(bytes: &[u8]) -> Result<(&[u8], &[u8]), &'static str> {
    const BAD: &str = "a PAX record with a wrong length";
    let space = bytes.iter().take(20).position(|byte| *byte == b' ').ok_or(BAD)?;
    let length = usize::try_from(decimal(&bytes[..space])?).map_err(|_| BAD)?;
    if length <= space + 1 || length > bytes.len() {
        return Err(BAD);
    }
    let record = bytes[space + 1..length].strip_suffix(b"\n").ok_or(BAD)?;
    Ok((record, &bytes[length..]))
}

/// A name; an empty value takes an earlier one back.
fn text(value: &[u8]) -> Result<Option<Vec<u8>>, &'static str> {
    if value.contains(&0) {
        return Err("a name with a NUL in it");
    }
    Ok(Some(value.to_vec()).filter(|value| !value.is_empty()))
}

pub(super) fn decimal(digits: &[u8]) -> Result<u64, &'static str> {
    if digits.is_empty() {
        return Err("an empty number");
    }
    digits.iter().try_fold(0_u64, |value, digit| match digit {
        b'0'..=b'9' => value
            .checked_mul(10)
            .and_then(|value| value.checked_add(u64::from(digit - b'0')))
            .ok_or("a number beyond 64 bits"),
        _ => Err("a number that is not decimal"),
    })
}
