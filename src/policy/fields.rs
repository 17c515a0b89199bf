//! The fields that a `default` may fill in: one row each, with what a value must be.
//!
//! A field is a row here only if filling it in is whole: nothing else was derived from it by the time a Pod arrives, or
//! what was derived is edited with it. The others are refused when a policy loads, the known ones with the reason.

use crate::document::{Step, Value};
use crate::quantity::Quantity;
use crate::selector::valid_label_value;

/// One field, or one for each key of a map.
#[derive(Debug)]
pub struct Field {
    /// Whether the path is counted from a container, else from the Pod.
    pub in_container: bool,
    /// From there to the field; `*` stands for any key.
    pub path: &'static [&'static str],
    /// What a value must be.
    pub holds: Holds,
    /// Whether the API server fills it in, so that only a template or a Pod without a controller tells who set it:
    /// that is then where edits go. Edits of the other fields go into Pods.
    pub is_filled_in: bool,
}

/// What a value of a field must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// `true` or `false`.
    Bool,
    /// A whole number from the first to the second.
    Integer(i64, i64),
    /// A string that is not empty.
    Text,
    /// One of these.
    Word(&'static [&'static str]),
    /// An amount of the resource that the last key names.
    Quantity,
    /// The value of a label.
    Label,
    /// The value of an annotation.
    Annotation,
    /// A seccomp profile, as a whole: its `type` says which of its fields there are.
    Seccomp,
}

/// Why a value cannot stand in a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong.
    pub message: String,
    /// The words that could have been meant.
    pub words: &'static [&'static str],
    /// What to do about it.
    pub help: Option<String>,
}

const ID: Holds = Holds::Integer(0, i32::MAX as i64);
const RESOURCES: &[&str] = &["cpu", "memory", "ephemeral-storage"];
const SECCOMP_TYPES: &[&str] = &["RuntimeDefault", "Localhost", "Unconfined"];

const fn pod(path: &'static [&'static str], holds: Holds, is_filled_in: bool) -> Field {
    Field { in_container: false, path, holds, is_filled_in }
}

const fn container(path: &'static [&'static str], holds: Holds, is_filled_in: bool) -> Field {
    Field { in_container: true, path, holds, is_filled_in }
}

/// Every row.
pub static FIELDS: &[Field] = &[
    pod(&["metadata", "labels", "*"], Holds::Label, false),
    pod(&["metadata", "annotations", "*"], Holds::Annotation, false),
    pod(&["spec", "terminationGracePeriodSeconds"], Holds::Integer(0, i64::MAX), true),
    pod(&["spec", "enableServiceLinks"], Holds::Bool, true),
    // `None` is left out: it is valid only beside a `dnsConfig`.
    pod(&["spec", "dnsPolicy"], Holds::Word(&["ClusterFirst", "ClusterFirstWithHostNet", "Default"]), true),
    pod(&["spec", "schedulerName"], Holds::Text, true),
    pod(&["spec", "securityContext", "runAsNonRoot"], Holds::Bool, false),
    pod(&["spec", "securityContext", "runAsUser"], ID, false),
    pod(&["spec", "securityContext", "runAsGroup"], ID, false),
    pod(&["spec", "securityContext", "fsGroup"], ID, false),
    pod(&["spec", "securityContext", "fsGroupChangePolicy"], Holds::Word(&["OnRootMismatch", "Always"]), false),
    pod(&["spec", "securityContext", "seccompProfile"], Holds::Seccomp, false),
    container(&["imagePullPolicy"], Holds::Word(&["Always", "IfNotPresent", "Never"]), true),
    container(&["resources", "requests", "*"], Holds::Quantity, false),
    container(&["resources", "limits", "*"], Holds::Quantity, false),
    container(&["terminationMessagePath"], Holds::Text, true),
    container(&["terminationMessagePolicy"], Holds::Word(&["File", "FallbackToLogsOnError"]), true),
    container(&["securityContext", "allowPrivilegeEscalation"], Holds::Bool, false),
    container(&["securityContext", "privileged"], Holds::Bool, false),
    container(&["securityContext", "readOnlyRootFilesystem"], Holds::Bool, false),
    container(&["securityContext", "runAsNonRoot"], Holds::Bool, false),
    container(&["securityContext", "runAsUser"], ID, false),
    container(&["securityContext", "runAsGroup"], ID, false),
];

