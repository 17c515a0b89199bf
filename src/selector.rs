//! Label selectors, with the meaning that Kubernetes gives them.
//!
//! This follows LabelSelector of `k8s.io/apimachinery`: all requirements must hold, a selector without any matches
//! everything, and `NotIn` and `DoesNotExist` also match where the label is missing. Keys, operators and values are checked
//! when a requirement is made, so that a misspelled one is an error at load and not a selector that matches nothing.

use std::fmt;

use crate::document::Value;

mod label;

pub use label::{LONGEST_LABEL, valid_dns_label, valid_dns_subdomain, valid_label_key, valid_label_value};

/// Requirements that must all hold. The default has none and matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    requirements: Vec<Requirement>,
}

/// What is asked of one label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

/// How a label is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// The label is there and has one of the values.
    In,
    /// The label is not there, or has none of the values.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is not there.
    DoesNotExist,
}

/// Why something is no requirement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No label can have this key.
    #[error(
        "`{0}` is not a label key: at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends, perhaps behind a DNS name and `/`"
    )]
    Key(String),
    /// No label can have this value.
    #[error(
        "`{value}` is not a value for label `{key}`: at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends"
    )]
    Value {
        /// The key of the label.
        key: String,
        /// Its value.
        value: String,
    },
    /// The operator compares with values, and there are none.
    #[error("operator `{operator}` for label `{key}` needs at least one value")]
    NoValues {
        /// The key of the label.
        key: String,
        /// `In` or `NotIn`.
        operator: Operator,
    },
    /// The operator compares with nothing, and there are values.
    #[error("operator `{operator}` for label `{key}` takes no values")]
    Values {
        /// The key of the label.
        key: String,
        /// `Exists` or `DoesNotExist`.
        operator: Operator,
    },
}

impl Selector {
    /// A selector by its requirements, those of `matchLabels` and of `matchExpressions` alike.
    pub fn new(requirements: Vec<Requirement>) -> Self {
        Self { requirements }
    }

    /// What must hold.
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    /// A label that must have one certain value, if the selector asks for such a label.
    pub fn equality(&self) -> Option<(&str, &str)> {
        self.requirements.iter().find_map(|requirement| match (requirement.operator, requirement.values.as_slice()) {
            (Operator::In, [value]) => Some((requirement.key.as_str(), value.as_str())),
            _ => None,
        })
    }

    /// Whether no labels match both, as far as single labels tell.
    pub fn excludes(&self, other: &Selector) -> bool {
        self.requirements.iter().any(|own| other.requirements.iter().any(|other| own.excludes(other)))
    }

    /// Whether all requirements hold for `labels`, an object of strings. Anything but an object has no labels.
    pub fn matches(&self, labels: Value<'_>) -> bool {
        self.requirements.iter().all(|requirement| requirement.matches(labels))
    }
}

impl Requirement {
    /// An entry of `matchExpressions`.
    ///
    /// # Errors
    ///
    /// For a key or value that no label can have, and for values where there must be none or none where there must be
    /// some.
    pub fn new(key: &str, operator: Operator, values: &[&str]) -> Result<Self, Error> {
        if !valid_label_key(key) {
            return Err(Error::Key(key.to_owned()));
        }
        let key = key.to_owned();
        match operator {
            Operator::In | Operator::NotIn if values.is_empty() => return Err(Error::NoValues { key, operator }),
            Operator::Exists | Operator::DoesNotExist if !values.is_empty() => {
                return Err(Error::Values { key, operator });
            }
            _ => {}
        }
        if let Some(value) = values.iter().find(|value| !valid_label_value(value)) {
            return Err(Error::Value { key, value: (*value).to_owned() });
        }
        Ok(Self { key, operator, values: values.iter().map(|value| (*value).to_owned()).collect() })
    }

    /// An entry of `matchLabels`.
    ///
    /// # Errors
    ///
    /// For a key or value that no label can have.
    pub fn equals(key: &str, value: &str) -> Result<Self, Error> {
        Self::new(key, Operator::In, &[value])
    }

    /// Whether no value of the label satisfies both.
    fn excludes(&self, other: &Requirement) -> bool {
        let all_in = |a: &Requirement, b: &Requirement| a.values.iter().all(|value| b.values.contains(value));
        self.key == other.key
            && match (self.operator, other.operator) {
                (Operator::In, Operator::In) => !self.values.iter().any(|value| other.values.contains(value)),
                (Operator::In, Operator::NotIn) => all_in(self, other),
                (Operator::NotIn, Operator::In) => all_in(other, self),
                (Operator::In | Operator::Exists, Operator::DoesNotExist)
                | (Operator::DoesNotExist, Operator::In | Operator::Exists) => true,
                _ => false,
            }
    }

