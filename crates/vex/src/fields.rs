//! Reading loosely typed JSON: a field that is not what it should be is as good as missing, never an error.

use seawall_model::Timestamp;
use serde_json::{Map, Value};

pub(crate) type Object = Map<String, Value>;

/// The text of a field, where it is one and not empty.
pub(crate) fn text<'a>(object: &'a Object, key: &str) -> Option<&'a str> {
    object.get(key)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// The same, owned.
pub(crate) fn owned(object: &Object, key: &str) -> Option<String> {
    text(object, key).map(str::to_owned)
}

/// The objects of a list; anything else in it is passed over.
pub(crate) fn objects<'a>(object: &'a Object, key: &str) -> impl Iterator<Item = &'a Object> + use<'a> {
    object.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

/// The texts of a list.
pub(crate) fn texts<'a>(object: &'a Object, key: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    object.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// An object within an object.
pub(crate) fn object<'a>(outer: &'a Object, key: &str) -> Option<&'a Object> {
    outer.get(key)?.as_object()
}

/// A point in time.
pub(crate) fn time(object: &Object, key: &str) -> Option<Timestamp> {
    text(object, key)?.parse().ok()
}
