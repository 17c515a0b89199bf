//! What a user can get wrong, with its place and what to do about it.

pub mod line;
pub mod render;

use std::fmt::{self, Write};
use std::sync::Arc;

use crate::document::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The input cannot be used.
    Error,
    /// The input can be used, and is probably not what its author meant.
    Warning,
}

/// Where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, as the user named it; `<stdin>` for standard input, `builtin:NAME` for a built-in pack.
    pub file: Arc<str>,
    /// The piece of its text.
    pub span: Span,
}

/// One message about one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong: lower case, backticks around the user's words, no final period.
    pub message: String,
    /// Where.
    pub place: Option<Place>,
    /// A word for the underlined piece.
    pub label: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error about a place.
    pub fn error(place: Option<Place>, message: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Error, message: message.into(), place, label: None, help: None }
    }

    /// A warning about a place.
    pub fn warning(place: Option<Place>, message: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(place, message) }
    }

    /// Whether the input cannot be used.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The same, with a word for the underlined piece.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// The same, with advice.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// One line: `file:line:column: message`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Place { file, span }) = &self.place {
            write!(f, "{file}:{}:{}: ", span.line, span.column)?;
        }
        f.write_str(&self.message)
    }
}

/// Bytes of a word that may be a misspelling.
const LONGEST: usize = 64;

/// The candidate that `word` is most likely a misspelling of, if any is near enough.
pub fn suggest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let allowed = match word.chars().count() {
        0..=2 => 1,
        3..=8 => 2,
        _ => 3,
    };
    // A longer word is no misspelling of anything, and takes its time.
    if word.len() > LONGEST {
        return None;
    }
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Help that names the word that was probably meant, if one is near.
pub fn did_you_mean(near: Option<&str>) -> Option<String> {
    near.map(|near| format!("did you mean `{near}`?"))
}

/// Words in backticks, the last two with `link` between them.
pub fn words(words: &[&str], link: &str) -> String {
    let mut listed = String::new();
    for (index, word) in words.iter().enumerate() {
        let before = match index {
            0 => "",
            _ if index + 1 == words.len() => &format!(" {link} "),
            _ => ", ",
        };
        // Writing into a string does not fail.
        let _ = write!(listed, "{before}`{word}`");
    }
    listed
}

/// Edits between two words; a swap of neighbours is one, a change of case is free.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().flat_map(char::to_lowercase).collect();
    let b: Vec<char> = b.chars().flat_map(char::to_lowercase).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(&row, j) + usize::from(x != y)).min(at(&row, j + 1) + 1).min(at(&next, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_near_words_only() {
        let words = ["resources", "require", "default", "containers"];
        assert_eq!(suggest("resouces", words), Some("resources"));
        assert_eq!(suggest("reqiure", words), Some("require"));
        assert_eq!(suggest("Default", words), Some("default"));
        assert_eq!(suggest("volumes", words), None);
        assert_eq!(suggest("", words), None);
        assert_eq!(suggest(&"resources".repeat(10), ["resources".repeat(10).as_str()]), None);
    }
}
