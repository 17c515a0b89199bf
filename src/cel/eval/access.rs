//! Reaching into values: fields, indices, presence, membership.

use crate::cel::error::{Error, Reason};
use crate::cel::eval::Evaluation;
use crate::cel::node::{Constant, Index, Kind, Node, Select};
use crate::cel::types::Type;
use crate::cel::value::{List, Map, Value};

/// Entries of a map that can be looked through in one step.
const FEW: usize = 64;

impl<'a> Evaluation<'_, 'a> {
    /// What a field is selected from. A chain of fields goes down here without the detour over every kind of node.
    #[inline]
    fn operand(&self, node: &'a Node) -> Result<Value<'a>, Error<'a>> {
        match &node.kind {
            Kind::Select(select) if self.budget.step() => self.select(select),
            Kind::Local(local) if self.budget.step() => Ok(self.local(*local)),
            _ => self.value(node),
        }
    }

    /// `a.b` and `a.?b`. From an optional on, every further step is optional.
    #[inline(never)]
    pub(super) fn select(&self, select: &'a Select) -> Result<Value<'a>, Error<'a>> {
        // Looked at where it is: what was just written field by field is slow to copy as a whole.
        let operand = self.operand(&select.operand);
        if let Ok(Value::Map(Map::Document(members))) = &operand
            && !select.optional
        {
            if let Err(reason) = self.pay_to_look_up(Map::Document(members)) {
                return Err(Error::new(reason, select.operand.part));
            }
            let found = members.iter().find(|member| is_same_key(member.key, &select.field));
            return match found {
                Some(member) => Ok(member.value.into()),
                None => Err(Error::new(Reason::NoSuchKey(&select.field), select.operand.part)),
            };
        }
        let operand = operand?;
        let error = |reason| Error::new(reason, select.operand.part);
        if let Value::Map(map) | Value::Optional(Some(&Value::Map(map))) = operand {
            self.pay_to_look_up(map).map_err(error)?;
        }
        match operand {
            Value::Map(map) => match (map.field(&select.field), select.optional) {
                (found, true) => self.optional(found).map_err(error),
                (Some(value), false) => Ok(value),
                (None, false) => Err(error(Reason::NoSuchKey(&select.field))),
            },
            Value::Optional(None) => Ok(operand),
            Value::Optional(Some(Value::Map(map))) => self.optional(map.field(&select.field)).map_err(error),
            Value::Optional(Some(Value::List(_))) | Value::List(_) => Err(error(Reason::NoFields(Type::List))),
            Value::Optional(Some(_)) => Ok(Value::Optional(None)),
            _ if select.optional => Ok(Value::Optional(None)),
            other => Err(error(Reason::NoFields(other.kind()))),
        }
    }

    /// `has(a.b)`. A value that can have no fields has not this one; only of a list it is an error to ask.
    #[inline(never)]
    pub(super) fn has(&self, select: &'a Select) -> Result<Value<'a>, Error<'a>> {
        let operand = self.operand(&select.operand);
        if let Ok(Value::Map(Map::Document(members))) = &operand
            && members.len() <= FEW
        {
            return Ok(Value::Bool(members.iter().any(|member| is_same_key(member.key, &select.field))));
        }
        match operand? {
            Value::Map(map) | Value::Optional(Some(&Value::Map(map))) => {
                self.pay_to_look_up(map).map_err(|reason| Error::new(reason, select.operand.part))?;
                Ok(Value::Bool(self.has_field(map, &select.field)))
            }
            Value::List(_) | Value::Optional(Some(Value::List(_))) => {
                Err(Error::new(Reason::NoFields(Type::List), select.operand.part))
            }
            _ => Ok(Value::Bool(false)),
        }
    }

    #[inline]
    fn has_field(&self, map: Map<'a>, field: &str) -> bool {
        match map {
            Map::Document(members) => members.iter().any(|member| is_same_key(member.key, field)),
            Map::Values(_) => map.field(field).is_some(),
        }
    }

    /// `a[b]` and `a[?b]`.
    #[inline(never)]
    pub(super) fn index(&self, index: &'a Index) -> Result<Value<'a>, Error<'a>> {
        let operand = self.value(&index.operand)?;
        let key = self.value(&index.index)?;
        let error = |reason| Error::new(reason, index.operand.part);
        let (container, optional) = match operand {
            Value::Optional(None) => return Ok(operand),
            Value::Optional(Some(inner)) => (*inner, true),
            other => (other, index.optional),
        };
        let found = match container {
            Value::List(list) => match place(key) {
                Some(place) => usize::try_from(place).ok().and_then(|place| list.get(place)),
                None => {
                    return Err(Error::new(Reason::Operator("[]", Type::List, key.kind()), index.index.part));
                }
            },
            Value::Map(map) => {
                self.pay_to_look_up(map).map_err(error)?;
                map.get(key)
            }
            _ if optional => None,
            other => return Err(error(Reason::Operator("[]", other.kind(), key.kind()))),
        };
        match (found, optional) {
            (found, true) => self.optional(found).map_err(error),
            (Some(value), false) => Ok(value),
            (None, false) => Err(error(match (container, key) {
                (Value::List(list), key) => Reason::NoSuchElement(place(key).unwrap_or_default(), list.len()),
                (_, Value::String(key)) => Reason::NoSuchKey(key),
                (_, key) => Reason::NoSuchEntry(self.arena.alloc(key)),
            })),
        }
    }

    /// Keys are compared one after the other: in a large map that is worth more than a step.
    #[inline]
    fn pay_to_look_up(&self, map: Map<'a>) -> Result<(), Reason<'a>> {
        match map.len() {
            0..=FEW => Ok(()),
            large => self.budget.spend_each(large / 16),
        }
    }

    fn optional(&self, found: Option<Value<'a>>) -> Result<Value<'a>, Reason<'a>> {
        self.budget.spend_values(usize::from(found.is_some()))?;
        Ok(Value::Optional(found.map(|value| &*self.arena.alloc(value))))
    }

    /// Whether a list has an element, or a map a key.
    pub(super) fn contains(&self, container: Value<'a>, wanted: Value<'a>) -> Result<bool, Reason<'a>> {
        match container {
            Value::List(list) => {
                self.budget.spend_each(list.len())?;
                match (list, wanted) {
                    (List::Constants(elements), Value::String(wanted)) => {
                        self.budget.spend_each(elements.len().saturating_mul(wanted.len() / 64))?;
                        let is_wanted =
                            |element: &Constant| matches!(element, Constant::String(text) if **text == *wanted);
                        Ok(elements.iter().any(is_wanted))
                    }
                    (List::Document(elements), Value::String(wanted)) => {
                        self.budget.spend_each(elements.len().saturating_mul(wanted.len() / 64))?;
                        Ok(elements.iter().any(|element| element.as_str() == Some(wanted)))
                    }
                    _ => self.context().position(list.iter(), wanted).map(|place| place.is_some()),
                }
            }
            Value::Map(map) => {
                self.pay_to_look_up(map)?;
                Ok(match wanted {
                    Value::String(key) => self.has_field(map, key),
                    key => map.get(key).is_some(),
                })
            }
            other => Err(Reason::Operator("in", wanted.kind(), other.kind())),
        }
    }
}

