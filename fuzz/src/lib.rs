//! What podgate promises of any bytes: no panic, no hang, no more memory than its bounds say. Each module is one border
//! that bytes come in by; `run` is what `cargo fuzz` calls, and what `tests/fuzz.rs` calls with seeds and noise.

pub mod choices;
pub mod composed;
pub mod evaluation;
pub mod expression;
pub mod grammar;
pub mod policy;
pub mod quantity;
pub mod review;
pub mod typed;
