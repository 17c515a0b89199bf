//! What a policy says once it is loaded: every selector parsed, every expression compiled, every value typed.
//!
//! [`mod@file`] makes policies from YAML; nothing else does, so a [`Policy`] that exists can be evaluated without a way to
//! fail on its own text.

pub mod collision;
pub mod digest;
pub mod edit;
pub mod environment;
pub mod exception;
pub mod exclusion;
pub mod fields;
pub mod file;
pub mod images;
pub mod matching;
pub mod pod_security;
pub mod rule;
pub mod set;
pub mod source;

use std::cmp::Ordering;
use std::fmt;

pub use edit::{Action, Build, EditRule, Leaf, LeafValue, OnUnknown, Range, Rollout, Target};
pub use matching::Match;
pub use rule::{ContainerSelector, Message, OnError, Require, Rule, Severity, Subject, Verb};

use crate::cel::Program;
use crate::diagnostic::Place;
use crate::selector::Selector;

/// A named list of rules with what they apply to.
#[derive(Debug)]
pub struct Policy {
    /// `ClusterPodPolicy/NAME` or `PodPolicy/NAMESPACE/NAME`.
    pub id: String,
    /// Its `metadata.name`.
    pub name: String,
    /// The one namespace of a PodPolicy; [`None`] for a ClusterPodPolicy.
    pub namespace: Option<String>,
    /// Where it was read.
    pub place: Place,
    /// `sha256:` and 64 hexadecimal digits over the parsed policy: layout and comments do not count.
    pub digest: String,
    /// Goes first where two policies set one field: the higher one.
    pub priority: i64,
    /// How strictly its rules act, where `modes` does not say otherwise.
    pub mode: Mode,
    /// By namespace; the first that matches wins.
    pub modes: Vec<NamespaceMode>,
    /// `Enforce`, or `Warn` for Pods that controllers make while a team migrates.
    pub controller_pods: Mode,
    /// What it applies to.
    pub matching: Match,
    /// Literal values for its expressions: an object.
    pub params: serde_json::Value,
    /// Expressions that rules call by name, each evaluated at most once for a request.
    pub variables: Vec<Variable>,
    /// In the order of the file.
    pub rules: Vec<Rule>,
    /// How many results of conditions are kept, as more than one rule or container asks for them.
    pub shared: usize,
}

/// How strictly a rule acts, from mild to strict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// It only records.
    Audit,
    /// It tells who asked.
    Warn,
    /// It denies, and its edits are made.
    Enforce,
}

/// A mode for some namespaces.
#[derive(Debug)]
pub struct NamespaceMode {
    /// Which namespaces, by their labels.
    pub selector: Selector,
    /// The mode there.
    pub mode: Mode,
}

/// An expression with a name.
#[derive(Debug)]
pub struct Variable {
    /// Called `variables.NAME`.
    pub name: String,
    /// The expression.
    pub program: Program,
    /// Where it stands.
    pub place: Place,
}

impl Mode {
    /// The word for it in policies and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Mode::Audit => "Audit",
            Mode::Warn => "Warn",
            Mode::Enforce => "Enforce",
        }
    }

    /// The mode of this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Mode::Audit, Mode::Warn, Mode::Enforce].into_iter().find(|mode| mode.name() == name)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Policy {
    /// Which of two policies goes first where both set one field: a ClusterPodPolicy before a PodPolicy, then the
    /// higher priority, then the name that sorts first.
    pub fn precedence(&self, other: &Policy) -> Ordering {
        let rank = |policy: &Policy| policy.namespace.is_some();
        rank(self)
            .cmp(&rank(other))
            .then_with(|| other.priority.cmp(&self.priority))
            .then_with(|| self.name.cmp(&other.name))
            .then_with(|| self.id.cmp(&other.id))
    }

    /// Whether it has a rule that edits.
    pub fn edits(&self) -> bool {
        self.rules.iter().any(|rule| rule.edit().is_some())
    }

    /// Whether judging a request against this policy needs the labels of its namespace.
    pub fn needs_namespace_labels(&self) -> bool {
        let expressions = self.variables.iter().map(|variable| &variable.program);
        let expressions = expressions.chain(self.rules.iter().flat_map(Rule::programs));
        let expressions = expressions.chain(self.matching.conditions.iter().map(|condition| &condition.program));
        !self.modes.is_empty()
            || self.matching.namespace_selector.is_some()
            || expressions.into_iter().any(|program| program.uses(environment::NAMESPACE_OBJECT))
    }
}
