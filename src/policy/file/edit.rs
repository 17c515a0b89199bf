//! The verbs that edit: values written as in a manifest, taken apart into fields.

use std::borrow::Cow;

use serde_json::json;

use crate::cel::{Shape, Type};
use crate::diagnostic::suggest;
use crate::document::{Path, Step, Value};
use crate::policy::fields::{self, Field, Holds};
use crate::policy::file::reader::{Node, Reader};
use crate::policy::file::rule::Policywide;
use crate::policy::file::{expression, known, matching};
use crate::policy::{DefaultRule, Leaf, LeafValue, OnUnknown, Rollout, Target};
use crate::quantity::Quantity;
use crate::selector::valid_label_key;
use crate::workload::Kind;

const ON_UNKNOWN: [(&str, OnUnknown); 2] = [("Keep", OnUnknown::Keep), ("Replace", OnUnknown::Replace)];
const TARGETS: [(&str, Target); 2] = [("Pods", Target::Pods), ("Templates", Target::Templates)];
const ROLLOUT: [(&str, Rollout); 3] =
    [("Never", Rollout::Never), ("OnTemplateChange", Rollout::OnTemplateChange), ("Always", Rollout::Always)];
/// Marks a value that is computed: no field of a Pod starts with `$`.
const EXPRESSION: &str = "$expression";

/// Takes the values of a rule apart.
struct Values<'r, 't, 'w> {
    reader: &'r mut Reader<'t>,
    wide: &'w Policywide<'w>,
    in_container: bool,
    leaves: Vec<Leaf>,
}

/// Reads the `default` of `rule`.
pub(super) fn default(
    reader: &mut Reader<'_>,
    rule: Node<'_>,
    node: Node<'_>,
    wide: &Policywide<'_>,
) -> Option<DefaultRule> {
    if !reader.object(node, "`default`", &["pod", "container"]) {
        return None;
    }
    if node.get("pod").is_none() && node.get("container").is_none() {
        reader.error(node.title(), "`default` needs `pod` or `container`");
    }
    let mut values = Values { reader, wide, in_container: false, leaves: Vec::new() };
    for (key, in_container) in [("pod", false), ("container", true)] {
        values.in_container = in_container;
        if let Some(node) = node.get(key) {
            values.read(node, &mut Vec::new());
        }
    }
    let leaves = values.leaves;
    let inject_into =
        rule.get("injectInto").map(|node| matching::unique(reader, node, |reader, node| reader.word(node, &TARGETS)));
    let rule = DefaultRule {
        leaves,
        on_unknown: rule.get("onUnknown").and_then(|node| reader.word(node, &ON_UNKNOWN)),
        inject_into: inject_into.unwrap_or_default(),
        rollout: rule.get("rollout").and_then(|node| reader.word(node, &ROLLOUT)).unwrap_or_default(),
    };
    requests_within_limits(reader, &rule);
    contradictions(reader, &rule);
    targets(reader, &rule, wide);
    Some(rule)
}

