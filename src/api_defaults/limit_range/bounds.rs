//! The minima, maxima and ratios of LimitRanges, which the plug-in enforces after all webhooks have run.

use crate::api_defaults::amounts::Amounts;
use crate::api_defaults::pod_level::{self, is_supported, total_of_containers};
use crate::document::{Path, Value};
use crate::quantity::Quantity;

/// A bound of a LimitRange that a Pod does not keep: the API server would refuse the Pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The field of the Pod; for bounds on the Pod as a whole its `spec`.
    pub path: Path<'static>,
    /// What is wrong with it, and which LimitRange says so.
    pub message: String,
}

/// Whose resources are bounded.
struct Subject<'a> {
    path: Path<'static>,
    /// `container` or `Pod`.
    what: &'static str,
    requests: Amounts<'a>,
    limits: Amounts<'a>,
}

/// The bounds of these LimitRanges that the Pod does not keep. The Pod is one that would be stored: with defaults,
/// LimitRange defaults, and all that webhooks do.
pub fn violations(pod: Value<'_>, limit_ranges: &[Value<'_>]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for limit_range in limit_ranges {
        let name = limit_range.text(&["metadata", "name"]).unwrap_or_default();
        for item in limit_range.fields(&["spec", "limits"]).unwrap_or_default().elements() {
            let subjects = match item.text(&["type"]) {
                Some("Container") => containers(pod),
                Some("Pod") => vec![whole(pod)],
                _ => continue,
            };
            for subject in &subjects {
                subject.check(name, *item, &mut violations);
            }
        }
    }
    violations
}

impl Subject<'_> {
    fn check(&self, limit_range: &str, item: Value<'_>, violations: &mut Vec<Violation>) {
        let what = self.what;
        let mut report = |key: &str, resource: &str, fault: String| {
            let field = || self.path.clone().key("resources").key(key.to_owned()).key(resource.to_owned());
            let path = if what == "Pod" { self.path.clone() } else { field() };
            violations.push(Violation { path, message: format!("{fault}: LimitRange `{limit_range}`") });
        };
        for (name, min) in Amounts::at(item, "min").iter() {
            match self.requests.amount(name) {
                None => report("requests", name, format!("a {what} needs a request for {name} of at least {min}")),
                Some(request) if request < min => {
                    report(
                        "requests",
                        name,
                        format!("the {what}'s request for {name} is {request}, and must be at least {min}"),
                    );
                }
                Some(_) => {
                    if let Some(limit) = self.limits.amount(name).filter(|limit| *limit < min) {
                        report(
                            "limits",
                            name,
                            format!("the {what}'s limit for {name} is {limit}, and must be at least {min}"),
                        );
                    }
                }
            }
        }
        for (name, max) in Amounts::at(item, "max").iter() {
            match self.limits.amount(name) {
                None => report("limits", name, format!("a {what} needs a limit for {name} of at most {max}")),
                Some(limit) if limit > max => {
                    report(
                        "limits",
                        name,
                        format!("the {what}'s limit for {name} is {limit}, and must be at most {max}"),
                    );
                }
                Some(_) => {
                    if let Some(request) = self.requests.amount(name).filter(|request| *request > max) {
                        report(
                            "requests",
                            name,
                            format!("the {what}'s request for {name} is {request}, and must be at most {max}"),
                        );
                    }
                }
            }
        }
        for (name, ratio) in Amounts::at(item, "maxLimitRequestRatio").iter() {
            let [request, limit] =
                [&self.requests, &self.limits].map(|list| list.amount(name).filter(|q| q.sign() != 0));
            match (request, limit) {
                (None, _) => report(
                    "requests",
                    name,
                    format!("a {what} needs a request for {name}, for its limit may be {ratio} times that"),
                ),
                (_, None) => report(
                    "limits",
                    name,
                    format!("a {what} needs a limit for {name} of at most {ratio} times its request"),
                ),
                (Some(request), Some(limit)) if millis(limit) / millis(request) * 1000.0 > millis(ratio) => report(
                    "limits",
                    name,
                    format!(
                        "the {what}'s limit for {name} is {limit}, and must be at most {ratio} times its request of {request}"
                    ),
                ),
                _ => {}
            }
        }
    }
}

