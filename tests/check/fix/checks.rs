//! The checks of the Pod Security Standards that have one safe answer, and what is left to people.

use super::after;
use crate::program::Check;

/// A Pod that passes `restricted`, with a comment at each place.
const GOOD: &str = "\
apiVersion: v1
kind: Pod # a Pod
metadata:
  name: web
spec:
  # of all
  securityContext:
    runAsNonRoot: true # not root
    seccompProfile: # filtered
      type: RuntimeDefault # the usual
  containers:
    - name: web
      image: registry.example.com/web:1.2
      # of this one
      securityContext:
        allowPrivilegeEscalation: false # never
        capabilities:
          drop: # everything
            - ALL # really
";

fn restricted(text: &str) -> Check {
    Check::new().file("web.yaml", text).args(["-p", "builtin:restricted", "--fix", "web.yaml"])
}

#[track_caller]
fn becomes(text: &str, expected: &str) {
    assert_eq!(after(&restricted(text), "web.yaml", 0), expected, "{text}");
}

#[test]
fn a_pod_that_passes_is_not_touched() {
    becomes(GOOD, GOOD);
}

#[test]
fn privilege_escalation_is_forbidden() {
    becomes(&GOOD.replace("allowPrivilegeEscalation: false # never", "allowPrivilegeEscalation: true # never"), GOOD);
    let text = GOOD.replace("        allowPrivilegeEscalation: false # never\n", "");
    let expected = format!("{text}        allowPrivilegeEscalation: false\n");
    becomes(&text, &expected);
}

#[test]
fn all_capabilities_are_dropped() {
    let text = GOOD.replace("- ALL # really", "- NET_RAW # raw");
    becomes(&text, &format!("{text}            - ALL\n"));
    let list = "          drop: # everything\n            - ALL # really\n";
    let text = GOOD.replace(list, "          add: [NET_BIND_SERVICE]\n");
    becomes(&text, &format!("{text}          drop:\n            - ALL\n"));
    becomes(&GOOD.replace(list, "          drop: []\n"), &GOOD.replace(list, "          drop: [ALL]\n"));
}

#[test]
fn a_seccomp_profile_is_set_for_the_pod() {
    let text = GOOD.replace("    seccompProfile: # filtered\n      type: RuntimeDefault # the usual\n", "");
    let expected = GOOD.replace(
        "    seccompProfile: # filtered\n      type: RuntimeDefault # the usual\n",
        "    seccompProfile:\n      type: RuntimeDefault\n",
    );
    becomes(&text, &expected);
    becomes(&GOOD.replace("type: RuntimeDefault", "type: Unconfined"), GOOD);
    let own = "      # of this one\n      securityContext:\n";
    let unconfined = GOOD.replace(own, &format!("{own}        seccompProfile: {{type: Unconfined}}\n"));
    becomes(&unconfined, &unconfined.replace("Unconfined", "RuntimeDefault"));
}

#[test]
fn root_is_ruled_out_for_the_pod() {
    let text = GOOD.replace("    runAsNonRoot: true # not root\n", "");
    let profile = "      type: RuntimeDefault # the usual\n";
    becomes(&text, &text.replace(profile, &format!("{profile}    runAsNonRoot: true\n")));
    becomes(&GOOD.replace("runAsNonRoot: true", "runAsNonRoot: false"), GOOD);
}

#[test]
fn an_owner_gets_it_in_its_template() {
    let text = "\
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: '@daily'
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: a, image: 'x.io/a:1'}]
";
    let own = ", securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]\n          securityContext:\n            runAsNonRoot: true\n            seccompProfile:\n              type: RuntimeDefault\n";
    becomes(text, &text.replace("}]\n", own));
}

#[test]
fn what_has_no_safe_answer_is_left_with_the_reason() {
    let container = "        allowPrivilegeEscalation: false # never\n";
    for (from, to, reason) in [
        (container, "        privileged: true\n", "the container is privileged"),
        (container, "        privileged: true\n", "there is no one safe answer"),
        ("drop: # everything\n            - ALL # really", "add: [SYS_ADMIN]", "whether it can do without"),
        (container, "        capabilities: {add: [SYS_ADMIN], drop: [ALL]}\n", "adds the capability SYS_ADMIN"),
        ("runAsNonRoot: true", "runAsUser: 0", "`runAsUser: 0` asks for root"),
    ] {
        let text = GOOD.replace(from, to);
        let text = match to.contains("        capabilities: ") {
            true => {
                text.replace("        capabilities:\n          drop: # everything\n            - ALL # really\n", "")
            }
            false => text,
        };
        let check = restricted(&text);
        let printed = check.output();
        assert_eq!(printed.code, Some(1), "{}", printed.stdout);
        assert!(printed.stdout.contains(reason), "{reason}: {}", printed.stdout);
    }
}

#[test]
fn a_profile_that_an_annotation_names_as_well_is_left() {
    let of_pod = "seccomp.security.alpha.kubernetes.io/pod: unconfined";
    let of_container = "container.seccomp.security.alpha.kubernetes.io/web: unconfined";
    let of_other = "container.seccomp.security.alpha.kubernetes.io/log: unconfined";
    let pod = "type: RuntimeDefault # the usual";
    let container = "        allowPrivilegeEscalation: false # never\n";
    for (annotation, from, is_left) in [
        (of_pod, pod, true),
        (of_container, pod, false),
        (of_container, container, true),
        (of_other, container, false),
        ("seccomp.security.alpha.kubernetes.io/pod: docker/default", pod, false),
    ] {
        let unconfined = match from {
            text if text == pod => text.replace("RuntimeDefault", "Unconfined"),
            text => format!("{text}        seccompProfile: {{type: Unconfined}}\n"),
        };
        let text = GOOD.replace("  name: web\n", &format!("  name: web\n  annotations: {{{annotation}}}\n"));
        let text = text.replacen(from, &unconfined, 1);
        let check = restricted(&text);
        let printed = check.output();
        let left = printed.stdout.contains("an annotation names another profile, and the API server takes no two");
        assert_eq!((left, printed.code), (is_left, Some(i32::from(is_left))), "{text}{}", printed.stdout);
        assert_eq!(check.read("web.yaml") == text, is_left, "{text}");
    }
}
