//! What `check` found out, in the shape of its JSON, which other programs rely on: keys are added, never changed.
//!
//! An [`Object`] borrows the arena of its request and is handed to the renderer at once; a run over many files holds
//! one object at a time. The [`Report`] is what remains at the end.

mod serialized;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use json_patch::PatchOperation;
use serde::Serialize;
use serde::ser::Serializer;

use crate::admit::Assumption;
use crate::cli::explain::Answers;
use crate::cli::fix::Fixes;
use crate::cli::plug_in::Said;
use crate::diagnostic::{Diagnostic, Severity};
use crate::document::{Path, Span, Value};
use crate::rollout::Rollout;

/// The version of the shape. A reader that knows it can read every later podgate with the same number.
pub const SCHEMA_VERSION: u32 = 1;

/// A run without its objects.
#[derive(Debug)]
pub struct Report {
    /// What stands before the objects.
    pub head: Head,
    /// What stands after the objects.
    pub tail: Tail,
    /// What was asked for with `--policy`.
    pub asked_policies: String,
}

/// What holds for the whole run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// [`SCHEMA_VERSION`]
    pub schema_version: u32,
    /// The version of podgate.
    pub podgate: &'static str,
    /// The version of Kubernetes.
    pub kubernetes: String,
    /// The way into the cluster.
    #[serde(rename = "as")]
    pub way: &'static str,
    /// The time of the requests.
    pub now: String,
    /// The digest of the policy set; [`None`] if there is none, because a policy could not be read.
    pub policy_set: Option<String>,
    /// Every policy of the set, matched or not.
    pub policies: Vec<PolicyUse>,
    /// Every exception from them, used or not.
    pub exceptions: Vec<ExceptionUse>,
}

/// What a run leaves beside its objects.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tail {
    /// Documents that no policy has a say over.
    pub not_covered: Vec<NotCovered>,
    /// What could not be read or judged.
    pub errors: Vec<Reported>,
    /// What is doubtful about the policies and the inputs, but for what is said of an object.
    pub warnings: Vec<Reported>,
    /// Counts.
    pub summary: Summary,
}

/// A policy and how often it applied.
#[derive(Debug, Serialize)]
pub struct PolicyUse {
    /// Its id.
    pub id: String,
    /// Where it was read.
    pub source: PolicySource,
    /// Its digest.
    pub digest: String,
    /// To how many objects it applied, to them or to their Pods.
    pub matched: usize,
}

/// An exception and how often it was needed.
#[derive(Debug, Serialize)]
pub struct ExceptionUse {
    /// Its id.
    pub id: String,
    /// Where it was read.
    pub source: PolicySource,
    /// Its digest.
    pub digest: String,
    /// When it ends; [`None`] if it was granted for good.
    pub expires: Option<String>,
    /// Why it was granted.
    pub reason: String,
    /// For how many objects it let something pass, in them or in their Pods.
    pub used: usize,
}

/// Where a policy or an exception was read.
#[derive(Debug, Serialize)]
pub struct PolicySource {
    /// The file, or `builtin:NAME`.
    #[serde(serialize_with = "as_text")]
    pub file: Arc<str>,
    /// Counted from 1.
    pub line: u32,
}

/// A document that no policy has a say over.
#[derive(Debug, Serialize)]
pub struct NotCovered {
    /// Where it stands.
    pub source: Source,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// Where an object stands.
#[derive(Clone, Debug, Serialize)]
pub struct Source {
    /// The file, as the user named it.
    #[serde(serialize_with = "as_text")]
    pub file: Arc<str>,
    /// Counted from 1.
    pub line: u32,
    /// The place of its document in the file, counted from 0.
    pub index: usize,
}

/// What is said of the policies and the inputs.
#[derive(Debug, Serialize)]
pub struct Reported {
    file: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
    message: String,
    help: Option<String>,
}

/// Counts over the run.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Objects that policies have a say over.
    pub objects: usize,
    /// Of these, those that are allowed.
    pub allowed: usize,
    /// Of these, those that are denied.
    pub denied: usize,
    /// Of these, those whose Pods would be denied or could not be judged.
    pub pods_denied: usize,
    /// What could not be read or judged: as many as there are entries in `errors`.
    pub errors: usize,
    /// Objects that are edited, themselves or in their Pods.
    pub edited: usize,
    /// Violations that deny nothing, of a rule that warns or older than the request, fields that the API server does
    /// not know, and as many as there are entries in `warnings`.
    pub warnings: usize,
    /// Documents that no policy has a say over.
    pub not_covered: usize,
    /// Fields that were written into the files; [`None`] if that was not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed: Option<usize>,
}

