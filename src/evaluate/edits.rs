//! What the rules that fill in do to one object.
//!
//! The result is one on which they would do nothing more: an edit may wake a rule whose `when` was false, and the API
//! server may well ask a second time with the object that the first answer made.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::document::Step;
use crate::evaluate::case::{Case, Scope};
use crate::evaluate::computed::Computed;
use crate::evaluate::editor::{Asleep, Editor};
use crate::evaluate::matching::{self, Matched};
use crate::evaluate::{Edit, Edits, Reason, Withheld, rollout};
use crate::patch;
use crate::policy::set::PolicySet;
use crate::policy::{Mode, environment};
use crate::provenance::{Intent, is_mirror_of_node};
use crate::workload::{Base, Kind, List};

/// Bytes that applying most patches takes.
const SCRATCH: usize = 4096;

/// A patch with more is no edit of a policy any more.
const MOST_OPERATIONS: usize = 4096;
/// Half of what etcd stores of an object.
const MOST_BYTES: usize = 1 << 20;

/// Rules that wake one another are followed so far.
const MOST_PASSES: usize = 8;

/// What the rules of the matching policies do to the object of `case`. `set` is asked for the policies that come to
/// match by an edit.
pub fn edits<'a>(set: &'a PolicySet, case: &Case<'a>, matched: &[Matched<'a>], intent: &Intent<'a>) -> Edits<'a> {
    let Case { request, workload, .. } = case;
    let in_time = matches!((request.sub_resource, workload.kind), ("", _) | ("ephemeralcontainers", Kind::Pod));
    // A controller that meets its own object changed makes another one, for ever: whoever sent this one.
    if !in_time || workload.made_from().is_some() || is_left_alone(case) {
        return Edits::none(workload.object);
    }
    wanted(set, case, matched, intent)
}

/// Whether no rule wants anything of this object any more, or yet: it goes, or a node mirrors what it runs anyway.
pub(super) fn is_left_alone(case: &Case<'_>) -> bool {
    case.workload.is_being_deleted() || is_mirror_of_node(&case.request, &case.workload)
}

/// What they would do if podgate edited such an object at this moment.
pub(super) fn wanted<'a>(
    set: &'a PolicySet,
    case: &Case<'a>,
    matched: &[Matched<'a>],
    intent: &Intent<'a>,
) -> Edits<'a> {
    let mut unstable: Vec<Computed<'a>> = Vec::new();
    loop {
        let mut editor = Editor::new(case, intent, &unstable);
        let mut matched = Cow::Borrowed(matched);
        rollout::put_back(&mut editor, &matched);
        editor.run(&matched);
        matched = settled(&mut editor, set, matched);
        let found = unstable_values(&editor, &matched);
        if found.is_empty() {
            return finished(editor);
        }
        unstable.extend(found);
    }
}

/// Runs the rules that come to life by the edits, until there are none. Gives the policies that match in the end.
fn settled<'m, 'a>(
    editor: &mut Editor<'_, 'a>,
    set: &'a PolicySet,
    mut matched: Cow<'m, [Matched<'a>]>,
) -> Cow<'m, [Matched<'a>]> {
    let mut seen = 0;
    for _ in 0..MOST_PASSES {
        let Some(new) = editor.made.edits().get(seen..).filter(|new| !new.is_empty()) else { break };
        let of_labels = new.iter().any(|edit| {
            matches!(edit.field.steps, [Step::Key(metadata), Step::Key(labels), ..]
                if metadata == "metadata" && labels == "labels")
        });
        let of_containers = new.iter().any(adds_container);
        let by_image = new.iter().any(|edit| edit.field.is_image()) && matched.iter().any(Matched::edits_by_image);
        seen = editor.made.edits().len();
        let may_join = set.may_join_after_edit(of_labels);
        let light_sleepers = || editor.asleep.iter().filter(|asleep| may_wake(asleep, editor));
        if !(may_join || of_containers || by_image || editor.may_fit || light_sleepers().next().is_some()) {
            break;
        }
        let again = editor.case.with_object(editor.workload.object);
        let mut joined = false;
        if may_join {
            let now = matching::matched(set, &again);
            let known = |policy| matched.iter().any(|matched| std::ptr::eq(matched.policy, policy));
            joined = now.iter().any(|now| !known(now.policy));
            matched = Cow::Owned(now);
        }
        let woken = || {
            light_sleepers().any(|asleep| {
                let mut scope = Scope::new(&again, asleep.policy);
                if let Some(container) = &asleep.container {
                    let now = again.pod().container(container.role, container.name);
                    scope.enter(&now.unwrap_or(*container));
                }
                asleep.rule.when.as_ref().is_some_and(|when| matches!(scope.test(when), Ok(true)))
            })
        };
        let is_another_object = joined || of_containers || by_image || woken();
        if !is_another_object && !editor.may_fit {
            break;
        }
        let mut next = Editor::new(&again, editor.intent, editor.unstable);
        next.template_changes = editor.template_changes;
        next.computes_anew = is_another_object;
        next.made = std::mem::take(&mut editor.made);
        next.computed = std::mem::take(&mut editor.computed);
        next.restored = std::mem::take(&mut editor.restored);
        next.run(&matched);
        let Editor { workload, made, computed, restored, asleep, may_fit, withheld, .. } = next;
        (editor.workload, editor.may_fit) = (workload, may_fit);
        add_new(&mut editor.withheld, withheld);
        (editor.made, editor.computed, editor.restored, editor.asleep) = (made, computed, restored, asleep);
    }
    matched
}

