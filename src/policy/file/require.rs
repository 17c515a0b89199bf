//! `require`: what must hold.

use crate::cel::Type;
use crate::diagnostic::{did_you_mean, words};
use crate::document::{Path, Step};
use crate::policy::file::reader::{Node, Reader};
use crate::policy::file::rule::Policywide;
use crate::policy::file::{expression, known};
use crate::policy::{Message, Require, Subject};
use crate::workload::Kind;

const FIELDS: [&str; 7] = ["pod", "container", "object", "field", "message", "messageExpression", "help"];
const SUBJECTS: [(&str, Subject); 3] =
    [("pod", Subject::Pod), ("container", Subject::Container), ("object", Subject::Object)];

/// Reads a `require`.
pub(super) fn read(reader: &mut Reader<'_>, node: Node<'_>, wide: &Policywide<'_>) -> Option<Require> {
    if !reader.object(node, "`require`", &FIELDS) {
        return None;
    }
    let found: Vec<_> = SUBJECTS.iter().filter_map(|(key, subject)| Some((*key, *subject, node.get(key)?))).collect();
    let names = SUBJECTS.map(|(key, _)| key);
    match found.as_slice() {
        [] => {
            reader.error(node.title(), format!("`require` needs {}", words(&names, "or")));
        }
        [_] => {}
        [_, (_, _, second), ..] => {
            let found: Vec<_> = found.iter().map(|(key, ..)| *key).collect();
            reader.error(second.title(), format!("`require` with {}", words(&found, "and"))).help =
                Some("it judges one thing: make a rule of each".to_owned());
        }
    }
    let scope = wide.scope;
    let subject = found.first().map_or(Subject::Object, |(_, subject, _)| *subject);
    let environment = if subject == Subject::Container { scope.container() } else { scope.pod() };
    let mut program = None;
    for (_, subject, node) in found {
        let environment = if subject == Subject::Container { scope.container() } else { scope.pod() };
        program = expression::compile(reader, node, environment, Type::Bool);
    }
    let message = match (node.get("message"), node.get("messageExpression")) {
        (None, None) => {
            reader.error(node.title(), "`require` needs `message` or `messageExpression`");
            None
        }
        (Some(_), Some(second)) => {
            reader.error(second.title(), "`message` and `messageExpression` in one `require`").help =
                Some("leave one of them out".to_owned());
            None
        }
        (Some(text), None) => reader.text(text).map(|text| Message::Text(text.to_owned())),
        (None, Some(node)) => expression::compile(reader, node, environment, Type::String).map(Message::Expression),
    };
    let field = node.get("field").and_then(|node| field(reader, node, subject, wide.kinds));
    let help = node.get("help").and_then(|node| reader.text(node)).map(str::to_owned);
    Some(Require { subject, program: program?, field, message: message?, help })
}

fn field(reader: &mut Reader<'_>, node: Node<'_>, subject: Subject, kinds: u16) -> Option<Path<'static>> {
    let text = reader.text(node)?;
    let Some(path) = Path::parse(text) else {
        reader.error(node.span(), format!("`{text}` is not a field path")).help = Some(
            "write it as Kubernetes does: `resources.limits.memory`, `metadata.labels[example.com/team]`".to_owned(),
        );
        return None;
    };
    let first = path.steps().first();
    let is_of_pod = matches!(first, Some(Step::Key(key)) if matches!(key.as_ref(), "metadata" | "spec"));
    let kinds: Vec<&str> = Kind::ALL.iter().filter(|kind| kinds & kind.bit() != 0).map(|kind| kind.name()).collect();
    let (roots, what): (&[&str], _) = match subject {
        Subject::Pod => (&["Pod"], "a Pod"),
        Subject::Container => (&["Container", "EphemeralContainer"], "a container"),
        Subject::Object => (&kinds, "any kind that the policy matches"),
    };
    let message = format!("`{text}` is not a field of {what}");
    match subject {
        Subject::Pod if !is_of_pod => {
            reader.error(node.span(), message).help = Some("it starts with `spec` or `metadata`".to_owned());
        }
        Subject::Container if is_of_pod => {
            reader.error(node.span(), message).help =
                Some("it is counted from the container: `resources.limits.memory`".to_owned());
        }
        _ => {
            // A newer API server may know it.
            if let Err(unknown) = known::check(roots, path.steps()) {
                reader.warning(node.span(), message).help = did_you_mean(unknown.near);
            }
        }
    }
    Some(path.into_owned())
}
