//! Reaching into values: fields, indices, presence, membership.

use crate::cel::error::{Part, Reason};
use crate::cel::eval::{Evaluated, Evaluation, Failed};
use crate::cel::node::{Constant, Index, Path, Select, Start, Step};
use crate::cel::types::Type;
use crate::cel::value::{List, Map, Value};
use crate::document;

/// Entries of a map that can be looked through in one step.
const FEW: usize = 64;

impl<'a> Evaluation<'_, 'a> {
    /// Where the first `steps` of a path lead. Each is a step of the budget, as the variable is.
    #[inline(never)]
    pub(super) fn path(&self, path: &'a Path, steps: &'a [Step]) -> Evaluated<'a> {
        let first = || path.steps.first().map(|step| step.from).unwrap_or_default();
        self.budget.spend_each(steps.len()).map_err(|reason| self.fail(reason, first()))?;
        let start = match path.start {
            Start::Slot(slot) => self.slot(slot, first())?,
            Start::Local(local) => self.local(local),
        };
        let Value::Map(Map::Document(mut members)) = start else { return self.walk(start, steps) };
        // As long as it goes from object to object of a document.
        let mut left = steps.iter();
        while let Some(step) = left.next() {
            self.pay_to_look_up(members.len()).map_err(|reason| self.fail(reason, step.from))?;
            let found = members.iter().find(|member| is_same_key(member.key, &step.field));
            match found.map(|member| &member.value) {
                Some(document::Value::Object(inner)) => members = inner,
                Some(other) if left.as_slice().is_empty() => return Ok((*other).into()),
                Some(other) => return self.walk((*other).into(), left.as_slice()),
                None => return Err(self.fail(Reason::NoSuchKey(&step.field), step.from)),
            }
        }
        Ok(Value::Map(Map::Document(members)))
    }

    fn walk(&self, start: Value<'a>, steps: &'a [Step]) -> Evaluated<'a> {
        steps.iter().try_fold(start, |value, step| self.field_of(value, &step.field, false, step.from))
    }

    /// `a.b` and `a.?b`.
    #[inline(never)]
    pub(super) fn select(&self, select: &'a Select) -> Evaluated<'a> {
        let operand = self.operand(&select.operand)?;
        self.field_of(operand, &select.field, select.optional, select.operand.part)
    }

    /// A field of a value, which stands at `part`. From an optional on, every further step is optional.
    fn field_of(&self, operand: Value<'a>, field: &'a str, optional: bool, part: Part) -> Evaluated<'a> {
        let error = |reason| self.fail(reason, part);
        if let Value::Map(map) | Value::Optional(Some(&Value::Map(map))) = operand {
            self.pay_to_look_up(map.len()).map_err(error)?;
        }
        match operand {
            Value::Map(map) => match (map.field(field), optional) {
                (found, true) => self.optional(found).map_err(error),
                (Some(value), false) => Ok(value),
                (None, false) => Err(error(Reason::NoSuchKey(field))),
            },
            Value::Optional(None) => Ok(operand),
            Value::Optional(Some(Value::Map(map))) => self.optional(map.field(field)).map_err(error),
            Value::Optional(Some(Value::List(_))) | Value::List(_) => Err(error(Reason::NoFields(Type::List))),
            Value::Optional(Some(_)) => Ok(Value::Optional(None)),
            _ if optional => Ok(Value::Optional(None)),
            other => Err(error(Reason::NoFields(other.kind()))),
        }
    }

    /// `has(a.b)`. A value that can have no fields has not this one; only of a list it is an error to ask.
    #[inline(never)]
    pub(super) fn has(&self, select: &'a Select) -> Result<bool, Failed> {
        match self.operand(&select.operand)? {
            Value::Map(map) | Value::Optional(Some(&Value::Map(map))) => {
                let paid = self.pay_to_look_up(map.len());
                paid.map_err(|reason| self.fail(reason, select.operand.part))?;
                Ok(has_field(map, &select.field))
            }
            Value::List(_) | Value::Optional(Some(Value::List(_))) => {
                Err(self.fail(Reason::NoFields(Type::List), select.operand.part))
            }
            _ => Ok(false),
        }
    }

    /// `a[b]` and `a[?b]`.
    #[inline(never)]
    pub(super) fn index(&self, index: &'a Index) -> Evaluated<'a> {
        let operand = self.operand(&index.operand)?;
        let key = self.operand(&index.index)?;
        let error = |reason| self.fail(reason, index.operand.part);
        let (container, optional) = match operand {
            Value::Optional(None) => return Ok(operand),
            Value::Optional(Some(inner)) => (*inner, true),
            other => (other, index.optional),
        };
        let found = match container {
            Value::List(list) => match place(key) {
                Some(place) => usize::try_from(place).ok().and_then(|place| list.get(place)),
                None => {
                    return Err(self.fail(Reason::Operator("[]", Type::List, key.kind()), index.index.part));
                }
            },
            Value::Map(map) => {
                self.pay_to_look_up(map.len()).map_err(error)?;
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
    fn pay_to_look_up(&self, entries: usize) -> Result<(), Reason<'a>> {
        match entries {
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
                self.pay_to_look_up(map.len())?;
                Ok(match wanted {
                    Value::String(key) => has_field(map, key),
                    key => map.get(key).is_some(),
                })
            }
            other => Err(Reason::Operator("in", wanted.kind(), other.kind())),
        }
    }
}

/// Whether a map has a key. It is inlined, as most maps are small and a call would take as long as the search.
#[inline(always)]
fn has_field(map: Map<'_>, field: &str) -> bool {
    match map {
        Map::Document(members) => members.iter().any(|member| is_same_key(member.key, field)),
        Map::Values(_) => map.field(field).is_some(),
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
