//! A JSON value whose parts live in an arena.

use std::collections::HashMap;
use std::fmt;

use bumpalo::Bump;
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::document::json::push_quoted;

/// Above this number of members a lookup table beats comparing every pair.
const SMALL: usize = 32;

/// A node of the tree. Copying it copies a reference, never the content.
///
/// Its tag is as wide as a word, so that it is copied word by word: with a tag of one byte the pieces that are copied
/// overlap, and a processor waits before it can read one back.
#[derive(Clone, Copy, Debug, Default)]
#[repr(u64)]
pub enum Value<'a> {
    /// `null`. Kubernetes reads a null field as an absent one: see [`Value::field`].
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number that fits 64 bits with sign.
    Int(i64),
    /// A whole number above [`i64::MAX`].
    Uint(u64),
    /// A number with a fraction or an exponent.
    Float(f64),
    /// Text, without its escapes.
    String(&'a str),
    /// Elements in order.
    Array(&'a [Value<'a>]),
    /// Members in the order in which their author wrote them; no key stands twice.
    Object(&'a [Member<'a>]),
}

/// One key of an object with its value.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// The key.
    pub key: &'a str,
    /// What stands under it.
    pub value: Value<'a>,
}

impl<'a> Value<'a> {
    /// The member `key` of an object, `null` included.
    #[inline]
    pub fn get(self, key: &str) -> Option<Value<'a>> {
        self.members().iter().find(|member| is_same_key(member.key, key)).map(|member| member.value)
    }

    /// The member `key` as Kubernetes sees it: a `null` is absent.
    #[inline]
    pub fn field(self, key: &str) -> Option<Value<'a>> {
        self.get(key).filter(|value| !value.is_null())
    }

    /// The value at a chain of keys, with `null` read as absent.
    pub fn fields(self, keys: &[&str]) -> Option<Value<'a>> {
        keys.iter().try_fold(self, |value, key| value.field(key))
    }

    /// The text at a chain of keys; [`None`] where there is none, or something else.
    pub fn text(self, keys: &[&str]) -> Option<&'a str> {
        self.fields(keys).and_then(Value::as_str)
    }

    /// The members of an object; none for anything else.
    #[inline]
    pub fn members(self) -> &'a [Member<'a>] {
        match self {
            Value::Object(members) => members,
            _ => &[],
        }
    }

    /// The elements of an array; none for anything else.
    #[inline]
    pub fn elements(self) -> &'a [Value<'a>] {
        match self {
            Value::Array(elements) => elements,
            _ => &[],
        }
    }

    /// The text of a string.
    #[inline]
    pub fn as_str(self) -> Option<&'a str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a boolean.
    pub fn as_bool(self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The value of a whole number that fits.
    pub fn as_i64(self) -> Option<i64> {
        match self {
            Value::Int(value) => Some(value),
            _ => None,
        }
    }

    /// Appends the value as compact JSON.
    pub fn push_to(self, text: &mut String) {
        match self {
            Value::String(string) => push_quoted(text, string),
            other => text.push_str(&other.to_string()),
        }
    }

    /// Whether this is `null`.
    #[inline]
    pub fn is_null(self) -> bool {
        matches!(self, Value::Null)
    }

    /// The kind of value, as JSON names it.
    pub fn type_name(self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Int(_) | Value::Uint(_) => "integer",
            Value::Float(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        }
    }

    /// The kind of value with its article, for a sentence.
    pub fn described(self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Int(_) | Value::Uint(_) => "an integer",
            Value::Float(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        }
    }

    /// The same tree as an owned `serde_json` value, for crates that want one.
    pub fn to_json(self) -> serde_json::Value {
        match self {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => value.into(),
            Value::Int(value) => value.into(),
            Value::Uint(value) => value.into(),
            Value::Float(value) => value.into(),
            Value::String(text) => text.into(),
            Value::Array(elements) => elements.iter().map(|element| element.to_json()).collect(),
            Value::Object(members) => {
                members.iter().map(|member| (member.key.to_owned(), member.value.to_json())).collect()
            }
        }
    }

    /// The tree of an owned `serde_json` value that does not live as long as the arena: its texts are copied.
    pub fn copied(arena: &'a Bump, json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::String(text) => Value::String(arena.alloc_str(text)),
            serde_json::Value::Array(elements) => {
                let elements = elements.iter().map(|element| Value::copied(arena, element));
                Value::Array(arena.alloc_slice_fill_iter(elements))
            }
            serde_json::Value::Object(members) => {
                let member = |(key, value): (&String, &serde_json::Value)| Member {
                    key: arena.alloc_str(key),
                    value: Value::copied(arena, value),
                };
                Value::Object(
                    bumpalo::collections::Vec::from_iter_in(members.iter().map(member), arena).into_bump_slice(),
                )
            }
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(value) => Value::Bool(*value),
            serde_json::Value::Number(number) => Value::number(number),
        }
    }

    fn number(number: &serde_json::Number) -> Self {
        let whole = number.as_i64().map(Value::Int).or_else(|| number.as_u64().map(Value::Uint));
        whole.or_else(|| number.as_f64().map(Value::Float)).unwrap_or_default()
    }

    /// The tree of an owned `serde_json` value, its texts borrowed. A number that JSON cannot hold is `null`.
    pub fn from_json(arena: &'a Bump, json: &'a serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(value) => Value::Bool(*value),
            serde_json::Value::Number(number) => Value::number(number),
            serde_json::Value::String(text) => Value::String(text),
            serde_json::Value::Array(elements) => Value::Array(
                arena.alloc_slice_fill_iter(elements.iter().map(|element| Value::from_json(arena, element))),
            ),
            serde_json::Value::Object(members) => {
                let members: Vec<_> =
                    members.iter().map(|(key, value)| Member { key, value: Value::from_json(arena, value) }).collect();
                Value::Object(arena.alloc_slice_copy(&members))
            }
        }
    }
}

