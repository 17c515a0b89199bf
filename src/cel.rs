//! Kubernetes CEL: expressions of policies, checked when a policy loads and bounded when they run.
//!
//! An [`Environment`] names what an expression may use, a [`Program`] is one expression compiled against it, and a
//! [`Scope`] lends the values when it runs. Semantics are those of the CEL specification as the API server applies it,
//! straight over the document tree. The libraries of Kubernetes are there as far as `library` lists them, and one
//! function is podgate's own: `image`.

mod ast;
mod budget;
mod compile;
mod environment;
mod error;
mod eval;
mod library;
mod node;
mod parse;
mod problem;
mod program;
mod time;
mod types;
mod value;

#[cfg(test)]
mod tests;

pub use budget::Budget;
pub use environment::Environment;
pub use error::{Error, Mismatch, Reason, Refusal};
pub use eval::{Empty, Scope};
pub use node::Constant;
pub use problem::Problem;
pub use program::Program;
pub use time::{Duration, Timestamp};
pub use types::Type;
pub use value::{List, Map, Value};
