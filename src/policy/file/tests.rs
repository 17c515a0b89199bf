//! What loads, and what is said about what does not.

use std::fmt::Write;
use std::sync::Arc;

use super::*;
use crate::diagnostic::render::render;
use crate::document::Path;
use crate::policy::{LeafValue, Message, Mode, OnError, Subject, Target, Verb};
use crate::workload::{Kind, Role};

const HOUSE_RULES: &str = include_str!("../../../tests/fixtures/policies/house-rules.yaml");

fn read(text: &str) -> Loaded {
    load(&Arc::from("house.yaml"), text)
}

/// `LINE:COLUMN MESSAGE; HELP` for each diagnostic.
fn said(text: &str) -> Vec<String> {
    let line = |diagnostic: &Diagnostic| {
        let span = diagnostic.place.as_ref().unwrap().span;
        let help = diagnostic.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        format!("{}:{} {}{help}", span.line, span.column, diagnostic.message)
    };
    read(text).diagnostics.iter().map(line).collect()
}

/// A policy in flow style; line 3 is its metadata, line 4 the rest of its spec, line 5 its rules.
fn policy(metadata: &str, spec: &str, rules: &str) -> String {
    let kind = if metadata.contains("namespace") { "PodPolicy" } else { "ClusterPodPolicy" };
    format!(
        "apiVersion: podgate.dev/v1alpha1\nkind: {kind}\nmetadata: {{{metadata}}}\nspec: {{{spec},\n  rules: [{rules}]}}\n"
    )
}

const RULE: &str = "{name: r, default: {pod: {spec: {enableServiceLinks: false}}}}";

