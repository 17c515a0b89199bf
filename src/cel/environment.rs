//! The names that an expression may use.

use crate::cel::estimate::Cost;
use crate::cel::program::Program;
use crate::cel::shape::Shape;

/// Declared names: variables of the caller, and composed variables under a name of their own.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: Vec<Variable>,
    composed: Option<Composed>,
}

#[derive(Clone, Debug)]
struct Variable {
    name: String,
    slot: u8,
    shape: Shape,
}

#[derive(Clone, Debug)]
struct Composed {
    namespace: String,
    fields: Vec<Field>,
}

#[derive(Clone, Debug)]
struct Field {
    name: String,
    shape: Shape,
    cost: Cost,
}

impl Environment {
    /// Slots that there can be.
    pub const SLOTS: u8 = 64;

    /// No names.
    pub fn new() -> Self {
        Environment::default()
    }

    /// Declares a variable. Its value is asked for by its slot, a number below [`Environment::SLOTS`].
    pub fn variable(mut self, name: impl Into<String>, slot: u8, shape: impl Into<Shape>) -> Self {
        let slot = slot.min(Self::SLOTS - 1);
        self.variables.push(Variable { name: name.into(), slot, shape: shape.into() });
        self
    }

    /// Declares composed variables: `namespace.NAME` is asked for by its place in `fields`.
    pub fn composed<N: Into<String>, S: Into<Shape>>(
        mut self,
        namespace: impl Into<String>,
        fields: impl IntoIterator<Item = (N, S)>,
    ) -> Self {
        let fields = fields.into_iter().map(|(name, shape)| {
            let shape = shape.into();
            Field { name: name.into(), cost: Cost::none(&shape), shape }
        });
        let fields = fields.collect();
        self.composed = Some(Composed { namespace: namespace.into(), fields });
        self
    }

    /// Declares one composed variable more and returns its place. Its type and its cost are those of the program;
    /// nothing is known of one without. [`Environment::composed`] must have named them.
    pub fn compose(&mut self, name: impl Into<String>, program: Option<&Program>) -> Option<usize> {
        let fields = &mut self.composed.as_mut()?.fields;
        let shape = program.map_or(Shape::DYN, |program| program.shape().clone());
        let cost = program.map_or_else(|| Cost::none(&shape), |program| program.cost().clone());
        fields.push(Field { name: name.into(), shape, cost });
        Some(fields.len() - 1)
    }

    /// The slot and type of a variable.
    pub(crate) fn find(&self, name: &str) -> Option<(u8, &Shape)> {
        self.variables.iter().find(|variable| variable.name == name).map(|variable| (variable.slot, &variable.shape))
    }

    /// Whether a name is that of the composed variables.
    pub(crate) fn is_namespace(&self, name: &str) -> bool {
        self.composed.as_ref().is_some_and(|composed| composed.namespace == name)
    }

    /// The place and type of a composed variable.
    pub(crate) fn find_composed(&self, name: &str) -> Option<(usize, &Shape)> {
        let fields = &self.composed.as_ref()?.fields;
        fields.iter().enumerate().find(|(_, field)| field.name == name).map(|(place, field)| (place, &field.shape))
    }

    /// The type of the variable in a slot.
    pub(crate) fn shape_of(&self, slot: u8) -> Option<&Shape> {
        self.variables.iter().find(|variable| variable.slot == slot).map(|variable| &variable.shape)
    }

    /// The cost of the composed variable at a place.
    pub(crate) fn cost_of(&self, place: usize) -> Option<&Cost> {
        self.costs().nth(place)
    }

    /// The costs of the composed variables, by place.
    pub(crate) fn costs(&self) -> impl Iterator<Item = &Cost> {
        self.composed.iter().flat_map(|composed| &composed.fields).map(|field| &field.cost)
    }

    /// All names, for suggestions.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let namespace = self.composed.iter().map(|composed| composed.namespace.as_str());
        self.variables.iter().map(|variable| variable.name.as_str()).chain(namespace)
    }

    /// The names of the composed variables.
    pub(crate) fn composed_names(&self) -> impl Iterator<Item = &str> {
        self.composed.iter().flat_map(|composed| &composed.fields).map(|field| field.name.as_str())
    }
}

/// The bit of the composed variable at a place. Those beyond the last bit share it.
pub(crate) fn bit(place: usize) -> u64 {
    1 << place.min(63)
}
