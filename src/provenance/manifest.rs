//! Manifests as their authors wrote them, and the ways in which they reach the API server.

use crate::document::Value;
use crate::provenance::place::Place;
use crate::workload::Kind;

/// How a manifest reaches the API server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Way {
    /// `kubectl apply`, which leaves the manifest in an annotation.
    #[default]
    Apply,
    /// `kubectl apply --server-side`, and what works like it: the server lists what was applied.
    ServerSide,
    /// `kubectl create`, and any client that sends a whole object.
    Create,
    /// `kubectl replace`.
    Replace,
    /// Helm 3.
    Helm3,
}

/// What an author wrote.
#[derive(Clone, Copy, Debug)]
pub struct Authored<'a> {
    /// The object as written, before anything was filled in.
    pub object: Value<'a>,
    /// How it is sent.
    pub way: Way,
}

impl Way {
    /// Every way.
    pub const ALL: [Way; 5] = [Way::Apply, Way::ServerSide, Way::Create, Way::Replace, Way::Helm3];

    /// The word for it on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Way::Apply => "apply",
            Way::ServerSide => "server-side",
            Way::Create => "create",
            Way::Replace => "replace",
            Way::Helm3 => "helm3",
        }
    }

    /// The way of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Way::ALL.into_iter().find(|way| way.name() == name)
    }
}

/// Whether a manifest of `kind` says something at this place. Containers are found by their name.
pub fn stands(manifest: Value<'_>, kind: Kind, place: &Place<'_, '_>) -> bool {
    found(manifest, kind, place).is_some_and(|value| !value.is_null())
}

/// Whether a manifest of `kind` names the field of this place, if only to say `null`: whoever applies that on the server's
/// side owns the field.
pub fn names(manifest: Value<'_>, kind: Kind, place: &Place<'_, '_>) -> bool {
    found(manifest, kind, place).is_some()
}

fn found<'a>(manifest: Value<'a>, kind: Kind, place: &Place<'_, '_>) -> Option<Value<'a>> {
    if place.is_outside {
        return place.found_in(manifest);
    }
    let template = manifest.fields(kind.template())?;
    let root = match place.container {
        None => Some(template),
        Some((list, name)) => {
            let containers = template.fields(&["spec", list.key()]).unwrap_or_default().elements();
            containers.iter().copied().find(|container| container.text(&["name"]).unwrap_or_default() == name)
        }
    };
    place.found_in(root?)
}
