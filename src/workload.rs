//! The kinds that carry a Pod spec, and where each keeps it.
//!
//! A Pod is a workload whose template is the object itself, so everything above this module treats the nine kinds
//! alike.

pub mod container;
pub mod kind;
pub mod qos;

pub use container::{Container, List, Role};
pub use kind::Kind;
pub use qos::QosClass;

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use crate::document::path::push_step;
use crate::document::{Path, Step, Value};

/// An object of a workload kind whose Pod spec can be read.
#[derive(Clone, Copy, Debug)]
pub struct Workload<'a> {
    /// Which kind.
    pub kind: Kind,
    /// The whole object.
    pub object: Value<'a>,
    /// The part that holds the Pod's `metadata` and `spec`: the object itself for a Pod.
    pub template: Value<'a>,
    /// The Pod spec.
    pub spec: Value<'a>,
}

/// A field of a Pod, wherever the Pod stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Base {
    /// Counted from the Pod: `metadata` or `spec` comes first.
    Pod,
    /// Counted from a container.
    Container(List, usize),
}

/// Why an object that says it is a workload cannot be read as one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` {problem}")]
pub struct Unreadable {
    /// Where.
    pub path: Path<'static>,
    /// What is wrong there.
    pub problem: String,
}

impl<'a> Workload<'a> {
    /// Reads `object` as a workload of `kind`.
    ///
    /// # Errors
    /// [`Unreadable`] if the Pod spec is missing, or if something that rules walk over (the lists of containers, names,
    /// labels, annotations) is not of its type. An absent spec is never "no containers".
    pub fn of(kind: Kind, object: Value<'a>) -> Result<Self, Unreadable> {
        let unreadable = |keys: &[&'static str], problem: &str| {
            let path = keys.iter().fold(Path::of(kind.template()), |path, key| path.key(*key));
            Unreadable { path: path.into_owned(), problem: problem.to_owned() }
        };
        let template = object.fields(kind.template()).ok_or_else(|| unreadable(&[], "is missing"))?;
        let spec = template.field("spec").ok_or_else(|| unreadable(&["spec"], "is missing"))?;
        if !matches!(spec, Value::Object(_)) {
            return Err(unreadable(&["spec"], "is not an object"));
        }
        text_map(template, "labels").map_err(|problem| unreadable(&["metadata", "labels"], problem))?;
        text_map(template, "annotations").map_err(|problem| unreadable(&["metadata", "annotations"], problem))?;
        for list in List::ALL {
            let Some(containers) = spec.field(list.key()) else { continue };
            let Value::Array(containers) = containers else {
                return Err(unreadable(&["spec", list.key()], "is not a list"));
            };
            for (index, container) in containers.iter().enumerate() {
                if let Err((field, problem)) = readable_container(*container) {
                    let mut refused = unreadable(&["spec", list.key()], problem);
                    refused.path = refused.path.index(index);
                    if let Some(field) = field {
                        refused.path = refused.path.key(field);
                    }
                    return Err(refused);
                }
            }
        }
        if spec.field(List::Main.key()).is_none_or(|containers| containers.elements().is_empty()) {
            return Err(unreadable(&["spec", "containers"], "holds no container"));
        }
        Ok(Workload { kind, object, template, spec })
    }

    /// The same workload with another object that is known to be readable, after an edit for example.
    pub fn with_object(self, object: Value<'a>) -> Self {
        let template = object.fields(self.kind.template()).unwrap_or(self.template);
        let spec = template.field("spec").unwrap_or(self.spec);
        Workload { kind: self.kind, object, template, spec }
    }

