//! Where the parts of a tree stand in the text they were read from.

use crate::document::{Step, Value};

/// A piece of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
    /// The line of the first byte, counted from 1.
    pub line: u32,
    /// The column of the first byte in characters, counted from 1.
    pub column: u32,
}

/// The spans of a tree, in the shape of the tree.
#[derive(Clone, Copy, Debug, Default)]
pub struct Places<'a> {
    /// The value itself, as written: a text with its quotes or its `|`, a collection with its brackets or, where it has
    /// none, from its first to its last part. An alias where it stands, its parts where they were written. A value
    /// that is missing (`key:`) is an empty span after its key.
    pub value: Span,
    /// Of an object: its keys as written, in the order of its members. Else empty.
    pub keys: &'a [Span],
    /// The elements or the members' values, in order.
    pub children: &'a [Places<'a>],
}

impl<'a> Places<'a> {
    /// The places of what stands at `steps` in `root`, which is the tree these places belong to.
    pub fn at(&self, root: Value<'_>, steps: &[Step<'_>]) -> Option<Places<'a>> {
        let mut places = *self;
        let mut value = root;
        for step in steps {
            places = *places.children.get(child(value, step)?)?;
            value = value.at(std::slice::from_ref(step))?;
        }
        Some(places)
    }

    /// The span of the key (for a member) or of the value (for an element) at `steps`, or of its nearest ancestor that
    /// exists.
    pub fn nearest(&self, root: Value<'_>, steps: &[Step<'_>]) -> Span {
        let found = (1..=steps.len()).rev().find_map(|length| {
            let (last, parents) = steps.get(..length)?.split_last()?;
            let parent = self.at(root, parents)?;
            let index = child(root.at(parents)?, last)?;
            let value = parent.children.get(index)?.value;
            Some(*parent.keys.get(index).unwrap_or(&value))
        });
        found.unwrap_or(self.value)
    }
}

fn child(value: Value<'_>, step: &Step<'_>) -> Option<usize> {
    match step {
        Step::Key(key) => value.members().iter().position(|member| member.key == key),
        Step::Index(index) => (*index < value.elements().len()).then_some(*index),
    }
}
