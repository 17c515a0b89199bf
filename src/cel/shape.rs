//! What is known about the values of an expression before it runs: the type, and the types of what is in it.
//!
//! The type of an element of `[]` is [`Shape::Nothing`]: it goes with every other, and says nothing against any.

mod fit;
mod object;
mod words;

use std::fmt;
use std::sync::Arc;

use crate::cel::types::Type;
use crate::cel::value::Value;
use crate::schema;

pub use object::Object;
pub use words::Words;

/// The type of an expression, with its parts.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A type without parts; [`Type::Dyn`] for one that is known only when the expression runs.
    Basic(Type),
    /// A text that is one of these.
    Word(Arc<Words>),
    /// A time in an object of the API: a text, or `null` where there is none.
    Time,
    /// Elements of a type.
    List(Arc<Shape>),
    /// Keys and values of a type each.
    Map(Arc<[Shape; 2]>),
    /// Fields of a type each.
    Object(Arc<Object>),
    /// A value of a type, or its absence.
    Optional(Arc<Shape>),
    /// That of the elements of a list that has none.
    Nothing,
}

impl Shape {
    /// Nothing is known.
    pub const DYN: Shape = Shape::Basic(Type::Dyn);
    /// Text.
    pub const STRING: Shape = Shape::Basic(Type::String);

    /// Types inside one another. What is further in is not known: variables that use each other could go on for ever.
    const DEPTH: usize = 12;

    /// A list of elements of a type.
    pub fn list(element: Shape) -> Self {
        Shape::List(Arc::new(element.within_depth()))
    }

    /// A list of elements of these types.
    pub fn list_of(elements: impl Iterator<Item = Shape>) -> Self {
        Shape::list(elements.reduce(Shape::either).unwrap_or(Shape::Nothing))
    }

    /// A map. Keys have no parts.
    pub fn map(key: Shape, value: Shape) -> Self {
        let key = if matches!(key, Shape::Basic(_) | Shape::Word(_) | Shape::Nothing) { key } else { Shape::DYN };
        Shape::Map(Arc::new([key, value.within_depth()]))
    }

    /// An optional.
    pub fn optional(value: Shape) -> Self {
        Shape::Optional(Arc::new(value.within_depth()))
    }

    /// One of a few texts, which are all that may be there.
    pub fn word(words: impl IntoIterator<Item = &'static str>) -> Self {
        Shape::Word(Arc::new(Words::of_a_field(words)))
    }

    /// That of a text in an expression.
    pub(crate) fn written(text: &str) -> Self {
        Words::written(text).map_or(Shape::STRING, |words| Shape::Word(Arc::new(words)))
    }

    /// That of a field of the API.
    pub(crate) fn of_field(field: &schema::Field) -> Self {
        match field.words {
            None => Shape::from(field.holds),
            Some(words) if field.holds.is_list() => Shape::list(Shape::word(words.words())),
            Some(words) => Shape::word(words.words()),
        }
    }

    /// The type of a value, as far as it can be told from what is in it.
    pub fn of(value: Value<'_>) -> Self {
        let common = |shapes: &mut dyn Iterator<Item = Shape>| shapes.reduce(Shape::either).unwrap_or(Shape::Nothing);
        match value {
            Value::List(list) => Shape::list_of(list.iter().map(Shape::of)),
            Value::Map(map) => Shape::map(
                common(&mut map.iter().map(|(key, _)| Shape::of(key))),
                common(&mut map.iter().map(|(_, value)| Shape::of(value))),
            ),
            Value::Optional(value) => Shape::optional(value.map_or(Shape::Nothing, |value| Shape::of(*value))),
            other => Shape::Basic(other.kind()),
        }
    }

    /// The type without its parts, which is what a value of it has when the expression runs.
    pub fn flat(&self) -> Type {
        match self {
            Shape::Basic(kind) => *kind,
            Shape::Word(_) | Shape::Time => Type::String,
            Shape::List(_) => Type::List,
            Shape::Map(_) | Shape::Object(_) => Type::Map,
            Shape::Optional(_) => Type::Optional,
            Shape::Nothing => Type::Dyn,
        }
    }

