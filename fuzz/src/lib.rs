//! What the fuzz targets share: each function takes foreign bytes, shows them to one parser, and panics where the
//! parser breaks a promise. A target itself is three lines.

pub mod advisory;
pub mod image;
pub mod inventory;
pub mod words;

/// The bytes as text, where they are text.
fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}
