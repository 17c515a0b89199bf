//! From YAML to policies. The unit is one policy, which is one document: one that is wrong gives diagnostics only, and
//! says nothing about the others in its file.

mod edit;
mod exception;
mod expression;
mod globs;
mod header;
mod images;
mod known;
mod matching;
mod pod_security;
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
use crate::document::{Limits, Value, yaml};
use crate::policy::exception::Exception;
use crate::policy::{Policy, digest};
pub use expression::place_in;
use header::Header;
use reader::{Node, Reader};

/// What a file holds.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The policies that can be used, in the order of the file.
    pub policies: Vec<Policy>,
    /// The exceptions that can be used, in the order of the file.
    pub exceptions: Vec<Exception>,
    /// The policies and exceptions that cannot be used: a version of theirs that could stays in force.
    pub refused: Vec<Refused>,
    /// What is wrong with those, and what is worth a warning.
    pub diagnostics: Vec<Diagnostic>,
}

/// A policy or an exception that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its id, if that much could be read.
    pub id: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// What a document holds.
enum Read {
    Policy(Policy),
    Exception(Exception),
}

/// Reads the policies and exceptions of one file. `file` is its name for messages, `text` what it holds: YAML documents or JSON.
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
                if let Some(items) =
                    items(&document).filter(|items| !matches!(items.value, Value::Array(_) | Value::Null))
                {
                    reader.expected("a list", items).help = Some("put `- ` before each of the items".to_owned());
                    loaded.refused.push(Refused { id: None, place: reader.place(items.title()) });
                }
                objects(&document).for_each(|object| policy(&mut reader, object, &mut loaded));
            }
        }
    }
    loaded.diagnostics = reader.diagnostics;
    loaded
}

/// Reads only the exceptions of a file that may hold anything. What cannot be read at all is left to whoever reads the
/// rest.
pub fn exceptions(file: &Arc<str>, text: &str) -> Loaded {
    let mut loaded = Loaded::default();
    // Parsing costs more than looking.
    if !text.contains(header::EXCEPTION) {
        return loaded;
    }
    let arena = Bump::new();
    let mut reader = Reader::new(file, text);
    for document in yaml::documents(&arena, text, &Limits::LIST).flatten() {
        for object in objects(&document).filter(|object| header::is_exception(*object)) {
            policy(&mut reader, object, &mut loaded);
        }
    }
    loaded.diagnostics = reader.diagnostics;
    loaded
}

/// The objects of a document: itself, or the items of a list of policies.
fn objects<'a>(document: &yaml::Document<'a>) -> impl Iterator<Item = Node<'a>> + use<'a> {
    let items = items(document);
    items.into_iter().flat_map(Node::elements).chain(items.is_none().then_some(root(document)))
}

/// What stands where a list of policies has its items.
fn items<'a>(document: &yaml::Document<'a>) -> Option<Node<'a>> {
    let root = root(document);
    root.get("items").filter(|_| header::is_list(root))
}

fn root<'a>(document: &yaml::Document<'a>) -> Node<'a> {
    Node { value: document.root, places: document.places, key: None }
}

fn policy(reader: &mut Reader<'_>, node: Node<'_>, loaded: &mut Loaded) {
    let before = reader.errors();
    let mut id = None;
    let read = header::kind(reader, node).and_then(|kind| {
        reader.object(node, "a policy", &header::DOCUMENT);
        let header = header::read(reader, node, kind);
        id = header.as_ref().map(Header::id);
        // Without its name the rest is still read, for what is wrong in it.
        let header = header.unwrap_or(Header { name: "", namespace: None, kind });
        match kind {
            header::EXCEPTION => exception::read(reader, node, &header).map(Read::Exception),
            _ => spec::read(reader, node, &header, digest::of(node.value)).map(Read::Policy),
        }
    });
    match read.filter(|_| reader.errors() == before) {
        Some(Read::Policy(policy)) => {
            spec::unused(reader, &policy);
            loaded.policies.push(policy);
        }
        Some(Read::Exception(exception)) => loaded.exceptions.push(exception),
        None => loaded.refused.push(Refused { id, place: reader.place(node.title()) }),
    }
}

#[cfg(test)]
mod tests;
