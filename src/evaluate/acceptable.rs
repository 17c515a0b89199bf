//! Values that the API server accepts beside what stands there already.
//!
//! It judges the whole object after the edits, and a refusal would look like its author's mistake. What somebody wrote
//! is never touched to make room for a default.

use crate::document::{Step, Value};
use crate::evaluate::Field;
use crate::evaluate::editor::Editor;
use crate::policy::fields::{self, Holds};
use crate::quantity::Quantity;
use crate::workload::Base;

/// Fields of the security contexts that a Pod for Windows must not have. The API server refuses them.
const NOT_ON_WINDOWS: [&str; 8] = [
    "allowPrivilegeEscalation",
    "fsGroup",
    "fsGroupChangePolicy",
    "privileged",
    "readOnlyRootFilesystem",
    "runAsGroup",
    "runAsUser",
    "seccompProfile",
];

/// The value that may be set for `value`.
///
/// # Errors
/// Why none may be.
pub(super) fn fitted<'a>(
    editor: &Editor<'_, 'a>,
    row: &fields::Field,
    field: Field<'a>,
    value: Value<'a>,
) -> Result<Value<'a>, String> {
    match row.path {
        _ if row.holds == Holds::Quantity => quantity_fitted(editor, field, value),
        ["securityContext", key] | ["spec", "securityContext", key] => {
            contradiction(editor, field, key, value).map_or(Ok(value), Err)
        }
        _ => Ok(value),
    }
}

/// Requests and limits: a default request is at most the limit, a default limit at least the request.
fn quantity_fitted<'a>(editor: &Editor<'_, 'a>, field: Field<'a>, value: Value<'a>) -> Result<Value<'a>, String> {
    let [Step::Key(resources), Step::Key(list), Step::Key(resource)] = field.steps else {
        return Ok(value);
    };
    let of = |list: &'static str| [Step::key(resources), Step::key(list), Step::key(resource)];
    for list in ["requests", "limits"] {
        let for_pod = [Step::key("spec"), Step::key("resources"), Step::key(list), Step::key(resource)];
        if editor.workload.field(Base::Pod, &for_pod).is_some() {
            return Err(format!("the Pod sets `{resource}` for all its containers together"));
        }
    }
    let default = quantity(value)?;
    let is_request = list == "requests";
    let other = if is_request { "limits" } else { "requests" };
    let Some(beside) = editor.workload.field(field.base, &of(other)) else {
        return Ok(value);
    };
    let is_ours = editor.made.iter().any(|edit| edit.field.base == field.base && edit.field.steps == of(other));
    let beside = quantity(beside)?;
    if is_request && !is_ours {
        return Err("its limit is set, and Kubernetes makes the request equal to it".to_owned());
    }
    let fits = if is_request { default <= beside } else { default >= beside };
    if fits {
        return Ok(value);
    }
    Ok(Value::String(editor.case.arena.alloc_str(&beside.to_string())))
}

fn quantity(value: Value<'_>) -> Result<Quantity, String> {
    Quantity::of(value).map_err(|error| error.to_string())
}

/// Why `value` cannot stand at `key` of a security context.
fn contradiction(editor: &Editor<'_, '_>, field: Field<'_>, key: &str, value: Value<'_>) -> Option<String> {
    let of_pod = |keys: [&'static str; 3]| editor.workload.field(Base::Pod, &keys.map(Step::key));
    let is_windows = of_pod(["spec", "os", "name"]).and_then(Value::as_str) == Some("windows");
    if is_windows && NOT_ON_WINDOWS.contains(&key) {
        return Some(format!("a Pod for Windows must not set `{key}`"));
    }
    let beside = |key: &'static str| editor.workload.field(field.base, &[Step::key("securityContext"), Step::key(key)]);
    let (yes, no) = (Value::Bool(true), Value::Bool(false));
    let adds_everything = || {
        let added = beside("capabilities").and_then(|capabilities| capabilities.field("add")).unwrap_or_default();
        added.elements().contains(&Value::String("CAP_SYS_ADMIN"))
    };
    match key {
        "allowPrivilegeEscalation" if value == no && beside("privileged") == Some(yes) => {
            Some("the container is privileged".to_owned())
        }
        "allowPrivilegeEscalation" if value == no && adds_everything() => {
            Some("the container adds `CAP_SYS_ADMIN`".to_owned())
        }
        "privileged" if value == yes && beside("allowPrivilegeEscalation") == Some(no) => {
            Some("the container sets `allowPrivilegeEscalation: false`".to_owned())
        }
        _ => None,
    }
}
