//! Values as JSON, in the mapping of the CEL specification: bytes in base64, times as text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bumpalo::Bump;

use crate::cel::value::{List, Map, Value};
use crate::document;

impl<'a> Value<'a> {
    /// The same value as a tree of a document. [`None`] for what JSON cannot say: a type, an optional, a number that
    /// is not finite, or a list or map with one of those in it.
    pub fn to_document(self, arena: &'a Bump) -> Option<document::Value<'a>> {
        Some(match self {
            Value::Null => document::Value::Null,
            Value::Bool(value) => document::Value::Bool(value),
            Value::Int(value) => document::Value::Int(value),
            Value::Uint(value) => i64::try_from(value).map_or(document::Value::Uint(value), document::Value::Int),
            Value::Double(value) if value.is_finite() => document::Value::Float(value),
            Value::String(text) => document::Value::String(text),
            Value::Bytes(bytes) => document::Value::String(arena.alloc_str(&STANDARD.encode(bytes))),
            Value::List(List::Document(elements)) => document::Value::Array(elements),
            Value::Map(Map::Document(members)) => document::Value::Object(members),
            Value::List(list) => {
                let elements: Option<Vec<_>> = list.iter().map(|element| element.to_document(arena)).collect();
                document::Value::Array(arena.alloc_slice_copy(&elements?))
            }
            Value::Map(map) => {
                let members: Option<Vec<_>> = map
                    .iter()
                    .map(|(key, value)| {
                        Some(document::Member { key: key.key_text(arena)?, value: value.to_document(arena)? })
                    })
                    .collect();
                document::Value::Object(arena.alloc_slice_copy(&members?))
            }
            Value::Duration(_) | Value::Timestamp(_) | Value::Quantity(_) | Value::Image(_) => {
                document::Value::String(self.text(arena)?)
            }
            Value::Double(_) | Value::Type(_) | Value::Optional(_) => return None,
        })
    }

    fn key_text(self, arena: &'a Bump) -> Option<&'a str> {
        match self {
            Value::String(text) => Some(text),
            Value::Bool(_) | Value::Int(_) | Value::Uint(_) => self.text(arena),
            _ => None,
        }
    }
}
