//! Reaching into values: fields, indices, presence, membership.

use crate::cel::error::{Error, Reason};
use crate::cel::eval::Evaluation;
use crate::cel::node::{Index, Kind, Node, Select};
use crate::cel::types::Type;
use crate::cel::value::{List, Map, Value, equal};

impl<'a> Evaluation<'_, 'a> {
    /// What a field is selected from. A chain of fields goes down here without the detour over every kind of node.
    #[inline]
    fn operand(&self, node: &'a Node) -> Result<Value<'a>, Error<'a>> {
        match &node.kind {
            Kind::Select(select) if self.budget.step() => self.select(select),
            _ => self.value(node),
        }
    }

    /// `a.b` and `a.?b`. From an optional on, every further step is optional.
    #[inline(never)]
    pub(super) fn select(&self, select: &'a Select) -> Result<Value<'a>, Error<'a>> {
        let operand = self.operand(&select.operand)?;
        if let Value::Map(Map::Document(members)) = operand
            && !select.optional
        {
            let found = members.iter().find(|member| member.key == &*select.field);
            return match found {
                Some(member) => Ok(member.value.into()),
                None => Err(Error::new(Reason::NoSuchKey(&select.field), select.operand.part)),
            };
        }
        let error = |reason| Error::new(reason, select.operand.part);
        match operand {
            Value::Map(map) => match (map.field(&select.field), select.optional) {
                (found, true) => Ok(self.optional(found)),
                (Some(value), false) => Ok(value),
                (None, false) => Err(error(Reason::NoSuchKey(&select.field))),
            },
            Value::Optional(None) => Ok(operand),
            Value::Optional(Some(Value::Map(map))) => Ok(self.optional(map.field(&select.field))),
            Value::Optional(Some(other)) => Err(error(Reason::NoFields(other.kind()))),
            other => Err(error(Reason::NoFields(other.kind()))),
        }
    }

    /// `has(a.b)`.
    #[inline(never)]
    pub(super) fn has(&self, select: &'a Select) -> Result<Value<'a>, Error<'a>> {
        let operand = self.operand(&select.operand)?;
        match operand {
            Value::Map(map) | Value::Optional(Some(&Value::Map(map))) => {
                Ok(Value::Bool(map.field(&select.field).is_some()))
            }
            Value::Optional(None) => Ok(Value::Bool(false)),
            other => Err(Error::new(Reason::NoFields(other.kind()), select.operand.part)),
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
            Value::Map(map) => map.get(key),
            other => return Err(error(Reason::Operator("[]", other.kind(), key.kind()))),
        };
        match (found, optional) {
            (found, true) => Ok(self.optional(found)),
            (Some(value), false) => Ok(value),
            (None, false) => Err(error(match (container, key) {
                (Value::List(_), key) => Reason::OutOfBounds(place(key).unwrap_or_default()),
                (_, Value::String(key)) => Reason::NoSuchKey(key),
                (_, key) => Reason::NoSuchEntry(self.arena.alloc(key)),
            })),
        }
    }

    fn optional(&self, found: Option<Value<'a>>) -> Value<'a> {
        Value::Optional(found.map(|value| &*self.arena.alloc(value)))
    }

    /// Whether a list has an element, or a map a key.
    pub(super) fn contains(&self, container: Value<'a>, wanted: Value<'a>) -> Result<bool, Reason<'a>> {
        match container {
            Value::List(list) => {
                self.budget.spend_each(list.len())?;
                Ok(match (list, wanted) {
                    (List::Constants(_) | List::Values(_), _) => list.iter().any(|element| equal(element, wanted)),
                    (List::Document(elements), Value::String(wanted)) => {
                        elements.iter().any(|element| element.as_str() == Some(wanted))
                    }
                    (List::Document(elements), _) => elements.iter().any(|element| equal((*element).into(), wanted)),
                })
            }
            Value::Map(map) => Ok(map.get(wanted).is_some()),
            other => Err(Reason::Operator("in", wanted.kind(), other.kind())),
        }
    }

    /// Pays for `==` between large values, and not twice for what cannot be equal.
    pub(super) fn pay_to_compare(&self, left: Value<'a>, right: Value<'a>) -> Result<(), Reason<'a>> {
        match (left, right) {
            (Value::List(left), Value::List(right)) if left.len() == right.len() => self.pay_for(Value::List(left)),
            (Value::Map(left), Value::Map(right)) if left.len() == right.len() => self.pay_for(Value::Map(left)),
            (Value::String(left), Value::String(_)) => self.budget.spend_each(left.len() / 64),
            _ => Ok(()),
        }
    }

    fn pay_for(&self, value: Value<'a>) -> Result<(), Reason<'a>> {
        match value {
            Value::List(list) => {
                self.budget.spend_each(list.len())?;
                list.iter().try_for_each(|element| self.pay_for(element))
            }
            Value::Map(map) => {
                self.pay_for_map(map)?;
                map.iter().try_for_each(|(_, value)| self.pay_for(value))
            }
            _ => Ok(()),
        }
    }

    fn pay_for_map(&self, map: Map<'a>) -> Result<(), Reason<'a>> {
        self.budget.spend_each(map.len())
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
