//! The parser's errors in podgate's words, each with the bytes that it is about.

use std::ops::Range;

use cel::ParseErrors;

use super::tokens::{self, Tokens};
use crate::cel::problem::Problem;

/// More than so many follow from the first.
const MOST: usize = 5;

/// The problems, in the order of their places.
pub(super) fn problems(source: &str, tokens: &Tokens, errors: &ParseErrors) -> Vec<Problem> {
    let mut problems: Vec<Problem> = Vec::new();
    // What is no token at all confuses the parser about what follows, and what does not parse the visitor behind it.
    let grade = |said: &str| match said {
        said if said.contains("token recognition error") => 0,
        said if said.starts_with("Incomplete `") || said.starts_with("No `") => 2,
        _ => 1,
    };
    let first = errors.errors.iter().map(|error| grade(&error.msg)).min().unwrap_or_default();
    for error in errors.errors.iter().filter(|error| grade(&error.msg) == first) {
        let problem = problem(source, tokens, error.pos, &error.msg);
        // An error behind or within another is often no more than its echo.
        let echo = problem.range.is_empty() || problems.iter().any(|other| problem.range.start < other.range.end);
        if problems.is_empty() || (problems.len() < MOST && !echo) {
            problems.push(problem);
        }
    }
    problems
}

fn problem(source: &str, tokens: &Tokens, (line, column): (isize, isize), said: &str) -> Problem {
    let at = byte(source, line, column);
    let said = said.strip_prefix("Syntax error: ").unwrap_or(said);
    if let Some(word) = said.strip_prefix("reserved identifier: ") {
        return Problem::new(word_at(source, at), format!("`{word}` is a reserved word"));
    }
    if said.starts_with("invalid int literal") || said.starts_with("invalid uint literal") {
        let range = word_at(source, at);
        let word = source.get(range.clone()).unwrap_or_default();
        return Problem::new(range.clone(), format!("`{word}` is not a whole number of 64 bits"));
    }
    if said.starts_with("invalid double literal") {
        return Problem::new(word_at(source, at), "the number is too large");
    }
    if said.starts_with("invalid string literal") || said.starts_with("invalid bytes literal") {
        return bad_escape(word_at(source, at));
    }
    if said.starts_with("Recursion limit") {
        return Problem::new(0..source.len(), "too many parts inside one another");
    }
    let rest = source.get(at..).unwrap_or_default();
    if rest.is_empty() {
        let closing = |open: &str| match open {
            "(" => "')'",
            "[" => "']'",
            _ => "'}'",
        };
        let open = tokens.unclosed().and_then(|range| Some((source.get(range.clone())?, range)));
        return match open {
            Some((open, range)) if said.contains(closing(open)) => {
                Problem::new(range, format!("`{open}` is never closed"))
            }
            _ => Problem::new(at..at, "the expression ends too early"),
        };
    }
    if let Some((sign, _)) = said.strip_prefix("missing '").and_then(|said| said.split_once('\'')) {
        let range = word_at(source, at);
        let word = shown(source.get(range.clone()).unwrap_or_default());
        return Problem::new(range, format!("`{sign}` is missing before `{word}`"));
    }
    let quoted = rest.trim_start_matches(['r', 'R', 'b', 'B']).starts_with(['\'', '"']);
    if quoted && said.starts_with("token recognition error") {
        let range = word_at(source, at);
        let text = source.get(range.clone()).unwrap_or_default().trim_start_matches(['r', 'R', 'b', 'B']);
        let closed = text.len() > 1 && text.chars().next() == text.chars().next_back();
        return if closed { bad_escape(range) } else { Problem::new(range, "the text is not closed") };
    }
    let range = word_at(source, at);
    let word = source.get(range.clone()).unwrap_or_default();
    let problem = Problem::new(range, format!("unexpected `{}`", shown(word)));
    let before = source.get(..at).unwrap_or_default().split_whitespace().next_back();
    match (word, before) {
        ("=", _) => problem.help("equality is written `==`"),
        ("&" | "and", _) => problem.help("both must hold is written `&&`"),
        ("|" | "or", _) => problem.help("one must hold is written `||`"),
        (_, Some("not")) => problem.help("the contrary is written `!`"),
        _ => problem,
    }
}

/// A word with its control characters escaped.
fn shown(word: &str) -> String {
    word.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() }).collect()
}

fn bad_escape(range: Range<usize>) -> Problem {
    Problem::new(range, "bad escape in a text").help(r"write a backslash as `\\`, or the text as r'..'")
}

/// The byte at a line and a column, both counted from 1 and in characters.
fn byte(source: &str, line: isize, column: isize) -> usize {
    let line = usize::try_from(line - 1).unwrap_or_default();
    let column = usize::try_from(column - 1).unwrap_or_default();
    let start: usize = source.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = source.get(start..).unwrap_or_default();
    start + rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at)
}

/// The word, quoted text or sign at a byte.
fn word_at(source: &str, at: usize) -> Range<usize> {
    let rest = source.get(at..).unwrap_or_default();
    at..at + tokens::length(rest).min(rest.len())
}
