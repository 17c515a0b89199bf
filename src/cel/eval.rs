//! Runs an expression over the caller's values.
//!
//! Errors follow the CEL specification: `&&`, `||`, `all` and `exists` look away from an error if what they have beside
//! it decides. Nothing here recurses deeper than the expression itself.

mod access;
mod blame;
mod loops;
mod operators;
mod optional;

pub(crate) use operators::arithmetic;

use std::cell::Cell;

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use regex::Regex;

use crate::cel::ast::Operator;
use crate::cel::budget::Budget;
use crate::cel::error::{Error, Part, Reason};
use crate::cel::library::{self, Context};
use crate::cel::node::{Call, Element, Entry, Kind, Node};
use crate::cel::types::Type;
use crate::cel::value::{Map, Value, equal};

/// Where an expression's variables come from. Each is asked for when the expression needs it, and every time it does.
pub trait Scope<'a> {
    /// The value of a variable, by the slot that the environment gave it.
    ///
    /// # Errors
    /// The variable cannot be provided.
    fn slot(&self, slot: u8) -> Result<Value<'a>, Error<'a>>;

    /// The value of a composed variable, by its place in the environment.
    ///
    /// # Errors
    /// The variable's own expression failed.
    fn composed(&self, index: usize) -> Result<Value<'a>, Error<'a>> {
        let _ = index;
        Err(Error::other("there are no composed variables here"))
    }
}

/// A scope without variables.
#[derive(Clone, Copy, Debug, Default)]
pub struct Empty;

impl<'a> Scope<'a> for Empty {
    fn slot(&self, _: u8) -> Result<Value<'a>, Error<'a>> {
        Err(Error::other("there are no variables here"))
    }
}

/// A text of less bytes can be compared in one step.
const SHORT: usize = 64;

/// That a part has no value. The evaluation keeps why: what each part hands to the next is then no larger than a value,
/// and a boolean fits a register.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failed(());

/// The value of a part.
pub(crate) type Evaluated<'a> = Result<Value<'a>, Failed>;

/// The state of one run.
pub(crate) struct Evaluation<'e, 'a> {
    arena: &'a Bump,
    scope: &'e dyn Scope<'a>,
    budget: &'e Budget,
    /// The variables of macros, by the depth of the macro.
    locals: &'a [Cell<Value<'a>>],
    /// What went wrong last.
    failure: Cell<Error<'a>>,
}

impl<'e, 'a> Evaluation<'e, 'a> {
    /// A run of an expression with so many variables of macros inside one another.
    pub fn new(arena: &'a Bump, scope: &'e dyn Scope<'a>, budget: &'e Budget, locals: usize) -> Self {
        let locals = arena.alloc_slice_fill_with(locals, |_| Cell::new(Value::Null));
        Evaluation { arena, scope, budget, locals, failure: Cell::new(Error::new(Reason::Exhausted, Part::default())) }
    }

    /// The value of the whole expression.
    pub fn run(&self, root: &'a Node) -> Result<Value<'a>, Error<'a>> {
        self.value(root).map_err(|failed| self.why(failed))
    }

    /// Keeps what went wrong.
    fn fail(&self, reason: Reason<'a>, part: Part) -> Failed {
        self.fail_with(Error::new(reason, part))
    }

    fn fail_with(&self, error: Error<'a>) -> Failed {
        self.failure.set(error);
        Failed(())
    }

