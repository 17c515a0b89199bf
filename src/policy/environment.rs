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
