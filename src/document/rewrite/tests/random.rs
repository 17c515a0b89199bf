//! Texts and changes at random: the new text says what was asked for, and its other lines are the old ones.

use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};
use similar::{ChangeTag, TextDiff};

use super::*;

/// Draws from one number.
struct Random(u64);

impl Random {
    /// Below `bound`.
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % bound
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn one_of<'s>(&mut self, texts: &[&'s str]) -> &'s str {
        texts[self.below(texts.len())]
    }

    fn scalar(&mut self) -> Json {
        match self.below(6) {
            0 => json!(self.below(1000)),
            1 => json!(self.once_in(2)),
            2 => Json::Null,
            3 => json!("first\nsecond\n"),
            _ => {
                json!(self.one_of(&["", "web", "a: b", "x, [y]", "yes", "it's", "# c", "100m", "é 😀", "- d", "a\"b"]))
            }
        }
    }

    fn tree(&mut self, depth: usize) -> Json {
        let length = 1 + self.below(3);
        match self.below(if depth == 0 { 1 } else { 5 }) {
            0 => self.scalar(),
            1 => Json::Array((0..self.below(4)).map(|_| self.tree(depth - 1)).collect()),
            2 if self.once_in(4) => json!({}),
            _ => self.object(depth, length),
        }
    }

    fn object(&mut self, depth: usize, length: usize) -> Json {
        let keys = ["name", "image", "resources", "a/b", "x: y", "é", "requests", "env", "args"];
        let members: Map<_, _> = (0..length).map(|_| (self.one_of(&keys).to_owned(), self.tree(depth - 1))).collect();
        Json::Object(members)
    }
}

/// Writes trees as nobody's printer would.
struct Writer {
    random: Random,
    step: usize,
    list: usize,
    out: String,
}

impl Writer {
    /// A new line, perhaps after a comment or an empty one.
    fn line(&mut self, indent: usize) {
        if self.random.once_in(8) {
            self.out.push_str("  # aside");
        }
        self.out.push('\n');
        if self.random.once_in(12) {
            let extra = self.random.below(3);
            self.out.push_str(&format!("{}# for: what [comes\n", " ".repeat(indent + extra)));
        }
        if self.random.once_in(12) {
            self.out.push('\n');
        }
        self.out.push_str(&" ".repeat(indent));
    }

    fn text(&mut self, text: &str, in_brackets: bool) {
        let bare = if in_brackets { crate::document::print::flow } else { crate::document::print::scalar };
        match self.random.below(4) {
            0 => self.out.push_str(&Json::from(text).to_string()),
            1 if !text.contains('\n') => self.out.push_str(&format!("'{}'", text.replace('\'', "''"))),
            _ => self.out.push_str(&bare(Value::String(text))),
        }
    }

    fn block(&mut self, value: &Json, indent: usize) {
        match value {
            Json::Object(members) => {
                for (index, (key, value)) in members.iter().enumerate() {
                    if index > 0 {
                        self.line(indent);
                    }
                    self.text(key, false);
                    self.out.push(':');
                    match value {
                        Json::Object(inner) if !inner.is_empty() && !self.random.once_in(3) => {
                            self.line(indent + self.step);
                            self.block(value, indent + self.step);
                        }
                        Json::Array(inner) if !inner.is_empty() && !self.random.once_in(3) => {
                            self.line(indent + self.list);
                            self.block(value, indent + self.list);
                        }
                        Json::Null if self.random.once_in(2) => {}
                        _ => self.leaf(value, indent),
                    }
                }
            }
            _ => {
                for (index, value) in value.as_array().unwrap().iter().enumerate() {
                    if index > 0 {
                        self.line(indent);
                    }
                    self.out.push('-');
                    match value {
                        Json::Object(inner) if !inner.is_empty() && !self.random.once_in(3) => {
                            self.out.push_str("   ");
                            self.block(value, indent + 4);
                        }
                        Json::Array(inner) if !inner.is_empty() && self.random.once_in(2) => {
                            self.out.push(' ');
                            self.block(value, indent + 2);
                        }
                        _ => self.leaf(value, indent),
                    }
                }
            }
        }
    }

    fn leaf(&mut self, value: &Json, indent: usize) {
        self.out.push_str(if self.random.once_in(5) { "  " } else { " " });
        match value.as_str() {
            Some(text) if text.ends_with('\n') && self.random.once_in(2) => {
                let lines = text.trim_end().replace('\n', &format!("\n{}", " ".repeat(indent + 3)));
                let header = if self.random.once_in(2) { "|" } else { "|+" };
                self.out.push_str(&format!("{header}\n{}{lines}", " ".repeat(indent + 3)));
                // A comment after the text would be a part of it.
                self.out.push_str(if self.random.once_in(3) && header == "|" { "\n" } else { "" });
            }
            _ => self.brackets(value, indent + 2),
        }
    }

