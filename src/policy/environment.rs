//! The names that expressions of a policy can use.

use crate::cel::{Environment, Type};

/// The object after the operation; `null` in a deletion.
pub const OBJECT: u8 = 0;
/// The object before the operation; `null` in a creation.
pub const OLD_OBJECT: u8 = 1;
/// The request, as in a ValidatingAdmissionPolicy.
pub const REQUEST: u8 = 2;
/// The Namespace of the object.
pub const NAMESPACE_OBJECT: u8 = 3;
/// The policy's own literal values.
pub const PARAMS: u8 = 4;
/// `metadata` and `spec` of the Pod, or of the Pod that a template becomes.
pub const POD: u8 = 5;
/// All containers of that Pod, each with its `role`.
pub const CONTAINERS: u8 = 6;
/// In a container rule: the container, with its `role`.
pub const CONTAINER: u8 = 7;

/// The name under which expressions find the policy's variables.
pub(in crate::policy) const VARIABLES: &str = "variables";

/// Which names an expression can use, by where it stands.
#[derive(Debug)]
pub struct Scope {
    condition: Environment,
    pod: Environment,
    container: Environment,
}

/// The names of a policy that has declared no variable yet.
impl Default for Scope {
    fn default() -> Self {
        let condition = Environment::new()
            .variable("object", OBJECT, Type::Dyn)
            .variable("oldObject", OLD_OBJECT, Type::Dyn)
            .variable("request", REQUEST, Type::Map)
            .variable("namespaceObject", NAMESPACE_OBJECT, Type::Dyn)
            .variable("params", PARAMS, Type::Map)
            .variable("pod", POD, Type::Map)
            .variable("containers", CONTAINERS, Type::List);
        let pod = condition.clone().composed(VARIABLES, [("", Type::Dyn); 0]);
        let container = pod.clone().variable("container", CONTAINER, Type::Map);
        Scope { condition, pod, container }
    }
}

impl Scope {
    /// Lets later expressions use a variable. Its place is that among the variables of the policy.
    pub fn declare(&mut self, name: &str, kind: Type) {
        self.pod.compose(name, kind);
        self.container.compose(name, kind);
    }

    /// For `match.conditions`: no variables.
    pub fn condition(&self) -> &Environment {
        &self.condition
    }

    /// For whatever is evaluated once for an object.
    pub fn pod(&self) -> &Environment {
        &self.pod
    }

    /// For whatever is evaluated for each container.
    pub fn container(&self) -> &Environment {
        &self.container
    }
}
