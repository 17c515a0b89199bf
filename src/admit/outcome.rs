//! What became of a call, for metrics and the log. It is lent while the call runs: what it names lives in the arena of
//! the call and in the policy set.

use crate::admit::Endpoint;
use crate::decision::Decision;
use crate::evaluate::matching::Matched;
use crate::evaluate::{Edits, Violation};
use crate::review::Request;

/// What became of a call.
#[derive(Clone, Debug)]
pub struct Outcome<'a> {
    /// Which webhook was called.
    pub endpoint: Endpoint,
    /// What was asked; [`None`] if no more than its uid could be read.
    pub request: Option<Request<'a>>,
    /// The policies that apply, in their order of precedence.
    pub matched: &'a [Matched<'a>],
    /// What the mutating webhook did; [`None`] if it was not called or did not get that far.
    pub edits: Option<&'a Edits<'a>>,
    /// What the validating webhook found.
    pub violations: &'a [Violation<'a>],
    /// What was decided. The mutating webhook lets a request pass also if this is an error.
    pub decision: Decision,
}

impl<'a> Outcome<'a> {
    /// Of a call that no policy had a say in.
    pub fn without_policies(endpoint: Endpoint, request: Option<Request<'a>>, decision: Decision) -> Self {
        Outcome { endpoint, request, matched: &[], edits: None, violations: &[], decision }
    }
}
