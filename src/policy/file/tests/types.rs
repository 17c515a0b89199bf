//! Expressions of policies that say something the Kubernetes API does not have.

use super::{policy, said};

/// What is said about the condition of a rule about containers, in a policy with this `spec`.
fn of_rule(spec: &str, place: &str, expression: &str) -> Vec<String> {
    let rule = format!("{{name: r, require: {{message: m, {place}: \"{expression}\"}}}}");
    said(&policy("name: a", &format!("mode: Warn{spec}"), &rule))
}

fn check(spec: &str, place: &str, table: &[(&str, &[&str])]) {
    for (expression, expected) in table {
        assert_eq!(of_rule(spec, place, expression), *expected, "{place}: {expression}");
    }
}

#[test]
fn a_field_of_a_container_that_is_not_there_is_a_mistake_at_its_word() {
    check(
        "",
        "container",
        &[
            ("has(container.resources.limits)", &[]),
            (
                "has(container.resouces.limits)",
                &["5:69 `container` has no field `resouces`; did you mean `resources`?"],
            ),
            (
                "container.resources.limit.all(k, true)",
                &["5:75 `ResourceRequirements` has no field `limit`; did you mean `limits`?"],
            ),
            (
                "container.?securityContext.?privilegd.orValue(false)",
                &["5:83 `SecurityContext` has no field `privilegd`; did you mean `privileged`?"],
            ),
            ("container['imag'] == 'a'", &["5:65 `container` has no field `imag`; did you mean `image`?"]),
            (
                "container.ports.all(p, p.hostPrt == 0)",
                &["5:80 `ContainerPort` has no field `hostPrt`; did you mean `hostPort`?"],
            ),
            (
                "(has(container.ports) ? container.ports : []).all(p, p.hostPrt == 0)",
                &["5:110 `ContainerPort` has no field `hostPrt`; did you mean `hostPort`?"],
            ),
            ("container.env.map(e, e.value).exists(v, v > 5)", &["5:95 `>` is not defined for a string and an int"]),
            ("'imag' in container", &["5:55 `container` has no field `imag`; did you mean `image`?"]),
            ("'image' in container && 'a' in container.resources.limits", &[]),
            (
                "'somethingNew' in container",
                &[
                    "5:55 `container` has no field `somethingNew`; what only another version of Kubernetes knows is reached by `dyn(..).somethingNew`",
                ],
            ),
            ("dyn(container).resouces == 1", &[]),
            (
                "container.somethingNew == 1",
                &[
                    "5:65 `container` has no field `somethingNew`; what only another version of Kubernetes knows is reached by `dyn(..).somethingNew`",
                ],
            ),
            ("container.livenessProbe.httpGet.port == 80 || container.livenessProbe.httpGet.port == 'http'", &[]),
            ("quantity(container.resources.limits.memory).isLessThan(quantity('1Gi'))", &[]),
            ("container.resources.limits.memory > 5", &["5:55 `>` is not defined for a string and an int"]),
            ("container.role == 'init' && container.restartPolicy == 'Always'", &[]),
            (
                "container.image == 1 || container.name.x",
                &["5:55 `==` is not defined for a string and an int", "5:79 a string has no field `x`"],
            ),
        ],
    );
}

#[test]
fn the_object_has_the_fields_of_the_kinds_that_the_policy_matches() {
    check(
        ", match: {kinds: [StatefulSet.apps]}",
        "object",
        &[
            ("object.spec.serviceName != ''", &[]),
            (
                "object.spec.strategy.type != ''",
                &[
                    "5:64 `StatefulSetSpec` has no field `strategy`; what only another version of Kubernetes knows is reached by `dyn(..).strategy`",
                ],
            ),
            ("object.metadata.deletionTimestamp == null || object.metadata.creationTimestamp == '2026-01-01'", &[]),
            (
                "object.metadata.creationTimestamp > timestamp('2026-01-01T00:00:00Z')",
                &["5:52 `>` is not defined for a string and a timestamp"],
            ),
            ("oldObject == null || oldObject.spec.replicas <= object.spec.replicas", &[]),
            ("object['spec'].replicas == '1'", &["5:52 `==` is not defined for an int and a string"]),
            ("object.metadata.annotations['a'] == 'b'", &[]),
            ("object.spec.template.spec.containers.all(c, c.image.startsWith('a'))", &[]),
        ],
    );
    check(
        ", match: {kinds: [StatefulSet.apps, Deployment.apps]}",
        "object",
        &[
            ("object.spec.strategy.type != '' || object.spec.serviceName != ''", &[]),
            (
                "object.spec.replcas == 1",
                &["5:64 none of `DeploymentSpec`, `StatefulSetSpec` has a field `replcas`; did you mean `replicas`?"],
            ),
        ],
    );
    check(
        "",
        "object",
        &[(
            "object.metadta.name == 'a'",
            &[
                "5:59 none of `Pod`, `Deployment`, `StatefulSet`, `DaemonSet`, `ReplicaSet`, `ReplicationController`, `Job`, `CronJob`, `PodTemplate` has a field `metadta`; did you mean `metadata`?",
            ],
        )],
    );
}

