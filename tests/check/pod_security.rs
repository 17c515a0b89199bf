//! Pod Security Standards: the packs, and the page about them.

use podgate::policy::pod_security::registry::REGISTRY;
use podgate::policy::pod_security::value::Values;
use serde_json::json;

use crate::fences::of_language;
use crate::program::Check;

const PAGE: &str = include_str!("../../policies/POD_SECURITY.md");

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  hostPID: true
  containers:
  - name: web
    image: registry.example.com/web:1.2
    ports: [{containerPort: 80, hostPort: 80}]
  - name: log
    image: registry.example.com/log:1.2
    ports: [{containerPort: 81, hostPort: 81}]
";

const GOOD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: a, image: 'a:1'}]}
";

/// What stands under a title of the page.
fn section(title: &str) -> &'static str {
    let rest = PAGE.split(&format!("\n## {title}\n")).nth(1).unwrap();
    rest.split("\n## ").next().unwrap()
}

#[test]
fn the_table_of_the_page_is_the_registry() {
    let rows: Vec<&str> = section("The checks").lines().filter(|line| line.starts_with("| `")).collect();
    let expected = REGISTRY.iter().map(|entry| {
        let versions: Vec<_> = entry.versions().map(|minor| format!("v1.{minor}")).collect();
        let overrides = entry.overrides.map(|check| format!("`{check}` ")).unwrap_or_default();
        let values = match entry.check.values() {
            Values::None => "",
            Values::Words(words) => &format!("{words} "),
            Values::Folders => "folders of the node ",
            Values::Volumes => "types of volumes, and folders of the node ",
            Values::Ports => "ports, and ranges of them ",
        };
        let (id, level) = (entry.id, entry.level.name());
        format!("| `{id}` | {level} | {} | {overrides}| {values}|", versions.join(", "))
    });
    assert_eq!(rows, expected.collect::<Vec<_>>());
}

#[test]
fn the_page_lists_the_checks_that_have_an_answer() {
    let listed: Vec<_> = section("What `check --fix` writes")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    let answered: Vec<_> = REGISTRY.iter().filter(|entry| entry.is_answered()).map(|entry| entry.id).collect();
    assert_eq!(listed, answered);
}

#[test]
fn the_policy_of_the_page_loads_and_judges() {
    let policy = &of_language(PAGE, "yaml")[0];
    Check::new()
        .file("security.yaml", policy)
        .file("pod.yaml", POD)
        .args(["-q", "-p", "security.yaml", "pod.yaml"])
        .stdout_has("error[security/restricted]: host namespaces (hostPID=true)")
        .code(1);
}

#[test]
fn the_exception_of_the_page_lets_its_container_pass_while_it_lasts() {
    let blocks = of_language(PAGE, "yaml");
    let (strict, exception) = (blocks[0].split("        except:").next().unwrap(), &blocks[1]);
    let pod = "\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: proxy
    image: registry.example.com/proxy:2
    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL], add: [NET_ADMIN]}}
";
    for (pod, now, code) in [
        (pod.to_owned(), "2027-02-28", 0),
        (pod.to_owned(), "2027-03-01", 1),
        (pod.replace("NET_ADMIN", "NET_ADMIN, SYS_TIME"), "2027-02-28", 1),
        (pod.replace("proxy:2", "other:2"), "2027-02-28", 1),
        (pod.replace("allowPrivilegeEscalation: false, ", ""), "2027-02-28", 1),
    ] {
        let files = Check::new().file("p.yaml", strict).file("e.yaml", exception).file("pod.yaml", &pod);
        let printed = files.args(["-p", "p.yaml", "--now", &format!("{now}T00:00:00Z"), "pod.yaml", "e.yaml"]).output();
        assert_eq!(printed.code, Some(code), "{now} {pod}{}{}", printed.stdout, printed.stderr);
    }
}

