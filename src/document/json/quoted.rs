//! Texts on their way out: quoted and escaped as JSON wants them.

use std::fmt::Write as _;

/// Appends a text as JSON. What needs no escape is copied as a whole.
pub fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    // Every byte is looked at: vector instructions take many at once, where an early end would take one after the other.
    if text.bytes().fold(false, |found, byte| found | is_special(byte)) {
        push_escaped(out, text);
    } else {
        out.push_str(text);
    }
    out.push('"');
}

fn push_escaped(out: &mut String, text: &str) {
    let mut rest = text;
    loop {
        let plain = rest.bytes().position(is_special).unwrap_or(rest.len());
        let (plain, special) = rest.split_at_checked(plain).unwrap_or((rest, ""));
        out.push_str(plain);
        let mut chars = special.chars();
        let Some(char) = chars.next() else { break };
        rest = chars.as_str();
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Writing into a string does not fail.
            char => drop(write!(out, "\\u{:04x}", u32::from(char))),
        }
    }
}

/// Whether a byte is a quote, a backslash or a control character.
const fn is_special(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_json_forbids_in_a_text_is_escaped() {
        let mut out = String::new();
        push_quoted(&mut out, "a \"b\" \\ c\n\r\t\u{1}\u{1f}\u{7f}é😀 and a long end");
        assert_eq!(out, "\"a \\\"b\\\" \\\\ c\\n\\r\\t\\u0001\\u001f\u{7f}é😀 and a long end\"");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_reads_back_as_it_was(text in "([ -~]{0,12}|\\PC|[\u{0}-\u{1f}\"\\\\]){0,8}") {
            let mut out = String::new();
            push_quoted(&mut out, &text);
            prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }
    }
}
