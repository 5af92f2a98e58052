//! The 512 bytes in front of each entry.

use seawall_model::EntryKind;

use super::BLOCK;

/// A header whose checksum is right.
pub(super) struct RawHeader<'b> {
    block: &'b [u8; BLOCK],
}

impl<'b> RawHeader<'b> {
    pub(super) fn new(block: &'b [u8; BLOCK]) -> Result<Self, &'static str> {
        let header = Self { block };
        if header.has_valid_checksum() { Ok(header) } else { Err("the checksum is wrong") }
    }

    /// The sum of all bytes, with the checksum's own eight counted as spaces. Old programs summed signed bytes.
    fn has_valid_checksum(&self) -> bool {
        let Ok(stated) = number(&self.block[148..156]) else { return false };
        let own = |index: usize| (148..156).contains(&index);
        let bytes = self.block.iter().enumerate().map(|(index, byte)| if own(index) { b' ' } else { *byte });
        let unsigned: u64 = bytes.clone().map(u64::from).sum();
        let signed: i64 = bytes.map(|byte| i64::from(byte.cast_signed())).sum();
        unsigned == stated || u64::try_from(signed) == Ok(stated)
    }

    pub(super) const fn type_flag(&self) -> u8 {
        self.block[156]
    }

    pub(super) fn size(&self) -> Result<u64, &'static str> {
        number(&self.block[124..136])
    }

    /// The size of an old GNU sparse file with its holes.
    pub(super) fn real_size(&self) -> Result<u64, &'static str> {
        number(&self.block[483..495])
    }

    /// The 21 numbers of an old GNU sparse map that stand in the header itself, and whether more follow.
    pub(super) fn sparse_fields(&self) -> (&[u8], bool) {
        (&self.block[386..482], self.block[482] != 0)
    }

    pub(super) fn mode(&self) -> u32 {
        number(&self.block[100..108]).map_or(0, |mode| (mode & 0o7777) as u32)
    }

    pub(super) fn kind(&self) -> EntryKind {
        match self.type_flag() {
            b'1' => EntryKind::Hardlink,
            b'2' => EntryKind::Symlink,
            b'5' => EntryKind::Directory,
            b'3' | b'4' | b'6' | b'V' | b'M' | b'N' | b'D' => EntryKind::Other,
            // An unknown type is read as a file, as POSIX asks.
            _ => EntryKind::File,
        }
    }

    /// Whether content follows: not for links, devices, pipes and directories, whatever their size says.
    pub(super) const fn has_content(&self) -> bool {
        !matches!(self.type_flag(), b'1'..=b'6')
    }

    /// Appends the name, with the prefix of ustar in front.
    pub(super) fn append_name(&self, out: &mut Vec<u8>) {
        // GNU's magic is "ustar  \0"; there the prefix's place holds other fields.
        if &self.block[257..263] == b"ustar\0" && self.block[345] != 0 {
            out.extend_from_slice(until_nul(&self.block[345..500]));
            out.push(b'/');
        }
        out.extend_from_slice(until_nul(&self.block[..100]));
    }

    pub(super) fn link(&self) -> &[u8] {
        until_nul(&self.block[157..257])
    }
}

fn until_nul(field: &[u8]) -> &[u8] {
    &field[..field.iter().position(|byte| *byte == 0).unwrap_or(field.len())]
}

/// A number in octal digits with spaces or NULs around, or in base 256 where the first bit is set.
pub(super) fn number(field: &[u8]) -> Result<u64, &'static str> {
    match field {
        [first, rest @ ..] if first & 0x80 != 0 => base_256(first & 0x7f, rest),
        _ => octal(field),
    }
}

fn base_256(first: u8, rest: &[u8]) -> Result<u64, &'static str> {
    if first & 0x40 != 0 {
        return Err("a negative number");
    }
    rest.iter().try_fold(u64::from(first), |value, byte| {
        value.checked_mul(256).map(|value| value + u64::from(*byte)).ok_or("a number beyond 64 bits")
    })
}

fn octal(field: &[u8]) -> Result<u64, &'static str> {
    let digits = field.trim_ascii_start();
    let end = digits.iter().position(|byte| matches!(byte, 0 | b' ')).unwrap_or(digits.len());
    digits[..end].iter().try_fold(0_u64, |value, digit| match digit {
        b'0'..=b'7' => {
            value.checked_mul(8).map(|value| value + u64::from(digit - b'0')).ok_or("a number beyond 64 bits")
        }
        _ => Err("a number that is not octal"),
    })
}
