//! Reads a tree strictly: what is not expected is an error at its place, and reading goes on.
//!
//! A `null` is not an absent field here: it is most often a key whose value was forgotten, and leaving it out would
//! make a rule wider than its author meant.

use std::collections::HashMap;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Place, did_you_mean, suggest, words};
use crate::document::{Places, Span, Value};
use crate::policy::fields::described;

/// What is known about one file while it is read.
#[derive(Debug)]
pub(super) struct Reader<'t> {
    file: Arc<str>,
    /// The text of the file.
    pub(super) text: &'t str,
    /// What was found so far.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// How many of those are errors.
    errors: usize,
}

/// A value of the tree with its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'a> {
    /// The value.
    pub(super) value: Value<'a>,
    /// Where it and its parts stand.
    pub(super) places: Places<'a>,
    /// Its key, if it is the member of an object.
    pub(super) key: Option<Span>,
}

/// The names that stand in a list so far.
#[derive(Debug, Default)]
pub(super) struct Names<'a>(HashMap<&'a str, u32>);

impl<'a> Node<'a> {
    /// The member `key`, `null` included.
    pub(super) fn get(self, key: &str) -> Option<Node<'a>> {
        self.members().find(|(name, _)| *name == key).map(|(_, node)| node)
    }

    /// The members of an object; none for anything else.
    pub(super) fn members(self) -> impl Iterator<Item = (&'a str, Node<'a>)> {
        let Places { keys, children, .. } = self.places;
        self.value.members().iter().enumerate().map(move |(index, member)| {
            let places = children.get(index).copied().unwrap_or_default();
            (member.key, Node { value: member.value, places, key: keys.get(index).copied() })
        })
    }

    /// The elements of a list; none for anything else.
    pub(super) fn elements(self) -> impl Iterator<Item = Node<'a>> {
        let children = self.places.children;
        self.value.elements().iter().enumerate().map(move |(index, value)| {
            let places = children.get(index).copied().unwrap_or_default();
            Node { value: *value, places, key: None }
        })
    }

    /// The place to name for all of it: its key, or else the first key in it.
    pub(super) fn title(self) -> Span {
        self.key.or_else(|| self.places.keys.first().copied()).unwrap_or(self.places.value)
    }

    /// The place of the value; a value that was forgotten has that of its key.
    pub(super) fn span(self) -> Span {
        let Span { start, end, .. } = self.places.value;
        self.key.filter(|_| start == end).unwrap_or(self.places.value)
    }
}

impl<'t> Reader<'t> {
    /// A reader of `text`, which is what `file` holds.
    pub(super) fn new(file: &Arc<str>, text: &'t str) -> Self {
        Reader { file: Arc::clone(file), text, diagnostics: Vec::new(), errors: 0 }
    }

    /// A place in the file.
    pub(super) fn place(&self, span: Span) -> Place {
        Place { file: Arc::clone(&self.file), span }
    }

    /// Notes an error and returns it for more words.
    pub(super) fn error(&mut self, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        let place = self.place(span);
        self.note(Diagnostic::error(Some(place), message))
    }

    /// Notes a warning and returns it for more words.
    pub(super) fn warning(&mut self, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        let place = self.place(span);
        self.note(Diagnostic::warning(Some(place), message))
    }

    fn note(&mut self, diagnostic: Diagnostic) -> &mut Diagnostic {
        let index = self.diagnostics.len();
        self.errors += usize::from(diagnostic.is_error());
        self.diagnostics.push(diagnostic);
        // The slice from `index` holds the one that was just pushed.
        #[expect(clippy::indexing_slicing, reason = "the element was pushed in the line before")]
        &mut self.diagnostics[index]
    }

    /// How many errors there are so far.
    pub(super) fn errors(&self) -> usize {
        self.errors
    }

