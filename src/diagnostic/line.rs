//! The line of a file that a place is in, made safe for a terminal.
//!
//! It is looked for around the place only: a message about a file costs the same however long the file and its lines
//! are.

mod mask;

use std::borrow::Cow;

use crate::document::Span;

/// A line, and the piece of it that a place covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'t> {
    /// The line, without its end.
    pub text: Cow<'t, str>,
    /// The first byte of the piece, in the line.
    pub start: usize,
    /// The byte after the piece.
    pub end: usize,
}

impl<'t> Line<'t> {
    /// The first line of a span. [`None`] if it is longer than so many bytes, or the text is not the one that the span was
    /// taken from.
    pub fn of(text: &'t str, span: Span, longest: usize) -> Option<Self> {
        let bytes = text.as_bytes();
        let earliest = span.start.saturating_sub(longest + 1);
        let before = bytes.get(earliest..span.start)?.iter().rposition(|byte| *byte == b'\n');
        let from = match before {
            Some(at) => earliest + at + 1,
            None if earliest == 0 => 0,
            None => return None,
        };
        // The line may end with a carriage return and a line feed.
        let latest = bytes.len().min(span.start + longest + 2);
        let after = bytes.get(span.start..latest)?.iter().position(|byte| *byte == b'\n');
        let to = match after {
            Some(at) => span.start + at,
            None if latest == bytes.len() => latest,
            None => return None,
        };
        let line = text.get(from..to)?;
        let line = line.strip_suffix('\r').unwrap_or(line);
        let start = (span.start - from).min(line.len());
        let end = span.end.saturating_sub(from).clamp(start, line.len());
        let piece = line.get(start..end)?.trim_end();
        // Something must be underlined.
        let length =
            if piece.is_empty() { line.get(start..)?.chars().next().map_or(0, char::len_utf8) } else { piece.len() };
        (line.len() <= longest).then(|| Line { text: mask::mask(line), start, end: start + length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, start: usize, end: usize) -> Option<(String, usize, usize)> {
        let span = Span { start, end, line: 1, column: 1 };
        Line::of(text, span, 10).map(|Line { text, start, end }| (text.into_owned(), start, end))
    }

    #[test]
    fn the_first_line_of_a_span_is_found_in_any_text() {
        let text = "0123456789\r\n a: b  \n\u{1b}é\n01234567890\n";
        let line = |text: &str, start, end| Some((text.to_owned(), start, end));
        assert_eq!(of(text, 0, 1), line("0123456789", 0, 1));
        assert_eq!(of(text, 4, 18), line("0123456789", 4, 10));
        assert_eq!(of(text, 13, 19), line(" a: b  ", 1, 5));
        assert_eq!(of(text, 15, 15), line(" a: b  ", 3, 4));
        assert_eq!(of(text, 19, 22), line(" a: b  ", 7, 7));
        assert_eq!(of(text, 21, 23), line("?é", 1, 3));
        for (start, end) in [(24, 25), (34, 35), (36, 37), (500, 510)] {
            assert_eq!(of(text, start, end).filter(|(line, ..)| !line.is_empty()), None, "{start}");
        }
        assert_eq!(of("ab", 1, 2), line("ab", 1, 2));
        assert_eq!(of("", 0, 0), line("", 0, 0));
        assert_eq!(of("é", 1, 2), None);
    }
}
