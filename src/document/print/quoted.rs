//! Text in quotes as Go writes it: the API server's messages hold values in this form.

/// Appends a text as Go's `%q` writes it.
pub fn push_quoted(text: &mut String, value: &str) {
    text.push('"');
    for character in value.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\u{7}' => text.push_str("\\a"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{b}' => text.push_str("\\v"),
            '\'' => text.push('\''),
            // What has no picture of its own is escaped by both, in other words.
            other if format!("a{other}").escape_debug().count() > 2 => text.push_str(&match u32::from(other) {
                code @ ..0x80 => format!("\\x{code:02x}"),
                code @ ..0x1_0000 => format!("\\u{code:04x}"),
                code => format!("\\U{code:08x}"),
            }),
            other => text.push(other),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_go_escapes() {
        // From `strconv.Quote`.
        for (text, expected) in [
            ("unconfined", r#""unconfined""#),
            ("it's", r#""it's""#),
            ("a\"b\\c", r#""a\"b\\c""#),
            ("\u{7}\u{8}\u{c}\n\r\t\u{b}", r#""\a\b\f\n\r\t\v""#),
            ("\0\u{7f}", r#""\x00\x7f""#),
            ("\u{85}\u{200b}\u{e0001}", r#""\u0085\u200b\U000e0001""#),
            ("e\u{301} \u{1f600}", "\"e\u{301} \u{1f600}\""),
        ] {
            let mut quoted = String::new();
            push_quoted(&mut quoted, text);
            assert_eq!(quoted, expected);
        }
    }
}
