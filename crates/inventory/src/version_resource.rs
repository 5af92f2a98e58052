//! The version resource of a PE file: the texts that Windows shows as its details.
//!
//! Resources are a tree of three levels (type, name, language); only the one way to the first version resource is
//! walked, by a few small reads. Texts of further languages say the same in other words and are not read.
//! <https://learn.microsoft.com/windows/win32/menurc/vs-versioninfo>

use std::collections::BTreeMap;

use seawall_model::Content;

use crate::executable::{Executable, Image};

/// The texts, by name: `ProductVersion`. Trimmed; empty ones are left out.
pub(crate) type Texts = BTreeMap<String, String>;

/// The texts of a program that has any.
pub(crate) fn texts(executable: &Executable, content: Content<'_>) -> Option<Texts> {
    let image = executable.images.first()?;
    let bytes = version_resource(image, content)?;
    let texts = first_string_table(&bytes)?;
    (!texts.is_empty()).then_some(texts)
}

/// The type of version resources.
const VERSION: u32 = 16;
/// Bytes of one version resource: its length is a number of 16 bits.
const MAX_RESOURCE: u64 = 0xffff;
/// The highest bit of an entry: another level lies below it, and not the resource.
const IS_LEVEL: u32 = 0x8000_0000;

fn version_resource(image: &Image, content: Content<'_>) -> Option<Vec<u8>> {
    let at_address =
        |address: u32| image.at_address(image.directories.image_base.wrapping_add(u64::from(address)));
    let (start, length) = at_address(image.directories.resources?)?;
    let tree = Tree { content, start, length };
    let names = tree.below(0, Some(VERSION))?;
    let languages = tree.below(names.checked_sub(IS_LEVEL)?, None)?;
    let resource = tree.bytes::<8>(tree.below(languages.checked_sub(IS_LEVEL)?, None)?)?;
    let (offset, available) = at_address(le32(&resource, 0)?)?;
    let length = u64::from(le32(&resource, 4)?).min(available).min(MAX_RESOURCE);
    let mut bytes = vec![0; usize::try_from(length).ok()?];
    content.read_exact_at(&mut bytes, offset).ok()?;
    Some(bytes)
}

/// The tree of resources, in the file.
struct Tree<'a> {
    content: Content<'a>,
    start: u64,
    length: u64,
}

impl Tree<'_> {
    /// Where the entry of this number leads from the level that begins here; without one, the first entry.
    fn below(&self, level: u32, wanted: Option<u32>) -> Option<u32> {
        let header = self.bytes::<16>(level)?;
        let (named, numbered) = (u32::from(le16(&header, 12)?), u32::from(le16(&header, 14)?));
        let entries = level.checked_add(16)?;
        // Those with names stand before those with numbers.
        let range = if wanted.is_some() { named..named + numbered } else { 0..(named + numbered).min(1) };
        range
            .map_while(|index| self.bytes::<8>(entries.checked_add(8 * index)?))
            .find(|entry| wanted.is_none() || le32(entry, 0) == wanted)
            .and_then(|entry| le32(&entry, 4))
    }

    fn bytes<const N: usize>(&self, offset: u32) -> Option<[u8; N]> {
        let offset = u64::from(offset);
        let mut bytes = [0; N];
        (offset + N as u64 <= self.length).then_some(())?;
        self.content.read_exact_at(&mut bytes, self.start.checked_add(offset)?).ok()?;
        Some(bytes)
    }
}

/// A block of a version resource: a name, a value, further blocks.
struct Block<'a> {
    name: String,
    value: &'a [u8],
    /// Behind the value, from a multiple of four bytes on.
    children: &'a [u8],
}

/// The blocks that follow each other in these bytes, as far as they are whole.
fn blocks(mut bytes: &[u8]) -> impl Iterator<Item = Block<'_>> {
    std::iter::from_fn(move || {
        let length = usize::from(le16(bytes, 0)?);
        let block = Block::parse(bytes.get(..length)?)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(block)
    })
}

