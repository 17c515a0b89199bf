//! Where a piece of a string stands in the YAML or JSON that the string was written in.
//!
//! The string and its source are walked side by side, so there is no second YAML reader here: where the two cannot be
//! brought together, there is no answer.

use crate::document::Span;

/// The walk along the source of one string.
struct Walk<'t> {
    /// What is left of the source.
    rest: &'t str,
    style: Style,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
    /// Literal or folded, with the columns that its lines are indented by.
    Block(usize),
}

/// The place of `value[start..end]`, where `value` is the string that stands at `span` in `text`.
pub(super) fn locate(text: &str, span: Span, value: &str, start: usize, end: usize) -> Option<Span> {
    let source = text.get(span.start..span.end)?;
    let mut walk = Walk::new(source, value)?;
    let offset = |walk: &Walk<'_>| span.end - walk.rest.len();
    let end = end.clamp(start, value.len());
    let mut found: (Option<usize>, Option<usize>) = (None, None);
    for (at, char) in value.char_indices() {
        // The last line breaks of a block are no part of its place.
        if at > end || (char == '\n' && walk.rest.is_empty()) {
            break;
        }
        let (from, to) = walk.pass(char)?;
        if at == start {
            found.0 = Some(span.end - from);
        }
        if at < end {
            found.1 = Some(span.end - to);
        }
    }
    let last = offset(&walk);
    let from = found.0.unwrap_or(last);
    let to = if end > start { found.1.unwrap_or(last) } else { from };
    let before = text.get(span.start..from)?;
    let lines = before.matches('\n').count();
    let column = match before.rsplit_once('\n') {
        None => span.column + u32::try_from(before.chars().count()).ok()?,
        Some((_, line)) => 1 + u32::try_from(line.chars().count()).ok()?,
    };
    Some(Span { start: from, end: to.max(from), line: span.line + u32::try_from(lines).ok()?, column })
}

impl<'t> Walk<'t> {
    fn new(source: &'t str, value: &str) -> Option<Self> {
        let quoted = |style| Some(Walk { rest: source.get(1..)?, style });
        match source.chars().next() {
            Some('\'') => quoted(Style::Single),
            Some('"') => quoted(Style::Double),
            Some('|' | '>') => {
                let (_, rest) = source.split_once('\n')?;
                let spaces = |text: &str| {
                    let line = text.lines().find(|line| !line.trim().is_empty())?;
                    Some(line.len() - line.trim_start_matches(' ').len())
                };
                let indent = spaces(rest)?.checked_sub(spaces(value)?)?;
                let mut walk = Walk { rest, style: Style::Block(indent) };
                walk.indent();
                Some(walk)
            }
            _ => Some(Walk { rest: source, style: Style::Plain }),
        }
    }

    fn indent(&mut self) {
        if let Style::Block(indent) = self.style {
            let spaces = self.rest.len() - self.rest.trim_start_matches(' ').len();
            self.rest = self.rest.get(spaces.min(indent)..).unwrap_or_default();
        }
    }

    /// Goes past the source of one character of the value: the bytes left before and after it.
    fn pass(&mut self, char: char) -> Option<(usize, usize)> {
        loop {
            let from = self.rest.len();
            let next = self.rest.chars().next()?;
            if next == '\\' && self.style == Style::Double {
                match self.escape()? {
                    Some(decoded) if decoded == char => return Some((from, self.rest.len())),
                    Some(_) => return None,
                    None => continue,
                }
            }
            if next == '\'' && self.style == Style::Single {
                self.rest = self.rest.strip_prefix("''")?;
                return (char == '\'').then_some((from, self.rest.len()));
            }
            let is_break = matches!(next, '\n' | '\r');
            if is_break && matches!(char, '\n' | ' ') {
                self.line_break();
                return Some((from, self.rest.len()));
            }
            if next == char {
                self.rest = self.rest.get(next.len_utf8()..)?;
                return Some((from, self.rest.len()));
            }
            // A break that folding took away, or the blanks around one.
            if is_break {
                self.line_break();
            } else if matches!(next, ' ' | '\t') && !matches!(self.style, Style::Block(_)) {
                self.rest = self.rest.get(1..)?;
            } else {
                return None;
            }
        }
    }

    fn line_break(&mut self) {
        let rest = self.rest.strip_prefix('\r').unwrap_or(self.rest);
        self.rest = rest.strip_prefix('\n').unwrap_or(rest);
        match self.style {
            Style::Block(_) => self.indent(),
            _ => self.rest = self.rest.trim_start_matches([' ', '\t']),
        }
    }

