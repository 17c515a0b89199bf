//! What is said about the values of a `default`.

use super::{check, policy, said};

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
                "5:44 `spec.terminationGracePeriodSecond` is not a field of a Pod; did you mean `terminationGracePeriodSeconds`?",
            ],
        ),
        (
            with("pod: {spec: {tolerashuns: []}}"),
            &["5:44 `spec.tolerashuns` is not a field of a Pod; did you mean `tolerations`?"],
        ),
        (with("pod: {spec: {tolerations: {}}}"), &["5:57 expected a list, found an object"]),
        (
            with("pod: {spec: {tolerations: [{key: a, operator: Exist}]}}"),
            &["5:77 `Exist` is not `Exists`, `Equal`, `Lt` or `Gt`; did you mean `Exists`?"],
        ),
        (
            with("container: {env: [{name: A, valu: x}, {value: z}]}"),
            &["5:69 an element needs `name`, by which it is known"],
        ),
        (with("container: {livenessProbe: {httpGet: {path: /}}}"), &["5:68 `port` is missing"]),
        (with("pod: {spec: {terminationGracePeriodSeconds: -5}}"), &["5:75 `-5` is less than 0"]),
        (with("pod: {spec: {terminationGracePeriodSeconds: 45s}}"), &["5:75 expected an integer, found a string"]),
        (
            with("pod: {spec: {priority: 5, serviceAccount: robot}}"),
            &[
                "5:44 `spec.priority` cannot be defaulted: the API server derives it from `priorityClassName`; \
                 name a PriorityClass instead",
                "5:57 `spec.serviceAccount` cannot be defaulted: the API server keeps it equal to \
                 `serviceAccountName`; write `serviceAccountName`",
            ],
        ),
        (
            with("pod: {metadata: {name: x, annotations: {a: 1}}}"),
            &[
                "5:48 `metadata.name` cannot be defaulted: of a Pod's metadata only labels and annotations are a \
                 policy's to edit; write it under `labels` or `annotations`",
                "5:74 expected a string, found an integer",
            ],
        ),
        (
            with("pod: {spec: {containers: [{imagePullPolicy: Always}]}}"),
            &["5:44 `spec.containers` cannot be defaulted: containers have a section of their own; write the values \
               for each container under `container`, beside `pod`"],
        ),
        (
            with("pod: {resources: {limits: {cpu: 1}}}"),
            &["5:37 `resources` is not a field of a Pod; it stands at `resources` under `container`"],
        ),
        (
            with("pod: {terminationGracePeriodSeconds: 45}"),
            &["5:37 `terminationGracePeriodSeconds` is not a field of a Pod; \
               it stands at `spec.terminationGracePeriodSeconds` under `pod`"],
        ),
        (
            with("container: {requests: {cpu: 1}}"),
            &["5:43 `requests` is not a field of a container; it stands at `resources.requests` under `container`"],
        ),
        (
            with("container: {imagePullPolicy: IfNotPresnt}"),
            &["5:60 `IfNotPresnt` is not `Always`, `IfNotPresent` or `Never`; did you mean `IfNotPresent`?"],
        ),
        (
            with("container: {resources: {requests: {memmory: 1Gi}}}"),
            &["5:66 `memmory` is not a resource of containers; did you mean `memory`?"],
        ),
        (
            with("container: {resources: {limits: {memory: 1Gb, cpu: -1}}}"),
            &[
                "5:72 `1Gb` is not a quantity: `Gb` is no suffix; use n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi or Ei",
                "5:82 `-1` is less than nothing",
            ],
        ),
        (
            with("container: {resources: {requests: {nvidia.com/gpu: 1, cpu: 1}}}"),
            &["5:66 a request of nvidia.com/gpu without a limit that equals it; \
                 write the limit alone: the API server makes the request of it"],
        ),
        (
            with("container: {resources: {requests: {memory: 128m}}}"),
            &["5:74 `128m` of memory is a fraction of a byte; `m` is a thousandth; did you mean `128Mi`?"],
        ),
        (
            with("container: {resources: {requests: {memory: 0.1Gi}}}"),
            &["5:74 `0.1Gi` of memory is a fraction of a byte"],
        ),
        (
            with("container: {resources: {requests: {memory: 1Gi, cpu: 1}, limits: {memory: 512Mi, cpu: 1000m}}}"),
            &["5:66 a request of `1Gi` memory above the limit of `512Mi`"],
        ),
        (
            with("container: {securityContext: {allowPrivilegeEscalation: false, privileged: true}}"),
            &["5:61 `allowPrivilegeEscalation: false` beside `privileged: true`, which the API server refuses"],
        ),
        (
            with("pod: {spec: {securityContext: {runAsNonRoot: true, runAsUser: 0}}}"),
            &["5:82 `runAsUser: 0` beside `runAsNonRoot: true`, which the kubelet starts nothing from"],
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
fn computed_values_are_checked_as_far_as_their_type_is_known() {
    let with = |values: &str| policy("name: a", "mode: Warn", &format!("{{name: r, default: {{{values}}}}}"));
    check(&[
        (
            with("pod: {spec: {enableServiceLinks: {$expression: \"'yes'\"}}}"),
            &["5:78 `spec.enableServiceLinks` takes a boolean, and the expression gives `string`"],
        ),
        (
            with("container: {resources: {$expression: '3'}}"),
            &["5:68 `resources` takes a map, and the expression gives `int`"],
        ),
        (
            with("pod: {spec: {enableServiceLinks: {$expression: container.tty}}}"),
            &[
                "5:78 there is no variable `container`; `container` is there only in a rule about containers and nothing \
               else; `containers` are all of them",
            ],
        ),
    ]);
    for good in [
        with("pod: {spec: {enableServiceLinks: {$expression: 'has(pod.spec.hostNetwork)'}}}"),
        with("container: {resources: {requests: {cpu: {$expression: 'optional.none()'}}}}"),
        with(
            "container: {imagePullPolicy: {$expression: \"container.image.contains('@') ? 'IfNotPresent' : 'Always'\"}}",
        ),
        with("container: {resources: {$expression: \"{'requests': {'cpu': '1'}}\"}, imagePullPolicy: Always}"),
    ] {
        assert_eq!(said(&good), <[String; 0]>::default(), "{good}");
    }
}
