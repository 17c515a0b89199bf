//! A value of an expression: `Copy`, borrowed from the document, the program or the arena.
//!
//! A list or a map of a document stays what it is; its elements become values one at a time, when somebody looks.

mod display;
mod equality;
mod json;

pub(crate) use equality::{compare, equal};

use std::net::IpAddr;

use crate::cel::library::{Cidr, Format, Semver, Url};
use crate::cel::node::Constant;
use crate::cel::time::{Duration, Timestamp};
use crate::cel::types::Type;
use crate::document;
use crate::image::Image;
use crate::quantity::Quantity;

/// What an expression evaluates to. Its tag is as wide as a word, so that a value is copied word by word: with a tag of
/// one byte the pieces that are copied overlap, and a processor waits before it can read one back.
#[derive(Clone, Copy, Debug, Default)]
#[repr(u64)]
pub enum Value<'a> {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number with sign.
    Int(i64),
    /// A whole number without sign.
    Uint(u64),
    /// A floating-point number.
    Double(f64),
    /// Text.
    String(&'a str),
    /// Octets.
    Bytes(&'a [u8]),
    /// Elements in order.
    List(List<'a>),
    /// Values by key.
    Map(Map<'a>),
    /// A type.
    Type(Type),
    /// A span of time.
    Duration(Duration),
    /// A point in time.
    Timestamp(Timestamp),
    /// A value or its absence.
    Optional(Option<&'a Value<'a>>),
    /// A resource quantity.
    Quantity(&'a Quantity),
    /// An image reference.
    Image(&'a Image<'a>),
    /// An IP address.
    Ip(IpAddr),
    /// A range of IP addresses.
    Cidr(Cidr),
    /// A URL.
    Url(&'a Url<'a>),
    /// A semantic version.
    Semver(&'a Semver<'a>),
    /// A format of the Kubernetes API.
    Format(Format),
}

/// A list, wherever its elements live.
#[derive(Clone, Copy, Debug)]
pub enum List<'a> {
    /// An array of a document.
    Document(&'a [document::Value<'a>]),
    /// Made by an expression.
    Values(&'a [Value<'a>]),
    /// Written in an expression.
    Constants(&'a [Constant]),
}

/// A map, wherever its entries live.
#[derive(Clone, Copy, Debug)]
pub enum Map<'a> {
    /// An object of a document.
    Document(&'a [document::Member<'a>]),
    /// Made by an expression. No key stands twice.
    Values(&'a [(Value<'a>, Value<'a>)]),
}

impl<'a> Value<'a> {
    /// The type.
    pub fn kind(self) -> Type {
        match self {
            Value::Null => Type::Null,
            Value::Bool(_) => Type::Bool,
            Value::Int(_) => Type::Int,
            Value::Uint(_) => Type::Uint,
            Value::Double(_) => Type::Double,
            Value::String(_) => Type::String,
            Value::Bytes(_) => Type::Bytes,
            Value::List(_) => Type::List,
            Value::Map(_) => Type::Map,
            Value::Type(_) => Type::Type,
            Value::Duration(_) => Type::Duration,
            Value::Timestamp(_) => Type::Timestamp,
            Value::Optional(_) => Type::Optional,
            Value::Quantity(_) => Type::Quantity,
            Value::Image(_) => Type::Image,
            Value::Ip(_) => Type::Ip,
            Value::Cidr(_) => Type::Cidr,
            Value::Url(_) => Type::Url,
            Value::Semver(_) => Type::Semver,
            Value::Format(_) => Type::Format,
        }
    }

    /// The boolean, if it is one.
    pub fn as_bool(self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn as_str(self) -> Option<&'a str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// A list of values in an arena.
    pub fn list(elements: &'a [Value<'a>]) -> Self {
        Value::List(List::Values(elements))
    }

    /// Whether this is the zero of its type: what `optional.ofNonZeroValue` takes for no value.
    pub(crate) fn is_zero(self) -> bool {
        match self {
            Value::Null | Value::Bool(false) | Value::Int(0) | Value::Uint(0) => true,
            Value::Double(number) => number == 0.0,
            Value::String(text) => text.is_empty(),
            Value::Bytes(bytes) => bytes.is_empty(),
            Value::List(list) => list.is_empty(),
            Value::Map(map) => map.is_empty(),
            Value::Duration(duration) => duration.is_zero(),
            _ => false,
        }
    }
}

impl<'a> List<'a> {
    /// How many elements.
    pub fn len(self) -> usize {
        match self {
            List::Document(elements) => elements.len(),
            List::Values(elements) => elements.len(),
            List::Constants(elements) => elements.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The element at a place counted from 0.
    #[inline]
    pub fn get(self, place: usize) -> Option<Value<'a>> {
        match self {
            List::Document(elements) => elements.get(place).copied().map(Value::from),
            List::Values(elements) => elements.get(place).copied(),
            List::Constants(elements) => elements.get(place).map(Constant::value),
        }
    }

    /// The elements in order.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = Value<'a>> + ExactSizeIterator {
        (0..self.len()).map(move |place| self.get(place).unwrap_or_default())
    }
}

impl<'a> Map<'a> {
    /// How many entries.
    pub fn len(self) -> usize {
        match self {
            Map::Document(members) => members.len(),
            Map::Values(entries) => entries.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The value under a key that is a string.
    #[inline]
    pub fn field(self, key: &str) -> Option<Value<'a>> {
        match self {
            Map::Document(members) => members.iter().find(|member| member.key == key).map(|member| member.value.into()),
            Map::Values(entries) => entries
                .iter()
                .find(|(name, _)| matches!(name, Value::String(name) if *name == key))
                .map(|entry| entry.1),
        }
    }

    /// The value under a key; numbers of different kinds are the same key if they are equal.
    pub fn get(self, key: Value<'_>) -> Option<Value<'a>> {
        match (self, key) {
            (_, Value::String(key)) => self.field(key),
            (Map::Document(_), _) => None,
            (Map::Values(entries), _) => entries.iter().find(|(name, _)| equal(*name, key)).map(|entry| entry.1),
        }
    }

    /// The entry at a place counted from 0.
    pub(crate) fn entry(self, place: usize) -> Option<(Value<'a>, Value<'a>)> {
        match self {
            Map::Document(members) => {
                members.get(place).map(|member| (Value::String(member.key), Value::from(member.value)))
            }
            Map::Values(entries) => entries.get(place).copied(),
        }
    }

    /// The entries, in the order in which they were written.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = (Value<'a>, Value<'a>)> + ExactSizeIterator {
        (0..self.len()).map(move |place| self.entry(place).unwrap_or_default())
    }
}

impl<'a> From<document::Value<'a>> for Value<'a> {
    #[inline]
    fn from(value: document::Value<'a>) -> Self {
        match value {
            document::Value::Null => Value::Null,
            document::Value::Bool(value) => Value::Bool(value),
            document::Value::Int(value) => Value::Int(value),
            document::Value::Uint(value) => Value::Uint(value),
            document::Value::Float(value) => Value::Double(value),
            document::Value::String(text) => Value::String(text),
            document::Value::Array(elements) => Value::List(List::Document(elements)),
            document::Value::Object(members) => Value::Map(Map::Document(members)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_small() {
        assert!(size_of::<Value<'_>>() <= 32, "{}", size_of::<Value<'_>>());
    }
}
