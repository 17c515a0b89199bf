//! The tables, asked: is this a field that the API server fills in, and with which value?
//!
//! An object that is written only because Go has no absent structs (`resources: {}`), and the twin of a field
//! (`serviceAccount`), are no answers: nobody's intent hides behind them.

use bumpalo::Bump;

use crate::api_defaults::pod_spec::{POD, TEMPLATE};
use crate::api_defaults::shape::{Field, Fill, Only, Scope, Shape, Then};
use crate::api_defaults::{Version, scope};
use crate::api_defaults::{kinds, pod_level};
use crate::document::{Step, Value, edit, is_same_key};

/// What the API server fills in at `path` of a Pod or of a template (`{metadata, spec}`), whatever stands there now.
/// [`None`] where it fills nothing in.
pub fn filled<'a>(arena: &'a Bump, is_pod: bool, pod: Value<'a>, path: &[Step<'_>]) -> Option<Value<'a>> {
    let scope = scope(is_pod, pod, Version::default());
    if is_pod && is_pod_level(path) {
        return pod_level::created(arena, edit::remove(arena, pod, path), scope.version).at(path);
    }
    walk(arena, scope, if is_pod { POD } else { TEMPLATE }, pod, path)
}

/// The same at `path` of a whole object of a built-in kind, for what stands around its template.
pub fn filled_outside<'a>(arena: &'a Bump, object: Value<'a>, path: &[Step<'_>]) -> Option<Value<'a>> {
    let shape = kinds::shape(object.text(&["apiVersion"])?, object.text(&["kind"])?)?;
    walk(arena, scope(false, object, Version::default()), shape, object, path)
}

fn walk<'a>(arena: &'a Bump, scope: Scope, shape: Shape, root: Value<'a>, path: &[Step<'_>]) -> Option<Value<'a>> {
    let mut shape = shape;
    let mut parent = root;
    let mut steps = path.iter();
    while let Some(step) = steps.next() {
        let key = match step {
            Step::Key(key) => key.as_ref(),
            Step::Index(index) => {
                parent = *parent.elements().get(*index)?;
                continue;
            }
        };
        let rest = steps.as_slice();
        let (mut told, mut within) = (None, None);
        // All in one go over the table: this is asked for each field that a rule wants.
        for field in shape.iter().filter(|field| is_same_key(field.key, key)) {
            within = within.or_else(|| inner(field));
            if !field.holds(parent, scope) {
                continue;
            }
            if matches!(field.fill, Fill::Limits) {
                return parent.field("limits").and_then(|limits| limits.at(rest));
            }
            if rest.is_empty() && told.is_none() && tells(field) {
                told = field.value(arena, parent);
            }
        }
        if rest.is_empty() {
            return told;
        }
        shape = within?;
        parent = parent.field(key)?;
    }
    None
}

