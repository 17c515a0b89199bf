//! What is wrong with an expression, found when it is loaded.

use std::fmt;
use std::ops::Range;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub message: String,
    /// The bytes of the source that it is about.
    pub range: Range<usize>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    pub(crate) fn new(range: Range<usize>, message: impl Into<String>) -> Self {
        Problem { message: in_one_line(message.into()), range, help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(in_one_line(help.into()));
        self
    }

    pub(crate) fn suggest(self, word: &str, candidates: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let candidates: Vec<_> = candidates.into_iter().collect();
        match crate::diagnostic::suggest(word, candidates.iter().map(AsRef::as_ref)) {
            Some(candidate) => self.help(format!("did you mean `{candidate}`?")),
            None => self,
        }
    }
}

/// The text with its control characters escaped, some of which come from the expression.
fn in_one_line(text: String) -> String {
    if !text.contains(char::is_control) {
        return text;
    }
    text.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() }).collect()
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}
