//! Short texts that people write: names of images, package URLs, dates, digests. What was read and written must
//! read as the same.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use seawall_image::Reference;
use seawall_image::manifest::Platform;
use seawall_model::{Digest, Ecosystem, Purl, Timestamp};

/// A name of an image.
pub fn reference(bytes: &[u8]) {
    if let Some(reference) = reads_back::<Reference>(bytes) {
        let familiar: Reference = reference.familiar().parse().expect("the short form is a name");
        assert_eq!(familiar, reference);
        let _ = (reference.name(), reference.manifest_name());
    }
    reads_back::<Platform>(bytes);
    reads_back::<Digest>(bytes);
}

/// A package URL.
pub fn purl(bytes: &[u8]) {
    if let Some(purl) = reads_back::<Purl>(bytes) {
        let _ = seawall_advisory::package_of_purl(&purl);
    }
    reads_back::<Ecosystem>(bytes);
}

/// A point in time.
pub fn timestamp(bytes: &[u8]) {
    reads_back::<Timestamp>(bytes);
}

fn reads_back<T: FromStr<Err: Debug> + Display + Debug + PartialEq>(bytes: &[u8]) -> Option<T> {
    let value: T = super::text(bytes)?.parse().ok()?;
    let written = value.to_string();
    let again: T = written.parse().unwrap_or_else(|error| panic!("{written:?} of {value:?}: {error:?}"));
    assert_eq!(again, value, "{written:?}");
    Some(value)
}
