//! Which policies apply to a request, and how strictly.

use crate::document::Value;
use crate::evaluate::case::{Case, Failure, Scope};
use crate::policy::set::{Key, PolicySet};
use crate::policy::{Match, Mode, Policy, Rule, Verb};
use crate::workload::Kind;

/// A policy that applies.
#[derive(Clone, Debug)]
pub struct Matched<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// How strictly its rules act here, at most.
    pub mode: Mode,
    /// The mode for judging: milder where a controller made the Pod and the policy lets those pass.
    pub judging: Mode,
    /// A condition of its `match` that could not be evaluated: then nobody knows whether it applies.
    pub failed: Option<Failure>,
}

impl Matched<'_> {
    /// Whether it has a rule that judges.
    pub fn judges(&self) -> bool {
        self.policy.rules.iter().any(|rule| matches!(rule.verb, Verb::Require(_)))
    }

    /// The mode of a rule that edits.
    pub fn editing_mode(&self, rule: &Rule) -> Mode {
        rule.mode.map_or(self.mode, |mode| mode.min(self.mode))
    }

    /// The mode of a rule that judges.
    pub fn judging_mode(&self, rule: &Rule) -> Mode {
        rule.mode.map_or(self.judging, |mode| mode.min(self.judging))
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
            Some(Matched { policy, mode, judging, failed })
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
fn unknown_namespace(policy: &Policy, key: &Key<'_>) -> Option<Failure> {
    let asks = policy.matching.namespace_selector.is_some() || !policy.modes.is_empty();
    (asks && key.namespace_labels.is_none()).then(|| Failure {
        message: format!("the labels of namespace `{}` are not known", key.namespace),
        is_of_surroundings: true,
    })
}

/// Whether a controller made this object: a Pod, or the ReplicaSet or Job in between. The owner is judged when its
/// author changes it; what follows from it is what `controllerPods` lets pass.
fn is_made_by_controller(case: &Case<'_>) -> bool {
    let between = match case.workload.kind {
        Kind::ReplicaSet => (Kind::Deployment, "system:serviceaccount:kube-system:deployment-controller"),
        Kind::Job => (Kind::CronJob, "system:serviceaccount:kube-system:cronjob-controller"),
        _ => return case.maker.is_some(),
    };
    let (owner, controller) = between;
    let is_controller = [controller, "system:kube-controller-manager"].contains(&case.request.user);
    (is_controller || case.facts.owners_believed) && case.workload.controller_kind() == Some(owner)
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

/// [`None`] if a condition is false; an error if none is false and one cannot be evaluated, as the API server does it.
pub fn conditions<'a>(policy: &'a Policy, case: &Case<'a>) -> Option<Result<(), Failure>> {
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
                let message = format!("condition `{}` cannot be evaluated: {error}", condition.name);
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
    let Some(old) = &case.old else { return false };
    let (new, old) = (case.workload.object, old.object);
    let kept = |key: &str| !matches!(key, "metadata" | "status");
    let metadata = [new, old].map(|object| object.field("metadata").unwrap_or_default());
    same_members(new, old, kept) && same_members(metadata[0], metadata[1], |key| !is_bookkeeping(key))
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

/// Whether two objects are equal in the members that count. A `null` is an absent member.
pub fn same_members(a: Value<'_>, b: Value<'_>, counts: impl Fn(&str) -> bool) -> bool {
    let covered = |a: Value<'_>, b: Value<'_>| {
        let members = a.members().iter().filter(|member| counts(member.key) && !member.value.is_null());
        members.into_iter().all(|member| b.field(member.key) == Some(member.value))
    };
    covered(a, b) && covered(b, a)
}
