//! Texts on their way out: quoted and escaped as JSON wants them.

use std::fmt::Write as _;

/// Appends a text as JSON. What needs no escape is copied as a whole.
pub fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    loop {
        let (plain, special) = rest.split_at_checked(plain_until(rest)).unwrap_or((rest, ""));
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
    out.push('"');
}

/// Where a text has its first quote, backslash or control character; its end if there is none. Eight bytes are looked at
/// together, as the texts of an answer are long and hold few of them.
fn plain_until(text: &str) -> usize {
    let is_special = |byte: u8| matches!(byte, b'"' | b'\\' | ..0x20);
    let (words, rest) = text.as_bytes().as_chunks();
    let plain = words.iter().take_while(|word| is_plain(u64::from_ne_bytes(**word))).count() * size_of::<u64>();
    let tail = match words.get(plain / size_of::<u64>()) {
        Some(word) => word.as_slice(),
        None => rest,
    };
    plain + tail.iter().position(|byte| is_special(*byte)).unwrap_or(tail.len())
}

/// Whether none of eight bytes is a quote, a backslash or a control character.
///
/// Taking one from a byte without the high bit sets that bit only if the byte is zero, and taking 0x20 only if it is less.
/// What is borrowed from the next byte can set its bit wrongly, but only beside one that is set rightly.
fn is_plain(word: u64) -> bool {
    const EACH: u64 = u64::MAX / 0xFF;
    const HIGH: u64 = EACH * 0x80;
    let zeros = |word: u64| word.wrapping_sub(EACH) & !word;
    let controls = word.wrapping_sub(EACH * 0x20) & !word;
    let (quotes, backslashes) = (zeros(word ^ (EACH * 0x22)), zeros(word ^ (EACH * 0x5C)));
    (controls | quotes | backslashes) & HIGH == 0
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
