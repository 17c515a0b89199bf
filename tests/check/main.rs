//! `podgate check` as its users run it: the built binary in a folder of its own, and all that it prints.

mod answers;
mod inputs;
mod program;