    /// What went wrong.
    fn why(&self, _: Failed) -> Error<'a> {
        self.failure.get()
    }

    /// The value of a node.
    fn value(&self, node: &'a Node) -> Evaluated<'a> {
        self.step(node)?;
        self.value_of(node)
    }

    /// The value of a node that must be a boolean.
    fn truth(&self, node: &'a Node) -> Result<bool, Failed> {
        self.step(node)?;
        self.truth_of(node)
    }

    /// The value of what is most often a field or a constant: those are not looked for among all kinds of nodes.
    #[inline]
    fn operand(&self, node: &'a Node) -> Evaluated<'a> {
        match &node.kind {
            Kind::Path(path) => {
                self.step(node)?;
                self.path(path, &path.steps)
            }
            Kind::Constant(constant) => {
                self.step(node)?;
                Ok(constant.value())
            }
            _ => self.value(node),
        }
    }

    #[inline]
    fn step(&self, node: &'a Node) -> Result<(), Failed> {
        if self.budget.step() { Ok(()) } else { Err(self.fail(Reason::Exhausted, node.part)) }
    }

    /// The value of a node that is paid for.
    fn value_of(&self, node: &'a Node) -> Evaluated<'a> {
        match &node.kind {
            Kind::Constant(constant) => Ok(constant.value()),
            Kind::Local(local) => Ok(self.local(*local)),
            Kind::Slot(slot) => self.slot(*slot, node.part),
            Kind::Composed(index) => self.composed(*index, node.part),
            Kind::Path(path) => self.path(path, &path.steps),
            Kind::Select(select) => self.select(select),
            Kind::Has(_) | Kind::Not(_) | Kind::And(_) | Kind::Or(_) => self.truth_of(node).map(Value::Bool),
            Kind::Binary(operator, _) if operator.is_test() => self.truth_of(node).map(Value::Bool),
            Kind::Loop(each) if each.kind.is_test() => self.truth_of(node).map(Value::Bool),
            Kind::Index(index) => self.index(index),
            Kind::Negate(operand) => self.negate(operand, node),
            Kind::Binary(operator, sides) => self.arithmetic(*operator, sides, node),
            Kind::Conditional(parts) => self.conditional(parts),
            Kind::List(elements) => self.list(elements, node),
            Kind::Map(entries) => self.map(entries),
            Kind::Matches(matches) => self.matches(matches, node),
            Kind::Call(call) => self.call(call, node),
            Kind::Loop(each) => self.each(each, node),
            Kind::Fallback(fallback) => self.fallback(fallback),
            Kind::OptionalMap(map) => self.optional_map(map),
        }
    }

    /// The value of a node that is paid for and must be a boolean.
    fn truth_of(&self, node: &'a Node) -> Result<bool, Failed> {
        match &node.kind {
            Kind::Has(select) => self.has(select),
            Kind::Not(operand) => self.truth(operand).map(|value| !value),
            Kind::And(terms) => self.all_of(terms, false),
            Kind::Or(terms) => self.all_of(terms, true),
            Kind::Binary(operator, sides) if operator.is_test() => self.comparison(*operator, sides, node),
            Kind::Loop(each) if each.kind.is_test() => self.decide(each),
            _ => self.boolean(node),
        }
    }

    /// The value, which must be a boolean, of a node that is paid for and may have any.
    #[inline(never)]
    fn boolean(&self, node: &'a Node) -> Result<bool, Failed> {
        match self.value_of(node)? {
            Value::Bool(value) => Ok(value),
            other => Err(self.fail(Reason::Expected(Type::Bool, other.kind()), node.part)),
        }
    }

    fn context(&self) -> Context<'_, 'a> {
        Context { arena: self.arena, budget: self.budget }
    }

    #[inline]
    fn slot(&self, slot: u8, part: Part) -> Evaluated<'a> {
        self.scope.slot(slot).map_err(|error| self.fail_with(error.met_in(part)))
    }

    #[inline(never)]
    fn composed(&self, index: usize, part: Part) -> Evaluated<'a> {
        self.scope.composed(index).map_err(|error| self.fail_with(error.met_in(part)))
    }

    /// `||` if one `decides` by being true, `&&` if one decides by being false. An error counts only if none decides.
    #[inline(never)]
    fn all_of(&self, terms: &'a [Node], decides: bool) -> Result<bool, Failed> {
        let mut error = None;
        for term in terms {
            match self.truth(term) {
                Ok(value) if value == decides => return Ok(decides),
                Ok(_) => {}
                Err(failed) => self.pass_over(failed, &mut error)?,
            }
        }
        self.unless(error, !decides)
    }

    /// Goes on after a failure that may not matter in the end, unless it ends everything. The first one is kept.
    #[cold]
    fn pass_over(&self, failed: Failed, first: &mut Option<Error<'a>>) -> Result<(), Failed> {
        let error = self.why(failed);
        if error.is_fatal() {
            return Err(failed);
        }
        first.get_or_insert(error);
        Ok(())
    }

    /// What holds if nothing has failed.
    #[inline]
    fn unless(&self, error: Option<Error<'a>>, holds: bool) -> Result<bool, Failed> {
        error.map_or(Ok(holds), |error| Err(self.fail_with(error)))
    }

    /// `==`, `!=`, `in` and the order of values.
    #[inline(never)]
    fn comparison(&self, operator: Operator, sides: &'a [Node; 2], node: &'a Node) -> Result<bool, Failed> {
        let [left, right] = sides;
        let (left, right) = (self.operand(left)?, self.operand(right)?);
        if let (Value::String(left), Value::String(right)) = (left, right)
            && left.len() < SHORT
            && let Operator::Equal | Operator::NotEqual = operator
        {
            return Ok((left == right) == (operator == Operator::Equal));
        }
        let result = match operator {
            Operator::Equal => self.context().equal(left, right),
            Operator::NotEqual => self.context().equal(left, right).map(|equal| !equal),
            Operator::In => self.contains(right, left),
            _ => self.context().compare(left, right).and_then(|()| operators::ordered(operator, left, right)),
        };
        result.map_err(|reason| self.fail(reason, node.part))
    }

    #[inline(never)]
    fn arithmetic(&self, operator: Operator, sides: &'a [Node; 2], node: &'a Node) -> Evaluated<'a> {
        let [left, right] = sides;
        let (left, right) = (self.operand(left)?, self.operand(right)?);
        arithmetic(self.context(), operator, left, right).map_err(|reason| self.fail(reason, node.part))
    }

    #[inline(never)]
    fn conditional(&self, parts: &'a [Node; 3]) -> Evaluated<'a> {
        let [condition, then, otherwise] = parts;
        if self.truth(condition)? { self.value(then) } else { self.value(otherwise) }
    }

    #[inline(never)]
    fn negate(&self, operand: &'a Node, node: &'a Node) -> Evaluated<'a> {
        operators::negate(self.value(operand)?).map_err(|reason| match reason {
            Reason::Expected(..) => self.fail(reason, operand.part),
            _ => self.fail(reason, node.part),
        })
    }

    #[inline(never)]
    fn matches(&self, (text, pattern): &'a (Node, Regex), node: &'a Node) -> Evaluated<'a> {
        let text = self.operand(text)?;
        library::regex::test(self.context(), pattern, text).map_err(|reason| self.fail(reason, node.part))
    }

    #[inline]
    fn local(&self, local: usize) -> Value<'a> {
        self.locals.get(local).map(Cell::get).unwrap_or_default()
    }

    #[inline(never)]
    fn list(&self, elements: &'a [Element], node: &'a Node) -> Evaluated<'a> {
        self.budget.spend_values(elements.len()).map_err(|reason| self.fail(reason, node.part))?;
        let mut values = ArenaVec::with_capacity_in(elements.len(), self.arena);
        for element in elements {
            let value = self.value(&element.value)?;
            match (element.optional, value) {
                (false, value) => values.push(value),
                (true, Value::Optional(optional)) => values.extend(optional.copied()),
                (true, other) => {
                    return Err(self.fail(Reason::Expected(Type::Optional, other.kind()), element.value.part));
                }
            }
        }
        Ok(Value::list(values.into_bump_slice()))
    }

    #[inline(never)]
    fn map(&self, entries: &'a [Entry]) -> Evaluated<'a> {
        let mut values: ArenaVec<'a, (Value<'a>, Value<'a>)> = ArenaVec::with_capacity_in(entries.len(), self.arena);
        for entry in entries {
            let key = self.value(&entry.key)?;
            let error = |reason| self.fail(reason, entry.key.part);
            if !matches!(key, Value::String(_) | Value::Int(_) | Value::Uint(_) | Value::Bool(_)) {
                return Err(error(Reason::BadKey(key.kind())));
            }
            self.budget.spend_each(values.len()).map_err(error)?;
            let value = match (entry.optional, self.value(&entry.value)?) {
                (false, value) => Some(value),
                (true, Value::Optional(Some(value))) => Some(*value),
                (true, Value::Optional(None)) => None,
                (true, other) => {
                    return Err(self.fail(Reason::Expected(Type::Optional, other.kind()), entry.value.part));
                }
            };
            // The last one counts, where the specification would have an error: so does the API server.
            let same = |other: &Value<'a>| other.kind() == key.kind() && equal(*other, key);
            match (values.iter().position(|(other, _)| same(other)), value) {
                (Some(place), Some(value)) => {
                    if let Some(entry) = values.get_mut(place) {
                        entry.1 = value;
                    }
                }
                // An optional without a value takes away what an earlier entry has put there.
                (Some(place), None) => {
                    values.remove(place);
                }
                (None, value) => values.extend(value.map(|value| (key, value))),
            }
        }
        Ok(Value::Map(Map::Values(values.into_bump_slice())))
    }

    #[inline(never)]
    fn call(&self, call: &'a Call, node: &'a Node) -> Evaluated<'a> {
        match &*call.arguments {
            [receiver] => self.apply(call, &[self.operand(receiver)?], node),
            [receiver, argument] => self.apply(call, &[self.operand(receiver)?, self.operand(argument)?], node),
            arguments => {
                let mut values = [Value::Null; library::MOST_ARGUMENTS];
                for (value, argument) in values.iter_mut().zip(arguments) {
                    *value = self.value(argument)?;
                }
                self.apply(call, values.get(..arguments.len()).unwrap_or_default(), node)
            }
        }
    }

    #[inline]
    fn apply(&self, call: &'a Call, values: &[Value<'a>], node: &'a Node) -> Evaluated<'a> {
        let result = match call.overloads.iter().find(|overload| overload.takes(values)) {
            Some(overload) => overload.run(self.context(), values),
            None => {
                let name = call.overloads.first().map_or("", |overload| overload.name);
                Err(self.context().mismatch(name, values))
            }
        };
        result.map_err(|reason| self.fail(reason, node.part))
    }
}
