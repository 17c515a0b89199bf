//! Where a value stands in a tree: as a field path for people, as a JSON pointer for patches.

use std::borrow::Cow;
use std::fmt;

use crate::document::Value;

/// One step down a tree.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step<'a> {
    /// Into the member of this name.
    Key(Cow<'a, str>),
    /// Into the element at this place, counted from 0.
    Index(usize),
}

impl<'a> Step<'a> {
    /// A step into a member.
    pub const fn key(key: &'a str) -> Self {
        Step::Key(Cow::Borrowed(key))
    }

    /// The same step with a borrowed key. Only such a step may go into an arena, which never drops what it holds.
    pub fn borrowed(&self) -> Step<'_> {
        match self {
            Step::Key(key) => Step::key(key),
            Step::Index(index) => Step::Index(*index),
        }
    }

    fn into_owned(self) -> Step<'static> {
        match self {
            Step::Key(key) => Step::Key(Cow::Owned(key.into_owned())),
            Step::Index(index) => Step::Index(index),
        }
    }
}

/// A path from the root of a tree. Printed as Kubernetes writes it: `spec.containers[0].image`,
/// `metadata.annotations[example.com/owner]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path<'a>(Vec<Step<'a>>);

impl<'a> Path<'a> {
    /// The root.
    pub const fn root() -> Self {
        Path(Vec::new())
    }

    /// The root, with room for so many steps.
    pub fn with_capacity(steps: usize) -> Self {
        Path(Vec::with_capacity(steps))
    }

    /// A path of keys.
    pub fn of(keys: &[&'a str]) -> Self {
        Path(keys.iter().map(|key| Step::key(key)).collect())
    }

    /// Reads a path of plain keys with optional indices or bracketed keys, such as `resources.limits.memory`,
    /// `containers[0].image` or `annotations[example.com/owner]`. [`None`] if it is not one.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix('[') {
                let (inside, after) = inner.split_once(']')?;
                if inside.is_empty() {
                    return None;
                }
                steps.push(inside.parse().map_or_else(|_| Step::key(inside), Step::Index));
                rest = after;
                if let Some(after) = rest.strip_prefix('.') {
                    if after.is_empty() {
                        return None;
                    }
                    rest = after;
                }
            } else {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                let (key, after) = rest.split_at_checked(end)?;
                if key.is_empty() || key.contains([']', ' ']) {
                    return None;
                }
                steps.push(Step::key(key));
                rest = after;
                if let Some(after) = rest.strip_prefix('.') {
                    if after.is_empty() || after.starts_with('[') {
                        return None;
                    }
                    rest = after;
                }
            }
        }
        Some(Path(steps))
    }

    /// The steps from the root.
    pub fn steps(&self) -> &[Step<'a>] {
        &self.0
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Goes one step further down.
    pub fn push(&mut self, step: Step<'a>) {
        self.0.push(step);
    }

    /// This path and one key more.
    pub fn key(mut self, key: impl Into<Cow<'a, str>>) -> Self {
        self.0.push(Step::Key(key.into()));
        self
    }

    /// This path and one index more.
    pub fn index(mut self, index: usize) -> Self {
        self.0.push(Step::Index(index));
        self
    }

    /// This path, then `rest`.
    pub fn join(mut self, rest: &'a [Step<'a>]) -> Self {
        self.0.extend(rest.iter().map(Step::borrowed));
        self
    }

    /// The path of the value that holds this one; the root holds itself.
    pub fn parent(mut self) -> Self {
        self.0.pop();
        self
    }

    /// A path that borrows nothing.
    pub fn into_owned(self) -> Path<'static> {
        Path(self.0.into_iter().map(Step::into_owned).collect())
    }

    /// Appends the path as it is displayed.
    pub fn push_to(&self, text: &mut String) {
        self.0.iter().enumerate().for_each(|(depth, step)| push_step(text, step, depth == 0));
    }

    /// The JSON pointer (RFC 6901) of this path.
    pub fn pointer(&self) -> String {
        pointer(&self.0)
    }
}

impl<'a> FromIterator<Step<'a>> for Path<'a> {
    fn from_iter<I: IntoIterator<Item = Step<'a>>>(steps: I) -> Self {
        Path(steps.into_iter().collect())
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(64);
        self.push_to(&mut text);
        f.write_str(&text)
    }
}

/// Appends one step of a path as it is displayed.
pub fn push_step(text: &mut String, step: &Step<'_>, is_first: bool) {
    match step {
        Step::Index(index) => {
            text.push('[');
            push_index(text, *index);
            text.push(']');
        }
        Step::Key(key) if is_bracketed(key) => {
            text.push('[');
            text.push_str(key);
            text.push(']');
        }
        Step::Key(key) => {
            if !is_first {
                text.push('.');
            }
            text.push_str(key);
        }
    }
}

/// The JSON pointer (RFC 6901) of steps from the root.
pub fn pointer(steps: &[Step<'_>]) -> String {
    let mut pointer = String::with_capacity(steps.len() * 12);
    for step in steps {
        pointer.push('/');
        match step {
            Step::Key(key) if key.bytes().any(|byte| matches!(byte, b'~' | b'/')) => {
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Step::Key(key) => pointer.push_str(key),
            Step::Index(index) => push_index(&mut pointer, *index),
        }
    }
    pointer
}

/// Appends an index. Most have one digit, and a text of its own for each would be half the cost of a path.
fn push_index(text: &mut String, index: usize) {
    match u32::try_from(index).ok().and_then(|index| char::from_digit(index, 10)) {
        Some(digit) => text.push(digit),
        None => text.push_str(&index.to_string()),
    }
}

/// Whether a key would be misread without brackets.
fn is_bracketed(key: &str) -> bool {
    key.is_empty() || key.bytes().any(|byte| matches!(byte, b'.' | b'/' | b'[' | b']'))
}

impl<'a> Value<'a> {
    /// The value at a path, `null` included.
    pub fn at(self, steps: &[Step<'_>]) -> Option<Value<'a>> {
        steps.iter().try_fold(self, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::Index(index) => value.elements().get(*index).copied(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_kubernetes_and_as_a_pointer() {
        let path = Path::of(&["spec", "containers"]).index(0).key("env/~x").key("example.com/a");
        assert_eq!(path.to_string(), "spec.containers[0][env/~x][example.com/a]");
        assert_eq!(path.pointer(), "/spec/containers/0/env~1~0x/example.com~1a");
        assert_eq!(Path::root().pointer(), "");
    }

    #[test]
    fn reads_what_it_prints() {
        for text in [
            "",
            "spec",
            "resources.limits.memory",
            "containers[0].image",
            "metadata.annotations[example.com/owner]",
            "a[0][1].b",
        ] {
            let path = Path::parse(text).unwrap();
            assert_eq!(path.to_string(), text);
        }
        for text in [".", "a.", "a..b", ".a", "a[", "a[]", "a]", "a[0].", "a b", "a.[0]"] {
            assert_eq!(Path::parse(text), None, "{text}");
        }
    }
}
