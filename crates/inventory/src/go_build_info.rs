//! What the Go linker writes into every program: the version of Go, and the modules that went in.
//!
//! It is a header of 32 bytes, 16-aligned, that begins with a magic text. Since Go 1.18 two texts with their
//! lengths follow it; before, it holds pointers to them.
//! <https://github.com/golang/go/blob/master/src/debug/buildinfo/buildinfo.go>

use seawall_model::Content;

use crate::executable::{Executable, Image, Part};

/// The two texts, as they are written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct GoBuildInfo {
    /// Such as `go1.22.3`, `go1.22.3 X:boringcrypto` or `devel go1.24-1234567 ...`.
    pub(crate) go_version: String,
    /// Lines of words with tabs between them; empty where the program was built without modules.
    pub(crate) modules: String,
}

const MAGIC: &[u8; 14] = b"\xff Go buildinf:";
const HEADER_LENGTH: usize = 32;
/// Where the header may begin.
const ALIGNMENT: usize = 16;
/// Set where the texts themselves follow the header.
const INLINE: u8 = 2;
/// Bytes that are searched where no section says where the header is. Go's linker puts it first, others may
/// put data of C libraries before it.
const MAX_SEARCHED: u64 = 64 << 20;
const SEARCH_STEP: usize = 1 << 20;
/// Bytes of the version of Go.
const MAX_VERSION: u64 = 1 << 10;
/// Bytes of the list of modules: those of the largest programs take some 100 KB.
const MAX_MODULES: u64 = 16 << 20;

/// What came of looking for build information.
pub(crate) enum Search {
    /// It is no Go program, as far as one can see.
    Absent,
    /// There is a header, and what it points to makes no sense.
    Damaged,
    Found(GoBuildInfo),
}

/// Looks in every image of the file: those of a universal binary may differ.
pub(crate) fn search(executable: &Executable, content: Content<'_>) -> Vec<Search> {
    executable.images.iter().map(|image| search_image(image, content)).collect()
}

fn search_image(image: &Image, content: Content<'_>) -> Search {
    let named = image.section(".go.buildinfo").or_else(|| image.section("__go_buildinfo"));
    let place = match named {
        Some(section) => find_header(content, section),
        None => unnamed_data(image).and_then(|data| find_header(content, data)),
    };
    match place {
        None if named.is_some() => Search::Damaged,
        None => Search::Absent,
        Some(place) => read(image, content, place).map_or(Search::Damaged, Search::Found),
    }
}

/// The first data of a program whose format or linker gives the header no section of its own: PE, and ELF
/// whose table of sections was cut off. Other ELF files without that section are no Go programs, and there
/// are far too many of them to look further.
fn unnamed_data(image: &Image) -> Option<&Part> {
    let has_own_section_elsewhere =
        !image.sections.is_empty() && !image.sections.iter().any(|part| part.is_data);
    if has_own_section_elsewhere {
        return None;
    }
    image.segments.iter().find(|segment| segment.is_data && segment.size > 0)
}

/// Where the header begins, at a multiple of 16 from the start of the part.
fn find_header(content: Content<'_>, part: &Part) -> Option<u64> {
    let length = part.size.min(MAX_SEARCHED);
    let mut buffer = Vec::new();
    let mut done = 0;
    while done < length {
        // Steps are multiples of the alignment, so that no header lies across two of them.
        let step = (length - done).min(SEARCH_STEP as u64);
        let start = part.offset.checked_add(done)?;
        buffer.resize(usize::try_from(step).ok()?, 0);
        content.read_exact_at(&mut buffer, start).ok()?;
        let aligned = memchr::memmem::find_iter(&buffer, MAGIC).find(|at| at.is_multiple_of(ALIGNMENT));
        if let Some(at) = aligned {
            return start.checked_add(at as u64);
        }
        done += step;
    }
    None
}

fn read(image: &Image, content: Content<'_>, place: u64) -> Option<GoBuildInfo> {
    let mut header = [0; HEADER_LENGTH];
    content.read_exact_at(&mut header, place).ok()?;
    let (pointer_size, flags) = (header[14], header[15]);
    let (go_version, modules) = if flags & INLINE != 0 {
        let mut cursor = Cursor { content, at: place.checked_add(HEADER_LENGTH as u64)? };
        (cursor.text(MAX_VERSION)?, cursor.text(MAX_MODULES)?)
    } else {
        let words = Words { image, content, is_64: pointer_size == 8, is_big_endian: flags & 1 != 0 };
        if !matches!(pointer_size, 4 | 8) {
            return None;
        }
        let second = 16 + usize::from(pointer_size);
        let go_version = words.text(words.word(header.get(16..)?)?, MAX_VERSION)?;
        // A program without modules has no second text.
        let modules = words.text(words.word(header.get(second..)?)?, MAX_MODULES).unwrap_or_default();
        (go_version, modules)
    };
    let go_version = String::from_utf8(go_version).ok().filter(|text| !text.is_empty())?;
    Some(GoBuildInfo { go_version, modules: unwrapped(&modules) })
}

/// The list of modules stands between two marks of 16 bytes. Without them it is not there.
fn unwrapped(modules: &[u8]) -> String {
    let inner = modules.len().checked_sub(16).and_then(|end| modules.get(16..end));
    let inner = inner.filter(|inner| inner.ends_with(b"\n")).unwrap_or_default();
    String::from_utf8_lossy(inner).into_owned()
}

/// Texts with their lengths before them.
struct Cursor<'a> {
    content: Content<'a>,
    at: u64,
}

