//! The verbs that edit: what is common to them, and where their edits go.

use crate::policy::edit::{Action, EditRule, Leaf, OnUnknown, Rollout, Target};
use crate::policy::fields::{self, Placement};
use crate::policy::file::reader::{Node, Reader};
use crate::policy::file::rule::Policywide;
use crate::policy::file::values::Values;
use crate::policy::file::{images, matching, sense};
use crate::workload::Kind;

const ON_UNKNOWN: [(&str, OnUnknown); 2] = [("Keep", OnUnknown::Keep), ("Replace", OnUnknown::Replace)];
const TARGETS: [(&str, Target); 2] = [("Pods", Target::Pods), ("Templates", Target::Templates)];
const ROLLOUT: [(&str, Rollout); 3] =
    [("Never", Rollout::Never), ("OnTemplateChange", Rollout::OnTemplateChange), ("Always", Rollout::Always)];

/// Reads what `rule` does by `action`: `node` is the value of its verb.
pub(super) fn read(
    reader: &mut Reader<'_>,
    rule: Node<'_>,
    node: Node<'_>,
    action: Action,
    wide: &Policywide<'_>,
) -> Option<EditRule> {
    let leaves = match action {
        Action::RewriteImages => images::leaves(reader, rule, node),
        _ => leaves(reader, node, action, wide)?,
    };
    let inject_into =
        rule.get("injectInto").map(|node| matching::unique(reader, node, |reader, node| reader.word(node, &TARGETS)));
    let rule = EditRule {
        action,
        leaves,
        on_unknown: rule.get("onUnknown").and_then(|node| reader.word(node, &ON_UNKNOWN)),
        inject_into: inject_into.unwrap_or_default(),
        rollout: rule.get("rollout").and_then(|node| reader.word(node, &ROLLOUT)).unwrap_or_default(),
        keep_qos: rule.get("keepQoS").and_then(|node| reader.boolean(node)).unwrap_or_default(),
    };
    sense::check(reader, &rule);
    targets(reader, &rule, wide);
    Some(rule)
}

fn leaves(reader: &mut Reader<'_>, node: Node<'_>, action: Action, wide: &Policywide<'_>) -> Option<Vec<Leaf>> {
    let verb = action.name();
    if !reader.object(node, &format!("`{verb}`"), &["pod", "container"]) {
        return None;
    }
    if node.get("pod").is_none() && node.get("container").is_none() {
        reader.error(node.title(), format!("`{verb}` needs `pod` or `container`"));
    }
    let mut leaves = Vec::new();
    for (key, in_container) in [("pod", false), ("container", true)] {
        if let Some(node) = node.get(key) {
            let mut values = Values { reader, wide, action, in_container, leaves: Vec::new() };
            values.read(node, &mut Vec::new());
            leaves.append(&mut values.leaves);
        }
    }
    Some(leaves)
}

/// An edit must have somewhere to go.
fn targets(reader: &mut Reader<'_>, rule: &EditRule, wide: &Policywide<'_>) {
    let offers = |target: &Target| {
        let is_pod = wide.kinds & Kind::Pod.bit() != 0;
        let has_templates = wide.kinds & !Kind::Pod.bit() != 0;
        match target {
            Target::Pods => is_pod,
            Target::Templates => has_templates,
        }
    };
    for leaf in &rule.leaves {
        let derived = fields::derived(&leaf.steps).filter(|_| leaf.placement == Placement::Templates);
        if let Some(derived) = derived.filter(|_| rule.inject_into.contains(&Target::Pods)) {
            let path = sense::path(&leaf.steps);
            let message = format!("`{path}` cannot be {} in Pods: {}", rule.action.participle(), derived.reason);
            reader.error(leaf.place.span, message).help = Some(derived.help.to_owned());
            continue;
        }
        let targets = rule.targets(leaf);
        if targets.iter().any(offers) {
            continue;
        }
        let (into, add, other) = match targets.as_slice() {
            [Target::Templates] => ("templates", "a kind with a template, such as `Deployment.apps`,", "Pods"),
            _ => ("Pods", "`Pod`", "Templates"),
        };
        let instead = match derived {
            Some(derived) => format!("; in Pods it cannot be edited, as {}", derived.reason),
            None => format!(", or write `injectInto: [{other}]`"),
        };
        let (message, help) = if wide.excludes {
            (
                format!("an edit of {into}, and `match.excludeKinds` leaves none over"),
                format!("take {add} off `excludeKinds`{instead}"),
            )
        } else {
            (
                format!("an edit of {into}, and no kind of `match.kinds` has any"),
                format!("add {add} to `kinds`{instead}"),
            )
        };
        reader.error(leaf.place.span, message).help = Some(help);
        return;
    }
}