/// Whether the edits can have changed what the `when` of the rule reads. Most say something of the image and of the name,
/// which few edits touch; asking them all again would take as long as asking them the first time.
fn may_wake<'a>(asleep: &Asleep<'a>, editor: &Editor<'_, 'a>) -> bool {
    let Asleep { policy, rule, container } = asleep;
    // Of a template it reads the Pod that it becomes, in which one field may follow from another.
    let (Some(container), Some(when), Kind::Pod) = (container, &rule.when, editor.workload.kind) else { return true };
    let is_narrow =
        ![environment::OBJECT, environment::POD, environment::CONTAINERS].iter().any(|slot| when.uses(*slot));
    if !is_narrow || (0..policy.variables.len()).any(|place| when.uses_composed(place)) {
        return true;
    }
    let base = container.base();
    let mut near = editor.made.edits().iter().filter(|edit| edit.field.base == base || edit.field.base == Base::Pod);
    near.any(|edit| match (edit.field.base, edit.field.steps) {
        (Base::Pod, [_, Step::Key(key), ..]) => List::ALL.iter().any(|list| list.key() == key),
        (Base::Container(..), [Step::Key(key), ..]) => when.may_read(environment::CONTAINER, key),
        _ => true,
    })
}

/// Adds what was withheld by rules, or in fields, of which nothing was said before.
fn add_new<'a>(withheld: &mut Vec<Withheld<'a>>, later: Vec<Withheld<'a>>) {
    let key = |withheld: &Withheld<'a>| {
        (std::ptr::from_ref(withheld.rule), withheld.field.map(|field| (field.base, field.steps)))
    };
    let known: HashSet<_> = withheld.iter().map(key).collect();
    withheld.extend(later.into_iter().filter(|later| !known.contains(&key(later))));
}

/// Whether the edit brings a container, for which rules may want something.
fn adds_container(edit: &Edit<'_>) -> bool {
    edit.field.base == Base::Pod
        && matches!(edit.field.steps, [Step::Key(spec), Step::Key(list), Step::Index(_)]
            if spec == "spec" && List::ALL.iter().any(|known| known.key() == list))
}

/// The computed values that were set and that would be others on the object they made.
fn unstable_values<'a>(editor: &Editor<'_, 'a>, matched: &[Matched<'a>]) -> Vec<Computed<'a>> {
    let was_set = |computed: &&Computed<'a>| {
        editor.made.of(&computed.field).is_some_and(|made| computed.is_for(made.rule, &made.field))
    };
    if !editor.computed.iter().any(|computed| was_set(&computed)) {
        return Vec::new();
    }
    let again = editor.case.with_object(editor.workload.object);
    let mut second = Editor::new(&again, editor.intent, editor.unstable);
    second.run(matched);
    let key = |of: &Computed<'a>| (std::ptr::from_ref(of.rule), of.field.base, of.field.steps);
    // The last one counts: in a later round a value may have become another one.
    let now: HashMap<_, _> = second.computed.iter().map(|computed| (key(computed), computed.value)).collect();
    let set: HashMap<_, _> =
        editor.computed.iter().filter(was_set).map(|computed| (key(computed), *computed)).collect();
    let holds_still = |computed: &Computed<'a>| now.get(&key(computed)).is_none_or(|now| *now == computed.value);
    set.into_values().filter(|computed| !holds_still(computed)).collect()
}

fn finished<'a>(editor: Editor<'_, 'a>) -> Edits<'a> {
    let Editor { case, workload, made, restored, mut withheld, .. } = editor;
    let original = case.workload;
    withheld.retain(|withheld| {
        let made = withheld.field.and_then(|field| made.of(&field));
        let is_made = made.is_some_and(|made| std::ptr::eq(made.rule, withheld.rule));
        !(is_made && matches!(withheld.reason, Reason::Invalid(_)))
    });
    let mut made = made.into_edits();
    if !restored.is_empty() {
        made = restored.into_iter().chain(made).collect();
    }
    made.retain_mut(|edit| {
        edit.before = original.field(edit.field.base, edit.field.steps);
        // One rule may undo what another one did, as where elements are added to a list that is overridden.
        edit.before != workload.field(edit.field.base, edit.field.steps)
    });
    if made.is_empty() {
        return Edits { made, withheld, object: original.object, patch: Vec::new() };
    }
    let paths: Vec<_> = made.iter().map(|edit| edit.field.steps_in(case.arena, original.kind)).collect();
    let patch = patch::operations(original.object, workload.object, &paths);
    let scratch = bumpalo::Bump::with_capacity(SCRATCH);
    let reason = if patch.len() > MOST_OPERATIONS || patch::size(&patch) > MOST_BYTES {
        Reason::TooLarge
    } else if patch::apply(&scratch, original.object, &patch) == Some(workload.object) {
        return Edits { made, withheld, object: workload.object, patch };
    } else {
        // INVARIANT: operations() makes patches that apply. If it ever does not, the request must not fail for it.
        Reason::Invalid("the patch does not apply".to_owned())
    };
    withheld.extend(made.into_iter().map(|edit| Withheld {
        policy: edit.policy,
        rule: edit.rule,
        mode: Mode::Enforce,
        field: Some(edit.field),
        value: Some(edit.after),
        provenance: edit.provenance,
        reason: reason.clone(),
    }));
    Edits { made: Vec::new(), withheld, object: original.object, patch: Vec::new() }
}
