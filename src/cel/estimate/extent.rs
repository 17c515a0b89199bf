//! How large a value may be.

use std::sync::Arc;

use crate::cel::budget::Budget;
use crate::cel::estimate::{ELEMENTS, TEXT, length_of};
use crate::cel::shape::Shape;
use crate::cel::types::Type;
use crate::document::Limits;

/// How large a value may be, as far as can be known before it is there.
#[derive(Clone, Debug)]
pub(crate) enum Extent {
    /// A number, a boolean and what else takes no more.
    Scalar,
    /// A part of an object that may have parts of its own, and its type. There may be so many of its kind in the object.
    Part(u64, Shape),
    /// A text or bytes of so many bytes.
    Text(u64),
    /// A list or map of so many elements, the largest of which is this.
    List(u64, Arc<Extent>),
}

/// Bytes of the text of a number, an amount, a time or a name.
pub(super) const SHORT: u64 = 64;

impl Extent {
    /// Values inside one another that are told apart: variables that use each other could go on for ever.
    const DEPTH: u64 = 64;

    /// A part of an object of this type, of which there may be so many.
    pub fn part(parts: u64, shape: &Shape) -> Self {
        match shape {
            Shape::Optional(value) => Extent::part(parts, value),
            Shape::Word(words) => {
                Extent::Text(words.iter().map(|word| length_of(word.len())).max().unwrap_or_default())
            }
            Shape::Time => Extent::Text(SHORT),
            Shape::List(_) | Shape::Map(_) | Shape::Object(_) | Shape::Nothing => Extent::Part(parts, shape.clone()),
            Shape::Basic(Type::Dyn) => Extent::Part(parts, Shape::DYN),
            Shape::Basic(kind) => Extent::of(*kind).unwrap_or(Extent::Text(TEXT)),
        }
    }

    /// A value of a type that says how large it is.
    pub fn of(kind: Type) -> Option<Self> {
        match kind {
            Type::Dyn
            | Type::String
            | Type::Bytes
            | Type::List
            | Type::Map
            | Type::Optional
            | Type::Image
            | Type::Url => None,
            Type::Quantity | Type::Semver => Some(Extent::Text(SHORT)),
            _ => Some(Extent::Scalar),
        }
    }

    pub fn text(bytes: u64) -> Self {
        Extent::Text(bytes)
    }

    pub fn list(elements: u64, element: Extent) -> Self {
        let element = if element.depth() < Self::DEPTH { element } else { Extent::Part(1, Shape::DYN) };
        Extent::List(elements, Arc::new(element))
    }

    fn is_list(&self) -> bool {
        matches!(self, Extent::List(..) | Extent::Part(_, Shape::List(_)))
    }

    fn depth(&self) -> u64 {
        match self {
            Extent::List(_, element) => 1 + element.depth(),
            _ => 0,
        }
    }

    /// Elements, if it is a list or map.
    pub fn elements(&self) -> u64 {
        match self {
            Extent::Scalar | Extent::Text(_) => 1,
            Extent::Part(_, Shape::Object(object)) => length_of(object.names().count()),
            // Parts within parts share what a request can hold.
            Extent::Part(parts, _) => ELEMENTS.min(nodes() / (*parts).max(1)).max(1),
            Extent::List(elements, _) => *elements,
        }
    }

    /// Bytes, if it is a text.
    pub fn bytes(&self) -> u64 {
        match self {
            Extent::Scalar | Extent::List(..) => 0,
            Extent::Part(_, shape) if shape.is_dyn() => TEXT,
            Extent::Part(..) => 0,
            Extent::Text(bytes) => *bytes,
        }
    }

    /// One of its elements.
    pub fn element(&self) -> Extent {
        match self {
            Extent::Scalar | Extent::Text(_) => Extent::Scalar,
            Extent::Part(parts, shape) => {
                let element = match shape {
                    Shape::List(element) => element,
                    Shape::Map(inner) => value_of(inner),
                    _ => &Shape::DYN,
                };
                Extent::part(parts.saturating_mul(self.elements()), element)
            }
            Extent::List(_, element) => (**element).clone(),
        }
    }

    /// One of its keys, if it is a map.
    pub fn key(&self) -> Extent {
        match self {
            Extent::Part(_, Shape::List(_)) => Extent::Scalar,
            Extent::Part(..) => Extent::Text(TEXT),
            other => other.element(),
        }
    }

    /// What stands in it under a name: one for each of its kind.
    pub fn member(&self, name: Option<&str>) -> Extent {
        match self {
            Extent::Part(parts, shape) => match (shape, name) {
                (Shape::Object(object), Some(name)) => Extent::part(*parts, &object.find(name).unwrap_or(Shape::DYN)),
                (Shape::List(element), _) => Extent::part(*parts, element),
                (Shape::Map(inner), _) => Extent::part(*parts, value_of(inner)),
                _ => Extent::Part(*parts, Shape::DYN),
            },
            other => other.element(),
        }
    }

    /// Steps for building it anew.
    pub fn built(&self) -> u64 {
        match self {
            Extent::Scalar => 0,
            Extent::Part(..) => (2 * self.bytes()).max(self.elements().saturating_mul(Budget::VALUE)),
            Extent::Text(bytes) => *bytes,
            Extent::List(elements, _) => elements.saturating_mul(Budget::VALUE),
        }
    }

    /// Steps for comparing it with another: of texts every 64th byte counts, and a part of an object is mostly a text.
    pub fn compared(&self) -> u64 {
        match self {
            Extent::Scalar => 0,
            Extent::Part(..) => TEXT / 64,
            Extent::Text(bytes) => bytes / 64,
            Extent::List(elements, element) => elements.saturating_mul(element.compared().saturating_add(1)),
        }
    }

    /// The two behind one another.
    pub fn sum(left: &Extent, right: &Extent) -> Extent {
        match (left, right) {
            _ if left.is_list() || right.is_list() => {
                let elements = left.elements().saturating_add(right.elements());
                Extent::list(elements, Extent::either(left.element(), right.element()))
            }
            (Extent::Scalar, Extent::Scalar) => Extent::Scalar,
            _ => Extent::Text(left.bytes().saturating_add(right.bytes())),
        }
    }

    /// The larger of the two; of a text and a list, what comes of either.
    pub fn either(one: Extent, other: Extent) -> Extent {
        match (one, other) {
            (Extent::Scalar, other) => other,
            (one, Extent::Scalar) => one,
            (Extent::Part(one, of_one), Extent::Part(other, of_other)) => {
                Extent::Part(one.min(other), of_one.either(of_other))
            }
            (Extent::Text(one), Extent::Text(other)) => Extent::Text(one.max(other)),
            (Extent::List(one, of_one), Extent::List(other, of_other)) => {
                let element = Extent::either(Arc::unwrap_or_clone(of_one), Arc::unwrap_or_clone(of_other));
                Extent::list(one.max(other), element)
            }
            (one, other) if one.built() > other.built() => one,
            (_, other) => other,
        }
    }

    /// The largest of all.
    pub fn largest(all: impl IntoIterator<Item = Extent>) -> Extent {
        all.into_iter().reduce(Extent::either).unwrap_or(Extent::Scalar)
    }
}

/// The type of a value in a map.
fn value_of(inner: &[Shape; 2]) -> &Shape {
    let [_, value] = inner;
    value
}

fn nodes() -> u64 {
    u64::from(Limits::REVIEW.nodes)
}