impl Cursor<'_> {
    /// The next text, where it is not longer than this and lies in the file.
    fn text(&mut self, limit: u64) -> Option<Vec<u8>> {
        let length = self.number()?;
        let text = bytes_at(self.content, self.at, length, limit)?;
        self.at = self.at.checked_add(length)?;
        Some(text)
    }

    /// A number in groups of seven bits, the lowest first.
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..63).step_by(7) {
            let mut byte = [0];
            self.content.read_exact_at(&mut byte, self.at).ok()?;
            self.at = self.at.checked_add(1)?;
            number |= u64::from(byte[0] & 0x7f) << shift;
            if byte[0] & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}

/// Memory of the program, as its segments say.
struct Words<'a> {
    image: &'a Image,
    content: Content<'a>,
    is_64: bool,
    is_big_endian: bool,
}

impl Words<'_> {
    fn word(&self, bytes: &[u8]) -> Option<u64> {
        Some(match (self.is_64, self.is_big_endian) {
            (true, false) => u64::from_le_bytes(*bytes.first_chunk()?),
            (true, true) => u64::from_be_bytes(*bytes.first_chunk()?),
            (false, false) => u64::from(u32::from_le_bytes(*bytes.first_chunk()?)),
            (false, true) => u64::from(u32::from_be_bytes(*bytes.first_chunk()?)),
        })
    }

    /// The text whose address and length lie at this address.
    fn text(&self, address: u64, limit: u64) -> Option<Vec<u8>> {
        let word_size = if self.is_64 { 8 } else { 4 };
        let (place, _) = self.image.at_address(address)?;
        let words = bytes_at(self.content, place, 2 * word_size, 16)?;
        let start = self.word(&words)?;
        let length = self.word(words.get(word_size as usize..)?)?;
        let (place, available) = self.image.at_address(start)?;
        (length <= available).then(|| bytes_at(self.content, place, length, limit))?
    }
}

/// Bytes of the file, where they are not too many and lie in it.
fn bytes_at(content: Content<'_>, start: u64, length: u64, limit: u64) -> Option<Vec<u8>> {
    if length > limit || start.checked_add(length)? > content.size() {
        return None;
    }
    let mut bytes = vec![0; usize::try_from(length).ok()?];
    content.read_exact_at(&mut bytes, start).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executable::tests::{elf_without_sections, macho, pe};

    fn found(bytes: &[u8]) -> String {
        let content = Content::Memory(bytes);
        let Some(executable) = Executable::parse(content) else { return "no program".to_owned() };
        let text = |search: Search| match search {
            Search::Absent => "absent".to_owned(),
            Search::Damaged => "damaged".to_owned(),
            Search::Found(info) => format!("{} {:?}", info.go_version, info.modules),
        };
        search(&executable, content).into_iter().map(text).collect::<Vec<_>>().join(" | ")
    }

    fn wrapped(modules: &str) -> Vec<u8> {
        [&[b'<'; 16], modules.as_bytes(), &[b'>'; 16]].concat()
    }

    /// The header with both texts behind it.
    fn inline(go_version: &str, modules: &[u8]) -> Vec<u8> {
        let mut bytes = [&MAGIC[..], &[8, INLINE]].concat();
        bytes.resize(HEADER_LENGTH, 0);
        for text in [go_version.as_bytes(), modules] {
            bytes.push(text.len() as u8);
            bytes.extend(text);
        }
        bytes
    }

    /// The header of Go before 1.18 in data that lies at this address: pointers to pointers with lengths.
    fn pointers(address: u64) -> Vec<u8> {
        let modules = wrapped("path\tx\n");
        let mut bytes = [&MAGIC[..], &[8, 0]].concat();
        let words = [address + 32, address + 48, address + 64, 8, address + 72, modules.len() as u64];
        for word in words {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(b"go1.17.2");
        bytes.extend(modules);
        bytes
    }

    #[test]
    fn both_forms_are_read_from_every_format() {
        let inline = inline("go1.22.3", &wrapped("path\tx\n"));
        let expected = "go1.22.3 \"path\\tx\\n\"";
        assert_eq!(found(&elf_without_sections(&inline)), expected);
        assert_eq!(found(&pe(&inline)), expected);
        assert_eq!(found(&macho("__go_buildinfo", &inline)), expected);
        let expected = "go1.17.2 \"path\\tx\\n\"";
        assert_eq!(found(&elf_without_sections(&pointers(0x1000))), expected);
        assert_eq!(found(&pe(&pointers(0x1_4000_1000))), expected);
        assert_eq!(found(&macho("__go_buildinfo", &pointers(0x2000))), expected);
    }

    #[test]
    fn the_header_is_found_behind_other_data() {
        let mut data = b"...".to_vec();
        data.extend(MAGIC);
        data.resize(SEARCH_STEP, 0);
        data.extend(inline("go1.22.3", b""));
        assert_eq!(found(&pe(&data)), "go1.22.3 \"\"", "the first one is not aligned");
    }

    #[test]
    fn a_program_whose_modules_were_taken_out_still_has_a_version() {
        assert_eq!(found(&pe(&inline("unknown", b""))), "unknown \"\"");
        assert_eq!(found(&pe(&inline("go1.22.3", b"no marks around it, and long enough"))), "go1.22.3 \"\"");
    }

    #[test]
    fn damaged_build_information_is_told_from_none() {
        assert_eq!(found(&pe(b"nothing here")), "absent");
        assert_eq!(found(&macho("__go_buildinfo", &[0; 64])), "damaged");
        assert_eq!(found(&macho("__other", &inline("go1.22.3", b""))), "absent");
        let mut huge = inline("go1.22.3", b"");
        huge.truncate(HEADER_LENGTH);
        huge.extend([0xff; 10]);
        assert_eq!(found(&pe(&huge)), "damaged");
        assert_eq!(found(&elf_without_sections(&pointers(0x10))), "damaged");
    }
}
