//! Which values the API server fills in: the few that provenance is asked about most.

use bumpalo::Bump;

use crate::document::{Step, Value};
use crate::image;

/// What the API server fills in at `path` of a Pod or of a template, whatever stands there.
pub fn filled<'a>(_arena: &'a Bump, is_pod: bool, pod: Value<'a>, path: &[Step<'a>]) -> Option<Value<'a>> {
    let keys: Vec<&str> = keys(path).collect();
    match keys.as_slice() {
        ["spec", "terminationGracePeriodSeconds"] => Some(Value::Int(30)),
        ["spec", _, "imagePullPolicy"] => {
            let (_, parent) = path.split_last()?;
            let image = pod.at(parent)?.text(&["image"]).unwrap_or_default();
            Some(Value::String(image::pull_policy(image)))
        }
        ["spec", "containers" | "initContainers", "resources", "requests", rest @ ..] if is_pod => {
            let limits = pod.at(path.get(..3)?)?.fields(&["resources", "limits"])?;
            limits.fields(rest)
        }
        _ => None,
    }
}

/// Whether the API server fills in the field in templates too.
pub fn fills(path: &[Step<'_>]) -> bool {
    let keys: Vec<&str> = keys(path).collect();
    matches!(keys.as_slice(), ["spec", "terminationGracePeriodSeconds"] | ["spec", _, "imagePullPolicy"])
}

fn keys<'s>(path: &'s [Step<'_>]) -> impl Iterator<Item = &'s str> {
    path.iter().filter_map(|step| match step {
        Step::Key(key) => Some(key.as_ref()),
        Step::Index(_) => None,
    })
}
