//! What the Kubernetes API knows about the fields that a policy names.
//!
//! A newer API server may know more, so what is unknown here is an error only where podgate would have to know it.

use crate::diagnostic::suggest;
use crate::document::Step;
use crate::schema::{self, Basic};

/// A field that the API does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unknown {
    /// What was probably meant.
    pub(super) near: Option<&'static str>,
}

/// Whether there is a field at `steps` in one of the types or kinds `roots`; else what was probably meant.
pub(super) fn check(roots: &[&str], steps: &[Step<'_>]) -> Result<(), Unknown> {
    let mut unknown = Unknown { near: None };
    for root in roots {
        match missing(root, steps) {
            None => return Ok(()),
            Some(found) => unknown.near = unknown.near.or(found.near),
        }
    }
    Err(unknown)
}

fn missing(root: &str, steps: &[Step<'_>]) -> Option<Unknown> {
    let at =
        (1..=steps.len()).find(|length| schema::lookup(root, steps.get(..*length).unwrap_or_default()).is_none())?;
    let (last, parents) = steps.get(..at)?.split_last()?;
    let parent = schema::lookup(root, parents)?;
    if parent.basic() == Some(Basic::Any) {
        return None;
    }
    let near = match last {
        Step::Key(key) => suggest(key, parent.fields().iter().map(|field| field.name)),
        Step::Index(_) => None,
    };
    Some(Unknown { near })
}
