//! One rule of a policy: a verb, and what narrows it.

use std::borrow::Cow;

use crate::cel::Program;
use crate::diagnostic::Place;
use crate::document::{Path, Step};
use crate::glob::Glob;
use crate::image::Image;
use crate::policy::Mode;
use crate::policy::fields::{self, Field};
use crate::workload::{Container, Role};

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Unique in its policy.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// Which containers; [`None`] for all.
    pub containers: Option<ContainerSelector>,
    /// A condition on top of the policy's `match`.
    pub when: Option<Program>,
    /// Milder than the policy's mode, if set.
    pub mode: Option<Mode>,
    /// For reports only.
    pub severity: Severity,
    /// What an expression that fails means.
    pub on_error: OnError,
    /// What it does.
    pub verb: Verb,
}

/// What a rule does.
#[derive(Debug)]
pub enum Verb {
    /// Fills in what nobody wrote.
    Default(DefaultRule),
    /// Says what must hold.
    Require(Box<Require>),
}

/// How much a violation matters, for reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Low,
    /// Where nothing is said.
    #[default]
    Medium,
    /// Look at it first.
    High,
}

/// What an expression that cannot be evaluated means for its rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// It counts as a violation.
    #[default]
    Deny,
    /// The rule is passed over, in the open.
    Allow,
}

/// Which containers a rule is about.
#[derive(Debug)]
pub struct ContainerSelector {
    /// Empty for every role.
    pub roles: Vec<Role>,
    /// By name; empty for every name.
    pub names: Vec<Glob>,
    /// By image, written out in full (`docker.io/library/redis:latest`); empty for every image.
    pub images: Vec<Glob>,
}

/// A rule that fills in.
#[derive(Debug)]
pub struct DefaultRule {
    /// The values, one for each field that has no fields of its own.
    pub leaves: Vec<Leaf>,
    /// What to do where nobody can know who set a field; [`None`] for the default of the field.
    pub on_unknown: Option<OnUnknown>,
    /// Into Pods, into templates, or both; empty for the default of each field.
    pub inject_into: Vec<Target>,
    /// When a template of an object that exists may be edited.
    pub rollout: Rollout,
}

/// One field with its value.
#[derive(Debug)]
pub struct Leaf {
    /// Whether the steps are counted from a container, else from the Pod.
    pub in_container: bool,
    /// From there to the field.
    pub steps: Vec<Step<'static>>,
    /// What is known about the field; [`None`] for a computed object, which fills in several.
    pub field: Option<&'static Field>,
    /// What is filled in.
    pub value: LeafValue,
    /// Where the value stands.
    pub place: Place,
}

/// What a leaf fills in.
#[derive(Debug)]
pub enum LeafValue {
    /// The value, as written.
    Constant(serde_json::Value),
    /// `{$expression: ..}`: what the expression gives for the request.
    Computed(Program),
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

/// A rule that judges.
#[derive(Debug)]
pub struct Require {
    /// What the expression is about.
    pub subject: Subject,
    /// What must hold.
    pub program: Program,
    /// The field to blame: counted from the Pod, the container or the object, as the subject is.
    pub field: Option<Path<'static>>,
    /// What a violation says.
    pub message: Message,
    /// What to do about it.
    pub help: Option<String>,
}

/// What an expression is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The Pod, or the Pod that a template becomes.
    Pod,
    /// Each container by itself.
    Container,
    /// The whole object.
    Object,
}

/// What a violation says.
#[derive(Debug)]
pub enum Message {
    /// These words.
    Text(String),
    /// What the expression gives: a string.
    Expression(Program),
}

impl Rule {
    /// Every expression of the rule.
    pub fn programs(&self) -> impl Iterator<Item = &Program> {
        let of_verb: Vec<&Program> = match &self.verb {
            Verb::Default(default) => default.leaves.iter().filter_map(Leaf::program).collect(),
            Verb::Require(require) => match &require.message {
                Message::Text(_) => vec![&require.program],
                Message::Expression(message) => vec![&require.program, message],
            },
        };
        self.when.iter().chain(of_verb)
    }
}

impl Rule {
    /// Whether the rule is about `container`.
    pub fn selects(&self, container: &Container<'_>) -> bool {
        self.containers.as_ref().is_none_or(|selector| selector.selects(container))
    }
}

impl Verb {
    /// Whether it says something of containers, each by itself.
    pub fn is_about_containers(&self) -> bool {
        match self {
            Verb::Default(default) => default.leaves.iter().any(|leaf| leaf.in_container),
            Verb::Require(require) => require.subject == Subject::Container,
        }
    }

    /// Its key in a policy.
    pub const fn name(&self) -> &'static str {
        match self {
            Verb::Default(_) => "default",
            Verb::Require(_) => "require",
        }
    }
}

impl DefaultRule {
    /// What the edits of `leaf` go into. Without `injectInto` a field that the API server fills in goes into templates
    /// and into Pods without a controller, every other field into Pods.
    pub fn targets(&self, leaf: &Leaf) -> Vec<Target> {
        [Target::Pods, Target::Templates].into_iter().filter(|target| self.goes_into(leaf, *target)).collect()
    }

    /// Whether this is one of them.
    pub fn goes_into(&self, leaf: &Leaf, target: Target) -> bool {
        if !self.inject_into.is_empty() {
            return self.inject_into.contains(&target);
        }
        let mut rows = fields::below(leaf.in_container, &leaf.steps);
        target == Target::Pods || rows.any(|row| row.is_filled_in)
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

    /// The expression of a computed value.
    pub fn program(&self) -> Option<&Program> {
        match &self.value {
            LeafValue::Constant(_) => None,
            LeafValue::Computed(program) => Some(program),
        }
    }
}

impl Severity {
    /// The word for it in policies and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
        }
    }
}

impl ContainerSelector {
    /// Whether a rule with this selector is about `container`.
    pub fn selects(&self, container: &Container<'_>) -> bool {
        let any = |globs: &[Glob], text: &str| globs.is_empty() || globs.iter().any(|glob| glob.matches(text));
        let role = self.roles.is_empty() || self.roles.contains(&container.role);
        let image = || {
            let written = container.image();
            // What does not parse is compared as it is written, so that no pattern for all images misses it.
            Image::parse(written).map_or_else(|_| Cow::Borrowed(written), |image| Cow::Owned(image.full_name()))
        };
        role && any(&self.names, container.name) && (self.images.is_empty() || any(&self.images, &image()))
    }
}
