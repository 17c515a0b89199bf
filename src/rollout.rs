//! Whether an update of an owner makes its controller replace the Pods that run.
//!
//! The controllers of Deployments, StatefulSets and DaemonSets compare templates and nothing else: a change of the
//! smallest annotation in one is a rollout, a change of anything around it is none.

use std::fmt;

use bumpalo::Bump;

use crate::api_defaults::{self, Version};
use crate::document::{Path, Value};
use crate::schema::{self, Merge, Type};
use crate::workload::{Kind, Workload};

/// More fields are counted, but not named.
const NAMED: usize = 3;

/// What an update means for the Pods that run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollout {
    /// Whether Pods are replaced without anybody doing anything more.
    pub rolls: bool,
    /// Whether the template changes: there is a new revision, and Pods that are made from now on follow it.
    pub template_changes: bool,
    /// Where the template changes, as paths in the object.
    pub changed: Vec<Path<'static>>,
    /// Why.
    pub because: Reason,
}

/// Why Pods are replaced, or are not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The request changes the template.
    Author,
    /// The request leaves the template alone, and podgate changes it.
    Podgate,
    /// The template is the old one.
    SameTemplate,
    /// The template is the old one because podgate put its values back.
    PutBack,
    /// The Deployment is paused.
    Paused,
    /// Pods are replaced as somebody deletes them.
    OnDelete,
    /// The partition keeps every Pod as it is.
    Partition(i64),
    /// The controller never replaces a Pod because of a template: only new Pods follow it.
    NewPodsOnly(Kind),
}

/// What becomes of the Pods of `old` when it turns into `new`. `received` is the new object before podgate's edits.
/// [`None`] for kinds that make no Pods from a template, and for those whose template cannot change.
pub fn of(arena: &Bump, old: Workload<'_>, received: Workload<'_>, new: Workload<'_>) -> Option<Rollout> {
    if matches!(new.kind, Kind::Pod | Kind::PodTemplate | Kind::Job) {
        return None;
    }
    let changed = changes(old, new);
    let template_changes = !changed.is_empty();
    let by_author = !changes(old, received).is_empty();
    let because = match (template_changes, by_author) {
        (false, true) => Reason::PutBack,
        (false, false) => Reason::SameTemplate,
        (true, _) => match held_back(arena, new) {
            Some(held_back) => held_back,
            None if by_author => Reason::Author,
            None => Reason::Podgate,
        },
    };
    let rolls = matches!(because, Reason::Author | Reason::Podgate);
    Some(Rollout { rolls, template_changes, changed, because })
}

/// What keeps the controller from replacing Pods although the template changes.
fn held_back(arena: &Bump, new: Workload<'_>) -> Option<Reason> {
    let object = api_defaults::object(arena, new.object, Version::default());
    let of_spec = |keys: &[&str]| object.field("spec").and_then(|spec| spec.fields(keys));
    let on_delete = || of_spec(&["updateStrategy", "type"]).and_then(Value::as_str) == Some("OnDelete");
    match new.kind {
        Kind::ReplicaSet | Kind::ReplicationController | Kind::CronJob => Some(Reason::NewPodsOnly(new.kind)),
        Kind::Deployment => (of_spec(&["paused"]).and_then(Value::as_bool) == Some(true)).then_some(Reason::Paused),
        Kind::DaemonSet | Kind::StatefulSet if on_delete() => Some(Reason::OnDelete),
        Kind::StatefulSet => {
            let first = of_spec(&["ordinals", "start"]).and_then(Value::as_i64).unwrap_or_default();
            let replicas = of_spec(&["replicas"]).and_then(Value::as_i64).unwrap_or(1);
            let partition = of_spec(&["updateStrategy", "rollingUpdate", "partition"]).and_then(Value::as_i64)?;
            (partition > 0 && partition >= first + replicas).then_some(Reason::Partition(partition))
        }
        _ => None,
    }
}

/// Where the templates differ.
fn changes(old: Workload<'_>, new: Workload<'_>) -> Vec<Path<'static>> {
    let mut found = Vec::new();
    let root = Path::of(new.kind.template()).into_owned();
    differences(schema::of("PodTemplateSpec"), old.template, new.template, root, &mut found);
    found
}

/// Nothing, in whatever form, is the same as nothing to a controller.
fn is_nothing(value: Value<'_>) -> bool {
    matches!(value, Value::Null | Value::Array([]) | Value::Object([]))
}

fn differences(
    holds: Option<Type>,
    old: Value<'_>,
    new: Value<'_>,
    path: Path<'static>,
    found: &mut Vec<Path<'static>>,
) {
    match (old, new) {
        (old, new) if is_nothing(old) && is_nothing(new) => {}
        (Value::Object(before), Value::Object(after)) if !holds.is_some_and(Type::is_atomic) => {
            let inner = |key: &str| match holds {
                Some(map) if map.is_map() => map.element(),
                holds => holds.and_then(|holds| holds.field(key)).map(|field| field.holds),
            };
            let gone = before.iter().filter(|member| new.field(member.key).is_none());
            for member in after.iter().chain(gone) {
                let [old, new] = [old, new].map(|value| value.field(member.key).unwrap_or_default());
                differences(inner(member.key), old, new, path.clone().key(member.key.to_owned()), found);
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() && is_keyed(holds) => {
            for (index, (old, new)) in before.iter().zip(after).enumerate() {
                differences(holds.and_then(Type::element), *old, *new, path.clone().index(index), found);
            }
        }
        (old, new) if is_same(old, new) => {}
        _ => found.push(path),
    }
}

fn is_keyed(holds: Option<Type>) -> bool {
    matches!(holds.and_then(Type::merge), Some(Merge::Keyed(_)))
}

fn is_same(a: Value<'_>, b: Value<'_>) -> bool {
    let mut found = Vec::new();
    match (a, b) {
        (Value::Object(_), Value::Object(_)) => differences(None, a, b, Path::root(), &mut found),
        (Value::Array(a), Value::Array(b)) => {
            return a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(*a, *b));
        }
        _ => return a == b || is_nothing(a) && is_nothing(b),
    }
    found.is_empty()
}

/// What follows `because`.
impl fmt::Display for Rollout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.because {
            Reason::Author => f.write_str("the template changes")?,
            Reason::Podgate => f.write_str("podgate changes the template, which the request leaves alone")?,
            Reason::SameTemplate => f.write_str("the template stays as it is")?,
            Reason::PutBack => {
                f.write_str("podgate puts back what the request leaves out, and the template stays as it is")?;
            }
            Reason::Paused => f.write_str("the Deployment is paused, although the template changes")?,
            Reason::OnDelete => {
                f.write_str("`OnDelete` replaces a Pod only when it is deleted, although the template changes")?;
            }
            Reason::Partition(partition) => {
                write!(f, "the partition of {partition} keeps every Pod as it is, although the template changes")?;
            }
            Reason::NewPodsOnly(Kind::CronJob) => {
                f.write_str("only Jobs that are made from now on follow the template, which changes")?;
            }
            Reason::NewPodsOnly(kind) => {
                write!(f, "a {} replaces no Pods of its own accord, although the template changes", kind.name())?;
            }
        }
        let named: Vec<_> = self.changed.iter().take(NAMED).map(|path| format!("`{path}`")).collect();
        match self.changed.len().saturating_sub(NAMED) {
            _ if named.is_empty() => Ok(()),
            0 => write!(f, " in {}", named.join(", ")),
            more => write!(f, " in {} and {more} more", named.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests;
