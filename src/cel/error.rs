//! What can go wrong while an expression runs, kept as data: `||` throws most of these away, so none is put into
//! words before somebody wants to read it.

mod explained;

use std::fmt;
use std::ops::Range;

pub use explained::Short;
pub(in crate::cel) use explained::shown;

use crate::cel::types::Type;
use crate::cel::value::Value;

/// A piece of an expression's source. Sources are short enough for 16 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Part {
    pub start: u16,
    pub end: u16,
}

/// Why an expression has no value, and in which of its parts.
#[derive(Clone, Copy, Debug)]
pub struct Error<'a> {
    reason: Reason<'a>,
    part: Part,
    /// Whether the part is a variable whose own expression failed: the reason is not about it, but about what it is
    /// made of.
    is_within: bool,
}

/// What went wrong.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Reason<'a> {
    /// A map has no such key. The part is the map.
    NoSuchKey(&'a str),
    /// A map has no such key, and the key is no string. The part is the map.
    NoSuchEntry(&'a Value<'a>),
    /// A list has no such index: the index, and how many elements there are. The part is the list.
    NoSuchElement(i64, usize),
    /// A place in a list or a text that a function does not take.
    OutOfBounds(i64),
    /// A value of this type has no fields.
    NoFields(Type),
    /// An operator is not defined for these types.
    Operator(&'static str, Type, Type),
    /// A function is not defined for these types.
    Function(&'a Mismatch<'a>),
    /// A value of one type was wanted and another was found.
    Expected(Type, Type),
    /// A whole number does not fit 64 bits.
    Overflow,
    /// A time or duration outside of what can be represented.
    TimeOutOfRange,
    /// A whole number divided by zero, or its remainder.
    DivisionByZero,
    /// A key stands twice in a map literal.
    DuplicateKey(&'a Value<'a>),
    /// A value of this type cannot be a key.
    BadKey(Type),
    /// `value()` of an optional that has none.
    NoValue,
    /// A function refuses an argument: why, and the argument.
    Refused(&'a Refusal<'a>),
    /// A caller's own reason, for a variable that it could not provide.
    Other(&'a str),
    /// The budget is spent.
    Exhausted,
    /// Composed variables inside one another, too many.
    TooDeep,
}

/// A call that no overload takes.
#[derive(Clone, Copy, Debug)]
pub struct Mismatch<'a> {
    /// The function.
    pub function: &'static str,
    /// Types of the arguments, that of the receiver first.
    pub arguments: &'a [Type],
}

/// An argument that a function refuses.
#[derive(Clone, Copy, Debug)]
pub struct Refusal<'a> {
    /// What it is not, such as `not a duration`.
    pub message: &'a str,
    /// The argument.
    pub argument: Value<'a>,
}

impl<'a> Error<'a> {
    /// An error of a caller's own: a variable that cannot be provided. The message is lower case, without a period.
    pub fn other(message: &'a str) -> Self {
        Error::new(Reason::Other(message), Part::default())
    }

    pub(crate) fn new(reason: Reason<'a>, part: Part) -> Self {
        Error { reason, part, is_within: false }
    }

    /// The same error, met while reading `part`: a place in the source of a composed variable means nothing outside.
    pub(crate) fn met_in(self, part: Part) -> Self {
        Error { reason: self.reason, part, is_within: true }
    }

    /// What went wrong.
    pub fn reason(&self) -> Reason<'a> {
        self.reason
    }

    /// The bytes of the source that it went wrong in.
    pub fn range(&self) -> Range<usize> {
        self.part.start.into()..self.part.end.into()
    }

    /// Whether no more expressions can run because the budget is spent.
    pub fn is_exhausted(&self) -> bool {
        matches!(self.reason, Reason::Exhausted)
    }

    /// The message for the author of `source`, with the part that it speaks of: `` `container.resources.limits` is
    /// missing``. Where there are no parts to speak of, in the words of the API server, as [`fmt::Display`] has them.
    pub fn in_source(&self, source: &str) -> impl fmt::Display {
        explained::Explained::new(*self, source)
    }

    /// Whether `||` and `&&` must not look away.
    pub(crate) fn is_fatal(&self) -> bool {
        matches!(self.reason, Reason::Exhausted | Reason::TooDeep)
    }
}

impl fmt::Display for Error<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NoSuchKey(key) => write!(f, "no such key: `{}`", Short(Value::String(key))),
            Reason::NoSuchEntry(key) => write!(f, "no such key: `{}`", Short(**key)),
            Reason::NoSuchElement(index, _) | Reason::OutOfBounds(index) => write!(f, "index out of bounds: {index}"),
            Reason::NoFields(found) => write!(f, "a value of type {found} has no fields"),
            Reason::Operator(operator, left, right) => {
                write!(f, "no such overload: `{operator}` for {left} and {right}")
            }
            Reason::Function(Mismatch { function, arguments }) => {
                write!(f, "no such overload: `{function}`")?;
                for (place, argument) in arguments.iter().enumerate() {
                    let before = match place {
                        0 => " for",
                        _ if place + 1 == arguments.len() => " and",
                        _ => ",",
                    };
                    write!(f, "{before} {argument}")?;
                }
                Ok(())
            }
            Reason::Expected(expected, found) => write!(f, "expected {expected}, found {found}"),
            Reason::Overflow => f.write_str("integer overflow"),
            Reason::TimeOutOfRange => f.write_str("time out of range"),
            Reason::DivisionByZero => f.write_str("division by zero"),
            Reason::DuplicateKey(key) => write!(f, "duplicate key `{}`", Short(**key)),
            Reason::BadKey(found) => write!(f, "a value of type {found} cannot be a key"),
            Reason::NoValue => f.write_str("optional has no value"),
            Reason::Refused(Refusal { message, argument }) => write!(f, "{message}: `{}`", Short(*argument)),
            Reason::Other(message) => f.write_str(message),
            Reason::Exhausted => f.write_str("the expression takes too many steps: its budget is exhausted"),
            Reason::TooDeep => f.write_str("too many variables inside one another"),
        }
    }
}
