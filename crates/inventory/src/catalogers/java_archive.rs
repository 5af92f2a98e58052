//! Java archives: jar, war, ear and their kin, with the archives inside of them.
//!
//! An archive tells of itself and of what was merged into it, in this order of trust:
//!
//! 1. `META-INF/maven/<group>/<artifact>/pom.properties`, which Maven writes; one for the archive itself and
//!    one for each library that was shaded in,
//! 2. `pom.xml` beside it, which also names licences,
//! 3. the place of the file in a local repository of Maven or Gradle,
//! 4. the file name for artifact and version, the manifest for a missing version, and for the group in turn a
//!    list of well-known artifacts, `Implementation-Vendor-Id`, `Group-Id` and `Bundle-SymbolicName`.
//!
//! Where no group is found, the package bears the artifact alone as its name. Advisories name
//! `group:artifact`, so it matches none of them, and a report shows that it was not judged.
//!
//! Classes are not looked into, so a library that was merged without Maven's description is not seen.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

use seawall_model::analysis::{HoldError, Room};
use seawall_model::{FilePath, Limits, PackageKind, ProblemKind};

use crate::archive::{Archive, ArchiveError, Entry, Section};
use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::maven_pom::Pom;
use identity::{Clues, Described};
use manifest::Manifest;

mod file_name;
mod identity;
mod known_groups;
mod manifest;

pub(super) struct JavaArchive;

/// The archives that are looked for, by themselves and inside others.
const EXTENSIONS: &[&str] = &["jar", "war", "ear", "par", "sar", "nar", "jpi", "hpi", "kar", "lpkg", "rar"];

impl Cataloger for JavaArchive {
    fn name(&self) -> &'static str {
        "java/archive"
    }

    fn target(&self) -> Target {
        Target::Everywhere
    }

    fn triggers(&self) -> &'static [Trigger] {
        const TRIGGERS: &[Trigger] = &[
            Trigger::Extension("jar"),
            Trigger::Extension("war"),
            Trigger::Extension("ear"),
            Trigger::Extension("par"),
            Trigger::Extension("sar"),
            Trigger::Extension("nar"),
            Trigger::Extension("jpi"),
            Trigger::Extension("hpi"),
            Trigger::Extension("kar"),
            Trigger::Extension("lpkg"),
            Trigger::Extension("rar"),
        ];
        TRIGGERS
    }

    /// Other formats share the shorter names, such as the archives of Unix and of RAR.
    fn wants_content(&self, path: FilePath<'_>, head: &[u8]) -> bool {
        let is_zip = head.starts_with(b"PK");
        let is_java = path.extension().is_some_and(|extension| {
            ["jar", "war", "ear"].iter().any(|known| extension.eq_ignore_ascii_case(known.as_bytes()))
        });
        is_zip || is_java
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let mut walk = Walk {
            found,
            limits: file.limits,
            entries_left: file.limits.max_archive_entries,
            bytes_left: file.limits.max_archive_bytes,
            room: file.room,
            descriptions_left: MAX_DESCRIPTIONS,
        };
        let outermost = Place { path: file.path, inside: String::new(), depth: 1 };
        walk.archive(Section::whole(file.content), &outermost);
    }
}

/// Bytes of one manifest that are looked at; its main section comes first, thousands of signatures after it.
const MAX_MANIFEST: u64 = 256 << 10;
/// Bytes of one `pom.xml` or `pom.properties`.
const MAX_DESCRIPTION: u64 = 8 << 20;
/// Descriptions that are kept from one claimed file. Real archives merge some hundred libraries at most.
const MAX_DESCRIPTIONS: usize = 20_000;
/// Bytes of the way to an archive inside others, as shown in reports.
const MAX_INSIDE: usize = 4096;
/// Different folders that are remembered of one archive.
const MAX_FOLDERS: usize = 4096;

