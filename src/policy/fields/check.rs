//! Values held against the API's types, wherever they come from: written in a policy or computed for a request.

use std::collections::HashSet;

use crate::diagnostic::suggest;
use crate::document::{Step, Value};
use crate::policy::fields::scalar::{RESOURCES, constrained, described, scalar};
use crate::policy::fields::{Constraint, Field, Shape};
use crate::schema::Keys;
use crate::selector::valid_label_key;

/// Why a value cannot stand in a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// From the field to what is wrong.
    pub steps: Vec<Step<'static>>,
    /// Whether it is the key at the end of the steps, not its value.
    pub is_key: bool,
    /// What is wrong.
    pub message: String,
    /// The words that could have been meant.
    pub words: &'static [&'static str],
    /// What to do about it.
    pub help: Option<String>,
}

/// Marks a value that is computed: no field of a Pod starts with `$`.
pub const EXPRESSION: &str = "$expression";

/// `value` as it would stand in `field`: quantities in canonical form. `name` is the last key of its path.
///
/// An object may lack fields that the API asks for, unless it can only be set as a whole: the rest may stand there.
///
/// # Errors
/// [`Refusal`] if the API server would not take it there.
pub fn check(field: Field, name: &str, value: Value<'_>) -> Result<serde_json::Value, Refusal> {
    Checker { is_written: false }.check(field, name, value)
}

/// The same for a value as it stands in a policy, where `{$expression: ..}` may take any place in it.
///
/// # Errors
/// See [`check()`].
pub fn check_written(field: Field, name: &str, value: Value<'_>) -> Result<serde_json::Value, Refusal> {
    Checker { is_written: true }.check(field, name, value)
}

#[derive(Clone, Copy)]
struct Checker {
    /// Whether expressions stand in for values.
    is_written: bool,
}

impl Checker {
    fn check(self, field: Field, name: &str, value: Value<'_>) -> Result<serde_json::Value, Refusal> {
        if self.is_written && value.get(EXPRESSION).is_some() {
            return Ok(value.to_json());
        }
        if let Some(constraint) = field.constraint() {
            return constrained(constraint, name, value).map_err(|refusal| of_type(field, value).unwrap_or(refusal));
        }
        if let Some(basic) = field.holds.basic() {
            return scalar(basic, value);
        }
        match (field.shape(), value) {
            (Shape::Keyed(keys), Value::Array(elements)) => {
                distinct(keys, elements)?;
                self.list(field, elements)
            }
            (_, Value::Array(elements)) if field.holds.is_list() => self.list(field, elements),
            (_, Value::Object(_)) if field.holds.is_map() => self.members(field, value),
            (shape, Value::Object(_)) if field.holds.is_object() => {
                let checked = self.members(field, value)?;
                one_of_each(field, value)?;
                match field.missing(value).filter(|_| shape == Shape::Whole) {
                    Some(missing) => Err(lacks(missing)),
                    None => Ok(checked),
                }
            }
            _ => Err(wrong_type(field, value)),
        }
    }

    fn list(self, field: Field, elements: &[Value<'_>]) -> Result<serde_json::Value, Refusal> {
        let element = field.element().unwrap_or(field);
        let check = |(index, value): (usize, &Value<'_>)| {
            let checked = self.check(element, "", *value).and_then(|checked| match element.missing(*value) {
                Some(missing) if element.shape() == Shape::Whole || !matches!(field.shape(), Shape::Keyed(_)) => {
                    Err(lacks(missing))
                }
                _ => Ok(checked),
            });
            checked.map_err(|refusal| refusal.inside(Step::Index(index)))
        };
        elements.iter().enumerate().map(check).collect()
    }

    fn members(self, field: Field, value: Value<'_>) -> Result<serde_json::Value, Refusal> {
        let check = |key: &str, value: Value<'_>| {
            if field.holds.is_map() {
                key_problem(field, key)?;
            }
            let Some(member) = field.member(key) else {
                let near = suggest(key, field.holds.fields().iter().map(|field| field.name));
                let unknown = Refusal::new(format!("unknown field `{key}`")).of_key();
                return Err(match near {
                    Some(near) => unknown.help(format!("did you mean `{near}`?")),
                    None => unknown,
                });
            };
            self.check(member, key, value)
        };
        let mut checked = serde_json::Map::new();
        for member in value.members() {
            let inside = |refusal: Refusal| refusal.inside(Step::Key(member.key.to_owned().into()));
            checked.insert(member.key.to_owned(), check(member.key, member.value).map_err(inside)?);
        }
        Ok(serde_json::Value::Object(checked))
    }
}

impl Refusal {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Refusal { steps: Vec::new(), is_key: false, message: message.into(), words: &[], help: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn of_key(mut self) -> Self {
        self.is_key = true;
        self
    }

