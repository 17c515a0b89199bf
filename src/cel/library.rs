//! The functions of Kubernetes CEL, one file for each family.
//!
//! A family is a list of overloads; [`FAMILIES`] names them all. A name may have overloads in several families
//! (`indexOf` of texts and of lists): the types of the arguments decide, at load as far as they are known, else when
//! the expression runs.

mod cidr;
mod convert;
mod format;
mod image;
mod ip;
mod json_patch;
mod list;
mod optional;
pub(crate) mod printf;
mod quantity;
pub(crate) mod regex;
mod semver;
mod sequence;
mod set;
mod size;
mod string;
pub(crate) mod time;
mod url;

pub use cidr::Cidr;
pub use format::Format;
pub use semver::Semver;
pub(crate) use sequence::sorted;
pub use url::Url;

use bumpalo::Bump;

use crate::cel::budget::Budget;
use crate::cel::error::{Mismatch, Reason, Refusal};
use crate::cel::shape::Shape;
use crate::cel::signature::{Declared, Letters};
use crate::cel::types::Type;
use crate::cel::value::{Value, equal};

/// Every family.
const FAMILIES: &[&[Overload]] = &[
    cidr::OVERLOADS,
    convert::OVERLOADS,
    format::OVERLOADS,
    image::OVERLOADS,
    ip::OVERLOADS,
    json_patch::OVERLOADS,
    list::OVERLOADS,
    optional::OVERLOADS,
    printf::OVERLOADS,
    quantity::OVERLOADS,
    regex::OVERLOADS,
    semver::OVERLOADS,
    sequence::OVERLOADS,
    set::OVERLOADS,
    size::OVERLOADS,
    string::OVERLOADS,
    time::OVERLOADS,
    url::OVERLOADS,
];

/// What a function returns: its value, or why there is none.
pub(crate) type Outcome<'a> = Result<Value<'a>, Reason<'a>>;

/// More arguments than any function has.
pub(crate) const MOST_ARGUMENTS: usize = 4;

/// One way to call a function.
#[derive(Debug)]
pub(crate) struct Overload {
    /// With its namespace, as in `optional.of`.
    pub name: &'static str,
    /// Whether the first argument stands before the dot.
    pub style: Style,
    pub arguments: &'static [Declared],
    /// The types of the arguments without their parts, as far as there are arguments.
    flat: [Type; MOST_ARGUMENTS],
    pub result: Declared,
    /// Whether a bad literal argument is a mistake in the expression, to be found when it is loaded.
    pub strict: bool,
    run: Function,
}

/// Called with as many arguments as the overload has, of its types.
type Function = for<'a> fn(Context<'_, 'a>, &[Value<'a>]) -> Outcome<'a>;

/// How a function is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// `f(x)`.
    Global,
    /// `x.f()`.
    Method,
}

/// What a function may use.
#[derive(Clone, Copy)]
pub(crate) struct Context<'e, 'a> {
    pub arena: &'a Bump,
    pub budget: &'e Budget,
}

impl Overload {
    const fn new(
        name: &'static str,
        style: Style,
        arguments: &'static [Declared],
        result: Declared,
        run: Function,
    ) -> Self {
        let mut flat = [Type::Dyn; MOST_ARGUMENTS];
        let (mut types, mut declared) = (flat.as_mut_slice(), arguments);
        while let ([flat, other_types @ ..], [argument, others @ ..]) = (types, declared) {
            *flat = argument.flat();
            (types, declared) = (other_types, others);
        }
        Overload { name, style, arguments, flat, result, strict: false, run }
    }

    /// A function.
    const fn global(name: &'static str, arguments: &'static [Declared], result: Declared, run: Function) -> Self {
        Overload::new(name, Style::Global, arguments, result, run)
    }

    /// A function of its first argument.
    const fn method(name: &'static str, arguments: &'static [Declared], result: Declared, run: Function) -> Self {
        Overload::new(name, Style::Method, arguments, result, run)
    }

