//! Label selectors in a policy.

use crate::document::Value;
use crate::policy::file::reader::{Node, Reader};
use crate::selector::{Error, Operator, Requirement, Selector};

const OPERATORS: [(&str, Operator); 4] = [
    ("In", Operator::In),
    ("NotIn", Operator::NotIn),
    ("Exists", Operator::Exists),
    ("DoesNotExist", Operator::DoesNotExist),
];

/// Reads a label selector; what is wrong is noted.
pub(super) fn read(reader: &mut Reader<'_>, node: Node<'_>) -> Option<Selector> {
    let before = reader.errors();
    if !reader.object(node, "a label selector", &["matchLabels", "matchExpressions"]) {
        return None;
    }
    let mut requirements = Vec::new();
    if let Some(labels) = node.get("matchLabels") {
        if !matches!(labels.value, Value::Object(_)) {
            reader.expected("an object", labels);
        }
        for (key, value) in labels.members() {
            let Some(text) = reader.string(value) else { continue };
            requirements.extend(noted(reader, value, value, Requirement::equals(key, text)));
        }
    }
    if let Some(expressions) = node.get("matchExpressions") {
        for element in reader.list(expressions, 64) {
            requirements.extend(requirement(reader, element));
        }
    }
    if requirements.is_empty() && reader.errors() == before {
        reader.warning(node.title(), "a label selector without requirements").help =
            Some("it matches everything: leave it out, or say what it selects".to_owned());
    }
    (reader.errors() == before).then(|| Selector::new(requirements))
}

fn requirement(reader: &mut Reader<'_>, node: Node<'_>) -> Option<Requirement> {
    let what = "a label requirement";
    if !reader.object(node, what, &["key", "operator", "values"]) {
        return None;
    }
    let key = reader.required(node, what, "key").and_then(|key| Some((key, reader.text(key)?)));
    let operator = reader.required(node, what, "operator").and_then(|operator| reader.word(operator, &OPERATORS));
    let mut values = Vec::new();
    if let Some(list) = node.get("values") {
        if !matches!(list.value, Value::Array(_)) {
            reader.expected("a list", list);
            return None;
        }
        for value in list.elements() {
            values.push(reader.string(value)?);
        }
    }
    let ((key_node, key), operator) = (key?, operator?);
    noted(reader, key_node, node.get("values").unwrap_or(node), Requirement::new(key, operator, &values))
}

/// Notes what is wrong with a key, or with the values.
fn noted(
    reader: &mut Reader<'_>,
    key: Node<'_>,
    values: Node<'_>,
    requirement: Result<Requirement, Error>,
) -> Option<Requirement> {
    match requirement {
        Ok(requirement) => Some(requirement),
        Err(error) => {
            let span = match &error {
                Error::Key(_) => key.key.filter(|_| key.span() == values.span()).unwrap_or(key.span()),
                _ => values.span(),
            };
            reader.error(span, error.to_string());
            None
        }
    }
}
