//! More members or elements for a collection in brackets, in YAML and in JSON.

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use crate::document::print;
use crate::document::rewrite::plan::Planner;
use crate::document::rewrite::{Reason, lines};
use crate::document::{Member, Places, Span, Value};

/// JSON on one line with a space after each colon and comma.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.begin_array_value(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

impl Planner<'_, '_> {
    /// Puts members, or elements, after the last one of a collection that is not empty. `last` is the key of the last
    /// member, or the last element.
    pub(super) fn add_in_brackets(
        &mut self,
        places: &Places<'_>,
        last: Option<&Span>,
        new: Vec<(Option<&str>, Value<'_>)>,
    ) -> Result<(), Reason> {
        let (Some(last), Some(value)) = (last, places.children.last().map(|child| child.value)) else {
            return Err(Reason::NoPlace);
        };
        // A missing value ends with its colon, if there is one, and that wants a space after it.
        let (end_of_last, gap) = match self.colon(value.end).filter(|_| value.start == value.end) {
            Some(colon) => (colon, " "),
            None => (value.end, ""),
        };
        let own_line = lines::blank_before(self.text, last.start);
        let Some(own) = own_line.filter(|_| self.written(places.value).contains('\n')) else {
            let comma = if self.is_spaced(places) { ", " } else { "," };
            let texts = new.iter().map(|(key, value)| format!("{comma}{}", self.part(places, *key, *value, None)));
            let text: String = texts.collect();
            self.insert(end_of_last, format!("{gap}{text}"));
            return Ok(());
        };
        if own.contains('\t') && !self.document.is_json {
            return Err(Reason::Tabs);
        }
        let opening = lines::before(self.text, places.value.start);
        let opening = opening.get(..opening.len() - opening.trim_start().len()).unwrap_or_default();
        let step = own.strip_prefix(opening).filter(|step| !step.is_empty()).unwrap_or("  ");
        let end = lines::end(self.text, end_of_last);
        let ending = lines::ending(self.text, end);
        let texts = new.iter().map(|(key, value)| {
            let part = self.part(places, *key, *value, Some(step));
            format!("{ending}{own}{}", lines::indented(&part, ending, own))
        });
        let texts: Vec<String> = texts.collect();
        let rest = self.text.get(end_of_last..end).unwrap_or_default().trim();
        let is_over = |rest: &str| rest.is_empty() || rest.starts_with('#');
        if is_over(rest) {
            self.insert(end_of_last, format!("{gap},"));
            self.insert(end, texts.join(","));
        } else if rest.strip_prefix(',').is_some_and(|rest| is_over(rest.trim_start())) {
            self.insert(end, texts.join(",") + ",");
        } else {
            self.insert(end_of_last, format!("{gap},{}", texts.join(",")));
        }
        Ok(())
    }

    fn part(&self, places: &Places<'_>, key: Option<&str>, value: Value<'_>, step: Option<&str>) -> String {
        if !self.document.is_json {
            let Some(key) = key else { return print::flow(value) };
            let member = [Member { key, value }];
            let text = print::flow(Value::Object(&member));
            return text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(&text).to_owned();
        }
        let is_spaced = self.is_spaced(places);
        let colon = if is_spaced { ": " } else { ":" };
        let value = match step {
            Some(step) => formatted(value, PrettyFormatter::with_indent(step.as_bytes())),
            None => json(value, is_spaced),
        };
        key.map_or_else(String::new, |key| Value::String(key).to_string() + colon) + &value
    }

    /// Whether there are spaces after the colons, or where there are none after the commas.
    fn is_spaced(&self, places: &Places<'_>) -> bool {
        if !self.document.is_json {
            return true;
        }
        let after = |at: usize| self.text.get(at..).unwrap_or_default().trim_start().get(1..).unwrap_or_default();
        match (places.keys.first(), places.children.first()) {
            (Some(key), _) => after(key.end).starts_with([' ', '\t', '\n', '\r']),
            (None, Some(first)) if places.children.len() > 1 => {
                after(first.value.end).starts_with([' ', '\t', '\n', '\r'])
            }
            _ => true,
        }
    }
}

/// A value as JSON on one line.
pub(super) fn json(value: Value<'_>, is_spaced: bool) -> String {
    if is_spaced { formatted(value, Spaced) } else { formatted(value, CompactFormatter) }
}

fn formatted(value: Value<'_>, formatter: impl Formatter) -> String {
    let mut out = Vec::new();
    // Writing into memory does not fail.
    let _ = value.serialize(&mut Serializer::with_formatter(&mut out, formatter));
    String::from_utf8(out).unwrap_or_default()
}