fn check(table: &[(String, &[&str])]) {
    let mut wrong = String::new();
    for (text, expected) in table {
        let found = said(text);
        if found != *expected {
            let _ = writeln!(wrong, "{text}\n  expected {expected:#?}\n  found {found:#?}");
        }
        if !read(text).policies.is_empty() {
            let _ = writeln!(wrong, "{text}\n  loads");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_header_says_which_policy_it_is() {
    let good = policy("name: a", "mode: Warn", RULE);
    let table: &[(String, &[&str])] = &[
        ("[]".to_owned(), &["1:1 expected a policy, found a list"]),
        ("{apiVersion: podgate.dev/v1alpha1}".to_owned(), &["1:2 a policy needs `kind`"]),
        (
            good.replace("ClusterPodPolicy", "ClusterPodPolcy"),
            &["2:7 `ClusterPodPolcy` is not a kind of policy; did you mean `ClusterPodPolicy`?"],
        ),
        (
            "{apiVersion: v1, kind: ConfigMap}".to_owned(),
            &["1:24 `ConfigMap` of `v1` is not a policy; \
               a policy is a `ClusterPodPolicy` or a `PodPolicy` of `podgate.dev/v1alpha1`"],
        ),
        (good.replace("ClusterPodPolicy", "PodPolicyException"), &["2:7 `PodPolicyException` is not supported yet"]),
        (
            good.replace("v1alpha1", "v1"),
            &["1:13 `podgate.dev/v1` is not a version of `ClusterPodPolicy`; write `podgate.dev/v1alpha1`"],
        ),
        (
            good.replace("spec:", "spce:"),
            &["4:1 unknown field `spce` in a policy; did you mean `spec`?", "1:1 a policy needs `spec`"],
        ),
        (
            policy("nmae: a", "mode: Warn", RULE),
            &[
                "3:12 unknown field `nmae` in the metadata of a policy; did you mean `name`?",
                "3:1 the metadata of a policy needs `name`",
            ],
        ),
        (
            policy("name: A_b", "mode: Warn", RULE),
            &[
                "3:18 `A_b` cannot be the name of a policy; lower-case letters, digits, `-` and `.`, a letter or digit first and last",
            ],
        ),
        (policy("name: a, labels: {a: 1}", "mode: Warn", RULE), &["3:33 expected a string, found an integer"]),
        (
            policy("name: a, namespace: shop", "mode: Warn", RULE).replace("PodPolicy", "ClusterPodPolicy"),
            &["3:21 a `ClusterPodPolicy` has no namespace; leave it out, or make this a `PodPolicy`"],
        ),
        (
            good.replace("ClusterPodPolicy", "PodPolicy"),
            &["3:1 a `PodPolicy` needs `metadata.namespace`; \
               it applies to that namespace only; for all of them write a `ClusterPodPolicy`"],
        ),
    ];
    check(table);
}

#[test]
fn a_spec_is_read_strictly() {
    let table: &[(String, &[&str])] = &[
        (policy("name: a", "priority: 1", RULE), &["4:1 the spec of a policy needs `mode`"]),
        (
            policy("name: a", "mode: enforce", RULE),
            &["4:14 `enforce` is not `Enforce`, `Warn` or `Audit`; did you mean `Enforce`?"],
        ),
        (policy("name: a", "mode: 3", RULE), &["4:14 expected a string, found an integer"]),
        (
            policy("name: a", "mode:", RULE),
            &["4:8 expected a string, found nothing; give it a value, or leave the field out"],
        ),
        (
            policy("name: a", "mode: Warn, prioriti: 1", RULE),
            &["4:20 unknown field `prioriti` in the spec of a policy; did you mean `priority`?"],
        ),
        (policy("name: a", "mode: Warn, priority: high", RULE), &["4:30 expected an integer, found a string"]),
        (policy("name: a", "mode: Warn, controllerPods: Audit", RULE), &["4:36 `Audit` is not `Enforce` or `Warn`"]),
        (policy("name: a", "mode: Warn, params: [1]", RULE), &["4:28 expected an object, found a list"]),
        (
            policy("name: a", "mode: Warn, modes: []", RULE),
            &["4:27 an empty list; add an element, or leave the field out"],
        ),
        (
            policy("name: a", "mode: Warn, modes: [{mode: Audit, namespaces: [x]}]", RULE),
            &[
                "4:42 unknown field `namespaces` in a mode for namespaces; a mode for namespaces has `namespaceSelector` and `mode`",
                "4:29 a mode for namespaces needs `namespaceSelector`",
            ],
        ),
        (policy("name: a", "mode: Warn", ""), &["5:10 a policy needs at least one rule"]),
        (
            policy("name: a", "mode: Warn", &format!("{RULE}, {RULE}")),
            &["5:82 a second rule with the name `r`; the first one stands in line 5"],
        ),
        (
            policy(
                "name: a",
                "mode: Warn, variables: [{name: 1a, expression: '1'}, {name: in, expression: '1'}]",
                RULE,
            ),
            &[
                "4:39 `1a` cannot be the name of a variable; letters, digits and `_`, no digit first",
                "4:68 `in` is a word that CEL keeps for itself",
            ],
        ),
        (
            policy("name: a", "mode: Warn, variables: [{name: a, expression: ''}, {nam: b}]", RULE),
            &[
                "4:54 expected a string, found an empty one",
                "4:60 unknown field `nam` in a variable; did you mean `name`?",
                "4:60 a variable needs `name`",
                "4:60 a variable needs `expression`",
            ],
        ),
    ];
    check(table);
}

#[test]
fn a_match_is_read_strictly() {
    let with = |matching: &str| policy("name: a", &format!("mode: Warn, match: {{{matching}}}"), RULE);
    let table: &[(String, &[&str])] = &[
        (with("kind: [Pod]"), &["4:28 unknown field `kind` in `match`; did you mean `kinds`?"]),
        (
            with("kinds: [Deployment]"),
            &["4:36 `Deployment` is not a kind that carries Pods; did you mean `Deployment.apps`?"],
        ),
        (
            with("kinds: [apps/v1/Deployment]"),
            &["4:36 `apps/v1/Deployment` is not a kind that carries Pods; did you mean `Deployment.apps`?"],
        ),
        (
            with("kinds: [Deploymnt.apps]"),
            &["4:36 `Deploymnt.apps` is not a kind that carries Pods; did you mean `Deployment.apps`?"],
        ),
        (
            with("kinds: [Rollout.argoproj.io]"),
            &["4:36 `Rollout.argoproj.io` is not a kind that carries Pods; the kinds are `Pod`, `Deployment.apps`, \
               `StatefulSet.apps`, `DaemonSet.apps`, `ReplicaSet.apps`, `ReplicationController`, `Job.batch`, \
               `CronJob.batch` and `PodTemplate`"],
        ),
        (with("kinds: [Pod, Pod]"), &["4:41 \"Pod\" stands in the list twice"]),
        (
            with("kinds: [Pod], excludeKinds: [Job.batch]"),
            &["4:42 `kinds` and `excludeKinds` in one `match`; `kinds` alone says it: leave `excludeKinds` out"],
        ),
        (
            with("excludeKinds: [Deployment.apps, CronJob.batch, Job.batch]"),
            &[
                "4:43 `Deployment.apps` is left out, and `ReplicaSet.apps`, which makes its Pods, is not; add `ReplicaSet.apps`",
            ],
        ),
        (with("operations: [CREATE, DELETE]"), &["4:49 `DELETE` is not `CREATE` or `UPDATE`"]),
        (with("namespaces: []"), &["4:40 an empty list; add an element, or leave the field out"]),
        (
            with("namespaces: ['team-[ab]']"),
            &[
                "4:41 pattern `team-[ab]` has `[`, which is not supported: only `*` (any characters) and `?` (one) are special",
            ],
        ),
        (
            with("podSelector: {app: web}"),
            &[
                "4:42 unknown field `app` in a label selector; a label selector has `matchLabels` and `matchExpressions`",
            ],
        ),
        (with("podSelector: {matchLabels: {app: 1}}"), &["4:61 expected a string, found an integer"]),
        (
            with("podSelector: {matchLabels: {a b: x}}"),
            &[
                "4:56 `a b` is not a label key: at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends, perhaps behind a DNS name and `/`",
            ],
        ),
        (
            with("podSelector: {matchExpressions: [{key: a, operator: in, values: [x]}]}"),
            &["4:80 `in` is not `In`, `NotIn`, `Exists` or `DoesNotExist`; did you mean `In`?"],
        ),
        (
            with("podSelector: {matchExpressions: [{key: a, operator: In, values: []}]}"),
            &["4:92 operator `In` for label `a` needs at least one value"],
        ),
        (
            with("conditions: [{name: c, expression: 'true'}, {name: c, expression: 'true'}]"),
            &["4:79 a second condition with the name `c`; the first one stands in line 4"],
        ),
    ];
    check(table);
    check(&[(
        policy(
            "name: a, namespace: shop",
            "mode: Warn, match: {namespaces: [x], namespaceSelector: {matchLabels: {a: b}}}",
            RULE,
        ),
        &[
            "4:28 `namespaces` in a `PodPolicy`, which applies to its own namespace only; leave `namespaces` out, or make this a `ClusterPodPolicy`",
            "4:45 `namespaceSelector` in a `PodPolicy`, which applies to its own namespace only; leave `namespaceSelector` out, or make this a `ClusterPodPolicy`",
        ],
    )]);
}

#[test]
fn a_rule_is_read_strictly() {
    let with = |rule: &str| policy("name: a", "mode: Warn", &format!("{{name: r, {rule}}}"));
    let default = "default: {pod: {spec: {enableServiceLinks: false}}}";
    let require = "require: {pod: 'true', message: m}";
    let table: &[(String, &[&str])] = &[
        (with(&format!("wehn: 'true', {default}")), &["5:21 unknown field `wehn` in a rule; did you mean `when`?"]),
        (with("severity: low"), &["5:12 a rule needs a verb; give it `default` or `require`"]),
        (
            with(&format!("{require}, {default}")),
            &["5:21 a rule with `default` and `require`; a rule has one verb: make a rule of each"],
        ),
        (with("bound: {pod: {}}"), &["5:21 `bound` is not supported yet"]),
        (
            with(&format!("mode: Enforce, {require}")),
            &["5:27 `Enforce` is stricter than the policy, whose mode is `Warn`; \
               a rule can only be milder: raise `spec.mode`, and make the other rules milder"],
        ),
        (
            with(&format!("severity: hihg, {require}")),
            &["5:31 `hihg` is not `low`, `medium` or `high`; did you mean `high`?"],
        ),
        (with(&format!("onError: Ignore, {require}")), &["5:30 `Ignore` is not `Deny` or `Allow`"]),
        (
            with(&format!("onUnknown: Keep, rollout: Never, {require}")),
            &[
                "5:21 `onUnknown` in a rule with `require`; it stands only with `default`",
                "5:38 `rollout` in a rule with `require`; it stands only with `default`, `override`, `bound`, `append` and `rewriteImages`",
            ],
        ),
        (
            with(&format!("containers: {{names: [x]}}, {require}")),
            &["5:21 `containers` in a rule that says nothing about them: its `require` has no `container`"],
        ),
        (
            with("containers: {roles: [sidecars], images: [redis]}, require: {container: 'true', message: m}"),
            &[
                "5:42 `sidecars` is not `init`, `sidecar`, `main` or `ephemeral`; did you mean `sidecar`?",
                "5:62 `redis` matches no image: its registry is missing; images are compared in full, such as `docker.io/library/redis:latest`",
            ],
        ),
        (
            with(&format!("injectInto: [Pod], {default}")),
            &["5:34 `Pod` is not `Pods` or `Templates`; did you mean `Pods`?"],
        ),
        (with("require: {message: m}"), &["5:21 `require` needs `pod`, `container` or `object`"]),
        (
            with("require: {pod: 'true', object: 'true', message: m}"),
            &["5:44 `require` with `pod` and `object`; it judges one thing: make a rule of each"],
        ),
        (with("require: {pod: 'true'}"), &["5:21 `require` needs `message` or `messageExpression`"]),
        (
            with("require: {pod: 'true', message: m, messageExpression: \"'m'\"}"),
            &["5:56 `message` and `messageExpression` in one `require`; leave one of them out"],
        ),
        (
            with("require: {object: 'true', message: m, field: 'spec..x'}"),
            &[
                "5:66 `spec..x` is not a field path; write it as Kubernetes does: `resources.limits.memory`, `metadata.labels[example.com/team]`",
            ],
        ),
        (
            with("require: {pod: 'true', message: m, field: resources}"),
            &["5:63 `resources` is not a field of a Pod; it starts with `spec` or `metadata`"],
        ),
        (
            with("require: {container: 'true', message: m, field: spec.x}"),
            &[
                "5:69 `spec.x` is not a field of a container; it is counted from the container: `resources.limits.memory`",
            ],
        ),
        (
            policy("name: a", "mode: Warn", "{name: R_1, require: {pod: 'true', message: m}}"),
            &[
                "5:18 `R_1` cannot be the name of a rule; lower-case letters, digits and `-`, at most 63, a letter or digit first and last",
            ],
        ),
    ];
    check(table);
}

#[test]
fn the_values_of_a_default_are_checked() {
    let with = |values: &str| policy("name: a", "mode: Warn", &format!("{{name: r, default: {{{values}}}}}"));
    let table: &[(String, &[&str])] = &[
        (with(""), &["5:21 `default` needs `pod` or `container`"]),
        (
            with("pods: {}"),
            &[
                "5:31 unknown field `pods` in `default`; did you mean `pod`?",
                "5:21 `default` needs `pod` or `container`",
            ],
        ),
        (with("pod: {}"), &["5:31 an empty object fills in nothing"]),
        (with("pod: {spec: 3}"), &["5:43 expected an object, found an integer"]),
        (
            with("pod: {spec: {terminationGracePeriodSecond: 45}}"),
            &[
                "5:44 `spec.terminationGracePeriodSecond` cannot be defaulted yet; did you mean `terminationGracePeriodSeconds`?",
            ],
        ),
        (with("pod: {spec: {tolerations: []}}"), &["5:44 `spec.tolerations` cannot be defaulted yet"]),
        (with("pod: {spec: {terminationGracePeriodSeconds: -5}}"), &["5:75 `-5` is less than 0"]),
        (with("pod: {spec: {terminationGracePeriodSeconds: 45s}}"), &["5:75 expected an integer, found a string"]),
        (
            with("pod: {spec: {priorityClassName: high}}"),
            &[
                "5:44 `spec.priorityClassName` cannot be defaulted: by the time a Pod arrives the API server has derived \
               its `priority` and `preemptionPolicy` from it; mark one PriorityClass as `globalDefault`",
            ],
        ),
        (
            with("pod: {spec: {automountServiceAccountToken: false, hostNetwork: false}}"),
            &[
                "5:44 `spec.automountServiceAccountToken` cannot be defaulted: by the time a Pod arrives the API server \
                 has mounted the token already; set it in the ServiceAccount",
                "5:81 `spec.hostNetwork` cannot be defaulted: by the time a Pod arrives the API server has derived \
                 `hostPort`s from it; say what must hold with `require`",
            ],
        ),
        (
            with("pod: {spec: {containers: [{imagePullPolicy: Always}]}}"),
            &["5:44 `spec.containers` cannot be defaulted: containers have a section of their own; write the values \
               for each container under `container`, beside `pod`"],
        ),
        (
            with("pod: {resources: {limits: {cpu: 1}}}"),
            &["5:37 `resources` cannot be defaulted yet; it stands under `container`"],
        ),
        (
            with("container: {imagePullPolicy: IfNotPresnt}"),
            &["5:60 `IfNotPresnt` is not `Always`, `IfNotPresent` or `Never`; did you mean `IfNotPresent`?"],
        ),
        (
            with("container: {resources: {requests: {memmory: 1Gi}}}"),
            &["5:66 `resources.requests.memmory` cannot be defaulted yet; did you mean `memory`?"],
        ),
        (
            with("container: {resources: {limits: {memory: 1Gb, cpu: -1}}}"),
            &[
                "5:72 `1Gb` is not a quantity: `Gb` is no suffix; use n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi or Ei",
                "5:82 `-1` is less than nothing",
            ],
        ),
        (
            with("container: {resources: {requests: {memory: 128m}}}"),
            &["5:74 `128m` of memory is a fraction of a byte; `m` is a thousandth; did you mean `128Mi`?"],
        ),
        (
            with("container: {resources: {requests: {memory: 1Gi, cpu: 1}, limits: {memory: 512Mi, cpu: 1000m}}}"),
            &["5:66 a request of `1Gi` memory above the limit of `512Mi`"],
        ),
        (
            with("pod: {metadata: {labels: {a b: x, c: y z}}}"),
            &[
                "5:57 `a b` cannot be the key of a label or an annotation; letters, digits, `-`, `_` and `.`, at most 63, \
                 perhaps behind a domain and `/`",
                "5:68 `y z` cannot be the value of a label; letters, digits, `-`, `_` and `.`, at most 63, a letter or \
                 digit first and last",
            ],
        ),
        (
            with("pod: {spec: {securityContext: {seccompProfile: {type: Localhost}}}}"),
            &["5:78 `Localhost` needs `localhostProfile`, a path below the kubelet's seccomp folder"],
        ),
        (
            with("container: {resources: {$expression: '{}', limits: {cpu: 1}}}"),
            &["5:74 `limits` beside `$expression`; a computed value stands alone; put the rest into the expression"],
        ),
    ];
    check(table);
}

#[test]
fn an_edit_has_somewhere_to_go() {
    let with = |matching: &str, rule: &str| {
        policy("name: a", &format!("mode: Warn, match: {{{matching}}}"), &format!("{{name: r, {rule}}}"))
    };
    let requests = "default: {container: {resources: {requests: {cpu: 1}}}}";
    let grace = "default: {pod: {spec: {terminationGracePeriodSeconds: 45}}}";
    check(&[
        (
            with("kinds: [Deployment.apps]", requests),
            &[
                "5:66 an edit of Pods, and no kind of `match.kinds` has any; add `Pod` to `kinds`, or write `injectInto: [Templates]`",
            ],
        ),
        (
            with("excludeKinds: [Pod]", requests),
            &[
                "5:66 an edit of Pods, and `match.excludeKinds` leaves none over; take `Pod` off `excludeKinds`, or write `injectInto: [Templates]`",
            ],
        ),
        (
            with("kinds: [Pod]", &format!("injectInto: [Templates], {grace}")),
            &["5:69 an edit of templates, and no kind of `match.kinds` has any; \
               add a kind with a template, such as `Deployment.apps`, to `kinds`, or write `injectInto: [Pods]`"],
        ),
    ]);
    for good in [
        with("kinds: [Deployment.apps]", grace),
        with("kinds: [Pod]", grace),
        with("kinds: [Pod]", requests),
        with("kinds: [Deployment.apps]", &format!("injectInto: [Templates], {requests}")),
        with("kinds: [Deployment.apps]", &format!("injectInto: [Pods, Templates], {requests}")),
    ] {
        assert_eq!(said(&good), <[String; 0]>::default(), "{good}");
    }
}

#[test]
fn the_example_of_the_design_fails_only_for_what_is_not_supported_yet() {
    let expected = [
        "31:7 `override` is not supported yet",
        "33:7 `bound` is not supported yet",
        "35:7 `append` is not supported yet",
        "37:7 `rewriteImages` is not supported yet",
        "39:7 `podSecurity` is not supported yet",
    ];
    let loaded = read(HOUSE_RULES);
    assert_eq!(said(HOUSE_RULES), expected);
    assert!(loaded.policies.is_empty());
    assert_eq!(loaded.refused.len(), 1);
    assert_eq!(loaded.refused[0].id.as_deref(), Some("ClusterPodPolicy/house-rules"));
}

/// The example without the rules whose verbs are not supported yet.
fn supported() -> String {
    let mut rules = HOUSE_RULES.split_inclusive("    - name: ");
    let mut text = rules.next().unwrap().to_owned();
    for rule in rules {
        let is_supported = rule.contains("\n      default:") || rule.contains("\n      require:");
        if is_supported {
            text.push_str(rule);
        } else if !rule.ends_with("    - name: ") {
            // The last rule is cut off with the start of its line.
            text.truncate(text.len() - "    - name: ".len());
        }
    }
    text
}

#[test]
fn the_example_of_the_design_loads() {
    let text = supported();
    assert_eq!(said(&text), <[String; 0]>::default());
    let policy = read(&text).policies.pop().unwrap();
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
    assert_eq!(names, ["graceful-stop", "container-defaults", "updates-roll-out", "memory-limit"]);

    let Verb::Default(grace) = &policy.rules[0].verb else { panic!("not a default") };
    assert_eq!(grace.leaves.len(), 1);
    assert_eq!(grace.targets(&grace.leaves[0]), [Target::Pods, Target::Templates]);
    let Verb::Default(defaults) = &policy.rules[1].verb else { panic!("not a default") };
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

    let Verb::Require(rollout) = &policy.rules[2].verb else { panic!("not a require") };
    assert_eq!(rollout.subject, Subject::Object);
    assert_eq!(rollout.field.as_ref().unwrap().to_string(), "spec.updateStrategy.rollingUpdate.partition");
    let rule = &policy.rules[3];
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
