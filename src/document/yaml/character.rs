//! The characters that a YAML file may hold.

use crate::document::json::place::Locator;
use crate::document::yaml::Error;
use crate::document::yaml::fault::{Fault, Origin};
use crate::document::{Limits, Path, Span};

/// The text of a file.
///
/// # Errors
/// [`Error`] if it is not UTF-8.
pub fn text(bytes: &[u8]) -> Result<&str, Error> {
    let fault = |message: &str, span| Error {
        message: message.to_owned(),
        help: Some("save the file as UTF-8".to_owned()),
        span,
        path: Path::root(),
        index: 0,
    };
    let start = Span { start: 0, end: 0, line: 1, column: 1 };
    if matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..]) {
        return Err(fault("this is UTF-16, or not a text", start));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let good = bytes.get(..error.valid_up_to()).and_then(|good| std::str::from_utf8(good).ok());
        let span = good.map(|good| Locator::new(good).span(good.len(), good.len() + 1));
        fault("this is not UTF-8", span.unwrap_or(start))
    })
}

/// Refuses what the parser would take as ordinary text and kubectl would not.
pub(super) fn check(text: &str, origin: Origin, limits: &Limits) -> Result<(), Fault> {
    if text.len() > limits.bytes {
        let span = Span { start: origin.offset, end: origin.offset, line: origin.line + 1, column: 1 };
        return Err(Fault::new(span, format!("more than {} bytes", limits.bytes)));
    }
    let suspicious = |byte: &u8| matches!(byte, 0..=8 | 11..=31 | 127 | 0xc2 | 0xe2 | 0xef);
    let mut from = 0;
    while let Some(found) = text.as_bytes().get(from..).unwrap_or_default().iter().position(suspicious) {
        let at = from + found;
        let mut rest = text.get(at..).unwrap_or_default().chars();
        let Some(char) = rest.next() else { break };
        from = at + char.len_utf8();
        let (what, help) = match char {
            '\r' if rest.next() == Some('\n') => continue,
            '\r' => ("a carriage return without a line feed", "end lines with a line feed"),
            '\0' => ("a NUL byte", "this is not a text, or it is UTF-16; save it as UTF-8"),
            '\u{85}' | '\u{2028}' | '\u{2029}' => (
                "a character that ends a line for some readers only",
                "write it as an escape in double quotes, such as `\\u2028`",
            ),
            '\u{fffe}' | '\u{ffff}' => ("a character that YAML forbids", "write it as an escape in double quotes"),
            char if char.is_control() => ("a control character", "write it as an escape in double quotes"),
            _ => continue,
        };
        let span = Locator::new(text).span(at, from);
        let column = if span.line == 1 { span.column + origin.column } else { span.column };
        let (start, end, line) = (span.start + origin.offset, span.end + origin.offset, span.line + origin.line);
        return Err(Fault::new(Span { start, end, line, column }, what).help(help));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_text_is_refused() {
        assert_eq!(text("é".as_bytes()).unwrap(), "é");
        let table: [(&[u8], &str); 4] = [
            (b"\xff\xfea\0", "this is UTF-16, or not a text (line 1, column 1)"),
            (b"\0a\0:", "this is UTF-16, or not a text (line 1, column 1)"),
            (b"a\0:\0", "this is UTF-16, or not a text (line 1, column 1)"),
            ("a: 1\né\u{fc}: ".as_bytes(), ""),
        ];
        for (bytes, expected) in table {
            assert_eq!(text(bytes).err().map(|error| error.to_string()).unwrap_or_default(), expected);
        }
        assert_eq!(text(b"a: 1\n\xc3\xa9\xfc").unwrap_err().to_string(), "this is not UTF-8 (line 2, column 2)");
    }
}
