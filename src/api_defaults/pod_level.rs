//! Resources of a Pod as a whole (`spec.resources`): what follows from its containers'.
//!
//! From 1.37 on this is no defaulting any more: the API server does it after the mutating webhooks and before the
//! validating ones, so only the latter see it.

use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;

use crate::api_defaults::Version;
use crate::api_defaults::quantities::{with_missing, written};
use crate::api_defaults::shape::same;
use crate::document::{Member, Step, Value, edit};
use crate::quantity::Quantity;

/// The first minor version that fills these in when a Pod is created, not when it is decoded.
pub const ON_CREATE: u32 = 37;
/// The first minor version that has them without a feature gate.
const SINCE: u32 = 34;

/// Quantities by resource name.
pub type Amounts<'a> = Vec<(&'a str, Quantity)>;

/// The Pod as the API server goes on with it after the mutating webhooks: what a validating webhook sees, and what is
/// stored.
pub fn created<'a>(arena: &'a Bump, pod: Value<'a>, version: Version) -> Value<'a> {
    if version.minor < ON_CREATE {
        return pod;
    }
    complete(arena, pod, |arena, pod, resources| {
        let with_requests = with_requests(arena, pod, resources, resource("requests"));
        with_limits(arena, pod, with_requests)
    })
}

/// The Pod with what older versions fill in while they decode it. The containers' requests have not been completed yet.
pub fn decoded<'a>(arena: &'a Bump, pod: Value<'a>, version: Version) -> Value<'a> {
    if version.minor < SINCE {
        return pod;
    }
    complete(arena, pod, |arena, pod, resources| {
        if list(resources, "limits").is_empty() {
            return resources;
        }
        with_requests(arena, pod, resources, |container| {
            let requests = list(container, "requests");
            let implied = list(container, "limits").iter().filter(|limit| !has(requests, limit.key));
            amounts(requests.iter().chain(implied))
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
    if list(old, "limits").is_empty() && list(old, "requests").is_empty() {
        return pod;
    }
    let of_containers = aggregate(pod, resource("limits"));
    let huge = of_containers.iter().filter(|(name, _)| is_huge_page(name) && !has(list(old, "requests"), name));
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
    of_container: impl Fn(Value<'a>) -> Amounts<'a>,
) -> Value<'a> {
    let of_containers = aggregate(pod, of_container);
    let common = of_containers.iter().filter(|(name, _)| matches!(*name, "cpu" | "memory"));
    let resources = add(arena, resources, "requests", common);
    let limits = list(resources, "limits").iter().copied().filter(|limit| is_supported(limit.key));
    let limits = Value::Object(BumpVec::from_iter_in(limits, arena).into_bump_slice());
    let requests = resources.field("requests").unwrap_or(Value::Object(&[]));
    let requests = with_missing(arena, requests, limits);
    if requests.members().is_empty() { resources } else { put(arena, resources, "requests", requests) }
}

/// A limit for each request where every container has that limit: theirs together, at least the request.
fn with_limits<'a>(arena: &'a Bump, pod: Value<'a>, resources: Value<'a>) -> Value<'a> {
    let all_have = |name: &str| containers(pod).all(|(resources, _)| has(list(resources, "limits"), name));
    let of_containers = aggregate(pod, resource("limits"));
    let requests = amounts(list(resources, "requests").iter());
    let limits: Amounts<'a> = requests
        .into_iter()
        .filter(|(name, _)| is_supported(name) && all_have(name))
        .filter_map(|(name, request)| {
            let (_, limit) = of_containers.iter().find(|(limited, _)| *limited == name)?;
            Some((name, request.max(*limit)))
        })
        .collect();
    add(arena, resources, "limits", limits.iter())
}

/// What the containers of a Pod request together: the least that the Pod as a whole may request.
pub fn requests_of_containers(pod: Value<'_>) -> Amounts<'_> {
    aggregate(pod, resource("requests"))
}

/// What the containers need together: the main ones and the sidecars add up, an init container needs its own and that
/// of the sidecars before it.
pub fn aggregate<'a>(pod: Value<'a>, of_container: impl Fn(Value<'a>) -> Amounts<'a>) -> Amounts<'a> {
    let (mut total, mut sidecars, mut init) = (Amounts::new(), Amounts::new(), Amounts::new());
    for (resources, role) in containers(pod) {
        let own = of_container(resources);
        match role {
            Role::Main => sum(&mut total, &own),
            Role::Sidecar => {
                sum(&mut total, &own);
                sum(&mut sidecars, &own);
                max(&mut init, &sidecars);
            }
            Role::Init => {
                let mut needed = own;
                sum(&mut needed, &sidecars);
                max(&mut init, &needed);
            }
        }
    }
    max(&mut total, &init);
    total
}

#[derive(Clone, Copy)]
enum Role {
    Main,
    Sidecar,
    Init,
}

/// The resources of the containers, the main ones first.
fn containers<'a>(pod: Value<'a>) -> impl Iterator<Item = (Value<'a>, Role)> {
    let of = move |key| pod.fields(&["spec", key]).unwrap_or_default().elements().iter().copied();
    let resources = |container: Value<'a>| container.field("resources").unwrap_or_default();
    let main = of("containers").map(move |container| (resources(container), Role::Main));
    main.chain(of("initContainers").map(move |container| {
        let sidecar = container.text(&["restartPolicy"]) == Some("Always");
        (resources(container), if sidecar { Role::Sidecar } else { Role::Init })
    }))
}

fn resource<'a>(key: &'static str) -> impl Fn(Value<'a>) -> Amounts<'a> {
    move |container| amounts(list(container, key).iter())
}

/// The members of `limits` or `requests`.
fn list<'a>(resources: Value<'a>, key: &str) -> &'a [Member<'a>] {
    resources.field(key).unwrap_or_default().members()
}

