//! What takes some Pods out of some rules, for a reason and until a time.
//!
//! An exception is an object of its own, never a label or an annotation: whoever may create a Pod must not be able to
//! take it out of a rule. One exception has to cover all that a check found in a Pod; two never add up.

use std::fmt;

use jiff::Timestamp;

use crate::diagnostic::{Diagnostic, Place, suggest};
use crate::document::Value;
use crate::glob::Glob;
use crate::image::in_full;
use crate::policy::{Policy, Rule};
use crate::selector::Selector;
use crate::workload::Container;

/// An exception from rules.
#[derive(Debug)]
pub struct Exception {
    /// `PodPolicyException/NAMESPACE/NAME`.
    pub id: String,
    /// The namespace in which it stands.
    pub namespace: String,
    /// Where it was read.
    pub place: Place,
    /// `sha256:` and 64 hexadecimal digits over what it says.
    pub digest: String,
    /// From which rules.
    pub from: Vec<Exempt>,
    /// In which namespaces; empty for its own. Only an exception in a namespace that the operator trusts may name some.
    pub namespaces: Vec<Glob>,
    /// For which Pods, by their labels; [`None`] for all.
    pub pod_selector: Option<Selector>,
    /// For which containers; empty for the whole Pod.
    pub containers: Vec<NamedContainer>,
    /// Why it was granted.
    pub reason: String,
    /// The time from which on it holds no more; [`None`] if it was granted for good.
    pub expires: Option<Timestamp>,
}

/// A policy, or some of its rules, that an exception is from.
#[derive(Debug)]
pub struct Exempt {
    /// The id of the policy.
    pub policy: String,
    /// Names of its rules; empty for all.
    pub rules: Vec<String>,
    /// Where the policy is named.
    pub place: Place,
    /// Where each of the rules is named.
    pub rule_places: Vec<Place>,
}

/// A container by its name and its image: the name alone is its author's to choose.
#[derive(Debug)]
pub struct NamedContainer {
    /// Its name.
    pub name: Glob,
    /// Its image, written out in full.
    pub image: Glob,
}

/// What was found about one Pod that an exception might let pass.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q, 'a> {
    /// The namespace of the Pod.
    pub namespace: &'q str,
    /// The labels of the Pod.
    pub labels: Value<'a>,
    /// The containers in which something was found; empty if it is about the Pod itself.
    pub containers: &'q [Container<'a>],
}

impl Exception {
    /// Whether it is from this rule.
    pub fn is_from(&self, policy: &Policy, rule: &Rule) -> bool {
        let names_it = |exempt: &Exempt| exempt.rules.is_empty() || exempt.rules.contains(&rule.name);
        self.from.iter().any(|exempt| exempt.policy == policy.id && names_it(exempt))
    }

    /// Whether it covers all that was found, whenever that is.
    pub fn covers(&self, question: &Question<'_, '_>) -> bool {
        let Question { namespace, labels, containers } = question;
        let is_here = match self.namespaces.as_slice() {
            [] => self.namespace == *namespace,
            globs => globs.iter().any(|glob| glob.matches(namespace)),
        };
        let of_containers = || {
            let is_named = |container: &Container<'_>| self.containers.iter().any(|named| named.is(container));
            self.containers.is_empty() || (!containers.is_empty() && containers.iter().all(is_named))
        };
        is_here && self.pod_selector.as_ref().is_none_or(|selector| selector.matches(*labels)) && of_containers()
    }

    /// Whether it has not expired at this time. Where no time is known, one with an end does not hold.
    pub fn holds_at(&self, now: Option<Timestamp>) -> bool {
        self.expires.is_none_or(|expires| now.is_some_and(|now| now < expires))
    }

    /// What keeps it from being used beside `policies`: it is from a rule that is not there, or goes further than the
    /// operator lets exceptions of its namespace go.
    pub fn problems<'p>(
        &self,
        policies: impl Iterator<Item = &'p Policy> + Clone,
        trusted_namespaces: &[String],
    ) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        if !self.namespaces.is_empty() && !trusted_namespaces.contains(&self.namespace) {
            let message =
                format!("`namespaces` in an exception of `{}`, which is not trusted with others", self.namespace);
            let help = "leave them out, or name its namespace with `--exception-namespace`";
            problems.push(Diagnostic::error(Some(self.place.clone()), message).help(help));
        }
        for exempt in &self.from {
            let Some(policy) = policies.clone().find(|policy| policy.id == exempt.policy) else {
                let near = suggest(&exempt.policy, policies.clone().map(|policy| policy.id.as_str()));
                let message = format!("there is no policy `{}` to be an exception from", exempt.policy);
                let mut problem = Diagnostic::error(Some(exempt.place.clone()), message);
                problem.help = near.map(|near| format!("did you mean `{near}`?"));
                problems.push(problem);
                continue;
            };
            problems.extend(self.unknown_rules(exempt, policy));
            let is_bare = |rule: &&Rule| self.is_from(policy, rule) && !rule.verb.is_about_containers();
            if let Some(rule) = policy.rules.iter().find(is_bare).filter(|_| !self.containers.is_empty()) {
                let message = format!("`{}` of `{}` is not about containers", rule.name, policy.id);
                let help = "leave `containers` out, or name the `rules` that are about containers";
                problems.push(Diagnostic::error(Some(exempt.place.clone()), message).help(help));
            }
        }
        problems
    }

    fn unknown_rules<'e>(&self, exempt: &'e Exempt, policy: &'e Policy) -> impl Iterator<Item = Diagnostic> + 'e {
        let known = || policy.rules.iter().map(|rule| rule.name.as_str());
        let unknown =
            exempt.rules.iter().zip(&exempt.rule_places).filter(move |(name, _)| known().all(|of| of != *name));
        unknown.map(move |(name, place)| {
            let message = format!("`{}` has no rule `{name}` to be an exception from", policy.id);
            let mut problem = Diagnostic::error(Some(place.clone()), message);
            problem.help = suggest(name, known()).map(|near| format!("did you mean `{near}`?"));
            problem
        })
    }
}

impl NamedContainer {
    /// Whether it is this one.
    pub fn is(&self, container: &Container<'_>) -> bool {
        self.name.matches(container.name) && self.image.matches(&in_full(container.image()))
    }
}

/// As people are told of it: who granted it, until when and why.
impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.id)?;
        if let Some(expires) = self.expires {
            write!(f, " until {expires}")?;
        }
        write!(f, ": {}", self.reason)
    }
}
