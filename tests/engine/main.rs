//! The engine through its public functions: policies as their authors write them, reviews as an API server sends them.

#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

mod answers;
mod appends;
mod bounds;
mod computed;
mod containers;
mod cost;
mod dry_runs;
mod due;
mod errors;
mod exceptions;
mod images;
mod index;
mod intent;
mod judging;
mod lists;
mod loading;
mod matching;
mod modes;
mod never;
mod objects;
mod overrides;
mod owners;
mod pod_security;
mod precedence;
mod properties;
mod resources;
mod reviews;
mod rollouts;
mod targets;
mod updates;
