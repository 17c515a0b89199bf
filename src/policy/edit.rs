//! A rule that edits: what it does to which fields, and where its edits go.
//!
//! All verbs that edit share one form. A leaf is a field with what is wanted there; a value that has parts is merged into
//! what stands there as the API's own schema says.

use crate::cel::Program;
use crate::diagnostic::Place;
use crate::document::Step;
use crate::policy::fields::{Field, Placement};
use crate::policy::images::Rewrite;
use crate::quantity::Quantity;
use crate::workload::Base;

/// A rule that edits.
#[derive(Debug)]
pub struct EditRule {
    /// What it does.
    pub action: Action,
    /// The fields, each with what is wanted there.
    pub leaves: Vec<Leaf>,
    /// What to do where nobody can know who set a field; [`None`] for the default of the field.
    pub on_unknown: Option<OnUnknown>,
    /// Into Pods, into templates, or both; empty for the default of each field.
    pub inject_into: Vec<Target>,
    /// When a template of an object that exists may be edited.
    pub rollout: Rollout,
    /// Whether edits that would change the QoS class of the Pod are not made.
    pub keep_qos: bool,
}

/// What an edit does, in the order in which edits are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Sets a field, whoever wrote it.
    Override,
    /// Changes registry and repository of images.
    RewriteImages,
    /// Fills in what nobody wrote.
    Default,
    /// Adds elements of lists that are not there yet.
    Append,
    /// Moves an amount into a range.
    Bound,
}

/// One field with what is wanted there.
#[derive(Debug)]
pub struct Leaf {
    /// Whether the steps are counted from a container, else from the Pod.
    pub in_container: bool,
    /// From there to the field.
    pub steps: Vec<Step<'static>>,
    /// What is known about the field.
    pub field: Field,
    /// Where edits of it go.
    pub placement: Placement,
    /// What is wanted there.
    pub value: LeafValue,
    /// Where the value stands.
    pub place: Place,
}

/// What a leaf wants.
#[derive(Debug)]
pub enum LeafValue {
    /// The value, as written.
    Constant(serde_json::Value),
    /// A value of which all or a part is computed.
    Computed(Build),
    /// An amount in this range.
    Range(Range),
    /// Images with other registries and repositories.
    Images(Vec<Rewrite>),
}

/// How a value is made for a request.
#[derive(Debug)]
pub enum Build {
    /// As written.
    Constant(serde_json::Value),
    /// `{$expression: ..}`: what the expression gives.
    Expression(Program),
    /// A list of such values.
    List(Vec<Build>),
    /// An object of such values.
    Object(Vec<(String, Build)>),
}

/// A range of amounts; one end at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The least, as the API server writes it.
    pub min: Option<serde_json::Value>,
    /// The most, as the API server writes it.
    pub max: Option<serde_json::Value>,
}

/// What to do where nobody can know who set a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnUnknown {
    /// Leave it.
    Keep,
    /// Set it.
    Replace,
}

/// What an edit goes into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Pods.
    Pods,
    /// Pod templates.
    Templates,
}

/// When a template of an object that exists may be edited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rollout {
    /// Never.
    Never,
    /// Only in an update that changes the template anyway, so that podgate starts no rollout.
    #[default]
    OnTemplateChange,
    /// In every update.
    Always,
}

impl Action {
    /// Every action, in the order in which edits are made.
    pub const ALL: [Action; 5] =
        [Action::Override, Action::RewriteImages, Action::Default, Action::Append, Action::Bound];

    /// Its key in a policy.
    pub const fn name(self) -> &'static str {
        match self {
            Action::Override => "override",
            Action::RewriteImages => "rewriteImages",
            Action::Default => "default",
            Action::Append => "append",
            Action::Bound => "bound",
        }
    }

    /// What is said of a field that it cannot edit: it "cannot be defaulted".
    pub const fn participle(self) -> &'static str {
        match self {
            Action::Override => "overridden",
            Action::RewriteImages => "rewritten",
            Action::Default => "defaulted",
            Action::Append => "appended to",
            Action::Bound => "bounded",
        }
    }

    /// Whether an edit that is due and was not made is a violation.
    pub const fn is_judged(self) -> bool {
        matches!(self, Action::Override | Action::RewriteImages | Action::Bound)
    }
}

impl EditRule {
    /// What the edits of `leaf` go into.
    pub fn targets(&self, leaf: &Leaf) -> Vec<Target> {
        [Target::Pods, Target::Templates].into_iter().filter(|target| self.goes_into(leaf.placement, *target)).collect()
    }

    /// Whether edits of fields of this placement go into `target`.
    pub fn goes_into(&self, placement: Placement, target: Target) -> bool {
        match (placement, target) {
            (Placement::Templates, Target::Pods) => false,
            _ if !self.inject_into.is_empty() => self.inject_into.contains(&target),
            (Placement::Pods, Target::Templates) => false,
            _ => true,
        }
    }

    /// Whether `when` is asked once for the Pod, and not for each container.
    pub fn asks_once(&self) -> bool {
        self.action != Action::RewriteImages && self.leaves.iter().any(|leaf| !leaf.in_container)
    }
}

impl Leaf {
    /// The first key of the field.
    pub fn first_key(&self) -> &str {
        match self.steps.first() {
            Some(Step::Key(key)) => key,
            _ => "",
        }
    }

    /// Whether a field lies in it.
    pub fn holds(&self, base: Base, steps: &[Step<'_>]) -> bool {
        self.in_container == (base != Base::Pod) && steps.starts_with(&self.steps)
    }

    /// Whether it is about requests and nothing else.
    pub fn is_of_requests(&self) -> bool {
        let steps = if self.in_container { self.steps.as_slice() } else { self.steps.get(1..).unwrap_or_default() };
        matches!(steps, [Step::Key(resources), Step::Key(list), ..] if resources == "resources" && list == "requests")
    }

    /// The expressions in its value.
    pub fn programs(&self) -> Vec<&Program> {
        let mut programs = Vec::new();
        if let LeafValue::Computed(build) = &self.value {
            build.collect(&mut programs);
        }
        programs
    }
}

impl Build {
    fn collect<'b>(&'b self, programs: &mut Vec<&'b Program>) {
        match self {
            Build::Constant(_) => {}
            Build::Expression(program) => programs.push(program),
            Build::List(elements) => elements.iter().for_each(|element| element.collect(programs)),
            Build::Object(members) => members.iter().for_each(|(_, member)| member.collect(programs)),
        }
    }
}

impl Range {
    /// Whether an amount is below the least.
    pub fn is_below(&self, amount: Quantity) -> bool {
        self.min.as_ref().and_then(self::amount).is_some_and(|min| amount < min)
    }

    /// Whether an amount is above the most.
    pub fn is_above(&self, amount: Quantity) -> bool {
        self.max.as_ref().and_then(self::amount).is_some_and(|max| amount > max)
    }

    /// Whether an amount is outside of it.
    pub fn excludes(&self, amount: Quantity) -> bool {
        self.is_below(amount) || self.is_above(amount)
    }
}

/// The amount that a checked value stands for.
pub fn amount(value: &serde_json::Value) -> Option<Quantity> {
    Quantity::parse(&shown(value)).ok()
}

/// A checked amount in a message.
pub fn shown(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
