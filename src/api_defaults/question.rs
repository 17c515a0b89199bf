//! The tables, asked: is this a field that the API server fills in, and with which value?
//!
//! An object that is written only because Go has no absent structs (`resources: {}`), and the twin of a field
//! (`serviceAccount`), are no answers: nobody's intent hides behind them.

use bumpalo::Bump;

use crate::api_defaults::pod_level;
use crate::api_defaults::pod_spec::{POD, TEMPLATE};
use crate::api_defaults::shape::{Field, Fill, Only, Shape, Then};
use crate::api_defaults::{Version, scope};
use crate::document::{Step, Value, edit};

/// What the API server fills in at `path` of a Pod or of a template (`{metadata, spec}`), whatever stands there now.
/// [`None`] where it fills nothing in.
pub fn filled<'a>(arena: &'a Bump, is_pod: bool, pod: Value<'a>, path: &[Step<'a>]) -> Option<Value<'a>> {
    let scope = scope(is_pod, pod, Version::default());
    if is_pod && is_pod_level(path) {
        return pod_level::created(arena, edit::remove(arena, pod, path), scope.version).at(path);
    }
    let mut shape = if is_pod { POD } else { TEMPLATE };
    let mut parent = pod;
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
        let rows = || shape.iter().filter(|field| field.key == key && field.holds(parent, scope));
        if rows().any(|field| matches!(field.fill, Fill::Limits)) {
            return parent.field("limits").and_then(|limits| limits.at(rest));
        }
        if rest.is_empty() {
            return rows().filter(|field| tells(field)).find_map(|field| field.value(arena, parent));
        }
        shape = inside(shape, key)?;
        parent = parent.field(key)?;
    }
    None
}

/// Whether the API server fills in the field at `path` (of a `{metadata, spec}`, indices optional) in templates too, so
/// that in a Pod made from one the template has already spoken.
pub fn fills(path: &[Step<'_>]) -> bool {
    let keys = path.iter().filter_map(|step| match step {
        Step::Key(key) => Some(key.as_ref()),
        Step::Index(_) => None,
    });
    let mut keys = keys.peekable();
    let mut shape = TEMPLATE;
    while let Some(key) = keys.next() {
        if keys.peek().is_none() {
            let last_is_key = matches!(path.last(), Some(Step::Key(_)));
            let mut rows = shape.iter().filter(|field| field.key == key);
            return last_is_key && rows.any(|field| field.only == Only::Everywhere && tells(field));
        }
        let Some(inner) = inside(shape, key) else {
            return false;
        };
        shape = inner;
    }
    false
}

fn tells(field: &Field) -> bool {
    !matches!(field.fill, Fill::Nothing | Fill::Struct | Fill::Copy(_) | Fill::Limits)
}

fn inside(shape: Shape, key: &str) -> Option<Shape> {
    shape.iter().filter(|field| field.key == key).find_map(|field| match field.then {
        Then::Object(inner) | Then::List(inner) => Some(inner),
        Then::Plain | Then::Quantity | Then::ResourceList | Then::Grace => None,
    })
}

fn is_pod_level(path: &[Step<'_>]) -> bool {
    let key = |step: &Step<'_>, name: &str| matches!(step, Step::Key(key) if key == name);
    matches!(path, [spec, resources, _, ..] if key(spec, "spec") && key(resources, "resources"))
}
