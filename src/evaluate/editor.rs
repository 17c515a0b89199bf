//! The object while it is being edited.
//!
//! Nothing is set where somebody might miss what they wrote, and nothing that would start a rollout: each edit that is
//! not made is collected with its reason. The stages of an edit are the children: [`rules`] asks the rules, [`merge`]
//! takes values apart as the API's schema says, [`amounts`] and [`images`] know theirs, and [`decide`] says for one field
//! whether it is set.

mod amounts;
mod decide;
mod images;
mod ledger;
mod merge;
mod rules;

use bumpalo::collections::Vec as ArenaVec;

use crate::document::{Step, Value};
use crate::evaluate::case::Case;
use crate::evaluate::computed::Computed;
use crate::evaluate::matching::{Matched, is_same};
use crate::evaluate::{Edit, Field, Reason, Withheld};
use crate::policy::edit::{Action, EditRule, Range, Target};
use crate::policy::fields::{self, Placement};
use crate::policy::images::Rewrite;
use crate::policy::{Policy, Rule};
use crate::provenance::{Intent, Provenance};
use crate::review::Operation;
use crate::workload::{Base, Container, Kind, List, Workload};
use ledger::Index;

pub(super) use ledger::Ledger;

/// In a Pod of more containers none is edited: a patch of thousands of operations is no default any more.
const MOST_CONTAINERS: usize = 256;

/// A value of more parts fills in nothing, for the same reason.
pub(super) const MOST_MEMBERS: usize = 256;

/// What is said where hundreds of rules want something of hundreds of containers.
const SPENT: &str = "the rules of this request want more than podgate looks at";

/// The object with the edits so far.
pub(super) struct Editor<'e, 'a> {
    pub(super) case: &'e Case<'a>,
    pub(super) intent: &'e Intent<'a>,
    pub(super) workload: Workload<'a>,
    pub(super) made: Ledger<'a>,
    pub(super) withheld: Vec<Withheld<'a>>,
    /// Old values of a template that were put back, so that it does not change.
    pub(super) restored: Vec<Edit<'a>>,
    /// What expressions gave, set or not.
    pub(super) computed: Vec<Computed<'a>>,
    /// Rules whose `when` was false. In the arena, as most requests have some and no edit.
    pub(super) asleep: ArenaVec<'a, Asleep<'a>>,
    /// Computed values that do not hold still.
    pub(super) unstable: &'e [Computed<'a>],
    /// Whether an update changes the template anyway.
    pub(super) template_changes: bool,
    /// Whether there was no room for an amount, which another edit may make.
    pub(super) may_fit: bool,
    /// Whether a computed value takes the place of what the same rule computed before.
    pub(super) computes_anew: bool,
    /// Fields that hold what a rule wants already.
    claims: Vec<Owner<'a>>,
    claimed: Index<'a>,
    /// Ranges that fields were held against.
    ranges: Vec<Held<'a>>,
    ranged: Index<'a>,
    /// What the matching policies rewrite.
    rewrites: Vec<(Owner<'a>, &'a [Rewrite])>,
}

/// A rule whose `when` was false.
pub(super) struct Asleep<'a> {
    pub(super) policy: &'a Policy,
    pub(super) rule: &'a Rule,
    /// For this container.
    pub(super) container: Option<Container<'a>>,
}

/// The rule that a field belongs to.
#[derive(Clone, Copy)]
struct Owner<'a> {
    policy: &'a Policy,
    rule: &'a Rule,
}

/// A range that a field was held against.
struct Held<'a> {
    range: &'a Range,
    owner: Owner<'a>,
    /// The number of the one before, for the same field.
    before: Option<usize>,
}

/// A rule at work.
#[derive(Clone, Copy)]
pub(super) struct Source<'m, 'a> {
    matched: &'m Matched<'a>,
    rule: &'a Rule,
    pub(super) edit: &'a EditRule,
    /// Of the leaf.
    placement: Placement,
}

