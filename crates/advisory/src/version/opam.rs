//! opam package versions: Debian's order without epochs; a colon is no version character.
//!
//! <https://opam.ocaml.org/doc/Manual.html#version-ordering>

use std::borrow::Cow;

use super::{Order, dpkg};

pub(super) const ORDER: Order = Order { canonical, compare: dpkg::compare_without_epoch };

fn canonical(text: &str) -> Option<Cow<'_, str>> {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_+.~".contains(&byte);
    text.bytes().all(is_good).then_some(Cow::Borrowed(text))
}
