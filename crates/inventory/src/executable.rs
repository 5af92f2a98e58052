//! Programs and shared libraries as far as their headers tell: which sections they have, and where.
//!
//! ELF, PE, Mach-O and universal Mach-O, read through random access: a few small reads for each file, never the
//! whole of it. There are thousands of libraries in an image and few of them hold package data, so the common
//! case costs only the headers. No symbols, no relocations, no code.

use object::elf::{FileHeader32, FileHeader64, PF_W, PF_X, PT_LOAD};
use object::macho::{
    FAT_MAGIC_64, FatArch32, FatArch64, FatHeader, MachHeader32, MachHeader64, SegmentCommand32,
    SegmentCommand64, VM_PROT_READ, VM_PROT_WRITE,
};
use object::pe::{
    IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR, IMAGE_DIRECTORY_ENTRY_RESOURCE, IMAGE_SCN_CNT_INITIALIZED_DATA,
    IMAGE_SCN_MEM_EXECUTE, IMAGE_SCN_MEM_WRITE, ImageDosHeader, ImageFileHeader, ImageSectionHeader,
};
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader};
use object::read::macho::{LoadCommandIterator, MachHeader, Segment as _};
use object::{BigEndian, Endianness, Pod, pod};
use seawall_model::Content;

/// The headers of one file.
#[derive(Debug, Default)]
pub(crate) struct Executable {
    /// One, or one for each architecture of a universal binary.
    pub(crate) images: Vec<Image>,
}

/// The program for one architecture.
#[derive(Debug)]
pub(crate) struct Image {
    pub(crate) sections: Vec<Part>,
    /// What the loader maps; for PE these are the sections.
    pub(crate) segments: Vec<Part>,
    /// Only of PE.
    pub(crate) directories: Directories,
}

/// Where a PE file says that some tables of its own lie. Addresses are relative to where the program is loaded.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Directories {
    pub(crate) image_base: u64,
    pub(crate) resources: Option<u32>,
    /// Whether it is a program of .NET, run by its virtual machine.
    pub(crate) is_managed: bool,
}

/// A section or a segment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Part {
    /// Empty for segments of ELF.
    pub(crate) name: Vec<u8>,
    /// Where it lies in the memory of the running program.
    pub(crate) address: u64,
    /// Where its bytes begin in the file.
    pub(crate) offset: u64,
    /// How many bytes of it the file holds; 0 where the file holds none.
    pub(crate) size: u64,
    /// Variables with their first values: may be written, may not be run.
    pub(crate) is_data: bool,
}

/// Sections of one program. The linker of an unusual program writes some thousands.
const MAX_SECTIONS: u64 = 1 << 16;
/// Bytes of the table of section names.
const MAX_NAME_TABLE: u64 = 4 << 20;
/// Bytes of the load commands of a Mach-O file.
const MAX_LOAD_COMMANDS: u64 = 4 << 20;
/// Architectures of a universal binary; as many as tell it from a Java class.
const MAX_ARCHITECTURES: u32 = 40;

impl Executable {
    /// Reads the headers. `None` where they are of no known format or damaged: such a file does not run.
    pub(crate) fn parse(content: Content<'_>) -> Option<Self> {
        let file = File { content, start: 0 };
        let images = match file.array::<4>(0)? {
            [0x7f, b'E', b'L', b'F'] => vec![elf(file)?],
            [b'M', b'Z', ..] => vec![pe(file)?],
            [0xca, 0xfe, 0xba, 0xbe | 0xbf] => universal(file)?,
            _ => vec![macho(file)?],
        };
        Some(Self { images })
    }
}

impl Image {
    /// The section of this name that holds bytes.
    pub(crate) fn section(&self, name: &str) -> Option<&Part> {
        self.sections.iter().find(|part| part.name == name.as_bytes() && part.size > 0)
    }

    /// Where in the file the bytes lie that the program sees at this address, and how many follow them.
    pub(crate) fn at_address(&self, address: u64) -> Option<(u64, u64)> {
        self.segments.iter().find_map(|segment| {
            let inside = address.checked_sub(segment.address).filter(|inside| *inside < segment.size)?;
            Some((segment.offset.checked_add(inside)?, segment.size - inside))
        })
    }
}

