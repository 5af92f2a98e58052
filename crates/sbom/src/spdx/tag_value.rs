//! An SPDX document as tag-value text. Each function takes a struct apart without a rest, so that a field that is
//! new in the document can't be forgotten here.
//!
//! <https://spdx.github.io/spdx-spec/v2.3/conformance/#44-standard-data-format-requirements>

use std::fmt::Write;

use super::document::{
    Annotation, Checksum, CreationInfo, Document, ExternalRef, ExtractedLicence, File, Package, Purpose,
    Relationship,
};

/// The whole document, ending in a line end.
pub(super) fn text(document: &Document) -> String {
    let Document {
        spdx_version,
        data_license,
        id,
        name,
        document_namespace,
        creation_info: CreationInfo { created, creators, license_list_version },
        comment,
        packages,
        files,
        relationships,
        annotations,
        has_extracted_licensing_infos,
    } = document;
    let mut out = Lines(String::new());
    out.tag("SPDXVersion", spdx_version);
    out.tag("DataLicense", data_license);
    out.tag("SPDXID", id);
    out.tag("DocumentName", name);
    out.tag("DocumentNamespace", document_namespace);
    if let Some(comment) = comment {
        out.text("DocumentComment", comment);
    }
    out.tag("LicenseListVersion", license_list_version);
    for creator in creators {
        out.tag("Creator", creator);
    }
    out.tag("Created", created);
    for one in annotations {
        annotation(&mut out, one, id);
    }
    // A file that follows a package would belong to it.
    for one in files {
        file(&mut out, one);
    }
    for one in packages {
        package(&mut out, one);
    }
    for one in has_extracted_licensing_infos {
        licence(&mut out, one);
    }
    out.gap();
    for one in relationships {
        relationship(&mut out, one);
    }
    out.0
}

struct Lines(String);

impl Lines {
    fn gap(&mut self) {
        self.0.push('\n');
    }

    fn tag(&mut self, name: &str, value: &str) {
        // Writing to a String does not fail.
        let _ = writeln!(self.0, "{name}: {value}");
    }

    fn optional(&mut self, name: &str, value: Option<&String>) {
        if let Some(value) = value {
            self.tag(name, value);
        }
    }

    /// A text of several lines; it must not hold its own end.
    fn text(&mut self, name: &str, value: &str) {
        let value = value.replace("<text>", "<text >").replace("</text>", "</text >");
        self.tag(name, &format!("<text>{value}</text>"));
    }
}

fn checksum(Checksum { algorithm, checksum_value }: &Checksum) -> String {
    format!("{algorithm}: {checksum_value}")
}

fn package(out: &mut Lines, package: &Package) {
    let Package {
        id,
        name,
        version_info,
        supplier,
        download_location,
        files_analyzed,
        checksums,
        source_info,
        license_concluded,
        license_declared,
        copyright_text,
        summary,
        external_refs,
        primary_package_purpose,
        annotations,
    } = package;
    out.gap();
    out.tag("PackageName", name);
    out.tag("SPDXID", id);
    out.optional("PackageVersion", version_info.as_ref());
    out.tag("PackageSupplier", supplier);
    out.tag("PackageDownloadLocation", download_location);
    out.tag("FilesAnalyzed", if *files_analyzed { "true" } else { "false" });
    for one in checksums {
        out.tag("PackageChecksum", &checksum(one));
    }
    if let Some(info) = source_info {
        out.text("PackageSourceInfo", info);
    }
    out.tag("PackageLicenseConcluded", license_concluded);
    out.tag("PackageLicenseDeclared", license_declared);
    out.tag("PackageCopyrightText", copyright_text);
    if let Some(summary) = summary {
        out.text("PackageSummary", summary);
    }
    for ExternalRef { reference_category, reference_type, reference_locator, comment } in external_refs {
        out.tag("ExternalRef", &format!("{reference_category} {reference_type} {reference_locator}"));
        if let Some(comment) = comment {
            out.text("ExternalRefComment", comment);
        }
    }
    let purpose = match primary_package_purpose {
        Purpose::Application => "APPLICATION",
        Purpose::Container => "CONTAINER",
        Purpose::Library => "LIBRARY",
        Purpose::OperatingSystem => "OPERATING-SYSTEM",
        Purpose::Source => "SOURCE",
        Purpose::Other => "OTHER",
    };
    out.tag("PrimaryPackagePurpose", purpose);
    for one in annotations {
        annotation(out, one, id);
    }
}

fn file(out: &mut Lines, file: &File) {
    let File { id, file_name, checksums, license_concluded, copyright_text, comment } = file;
    out.gap();
    out.tag("FileName", file_name);
    out.tag("SPDXID", id);
    for one in checksums {
        out.tag("FileChecksum", &checksum(one));
    }
    out.tag("LicenseConcluded", license_concluded);
    out.tag("FileCopyrightText", copyright_text);
    if let Some(comment) = comment {
        out.text("FileComment", comment);
    }
}

fn annotation(out: &mut Lines, annotation: &Annotation, of: &str) {
    let Annotation { annotator, annotation_date, annotation_type, comment } = annotation;
    out.tag("Annotator", annotator);
    out.tag("AnnotationDate", annotation_date);
    out.tag("AnnotationType", annotation_type);
    out.tag("SPDXREF", of);
    out.text("AnnotationComment", comment);
}

fn licence(out: &mut Lines, licence: &ExtractedLicence) {
    let ExtractedLicence { license_id, extracted_text, name } = licence;
    out.gap();
    out.tag("LicenseID", license_id);
    out.text("ExtractedText", extracted_text);
    out.tag("LicenseName", name);
}

fn relationship(out: &mut Lines, relationship: &Relationship) {
    let Relationship { spdx_element_id, relationship_type, related_spdx_element, comment } = relationship;
    out.tag("Relationship", &format!("{spdx_element_id} {relationship_type} {related_spdx_element}"));
    if let Some(comment) = comment {
        out.text("RelationshipComment", comment);
    }
}
