//! The tokens of an expression, only as far as needed to know where its parts begin and end, and how deep it goes.
//!
//! The parser tells for each part no more than one of its tokens. It also recurses, so what would overflow its stack is
//! refused here, before it sees the text.

use std::ops::Range;

use crate::cel::problem::Problem;

/// Brackets inside one another. The parser's own limit is 96.
const NESTING: usize = 64;
/// Operators and selectors without a bracket around them: a chain of them is as deep as it is long.
const CHAIN: usize = 512;

/// See [`Tokens::are_few`].
const FEW: usize = 100;
const SHALLOW: usize = 8;

/// One token; the parser's errors and literals are its own affair.
#[derive(Clone, Debug)]
struct Token {
    range: Range<usize>,
    /// The place of the bracket that closes or opens this one.
    partner: Option<usize>,
}

/// All tokens of one expression, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Tokens {
    tokens: Vec<Token>,
    /// Brackets inside one another.
    depth: usize,
    /// The place of the innermost bracket that is not closed.
    unclosed: Option<usize>,
}

impl Tokens {
    /// Splits a text into tokens.
    pub fn read(source: &str) -> Result<Self, Problem> {
        let mut tokens: Vec<Token> = Vec::new();
        let mut open: Vec<(usize, u8)> = Vec::new();
        let mut chain = vec![0_usize];
        let mut depth = 0;
        let mut at = 0;
        while let Some(rest) = source.get(at..).filter(|rest| !rest.is_empty()) {
            let length = length(rest);
            let range = at..at + length.max(1);
            at = range.end;
            let first = rest.as_bytes().first().copied().unwrap_or_default();
            if first.is_ascii_whitespace() || rest.starts_with("//") {
                continue;
            }
            let mut partner = None;
            let here = tokens.len();
            match first {
                b'(' | b'[' | b'{' => {
                    open.push((here, first));
                    chain.push(0);
                    depth = depth.max(open.len());
                    if open.len() > NESTING {
                        let message = format!("more than {NESTING} brackets inside one another");
                        return Err(Problem::new(range, message));
                    }
                }
                b')' | b']' | b'}' => {
                    if let Some((place, _)) = open.pop_if(|(_, opening)| closes(*opening, first)) {
                        partner = Some(place);
                        if let Some(opening) = tokens.get_mut(place) {
                            opening.partner = Some(here);
                        }
                        chain.pop();
                        // What is selected from a call or an index goes on from there.
                        lengthen(&mut chain, &range)?;
                    }
                }
                b',' => {
                    if let Some(chain) = chain.last_mut() {
                        *chain = 0;
                    }
                }
                _ if is_word(first) || matches!(first, b'"' | b'\'' | b'`') => {}
                _ => lengthen(&mut chain, &range)?,
            }
            tokens.push(Token { range, partner });
        }
        let unclosed = open.last().map(|(place, _)| *place);
        Ok(Tokens { tokens, depth, unclosed })
    }

    /// Whether there are so few tokens that parsing them needs no stack to speak of.
    pub fn are_few(&self) -> bool {
        self.tokens.len() <= FEW && self.depth <= SHALLOW
    }

    /// The innermost bracket that is not closed.
    pub fn unclosed(&self) -> Option<Range<usize>> {
        self.range(self.unclosed?)
    }

    /// The place of the token that begins at a byte.
    pub fn at(&self, byte: usize) -> Option<usize> {
        self.tokens.binary_search_by_key(&byte, |token| token.range.start).ok()
    }

    /// The bytes of the token at a place.
    pub fn range(&self, place: usize) -> Option<Range<usize>> {
        self.tokens.get(place).map(|token| token.range.clone())
    }

    /// The bytes from the bracket at a place to its partner.
    pub fn bracketed(&self, place: usize) -> Option<Range<usize>> {
        let token = self.tokens.get(place)?;
        let partner = self.range(token.partner?)?;
        Some(token.range.start.min(partner.start)..token.range.end.max(partner.end))
    }

    /// An operand that ends before the token at a place, with the brackets around it.
    pub fn operand_before(&self, place: usize, operand: Range<usize>) -> Range<usize> {
        let before = place.checked_sub(1);
        match before.and_then(|place| self.range(place)) {
            Some(last) if last.start >= operand.end => {
                before.and_then(|place| self.bracketed(place)).unwrap_or(operand)
            }
            _ => operand,
        }
    }

    /// An operand that begins behind the token at a place, with the brackets around it.
    pub fn operand_behind(&self, place: usize, operand: Range<usize>) -> Range<usize> {
        match self.range(place + 1) {
            Some(first) if first.start < operand.start => {
                self.bracketed(place + 1).filter(|brackets| brackets.end >= operand.end).unwrap_or(operand)
            }
            _ => operand,
        }
    }
}