/// Where an archive is.
struct Place<'a> {
    /// The claimed file.
    path: FilePath<'a>,
    /// The way to the archive inside that file; empty for the file itself.
    inside: String,
    /// 1 for the file itself.
    depth: u32,
}

impl Place<'_> {
    fn entry(&self, name: &str) -> String {
        if self.inside.is_empty() { name.to_owned() } else { format!("{}!/{name}", self.inside) }
    }

    fn inside(&self) -> Option<String> {
        (!self.inside.is_empty()).then(|| self.inside.clone())
    }

    /// For messages: names what lies inside, and says nothing of the file, which every problem names.
    fn prefixed(&self, message: impl std::fmt::Display) -> String {
        if self.inside.is_empty() { message.to_string() } else { format!("{}: {message}", self.inside) }
    }
}

/// One claimed file, while it is taken apart.
struct Walk<'w, 'f> {
    found: &'w mut Found<'f>,
    limits: &'w Limits,
    entries_left: u64,
    /// Bytes that may still be unpacked or read for directories.
    bytes_left: u64,
    /// For archives that lie compressed in others.
    room: &'w dyn Room,
    descriptions_left: usize,
}

/// What the directory of one archive tells.
#[derive(Default)]
struct Inventory {
    manifest: Option<Entry>,
    /// By folder.
    descriptions: BTreeMap<String, Description>,
    has_archives: bool,
    has_classes: bool,
    /// The first three folders of what it holds, which are those of its classes.
    folders: BTreeSet<String>,
    too_many_descriptions: bool,
}

/// The two files in a folder of `META-INF/maven`.
#[derive(Default)]
struct Description {
    properties: Option<Entry>,
    project: Option<Entry>,
}

impl Inventory {
    fn note(&mut self, entry: Entry, descriptions_left: &mut usize) {
        if entry.name.eq_ignore_ascii_case("META-INF/MANIFEST.MF") {
            self.manifest = Some(entry);
        } else if let Some((folder, is_properties)) = description_folder(&entry.name) {
            if *descriptions_left == 0 {
                self.too_many_descriptions = true;
                return;
            }
            *descriptions_left -= 1;
            let description = self.descriptions.entry(folder.to_owned()).or_default();
            let file = if is_properties { &mut description.properties } else { &mut description.project };
            *file = Some(entry);
        } else {
            self.has_archives |= is_archive(&entry.name);
            self.has_classes |= extension(&entry.name) == "class";
            let folder = first_folders(&entry.name);
            if !self.folders.contains(folder) && self.folders.len() < MAX_FOLDERS {
                self.folders.insert(folder.to_owned());
            }
        }
    }
}

/// The folder of `…META-INF/maven/<group>/<artifact>/pom.properties` or `pom.xml`, and which of them it is.
fn description_folder(name: &str) -> Option<(&str, bool)> {
    let (folder, file) = name.rsplit_once('/')?;
    let is_properties = match file {
        "pom.properties" => true,
        "pom.xml" => false,
        _ => return None,
    };
    let mut parents = folder.rsplit('/').skip(2);
    (parents.next() == Some("maven") && parents.next() == Some("META-INF")).then_some((folder, is_properties))
}

fn first_folders(name: &str) -> &str {
    let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
    folder.match_indices('/').nth(2).map_or(folder, |(at, _)| &folder[..at])
}

fn is_archive(name: &str) -> bool {
    EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension(name)))
}