    /// The metadata of the Pod.
    pub fn pod_metadata(&self) -> Value<'a> {
        self.template.field("metadata").unwrap_or_default()
    }

    /// The labels of the Pod: an object, or `null`.
    pub fn pod_labels(&self) -> Value<'a> {
        self.pod_metadata().field("labels").unwrap_or_default()
    }

    /// The name of the object; empty while the API server has not made one from `generateName`.
    pub fn name(&self) -> &'a str {
        self.object.text(&["metadata", "name"]).unwrap_or_default()
    }

    /// Every container: init containers and sidecars, main ones, ephemeral ones.
    pub fn containers(&self) -> impl Iterator<Item = Container<'a>> + use<'a> {
        let spec = self.spec;
        List::ALL.into_iter().flat_map(move |list| list.containers(spec))
    }

    /// The container of this role and name.
    pub fn container(&self, role: Role, name: &str) -> Option<Container<'a>> {
        self.containers().find(|container| container.role == role && container.name == name)
    }

    /// The value of a field of the Pod.
    pub fn field(&self, base: Base, steps: &[Step<'_>]) -> Option<Value<'a>> {
        let root = match base {
            Base::Pod => self.template,
            Base::Container(list, index) => self.spec.get(list.key())?.elements().get(index).copied()?,
        };
        root.at(steps).filter(|value| !value.is_null())
    }

    /// The path of a field of the Pod in the object.
    pub fn path<'s>(&self, base: Base, steps: &'s [Step<'s>]) -> Path<'s> {
        path_in(self.kind, base, steps)
    }

    /// The reference to the controller of this object, if it has one.
    pub fn controller(&self) -> Option<Value<'a>> {
        let references = self.object.fields(&["metadata", "ownerReferences"]).unwrap_or_default();
        references
            .elements()
            .iter()
            .copied()
            .find(|owner| owner.get("controller").and_then(Value::as_bool) == Some(true))
    }

    /// The workload kind of the controller of this object, if a built-in controller is said to own it.
    pub fn controller_kind(&self) -> Option<Kind> {
        self.controller().and_then(Kind::of_object)
    }

    /// The kind whose controller made this ReplicaSet or Job, to make Pods by it, if it is said to have.
    pub fn made_from(&self) -> Option<Kind> {
        self.controller_kind().filter(|owner| *owner != self.kind && owner.maker() == Some(self.kind))
    }

    /// Whether the object is being deleted and only waits for its finalizers.
    pub fn is_being_deleted(&self) -> bool {
        self.object.fields(&["metadata", "deletionTimestamp"]).is_some()
    }
}

/// The path of a field of the Pod in an object of `kind`.
pub fn path_in<'s>(kind: Kind, base: Base, steps: &'s [Step<'s>]) -> Path<'s> {
    let mut path = Path::with_capacity(longest(kind, steps));
    each_step(kind, base, steps, |step| path.push(step));
    path
}

/// The steps of the path that [`path_in`] gives, in the arena.
pub fn steps_in<'a>(arena: &'a Bump, kind: Kind, base: Base, steps: &'a [Step<'a>]) -> &'a [Step<'a>] {
    let mut all = ArenaVec::with_capacity_in(longest(kind, steps), arena);
    each_step(kind, base, steps, |step| all.push(step));
    all.into_bump_slice()
}

// Not an iterator: a chain of three costs several times as much, and this happens for each edit.
fn each_step<'s>(kind: Kind, base: Base, steps: &'s [Step<'s>], mut take: impl FnMut(Step<'s>)) {
    kind.template().iter().for_each(|key| take(Step::key(key)));
    if let Base::Container(list, index) = base {
        take(Step::key("spec"));
        take(Step::key(list.key()));
        take(Step::Index(index));
    }
    steps.iter().for_each(|step| take(step.borrowed()));
}

