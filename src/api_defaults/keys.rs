//! The keys of an object, to ask for many of them: whoever writes a list of thousands of resources must not make each
//! question a walk through all of them.

use std::collections::HashSet;

use crate::document::{Member, Value};

/// So many are looked through faster than a set is made of them.
pub(super) const FEW: usize = 16;

/// The keys of one object.
#[derive(Debug)]
pub(super) enum Keys<'a> {
    Few(&'a [Member<'a>]),
    Many(HashSet<&'a str>),
}

impl<'a> Keys<'a> {
    /// Those of an object; none of anything else.
    pub(super) fn of(object: Value<'a>) -> Self {
        match object.members() {
            few if few.len() <= FEW => Keys::Few(few),
            many => Keys::Many(many.iter().map(|member| member.key).collect()),
        }
    }

    /// Whether `key` is one of them.
    pub(super) fn has(&self, key: &str) -> bool {
        match self {
            Keys::Few(members) => members.iter().any(|member| member.key == key),
            Keys::Many(keys) => keys.contains(key),
        }
    }
}