impl<'a> Block<'a> {
    /// Takes in one block of just these bytes.
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let is_text = le16(bytes, 4)? == 1;
        let (name, name_length) = text_until_zero(bytes.get(6..)?);
        let value_start = (6 + name_length).next_multiple_of(4);
        let value_length = usize::from(le16(bytes, 2)?);
        // The length of a text is counted in letters. Some writers count bytes, so it ends with the block at last.
        let value_length = if is_text { 2 * value_length } else { value_length };
        let rest = bytes.get(value_start..).unwrap_or_default();
        let value = rest.get(..value_length).unwrap_or(rest);
        let children = rest.get(value_length.next_multiple_of(4)..).unwrap_or_default();
        Some(Self { name, value, children })
    }
}

fn first_string_table(resource: &[u8]) -> Option<Texts> {
    let root = blocks(resource).next().filter(|root| root.name == "VS_VERSION_INFO")?;
    let strings = blocks(root.children).find(|block| block.name == "StringFileInfo")?;
    let table = blocks(strings.children).next()?;
    let texts = blocks(table.children).map(|block| {
        let (text, _) = text_until_zero(block.value);
        (block.name, text.trim().to_owned())
    });
    Some(texts.filter(|(_, text)| !text.is_empty()).collect())
}

/// Text of UTF-16 up to its zero, and the bytes of both.
fn text_until_zero(bytes: &[u8]) -> (String, usize) {
    let letters = || bytes.as_chunks().0.iter().map(|letter| u16::from_le_bytes(*letter));
    let text: Vec<u16> = letters().take_while(|letter| *letter != 0).collect();
    (String::from_utf16_lossy(&text), 2 * text.len() + 2)
}

fn le16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block with text or, where that is empty, with children.
    fn block(name: &str, text: &str, children: &[Vec<u8>]) -> Vec<u8> {
        let letters =
            |text: &str| -> Vec<u8> { text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect() };
        let mut bytes = vec![0; 6];
        bytes.extend(letters(name));
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        if !text.is_empty() {
            bytes.extend(letters(text));
        }
        for child in children {
            bytes.resize(bytes.len().next_multiple_of(4), 0);
            bytes.extend(child);
        }
        let count = if text.is_empty() { 0 } else { text.encode_utf16().count() + 1 };
        for (at, number) in [(0, bytes.len()), (2, count), (4, 1)] {
            bytes[at..at + 2].copy_from_slice(&(number as u16).to_le_bytes());
        }
        bytes
    }

    fn resource(texts: &[(&str, &str)]) -> Vec<u8> {
        let texts: Vec<_> = texts.iter().map(|(name, text)| block(name, text, &[])).collect();
        let table = block("040904b0", "", &texts);
        block("VS_VERSION_INFO", "", &[block("StringFileInfo", "", &[table])])
    }

    #[test]
    fn texts_of_the_first_table() {
        let bytes =
            resource(&[("ProductVersion", "13.0.3+0a2e"), ("Comments", " "), ("FileVersion", "13.0.3.1")]);
        let texts = first_string_table(&bytes).unwrap();
        let texts: Vec<_> = texts.iter().map(|(name, text)| format!("{name}={text}")).collect();
        assert_eq!(texts, ["FileVersion=13.0.3.1", "ProductVersion=13.0.3+0a2e"]);
    }

    #[test]
    fn damaged_resources_end_early_and_never_panic() {
        let whole = resource(&[("ProductVersion", "1.2.3"), ("FileVersion", "1.2.3.4")]);
        for at in 0..whole.len() {
            let _ = first_string_table(&whole[..at]);
            for value in [0, 1, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] = value;
                let _ = first_string_table(&damaged);
            }
        }
        assert_eq!(first_string_table(b""), None);
        assert_eq!(first_string_table(&[0; 64]), None, "blocks without a length");
    }
}
