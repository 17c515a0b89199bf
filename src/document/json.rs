//! JSON text to a tree, strictly: no duplicate keys, no lone surrogates, no more than the limits allow.
//!
//! A key that stands twice is refused because Go merges the two values where other readers take the last: what was
//! checked would not be what runs.

pub(in crate::document) mod place;
mod quoted;

use std::collections::HashSet;
use std::fmt;

use bumpalo::Bump;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::document::{Limits, Member, Path, Step, Value, is_same_key};

pub use quoted::push_quoted;

/// Up to this number of keys a duplicate is found by comparing, above it by hashing.
const SMALL: usize = 24;

/// Why a text is not a tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}{}", place(path, *line, *column))]
pub struct Error {
    /// What is wrong.
    pub reason: Reason,
    /// The value in which it was found.
    pub path: Path<'static>,
    /// Counted from 1; 0 if the error has no place.
    pub line: usize,
    /// In bytes, counted from 1; 0 if the error has no place.
    pub column: usize,
}

/// What can be wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// A key stands twice in one object.
    #[error("duplicate key `{0}`")]
    DuplicateKey(String),
    /// More text than [`Limits::bytes`].
    #[error("more than {0} bytes")]
    TooLong(usize),
    /// Deeper than [`Limits::depth`].
    #[error("more than {0} arrays and objects inside one another")]
    TooDeep(u32),
    /// More values than [`Limits::nodes`].
    #[error("more than {0} values")]
    TooMany(u32),
    /// Not JSON.
    #[error("{0}")]
    Syntax(String),
}

/// Reads the one JSON value that `text` holds.
///
/// # Errors
/// [`Error`], with the place, for anything that is not exactly one JSON value within `limits`.
pub fn parse<'a>(arena: &'a Bump, text: &'a [u8], limits: &Limits) -> Result<Value<'a>, Error> {
    if text.len() > limits.bytes {
        return Err(Error { reason: Reason::TooLong(limits.bytes), path: Path::root(), line: 0, column: 0 });
    }
    let mut builder = Builder {
        arena,
        limits,
        nodes: 0,
        depth: 0,
        elements: Vec::with_capacity(64),
        members: Vec::with_capacity(64),
        fault: None,
    };
    // A text that is checked for UTF-8 once, as a whole, is read in two thirds of the time. One that is not UTF-8 is read
    // byte by byte, so that the error has its place.
    let parsed = match std::str::from_utf8(text) {
        Ok(text) => read(&mut builder, &mut serde_json::Deserializer::from_str(text)),
        Err(_) => read(&mut builder, &mut serde_json::Deserializer::from_slice(text)),
    };
    parsed.map_err(|error| builder.explain(&error))
}

fn read<'a, R: serde_json::de::Read<'a>>(
    builder: &mut Builder<'a, '_>,
    deserializer: &mut serde_json::Deserializer<R>,
) -> serde_json::Result<Value<'a>> {
    Node { builder, slot: Slot::Element }.deserialize(&mut *deserializer)?;
    deserializer.end()?;
    Ok(builder.elements.pop().unwrap_or_default())
}

struct Builder<'a, 'l> {
    arena: &'a Bump,
    limits: &'l Limits,
    nodes: u32,
    depth: u32,
    /// Elements of the arrays that are being read, innermost last.
    elements: Vec<Value<'a>>,
    /// Members of the objects that are being read, innermost last.
    members: Vec<Member<'a>>,
    /// The first error, and the steps to it, innermost first.
    fault: Option<(Option<Reason>, Vec<Step<'static>>)>,
}

impl<'a> Builder<'a, '_> {
    fn count<E: serde::de::Error>(&mut self) -> Result<(), E> {
        self.nodes += 1;
        if self.nodes > self.limits.nodes {
            return Err(self.refuse(Reason::TooMany(self.limits.nodes)));
        }
        Ok(())
    }

    fn enter<E: serde::de::Error>(&mut self) -> Result<(), E> {
        self.depth += 1;
        if self.depth > self.limits.depth {
            return Err(self.refuse(Reason::TooDeep(self.limits.depth)));
        }
        Ok(())
    }

