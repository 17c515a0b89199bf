//! The names that expressions of a policy can use.

use crate::cel::{Environment, Program};

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
        let condition = Environment::default()
            .with("object", OBJECT)
            .with("oldObject", OLD_OBJECT)
            .with("request", REQUEST)
            .with("namespaceObject", NAMESPACE_OBJECT)
            .with("params", PARAMS)
            .with("pod", POD)
            .with("containers", CONTAINERS);
        let container = condition.clone().with("container", CONTAINER);
        Scope { pod: condition.clone(), condition, container }
    }
}

impl Scope {
    /// Lets later expressions use a variable. Without its program anything can be done with it.
    pub fn declare(&mut self, name: &str, _program: Option<&Program>) {
        self.pod = std::mem::take(&mut self.pod).variable(name);
        self.container = std::mem::take(&mut self.container).variable(name);
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
