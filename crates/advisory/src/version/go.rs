//! Go modules as `golang.org/x/mod/semver` orders them, with or without their `v`; and Go toolchains.
//!
//! A toolchain is `go1.24rc1` or, as advisories of the standard library also write it, `1.24rc1` and
//! `1.24.0-rc.1`. <https://go.dev/ref/mod#versions>, <https://go.dev/doc/toolchain#version>

use std::borrow::Cow;

use super::semver::{Grammar, SEMVER, SemVer, compare, is_valid};
use super::{Order, number};

pub(super) const ORDER: Order = Order { canonical, compare };

const GRAMMAR: Grammar = Grammar { min_numbers: 1, ..SEMVER };

fn canonical(text: &str) -> Option<Cow<'_, str>> {
    if let Some(toolchain) = text.strip_prefix("go") {
        // Vendors and experiments mark their builds: `go1.21.3-bigcorp`, `go1.22.5 X:boringcrypto`.
        let end = toolchain.find(['-', ' ']).unwrap_or(toolchain.len());
        return toolchain_version(toolchain.get(..end)?, true);
    }
    match text.strip_prefix('v') {
        Some(module) => module_version(module),
        None => module_version(text).or_else(|| toolchain_version(text, false)),
    }
}

fn module_version(text: &str) -> Option<Cow<'_, str>> {
    // Go joined two marks with a second `+` for some releases; as build metadata they never count.
    let text = text.strip_suffix("+incompatible+dirty").unwrap_or(text);
    let version = SemVer::of(text);
    let is_short = version.numbers.split('.').count() < 3;
    let has_more = version.pre.is_some() || version.build.is_some();
    (is_valid(text, &GRAMMAR) && !(is_short && has_more)).then_some(Cow::Borrowed(text))
}

/// Rewrites `1[.N[.P|kindK]]` as SemVer. `go1.21` alone, from 1.21 on, is the language version, which comes
/// before the first release candidate; before that it was the first release.
fn toolchain_version(text: &str, has_prefix: bool) -> Option<Cow<'_, str>> {
    let Some((major, rest)) = text.split_once('.') else {
        return is_counter(text).then(|| format!("{text}.0.0").into());
    };
    let (minor, rest) = rest.split_at(leading_digits(rest));
    if !is_counter(major) || !is_counter(minor) {
        return None;
    }
    if let Some(patch) = rest.strip_prefix('.') {
        return is_counter(patch).then_some(Cow::Borrowed(text));
    }
    if rest.is_empty() {
        let is_language = has_prefix && number::compare(minor.as_bytes(), b"21").is_ge();
        return Some(format!("{text}.0{}", if is_language { "-0" } else { "" }).into());
    }
    let kind_end = rest.bytes().take_while(u8::is_ascii_lowercase).count();
    let (kind, count) = rest.split_at(kind_end);
    let is_known = matches!(kind, "alpha" | "beta" | "rc");
    (is_known && is_counter(count)).then(|| format!("{major}.{minor}.0-{kind}.{count}").into())
}

fn leading_digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn is_counter(text: &str) -> bool {
    number::is_number(text) && (text == "0" || !text.starts_with('0'))
}