fn extension(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

impl Walk<'_, '_> {
    fn archive(&mut self, section: Section<'_>, place: &Place<'_>) {
        let archive = match Archive::open(section) {
            Ok(archive) => archive,
            Err(error) => return self.problem(place, &error),
        };
        if !self.charge(archive.directory_bytes(), place) {
            return;
        }
        let mut inventory = Inventory::default();
        let mut seen = 0;
        let listed = archive.each_entry(self.entries_left, |entry| {
            seen += 1;
            inventory.note(entry, &mut self.descriptions_left);
        });
        self.entries_left = self.entries_left.saturating_sub(seen);
        if let Err(error) = listed {
            self.problem(place, &error);
        }
        if inventory.too_many_descriptions {
            let message = format!("more than {MAX_DESCRIPTIONS} project descriptions, the rest is left out");
            self.found.problem(ProblemKind::TooLarge, place.prefixed(message));
        }
        self.identify(&archive, &inventory, place);
        if inventory.has_archives {
            self.nested(&archive, seen, place);
        }
    }

    /// Adds the archive itself and what was merged into it.
    fn identify(&mut self, archive: &Archive<'_>, inventory: &Inventory, place: &Place<'_>) {
        let manifest = inventory
            .manifest
            .as_ref()
            .map_or_else(Manifest::default, |entry| Manifest::parse(&self.beginning(archive, entry, place)));
        let mut described = Vec::new();
        for (folder, description) in &inventory.descriptions {
            if let Some(coordinates) = self.described(archive, folder, description, place) {
                described.push(coordinates);
            }
        }
        let clues = Clues {
            path: place.path,
            inside: &place.inside,
            manifest: &manifest,
            folders: &inventory.folders,
            has_classes: inventory.has_classes,
        };
        for identified in identity::of_archive(described, &clues) {
            let name = match &identified.group {
                Some(group) => format!("{group}:{}", identified.artifact),
                None => identified.artifact,
            };
            let mut package = self.found.package(PackageKind::Maven, name, identified.version);
            package.licences = identified.licences;
            let inside = match &identified.folder {
                Some(folder) => Some(place.entry(folder)),
                None => place.inside(),
            };
            self.found.push_inside(package, inside);
        }
    }

    /// What the files in one folder of `META-INF/maven` say; `None` where that names no artifact.
    fn described(
        &mut self,
        archive: &Archive<'_>,
        folder: &str,
        description: &Description,
        place: &Place<'_>,
    ) -> Option<Described> {
        let properties = description.properties.as_ref().and_then(|entry| self.text(archive, entry, place));
        let project = description.project.as_ref().and_then(|entry| self.text(archive, entry, place));
        let pom = project.map(|text| {
            let (pom, result) = Pom::parse(&text, self.limits.max_nesting);
            if let Err(error) = result {
                let message = format!("{folder}/pom.xml: {error}");
                self.found.problem(ProblemKind::Malformed, place.prefixed(message));
            }
            pom
        });
        let described = Described::of(folder, properties.as_deref(), pom.as_ref());
        if described.is_none() {
            let message = format!("{folder} holds a description that names no artifact");
            self.found.problem(ProblemKind::Malformed, place.prefixed(message));
        }
        described
    }

    /// Goes through the archives inside this one, which had `entries` entries.
    fn nested(&mut self, archive: &Archive<'_>, entries: u64, place: &Place<'_>) {
        // The entries are read a second time rather than kept: there may be a million.
        // An error here is the one of the first pass, which has been told.
        let _ = archive.each_entry(entries, |entry| {
            if !is_archive(&entry.name) || entry.name.ends_with('/') {
                return;
            }
            let inner = Place {
                path: place.path,
                inside: place.entry(&entry.name),
                depth: place.depth.saturating_add(1),
            };
            if inner.depth > self.limits.max_archive_depth || inner.inside.len() > MAX_INSIDE {
                let message = format!("{}: nested too deep, left out", entry.name);
                return self.found.problem(ProblemKind::TooLarge, place.prefixed(message));
            }
            match archive.stored(&entry) {
                Ok(Some(section)) => self.archive(section, &inner),
                Ok(None) => self.unpacked(archive, &entry, &inner),
                Err(error) => self.problem(&inner, &error),
            }
        });
    }

    /// Goes through a compressed archive, which is unpacked into the room that there is for it.
    fn unpacked(&mut self, archive: &Archive<'_>, entry: &Entry, inner: &Place<'_>) {
        if !self.charge(entry.size, inner) {
            return;
        }
        let mut stream = match archive.stream(entry) {
            Ok(stream) => stream,
            Err(error) => return self.problem(inner, &error),
        };
        let room = self.room;
        match room.take_in(&mut *stream, entry.size) {
            Ok(_) if has_more(&mut *stream) => {
                self.problem(inner, &ArchiveError::Longer(entry.size));
            }
            Ok(held) => self.archive(Section::whole(held.content()), inner),
            Err(HoldError { error, is_source: true }) => self.problem(inner, &error.into()),
            Err(HoldError { error, is_source: false }) => {
                let kind = match error.kind() {
                    io::ErrorKind::FileTooLarge => ProblemKind::TooLarge,
                    _ => ProblemKind::Unreadable,
                };
                let message = format!("no room to hold it: {error}");
                self.found.problem(kind, inner.prefixed(message));
            }
        }
    }

    fn text(&mut self, archive: &Archive<'_>, entry: &Entry, place: &Place<'_>) -> Option<String> {
        match self.read(archive, entry, MAX_DESCRIPTION.min(self.bytes_left)) {
            Ok(bytes) => Some(seawall_model::text::decoded(&bytes).into_owned()),
            Err(error) => {
                let kind = kind_of(&error);
                self.found.problem(kind, place.prefixed(format!("{}: {error}", entry.name)));
                None
            }
        }
    }

    /// The first bytes of an entry.
    fn beginning(&mut self, archive: &Archive<'_>, entry: &Entry, place: &Place<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        let read = archive
            .stream(entry)
            .and_then(|stream| Ok(stream.take(MAX_MANIFEST.min(self.bytes_left)).read_to_end(&mut bytes)?));
        self.bytes_left = self.bytes_left.saturating_sub(bytes.len() as u64);
        if let Err(error) = read {
            self.found.problem(kind_of(&error), place.prefixed(format!("{}: {error}", entry.name)));
        }
        bytes
    }

    fn read(&mut self, archive: &Archive<'_>, entry: &Entry, limit: u64) -> Result<Vec<u8>, ArchiveError> {
        let too_large = || io::Error::new(io::ErrorKind::FileTooLarge, format!("more than {limit} bytes"));
        if entry.size > limit {
            return Err(too_large().into());
        }
        let mut bytes = Vec::new();
        let read = archive.stream(entry)?.take(limit.saturating_add(1)).read_to_end(&mut bytes);
        self.bytes_left = self.bytes_left.saturating_sub(bytes.len() as u64);
        read?;
        if bytes.len() as u64 > limit { Err(too_large().into()) } else { Ok(bytes) }
    }

    /// Counts bytes; once they are used up, says so and refuses.
    fn charge(&mut self, bytes: u64, place: &Place<'_>) -> bool {
        let Some(left) = self.bytes_left.checked_sub(bytes) else {
            let limit = self.limits.max_archive_bytes;
            let message = format!("more than {limit} bytes unpacked from one file, left out");
            self.found.problem(ProblemKind::TooLarge, place.prefixed(message));
            return false;
        };
        self.bytes_left = left;
        true
    }

    fn problem(&mut self, place: &Place<'_>, error: &ArchiveError) {
        self.found.problem(kind_of(error), place.prefixed(error));
    }
}

/// Whether anything follows.
fn has_more(stream: &mut dyn Read) -> bool {
    stream.read(&mut [0]).is_ok_and(|count| count > 0)
}

fn kind_of(error: &ArchiveError) -> ProblemKind {
    match error {
        ArchiveError::TooManyEntries(_) => ProblemKind::TooLarge,
        ArchiveError::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => ProblemKind::TooLarge,
        ArchiveError::Encrypted | ArchiveError::Method(_) | ArchiveError::Split => ProblemKind::Unsupported,
        _ => ProblemKind::Malformed,
    }
}
