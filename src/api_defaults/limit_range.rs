//! What the LimitRanger plug-in does to Pods, from the LimitRange objects of their namespace.
//!
//! It runs before the webhooks, on Pods only: a template keeps what its author wrote. Several LimitRanges do not add
//! up: each fills in what the ones before it left.

mod bounds;

use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;

use crate::api_defaults::keys::Keys;
pub use crate::api_defaults::limit_range::bounds::{Violation, violations};
use crate::api_defaults::quantities::{resource_list, with_missing};
use crate::api_defaults::shape::{each_at, object, put, same};
use crate::document::{Member, Step, Value, edit};
use crate::workload::List;

/// Where the plug-in says what it did.
pub const ANNOTATION: &str = "kubernetes.io/limit-ranger";
/// How that begins.
const NOTE: &str = "LimitRanger plugin set: ";

/// The LimitRange as the API server stores it: a container's default limit is its maximum, its default request its
/// default limit, else its minimum.
pub fn stored<'a>(arena: &'a Bump, limit_range: Value<'a>) -> Value<'a> {
    each_at(arena, limit_range, ["spec", "limits"], |item| {
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
            let complete = with_missing(arena, object(item, key), object(item, source));
            if complete.members().is_empty() { item } else { put(arena, item, key, complete) }
        })
    })
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
            each_at(arena, pod, ["spec", key], |container| {
                let (container, note) = with_resources(arena, container, role, limits, requests);
                notes.extend(note);
                container
            })
        });
        if notes.is_empty() {
            return pod;
        }
        let note = format!("{NOTE}{}", notes.join("; "));
        let path = ["metadata", "annotations", ANNOTATION].map(Step::key);
        edit::set(arena, pod, &path, Value::String(arena.alloc_str(&note))).unwrap_or(pod)
    })
}

/// Whether the plug-in's annotation says that it set this limit (`limits`) or request (`requests`) of a container.
pub fn has_set(annotation: &str, list: List, container: &str, which: &str, resource: &str) -> bool {
    let word = if which == "limits" { "limit" } else { "request" };
    let role = if list == List::Init { "init container" } else { "container" };
    let end = format!(" {word} for {role} {container}");
    let notes = annotation.strip_prefix(NOTE).unwrap_or_default().split("; ");
    notes.filter_map(|note| note.strip_suffix(end.as_str())).any(|set| set.split(", ").any(|set| set == resource))
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
    let mut resources = object(container, "resources");
    for (key, word, defaults) in [("requests", "request", requests), ("limits", "limit", limits)] {
        let old = object(resources, key);
        let new = with_missing(arena, old, defaults);
        if !same(new, old) {
            let known = Keys::of(old);
            let mut set: Vec<_> =
                new.members().iter().map(|member| member.key).filter(|name| !known.has(name)).collect();
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
        for member in object(*item, key).members() {
            match all.iter_mut().find(|known| known.key == member.key) {
                Some(known) => known.value = member.value,
                None => all.push(*member),
            }
        }
    }
    Value::Object(all.into_bump_slice())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api_defaults::read;

    fn limit_range(item: &str) -> String {
        format!(r#"{{"spec":{{"limits":[{item}]}}}}"#)
    }

    #[test]
    fn a_container_s_defaults_follow_from_its_bounds() {
        for (written, expected) in [
            (
                r#"{"type":"Container","max":{"cpu":"2000m"}}"#,
                r#"{"type":"Container","max":{"cpu":"2"},"default":{"cpu":"2"},"defaultRequest":{"cpu":"2"}}"#,
            ),
            (
                r#"{"type":"Container","min":{"cpu":"1"},"default":{"memory":"1Gi"}}"#,
                r#"{"type":"Container","min":{"cpu":"1"},"default":{"memory":"1Gi"},"defaultRequest":{"memory":"1Gi","cpu":"1"}}"#,
            ),
            (
                r#"{"type":"Container","min":{"memory":"512Mi"},"default":{"memory":"1Gi"},"defaultRequest":{"memory":"768Mi"}}"#,
                r#"{"type":"Container","min":{"memory":"512Mi"},"default":{"memory":"1Gi"},"defaultRequest":{"memory":"768Mi"}}"#,
            ),
            (r#"{"type":"Pod","max":{"cpu":"2"}}"#, r#"{"type":"Pod","max":{"cpu":"2"}}"#),
        ] {
            let arena = Bump::new();
            assert_eq!(stored(&arena, read(&arena, &limit_range(written))).to_string(), limit_range(expected));
        }
    }

    #[test]
    fn only_missing_keys_are_filled_in_and_the_annotation_says_which() {
        let arena = Bump::new();
        let range =
            limit_range(r#"{"type":"Container","default":{"cpu":"1","memory":"1Gi"},"defaultRequest":{"cpu":"100m"}}"#);
        let pod = r#"{"metadata":{"name":"p"},"spec":{
            "containers":[{"name":"a","resources":{"limits":{"cpu":"2"},"requests":{"cpu":"2"}}}],
            "initContainers":[{"name":"i"}],
            "ephemeralContainers":[{"name":"e"}]}}"#;
        let pod = applied(&arena, read(&arena, pod), &[read(&arena, &range)]);
        assert_eq!(
            pod.field("spec").unwrap().to_string(),
            r#"{"containers":[{"name":"a","resources":{"limits":{"cpu":"2","memory":"1Gi"},"requests":{"cpu":"2","memory":"1Gi"}}}],"initContainers":[{"name":"i","resources":{"requests":{"cpu":"100m","memory":"1Gi"},"limits":{"cpu":"1","memory":"1Gi"}}}],"ephemeralContainers":[{"name":"e"}]}"#
        );
        assert_eq!(
            pod.text(&["metadata", "annotations", ANNOTATION]),
            Some(
                "LimitRanger plugin set: memory request for container a; memory limit for container a; \
                 cpu, memory request for init container i; cpu, memory limit for init container i"
            )
        );
    }

    #[test]
    fn a_later_limit_range_fills_in_what_an_earlier_one_left() {
        let arena = Bump::new();
        let ranges = [
            limit_range(r#"{"type":"Container","default":{"cpu":"1"}}"#),
            limit_range(r#"{"type":"Container","default":{"cpu":"3","memory":"1Gi"}}"#),
        ];
        let ranges = ranges.each_ref().map(|range| read(&arena, range));
        let pod = applied(&arena, read(&arena, r#"{"spec":{"containers":[{}]}}"#), &ranges);
        let resources = pod.fields(&["spec", "containers"]).unwrap().elements()[0].field("resources").unwrap();
        assert_eq!(
            resources.to_string(),
            r#"{"requests":{"cpu":"1","memory":"1Gi"},"limits":{"cpu":"1","memory":"1Gi"}}"#
        );
        let unchanged = applied(&arena, pod, &ranges);
        assert!(same(unchanged, pod));
    }
}