#[test]
fn values_that_do_nothing_are_named_with_their_place() {
    let run = |values: &str| {
        let policy = of_language(PAGE, "yaml")[0]
            .replace("level: restricted", "level: baseline")
            .replace("capabilities_restricted", "capabilities_baseline")
            .replace("            values: [NET_ADMIN]", values);
        Check::new().file("p.yaml", &policy).file("pod.yaml", GOOD).args(["-q", "-p", "p.yaml", "pod.yaml"])
    };
    run("            values: [CAP_NET_ADMIN]\n          - {check: hostNamespaces, values: [hostPID]}")
        .stdout_has("1 object: 1 allowed")
        .stderr(
            "\
warning: `CAP_NET_ADMIN` is no capability that is known here
  --> p.yaml:15:22
   |
15 |             values: [CAP_NET_ADMIN]
   |                      ^^^^^^^^^^^^^
   |
   = help: did you mean `NET_ADMIN`?

",
        )
        .code(0);
    run("            values: [NET_ADMIN]\n          - {check: hostNamespaces, values: [hostPid]}")
        .stderr(
            "\
error: `hostPid` is nothing that `hostNamespaces` objects to
  --> p.yaml:16:46
   |
16 |           - {check: hostNamespaces, values: [hostPid]}
   |                                              ^^^^^^^
   |
   = help: did you mean `hostPID`?

",
        )
        .code(2);
}

#[test]
fn a_pack_denies_in_the_words_of_the_api_server_and_points_at_the_fields() {
    Check::new()
        .file("pod.yaml", POD)
        .args(["-p", "builtin:baseline", "pod.yaml"])
        .stdout(
            "\
error[pod-security-baseline/baseline]: host namespaces (hostPID=true)
 --> pod.yaml:5:12
  |
5 |   hostPID: true
  |            ^^^^ spec.hostPID

error[pod-security-baseline/baseline]: hostPort (containers \"web\", \"log\" use hostPorts 80, 81)
 --> pod.yaml:9:43
  |
9 |     ports: [{containerPort: 80, hostPort: 80}]
  |                                           ^^ spec.containers[web].ports[0].hostPort
  |
  = note: also spec.containers[log].ports[0].hostPort

Pod shop/web: denied, 2 violations

1 object: 0 allowed, 1 denied, 0 changed, 0 warnings    (builtin:baseline, Kubernetes 1.37)
",
        )
        .code(1);
}

#[test]
fn the_json_names_every_field() {
    let found = Check::new().file("pod.yaml", POD).args(["-p", "builtin:baseline", "-o", "json", "pod.yaml"]).json(1);
    let violations = found["objects"][0]["violations"].as_array().unwrap();
    assert_eq!(violations[1]["path"], "spec.containers[0].ports[0].hostPort");
    assert_eq!(violations[1]["also"], json!(["spec.containers[1].ports[0].hostPort"]));
    assert_eq!(violations[0].get("also"), None);
}

#[test]
fn podgates_own_manifests_keep_restricted() {
    let deployment = include_str!("../../deploy/podgate.yaml");
    Check::new()
        .file("podgate.yaml", deployment)
        .args(["-p", "builtin:restricted", "--exclude-namespaces=", "podgate.yaml"])
        .stdout_has("Deployment podgate/podgate: allowed, unchanged")
        .code(0);
}

const NAMESPACE: &str = "\
---
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels: {pod-security.kubernetes.io/enforce: baseline, pod-security.kubernetes.io/enforce-version: v1.30}
";

#[test]
fn a_namespace_that_asks_for_it_is_told_what_the_api_servers_own_plug_in_does() {
    let run = |pod: &str, args: &[&str]| {
        Check::new()
            .file("pod.yaml", &format!("{pod}{NAMESPACE}"))
            .args(["-p", "builtin:defaults", "pod.yaml"])
            .args(args.iter().copied())
    };
    let denied = "violates PodSecurity \"baseline:v1.30\": host namespaces (hostPID=true), hostPort (containers \"web\", \"log\" \
                  use hostPorts 80, 81)";
    run(POD, &["-q"]).stdout_has(&format!("  the API server's PodSecurity plug-in denies it: {denied}\n")).code(1);
    let found = run(POD, &["-o", "json"]).json(1);
    assert_eq!(found["objects"][0]["decision"], "allow");
    assert_eq!(found["objects"][0]["podSecurityPlugIn"], json!({"denies": denied}));
    let template = POD.lines().skip(3).map(|line| format!("    {line}\n")).collect::<String>();
    let deployment = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: shop}}\nspec:\n  selector: {{matchLabels: {{app: a}}}}\n  \
         template:\n    metadata: {{labels: {{app: a}}}}\n{template}"
    );
    run(&deployment, &[])
        .stdout_has(&format!("  the API server's PodSecurity plug-in denies its Pods: {denied}\n"))
        .stdout_has(&format!(
            "  the API server's PodSecurity plug-in warns: {}\n",
            denied.replace("violates", "would violate")
        ))
        .code(1);
    assert_eq!(run(GOOD, &["-o", "json"]).json(0)["objects"][0].get("podSecurityPlugIn"), None);
}

