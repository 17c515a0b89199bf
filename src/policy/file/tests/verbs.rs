//! What is said about the verbs that edit, beside `default`.

use super::{check, policy, said};

fn with(rule: &str) -> String {
    policy("name: a", "mode: Warn", &format!("{{name: r, {rule}}}"))
}

#[test]
fn an_override_takes_what_a_default_takes_and_says_its_own_name() {
    check(&[
        (with("override: {}"), &["5:21 `override` needs `pod` or `container`"]),
        (with("override: {pod: {spec: {}}}"), &["5:38 an empty object sets nothing"]),
        (
            with("override: {pod: {spec: {priority: 3}}}"),
            &["5:45 `spec.priority` cannot be overridden: the API server derives it from `priorityClassName`; \
               name a PriorityClass instead"],
        ),
        (
            with("override: {container: {name: x, restartPolicy: Always}}"),
            &[
                "5:44 `name` cannot be overridden: it is what a container is known by; `containers.names` selects \
                 containers by their names",
                "5:53 `restartPolicy` cannot be overridden: it makes another sort of container of it; say what must \
                 hold with `require`",
            ],
        ),
        (
            with("injectInto: [Pods], override: {pod: {spec: {automountServiceAccountToken: false}}}"),
            &[
                "5:65 `spec.automountServiceAccountToken` cannot be overridden in Pods: by the time a Pod arrives the API \
               server has mounted the token already; leave `injectInto` to podgate, which edits templates, or set it in \
               the ServiceAccount",
            ],
        ),
        (
            policy(
                "name: a",
                "mode: Warn, match: {kinds: [Pod]}",
                "{name: r, default: {pod: {spec: {priorityClassName: high}}}}",
            ),
            &["5:44 an edit of templates, and no kind of `match.kinds` has any; add a kind with a template, such as \
               `Deployment.apps`, to `kinds`; in Pods it cannot be edited, as by the time a Pod arrives the API server \
               has derived its `priority` and `preemptionPolicy` from it"],
        ),
        (
            with("onUnknown: Keep, override: {pod: {spec: {hostname: x}}}"),
            &["5:21 `onUnknown` in a rule with `override`; it stands only with `default`"],
        ),
        (
            with("keepQoS: true, require: {pod: 'true', message: m}"),
            &[
                "5:21 `keepQoS` in a rule with `require`; it stands only with `default`, `override`, `bound`, `append` and \
               `rewriteImages`",
            ],
        ),
        (with("keepQoS: 1, override: {pod: {spec: {hostname: x}}}"), &["5:30 expected a boolean, found an integer"]),
    ]);
}

#[test]
fn append_takes_lists() {
    check(&[
        (
            with("append: {pod: {spec: {hostname: x}}}"),
            &[
                "5:43 `spec.hostname` cannot be appended to: it is no list; `append` adds elements to lists; `default` and \
               `override` set values",
            ],
        ),
        (with("append: {pod: {spec: {tolerations: []}}}"), &["5:43 an empty list adds nothing"]),
        (with("append: {pod: {spec: {tolerations: {key: a}}}}"), &["5:56 expected a list, found an object"]),
        (with("append: {container: {env: [{value: x}]}}"), &["5:48 an element needs `name`, by which it is known"]),
        (
            with("append: {container: {volumeMounts: [{mountPath: /x}]}, pod: {spec: {initContainers: [{name: a}]}}}"),
            &[
                "5:107 `image` is missing in an element that is added as a whole",
                "5:58 `name` is missing in an element that is added as a whole",
            ],
        ),
        (
            with("append: {pod: {spec: {ephemeralContainers: [{name: a}]}}}"),
            &[
                "5:43 `spec.ephemeralContainers` cannot be appended to: containers have a section of their own; write the \
               values for each container under `container`, beside `pod`",
            ],
        ),
        (
            with("append: {pod: {metadata: {labels: {a: b}}}}"),
            &[
                "5:56 `metadata.labels.a` cannot be appended to: it is no list; `append` adds elements to lists; `default` \
               and `override` set values",
            ],
        ),
    ]);
    for good in
        ["append: {container: {args: {$expression: \"['-v']\"}}}", "append: {pod: {spec: {volumes: [{name: v}]}}}"]
    {
        assert_eq!(said(&with(good)), <[String; 0]>::default(), "{good}");
    }
}

