//! One immutable JSON tree in an arena, whatever its text was: JSON from the wire or YAML from a file.
//!
//! A [`Value`] is `Copy`: strings and keys borrow the text they were read from, arrays and objects are slices in a
//! [`bumpalo::Bump`]. An edit ([`edit::set`]) makes a new root that shares everything it does not touch, so an object
//! before and after its edits costs one object. Keys keep their author's order; integers stay integers.

pub mod edit;
pub mod json;
pub mod path;
pub mod place;
pub mod print;
pub mod rewrite;
pub mod value;
pub mod yaml;

pub use path::{Path, Step};
pub use place::{Places, Span};
pub use value::{Member, Value, is_same_key};

/// What a text may cost before it is refused: a few megabytes of `[[0],` would otherwise become half a gigabyte.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of text.
    pub bytes: usize,
    /// Values in the tree, the root included.
    pub nodes: u32,
    /// Arrays and objects inside one another.
    pub depth: u32,
}

impl Limits {
    /// For an AdmissionReview: two objects of the API server's 3 MiB and their envelope.
    pub const REVIEW: Self = Self { bytes: 7 << 20, nodes: 400_000, depth: 100 };
    /// For a document that somebody wrote, such as a policy.
    pub const FILE: Self = Self { bytes: 4 << 20, nodes: 200_000, depth: 64 };
    /// For a document that may hold all objects of a cluster, as `kubectl get pods -A -o json` prints them.
    pub const LIST: Self = Self { bytes: 64 << 20, nodes: 3_000_000, depth: 100 };
}

impl Default for Limits {
    fn default() -> Self {
        Self::REVIEW
    }
}
