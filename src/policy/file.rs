//! From YAML to policies. The unit is one policy, which is one document: one that is wrong gives diagnostics only, and
//! says nothing about the others in its file.

mod edit;
mod expression;
mod header;
mod images;
mod known;
mod matching;
mod range;
mod reader;
mod require;
mod rule;
mod scalar;
mod selector;
mod sense;
mod spec;
mod values;

use std::sync::Arc;

use bumpalo::Bump;

use crate::diagnostic::{Diagnostic, Place};
use crate::document::{Limits, yaml};
use crate::policy::{Policy, digest};
pub use expression::place_in;
use header::Header;
use reader::{Node, Reader};

/// What a file holds.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The policies that can be used, in the order of the file.
    pub policies: Vec<Policy>,
    /// The policies that cannot be used: a version of theirs that could stays in force.
    pub refused: Vec<Refused>,
    /// What is wrong with those, and what is worth a warning.
    pub diagnostics: Vec<Diagnostic>,
}

/// A policy that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its id, if that much could be read.
    pub id: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// Reads the policies of one file. `file` is its name for messages, `text` what it holds: YAML documents or JSON.
pub fn load(file: &Arc<str>, text: &str) -> Loaded {
    let arena = Bump::new();
    let mut reader = Reader::new(file, text);
    let mut loaded = Loaded::default();
    for document in yaml::documents(&arena, text, &Limits::FILE) {
        match document {
            Err(error) => {
                reader.error(error.span, error.message).help = error.help;
                loaded.refused.push(Refused { id: None, place: reader.place(error.span) });
            }
            Ok(document) => {
                let node = Node { value: document.root, places: document.places, key: None };
                let items = node.get("items").filter(|_| header::is_list(node));
                match items {
                    Some(items) => items.elements().for_each(|item| policy(&mut reader, item, &mut loaded)),
                    None => policy(&mut reader, node, &mut loaded),
                }
            }
        }
    }
    loaded.diagnostics = reader.diagnostics;
    loaded
}

fn policy(reader: &mut Reader<'_>, node: Node<'_>, loaded: &mut Loaded) {
    let before = reader.errors();
    let mut id = None;
    let policy = header::kind(reader, node).and_then(|kind| {
        reader.object(node, "a policy", &header::DOCUMENT);
        let header = header::read(reader, node, kind);
        id = header.as_ref().map(Header::id);
        // Without its name the rest is still read, for what is wrong in it.
        let header = header.unwrap_or(Header { name: "", namespace: None, kind });
        spec::read(reader, node, &header, digest::of(node.value))
    });
    match policy.filter(|_| reader.errors() == before) {
        Some(policy) => {
            spec::unused(reader, &policy);
            loaded.policies.push(policy);
        }
        None => loaded.refused.push(Refused { id, place: reader.place(node.title()) }),
    }
}

#[cfg(test)]
mod tests;