impl Values<'_, '_, '_> {
    fn read(&mut self, node: Node<'_>, steps: &mut Vec<Step<'static>>) {
        if let Some(computed) = node.get(EXPRESSION) {
            return self.computed(node, computed, steps);
        }
        let field = fields::find(self.in_container, steps);
        match (field, node.value) {
            (Some(field), _) => self.constant(field, node, steps),
            (None, Value::Object([])) => {
                self.reader.error(node.title(), "an empty object fills in nothing");
            }
            (None, Value::Object(_)) => {
                for (key, member) in node.members() {
                    steps.push(Step::Key(Cow::Owned(key.to_owned())));
                    if self.is_known(key, member, steps) {
                        self.read(member, steps);
                    }
                    steps.pop();
                }
            }
            (None, _) => {
                self.reader.expected("an object", node);
            }
        }
    }

    /// Whether there are rows at `steps`, whose last key is `key`; else says so.
    fn is_known(&mut self, key: &str, node: Node<'_>, steps: &[Step<'static>]) -> bool {
        let Some(row) = fields::below(self.in_container, steps).next() else {
            self.unknown(key, node, steps);
            return false;
        };
        let is_last = row.path.len() == steps.len();
        if let Some(known) = row.keys().filter(|known| is_last && !known.contains(&key)) {
            let help = suggest(key, known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
            self.reader.error(node.title(), format!("`{}` cannot be defaulted yet", path(steps))).help = help;
            return false;
        }
        if is_last && matches!(row.holds, Holds::Label | Holds::Annotation) && !valid_label_key(key) {
            self.reader.error(node.title(), format!("`{key}` cannot be the key of a label or an annotation")).help =
                Some("letters, digits, `-`, `_` and `.`, at most 63, perhaps behind a domain and `/`".to_owned());
            return false;
        }
        true
    }

    fn unknown(&mut self, key: &str, node: Node<'_>, steps: &[Step<'static>]) {
        let path = path(steps);
        if let Some((reason, help)) = fields::refusal(self.in_container, steps) {
            let message = format!("`{path}` cannot be defaulted: {reason}");
            self.reader.error(node.title(), message).help = Some(help.to_owned());
            return;
        }
        let (root, what) = if self.in_container { ("Container", "a container") } else { ("Pod", "a Pod") };
        let unknown = known::check(&[root], steps).err();
        let message = match unknown {
            Some(_) => format!("`{path}` is not a field of {what}"),
            None => format!("`{path}` cannot be defaulted yet"),
        };
        let depth = steps.len().saturating_sub(1);
        let parents = steps.get(..depth).unwrap_or_default();
        let siblings = fields::below(self.in_container, parents).filter_map(|row| row.path.get(depth).copied());
        let near = suggest(key, siblings).or(unknown.and_then(|unknown| unknown.near));
        let help = near.map(|near| format!("did you mean `{near}`?"));
        let help = help.or_else(|| {
            let (row, at) = fields::FIELDS.iter().find_map(|row| {
                let at = row.path.iter().position(|name| *name == key && key != "metadata" && key != "spec")?;
                Some((row, at))
            })?;
            let section = if row.in_container { "container" } else { "pod" };
            Some(format!("it stands at `{}` under `{section}`", row.path.get(..=at)?.join(".")))
        });
        self.reader.error(node.title(), message).help = help;
    }

    fn constant(&mut self, field: &'static Field, node: Node<'_>, steps: &[Step<'static>]) {
        let name = match steps.last() {
            Some(Step::Key(name)) => name.as_ref(),
            _ => "",
        };
        match field.check(name, node.value) {
            Ok(value) => self.leaf(node, steps, Some(field), LeafValue::Constant(value)),
            Err(refusal) => {
                let text = node.value.as_str().filter(|_| !refusal.words.is_empty());
                match text {
                    Some(text) => self.reader.unknown_word(node, text, refusal.words),
                    None => {
                        let help = refusal.help;
                        self.reader.error(node.span(), refusal.message).help = help;
                    }
                }
            }
        }
    }

    fn computed(&mut self, node: Node<'_>, expression: Node<'_>, steps: &[Step<'static>]) {
        for (key, member) in node.members().filter(|(key, _)| *key != EXPRESSION) {
            self.reader.error(member.title(), format!("`{key}` beside `{EXPRESSION}`")).help =
                Some("a computed value stands alone; put the rest into the expression".to_owned());
        }
        let scope = self.wide.scope;
        let environment = if self.in_container { scope.container() } else { scope.pod() };
        let Some(program) = expression::compile_value(self.reader, expression, environment) else { return };
        let field = fields::find(self.in_container, steps);
        let (takes, described) = types(field);
        let gives = match program.shape() {
            Shape::Optional(value) => value,
            shape => shape,
        };
        let kind = gives.flat();
        if kind != Type::Dyn && !takes.contains(&kind) {
            let message = format!("`{}` takes {described}, and the expression gives `{gives}`", path(steps));
            self.reader.error(expression.span(), message);
        }
        self.leaf(node, steps, field, LeafValue::Computed(program));
    }

    fn leaf(&mut self, node: Node<'_>, steps: &[Step<'static>], field: Option<&'static Field>, value: LeafValue) {
        let place = self.reader.place(node.title());
        self.leaves.push(Leaf { in_container: self.in_container, steps: steps.to_vec(), field, value, place });
    }
}

/// The types that an expression for a field can give; without a field it gives several of them by their names.
fn types(field: Option<&Field>) -> (&'static [Type], &'static str) {
    match field.map(|field| field.holds) {
        Some(Holds::Bool) => (&[Type::Bool], "a boolean"),
        Some(Holds::Integer(..)) => (&[Type::Int, Type::Uint], "an integer"),
        Some(Holds::Text | Holds::Word(_) | Holds::Label | Holds::Annotation) => (&[Type::String], "a string"),
        Some(Holds::Quantity) => (&[Type::Quantity, Type::String, Type::Int, Type::Uint, Type::Double], "a quantity"),
        Some(Holds::Seccomp) | None => (&[Type::Map], "a map"),
    }
}

fn path(steps: &[Step<'static>]) -> Path<'static> {
    steps.iter().cloned().collect()
}

/// A request above the limit of the same rule would be refused by the API server each time.
fn requests_within_limits(reader: &mut Reader<'_>, rule: &DefaultRule) {
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
    for (name, text, request, leaf) in amounts("requests") {
        let limit = amounts("limits").find(|(limited, ..)| *limited == name);
        if let Some((_, limit, ..)) = limit.filter(|(_, _, limit, _)| request > *limit) {
            let message = format!("a request of `{text}` {name} above the limit of `{limit}`");
            reader.error(leaf.place.span, message);
        }
    }
}

/// Two values of one security context that cannot stand together.
fn contradictions(reader: &mut Reader<'_>, rule: &DefaultRule) {
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

/// An edit must have somewhere to go.
fn targets(reader: &mut Reader<'_>, rule: &DefaultRule, wide: &Policywide<'_>) {
    let offers = |target: &Target| {
        let is_pod = wide.kinds & Kind::Pod.bit() != 0;
        let has_templates = wide.kinds & !Kind::Pod.bit() != 0;
        match target {
            Target::Pods => is_pod,
            Target::Templates => has_templates,
        }
    };
    for leaf in &rule.leaves {
        let targets = rule.targets(leaf);
        if targets.iter().any(offers) {
            continue;
        }
        let (into, add, other) = match targets.as_slice() {
            [Target::Templates] => ("templates", "a kind with a template, such as `Deployment.apps`,", "Pods"),
            _ => ("Pods", "`Pod`", "Templates"),
        };
        let (message, help) = if wide.excludes {
            (
                format!("an edit of {into}, and `match.excludeKinds` leaves none over"),
                format!("take {add} off `excludeKinds`, or write `injectInto: [{other}]`"),
            )
        } else {
            (
                format!("an edit of {into}, and no kind of `match.kinds` has any"),
                format!("add {add} to `kinds`, or write `injectInto: [{other}]`"),
            )
        };
        reader.error(leaf.place.span, message).help = Some(help);
        return;
    }
}
