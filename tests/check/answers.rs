//! What is said of objects, in each form.

use serde_json::json;

use crate::program::Check;

const POLICY: &str = r#"
apiVersion: podgate.dev/v1alpha1
kind: ClusterPodPolicy
metadata: {name: house}
spec:
  mode: Enforce
  modes:
    - {namespaceSelector: {matchLabels: {stage: dev}}, mode: Warn}
  rules:
    - name: graceful-stop
      default: {pod: {spec: {terminationGracePeriodSeconds: 45}}}
    - name: requests
      default: {container: {resources: {requests: {cpu: 100m, memory: 128Mi}}}}
    - name: no-latest
      require:
        container: "!container.image.endsWith(':latest')"
        field: image
        message: must not run `latest`
        help: name a version
    - name: team
      mode: Warn
      when: object.kind != 'Pod'
      require:
        object: has(object.metadata.labels) && 'team' in object.metadata.labels
        field: metadata.labels
        message: names no team
"#;

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  labels: {team: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: registry.example.com/web:1.2
";

fn check(text: &str) -> Check {
    Check::new().file("house.yaml", POLICY).file("web.yaml", text).args(["-p", "house.yaml"])
}

fn latest() -> String {
    DEPLOYMENT.replace(":1.2", ":latest")
}

const DENIED: &str = "\
error[house/no-latest]: must not run `latest`
  --> web.yaml:14:16
   |
14 |         image: registry.example.com/web:latest
   |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ spec.template.spec.containers[web].image
   |
   = help: name a version
";

const EDITS: &str = "  web.yaml:11  spec.template.spec
    - terminationGracePeriodSeconds: 30       the API server's default, nobody wrote it
    + terminationGracePeriodSeconds: 45       house/graceful-stop
  web.yaml:13  in its Pods: spec.containers[web].resources
    + requests: {cpu: 100m, memory: 128Mi}    house/requests
  in its Pods: QoS class BestEffort becomes Burstable
";

const ASSUMED: &str = "assumed: namespace `shop` has no labels but its name\n";

const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {stage: dev}}\n";

#[test]
fn an_owner_is_told_of_its_own_edits_and_of_those_in_its_pods() {
    let headline = "Deployment shop/web: allowed, 1 edit; its Pods: 2 edits\n";
    let totals = "1 object: 1 allowed, 0 denied, 1 changed, 0 warnings    (house.yaml, Kubernetes 1.37)\n";
    check(DEPLOYMENT).args(["web.yaml"]).stdout(&format!("{headline}{EDITS}\n{ASSUMED}\n{totals}")).code(0);
}

#[test]
fn what_an_object_and_its_pods_share_is_said_once() {
    let headline = "Deployment shop/web: denied, 1 edit, 1 violation; its Pods: denied, 2 edits\n";
    let totals = "1 object: 0 allowed, 1 denied, 1 changed, 0 warnings, 1 with Pods that do not get through    \
                  (house.yaml, Kubernetes 1.37)\n";
    check(&latest()).args(["web.yaml"]).stdout(&format!("{DENIED}\n{headline}{EDITS}\n{ASSUMED}\n{totals}")).code(1);
}

#[test]
fn a_namespace_lends_its_labels_from_any_file() {
    check(&latest())
        .file("z/namespace.yaml", NAMESPACE)
        .args(["web.yaml", "z"])
        .stdout_has("warning[house/no-latest]: must not run `latest`\n")
        .stdout_has("Deployment shop/web: allowed, unchanged, 1 warning\n")
        .stdout_has("not changed  spec.template.spec.terminationGracePeriodSeconds: 45\n")
        .stdout_has("house/graceful-stop: the rule runs in mode Warn\n")
        .code(0);
}

