//! Where the parts of a JSON text stand: a second walk over a text that is known to be good.

use bumpalo::Bump;

use crate::document::{Places, Span, Value};

/// Counts lines and columns on the way through a text, each byte once.
#[derive(Clone, Debug)]
pub(in crate::document) struct Locator<'t> {
    text: &'t str,
    offset: usize,
    line: u32,
    column: u32,
}

struct Walker<'a, 't> {
    arena: &'a Bump,
    text: &'t str,
    locator: Locator<'t>,
    at: usize,
    keys: Vec<Span>,
    places: Vec<Places<'a>>,
}

impl<'t> Locator<'t> {
    /// At the start of a text.
    pub(in crate::document) fn new(text: &'t str) -> Self {
        Locator { text, offset: 0, line: 1, column: 1 }
    }

    /// Inside a text, `line` lines and `column` characters of one more after its start.
    pub(in crate::document) fn resume(text: &'t str, offset: usize, line: u32, column: u32) -> Self {
        Locator { text, offset, line: line + 1, column: column + 1 }
    }

    /// The piece from `start` to `end`; `start` never before the one of an earlier call.
    pub(in crate::document) fn span(&mut self, start: usize, end: usize) -> Span {
        for &byte in self.text.as_bytes().get(self.offset..start).unwrap_or_default() {
            if byte == b'\n' {
                self.line += 1;
                self.column = 1;
            } else if !is_continuation(byte) {
                self.column += 1;
            }
        }
        self.offset = self.offset.max(start);
        Span { start, end, line: self.line, column: self.column }
    }
}

/// The places of `value`, which was read from `text` at the byte `start`.
pub(in crate::document) fn places<'a>(
    arena: &'a Bump,
    locator: Locator<'_>,
    start: usize,
    value: Value<'_>,
) -> Places<'a> {
    let text = locator.text;
    let mut walker = Walker { arena, text, locator, at: start, keys: Vec::new(), places: Vec::new() };
    walker.value(value)
}

/// The byte after the JSON value at `start`, by its brackets and quotes alone; the end of the text if it has none.
pub(in crate::document) fn end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = string_end(bytes, at);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// The byte after the string that starts at `start`.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

impl<'a> Walker<'a, '_> {
    fn value(&mut self, value: Value<'_>) -> Places<'a> {
        self.space();
        let start = self.at;
        let mut span = self.locator.span(start, start);
        let (keys, children): (&[Span], &[Places<'a>]) = match value {
            Value::Array(elements) => {
                let first = self.places.len();
                self.at += 1;
                for element in elements {
                    let places = self.value(*element);
                    self.places.push(places);
                    self.space();
                }
                self.close();
                (&[], self.children(first))
            }
            Value::Object(members) => {
                let (first_key, first) = (self.keys.len(), self.places.len());
                self.at += 1;
                for member in members {
                    self.space();
                    let start = self.at;
                    self.at = string_end(self.text.as_bytes(), start);
                    let key = self.locator.span(start, self.at);
                    self.keys.push(key);
                    let places = self.value(member.value);
                    self.places.push(places);
                }
                self.close();
                let keys = self.arena.alloc_slice_copy(self.keys.get(first_key..).unwrap_or_default());
                self.keys.truncate(first_key);
                (keys, self.children(first))
            }
            Value::String(_) => {
                self.at = string_end(self.text.as_bytes(), start);
                (&[], &[])
            }
            _ => {
                let rest = self.text.as_bytes().get(start..).unwrap_or_default();
                self.at += rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte)).count();
                (&[], &[])
            }
        };
        span.end = self.at;
        Places { value: span, keys, children }
    }

    fn children(&mut self, first: usize) -> &'a [Places<'a>] {
        let children = self.arena.alloc_slice_copy(self.places.get(first..).unwrap_or_default());
        self.places.truncate(first);
        children
    }

    /// Goes past space and what stands between values.
    fn space(&mut self) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        self.at += rest.iter().take_while(|byte| b" \t\r\n,:".contains(byte)).count();
    }

    /// Goes past the bracket that closes a collection.
    fn close(&mut self) {
        self.space();
        self.at += 1;
    }
}

/// Whether a byte of UTF-8 is not the first of its character.
pub(in crate::document) fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Limits, json};

    /// Every value, read again from its own span, is the same value.
    fn check(text: &str, value: Value<'_>, places: &Places<'_>) {
        let arena = Bump::new();
        let written = |span: Span| {
            let before = text.get(..span.start).unwrap();
            let line = before.split('\n').next_back().unwrap();
            assert_eq!(span.line as usize, before.split('\n').count());
            assert_eq!(span.column as usize, line.chars().count() + 1);
            json::parse(&arena, text.get(span.start..span.end).unwrap().as_bytes(), &Limits::FILE).unwrap()
        };
        assert_eq!(written(places.value), value);
        let keys: Vec<_> = places.keys.iter().filter_map(|key| written(*key).as_str()).collect();
        assert_eq!(keys, value.members().iter().map(|member| member.key).collect::<Vec<_>>());
        let values = value.members().iter().map(|member| member.value).chain(value.elements().iter().copied());
        assert_eq!(values.clone().count(), places.children.len());
        for (value, places) in values.zip(places.children) {
            check(text, value, places);
        }
    }

    #[test]
    fn every_part_is_found_where_it_stands() {
        let texts = [
            r#"{}"#,
            r#" [ ] "#,
            r#"{"a":{"b":[1,-2.5e+3,true,null,"x"]}}"#,
            "\n{ \"é\\\"😀\" :\t[\r\n  \"\\\\\" , {\"]}\":\n\"[{\\\"\"} ]\n, \"\": 18446744073709551615 }\n",
        ];
        for text in texts {
            let arena = Bump::new();
            let value = json::parse(&arena, text.as_bytes(), &Limits::FILE).unwrap();
            check(text, value, &places(&arena, Locator::new(text), 0, value));
        }
    }

    #[test]
    fn a_value_ends_at_its_last_bracket() {
        let table =
            [("{\"}\": [1]} x", 0, 10), ("  [\"\\\"]\"]{}", 2, 9), ("[[1]", 0, 4), ("{\"a", 0, 3), ("{\"a\\", 0, 4)];
        for (text, start, expected) in table {
            assert_eq!(end(text, start), expected, "{text}");
        }
    }
}
