//! What takes some Pods out of some rules, for a reason and until a time.
//!
//! An exception is an object of its own, never a label or an annotation: whoever may create a Pod must not be able to
//! take it out of a rule. One exception has to cover all that a check found in a Pod; two never add up.

mod problems;
mod renamed;

use std::fmt;

use jiff::Timestamp;

pub use self::problems::ById;
pub use self::renamed::renamed;
use crate::diagnostic::Place;
use crate::document::Value;
use crate::glob::Glob;
use crate::image::in_full;
use crate::policy::pod_security::except::{Allowed, allows};
use crate::policy::pod_security::{Check, Finding};
use crate::policy::{Policy, Rule, Verb};
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
    /// Where they are named.
    pub namespaces_place: Option<Place>,
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
    /// Checks of the Pod Security Standards, of the rules that ask for one; empty for all of the rules.
    pub checks: Vec<ExemptCheck>,
}

/// A check of the Pod Security Standards that an exception is from.
#[derive(Debug)]
pub struct ExemptCheck {
    /// Which one.
    pub check: Check,
    /// For which values; empty for all.
    pub values: Vec<Allowed>,
    /// Where it is named.
    pub place: Place,
}

/// A container by its name and its image: the name alone is its author's to choose.
#[derive(Debug)]
pub struct NamedContainer {
    /// Its name.
    pub name: Glob,
    /// Its image, written out in full.
    pub image: Glob,
    /// Where the image stands.
    pub image_place: Place,
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
    /// What a check of the Pod Security Standards found, if it was one.
    pub finding: Option<&'q Finding<'a>>,
}

impl Exception {
    /// Whether it covers all that this rule found, whenever that is.
    pub fn covers(&self, policy: &Policy, rule: &Rule, question: &Question<'_, '_>) -> bool {
        let Question { namespace, labels, containers, finding } = question;
        if !self.from.iter().any(|exempt| exempt.names(policy, rule) && exempt.reaches(*finding)) {
            return false;
        }
        let of_containers = || {
            let is_named = |container: &Container<'_>| self.containers.iter().any(|named| named.is(container));
            self.containers.is_empty() || (!containers.is_empty() && containers.iter().all(is_named))
        };
        self.holds_in(namespace)
            && self.pod_selector.as_ref().is_none_or(|selector| selector.matches(*labels))
            && of_containers()
    }

    /// Whether it is for objects of this namespace.
    pub fn holds_in(&self, namespace: &str) -> bool {
        match self.namespaces.as_slice() {
            [] => self.namespace == namespace,
            globs => globs.iter().any(|glob| glob.matches(namespace)),
        }
    }

    /// Whether it has not expired at this time. Where no time is known, one with an end does not hold.
    pub fn holds_at(&self, now: Option<Timestamp>) -> bool {
        self.expires.is_none_or(|expires| now.is_some_and(|now| now < expires))
    }
}

impl Exempt {
    fn names(&self, policy: &Policy, rule: &Rule) -> bool {
        self.policy == policy.id && self.is_from(rule)
    }

    /// Whether it is from this rule of its policy, or from a check of it.
    pub(super) fn is_from(&self, rule: &Rule) -> bool {
        (self.rules.is_empty() || self.rules.contains(&rule.name))
            && (self.checks.is_empty() || matches!(rule.verb, Verb::PodSecurity(_)))
    }

    /// Whether its checks reach all of the offences, each offence one of them.
    fn reaches(&self, finding: Option<&Finding<'_>>) -> bool {
        let reached = |finding: &Finding<'_>| {
            let mut own = self.checks.iter().filter(|own| own.check == finding.check).peekable();
            own.peek().is_some()
                && finding.offences.iter().all(|offence| own.clone().any(|own| allows(&own.values, offence)))
        };
        self.checks.is_empty() || finding.is_some_and(reached)
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
