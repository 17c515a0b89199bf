//! Expressions of policies that are right and probably not meant.

use super::{Loaded, policy, read, said};

/// What is warned of in the condition of a rule about containers, counted from its first character.
fn of_rule(expression: &str) -> Vec<String> {
    let rule = format!("{{name: r, require: {{message: m, container: \"{expression}\"}}}}");
    let text = policy(
        "name: a",
        "mode: Warn, params: {team: a, names: [a, b]}, variables: [{name: v, expression: \"'prod'\"}]",
        &rule,
    );
    let text = text.replace("message: m", "messageExpression: variables.v");
    let before = text.lines().nth(4).and_then(|line| Some(line.split_once("container: \"")?.0.len())).unwrap() + 13;
    let Loaded { policies, .. } = read(&text);
    assert_eq!(policies.len(), 1, "a doubt is no mistake: {expression} {:?}", said(&text));
    let place = |line: String| {
        let (place, message) = line.split_once(' ').unwrap();
        let column: usize = place.strip_prefix("5:").unwrap().parse().unwrap();
        format!("{} {message}", column - before)
    };
    said(&text).into_iter().map(place).collect()
}

fn check(table: &[(&str, &[&str])]) {
    let mut wrong = String::new();
    for (expression, expected) in table {
        let found = of_rule(expression);
        if found != *expected {
            wrong.push_str(&format!("{expression}\n  expected {expected:#?}\n  found {found:#?}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_word_that_a_field_never_holds_is_worth_a_warning() {
    check(&[
        ("container.role == 'sidecr'", &["18 `container.role` is never `sidecr`; did you mean `sidecar`?"]),
        ("container.role == 'sidecar'", &[]),
        ("'Init' != container.role", &["0 `container.role` is never `Init`; did you mean `init`?"]),
        ("request.operation == 'CRAETE'", &["21 `request.operation` is never `CRAETE`; did you mean `CREATE`?"]),
        ("request.operation == 'DELETE'", &["21 `request.operation` is never `DELETE`; it is `CREATE` or `UPDATE`"]),
        (
            "container.imagePullPolicy in ['Alway', 'Never']",
            &["30 `container.imagePullPolicy` is never `Alway`; did you mean `Always`?"],
        ),
        ("container.imagePullPolicy in ['Always', 'Never']", &[]),
        (
            "container.?imagePullPolicy.orValue('') == 'Alway'",
            &["42 `container.?imagePullPolicy.orValue('')` is never `Alway`; did you mean `Always`?"],
        ),
        ("container.?imagePullPolicy.orValue('') == ''", &[]),
        (
            "(has(container.imagePullPolicy) ? container.imagePullPolicy : 'None') == 'none'",
            &[
                "73 `(has(container.imagePullPolicy) ? container.imagePullPolicy : 'None')` is never `none`; did you mean `None`?",
            ],
        ),
        ("container.ports.all(p, p.protocol != 'tcp')", &["37 `p.protocol` is never `tcp`; did you mean `TCP`?"]),
        (
            "containers.map(c, c.imagePullPolicy).all(p, p != 'OnFailure')",
            &["49 `p` is never `OnFailure`; it is `Always`, `IfNotPresent` or `Never`"],
        ),
        (
            "'OnFailure' in containers.map(c, c.imagePullPolicy)",
            &[
                "0 `'OnFailure'` is never in `containers.map(c, c.imagePullPolicy)`; in it are `Always`, `IfNotPresent` or `Never`",
            ],
        ),
        (
            "pod.spec.restartPolicy == container.imagePullPolicy || pod.spec.dnsPolicy == container.imagePullPolicy",
            &[
                "55 `pod.spec.dnsPolicy` and `container.imagePullPolicy` are never equal; `pod.spec.dnsPolicy` is `ClusterFirst`, `ClusterFirstWithHostNet`, `Default` or `None`",
            ],
        ),
        (
            "(variables.v == 'a' ? '' : '') == container.imagePullPolicy",
            &[
                "0 `(variables.v == 'a' ? '' : '')` and `container.imagePullPolicy` are never equal; `(variables.v == 'a' ? '' : '')` is `''`",
            ],
        ),
        ("pod.spec.dnsPolicy == 'Default'", &[]),
        (
            "container.lifecycle.stopSignal == 'KILL'",
            &[
                "34 `container.lifecycle.stopSignal` is never `KILL`; it is `SIGABRT`, `SIGALRM`, `SIGBUS`, `SIGCHLD`, `SIGCLD`, `SIGCONT`, `SIGFPE`, `SIGHUP` or one of others",
            ],
        ),
        ("object.kind == 'Deploymnt'", &["15 `object.kind` is never `Deploymnt`; did you mean `Deployment`?"]),
        // What the author set may be a switch.
        ("variables.v == 'dev' || params.team == 'b' || 'c' in params.names", &[]),
        ("dyn(container).role == 'sidecr'", &[]),
        ("container.name == 'sidecr'", &[]),
    ]);
}

#[test]
fn what_comes_out_the_same_for_every_request_is_worth_a_warning() {
    check(&[
        (
            "container.name == 'a' && container.role == 'init' && container.name == 'b'",
            &[
                "0 this is always false: `container.name` cannot be both `'a'` and `'b'`; `||` is probably meant, not `&&`",
            ],
        ),
        (
            "container.name != 'a' || 'b' != container.name",
            &[
                "0 this is always true: `container.name` is never both `'a'` and `'b'`; `&&` is probably meant, not `||`",
            ],
        ),
        ("container.name != 'a' && container.name != 'b'", &[]),
        ("container.name == 'a' || container.name == 'b'", &[]),
        ("container.ports[0].containerPort == 80 && container.ports[1].containerPort == 81", &[]),
        ("container.name == container.name", &["0 this is always true: both sides are the same"]),
        (
            "containers.all(c, c.name == container.name || c.image < c.image)",
            &["46 this is always false: both sides are the same"],
        ),
        ("container.tty || container.tty", &["17 `container.tty` stands here twice"]),
        ("size(container.ports) >= 0", &["0 this is always true: no size is below 0"]),
        ("0 > container.ports.size()", &["0 this is always false: no size is below 0"]),
        ("size(container.ports) != -1", &["0 this is always true: no size is below 0"]),
        ("size(container.ports) > 0 && container.ports.size() <= 0", &[]),
        ("container.tty && 1 > 2", &["17 this is always false"]),
        ("container.name == ('a' == 'b' ? 'c' : 'd')", &["19 this is always false"]),
        ("true", &[]),
        (
            "container.securityContext != null",
            &[
                "0 `container.securityContext` is never null: a field that is not set is not there, and reading it an error; ask `has(container.securityContext)`",
            ],
        ),
        ("object != null && (oldObject == null || oldObject.metadata.deletionTimestamp == null)", &[]),
        ("container.?securityContext.orValue(null) == null", &[]),
    ]);
}

#[test]
fn a_variable_of_a_macro_that_nothing_reads_is_worth_a_warning() {
    check(&[
        ("containers.all(c, container.tty)", &["15 the variable `c` is never used"]),
        ("containers.all(_c, container.tty)", &[]),
        ("containers.all(c, c.env.all(c, c.name == 'a'))", &[]),
        ("containers.all(c, container.env.all(c, c.name == 'a'))", &["15 the variable `c` is never used"]),
        ("containers.map(c, container.name) != []", &["15 the variable `c` is never used"]),
        ("pod.metadata.labels.all(key, value, value == 'a')", &[]),
        ("pod.metadata.labels.all(key, value, container.tty)", &["24 the variable `key` is never used"]),
        ("container.?tty.optMap(on, true).orValue(false)", &["22 the variable `on` is never used"]),
    ]);
}
