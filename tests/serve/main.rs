//! `podgate serve` as its callers meet it: the built binary on free ports, and bytes over TCP and TLS.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by a panic"
)]

mod answers;
mod caller;
mod certificates;
mod connections;
mod drain;
mod http;
mod kubernetes;
mod limits;
mod policies;
mod program;
