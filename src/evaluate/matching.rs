//! Which policies apply to a request, and how strictly.

use crate::document::Value;
use crate::evaluate::case::{Case, Failure, Scope};
use crate::policy::exception::{Exception, Question};
use crate::policy::pod_security::Finding;
use crate::policy::set::{Key, PolicySet};
use crate::policy::{Match, Mode, OnError, Policy, Rule};
use crate::workload::{Container, Kind};

/// A policy that applies.
#[derive(Clone, Debug)]
pub struct Matched<'a> {
    /// The set that it is of.
    pub set: &'a PolicySet,
    /// The policy.
    pub policy: &'a Policy,
    /// How strictly its rules act here, at most.
    pub mode: Mode,
    /// The mode for judging: milder where a controller made the Pod and the policy lets those pass.
    pub judging: Mode,
    /// A condition of its `match` that could not be evaluated: then nobody knows whether it applies.
    pub failed: Option<Failure<'a>>,
}

impl<'a> Matched<'a> {
    /// The exception from `rule` that covers what is found in these containers, or in the Pod itself if there are none;
    /// and one that would cover it and has expired.
    pub fn exceptions(
        &self,
        case: &Case<'a>,
        rule: &Rule,
        containers: &[Container<'a>],
        finding: Option<&Finding<'a>>,
    ) -> [Option<&'a Exception>; 2] {
        let from = self.set.exceptions_from(rule);
        if from.is_empty() {
            return [None; 2];
        }
        let (namespace, labels) = (case.request.namespace, case.workload.pod_labels());
        let question = Question { namespace, labels, containers, finding };
        let covers = |exception: &&Exception| exception.covers(self.policy, rule, &question);
        let covering: Vec<&Exception> = from.iter().map(AsRef::as_ref).filter(covers).collect();
        let holding = covering.iter().find(|exception| exception.holds_at(case.facts.now)).copied();
        [holding, covering.first().copied().filter(|_| holding.is_none())]
    }

    /// Whether it has a rule that judges.
    pub fn judges(&self) -> bool {
        self.policy.rules.iter().any(Rule::judges)
    }

    /// Whether it has a rule that looks at the Pod that an owner makes: one that judges and edits nothing.
    pub fn asks_for_pod(&self) -> bool {
        self.policy.rules.iter().any(|rule| rule.edit().is_none())
    }

    /// Whether an edit of an image may bring a container under a rule that edits, or out of an exception.
    pub fn edits_by_image(&self) -> bool {
        let by_image = |rule: &Rule| {
            rule.containers.as_ref().is_some_and(|selector| !selector.images.is_empty())
                || self.set.exceptions_from(rule).iter().any(|exception| !exception.containers.is_empty())
        };
        self.policy.rules.iter().filter(|rule| rule.edit().is_some()).any(by_image)
    }

    /// The mode of a rule that edits.
    pub fn editing_mode(&self, rule: &Rule) -> Mode {
        rule.mode.map_or(self.mode, |mode| mode.min(self.mode))
    }

    /// The mode of a rule that judges.
    pub fn judging_mode(&self, rule: &Rule) -> Mode {
        rule.mode.map_or(self.judging, |mode| mode.min(self.judging))
    }

    /// The mode of a violation of the rule: one that is told to pass over errors does so in the open.
    pub fn violation_mode(&self, rule: &Rule, is_error: bool) -> Mode {
        if is_error && rule.on_error == OnError::Allow { Mode::Audit } else { self.judging_mode(rule) }
    }
}

/// The policies of `set` that apply to `case`, in their order of precedence.
pub fn matched<'a>(set: &'a PolicySet, case: &Case<'a>) -> Vec<Matched<'a>> {
    // A namespace that is not known is no namespace without labels.
    let namespace = case.facts.namespace;
    let namespace_labels =
        (!namespace.is_null()).then(|| namespace.fields(&["metadata", "labels"]).unwrap_or_default());
    let old_labels = case.old.map(|old| old.pod_labels()).unwrap_or_default();
    let key = Key {
        kind: case.workload.kind,
        operation: case.request.operation,
        namespace: case.request.namespace,
        pod_labels: [case.workload.pod_labels(), old_labels],
        namespace_labels,
    };
    set.candidates(&key)
        .filter(|policy| applies(&policy.matching, case, &key))
        .filter_map(|policy| {
            let failed = conditions(policy, case)?.err().or_else(|| unknown_namespace(policy, &key));
            let mode = mode(policy, namespace_labels);
            let judging = if is_made_by_controller(case) { mode.min(policy.controller_pods) } else { mode };
            Some(Matched { set, policy, mode, judging, failed })
        })
        .collect()
}

/// The mode in a namespace with these labels; where they are not known, the strictest that the policy has.
fn mode(policy: &Policy, namespace_labels: Option<Value<'_>>) -> Mode {
    let Some(labels) = namespace_labels else {
        return policy.modes.iter().map(|by_namespace| by_namespace.mode).fold(policy.mode, Mode::max);
    };
    let by_namespace = policy.modes.iter().find(|mode| mode.selector.matches(labels));
    by_namespace.map_or(policy.mode, |by_namespace| by_namespace.mode)
}

/// Why nobody knows whether a policy applies that asks for the labels of a namespace which is not known.
fn unknown_namespace<'a>(policy: &Policy, key: &Key<'_>) -> Option<Failure<'a>> {
    let asks = policy.matching.namespace_selector.is_some() || !policy.modes.is_empty();
    (asks && key.namespace_labels.is_none()).then(|| Failure {
        message: format!("the labels of namespace `{}` are not known", key.namespace),
        evidence: None,
        is_of_surroundings: true,
    })
}