/// The program inside a file: a universal binary holds several, one behind the other.
#[derive(Clone, Copy)]
struct File<'a> {
    content: Content<'a>,
    start: u64,
}

impl File<'_> {
    /// So many bytes; `None` where the file is shorter, before anything is allocated.
    fn bytes(&self, offset: u64, length: u64) -> Option<Vec<u8>> {
        let start = self.start.checked_add(offset)?;
        if start.checked_add(length)? > self.content.size() {
            return None;
        }
        let mut bytes = vec![0; usize::try_from(length).ok()?];
        self.content.read_exact_at(&mut bytes, start).ok()?;
        Some(bytes)
    }

    fn array<const N: usize>(&self, offset: u64) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.content.read_exact_at(&mut bytes, self.start.checked_add(offset)?).ok()?;
        Some(bytes)
    }

    fn header<T: Pod + Copy>(&self, offset: u64) -> Option<T> {
        self.table(offset, 1)?.first().copied()
    }

    /// A table of so many entries.
    fn table<T: Pod + Copy>(&self, offset: u64, count: u64) -> Option<Vec<T>> {
        let bytes = self.bytes(offset, count.checked_mul(size_of::<T>() as u64)?)?;
        Some(pod::slice_from_all_bytes(&bytes).ok()?.to_vec())
    }
}

fn elf(file: File<'_>) -> Option<Image> {
    // The byte after the magic number is the class.
    match file.array::<5>(0)? {
        [.., 1] => elf_of::<FileHeader32<Endianness>>(file),
        [.., 2] => elf_of::<FileHeader64<Endianness>>(file),
        _ => None,
    }
}