impl<'e, 'a> Editor<'e, 'a> {
    pub(super) fn new(case: &'e Case<'a>, intent: &'e Intent<'a>, unstable: &'e [Computed<'a>]) -> Self {
        let template_changes = case.old.is_none_or(|old| !is_same(old.template, case.workload.template));
        Editor {
            case,
            intent,
            workload: case.workload,
            made: Ledger::default(),
            withheld: Vec::new(),
            restored: Vec::new(),
            computed: Vec::new(),
            asleep: ArenaVec::new_in(case.arena),
            unstable,
            template_changes,
            may_fit: false,
            computes_anew: false,
            claims: Vec::new(),
            claimed: Index::default(),
            ranges: Vec::new(),
            ranged: Index::default(),
            rewrites: Vec::new(),
        }
    }

    /// Whether rules of this verb may edit anything at all.
    fn reaches_anything(&self, action: Action) -> bool {
        !self.is_fixed() || action != Action::Default
    }

    /// Whether this is an update of a Pod, of which everything but images is fixed.
    fn is_fixed(&self) -> bool {
        let Case { request, workload, .. } = self.case;
        (request.sub_resource, workload.kind, request.operation) == ("", Kind::Pod, Operation::Update)
    }

    /// Whether the field of a Pod that exists would become another than it is. Whoever applies a manifest again sends what
    /// its author wrote, and the API server takes nothing but what an edit made of it when the Pod was created.
    fn would_change(&self, action: Action, field: &Field<'a>, value: Value<'a>) -> bool {
        self.is_fixed() && action != Action::RewriteImages && !self.is_old(field, value) && !self.is_new_image(field)
    }

    /// Whether this is an image that the update changes: then it may become yet another one.
    fn is_new_image(&self, field: &Field<'a>) -> bool {
        let sent = self.case.workload.field(field.base, field.steps).unwrap_or_default();
        field.is_image() && !self.is_old(field, sent)
    }

    /// Whether this is the value that the field had before the update.
    fn is_old(&self, field: &Field<'a>, value: Value<'a>) -> bool {
        let was = |old: Workload<'a>| field.in_other(&old).and_then(|field| old.field(field.base, field.steps));
        self.case.old.and_then(was) == Some(value)
    }

    /// Whether a rule may edit this container, or the Pod itself.
    ///
    /// Everything of a Pod but images and new ephemeral containers is fixed once it exists, so the other verbs only put
    /// back what they made of it. Through `pods/ephemeralcontainers` come new ephemeral containers; the API server takes
    /// nothing else from there.
    fn reaches(&self, action: Action, container: Option<&Container<'a>>) -> bool {
        let Case { request, workload, old, .. } = self.case;
        let before = |container: &Container<'a>| old.and_then(|old| old.container(container.role, container.name));
        match (request.sub_resource, workload.kind, request.operation) {
            ("ephemeralcontainers", ..) => {
                container.is_some_and(|container| container.list == List::Ephemeral && before(container).is_none())
            }
            ("", Kind::Pod, Operation::Update) => {
                let is_new = |container: &Container<'a>| {
                    before(container).is_none_or(|before| before.image() != container.image())
                };
                match action {
                    Action::RewriteImages => {
                        container.is_some_and(|container| container.list != List::Ephemeral && is_new(container))
                    }
                    Action::Default => false,
                    // What they would change is looked at field by field.
                    Action::Override | Action::Append | Action::Bound => true,
                }
            }
            _ => true,
        }
    }

    pub(super) fn has_too_many_containers(&self) -> bool {
        self.case.own_containers().len() > MOST_CONTAINERS
    }

    /// Whether edits of this placement go into objects of this kind.
    pub(super) fn is_target(&self, edit: &EditRule, placement: Placement) -> bool {
        edit.goes_into(placement, self.target())
    }

    /// Where edits of the field go.
    pub(super) fn placement(&self, of_leaf: Placement, field: &Field<'a>) -> Placement {
        match of_leaf {
            Placement::Mixed => fields::placement(field.base != Base::Pod, field.steps),
            placement => placement,
        }
    }

    fn target(&self) -> Target {
        if self.workload.kind == Kind::Pod { Target::Pods } else { Target::Templates }
    }

    fn is_unstable(&self, rule: &Rule, field: &Field<'a>) -> bool {
        self.unstable.iter().any(|unstable| unstable.is_for(rule, field))
    }

    pub(super) fn withhold(
        &mut self,
        source: Source<'_, 'a>,
        field: Option<Field<'a>>,
        value: Option<Value<'a>>,
        reason: Reason<'a>,
    ) {
        self.withheld.push(source.withheld(field, value, None, reason));
    }

    fn claim(&mut self, source: Source<'_, 'a>, field: Field<'a>) {
        self.claimed.push(&field, self.claims.len());
        self.claims.push(source.owner());
    }
}

impl<'a> Source<'_, 'a> {
    fn owner(&self) -> Owner<'a> {
        Owner { policy: self.matched.policy, rule: self.rule }
    }

    fn withheld(
        &self,
        field: Option<Field<'a>>,
        value: Option<Value<'a>>,
        provenance: Option<Provenance>,
        reason: Reason<'a>,
    ) -> Withheld<'a> {
        let Owner { policy, rule } = self.owner();
        Withheld { policy, rule, mode: self.matched.editing_mode(rule), field, value, provenance, reason }
    }

    /// Whether an override of this rule goes before what the other one set, which came first only because this rule came
    /// to life by an edit.
    fn goes_before(&self, other: &Owner<'a>) -> bool {
        if self.edit.action != Action::Override {
            return false;
        }
        let place = |rule: &Rule| std::ptr::from_ref(rule).addr();
        let by_policy = || self.matched.policy.precedence(other.policy);
        other.rule.edit().is_none_or(|edit| edit.action != Action::Override)
            || by_policy().then_with(|| place(self.rule).cmp(&place(other.rule))).is_lt()
    }

    fn is(&self, rule: &Rule) -> bool {
        std::ptr::eq(self.rule, rule)
    }
}

/// Whether these are the steps to `spec.KEY`.
fn is_of_spec(steps: &[Step<'_>], key: &str) -> bool {
    matches!(steps, [Step::Key(spec), Step::Key(last)] if spec == "spec" && last == key)
}
