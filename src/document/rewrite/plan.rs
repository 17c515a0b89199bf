//! What must be put where in the text of a document, so that it says something more.

use crate::document::print::{self, Layout};
use crate::document::rewrite::brackets::json;
use crate::document::rewrite::{Reason, lines};
use crate::document::yaml::Document;
use crate::document::{Member, Places, Span, Value};

/// A piece of the file that another text takes the place of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Splice {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) text: String,
}

/// Where a value stands.
#[derive(Clone, Copy)]
enum Holder {
    /// In an object without brackets whose keys are indented so far.
    Block(Span, usize),
    /// In brackets, under this key.
    Brackets(Span),
    /// In a list without brackets, or nowhere: the root.
    Bare,
}

/// Walks over a document as it is and as it shall be.
pub(super) struct Planner<'t, 'a> {
    pub(super) text: &'t str,
    pub(super) document: &'t Document<'a>,
    layout: Option<Layout>,
    splices: Vec<Splice>,
}

impl<'t, 'a> Planner<'t, 'a> {
    /// `text` is that of the whole file.
    pub(super) fn new(text: &'t str, document: &'t Document<'a>) -> Self {
        Planner { text, document, layout: None, splices: Vec::new() }
    }

    /// In the order of the text.
    pub(super) fn splices(mut self) -> Vec<Splice> {
        // What is put at the same place stays in its order: the inner before the outer.
        self.splices.sort_by_key(|splice| splice.start);
        self.splices
    }

    /// Plans for the whole document.
    pub(super) fn root(&mut self, after: Value<'_>) -> Result<(), Reason> {
        self.value(self.document.root, &self.document.places, after, Holder::Bare)
    }

    fn value(
        &mut self,
        before: Value<'_>,
        places: &Places<'_>,
        after: Value<'_>,
        holder: Holder,
    ) -> Result<(), Reason> {
        if before == after {
            return Ok(());
        }
        if self.is_shared(places.value) {
            return Err(Reason::Shared);
        }
        match (before, after) {
            (Value::Object([_, ..]), Value::Object(_)) => self.object(before, places, after),
            (Value::Array([_, ..]), Value::Array(_)) => self.array(before, places, after),
            (Value::Null, _) if places.value.start == places.value.end => self.missing(after, holder),
            _ => {
                let written = self.written(places.value);
                let inside = written.get(1..written.len().saturating_sub(1)).unwrap_or_default();
                if matches!(before, Value::Object(_) | Value::Array(_)) && !inside.trim().is_empty() {
                    return Err(Reason::Anew);
                }
                let text = self.in_place(written, after, holder);
                self.replace(places.value, text);
                Ok(())
            }
        }
    }

    fn object(&mut self, before: Value<'_>, places: &Places<'_>, after: Value<'_>) -> Result<(), Reason> {
        let in_brackets = self.is_in_brackets(places, places.keys.first());
        let indent = if in_brackets { None } else { Some(self.indent(places)?) };
        for (index, (member, own)) in before.members().iter().zip(places.children).enumerate() {
            let new = after.get(member.key).ok_or(Reason::Anew)?;
            let key = places.keys.get(index).copied().unwrap_or_default();
            let holder = indent.map_or(Holder::Brackets(key), |indent| Holder::Block(key, indent));
            self.value(member.value, own, new, holder)?;
        }
        let new = after.members().iter().filter(|member| before.get(member.key).is_none());
        let new: Vec<Member<'_>> = new.copied().collect();
        match indent {
            _ if new.is_empty() => Ok(()),
            Some(indent) => {
                let text = print::lines(Value::Object(&new), indent, self.layout());
                self.below(self.end_of(before, places), indent, &text);
                Ok(())
            }
            None => {
                let texts = new.iter().map(|member| (Some(member.key), member.value)).collect();
                self.add_in_brackets(places, places.keys.last(), texts)
            }
        }
    }

