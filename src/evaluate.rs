//! A policy set over one request: what would be edited, what is violated. Collected here, decided elsewhere.

mod acceptable;
pub mod case;
mod computed;
pub mod due;
mod editor;
pub mod edits;
pub mod judge;
pub mod matching;
pub mod owner;
mod pod_security;
mod rollout;

use std::fmt;
use std::ops::Range;

use bumpalo::Bump;
use json_patch::PatchOperation;

use crate::cel::Program;
use crate::document::{Path, Step, Value};
use crate::policy::exception::Exception;
use crate::policy::{Mode, Policy, Rule};
use crate::provenance::Provenance;
use crate::workload::{Base, Container, Kind, QosClass, Workload};
pub use pod_security::Also;

/// A field of a Pod that a rule speaks of.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// Where the steps are counted from.
    pub base: Base,
    /// From there to the field.
    pub steps: &'a [Step<'a>],
    /// The container in which it stands, if it does.
    pub container: Option<Container<'a>>,
}

/// A change that was made.
#[derive(Clone, Copy, Debug)]
pub struct Edit<'a> {
    /// Whose rule.
    pub policy: &'a Policy,
    /// Which rule.
    pub rule: &'a Rule,
    /// Where.
    pub field: Field<'a>,
    /// What stood there.
    pub before: Option<Value<'a>>,
    /// What stands there now.
    pub after: Value<'a>,
    /// Who set what stood there; [`None`] if nothing did.
    pub provenance: Option<Provenance>,
}

/// A change that was not made, and why.
#[derive(Clone, Debug)]
pub struct Withheld<'a> {
    /// Whose rule.
    pub policy: &'a Policy,
    /// Which rule.
    pub rule: &'a Rule,
    /// The mode in which the rule ran.
    pub mode: Mode,
    /// Where; [`None`] if the rule did not get as far as a field.
    pub field: Option<Field<'a>>,
    /// What would have been set; [`None`] if the rule did not get as far as a value.
    pub value: Option<Value<'a>>,
    /// Who set what stands there; [`None`] if nothing does.
    pub provenance: Option<Provenance>,
    /// Why it was not made.
    pub reason: Reason<'a>,
}

/// Why a change was not made.
#[derive(Clone, Debug)]
pub enum Reason<'a> {
    /// The field is not podgate's to fill in: see the provenance.
    Provenance(Provenance),
    /// The rule only warns or audits.
    Mode(Mode),
    /// Another rule set the field first.
    Conflict(&'a Policy, &'a Rule),
    /// The template of an object that exists does not change, and podgate starts no rollout.
    Rollout,
    /// The Pod, or the container, is taken out of the rule.
    Exception(&'a Exception),
    /// An expression failed.
    Error(String),
    /// The result would not be one that the API server accepts.
    Invalid(String),
    /// The rule keeps the QoS class of a Pod, and the edit would make one class another.
    Class(QosClass, QosClass),
    /// All edits together are more than one answer holds.
    TooLarge,
    /// The expression would give another value on its own result.
    Unstable,
}

/// The part of an expression that was false or failed.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// The expression.
    pub program: &'a Program,
    /// The bytes of the part in its source.
    pub range: Range<usize>,
    /// Whether it is smaller than the whole expression.
    pub is_narrower: bool,
    /// Whether it is true, and what is around it makes the expression false.
    pub holds: bool,
    /// What the parts of the part are, in one line; may be empty.
    pub values: String,
}

/// What must hold and does not.
#[derive(Clone, Debug)]
pub struct Violation<'a> {
    /// Whose rule.
    pub policy: &'a Policy,
    /// Which rule.
    pub rule: &'a Rule,
    /// The mode in which the rule ran; a violation that is not new never denies.
    pub mode: Mode,
    /// What is wrong.
    pub message: String,
    /// The field to blame, as a path in the object.
    pub path: Path<'a>,
    /// Further fields to blame.
    pub also: Also<'a>,
    /// The container, if the rule is about containers.
    pub container: Option<Container<'a>>,
    /// Whether the request brings it; else the old object violates the rule in the same way.
    pub is_new: bool,
    /// Whether the rule could not be evaluated, so that nobody knows.
    pub is_error: bool,
    /// What lets it pass.
    pub exception: Option<&'a Exception>,
    /// What would have let it pass, and has expired.
    pub expired: Option<&'a Exception>,
    /// Which part of the rule's expression it comes from; for an error, and where somebody wants to know why.
    pub evidence: Option<Evidence<'a>>,
}

/// What the rules that edit did to one object.
#[derive(Clone, Debug)]
pub struct Edits<'a> {
    /// The changes made, in the order in which they were made.
    pub made: Vec<Edit<'a>>,
    /// The changes not made.
    pub withheld: Vec<Withheld<'a>>,
    /// The object after the changes.
    pub object: Value<'a>,
    /// The changes as operations on the object before them.
    pub patch: Vec<PatchOperation>,
}

