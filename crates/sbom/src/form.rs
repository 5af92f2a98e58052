//! The list of forms that a bill can be written in.

use std::fmt;
use std::io;
use std::str::FromStr;

use crate::Bill;

/// A form of a bill of materials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    CycloneDxJson(CycloneDxVersion),
    CycloneDxXml(CycloneDxVersion),
    /// SPDX 2.3.
    SpdxJson,
    /// SPDX 2.3.
    SpdxTagValue,
    /// Seawall's own form: everything in the bill, by the schema `schemas/sbom.json`.
    SeawallJson,
}

/// A version of CycloneDX that Seawall writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum CycloneDxVersion {
    V1_5,
    V1_6,
    #[default]
    V1_7,
}

impl CycloneDxVersion {
    /// Every version, oldest first.
    pub const ALL: [Self; 3] = [Self::V1_5, Self::V1_6, Self::V1_7];

    /// As the specification numbers it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1_5 => "1.5",
            Self::V1_6 => "1.6",
            Self::V1_7 => "1.7",
        }
    }
}

/// The one version of SPDX that is written.
pub const SPDX_VERSION: &str = "2.3";

impl Form {
    /// Every form in its newest version, in the order of help texts.
    pub const ALL: [Self; 5] = [
        Self::CycloneDxJson(CycloneDxVersion::V1_7),
        Self::CycloneDxXml(CycloneDxVersion::V1_7),
        Self::SpdxJson,
        Self::SpdxTagValue,
        Self::SeawallJson,
    ];

    /// The word on the command line, without the version.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CycloneDxJson(_) => "cyclonedx-json",
            Self::CycloneDxXml(_) => "cyclonedx-xml",
            Self::SpdxJson => "spdx-json",
            Self::SpdxTagValue => "spdx-tag-value",
            Self::SeawallJson => "seawall-json",
        }
    }

    /// The same form in another version of its standard.
    ///
    /// # Errors
    /// [`FormError::Version`] where this form is not written in that version.
    pub fn in_version(self, version: &str) -> Result<Self, FormError> {
        let unknown = |known| FormError::Version { form: self.as_str(), version: version.to_owned(), known };
        let cyclonedx = || {
            let known = CycloneDxVersion::ALL.into_iter().find(|known| known.as_str() == version);
            known.ok_or_else(|| unknown("1.5, 1.6, 1.7"))
        };
        match self {
            Self::CycloneDxJson(_) => Ok(Self::CycloneDxJson(cyclonedx()?)),
            Self::CycloneDxXml(_) => Ok(Self::CycloneDxXml(cyclonedx()?)),
            Self::SpdxJson | Self::SpdxTagValue if version == SPDX_VERSION => Ok(self),
            Self::SpdxJson | Self::SpdxTagValue => Err(unknown(SPDX_VERSION)),
            Self::SeawallJson if version == crate::native::SCHEMA_VERSION => Ok(self),
            Self::SeawallJson => Err(unknown(crate::native::SCHEMA_VERSION)),
        }
    }

    /// The form that the ending of a file name means: `.cdx.json`, `.cdx.xml`, `.spdx.json`, `.spdx`.
    pub fn of_file_name(name: &str) -> Option<Self> {
        [
            (".cdx.json", Self::CycloneDxJson(CycloneDxVersion::default())),
            (".cdx.xml", Self::CycloneDxXml(CycloneDxVersion::default())),
            (".spdx.json", Self::SpdxJson),
            (".spdx", Self::SpdxTagValue),
        ]
        .into_iter()
        .find_map(|(ending, form)| name.ends_with(ending).then_some(form))
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CycloneDxJson(version) | Self::CycloneDxXml(version)
                if *version != CycloneDxVersion::default() =>
            {
                write!(f, "{}@{}", self.as_str(), version.as_str())
            }
            _ => f.write_str(self.as_str()),
        }
    }
}

/// There is no such form, or not in that version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormError {
    #[error(
        "{0:?} is no form of a bill of materials: one of cyclonedx-json, cyclonedx-xml, spdx-json, spdx-tag-value, seawall-json"
    )]
    Unknown(String),
    #[error("{form} is not written in version {version:?}: one of {known}")]
    Version { form: &'static str, version: String, known: &'static str },
}

impl FromStr for Form {
    type Err = FormError;

    /// Reads `cyclonedx-json`, or with a version `cyclonedx-json@1.5`.
    fn from_str(text: &str) -> Result<Self, FormError> {
        let (name, version) = match text.split_once('@') {
            Some((name, version)) => (name, Some(version)),
            None => (text, None),
        };
        let form = Self::ALL
            .into_iter()
            .find(|form| form.as_str() == name)
            .ok_or_else(|| FormError::Unknown(text.to_owned()))?;
        match version {
            Some(version) => form.in_version(version),
            None => Ok(form),
        }
    }
}

/// Writes a bill, ending in a line end.
///
/// # Errors
/// Writing to `out` failed.
pub fn write(bill: &Bill, form: Form, out: &mut dyn io::Write) -> io::Result<()> {
    match form {
        Form::CycloneDxJson(version) => crate::cyclonedx::write_json(bill, version, out),
        Form::CycloneDxXml(version) => crate::cyclonedx::write_xml(bill, version, out),
        Form::SpdxJson => crate::spdx::write_json(bill, out),
        Form::SpdxTagValue => crate::spdx::write_tag_value(bill, out),
        Form::SeawallJson => crate::native::write(bill, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_and_versions_are_read_as_they_are_shown() {
        for text in ["cyclonedx-json", "cyclonedx-xml@1.5", "spdx-json", "spdx-tag-value", "seawall-json"] {
            assert_eq!(text.parse::<Form>().unwrap().to_string(), text);
        }
        assert_eq!("cyclonedx-json@1.7".parse::<Form>().unwrap().to_string(), "cyclonedx-json");
        assert_eq!("spdx-json@2.3".parse::<Form>(), Ok(Form::SpdxJson));
        for text in ["", "cyclonedx", "spdx-json@2.2", "cyclonedx-json@1.4", "cyclonedx-json@"] {
            assert!(text.parse::<Form>().is_err(), "{text}");
        }
    }
}
