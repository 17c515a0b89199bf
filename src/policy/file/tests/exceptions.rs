//! What is said about an exception that is not one, and what a good one holds.

use jiff::Timestamp;

use super::{Loaded, RULE, check, policy, read};
use crate::diagnostic::Diagnostic;

const GOOD: &str = "reason: because, expires: never, policies: [{policy: a}]";

fn exception(spec: &str) -> String {
    format!(
        "apiVersion: podgate.dev/v1alpha1\nkind: PodPolicyException\nmetadata: {{name: e, namespace: shop}}\nspec: {{{spec}}}\n"
    )
}

#[test]
fn an_exception_says_from_what_why_and_until_when() {
    let table: &[(String, &[&str])] = &[
        (
            exception(GOOD).replace(", namespace: shop", ""),
            &[
                "3:1 a `PodPolicyException` needs `metadata.namespace`; it applies to Pods of that namespace, unless it names others",
            ],
        ),
        (
            exception("reason: ' '"),
            &[
                "4:16 expected a string, found an empty one",
                "4:1 the spec of an exception needs `expires`; a date or a time, as in `2027-03-01`, or `never` if it has no end",
                "4:1 the spec of an exception needs `policies`",
            ],
        ),
        (
            exception(&GOOD.replace("never", "'2027-02-30'")),
            &["4:34 `2027-02-30` is not a time; write `2027-03-01`, `2027-03-01T08:00:00Z` or `never`"],
        ),
        (
            exception(&GOOD.replace("never", "soon")),
            &["4:34 `soon` is not a time; write `2027-03-01`, `2027-03-01T08:00:00Z` or `never`"],
        ),
        (
            exception(&format!("{GOOD}, mode: Warn")),
            &[
                "4:66 unknown field `mode` in the spec of an exception; the spec of an exception has `reason`, `expires`, \
               `policies`, `namespaces`, `podSelector` and `containers`",
            ],
        ),
        (
            exception(&GOOD.replace("{policy: a}", "{policy: a, rules: [x, x]}")),
            &["4:75 a second rule with the name `x`; the first one stands in line 4"],
        ),
        (
            exception(&GOOD.replace("{policy: a}", "{policy: a, checks: [{check: hostPort}]}")),
            &["4:81 `hostPort` is not a check of the Pod Security Standards; did you mean `hostPorts`?"],
        ),
        (
            exception(
                &GOOD.replace("{policy: a}", "{policy: a, checks: [{values: [a]}, {check: privileged, level: b}]}"),
            ),
            &[
                "4:74 an entry of `checks` needs `check`",
                "4:108 unknown field `level` in an entry of `checks`; an entry of `checks` has `check` and `values`",
            ],
        ),
        (
            exception(
                &GOOD.replace("{policy: a}", "{policy: a, checks: [{check: hostNamespaces, values: [hostPid]}]}"),
            ),
            &["4:106 `hostPid` is nothing that `hostNamespaces` objects to; did you mean `hostPID`?"],
        ),
        (
            exception(&format!(
                "{}, containers: [{{name: a, image: '*'}}]",
                GOOD.replace("{policy: a}", "{policy: a, checks: [{check: sysctls}, {check: privileged}]}")
            )),
            &["4:81 `containers` for `sysctls`, which looks at the Pod alone"],
        ),
        (exception(&GOOD.replace("{policy: a}", "{rules: [x]}")), &["4:53 an entry of `policies` needs `policy`"]),
        (
            exception(&format!("{GOOD}, containers: [{{name: net}}]")),
            &[
                "4:80 a container of an exception needs `image`; whoever writes a Pod chooses the names in it: only with its \
               image is a container known",
            ],
        ),
        (
            exception(&format!("{GOOD}, containers: [{{name: net, image: redis}}]")),
            &["4:98 `redis` matches no image: its registry is missing; images are compared in full, such as \
               `docker.io/library/redis:latest`"],
        ),
        (
            exception(&GOOD.replace("never", "'9999-12-31'")),
            &["4:34 `9999-12-31` is later than any time; write `never`"],
        ),
        (
            exception(&GOOD.replace("never", "'9999-12-31T00:00:00Z'")),
            &["4:34 `9999-12-31T00:00:00Z` is later than any time; write `never`"],
        ),
        (
            exception(&format!("{GOOD}, namespaces: [A]")),
            &["4:79 `A` covers no namespace; their names are at most 63 lower-case letters, digits and `-`"],
        ),
    ];
    check(table);
}

#[test]
fn a_good_one_holds_until_it_expires() {
    for (expires, times) in [
        ("never", [true, true]),
        ("2027-03-01", [true, false]),
        ("'2027-03-01'", [true, false]),
        ("2027-03-01T00:00:00Z", [true, false]),
        ("2027-03-01T02:00:00+02:00", [true, false]),
    ] {
        let Loaded { exceptions, diagnostics, .. } = read(&exception(&GOOD.replace("never", expires)));
        assert_eq!(diagnostics, [], "{expires}");
        let times_at: [Timestamp; 2] =
            ["2027-02-28T23:59:59Z", "2027-03-01T00:00:00Z"].map(|time| time.parse().unwrap());
        assert_eq!(times_at.map(|time| exceptions[0].holds_at(Some(time))), times, "{expires}");
        assert_eq!(exceptions[0].holds_at(None), expires == "never", "nobody knows whether it has expired");
        assert_eq!(exceptions[0].id, "PodPolicyException/shop/e");
    }
}

