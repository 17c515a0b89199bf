//! Edits as the lines of a diff: those of one parent together, and a whole new object in one line.

use std::collections::HashMap;
use std::fmt::Write;

use crate::cli::report::{Edit, Outcome};
use crate::document::print::{flow, shortened, visible};
use crate::document::{Path, Step, Value};

/// A longer value is cut, in characters.
const LONGEST: usize = 100;

/// The edits under one parent.
#[derive(Debug)]
pub struct Section {
    /// The line in the file.
    pub line: Option<u32>,
    /// The parent.
    pub path: String,
    /// What is taken away and what is put there.
    pub changes: Vec<Change>,
}

/// One field with what becomes of it.
#[derive(Debug)]
pub struct Change {
    /// What stood there, as `key: value`, and who set it.
    pub removed: Option<(String, &'static str)>,
    /// What stands there now.
    pub added: String,
    /// By which rule.
    pub by: String,
}

/// The sections of an outcome, in the order of its edits.
pub fn sections(outcome: &Outcome<'_>) -> Vec<Section> {
    let mut by_parent: HashMap<Path<'_>, Vec<&Edit<'_>>> = HashMap::new();
    for edit in &outcome.edits {
        by_parent.entry(edit.path.clone().parent()).or_default().push(edit);
    }
    let mut places: HashMap<Path<'_>, usize> = HashMap::new();
    let mut sections: Vec<Section> = Vec::new();
    for edit in &outcome.edits {
        let parent = edit.path.clone().parent();
        let Some(siblings) = by_parent.get(&parent) else { continue };
        let (path, change) = match whole(outcome, &parent, siblings) {
            Some(value) => {
                by_parent.remove(&parent);
                (parent, Change { removed: None, added: line(outcome, edit, value, true), by: label(edit) })
            }
            None => {
                let removed = edit.before.map(|before| (line(outcome, edit, before, false), who(edit.provenance)));
                (edit.path.clone(), Change { removed, added: line(outcome, edit, edit.after, false), by: label(edit) })
            }
        };
        let parent = path.parent();
        let place = *places.entry(parent.clone()).or_insert_with(|| {
            sections.push(Section { line: edit.line, path: named(&parent, outcome.after), changes: Vec::new() });
            sections.len() - 1
        });
        if let Some(section) = sections.get_mut(place) {
            section.changes.push(change);
        }
    }
    sections
}

/// What stands at `parent` after the edits, if nothing stood there before and one rule made all of it.
fn whole<'a>(outcome: &Outcome<'a>, parent: &Path<'_>, siblings: &[&Edit<'_>]) -> Option<Value<'a>> {
    let is_new = outcome.before.at(parent.steps()).is_none_or(Value::is_null);
    let value = outcome.after.at(parent.steps())?;
    let first = siblings.first()?;
    let one_rule = siblings.iter().all(|edit| edit.rule == first.rule && edit.policy == first.policy);
    (is_new && one_rule && !parent.is_root() && value.members().len() == siblings.len()).then_some(value)
}

/// `key: value`, where the key is that of the edit or of its parent.
fn line(outcome: &Outcome<'_>, edit: &Edit<'_>, value: Value<'_>, of_parent: bool) -> String {
    let path = if of_parent { edit.path.clone().parent() } else { edit.path.clone() };
    let value = shortened(&flow(value), LONGEST).into_owned();
    match path.steps().last() {
        Some(Step::Key(key)) => format!("{}: {value}", visible(key)),
        Some(Step::Index(_)) => format!("{}: {value}", named(&path, outcome.after).rsplit('.').next().unwrap_or("-")),
        None => value,
    }
}

/// The rule of an edit, as people call it.
fn label(edit: &Edit<'_>) -> String {
    rule_name(edit.policy, edit.rule)
}

/// `POLICY/RULE`, or `NAMESPACE/POLICY/RULE`: the kind of the policy goes without saying.
pub fn rule_name(policy: &str, rule: &str) -> String {
    let name = policy.split_once('/').map_or(policy, |(_, name)| name);
    visible(&format!("{name}/{rule}")).into_owned()
}

