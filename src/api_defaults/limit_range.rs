//! What the LimitRanger plug-in does to Pods, from the LimitRange objects of their namespace.
//!
//! It runs before the webhooks, on Pods only: a template keeps what its author wrote. Several LimitRanges do not add
//! up: each fills in what the ones before it left.

use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;

use crate::api_defaults::quantities::{resource_list, with_missing};
use crate::api_defaults::shape::{each, same};
use crate::document::{Member, Step, Value, edit};

/// Where the plug-in says what it did.
pub const ANNOTATION: &str = "kubernetes.io/limit-ranger";

/// The LimitRange as the API server stores it: a container's default limit is its maximum, its default request its
/// default limit, else its minimum.
pub fn stored<'a>(arena: &'a Bump, limit_range: Value<'a>) -> Value<'a> {
    let Some(limits) = limit_range.fields(&["spec", "limits"]) else {
        return limit_range;
    };
    let new = each(arena, limits, |item| {
        let keys = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"];
        let rounded = keys.iter().fold(item, |item, key| match item.field(key) {
            Some(list) => put(arena, item, key, resource_list(arena, list)),
            None => item,
        });
        if item.text(&["type"]) != Some("Container") {
            return rounded;
        }
        let sources = [("default", "max"), ("defaultRequest", "default"), ("defaultRequest", "min")];
        sources.iter().fold(rounded, |item, (key, source)| {
            let complete = with_missing(arena, list(item, key), list(item, source));
            if complete.members().is_empty() { item } else { put(arena, item, key, complete) }
        })
    });
    if same(new, limits) {
        return limit_range;
    }
    edit::set(arena, limit_range, &[Step::key("spec"), Step::key("limits")], new).unwrap_or(limit_range)
}

/// The Pod with the limits and requests that these LimitRanges give to its main and init containers, and the
/// plug-in's annotation. The LimitRanges may be as written, without their own defaults. The same value if they give
/// nothing.
pub fn applied<'a>(arena: &'a Bump, pod: Value<'a>, limit_ranges: &[Value<'a>]) -> Value<'a> {
    limit_ranges.iter().fold(pod, |pod, limit_range| {
        let limit_range = stored(arena, *limit_range);
        let limits = given(arena, limit_range, "default");
        let requests = given(arena, limit_range, "defaultRequest");
        let mut notes = Vec::new();
        let roles = [("containers", "container"), ("initContainers", "init container")];
        let pod = roles.iter().fold(pod, |pod, (key, role)| {
            let Some(containers) = pod.fields(&["spec", key]) else {
                return pod;
            };
            let new = each(arena, containers, |container| {
                let (container, note) = with_resources(arena, container, role, limits, requests);
                notes.extend(note);
                container
            });
            if same(new, containers) {
                return pod;
            }
            edit::set(arena, pod, &[Step::key("spec"), Step::key(key)], new).unwrap_or(pod)
        });
        if notes.is_empty() {
            return pod;
        }
        let note = format!("LimitRanger plugin set: {}", notes.join("; "));
        let path = ["metadata", "annotations", ANNOTATION].map(Step::key);
        edit::set(arena, pod, &path, Value::String(arena.alloc_str(&note))).unwrap_or(pod)
    })
}

/// A container with what it lacks, and the words for it.
fn with_resources<'a>(
    arena: &'a Bump,
    container: Value<'a>,
    role: &str,
    limits: Value<'a>,
    requests: Value<'a>,
) -> (Value<'a>, Vec<String>) {
    let name = container.text(&["name"]).unwrap_or_default();
    let mut notes = Vec::new();
    let mut resources = container.field("resources").unwrap_or(Value::Object(&[]));
    for (key, word, defaults) in [("requests", "request", requests), ("limits", "limit", limits)] {
        let old = list(resources, key);
        let new = with_missing(arena, old, defaults);
        if !same(new, old) {
            let mut set: Vec<_> =
                new.members().iter().map(|member| member.key).filter(|name| old.get(name).is_none()).collect();
            set.sort_unstable();
            notes.push(format!("{} {word} for {role} {name}", set.join(", ")));
            resources = put(arena, resources, key, new);
        }
    }
    if notes.is_empty() { (container, notes) } else { (put(arena, container, "resources", resources), notes) }
}

/// The container defaults of a LimitRange; where two items name one resource, the last wins.
fn given<'a>(arena: &'a Bump, limit_range: Value<'a>, key: &str) -> Value<'a> {
    let items = limit_range.fields(&["spec", "limits"]).unwrap_or_default().elements();
    let mut all: BumpVec<'a, Member<'a>> = BumpVec::new_in(arena);
    for item in items.iter().filter(|item| item.text(&["type"]) == Some("Container")) {
        for member in list(*item, key).members() {
            match all.iter_mut().find(|known| known.key == member.key) {
                Some(known) => known.value = member.value,
                None => all.push(*member),
            }
        }
    }
    Value::Object(all.into_bump_slice())
}

fn list<'a>(value: Value<'a>, key: &str) -> Value<'a> {
    value.field(key).unwrap_or(Value::Object(&[]))
}

fn put<'a>(arena: &'a Bump, value: Value<'a>, key: &'static str, new: Value<'a>) -> Value<'a> {
    if value.field(key).is_some_and(|old| same(old, new)) {
        return value;
    }
    edit::set(arena, value, &[Step::key(key)], new).unwrap_or(value)
}
