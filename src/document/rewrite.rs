//! Changes to the text of a file, at the places of the values that change and nowhere else: comments, layout, quotes
//! and line ends stay as they are.
//!
//! Nothing is believed. The new text is read again, and must be the old objects with their changes; what cannot be said
//! in the text that way is left, with the reason.

mod brackets;
mod lines;
mod plan;

use std::borrow::Cow;
use std::collections::HashMap;

use bumpalo::Bump;

use crate::document::rewrite::plan::{Planner, Splice};
use crate::document::yaml::{self, Document};
use crate::document::{Limits, Path, Step, Value, edit};

/// How many texts are read that turn out to mean something else, before no more are tried: each is as long as the file.
const PATIENCE: usize = 200;

/// What shall stand at one place of a file.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    /// The place of its document in the file, counted from 0.
    pub document: usize,
    /// From the root of the document. Objects that are missing on the way are made; an index may be that of the place
    /// after the last element.
    pub path: Path<'a>,
    /// What shall stand there.
    pub value: Value<'a>,
}

/// Why a change was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Reason {
    /// An alias is on the way to it, or an anchor that an alias refers to.
    #[error("an alias or its anchor stands there: other places of the file would change too")]
    Shared,
    /// There is a collection that would have to go.
    #[error("what stands there would have to be written anew")]
    Anew,
    /// There is no place for it.
    #[error("the text has no place for it")]
    NoPlace,
    /// Readers of YAML are at odds about tabs.
    #[error("its lines are indented with tabs")]
    Tabs,
    /// The new text would mean something else.
    #[error("the text cannot be changed without changing more than that")]
    Unproven,
}

/// A text with its changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// The whole text of the file.
    pub text: String,
    /// The changes that are not in it, by their index.
    pub left: Vec<(usize, Reason)>,
}

/// The text of a file with `changes`, as many of them as can be made. All are left if a document of the file cannot be
/// read.
pub fn rewritten(text: &str, changes: &[Change<'_>]) -> Rewritten {
    let arena = Bump::new();
    let unchanged =
        |reason| Rewritten { text: text.to_owned(), left: (0..changes.len()).map(|index| (index, reason)).collect() };
    let documents: Result<Vec<_>, _> = yaml::documents(&arena, text, &Limits::LIST).collect();
    let Ok(documents) = documents else { return unchanged(Reason::Unproven) };
    let mut of_documents: HashMap<usize, Vec<(usize, &Change<'_>)>> = HashMap::new();
    for (at, change) in changes.iter().enumerate() {
        of_documents.entry(change.document).or_default().push((at, change));
    }
    let mut out = String::with_capacity(text.len() + 256);
    let mut left = Vec::new();
    let mut roots = Vec::with_capacity(documents.len());
    let mut copied = 0;
    for document in &documents {
        let Some(own) = of_documents.remove(&document.index) else {
            roots.push(document.root);
            continue;
        };
        let of_document = changed(&arena, text, document, &own);
        out.push_str(text.get(copied..document.start).unwrap_or_default());
        out.push_str(&of_document.text);
        copied = document.end;
        left.extend(of_document.left);
        roots.push(of_document.root);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    // Changes to documents that are not there.
    left.extend(of_documents.into_values().flatten().map(|(at, _)| (at, Reason::NoPlace)));
    left.sort_unstable_by_key(|(index, _)| *index);
    if holds(&out, &roots) { Rewritten { text: out, left } } else { unchanged(Reason::Unproven) }
}

/// Whether the documents of a file are these.
fn holds(text: &str, roots: &[Value<'_>]) -> bool {
    let arena = Bump::new();
    let mut found = yaml::documents(&arena, text, &Limits::LIST);
    let is_same = |root: &Value<'_>| found.next().and_then(Result::ok).is_some_and(|found| found.root == *root);
    roots.iter().all(is_same) && found.next().is_none()
}

/// A document with its changes.
struct Changed<'a> {
    text: String,
    root: Value<'a>,
    left: Vec<(usize, Reason)>,
}

fn changed<'a>(arena: &'a Bump, text: &str, document: &Document<'a>, changes: &[(usize, &Change<'_>)]) -> Changed<'a> {
    let at_once = grown(arena, text, document, changes, |_, _| true);
    let reads_as = |text: &str, root| reads_as(text, document.is_json, root);
    if reads_as(&at_once.text, at_once.root) {
        return at_once;
    }
    let mut unproven = 0;
    grown(arena, text, document, changes, |text, root| {
        let is_proven = unproven < PATIENCE && reads_as(text, root);
        unproven += usize::from(!is_proven);
        is_proven
    })
}

