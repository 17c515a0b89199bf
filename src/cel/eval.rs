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
use crate::cel::error::{Error, Reason};
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

/// The state of one run.
pub(crate) struct Evaluation<'e, 'a> {
    pub arena: &'a Bump,
    pub scope: &'e dyn Scope<'a>,
    pub budget: &'e Budget,
    /// The variables of macros, by the depth of the macro.
    pub locals: &'e [Cell<Value<'a>>],
}

impl<'a> Evaluation<'_, 'a> {
    /// The value of a node.
    pub fn value(&self, node: &'a Node) -> Result<Value<'a>, Error<'a>> {
        if !self.budget.step() {
            return Err(Error::new(Reason::Exhausted, node.part));
        }
        match &node.kind {
            Kind::Constant(constant) => Ok(constant.value()),
            Kind::Local(local) => Ok(self.local(*local)),
            Kind::Slot(slot) => self.scope.slot(*slot).map_err(|error| error.met_in(node.part)),
            Kind::Composed(index) => self.scope.composed(*index).map_err(|error| error.met_in(node.part)),
            Kind::Select(select) => self.select(select),
            Kind::Has(select) => self.has(select),
            Kind::Index(index) => self.index(index),
            Kind::Not(operand) => self.truth(operand).map(|value| Value::Bool(!value)),
            Kind::Negate(operand) => self.negate(operand, node),
            Kind::And(terms) => self.all_of(terms, false),
            Kind::Or(terms) => self.all_of(terms, true),
            Kind::Binary(operator, sides) => self.binary(*operator, sides, node),
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

    /// The value of a node that must be a boolean.
    pub fn truth(&self, node: &'a Node) -> Result<bool, Error<'a>> {
        match &self.value(node) {
            Ok(Value::Bool(value)) => Ok(*value),
            Ok(other) => Err(Error::new(Reason::Expected(Type::Bool, other.kind()), node.part)),
            Err(error) => Err(*error),
        }
    }

    pub fn context(&self) -> Context<'_, 'a> {
        Context { arena: self.arena, budget: self.budget }
    }

    /// `||` if one `decides` by being true, `&&` if one decides by being false. An error counts only if none decides.
    #[inline(never)]
    fn all_of(&self, terms: &'a [Node], decides: bool) -> Result<Value<'a>, Error<'a>> {
        let mut error = None;
        for term in terms {
            match self.truth(term) {
                Ok(value) if value == decides => return Ok(Value::Bool(decides)),
                Ok(_) => {}
                Err(fatal) if fatal.is_fatal() => return Err(fatal),
                Err(other) => error = error.or(Some(other)),
            }
        }
        error.map_or(Ok(Value::Bool(!decides)), Err)
    }

    #[inline(never)]
    fn binary(&self, operator: Operator, sides: &'a [Node; 2], node: &'a Node) -> Result<Value<'a>, Error<'a>> {
        let [left, right] = sides;
        let left = self.side(left);
        if let Err(error) = &left {
            return Err(*error);
        }
        let right = self.side(right);
        if let (Ok(Value::String(left)), Ok(Value::String(right))) = (&left, &right)
            && left.len() < SHORT
            && let Operator::Equal | Operator::NotEqual = operator
        {
            return Ok(Value::Bool((left == right) == (operator == Operator::Equal)));
        }
        let (left, right) = (left?, right?);
        let result = match operator {
            Operator::Equal => self.context().equal(left, right).map(Value::Bool),
            Operator::NotEqual => self.context().equal(left, right).map(|equal| Value::Bool(!equal)),
            Operator::In => self.contains(right, left).map(Value::Bool),
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
                let paid = self.context().compare(left, right);
                paid.and_then(|()| operators::ordered(operator, left, right)).map(Value::Bool)
            }
            _ => arithmetic(self.context(), operator, left, right),
        };
        result.map_err(|reason| Error::new(reason, node.part))
    }

    /// The value of a side of an operator, which is often a constant or a field.
    #[inline]
    fn side(&self, node: &'a Node) -> Result<Value<'a>, Error<'a>> {
        match &node.kind {
            Kind::Constant(constant) if self.budget.step() => Ok(constant.value()),
            Kind::Select(select) if self.budget.step() => self.select(select),
            _ => self.value(node),
        }
    }

    #[inline(never)]
    fn conditional(&self, parts: &'a [Node; 3]) -> Result<Value<'a>, Error<'a>> {
        let [condition, then, otherwise] = parts;
        if self.truth(condition)? { self.value(then) } else { self.value(otherwise) }
    }

    #[inline(never)]
    fn negate(&self, operand: &'a Node, node: &'a Node) -> Result<Value<'a>, Error<'a>> {
        operators::negate(self.value(operand)?).map_err(|reason| match reason {
            Reason::Expected(..) => Error::new(reason, operand.part),
            _ => Error::new(reason, node.part),
        })
    }

    #[inline(never)]
    fn matches(&self, (text, pattern): &'a (Node, Regex), node: &'a Node) -> Result<Value<'a>, Error<'a>> {
        let text = self.value(text)?;
        library::regex::test(self.context(), pattern, text).map_err(|reason| Error::new(reason, node.part))
    }

    #[inline]
    fn local(&self, local: usize) -> Value<'a> {
        self.locals.get(local).map(Cell::get).unwrap_or_default()
    }

    #[inline(never)]
    fn list(&self, elements: &'a [Element], node: &'a Node) -> Result<Value<'a>, Error<'a>> {
        self.budget.spend_values(elements.len()).map_err(|reason| Error::new(reason, node.part))?;
        let mut values = ArenaVec::with_capacity_in(elements.len(), self.arena);
        for element in elements {
            let value = self.value(&element.value)?;
            match (element.optional, value) {
                (false, value) => values.push(value),
                (true, Value::Optional(optional)) => values.extend(optional.copied()),
                (true, other) => {
                    return Err(Error::new(Reason::Expected(Type::Optional, other.kind()), element.value.part));
                }
            }
        }
        Ok(Value::list(values.into_bump_slice()))
    }

    #[inline(never)]
    fn map(&self, entries: &'a [Entry]) -> Result<Value<'a>, Error<'a>> {
        let mut values: ArenaVec<'a, (Value<'a>, Value<'a>)> = ArenaVec::with_capacity_in(entries.len(), self.arena);
        for entry in entries {
            let key = self.value(&entry.key)?;
            let error = |reason| Error::new(reason, entry.key.part);
            if !matches!(key, Value::String(_) | Value::Int(_) | Value::Uint(_) | Value::Bool(_)) {
                return Err(error(Reason::BadKey(key.kind())));
            }
            self.budget.spend_each(values.len()).map_err(error)?;
            let value = match (entry.optional, self.value(&entry.value)?) {
                (false, value) => Some(value),
                (true, Value::Optional(Some(value))) => Some(*value),
                (true, Value::Optional(None)) => None,
                (true, other) => {
                    return Err(Error::new(Reason::Expected(Type::Optional, other.kind()), entry.value.part));
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
    fn call(&self, call: &'a Call, node: &'a Node) -> Result<Value<'a>, Error<'a>> {
        /// More arguments than any function has.
        const MOST: usize = 4;
        let mut values = [Value::Null; MOST];
        for (value, argument) in values.iter_mut().zip(&call.arguments) {
            *value = self.value(argument)?;
        }
        let values = values.get(..call.arguments.len()).unwrap_or_default();
        let types = values.iter().map(|value| value.kind());
        let result = match call.overloads.iter().find(|overload| overload.takes(types.clone())) {
            Some(overload) => overload.run(self.context(), values),
            None => {
                let name = call.overloads.first().map_or("", |overload| overload.name);
                Err(self.context().mismatch(name, values))
            }
        };
        result.map_err(|reason| Error::new(reason, node.part))
    }
}
