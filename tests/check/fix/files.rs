//! Files of every sort, and what is said.

use super::{POLICY, after, fix};
use crate::program::Check;

const DEPLOYMENT: &str = "\
# the shop
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      # the one and only
      containers:
        - name: web
          image: \"nginx:1.27\" # pinned
          resources:
            limits: {memory: 64Mi}
      # at the end
";

const FIXED: &str = "\
# the shop
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      # the one and only
      containers:
        - name: web
          image: \"registry.example.com/hub/library/nginx:1.27\" # pinned
          resources:
            limits: {memory: 64Mi}
            requests:
              cpu: 100m
      terminationGracePeriodSeconds: 45
      # at the end
";

#[test]
fn what_the_webhook_would_inject_is_written_into_the_template_and_the_rest_stays() {
    let check = fix(DEPLOYMENT);
    assert_eq!(after(&check, "web.yaml", 0), FIXED);
}

#[test]
fn what_the_author_wrote_and_what_the_api_server_fills_in_is_left_alone() {
    let own = DEPLOYMENT.replace("      # at the end", "      terminationGracePeriodSeconds: 30\n      # at the end");
    let expected = FIXED.replace("terminationGracePeriodSeconds: 45", "terminationGracePeriodSeconds: 30");
    assert_eq!(after(&fix(&own), "web.yaml", 0), expected);
}

#[test]
fn line_ends_and_the_mark_at_the_start_stay() {
    let windows = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    assert_eq!(after(&fix(&windows(DEPLOYMENT)), "web.yaml", 0), windows(FIXED));
    assert_eq!(after(&fix(DEPLOYMENT.trim_end()), "web.yaml", 0), FIXED.trim_end());
}

#[test]
fn every_document_and_every_item_of_a_list_is_fixed() {
    let pod = |name: &str, extra: &str| {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}}}, spec: {{containers: [{{name: a, image: x.io/a{extra}}}]"
        )
    };
    let requests = ", resources: {requests: {cpu: 100m}}";
    let grace = ", terminationGracePeriodSeconds: 45";
    let file = |extra: &str, grace: &str| {
        let [a, b, c] = ["a", "b", "c"].map(|name| format!("{}{grace}}}}}", pod(name, extra)));
        format!(
            "{a}\n--- # lists\nkind: List\napiVersion: v1\nitems:\n- {b}\n- kind: PodList\n  apiVersion: v1\n  items: [{c}] # x\n---\n# nothing\n"
        )
    };
    assert_eq!(after(&fix(&file("", "")), "web.yaml", 0), file(requests, grace));
}

#[test]
fn json_stays_json() {
    let text = r#"{
  "apiVersion": "v1", "kind": "Pod",
  "metadata": {"name": "web"},
  "spec": {
    "containers": [
      {
        "name": "web",
        "image": "x.io/a"
      }
    ]
  }
}
"#;
    let expected = r#"{
  "apiVersion": "v1", "kind": "Pod",
  "metadata": {"name": "web"},
  "spec": {
    "containers": [
      {
        "name": "web",
        "image": "x.io/a",
        "resources": {
          "requests": {
            "cpu": "100m"
          }
        }
      }
    ],
    "terminationGracePeriodSeconds": 45
  }
}
"#;
    assert_eq!(after(&fix(text), "web.yaml", 0), expected);
}

#[test]
fn the_answer_says_what_was_written_and_what_was_not() {
    let shared = "\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - name: a
    image: x.io/a
    resources: &small {limits: {memory: 1Mi}}
  - name: b
    image: x.io/b
    resources: *small
";
    let answer = "\
Pod default/web: allowed, 2 edits
  web.yaml:12  written  spec.terminationGracePeriodSeconds: 45    house/grace
  not written  spec.containers[a].resources.requests.cpu: 100m
               house/requests: an alias or its anchor stands there: other places of the file would change too
  not written  spec.containers[b].resources.requests.cpu: 100m
               house/requests: an alias or its anchor stands there: other places of the file would change too
  web.yaml:8  spec.containers[a].resources.requests
    + cpu: 100m    house/requests
  web.yaml:11  spec.containers[b].resources.requests
    + cpu: 100m    house/requests

1 object: 1 allowed, 0 denied, 1 changed, 1 field fixed, 0 warnings    (house.yaml, Kubernetes 1.37)
";
    fix(shared).stdout(answer).code(0);
    let report = fix(shared).args(["-o", "json"]).json(0);
    let object = &report["objects"][0];
    let fixed = serde_json::json!([{"policy": "ClusterPodPolicy/house", "rule": "grace",
        "path": "spec.terminationGracePeriodSeconds", "line": 12, "value": 45}]);
    assert_eq!((&object["fixed"], &report["summary"]["fixed"]), (&fixed, &serde_json::json!(1)));
    assert_eq!(object["unfixed"][1]["path"], "spec.containers[1].resources.requests.cpu");
}

