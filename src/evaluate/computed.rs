//! Values that expressions give: checked as written ones are when a policy loads, and merged as if written there.

use crate::cel;
use crate::document::{Step, Value};
use crate::evaluate::case::{Case, Failure};
use crate::evaluate::editor::{Editor, Source};
use crate::evaluate::{Field, Reason};
use crate::policy::Rule;
use crate::policy::fields::{self, Holds};
use crate::selector::valid_label_key;
use crate::workload::Base;

/// An object of more members fills in nothing: a patch of thousands of operations is no default any more.
const MOST_MEMBERS: usize = 256;

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

impl<'a> Editor<'_, 'a> {
    /// A computed value, merged as if it were written in the policy: an object is one value for each of its fields.
    pub(super) fn spread(&mut self, source: Source<'_, 'a>, field: Field<'a>, value: Value<'a>) {
        let in_container = field.base != Base::Pod;
        if let Some(row) = fields::find(in_container, field.steps) {
            if !self.is_target_of_field(source.default, row) {
                return;
            }
            let name = match field.steps.last() {
                Some(Step::Key(name)) => name,
                _ => "",
            };
            let checked = match key_problem(row, name) {
                Some(problem) => Err(problem),
                None => row.check(name, value).map_err(|refusal| refusal.message),
            };
            return match checked {
                Ok(value) => self.decide(source, row, field, Value::copied(self.case.arena, &value), true),
                Err(problem) => self.withhold(source, Some(field), Some(value), Reason::Invalid(problem)),
            };
        }
        let Value::Object(members) = value else {
            let problem = format!("the expression gives {}, and no field that can be defaulted", value.type_name());
            return self.withhold(source, Some(field), Some(value), Reason::Invalid(problem));
        };
        if members.len() > MOST_MEMBERS {
            let problem = format!("the expression gives more than {MOST_MEMBERS} fields");
            return self.withhold(source, Some(field), None, Reason::Invalid(problem));
        }
        for member in members {
            self.spread(source, field.member(self.case.arena, member.key), member.value);
        }
    }
}

/// What a computed value gives; [`None`] for `optional.none()`, which means no edit.
pub(super) fn value<'a>(
    case: &Case<'a>,
    value: Result<cel::Value<'a>, Failure<'a>>,
) -> Result<Option<Value<'a>>, String> {
    let value = match value.map_err(|error| error.to_string())? {
        cel::Value::Optional(None) => return Ok(None),
        cel::Value::Optional(Some(value)) => *value,
        value => value,
    };
    match value.to_document(case.arena) {
        Some(value) => Ok(Some(value)),
        None => Err(format!("the expression gives {value}, which no field can hold")),
    }
}

/// Why a computed key cannot stand in the map that the row is about. Written keys were checked when the policy loaded.
fn key_problem(row: &fields::Field, key: &str) -> Option<String> {
    if row.keys().is_some_and(|known| !known.contains(&key)) {
        return Some(format!("`{key}` cannot be defaulted yet"));
    }
    let is_label = matches!(row.holds, Holds::Label | Holds::Annotation);
    (is_label && !valid_label_key(key)).then(|| format!("`{key}` cannot be the key of a label or an annotation"))
}