#[test]
fn a_warning_fails_if_that_is_asked_for() {
    let text = DEPLOYMENT.replace("  labels: {team: web}\n", "");
    check(&text).args(["web.yaml"]).stdout_has("warning[house/team]: names no team\n --> web.yaml:3:1\n").code(0);
    check(&text).args(["--fail-on", "warn", "web.yaml"]).stdout_has("1 warning ").code(1);
    check(DEPLOYMENT).args(["--fail-on", "warn", "web.yaml"]).stdout_has("0 warnings ").code(0);
}

#[test]
fn quiet_leaves_out_what_gets_through() {
    let totals = "2 objects: 1 allowed, 1 denied, 2 changed, 0 warnings, 1 with Pods that do not get through    \
                  (house.yaml, Kubernetes 1.37)\n";
    let both = format!("{}---\n{}", latest(), DEPLOYMENT.replace("name: web\n  namespace", "name: api\n  namespace"));
    let headline = "Deployment shop/web: denied, 1 edit, 1 violation; its Pods: denied, 2 edits\n";
    check(&both).args(["-q", "web.yaml"]).stdout(&format!("{DENIED}\n{headline}\n{totals}")).code(1);
}

#[test]
fn what_an_author_wrote_is_kept_and_said_if_asked_for() {
    let text = DEPLOYMENT.replace("    spec:\n", "    spec:\n      terminationGracePeriodSeconds: 30\n");
    let kept = "  not changed  spec.template.spec.terminationGracePeriodSeconds: 45\n               \
                house/graceful-stop: its author set it\n";
    let headline = "Deployment shop/web: allowed, unchanged; its Pods: 2 edits\n";
    check(&text).args(["-v", "web.yaml"]).stdout_has(headline).stdout_has(kept).code(0);
    let silent = check(&text).args(["web.yaml"]).output();
    assert!(!silent.stdout.contains("not changed"), "{}", silent.stdout);
    let report = check(&text).args(["-o", "json", "web.yaml"]).json(0);
    assert_eq!(report["objects"][0]["withheld"][0]["code"], "authored");
}

#[test]
fn an_old_violation_denies_new_pods_only() {
    check(&latest().replace("spec:\n  selector", "spec:\n  replicas: 2\n  selector"))
        .file("old.yaml", &latest())
        .args(["--old", "old.yaml", "web.yaml"])
        .stdout_has("warning[house/no-latest]: must not run `latest`\n")
        .stdout_has("   = note: the object has it already, so it denies nothing\n")
        .stdout_has("error[house/no-latest]: must not run `latest`\n")
        .stdout_has("   = note: in the Pods of Deployment shop/web\n")
        .stdout_has("Deployment shop/web: allowed, unchanged, 1 violation, 1 warning; its Pods: denied, 2 edits\n")
        .code(1);
}

#[test]
fn json_tells_of_object_and_pods_apart() {
    let report = check(&latest()).args(["-o", "json", "--now", "2026-11-25T08:00:00Z", "web.yaml"]).json(1);
    assert_eq!(report["now"], "2026-11-25T08:00:00Z");
    assert_eq!(report["policies"][0]["id"], "ClusterPodPolicy/house");
    assert_eq!(report["policies"][0]["matched"], 1);
    let object = &report["objects"][0];
    assert_eq!(object["source"], json!({"file": "web.yaml", "line": 1, "index": 0}));
    assert_eq!(object["decision"], "deny");
    assert_eq!(object["assumptions"][0]["code"], "namespace-labels");
    assert_eq!(
        object["violations"],
        json!([{
            "policy": "ClusterPodPolicy/house",
            "rule": "no-latest",
            "mode": "Enforce",
            "severity": "medium",
            "message": "must not run `latest`",
            "help": "name a version",
            "path": "spec.template.spec.containers[0].image",
            "container": "web",
            "line": 14,
            "column": 16,
            "new": true,
            "exception": null,
        }])
    );
    assert_eq!(
        object["edits"],
        json!([{
            "policy": "ClusterPodPolicy/house",
            "rule": "graceful-stop",
            "mode": "Enforce",
            "verb": "default",
            "path": "spec.template.spec.terminationGracePeriodSeconds",
            "container": null,
            "line": 11,
            "before": 30,
            "after": 45,
            "provenance": "api-default",
        }])
    );
    let pod = &object["pod"];
    assert_eq!(pod["decision"], "deny");
    assert_eq!(pod["violations"][0]["path"], "spec.containers[0].image");
    assert_eq!(pod["violations"][0]["line"], 14);
    let paths: Vec<_> = pod["edits"].as_array().unwrap().iter().map(|edit| edit["path"].as_str().unwrap()).collect();
    let requests = "spec.containers[0].resources.requests";
    assert_eq!(paths, [format!("{requests}.cpu"), format!("{requests}.memory")]);
    assert!(object.get("object").is_none() && pod.get("object").is_none());
    assert_eq!(report["summary"]["podsDenied"], 1);
}

