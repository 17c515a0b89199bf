//! Kubernetes CEL: expressions of policies, checked when a policy loads and bounded when they run.
//!
//! An [`Environment`] names what an expression may use, a [`Program`] is one expression compiled against it, and a
//! [`Scope`] lends the values when it runs. Semantics are those of the CEL specification as the API server applies it,
//! straight over the document tree. The libraries of Kubernetes are there as far as `library` lists them, and one
//! function is podgate's own: `image`.
//!
//! ```
//! use bumpalo::Bump;
//! use podgate::cel::{Budget, Environment, Error, Program, Scope, Type, Value};
//! use podgate::document::{Limits, json};
//!
//! struct Object<'a>(Value<'a>);
//!
//! impl<'a> Scope<'a> for Object<'a> {
//!     fn slot(&self, _: u8) -> Result<Value<'a>, Error<'a>> {
//!         Ok(self.0)
//!     }
//! }
//!
//! let environment = Environment::new().variable("object", 0, Type::Dyn);
//! let program = Program::compile(&environment, "object.spec.replicas < 10", Type::Bool).unwrap();
//! let arena = Bump::new();
//! let object = json::parse(&arena, br#"{"spec": {"replicas": 3}}"#, &Limits::default()).unwrap();
//! let value = program.eval(&arena, &Object(object.into()), &Budget::default()).unwrap();
//! assert_eq!(value.as_bool(), Some(true));
//! ```

mod ast;
mod blame;
mod budget;
mod compile;
mod environment;
mod error;
mod estimate;
mod eval;
mod library;
mod node;
mod parse;
mod problem;
mod program;
mod reads;
mod shape;
mod signature;
mod time;
mod types;
mod value;

#[cfg(test)]
mod tests;

pub use blame::Blame;
pub use budget::Budget;
pub use environment::Environment;
pub use error::{Error, Mismatch, Reason, Refusal, Short};
pub use eval::{Empty, Scope};
pub use library::{Cidr, Format, Semver, Url};
pub use node::Constant;
pub use problem::Problem;
pub use program::Program;
pub use shape::{Object, Shape, Words};
pub use time::{Duration, Timestamp};
pub use types::Type;
pub use value::{List, Map, Value};