impl Violation<'_> {
    /// Whether it stops the request.
    pub fn denies(&self) -> bool {
        self.is_new && self.mode == Mode::Enforce && self.exception.is_none()
    }
}

impl<'a> Edits<'a> {
    /// Nothing.
    pub fn none(object: Value<'a>) -> Self {
        Edits { made: Vec::new(), withheld: Vec::new(), object, patch: Vec::new() }
    }
}

impl<'a> Field<'a> {
    /// Whether this is the same field of the same object.
    pub fn is_same(&self, other: &Field<'_>) -> bool {
        self.base == other.base && self.steps == other.steps
    }

    /// The member `key` of what stands in this field.
    pub fn member(&self, arena: &'a Bump, key: &'a str) -> Self {
        let steps = self.steps.iter().map(Step::borrowed).chain([Step::key(key)]);
        Field { steps: bumpalo::collections::Vec::from_iter_in(steps, arena).into_bump_slice(), ..*self }
    }

    /// The element at `index` of the list that stands in this field.
    pub fn element(&self, arena: &'a Bump, index: usize) -> Self {
        let steps = self.steps.iter().map(Step::borrowed).chain([Step::Index(index)]);
        Field { steps: bumpalo::collections::Vec::from_iter_in(steps, arena).into_bump_slice(), ..*self }
    }

    /// The same field in another version of the object; [`None`] if that lacks the container.
    pub fn in_other(&self, other: &Workload<'a>) -> Option<Field<'a>> {
        let Some(container) = self.container else { return Some(*self) };
        let container = other.container(container.role, container.name)?;
        Some(Field { base: container.base(), container: Some(container), ..*self })
    }

    /// Appends the path in an object of `kind`.
    pub fn push_path(&self, text: &mut String, kind: Kind) {
        crate::workload::push_path_in(text, kind, self.base, self.steps);
    }

    /// The steps of that path. In the arena, where they cost no allocation of their own.
    pub fn steps_in(&self, arena: &'a Bump, kind: Kind) -> &'a [Step<'a>] {
        crate::workload::steps_in(arena, kind, self.base, self.steps)
    }

    /// The path in an object of `kind`.
    pub fn path(&self, kind: Kind) -> Path<'a> {
        crate::workload::path_in(kind, self.base, self.steps)
    }

    /// Whether it holds the image of a container.
    fn is_image(&self) -> bool {
        self.container.is_some() && *self.steps == [Step::key("image")]
    }
}

impl Reason<'_> {
    /// Whether what the rule asks for is not there and podgate cannot bring it about, and nobody decided that it may be
    /// missing.
    pub fn is_failure(&self) -> bool {
        match self {
            Reason::Error(_) | Reason::Invalid(_) | Reason::TooLarge | Reason::Unstable => true,
            // The policies say so themselves, one by one or together.
            Reason::Provenance(_) | Reason::Mode(_) | Reason::Conflict(..) | Reason::Exception(_) => false,
            // Nor do templates change for podgate's sake, or classes where a rule keeps them.
            Reason::Rollout | Reason::Class(..) => false,
        }
    }

    /// One word for it, stable, for reports and metrics.
    pub fn code(&self) -> &'static str {
        match self {
            Reason::Provenance(provenance) => provenance.name(),
            Reason::Mode(_) => "mode",
            Reason::Conflict(..) => "conflict",
            Reason::Rollout => "rollout",
            Reason::Exception(_) => "exception",
            Reason::Error(_) => "error",
            Reason::Invalid(_) => "invalid",
            Reason::Class(..) => "class",
            Reason::TooLarge => "too-large",
            Reason::Unstable => "unstable",
        }
    }
}

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Provenance(Provenance::Authored) => f.write_str("its author set it"),
            Reason::Provenance(Provenance::Template) => f.write_str("it comes from the template"),
            Reason::Provenance(Provenance::Admission) => {
                f.write_str("another admission plug-in set it, or podgate earlier")
            }
            Reason::Provenance(_) => f.write_str("nobody can know whether its author or the API server set it"),
            Reason::Mode(mode) => write!(f, "the rule runs in mode {mode}"),
            Reason::Conflict(policy, rule) => write!(f, "{}/{} set it first", policy.id, rule.name),
            Reason::Rollout => f.write_str("the template does not change, and podgate starts no rollout"),
            Reason::Exception(exception) => write!(f, "excepted by {exception}"),
            Reason::Error(error) => write!(f, "an expression failed: {error}"),
            Reason::Invalid(problem) => f.write_str(problem),
            Reason::Class(was, is) => write!(f, "it would make a {was} Pod {is}"),
            Reason::TooLarge => {
                f.write_str("the patch would be too large: thousands of operations, or more than a megabyte")
            }
            Reason::Unstable => f.write_str("the expression gives another value on its own result"),
        }
    }
}
