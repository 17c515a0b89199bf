//! Which part of an expression makes it false, or fails, and what the parts of that part are: for whoever wrote it.

use std::fmt::{self, Display, Write as _};
use std::ops::Range;

use crate::cel::error::{Part, Short, shown};
use crate::cel::value::Value;

/// The smallest part of an expression that decides its result.
#[derive(Debug)]
pub struct Blame<'a> {
    pub(crate) part: Part,
    /// Whether it is smaller than the whole expression.
    pub(crate) is_narrower: bool,
    /// Whether it is true: it is what a `!` around it makes false.
    pub(crate) holds: bool,
    /// The composed variable that it is, if that one failed.
    pub(crate) variable: Option<usize>,
    /// The loops that it stands in, from the outside: the part that they go through, and the place or key there.
    pub(crate) elements: Vec<(Part, Value<'a>)>,
    /// What the parts of the part are.
    pub(crate) values: Vec<(Part, Value<'a>)>,
}

impl<'a> Blame<'a> {
    /// Values that are shown.
    pub(crate) const MOST_VALUES: usize = 4;

    /// The bytes of the source.
    pub fn range(&self) -> Range<usize> {
        self.part.start.into()..self.part.end.into()
    }

    /// Whether the part is smaller than the whole expression.
    pub fn is_narrower(&self) -> bool {
        self.is_narrower
    }

    /// Whether the part is true, so that a `!` around it makes the expression false.
    pub fn holds(&self) -> bool {
        self.holds
    }

    /// The place of the composed variable whose own expression failed, where the part is that variable.
    pub fn variable(&self) -> Option<usize> {
        self.variable
    }

    /// The values of its parts in one line, such as `` `container.name` is "web", in element 1 of `containers` ``. Empty
    /// if there is nothing to say.
    pub fn values_in(&self, source: &str) -> String {
        let mut text = String::new();
        for (part, value) in self.values.iter().take(Self::MOST_VALUES) {
            let Some(part) = piece(source, *part) else { continue };
            text.push_str(if text.is_empty() { "" } else { ", " });
            let _ = write!(text, "`{part}` is {}", Shown(*value));
        }
        for (range, element) in &self.elements {
            let Some(range) = piece(source, *range) else { continue };
            text.push_str(if text.is_empty() { "" } else { ", " });
            let _ = match element {
                Value::Int(place) => write!(text, "in element {place} of `{range}`"),
                key => write!(text, "in the entry {} of `{range}`", Shown(*key)),
            };
        }
        text
    }
}

/// The source of a part, on one line and not too long.
pub(crate) fn piece(source: &str, part: Part) -> Option<String> {
    source.get(part.start.into()..part.end.into()).map(shown).filter(|text| !text.is_empty())
}

fn has_parts(value: Value<'_>) -> bool {
    matches!(value, Value::List(_) | Value::Map(_))
}

/// A value as a message shows it: a text in quotes, of a map the keys.
struct Shown<'a>(Value<'a>);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Keys that are named.
        const KEYS: usize = 6;
        match self.0 {
            text @ Value::String(_) => write!(f, "{:?}", Short(text).to_string()),
            Value::Map(map) if map.is_empty() => f.write_str("empty"),
            Value::Map(map) => {
                f.write_str("a map of ")?;
                for (place, (key, _)) in map.iter().take(KEYS).enumerate() {
                    write!(f, "{}`{}`", if place == 0 { "" } else { ", " }, Short(key))?;
                }
                f.write_str(if map.len() > KEYS { ", .." } else { "" })
            }
            Value::List(list) if list.len() > KEYS || list.iter().any(has_parts) => match list.len() {
                1 => f.write_str("a list of 1 element"),
                length => write!(f, "a list of {length} elements"),
            },
            other => Short(other).fmt(f),
        }
    }
}
