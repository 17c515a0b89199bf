//! The policies in force, indexed by what they match: a policy that cannot match a request costs it nothing.

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::document::Value;
use crate::policy::digest;
use crate::policy::exception::Exception;
use crate::policy::exclusion::Exclusion;
use crate::policy::{Match, Policy, Rule};
use crate::review::Operation;
use crate::workload::Kind;

/// Policies in their order of precedence, with the exceptions from them. Never changed: a new set takes its place as a
/// whole.
#[derive(Debug, Default)]
pub struct PolicySet {
    policies: Vec<Arc<Policy>>,
    exceptions: Vec<Arc<Exception>>,
    excluded: Exclusion,
    /// By where the rule stands in memory; `policies` keep it there.
    exceptions_by_rule: HashMap<usize, Vec<Arc<Exception>>>,
    digest: String,
    index: Index,
    /// Whether there is a policy that edits and matches by expressions, or by the labels of Pods: an edit of another
    /// policy can then make it match.
    edits_by_condition: bool,
    edits_by_pod_label: bool,
}

/// What the index looks at in a request.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// The kind.
    pub kind: Kind,
    /// The operation.
    pub operation: Operation,
    /// The namespace.
    pub namespace: &'a str,
    /// The labels of the Pod, and before an update.
    pub pod_labels: [Value<'a>; 2],
    /// The labels of the namespace; [`None`] if they are not known, so that every policy that asks for some may match.
    pub namespace_labels: Option<Value<'a>>,
}

/// Each policy stands in one of the parts, under what it is most particular about.
#[derive(Debug, Default)]
struct Index {
    by_namespace: HashMap<String, Vec<u32>>,
    by_prefix: Prefixes,
    by_pod_label: Labels,
    by_namespace_label: Labels,
    /// What is left, by kind.
    rest: [Vec<u32>; Kind::ALL.len()],
}

/// By the beginning of a namespace's name.
#[derive(Debug, Default)]
struct Prefixes {
    lengths: Vec<usize>,
    policies: HashMap<String, Vec<u32>>,
}

/// By one label that must have one value.
#[derive(Debug, Default)]
struct Labels(HashMap<String, HashMap<String, Vec<u32>>>);

impl PolicySet {
    /// A set of these policies, without exceptions.
    pub fn new(policies: impl IntoIterator<Item = Arc<Policy>>) -> Self {
        PolicySet::with_exceptions(policies, [])
    }

    /// A set of these policies and exceptions.
    pub fn with_exceptions(
        policies: impl IntoIterator<Item = Arc<Policy>>,
        exceptions: impl IntoIterator<Item = Arc<Exception>>,
    ) -> Self {
        let mut policies: Vec<_> = policies.into_iter().collect();
        policies.sort_by(|a, b| a.precedence(b));
        let mut exceptions: Vec<_> = exceptions.into_iter().collect();
        exceptions.sort_by(|a, b| a.id.cmp(&b.id));
        let mut hasher = Sha256::new();
        let of_policies = policies.iter().map(|policy| (&policy.id, &policy.digest));
        for (id, digest) in of_policies.chain(exceptions.iter().map(|exception| (&exception.id, &exception.digest))) {
            hasher.update(id);
            hasher.update([0]);
            hasher.update(digest);
            hasher.update([0]);
        }
        let mut by_id: HashMap<&str, Vec<&Rule>> = HashMap::new();
        for policy in &policies {
            by_id.entry(policy.id.as_str()).or_default().extend(&policy.rules);
        }
        let mut exceptions_by_rule: HashMap<_, Vec<Arc<Exception>>> = HashMap::new();
        for exception in &exceptions {
            for exempt in &exception.from {
                let rules = by_id.get(exempt.policy.as_str()).into_iter().flatten();
                for rule in rules.filter(|rule| exempt.is_from(rule)) {
                    let granted = exceptions_by_rule.entry(address(rule)).or_default();
                    // Two entries of one exception may name one rule.
                    if granted.last().is_none_or(|last| !Arc::ptr_eq(last, exception)) {
                        granted.push(Arc::clone(exception));
                    }
                }
            }
        }
        let mut index = Index::default();
        for (number, policy) in (0..).zip(&policies) {
            index.add(number, policy);
        }
        let any_editor = |matches: fn(&Match) -> bool| {
            let edits = |rule: &Rule| rule.edit().is_some();
            policies.iter().any(|policy| matches(&policy.matching) && policy.rules.iter().any(edits))
        };
        PolicySet {
            edits_by_condition: any_editor(|matching| !matching.conditions.is_empty()),
            edits_by_pod_label: any_editor(|matching| matching.pod_selector.is_some()),
            policies,
            exceptions,
            excluded: Exclusion::default(),
            exceptions_by_rule,
            digest: digest::written(&hasher.finalize()),
            index,
        }
    }

    /// The same policies, which leave these namespaces alone.
    pub fn excluding(self, excluded: Exclusion) -> Self {
        PolicySet { excluded, ..self }
    }

    /// Whether objects of this namespace are left alone.
    pub fn excludes(&self, namespace: &str) -> bool {
        self.excluded.covers(namespace)
    }

