//! Values that expressions give, alone or inside of a written value.

use crate::cel;
use crate::document::{Member, Value};
use crate::evaluate::Field;
use crate::evaluate::case::{Case, Scope};
use crate::policy::Rule;
use crate::policy::edit::Build;

/// What an expression of a rule gives for a field.
#[derive(Clone, Copy)]
pub(super) struct Computed<'a> {
    pub(super) rule: &'a Rule,
    pub(super) field: Field<'a>,
    pub(super) value: Value<'a>,
}

impl<'a> Computed<'a> {
    /// Whether it is what `rule` gives for `field`.
    pub(super) fn is_for(&self, rule: &Rule, field: &Field<'a>) -> bool {
        std::ptr::eq(self.rule, rule) && self.field.is_same(field)
    }
}

/// The value for this request; [`None`] for `optional.none()`, which means no edit, no element or no member.
pub(super) fn built<'a>(case: &Case<'a>, scope: &Scope<'_, 'a>, build: &'a Build) -> Result<Option<Value<'a>>, String> {
    Ok(match build {
        Build::Constant(value) => Some(Value::from_json(case.arena, value)),
        Build::Expression(program) => {
            let value = match scope.value(program).map_err(|error| error.to_string())? {
                cel::Value::Optional(None) => return Ok(None),
                cel::Value::Optional(Some(value)) => *value,
                value => value,
            };
            match value.to_document(case.arena) {
                Some(value) => Some(value),
                None => return Err(format!("the expression gives {}, which no field can hold", cel::Short(value))),
            }
        }
        Build::List(elements) => {
            let mut list = bumpalo::collections::Vec::new_in(case.arena);
            for element in elements {
                list.extend(built(case, scope, element)?);
            }
            Some(Value::Array(list.into_bump_slice()))
        }
        Build::Object(members) => {
            let mut object = bumpalo::collections::Vec::new_in(case.arena);
            for (key, member) in members {
                object.extend(built(case, scope, member)?.map(|value| Member { key, value }));
            }
            Some(Value::Object(object.into_bump_slice()))
        }
    })
}
