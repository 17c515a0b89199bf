//! Which rules want something, verb by verb, and for which containers.

use crate::cel::Budget;
use crate::evaluate::case::{Case, Scope};
use crate::evaluate::editor::{Asleep, Editor, MOST_CONTAINERS, Owner, SPENT, Source};
use crate::evaluate::matching::Matched;
use crate::evaluate::{Edit, Field, Reason, Withheld, computed};
use crate::policy::Mode;
use crate::policy::edit::{Action, Leaf, LeafValue};
use crate::policy::fields::Placement;
use crate::workload::{Base, Container};

/// Which fields a verb is about for now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Round {
    All,
    AllButRequests,
    Requests,
}

impl Round {
    fn takes(self, leaf: &Leaf) -> bool {
        match self {
            Round::All => true,
            Round::AllButRequests => !leaf.is_of_requests(),
            Round::Requests => leaf.is_of_requests(),
        }
    }
}

impl<'a> Editor<'_, 'a> {
    pub(in crate::evaluate) fn run(&mut self, matched: &[Matched<'a>]) {
        let edits = |matched: &&Matched<'a>| matched.policy.edits();
        if !matched.iter().any(|matched| edits(&matched)) {
            return;
        }
        self.rewrites.clear();
        for matched in matched.iter().filter(edits) {
            self.collect_rewrites(matched);
        }
        let mut scopes: Vec<_> =
            matched.iter().filter(edits).map(|matched| (matched, Scope::new(self.case, matched.policy))).collect();
        for action in Action::ALL {
            if !self.reaches_anything(action) {
                continue;
            }
            // A request can only be set below its limit, whichever rule sets that.
            let rounds: &[Round] = match action {
                Action::Override | Action::Bound => &[Round::AllButRequests, Round::Requests],
                Action::RewriteImages | Action::Default | Action::Append => &[Round::All],
            };
            for round in rounds {
                for (matched, scope) in &mut scopes {
                    self.by_action(matched, scope, action, *round);
                }
            }
        }
    }

    fn collect_rewrites(&mut self, matched: &Matched<'a>) {
        for rule in &matched.policy.rules {
            let Some(edit) = rule.edit().filter(|edit| edit.action == Action::RewriteImages) else { continue };
            if matched.editing_mode(rule) == Mode::Enforce
                && let Some(LeafValue::Images(rewrites)) = edit.leaves.first().map(|leaf| &leaf.value)
            {
                self.rewrites.push((Owner { policy: matched.policy, rule }, rewrites));
            }
        }
    }

    fn by_action(&mut self, matched: &Matched<'a>, scope: &mut Scope<'_, 'a>, action: Action, round: Round) {
        for rule in &matched.policy.rules {
            let Some(edit) = rule.edit().filter(|edit| edit.action == action) else { continue };
            if !edit.leaves.iter().any(|leaf| round.takes(leaf)) {
                continue;
            }
            let source = Source { matched, rule, edit, placement: Placement::Mixed };
            match &matched.failed {
                Some(error) => self.withhold(source, None, None, Reason::Error(error.to_string())),
                None => self.rule(scope, source, round),
            }
        }
    }

    /// All of a rule's edits of the round, or none where one of its expressions fails or where it must keep a class that
    /// they change.
    fn rule(&mut self, scope: &mut Scope<'_, 'a>, source: Source<'_, 'a>, round: Round) {
        if self.is_spent() {
            return self.withhold(source, None, None, Reason::Error(SPENT.to_owned()));
        }
        let (made, withheld) = (self.made.mark(), self.withheld.len());
        let (claimed, held) = (self.claims.len(), self.ranges.len());
        let (workload, restored) = (self.workload, self.restored.clone());
        self.values(scope, source, round);
        let is_error = |withheld: &&Withheld<'a>| matches!(withheld.reason, Reason::Error(_));
        let error = self.withheld.iter().skip(withheld).find(is_error).map(|withheld| withheld.reason.clone());
        let Some(reason) = error.or_else(|| self.lost_class(source, &workload)) else { return };
        (self.workload, self.restored) = (workload, restored);
        self.claims.truncate(claimed);
        self.claimed.truncate(claimed);
        self.ranges.truncate(held);
        self.ranged.truncate(held);
        // What this rule took the place of stands again.
        let mut own = self.withheld.split_off(withheld);
        own.retain(|withheld| source.is(withheld.rule));
        self.withheld.append(&mut own);
        for Edit { field, after, .. } in self.made.take_back(made) {
            self.withhold(source, Some(field), Some(after), reason.clone());
        }
    }

    fn lost_class(&self, source: Source<'_, 'a>, before: &crate::workload::Workload<'a>) -> Option<Reason<'a>> {
        if !source.edit.keep_qos {
            return None;
        }
        let (was, is) = (before.qos_class(), self.workload.qos_class());
        (was != is).then_some(Reason::Class(was, is))
    }

    fn values(&mut self, scope: &mut Scope<'_, 'a>, source: Source<'_, 'a>, round: Round) {
        let Source { rule, edit, .. } = source;
        let (mut is_of_pod, mut is_of_containers) = (false, false);
        for leaf in edit.leaves.iter().filter(|leaf| round.takes(leaf)) {
            let is_wanted = self.is_target(edit, leaf.placement);
            is_of_pod |= is_wanted && !leaf.in_container && self.reaches(edit.action, None);
            is_of_containers |= is_wanted && leaf.in_container;
        }
        // Where a rule speaks of the Pod too, its `when` knows no `container` and is asked once.
        let is_asked_once = edit.asks_once();
        if is_asked_once && (is_of_pod || is_of_containers) && !self.may_run(scope, source, None) {
            return;
        }
        if is_of_pod && (is_asked_once || self.may_run(scope, source, None)) {
            for leaf in edit.leaves.iter().filter(|leaf| !leaf.in_container && round.takes(leaf)) {
                self.wish(scope, source, leaf, None);
            }
        }
        if !is_of_containers {
            return;
        }
        if self.has_too_many_containers() {
            let problem = format!("the Pod has more than {MOST_CONTAINERS} containers");
            return self.withhold(source, None, None, Reason::Invalid(problem));
        }
        for container in self.case.own_containers().iter().copied() {
            let selected = rule.selects(&container);
            if !selected || !self.reaches(edit.action, Some(&container)) {
                continue;
            }
            if self.is_spent() {
                return self.withhold(source, None, None, Reason::Error(SPENT.to_owned()));
            }
            // A rule sees the container of the Pod that the template becomes.
            scope.enter(&self.case.container_of_pod(&container));
            if is_asked_once || self.may_run(scope, source, Some(container)) {
                for leaf in edit.leaves.iter().filter(|leaf| leaf.in_container && round.takes(leaf)) {
                    self.wish(scope, source, leaf, Some(container));
                }
            }
            scope.leave();
        }
    }

    /// Whether nothing more can be looked at.
    pub(in crate::evaluate) fn is_spent(&self) -> bool {
        self.case.budget.left() < Budget::WISH
    }

    fn may_run(&mut self, scope: &Scope<'_, 'a>, source: Source<'_, 'a>, container: Option<Container<'a>>) -> bool {
        let Source { matched, rule, .. } = source;
        let Some(when) = &rule.when else { return true };
        match scope.test(when) {
            Ok(true) => true,
            Ok(false) => {
                self.asleep.push(Asleep { policy: matched.policy, rule, container });
                false
            }
            Err(error) => {
                self.withhold(source, None, None, Reason::Error(format!("`when`: {error}")));
                false
            }
        }
    }

    fn wish(
        &mut self,
        scope: &Scope<'_, 'a>,
        source: Source<'_, 'a>,
        leaf: &'a Leaf,
        container: Option<Container<'a>>,
    ) {
        // What an expression gives for a field that the role forbids nobody will use.
        if !self.is_target(source.edit, leaf.placement)
            || container.is_some_and(|container| container.role.forbids(leaf.first_key()))
        {
            return;
        }
        let Case { arena, budget, .. } = self.case;
        let base = container.map_or(Base::Pod, |container| container.base());
        let field = Field { base, steps: &leaf.steps, container };
        let [exception, _] = source.matched.exceptions(self.case, source.rule, container.as_slice(), None);
        if let Some(exception) = exception {
            return self.withhold(source, Some(field), None, Reason::Exception(exception));
        }
        if self.is_spent() {
            return self.withhold(source, Some(field), None, Reason::Error(SPENT.to_owned()));
        }
        budget.charge(Budget::WISH);
        let source = Source { placement: leaf.placement, ..source };
        match &leaf.value {
            LeafValue::Constant(value) => {
                let value = crate::document::Value::from_json(arena, value);
                self.merge(source, leaf.field, field, value, false);
            }
            LeafValue::Computed(build) => match computed::built(self.case, scope, build) {
                Ok(Some(value)) => self.computed_value(source, leaf.field, field, value),
                Ok(None) => {}
                Err(error) => self.withhold(source, Some(field), None, Reason::Error(error)),
            },
            LeafValue::Range(range) => self.bound(source, leaf.field, field, range),
            LeafValue::Images(rewrites) => self.rewrite(source, leaf.field, field, rewrites),
        }
    }
}
