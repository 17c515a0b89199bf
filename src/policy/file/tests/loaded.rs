//! The example of the design, and files with several policies.

use super::{RULE, policy, read, said};
use crate::document::Path;
use crate::policy::pod_security::Check;
use crate::policy::pod_security::except::Allowed;
use crate::policy::{LeafValue, Message, Mode, OnError, Subject, Target, Verb};
use crate::workload::{Kind, Role};

pub(super) const HOUSE_RULES: &str = include_str!("../../../../tests/fixtures/policies/house-rules.yaml");

#[test]
fn the_example_of_the_design_loads() {
    assert_eq!(said(HOUSE_RULES), <[String; 0]>::default());
    let policy = read(HOUSE_RULES).policies.pop().unwrap();
    assert_eq!((policy.id.as_str(), policy.namespace.as_deref()), ("ClusterPodPolicy/house-rules", None));
    assert_eq!((policy.priority, policy.mode, policy.controller_pods), (0, Mode::Enforce, Mode::Enforce));
    assert_eq!(policy.modes.len(), 1);
    assert_eq!(policy.modes[0].mode, Mode::Warn);
    assert_eq!(policy.modes[0].selector.requirements().len(), 1);
    assert_eq!(policy.params, serde_json::json!({"team": "payments"}));
    let matching = &policy.matching;
    assert_eq!(matching.kinds, Kind::Pod.bit() | Kind::Deployment.bit() | Kind::StatefulSet.bit());
    assert_eq!(matching.operations.len(), 2);
    assert!(matching.namespaces[0].matches("team-a") && matching.exclude_namespaces[0].matches("team-sandbox"));
    assert!(matching.namespace_selector.is_some() && matching.pod_selector.is_some());
    assert_eq!(matching.conditions[0].name, "interactive");
    assert_eq!(policy.variables[0].name, "team");
    let names: Vec<_> = policy.rules.iter().map(|rule| rule.name.as_str()).collect();
    let edits = ["graceful-stop", "container-defaults", "no-token", "grace-range", "spot-nodes", "mirror"];
    assert_eq!(names, [&edits[..], &["restricted", "updates-roll-out", "memory-limit"]].concat());

    let Verb::Edit(grace) = &policy.rules[0].verb else { panic!("not a default") };
    assert_eq!(grace.leaves.len(), 1);
    assert_eq!(grace.targets(&grace.leaves[0]), [Target::Pods, Target::Templates]);
    let Verb::Edit(defaults) = &policy.rules[1].verb else { panic!("not a default") };
    let leaves: Vec<_> = defaults
        .leaves
        .iter()
        .map(|leaf| {
            let LeafValue::Constant(value) = &leaf.value else { panic!("computed") };
            let path: Path<'_> = leaf.steps.iter().cloned().collect();
            (leaf.in_container, path.to_string(), value.clone(), defaults.targets(leaf).len())
        })
        .collect();
    let expected = [
        (true, "imagePullPolicy", "IfNotPresent", 2),
        (true, "resources.requests.cpu", "100m", 1),
        (true, "resources.requests.memory", "128Mi", 1),
        (true, "resources.limits.memory", "256Mi", 1),
    ];
    assert_eq!(
        leaves,
        expected.map(|(container, path, value, targets)| (container, path.to_owned(), value.into(), targets))
    );

    let Verb::PodSecurity(security) = &policy.rules[6].verb else { panic!("not a podSecurity") };
    assert_eq!(security.standard.to_string(), "restricted:v1.37");
    let [except] = security.except.as_slice() else { panic!("not one exception") };
    assert_eq!((except.check, except.containers.len()), (Check::CapabilitiesRestricted, 1));
    assert_eq!(except.values, [Allowed::Word("NET_ADMIN".to_owned())]);
    let Verb::Require(rollout) = &policy.rules[7].verb else { panic!("not a require") };
    assert_eq!(rollout.subject, Subject::Object);
    assert_eq!(rollout.field.as_ref().unwrap().to_string(), "spec.updateStrategy.rollingUpdate.partition");
    let rule = &policy.rules[8];
    let selector = rule.containers.as_ref().unwrap();
    assert_eq!(selector.roles, [Role::Main, Role::Sidecar, Role::Init]);
    assert_eq!((selector.names.len(), selector.images.len()), (1, 1));
    assert!(rule.when.is_some());
    assert_eq!((rule.mode, rule.severity.name(), rule.on_error), (Some(Mode::Warn), "medium", OnError::Deny));
    let Verb::Require(limit) = &rule.verb else { panic!("not a require") };
    assert_eq!(limit.subject, Subject::Container);
    assert!(matches!(&limit.message, Message::Text(text) if text == "must set a memory limit"));
    assert!(limit.help.as_ref().unwrap().starts_with("add `resources.limits.memory`"));
}

