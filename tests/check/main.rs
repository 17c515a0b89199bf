//! `podgate check` as its users run it: the built binary in a folder of its own, and all that it prints.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod answers;
mod eval;
mod inputs;
mod packs;
mod program;
mod readme;