#[test]
fn the_plug_in_has_no_say_over_deletions_and_harmless_subresources() {
    let pod = |image: &str| {
        let spec = json!({"hostPID": true, "containers": [{"name": "a", "image": image}]});
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop"}, "spec": spec})
    };
    for (operation, sub_resource, object, old, code) in [
        ("CREATE", "", pod("a:1"), json!(null), 1),
        ("UPDATE", "", pod("a:2"), pod("a:1"), 1),
        ("UPDATE", "", pod("a:1"), pod("a:1"), 0),
        ("UPDATE", "ephemeralcontainers", pod("a:2"), pod("a:1"), 1),
        ("UPDATE", "status", pod("a:2"), pod("a:1"), 0),
        ("DELETE", "", json!(null), pod("a:1"), 0),
    ] {
        let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
            "uid": "u", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "subResource": sub_resource,
            "resource": {"group": "", "version": "v1", "resource": "pods"}, "name": "web", "namespace": "shop",
            "operation": operation, "object": object, "oldObject": old}});
        let files = Check::new().file("a/review.json", &review.to_string()).file("a/namespace.yaml", NAMESPACE);
        let found = files.args(["-p", "builtin:defaults", "-o", "json", "a"]).json(code);
        let said = &found["objects"][0]["podSecurityPlugIn"]["denies"];
        assert_eq!(said.is_string(), code == 1, "{operation} {sub_resource}: {said}");
    }
}

#[test]
fn labels_that_the_plug_in_refuses_are_named_with_their_place() {
    let namespace = NAMESPACE.replace("enforce: baseline", "enforce: base").replace("v1.30", "'1.30'");
    Check::new()
        .file("pod.yaml", &format!("{GOOD}{namespace}"))
        .args(["-q", "-p", "builtin:defaults", "pod.yaml"])
        .stdout_has("PodSecurity plug-in denies it: violates PodSecurity \"restricted:latest\": ")
        .stderr(
            "\
warning: the API server's PodSecurity plug-in refuses a new namespace `shop` with this `pod-security.kubernetes.io/enforce`
  --> pod.yaml:10:48
   |
10 |   labels: {pod-security.kubernetes.io/enforce: base, pod-security.kubernetes.io/enforce-version: '1.30'}
   |                                                ^^^^
   |
   = help: must be one of privileged, baseline, restricted

warning: the API server's PodSecurity plug-in refuses a new namespace `shop` with this `pod-security.kubernetes.io/enforce-version`
  --> pod.yaml:10:98
   |
10 |   labels: {pod-security.kubernetes.io/enforce: base, pod-security.kubernetes.io/enforce-version: '1.30'}
   |                                                                                                  ^^^^^^
   |
   = help: must be \"latest\" or \"v1.x\"

",
        )
        .code(1);
}
