//! `spec`: what a policy says.

use std::collections::HashMap;

use crate::cel::{Program, Type};
use crate::document::Value;
use crate::policy::environment::{self, Scope};
use crate::policy::file::header::Header;
use crate::policy::file::reader::{Names, Node, Reader};
use crate::policy::file::rule::Policywide;
use crate::policy::file::{expression, matching, rule, selector};
use crate::policy::{Mode, NamespaceMode, Policy, Rule, Variable};

const FIELDS: [&str; 8] = ["mode", "priority", "controllerPods", "modes", "match", "params", "variables", "rules"];
const MODES: [(&str, Mode); 3] = [("Enforce", Mode::Enforce), ("Warn", Mode::Warn), ("Audit", Mode::Audit)];
const CONTROLLER_PODS: [(&str, Mode); 2] = [("Enforce", Mode::Enforce), ("Warn", Mode::Warn)];
/// The bounds of the custom resource, so that a file holds nothing that the cluster would not take.
const MOST_VARIABLES: usize = 64;
const MOST_MODES: usize = 16;
/// Words that CEL keeps for itself.
const RESERVED: [&str; 20] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "null",
    "namespace",
    "package",
    "return",
    "true",
    "var",
    "void",
];

/// Reads the spec of a policy. What it gives is whole only if no error was noted.
pub(super) fn read(reader: &mut Reader<'_>, document: Node<'_>, header: &Header<'_>, digest: String) -> Option<Policy> {
    let spec = reader.required(document, "a policy", "spec")?;
    if !reader.object(spec, "the spec of a policy", &FIELDS) {
        return None;
    }
    let mode = reader.required(spec, "the spec of a policy", "mode").and_then(|node| mode(reader, node));
    let priority = spec.get("priority").and_then(|node| reader.integer(node)).unwrap_or(0);
    let controller_pods = spec.get("controllerPods").and_then(|node| reader.word(node, &CONTROLLER_PODS));
    let modes = spec.get("modes").map(|node| namespace_modes(reader, node)).unwrap_or_default();
    let params = spec.get("params").map_or_else(|| serde_json::json!({}), |node| params(reader, node));
    let (matching, mut scope) = matching::read(reader, spec.get("match"), header.namespace.is_some(), &params);
    let variables = spec.get("variables").map(|node| variables(reader, node, &mut scope)).unwrap_or_default();
    let strictest = modes.iter().map(|mode| mode.mode).chain(mode).max();
    let wide = Policywide { scope: &scope, kinds: matching.kinds, excludes: matching.excluded_makers != 0, strictest };
    let mut rules = reader
        .required(spec, "the spec of a policy", "rules")
        .map(|node| rules(reader, node, &wide))
        .unwrap_or_default();
    let shared = share(&mut rules);
    let policy = Policy {
        id: header.id(),
        name: header.name.to_owned(),
        namespace: header.namespace.map(str::to_owned),
        place: reader.place(document.title()),
        digest,
        priority,
        mode: mode?,
        modes,
        controller_pods: controller_pods.unwrap_or(Mode::Enforce),
        matching,
        params,
        variables,
        rules,
        shared,
    };
    Some(policy)
}

/// Gives places to the results of those `when` that are the same for several rules, or for all containers, and returns
/// how many there are.
fn share(rules: &mut [Rule]) -> usize {
    let mut asked: HashMap<String, (usize, Option<usize>)> = HashMap::new();
    let always_alike = |when: &&mut Program| !when.uses(environment::CONTAINER);
    for rule in rules.iter_mut() {
        // It is asked for each container, however many rules there are.
        let times = if rule.asks_each_container() { 2 } else { 1 };
        if let Some(when) = rule.when.as_mut().filter(always_alike) {
            asked.entry(when.source().to_owned()).or_default().0 += times;
        }
    }
    let mut shared = 0;
    for when in rules.iter_mut().filter_map(|rule| rule.when.as_mut()).filter(always_alike) {
        let Some((2.., place)) = asked.get_mut(when.source()) else { continue };
        when.share(*place.get_or_insert_with(|| {
            shared += 1;
            shared - 1
        }));
    }
    shared
}

/// `Enforce`, `Warn` or `Audit`.
pub(super) fn mode(reader: &mut Reader<'_>, node: Node<'_>) -> Option<Mode> {
    reader.word(node, &MODES)
}

