//! Values that the API server accepts beside what stands there already.
//!
//! It judges the whole object after the edits, and a refusal would look like its author's mistake. What somebody wrote
//! is never touched to make room for a default.

mod resources;

use crate::document::{Step, Value};
use crate::evaluate::Field;
use crate::evaluate::editor::Editor;
use crate::policy::edit::Action;
use crate::policy::fields;
use crate::workload::{Base, Kind, Workload};

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

/// The value that may be set for `value` by `action`.
///
/// # Errors
/// Why none may be.
pub(super) fn fitted<'a>(
    editor: &Editor<'_, 'a>,
    action: Action,
    known: fields::Field,
    field: Field<'a>,
    value: Value<'a>,
) -> Result<Value<'a>, String> {
    if known.resource_list().is_some() {
        return resources::fitted(editor, action, field, value);
    }
    if let Some((key, [])) = in_security_context(&field) {
        return contradiction(editor, field, key, value).map_or(Ok(value), Err);
    }
    let problem = match field.steps {
        [Step::Key(spec), Step::Key(policy)] if spec == "spec" && policy == "dnsPolicy" => nameless(editor, value),
        [Step::Key(metadata), Step::Key(labels), Step::Key(key)] if metadata == "metadata" && labels == "labels" => {
            selected(editor, field, key)
        }
        _ => None,
    };
    problem.map_or(Ok(value), Err)
}

/// Why a Pod cannot do without the cluster's name servers: it names none of its own.
fn nameless(editor: &Editor<'_, '_>, policy: Value<'_>) -> Option<String> {
    let own = [Step::key("spec"), Step::key("dnsConfig"), Step::key("nameservers")];
    let has_own = || editor.workload.field(Base::Pod, &own).is_some_and(|servers| !servers.elements().is_empty());
    (policy == Value::String("None") && !has_own()).then(|| "`None` needs `nameservers` in `dnsConfig`".to_owned())
}

/// Why a label must stay: what looks for Pods by it would lose them, and a controller would make new ones for ever.
fn selected(editor: &Editor<'_, '_>, field: Field<'_>, key: &str) -> Option<String> {
    editor.workload.field(field.base, field.steps)?;
    if editor.workload.kind == Kind::Pod {
        let is_owned = editor.workload.controller().is_some();
        return is_owned.then(|| "the controller of the Pod knows it by its labels".to_owned());
    }
    let selector = editor.workload.object.fields(&["spec", "selector"])?;
    let expressions = selector.field("matchExpressions").unwrap_or_default().elements();
    let is_selected = selector.field(key).is_some()
        || selector.fields(&["matchLabels", key]).is_some()
        || expressions.iter().any(|expression| expression.text(&["key"]) == Some(key));
    is_selected.then(|| "the selector of the object asks for it".to_owned())
}

/// Whether the API server refuses a Pod in which anything stands in the field: then nobody can get past a rule about it.
pub(super) fn is_refused(workload: &Workload<'_>, field: &Field<'_>) -> bool {
    let Some((key, _)) = in_security_context(field) else { return false };
    NOT_ON_WINDOWS.contains(&key) && is_windows(workload)
}

/// The key of a security context in which the field stands, of the Pod or of a container, and the steps from there.
pub(super) fn in_security_context<'f>(field: &'f Field<'_>) -> Option<(&'f str, &'f [Step<'f>])> {
    match (field.base, field.steps) {
        (Base::Container(..), [Step::Key(context), Step::Key(key), rest @ ..]) if context == "securityContext" => {
            Some((key, rest))
        }
        (_, [Step::Key(spec), Step::Key(context), Step::Key(key), rest @ ..])
            if spec == "spec" && context == "securityContext" =>
        {
            Some((key, rest))
        }
        _ => None,
    }
}

fn is_windows(workload: &Workload<'_>) -> bool {
    workload.spec.text(&["os", "name"]) == Some("windows")
}

/// Why `value` cannot stand at `key` of a security context.
fn contradiction(editor: &Editor<'_, '_>, field: Field<'_>, key: &str, value: Value<'_>) -> Option<String> {
    if is_windows(&editor.workload) && NOT_ON_WINDOWS.contains(&key) {
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