/// A document with as many of the changes as have a place and lead to texts that hold. By halves, so that one change
/// without a place does not take others with it, and thousands of changes are not made one by one.
fn grown<'a>(
    arena: &'a Bump,
    text: &str,
    document: &Document<'a>,
    changes: &[(usize, &Change<'_>)],
    mut holds: impl FnMut(&str, Value<'a>) -> bool,
) -> Changed<'a> {
    let piece = text.get(document.start..document.end).unwrap_or_default();
    let mut grown = Changed { text: piece.to_owned(), root: document.root, left: Vec::new() };
    let mut open = vec![changes];
    while let Some(some) = open.pop() {
        let new = wanted(arena, grown.root, some).and_then(|root| {
            let text = applied(piece, document.start, planned(text, document, root)?);
            if holds(&text, root) { Ok((text, root)) } else { Err(Reason::Unproven) }
        });
        match (new, some) {
            (Ok((text, root)), _) => (grown.text, grown.root) = (text, root),
            (Err(reason), [(index, _)]) => grown.left.push((*index, reason)),
            (Err(_), _) => {
                let (first, second) = some.split_at(some.len() / 2);
                open.extend([second, first]);
            }
        }
    }
    grown
}

fn wanted<'a>(arena: &'a Bump, root: Value<'a>, changes: &[(usize, &Change<'_>)]) -> Result<Value<'a>, Reason> {
    let own = changes.iter().map(|(_, change)| {
        let steps = change.path.steps().iter().map(|step| match step {
            Step::Key(key) => Step::key(arena.alloc_str(key)),
            Step::Index(index) => Step::Index(*index),
        });
        (steps.collect(), Value::copied(arena, &change.value.to_json()))
    });
    let own: Vec<(Path<'a>, Value<'a>)> = own.collect();
    let edits: Vec<_> = own.iter().map(|(path, value)| (path.steps(), *value)).collect();
    edit::set_all(arena, root, &edits).map_err(|_| Reason::NoPlace)
}

fn planned(text: &str, document: &Document<'_>, root: Value<'_>) -> Result<Vec<Splice>, Reason> {
    let mut planner = Planner::new(text, document);
    planner.root(root)?;
    Ok(planner.splices())
}

/// A piece of a file that starts at the byte `start` of the file, with what is put into it.
fn applied(piece: &str, start: usize, splices: Vec<Splice>) -> String {
    let mut out = String::with_capacity(piece.len() + 256);
    let mut copied = 0;
    for splice in splices {
        let (from, to) = (splice.start.saturating_sub(start), splice.end.saturating_sub(start));
        out.push_str(piece.get(copied..from).unwrap_or_default());
        out.push_str(&splice.text);
        copied = to;
    }
    out.push_str(piece.get(copied..).unwrap_or_default());
    out
}

/// Whether the text of one document is this tree.
fn reads_as(text: &str, is_json: bool, root: Value<'_>) -> bool {
    holds(&alone(text, is_json), &[root])
}

/// The text of a document as a file of its own, which is read as it was read in its file.
fn alone(text: &str, is_json: bool) -> Cow<'_, str> {
    if is_json { Cow::Borrowed(text) } else { Cow::Owned(format!("---\n{text}")) }
}

#[cfg(test)]
mod tests;