    fn inside(mut self, step: Step<'static>) -> Self {
        self.steps.insert(0, step);
        self
    }
}

/// Why a key cannot stand in a map.
pub(in crate::policy) fn key_problem(field: Field, key: &str) -> Result<(), Refusal> {
    if field.is_of_metadata() && !valid_label_key(key) {
        let refused = Refusal::new(format!("`{key}` cannot be the key of a label or an annotation")).of_key();
        return Err(refused.help("letters, digits, `-`, `_` and `.`, at most 63, perhaps behind a domain and `/`"));
    }
    let is_amount = field.element().is_some_and(|amount| amount.constraint() == Some(Constraint::Resource));
    let is_resource =
        || RESOURCES.contains(&key) || key.starts_with("hugepages-") || (key.contains('/') && valid_label_key(key));
    if is_amount && !is_resource() {
        let refused = Refusal::new(format!("`{key}` is not a resource of containers")).of_key();
        return Err(match suggest(key, RESOURCES) {
            Some(near) => refused.help(format!("did you mean `{near}`?")),
            None => refused.help("other resources have a domain, such as `nvidia.com/gpu`"),
        });
    }
    Ok(())
}

/// The elements of a list must be told apart by their keys.
fn distinct(keys: Keys, elements: &[Value<'_>]) -> Result<(), Refusal> {
    let mut seen = HashSet::new();
    for (index, element) in elements.iter().enumerate() {
        let inside = |refusal: Refusal| refusal.inside(Step::Index(index));
        if !matches!(element, Value::Object(_)) {
            return Err(inside(Refusal::new(format!("expected an object, found {}", described(*element)))));
        }
        let mut key = String::new();
        for name in keys.names() {
            let value = key_value(*element, name);
            let Some(value) = value else {
                return Err(inside(Refusal::new(format!("an element needs `{name}`, by which it is known"))));
            };
            key.push_str(&value.to_string());
            key.push(' ');
        }
        if !seen.insert(key) {
            return Err(inside(Refusal::new("a second element with the same key")));
        }
    }
    Ok(())
}

/// The value of an element's key field. A port has a protocol also where none is written.
fn key_value<'v>(element: Value<'v>, name: &str) -> Option<Value<'v>> {
    element.field(name).or((name == "protocol").then_some(Value::String("TCP")))
}

/// Whether two elements of a list with keys are the same one.
pub fn is_same_element(keys: Keys, a: Value<'_>, b: Value<'_>) -> bool {
    keys.names().all(|name| key_value(a, name) == key_value(b, name))
}

fn one_of_each(field: Field, value: Value<'_>) -> Result<(), Refusal> {
    for member in value.members() {
        if let Some(rival) = field.member(member.key).and_then(|member| member.rival(value)) {
            let message = format!("`{}` beside `{rival}`, of which one can be set", member.key);
            return Err(Refusal::new(message).of_key().inside(Step::Key(member.key.to_owned().into())));
        }
    }
    let profile = |key: &str| value.field(key).and_then(Value::as_str);
    let is_profile = matches!(field.holds.definition(), Some("SeccompProfile" | "AppArmorProfile"));
    let path = profile("localhostProfile");
    match (is_profile, profile("type") == Some("Localhost"), path) {
        (false, ..) | (true, false, None) => Ok(()),
        (true, true, Some(path)) if !path.is_empty() && !path.starts_with('/') => Ok(()),
        (true, true, _) => {
            Err(Refusal::new("`Localhost` needs `localhostProfile`, a path below the kubelet's seccomp folder"))
        }
        (true, false, Some(_)) => Err(Refusal::new("`localhostProfile` stands only with `type: Localhost`")),
    }
}

fn lacks(missing: &str) -> Refusal {
    Refusal::new(format!("{} is missing", missing_words(missing)))
}

/// What is missing, for a message: the name of a field in backticks, or words for a group of them.
pub(in crate::policy) fn missing_words(missing: &str) -> String {
    if missing.contains(' ') { missing.to_owned() } else { format!("`{missing}`") }
}

/// A refusal by type, which says more than one by a constraint where the type is wrong.
fn of_type(field: Field, value: Value<'_>) -> Option<Refusal> {
    let is_structure = matches!(value, Value::Array(_) | Value::Object(_));
    (is_structure && field.holds.basic().is_some() && !field.is_quantity()).then(|| wrong_type(field, value))
}