#[test]
fn a_bad_policy_says_nothing_about_its_neighbours() {
    let good = policy("name: good", "mode: Warn", RULE);
    let bad = policy("name: bad", "mode: Wrn", RULE);
    let broken = "apiVersion: [\n";
    let loaded = read(&format!("{bad}---\n{good}---\n{broken}"));
    let ids: Vec<_> = loaded.policies.iter().map(|policy| policy.id.as_str()).collect();
    assert_eq!(ids, ["ClusterPodPolicy/good"]);
    let refused: Vec<_> =
        loaded.refused.iter().map(|refused| (refused.id.as_deref(), refused.place.span.line)).collect();
    assert_eq!(refused, [(Some("ClusterPodPolicy/bad"), 1), (None, 13)]);
}

#[test]
fn what_kubectl_lists_is_read_as_its_items() {
    let text = format!(
        "apiVersion: v1\nkind: List\nitems:\n- {}- {}",
        policy("name: a", "mode: Warn", RULE).replace('\n', "\n  ").trim_end_matches(' '),
        policy("name: b, uid: x, managedFields: []", "mode: Warn", RULE).replace('\n', "\n  "),
    );
    assert_eq!(said(&text), <[String; 0]>::default());
    let ids: Vec<_> = read(&text).policies.into_iter().map(|policy| policy.id).collect();
    assert_eq!(ids, ["ClusterPodPolicy/a", "ClusterPodPolicy/b"]);
}

#[test]
fn a_selector_that_selects_everything_is_worth_a_warning() {
    let text = policy("name: a", "mode: Warn, match: {podSelector: {}}", RULE);
    let expected =
        "4:28 a label selector without requirements; it matches everything: leave it out, or say what it selects";
    assert_eq!(said(&text), [expected]);
    assert_eq!(read(&text).policies.len(), 1);
}

#[test]
fn a_field_to_blame_that_the_api_does_not_know_is_worth_a_warning() {
    let with = |spec: &str, require: &str| {
        let rule = format!("{{name: r, require: {{message: m, {require}}}}}");
        policy("name: a", &format!("mode: Warn{spec}"), &rule)
    };
    let kinds = ", match: {kinds: [Pod, StatefulSet.apps]}";
    let table = [
        (
            with("", "pod: 'true', field: 'spec.containers[0].imag'"),
            "`spec.containers[0].imag` is not a field of a Pod; did you mean `image`?",
        ),
        (
            with("", "container: 'true', field: resources.limit.memory"),
            "`resources.limit.memory` is not a field of a container; did you mean `limits`?",
        ),
        (
            with(kinds, "object: 'true', field: spec.strategy"),
            "`spec.strategy` is not a field of any kind that the policy matches",
        ),
    ];
    for (text, expected) in table {
        let found = said(&text);
        assert!(found.len() == 1 && found[0].ends_with(expected), "{found:?}");
        assert_eq!(read(&text).policies.len(), 1);
    }
    for good in [
        with("", "pod: 'true', field: 'metadata.labels[example.com/team]'"),
        with("", "container: 'true', field: targetContainerName"),
        with(kinds, "object: 'true', field: spec.updateStrategy.rollingUpdate.partition"),
        with("", "object: 'true', field: spec.strategy.type"),
    ] {
        assert_eq!(said(&good), <[String; 0]>::default(), "{good}");
    }
}

#[test]
fn a_list_whose_items_are_no_list_is_refused() {
    let item = "{apiVersion: podgate.dev/v1alpha1, kind: ClusterPodPolicy}";
    for (items, expected) in [
        (item, vec!["1:37 expected a list, found an object; put `- ` before each of the items"]),
        ("x", vec!["1:37 expected a list, found a string; put `- ` before each of the items"]),
        ("null", vec![]),
        ("[]", vec![]),
    ] {
        let text = format!("{{apiVersion: v1, kind: List, items: {items}}}");
        assert_eq!(said(&text), expected, "{items}");
        assert_eq!(read(&text).refused.len(), expected.len(), "{items}");
    }
}
