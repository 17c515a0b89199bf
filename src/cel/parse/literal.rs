//! The values of literals, as the language definition of CEL says.

/// A whole number; [`None`] if it has more than 64 bits.
pub(super) fn int(text: &str, is_negative: bool) -> Option<i64> {
    let size = natural(text)?;
    if is_negative { 0_i64.checked_sub_unsigned(size) } else { i64::try_from(size).ok() }
}

/// A whole number without a sign, with its `u`; [`None`] if it has more than 64 bits.
pub(super) fn uint(text: &str) -> Option<u64> {
    natural(text.strip_suffix(['u', 'U'])?)
}

fn natural(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// A number with a fraction or an exponent; [`None`] if it is too large.
pub(super) fn double(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A string; [`None`] if an escape is wrong.
pub(super) fn string(token: &str) -> Option<String> {
    String::from_utf8(content(token, false)?).ok()
}

/// Bytes, with their `b`; [`None`] if an escape is wrong.
pub(super) fn bytes(token: &str) -> Option<Vec<u8>> {
    content(token.strip_prefix(['b', 'B'])?, true)
}

/// What stands between the quotes. The numeric escapes of a string are characters, and those of bytes are bytes.
fn content(token: &str, is_bytes: bool) -> Option<Vec<u8>> {
    let raw = token.strip_prefix(['r', 'R']);
    let quoted = raw.unwrap_or(token);
    let triple = ["'''", "\"\"\""].into_iter().find(|triple| quoted.len() >= 6 && quoted.starts_with(triple));
    let width = triple.map_or(1, str::len);
    let text = quoted.get(width..quoted.len().checked_sub(width)?)?;
    // Whatever ends a line in the source, it is one character in the value.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    if raw.is_some() {
        return Some(text.into_bytes());
    }
    let mut found = Vec::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((plain, escape)) = rest.split_once('\\') {
        found.extend_from_slice(plain.as_bytes());
        let letter = escape.chars().next()?;
        let behind = escape.get(letter.len_utf8()..)?;
        let number = |radix: u32, from: &str, digits: usize| {
            let text = from.get(..digits).filter(|text| text.bytes().all(|byte| byte.is_ascii_alphanumeric()))?;
            u32::from_str_radix(text, radix).ok()
        };
        let (value, length) = match letter {
            'a' => (7, 0),
            'b' => (8, 0),
            'f' => (12, 0),
            'n' => (10, 0),
            'r' => (13, 0),
            't' => (9, 0),
            'v' => (11, 0),
            '\\' | '?' | '"' | '\'' | '`' => (u32::from(letter), 0),
            'x' | 'X' => (number(16, behind, 2)?, 2),
            'u' if !is_bytes => (number(16, behind, 4)?, 4),
            'U' if !is_bytes => (number(16, behind, 8)?, 8),
            '0'..='3' => (number(8, escape, 3)?, 2),
            _ => return None,
        };
        match u8::try_from(value) {
            Ok(byte) if is_bytes => found.push(byte),
            _ => found.extend_from_slice(char::from_u32(value)?.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        rest = behind.get(length..)?;
    }
    found.extend_from_slice(rest.as_bytes());
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_64_bits() {
        assert_eq!(int("9223372036854775807", false), Some(i64::MAX));
        assert_eq!(int("9223372036854775808", false), None);
        assert_eq!(int("9223372036854775808", true), Some(i64::MIN));
        assert_eq!(int("0x8000000000000000", true), Some(i64::MIN));
        assert_eq!(int("007", false), Some(7));
        assert_eq!(uint("0xffffffffffffffffU"), Some(u64::MAX));
        assert_eq!(uint("18446744073709551616u"), None);
        assert_eq!(double("1e308"), Some(1e308));
        assert_eq!(double("1e309"), None);
        assert_eq!(double(".5"), Some(0.5));
    }

    #[test]
    fn strings_have_escapes() {
        for (token, expected) in [
            (r#"'\a\b\f\n\r\t\v\\\?\"\'\`'"#, Some("\u{7}\u{8}\u{c}\n\r\t\u{b}\\?\"'`")),
            (r"'\x41\X7e\101\377\u00e9\U0001F431é'", Some("A~A\u{ff}é\u{1f431}é")),
            (r"r'\n\'", Some(r"\n\")),
            ("'''a\r\nb\rc'd'''", Some("a\nb\nc'd")),
            (r#"R"""a"\""""#, Some(r#"a"\"#)),
            ("''", Some("")),
            ("''''''", Some("")),
            (r"'\q'", None),
            (r"'\400'", None),
            (r"'\18'", None),
            (r"'\x+1'", None),
            (r"'\x4'", None),
            (r"'\ud800'", None),
            (r"'\U00110000'", None),
            (r"'\u00é'", None),
        ] {
            assert_eq!(string(token).as_deref(), expected, "{token}");
        }
    }

    #[test]
    fn escapes_of_bytes_are_bytes() {
        for (token, expected) in [
            (r"b'\xff\377é'", Some(&[0xff, 0xff, 0xc3, 0xa9][..])),
            (r#"BR"\x41""#, Some(br"\x41")),
            (r"b'\u0041'", None),
            (r"b'\U00000041'", None),
        ] {
            assert_eq!(bytes(token).as_deref(), expected, "{token}");
        }
    }
}
