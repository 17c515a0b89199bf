//! One rule of a policy: a verb, and what narrows it.

use crate::cel::Program;
use crate::diagnostic::Place;
use crate::document::Path;
use crate::glob::Glob;
use crate::image::in_full;
use crate::policy::pod_security::PodSecurity;
use crate::policy::{EditRule, Leaf, Mode};
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
    /// Changes something.
    Edit(EditRule),
    /// Says what must hold.
    Require(Box<Require>),
    /// Asks for a Pod Security Standard.
    PodSecurity(PodSecurity),
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
            Verb::Edit(edit) => edit.leaves.iter().flat_map(Leaf::programs).collect(),
            Verb::Require(require) => match &require.message {
                Message::Text(_) => vec![&require.program],
                Message::Expression(message) => vec![&require.program, message],
            },
            Verb::PodSecurity(_) => Vec::new(),
        };
        self.when.iter().chain(of_verb)
    }
}

impl Rule {
    /// Whether its `when` is asked for each container.
    pub fn asks_each_container(&self) -> bool {
        match &self.verb {
            Verb::Edit(edit) => !edit.asks_once(),
            Verb::Require(require) => require.subject == Subject::Container,
            Verb::PodSecurity(_) => false,
        }
    }

    /// What it edits, if it does.
    pub fn edit(&self) -> Option<&EditRule> {
        match &self.verb {
            Verb::Edit(edit) => Some(edit),
            Verb::Require(_) | Verb::PodSecurity(_) => None,
        }
    }

    /// Whether it edits, and a due edit of it that was not made is a violation.
    pub fn is_judged_edit(&self) -> bool {
        self.edit().is_some_and(|edit| edit.action.is_judged())
    }

    /// Whether the validating webhook judges by it.
    pub fn judges(&self) -> bool {
        self.edit().is_none() || self.is_judged_edit()
    }

    /// Whether the rule is about `container`.
    pub fn selects(&self, container: &Container<'_>) -> bool {
        self.containers.as_ref().is_none_or(|selector| selector.selects(container))
    }
}

impl Verb {
    /// Whether it says something of containers, each by itself.
    pub fn is_about_containers(&self) -> bool {
        match self {
            Verb::Edit(edit) => edit.leaves.iter().any(|leaf| leaf.in_container),
            Verb::Require(require) => require.subject == Subject::Container,
            Verb::PodSecurity(_) => true,
        }
    }

    /// Its key in a policy.
    pub const fn name(&self) -> &'static str {
        match self {
            Verb::Edit(edit) => edit.action.name(),
            Verb::Require(_) => "require",
            Verb::PodSecurity(_) => "podSecurity",
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
        role && any(&self.names, container.name)
            && (self.images.is_empty() || any(&self.images, &in_full(container.image())))
    }
}
