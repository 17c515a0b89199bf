//! The path of a question: as people type it, and where it leads in an object.

use crate::diagnostic::suggest;
use crate::document::path::push_step;
use crate::document::{Path, Step, Value};
use crate::schema::{self, Merge, Type};
use crate::workload::Kind;

/// Objects of a kind have no such field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} has no field `{path}`")]
pub struct NoField {
    kind: &'static str,
    /// As it was typed, as far as it is wrong.
    path: String,
    depth: usize,
    /// A field that is called nearly so.
    pub near: Option<&'static str>,
}

/// The path in objects of `kind`. One that starts at the spec of a Pod leads into the template of an owner.
///
/// # Errors
/// [`NoField`]
pub fn resolved(kind: Kind, asked: &Path<'static>) -> Result<Path<'static>, NoField> {
    let of_kind = check(kind, kind.name(), asked.steps());
    match of_kind {
        Ok(()) => Ok(asked.clone()),
        Err(missing) if kind == Kind::Pod => Err(missing),
        Err(missing) => match check(kind, Kind::Pod.name(), asked.steps()) {
            Ok(()) => Ok(Path::of(kind.template()).join(asked.steps()).into_owned()),
            // Whichever got further down is what was meant.
            Err(of_pod) if of_pod.depth > missing.depth => Err(of_pod),
            Err(_) => Err(missing),
        },
    }
}

/// Whether a path leads to the template of `kind`, or to something in it.
pub fn leads_into_template(kind: Kind, path: &Path<'_>) -> bool {
    let keys = kind.template();
    path.steps().len() >= keys.len() && keys.iter().zip(path.steps()).all(|(key, step)| *step == Step::key(key))
}

fn check(kind: Kind, name: &str, steps: &[Step<'static>]) -> Result<(), NoField> {
    let Some(mut holds) = schema::of(name) else { return Ok(()) };
    let mut typed = String::new();
    for (at, step) in steps.iter().enumerate() {
        match step {
            Step::Key(key) if holds.is_list() => typed.push_str(&format!("[{key}]")),
            step => push_step(&mut typed, step, at == 0),
        }
        let next = match step {
            _ if holds.is_list() || holds.is_map() => holds.element(),
            Step::Key(key) => holds.field(key).map(|field| field.holds),
            Step::Index(_) => None,
        };
        holds = next.ok_or_else(|| {
            let near = match step {
                Step::Key(key) => suggest(key, holds.fields().iter().map(|field| field.name)),
                Step::Index(_) => None,
            };
            NoField { kind: kind.name(), path: std::mem::take(&mut typed), depth: at, near }
        })?;
    }
    Ok(())
}

/// Where the path leads in `root`: an element of a list may be named by one of its merge keys (`containers[web]`).
pub fn located(kind: Kind, root: Value<'_>, path: &Path<'static>) -> Option<Path<'static>> {
    let mut holds = schema::of(kind.name());
    let mut value = root;
    let mut found = Path::root();
    for step in path.steps() {
        let step = match (step, value) {
            (Step::Key(name), Value::Array(elements)) => {
                let is_named = |element: &Value<'_>| match holds.and_then(Type::merge) {
                    Some(Merge::Keyed(keys)) => keys.names().any(|key| element.text(&[key]) == Some(name)),
                    _ => element.text(&["name"]) == Some(name),
                };
                Step::Index(elements.iter().position(is_named)?)
            }
            _ => step.clone(),
        };
        holds = match &step {
            Step::Index(_) => holds.and_then(Type::element),
            Step::Key(_) if holds.is_some_and(Type::is_map) => holds.and_then(Type::element),
            Step::Key(key) => holds.and_then(|holds| holds.field(key)).map(|field| field.holds),
        };
        value = value.at(std::slice::from_ref(&step))?;
        found.push(step);
    }
    Some(found)
}

/// The values below `value` that have an owner of their own, each with its path.
pub fn leaves<'a>(
    holds: Option<Type>,
    value: Value<'a>,
    path: Path<'static>,
    found: &mut Vec<(Path<'static>, Value<'a>)>,
) {
    let is_whole = holds.is_some_and(Type::is_atomic);
    match value {
        Value::Object(members @ [_, ..]) if !is_whole => {
            for member in members.iter().filter(|member| !member.value.is_null()) {
                let inner = match holds {
                    Some(map) if map.is_map() => map.element(),
                    holds => holds.and_then(|holds| holds.field(member.key)).map(|field| field.holds),
                };
                leaves(inner, member.value, path.clone().key(member.key.to_owned()), found);
            }
        }
        Value::Array(elements) if matches!(holds.and_then(Type::merge), Some(Merge::Keyed(_))) => {
            for (index, element) in elements.iter().enumerate() {
                leaves(holds.and_then(Type::element), *element, path.clone().index(index), found);
            }
        }
        // The server's types have no absent metadata and status.
        Value::Object([]) if matches!(path.steps().last(), Some(Step::Key(key)) if key == "metadata" || key == "status") =>
            {}
        value => found.push((path, value)),
    }
}
