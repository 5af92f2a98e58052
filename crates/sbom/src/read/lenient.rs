//! Fields of foreign JSON: what has another type than the standard says is left out, and the rest is read.
//!
//! Broken syntax and a field that is given twice end the document, as nobody can say what was meant.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A text; numbers and truth values are taken as they are written, all else as absent.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_any(TextVisitor)
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Some(text))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        skip_list(list).map(|()| None)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        skip_map(map).map(|()| None)
    }
}

/// A list; a single object stands for a list of itself, all else for an empty one. Entries that are no objects are
/// left out.
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let part = deserializer.deserialize_any(PartVisitor::<T>(PhantomData))?;
    Ok(match part {
        Part::One(one) => vec![one],
        Part::Many(many) => many,
        Part::Nothing => Vec::new(),
    })
}

/// An object; all else stands for an empty one.
pub(super) fn object<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    let part = deserializer.deserialize_any(PartVisitor::<T>(PhantomData))?;
    Ok(match part {
        Part::One(one) => one,
        Part::Many(_) | Part::Nothing => T::default(),
    })
}

/// A list of texts; a single text stands for a list of itself.
pub(super) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let part = deserializer.deserialize_any(PartVisitor::<Text>(PhantomData))?;
    Ok(match part {
        Part::Many(many) => many.into_iter().filter_map(|text| text.0).collect(),
        Part::One(one) => one.0.into_iter().collect(),
        Part::Nothing => Vec::new(),
    })
}

struct Text(Option<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer).map(Self)
    }
}

/// A value as far as it can be used.
enum Part<T> {
    One(T),
    Many(Vec<T>),
    Nothing,
}

/// An entry of a list: itself where it is an object.
struct Entry<T>(Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entry<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let part = deserializer.deserialize_any(EntryVisitor::<T>(PhantomData))?;
        Ok(Self(part))
    }
}

struct PartVisitor<T>(PhantomData<T>);

macro_rules! scalars {
    ($value:expr) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any value")
        }

        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($value)
        }

        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($value)
        }

        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($value)
        }

        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($value)
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($value)
        }
    };
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for PartVisitor<T> {
    type Value = Part<T>;

    scalars!(Part::Nothing);

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        // A text is one only where texts are wanted; other types refuse it.
        let one = T::deserialize(serde::de::value::StrDeserializer::<E>::new(text));
        Ok(one.map_or(Part::Nothing, Part::One))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        let entries = Vec::<Entry<T>>::deserialize(SeqAccessDeserializer::new(list))?;
        Ok(Part::Many(entries.into_iter().filter_map(|entry| entry.0).collect()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Part::One)
    }
}

struct EntryVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for EntryVisitor<T> {
    type Value = Option<T>;

    scalars!(None);

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(T::deserialize(serde::de::value::StrDeserializer::<E>::new(text)).ok())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        skip_list(list).map(|()| None)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }
}

fn skip_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<(), A::Error> {
    while list.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

fn skip_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, Default, Debug, PartialEq)]
    #[serde(default)]
    struct Thing {
        #[serde(deserialize_with = "text")]
        name: Option<String>,
        #[serde(deserialize_with = "list")]
        parts: Vec<Thing>,
        #[serde(deserialize_with = "object")]
        inner: Inner,
        #[serde(deserialize_with = "texts")]
        words: Vec<String>,
    }

    #[derive(Deserialize, Default, Debug, PartialEq)]
    #[serde(default)]
    struct Inner {
        #[serde(deserialize_with = "text")]
        name: Option<String>,
    }

    fn shown(json: &str) -> String {
        match serde_json::from_str::<Thing>(json) {
            Ok(thing) => format!(
                "{:?} {} parts, inner {:?}, {:?}",
                thing.name,
                thing.parts.len(),
                thing.inner.name,
                thing.words
            ),
            Err(error) => format!("error: {error}"),
        }
    }

    #[test]
    fn what_has_another_type_is_left_out() {
        for (json, expected) in [
            (r"{}", "None 0 parts, inner None, []"),
            (
                r#"{"name": 7, "parts": [{}, "x", 3, null, [1, {"a": 2}], {}]}"#,
                "Some(\"7\") 2 parts, inner None, []",
            ),
            (r#"{"name": {"a": [1]}, "parts": "none", "inner": []}"#, "None 0 parts, inner None, []"),
            (r#"{"name": null, "parts": {"name": "only"}}"#, "None 1 parts, inner None, []"),
            (
                r#"{"inner": {"name": "x"}, "words": ["a", 1, {"b": 2}]}"#,
                "None 0 parts, inner Some(\"x\"), [\"a\"]",
            ),
            (r#"{"words": "one"}"#, "None 0 parts, inner None, [\"one\"]"),
            (r#"{"inner": "x"}"#, "None 0 parts, inner None, []"),
        ] {
            assert_eq!(shown(json), expected, "{json}");
        }
        for json in [r#"{"name": "a", "name": "b"}"#, "{", r#"{"parts": [{]}"#] {
            assert!(shown(json).starts_with("error"), "{json}");
        }
    }
}
