//! Texts of which it is known what they may be.

use std::borrow::Cow;

/// What a text may be: one of the words of a field, or what was written in an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    all: Vec<Cow<'static, str>>,
    /// Whether some of them are all that a field may hold: what nothing else is said of may be a switch of its author.
    of_a_field: bool,
}

impl Words {
    /// More than these are not remembered.
    const MOST: usize = 128;
    /// Bytes of a text that is remembered.
    const LONGEST: usize = 64;

    /// All that a field may hold.
    pub(super) fn of_a_field(all: impl IntoIterator<Item = &'static str>) -> Self {
        Words { all: all.into_iter().map(Cow::Borrowed).collect(), of_a_field: true }
    }

    /// A text as it was written.
    pub(super) fn written(text: &str) -> Option<Self> {
        (text.len() <= Self::LONGEST).then(|| Words { all: vec![Cow::Owned(text.to_owned())], of_a_field: false })
    }

    /// Whether the text is one of them.
    pub fn contains(&self, text: &str) -> bool {
        self.all.iter().any(|word| word == text)
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(AsRef::as_ref)
    }

    /// Whether no text is one of both, where that says something about a field.
    pub(crate) fn are_apart(&self, other: &Words) -> bool {
        (self.of_a_field || other.of_a_field) && !self.iter().any(|word| other.contains(word))
    }

    /// What may be of either; [`None`] if that is too much.
    pub(super) fn union(&self, other: &Words) -> Option<Words> {
        let more = other.all.iter().filter(|word| !self.contains(word)).cloned();
        let all: Vec<_> = self.all.iter().cloned().chain(more).collect();
        (all.len() <= Self::MOST).then_some(Words { all, of_a_field: self.of_a_field || other.of_a_field })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_apart_if_a_field_has_some_of_them_and_none_is_the_same() {
        let policies = Words::of_a_field(["Always", "Never"]);
        let written = |text| Words::written(text).unwrap();
        assert!(policies.are_apart(&written("Alway")));
        assert!(written("Alway").are_apart(&policies));
        assert!(!policies.are_apart(&written("Never")));
        assert!(!written("a").are_apart(&written("b")));
        let or_nothing = policies.union(&written("")).unwrap();
        assert!(or_nothing.are_apart(&written("Alway")));
        assert!(!or_nothing.are_apart(&written("")));
    }

    #[test]
    fn what_is_long_or_one_of_many_is_not_remembered() {
        assert_eq!(Words::written(&"a".repeat(65)), None);
        let many = (0..128).map(|n| Words::written(&n.to_string()).unwrap());
        let many = many.reduce(|all, one| all.union(&one).unwrap()).unwrap();
        assert_eq!(many.union(&Words::written("x").unwrap()), None);
    }
}