    fn array(&mut self, before: Value<'_>, places: &Places<'_>, after: Value<'_>) -> Result<(), Reason> {
        let (old, new) = (before.elements(), after.elements());
        if new.len() < old.len() {
            return Err(Reason::Anew);
        }
        let first = places.children.first().map(|child| child.value);
        let in_brackets = self.is_in_brackets(places, first.as_ref());
        for ((before, own), after) in old.iter().zip(places.children).zip(new) {
            let holder = if in_brackets { Holder::Brackets(Span::default()) } else { Holder::Bare };
            self.value(*before, own, *after, holder)?;
        }
        let new = new.get(old.len()..).unwrap_or_default();
        if new.is_empty() {
            return Ok(());
        }
        if in_brackets {
            let last = places.children.last().map(|child| child.value);
            return self.add_in_brackets(places, last.as_ref(), new.iter().map(|value| (None, *value)).collect());
        }
        let indent = self.dash(places)?;
        let text = print::lines(Value::Array(new), indent, self.layout());
        self.below(self.end_of(before, places), indent, &text);
        Ok(())
    }

    /// A key without a value gets one.
    fn missing(&mut self, after: Value<'_>, holder: Holder) -> Result<(), Reason> {
        let key = match holder {
            Holder::Block(key, _) | Holder::Brackets(key) => key,
            Holder::Bare => return Err(Reason::NoPlace),
        };
        let colon = match (self.colon(key.end), holder) {
            (Some(colon), _) => colon,
            // In braces a key can stand alone.
            (None, Holder::Brackets(_)) if key.end > 0 => {
                self.insert(key.end, format!(": {}", self.in_place("", after, holder)));
                return Ok(());
            }
            _ => return Err(Reason::NoPlace),
        };
        let inner = match (holder, after) {
            (Holder::Block(_, indent), Value::Object([_, ..])) => indent + self.layout().step,
            (Holder::Block(_, indent), Value::Array([_, ..])) => indent + self.layout().list,
            _ => {
                let text = format!(" {}", self.in_place("", after, holder));
                self.insert(colon, text);
                return Ok(());
            }
        };
        let text = print::lines(after, inner, self.layout());
        self.below(colon, inner, &text);
        Ok(())
    }

    /// The byte after the colon of the key that ends at the byte `end`.
    pub(super) fn colon(&self, end: usize) -> Option<usize> {
        let rest = self.text.get(end..)?;
        let after = rest.trim_start_matches(' ').strip_prefix(':')?;
        (end > 0).then_some(self.text.len() - after.len())
    }

    /// A value on one line, in the style of what it takes the place of.
    fn in_place(&self, written: &str, after: Value<'_>, holder: Holder) -> String {
        let text = after.as_str();
        let single = |text: &str| format!("'{}'", text.replace('\'', "''"));
        match (written.chars().next(), text) {
            _ if self.document.is_json => json(after, true),
            (Some('"'), Some(text)) => print::quoted(text),
            (Some('\''), Some(text)) if text.chars().all(print::is_visible) => single(text),
            _ if matches!(holder, Holder::Brackets(_)) => print::flow(after),
            (_, Some(_)) => print::scalar(after),
            _ => print::flow(after),
        }
    }

    /// Puts lines below the one in which the byte `at` stands.
    fn below(&mut self, at: usize, indent: usize, text: &str) {
        let end = lines::end(self.text, at);
        let ending = lines::ending(self.text, end);
        self.insert(end, format!("{ending}{}{}", " ".repeat(indent), lines::indented(text, ending, "")));
    }

    pub(super) fn insert(&mut self, at: usize, text: String) {
        self.splices.push(Splice { start: at, end: at, text });
    }

    fn replace(&mut self, span: Span, text: String) {
        self.splices.push(Splice { start: span.start, end: span.end, text });
    }

    pub(super) fn written(&self, span: Span) -> &'t str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// Whether a value is an alias, or one that an alias stands for. Nothing else that is written without quotes starts
    /// with an asterisk.
    fn is_shared(&self, span: Span) -> bool {
        let written = self.written(span);
        let is_alias = written.starts_with('*') && !written.contains([' ', '\n']);
        is_alias || self.document.aliased.iter().any(|aliased| (aliased.start, aliased.end) == (span.start, span.end))
    }

    /// Whether a collection that is not empty has brackets: then it starts before its first part.
    fn is_in_brackets(&self, places: &Places<'_>, first: Option<&Span>) -> bool {
        self.written(places.value).starts_with(['{', '['])
            && first.is_some_and(|first| first.start > places.value.start)
    }