    fn brackets(&mut self, value: &Json, indent: usize) {
        let is_wide = self.random.once_in(3);
        let separate = |writer: &mut Self, index: usize| {
            writer.out.push_str(if index > 0 { "," } else { "" });
            if is_wide {
                writer.line(indent);
            } else if index > 0 {
                writer.out.push(' ');
            }
        };
        match value {
            Json::Object(members) => {
                self.out.push('{');
                for (index, (key, value)) in members.iter().enumerate() {
                    separate(self, index);
                    self.text(key, true);
                    match (value, self.random.below(4)) {
                        (Json::Null, 0) => {}
                        (Json::Null, 1) => self.out.push_str(": "),
                        _ => {
                            self.out.push_str(": ");
                            self.brackets(value, indent + 2);
                        }
                    }
                }
                self.close(is_wide && !members.is_empty(), indent, '}');
            }
            Json::Array(elements) => {
                self.out.push('[');
                for (index, value) in elements.iter().enumerate() {
                    separate(self, index);
                    self.brackets(value, indent + 2);
                }
                self.close(is_wide && !elements.is_empty(), indent, ']');
            }
            Json::String(text) => self.text(text, true),
            _ => self.out.push_str(&value.to_string()),
        }
    }

    fn close(&mut self, is_wide: bool, indent: usize, bracket: char) {
        if self.random.once_in(8) {
            self.out.push(' ');
        }
        if is_wide && self.random.once_in(4) {
            self.out.push(',');
        }
        if is_wide {
            self.line(indent);
        }
        self.out.push(bracket);
    }
}

/// A file of up to three documents.
fn file(seed: u64) -> (String, Random) {
    let mut random = Random(seed | 1);
    let list = random.below(2) * 2;
    let mut writer = Writer { step: 1 + random.below(4), list, out: String::new(), random };
    for index in 0..1 + writer.random.below(3) {
        writer.out.push_str(if index > 0 { "\n--- # next\n" } else { "" });
        let length = 1 + writer.random.below(4);
        let tree = writer.random.object(5, length);
        writer.block(&tree, 0);
    }
    let Writer { mut out, mut random, .. } = writer;
    out.push_str(random.one_of(&["", "\n", "\n# end\n", "\n\n\n"]));
    let out = if random.once_in(4) { out.replace('\n', "\r\n") } else { out };
    (if random.once_in(6) { format!("\u{feff}{out}") } else { out }, random)
}

/// A change that has a place in the tree, and whether it only adds.
fn step_down<'a>(arena: &'a Bump, random: &mut Random, root: Value<'a>) -> (Path<'a>, Value<'a>, bool) {
    let (mut path, mut value) = (Path::root(), root);
    let new = Value::copied(arena, &random.tree(2));
    loop {
        let stops = random.once_in(3);
        match value {
            Value::Object([_, ..]) if stops => return (path.key("fresh"), new, true),
            Value::Array([_, ..]) if stops => return (path.index(value.elements().len()), new, true),
            Value::Object(members @ [_, ..]) => {
                let member = members[random.below(members.len())];
                (path, value) = (path.key(member.key), member.value);
            }
            Value::Array(elements @ [_, ..]) => {
                let index = random.below(elements.len());
                (path, value) = (path.index(index), elements[index]);
            }
            _ => {
                let is_in_list = matches!(path.steps().last(), Some(Step::Index(_)));
                let new = if is_in_list && value.is_null() { value } else { Value::copied(arena, &random.scalar()) };
                return (path, new, false);
            }
        }
    }
}

fn is_subsequence(part: &str, whole: &str) -> bool {
    let mut whole = whole.chars();
    part.chars().all(|char| whole.any(|other| other == char))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_new_text_says_what_was_asked_for_and_nothing_else_changes(seed in any::<u64>()) {
        let (text, mut random) = file(seed);
        let arena = Bump::new();
        let documents: Vec<_> =
            yaml::documents(&arena, &text, &Limits::FILE).collect::<Result<_, _>>().map_err(|error| {
                TestCaseError::fail(format!("{error} in\n{text}"))
            })?;
        let mut roots: Vec<_> = documents.iter().map(|document| document.root).collect();
        let mut changes = Vec::new();
        let mut may_go = 0;
        let mut only_adds = true;
        for _ in 0..1 + random.below(4) {
            let at = random.below(roots.len());
            let (path, value, adds) = step_down(&arena, &mut random, roots[at]);
            let path = path.into_owned();
            roots[at] = edit::set(&arena, roots[at], path.steps(), value).unwrap();
            changes.push(Change { document: documents[at].index, path, value });
            only_adds &= adds;
            // The text of two lines with its header is the longest.
            may_go += if adds { 1 } else { 3 };
        }
        let rewritten = rewritten(&text, &changes);
        prop_assert_eq!(&rewritten.left, &[], "{}\n{:#?}", text, changes);
        prop_assert!(holds(&rewritten.text, &roots), "{}\n{:#?}\n{}", text, changes, rewritten.text);
        let diff = TextDiff::from_lines(&text, &rewritten.text);
        // The last line of a file counts as another once a line follows it.
        let gone = diff.iter_all_changes().filter(|change| change.tag() == ChangeTag::Delete && !change.missing_newline());
        prop_assert!(gone.count() <= may_go, "{}\n{}", text, rewritten.text);
        prop_assert!(!only_adds || is_subsequence(&text, &rewritten.text), "{}\n{}", text, rewritten.text);
        if let [_] = changes.as_slice() {
            prop_assert_eq!(super::rewritten(&rewritten.text, &changes).text, rewritten.text);
        }
    }
}
