//! `podgate check` and `podgate eval` as their users run them: the built binary in a folder of its own, and all that it prints.

#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

mod answers;
mod collisions;
mod deploy;
mod eval;
mod evidence;
mod exceptions;
mod excluded;
mod explain;
mod expressions;
mod fences;
mod fix;
mod images;
mod inputs;
mod packs;
mod pages;
mod pod_security;
mod program;
mod readme;
mod recipes;
mod rollouts;
mod types;
