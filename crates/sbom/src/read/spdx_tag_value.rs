//! SPDX 2.2 and 2.3 as tag-value text, brought into the structs of the JSON form.
//!
//! <https://spdx.github.io/spdx-spec/v2.3/conformance/#44-standard-data-format-requirements>

use std::collections::HashMap;

use super::ReadError;
use super::spdx::{Annotation, Checksum, ExternalRef, ExtractedLicence, Package, Relationship, Spdx};

/// Which part of the document the lines belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Document,
    Package,
    Licence,
    /// Files and snippets, of which nothing is kept.
    Other,
}

const BEGIN: &str = "<text>";
const END: &str = "</text>";

/// Reads a document.
pub(super) fn read(text: &str) -> Result<Spdx, ReadError> {
    let mut reader =
        Reader { spdx: Spdx::default(), section: Section::Document, comments: Vec::new(), about: None };
    let mut at = 0;
    while at < text.len() {
        let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
        let (start, line) = (at, &text[at..end]);
        at = end + 1;
        let Some((tag, value)) = line.split_once(':').filter(|(tag, _)| !tag.trim_start().starts_with('#'))
        else {
            continue;
        };
        if !value.trim_start().starts_with("<text>") {
            reader.tag(tag.trim(), value.trim());
            continue;
        }
        // The text may have many lines.
        let begin = start + line.find(BEGIN).map_or(0, |begin| begin + BEGIN.len());
        let length = text[begin..].find(END);
        let length =
            length.ok_or_else(|| ReadError::TagValue(format!("the text of {:?} has no end", tag.trim())))?;
        reader.tag(tag.trim(), &text[begin..begin + length]);
        at = begin + length + END.len();
    }
    Ok(reader.finish())
}

struct Reader {
    spdx: Spdx,
    section: Section,
    /// Comments of annotations, and which element they are about.
    comments: Vec<(String, String)>,
    /// The element of the annotation that is being read.
    about: Option<String>,
}

impl Reader {
    fn tag(&mut self, tag: &str, value: &str) {
        match tag {
            "PackageName" => {
                self.section = Section::Package;
                self.spdx.packages.push(Package { name: Some(value.to_owned()), ..Package::default() });
            }
            "LicenseID" => {
                self.section = Section::Licence;
                let licence =
                    ExtractedLicence { license_id: Some(value.to_owned()), ..ExtractedLicence::default() };
                self.spdx.has_extracted_licensing_infos.push(licence);
            }
            "FileName" | "SnippetSPDXID" => self.section = Section::Other,
            "Relationship" => self.relationship(value),
            "Annotator" => self.about = None,
            "SPDXREF" => self.about = Some(value.to_owned()),
            "AnnotationComment" => {
                let about = self.about.clone().unwrap_or_default();
                self.comments.push((about, value.to_owned()));
            }
            _ => match self.section {
                Section::Document => self.of_document(tag, value),
                Section::Package => self.of_package(tag, value),
                Section::Licence => self.of_licence(tag, value),
                Section::Other => {}
            },
        }
    }

    fn relationship(&mut self, value: &str) {
        let mut words = value.split_whitespace().map(str::to_owned);
        let relationship = Relationship { from: words.next(), kind: words.next(), to: words.next() };
        self.spdx.relationships.push(relationship);
    }

    fn of_document(&mut self, tag: &str, value: &str) {
        let value = value.to_owned();
        match tag {
            "SPDXVersion" => self.spdx.spdx_version = Some(value),
            "SPDXID" => self.spdx.id = Some(value),
            "DocumentName" => self.spdx.name = Some(value),
            "Creator" => self.spdx.creation_info.creators.push(value),
            "Created" => self.spdx.creation_info.created = Some(value),
            _ => {}
        }
    }

    fn of_package(&mut self, tag: &str, value: &str) {
        let Some(package) = self.spdx.packages.last_mut() else { return };
        let text = Some(value.to_owned());
        match tag {
            "SPDXID" => package.id = text,
            "PackageVersion" => package.version_info = text,
            "PackageSupplier" => package.supplier = text,
            "PackageSourceInfo" => package.source_info = text,
            "PackageSummary" => package.summary = text,
            "PackageLicenseDeclared" => package.license_declared = text,
            "PackageLicenseConcluded" => package.license_concluded = text,
            "PrimaryPackagePurpose" => package.primary_package_purpose = text,
            "PackageAttributionText" => package.attribution_texts.push(value.to_owned()),
            "PackageChecksum" => {
                if let Some((algorithm, hex)) = value.split_once(':') {
                    package.checksums.push(Checksum {
                        algorithm: Some(algorithm.trim().to_owned()),
                        checksum_value: Some(hex.trim().to_owned()),
                    });
                }
            }
            "ExternalRef" => {
                let mut words = value.split_whitespace().skip(1).map(str::to_owned);
                let reference = ExternalRef { reference_type: words.next(), reference_locator: words.next() };
                package.external_refs.push(reference);
            }
            _ => {}
        }
    }

    fn of_licence(&mut self, tag: &str, value: &str) {
        let Some(licence) = self.spdx.has_extracted_licensing_infos.last_mut() else { return };
        match tag {
            "LicenseName" => licence.name = Some(value.to_owned()),
            "ExtractedText" => licence.extracted_text = Some(value.to_owned()),
            _ => {}
        }
    }

    /// Gives each annotation to its element.
    fn finish(self) -> Spdx {
        let mut spdx = self.spdx;
        let ids =
            spdx.packages.iter().enumerate().filter_map(|(at, package)| Some((package.id.clone()?, at)));
        let packages: HashMap<String, usize> = ids.collect();
        for (about, comment) in self.comments {
            let annotation = Annotation { comment: Some(comment) };
            match packages.get(&about).and_then(|at| spdx.packages.get_mut(*at)) {
                Some(package) => package.annotations.push(annotation),
                None => spdx.annotations.push(annotation),
            }
        }
        spdx
    }
}