fn namespace_modes(reader: &mut Reader<'_>, node: Node<'_>) -> Vec<NamespaceMode> {
    let mut modes = Vec::new();
    for element in reader.list(node, MOST_MODES) {
        if !reader.object(element, "a mode for namespaces", &["namespaceSelector", "mode"]) {
            continue;
        }
        let selector = reader
            .required(element, "a mode for namespaces", "namespaceSelector")
            .and_then(|node| selector::read(reader, node));
        let mode = reader.required(element, "a mode for namespaces", "mode").and_then(|node| mode(reader, node));
        if let (Some(selector), Some(mode)) = (selector, mode) {
            modes.push(NamespaceMode { selector, mode });
        }
    }
    modes
}

fn params(reader: &mut Reader<'_>, node: Node<'_>) -> serde_json::Value {
    if !matches!(node.value, Value::Object(_)) {
        reader.expected("an object", node);
    }
    node.value.to_json()
}

fn variables(reader: &mut Reader<'_>, node: Node<'_>, scope: &mut Scope) -> Vec<Variable> {
    let all: Vec<&str> = node.elements().filter_map(|element| element.get("name")?.value.as_str()).collect();
    let mut names = Names::default();
    let mut variables = Vec::new();
    for element in reader.list(node, MOST_VARIABLES) {
        if !reader.object(element, "a variable", &["name", "expression"]) {
            continue;
        }
        let name = reader.required(element, "a variable", "name").and_then(|node| {
            let name = identifier(reader, node)?;
            reader.unique(&mut names, "variable", name, node).then_some(name)
        });
        let before = reader.diagnostics.len();
        let program = reader
            .required(element, "a variable", "expression")
            .and_then(|node| expression::compile(reader, node, scope.pod(), Type::Dyn));
        of_later_variables(reader, before, &all);
        let Some(name) = name else { continue };
        // An expression that is wrong says so once, and not where it is used.
        scope.declare(name, program.as_ref());
        if let Some(program) = program {
            variables.push(Variable { name: name.to_owned(), program, place: reader.place(element.title()) });
        }
    }
    variables
}

/// Says of what was noted since `before` where it is only the order of the variables that is wrong.
fn of_later_variables(reader: &mut Reader<'_>, before: usize, all: &[&str]) {
    let text = reader.text;
    for diagnostic in reader.diagnostics.iter_mut().skip(before) {
        let span = diagnostic.place.as_ref().map(|place| place.span).unwrap_or_default();
        let piece = text.get(span.start..span.end).and_then(|piece| piece.strip_prefix("variables."));
        if piece.is_some_and(|name| all.contains(&name)) {
            diagnostic.help = Some("a variable can use only those that stand before it".to_owned());
        }
    }
}

/// Warns of variables that no expression uses, be it through another variable.
pub(super) fn unused(reader: &mut Reader<'_>, policy: &Policy) {
    // Variables are not there in conditions.
    let mut readers: Vec<&Program> = policy.rules.iter().flat_map(Rule::programs).collect();
    let mut unused = Vec::new();
    // A variable can be used only by those behind it.
    for (place, variable) in policy.variables.iter().enumerate().rev() {
        match readers.iter().any(|program| program.uses_composed(place)) {
            true => readers.push(&variable.program),
            false => unused.push(variable),
        }
    }
    for Variable { name, place, .. } in unused.into_iter().rev() {
        reader.warning(place.span, format!("the variable `{name}` is never used"));
    }
}

fn identifier<'a>(reader: &mut Reader<'_>, node: Node<'a>) -> Option<&'a str> {
    let text = reader.text(node)?;
    let is_good = text.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
        && !text.starts_with(|char: char| char.is_ascii_digit());
    if !is_good {
        reader.error(node.span(), format!("`{text}` cannot be the name of a variable")).help =
            Some("letters, digits and `_`, no digit first".to_owned());
        return None;
    }
    if RESERVED.contains(&text) {
        reader.error(node.span(), format!("`{text}` is a word that CEL keeps for itself"));
        return None;
    }
    Some(text)
}

fn rules(reader: &mut Reader<'_>, node: Node<'_>, wide: &Policywide<'_>) -> Vec<Rule> {
    if matches!(node.value, Value::Array([])) {
        reader.error(node.span(), "a policy needs at least one rule");
        return Vec::new();
    }
    let mut names = Names::default();
    let mut rules = Vec::new();
    for element in reader.list(node, rule::MOST) {
        rules.extend(rule::read(reader, element, wide, &mut names));
    }
    rules
}