/// One operator more in the innermost brackets.
fn lengthen(chain: &mut [usize], range: &Range<usize>) -> Result<(), Problem> {
    let Some(chain) = chain.last_mut() else { return Ok(()) };
    *chain += 1;
    if *chain > CHAIN {
        return Err(Problem::new(range.clone(), format!("more than {CHAIN} operators in one row")));
    }
    Ok(())
}

fn closes(opening: u8, closing: u8) -> bool {
    matches!((opening, closing), (b'(', b')') | (b'[', b']') | (b'{', b'}'))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Bytes of the token at the beginning of a text that is not empty.
pub(super) fn length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let first = bytes.first().copied().unwrap_or_default();
    let run = |more: fn(u8) -> bool| bytes.iter().take_while(|byte| more(**byte)).count();
    if first.is_ascii_whitespace() {
        return run(|byte| byte.is_ascii_whitespace());
    }
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if let Some(length) = quoted(text) {
        return length;
    }
    if first.is_ascii_digit() || (first == b'.' && bytes.get(1).is_some_and(u8::is_ascii_digit)) {
        return number(bytes);
    }
    if is_word(first) {
        return run(is_word);
    }
    if ["&&", "||", "==", "!=", "<=", ">="].iter().any(|operator| text.starts_with(operator)) {
        return 2;
    }
    text.chars().next().map_or(1, char::len_utf8)
}

/// The length of a string or bytes literal, or of a name in backticks.
fn quoted(text: &str) -> Option<usize> {
    let prefix = text.bytes().take(2).take_while(|byte| matches!(byte, b'r' | b'R' | b'b' | b'B')).count();
    let body = text.get(prefix..)?;
    let quote = body.chars().next().filter(|quote| matches!(quote, '"' | '\'' | '`'))?;
    let triple = quote.to_string().repeat(3);
    let end = if body.starts_with(&triple) && quote != '`' { triple } else { quote.to_string() };
    let raw = quote == '`' || text.get(..prefix)?.contains(['r', 'R']);
    let mut at = end.len();
    while let Some(rest) = body.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(&end) {
            return Some(prefix + at + end.len());
        }
        let mut characters = rest.chars();
        let first = characters.next().map_or(1, char::len_utf8);
        let escaped = if rest.starts_with('\\') && !raw { characters.next().map_or(0, char::len_utf8) } else { 0 };
        at += first + escaped;
    }
    Some(text.len())
}

/// The length of a number: digits, a fraction, an exponent with its sign, `0x`, `u`.
fn number(bytes: &[u8]) -> usize {
    let mut length = 0;
    while let Some(byte) = bytes.get(length) {
        let exponent = |place: Option<usize>| {
            place.and_then(|place| bytes.get(place)).is_some_and(|byte| matches!(byte, b'e' | b'E'))
        };
        let hexadecimal = bytes.get(1).is_some_and(|byte| matches!(byte, b'x' | b'X'));
        let fraction = *byte == b'.' && bytes.get(length + 1).is_some_and(u8::is_ascii_digit);
        let sign = matches!(byte, b'+' | b'-') && !hexadecimal && exponent(length.checked_sub(1));
        if !(is_word(*byte) || fraction || sign) {
            break;
        }
        length += 1;
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(source: &str) -> Vec<&str> {
        let tokens = Tokens::read(source).unwrap();
        tokens.tokens.iter().map(|token| source.get(token.range.clone()).unwrap()).collect()
    }

    #[test]
    fn splits_as_the_language_does() {
        assert_eq!(split("a.b[0]>=1.5e+3u"), ["a", ".", "b", "[", "0", "]", ">=", "1.5e+3u"]);
        assert_eq!(split(r#"r'\' + b"\"" + '''a'b''' // c"#), [r"r'\'", "+", r#"b"\"""#, "+", "'''a'b'''"]);
        assert_eq!(split("0x1f-1"), ["0x1f", "-", "1"]);
        assert_eq!(split("a.`b-c` || 'é'"), ["a", ".", "`b-c`", "||", "'é'"]);
        assert_eq!(split("1..b"), ["1", ".", ".", "b"]);
        assert_eq!(split("'open"), ["'open"]);
    }

    #[test]
    fn refuses_what_is_too_deep() {
        assert!(Tokens::read(&"(".repeat(64)).is_ok());
        assert!(Tokens::read(&"(".repeat(65)).is_err());
        assert!(Tokens::read(&"+1".repeat(512)).is_ok());
        assert!(Tokens::read(&"+1".repeat(513)).is_err());
        assert!(Tokens::read(&".a".repeat(513)).is_err());
        assert!(Tokens::read(&"[0]".repeat(513)).is_err());
        assert!(Tokens::read(&"-".repeat(513)).is_err());
        assert!(Tokens::read(&"f(1),".repeat(600)).is_ok());
    }
}
