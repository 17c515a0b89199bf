//! Errors in the words that help an author: what is missing, and where it was looked for.

use std::fmt::{self, Display};

use crate::cel::error::{Error, Mismatch, Reason, Refusal};
use crate::cel::types::Type;
use crate::cel::value::Value;
use crate::document::print::{shortened, visible};

/// Characters of a part of an expression that a message repeats.
const LONGEST_PART: usize = 120;
/// Characters of a value that a message shows.
const LONGEST_VALUE: usize = 80;

/// An error, with the source that it happened in.
pub(super) struct Explained<'a> {
    error: Error<'a>,
    /// The part that it speaks of, if it can be shown.
    part: Option<String>,
}

impl<'a> Explained<'a> {
    pub(super) fn new(error: Error<'a>, source: &str) -> Self {
        Explained { error, part: source.get(error.range()).map(shown).filter(|part| !part.is_empty()) }
    }
}

/// A part of an expression on one line and not too long.
pub(in crate::cel) fn shown(part: &str) -> String {
    let words: Vec<_> = part.split_whitespace().collect();
    visible(&shortened(&words.join(" "), LONGEST_PART)).into_owned()
}

impl Display for Explained<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Explained { error, part } = self;
        let Some(part) = part.as_ref().filter(|_| !error.is_fatal()) else { return error.fmt(f) };
        if error.is_within {
            let words = error.to_string();
            // The words of a variable's own expression begin with its name.
            return if words.contains(part) { f.write_str(&words) } else { write!(f, "{words} in `{part}`") };
        }
        match error.reason {
            Reason::NoSuchKey(key) if is_identifier(key) => write!(f, "`{part}.{key}` is missing"),
            Reason::NoSuchKey(key) => write!(f, "`{part}['{}']` is missing", Short(Value::String(key))),
            Reason::NoSuchEntry(key) => write!(f, "`{part}[{}]` is missing", Short(*key)),
            Reason::NoSuchElement(index, 1) => write!(f, "index {index} of a list of 1 element: `{part}`"),
            Reason::NoSuchElement(index, length) => write!(f, "index {index} of a list of {length} elements: `{part}`"),
            Reason::OutOfBounds(index) => write!(f, "{index} is out of bounds in `{part}`"),
            Reason::NoFields(found) => write!(f, "`{part}` is {} and has no fields", article(found)),
            Reason::Operator("[]", Type::List, key) => {
                write!(f, "a list is not indexed by {}: `{part}`", article(key))
            }
            Reason::Operator("[]", found, _) => write!(f, "`{part}` is {} and cannot be indexed", article(found)),
            Reason::Operator(operator, left, right) => {
                write!(f, "`{operator}` is not defined for {} and ", article(left))?;
                write!(f, "{} in `{part}`", article(right))
            }
            Reason::Function(Mismatch { function, arguments }) => {
                write!(f, "`{function}` is not defined for")?;
                for (place, argument) in arguments.iter().enumerate() {
                    write!(f, "{} {}", if place == 0 { "" } else { " and" }, article(*argument))?;
                }
                write!(f, " in `{part}`")
            }
            Reason::Expected(expected, found) => {
                write!(f, "`{part}` is {}, not {}", article(found), article(expected))
            }
            Reason::BadKey(found) => write!(f, "`{part}` is {} and cannot be a key", article(found)),
            Reason::NoValue => write!(f, "`{part}` has no value"),
            Reason::Refused(Refusal { message, argument }) => {
                write!(f, "{message}: `{}` in `{part}`", Short(*argument))
            }
            Reason::DuplicateKey(key) => write!(f, "duplicate key `{}` in `{part}`", Short(*key)),
            Reason::Overflow
            | Reason::TimeOutOfRange
            | Reason::DivisionByZero
            | Reason::Other(_)
            | Reason::Exhausted
            | Reason::TooDeep => write!(f, "{error} in `{part}`"),
        }
    }
}

/// A value on one line, cut off where it gets long, before more of it is written.
#[derive(Clone, Copy, Debug)]
pub struct Short<'a>(pub Value<'a>);

impl Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Value::String(text) = self.0 {
            return f.write_str(&visible(&shortened(text, LONGEST_VALUE)));
        }
        let mut cut = Cut { text: String::new(), left: LONGEST_VALUE };
        // A failure is what ends a text that is too long.
        let is_whole = fmt::write(&mut cut, format_args!("{}", self.0)).is_ok();
        f.write_str(&visible(&cut.text))?;
        f.write_str(if is_whole { "" } else { "…" })
    }
}

/// Takes so many characters and no more.
struct Cut {
    text: String,
    left: usize,
}

impl fmt::Write for Cut {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        for char in piece.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(char);
        }
        Ok(())
    }
}

/// A type with its article.
fn article(kind: Type) -> String {
    match kind {
        Type::Int | Type::Optional | Type::Image | Type::Ip => format!("an {kind}"),
        Type::Null | Type::Bytes => kind.to_string(),
        _ => format!("a {kind}"),
    }
}

fn is_identifier(key: &str) -> bool {
    let is_letter = |char: char| char == '_' || char.is_ascii_alphanumeric();
    key.chars().all(is_letter) && !key.starts_with(|first: char| first.is_ascii_digit()) && !key.is_empty()
}
