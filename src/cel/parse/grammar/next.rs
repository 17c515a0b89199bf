//! What stands next: the signs that the grammar goes by, and what is said where another one was expected.

use std::ops::Range;

use super::Grammar;
use crate::cel::parse::message;
use crate::cel::parse::tokens::{Kind as TokenKind, Token};
use crate::cel::problem::Problem;

impl<'s> Grammar<'s> {
    /// Past a comma with more behind it.
    pub(super) fn comma(&mut self, end: &str) -> bool {
        self.text(self.at + 1) != Some(end) && self.eat(",")
    }

    pub(super) fn colon(&mut self) -> Result<(), Problem> {
        if self.eat(":") {
            return Ok(());
        }
        let begins = match self.tokens.get(self.at) {
            Some(Token { kind: TokenKind::Sign, .. }) => {
                matches!(self.text(self.at), Some("(" | "[" | "{" | "!" | "-" | "."))
            }
            Some(_) => self.text(self.at) != Some("in"),
            None => false,
        };
        Err(match self.range(self.at) {
            Some(range) if begins => message::missing(self.source, ":", range),
            _ => self.unexpected(),
        })
    }

    /// Past the colon of the question mark at a place.
    pub(super) fn alternative(&mut self, question: usize) -> Result<(), Problem> {
        match self.range(question).filter(|_| self.at == self.tokens.len()) {
            Some(range) => {
                let problem = Problem::new(range, "`?` has no `:`");
                let is_dotted = self.text(question + 1) == Some(".");
                Err(if is_dotted { problem.help("a field that may be missing is read by `.?`") } else { problem })
            }
            None => self.colon(),
        }
    }

    /// Past the bracket that closes the one at a place; where it ends.
    pub(super) fn close(&mut self, open: usize, sign: &str) -> Result<usize, Problem> {
        match self.range(self.at) {
            Some(range) if self.eat(sign) => Ok(range.end),
            Some(_) => Err(self.unexpected()),
            None => {
                let bracket = self.text(open).unwrap_or_default();
                let message = format!("`{bracket}` is never closed");
                Err(Problem::new(self.range(open).unwrap_or_else(|| self.end()), message))
            }
        }
    }

    pub(super) fn unexpected(&self) -> Problem {
        match self.range(self.at) {
            Some(range) => {
                let before = self.at.checked_sub(1).and_then(|place| self.text(place));
                message::unexpected(self.source, range, before)
            }
            None => Problem::new(self.end(), "the expression ends too early"),
        }
    }

    pub(super) fn eat(&mut self, sign: &str) -> bool {
        let is_next = self.is(sign);
        self.at += usize::from(is_next);
        is_next
    }

    pub(super) fn is(&self, sign: &str) -> bool {
        self.text(self.at) == Some(sign)
    }

    pub(super) fn is_number(&self, place: usize) -> bool {
        self.tokens.get(place).is_some_and(|token| matches!(token.kind, TokenKind::Int | TokenKind::Double))
    }

    /// Whether a name is next that is no keyword.
    pub(super) fn is_name(&self) -> bool {
        self.tokens.get(self.at).is_some_and(|token| token.kind == TokenKind::Word)
            && !matches!(self.text(self.at), Some("in" | "true" | "false" | "null"))
    }

    pub(super) fn range(&self, place: usize) -> Option<Range<usize>> {
        self.tokens.get(place).map(|token| token.range.clone())
    }

    pub(super) fn text(&self, place: usize) -> Option<&'s str> {
        self.source.get(self.range(place)?)
    }

    /// Where the token at a place begins.
    pub(super) fn start(&self, place: usize) -> usize {
        self.range(place).map_or(self.source.len(), |range| range.start)
    }

    /// The end of the source.
    pub(super) fn end(&self) -> Range<usize> {
        self.source.len()..self.source.len()
    }
}
