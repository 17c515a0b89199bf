//! Updates of a template that drop what podgate had filled in.
//!
//! Whoever writes a whole object (`kubectl replace`, an operator with a freshly rendered template) does not know
//! podgate's values. If they are all that the new template lacks, they are put back, and nothing rolls.

use crate::document::{Value, edit};
use crate::evaluate::editor::Editor;
use crate::evaluate::matching::{Matched, is_same};
use crate::evaluate::{Edit, Field};
use crate::policy::edit::{Action, EditRule};
use crate::policy::fields::{self, Shape};
use crate::policy::{Mode, Rule};
use crate::provenance::Intent;
use crate::review::Operation;
use crate::workload::{Base, Container, Kind, Workload};

/// Where `kubectl apply` leaves the manifest.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Puts the old values back if the template would then be the old one.
pub(super) fn put_back<'a>(editor: &mut Editor<'_, 'a>, matched: &[Matched<'a>]) {
    let case = editor.case;
    let Some(old) = case.old.filter(|old| {
        let is_template = case.request.operation == Operation::Update && case.workload.kind != Kind::Pod;
        is_template && !is_same(old.template, case.workload.template)
    }) else {
        return;
    };
    if editor.has_too_many_containers() {
        return;
    }
    let before = Intent::of_request(case.arena, &case.request, old, None, None);
    let mut edits: Vec<Edit<'a>> = Vec::new();
    let mut workload = case.workload;
    for matched in matched.iter().filter(|matched| matched.failed.is_none()) {
        for rule in &matched.policy.rules {
            // What the other verbs do to a template does not depend on who wrote it.
            let is_value = |edit: &&EditRule| matches!(edit.action, Action::Default | Action::Override);
            let Some(edit) = rule.edit().filter(is_value) else { continue };
            if matched.editing_mode(rule) != Mode::Enforce {
                continue;
            }
            for (field, was) in values(editor, &old, rule, edit) {
                let now = case.workload.field(field.base, field.steps);
                if now == Some(was) || edits.iter().any(|edit| edit.field.is_same(&field)) {
                    continue;
                }
                // Neither over a value that an author chose, nor one that an author had written and took away.
                let was_written = || {
                    let field = field_of(&old, field);
                    (case.facts.owners_believed && is_manifest(&old)) || before.is_written_out(field.base, field.steps)
                };
                if editor.intent.is_chosen(field.base, field.steps) || was_written() {
                    continue;
                }
                let path = field.path(case.workload.kind);
                let provenance = editor.intent.provenance(field.base, field.steps);
                let Ok(object) = edit::set(case.arena, workload.object, path.steps(), was) else { continue };
                workload = workload.with_object(object);
                edits.push(Edit { policy: matched.policy, rule, field, before: now, after: was, provenance });
            }
        }
    }
    if !edits.is_empty() && is_same(workload.template, old.template) {
        editor.workload = workload;
        editor.restored = edits;
        editor.template_changes = false;
    }
}

/// Whether the old object is a file as somebody wrote it: then all that stands in it was written. What came out of an
/// API server has a uid, also where its managed fields are not shown.
fn is_manifest(old: &Workload<'_>) -> bool {
    let metadata = |keys: &[&str]| old.object.field("metadata").and_then(|metadata| metadata.fields(keys));
    let made_by_server: [&[&str]; 4] =
        [&["managedFields"], &["uid"], &["resourceVersion"], &["annotations", LAST_APPLIED]];
    made_by_server.into_iter().all(|keys| metadata(keys).is_none())
}

/// The field in the old object, where its container may stand in another place.
fn field_of<'a>(old: &Workload<'a>, field: Field<'a>) -> Field<'a> {
    let container = field.container.and_then(|container| old.container(container.role, container.name));
    Field { base: container.map_or(field.base, |container| container.base()), container, ..field }
}

/// Each field that a rule may set in the template and that has an old value.
fn values<'a>(
    editor: &Editor<'_, 'a>,
    old: &Workload<'a>,
    rule: &'a Rule,
    edit: &'a EditRule,
) -> Vec<(Field<'a>, Value<'a>)> {
    let mut fields = Vec::new();
    for leaf in edit.leaves.iter().filter(|leaf| editor.is_target(edit, leaf.placement)) {
        if !leaf.in_container {
            let field = Field { base: Base::Pod, steps: &leaf.steps, container: None };
            fields.extend(old.field(Base::Pod, &leaf.steps).map(|was| (field, was)));
            continue;
        }
        let selected = |container: &Container<'a>| rule.selects(container) && !container.role.forbids(leaf.first_key());
        for container in editor.case.workload.containers().filter(selected) {
            let field = Field { base: container.base(), steps: &leaf.steps, container: Some(container) };
            let before = old.container(container.role, container.name);
            let was = before.and_then(|before| before.value.at(&leaf.steps)).filter(|was| !was.is_null());
            fields.extend(was.map(|was| (field, was)));
        }
    }
    // What a computed object filled in is put back field by field: beside it stands what the author wrote.
    let mut rows = Vec::with_capacity(fields.len());
    for (field, was) in fields {
        if let Some(known) = fields::Field::at(field.base != Base::Pod, field.steps) {
            each_row(editor, edit, known, field, was, &mut rows);
        }
    }
    rows
}

fn each_row<'a>(
    editor: &Editor<'_, 'a>,
    edit: &EditRule,
    known: fields::Field,
    field: Field<'a>,
    was: Value<'a>,
    rows: &mut Vec<(Field<'a>, Value<'a>)>,
) {
    if !matches!(known.shape(), Shape::Object | Shape::Map) {
        let in_container = field.base != Base::Pod;
        if editor.is_target(edit, fields::placement(in_container, field.steps)) {
            rows.push((field, was));
        }
        return;
    }
    for member in was.members().iter().filter(|member| !member.value.is_null()) {
        if let Some(inner) = known.member(member.key) {
            each_row(editor, edit, inner, field.member(editor.case.arena, member.key), member.value, rows);
        }
    }
}
