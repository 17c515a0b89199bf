//! Requests and limits that can stand beside each other: of a container, and of the Pod as a whole.

use crate::api_defaults::total_of_containers;
use crate::document::{Step, Value};
use crate::evaluate::editor::Editor;
use crate::evaluate::{Edit, Field};
use crate::policy::edit::Action;
use crate::quantity::{Quantity, is_overcommitted};
use crate::workload::Base;

/// An amount with what stands beside it.
struct Amount<'r> {
    resource: &'r str,
    is_request: bool,
    /// Of the Pod as a whole.
    is_of_pod: bool,
    wanted: Quantity,
    /// The limit beside a request, the request beside a limit.
    beside: Option<Quantity>,
}

/// The amount that may be set for `value`: a default request is at most the limit, a default limit at least the request.
pub(super) fn fitted<'a>(
    editor: &Editor<'_, 'a>,
    action: Action,
    field: Field<'a>,
    value: Value<'a>,
) -> Result<Value<'a>, String> {
    let [parents @ .., Step::Key(list), Step::Key(resource)] = field.steps else { return Ok(value) };
    let is_request = list == "requests";
    let other = if is_request { "limits" } else { "requests" };
    let steps = parents.iter().map(Step::borrowed).chain([Step::key(other), Step::key(resource)]);
    let steps = bumpalo::collections::Vec::from_iter_in(steps, editor.case.arena).into_bump_slice();
    let beside = editor.workload.field(field.base, steps);
    let is_of_pod = field.base == Base::Pod;
    if !is_of_pod && action == Action::Default && of_pod(editor, resource) {
        return Err(format!("the Pod sets `{resource}` for all its containers together"));
    }
    // The usual case: nothing stands beside it that it could be too large or too small for.
    if beside.is_none() && !is_of_pod && is_overcommitted(resource) {
        return Ok(value);
    }
    let (wanted, beside) = (quantity(value)?, beside.map(quantity).transpose()?);
    let amount = Amount { resource, is_request, is_of_pod, wanted, beside };
    if !is_overcommitted(resource) {
        return amount.whole(editor, field).map(|()| value);
    }
    let is_ours = || {
        let is_default = |edit: &&Edit<'_>| edit.rule.edit().is_some_and(|rule| rule.action == Action::Default);
        let mut edits = editor.made.edits().iter().filter(is_default);
        edits.any(|edit| edit.field.base == field.base && edit.field.steps == steps)
    };
    let fitted = match action {
        Action::Default if is_request && amount.beside.is_some() && !is_ours() => {
            return Err("its limit is set, and Kubernetes makes the request equal to it".to_owned());
        }
        Action::Default => amount.beside_other(),
        _ if is_request => match (action, amount.beside) {
            (_, None) => amount.wanted,
            (_, Some(limit)) if amount.wanted <= limit => amount.wanted,
            (Action::Bound, Some(limit)) if quantity_at(editor, field).is_some_and(|now| now < limit) => limit,
            (_, Some(limit)) => return Err(format!("its limit is `{limit}`, and a request is at most its limit")),
        },
        // The request goes with it.
        _ => amount.wanted,
    };
    if amount.is_of_pod {
        amount.around_containers(editor, fitted)?;
    }
    if fitted == amount.wanted {
        return Ok(value);
    }
    Ok(Value::String(editor.case.arena.alloc_str(&fitted.to_string())))
}

impl Amount<'_> {
    fn beside_other(&self) -> Quantity {
        match self.beside {
            Some(limit) if self.is_request => self.wanted.min(limit),
            Some(request) => self.wanted.max(request),
            None => self.wanted,
        }
    }

    /// Extended resources and huge pages are never overcommitted: their request is their limit.
    fn whole(&self, editor: &Editor<'_, '_>, field: Field<'_>) -> Result<(), String> {
        if self.is_request {
            return match self.beside {
                Some(limit) if limit == self.wanted => Ok(()),
                _ => Err(format!("the request of `{}` is what its limit is", self.resource)),
            };
        }
        if self.is_of_pod && self.resource.contains('/') {
            return Err(format!("`{}` is given to containers, not to the Pod as a whole", self.resource));
        }
        if !self.resource.starts_with("hugepages-") {
            return Ok(());
        }
        let base =
            if self.is_of_pod { vec![Step::key("spec"), Step::key("resources")] } else { vec![Step::key("resources")] };
        let resources = editor.workload.field(field.base, &base).unwrap_or_default();
        let has = |list: &str, name: &str| resources.fields(&[list, name]).is_some();
        let has_base = ["requests", "limits"].into_iter().any(|list| has(list, "cpu") || has(list, "memory"));
        if has_base { Ok(()) } else { Err("huge pages need cpu or memory beside them".to_owned()) }
    }

    /// The Pod as a whole requests at least what its containers do, and none of them may have more than its limit.
    fn around_containers(&self, editor: &Editor<'_, '_>, fitted: Quantity) -> Result<(), String> {
        if !matches!(self.resource, "cpu" | "memory") {
            return Err(format!("`{}` is given to containers, not to the Pod as a whole", self.resource));
        }
        let asked = total_of_containers(editor.workload.template, "requests").amount(self.resource);
        if let Some(asked) = asked.filter(|asked| *asked > fitted) {
            return Err(format!("its containers request `{asked}` together"));
        }
        let limit = |container: crate::workload::Container<'_>| {
            let limit = container.value.fields(&["resources", "limits", self.resource])?;
            Quantity::of(limit).ok().filter(|limit| !self.is_request && *limit > fitted)
        };
        match editor.workload.containers().find_map(limit) {
            Some(limit) => Err(format!("one of its containers has a limit of `{limit}`")),
            None => Ok(()),
        }
    }
}

/// Whether the Pod as a whole has an amount of this resource.
fn of_pod(editor: &Editor<'_, '_>, resource: &str) -> bool {
    // Almost no Pod has any.
    let Some(resources) = editor.workload.spec.field("resources") else { return false };
    ["requests", "limits"].into_iter().any(|list| resources.fields(&[list, resource]).is_some())
}

fn quantity_at(editor: &Editor<'_, '_>, field: Field<'_>) -> Option<Quantity> {
    Quantity::of(editor.workload.field(field.base, field.steps)?).ok()
}

fn quantity(value: Value<'_>) -> Result<Quantity, String> {
    Quantity::of(value).map_err(|error| error.to_string())
}
