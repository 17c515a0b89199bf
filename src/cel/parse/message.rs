//! Syntax errors in words, each with the bytes that it is about.

use std::ops::Range;

use crate::cel::problem::Problem;

/// What can be no part of any expression.
pub(super) fn no_token(source: &str, range: Range<usize>) -> Problem {
    let text = source.get(range.clone()).unwrap_or_default();
    if text.starts_with('`') {
        let message = "a name in backticks has letters, digits, spaces, `_`, `.`, `-` and `/`, and is closed";
        return Problem::new(range, message);
    }
    if text.contains(['\'', '"']) {
        return Problem::new(range, "the text is not closed");
    }
    unexpected(source, range, None)
}

/// What stands where it cannot, with the word before it.
pub(super) fn unexpected(source: &str, range: Range<usize>, before: Option<&str>) -> Problem {
    let word = source.get(range.clone()).unwrap_or_default();
    let problem = Problem::new(range, format!("unexpected `{word}`"));
    match (word, before) {
        ("=", _) => problem.help("equality is written `==`"),
        ("&" | "and", _) => problem.help("both must hold is written `&&`"),
        ("|" | "or", _) => problem.help("one must hold is written `||`"),
        ("not", _) => problem.help("the contrary is written `!(a in b)`"),
        (_, Some("not")) => problem.help("the contrary is written `!`"),
        _ => problem,
    }
}

/// A sign that should stand before a word.
pub(super) fn missing(source: &str, sign: &str, range: Range<usize>) -> Problem {
    let word = source.get(range.clone()).unwrap_or_default();
    Problem::new(range, format!("`{sign}` is missing before `{word}`"))
}

/// A text with an escape that there is not.
pub(super) fn bad_escape(range: Range<usize>) -> Problem {
    Problem::new(range, "bad escape in a text").help(r"write a backslash as `\\`, or the text as r'..'")
}
