//! Resources of a Pod as a whole (`spec.resources`): what follows from its containers'.
//!
//! From 1.37 on this is no defaulting any more: the API server does it after the mutating webhooks and before the
//! validating ones, so only the latter see it.

use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;

use crate::api_defaults::Version;
use crate::api_defaults::amounts::{Amounts, plus};
use crate::api_defaults::keys::Keys;
use crate::api_defaults::quantities::{with_missing, written};
use crate::api_defaults::shape::{object, put, same};
use crate::document::{Member, Step, Value, edit};
use crate::quantity::Quantity;
use crate::workload::{Container, List, Role};

/// The first minor version that fills these in when a Pod is created, not when it is decoded.
pub const ON_CREATE: u32 = 37;
/// The first minor version that has them without a feature gate.
const SINCE: u32 = 34;

/// The Pod as the API server goes on with it after the mutating webhooks: what a validating webhook sees, and what is
/// stored.
pub fn created<'a>(arena: &'a Bump, pod: Value<'a>, version: Version) -> Value<'a> {
    if version.minor < ON_CREATE {
        return pod;
    }
    complete(arena, pod, |arena, pod, resources| {
        let with_requests = with_requests(arena, pod, resources, |resources| Amounts::at(resources, "requests"));
        with_limits(arena, pod, with_requests)
    })
}

/// The Pod with what older versions fill in while they decode it. The containers' requests have not been completed yet.
pub fn decoded<'a>(arena: &'a Bump, pod: Value<'a>, version: Version) -> Value<'a> {
    if version.minor < SINCE {
        return pod;
    }
    complete(arena, pod, |arena, pod, resources| {
        if object(resources, "limits").members().is_empty() {
            return resources;
        }
        with_requests(arena, pod, resources, |resources| {
            let requests = object(resources, "requests");
            let known = Keys::of(requests);
            let implied = object(resources, "limits").members().iter().filter(|limit| !known.has(limit.key));
            Amounts::of(requests.members().iter().chain(implied))
        })
    })
}

/// The Pod whose resources are completed by `rest`, after its limits of huge pages, which come first.
fn complete<'a>(
    arena: &'a Bump,
    pod: Value<'a>,
    rest: impl Fn(&'a Bump, Value<'a>, Value<'a>) -> Value<'a>,
) -> Value<'a> {
    let Some(old) = pod.fields(&["spec", "resources"]) else {
        return pod;
    };
    if object(old, "limits").members().is_empty() && object(old, "requests").members().is_empty() {
        return pod;
    }
    let of_containers = total_of_containers(pod, "limits");
    let requested = Keys::of(object(old, "requests"));
    let huge = of_containers.iter().filter(|(name, _)| is_huge_page(name) && !requested.has(name));
    let resources = rest(arena, pod, add(arena, old, "limits", huge));
    if same(old, resources) {
        return pod;
    }
    let path = [Step::key("spec"), Step::key("resources")];
    edit::set(arena, pod, &path, resources).unwrap_or(pod)
}

/// Requests of what may be overcommitted are those of the containers together; all others are the limits.
fn with_requests<'a>(
    arena: &'a Bump,
    pod: Value<'a>,
    resources: Value<'a>,
    of_resources: impl Fn(Value<'a>) -> Amounts<'a>,
) -> Value<'a> {
    let of_containers = aggregate(pod, of_resources);
    let common = of_containers.iter().filter(|(name, _)| matches!(*name, "cpu" | "memory"));
    let resources = add(arena, resources, "requests", common);
    let limits = object(resources, "limits").members().iter().copied().filter(|limit| is_supported(limit.key));
    let limits = Value::Object(BumpVec::from_iter_in(limits, arena).into_bump_slice());
    let requests = with_missing(arena, object(resources, "requests"), limits);
    if requests.members().is_empty() { resources } else { put(arena, resources, "requests", requests) }
}

/// A limit for each request where every container has that limit: theirs together, at least the request.
fn with_limits<'a>(arena: &'a Bump, pod: Value<'a>, resources: Value<'a>) -> Value<'a> {
    let limited: Vec<_> =
        containers(pod).map(|container| Keys::of(object(resources_of(&container), "limits"))).collect();
    let of_containers = total_of_containers(pod, "limits");
    let requests = Amounts::at(resources, "requests");
    let limits = requests
        .iter()
        .filter(|(name, _)| is_supported(name) && limited.iter().all(|limits| limits.has(name)))
        .filter_map(|(name, request)| Some((name, request.max(of_containers.amount(name)?))));
    add(arena, resources, "limits", limits)
}

/// The `requests` or `limits` of the containers together.
pub fn total_of_containers<'a>(pod: Value<'a>, key: &str) -> Amounts<'a> {
    aggregate(pod, |resources| Amounts::at(resources, key))
}

/// What the containers need together: the main ones and the sidecars add up, an init container needs its own and that
/// of the sidecars before it.
fn aggregate<'a>(pod: Value<'a>, of_resources: impl Fn(Value<'a>) -> Amounts<'a>) -> Amounts<'a> {
    // Each container is looked at alone: `init` is never below `sidecars`, so that only its own names can raise it.
    let (mut total, mut sidecars, mut init) = (Amounts::default(), Amounts::default(), Amounts::default());
    for container in containers(pod) {
        for (name, own) in of_resources(resources_of(&container)).iter() {
            match container.role {
                Role::Main | Role::Ephemeral => total.add(name, own),
                Role::Sidecar => {
                    total.add(name, own);
                    sidecars.add(name, own);
                    init.raise(name, sidecars.amount(name).unwrap_or(own));
                }
                Role::Init => init.raise(name, sidecars.amount(name).map_or(own, |before| plus(own, before))),
            }
        }
    }
    init.iter().for_each(|(name, least)| total.raise(name, least));
    total
}

