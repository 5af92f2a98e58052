//! npm versions, as node-semver's `clean` and strict parser read them: `v` and `=` in front are dropped.
//!
//! <https://github.com/npm/node-semver>

use std::borrow::Cow;

use super::Order;
use super::semver::{Grammar, SEMVER, compare, is_valid};

pub(super) const ORDER: Order = Order { canonical, compare };

/// What JavaScript counts exactly.
const GRAMMAR: Grammar = Grammar { max: Some((1 << 53) - 1), ..SEMVER };
const MAX_BYTES: usize = 256;

fn canonical(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim().trim_start_matches(['=', 'v']).trim();
    let text = text.strip_prefix('v').unwrap_or(text);
    (text.len() <= MAX_BYTES && is_valid(text, &GRAMMAR)).then_some(Cow::Borrowed(text))
}
