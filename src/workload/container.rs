//! Containers, each with its role and its place.

use bumpalo::Bump;

use crate::document::{Member, Value};
use crate::workload::Base;

/// What a container is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Runs to its end before the main containers start.
    Init,
    /// An init container with `restartPolicy: Always`: it runs beside the main ones.
    Sidecar,
    /// A container of `spec.containers`.
    Main,
    /// Added to a running Pod, by `kubectl debug` for example.
    Ephemeral,
}

/// The list of a Pod spec in which a container stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum List {
    /// `initContainers`
    Init,
    /// `containers`
    Main,
    /// `ephemeralContainers`
    Ephemeral,
}

/// A container where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Container<'a> {
    /// What it is for.
    pub role: Role,
    /// Its list.
    pub list: List,
    /// Its place in the list, counted from 0.
    pub index: usize,
    /// Its name; empty if it has none, which only an API server may still refuse.
    pub name: &'a str,
    /// The container itself.
    pub value: Value<'a>,
}

impl Role {
    /// Every role, in the order in which a Pod lists its containers.
    pub const ALL: [Role; 4] = [Role::Init, Role::Sidecar, Role::Main, Role::Ephemeral];

    /// The word for it in policies and expressions.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Init => "init",
            Role::Sidecar => "sidecar",
            Role::Main => "main",
            Role::Ephemeral => "ephemeral",
        }
    }

    /// Whether the API refuses a container of this role that has the field `field` (its first key).
    pub fn forbids(self, field: &str) -> bool {
        let probe = matches!(field, "livenessProbe" | "readinessProbe" | "startupProbe" | "lifecycle");
        match self {
            Role::Init => probe,
            Role::Ephemeral => probe || matches!(field, "resources" | "ports" | "resizePolicy"),
            Role::Main | Role::Sidecar => false,
        }
    }
}

impl List {
    /// The lists, in the order in which rules see their containers.
    pub const ALL: [List; 3] = [List::Init, List::Main, List::Ephemeral];

    /// The key of the Pod spec.
    pub const fn key(self) -> &'static str {
        match self {
            List::Init => "initContainers",
            List::Main => "containers",
            List::Ephemeral => "ephemeralContainers",
        }
    }

    /// Its containers in a Pod spec.
    pub fn containers(self, spec: Value<'_>) -> impl Iterator<Item = Container<'_>> {
        let elements = spec.get(self.key()).unwrap_or_default().elements();
        elements.iter().enumerate().map(move |(index, value)| Container::of(self, index, *value))
    }
}

impl<'a> Container<'a> {
    /// The container at a place.
    pub fn of(list: List, index: usize, value: Value<'a>) -> Self {
        let role = match list {
            List::Main => Role::Main,
            List::Ephemeral => Role::Ephemeral,
            List::Init if value.text(&["restartPolicy"]) == Some("Always") => Role::Sidecar,
            List::Init => Role::Init,
        };
        Container { role, list, index, name: value.text(&["name"]).unwrap_or_default(), value }
    }

    /// Where its fields are counted from.
    pub fn base(&self) -> Base {
        Base::Container(self.list, self.index)
    }

    /// The image as its author wrote it; empty if there is none.
    pub fn image(&self) -> &'a str {
        self.value.text(&["image"]).unwrap_or_default()
    }

    /// The container with its role under the key `role`, as expressions see it.
    pub fn with_role(&self, arena: &'a Bump) -> Value<'a> {
        let role = Member { key: "role", value: Value::String(self.role.name()) };
        let members = self.value.members();
        let with_role = arena.alloc_slice_fill_with(members.len() + 1, |at| members.get(at).copied().unwrap_or(role));
        Value::Object(with_role)
    }
}