#[test]
fn the_request_and_the_namespace_have_the_fields_of_a_validating_admission_policy() {
    check(
        "",
        "pod",
        &[
            ("request.userInfo.groups.exists(g, g == 'system:masters')", &[]),
            ("request.kind.kind == 'Pod' && request.options == null && !request.dryRun", &[]),
            ("request.userinfo.username == 'a'", &["5:57 `request` has no field `userinfo`; did you mean `userInfo`?"]),
            ("request.userInfo.groups == 'a'", &["5:49 `==` is not defined for a `list(string)` and a string"]),
            ("namespaceObject.metadata.labels['a'] == 'b' && namespaceObject == null", &[]),
            (
                "namespaceObject.metadata.label['a'] == 'b'",
                &["5:74 `namespaceObject.metadata` has no field `label`; did you mean `labels`?"],
            ),
            ("pod.spec.hostNetwrk", &["5:58 `PodSpec` has no field `hostNetwrk`; did you mean `hostNetwork`?"]),
            ("pod.status.phase == 'a'", &["5:53 `pod` has no field `status`"]),
            (
                "containers.all(c, c.imagePullPolcy == 'Always')",
                &["5:69 `container` has no field `imagePullPolcy`; did you mean `imagePullPolicy`?"],
            ),
            (
                "authorizer.group('apps').resource('deployments').check('create').allowed()",
                &["5:49 there is no `authorizer` here: only the API server knows who may do what"],
            ),
        ],
    );
}

#[test]
fn params_and_variables_have_the_types_of_what_they_are() {
    check(
        ", params: {most: 3, names: [a, b], deep: {a: x}}, variables: [{name: images, expression: \"containers.map(c, c.image)\"}, {name: first, expression: \"variables.images[0]\"}]",
        "pod",
        &[
            (
                "variables.first.startsWith('a') && size(variables.images) < params.most && params.deep.a in params.names",
                &[],
            ),
            ("variables.first + 1 == 2", &["5:49 `+` is not defined for a string and an int"]),
            (
                "variables.images.exists(i, i.tag() == 'a') && variables.first != ''",
                &["5:76 `tag` is not a method of a string; it is defined as `image.tag()`"],
            ),
            (
                "variables.first in params.names && params.mst > 2",
                &["5:91 `params` has no field `mst`; did you mean `most`?"],
            ),
            ("variables.first == params.most", &["5:49 `==` is not defined for a string and an int"]),
            ("variables.first != '' && has(params.least) && params.least > 2", &[]),
            ("variables.first != '' && params.?least.orValue(1) > 2", &[]),
        ],
    );
}

#[test]
fn a_variable_that_only_unused_variables_use_is_unused() {
    let spec = "mode: Warn, variables: [{name: a, expression: '1'}, {name: b, expression: variables.a}, {name: c, expression: \"'variables.b'\"}]";
    let rule = "{name: r, when: \"variables.c == ''\", default: {pod: {spec: {enableServiceLinks: false}}}}";
    let found = said(&policy("name: p", spec, rule));
    assert_eq!(found, ["4:33 the variable `a` is never used", "4:61 the variable `b` is never used"]);
}

#[test]
fn a_computed_value_may_hold_several_types_as_an_object_does() {
    let rule = "{name: r, default: {pod: {spec: {securityContext: {$expression: \"{'runAsNonRoot': true, 'seccompProfile': {'type': 'RuntimeDefault'}}\"}}}}}";
    assert_eq!(said(&policy("name: a", "mode: Warn", rule)), Vec::<String>::new());
}