/// Main and init containers, each by itself.
fn containers(pod: Value<'_>) -> Vec<Subject<'_>> {
    let subjects = pod_level::containers(pod).map(|container| Subject {
        path: Path::of(&["spec", container.list.key()]).index(container.index),
        what: "container",
        requests: of_resources(container.value, "requests"),
        limits: of_resources(container.value, "limits"),
    });
    subjects.collect()
}

/// All containers together, except where the Pod says it for itself.
fn whole(pod: Value<'_>) -> Subject<'_> {
    let total = |key: &'static str| {
        let mut total = total_of_containers(pod, key);
        let own = of_resources(pod.field("spec").unwrap_or_default(), key);
        own.iter().filter(|(name, _)| is_supported(name)).for_each(|(name, amount)| total.set(name, amount));
        total
    };
    Subject { path: Path::of(&["spec"]), what: "Pod", requests: total("requests"), limits: total("limits") }
}

fn of_resources<'a>(owner: Value<'a>, key: &str) -> Amounts<'a> {
    Amounts::at(owner.field("resources").unwrap_or_default(), key)
}

/// Whole thousandths, in which the plug-in divides.
fn millis(quantity: Quantity) -> f64 {
    (quantity.as_f64() * 1000.0).round()
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use super::*;
    use crate::api_defaults::read;

    fn violated(item: &str, pod_spec: &str) -> Vec<String> {
        let arena = Bump::new();
        let limit_range = format!(r#"{{"metadata":{{"name":"house"}},"spec":{{"limits":[{item}]}}}}"#);
        let pod = format!(r#"{{"spec":{pod_spec}}}"#);
        let violations = violations(read(&arena, &pod), &[read(&arena, &limit_range)]);
        violations.iter().map(|violation| format!("{}: {}", violation.path, violation.message)).collect()
    }

    #[test]
    fn each_bound_is_held_against_each_container() {
        let one = |resources: &str| format!(r#"{{"initContainers":[{{"resources":{resources}}}]}}"#);
        for (bound, resources, expected) in [
            (r#""min":{"memory":"512Mi"}"#, r#"{"requests":{"memory":"0.5Gi"}}"#, None),
            (
                r#""min":{"memory":"512Mi"}"#,
                r#"{"requests":{"memory":"128Mi"}}"#,
                Some(
                    "spec.initContainers[0].resources.requests.memory: the container's request for memory is 128Mi, and must be at least 512Mi: LimitRange `house`",
                ),
            ),
            (
                r#""min":{"memory":"512Mi"}"#,
                "{}",
                Some(
                    "spec.initContainers[0].resources.requests.memory: a container needs a request for memory of at least 512Mi: LimitRange `house`",
                ),
            ),
            (
                r#""max":{"cpu":"1"}"#,
                r#"{"limits":{"cpu":"1100m"}}"#,
                Some(
                    "spec.initContainers[0].resources.limits.cpu: the container's limit for cpu is 1100m, and must be at most 1: LimitRange `house`",
                ),
            ),
            (
                r#""max":{"cpu":"1"}"#,
                r#"{"requests":{"cpu":"1"}}"#,
                Some(
                    "spec.initContainers[0].resources.limits.cpu: a container needs a limit for cpu of at most 1: LimitRange `house`",
                ),
            ),
            (r#""max":{"cpu":"1"}"#, r#"{"limits":{"cpu":"1000m"}}"#, None),
            (r#""maxLimitRequestRatio":{"cpu":"11"}"#, r#"{"limits":{"cpu":"1100m"},"requests":{"cpu":"100m"}}"#, None),
            (
                r#""maxLimitRequestRatio":{"cpu":"2"}"#,
                r#"{"limits":{"cpu":"3"},"requests":{"cpu":"1"}}"#,
                Some(
                    "spec.initContainers[0].resources.limits.cpu: the container's limit for cpu is 3, and must be at most 2 times its request of 1: LimitRange `house`",
                ),
            ),
        ] {
            let violated = violated(&format!(r#"{{"type":"Container",{bound}}}"#), &one(resources));
            assert_eq!(violated.first().map(String::as_str), expected, "{bound} {resources}");
            assert!(violated.len() < 2);
        }
    }

    #[test]
    fn a_pod_is_bounded_by_what_its_containers_have_together() {
        let item = r#"{"type":"Pod","max":{"cpu":"2"}}"#;
        let two = r#""containers":[{"resources":{"limits":{"cpu":"1"}}},{"resources":{"limits":{"cpu":"1500m"}}}]"#;
        let expected = "spec: the Pod's limit for cpu is 2500m, and must be at most 2: LimitRange `house`";
        assert_eq!(violated(item, &format!("{{{two}}}")), [expected]);
        assert!(violated(item, &format!(r#"{{{two},"resources":{{"limits":{{"cpu":"2"}}}}}}"#)).is_empty());
        assert!(violated(r#"{"type":"PersistentVolumeClaim","max":{"storage":"1Gi"}}"#, "{}").is_empty());
    }
}