/// So many steps there are at most.
fn longest(kind: Kind, steps: &[Step<'_>]) -> usize {
    kind.template().len() + 3 + steps.len()
}

/// Appends the path that [`path_in`] gives, as it is displayed.
pub fn push_path_in(text: &mut String, kind: Kind, base: Base, steps: &[Step<'_>]) {
    let start = text.len();
    // These keys need no brackets, so they are not looked at.
    for key in kind.template() {
        text.push_str(key);
        text.push('.');
    }
    match base {
        Base::Container(list, index) => {
            text.push_str("spec.");
            text.push_str(list.key());
            push_step(text, &Step::Index(index), false);
        }
        Base::Pod => {
            let is_inner = text.len() > start;
            text.truncate(text.len() - usize::from(is_inner));
        }
    }
    for step in steps {
        push_step(text, step, text.len() == start);
    }
}

fn text_map(template: Value<'_>, key: &str) -> Result<(), &'static str> {
    let Some(metadata) = template.field("metadata") else { return Ok(()) };
    if !matches!(metadata, Value::Object(_)) {
        return Err("cannot be read: `metadata` is not an object");
    }
    let Some(map) = metadata.field(key) else { return Ok(()) };
    let Value::Object(members) = map else { return Err("is not an object") };
    if members.iter().any(|member| !matches!(member.value, Value::String(_) | Value::Null)) {
        return Err("holds a value that is not a string");
    }
    Ok(())
}

fn readable_container(container: Value<'_>) -> Result<(), (Option<&'static str>, &'static str)> {
    if !matches!(container, Value::Object(_)) {
        return Err((None, "is not a container"));
    }
    for field in ["name", "image"] {
        if let Some(value) = container.field(field) {
            match value {
                Value::String(text) if text.contains('\0') => return Err((Some(field), "holds a NUL character")),
                Value::String(_) => {}
                _ => return Err((Some(field), "is not a string")),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use super::*;
    use crate::document::{Limits, json};

    fn workload<'a>(arena: &'a Bump, text: &'a str) -> Result<Workload<'a>, String> {
        let object = json::parse(arena, text.as_bytes(), &Limits::default()).unwrap();
        Workload::of(Kind::of_object(object).unwrap(), object).map_err(|error| error.to_string())
    }

    #[test]
    fn every_kind_is_found_by_each_of_its_names() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of(kind.group(), kind.name()), Some(kind));
            assert_eq!(Kind::parse(&kind.to_string()), Some(kind));
        }
        assert_eq!(Kind::parse("Deployment"), None);
        assert_eq!(Kind::of("extensions", "Deployment"), None);
    }

    #[test]
    fn containers_come_with_role_place_and_path() {
        let arena = Bump::new();
        let text = r#"{"apiVersion":"batch/v1","kind":"CronJob","spec":{"jobTemplate":{"spec":{"template":{"spec":{
            "containers":[{"name":"a","image":"x"}],
            "initContainers":[{"name":"i"},{"name":"s","restartPolicy":"Always"}],
            "ephemeralContainers":[{"name":"e"}]}}}}}}"#;
        let workload = workload(&arena, text).unwrap();
        let seen: Vec<_> = workload.containers().map(|c| format!("{} {}", c.role.name(), c.name)).collect();
        assert_eq!(seen, ["init i", "sidecar s", "main a", "ephemeral e"]);
        let sidecar = workload.container(Role::Sidecar, "s").unwrap();
        assert_eq!(
            workload.path(sidecar.base(), Path::of(&["image"]).steps()).to_string(),
            "spec.jobTemplate.spec.template.spec.initContainers[1].image"
        );
        assert_eq!(sidecar.with_role(&arena).text(&["role"]), Some("sidecar"));
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_place() {
        for (text, expected) in [
            (r#"{"apiVersion":"v1","kind":"Pod"}"#, "`spec` is missing"),
            (r#"{"apiVersion":"v1","kind":"Pod","spec":null}"#, "`spec` is missing"),
            (r#"{"apiVersion":"v1","kind":"Pod","spec":[]}"#, "`spec` is not an object"),
            (r#"{"apiVersion":"v1","kind":"Pod","spec":{"containers":[]}}"#, "`spec.containers` holds no container"),
            (r#"{"apiVersion":"v1","kind":"Pod","spec":{"containers":{}}}"#, "`spec.containers` is not a list"),
            (
                r#"{"apiVersion":"v1","kind":"Pod","spec":{"containers":[null]}}"#,
                "`spec.containers[0]` is not a container",
            ),
            (
                r#"{"apiVersion":"apps/v1","kind":"Deployment","spec":{"template":{"spec":{"containers":[{"image":1}]}}}}"#,
                "`spec.template.spec.containers[0].image` is not a string",
            ),
            (
                r#"{"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"a":1}},"spec":{"containers":[{}]}}"#,
                "`metadata.labels` holds a value that is not a string",
            ),
        ] {
            assert_eq!(workload(&Bump::new(), text).unwrap_err(), expected);
        }
    }
}
