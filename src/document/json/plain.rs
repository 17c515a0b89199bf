//! The quick reader: the JSON that an API server sends, and nothing else.
//!
//! It gives up where the text is unusual (a number with a fraction, a surrogate) or wrong in any way, and says neither
//! what nor where: the strict reader then reads the text from its beginning, and its answer counts. So all that can be
//! wrong here is a tree that the strict reader would not have made, which the tests look for.

use std::collections::HashSet;

use bumpalo::Bump;

use crate::document::json::is_duplicate;
use crate::document::{Limits, Member, Value};

/// Bytes of the longest text that is read here. One that is given up on is read twice, and what was made of it before
/// stays in the arena.
const LONGEST: usize = 256 << 10;

/// The tree of `text`; [`None`] says nothing about it.
pub(super) fn parse<'a>(arena: &'a Bump, text: &'a str, limits: &Limits) -> Option<Value<'a>> {
    if text.len() > LONGEST {
        return None;
    }
    let mut reader = Reader {
        arena,
        text,
        at: 0,
        nodes: limits.nodes,
        depth: limits.depth,
        elements: Vec::with_capacity(64),
        members: Vec::with_capacity(64),
        unescaped: String::new(),
    };
    let value = reader.value()?;
    reader.token().is_none().then_some(value)
}

struct Reader<'a> {
    arena: &'a Bump,
    text: &'a str,
    /// Bytes read so far.
    at: usize,
    /// How many more values there may be.
    nodes: u32,
    /// How many more arrays and objects may be inside one another.
    depth: u32,
    /// Elements of the arrays that are being read, innermost last.
    elements: Vec<Value<'a>>,
    /// Members of the objects that are being read, innermost last.
    members: Vec<Member<'a>>,
    /// Scratch space.
    unescaped: String,
}

