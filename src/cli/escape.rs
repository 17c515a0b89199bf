//! Text from files, made safe for a terminal where [`visible`](crate::document::print::visible) does not fit.
//!
//! A name or a value can hold sequences that move the cursor, hide lines or change the title of the window; and marks
//! that turn the direction of writing. None of them reaches a terminal.

use std::borrow::Cow;

/// A JSON text in which such characters, which can only stand in its strings, are written as JSON escapes.
pub fn escape_json(text: &str) -> Cow<'_, str> {
    let unsafe_here = |character: char| is_unsafe(character) && character != '\n';
    if !text.chars().any(unsafe_here) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if unsafe_here(character) {
            escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// A line of a file with such characters replaced by ones of the same length in bytes, so that spans still fit.
pub fn mask(line: &str) -> Cow<'_, str> {
    if !line.chars().any(|character| is_unsafe(character) && character != '\t') {
        return Cow::Borrowed(line);
    }
    let masked = line.chars().map(|character| match character {
        '\t' => '\t',
        _ if !is_unsafe(character) => character,
        _ => match character.len_utf8() {
            1 => '?',
            2 => '\u{b7}',
            _ => '\u{fffd}',
        },
    });
    Cow::Owned(masked.collect())
}

/// Control characters, line and paragraph separators, and what turns or hides text. All are in the basic plane.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(character, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_text_keeps_its_meaning() {
        let text = "{\n\"a\": \"\u{9b}\u{7f}é\"}";
        let escaped = escape_json(text);
        assert_eq!(escaped, "{\n\"a\": \"\\u009b\\u007fé\"}");
        let [before, after] = [text, &*escaped].map(|text| serde_json::from_str::<serde_json::Value>(text).unwrap());
        assert_eq!(before, after);
    }

    #[test]
    fn a_masked_line_keeps_its_length() {
        let line = "image: \u{1b}x\u{9b}y\u{202e}z\té";
        assert_eq!(mask(line).len(), line.len());
        assert_eq!(mask(line), "image: ?x\u{b7}y\u{fffd}z\té");
    }
}
