//! One rule: its verb, and what narrows it.

use crate::cel::Type;
use crate::diagnostic::words;
use crate::policy::environment::Scope;
use crate::policy::file::reader::{Names, Node, Reader};
use crate::policy::file::{edit, expression, globs, header, matching, pod_security, require, spec};
use crate::policy::{Action, ContainerSelector, Mode, OnError, Rule, Severity, Verb};
use crate::workload::Role;

const FIELDS: [&str; 17] = [
    "name",
    "containers",
    "when",
    "mode",
    "severity",
    "onError",
    "onUnknown",
    "injectInto",
    "rollout",
    "keepQoS",
    "default",
    "override",
    "bound",
    "append",
    "rewriteImages",
    "podSecurity",
    "require",
];
const VERBS: [&str; 7] = ["default", "override", "bound", "append", "rewriteImages", "podSecurity", "require"];
/// The verbs that change something.
const EDITS: [&str; 5] = ["default", "override", "bound", "append", "rewriteImages"];
/// Rules of a policy: the bound of the custom resource, so that a file holds nothing that the cluster would not take.
pub(super) const MOST: usize = 128;
const SEVERITIES: [(&str, Severity); 3] =
    [("low", Severity::Low), ("medium", Severity::Medium), ("high", Severity::High)];
const ON_ERROR: [(&str, OnError); 2] = [("Deny", OnError::Deny), ("Allow", OnError::Allow)];

/// What a rule has to know about its policy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Policywide<'s> {
    pub(super) scope: &'s Scope,
    /// The kinds that the policy matches.
    pub(super) kinds: u16,
    /// Whether they were named by `excludeKinds`.
    pub(super) excludes: bool,
    /// The strictest mode that the policy has anywhere; [`None`] if that was not readable.
    pub(super) strictest: Option<Mode>,
}

/// Reads a rule. What it gives is whole only if no error was noted.
pub(super) fn read<'a>(
    reader: &mut Reader<'_>,
    node: Node<'a>,
    wide: &Policywide<'_>,
    names: &mut Names<'a>,
) -> Option<Rule> {
    if !reader.object(node, "a rule", &FIELDS) {
        return None;
    }
    let name = reader.required(node, "a rule", "name").and_then(|node| {
        let name = header::dns_label(reader, node, "a rule")?;
        reader.unique(names, "rule", name, node).then_some(name)
    });
    let verbs: Vec<(&str, Node<'_>)> = VERBS.iter().filter_map(|verb| Some((*verb, node.get(verb)?))).collect();
    one_verb(reader, node, &verbs);
    let (verb, value) = *verbs.first()?;
    let is_per_container = is_per_container(verb, value);
    companions(reader, node, verb, value);
    let environment = if is_per_container { wide.scope.container() } else { wide.scope.pod() };
    let when = node.get("when").and_then(|node| expression::compile(reader, node, environment, Type::Bool));
    let mode = node.get("mode").and_then(|node| mode(reader, node, wide));
    let containers = node.get("containers").and_then(|node| containers(reader, node));
    let severity = node.get("severity").and_then(|node| reader.word(node, &SEVERITIES));
    let on_error = node.get("onError").and_then(|node| reader.word(node, &ON_ERROR));
    let mut read = None;
    for (verb, value) in verbs {
        match verb {
            "require" => read = require::read(reader, value, wide).map(Box::new).map(Verb::Require),
            "podSecurity" => read = pod_security::read(reader, value).map(Verb::PodSecurity),
            verb => {
                let action = Action::ALL.into_iter().find(|action| action.name() == verb);
                read = action.and_then(|action| edit::read(reader, node, value, action, wide)).map(Verb::Edit);
            }
        }
    }
    Some(Rule {
        name: name?.to_owned(),
        place: reader.place(node.title()),
        containers,
        when,
        mode,
        severity: severity.unwrap_or_default(),
        on_error: on_error.unwrap_or_default(),
        verb: read?,
    })
}

fn one_verb(reader: &mut Reader<'_>, rule: Node<'_>, verbs: &[(&str, Node<'_>)]) {
    match verbs {
        [] => {
            reader.error(rule.title(), "a rule needs a verb").help = Some(format!("give it {}", words(&VERBS, "or")));
        }
        [_] => {}
        [_, (_, second), ..] => {
            let names: Vec<_> = verbs.iter().map(|(verb, _)| *verb).collect();
            reader.error(second.title(), format!("a rule with {}", words(&names, "and"))).help =
                Some("a rule has one verb: make a rule of each".to_owned());
        }
    }
}

/// Whether `when` is evaluated for each container: where a rule speaks of containers and of nothing else.
fn is_per_container(verb: &str, value: Node<'_>) -> bool {
    verb == "rewriteImages" || (value.get("container").is_some() && value.get("pod").is_none())
}

/// The fields that stand only with some verbs.
fn companions(reader: &mut Reader<'_>, rule: Node<'_>, verb: &str, value: Node<'_>) {
    if let Some(node) = rule.get("containers") {
        let about_containers = verb == "rewriteImages" || value.get("container").is_some();
        if !about_containers && verb != "podSecurity" {
            reader.error(
                node.title(),
                format!("`containers` in a rule that says nothing about them: its `{verb}` has no `container`"),
            );
        } else if !about_containers {
            reader.error(node.title(), "`containers` in a rule with `podSecurity`").help =
                Some("`except` takes out single checks, and `containers` narrows those".to_owned());
        }
    }
    let rows: [(&str, &[&str]); 4] =
        [("onUnknown", &["default"]), ("injectInto", &EDITS), ("rollout", &EDITS), ("keepQoS", &EDITS)];
    for (key, with) in rows {
        if let Some(node) = rule.get(key).filter(|_| !with.contains(&verb)) {
            reader.error(node.title(), format!("`{key}` in a rule with `{verb}`")).help =
                Some(format!("it stands only with {}", words(with, "and")));
        }
    }
}

fn mode(reader: &mut Reader<'_>, node: Node<'_>, wide: &Policywide<'_>) -> Option<Mode> {
    let mode = spec::mode(reader, node)?;
    if let Some(strictest) = wide.strictest.filter(|strictest| mode > *strictest) {
        reader.error(node.span(), format!("`{mode}` is stricter than the policy, whose mode is `{strictest}`")).help =
            Some("a rule can only be milder: raise `spec.mode`, and make the other rules milder".to_owned());
    }
    Some(mode)
}

fn containers(reader: &mut Reader<'_>, node: Node<'_>) -> Option<ContainerSelector> {
    if !reader.object(node, "`containers`", &["roles", "names", "images"]) {
        return None;
    }
    if node.members().next().is_none() {
        reader.error(node.title(), "`containers` that selects nothing").help =
            Some("leave it out for all containers".to_owned());
    }
    let known = Role::ALL.map(|role| (role.name(), role));
    Some(ContainerSelector {
        roles: node
            .get("roles")
            .map(|node| matching::unique(reader, node, |reader, node| reader.word(node, &known)))
            .unwrap_or_default(),
        names: node.get("names").map(|node| globs::container_names(reader, node)).unwrap_or_default(),
        images: node.get("images").map(|node| globs::images(reader, node)).unwrap_or_default(),
    })
}