    /// The type of the value, where there may be none.
    pub fn unwrapped(&self) -> &Shape {
        match self {
            Shape::Optional(value) => value,
            shape => shape,
        }
    }

    /// Whether it is known only when the expression runs.
    pub(crate) fn is_dyn(&self) -> bool {
        self.flat() == Type::Dyn
    }

    fn within_depth(self) -> Self {
        if self.depth() < Self::DEPTH { self } else { Shape::DYN }
    }

    fn depth(&self) -> usize {
        match self {
            Shape::Basic(_) | Shape::Word(_) | Shape::Time | Shape::Object(_) | Shape::Nothing => 0,
            Shape::List(inner) | Shape::Optional(inner) => 1 + inner.depth(),
            Shape::Map(parts) => 1 + parts.iter().map(Shape::depth).max().unwrap_or_default(),
        }
    }
}

impl From<Type> for Shape {
    /// The type with parts that are not known.
    fn from(kind: Type) -> Self {
        match kind {
            Type::List => Shape::list(Shape::DYN),
            Type::Map => Shape::map(Shape::DYN, Shape::DYN),
            Type::Optional => Shape::optional(Shape::DYN),
            kind => Shape::Basic(kind),
        }
    }
}

impl From<Object> for Shape {
    fn from(object: Object) -> Self {
        Shape::Object(Arc::new(object))
    }
}

impl From<schema::Type> for Shape {
    /// As the API server shows values of the API to expressions: quantities and times are texts, and what may be a
    /// number or a text is not known.
    fn from(holds: schema::Type) -> Self {
        use schema::Basic;
        let element = || holds.element().map_or(Shape::DYN, Shape::from);
        match holds.basic() {
            Some(Basic::Boolean) => Shape::Basic(Type::Bool),
            Some(Basic::String | Basic::Quantity) => Shape::STRING,
            Some(Basic::Time) => Shape::Time,
            Some(Basic::Int32 | Basic::Int64) => Shape::Basic(Type::Int),
            Some(Basic::IntOrString | Basic::Any) => Shape::DYN,
            None if holds.is_list() => Shape::list(element()),
            None if holds.is_map() => Shape::map(Shape::STRING, element()),
            None => Object::of(holds).into(),
        }
    }
}

/// As CEL writes types: `list(string)`.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Basic(kind) => f.write_str(kind.name()),
            Shape::Word(_) | Shape::Time => f.write_str(Type::String.name()),
            Shape::List(element) => write!(f, "list({element})"),
            Shape::Map(parts) => {
                let [key, value] = &**parts;
                write!(f, "map({key}, {value})")
            }
            Shape::Object(object) => write!(f, "{object}"),
            Shape::Optional(value) => write!(f, "optional_type({value})"),
            Shape::Nothing => f.write_str(Type::Dyn.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_written_as_cel_writes_them() {
        let list = Shape::list(Shape::Basic(Type::Int));
        for (shape, expected) in [
            (Shape::from(Type::List), "list(dyn)"),
            (Shape::map(Shape::STRING, list.clone()), "map(string, list(int))"),
            (Shape::optional(list), "optional_type(list(int))"),
            (Shape::list(Shape::Nothing), "list(dyn)"),
            (Shape::Basic(Type::Duration), "google.protobuf.Duration"),
            (schema::of("PodSpec").unwrap().field("containers").unwrap().holds.into(), "list(Container)"),
            (schema::of("PodSpec").unwrap().field("nodeSelector").unwrap().holds.into(), "map(string, string)"),
        ] {
            assert_eq!(shape.to_string(), expected);
        }
    }

    #[test]
    fn what_is_too_far_in_is_not_known() {
        let deep = (0..10_000).fold(Shape::STRING, |shape, _| Shape::list(shape));
        assert!(deep.depth() <= Shape::DEPTH + 1);
    }
}
