//! What is known about the surroundings of a request and does not stand in it.

use jiff::Timestamp;

use crate::api_defaults::Version;
use crate::document::Value;

/// What the caller knows beyond the request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts<'a> {
    /// The Namespace of the object, with its name and labels; `null` if it is not known.
    pub namespace: Value<'a>,
    /// The LimitRanges of that namespace, where they are known.
    pub limit_ranges: &'a [Value<'a>],
    /// In a dry run nobody has sent the request: an owner reference is taken at its word.
    pub owners_believed: bool,
    /// The time of the request; [`None`] if it is not known. Only exceptions that expire ask for it.
    pub now: Option<Timestamp>,
    /// The version of the API server.
    pub kubernetes: Version,
}