#[test]
fn bound_takes_ranges_of_numbers_and_quantities() {
    let grace = |range: &str| with(&format!("bound: {{pod: {{spec: {{terminationGracePeriodSeconds: {range}}}}}}}"));
    check(&[
        (grace("30"), &["5:73 expected a range; write `{min: .., max: ..}`, or one of them"]),
        (grace("{}"), &["5:42 a range needs `min` or `max`"]),
        (
            grace("{mx: 3}"),
            &["5:74 unknown field `mx` in a range; did you mean `max`?", "5:42 a range needs `min` or `max`"],
        ),
        (grace("{min: -1}"), &["5:79 `-1` is less than 0"]),
        (grace("{min: 30s}"), &["5:79 expected an integer, found a string"]),
        (grace("{min: 9, max: 5}"), &["5:79 a `min` of `9` above the `max` of `5`"]),
        (
            with("bound: {container: {resources: {limits: {memory: {max: 1GB}}}}}"),
            &[
                "5:76 `1GB` is not a quantity: `GB` is no suffix; use n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi or Ei",
            ],
        ),
        (
            with("bound: {container: {imagePullPolicy: {min: 1}}}"),
            &[
                "5:41 `imagePullPolicy` cannot be bounded: it is a string; integers and quantities have ranges; for the \
               rest there is `require`",
            ],
        ),
        (
            with("bound: {container: {livenessProbe: {httpGet: {port: {min: 1}}}}}"),
            &[
                "5:57 `livenessProbe.httpGet` cannot be bounded: it is an object (HTTPGetAction); integers and quantities \
               have ranges; for the rest there is `require`",
            ],
        ),
        (
            with("bound: {pod: {spec: {$expression: '{}'}}}"),
            &["5:35 a range is not computed; write `{min: .., max: ..}` in place of the value"],
        ),
    ]);
    for good in [
        "{container: {livenessProbe: {periodSeconds: {max: 60}}}}",
        "{container: {resources: {requests: {nvidia.com/gpu: {max: 2}}}}}",
    ] {
        assert_eq!(said(&with(&format!("bound: {good}"))), <[String; 0]>::default(), "{good}");
    }
}

#[test]
fn rewrites_have_a_registry_and_do_not_turn_in_circles() {
    let rewrite = |list: &str| with(&format!("rewriteImages: {list}"));
    check(&[
        (rewrite("{}"), &["5:36 expected a list, found an object"]),
        (rewrite("[]"), &["5:36 an empty list; add an element, or leave the field out"]),
        (rewrite("[{from: docker.io}]"), &["5:38 a rewrite needs `to`"]),
        (
            rewrite("[{from: library, to: mirror.io}]"),
            &["5:44 `library` starts with no registry; images are compared in full, such as `docker.io/library/redis`"],
        ),
        (
            rewrite("[{from: docker.io, to: 'mirror.io/x:1'}]"),
            &[
                "5:59 `mirror.io/x:1` is not the beginning of an image's name; a registry and perhaps a repository, without \
               tag or digest",
            ],
        ),
        (
            rewrite("[{from: docker.io, to: docker.io/mirror}]"),
            &[
                "5:38 `to: docker.io/mirror` lies under `from: docker.io`; the next call would rewrite the image again: take \
               the mirror out of `from`",
            ],
        ),
        (
            rewrite("[{from: docker.io, to: one.io}, {from: one.io/a, to: two.io}, {from: quay.io, to: one.io/a/b}]"),
            &[
                "5:99 `to: one.io/a/b` lies under `from: one.io/a`; the next call would rewrite the image again: take the \
               mirror out of `from`",
            ],
        ),
        (
            rewrite("[{from: quay.io, to: one.io}, {from: 'QUAY.io:443', to: two.io}]"),
            &["5:73 a second rewrite from `QUAY.io:443`; the first one stands in line 5"],
        ),
        (
            rewrite("[{from: docker.io, to: one.io}, {from: docker.io, to: two.io}]"),
            &["5:75 a second rewrite from `docker.io`; the first one stands in line 5"],
        ),
    ]);
}