/// One object with all that was found out about it.
#[derive(Debug)]
pub struct Object<'a> {
    /// Where it stands.
    pub source: Source,
    /// Its `apiVersion`.
    pub api_version: String,
    /// Its kind.
    pub kind: &'a str,
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name; empty while the API server has not made one.
    pub name: &'a str,
    /// What its name will begin with, where it has none.
    pub generate_name: &'a str,
    /// The operation.
    pub operation: &'static str,
    /// What was taken for granted.
    pub assumptions: Vec<Assumption>,
    /// What becomes of the object.
    pub outcome: Outcome<'a>,
    /// For an owner: what becomes of its Pods.
    pub pod: Option<Outcome<'a>>,
    /// Why it cannot be judged, and what in it the API server would not understand.
    pub problems: Vec<Diagnostic>,
    /// Whether the objects after their edits are part of the answer.
    pub shows_object: bool,
    /// For an update of an owner: what becomes of the Pods that run.
    pub rollout: Option<Rollout>,
    /// What the API server's own PodSecurity plug-in says, where the Namespace asks for it.
    pub plug_in: Option<Said>,
    /// What was written into its file; [`None`] if that was not asked.
    pub fixes: Option<Fixes>,
    /// Who set the field that was asked about.
    pub explained: Option<Answers<'a>>,
}

/// What both webhooks say of one object.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// `allow`, `deny` or `error`.
    pub decision: &'static str,
    /// The ids of the policies that apply.
    pub matched_policies: Vec<&'a str>,
    /// What does not hold.
    pub violations: Vec<Violation<'a>>,
    /// What was changed.
    pub edits: Vec<Edit<'a>>,
    /// What was not changed.
    pub withheld: Vec<Withheld<'a>>,
    /// For a Pod: its QoS class before the edits and after them.
    pub qos_class: Option<ClassChange>,
    /// The changes as operations on the object as the API server would send it.
    pub patch: Vec<PatchOperation>,
    /// What who asked would be told.
    pub warnings: Vec<String>,
    /// The object before the edits.
    pub before: Value<'a>,
    /// The object after the edits.
    pub after: Value<'a>,
    /// The same as it is stored, with what the API server fills in after the webhooks.
    pub stored: Value<'a>,
}

/// The QoS class of a Pod before and after edits.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ClassChange {
    /// Before them.
    pub before: &'static str,
    /// After them.
    pub after: &'static str,
}

/// How a violation counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// It denies.
    Denies,
    /// It warns.
    Warns,
    /// It is only recorded.
    Recorded,
}

/// What must hold and does not.
#[derive(Debug, Serialize)]
pub struct Violation<'a> {
    /// The id of the policy.
    pub policy: &'a str,
    /// The rule.
    pub rule: &'a str,
    /// The mode in which the rule ran.
    pub mode: &'static str,
    /// How much it matters.
    pub severity: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<&'a str>,
    /// The field to blame.
    #[serde(serialize_with = "as_text")]
    pub path: Path<'a>,
    /// Further fields to blame.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "as_texts")]
    pub also: Vec<Path<'a>>,
    /// The name of the container.
    pub container: Option<&'a str>,
    /// Where the field, or the nearest that exists, stands in the file.
    pub line: Option<u32>,
    /// Counted from 1.
    pub column: Option<u32>,
    /// Whether the request brings it.
    pub new: bool,
    /// The id of the exception that lets it pass.
    pub exception: Option<&'a str>,
    /// What people are told of the exception that lets it pass, or that has expired.
    #[serde(skip)]
    pub about_exception: Option<String>,
    /// The part of the rule's expression that decided, where that says more than the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence<'a>>,
    /// The piece of the file to underline.
    #[serde(skip)]
    pub span: Span,
    /// How it counts.
    #[serde(skip)]
    pub weight: Weight,
}

/// The part of an expression that decided its result.
#[derive(Debug, Serialize)]
pub struct Evidence<'a> {
    /// The part.
    pub expression: String,
    /// `false`, `error`, or `true` where a `!` around it makes the rule false.
    pub result: &'static str,
    /// What its parts are, in one line; may be empty.
    pub values: String,
    /// The file of the policy, or `builtin:NAME`.
    #[serde(serialize_with = "as_text")]
    pub file: Arc<str>,
    /// Where the part stands there, counted from 1.
    pub line: u32,
    /// Counted from 1.
    pub column: u32,
    /// The piece of the file to underline.
    #[serde(skip)]
    pub span: Span,
    /// The text of the file.
    #[serde(skip)]
    pub text: &'a str,
}

/// A change that was made.
#[derive(Debug, Serialize)]
pub struct Edit<'a> {
    /// The id of the policy.
    pub policy: &'a str,
    /// The rule.
    pub rule: &'a str,
    /// The mode in which the rule ran.
    pub mode: &'static str,
    /// The verb of the rule.
    pub verb: &'static str,
    /// The field.
    #[serde(serialize_with = "as_text")]
    pub path: Path<'a>,
    /// The name of the container.
    pub container: Option<&'a str>,
    /// Where the field, or the nearest that exists, stands in the file.
    pub line: Option<u32>,
    /// What stood there.
    pub before: Option<Value<'a>>,
    /// What stands there now.
    pub after: Value<'a>,
    /// Who set what stood there.
    pub provenance: Option<&'static str>,
}

