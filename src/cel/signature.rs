//! The types of arguments and results as the libraries declare them: some depend on one another.

use std::fmt;

use crate::cel::shape::Shape;
use crate::cel::types::Type;

/// The type of an argument or of a result.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Declared {
    /// This one.
    Exact(Type),
    /// Any, but the same wherever this letter stands.
    Letter(char, Among),
    List(&'static Declared),
    Map(&'static [Declared; 2]),
    Optional(&'static Declared),
}

/// Which types a letter can stand for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Among {
    All,
    /// Those with an order.
    Ordered,
    /// Those with a sum.
    Summable,
}

pub(crate) const DYN: Declared = Declared::Exact(Type::Dyn);
pub(crate) const BOOL: Declared = Declared::Exact(Type::Bool);
pub(crate) const INT: Declared = Declared::Exact(Type::Int);
pub(crate) const UINT: Declared = Declared::Exact(Type::Uint);
pub(crate) const DOUBLE: Declared = Declared::Exact(Type::Double);
pub(crate) const STRING: Declared = Declared::Exact(Type::String);
pub(crate) const BYTES: Declared = Declared::Exact(Type::Bytes);
pub(crate) const TYPE: Declared = Declared::Exact(Type::Type);
pub(crate) const DURATION: Declared = Declared::Exact(Type::Duration);
pub(crate) const TIMESTAMP: Declared = Declared::Exact(Type::Timestamp);
pub(crate) const QUANTITY: Declared = Declared::Exact(Type::Quantity);
pub(crate) const IMAGE: Declared = Declared::Exact(Type::Image);
pub(crate) const IP: Declared = Declared::Exact(Type::Ip);
pub(crate) const CIDR: Declared = Declared::Exact(Type::Cidr);
pub(crate) const URL: Declared = Declared::Exact(Type::Url);
pub(crate) const SEMVER: Declared = Declared::Exact(Type::Semver);
pub(crate) const FORMAT: Declared = Declared::Exact(Type::Format);

/// Any type.
pub(crate) const A: Declared = Declared::Letter('A', Among::All);
/// Another one.
pub(crate) const B: Declared = Declared::Letter('B', Among::All);
/// One that can be sorted.
pub(crate) const ORDERED: Declared = Declared::Letter('A', Among::Ordered);
/// One that can be added up.
pub(crate) const SUMMABLE: Declared = Declared::Letter('A', Among::Summable);
pub(crate) const LIST_OF_A: Declared = Declared::List(&A);
pub(crate) const LIST_OF_STRING: Declared = Declared::List(&STRING);
pub(crate) const LIST_OF_DYN: Declared = Declared::List(&DYN);
pub(crate) const OPTIONAL_OF_A: Declared = Declared::Optional(&A);

/// What the letters stand for in one call.
#[derive(Debug, Default)]
pub(crate) struct Letters(Vec<(char, Shape)>);

impl Declared {
    /// The type without its parts: what is looked at when the call runs.
    #[inline]
    pub const fn flat(&self) -> Type {
        match self {
            Declared::Exact(kind) => *kind,
            Declared::Letter(..) => Type::Dyn,
            Declared::List(_) => Type::List,
            Declared::Map(_) => Type::Map,
            Declared::Optional(_) => Type::Optional,
        }
    }
}

impl Letters {
    /// Whether a value of a type can be the argument, after those that were asked about before.
    pub fn take(&mut self, declared: &Declared, found: &Shape) -> bool {
        match (declared, found) {
            (Declared::Letter(letter, among), _) => among.has(found.flat()) && self.agree(*letter, found),
            (Declared::List(element), Shape::List(found)) => self.take(element, found),
            (Declared::Optional(value), Shape::Optional(found)) => self.take(value, found),
            (Declared::Map([key, value]), Shape::Map(found)) => {
                let [found_key, found_value] = &**found;
                self.take(key, found_key) && self.take(value, found_value)
            }
            (Declared::Map([key, value]), Shape::Object(object)) => {
                self.take(key, &Shape::STRING) && self.take(value, &object.any_value())
            }
            (declared, found) => Shape::from(declared.flat()).fits(found),
        }
    }

    /// The type of a result.
    pub fn give(&self, declared: &Declared) -> Shape {
        match declared {
            Declared::Exact(kind) => Shape::from(*kind),
            Declared::Letter(letter, _) => {
                let found = self.0.iter().find(|(known, _)| known == letter);
                found.map_or(Shape::Nothing, |(_, shape)| shape.clone())
            }
            Declared::List(element) => Shape::list(self.give(element)),
            Declared::Optional(value) => Shape::optional(self.give(value)),
            Declared::Map([key, value]) => Shape::map(self.give(key), self.give(value)),
        }
    }

    fn agree(&mut self, letter: char, found: &Shape) -> bool {
        match self.0.iter_mut().find(|(known, _)| *known == letter) {
            None => self.0.push((letter, found.clone())),
            Some((_, known)) if known.fits(found) => *known = known.join(found),
            Some(_) => return false,
        }
        true
    }
}

impl Among {
    fn has(self, kind: Type) -> bool {
        match self {
            Among::All => true,
            // A duration may be null.
            Among::Ordered => kind.is_ordered() || kind == Type::Null,
            Among::Summable => kind.is_number() || matches!(kind, Type::Dyn | Type::Duration | Type::Null),
        }
    }
}

/// For messages: `list(A)`.
impl fmt::Display for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Declared::Exact(Type::Dyn) => f.write_str("any"),
            Declared::Exact(kind) => write!(f, "{kind}"),
            Declared::Letter(letter, Among::All) => write!(f, "{letter}"),
            Declared::Letter(_, Among::Ordered) => f.write_str("ordered"),
            Declared::Letter(_, Among::Summable) => f.write_str("number"),
            Declared::List(element) => write!(f, "list({element})"),
            Declared::Map([key, value]) => write!(f, "map({key}, {value})"),
            Declared::Optional(value) => write!(f, "optional({value})"),
        }
    }
}
