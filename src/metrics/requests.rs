//! Reviews by endpoint, operation, kind and decision: a child for each combination, made when it is first needed.

use std::sync::OnceLock;

use prometheus::{IntCounter, IntCounterVec};

use crate::admit::{Endpoint, Outcome};
use crate::decision::Decision;
use crate::review::Operation;
use crate::workload::Kind;

/// Of a label whose value the request does not give, or gives as something that podgate does not know.
const OTHER: &str = "other";
const OPERATIONS: usize = 5;
const KINDS: usize = Kind::ALL.len() + 1;
const DECISIONS: usize = 3;

/// The counters.
#[derive(Debug)]
pub(super) struct Requests {
    family: IntCounterVec,
    children: Box<[OnceLock<IntCounter>]>,
}

impl Requests {
    pub fn new(family: IntCounterVec) -> Self {
        let children = (0..2 * OPERATIONS * KINDS * DECISIONS).map(|_| OnceLock::new()).collect();
        Requests { family, children }
    }

    pub fn count(&self, outcome: &Outcome<'_>) {
        let operation = outcome.request.map(|request| request.operation);
        let kind = outcome.request.and_then(|request| request.workload_kind());
        let number = index(outcome.endpoint, operation, kind, &outcome.decision);
        if let Some(child) = self.children.get(number) {
            child
                .get_or_init(|| {
                    // In the order of the label names.
                    self.family.with_label_values(&[
                        outcome.decision.name(),
                        outcome.endpoint.name(),
                        kind.map_or(OTHER, Kind::name),
                        operation.map_or(OTHER, Operation::name),
                    ])
                })
                .inc();
        }
    }
}

fn index(endpoint: Endpoint, operation: Option<Operation>, kind: Option<Kind>, decision: &Decision) -> usize {
    let operation = match operation {
        Some(Operation::Create) => 0,
        Some(Operation::Update) => 1,
        Some(Operation::Delete) => 2,
        Some(Operation::Connect) => 3,
        None => 4,
    };
    let kind = kind.map_or(KINDS - 1, |kind| kind as usize);
    let decision = match decision {
        Decision::Allow => 0,
        Decision::Deny => 1,
        Decision::Error(_) => 2,
    };
    ((endpoint as usize * OPERATIONS + operation) * KINDS + kind) * DECISIONS + decision
}