/// Whether a controller made this object: a Pod, or the ReplicaSet or Job in between. The owner is judged when its
/// author changes it; what follows from it is what `controllerPods` lets pass.
pub(super) fn is_made_by_controller(case: &Case<'_>) -> bool {
    let controller = match case.workload.made_from() {
        Some(Kind::Deployment) => "system:serviceaccount:kube-system:deployment-controller",
        Some(_) => "system:serviceaccount:kube-system:cronjob-controller",
        None => return case.maker.is_some(),
    };
    case.facts.owners_believed || [controller, "system:kube-controller-manager"].contains(&case.request.user)
}

fn applies(matching: &Match, case: &Case<'_>, key: &Key<'_>) -> bool {
    let Match {
        kinds: _,
        excluded_makers,
        operations,
        namespaces,
        exclude_namespaces,
        namespace_selector,
        pod_selector,
        conditions: _,
    } = matching;
    let made_by_excluded = || case.maker.is_some_and(|maker| excluded_makers & Kind::bit(maker) != 0);
    let [new_labels, old_labels] = key.pod_labels;
    matching.covers(key.kind)
        && operations.contains(&key.operation)
        && (namespaces.is_empty() || namespaces.iter().any(|glob| glob.matches(key.namespace)))
        && !exclude_namespaces.iter().any(|glob| glob.matches(key.namespace))
        && namespace_selector
            .as_ref()
            .is_none_or(|selector| key.namespace_labels.is_none_or(|labels| selector.matches(labels)))
        && pod_selector
            .as_ref()
            .is_none_or(|selector| selector.matches(new_labels) || (case.old.is_some() && selector.matches(old_labels)))
        && (*excluded_makers == 0 || !made_by_excluded())
}

/// Whether a policy that selects Pods by their labels selects the Pod of `case` as it is now.
pub fn selects_pod(matching: &Match, case: &Case<'_>) -> bool {
    matching.pod_selector.as_ref().is_none_or(|selector| selector.matches(case.workload.pod_labels()))
}