    /// Spaces before the keys of an object without brackets.
    fn indent(&self, places: &Places<'_>) -> Result<usize, Reason> {
        let before = |key: &Span| lines::before(self.text, key.start);
        let own_line = places.keys.iter().map(before).find(|before| lines::is_spaces(before));
        let after_dash = || places.keys.first().map(before).filter(|before| before.trim_matches([' ', '-']).is_empty());
        own_line.or_else(after_dash).map(str::len).ok_or(Reason::NoPlace)
    }

    /// Spaces before the dashes of a list without brackets.
    fn dash(&self, places: &Places<'_>) -> Result<usize, Reason> {
        let of_child = |child: &Places<'_>| {
            let mut before = lines::before(self.text, child.value.start);
            let mut start = child.value.start;
            // The dash may stand on a line before.
            while before.trim().is_empty() || before.trim_start().starts_with('#') {
                start = start.checked_sub(before.len() + 1).filter(|start| *start > self.document.start)?;
                before = lines::before(self.text, start);
            }
            let own = |before: &'t str| before.trim_end().strip_suffix('-');
            // The dashes of lists inside it may stand on the same line.
            (0..self.dashes(child)).try_fold(own(before)?, |before, _| own(before))
        };
        let mut all = places.children.iter().map_while(of_child);
        let first = all.next().ok_or(Reason::NoPlace)?;
        let own_line = [first].into_iter().chain(all).find(|before| lines::is_spaces(before));
        let nested = || Some(first).filter(|before| before.trim_matches([' ', '-']).is_empty());
        own_line.or_else(nested).map(str::len).ok_or(Reason::NoPlace)
    }

    /// Lists without brackets that start where this value starts.
    fn dashes(&self, places: &Places<'_>) -> usize {
        let first = places.children.first().filter(|_| places.keys.is_empty() && !self.is_shared(places.value));
        match first.filter(|first| !self.is_in_brackets(places, Some(&first.value))) {
            Some(first) => 1 + self.dashes(first),
            None => 0,
        }
    }

    /// The last byte of what a value says, with the blank lines that are part of a text.
    fn end_of(&self, value: Value<'_>, places: &Places<'_>) -> usize {
        let last = match value {
            Value::Object(members) => members.last().map(|member| member.value).zip(places.keys.first().copied()),
            Value::Array(elements) => elements.last().copied().zip(places.children.first().map(|child| child.value)),
            _ => None,
        };
        if let (Some((value, first)), Some(last)) = (last, places.children.last())
            && !self.is_in_brackets(places, Some(&first))
            && !self.is_shared(places.value)
        {
            return self.end_of(value, last);
        }
        let written = self.written(places.value);
        let header = written.split('\n').next().unwrap_or_default();
        if header.starts_with(['|', '>']) && header.split('#').next().is_some_and(|header| header.contains('+')) {
            return lines::end_of_blank(self.text, places.value.end);
        }
        places.value.end
    }

    /// How this document is laid out; as kubectl prints where it does not show.
    fn layout(&mut self) -> Layout {
        if let Some(layout) = self.layout {
            return layout;
        }
        let (mut step, mut list) = (None, None);
        self.look(self.document.root, &self.document.places, &mut step, &mut list);
        let layout = Layout { step: step.unwrap_or(Layout::KUBECTL.step), list: list.unwrap_or(Layout::KUBECTL.list) };
        self.layout = Some(layout);
        layout
    }

    fn look(&self, value: Value<'_>, places: &Places<'_>, step: &mut Option<usize>, list: &mut Option<usize>) {
        if self.is_shared(places.value) || step.is_some() && list.is_some() {
            return;
        }
        let outer = match value {
            Value::Object([_, ..]) if !self.is_in_brackets(places, places.keys.first()) => self.indent(places).ok(),
            _ => None,
        };
        let values = value.members().iter().map(|member| member.value).chain(value.elements().iter().copied());
        for (value, places) in values.zip(places.children) {
            let first = places.children.first().map(|child| child.value);
            let inner = match value {
                Value::Object([_, ..]) if !self.is_in_brackets(places, places.keys.first()) => {
                    self.indent(places).ok().map(|inner| (inner, &mut *step))
                }
                Value::Array([_, ..]) if !self.is_in_brackets(places, first.as_ref()) => {
                    self.dash(places).ok().map(|inner| (inner, &mut *list))
                }
                _ => None,
            };
            if let (Some(outer), Some((inner, found))) = (outer, inner) {
                found.get_or_insert(inner.saturating_sub(outer));
            }
            self.look(value, places, step, list);
        }
    }
}