#[test]
fn without_fix_nothing_is_written_and_nothing_said_of_it() {
    let check =
        Check::new().file("house.yaml", POLICY).file("web.yaml", DEPLOYMENT).args(["-p", "house.yaml", "web.yaml"]);
    assert!(!check.output().stdout.contains("written"));
    assert_eq!(check.read("web.yaml"), DEPLOYMENT);
}

#[test]
fn a_diff_shows_the_files_and_writes_nothing() {
    let diff = "\
--- web.yaml
+++ web.yaml
@@ -10,7 +10,10 @@
       # the one and only
       containers:
         - name: web
-          image: \"nginx:1.27\" # pinned
+          image: \"registry.example.com/hub/library/nginx:1.27\" # pinned
           resources:
             limits: {memory: 64Mi}
+            requests:
+              cpu: 100m
+      terminationGracePeriodSeconds: 45
       # at the end
";
    let run = || {
        Check::new().file("house.yaml", POLICY).file("web.yaml", DEPLOYMENT).args([
            "-p",
            "house.yaml",
            "--diff",
            "web.yaml",
        ])
    };
    let check = run();
    check.output();
    assert_eq!(check.read("web.yaml"), DEPLOYMENT);
    let said = "  web.yaml:18  would write  spec.template.spec.terminationGracePeriodSeconds: 45";
    run().stdout(diff).stderr_has(said).stderr_has("3 fields to fix").code(0);
}

#[test]
fn standard_input_goes_to_standard_output() {
    let run = || Check::new().file("house.yaml", POLICY).stdin(DEPLOYMENT).args(["-p", "house.yaml", "--fix", "-"]);
    run().stdout(FIXED).stderr_has("Deployment shop/web: allowed, unchanged\n").code(0);
    run().args(["-o", "json"]).stdout_has("writes standard input to standard output").code(2);
    let done = Check::new().file("house.yaml", POLICY).stdin(FIXED).args(["-p", "house.yaml", "--fix", "-"]);
    done.stdout(FIXED).stderr_has("0 fields fixed").code(0);
}

#[test]
fn a_file_that_holds_an_error_is_left_alone_and_the_others_are_fixed() {
    let broken = format!("{DEPLOYMENT}---\nkind: [\n");
    let check = fix(&broken).file("good.yaml", DEPLOYMENT).args(["good.yaml"]);
    let printed = check.output();
    assert_eq!((check.read("web.yaml"), check.read("good.yaml")), (broken.clone(), FIXED.to_owned()));
    assert!(printed.stdout.contains("its file holds an error, and is left alone"), "{}", printed.stdout);
    assert_eq!(printed.code, Some(2));
    for wrong in
        ["---\napiVersion: v1\n", "---\n{apiVersion: v1, kind: Pod, metadata: {name: x}, spec: {containers: 1}}\n"]
    {
        let broken = format!("{DEPLOYMENT}{wrong}");
        let check = fix(&broken);
        check.output();
        assert_eq!(check.read("web.yaml"), broken);
    }
}

#[test]
fn nothing_is_written_where_an_input_could_not_be_read() {
    let check = fix(DEPLOYMENT).args(["missing.yaml"]);
    let printed = check.output();
    assert_eq!((check.read("web.yaml"), printed.code), (DEPLOYMENT.to_owned(), Some(2)));
    assert!(printed.stdout.contains("its file cannot be written"), "{}", printed.stdout);
}

#[test]
fn a_template_gets_no_value_that_is_of_one_pod() {
    let policy = POLICY.replace(
        "{terminationGracePeriodSeconds: 45}",
        "{subdomain: {$expression: \"pod.metadata.?name.orValue('x')\"}}",
    );
    let text = DEPLOYMENT.replace("Deployment", "StatefulSet");
    let check = fix(&text).file("house.yaml", &policy);
    let printed = check.output();
    assert!(printed.stdout.contains("house/grace: each Pod has another value there"), "{}", printed.stdout);
    assert!(!check.read("web.yaml").contains("subdomain"));
}

#[test]
fn what_a_later_rule_makes_of_an_edit_is_written_once() {
    let policy = "apiVersion: podgate.dev/v1alpha1\nkind: ClusterPodPolicy\nmetadata: {name: house}\nspec:\n  mode: Enforce\n  \
                  rules:\n  - {name: limits, default: {container: {resources: {limits: {memory: 1Gi, cpu: 1}}}}}\n  \
                  - {name: small, bound: {container: {resources: {limits: {memory: {max: 128Mi}}}}}}\n";
    let text =
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: web\n    image: web:1\n";
    let check = Check::new().file("house.yaml", policy).file("web.yaml", text);
    let check = check.args(["-p", "house.yaml", "--fix", "web.yaml"]);
    let limits = "    resources:\n      limits:\n        memory: 128Mi\n        cpu: \"1\"\n";
    assert_eq!(after(&check, "web.yaml", 0), format!("{text}{limits}"));
}