/// The row of the field at `steps`.
pub fn find(in_container: bool, steps: &[Step<'_>]) -> Option<&'static Field> {
    FIELDS
        .iter()
        .find(|field| field.in_container == in_container && field.path.len() == steps.len() && field.leads(steps))
}

/// The rows at `steps` and below.
pub fn below(in_container: bool, steps: &[Step<'_>]) -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().filter(move |field| field.in_container == in_container && field.leads(steps))
}

/// Why a field of a Pod that people would like to default is no row here, with what to do instead.
pub fn refusal(in_container: bool, steps: &[Step<'_>]) -> Option<(&'static str, &'static str)> {
    let keys: Vec<&str> = steps.iter().map(key).collect();
    if in_container {
        return None;
    }
    Some(match keys.as_slice() {
        ["spec", "priorityClassName"] => (
            "by the time a Pod arrives the API server has derived its `priority` and `preemptionPolicy` from it",
            "mark one PriorityClass as `globalDefault`",
        ),
        ["spec", "automountServiceAccountToken"] => {
            ("by the time a Pod arrives the API server has mounted the token already", "set it in the ServiceAccount")
        }
        ["spec", "hostNetwork"] => (
            "by the time a Pod arrives the API server has derived `hostPort`s from it",
            "say what must hold with `require`",
        ),
        ["spec", "serviceAccountName" | "serviceAccount"] => (
            "by the time a Pod arrives the API server has mounted the token of its ServiceAccount already",
            "say what must hold with `require`",
        ),
        ["spec", "containers" | "initContainers" | "ephemeralContainers"] => (
            "containers have a section of their own",
            "write the values for each container under `container`, beside `pod`",
        ),
        _ => return None,
    })
}

impl Field {
    /// Whether the path of this row starts with `steps`.
    fn leads(&self, steps: &[Step<'_>]) -> bool {
        steps.len() <= self.path.len()
            && self.path.iter().zip(steps).all(|(own, step)| *own == "*" || *own == key(step))
    }

    /// `value` as it would stand in the field `name`, the last key of its path: quantities in canonical form.
    ///
    /// # Errors
    /// [`Refusal`] if the API server would not take it there.
    pub fn check(&self, name: &str, value: Value<'_>) -> Result<serde_json::Value, Refusal> {
        let wrong_type = |expected: &str| Refusal::new(format!("expected {expected}, found {}", described(value)));
        match self.holds {
            Holds::Bool => value.as_bool().map(Into::into).ok_or_else(|| wrong_type("a boolean")),
            Holds::Integer(least, most) => match value.as_i64() {
                Some(number) if (least..=most).contains(&number) => Ok(number.into()),
                Some(number) if number < least => Err(Refusal::new(format!("`{number}` is less than {least}"))),
                Some(number) => Err(Refusal::new(format!("`{number}` is more than {most}"))),
                None => Err(wrong_type("an integer")),
            },
            Holds::Text => match value.as_str() {
                Some("") => Err(Refusal::new("expected a string, found an empty one")),
                Some(text) => Ok(text.into()),
                None => Err(wrong_type("a string")),
            },
            Holds::Word(words) => word(words, value),
            Holds::Quantity => quantity(name, value),
            Holds::Label => {
                let text = value.as_str().ok_or_else(|| wrong_type("a string"))?;
                let refused = || Refusal::new(format!("`{text}` cannot be the value of a label"));
                let help = "letters, digits, `-`, `_` and `.`, at most 63, a letter or digit first and last";
                if valid_label_value(text) { Ok(text.into()) } else { Err(refused().help(help)) }
            }
            Holds::Annotation => value.as_str().map(Into::into).ok_or_else(|| wrong_type("a string")),
            Holds::Seccomp => seccomp(value),
        }
    }

    /// The words that can stand at `*`; [`None`] if any can that the API server takes.
    pub fn keys(&self) -> Option<&'static [&'static str]> {
        (self.holds == Holds::Quantity).then_some(RESOURCES)
    }
}

impl Refusal {
    fn new(message: impl Into<String>) -> Self {
        Refusal { message: message.into(), words: &[], help: None }
    }

    fn help(mut self, help: &str) -> Self {
        self.help = Some(help.to_owned());
        self
    }
}

fn key<'s>(step: &'s Step<'_>) -> &'s str {
    match step {
        Step::Key(key) => key,
        Step::Index(_) => "",
    }
}

fn word(words: &'static [&'static str], value: Value<'_>) -> Result<serde_json::Value, Refusal> {
    match value.as_str() {
        Some(text) if words.contains(&text) => Ok(text.into()),
        Some(text) => Err(Refusal { message: format!("`{text}` cannot stand here"), words, help: None }),
        None => Err(Refusal::new(format!("expected a string, found {}", described(value)))),
    }
}

fn quantity(resource: &str, value: Value<'_>) -> Result<serde_json::Value, Refusal> {
    if value.is_null() {
        return Err(Refusal::new("expected a quantity, found nothing"));
    }
    let quantity = Quantity::of(value).map_err(|error| Refusal::new(error.to_string()))?;
    let quantity = quantity.round_up_to_milli();
    if quantity.sign() < 0 {
        return Err(Refusal::new(format!("`{quantity}` is less than nothing")));
    }
    let text = quantity.to_string();
    if resource != "cpu" && (text.ends_with('m') || text.contains("e-")) {
        let written = value.as_str().unwrap_or(&text);
        let refused = Refusal::new(format!("`{written}` of {resource} is a fraction of a byte"));
        return Err(match written.strip_suffix('m') {
            Some(meant) => refused.help(&format!("`m` is a thousandth; did you mean `{meant}Mi`?")),
            None => refused,
        });
    }
    Ok(text.into())
}

fn seccomp(value: Value<'_>) -> Result<serde_json::Value, Refusal> {
    let Value::Object(members) = value else {
        return Err(Refusal::new(format!("expected an object, found {}", described(value))));
    };
    if let Some(other) = members.iter().find(|member| !matches!(member.key, "type" | "localhostProfile")) {
        return Err(Refusal::new(format!("unknown field `{}` in a seccomp profile", other.key)));
    }
    let profile = word(SECCOMP_TYPES, value.get("type").unwrap_or_default())?;
    let path = value.get("localhostProfile");
    match (profile.as_str() == Some("Localhost"), path) {
        (true, Some(Value::String(path))) if !path.is_empty() && !path.starts_with('/') => Ok(value.to_json()),
        (true, _) => {
            Err(Refusal::new("`Localhost` needs `localhostProfile`, a path below the kubelet's seccomp folder"))
        }
        (false, Some(_)) => Err(Refusal::new("`localhostProfile` stands only with `type: Localhost`")),
        (false, None) => Ok(value.to_json()),
    }
}

/// A value by its type, for messages: whoever writes `field:` and no more has written nothing.
pub(in crate::policy) fn described(value: Value<'_>) -> &'static str {
    if value.is_null() { "nothing" } else { value.described() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::document::Path;

    fn check(in_container: bool, path: &str, value: Value<'_>) -> Result<serde_json::Value, String> {
        let path = Path::parse(path).unwrap();
        let field = find(in_container, path.steps()).unwrap();
        field.check(key(path.steps().last().unwrap()), value).map_err(|refusal| refusal.message)
    }

    #[test]
    fn values_are_checked_and_made_canonical() {
        let table = [
            (true, "resources.requests.cpu", Value::String("1000m"), Ok(json!("1"))),
            (true, "resources.requests.cpu", Value::Float(0.5), Ok(json!("500m"))),
            (true, "resources.requests.cpu", Value::String("1u"), Ok(json!("1m"))),
            (true, "resources.limits.memory", Value::String("1024Mi"), Ok(json!("1Gi"))),
            (true, "resources.limits.memory", Value::String("128m"), Err("`128m` of memory is a fraction of a byte")),
            (true, "resources.limits.cpu", Value::String("-1"), Err("`-1` is less than nothing")),
            (true, "resources.limits.cpu", Value::Null, Err("expected a quantity, found nothing")),
            (false, "spec.terminationGracePeriodSeconds", Value::Int(0), Ok(json!(0))),
            (false, "spec.terminationGracePeriodSeconds", Value::Int(-1), Err("`-1` is less than 0")),
            (false, "spec.securityContext.runAsUser", Value::Int(1 << 31), Err("`2147483648` is more than 2147483647")),
            (false, "spec.dnsPolicy", Value::String("None"), Err("`None` cannot stand here")),
            (false, "metadata.labels[a/b]", Value::String("x y"), Err("`x y` cannot be the value of a label")),
            (false, "metadata.labels.a", Value::String(""), Ok(json!(""))),
            (true, "securityContext.privileged", Value::String("no"), Err("expected a boolean, found a string")),
        ];
        for (in_container, path, value, expected) in table {
            assert_eq!(check(in_container, path, value), expected.map_err(str::to_owned), "{path} {value}");
        }
    }

    #[test]
    fn a_seccomp_profile_is_whole_or_refused() {
        let path = "spec.securityContext.seccompProfile";
        let table = [
            (json!({"type": "RuntimeDefault"}), true),
            (json!({"type": "Localhost", "localhostProfile": "a/b.json"}), true),
            (json!({"type": "Localhost"}), false),
            (json!({"type": "RuntimeDefault", "localhostProfile": "a"}), false),
            (json!({"localhostProfile": "a"}), false),
            (json!({"type": "Runtime"}), false),
            (json!({"type": "Unconfined", "x": 1}), false),
        ];
        for (value, is_good) in table {
            let arena = bumpalo::Bump::new();
            assert_eq!(check(false, path, Value::from_json(&arena, &value)).is_ok(), is_good, "{value}");
        }
    }
}