/// `a == b`, for keys: they are short, many of those that are compared differ, and to call the comparison of the C library
/// for each would be a tenth of what edits cost.
#[inline]
pub fn is_same_key(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    if let (Some(a_first), Some(b_first)) = (a.first_chunk::<8>(), b.first_chunk::<8>()) {
        return a_first == b_first && a.last_chunk::<8>() == b.last_chunk::<8>() && (a.len() <= 16 || a == b);
    }
    if let (Some(a_first), Some(b_first)) = (a.first_chunk::<4>(), b.first_chunk::<4>()) {
        return a_first == b_first && a.last_chunk::<4>() == b.last_chunk::<4>();
    }
    a.iter().eq(b)
}

/// Equal as JSON: the order of keys does not count, `1` and `1.0` differ.
impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (*self, *other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Uint(a), Value::Uint(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a == b,
            (Value::String(a), Value::String(b)) => std::ptr::eq(a, b) || a == b,
            (Value::Array(a), Value::Array(b)) => std::ptr::eq(a, b) || a == b,
            (Value::Object(a), Value::Object(b)) => std::ptr::eq(a, b) || same_members(a, b),
            _ => false,
        }
    }
}

fn same_members(a: &[Member<'_>], b: &[Member<'_>]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    // Two versions of an object share most of their keys. All keys before any value: a value that is compared twice, at
    // each depth, would take a time of two to the power of the depth.
    let same_order = a.iter().zip(b).all(|(a, b)| is_same_key(a.key, b.key));
    if same_order {
        return a.iter().zip(b).all(|(a, b)| a.value == b.value);
    }
    if a.len() <= SMALL {
        return a.iter().all(|a| b.iter().any(|b| is_same_key(a.key, b.key) && a.value == b.value));
    }
    let b: HashMap<_, _> = b.iter().map(|b| (b.key, b.value)).collect();
    a.iter().all(|a| b.get(a.key) == Some(&a.value))
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(value),
            Value::Int(value) => serializer.serialize_i64(value),
            Value::Uint(value) => serializer.serialize_u64(value),
            Value::Float(value) => serializer.serialize_f64(value),
            Value::String(text) => serializer.serialize_str(text),
            Value::Array(elements) => serializer.collect_seq(elements),
            Value::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for member in members {
                    map.serialize_entry(member.key, &member.value)?;
                }
                map.end()
            }
        }
    }
}

/// Compact JSON.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Limits, json};

    fn parse<'a>(arena: &'a Bump, text: &'a str) -> Value<'a> {
        json::parse(arena, text.as_bytes(), &Limits::default()).unwrap()
    }

    #[test]
    fn the_order_of_keys_does_not_count_and_the_kind_of_number_does() {
        let arena = Bump::new();
        assert_eq!(parse(&arena, r#"{"a":1,"b":[2]}"#), parse(&arena, r#"{"b":[2],"a":1}"#));
        assert_ne!(parse(&arena, "1"), parse(&arena, "1.0"));
        assert_ne!(parse(&arena, r#"{"a":1}"#), parse(&arena, r#"{"b":1}"#));
        let many = |step: usize| {
            let members: Vec<_> = (0..100).map(|i| format!("\"k{}\":{i}", i * step % 101)).collect();
            format!("{{{}}}", members.join(","))
        };
        let (one, other) = (many(1), many(3));
        let renamed = one.replace("\"k7\"", "\"k100\"");
        assert_eq!(parse(&arena, &one), parse(&arena, &one));
        assert_ne!(parse(&arena, &one), parse(&arena, &other));
        assert_ne!(parse(&arena, &one), parse(&arena, &renamed));
    }

    #[test]
    fn keys_of_any_length_are_the_same_where_all_bytes_are() {
        for length in 0..=26 {
            let [key, same]: [String; 2] = [0; 2].map(|_| ('a'..='z').take(length).collect());
            assert!(is_same_key(&key, &same));
            assert!(!is_same_key(&key, &format!("{key}x")));
            for place in 0..length {
                let mut other = key.clone();
                other.replace_range(place..=place, "-");
                assert!(!is_same_key(&key, &other), "{key} {other}");
            }
        }
    }

    #[test]
    fn a_null_field_is_an_absent_field() {
        let arena = Bump::new();
        let value = parse(&arena, r#"{"a":null,"b":{"c":"x"}}"#);
        assert!(value.field("a").is_none());
        assert!(value.get("a").is_some());
        assert_eq!(value.text(&["b", "c"]), Some("x"));
    }

    #[test]
    fn to_serde_json_and_back() {
        let arena = Bump::new();
        let value = parse(&arena, r#"{"a":[1,-2,18446744073709551615,1.5,null,true,"x\n"]}"#);
        let owned = value.to_json();
        assert_eq!(Value::from_json(&arena, &owned), value);
        assert_eq!(Value::copied(&arena, &owned), value);
        assert_eq!(value.to_string(), owned.to_string());
    }
}
