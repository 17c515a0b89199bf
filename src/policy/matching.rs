//! Which requests a policy applies to.

use crate::cel::Program;
use crate::diagnostic::Place;
use crate::glob::Glob;
use crate::review::Operation;
use crate::selector::Selector;
use crate::workload::Kind;

/// What must hold, all together, for a policy to apply.
#[derive(Debug)]
pub struct Match {
    /// The workload kinds, as a set of [`Kind::bit`]s. `excludeKinds` is already taken off.
    pub kinds: u16,
    /// The kinds of `excludeKinds`: the Pods that their controllers make are left out with them.
    pub excluded_makers: u16,
    /// The operations: CREATE, UPDATE or both.
    pub operations: Vec<Operation>,
    /// Namespaces by name; empty for all.
    pub namespaces: Vec<Glob>,
    /// Namespaces by name that are left out.
    pub exclude_namespaces: Vec<Glob>,
    /// Namespaces by label.
    pub namespace_selector: Option<Selector>,
    /// Pods by label: those of the Pod or of the template; on UPDATE the old ones or the new ones.
    pub pod_selector: Option<Selector>,
    /// Expressions that must all be true.
    pub conditions: Vec<Condition>,
}

/// One expression of `match.conditions`.
#[derive(Debug)]
pub struct Condition {
    /// Named in errors.
    pub name: String,
    /// The expression; its result is a boolean.
    pub program: Program,
    /// Where it stands.
    pub place: Place,
}

impl Match {
    /// Whether the policy can apply to objects of `kind`.
    pub fn covers(&self, kind: Kind) -> bool {
        self.kinds & kind.bit() != 0
    }
}