impl<'a> Reader<'a> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The first byte of the next token, which is not taken.
    #[inline]
    fn token(&mut self) -> Option<u8> {
        loop {
            match self.peek()? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return Some(byte),
            }
        }
    }

    #[inline]
    fn take(&mut self, byte: u8) -> Option<()> {
        (self.token()? == byte).then(|| self.at += 1)
    }

    fn value(&mut self) -> Option<Value<'a>> {
        self.nodes = self.nodes.checked_sub(1)?;
        match self.token()? {
            b'"' => self.string().map(Value::String),
            b'{' => self.inside(Self::object),
            b'[' => self.inside(Self::array),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'n' => self.word("null", Value::Null),
            b'-' | b'0'..=b'9' => self.number(),
            _ => None,
        }
    }

    fn inside(&mut self, read: impl FnOnce(&mut Self) -> Option<Value<'a>>) -> Option<Value<'a>> {
        self.at += 1;
        self.depth = self.depth.checked_sub(1)?;
        let value = read(self)?;
        self.depth += 1;
        Some(value)
    }

    fn object(&mut self) -> Option<Value<'a>> {
        let start = self.members.len();
        let mut seen: Option<HashSet<&str>> = None;
        let mut is_last = self.take(b'}').is_some();
        while !is_last {
            if self.token()? != b'"' {
                return None;
            }
            let key = self.string()?;
            if is_duplicate(self.members.get(start..)?, key, &mut seen) {
                return None;
            }
            self.take(b':')?;
            let value = self.value()?;
            self.members.push(Member { key, value });
            is_last = self.is_last(b'}')?;
        }
        let members = self.arena.alloc_slice_copy(self.members.get(start..)?);
        self.members.truncate(start);
        Some(Value::Object(members))
    }

    fn array(&mut self) -> Option<Value<'a>> {
        let start = self.elements.len();
        let mut is_last = self.take(b']').is_some();
        while !is_last {
            let element = self.value()?;
            self.elements.push(element);
            is_last = self.is_last(b']')?;
        }
        let elements = self.arena.alloc_slice_copy(self.elements.get(start..)?);
        self.elements.truncate(start);
        Some(Value::Array(elements))
    }

    /// Takes what stands after an element: a comma, or `end`.
    #[inline]
    fn is_last(&mut self, end: u8) -> Option<bool> {
        let byte = self.token()?;
        self.at += 1;
        (byte == end || byte == b',').then_some(byte == end)
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Option<Value<'a>> {
        self.text.get(self.at..)?.strip_prefix(word)?;
        self.at += word.len();
        Some(value)
    }

    /// A whole number. `-0` is none.
    fn number(&mut self) -> Option<Value<'a>> {
        let is_negative = self.peek() == Some(b'-');
        self.at += usize::from(is_negative);
        let start = self.at;
        let mut number: u64 = 0;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            number = number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
            self.at += 1;
        }
        let digits = self.at - start;
        let has_leading_zero = digits > 1 && self.text.as_bytes().get(start) == Some(&b'0');
        if digits == 0 || has_leading_zero || matches!(self.peek(), Some(b'.' | b'e' | b'E')) {
            return None;
        }
        match (is_negative, number) {
            (false, number) => Some(i64::try_from(number).map_or(Value::Uint(number), Value::Int)),
            (true, 0) => None,
            (true, number) => 0i64.checked_sub_unsigned(number).map(Value::Int),
        }
    }

    /// A text; at its opening quote.
    fn string(&mut self) -> Option<&'a str> {
        let start = self.at + 1;
        let end = plain_until(self.text.as_bytes(), start);
        match self.text.as_bytes().get(end)? {
            b'"' => {
                self.at = end + 1;
                self.text.get(start..end)
            }
            b'\\' => self.with_escapes(start, end),
            _ => None,
        }
    }

    /// The rest of a text that begins at `start` and has its first escape at `escape`.
    fn with_escapes(&mut self, start: usize, escape: usize) -> Option<&'a str> {
        self.unescaped.clear();
        self.unescaped.push_str(self.text.get(start..escape)?);
        self.at = escape;
        loop {
            let byte = self.peek()?;
            self.at += 1;
            match byte {
                b'"' => return Some(self.arena.alloc_str(&self.unescaped)),
                b'\\' => {
                    let char = self.escaped()?;
                    self.unescaped.push(char);
                }
                // A control character.
                _ => return None,
            }
            let end = plain_until(self.text.as_bytes(), self.at);
            self.unescaped.push_str(self.text.get(self.at..end)?);
            self.at = end;
        }
    }

    /// What an escape stands for; after its backslash. Half of a surrogate pair is no character.
    fn escaped(&mut self) -> Option<char> {
        let byte = self.peek()?;
        self.at += 1;
        match byte {
            b'"' | b'\\' | b'/' => Some(char::from(byte)),
            b'n' => Some('\n'),
            b't' => Some('\t'),
            b'r' => Some('\r'),
            b'b' => Some('\u{8}'),
            b'f' => Some('\u{c}'),
            b'u' => {
                let digits = self.text.get(self.at..self.at + 4)?;
                let are_digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                self.at += 4;
                are_digits.then(|| u32::from_str_radix(digits, 16).ok().and_then(char::from_u32))?
            }
            _ => None,
        }
    }
}

/// Where a text goes on with a quote, a backslash or a control character; its end if there is none. Eight bytes are
/// looked at at once: one by one, this alone would take half of the time of a reader.
#[inline]
pub(super) fn plain_until(bytes: &[u8], from: usize) -> usize {
    let (words, rest) = bytes.get(from..).unwrap_or_default().as_chunks::<8>();
    let mut at = from;
    for word in words {
        let special = specials(u64::from_le_bytes(*word));
        if special != 0 {
            return at + usize::try_from(special.trailing_zeros() / 8).unwrap_or_default();
        }
        at += 8;
    }
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | ..0x20);
    at + rest.iter().position(is_special).unwrap_or(rest.len())
}

