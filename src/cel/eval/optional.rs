//! What is done with an optional only if it has a value, or only if it has none.

use crate::cel::error::Reason;
use crate::cel::eval::{Evaluated, Evaluation, Failed};
use crate::cel::node::{Fallback, Node, OptionalMap};
use crate::cel::types::Type;
use crate::cel::value::Value;

impl<'a> Evaluation<'_, 'a> {
    /// `or` and `orValue`: an error in the fallback does not matter while it is not needed.
    #[inline(never)]
    pub(super) fn fallback(&self, fallback: &'a Fallback) -> Evaluated<'a> {
        match self.optional_value(&fallback.optional)? {
            Some(value) if fallback.unwrap => Ok(*value),
            Some(value) => Ok(Value::Optional(Some(value))),
            None if fallback.unwrap => self.value(&fallback.fallback),
            None => self.optional_value(&fallback.fallback).map(Value::Optional),
        }
    }

    /// `optMap` and `optFlatMap`.
    #[inline(never)]
    pub(super) fn optional_map(&self, map: &'a OptionalMap) -> Evaluated<'a> {
        let Some(value) = self.optional_value(&map.operand)? else { return Ok(Value::Optional(None)) };
        self.set(map.local, *value);
        if map.flat {
            return self.optional_value(&map.body).map(Value::Optional);
        }
        let made = self.value(&map.body)?;
        Ok(Value::Optional(Some(self.arena.alloc(made))))
    }

    fn optional_value(&self, node: &'a Node) -> Result<Option<&'a Value<'a>>, Failed> {
        match self.value(node)? {
            Value::Optional(optional) => Ok(optional),
            other => Err(self.fail(Reason::Expected(Type::Optional, other.kind()), node.part)),
        }
    }
}