fn wrong_type(field: Field, value: Value<'_>) -> Refusal {
    let expected = match field.holds {
        holds if holds.is_list() => "a list",
        holds if holds.is_map() || holds.is_object() => "an object",
        _ => return Refusal::new(format!("expected {}, found {}", field.holds, described(value))),
    };
    Refusal::new(format!("expected {expected}, found {}", described(value)))
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;
    use serde_json::json;

    use super::*;
    use crate::document::Path;

    fn said(in_container: bool, path: &str, value: &serde_json::Value) -> Result<serde_json::Value, String> {
        let arena = Bump::new();
        let path = Path::parse(path).unwrap();
        let field = Field::at(in_container, path.steps()).unwrap();
        let Some(Step::Key(name)) = path.steps().last() else { panic!("{path}") };
        check(field, name, Value::from_json(&arena, value)).map_err(|refusal| {
            let place: Path<'_> = refusal.steps.into_iter().collect();
            if place.is_root() { refusal.message } else { format!("{place}: {}", refusal.message) }
        })
    }

    #[test]
    fn values_are_checked_and_made_canonical() {
        let table = [
            (true, "resources.requests.cpu", json!("1000m"), Ok(json!("1"))),
            (true, "resources.requests.cpu", json!(0.5), Ok(json!("500m"))),
            (true, "resources.requests.cpu", json!("1u"), Ok(json!("1m"))),
            (true, "resources.limits.memory", json!("1024Mi"), Ok(json!("1Gi"))),
            (true, "resources.limits.memory", json!("128m"), Err("`128m` of memory is a fraction of a byte")),
            (true, "resources.limits.cpu", json!("-1"), Err("`-1` is less than nothing")),
            (true, "resources.limits.cpu", json!(null), Err("expected a quantity, found nothing")),
            (
                true,
                "resources.limits[nvidia.com/gpu]",
                json!("500m"),
                Err("`500m` of nvidia.com/gpu is a fraction of one"),
            ),
            (true, "resources.limits", json!({"gpu": 1}), Err("gpu: `gpu` is not a resource of containers")),
            (true, "resources.limits", json!({"nvidia.com/gpu": 1}), Ok(json!({"nvidia.com/gpu": "1"}))),
            (false, "spec.terminationGracePeriodSeconds", json!(0), Ok(json!(0))),
            (false, "spec.terminationGracePeriodSeconds", json!(-1), Err("`-1` is less than 0")),
            (false, "spec.securityContext.runAsUser", json!(1_i64 << 31), Err("`2147483648` is more than 2147483647")),
            (false, "spec.dnsPolicy", json!("Nobody"), Err("`Nobody` cannot stand here")),
            (false, "metadata.labels[a/b]", json!("x y"), Err("`x y` cannot be the value of a label")),
            (false, "metadata.labels.a", json!(""), Ok(json!(""))),
            (true, "securityContext.privileged", json!("no"), Err("expected a boolean, found a string")),
            (false, "spec.hostAliases", json!([{"ip": "1.2.3.4"}]), Ok(json!([{"ip": "1.2.3.4"}]))),
            (
                false,
                "spec.hostAliases",
                json!([{"hostnames": ["a"]}]),
                Err("[0]: an element needs `ip`, by which it is known"),
            ),
            (
                false,
                "spec.tolerations",
                json!([{"key": "a", "operator": "Exits"}]),
                Err("[0].operator: `Exits` cannot stand here"),
            ),
            (false, "spec.tolerations", json!({"key": "a"}), Err("expected a list, found an object")),
            (false, "spec.nodeSelector", json!({"a": 1}), Err("a: expected a string, found an integer")),
            (true, "env", json!([{"name": "a", "valu": "x"}]), Err("[0].valu: unknown field `valu`")),
            (true, "env", json!([{"name": "a"}, {"name": "a"}]), Err("[1]: a second element with the same key")),
            (
                true,
                "env",
                json!([{"name": "a", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]),
                Err("[0].value: `value` beside `valueFrom`, of which one can be set"),
            ),
            (
                true,
                "ports",
                json!([{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}]),
                Ok(json!([{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}])),
            ),
            (true, "livenessProbe", json!({"periodSeconds": 5}), Ok(json!({"periodSeconds": 5}))),
            (true, "livenessProbe", json!({"httpGet": {"path": "/"}}), Err("httpGet: `port` is missing")),
            (
                true,
                "lifecycle.preStop",
                json!({"exec": {}, "sleep": {"seconds": 1}}),
                Err("exec: `exec` beside `sleep`, of which one can be set"),
            ),
            (true, "lifecycle.preStop", json!({}), Err("a handler is missing")),
            (true, "securityContext.capabilities", json!({"drop": ["ALL"]}), Ok(json!({"drop": ["ALL"]}))),
            (
                true,
                "securityContext.capabilities",
                json!({"drop": [1]}),
                Err("drop[0]: expected a string, found an integer"),
            ),
        ];
        for (in_container, path, value, expected) in table {
            assert_eq!(said(in_container, path, &value), expected.map_err(str::to_owned), "{path} {value}");
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
            assert_eq!(said(false, path, &value).is_ok(), is_good, "{value}");
        }
    }
}