    /// Whether it holds for `labels`, an object of strings. A `null` is an empty value, as it is for the API server; a
    /// value of another type equals none.
    pub fn matches(&self, labels: Value<'_>) -> bool {
        let label = labels.get(&self.key);
        let has_value = || {
            let label = if label.is_some_and(Value::is_null) { Some("") } else { label.and_then(Value::as_str) };
            label.is_some_and(|label| self.values.iter().any(|value| value == label))
        };
        match self.operator {
            Operator::In => has_value(),
            Operator::NotIn => !has_value(),
            Operator::Exists => label.is_some(),
            Operator::DoesNotExist => label.is_none(),
        }
    }
}

impl Operator {
    /// The name, as the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::In => "In",
            Self::NotIn => "NotIn",
            Self::Exists => "Exists",
            Self::DoesNotExist => "DoesNotExist",
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use super::*;
    use crate::document::{Limits, json};

    fn requirement(key: &str, operator: Operator, values: &[&str]) -> Requirement {
        Requirement::new(key, operator, values).unwrap_or_else(|error| panic!("{error}"))
    }

    fn matches(selector: &Selector, labels: &str) -> bool {
        let arena = Bump::new();
        selector.matches(json::parse(&arena, labels.as_bytes(), &Limits::default()).unwrap())
    }

    #[test]
    fn a_requirement_holds_or_not() {
        let (missing, empty, other, same) =
            (r#"{"b":"x"}"#, r#"{"a":""}"#, r#"{"a":"y","b":"x"}"#, r#"{"b":"y","a":"x"}"#);
        let (null, number) = (r#"{"a":null}"#, r#"{"a":1}"#);
        for (operator, values, holds) in [
            (Operator::In, &["x"] as &[_], [false, false, false, true, false, false]),
            (Operator::In, &["z", "x", "y"], [false, false, true, true, false, false]),
            (Operator::In, &[""], [false, true, false, false, true, false]),
            (Operator::In, &["1"], [false; 6]),
            (Operator::NotIn, &["x"], [true, true, true, false, true, true]),
            (Operator::NotIn, &["", "x"], [true, false, true, false, false, true]),
            (Operator::Exists, &[], [false, true, true, true, true, true]),
            (Operator::DoesNotExist, &[], [true, false, false, false, false, false]),
        ] {
            let selector = Selector::new(vec![requirement("a", operator, values)]);
            let held = [missing, empty, other, same, null, number].map(|labels| matches(&selector, labels));
            assert_eq!(held, holds, "{operator} {values:?}");
        }
    }

    #[test]
    fn all_requirements_must_hold() {
        let selector = Selector::new(vec![
            Requirement::equals("app", "web").unwrap(),
            requirement("tier", Operator::NotIn, &["system"]),
        ]);
        for (labels, matched) in [
            (r#"{"app":"web"}"#, true),
            (r#"{"app":"web","tier":"front"}"#, true),
            (r#"{"app":"web","tier":"system"}"#, false),
            (r#"{"app":"Web"}"#, false),
            (r#"{"tier":"front"}"#, false),
            ("{}", false),
            ("null", false),
        ] {
            assert_eq!(matches(&selector, labels), matched, "{labels}");
        }
    }

    #[test]
    fn a_selector_without_requirements_matches_everything() {
        for labels in ["{}", "null", r#"{"a":"b"}"#] {
            assert!(matches(&Selector::default(), labels), "{labels}");
        }
        assert!(!matches(&Selector::new(vec![requirement("a", Operator::Exists, &[])]), "null"));
    }

    #[test]
    fn refuses_what_can_match_nothing_or_means_nothing() {
        let (key, value) = ("a".to_owned(), "x y".to_owned());
        for (requirement, error) in [
            (("", Operator::Exists, &[] as &[_]), Error::Key(String::new())),
            (("a b", Operator::Exists, &[]), Error::Key("a b".to_owned())),
            (("a", Operator::In, &[]), Error::NoValues { key: key.clone(), operator: Operator::In }),
            (("a", Operator::NotIn, &[]), Error::NoValues { key: key.clone(), operator: Operator::NotIn }),
            (("a", Operator::Exists, &["x"]), Error::Values { key: key.clone(), operator: Operator::Exists }),
            (
                ("a", Operator::DoesNotExist, &[""]),
                Error::Values { key: key.clone(), operator: Operator::DoesNotExist },
            ),
            (("a", Operator::In, &["x", "x y"]), Error::Value { key, value }),
        ] {
            let (key, operator, values) = requirement;
            assert_eq!(Requirement::new(key, operator, values), Err(error), "{key} {operator}");
        }
        assert!(Requirement::equals("a/b/c", "x").is_err());
        assert!(Requirement::equals("a", "-x").is_err());
    }

    #[test]
    fn says_what_is_wrong() {
        for (requirement, message) in [
            (("a", Operator::In, &[] as &[_]), "operator `In` for label `a` needs at least one value"),
            (("a", Operator::Exists, &["x"]), "operator `Exists` for label `a` takes no values"),
        ] {
            let (key, operator, values) = requirement;
            assert_eq!(Requirement::new(key, operator, values).unwrap_err().to_string(), message);
        }
    }
}