/// [`None`] if a condition is false; an error if none is false and one cannot be evaluated, as the API server does it.
pub fn conditions<'a>(policy: &'a Policy, case: &Case<'a>) -> Option<Result<(), Failure<'a>>> {
    if policy.matching.conditions.is_empty() {
        return Some(Ok(()));
    }
    let scope = Scope::new(case, policy);
    let mut result = Ok(());
    for condition in &policy.matching.conditions {
        match scope.test(&condition.program) {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) if result.is_ok() => {
                let message = format!("condition `{}` cannot be evaluated: {}", condition.name, error.message);
                result = Err(Failure { message, ..error });
            }
            Err(_) => {}
        }
    }
    Some(result)
}

/// Whether an update changes nothing that a policy could judge: only finalizers, owner references, the bookkeeping of
/// the API server, or status.
pub fn is_housekeeping(case: &Case<'_>) -> bool {
    case.old.is_some_and(|old| is_same_but_bookkeeping(case.workload.object, old.object))
}

/// Whether two objects are the same but for their status and what the API server writes into their metadata.
pub fn is_same_but_bookkeeping<'a>(a: Value<'a>, b: Value<'a>) -> bool {
    let metadata = |object: Value<'a>| object.field("metadata").unwrap_or_default();
    same_members(a, b, |key| !matches!(key, "metadata" | "status"))
        && same_members(metadata(a), metadata(b), |key| !is_bookkeeping(key))
}

/// Whether the API server or a garbage collector writes this key of `metadata`.
pub fn is_bookkeeping(key: &str) -> bool {
    matches!(
        key,
        "finalizers"
            | "ownerReferences"
            | "managedFields"
            | "resourceVersion"
            | "generation"
            | "deletionTimestamp"
            | "deletionGracePeriodSeconds"
            | "uid"
            | "creationTimestamp"
            | "selfLink"
    )
}

/// Whether two objects are the same in the members that count. A `null` is an absent member.
fn same_members<'a>(a: Value<'a>, b: Value<'a>, counts: impl Fn(&str) -> bool) -> bool {
    let kept =
        |object: Value<'a>| object.members().iter().filter(|member| counts(member.key) && !member.value.is_null());
    if kept(a).map(|member| member.key).eq(kept(b).map(|member| member.key)) {
        return kept(a).zip(kept(b)).all(|(a, b)| is_same(a.value, b.value));
    }
    // Sorted, because one who sends many members could otherwise make this take long.
    let sorted = |object| {
        let mut members: Vec<_> = kept(object).collect();
        members.sort_unstable_by_key(|member| member.key);
        members
    };
    let (a, b) = (sorted(a), sorted(b));
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.key == b.key && is_same(a.value, b.value))
}

/// Whether Kubernetes reads the two values as the same: a `null` is an absent member, at every depth. What a file says
/// is compared with what an API server wrote.
pub fn is_same<'a>(a: Value<'a>, b: Value<'a>) -> bool {
    match (a, b) {
        (Value::Object(x), Value::Object(y)) => std::ptr::eq(x, y) || same_members(a, b, |_| true),
        (Value::Array(x), Value::Array(y)) => {
            std::ptr::eq(x, y) || (x.len() == y.len() && x.iter().zip(y).all(|(x, y)| is_same(*x, *y)))
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use super::*;
    use crate::document::{Limits, json};

    #[test]
    fn a_null_is_an_absent_member_and_the_order_of_members_is_nothing() {
        for (a, b, expected) in [
            (r#"{"a":1,"b":{"c":[{"d":null}]}}"#, r#"{"b":{"c":[{}],"e":null},"a":1}"#, true),
            (r#"{"a":1}"#, r#"{"a":1,"b":0}"#, false),
            (r#"{"a":1,"b":2}"#, r#"{"a":2,"b":1}"#, false),
            (r#"{"a":[1,null]}"#, r#"{"a":[1]}"#, false),
            (r#"{"a":[]}"#, r#"{"a":{}}"#, false),
            (r#"{"a":{}}"#, "{}", false),
        ] {
            let arena = Bump::new();
            let read = |text: &'static str| json::parse(&arena, text.as_bytes(), &Limits::default()).unwrap();
            assert_eq!(is_same(read(a), read(b)), expected, "{a} {b}");
            assert_eq!(is_same(read(b), read(a)), expected, "{b} {a}");
        }
    }
}
