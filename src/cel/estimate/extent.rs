//! How large a value may be.

use std::rc::Rc;

use crate::cel::budget::Budget;
use crate::cel::estimate::{ELEMENTS, TEXT};
use crate::document::Limits;

/// How large a value may be, as far as can be known before it is there.
#[derive(Clone)]
pub(super) enum Extent {
    /// A number, a boolean and what else takes no more.
    Scalar,
    /// A part of an object, of whatever type. There may be so many of its kind in the object.
    Part(u64),
    /// A text or bytes of so many bytes.
    Text(u64),
    /// A list or map of so many elements, the largest of which is this.
    List(u64, Rc<Extent>),
}

impl Extent {
    /// An object, of which there is one.
    pub const OBJECT: Extent = Extent::Part(1);

    pub fn text(bytes: u64) -> Self {
        Extent::Text(bytes)
    }

    pub fn list(elements: u64, element: Extent) -> Self {
        Extent::List(elements, Rc::new(element))
    }

    /// Elements, if it is a list or map.
    pub fn elements(&self) -> u64 {
        match self {
            Extent::Scalar | Extent::Text(_) => 1,
            // Parts within parts share what a request can hold.
            Extent::Part(parts) => ELEMENTS.min(nodes() / (*parts).max(1)).max(1),
            Extent::List(elements, _) => *elements,
        }
    }

    /// Bytes, if it is a text.
    pub fn bytes(&self) -> u64 {
        match self {
            Extent::Scalar | Extent::List(..) => 0,
            Extent::Part(_) => TEXT,
            Extent::Text(bytes) => *bytes,
        }
    }

    /// One of its elements.
    pub fn element(&self) -> Extent {
        match self {
            Extent::Scalar | Extent::Text(_) => Extent::Scalar,
            Extent::Part(parts) => Extent::Part(parts.saturating_mul(self.elements())),
            Extent::List(_, element) => (**element).clone(),
        }
    }

    /// What stands in it under a name: one for each of its kind.
    pub fn member(&self) -> Extent {
        match self {
            Extent::Part(parts) => Extent::Part(*parts),
            other => other.element(),
        }
    }

    /// Steps for building it anew.
    pub fn built(&self) -> u64 {
        match self {
            Extent::Scalar => 0,
            Extent::Part(_) => (2 * TEXT).max(self.elements().saturating_mul(Budget::VALUE)),
            Extent::Text(bytes) => *bytes,
            Extent::List(elements, _) => elements.saturating_mul(Budget::VALUE),
        }
    }

    /// Steps for comparing it with another: of texts every 64th byte counts, and a part of an object is mostly a text.
    pub fn compared(&self) -> u64 {
        match self {
            Extent::Scalar => 0,
            Extent::Part(_) => TEXT / 64,
            Extent::Text(bytes) => bytes / 64,
            Extent::List(elements, element) => elements.saturating_mul(element.compared().saturating_add(1)),
        }
    }

    /// The two behind one another.
    pub fn sum(left: &Extent, right: &Extent) -> Extent {
        match (left, right) {
            (Extent::List(..), _) | (_, Extent::List(..)) => {
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
            (Extent::Part(one), Extent::Part(other)) => Extent::Part(one.min(other)),
            (Extent::Text(one), Extent::Text(other)) => Extent::Text(one.max(other)),
            (Extent::List(one, of_one), Extent::List(other, of_other)) => {
                let element = Extent::either(Rc::unwrap_or_clone(of_one), Rc::unwrap_or_clone(of_other));
                Extent::list(one.max(other), element)
            }
            // A part of an object may be anything, so what is made is the better known of the two, if it is larger.
            (Extent::Part(parts), made) | (made, Extent::Part(parts)) => {
                if made.built() > Extent::Part(parts).built() {
                    made
                } else {
                    Extent::Part(parts)
                }
            }
            (one, other) => {
                if one.built() > other.built() {
                    one
                } else {
                    other
                }
            }
        }
    }

    /// The largest of all.
    pub fn largest(all: impl IntoIterator<Item = Extent>) -> Extent {
        all.into_iter().reduce(Extent::either).unwrap_or(Extent::Scalar)
    }
}

fn nodes() -> u64 {
    u64::from(Limits::REVIEW.nodes)
}
