//! What expressions may cost while they run: steps, shared by all expressions of one request.
//!
//! A step is one node of an expression, one element visited or one byte of text built. Once a budget is spent every further
//! step fails, so `||` cannot absorb the failure and carry on.

use std::cell::Cell;

use crate::cel::error::Reason;

/// A counter for the expressions of one request. One expression may use at most [`Budget::EXPRESSION`] of it.
#[derive(Debug)]
pub struct Budget {
    /// For the expression that runs now, and what it calls.
    left: Cell<u64>,
    /// For the expressions after it.
    reserve: Cell<u64>,
    /// Expressions inside one another: a composed variable runs inside the expression that reads it.
    depth: Cell<u32>,
}

impl Budget {
    /// Steps that one expression may take: about 10 ms. The API server allows about 100 ms.
    pub const EXPRESSION: u64 = 1_000_000;
    /// Steps that the expressions of one request may take together: about 100 ms.
    pub const REQUEST: u64 = 10_000_000;
    /// Steps for a value that is built into a list or an optional. Its 32 bytes in the arena then cost what a text of
    /// a few more bytes would, and no request can take much more than 40 MiB.
    pub(crate) const VALUE: u64 = 8;
    /// Steps for a violation that is found, beside its text: thousands of containers that break hundreds of rules must
    /// not fill the memory with violations that nobody reads.
    pub const VIOLATION: u64 = 256;
    /// Steps for each field that a rule wants something of, set or not: rules and containers multiply.
    pub const WISH: u64 = 256;
    /// Steps for each edit that is made: it copies the lists and objects around its field.
    pub const EDIT: u64 = 1000;
    /// Steps for finding out which part of an expression is to blame.
    pub const BLAME: u64 = 50_000;
    /// Composed variables inside one another.
    const DEPTH: u32 = 16;

    /// A budget of so many steps in total.
    pub fn new(steps: u64) -> Self {
        Budget { left: Cell::new(0), reserve: Cell::new(steps), depth: Cell::new(0) }
    }

    /// Steps that are left for further expressions.
    pub fn left(&self) -> u64 {
        self.reserve.get().saturating_add(self.left.get())
    }

    /// Takes steps between two expressions, or all that are left.
    pub fn charge(&self, steps: u64) {
        self.reserve.set(self.reserve.get().saturating_sub(steps));
    }

    /// An expression begins. A refusal needs no [`Budget::leave`].
    pub(crate) fn enter(&self) -> Result<(), Reason<'static>> {
        let depth = self.depth.get();
        if depth >= Self::DEPTH {
            return Err(Reason::TooDeep);
        }
        if depth == 0 {
            let share = self.reserve.get().min(Self::EXPRESSION);
            self.left.set(share);
            self.reserve.set(self.reserve.get() - share);
        }
        self.depth.set(depth + 1);
        Ok(())
    }

    /// An expression ends; what the outermost one has left goes back.
    pub(crate) fn leave(&self) {
        let depth = self.depth.get().saturating_sub(1);
        self.depth.set(depth);
        if depth == 0 {
            self.reserve.set(self.reserve.get().saturating_add(self.left.take()));
        }
    }

    /// Takes one step; says whether there was one.
    #[inline]
    pub(crate) fn step(&self) -> bool {
        match self.left.get().checked_sub(1) {
            Some(left) => {
                self.left.set(left);
                true
            }
            None => false,
        }
    }

    /// Takes steps.
    #[inline]
    pub(crate) fn spend(&self, steps: u64) -> Result<(), Reason<'static>> {
        match self.left.get().checked_sub(steps) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => {
                self.left.set(0);
                Err(Reason::Exhausted)
            }
        }
    }

    /// Takes the steps for `count` values that are built.
    #[inline]
    pub(crate) fn spend_values(&self, count: usize) -> Result<(), Reason<'static>> {
        self.spend(u64::try_from(count).unwrap_or(u64::MAX).saturating_mul(Self::VALUE))
    }

    /// Takes a step for each of `count` elements or bytes.
    #[inline]
    pub(crate) fn spend_each(&self, count: usize) -> Result<(), Reason<'static>> {
        self.spend(u64::try_from(count).unwrap_or(u64::MAX))
    }
}

impl Default for Budget {
    fn default() -> Self {
        Budget::new(Self::REQUEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_expression_cannot_take_what_belongs_to_the_others() {
        let budget = Budget::new(Budget::EXPRESSION * 2 + 10);
        for left in [Budget::EXPRESSION + 10, 10, 0] {
            budget.enter().unwrap();
            assert!(budget.spend(Budget::EXPRESSION + 1).is_err());
            assert!(budget.spend(1).is_err(), "a spent budget stays spent");
            budget.leave();
            assert_eq!(budget.left(), left);
        }
    }

    #[test]
    fn an_inner_expression_is_charged_to_the_outer_one() {
        let budget = Budget::new(100);
        budget.enter().unwrap();
        budget.enter().unwrap();
        budget.spend(40).unwrap();
        budget.leave();
        assert!(budget.spend(61).is_err());
        budget.leave();
        assert_eq!(budget.left(), 0);
    }
}
