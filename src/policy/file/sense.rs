//! Values of one rule that make no sense together.

use std::collections::HashMap;

use serde_json::json;

use crate::document::{Path, Step};
use crate::policy::edit::{EditRule, LeafValue};
use crate::policy::file::reader::Reader;
use crate::quantity::{Quantity, is_overcommitted};

/// Notes what cannot stand together in `rule`.
pub(super) fn check(reader: &mut Reader<'_>, rule: &EditRule) {
    requests_within_limits(reader, rule);
    contradictions(reader, rule);
}

/// The path of these steps.
pub(super) fn path(steps: &[Step<'static>]) -> Path<'static> {
    steps.iter().cloned().collect()
}

/// The key at the end of steps.
pub(super) fn last_key<'s>(steps: &'s [Step<'static>]) -> &'s str {
    match steps.last() {
        Some(Step::Key(key)) => key,
        _ => "",
    }
}

/// A request above the limit of the same rule would be refused by the API server each time.
fn requests_within_limits(reader: &mut Reader<'_>, rule: &EditRule) {
    let amounts = |list: &'static str| {
        rule.leaves.iter().filter_map(move |leaf| match (leaf.steps.as_slice(), &leaf.value) {
            ([Step::Key(first), Step::Key(second), Step::Key(name)], LeafValue::Constant(value))
                if leaf.in_container && first == "resources" && second == list =>
            {
                let text = value.as_str()?;
                Some((name.as_ref(), text, Quantity::parse(text).ok()?, leaf))
            }
            _ => None,
        })
    };
    let limits: HashMap<_, _> = amounts("limits").map(|(name, text, limit, _)| (name, (text, limit))).collect();
    for (name, text, request, leaf) in amounts("requests") {
        let limit = limits.get(name);
        if let Some((limit, _)) = limit.filter(|(_, limit)| request > *limit) {
            let message = format!("a request of `{text}` {name} above the limit of `{limit}`");
            reader.error(leaf.place.span, message);
        }
        let is_equal = limit.is_some_and(|(_, limit)| request == *limit);
        if !is_overcommitted(name) && !is_equal {
            let message = format!("a request of {name} without a limit that equals it");
            reader.error(leaf.place.span, message).help =
                Some("write the limit alone: the API server makes the request of it".to_owned());
        }
    }
}

/// Two values of one security context that cannot stand together.
fn contradictions(reader: &mut Reader<'_>, rule: &EditRule) {
    let rows = [
        ("allowPrivilegeEscalation", json!(false), "privileged", json!(true), "the API server refuses"),
        ("runAsUser", json!(0), "runAsNonRoot", json!(true), "the kubelet starts nothing from"),
    ];
    for (first, first_value, second, second_value, who) in rows {
        let stands = |in_container: bool, key: &str, expected: &serde_json::Value| {
            rule.leaves.iter().find(|leaf| {
                let is_key = matches!(leaf.steps.last(), Some(Step::Key(last)) if last == key);
                let is_value = matches!(&leaf.value, LeafValue::Constant(value) if value == expected);
                leaf.in_container == in_container && is_key && is_value
            })
        };
        for in_container in [false, true] {
            let found = stands(in_container, first, &first_value).zip(stands(in_container, second, &second_value));
            if let Some((leaf, _)) = found {
                let message = format!("`{first}: {first_value}` beside `{second}: {second_value}`, which {who}");
                reader.error(leaf.place.span, message);
            }
        }
    }
}
