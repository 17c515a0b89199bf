//! `metadata.managedFields`: which manager owns which field.
//!
//! The server writes these lists while it decodes a request, so what admission adds is in none of them. They are read as
//! they stand in the tree of the review; whatever is not of the expected shape is no signal.
//! Source: the `FieldsV1` format of structured-merge-diff.

use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;

use crate::document::{Step, Value, is_same_key};
use crate::provenance::last_applied;
use crate::provenance::place::Place;
use crate::workload::{List, Workload};

/// More entries than an API server leaves in an object.
const MOST_ENTRIES: usize = 200;

/// Objects with one owner for everything inside: nothing is listed below them.
const ATOMIC: [&str; 10] = [
    "configMapKeyRef",
    "fieldRef",
    "fileKeyRef",
    "labelSelector",
    "namespaceSelector",
    "nodeSelector",
    "requiredDuringSchedulingIgnoredDuringExecution",
    "resourceFieldRef",
    "secretKeyRef",
    "secretRef",
];

/// What one manager owns.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Whether it was applied on the server's side; else it was created, updated or patched.
    pub is_apply: bool,
    /// Whether it was written to the object itself and not to a subresource.
    pub is_of_object: bool,
    /// Its name.
    pub manager: &'a str,
    /// Everything that it owns.
    object: Value<'a>,
    /// What it owns of the Pod: [`Value::Null`] if nothing.
    pod: Value<'a>,
}

/// What kinds of managers own a field, each kind with the first of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Owners<'a> {
    /// Anybody at all.
    pub any: Option<&'a str>,
    /// Somebody who applied exactly what is listed.
    pub applied: Option<&'a str>,
    /// Somebody who was told to change this field.
    pub edited: Option<&'a str>,
    /// Somebody who writes default values of a schema of its own.
    pub with_own_defaults: Option<&'a str>,
}

/// The entries of an object.
pub fn entries<'a>(arena: &'a Bump, workload: Workload<'a>) -> &'a [Entry<'a>] {
    let entries = workload.object.fields(&["metadata", "managedFields"]).unwrap_or_default().elements();
    let read = |entry: &Value<'a>| {
        let object = entry.field("fieldsV1").filter(|fields| matches!(fields, Value::Object(_)))?;
        let pod = workload.kind.template().iter().try_fold(object, |set, key| field(set, key));
        Some(Entry {
            is_apply: entry.text(&["operation"]) == Some("Apply"),
            is_of_object: entry.text(&["subresource"]).unwrap_or_default().is_empty(),
            manager: entry.text(&["manager"]).unwrap_or_default(),
            object,
            pod: pod.unwrap_or_default(),
        })
    };
    BumpVec::from_iter_in(entries.iter().take(MOST_ENTRIES).filter_map(read), arena).into_bump_slice()
}

impl<'a> Owners<'a> {
    /// The owners of the field among all managers.
    pub fn of(entries: &[Entry<'a>], place: &Place<'_, '_>) -> Self {
        let mut owners = Owners::default();
        for entry in entries.iter().filter(|entry| entry.owns(place)) {
            let named = |is_so: bool, known: Option<&'a str>| known.or(is_so.then_some(entry.manager));
            owners.any = named(true, owners.any);
            owners.applied = named(entry.is_apply && entry.is_of_object, owners.applied);
            owners.edited = named(entry.edits_single_fields() && !entry.added_container_of(place), owners.edited);
            owners.with_own_defaults = named(entry.writes_defaults_as_its_own(), owners.with_own_defaults);
        }
        owners
    }
}

impl Entry<'_> {
    /// Whether this manager owns the field, or something in it.
    pub fn owns(&self, place: &Place<'_, '_>) -> bool {
        let start = match place.container {
            None if place.is_outside => Some(self.object),
            None => Some(self.pod),
            Some((list, name)) => self.container(list, name),
        };
        let Some(mut set) = start else { return false };
        let mut last = "";
        for (step, element) in place.walk() {
            let inner = match (step, element) {
                (Step::Key(key), _) => field(set, key),
                (Step::Index(_), Some(element)) => {
                    set.members().iter().find(|member| element.is_called(member.key)).map(|member| member.value)
                }
                (Step::Index(_), None) => return true,
            };
            match inner {
                Some(inner) => set = inner,
                None => return matches!(set, Value::Object([])) && ATOMIC.contains(&last),
            }
            last = match step {
                Step::Key(key) => key,
                Step::Index(_) => "",
            };
        }
        true
    }

    /// Whether this manager changes the fields that it is told to and sends no others.
    fn edits_single_fields(&self) -> bool {
        matches!(self.manager, "kubectl-edit" | "kubectl-patch" | "kubectl-set")
    }

    /// Whether this manager writes default values of its own schema, which are its author's as much as the rest.
    ///
    /// Terraform's typed resources name no manager, so theirs is the start of the user agent
    /// `HashiCorp/1.0 Terraform/VERSION`; `kubernetes_manifest` applies as `Terraform`. Its Helm provider
    /// (`terraform-provider-helm_VERSION`) is Helm, which writes what the chart says.
    fn writes_defaults_as_its_own(&self) -> bool {
        let is_terraform = self.manager.starts_with("Terraform") || self.manager.starts_with("terraform");
        self.manager == "HashiCorp" || is_terraform && !self.manager.contains("helm")
    }

    /// Whether this manager owns what `kubectl apply` leaves in the annotations.
    pub fn owns_last_applied(&self) -> bool {
        let annotations = field(self.object, "metadata").and_then(|metadata| field(metadata, "annotations"));
        annotations.and_then(|annotations| field(annotations, last_applied::ANNOTATION)).is_some()
    }

    /// Whether this manager wrote a container with everything that the API server fills in: nobody writes a
    /// `terminationMessagePath` by hand.
    pub fn wrote_containers(&self) -> bool {
        let Some(spec) = field(self.pod, "spec") else { return false };
        let lists = List::ALL.into_iter().filter_map(|list| field(spec, list.key()));
        lists.flat_map(Value::members).any(|container| is_complete(container.value))
    }

    /// Whether this manager wrote the whole container of the field.
    fn added_container_of(&self, place: &Place<'_, '_>) -> bool {
        place.container.is_some_and(|(list, name)| self.container(list, name).is_some_and(is_complete))
    }

    fn container(&self, list: List, name: &str) -> Option<Value<'_>> {
        let containers = field(field(self.pod, "spec")?, list.key())?;
        let is_named = |key: &str| {
            let quoted = key.strip_prefix(r#"k:{"name":""#).and_then(|rest| rest.strip_suffix(r#""}"#));
            quoted == Some(name)
        };
        containers.members().iter().find(|member| is_named(member.key)).map(|member| member.value)
    }
}

fn is_complete(container: Value<'_>) -> bool {
    field(container, "terminationMessagePath").is_some()
}

fn field<'a>(set: Value<'a>, key: &str) -> Option<Value<'a>> {
    let is_field = |member: &str| member.strip_prefix("f:").is_some_and(|member| is_same_key(member, key));
    set.members().iter().find(|member| is_field(member.key)).map(|member| member.value)
}
