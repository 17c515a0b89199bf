//! Scalars and tags: what a piece of text with its quotes and its `!!int` is worth.

use std::borrow::Cow;

use granit_parser::{ScalarStyle, Tag};

use crate::document::yaml::fault::{Fault, Origin, TAB};
use crate::document::yaml::scalar;
use crate::document::yaml::tree::{Node, Reader};
use crate::document::{Places, Span, Value};

impl<'a> Reader<'a, '_> {
    pub(super) fn scalar(
        &mut self,
        text: Cow<'a, str>,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<Node<'a>, Fault> {
        let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        let span = if is_block { as_written(self.text, self.origin, span) } else { span };
        if is_block && text.trim_start_matches('\n').starts_with('\t') {
            return Err(Fault::new(span, "a block of text that starts with a tab").help(TAB));
        }
        let value = match tag {
            None if style == ScalarStyle::Plain => self.plain(text, span)?,
            None => Value::String(self.keep(text)),
            Some(tag) => {
                let kind = self.core_tag(tag, span)?;
                let whole = self.tag.unwrap_or(span);
                let value = if kind == "str" { Value::String(self.keep(text)) } else { self.plain(text, span)? };
                let fits = match kind {
                    "str" => true,
                    "int" => matches!(value, Value::Int(_) | Value::Uint(_)),
                    "float" => matches!(value, Value::Int(_) | Value::Uint(_) | Value::Float(_)),
                    "bool" => matches!(value, Value::Bool(_)),
                    "null" => value.is_null(),
                    _ => false,
                };
                if !fits {
                    return Err(Fault::new(whole, format!("the tag `{}` on something else", tag.original())));
                }
                value
            }
        };
        Ok(self.leaf(value, span))
    }

    pub(super) fn leaf(&self, value: Value<'a>, span: Span) -> Node<'a> {
        Node { value, places: Places { value: span, ..Places::default() }, nodes: 1, height: 0 }
    }

    fn plain(&self, text: Cow<'a, str>, span: Span) -> Result<Value<'a>, Fault> {
        match scalar::resolve(&text) {
            Ok(Value::String(_)) => Ok(Value::String(self.keep(text))),
            Ok(Value::Null) => Ok(Value::Null),
            Ok(Value::Bool(value)) => Ok(Value::Bool(value)),
            Ok(Value::Int(value)) => Ok(Value::Int(value)),
            Ok(Value::Uint(value)) => Ok(Value::Uint(value)),
            Ok(Value::Float(value)) => Ok(Value::Float(value)),
            Ok(Value::Array(_) | Value::Object(_)) => Err(Fault::new(span, "unexpected structure")),
            Err(ambiguity) => Err(Fault::new(span, format!("`{text}` {}", ambiguity.complaint)).help(ambiguity.help)),
        }
    }

    pub(super) fn keep(&self, text: Cow<'a, str>) -> &'a str {
        match text {
            Cow::Borrowed(text) => text,
            Cow::Owned(text) => self.arena.alloc_str(&text),
        }
    }

    fn core_tag<'t>(&self, tag: &'t Tag, span: Span) -> Result<&'t str, Fault> {
        tag.core_suffix().ok_or_else(|| {
            let span = self.tag.unwrap_or(span);
            let fault = Fault::new(span, format!("the tag `{}`", tag.original().escape_debug()));
            fault.help("only YAML's own tags have a meaning in a manifest: `!!str`, `!!int`, `!!bool` and the like")
        })
    }

    pub(super) fn check_tag(&self, tag: Option<&Tag>, expected: &str, span: Span) -> Result<(), Fault> {
        match tag {
            Some(tag) if self.core_tag(tag, span)? != expected => {
                let span = self.tag.unwrap_or(span);
                Err(Fault::new(span, format!("the tag `{}` on something else", tag.original())))
            }
            _ => Ok(()),
        }
    }
}

/// A block of text with its `|` or `>`, and without the empty lines after it: the parser names the text alone.
fn as_written(text: &str, origin: Origin, span: Span) -> Span {
    let (start, end) = (span.start - origin.offset, span.end - origin.offset);
    let before = text.get(..start).unwrap_or_default();
    let line = before.trim_end().rsplit('\n').next().unwrap_or_default();
    let Some(header) = line.match_indices(['|', '>']).map(|(at, _)| at).find(|at| is_header(line, *at)) else {
        // A block without lines is named by its header already.
        let written = text.get(start..end).unwrap_or_default().trim_end();
        return Span { end: span.start + written.len(), ..span };
    };
    let line_start = before.trim_end().len() - line.len();
    let lines = before.get(line_start..).unwrap_or_default().bytes().filter(|byte| *byte == b'\n').count();
    let chars = line.get(..header).unwrap_or_default().chars().count() + 1;
    let start = line_start + header;
    let written = text.get(start..end).unwrap_or_default().trim_end();
    Span {
        start: origin.offset + start,
        end: origin.offset + start + written.len(),
        line: span.line.saturating_sub(u32::try_from(lines).unwrap_or_default()),
        column: u32::try_from(chars).unwrap_or(u32::MAX),
    }
}

/// Whether the `|` or `>` at this byte of a line opens a block of text.
fn is_header(line: &str, at: usize) -> bool {
    let before = line.get(..at).unwrap_or_default();
    let after = line
        .get(at + 1..)
        .unwrap_or_default()
        .trim_start_matches(['-', '+', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    let rest = after.trim_start();
    (before.is_empty() || before.ends_with([' ', '\t']))
        && (rest.is_empty() || (rest.starts_with('#') && rest.len() < after.len()))
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use crate::document::yaml::documents;
    use crate::document::{Limits, Path};

    #[test]
    fn a_block_of_text_is_placed_with_its_header() {
        let table = [
            ("a: |\n  x\n  y\n\n\nb: 1\n", "|\n  x\n  y", 1, 4),
            ("a: !!str >-2 # é | #\n\n    x\n", ">-2 # é | #\n\n    x", 1, 10),
            ("# é\n'é': |+\n\n\n  x\n\n", "|+\n\n\n  x", 2, 6),
            ("a: |\n", "|", 1, 4),
            ("a: |\nb: 1\n", "|", 1, 4),
            ("a:\n  |\n  x | y", "|\n  x | y", 2, 3),
        ];
        for (text, expected, line, column) in table {
            let arena = Bump::new();
            let document = documents(&arena, text, &Limits::FILE).next().unwrap().unwrap();
            let key = if text.starts_with('#') { "é" } else { "a" };
            let span = document.places.at(document.root, Path::of(&[key]).steps()).unwrap().value;
            assert_eq!(text.get(span.start..span.end), Some(expected));
            assert_eq!((span.line, span.column), (line, column), "{text}");
        }
    }
}