    /// The policies, in their order of precedence.
    pub fn policies(&self) -> &[Arc<Policy>] {
        &self.policies
    }

    /// The exceptions, by their ids.
    pub fn exceptions(&self) -> &[Arc<Exception>] {
        &self.exceptions
    }

    /// The exceptions from a rule of one of the policies.
    pub fn exceptions_from(&self, rule: &Rule) -> &[Arc<Exception>] {
        // Almost no rule has any, and this is asked for each.
        if self.exceptions_by_rule.is_empty() {
            return &[];
        }
        self.exceptions_by_rule.get(&address(rule)).map_or(&[], Vec::as_slice)
    }

    /// `sha256:` and 64 hexadecimal digits over the digests of the policies and exceptions.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The policies that may match, in their order of precedence. What is not among them does not match.
    pub fn candidates<'a>(&'a self, key: &Key<'_>) -> impl Iterator<Item = &'a Policy> + use<'a> {
        let mut found = Vec::with_capacity(16);
        self.index.find(key, &mut found);
        found.sort_unstable();
        found.dedup();
        found.into_iter().filter_map(|number| Some(self.policies.get(usize::try_from(number).ok()?)?.as_ref()))
    }

    /// Whether an edit can make a policy match that edits, too: any edit, or one of the Pod's labels.
    pub fn may_join_after_edit(&self, of_labels: bool) -> bool {
        self.edits_by_condition || (of_labels && self.edits_by_pod_label)
    }

    /// Whether a policy needs the labels of namespaces.
    pub fn needs_namespace_labels(&self) -> bool {
        self.policies.iter().any(|policy| policy.needs_namespace_labels())
    }
}

fn address(rule: &Rule) -> usize {
    std::ptr::from_ref(rule).addr()
}

impl Index {
    fn add(&mut self, number: u32, policy: &Policy) {
        let Match { namespaces, namespace_selector, pod_selector, kinds, .. } = &policy.matching;
        if let Some(namespace) = &policy.namespace {
            return self.by_namespace.entry(namespace.clone()).or_default().push(number);
        }
        let literals: Option<Vec<_>> = namespaces.iter().map(|glob| glob.is_literal()).collect();
        if let Some(literals) = literals.filter(|literals| !literals.is_empty()) {
            for namespace in literals {
                self.by_namespace.entry(namespace.to_owned()).or_default().push(number);
            }
            return;
        }
        if let Some((key, value)) = pod_selector.as_ref().and_then(|selector| selector.equality()) {
            return self.by_pod_label.add(key, value, number);
        }
        if let Some((key, value)) = namespace_selector.as_ref().and_then(|selector| selector.equality()) {
            return self.by_namespace_label.add(key, value, number);
        }
        let prefixes: Vec<_> = namespaces.iter().map(|glob| glob.prefix()).collect();
        if !prefixes.is_empty() && prefixes.iter().all(|prefix| !prefix.is_empty()) {
            return prefixes.into_iter().for_each(|prefix| self.by_prefix.add(prefix, number));
        }
        for (kind, list) in Kind::ALL.into_iter().zip(&mut self.rest) {
            if kinds & kind.bit() != 0 {
                list.push(number);
            }
        }
    }

    fn find(&self, key: &Key<'_>, found: &mut Vec<u32>) {
        found.extend(self.by_namespace.get(key.namespace).into_iter().flatten());
        self.by_prefix.find(key.namespace, found);
        for labels in key.pod_labels {
            self.by_pod_label.find(labels, found);
        }
        match key.namespace_labels {
            Some(labels) => self.by_namespace_label.find(labels, found),
            None => found.extend(self.by_namespace_label.0.values().flat_map(HashMap::values).flatten()),
        }
        let rest = Kind::ALL.into_iter().zip(&self.rest).find(|(kind, _)| *kind == key.kind);
        found.extend(rest.into_iter().flat_map(|(_, list)| list));
    }
}

impl Prefixes {
    fn add(&mut self, prefix: &str, number: u32) {
        if !self.lengths.contains(&prefix.len()) {
            self.lengths.push(prefix.len());
        }
        self.policies.entry(prefix.to_owned()).or_default().push(number);
    }

    fn find(&self, namespace: &str, found: &mut Vec<u32>) {
        let prefixes = self.lengths.iter().filter_map(|length| namespace.get(..*length));
        found.extend(prefixes.filter_map(|prefix| self.policies.get(prefix)).flatten());
    }
}

impl Labels {
    fn add(&mut self, key: &str, value: &str, number: u32) {
        self.0.entry(key.to_owned()).or_default().entry(value.to_owned()).or_default().push(number);
    }

    fn find(&self, labels: Value<'_>, found: &mut Vec<u32>) {
        if self.0.is_empty() {
            return;
        }
        for label in labels.members() {
            // A label that is `null` counts as an empty one.
            let value = label.value.as_str().unwrap_or_default();
            let of_value = self.0.get(label.key).and_then(|values| values.get(value));
            found.extend(of_value.into_iter().flatten());
        }
    }
}
