//! The number of a DaemonSet's template, a field of an older version of the API that lives on as an annotation.
//!
//! The API server counts it between the two webhooks, whatever the author wrote: the validating one sees another value
//! than the mutating one. Source: `pkg/registry/apps/daemonset/strategy.go` of Kubernetes 1.37.

use bumpalo::Bump;

use crate::document::{Member, Step, Value, edit};

/// The annotation.
pub const GENERATION: &str = "deprecated.daemonset.template.generation";

/// Fields of a Pod spec that are there only where they are true.
const FLAGS: [&str; 3] = ["hostNetwork", "hostPID", "hostIPC"];

/// A decoded object as the API server stores it: if it is a DaemonSet, with the number of its template, which goes on
/// from that of `old`.
pub fn counted<'a>(arena: &'a Bump, object: Value<'a>, old: Option<Value<'a>>) -> Value<'a> {
    let is_daemon_set = object.text(&["kind"]) == Some("DaemonSet");
    if !is_daemon_set {
        return object;
    }
    let number = match old {
        None => 1,
        Some(old) => {
            let before = old.text(&["metadata", "annotations", GENERATION]).and_then(|text| text.parse::<i64>().ok());
            let [is, was] = [object, old].map(|object| template(arena, object));
            before.unwrap_or_default().saturating_add(i64::from(is != was))
        }
    };
    let steps = ["metadata", "annotations", GENERATION].map(Step::key);
    let number = Value::String(arena.alloc_str(&number.to_string()));
    edit::set(arena, object, &steps, number).unwrap_or(object)
}

/// The template as it is stored: the API server leaves out a flag that is not set.
fn template<'a>(arena: &'a Bump, object: Value<'a>) -> Option<Value<'a>> {
    let template = object.fields(&["spec", "template"])?;
    let Some(spec) = template.field("spec") else { return Some(template) };
    let is_unset = |member: &Member<'a>| FLAGS.contains(&member.key) && member.value == Value::Bool(false);
    let set = spec.members().iter().copied().filter(|member| !is_unset(member));
    let set = Value::Object(bumpalo::collections::Vec::from_iter_in(set, arena).into_bump_slice());
    edit::set(arena, template, &[Step::key("spec")], set).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api_defaults::read;

    #[test]
    fn the_number_of_a_template_rises_when_the_template_changes() {
        let daemon_set = |number: &str, image: &str| {
            format!(
                r#"{{"kind":"DaemonSet","metadata":{{"annotations":{{"{GENERATION}":"{number}"}}}},"spec":{{"template":{{"x":"{image}"}}}}}}"#
            )
        };
        for (number, image, old, expected) in [
            ("0", "a", None, "1"),
            ("7", "a", None, "1"),
            ("0", "a", Some(("4", "a")), "4"),
            ("9", "a", Some(("4", "a")), "4"),
            ("0", "b", Some(("4", "a")), "5"),
        ] {
            let arena = Bump::new();
            let texts = [Some(daemon_set(number, image)), old.map(|(number, image)| daemon_set(number, image))];
            let [new, old] = texts.map(|text| text.map(|text| read(&arena, arena.alloc_str(&text))));
            let counted = counted(&arena, new.unwrap(), old);
            assert_eq!(counted.text(&["metadata", "annotations", GENERATION]), Some(expected));
        }
        let arena = Bump::new();
        let [set, unset] = [r#""hostPID":false,"#, ""].map(|flag| {
            read(
                &arena,
                arena.alloc_str(&format!(r#"{{"kind":"DaemonSet","spec":{{"template":{{"spec":{{{flag}"a":1}}}}}}}}"#)),
            )
        });
        assert_eq!(counted(&arena, set, Some(unset)).text(&["metadata", "annotations", GENERATION]), Some("0"));
        assert_eq!(
            counted(&arena, read(&arena, r#"{"kind":"Deployment"}"#), None).to_string(),
            r#"{"kind":"Deployment"}"#
        );
    }
}
