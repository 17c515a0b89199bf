//! An expression that has been loaded: checked, compiled, and good for any number of runs.

use bumpalo::Bump;

use crate::cel::blame::Blame;
use crate::cel::budget::Budget;
use crate::cel::compile::{Compiled, compile};
use crate::cel::environment::{Environment, bit};
use crate::cel::error::{Error, Reason};
use crate::cel::estimate::{self, Cost};
use crate::cel::eval::{Evaluation, Scope};
use crate::cel::node::Node;
use crate::cel::parse::parse;
use crate::cel::problem::Problem;
use crate::cel::shape::Shape;
use crate::cel::types::Type;
use crate::cel::value::Value;
use crate::diagnostic::Place;

/// A compiled expression.
#[derive(Debug)]
pub struct Program {
    source: Box<str>,
    compiled: Compiled,
    cost: Box<Cost>,
    expect: Type,
    place: Option<Place>,
    shared: Option<usize>,
}

impl Program {
    /// Compiles an expression that is to give a value of type `expect`; [`Type::Dyn`] for any.
    ///
    /// # Errors
    /// Everything that is wrong with the expression, with the bytes of `source` that each problem is about.
    pub fn compile(environment: &Environment, source: &str, expect: Type) -> Result<Self, Vec<Problem>> {
        Program::compile_with(environment, source, expect, false)
    }

    /// Compiles an expression whose value becomes part of an object: the elements and values of its lists and maps may
    /// be of several types, as the fields of an object are.
    ///
    /// # Errors
    /// As [`Program::compile`].
    pub fn compile_value(environment: &Environment, source: &str) -> Result<Self, Vec<Problem>> {
        Program::compile_with(environment, source, Type::Dyn, true)
    }

    fn compile_with(environment: &Environment, source: &str, expect: Type, mixed: bool) -> Result<Self, Vec<Problem>> {
        let expression = parse(source)?;
        let compiled = compile(environment, source, &expression, expect, mixed)?;
        let cost = Box::new(estimate::cost(environment, &compiled.node, compiled.locals, source));
        Ok(Program { source: source.into(), compiled, cost, expect, place: None, shared: None })
    }

    /// The same, read at this place in a file.
    pub fn at(self, place: Place) -> Self {
        Program { place: Some(place), ..self }
    }

    /// Where it was read.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// Gives its result a place of its own, for a caller who would ask for it more than once.
    pub fn share(&mut self, place: usize) {
        self.shared = Some(place);
    }

    /// The place that its result has, among those that are kept.
    pub fn shared(&self) -> Option<usize> {
        self.shared
    }

    /// Runs it. Variables come from `scope`, when they are needed.
    ///
    /// # Errors
    /// What the CEL specification calls an error, a result of another type than was asked for, or a spent budget.
    pub fn eval<'a>(&'a self, arena: &'a Bump, scope: &dyn Scope<'a>, budget: &Budget) -> Result<Value<'a>, Error<'a>> {
        let Compiled { node, locals, .. } = &self.compiled;
        budget.enter().map_err(|reason| Error::new(reason, node.part))?;
        let value = Evaluation::new(arena, scope, budget, *locals).run(node);
        budget.leave();
        match value {
            Ok(value) if !self.expect.accepts(value.kind()) => {
                Err(Error::new(Reason::Expected(self.expect, value.kind()), node.part))
            }
            other => other,
        }
    }

    /// The part that made it false, or fail, and what its parts are: for whoever wrote it. [`None`] if that takes more
    /// than [`Budget::BLAME`] steps, or than are left.
    pub fn blame<'a>(&'a self, arena: &'a Bump, scope: &dyn Scope<'a>, budget: &Budget) -> Option<Blame<'a>> {
        let Compiled { node, locals, .. } = &self.compiled;
        let steps = budget.left().min(Budget::BLAME);
        let lent = Budget::new(steps);
        lent.enter().ok()?;
        let blame = Evaluation::new(arena, scope, &lent, *locals).blame(node);
        lent.leave();
        budget.charge(steps.saturating_sub(lent.left()));
        blame
    }

    /// The steps that it may take at worst, over an object of modest size, with those of the composed variables that it
    /// reads.
    pub fn estimate(&self) -> u64 {
        self.cost.steps
    }

    /// Why it may take so many steps that it is not worth trying; [`None`] if it may not.
    pub fn too_expensive(&self) -> Option<&Problem> {
        self.cost.problem.as_ref()
    }

    pub(crate) fn cost(&self) -> &Cost {
        &self.cost
    }

    pub(in crate::cel) fn node(&self) -> &Node {
        &self.compiled.node
    }

    /// What is right in it and probably not meant, in the order of the source: comparisons that never hold, and variables
    /// of macros that are never used.
    pub fn doubts(&self) -> &[Problem] {
        &self.compiled.doubts
    }

    /// The expression as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The type of its values, as far as it is known.
    pub fn shape(&self) -> &Shape {
        &self.compiled.shape
    }

    /// Whether it reads the variable in a slot. What a composed variable reads is not counted.
    pub fn uses(&self, slot: u8) -> bool {
        self.compiled.slots.checked_shr(slot.into()).is_some_and(|slots| slots & 1 == 1)
    }

    /// Whether it reads the composed variable at a place.
    pub fn uses_composed(&self, place: usize) -> bool {
        self.compiled.composed & bit(place) != 0
    }

    /// An error of this expression in one line, with the part that failed.
    pub fn explain(&self, error: &Error<'_>) -> String {
        error.in_source(&self.source).to_string()
    }
}