#[test]
fn what_it_is_from_must_be_there_and_only_trusted_ones_reach_into_other_namespaces() {
    let require =
        "{name: r, require: {container: 'true', message: m}}, {name: whole, require: {pod: 'true', message: m}}";
    let security = "{name: base, podSecurity: {level: baseline, version: v1.30}}, \
                    {name: strict, podSecurity: {level: restricted}}";
    let edit = RULE.replace("name: r", "name: d");
    let mut policies = read(&policy("name: a", "mode: Warn", &format!("{require}, {edit}"))).policies;
    policies.extend(read(&policy("name: s", "mode: Warn", &format!("{security}, {require}"))).policies);
    policies.extend(read(&policy("name: o, namespace: other", "mode: Warn", require).replace("Cluster", "")).policies);
    let policies = policies.iter().map(|policy| (policy.id.as_str(), policy)).collect();
    let problems = |spec: &str, trusted: &[&str]| {
        let Loaded { exceptions, diagnostics, .. } = read(&exception(spec));
        assert_eq!(diagnostics, [], "{spec}");
        let trusted: Vec<_> = trusted.iter().map(|&name| name.to_owned()).collect();
        let said = |problem: &Diagnostic| {
            let help = problem.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
            format!("{problem}{help}")
        };
        exceptions[0].problems(&policies, &trusted).iter().map(said).collect::<Vec<_>>()
    };
    let containers = "containers: [{name: net, image: '*'}]";
    let of = |rules: &str, check: &str| {
        GOOD.replace("policy: a", &format!("policy: s{rules}, checks: [{{check: {check}}}]"))
    };
    for (spec, trusted, expected) in [
        (GOOD.to_owned(), vec![], None),
        (GOOD.replace("policy: a", "policy: ClusterPodPolicy/a, rules: [r]"), vec![], None),
        (
            GOOD.replace("policy: a", "policy: b"),
            vec![],
            Some(
                "house.yaml:4:61: there is no policy `ClusterPodPolicy/b` to be an exception from; did you mean `ClusterPodPolicy/a`?",
            ),
        ),
        (
            GOOD.replace("policy: a", "policy: a, rules: [r, whale]"),
            vec![],
            Some(
                "house.yaml:4:75: `ClusterPodPolicy/a` has no rule `whale` to be an exception from; did you mean `whole`?",
            ),
        ),
        (format!("{}, {containers}", GOOD.replace("policy: a", "policy: a, rules: [r]")), vec![], None),
        (
            format!("{GOOD}, {containers}"),
            vec![],
            Some(
                "house.yaml:4:61: `whole` of `ClusterPodPolicy/a` is not about containers; \
                  leave `containers` out, or name the `rules` that are about containers",
            ),
        ),
        (
            format!("{GOOD}, namespaces: ['*']"),
            vec!["ops"],
            Some(
                "house.yaml:4:66: `namespaces` in an exception of `shop`, which is not trusted with others; \
                  leave them out, or name its namespace with `--exception-namespace`",
            ),
        ),
        (format!("{GOOD}, namespaces: ['*']"), vec!["ops", "shop"], None),
        (
            GOOD.replace("policy: a", "policy: PodPolicy/other/o"),
            vec![],
            Some(
                "house.yaml:4:61: `PodPolicy/other/o` applies to `other` only, and this exception not there; \
                  write it in `other`",
            ),
        ),
        (format!("{}, namespaces: ['o*']", GOOD.replace("policy: a", "policy: PodPolicy/other/o")), vec!["shop"], None),
        (of("", "runAsNonRoot"), vec![], None),
        (of(", rules: [base]", "capabilities_baseline"), vec![], None),
        (format!("{}, {containers}", of("", "privileged")), vec![], None),
        (
            of(", rules: [base]", "runAsNonRoot"),
            vec![],
            Some("house.yaml:4:96: `runAsNonRoot` is not a check of `baseline:v1.30`"),
        ),
        (
            of(", rules: [strict]", "capabilities_baseline"),
            vec![],
            Some(
                "house.yaml:4:98: `capabilities_baseline` is not a check of `restricted:latest`; \
                  `capabilities_restricted` takes its place there",
            ),
        ),
        (
            of(", rules: [base, whole]", "privileged"),
            vec![],
            Some(
                "house.yaml:4:78: `checks` for `whole` of `ClusterPodPolicy/s`, which asks for no Pod Security Standard",
            ),
        ),
        (
            of("", "privileged").replace("policy: s", "policy: a"),
            vec![],
            Some("house.yaml:4:61: `checks` for `ClusterPodPolicy/a`, which asks for no Pod Security Standard"),
        ),
    ] {
        assert_eq!(problems(&spec, &trusted), expected.into_iter().collect::<Vec<_>>(), "{spec}");
    }
}