/// Whether two keys are the same. Most are short, and a call of the C library would take longer than they do.
#[inline]
fn is_same_key(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    // Of up to 16 bytes the first eight and the last eight are all.
    match (one.first_chunk::<8>(), one.last_chunk::<8>()) {
        (Some(first), Some(last)) if one.len() <= 16 => {
            Some(first) == other.first_chunk::<8>() && Some(last) == other.last_chunk::<8>()
        }
        (Some(first), _) => Some(first) == other.first_chunk::<8>() && one == other,
        _ => match (one.first_chunk::<4>(), one.last_chunk::<4>()) {
            (Some(first), Some(last)) => {
                Some(first) == other.first_chunk::<4>() && Some(last) == other.last_chunk::<4>()
            }
            _ => one.iter().eq(other),
        },
    }
}

/// The place in a list that a number names: whole numbers of any type.
fn place(key: Value<'_>) -> Option<i64> {
    match key {
        Value::Int(place) => Some(place),
        Value::Uint(place) => Some(i64::try_from(place).unwrap_or(i64::MAX)),
        #[expect(clippy::cast_possible_truncation, reason = "a double without a fraction, in the bounds of a list")]
        Value::Double(place) if place.fract() == 0.0 && place.abs() < 1e15 => Some(place as i64),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_the_same_only_if_every_byte_is() {
        let key = "terminationGracePeriodSecondsé";
        for length in (0..key.len()).chain([key.len()]).filter(|length| key.is_char_boundary(*length)) {
            let one = key.get(..length).unwrap();
            assert!(is_same_key(one, &String::from(one)));
            assert!(!is_same_key(one, &format!("{one}x")) && !is_same_key(&format!("x{one}"), one));
            for place in 0..one.len().min(29) {
                let mut other = one.to_owned();
                other.replace_range(place..=place, "X");
                assert!(!is_same_key(one, &other), "{one} {other}");
            }
        }
    }
}