/// The containers whose resources count, the main ones first.
pub fn containers(pod: Value<'_>) -> impl Iterator<Item = Container<'_>> {
    let spec = pod.field("spec").unwrap_or_default();
    [List::Main, List::Init].into_iter().flat_map(move |list| list.containers(spec))
}

fn resources_of<'a>(container: &Container<'a>) -> Value<'a> {
    container.value.field("resources").unwrap_or_default()
}

/// `resources` with each of `more` that `key` has not.
fn add<'a>(
    arena: &'a Bump,
    resources: Value<'a>,
    key: &'static str,
    more: impl Iterator<Item = (&'a str, Quantity)>,
) -> Value<'a> {
    let more = more.map(|(name, amount)| Member { key: name, value: written(arena, amount, Value::Null) });
    let more = Value::Object(BumpVec::from_iter_in(more, arena).into_bump_slice());
    if more.members().is_empty() {
        return resources;
    }
    put(arena, resources, key, with_missing(arena, object(resources, key), more))
}

/// What a Pod as a whole can have.
pub fn is_supported(name: &str) -> bool {
    matches!(name, "cpu" | "memory") || is_huge_page(name)
}

fn is_huge_page(name: &str) -> bool {
    name.starts_with("hugepages-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api_defaults::{pod, read};

    /// The Pod's own resources as stored, for containers that already have their requests.
    fn stored(resources: &str, containers: &str, minor: u32) -> String {
        let arena = Bump::new();
        let text = format!(r#"{{"spec":{{"resources":{resources},{containers}}}}}"#);
        let version = Version { minor };
        let pod = created(&arena, pod(&arena, read(&arena, &text), version), version);
        pod.fields(&["spec", "resources"]).unwrap().to_string()
    }

    #[test]
    fn requests_are_the_containers_together_else_the_limits() {
        let containers = r#""containers":[
            {"resources":{"requests":{"cpu":"500m"}}},
            {"resources":{"requests":{"cpu":"750m","memory":"1Gi","ephemeral-storage":"1Gi"}}}]"#;
        let expected = r#"{"limits":{"cpu":"4"},"requests":{"cpu":"1250m","memory":"1Gi"}}"#;
        assert_eq!(stored(r#"{"limits":{"cpu":"4"}}"#, containers, 37), expected);
        assert_eq!(stored(r#"{"limits":{"cpu":"4"}}"#, containers, 34), expected);
        assert_eq!(stored(r#"{"limits":{"cpu":"4"}}"#, containers, 33), r#"{"limits":{"cpu":"4"}}"#);
        let bare = r#""containers":[{}]"#;
        assert_eq!(stored(r#"{"limits":{"cpu":"4"}}"#, bare, 37), r#"{"limits":{"cpu":"4"},"requests":{"cpu":"4"}}"#);
        assert_eq!(stored("{}", containers, 37), "{}");
    }

    #[test]
    fn an_init_container_needs_its_own_and_the_sidecars_before_it() {
        let containers = r#""containers":[{"resources":{"requests":{"cpu":"1"}}}],"initContainers":[
            {"resources":{"requests":{"cpu":"3"}}},
            {"restartPolicy":"Always","resources":{"requests":{"cpu":"1500m"}}},
            {"resources":{"requests":{"cpu":"2"}}}]"#;
        let expected = r#"{"limits":{"cpu":"8"},"requests":{"cpu":"3500m"}}"#;
        assert_eq!(stored(r#"{"limits":{"cpu":"8"}}"#, containers, 37), expected);
    }

    #[test]
    fn limits_follow_since_1_37_where_every_container_has_one() {
        let both = r#""containers":[{"resources":{"limits":{"cpu":"1","memory":"1Gi"}}},{"resources":{"limits":{"cpu":"500m"}}}]"#;
        let asked = r#"{"requests":{"cpu":"1","memory":"1Gi"}}"#;
        assert_eq!(stored(asked, both, 37), r#"{"requests":{"cpu":"1","memory":"1Gi"},"limits":{"cpu":"1500m"}}"#);
        assert_eq!(stored(asked, both, 36), asked);
        let more = r#"{"requests":{"cpu":"4"}}"#;
        assert_eq!(stored(more, both, 37), r#"{"requests":{"cpu":"4","memory":"1Gi"},"limits":{"cpu":"4"}}"#);
    }

    #[test]
    fn huge_pages_are_limited_to_what_the_containers_have() {
        let containers = r#""containers":[{"resources":{"limits":{"hugepages-2Mi":"64Mi"}}},{"resources":{"limits":{"hugepages-2Mi":"128Mi"}}}]"#;
        let expected =
            r#"{"limits":{"cpu":"1","hugepages-2Mi":"192Mi"},"requests":{"cpu":"1","hugepages-2Mi":"192Mi"}}"#;
        assert_eq!(stored(r#"{"limits":{"cpu":"1"}}"#, containers, 37), expected);
        assert_eq!(stored(r#"{"limits":{"cpu":"1"}}"#, containers, 35), expected);
    }
}