#[test]
fn the_objects_stand_in_the_json_if_asked_for() {
    let report = check(DEPLOYMENT).args(["-o", "json", "--show-object", "web.yaml"]).json(0);
    let object = &report["objects"][0];
    assert_eq!(object["object"]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"], 45);
    assert_eq!(object["pod"]["object"]["spec"]["containers"][0]["resources"]["requests"]["cpu"], "100m");
}

#[test]
fn a_patch_applies_to_what_the_api_server_sends() {
    let printed = check(DEPLOYMENT).args(["-o", "patch", "web.yaml"]).output();
    let line: serde_json::Value = serde_json::from_str(&printed.stdout).unwrap();
    assert_eq!(line["name"], "web");
    assert_eq!(
        line["patch"],
        json!([{"op": "replace", "path": "/spec/template/spec/terminationGracePeriodSeconds", "value": 45}])
    );
    assert!(line["pod"].is_array());
    assert_eq!((printed.stderr.as_str(), printed.code), ("", Some(0)));
}

#[test]
fn yaml_and_diff_show_the_object_after_its_edits() {
    check(DEPLOYMENT).args(["-o", "yaml", "web.yaml"]).stdout_has("      terminationGracePeriodSeconds: 45\n").code(0);
    check(DEPLOYMENT)
        .args(["-o", "diff", "web.yaml"])
        .stdout_has("--- web.yaml  Deployment shop/web\n+++ web.yaml  Deployment shop/web, after its edits\n@@ ")
        .stdout_has("-      terminationGracePeriodSeconds: 30\n+      terminationGracePeriodSeconds: 45\n")
        .stdout_has("--- web.yaml  a Pod of Deployment shop/web\n")
        .code(0);
}

#[test]
fn where_the_answer_is_no_report_a_denial_is_said_beside_it() {
    let headline = "Deployment shop/web: denied, 1 edit, 1 violation; its Pods: denied, 2 edits\n";
    check(&latest())
        .args(["-o", "yaml", "web.yaml"])
        .stdout_has("image: registry.example.com/web:latest\n")
        .stderr(&format!("{DENIED}\n{headline}\n"))
        .code(1);
}

#[test]
fn a_review_is_answered_as_the_server_answers_it() {
    let review = r#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "u-1",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "name": "web", "namespace": "shop", "operation": "CREATE", "object": {"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"containers": [{"name": "web", "image": "web:latest"}]}}}}"#;
    let answered = |endpoint: &str| {
        let check = check(review).args(["-o", "review", "--endpoint", endpoint, "web.yaml"]);
        let printed = check.output();
        let answer: serde_json::Value = serde_json::from_str(&printed.stdout).unwrap();
        (answer["response"]["uid"].clone(), answer["response"]["allowed"].clone(), printed.code)
    };
    assert_eq!(answered("mutate"), ("u-1".into(), true.into(), Some(0)));
    assert_eq!(answered("validate"), ("u-1".into(), false.into(), Some(1)));
    check(review)
        .args(["web.yaml"])
        .stdout_has("error[house/no-latest]: must not run `latest`\n --> web.yaml:6:58\n")
        .stdout_has("Pod shop/web: denied")
        .code(1);
}

#[test]
fn a_body_that_cannot_be_judged_is_answered_too() {
    let review = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u-1","operation":"CREATE","object":{"a":1,"a":2}}}"#;
    let stdout_has = r#""uid":"u-1","allowed":false"#;
    check(review).args(["-o", "review", "--endpoint", "validate", "web.yaml"]).stdout_has(stdout_has).code(1);
    check("{}").args(["-o", "review", "--endpoint", "validate", "web.yaml"]).stderr_has("error: ").code(2);
}

#[test]
fn a_field_that_the_api_server_does_not_know_is_a_warning() {
    let text = DEPLOYMENT.replace("    spec:\n", "    spec:\n      HostNetwork: true\n");
    check(&text)
        .args(["web.yaml"])
        .stdout_has("warning: ")
        .stdout_has(" --> web.yaml:12:20\n")
        .stdout_has("Deployment shop/web: allowed, 1 edit, 1 warning; its Pods: 2 edits\n")
        .code(0);
    let report = check(&text).args(["-o", "json", "web.yaml"]).json(0);
    assert!(report["objects"][0]["warnings"][0].as_str().unwrap().contains("HostNetwork"));
    assert_eq!(report["errors"], json!([]));
}

#[test]
fn colours_are_for_terminals_unless_asked_for() {
    let coloured =
        |choice: &str| check(DEPLOYMENT).args(["--color", choice, "web.yaml"]).output().stdout.contains('\u{1b}');
    assert!(coloured("always"));
    assert!(!coloured("auto") && !coloured("never"));
}

#[test]
fn the_items_of_a_list_are_checked_where_they_stand() {
    let item: String = latest().lines().map(|line| format!("  {line}\n")).collect();
    let text = format!("apiVersion: v1\nkind: List\nitems:\n- {}", item.trim_start());
    check(&text)
        .args(["-q", "web.yaml"])
        .stdout_has("  --> web.yaml:17:18\n")
        .stdout_has("Deployment shop/web: denied")
        .code(1);
}

#[test]
fn a_broken_policy_is_shown_and_nothing_is_checked() {
    Check::new()
        .file("house.yaml", &POLICY.replace("mode: Enforce", "mode: enforce"))
        .file("web.yaml", DEPLOYMENT)
        .args(["-p", "house.yaml", "web.yaml"])
        .stderr_has("error: `enforce` is not `Enforce`, `Warn` or `Audit`\n")
        .stderr_has(" --> house.yaml:6:9\n")
        .code(2);
}

#[test]
fn kubectl_apply_makes_a_map_of_annotations_before_any_policy_does() {
    let policy = "\
apiVersion: podgate.dev/v1alpha1
kind: ClusterPodPolicy
metadata: {name: house}
spec:
  mode: Enforce
  rules: [{name: team, default: {pod: {metadata: {annotations: {team: shop}}}}}]
";
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: a, image: x.io/a}]}\n";
    for (way, patch) in [
        ("apply", json!([{"op": "add", "path": "/metadata/annotations/team", "value": "shop"}])),
        ("create", json!([{"op": "add", "path": "/metadata/annotations", "value": {"team": "shop"}}])),
    ] {
        let check = Check::new().file("house.yaml", policy).file("web.yaml", pod);
        let check = check.args(["-p", "house.yaml", "-o", "json", "--show-object", "--as", way, "web.yaml"]);
        let report = check.json(0);
        let object = &report["objects"][0];
        assert_eq!(object["patch"], patch, "{way}");
        let kept =
            object["object"]["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"].as_str();
        let expected = "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"annotations\":{},\"name\":\"web\",\
            \"namespace\":\"default\"},\"spec\":{\"containers\":[{\"image\":\"x.io/a\",\"name\":\"a\"}]}}\n";
        assert_eq!(kept, Some(expected).filter(|_| way == "apply"));
    }
}
