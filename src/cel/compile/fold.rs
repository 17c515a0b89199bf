//! Works out beforehand what does not depend on any variable.

use bumpalo::Bump;

use crate::cel::budget::Budget;
use crate::cel::compile::{Compiler, Typed};
use crate::cel::eval::{Empty, Evaluation};
use crate::cel::node::{Constant, Kind, Node};
use crate::cel::problem::Problem;

/// Steps for one part; what takes more is left for when it is needed. It bounds what a program keeps, too.
const STEPS: u64 = 5_000;

impl Compiler<'_> {
    /// The node, or its value if all it reads are constants. An error is left to happen when the expression runs: it
    /// may stand behind a condition that never holds.
    pub(super) fn folded(&mut self, typed: Typed) -> Typed {
        match is_constant(&typed.node).then(|| value(&typed.node)) {
            Some(Ok(Some(constant))) => {
                let part = typed.node.part;
                Typed { node: Node { part, kind: Kind::Constant(constant) }, ..typed }
            }
            _ => typed,
        }
    }

    /// The same for a call that fails whenever it runs: its literal is a mistake.
    pub(super) fn folded_strictly(&mut self, typed: Typed) -> Typed {
        match value(&typed.node) {
            Ok(Some(constant)) => {
                let part = typed.node.part;
                Typed { node: Node { part, kind: Kind::Constant(constant) }, ..typed }
            }
            Ok(None) => typed,
            Err(message) => {
                let range = typed.node.part.start.into()..typed.node.part.end.into();
                self.fail(Problem::new(range, message))
            }
        }
    }
}

/// Whether the parts that a node reads are constants.
fn is_constant(node: &Node) -> bool {
    let known = |node: &Node| node.constant().is_some();
    match &node.kind {
        Kind::Not(operand) | Kind::Negate(operand) => known(operand),
        Kind::Binary(_, sides) => sides.iter().all(known),
        Kind::List(elements) => elements.iter().all(|element| !element.optional && known(&element.value)),
        Kind::Matches(matches) => known(&matches.0),
        Kind::Call(call) => call.arguments.iter().all(known),
        _ => false,
    }
}

/// The value; [`None`] if it cannot be kept.
fn value(node: &Node) -> Result<Option<Constant>, String> {
    let arena = Bump::new();
    let budget = Budget::new(STEPS);
    budget.enter().map_err(|reason| reason.to_string())?;
    let result = Evaluation::new(&arena, &Empty, &budget, 0).run(node);
    let kept = match result {
        Ok(value) => Ok(Constant::of(value)),
        Err(error) if error.is_fatal() => Ok(None),
        Err(error) => Err(error.to_string()),
    };
    budget.leave();
    kept
}