fn who(provenance: Option<&str>) -> &'static str {
    match provenance {
        Some("authored") => "its author wrote it",
        Some("template") => "it comes from the template",
        Some("api-default") => "the API server's default, nobody wrote it",
        Some("admission") => "an admission plug-in set it",
        _ => "nobody can know who set it",
    }
}

/// The path with the elements of lists by their names, where they have one: `spec.containers[web].image`.
pub fn named(path: &Path<'_>, root: Value<'_>) -> String {
    let mut text = String::new();
    let mut value = Some(root);
    for step in path.steps() {
        value = value.and_then(|value| value.at(std::slice::from_ref(step)));
        // Writing into a string does not fail.
        let _ = match step {
            Step::Index(index) => match value.and_then(|element| element.text(&["name"])) {
                Some(name) if !name.is_empty() => write!(text, "[{}]", visible(name)),
                _ => write!(text, "[{index}]"),
            },
            Step::Key(key) if key.is_empty() || key.contains(['.', '/', '[', ']']) => {
                write!(text, "[{}]", visible(key))
            }
            Step::Key(key) if text.is_empty() => write!(text, "{}", visible(key)),
            Step::Key(key) => write!(text, ".{}", visible(key)),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use super::*;
    use crate::document::{Limits, json};

    fn drawn(before: &str, after: &str, edits: &[(&'static str, &'static str)]) -> Vec<String> {
        let arena = Bump::new();
        let parse = |text: &str| json::parse(&arena, arena.alloc_str(text).as_bytes(), &Limits::default()).unwrap();
        let (before, after) = (parse(before), parse(after));
        let edits = edits.iter().map(|(rule, path)| {
            let path = Path::parse(path).unwrap();
            Edit {
                policy: "ClusterPodPolicy/house",
                rule,
                mode: "Enforce",
                verb: "default",
                container: None,
                line: Some(1),
                before: before.at(path.steps()),
                after: after.at(path.steps()).unwrap(),
                path,
                provenance: Some("api-default"),
            }
        });
        let outcome = Outcome {
            decision: "allow",
            matched_policies: Vec::new(),
            violations: Vec::new(),
            edits: edits.collect(),
            withheld: Vec::new(),
            qos_class: None,
            patch: Vec::new(),
            warnings: Vec::new(),
            before,
            after,
            stored: after,
        };
        let mut lines = Vec::new();
        for section in sections(&outcome) {
            lines.push(section.path);
            for change in section.changes {
                lines.extend(change.removed.map(|(text, who)| format!("- {text} ({who})")));
                lines.push(format!("+ {} ({})", change.added, change.by));
            }
        }
        lines
    }

    #[test]
    fn a_new_object_of_one_rule_is_one_line() {
        let before = r#"{"spec":{"a":30,"containers":[{"name":"web"}]}}"#;
        let after =
            r#"{"spec":{"a":45,"containers":[{"name":"web","resources":{"requests":{"cpu":"100m","memory":"1Gi"}}}]}}"#;
        let cpu = "spec.containers[0].resources.requests.cpu";
        let memory = "spec.containers[0].resources.requests.memory";
        assert_eq!(
            drawn(before, after, &[("grace", "spec.a"), ("res", cpu), ("res", memory)]),
            [
                "spec",
                "- a: 30 (the API server's default, nobody wrote it)",
                "+ a: 45 (house/grace)",
                "spec.containers[web].resources",
                "+ requests: {cpu: 100m, memory: 1Gi} (house/res)",
            ]
        );
        assert_eq!(
            drawn(before, after, &[("cpu", cpu), ("memory", memory)]),
            ["spec.containers[web].resources.requests", "+ cpu: 100m (house/cpu)", "+ memory: 1Gi (house/memory)"]
        );
    }

    #[test]
    fn nothing_in_a_path_reaches_the_terminal() {
        let path = Path::of(&["metadata", "annotations", "a/\u{1b}[2J"]);
        assert_eq!(named(&path, Value::Null), "metadata.annotations[a/\\u001b[2J]");
    }
}