    /// Whether `node` is an object, with no fields but `known`. `what` names it: `a rule`.
    pub(super) fn object(&mut self, node: Node<'_>, what: &str, known: &[&str]) -> bool {
        if !matches!(node.value, Value::Object(_)) {
            self.expected("an object", node);
            return false;
        }
        for (key, member) in node.members().filter(|(key, _)| !known.contains(key)) {
            let help = match suggest(key, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("{what} has {}", words(known, "and")),
            };
            let diagnostic = self.error(member.title(), format!("unknown field `{key}` in {what}"));
            diagnostic.label = Some("unknown field".to_owned());
            diagnostic.help = Some(help);
        }
        true
    }

    /// The member `key`, which must be there.
    pub(super) fn required<'a>(&mut self, object: Node<'a>, what: &str, key: &str) -> Option<Node<'a>> {
        let found = object.get(key);
        if found.is_none() && matches!(object.value, Value::Object(_)) {
            self.error(object.title(), format!("{what} needs `{key}`"));
        }
        found
    }

    /// The text of a string.
    pub(super) fn string<'a>(&mut self, node: Node<'a>) -> Option<&'a str> {
        self.typed(node, "a string", Value::as_str)
    }

    /// The text of a string that is not empty.
    pub(super) fn text<'a>(&mut self, node: Node<'a>) -> Option<&'a str> {
        let text = self.string(node)?;
        if text.trim().is_empty() {
            self.error(node.span(), "expected a string, found an empty one");
            return None;
        }
        Some(text)
    }

    /// The value of an integer.
    pub(super) fn integer(&mut self, node: Node<'_>) -> Option<i64> {
        self.typed(node, "an integer", Value::as_i64)
    }

    /// The value of a boolean.
    pub(super) fn boolean(&mut self, node: Node<'_>) -> Option<bool> {
        self.typed(node, "a boolean", Value::as_bool)
    }

    /// The elements of a list that is not empty and holds at most `most`.
    pub(super) fn list<'a>(&mut self, node: Node<'a>, most: usize) -> Vec<Node<'a>> {
        match node.value {
            Value::Array(elements) if elements.len() > most => {
                self.error(node.title(), format!("a list of {} elements, where {most} can stand", elements.len()));
            }
            Value::Array([]) => {
                self.error(node.span(), "an empty list").help =
                    Some("add an element, or leave the field out".to_owned());
            }
            Value::Array(_) => return node.elements().collect(),
            _ => {
                self.expected("a list", node);
            }
        }
        Vec::new()
    }

    /// One of a few words, as what it stands for.
    pub(super) fn word<T: Copy>(&mut self, node: Node<'_>, known: &[(&str, T)]) -> Option<T> {
        let text = self.string(node)?;
        let found = known.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let candidates: Vec<_> = known.iter().map(|(word, _)| *word).collect();
            self.unknown_word(node, text, &candidates);
        }
        found
    }

    /// Says that `text` is not one of a few words.
    pub(super) fn unknown_word(&mut self, node: Node<'_>, text: &str, known: &[&str]) {
        let help = did_you_mean(suggest(text, known.iter().copied()));
        self.error(node.span(), format!("`{text}` is not {}", words(known, "or"))).help = help;
    }

    /// Whether `name` stands in its list for the first time. `what` says what it names: `rule`.
    pub(super) fn unique<'a>(&mut self, names: &mut Names<'a>, what: &str, name: &'a str, node: Node<'_>) -> bool {
        let line = node.span().line;
        let Some(first) = names.0.get(name).copied() else {
            names.0.insert(name, line);
            return true;
        };
        let message = format!("a second {what} with the name `{name}`");
        self.error(node.span(), message).help = Some(format!("the first one stands in line {first}"));
        false
    }

    /// Says that a value is of the wrong type.
    pub(super) fn expected(&mut self, what: &str, node: Node<'_>) -> &mut Diagnostic {
        let diagnostic = self.error(node.span(), format!("expected {what}, found {}", described(node.value)));
        diagnostic.label = Some(format!("expected {what}"));
        if node.value.is_null() {
            diagnostic.help = Some("give it a value, or leave the field out".to_owned());
        }
        diagnostic
    }

    fn typed<'a, T>(&mut self, node: Node<'a>, what: &str, read: fn(Value<'a>) -> Option<T>) -> Option<T> {
        let found = read(node.value);
        if found.is_none() {
            self.expected(what, node);
        }
        found
    }
}
