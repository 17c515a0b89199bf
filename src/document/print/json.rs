//! JSON that a terminal shows as it is.

use std::borrow::Cow;
use std::fmt::Write;

use crate::document::print::text::is_visible;

/// A JSON text with the same meaning, in whose strings everything is escaped that a terminal would act on or hide.
pub fn visible_json(text: &str) -> Cow<'_, str> {
    // A line feed can stand only between values.
    let stays = |char| char == '\n' || is_visible(char);
    if text.chars().all(stays) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        if stays(char) {
            out.push(char);
        } else {
            for unit in char.encode_utf16(&mut [0; 2]) {
                // Writing into a string does not fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_text_keeps_its_meaning() {
        let text = "{\n\"a\": \"\u{9b}\u{7f}\u{e0041}é\"}";
        let escaped = visible_json(text);
        assert_eq!(escaped, "{\n\"a\": \"\\u009b\\u007f\\udb40\\udc41é\"}");
        let [before, after] = [text, &*escaped].map(|text| serde_json::from_str::<serde_json::Value>(text).unwrap());
        assert_eq!(before, after);
    }
}
