//! The names that expressions of a policy can use.

mod types;

use crate::cel::{Environment, Program, Shape, Type};

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

impl Scope {
    /// The names of a policy that matches `kinds` and has declared no variable yet.
    pub fn new(kinds: u16, params: &serde_json::Value) -> Self {
        let object = types::object(kinds);
        let each = types::container();
        let condition = Environment::new()
            .variable("object", OBJECT, object.clone())
            .variable("oldObject", OLD_OBJECT, object)
            .variable("request", REQUEST, types::request())
            .variable("namespaceObject", NAMESPACE_OBJECT, types::namespace_object())
            .variable("params", PARAMS, types::params(params))
            .variable("pod", POD, types::pod())
            .variable("containers", CONTAINERS, Shape::list(each.clone()));
        let pod = condition.clone().composed(VARIABLES, [("", Type::Dyn); 0]);
        let container = pod.clone().variable("container", CONTAINER, each);
        Scope { condition, pod, container }
    }

    /// Lets later expressions use a variable. Its place is that among the variables of the policy.
    /// Of one whose expression is wrong nothing is known.
    pub fn declare(&mut self, name: &str, program: Option<&Program>) {
        self.pod.compose(name, program);
        self.container.compose(name, program);
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
