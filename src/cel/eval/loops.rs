//! The macros that go through a list, or through the keys of a map.

use std::cell::Cell;

use bumpalo::collections::Vec as ArenaVec;

use crate::cel::error::Reason;
use crate::cel::eval::{Evaluated, Evaluation, Failed};
use crate::cel::library;
use crate::cel::node::{Loop, LoopKind, Node};
use crate::cel::types::Type;
use crate::cel::value::{List, Map, Value, equal};

impl<'a> Evaluation<'_, 'a> {
    /// A macro that makes something of the elements.
    #[inline(never)]
    pub(super) fn each(&self, each: &'a Loop, node: &'a Node) -> Evaluated<'a> {
        let range = self.operand(&each.range)?;
        match each.kind {
            LoopKind::Map | LoopKind::Filter => self.collect(each, range, node),
            LoopKind::SortBy => self.sort_by(each, range, node),
            LoopKind::TransformMap | LoopKind::TransformMapEntry => self.transform(each, range, node),
            LoopKind::All | LoopKind::Exists | LoopKind::ExistsOne => self.decide(each).map(Value::Bool),
        }
    }

    /// A macro that asks something of the elements: `exists` holds if one element decides by being true, `all` does not
    /// if one decides by being false. As with `||` an error counts only if none decides.
    #[inline(never)]
    pub(super) fn decide(&self, each: &'a Loop) -> Result<bool, Failed> {
        let range = self.operand(&each.range)?;
        if each.kind == LoopKind::ExistsOne {
            return self.count(each, range);
        }
        let decides = each.kind == LoopKind::Exists;
        let mut error = None;
        let mut is_decided = || match self.holds(each) {
            Ok(value) => Ok(value == decides),
            Err(failed) => self.pass_over(failed, &mut error).map(|()| false),
        };
        match (range, each.second, self.locals.get(each.local)) {
            // What most loops go through.
            (Value::List(List::Document(elements)), None, Some(local)) => {
                for element in elements {
                    local.set((*element).into());
                    if is_decided()? {
                        return Ok(decides);
                    }
                }
            }
            _ => {
                for place in 0..self.length(each, range)? {
                    self.enter(each, range, place);
                    if is_decided()? {
                        return Ok(decides);
                    }
                }
            }
        }
        self.unless(error, !decides)
    }

    fn count(&self, each: &'a Loop, range: Value<'a>) -> Result<bool, Failed> {
        let mut count = 0_u32;
        for place in 0..self.length(each, range)? {
            self.enter(each, range, place);
            count += u32::from(self.holds(each)?);
        }
        Ok(count == 1)
    }

    fn collect(&self, each: &'a Loop, range: Value<'a>, node: &'a Node) -> Evaluated<'a> {
        let length = self.length(each, range)?;
        self.budget.spend_values(length).map_err(|reason| self.fail(reason, node.part))?;
        let mut collected = ArenaVec::with_capacity_in(length, self.arena);
        for place in 0..length {
            let element = self.enter(each, range, place);
            if self.holds(each)? {
                collected.push(match &each.result {
                    Some(result) => self.value(result)?,
                    None => element,
                });
            }
        }
        Ok(Value::list(collected.into_bump_slice()))
    }

    fn sort_by(&self, each: &'a Loop, range: Value<'a>, node: &'a Node) -> Evaluated<'a> {
        let error = |reason| self.fail(reason, node.part);
        let length = self.length(each, range)?;
        let mut keyed = Vec::new();
        for place in 0..length {
            let element = self.enter(each, range, place);
            let Some(key) = &each.result else { continue };
            keyed.push((self.value(key)?, element));
        }
        library::sorted(self.context(), keyed).map_err(error)
    }

    /// `transformMap` keeps the keys and makes new values, `transformMapEntry` makes both.
    fn transform(&self, each: &'a Loop, range: Value<'a>, node: &'a Node) -> Evaluated<'a> {
        let error = |reason| self.fail(reason, node.part);
        let length = self.length(each, range)?;
        self.budget.spend_values(length).map_err(error)?;
        let mut entries: ArenaVec<'a, (Value<'a>, Value<'a>)> = ArenaVec::with_capacity_in(length, self.arena);
        for place in 0..length {
            let key = self.enter(each, range, place);
            let Some(result) = &each.result else { continue };
            if !self.holds(each)? {
                continue;
            }
            let value = self.value(result)?;
            if each.kind == LoopKind::TransformMap {
                entries.push((key, value));
                continue;
            }
            let Value::Map(made) = value else {
                return Err(self.fail(Reason::Expected(Type::Map, value.kind()), result.part));
            };
            for (key, value) in made.iter() {
                self.budget.spend_each(entries.len()).map_err(error)?;
                if entries.iter().any(|(other, _)| equal(*other, key)) {
                    return Err(self.fail(Reason::DuplicateKey(self.arena.alloc(key)), result.part));
                }
                entries.push((key, value));
            }
        }
        Ok(Value::Map(Map::Values(entries.into_bump_slice())))
    }

    pub(super) fn length(&self, each: &'a Loop, range: Value<'a>) -> Result<usize, Failed> {
        match range {
            Value::List(list) => Ok(list.len()),
            Value::Map(map) => Ok(map.len()),
            other => Err(self.fail(Reason::Expected(Type::List, other.kind()), each.range.part)),
        }
    }

    /// Makes the variables of the macro stand for one element, and returns what the first one stands for.
    #[inline]
    pub(super) fn enter(&self, each: &'a Loop, range: Value<'a>, place: usize) -> Value<'a> {
        let (key, value) = match range {
            Value::List(list) => match (list.get(place), each.second) {
                (element, None) => (element.unwrap_or_default(), Value::Null),
                (element, Some(_)) => {
                    (Value::Int(i64::try_from(place).unwrap_or(i64::MAX)), element.unwrap_or_default())
                }
            },
            Value::Map(map) => map.entry(place).unwrap_or_default(),
            _ => (Value::Null, Value::Null),
        };
        self.set(each.local, key);
        if let Some(second) = each.second {
            self.set(second, value);
        }
        key
    }

    #[inline]
    pub(super) fn set(&self, local: usize, value: Value<'a>) {
        if let Some(cell) = self.locals.get(local) {
            Cell::set(cell, value);
        }
    }

    fn holds(&self, each: &'a Loop) -> Result<bool, Failed> {
        match &each.test {
            Some(test) => self.truth(test),
            None => Ok(true),
        }
    }
}