    fn refuse<E: serde::de::Error>(&mut self, reason: Reason) -> E {
        let error = E::custom(&reason);
        self.fault = Some((Some(reason), Vec::new()));
        error
    }

    /// Notes on the way out of an error which step led into it.
    fn trace(&mut self, step: Step<'static>) {
        let (_, steps) = self.fault.get_or_insert_with(|| (None, Vec::new()));
        steps.push(step);
    }

    fn explain(self, error: &serde_json::Error) -> Error {
        let (reason, steps) = self.fault.unwrap_or_default();
        let syntax = || {
            let text = error.to_string();
            let bare = text.split(" at line ").next().unwrap_or(&text);
            Reason::Syntax(bare.to_owned())
        };
        Error {
            reason: reason.unwrap_or_else(syntax),
            path: steps.into_iter().rev().collect(),
            line: error.line(),
            column: error.column(),
        }
    }
}

/// Where a value goes that is read.
#[derive(Clone, Copy)]
enum Slot<'a> {
    /// To the elements, as the next one.
    Element,
    /// To the members, as the next one, under this key.
    Member(&'a str),
}

/// A value that is about to be read. It is put where it belongs, and not handed on: that would copy it once for each
/// layer of the reader.
struct Node<'b, 'a, 'l> {
    builder: &'b mut Builder<'a, 'l>,
    slot: Slot<'a>,
}

impl<'a> Node<'_, 'a, '_> {
    /// A result, because it is the last thing that each visit does.
    #[inline]
    fn put<E>(self, value: Value<'a>) -> Result<(), E> {
        match self.slot {
            Slot::Element => self.builder.elements.push(value),
            Slot::Member(key) => self.builder.members.push(Member { key, value }),
        }
        Ok(())
    }
}

