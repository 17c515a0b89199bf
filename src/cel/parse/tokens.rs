//! Text to tokens.
//!
//! Brackets and chains are counted here; how deep the tree may be is the grammar's to say.

use std::ops::Range;

use super::message;
use crate::cel::problem::Problem;

/// Brackets inside one another.
pub(super) const NESTING: usize = 64;
/// Operators and selectors in one row. Only a chain of `&&` or `||` gets so far: all others are too deep before.
const CHAIN: usize = 512;

/// One token.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub range: Range<usize>,
    pub kind: Kind,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Uint,
    Double,
    String,
    Bytes,
    /// A name or a keyword.
    Word,
    /// A name in backticks.
    Escaped,
    /// An operator, a bracket or what stands between parts.
    Sign,
}

/// The tokens of an expression, in order.
///
/// # Errors
/// What is no token, and what goes too deep.
pub(super) fn read(source: &str) -> Result<Vec<Token>, Vec<Problem>> {
    let mut tokens = Vec::new();
    let mut problems = Vec::new();
    let mut chains = vec![0_usize];
    let mut at = 0;
    while let Some(rest) = source.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(length) = blank(rest) {
            at += length;
            continue;
        }
        match token(rest) {
            Ok((length, kind)) => {
                let range = at..at + length;
                if kind == Kind::Sign
                    && let Err(problem) = deepen(&mut chains, rest, &range)
                {
                    return Err(vec![problem]);
                }
                at = range.end;
                tokens.push(Token { range, kind });
            }
            Err(length) => {
                problems.push(message::no_token(source, at..at + length));
                at += length;
            }
        }
    }
    if problems.is_empty() { Ok(tokens) } else { Err(problems) }
}

/// Counts the operators of each open bracket.
fn deepen(chains: &mut Vec<usize>, rest: &str, range: &Range<usize>) -> Result<(), Problem> {
    match rest.as_bytes().first() {
        Some(b'(' | b'[' | b'{') => {
            if chains.len() > NESTING {
                let message = format!("more than {NESTING} brackets inside one another");
                return Err(Problem::new(range.clone(), message));
            }
            chains.push(0);
            return Ok(());
        }
        // What is selected from a call or an index goes on from there.
        Some(b')' | b']' | b'}') if chains.len() > 1 => drop(chains.pop()),
        Some(b',') => {
            if let Some(chain) = chains.last_mut() {
                *chain = 0;
            }
            return Ok(());
        }
        _ => {}
    }
    let Some(chain) = chains.last_mut() else { return Ok(()) };
    *chain += 1;
    if *chain > CHAIN {
        return Err(Problem::new(range.clone(), format!("more than {CHAIN} operators in one row")));
    }
    Ok(())
}

/// The length of white space or a comment at the beginning.
fn blank(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    let length = run(text.as_bytes(), 0, |byte| byte.is_ascii_whitespace());
    (length > 0).then_some(length)
}

