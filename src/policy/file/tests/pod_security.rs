//! What is said about a `podSecurity` that is not one.

use super::{check, policy, read, said};

fn rule(value: &str) -> String {
    policy("name: a", "mode: Warn", &format!("{{name: r, podSecurity: {value}}}"))
}

#[test]
fn a_standard_is_a_level_at_a_version() {
    let table: &[(String, &[&str])] = &[
        (rule("restricted"), &["5:34 expected an object, found a string"]),
        (rule("{version: v1.37}"), &["5:21 `podSecurity` needs `level`"]),
        (
            rule("{level: privileged}"),
            &["5:42 `privileged` forbids nothing; leave the rule out, or ask for `baseline`"],
        ),
        (
            rule("{level: restriced}"),
            &["5:42 `restriced` is not `baseline` or `restricted`; did you mean `restricted`?"],
        ),
        (
            rule("{level: baseline, version: '1.30'}"),
            &["5:61 `1.30` is not a version; write `latest`, or a version of Kubernetes, as in `v1.37`"],
        ),
        (
            rule("{level: baseline, exept: []}"),
            &["5:52 unknown field `exept` in `podSecurity`; did you mean `except`?"],
        ),
        (
            rule("{level: baseline}").replace("podSecurity", "containers: {names: [a]}, podSecurity"),
            &[
                "5:21 `containers` in a rule with `podSecurity`; `except` takes out single checks, and `containers` narrows those",
            ],
        ),
    ];
    check(table);
    assert_eq!(
        said(&rule("{level: baseline, version: v1.99}")),
        [
            "5:61 the standards of v1.99 are not known here; those of v1.37 are asked for instead, as the API server does it"
        ]
    );
}

#[test]
fn what_is_let_pass_must_be_something_that_the_standard_forbids() {
    let except = |level: &str, entry: &str| rule(&format!("{{level: {level}, except: [{entry}]}}"));
    let table: &[(String, &[&str])] = &[
        (except("baseline", "{values: [a]}"), &["5:62 an entry of `except` needs `check`"]),
        (
            except("baseline", "{check: capabilites_baseline}"),
            &[
                "5:69 `capabilites_baseline` is not a check of the Pod Security Standards; did you mean `capabilities_baseline`?",
            ],
        ),
        (
            except("restricted", "{check: capabilities_baseline}"),
            &[
                "5:71 `capabilities_baseline` is not a check of `restricted:latest`; `capabilities_restricted` takes its place there",
            ],
        ),
        (except("baseline", "{check: runAsNonRoot}"), &["5:69 `runAsNonRoot` is not a check of `baseline:latest`"]),
        (
            except("baseline", "{check: sysctls, containers: [{name: a, image: '*'}]}"),
            &["5:78 `containers` for `sysctls`, which looks at the Pod alone"],
        ),
        (
            except("baseline", "{check: privileged, values: [a]}"),
            &["5:81 `values` for `privileged`, which knows but one; leave them out"],
        ),
        (
            except("baseline", "{check: hostNamespaces, values: [hostPid]}"),
            &["5:94 `hostPid` is nothing that `hostNamespaces` objects to; did you mean `hostPID`?"],
        ),
        (
            except("restricted", "{check: restrictedVolumes, values: [nfs, host-path, emptyDir]}"),
            &[
                "5:104 `host-path` is nothing that `restrictedVolumes` objects to; did you mean `hostPath`?",
                "5:115 `emptyDir` passes `restrictedVolumes` anyway; leave it out",
            ],
        ),
        (
            except("baseline", "{check: hostPorts, values: [0, 70000, 9-8, x, '+80']}"),
            &[
                "5:89 `0` is not a port; write a number from 1 to 65535, or a range as in `8000-8100`",
                "5:92 `70000` is not a port; write a number from 1 to 65535, or a range as in `8000-8100`",
                "5:99 `9-8` is not a port; write a number from 1 to 65535, or a range as in `8000-8100`",
                "5:104 `x` is not a port; write a number from 1 to 65535, or a range as in `8000-8100`",
                "5:107 `+80` is not a port; write a number from 1 to 65535, or a range as in `8000-8100`",
            ],
        ),
        (
            except("baseline", "{check: hostPathVolumes, values: [var/log, /var/../etc, /var/log/*]}"),
            &[
                "5:95 `var/log` is not a path of the node; write it from the root on, as in `/var/log`",
                "5:104 `/var/../etc` goes up again; write the folder that is meant",
                "5:117 `/var/log/*` is a pattern; write the folder: all that is in it passes with it",
            ],
        ),
        (
            except("baseline", "{check: capabilities_baseline, containers: [{name: a}], values: [SYS_TIME]}"),
            &[
                "5:106 a container of an exception needs `image`; whoever writes a Pod chooses the names in it: only with its image \
               is a container known",
            ],
        ),
    ];
    check(table);
}

#[test]
fn a_value_that_may_be_one_some_day_is_warned_of_and_loads() {
    for (entry, expected) in [
        ("{check: capabilities_baseline, values: [NET_ADMIN]}", vec![]),
        (
            "{check: capabilities_baseline, values: [KILL, CAP_NET_ADMIN]}",
            vec![
                "5:101 `KILL` passes `capabilities_baseline` anyway; leave it out",
                "5:107 `CAP_NET_ADMIN` is no capability that is known here; did you mean `NET_ADMIN`?",
            ],
        ),
        (
            "{check: sysctls, values: [net.ipv4.tcp_rmem, net.core.somaxconn]}",
            vec!["5:87 `net.ipv4.tcp_rmem` passes `sysctls` anyway; leave it out"],
        ),
    ] {
        let text = rule(&format!("{{level: baseline, except: [{entry}]}}"));
        assert_eq!(said(&text), expected, "{entry}");
        assert_eq!(read(&text).policies.len(), 1, "{entry}");
    }
    let older = rule("{level: baseline, version: v1.31, except: [{check: sysctls, values: [net.ipv4.tcp_rmem]}]}");
    assert_eq!(said(&older), [""; 0], "there it does not pass by itself");
}