/// Whether the API server fills in the field at `path` (of a `{metadata, spec}`, indices optional) in templates too, so
/// that in a Pod made from one the template has already spoken.
pub fn fills(path: &[Step<'_>]) -> bool {
    rows(TEMPLATE, path).any(|field| field.only == Only::Everywhere && tells(field))
}

/// Whether the API server fills in the field at `path` in Pods, be it in templates too or not.
pub fn fills_in_pods(path: &[Step<'_>]) -> bool {
    rows(POD, path).any(tells)
}

/// Whether the API server fills in anything inside of what stands at `path`, in Pods or in templates.
pub fn fills_inside(path: &[Step<'_>]) -> bool {
    let is_filled = |field: &Field| inner(field).is_some_and(has_filled);
    if path.is_empty() { has_filled(POD) } else { rows(POD, path).any(is_filled) }
}

fn has_filled(shape: Shape) -> bool {
    shape.iter().any(|field| tells(field) || inner(field).is_some_and(has_filled))
}

/// The rows of the field at `path`; none for an element of a list.
fn rows<'p>(shape: Shape, path: &'p [Step<'p>]) -> impl Iterator<Item = &'static Field> + 'p {
    let keys = |step: &'p Step<'p>| match step {
        Step::Key(key) => Some(key.as_ref()),
        Step::Index(_) => None,
    };
    let (last, parents) = match path.split_last() {
        Some((Step::Key(last), parents)) => (last.as_ref(), parents),
        _ => ("", path),
    };
    let parent = parents.iter().filter_map(keys).try_fold(shape, inside);
    parent.unwrap_or_default().iter().filter(move |field| is_same_key(field.key, last))
}

fn tells(field: &Field) -> bool {
    !matches!(field.fill, Fill::Nothing | Fill::Struct | Fill::Copy(_) | Fill::Limits)
}

fn inside(shape: Shape, key: &str) -> Option<Shape> {
    shape.iter().filter(|field| is_same_key(field.key, key)).find_map(inner)
}

/// What is known of the parts of a field.
fn inner(field: &Field) -> Option<Shape> {
    match field.then {
        Then::Object(inner) | Then::List(inner) => Some(inner),
        Then::Plain | Then::Quantity | Then::ResourceList | Then::Grace => None,
    }
}

fn is_pod_level(path: &[Step<'_>]) -> bool {
    let key = |step: &Step<'_>, name: &str| matches!(step, Step::Key(key) if key == name);
    matches!(path, [spec, resources, _, ..] if key(spec, "spec") && key(resources, "resources"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api_defaults::read;
    use crate::document::Path;

    const POD_TEXT: &str = r#"{"metadata":{},"spec":{
        "hostNetwork":true,"terminationGracePeriodSeconds":45,"serviceAccountName":"robot","serviceAccount":"robot",
        "resources":{"limits":{"cpu":"4"},"requests":{"cpu":"1"}},
        "volumes":[{"name":"a","emptyDir":{}},{"name":"b","secret":{}}],
        "containers":[
            {"name":"a","image":"nginx","imagePullPolicy":"Never","ports":[{"containerPort":80,"hostPort":80}],
             "resources":{"limits":{"cpu":"2"},"requests":{"cpu":"2","memory":"1Gi"}},
             "livenessProbe":{"httpGet":{"port":80,"path":"/up"},"timeoutSeconds":5}},
            {"name":"b","image":"nginx:1"}],
        "ephemeralContainers":[{"name":"e","image":"busybox"}]}}"#;

    fn ask(is_pod: bool, path: &str) -> Option<String> {
        let arena = Bump::new();
        let path = Path::parse(path).unwrap();
        filled(&arena, is_pod, read(&arena, POD_TEXT), path.steps()).map(|value| value.to_string())
    }

    #[test]
    fn tells_which_value_was_filled_in() {
        for (path, in_pods, in_templates) in [
            ("spec.terminationGracePeriodSeconds", Some("30"), Some("30")),
            ("spec.securityContext", Some("{}"), Some("{}")),
            ("spec.enableServiceLinks", Some("true"), None),
            ("spec.containers[0].imagePullPolicy", Some("\"Always\""), Some("\"Always\"")),
            ("spec.containers[1].imagePullPolicy", Some("\"IfNotPresent\""), Some("\"IfNotPresent\"")),
            ("spec.ephemeralContainers[0].imagePullPolicy", Some("\"Always\""), Some("\"Always\"")),
            ("spec.containers[0].resources.requests.cpu", Some("\"2\""), None),
            ("spec.containers[0].resources.requests.memory", None, None),
            ("spec.containers[0].resources.limits.cpu", None, None),
            ("spec.containers[0].resources.requests", Some("{\"cpu\":\"2\"}"), None),
            ("spec.containers[0].resources", None, None),
            ("spec.containers[0].ports[0].hostPort", Some("80"), None),
            ("spec.containers[0].ports[0].protocol", Some("\"TCP\""), Some("\"TCP\"")),
            ("spec.containers[0].livenessProbe.timeoutSeconds", Some("1"), Some("1")),
            ("spec.containers[0].livenessProbe.httpGet.path", Some("\"/\""), Some("\"/\"")),
            ("spec.containers[1].livenessProbe.timeoutSeconds", None, None),
            ("spec.volumes[0].emptyDir", Some("{}"), Some("{}")),
            ("spec.volumes[1].emptyDir", None, None),
            ("spec.volumes[1].secret.defaultMode", Some("420"), Some("420")),
            ("spec.serviceAccountName", None, None),
            ("spec.serviceAccount", None, None),
            ("spec.priorityClassName", None, None),
            ("spec.containers[7].imagePullPolicy", None, None),
            ("spec.containers[0]", None, None),
            ("metadata", None, None),
            ("", None, None),
        ] {
            assert_eq!(ask(true, path).as_deref(), in_pods, "Pod {path}");
            assert_eq!(ask(false, path).as_deref(), in_templates, "template {path}");
        }
    }

    #[test]
    fn requests_of_the_pod_as_a_whole_follow_from_the_rest() {
        assert_eq!(ask(true, "spec.resources.requests.cpu").as_deref(), Some("\"2\""));
        assert_eq!(ask(true, "spec.resources.requests.memory").as_deref(), Some("\"1Gi\""));
        assert_eq!(ask(false, "spec.resources.requests.cpu"), None);
    }

    #[test]
    fn tells_which_fields_are_filled_in_in_templates_too() {
        for (path, expected) in [
            ("spec.terminationGracePeriodSeconds", true),
            ("spec.dnsPolicy", true),
            ("spec.containers[3].imagePullPolicy", true),
            ("spec.containers.imagePullPolicy", true),
            ("spec.initContainers[0].livenessProbe.httpGet.path", true),
            ("spec.containers[0].ports[0].protocol", true),
            ("spec.volumes[0].secret.defaultMode", true),
            ("spec.enableServiceLinks", false),
            ("spec.containers[0].ports[0].hostPort", false),
            ("spec.containers[0].resources", false),
            ("spec.containers[0].resources.requests.cpu", false),
            ("spec.containers[0].resources.limits.memory", false),
            ("spec.serviceAccountName", false),
            ("spec.automountServiceAccountToken", false),
            ("spec.securityContext.runAsNonRoot", false),
            ("spec.containers[0]", false),
            ("metadata.labels.app", false),
            ("", false),
        ] {
            assert_eq!(fills(Path::parse(path).unwrap().steps()), expected, "{path}");
        }
    }
}