impl<'de: 'a, 'a> DeserializeSeed<'de> for Node<'_, 'a, '_> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.builder.count()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de: 'a, 'a> Visitor<'de> for Node<'_, 'a, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.put(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.put(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.put(Value::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.put(i64::try_from(value).map_or(Value::Uint(value), Value::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.put(Value::Float(value))
    }

    #[inline]
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<(), E> {
        self.put(Value::String(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        let text = self.builder.arena.alloc_str(text);
        self.put(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Node { builder, slot } = self;
        builder.enter()?;
        let start = builder.elements.len();
        let mut index = 0;
        loop {
            match seq.next_element_seed(Node { builder: &mut *builder, slot: Slot::Element }) {
                Ok(Some(())) => index += 1,
                Ok(None) => break,
                Err(error) => {
                    builder.trace(Step::Index(index));
                    return Err(error);
                }
            }
        }
        let elements = builder.elements.get(start..).unwrap_or_default();
        let elements = builder.arena.alloc_slice_copy(elements);
        builder.elements.truncate(start);
        builder.depth -= 1;
        Node { builder, slot }.put(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Node { builder, slot } = self;
        builder.enter()?;
        let start = builder.members.len();
        let mut seen = Seen::default();
        while let Some(key) = map.next_key_seed(Key(builder.arena))? {
            if seen.has(builder.members.get(start..).unwrap_or_default(), key) {
                let error = builder.refuse(Reason::DuplicateKey(key.to_owned()));
                builder.trace(Step::Key(key.to_owned().into()));
                return Err(error);
            }
            if let Err(error) = map.next_value_seed(Node { builder: &mut *builder, slot: Slot::Member(key) }) {
                builder.trace(Step::Key(key.to_owned().into()));
                return Err(error);
            }
        }
        let members = builder.members.get(start..).unwrap_or_default();
        let members = builder.arena.alloc_slice_copy(members);
        builder.members.truncate(start);
        builder.depth -= 1;
        Node { builder, slot }.put(Value::Object(members))
    }
}

/// The keys of an object that is being read, to find one that stands twice.
#[derive(Default)]
pub(in crate::document) struct Seen<'a> {
    /// A bit for each length and ends of a key: where that of a key is not set, none is like it.
    marks: u64,
    keys: Option<HashSet<&'a str>>,
}

impl<'a> Seen<'a> {
    /// Whether `key` is one of `members`, which grow by each key that is not.
    #[inline]
    pub(in crate::document) fn has(&mut self, members: &[Member<'a>], key: &'a str) -> bool {
        let (first, last) = match key.as_bytes() {
            [] => (0, 0),
            [only] => (*only, *only),
            [first, .., last] => (*first, *last),
        };
        let mixed = key.len().wrapping_mul(5) ^ usize::from(first).wrapping_mul(3) ^ usize::from(last);
        let mark = 1 << (mixed % 64);
        let is_marked = self.marks & mark != 0;
        self.marks |= mark;
        (is_marked || members.len() >= SMALL) && self.has_marked(members, key)
    }

    fn has_marked(&mut self, members: &[Member<'a>], key: &'a str) -> bool {
        if members.len() < SMALL {
            return members.iter().any(|member| is_same_key(member.key, key));
        }
        let keys = self.keys.get_or_insert_with(|| members.iter().map(|member| member.key).collect());
        !keys.insert(key)
    }
}

struct Key<'a>(&'a Bump);

impl<'de: 'a, 'a> DeserializeSeed<'de> for Key<'a> {
    type Value = &'a str;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de: 'a, 'a> Visitor<'de> for Key<'a> {
    type Value = &'a str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    #[inline]
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(text)
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.0.alloc_str(text))
    }
}

fn place(path: &Path<'_>, line: usize, column: usize) -> String {
    let at = if path.is_root() { String::new() } else { format!(" at `{path}`") };
    if line == 0 { at } else { format!("{at} (line {line}, column {column})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &[u8]) -> String {
        let limits = Limits { bytes: 1000, nodes: 50, depth: 10 };
        parse(&Bump::new(), text, &limits).unwrap_err().to_string()
    }

    #[test]
    fn keeps_order_numbers_and_escapes() {
        let arena = Bump::new();
        let text = r#"{"b":1,"a":[-1,9007199254740993,18446744073709551615,1.5,"\u00e9\n"],"":null}"#;
        let value = parse(&arena, text.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(
            value.to_string(),
            "{\"b\":1,\"a\":[-1,9007199254740993,18446744073709551615,1.5,\"é\\n\"],\"\":null}"
        );
    }

    #[test]
    fn says_where_it_went_wrong() {
        let many = format!("[{}0]", "0,".repeat(60));
        let deep = "[".repeat(11) + &"]".repeat(11);
        let long = " ".repeat(1001);
        let keys: Vec<_> = (0..30).map(|i| format!("\"k{i}\":0")).collect();
        let late = format!("{{{},\"k3\":1}}", keys.join(","));
        let table: &[(&[u8], &str)] = &[
            (b"{\"a\":[{\"b\":1,\"b\":2}]}", "duplicate key `b` at `a[0].b` (line 1, column 16)"),
            (late.as_bytes(), "duplicate key `k3` at `k3` (line 1, column 235)"),
            (b"{\"a\":\n \"\\ud800\"}", "unexpected end of hex escape at `a` (line 2, column 9)"),
            (b"{\"a\":1e400}", "number out of range at `a` (line 1, column 10)"),
            (b"[1,]", "trailing comma at `[1]` (line 1, column 4)"),
            (b"[0,[1,2,x]]", "expected value at `[1][2]` (line 1, column 9)"),
            (b"{} {}", "trailing characters (line 1, column 4)"),
            (b"", "EOF while parsing a value (line 1, column 0)"),
            (b"\xef\xbb\xbf{}", "expected value (line 1, column 1)"),
            (b"[\"\xff\"]", "invalid unicode code point at `[0]` (line 1, column 3)"),
            (many.as_bytes(), "more than 50 values at `[49]` (line 1, column 99)"),
            (
                deep.as_bytes(),
                "more than 10 arrays and objects inside one another at `[0][0][0][0][0][0][0][0][0][0]` (line 1, column 12)",
            ),
            (long.as_bytes(), "more than 1000 bytes"),
        ];
        for (text, expected) in table {
            assert_eq!(error(text), *expected, "{}", String::from_utf8_lossy(text));
        }
    }
}
