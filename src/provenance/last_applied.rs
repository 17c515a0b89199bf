//! What client-side `kubectl apply` leaves behind: the manifest as its author wrote it, in an annotation.
//!
//! The annotation stays when objects are copied, so one that speaks of another object says nothing.

use bumpalo::Bump;

use crate::document::{Limits, Value, json};

/// The key of the annotation.
pub const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The API server takes at most 256 KiB of annotations.
const LIMITS: Limits = Limits { bytes: 256 << 10, nodes: 50_000, depth: 64 };

/// The manifest that was applied to this object; [`None`] if there is none that can be read.
pub fn read<'a>(arena: &'a Bump, object: Value<'a>, namespace: &str) -> Option<Value<'a>> {
    let text = object.text(&["metadata", "annotations", ANNOTATION])?;
    let applied = json::parse(arena, text.as_bytes(), &LIMITS).ok()?;
    speaks_of(applied, object, namespace).then_some(applied)
}

fn speaks_of(applied: Value<'_>, object: Value<'_>, namespace: &str) -> bool {
    let same = |keys: &[&str]| applied.text(keys) == object.text(keys);
    // An object whose name the server makes has none yet when it is mutated, and one when it is validated.
    let same_name = match applied.text(&["metadata", "name"]) {
        None => applied.text(&["metadata", "generateName"]).is_some() && same(&["metadata", "generateName"]),
        name => name == object.text(&["metadata", "name"]),
    };
    // kubectl writes the namespace into the annotation; a manifest without one means wherever it is sent to.
    let here = object.text(&["metadata", "namespace"]).unwrap_or(namespace);
    let same_namespace = applied.text(&["metadata", "namespace"]).is_none_or(|written| written == here);
    same(&["apiVersion"]) && same(&["kind"]) && same_name && same_namespace
}