    /// The same; a bad literal is a mistake.
    const fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Whether these can be its arguments.
    #[inline]
    pub fn takes(&self, values: &[Value<'_>]) -> bool {
        values.len() == self.arguments.len()
            && self.flat.iter().zip(values).all(|(want, found)| want.accepts(found.kind()))
    }

    /// The type of the result for arguments of these types, if it takes them.
    pub fn result_for(&self, shapes: &[Shape]) -> Option<Shape> {
        let mut letters = Letters::default();
        let takes = shapes.len() == self.arguments.len()
            && self.arguments.iter().zip(shapes).all(|(declared, shape)| letters.take(declared, shape));
        takes.then(|| letters.give(&self.result))
    }

    /// Runs it, at the price of reading the texts among its arguments: most functions go through them to their end.
    #[inline]
    pub fn run<'a>(&self, context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
        let bytes = arguments.iter().map(|argument| match argument {
            Value::String(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            _ => 0,
        });
        context.read(bytes.sum())?;
        (self.run)(context, arguments)
    }
}

impl<'a> Context<'_, 'a> {
    /// A text that was built, at the price of its bytes.
    pub fn string(self, text: &str) -> Outcome<'a> {
        self.budget.spend_each(text.len())?;
        Ok(Value::String(self.arena.alloc_str(text)))
    }

    /// A list of elements, paid for one by one.
    pub fn collect(self, elements: impl Iterator<Item = Value<'a>>) -> Outcome<'a> {
        let mut list = bumpalo::collections::Vec::new_in(self.arena);
        for element in elements {
            self.budget.spend_values(1)?;
            list.push(element);
        }
        Ok(Value::list(list.into_bump_slice()))
    }

    /// Pays for going through so many bytes of text.
    #[inline]
    pub fn read(self, bytes: usize) -> Result<(), Reason<'a>> {
        /// So many bytes are read in a step.
        const BYTES: usize = 16;
        match bytes / BYTES {
            0 => Ok(()),
            steps => self.budget.spend_each(steps),
        }
    }

    /// Pays for finding the order of two values.
    pub fn compare(self, left: Value<'a>, right: Value<'a>) -> Result<(), Reason<'a>> {
        match (left, right) {
            (Value::String(left), Value::String(right)) => self.budget.spend_each(left.len().min(right.len()) / 64),
            (Value::Bytes(left), Value::Bytes(right)) => self.budget.spend_each(left.len().min(right.len()) / 64),
            _ => Ok(()),
        }
    }

    /// Whether two values are equal, at the price of what has to be looked at.
    pub fn equal(self, left: Value<'a>, right: Value<'a>) -> Result<bool, Reason<'a>> {
        match (left, right) {
            (Value::List(one), Value::List(other)) if one.len() == other.len() => self.pay_for(left)?,
            (Value::Map(one), Value::Map(other)) if one.len() == other.len() => self.pay_for(left)?,
            (Value::String(one), Value::String(other)) if one.len() == other.len() => self.pay_for(left)?,
            _ => {}
        }
        Ok(equal(left, right))
    }

    /// The place of the first element that equals a value.
    pub fn position(
        self,
        mut elements: impl Iterator<Item = Value<'a>>,
        wanted: Value<'a>,
    ) -> Result<Option<usize>, Reason<'a>> {
        let mut failure = None;
        let place = elements.position(|element| match self.equal(element, wanted) {
            Ok(equal) => equal,
            Err(reason) => {
                failure = Some(reason);
                true
            }
        });
        failure.map_or(Ok(place), Err)
    }

    fn pay_for(self, value: Value<'a>) -> Result<(), Reason<'a>> {
        match value {
            Value::List(list) => {
                self.budget.spend_each(list.len())?;
                list.iter().try_for_each(|element| self.pay_for(element))
            }
            Value::Map(map) => {
                self.budget.spend_each(map.len())?;
                map.iter().try_for_each(|(_, value)| self.pay_for(value))
            }
            Value::String(text) => self.budget.spend_each(text.len() / 64),
            _ => Ok(()),
        }
    }

    /// The failure of a function that refuses an argument.
    pub fn refuse<T>(self, message: &'a str, argument: Value<'a>) -> Result<T, Reason<'a>> {
        Err(Reason::Refused(self.arena.alloc(Refusal { message, argument })))
    }

    /// The failure of a function that was called with other types than it takes.
    pub fn mismatch(self, function: &'static str, arguments: &[Value<'a>]) -> Reason<'a> {
        let arguments = self.arena.alloc_slice_fill_iter(arguments.iter().map(|argument| argument.kind()));
        Reason::Function(self.arena.alloc(Mismatch { function, arguments }))
    }
}

/// The overloads of a function.
pub(crate) fn find(name: &str, style: Style) -> impl Iterator<Item = &'static Overload> {
    all().filter(move |overload| overload.name == name && overload.style == style)
}

/// All overloads.
pub(crate) fn all() -> impl Iterator<Item = &'static Overload> {
    FAMILIES.iter().copied().flatten()
}

/// Whether a name is the first part of function names: `optional` in `optional.of`.
pub(crate) fn is_namespace(name: &str) -> bool {
    all().any(|overload| overload.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
}
