//! Updates of a template that drop what podgate had filled in.
//!
//! Whoever writes a whole object (`kubectl replace`, an operator with a freshly rendered template) does not know
//! podgate's values. If they are all that the new template lacks, they are put back, and nothing rolls.

use std::collections::HashSet;

use crate::document::{Value, edit};
use crate::evaluate::edits::Editor;
use crate::evaluate::matching::Matched;
use crate::evaluate::{Edit, Field};
use crate::policy::{DefaultRule, Leaf, Mode, Rule, Verb};
use crate::provenance::Intent;
use crate::review::Operation;
use crate::workload::{Base, Container, Kind, Workload};

/// Puts the old values back if the template would then be the old one, and says whether it did.
pub(super) fn put_back<'a>(editor: &mut Editor<'_, 'a>, matched: &[Matched<'a>]) -> bool {
    let case = editor.case;
    let Some(old) = case.old.filter(|old| {
        case.request.operation == Operation::Update
            && case.workload.kind != Kind::Pod
            && old.template != case.workload.template
    }) else {
        return false;
    };
    let before = Intent::of_request(case.arena, &case.request, old, None, None);
    let mut seen = HashSet::new();
    let mut edits = Vec::new();
    let mut workload = case.workload;
    for matched in matched.iter().filter(|matched| matched.failed.is_none()) {
        for rule in &matched.policy.rules {
            let Verb::Default(default) = &rule.verb else { continue };
            if matched.editing_mode(rule) != Mode::Enforce {
                continue;
            }
            for (field, was) in fields(editor, &old, rule, default) {
                let path = field.path(case.workload.kind);
                let now = case.workload.field(field.base, field.steps);
                let Some(was) = was.filter(|was| now != Some(*was)) else { continue };
                // Neither over a value that an author chose, nor one that an author had written and took away.
                let was_written = || before.is_written_out(field_of(&old, field).base, field.steps);
                if editor.intent.is_chosen(field.base, field.steps) || was_written() || !seen.insert(path.to_string()) {
                    continue;
                }
                let provenance = editor.intent.provenance(field.base, field.steps);
                let Ok(object) = edit::set(case.arena, workload.object, path.steps(), was) else { continue };
                workload = workload.with_object(object);
                edits.push(Edit { policy: matched.policy, rule, field, before: now, after: was, provenance });
            }
        }
    }
    if edits.is_empty() || workload.template != old.template {
        return false;
    }
    editor.workload = workload;
    editor.made = edits;
    true
}

/// The field in the old object, where its container may stand in another place.
fn field_of<'a>(old: &Workload<'a>, field: Field<'a>) -> Field<'a> {
    let container = field.container.and_then(|container| old.container(container.role, container.name));
    Field { base: container.map_or(field.base, |container| container.base()), container, ..field }
}

/// Each field that a rule may default in the template, with its old value.
fn fields<'a>(
    editor: &Editor<'_, 'a>,
    old: &Workload<'a>,
    rule: &'a Rule,
    default: &'a DefaultRule,
) -> Vec<(Field<'a>, Option<Value<'a>>)> {
    let mut fields = Vec::new();
    for leaf in default.leaves.iter().filter(|leaf| editor.is_target(default, leaf)) {
        if !leaf.in_container {
            let field = Field { base: Base::Pod, steps: &leaf.steps, container: None };
            fields.push((field, old.field(Base::Pod, &leaf.steps)));
            continue;
        }
        let selected = |container: &Container<'a>| {
            rule.containers.as_ref().is_none_or(|selector| selector.selects(container))
                && !container.role.forbids(Leaf::first_key(leaf))
        };
        for container in editor.case.workload.containers().filter(selected) {
            let before = old.container(container.role, container.name);
            let was = before.and_then(|before| before.value.at(&leaf.steps)).filter(|was| !was.is_null());
            fields.push((Field { base: container.base(), steps: &leaf.steps, container: Some(container) }, was));
        }
    }
    fields
}
