//! The edits that were made, found by their field: hundreds of rules may meet at hundreds of containers.

use std::collections::HashMap;

use crate::document::Step;
use crate::evaluate::{Edit, Field};
use crate::policy::edit::Action;
use crate::workload::Base;

/// So few are compared one by one, which costs no memory; a table is worth its making for many containers only.
const FEW: usize = 32;

type Key<'a> = (Base, &'a [Step<'a>]);

/// Numbers by field: the last one that was given to each.
#[derive(Default)]
pub(super) struct Index<'a> {
    given: Vec<(Key<'a>, usize)>,
    numbers: HashMap<Key<'a>, usize>,
}

/// Edits in the order in which they were made.
#[derive(Default)]
pub(in crate::evaluate) struct Ledger<'a> {
    edits: Vec<Edit<'a>>,
    index: Index<'a>,
    /// Edits whose place others took, with their numbers.
    replaced: Vec<(usize, Edit<'a>)>,
}

/// A moment to which a ledger can be taken back.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    edits: usize,
    replaced: usize,
}

impl<'a> Index<'a> {
    /// Gives a number to a field.
    pub(super) fn push(&mut self, field: &Field<'a>, number: usize) {
        self.give((field.base, field.steps), number);
    }

    fn give(&mut self, key: Key<'a>, number: usize) {
        self.given.push((key, number));
        if !self.numbers.is_empty() {
            self.numbers.insert(key, number);
        } else if self.given.len() > FEW {
            self.numbers = self.given.iter().copied().collect();
        }
    }

    /// The number of a field.
    pub(super) fn find(&self, base: Base, steps: &'a [Step<'a>]) -> Option<usize> {
        if self.numbers.is_empty() {
            let mut given = self.given.iter().rev();
            return given.find(|(key, _)| *key == (base, steps)).map(|(_, number)| *number);
        }
        self.numbers.get(&(base, steps)).copied()
    }

    /// The number of a field, or of the innermost one in which it stands.
    fn find_over(&self, base: Base, steps: &'a [Step<'a>]) -> Option<usize> {
        if self.numbers.is_empty() {
            let over = self.given.iter().filter(|((of, outer), _)| *of == base && steps.starts_with(outer));
            // Of two that are as long, the last one counts.
            return over.max_by_key(|((_, outer), _)| outer.len()).map(|(_, number)| *number);
        }
        (0..=steps.len()).rev().find_map(|depth| self.find(base, steps.get(..depth)?))
    }

    /// Forgets the numbers from this one on.
    pub(super) fn truncate(&mut self, number: usize) {
        if self.given.last().is_some_and(|(_, last)| *last >= number) {
            self.numbers.clear();
            for (key, kept) in std::mem::take(&mut self.given).into_iter().filter(|(_, given)| *given < number) {
                self.give(key, kept);
            }
        }
    }
}

impl<'a> Ledger<'a> {
    pub(in crate::evaluate) fn edits(&self) -> &[Edit<'a>] {
        &self.edits
    }

    pub(in crate::evaluate) fn into_edits(self) -> Vec<Edit<'a>> {
        self.edits
    }

    /// Notes an edit; gives the one of another rule whose place it takes.
    pub(in crate::evaluate) fn push(&mut self, edit: Edit<'a>) -> Option<Edit<'a>> {
        let number = self.index.find(edit.field.base, edit.field.steps).unwrap_or(self.edits.len());
        let is_override = edit.rule.edit().is_some_and(|edit| edit.action == Action::Override);
        let is_same = |known: &Edit<'a>| std::ptr::eq(known.rule, edit.rule);
        if let Some(known) = self.edits.get_mut(number).filter(|known| is_override || is_same(known)) {
            let before = std::mem::replace(known, edit);
            self.replaced.push((number, before));
            return Some(before).filter(|before| !is_same(before));
        }
        self.index.push(&edit.field, self.edits.len());
        self.edits.push(edit);
        None
    }

    /// An edit that follows from another one: a rule that speaks of its field goes before it.
    pub(super) fn push_following(&mut self, edit: Edit<'a>) {
        self.edits.push(edit);
    }

    /// The last edit of this very field.
    pub(in crate::evaluate) fn of(&self, field: &Field<'a>) -> Option<&Edit<'a>> {
        self.edits.get(self.index.find(field.base, field.steps)?)
    }

    /// The last edit of the field, or of something in which it stands.
    pub(super) fn over(&self, field: &Field<'a>) -> Option<&Edit<'a>> {
        self.edits.get(self.index.find_over(field.base, field.steps)?)
    }

    /// An edit of something in the field.
    pub(super) fn within(&self, field: &Field<'a>) -> Option<&Edit<'a>> {
        let is_inside = |edit: &&Edit<'a>| {
            edit.field.base == field.base
                && edit.field.steps.len() > field.steps.len()
                && edit.field.steps.starts_with(field.steps)
        };
        self.edits.iter().find(is_inside)
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { edits: self.edits.len(), replaced: self.replaced.len() }
    }

    /// Takes back the edits that were made since.
    pub(super) fn take_back(&mut self, mark: Mark) -> Vec<Edit<'a>> {
        self.index.truncate(mark.edits);
        let mut taken = Vec::new();
        for (number, before) in self.replaced.drain(mark.replaced.min(self.replaced.len())..).rev() {
            if let Some(edit) = self.edits.get_mut(number) {
                taken.push(std::mem::replace(edit, before));
            }
        }
        taken.extend(self.edits.drain(mark.edits.min(self.edits.len())..));
        taken
    }
}