fn has(list: &[Member<'_>], name: &str) -> bool {
    list.iter().any(|member| member.key == name)
}
/// The members that are quantities.
pub fn amounts<'a, 'm>(members: impl Iterator<Item = &'m Member<'a>>) -> Amounts<'a>
where
    'a: 'm,
{
    members.filter_map(|member| Some((member.key, Quantity::of(member.value).ok()?))).collect()
}

fn sum<'a>(total: &mut Amounts<'a>, more: &Amounts<'a>) {
    for (name, amount) in more {
        match total.iter_mut().find(|(known, _)| known == name) {
            // What does not fit is refused when the API server validates it.
            Some((_, known)) => *known = known.checked_add(*amount).unwrap_or(*known),
            None => total.push((name, *amount)),
        }
    }
}

fn max<'a>(highest: &mut Amounts<'a>, other: &Amounts<'a>) {
    for (name, amount) in other {
        match highest.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) if *known < *amount => *known = *amount,
            Some(_) => {}
            None => highest.push((name, *amount)),
        }
    }
}

/// `resources` with each of `more` that `key` has not.
fn add<'a: 'm, 'm>(
    arena: &'a Bump,
    resources: Value<'a>,
    key: &'static str,
    more: impl Iterator<Item = &'m (&'a str, Quantity)>,
) -> Value<'a> {
    let more = more.map(|(name, amount)| Member { key: name, value: written(arena, *amount, Value::Null) });
    let more = Value::Object(BumpVec::from_iter_in(more, arena).into_bump_slice());
    let old = resources.field(key).unwrap_or(Value::Object(&[]));
    if more.members().is_empty() { resources } else { put(arena, resources, key, with_missing(arena, old, more)) }
}

fn put<'a>(arena: &'a Bump, resources: Value<'a>, key: &'static str, value: Value<'a>) -> Value<'a> {
    if resources.field(key).is_some_and(|old| same(old, value)) {
        return resources;
    }
    edit::set(arena, resources, &[Step::key(key)], value).unwrap_or(resources)
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