fn elf_of<H>(file: File<'_>) -> Option<Image>
where
    H: FileHeader<Endian = Endianness> + Copy,
    H::SectionHeader: Copy,
    H::ProgramHeader: Copy,
{
    let header: H = file.header(0)?;
    let endian = header.endian().ok()?;
    let program_headers: Vec<H::ProgramHeader> =
        file.table(header.e_phoff(endian).into(), header.e_phnum(endian).into()).unwrap_or_default();
    let segments =
        program_headers.iter().filter(|segment| segment.p_type(endian) == PT_LOAD).map(|segment| {
            let flags = segment.p_flags(endian);
            Part {
                name: Vec::new(),
                address: segment.p_vaddr(endian).into(),
                offset: segment.p_offset(endian).into(),
                size: segment.p_filesz(endian).into(),
                is_data: flags.contains(PF_W) && !flags.contains(PF_X),
            }
        });
    Some(Image {
        sections: elf_sections(file, &header, endian).unwrap_or_default(),
        segments: segments.collect(),
        directories: Directories::default(),
    })
}

fn elf_sections<H>(file: File<'_>, header: &H, endian: Endianness) -> Option<Vec<Part>>
where
    H: FileHeader<Endian = Endianness>,
    H::SectionHeader: Copy,
{
    let start: u64 = header.e_shoff(endian).into();
    if start == 0 {
        return None;
    }
    // Counts that do not fit into the file header stand in the first section.
    let first: H::SectionHeader = file.header(start)?;
    let count = match header.e_shnum(endian) {
        0 => first.sh_size(endian).into(),
        count => u64::from(count),
    };
    let names = match header.e_shstrndx(endian).0 {
        0xffff => u64::from(first.sh_link(endian)),
        index => u64::from(index),
    };
    if count > MAX_SECTIONS {
        return None;
    }
    let table: Vec<H::SectionHeader> = file.table(start, count)?;
    let names = table.get(usize::try_from(names).ok()?)?;
    let names_size: u64 = names.sh_size(endian).into();
    let names = file.bytes(names.sh_offset(endian).into(), names_size.min(MAX_NAME_TABLE))?;
    let part = |section: &H::SectionHeader| {
        let name = names.get(section.sh_name(endian) as usize..).unwrap_or_default();
        let (offset, size) = section.file_range(endian).unwrap_or_default();
        Part {
            name: until_zero(name).to_vec(),
            address: section.sh_addr(endian).into(),
            offset,
            size,
            is_data: false,
        }
    };
    Some(table.iter().map(part).collect())
}

fn pe(file: File<'_>) -> Option<Image> {
    let dos: ImageDosHeader = file.header(0)?;
    let start = u64::from(dos.e_lfanew.get(object::LittleEndian));
    if file.array::<4>(start)? != *b"PE\0\0" {
        return None;
    }
    let header: ImageFileHeader = file.header(start + 4)?;
    let endian = object::LittleEndian;
    let optional_start = start + 4 + size_of::<ImageFileHeader>() as u64;
    // Addresses in the program are relative to where it is loaded.
    let (image_base, directories_start) = match file.array::<2>(optional_start)? {
        [0x0b, 0x01] => {
            (u64::from(u32::from_le_bytes(file.array(optional_start + 28)?)), optional_start + 92)
        }
        [0x0b, 0x02] => (u64::from_le_bytes(file.array(optional_start + 24)?), optional_start + 108),
        _ => return None,
    };
    let table_start = optional_start + u64::from(header.size_of_optional_header.get(endian));
    let directories = pe_directories(file, directories_start, table_start, image_base);
    let count = u64::from(header.number_of_sections.get(endian));
    let table: Vec<ImageSectionHeader> = file.table(table_start, count)?;
    let part = |section: &ImageSectionHeader| {
        let flags = section.characteristics.get(endian);
        Part {
            name: until_zero(&section.name).to_vec(),
            address: image_base.wrapping_add(u64::from(section.virtual_address.get(endian))),
            offset: u64::from(section.pointer_to_raw_data.get(endian)),
            // On disk a section is padded, and in memory it may go on with zeros.
            size: u64::from(section.size_of_raw_data.get(endian).min(section.virtual_size.get(endian))),
            is_data: flags.contains(IMAGE_SCN_CNT_INITIALIZED_DATA)
                && flags.contains(IMAGE_SCN_MEM_WRITE)
                && !flags.contains(IMAGE_SCN_MEM_EXECUTE),
        }
    };
    let sections: Vec<Part> = table.iter().map(part).collect();
    Some(Image { segments: sections.clone(), sections, directories })
}

/// A count, and for each directory its address and size. The optional header may be too short for them.
fn pe_directories(file: File<'_>, start: u64, end: u64, image_base: u64) -> Directories {
    let count = file.array(start).filter(|_| start < end).map_or(0, u32::from_le_bytes);
    let address = |index: usize| {
        let entry = start + 4 + 8 * index as u64;
        let is_there = index < count as usize && entry + 8 <= end;
        let address = u32::from_le_bytes(file.array(entry).filter(|_| is_there)?);
        (address != 0).then_some(address)
    };
    Directories {
        image_base,
        resources: address(IMAGE_DIRECTORY_ENTRY_RESOURCE),
        is_managed: address(IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR).is_some(),
    }
}

fn universal(file: File<'_>) -> Option<Vec<Image>> {
    let header: FatHeader = file.header(0)?;
    let count = header.nfat_arch.get(BigEndian);
    if count > MAX_ARCHITECTURES {
        return None;
    }
    let start = size_of::<FatHeader>() as u64;
    let starts: Vec<u64> = if header.magic.get(BigEndian) == FAT_MAGIC_64 {
        let table: Vec<FatArch64> = file.table(start, count.into())?;
        table.iter().map(|arch| arch.offset.get(BigEndian)).collect()
    } else {
        let table: Vec<FatArch32> = file.table(start, count.into())?;
        table.iter().map(|arch| u64::from(arch.offset.get(BigEndian))).collect()
    };
    Some(starts.into_iter().filter_map(|start| macho(File { start, ..file })).collect())
}

fn macho(file: File<'_>) -> Option<Image> {
    match file.array::<4>(0)? {
        [0xfe, 0xed, 0xfa, 0xce] | [0xce, 0xfa, 0xed, 0xfe] => macho_of::<MachHeader32<Endianness>>(file),
        [0xfe, 0xed, 0xfa, 0xcf] | [0xcf, 0xfa, 0xed, 0xfe] => macho_of::<MachHeader64<Endianness>>(file),
        _ => None,
    }
}

fn macho_of<H: MachHeader<Endian = Endianness> + Copy>(file: File<'_>) -> Option<Image> {
    let header: H = file.header(0)?;
    let endian = header.endian().ok()?;
    let length = u64::from(header.sizeofcmds(endian));
    if length > MAX_LOAD_COMMANDS {
        return None;
    }
    let head = file.bytes(0, size_of::<H>() as u64 + length)?;
    let commands = header.load_commands(endian, head.as_slice(), 0).ok()?;
    let (sections, segments) = macho_parts(file, endian, commands);
    Some(Image { sections, segments, directories: Directories::default() })
}

/// Sections and segments as far as the load commands are sound.
fn macho_parts(
    file: File<'_>,
    endian: Endianness,
    mut commands: LoadCommandIterator<'_, Endianness>,
) -> (Vec<Part>, Vec<Part>) {
    let (mut sections, mut segments) = (Vec::new(), Vec::new());
    while let Ok(Some(command)) = commands.next() {
        if let Ok(Some((segment, data))) = command.segment_64() {
            segments.push(macho_segment::<SegmentCommand64<Endianness>>(file, endian, segment));
            let parts = segment.sections(endian, data).unwrap_or_default();
            sections.extend(parts.iter().map(|section| macho_section(file, endian, section)));
        } else if let Ok(Some((segment, data))) = command.segment_32() {
            segments.push(macho_segment::<SegmentCommand32<Endianness>>(file, endian, segment));
            let parts = segment.sections(endian, data).unwrap_or_default();
            sections.extend(parts.iter().map(|section| macho_section(file, endian, section)));
        }
        if sections.len() as u64 > MAX_SECTIONS {
            break;
        }
    }
    (sections, segments)
}

fn macho_segment<S: object::read::macho::Segment<Endian = Endianness>>(
    file: File<'_>,
    endian: Endianness,
    segment: &S,
) -> Part {
    let (offset, size) = segment.file_range(endian);
    Part {
        name: segment.name().to_vec(),
        address: segment.vmaddr(endian).into(),
        offset: file.start.saturating_add(offset),
        size,
        is_data: segment.initprot(endian) == VM_PROT_READ | VM_PROT_WRITE,
    }
}

fn macho_section<S: object::read::macho::Section<Endian = Endianness>>(
    file: File<'_>,
    endian: Endianness,
    section: &S,
) -> Part {
    let offset = file.start.saturating_add(section.offset(endian).into());
    let (offset, size) = section.file_range(endian, offset).unwrap_or_default();
    Part { name: section.name().to_vec(), address: section.addr(endian).into(), offset, size, is_data: false }
}

fn until_zero(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The parts of a file: section names with offset and size, then segments with address and size.
    fn parts(bytes: &[u8]) -> String {
        let Some(executable) = Executable::parse(Content::Memory(bytes)) else { return "none".to_owned() };
        let image = |image: &Image| {
            let name = |part: &Part| String::from_utf8_lossy(&part.name).into_owned();
            let section = |part: &Part| format!("{}@{}+{}", name(part), part.offset, part.size);
            let segment = |part: &Part| {
                let data = if part.is_data { " data" } else { "" };
                format!("{:#x}={}+{}{data}", part.address, part.offset, part.size)
            };
            let sections: Vec<_> = image.sections.iter().map(section).collect();
            let segments: Vec<_> = image.segments.iter().map(segment).collect();
            format!("{} | {}", sections.join(" "), segments.join(" "))
        };
        executable.images.iter().map(image).collect::<Vec<_>>().join(" || ")
    }

    /// An ELF file for a 64-bit machine with one data segment at `0x1000`, and without sections.
    pub(crate) fn elf_without_sections(data: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
        bytes.resize(16, 0);
        bytes.extend([2, 0, 62, 0, 1, 0, 0, 0]);
        bytes.extend(0_u64.to_le_bytes());
        bytes.extend(64_u64.to_le_bytes());
        bytes.extend(0_u64.to_le_bytes());
        bytes.extend([0, 0, 0, 0, 64, 0, 56, 0, 1, 0, 64, 0, 0, 0, 0, 0]);
        // PT_LOAD, readable and writable.
        bytes.extend([1, 0, 0, 0, 6, 0, 0, 0]);
        let size = data.len() as u64;
        for word in [128, 0x1000, 0x1000, size, size, 16] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.resize(128, 0);
        bytes.extend(data);
        bytes
    }

    /// A PE file for a 64-bit machine with one section `.data` at `0x140001000`.
    pub(crate) fn pe(data: &[u8]) -> Vec<u8> {
        let mut bytes = b"MZ".to_vec();
        bytes.resize(60, 0);
        bytes.extend(64_u32.to_le_bytes());
        bytes.extend(b"PE\0\0");
        // x86-64, one section, an optional header of 32 bytes.
        bytes.extend([0x64, 0x86, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 2, 0]);
        bytes.extend([0x0b, 0x02]);
        bytes.resize(64 + 24 + 24, 0);
        bytes.extend(0x1_4000_0000_u64.to_le_bytes());
        bytes.extend(b".data\0\0\0");
        let size = data.len() as u32;
        for word in [size, 0x1000, size + 8, 192, 0, 0, 0, 0xc000_0040] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.resize(192, 0);
        bytes.extend(data);
        bytes.extend([0; 8]);
        bytes
    }

    /// A Mach-O file for a 64-bit machine with one section in `__DATA` at `0x2000`.
    pub(crate) fn macho(section: &str, data: &[u8]) -> Vec<u8> {
        let name = |text: &str| {
            let mut name = text.as_bytes().to_vec();
            name.resize(16, 0);
            name
        };
        let size = data.len() as u64;
        let mut bytes =
            vec![0xcf, 0xfa, 0xed, 0xfe, 7, 0, 0, 1, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 152, 0, 0, 0];
        bytes.resize(32, 0);
        bytes.extend([0x19, 0, 0, 0, 152, 0, 0, 0]);
        bytes.extend(name("__DATA"));
        for word in [0x2000, size, 184, size] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend([3, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend([name(section), name("__DATA")].concat());
        bytes.extend(0x2000_u64.to_le_bytes());
        bytes.extend(size.to_le_bytes());
        bytes.extend(184_u32.to_le_bytes());
        bytes.resize(184, 0);
        bytes.extend(data);
        bytes
    }

    #[test]
    fn headers_of_each_format() {
        assert_eq!(parts(&elf_without_sections(b"0123")), " | 0x1000=128+4 data");
        assert_eq!(parts(&pe(b"0123")), ".data@192+4 | 0x140001000=192+4 data");
        assert_eq!(parts(&macho("__dep", b"0123")), "__dep@184+4 | 0x2000=184+4 data");
    }

    #[test]
    fn a_universal_binary_holds_several_programs() {
        let one = macho("__one", b"1");
        let mut bytes = vec![0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 2];
        for (offset, size) in [(48_u32, one.len() as u32), (300, 10)] {
            bytes.extend([0; 8]);
            bytes.extend(offset.to_be_bytes());
            bytes.extend(size.to_be_bytes());
            bytes.extend([0; 4]);
        }
        bytes.extend(one);
        assert_eq!(parts(&bytes), "__one@232+1 | 0x2000=232+1 data", "the second lies beyond the end");
        assert_eq!(parts(&[0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 52]), "none", "a Java class");
    }

    #[test]
    fn counts_beyond_the_file_allocate_nothing() {
        let mut elf = elf_without_sections(b"");
        // A table of 65,535 sections, each as large as the file claims.
        elf[40] = 64;
        elf[60..62].copy_from_slice(&[0xff, 0xff]);
        assert_eq!(parts(&elf), " | 0x1000=128+0 data");
        assert_eq!(parts(b"\x7fELF"), "none");
        assert_eq!(parts(b"MZ"), "none");
        assert_eq!(parts(b""), "none");
    }

    #[test]
    fn damaged_headers_do_not_panic() {
        for whole in [elf_without_sections(b"0123"), pe(b"0123"), macho("__one", b"0123")] {
            for at in 0..whole.len() {
                for value in [0, 0x55, 0xff] {
                    let mut damaged = whole.clone();
                    damaged[at] = value;
                    parts(&damaged);
                    parts(&whole[..at]);
                }
            }
        }
    }
}
