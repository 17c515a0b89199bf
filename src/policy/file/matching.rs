//! `match`: which requests a policy applies to.

use crate::cel::Type;
use crate::diagnostic::{suggest, words};
use crate::policy::Match;
use crate::policy::environment::Scope;
use crate::policy::file::globs::namespaces;
use crate::policy::file::reader::{Names, Node, Reader};
use crate::policy::file::{expression, header, selector};
use crate::policy::matching::Condition;
use crate::review::Operation;
use crate::workload::Kind;

const FIELDS: [&str; 8] = [
    "kinds",
    "excludeKinds",
    "operations",
    "namespaces",
    "excludeNamespaces",
    "namespaceSelector",
    "podSelector",
    "conditions",
];
/// The bounds of the custom resource.
const MOST_CONDITIONS: usize = 64;
pub(super) const MOST_WORDS: usize = 128;
const OPERATIONS: [(&str, Operation); 2] = [("CREATE", Operation::Create), ("UPDATE", Operation::Update)];

/// Reads `match`, which may be absent, and says what the expressions of a policy with it can use.
pub(super) fn read(
    reader: &mut Reader<'_>,
    node: Option<Node<'_>>,
    is_namespaced: bool,
    params: &serde_json::Value,
) -> (Match, Scope) {
    let mut matching = everything();
    let Some(node) = node.filter(|node| reader.object(*node, "`match`", &FIELDS)) else {
        let scope = Scope::new(matching.kinds, params);
        return (matching, scope);
    };
    if is_namespaced {
        for key in ["namespaces", "excludeNamespaces", "namespaceSelector"] {
            if let Some(node) = node.get(key) {
                header::own_namespace_only(reader, node, key);
            }
        }
    }
    match (node.get("kinds"), node.get("excludeKinds")) {
        (Some(_), Some(excluded)) => {
            reader.error(excluded.title(), "`kinds` and `excludeKinds` in one `match`").help =
                Some("`kinds` alone says it: leave `excludeKinds` out".to_owned());
        }
        (Some(included), None) => match kinds(reader, included) {
            // Nothing readable: what follows from the kinds is not worth a second error.
            0 => {}
            bits => matching.kinds = bits,
        },
        (None, Some(excluded)) => {
            let bits = kinds(reader, excluded);
            makers(reader, excluded, bits);
            if bits == matching.kinds {
                reader.error(excluded.title(), "`excludeKinds` leaves no kind over");
            }
            matching.kinds &= !bits;
            matching.excluded_makers = bits;
        }
        (None, None) => {}
    }
    if let Some(node) = node.get("operations") {
        matching.operations = unique(reader, node, |reader, node| reader.word(node, &OPERATIONS));
    }
    matching.namespaces = node.get("namespaces").map(|node| namespaces(reader, node)).unwrap_or_default();
    matching.exclude_namespaces =
        node.get("excludeNamespaces").map(|node| namespaces(reader, node)).unwrap_or_default();
    matching.namespace_selector = node.get("namespaceSelector").and_then(|node| selector::read(reader, node));
    matching.pod_selector = node.get("podSelector").and_then(|node| selector::read(reader, node));
    let scope = Scope::new(matching.kinds, params);
    if let Some(node) = node.get("conditions") {
        matching.conditions = conditions(reader, node, &scope);
    }
    (matching, scope)
}

/// What a policy without `match` applies to.
pub(super) fn everything() -> Match {
    Match {
        kinds: Kind::ALL.iter().fold(0, |bits, kind| bits | kind.bit()),
        excluded_makers: 0,
        operations: OPERATIONS.map(|(_, operation)| operation).to_vec(),
        namespaces: Vec::new(),
        exclude_namespaces: Vec::new(),
        namespace_selector: None,
        pod_selector: None,
        conditions: Vec::new(),
    }
}

/// A list in which nothing stands twice.
pub(super) fn unique<'t, 'a, T: PartialEq>(
    reader: &mut Reader<'t>,
    node: Node<'a>,
    read: impl Fn(&mut Reader<'t>, Node<'a>) -> Option<T>,
) -> Vec<T> {
    let mut list = Vec::new();
    for element in reader.list(node, MOST_WORDS) {
        match read(reader, element) {
            Some(value) if list.contains(&value) => {
                reader.error(element.span(), format!("{} stands in the list twice", element.value));
            }
            Some(value) => list.push(value),
            None => {}
        }
    }
    list
}

fn kinds(reader: &mut Reader<'_>, node: Node<'_>) -> u16 {
    unique(reader, node, kind).into_iter().fold(0, |bits, kind: Kind| bits | kind.bit())
}

fn kind(reader: &mut Reader<'_>, node: Node<'_>) -> Option<Kind> {
    let text = reader.text(node)?;
    if let Some(kind) = Kind::parse(text) {
        return Some(kind);
    }
    let names = Kind::ALL.map(|kind| kind.to_string());
    let bare = text.split(['.', '/']).find_map(|part| Kind::ALL.into_iter().find(|kind| kind.name() == part));
    let near = bare.map(|kind| kind.to_string());
    let near = near.or_else(|| suggest(text, names.iter().map(String::as_str)).map(str::to_owned));
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the kinds are {}", words(&names.each_ref().map(String::as_str), "and")),
    };
    reader.error(node.span(), format!("`{text}` is not a kind that carries Pods")).help = Some(help);
    None
}

/// A kind whose Pods are made by another kind is left out with that one or not at all.
fn makers(reader: &mut Reader<'_>, node: Node<'_>, bits: u16) {
    for element in node.elements() {
        let Some(kind) = element.value.as_str().and_then(Kind::parse) else { continue };
        let Some(maker) = kind.maker().filter(|maker| bits & maker.bit() == 0) else { continue };
        let message = format!("`{kind}` is left out, and `{maker}`, which makes its Pods, is not");
        reader.error(element.span(), message).help = Some(format!("add `{maker}`"));
    }
}

fn conditions(reader: &mut Reader<'_>, node: Node<'_>, scope: &Scope) -> Vec<Condition> {
    let mut names = Names::default();
    let mut conditions = Vec::new();
    for element in reader.list(node, MOST_CONDITIONS) {
        if !reader.object(element, "a condition", &["name", "expression"]) {
            continue;
        }
        let name = reader.required(element, "a condition", "name").and_then(|node| {
            let name = header::dns_label(reader, node, "a condition")?;
            reader.unique(&mut names, "condition", name, node).then_some(name)
        });
        let program = reader
            .required(element, "a condition", "expression")
            .and_then(|node| expression::compile(reader, node, scope.condition(), Type::Bool));
        if let (Some(name), Some(program)) = (name, program) {
            conditions.push(Condition { name: name.to_owned(), program, place: reader.place(element.title()) });
        }
    }
    conditions
}