/// A change that was not made.
#[derive(Debug, Serialize)]
pub struct Withheld<'a> {
    /// The id of the policy.
    pub policy: &'a str,
    /// The rule.
    pub rule: &'a str,
    /// The mode in which the rule ran.
    pub mode: &'static str,
    /// The verb of the rule.
    pub verb: &'static str,
    /// The field.
    #[serde(serialize_with = "as_optional_text")]
    pub path: Option<Path<'a>>,
    /// The name of the container.
    pub container: Option<&'a str>,
    /// What would have been set.
    pub value: Option<Value<'a>>,
    /// Who set what stands there.
    pub provenance: Option<&'static str>,
    /// One word for the reason.
    pub code: &'static str,
    /// Why.
    pub reason: String,
}

impl Object<'_> {
    /// Whether the object or its Pods do not get through.
    pub fn is_in_trouble(&self) -> bool {
        let is_denied_by_plug_in =
            self.plug_in.as_ref().is_some_and(|said| said.denies.is_some() || said.denies_pods.is_some());
        self.outcome.is_refused() || self.pod.as_ref().is_some_and(Outcome::is_refused) || is_denied_by_plug_in
    }

    /// The name, or what it will begin with.
    pub fn shown_name(&self) -> Cow<'_, str> {
        if self.name.is_empty() && !self.generate_name.is_empty() {
            return Cow::Owned(format!("{}*", self.generate_name));
        }
        Cow::Borrowed(self.name)
    }

    /// Whether the object or its Pods are edited.
    pub fn is_edited(&self) -> bool {
        !self.outcome.edits.is_empty() || self.pod.as_ref().is_some_and(|pod| !pod.edits.is_empty())
    }

    /// Every violation, and whether only its Pods have it; what an object and its Pods share stands once.
    pub fn violations(&self) -> impl Iterator<Item = (&Violation<'_>, bool)> {
        let own = self.outcome.violations.iter();
        let of_pods = self.pod.iter().flat_map(|pod| &pod.violations);
        let is_shared = |pods: &Violation<'_>| own_has(&self.outcome.violations, pods);
        own.map(|violation| (violation, false))
            .chain(of_pods.filter(move |violation| !is_shared(violation)).map(|violation| (violation, true)))
    }
}

/// Whether an owner has the violation of its Pod: the path in the owner is the one in the Pod, from the template on.
/// One that denies the Pods alone, because the owner had it before, is not the same.
fn own_has(own: &[Violation<'_>], pods: &Violation<'_>) -> bool {
    own.iter().any(|own| {
        let (same_rule, same_words) = (own.rule == pods.rule && own.policy == pods.policy, own.message == pods.message);
        let same_weight = own.weight == pods.weight || pods.weight != Weight::Denies;
        same_rule && same_words && same_weight && own.path.steps().ends_with(pods.path.steps())
    })
}

impl Outcome<'_> {
    /// Whether it does not get through.
    pub fn is_refused(&self) -> bool {
        self.decision != "allow"
    }
}

impl Summary {
    /// Counts one object.
    pub fn count(&mut self, object: &Object<'_>) {
        self.objects += 1;
        match object.outcome.decision {
            "allow" => self.allowed += 1,
            "deny" => self.denied += 1,
            _ => {}
        }
        let errors = object.problems.iter().filter(|problem| problem.severity == Severity::Error).count();
        self.errors += errors;
        self.warnings += object.problems.len() - errors;
        self.pods_denied += usize::from(object.pod.as_ref().is_some_and(Outcome::is_refused));
        self.edited += usize::from(object.is_edited());
        if let Some(fixes) = &object.fixes {
            *self.fixed.get_or_insert(0) += fixes.fixed.len();
        }
        self.warnings += object.violations().filter(|(violation, _)| violation.weight == Weight::Warns).count();
    }
}

impl From<Diagnostic> for Reported {
    fn from(diagnostic: Diagnostic) -> Self {
        let Diagnostic { message, place, help, .. } = diagnostic;
        let (line, column) = place.as_ref().map(|place| (place.span.line, place.span.column)).unzip();
        Reported { file: place.map(|place| place.file.as_ref().to_owned()), line, column, message, help }
    }
}

fn as_text<S: Serializer>(shown: &impl fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(shown)
}

fn as_texts<S: Serializer>(shown: &[Path<'_>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(shown.iter().map(ToString::to_string))
}

fn as_optional_text<S: Serializer>(path: &Option<Path<'_>>, serializer: S) -> Result<S::Ok, S::Error> {
    match path {
        Some(path) => serializer.collect_str(path),
        None => serializer.serialize_none(),
    }
}
