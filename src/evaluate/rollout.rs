//! Updates of a template that drop what podgate had filled in.
//!
//! Whoever writes a whole object (`kubectl replace`, an operator with a freshly rendered template) does not know
//! podgate's values. If they are all that the new template lacks, they are put back, and nothing rolls.

use crate::cel::Budget;
use crate::document::{Value, edit};
use crate::evaluate::case::{Case, Scope};
use crate::evaluate::editor::{Editor, Ledger, MOST_MEMBERS};
use crate::evaluate::matching::{Matched, is_same};
use crate::evaluate::{Edit, Field, computed};
use crate::policy::edit::{Action, EditRule, Leaf, LeafValue};
use crate::policy::fields::{self, Shape};
use crate::policy::{Mode, Rule};
use crate::provenance::{Intent, LAST_APPLIED};
use crate::review::Operation;
use crate::workload::{Base, Container, Kind, Workload};

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
    let mut made = Ledger::default();
    let mut workload = case.workload;
    for matched in matched.iter().filter(|matched| matched.failed.is_none()) {
        let mut scope = Scope::new(case, matched.policy);
        for rule in &matched.policy.rules {
            // What the other verbs do to a template does not depend on who wrote it.
            let is_value = |edit: &&EditRule| matches!(edit.action, Action::Default | Action::Override);
            let Some(edit) = rule.edit().filter(is_value) else { continue };
            if matched.editing_mode(rule) != Mode::Enforce {
                continue;
            }
            for (field, was) in values(editor, &mut scope, &old, rule, edit) {
                let now = case.workload.field(field.base, field.steps);
                if now == Some(was) || made.of(&field).is_some() {
                    continue;
                }
                if editor.is_spent() {
                    return;
                }
                case.budget.charge(Budget::WISH);
                // Neither over a value that an author chose, nor one that an author had written and took away.
                let was_written = || {
                    let is_written = |field: Field<'a>| before.is_written_out(field.base, field.steps);
                    (case.facts.owners_believed && is_manifest(&old)) || field.in_other(&old).is_some_and(is_written)
                };
                if editor.intent.is_chosen(field.base, field.steps) || was_written() {
                    continue;
                }
                let steps = field.steps_in(case.arena, case.workload.kind);
                let provenance = editor.intent.provenance(field.base, field.steps);
                let Ok(object) = edit::set(case.arena, workload.object, steps, was) else { continue };
                workload = workload.with_object(object);
                made.push(Edit { policy: matched.policy, rule, field, before: now, after: was, provenance });
            }
        }
    }
    if !made.edits().is_empty() && is_same(workload.template, old.template) {
        editor.workload = workload;
        editor.restored = made.into_edits();
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

/// Each field that a rule may set in the template and that has an old value.
fn values<'a>(
    editor: &Editor<'_, 'a>,
    scope: &mut Scope<'_, 'a>,
    old: &Workload<'a>,
    rule: &'a Rule,
    edit: &'a EditRule,
) -> Vec<(Field<'a>, Value<'a>)> {
    let mut fields = Vec::new();
    for leaf in edit.leaves.iter().filter(|leaf| editor.is_target(edit, leaf.placement)) {
        if !leaf.in_container {
            let field = Field { base: Base::Pod, steps: &leaf.steps, container: None };
            let was = old.field(Base::Pod, &leaf.steps);
            fields.extend(was.and_then(|was| Some((field, was, wanted(editor.case, scope, leaf)?))));
            continue;
        }
        let selected = |container: &Container<'a>| rule.selects(container) && !container.role.forbids(leaf.first_key());
        for container in editor.case.workload.containers().filter(selected) {
            let field = Field { base: container.base(), steps: &leaf.steps, container: Some(container) };
            let before = old.container(container.role, container.name);
            let was = before.and_then(|before| before.value.at(&leaf.steps)).filter(|was| !was.is_null());
            scope.enter(&container);
            fields.extend(was.and_then(|was| Some((field, was, wanted(editor.case, scope, leaf)?))));
            scope.leave();
        }
    }
    // What an object filled in is put back field by field: beside it stands what the author wrote.
    let mut rows = Vec::with_capacity(fields.len());
    for (field, was, wanted) in fields {
        if let Some(known) = fields::Field::at(field.base != Base::Pod, field.steps) {
            each_row(editor, edit, known, field, was, wanted, &mut rows);
        }
    }
    rows
}

/// What a rule wants in a field of the new object. What it computes may be another value than it was, but of which
/// fields it speaks does not change.
fn wanted<'a>(case: &Case<'a>, scope: &Scope<'_, 'a>, leaf: &'a Leaf) -> Option<Value<'a>> {
    match &leaf.value {
        LeafValue::Constant(value) => Some(Value::from_json(case.arena, value)),
        LeafValue::Computed(build) => computed::built(case, scope, build).ok().flatten(),
        LeafValue::Range(_) | LeafValue::Images(_) => None,
    }
}

/// The fields in `field` that a rule fills in, by what it wants there.
fn each_row<'a>(
    editor: &Editor<'_, 'a>,
    edit: &EditRule,
    known: fields::Field,
    field: Field<'a>,
    was: Value<'a>,
    wanted: Value<'a>,
    rows: &mut Vec<(Field<'a>, Value<'a>)>,
) {
    let in_container = field.base != Base::Pod;
    match known.shape() {
        // Of so many nothing was filled in either.
        _ if wanted.members().len() > MOST_MEMBERS || wanted.elements().len() > MOST_MEMBERS => {}
        Shape::Object | Shape::Map => {
            for member in was.members().iter().filter(|member| !member.value.is_null()) {
                if let Some((known, wanted)) = known.member(member.key).zip(wanted.field(member.key)) {
                    let field = field.member(editor.case.arena, member.key);
                    each_row(editor, edit, known, field, member.value, wanted, rows);
                }
            }
        }
        _ if !editor.is_target(edit, fields::placement(in_container, field.steps)) => {}
        Shape::Keyed(keys) => {
            // Of a list that went as a whole, the elements that the rule adds: the others were its author's to take.
            let is_wanted = |element: &Value<'a>| {
                wanted.elements().iter().any(|wanted| fields::is_same_element(keys, *element, *wanted))
            };
            let kept = was.elements().iter().copied().filter(is_wanted);
            let kept = bumpalo::collections::Vec::from_iter_in(kept, editor.case.arena).into_bump_slice();
            if !kept.is_empty() && editor.case.workload.field(field.base, field.steps).is_none() {
                rows.push((field, Value::Array(kept)));
            }
        }
        Shape::Whole => {
            // A value with parts that is not the rule's own was its author's.
            let has_parts = matches!(was, Value::Array(_) | Value::Object(_));
            let is_own = || wanted == was || editor.as_decoded(&field, wanted) == Some(was);
            if !has_parts || is_own() {
                rows.push((field, was));
            }
        }
    }
}