/// The high bit of each byte that is special. Above the lowest one that is, bits may be wrong: a borrow goes up.
#[inline]
fn specials(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word;
    let quotes = zeros(word ^ (ONES * u64::from(b'"')));
    let backslashes = zeros(word ^ (ONES * u64::from(b'\\')));
    let controls = word.wrapping_sub(ONES * 0x20) & !word;
    (quotes | backslashes | controls) & (ONES << 7)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;
    use crate::document::json;

    /// What the two readers make of a text. Of a tree also the order of keys and the kinds of numbers count.
    fn both(text: &str, limits: &Limits) -> (Option<String>, Option<String>) {
        let arena = Bump::new();
        let plain = parse(&arena, text, limits).map(|value| format!("{value:?}"));
        let strict = json::strict(&arena, text.as_bytes(), limits).ok().map(|value| format!("{value:?}"));
        (plain, strict)
    }

    #[test]
    fn what_api_servers_send_is_read_here() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/admission-reviews");
        let files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
        assert!(files.len() > 10, "{files:?}");
        for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "json")) {
            let (plain, strict) = both(&fs::read_to_string(file).unwrap(), &Limits::REVIEW);
            assert!(plain.is_some(), "{}", file.display());
            assert_eq!(plain, strict, "{}", file.display());
        }
    }

    #[test]
    fn usual_values_are_read_and_the_rest_is_left_to_the_strict_reader() {
        let limits = Limits { bytes: 1000, nodes: 10, depth: 3 };
        for text in [
            "0",
            "-1",
            "9223372036854775807",
            "-9223372036854775808",
            "18446744073709551615",
            " [ ] ",
            "{ }",
            "[[[]]]",
            r#""""#,
            r#""\"\\\/\b\f\n\r\t\u00e9\u0000é""#,
            r#"{"a" : [true,false,null] , "" : {"a":""}}"#,
            r#"[1,2,3,4,5,6,7,8,9]"#,
            "\"eight to sixteen bytes\"",
        ] {
            let (plain, strict) = both(text, &limits);
            assert!(plain.is_some(), "{text}");
            assert_eq!(plain, strict, "{text}");
        }
        for text in [
            "",
            " ",
            "-",
            "-0",
            "00",
            "01",
            "1.5",
            "1e3",
            "18446744073709551616",
            "-9223372036854775809",
            "[",
            "]",
            "[1",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{",
            "{]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{1:1}",
            "{\"a\":1 \"b\":1}",
            "{\"a\":1,\"a\":1}",
            "[[[[]]]]",
            "[1,2,3,4,5,6,7,8,9,10]",
            "\"",
            "\"a",
            "\"\\",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u+123\"",
            "\"\\ud800\"",
            "\"\\ud83d\\ude00\"",
            "\"a\nb\"",
            "\"a\u{1f}b\"",
            "tru",
            "nulll",
            "1 1",
            "\u{feff}1",
        ] {
            assert_eq!(both(text, &limits).0, None, "{text}");
        }
        let long = format!("\"{}\"", "a".repeat(LONGEST));
        assert_eq!(both(&long, &Limits::REVIEW).0, None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 4096, ..ProptestConfig::default() })]

        #[test]
        fn it_never_makes_a_tree_that_the_strict_reader_does_not_make(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"b\":", "\"a\":1,", "\\", "\\n", "\\u00", "e9", "\\ud83d", "\\ude00",
                "-", "0", "1", "12", ".5", "e1", "9223372036854775808", "18446744073709551616", "true", "false", "null", " ",
                "\n", "\t", "\u{1}", "\u{7f}", "é", "😀", "long enough for a word", "\u{80}\u{ff}",
            ]), 0..14),
            depth in 0u32..5,
            nodes in 0u32..12,
        ) {
            let text: String = pieces.concat();
            let limits = Limits { bytes: 1000, nodes, depth };
            for text in [format!("[{text}]"), format!("{{\"a\":\"{text}\",\"b\":[{text}]}}"), format!("\"{text}\""), text] {
                let (plain, strict) = both(&text, &limits);
                prop_assert!(plain.is_none() || plain == strict, "{}: {:?} {:?}", text, plain, strict);
            }
        }

        #[test]
        fn the_end_of_a_text_is_found_in_words_and_between_them(text in "[a-c\"\\\\\u{1}\u{20}\u{7f}\u{80}é]{0,40}", from in 0usize..20) {
            let bytes = text.as_bytes();
            let slow = bytes.iter().skip(from).position(|byte| matches!(byte, b'"' | b'\\' | ..0x20));
            let end = slow.map_or(from.max(bytes.len()), |place| from + place);
            prop_assert_eq!(plain_until(bytes, from), end);
        }
    }
}
