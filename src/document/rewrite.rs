//! Changes to the text of a file, at the places of the values that change and nowhere else: comments, layout, quotes
//! and line ends stay as they are.
//!
//! Nothing is believed. The new text is read again, and must be the old objects with their changes; what cannot be said
//! in the text that way is left, with the reason.

mod brackets;
mod lines;
mod plan;

use std::borrow::Cow;

use bumpalo::Bump;

use crate::document::rewrite::plan::{Planner, Splice};
use crate::document::yaml::{self, Document};
use crate::document::{Limits, Path, Step, Value, edit};

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
    let documents: Result<Vec<_>, _> = yaml::documents(&arena, text, &Limits::FILE).collect();
    let Ok(documents) = documents else { return unchanged(Reason::Unproven) };
    let mut out = String::with_capacity(text.len() + 256);
    let mut left = Vec::new();
    let mut roots = Vec::with_capacity(documents.len());
    let mut copied = 0;
    for document in &documents {
        let own = changes.iter().enumerate().filter(|(_, change)| change.document == document.index);
        let own: Vec<_> = own.collect();
        if own.is_empty() {
            roots.push(document.root);
            continue;
        }
        let of_document = changed(&arena, text, document, &own);
        out.push_str(text.get(copied..document.start).unwrap_or_default());
        out.push_str(&of_document.text);
        copied = document.end;
        left.extend(of_document.left);
        roots.push(of_document.root);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    let known = |change: &Change<'_>| documents.iter().any(|document| document.index == change.document);
    left.extend(changes.iter().enumerate().filter(|(_, change)| !known(change)).map(|(at, _)| (at, Reason::NoPlace)));
    left.sort_unstable_by_key(|(index, _)| *index);
    if holds(&out, &roots) { Rewritten { text: out, left } } else { unchanged(Reason::Unproven) }
}

/// Whether the documents of a file are these.
fn holds(text: &str, roots: &[Value<'_>]) -> bool {
    let arena = Bump::new();
    let mut found = yaml::documents(&arena, text, &Limits::FILE);
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
    let mut left = Vec::new();
    let mut kept = Vec::with_capacity(changes.len());
    let mut root = document.root;
    // By halves, so that a change without a place does not take others with it, and thousands of changes are not planned
    // one by one.
    let mut open = vec![changes];
    while let Some(some) = open.pop() {
        match (wanted(arena, root, some).and_then(|with| planned(text, document, with).map(|_| with)), some) {
            (Ok(with), _) => {
                root = with;
                kept.extend_from_slice(some);
            }
            (Err(reason), [(index, _)]) => left.push((*index, reason)),
            (Err(_), _) => {
                let (first, second) = some.split_at(some.len() / 2);
                open.extend([second, first]);
            }
        }
    }
    let piece = text.get(document.start..document.end).unwrap_or_default();
    let together = planned(text, document, root).ok().map(|splices| applied(piece, document.start, splices));
    if let Some(text) = together.filter(|text| reads_as(text, document.is_json, root)) {
        return Changed { text, root, left };
    }
    let mut changed = Changed { text: piece.to_owned(), root: document.root, left };
    for (index, change) in kept {
        match one_more(arena, &changed, document.is_json, (index, change)) {
            Ok((text, root)) => (changed.text, changed.root) = (text, root),
            Err(reason) => changed.left.push((index, reason)),
        }
    }
    changed
}

/// One change to a document that has some already.
fn one_more<'a>(
    arena: &'a Bump,
    so_far: &Changed<'a>,
    is_json: bool,
    change: (usize, &Change<'_>),
) -> Result<(String, Value<'a>), Reason> {
    let text = alone(&so_far.text, is_json);
    let scratch = Bump::new();
    let document = yaml::documents(&scratch, &text, &Limits::FILE).find_map(Result::ok).ok_or(Reason::Unproven)?;
    let local = wanted(&scratch, document.root, &[change])?;
    let root = wanted(arena, so_far.root, &[change])?;
    let piece = text.get(document.start..document.end).unwrap_or_default();
    let new = applied(piece, document.start, planned(&text, &document, local)?);
    if reads_as(&new, is_json, root) { Ok((new, root)) } else { Err(Reason::Unproven) }
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