    /// Goes past an escape: the character that it stands for, or nothing for an escaped line break.
    fn escape(&mut self) -> Option<Option<char>> {
        let mut chars = self.rest.chars();
        let (_, code) = (chars.next()?, chars.next()?);
        let digits = match code {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        let hex = chars.as_str().get(..digits)?;
        self.rest = chars.as_str().get(digits..)?;
        let decoded = match code {
            'x' | 'u' | 'U' => char::from_u32(u32::from_str_radix(hex, 16).ok()?)?,
            'n' => '\n',
            't' | '\t' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'a' => '\u{7}',
            'v' => '\u{b}',
            'e' => '\u{1b}',
            '0' => '\0',
            '_' => '\u{a0}',
            '\n' | '\r' => {
                self.rest = self.rest.trim_start_matches(['\n', ' ', '\t']);
                return Some(None);
            }
            '"' | '\\' | '/' | ' ' => code,
            _ => return None,
        };
        Some(Some(decoded))
    }
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use super::*;
    use crate::document::{Limits, yaml};

    /// The source of `piece` in the string that a document holds under `x`, and its line and column.
    fn source<'t>(text: &'t str, piece: &str) -> Option<(&'t str, u32, u32)> {
        let arena = Bump::new();
        let document = yaml::documents(&arena, text, &Limits::FILE).next().unwrap().unwrap();
        let value = document.root.get("x").unwrap().as_str().unwrap();
        let start = value.find(piece).unwrap_or_else(|| panic!("{piece:?} in {value:?}"));
        let span = locate(text, document.places.children[0].value, value, start, start + piece.len())?;
        Some((text.get(span.start..span.end)?, span.line, span.column))
    }

    #[test]
    fn a_piece_of_a_string_is_found_in_its_source() {
        let table = [
            ("x: a + b", "+", "+", 1, 6),
            ("x: a\n  + b\n\n   + c", "+ c", "+ c", 4, 4),
            ("x: 'it''s b'", "b", "b", 1, 11),
            ("x: 'it''s b'", "'s", "''s", 1, 7),
            (r#"x: "a\"b\u00e9 c""#, "c", "c", 1, 16),
            (r#"x: "a\"b\u00e9 c""#, "\"b\u{e9}", r#"\"b\u00e9"#, 1, 6),
            ("x: \"a\n  b\n\n  c\"", "c", "c", 4, 3),
            ("x: \"a\\\n  b\"", "b", "b", 2, 3),
            ("x: \"\u{e9} b\"", "b", "b", 1, 7),
            ("x: |\n  a\n    b\n  c\n", "b\nc", "b\n  c", 3, 5),
            ("x: |-\n\n  a\n\n\n  b", "b", "b", 6, 3),
            ("x: |2 # two\n   a\n  b\n", "b", "b", 3, 3),
            ("x:\n  a\n  b\n", "b", "b", 3, 3),
            ("x: >+\n\n\n a\n b\n\n", "b", "b", 5, 2),
            ("x: >-\n  a ||\n  b\n\n  c\n", "b", "b", 3, 3),
            ("x: >-\n  a ||\n  b\n\n  c\n", "c", "c", 5, 3),
            ("x: >\n  a\n    b\n  c\n", "c", "c", 4, 3),
            ("x: >-\r\n  a\r\n  b\r\n", "b", "b", 3, 3),
            ("{\"x\": \"a\\/b\\tc\"}", "c", "c", 1, 14),
        ];
        for (text, piece, expected, line, column) in table {
            assert_eq!(source(text, piece), Some((expected, line, column)), "{piece:?} in {text:?}");
        }
    }

    #[test]
    fn what_cannot_be_brought_together_has_no_answer() {
        let text = "x: a b\n";
        let span = Span { start: 3, end: 6, line: 1, column: 4 };
        assert_eq!(locate(text, span, "a c", 2, 3), None);
        assert_eq!(locate("x", span, "a b", 0, 1), None);
    }

    #[test]
    fn the_end_of_a_string_is_a_place() {
        let arena = Bump::new();
        let text = "x: 'a +'\n";
        let document = yaml::documents(&arena, text, &Limits::FILE).next().unwrap().unwrap();
        let span = locate(text, document.places.children[0].value, "a +", 3, 3).unwrap();
        assert_eq!((span.start, span.end, span.column), (7, 7, 8));
    }
}