/// The token at the beginning of a text that is not empty; the length of what is none.
fn token(text: &str) -> Result<(usize, Kind), usize> {
    if let Some(found) = number(text.as_bytes()) {
        return Ok(found);
    }
    if let Some(found) = quoted(text) {
        return found;
    }
    let bytes = text.as_bytes();
    if bytes.first().is_some_and(|first| is_word(*first)) {
        return Ok((run(bytes, 0, is_word), Kind::Word));
    }
    if let Some(name) = text.strip_prefix('`') {
        let length = run(name.as_bytes(), 0, |byte| is_word(byte) || matches!(byte, b'.' | b'-' | b'/' | b' '));
        let is_closed = length > 0 && name.as_bytes().get(length) == Some(&b'`');
        if is_closed {
            return Ok((length + 2, Kind::Escaped));
        }
        let line = name.lines().next().unwrap_or_default();
        return Err(line.find('`').map_or(1, |end| end + 2));
    }
    if ["&&", "||", "==", "!=", "<=", ">="].iter().any(|operator| text.starts_with(operator)) {
        return Ok((2, Kind::Sign));
    }
    match text.chars().next() {
        Some(
            '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '!' | '+' | '-' | '*' | '/' | '%' | '?' | ':' | ',' | '.',
        ) => Ok((1, Kind::Sign)),
        other => Err(other.map_or(1, char::len_utf8)),
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// How many bytes from a place on are such.
fn run(bytes: &[u8], from: usize, such: impl Fn(u8) -> bool) -> usize {
    bytes.iter().skip(from).take_while(|byte| such(**byte)).count()
}

/// A number: digits with a fraction or an exponent, or without both and then with `0x` or `u`.
fn number(bytes: &[u8]) -> Option<(usize, Kind)> {
    let is_digit = |byte: u8| byte.is_ascii_digit();
    let whole = |length: usize| match bytes.get(length) {
        Some(b'u' | b'U') => (length + 1, Kind::Uint),
        _ => (length, Kind::Int),
    };
    if bytes.starts_with(b"0x") {
        let digits = run(bytes, 2, |byte| byte.is_ascii_hexdigit());
        return Some(if digits > 0 { whole(2 + digits) } else { (1, Kind::Int) });
    }
    let digits = run(bytes, 0, is_digit);
    let fraction = if bytes.get(digits) == Some(&b'.') { run(bytes, digits + 1, is_digit) } else { 0 };
    let base = if fraction > 0 { digits + 1 + fraction } else { digits };
    if base == 0 {
        return None;
    }
    let exponent = match bytes.get(base) {
        Some(b'e' | b'E') => {
            let sign = usize::from(matches!(bytes.get(base + 1), Some(b'+' | b'-')));
            let digits = run(bytes, base + 1 + sign, is_digit);
            if digits > 0 { 1 + sign + digits } else { 0 }
        }
        _ => 0,
    };
    Some(if fraction + exponent > 0 { (base + exponent, Kind::Double) } else { whole(base) })
}

/// A string or bytes; the length of one that is not closed.
fn quoted(text: &str) -> Option<Result<(usize, Kind), usize>> {
    let body = text.strip_prefix(['b', 'B']);
    let kind = if body.is_some() { Kind::Bytes } else { Kind::String };
    let body = body.unwrap_or(text);
    let is_raw = body.starts_with(['r', 'R']);
    let body = body.strip_prefix(['r', 'R']).unwrap_or(body);
    let (quote, triple) = match body.chars().next()? {
        '"' => ("\"", "\"\"\""),
        '\'' => ("'", "'''"),
        _ => return None,
    };
    let is_triple = body.starts_with(triple);
    let end = if is_triple { triple } else { quote };
    let mut rest = body.get(end.len()..)?;
    let before = |rest: &str| text.len() - rest.len();
    loop {
        if let Some(rest) = rest.strip_prefix(end) {
            return Some(Ok((before(rest), kind)));
        }
        let mut characters = rest.chars();
        match characters.next() {
            None => return Some(Err(text.len())),
            Some('\n' | '\r') if !is_triple => return Some(Err(before(rest))),
            // Which escapes there are is seen when it is read.
            Some('\\') if !is_raw && !matches!(characters.clone().next(), Some('\n' | '\r')) => drop(characters.next()),
            Some(_) => {}
        }
        rest = characters.as_str();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(source: &str) -> Vec<&str> {
        read(source).unwrap().iter().map(|token| source.get(token.range.clone()).unwrap()).collect()
    }

    #[test]
    fn splits_as_the_language_does() {
        assert_eq!(split("a.b[0]>=1.5e+3u"), ["a", ".", "b", "[", "0", "]", ">=", "1.5e+3", "u"]);
        assert_eq!(split(r#"r'\' + b"\"" + '''a'b''' // c"#), [r"r'\'", "+", r#"b"\"""#, "+", "'''a'b'''"]);
        assert_eq!(split("0x1f-1"), ["0x1f", "-", "1"]);
        assert_eq!(split("a.`b-c` || 'é'"), ["a", ".", "`b-c`", "||", "'é'"]);
        assert_eq!(split("1..b"), ["1", ".", ".", "b"]);
        assert_eq!(split("1in 0xg 0x1Fu .5 1e 2e-1"), ["1", "in", "0", "xg", "0x1Fu", ".5", "1", "e", "2e-1"]);
        assert_eq!(split("bR'\\' rb'' ''''''"), ["bR'\\'", "rb", "''", "''''''"]);
    }

    #[test]
    fn what_is_no_token_is_said() {
        const NAME: &str = "a name in backticks has letters, digits, spaces, `_`, `.`, `-` and `/`, and is closed";
        for (source, messages) in [
            ("'open", vec!["the text is not closed"]),
            ("'open\n'", vec!["the text is not closed"; 2]),
            ("a # b \u{7}", vec!["unexpected `#`", "unexpected `\\u{7}`"]),
            ("a.`b", vec![NAME]),
            ("a.`` + b.`c:d`", vec![NAME; 2]),
            ("a.`b\n` + `", vec![NAME; 2]),
        ] {
            let found: Vec<_> = read(source).unwrap_err().into_iter().map(|problem| problem.message).collect();
            assert_eq!(found, messages, "{source}");
        }
    }

    #[test]
    fn refuses_what_is_too_deep() {
        assert!(read(&"(".repeat(64)).is_ok());
        assert!(read(&"(".repeat(65)).is_err());
        assert!(read(&"+1".repeat(512)).is_ok());
        assert!(read(&"+1".repeat(513)).is_err());
        assert!(read(&".a".repeat(513)).is_err());
        assert!(read(&"[0]".repeat(513)).is_err());
        assert!(read(&"-".repeat(513)).is_err());
        assert!(read(&"f(1),".repeat(600)).is_ok());
    }
}
