//! Requests and limits, fitted to what stands beside them.
//!
//! A default request is at most the limit and a default limit at least the request; what somebody wrote is never
//! touched to make room for a default.

use crate::document::{Step, Value};
use crate::evaluate::edits::{Editor, Wish};
use crate::quantity::Quantity;

/// The value that may be set for `wish`, a key of `requests` or `limits`.
///
/// # Errors
/// Why none may be.
pub(super) fn fitted<'a>(editor: &Editor<'_, 'a>, wish: &Wish<'_, 'a>) -> Result<Value<'a>, String> {
    let [Step::Key(resources), Step::Key(list), Step::Key(resource)] = wish.field.steps else {
        return Ok(wish.value);
    };
    let of = |list: &'static str| [Step::key(resources), Step::key(list), Step::key(resource)];
    let for_pod = [Step::key("spec"), Step::key("resources"), Step::Key(list.clone()), Step::key(resource)];
    if editor.workload.field(crate::workload::Base::Pod, &for_pod).is_some() {
        return Err(format!("the Pod sets `{resource}` for all its containers together"));
    }
    let default = quantity(wish.value)?;
    let is_request = list == "requests";
    let other = if is_request { "limits" } else { "requests" };
    let Some(beside) = editor.workload.field(wish.field.base, &of(other)) else {
        return Ok(wish.value);
    };
    let is_ours = editor.made.iter().any(|edit| edit.field.base == wish.field.base && edit.field.steps == of(other));
    let beside_quantity = quantity(beside)?;
    if is_request && !is_ours {
        return Err("its limit is set, and Kubernetes makes the request equal to it".to_owned());
    }
    let fits = if is_request { default <= beside_quantity } else { default >= beside_quantity };
    if fits {
        return Ok(wish.value);
    }
    Ok(Value::String(editor.case.arena.alloc_str(&beside_quantity.to_string())))
}

fn quantity(value: Value<'_>) -> Result<Quantity, String> {
    Quantity::of(value).map_err(|error| error.to_string())
}
