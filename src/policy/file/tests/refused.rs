//! What is said about a policy that is not one.

use super::{RULE, check, policy};

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
            policy("name: a", "mode: ~", RULE),
            &["4:14 expected a string, found nothing; give it a value, or leave the field out"],
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
        (
            with("namespaces: [Shop, 'a b', 'team-*'], excludeNamespaces: ['kube_*']"),
            &[
                "4:41 `Shop` covers no namespace; their names are at most 63 lower-case letters, digits and `-`",
                "4:47 `a b` covers no namespace; their names are at most 63 lower-case letters, digits and `-`",
                "4:85 `kube_*` covers no namespace; their names are at most 63 lower-case letters, digits and `-`",
            ],
        ),
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
        (
            with("severity: low"),
            &[
                "5:12 a rule needs a verb; give it `default`, `override`, `bound`, `append`, `rewriteImages`, `podSecurity` or `require`",
            ],
        ),
        (
            with(&format!("{require}, {default}")),
            &["5:21 a rule with `default` and `require`; a rule has one verb: make a rule of each"],
        ),
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
            with("containers: {names: ['A_*'], images: [reg.io/a]}, require: {container: 'true', message: m}"),
            &[
                "5:42 `A_*` covers no container; their names are at most 63 lower-case letters, digits and `-`",
                "5:59 `reg.io/a` matches no image: it has neither tag nor digest; write `reg.io/a:*` for every tag, `reg.io/a@*` for every digest",
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
