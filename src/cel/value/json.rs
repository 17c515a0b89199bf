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
            Value::Duration(_)
            | Value::Timestamp(_)
            | Value::Quantity(_)
            | Value::Image(_)
            | Value::Ip(_)
            | Value::Cidr(_)
            | Value::Url(_)
            | Value::Semver(_)
            | Value::Format(_) => document::Value::String(self.text(arena)?),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cel::{Budget, Empty, Environment, Program, Type};

    #[test]
    fn what_json_can_say_is_said() {
        for (source, expected) in [
            ("[1, 2].map(x, x + 1)", Some("[2,3]")),
            ("{'a': dyn(1.5), 'b': dyn([]), 'c': dyn(null)}", Some(r#"{"a":1.5,"b":[],"c":null}"#)),
            ("{1: 'x', 2: 'y'}", Some(r#"{"1":"x","2":"y"}"#)),
            ("18446744073709551615u", Some("18446744073709551615")),
            ("1u", Some("1")),
            ("b'hi'", Some(r#""aGk=""#)),
            ("duration('1.5s')", Some(r#""1.5s""#)),
            ("timestamp(0)", Some(r#""1970-01-01T00:00:00Z""#)),
            ("quantity('1024Mi')", Some(r#""1Gi""#)),
            ("image('redis')", Some(r#""docker.io/library/redis:latest""#)),
            ("double('nan')", None),
            ("optional.none()", None),
            ("[dyn(1)].map(x, optional.of(x))", None),
            ("int", None),
        ] {
            let arena = Bump::new();
            let found = Program::compile(&Environment::new(), source, Type::Dyn).ok().and_then(|program| {
                let value = program.eval(&arena, &Empty, &Budget::default()).unwrap();
                value.to_document(&arena).map(|value| value.to_string())
            });
            assert_eq!(found.as_deref(), expected, "{source}");
        }
    }
}
