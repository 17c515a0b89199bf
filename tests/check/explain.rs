//! `--explain`: who set a field, and how podgate knows.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::program::Check;

const POLICY: &str = "\
apiVersion: podgate.dev/v1alpha1
kind: ClusterPodPolicy
metadata: {name: house}
spec:
  mode: Enforce
  rules:
    - name: stop
      default: {pod: {spec: {terminationGracePeriodSeconds: 45}}}
    - name: small
      default: {container: {resources: {requests: {cpu: 100m}}}}
";

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      dnsPolicy: Default
      containers:
        - name: web
          image: nginx:1.27
          ports: [{containerPort: 80}]
";

fn check(arguments: &[&str]) -> Check {
    Check::new().file("house.yaml", POLICY).file("web.yaml", DEPLOYMENT).args(["-p", "house.yaml"]).args(arguments)
}

fn totals(changed: &str) -> String {
    format!("\n1 object: 1 allowed, 0 denied, {changed}, 0 warnings    (house.yaml, Kubernetes 1.37)\n")
}

const HEADLINE: &str = "Deployment shop/web: allowed, 1 edit; its Pods: 1 edit\n";

#[test]
fn each_value_says_who_set_it() {
    for (path, lines) in [
        (
            "spec.template.spec.dnsPolicy",
            "  web.yaml:9  spec.template.spec.dnsPolicy: Default\n      its author: line 9 of the file says so\n",
        ),
        (
            "spec.template.spec.containers[web].imagePullPolicy",
            "  spec.template.spec.containers[web].imagePullPolicy: IfNotPresent\n      the API server: the file lacks \
             it, and the API server fills in `IfNotPresent` for this image\n",
        ),
        (
            "spec.template.spec.containers[0].ports[0].protocol",
            "  spec.template.spec.containers[web].ports[0].protocol: TCP\n      the API server: the file lacks it, and \
             the API server fills in `TCP`\n",
        ),
        (
            "spec.terminationGracePeriodSeconds",
            "  spec.template.spec.terminationGracePeriodSeconds: 45\n      podgate, by house/stop: `default` put it in \
             place of `30`, the API server's default, which nobody wrote\n",
        ),
        (
            "spec.template.spec.containers[web].resources",
            "  spec.template.spec.containers[web].resources: {}\n      the API server: this is how the API server \
             writes that there are none\n  in its Pods: spec.containers[web].resources.requests.cpu: 100m\n      \
             podgate, by house/small: `default` put it where nothing stood\n",
        ),
        (
            "spec.priority",
            "  in its Pods: spec.priority: 0\n      the plug-in Priority: nobody wrote it, and the plug-in makes it of \
             the priority class\n",
        ),
        ("spec.nodeName", "  nothing stands at spec.template.spec.nodeName\n"),
        (
            "spec.replicas",
            "  spec.replicas: 1\n      the API server: the file lacks it, and the API server fills in `1`\n",
        ),
        (
            "spec.selector.matchLabels.app",
            "  web.yaml:5  spec.selector.matchLabels.app: web\n      its author: line 5 of the file says so\n",
        ),
        (
            "metadata.namespace",
            "  web.yaml:3  metadata.namespace: shop\n      its author: line 3 of the file says so\n",
        ),
    ] {
        let text = format!("{HEADLINE}{lines}{}", totals("1 changed"));
        check(&["--explain", path, "web.yaml"]).stdout(&text).code(0);
    }
}

#[test]
fn the_way_in_changes_what_can_be_known() {
    for (way, set_by, how) in [
        ("apply", "api-default", "the file lacks it, and the API server fills in `IfNotPresent` for this image"),
        ("server-side", "api-default", "the file lacks it, and the API server fills in `IfNotPresent` for this image"),
        (
            "helm3",
            "unknown",
            "who sends a whole object does not tell what its author wrote, and the API server fills in \
             `IfNotPresent` for this image",
        ),
    ] {
        let path = "spec.template.spec.containers[web].imagePullPolicy";
        let report = check(&["--explain", path, "--as", way, "-o", "json", "web.yaml"]).json(0);
        let explained = json!([{"path": "spec.template.spec.containers[0].imagePullPolicy", "value": "IfNotPresent",
            "setBy": set_by, "by": null, "how": how, "line": null}]);
        assert_eq!(report["objects"][0]["explained"], explained, "{way}");
        assert_eq!(report["objects"][0]["pod"]["explained"], json!([]), "{way}");
    }
}

#[test]
fn what_was_not_changed_is_said_beside() {
    let text = DEPLOYMENT.replace("dnsPolicy: Default", "terminationGracePeriodSeconds: 30");
    let lines = "  web.yaml:9  spec.template.spec.terminationGracePeriodSeconds: 30\n      its author: line 9 of the file \
                 says so\n  not changed  spec.template.spec.terminationGracePeriodSeconds: 45\n               \
                 house/stop: its author set it\n  not changed  in its Pods: spec.terminationGracePeriodSeconds: \
                 45\n               house/stop: it comes from the template\n";
    let output =
        check(&["--explain", "spec.terminationGracePeriodSeconds", "web.yaml"]).file("web.yaml", &text).output();
    let expected = format!("Deployment shop/web: allowed, unchanged; its Pods: 1 edit\n{lines}{}", totals("1 changed"));
    assert_eq!(output.stdout, expected);
}

#[test]
fn a_field_that_no_object_has_is_an_error_with_what_was_meant() {
    for (path, message, help) in [
        ("spec.containers[web].imag", "Deployment has no field `spec.containers[web].imag`", "did you mean `image`?"),
        ("spec.replica", "Deployment has no field `spec.replica`", "did you mean `replicas`?"),
    ] {
        let said = format!("error: {message}\n  = help: {help}\n\n");
        check(&["--explain", path, "web.yaml"]).stdout_has("1 error").stderr(&said).code(2);
    }
    check(&["--explain", "spec..x", "web.yaml"]).stderr_has("write a path such as").code(2);
    check(&["--explain", "spec", "-o", "yaml", "web.yaml"]).stderr_has("answers in text or in JSON").code(2);
}

#[test]
fn a_recorded_request_is_explained_by_its_owners() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/admission-reviews");
    let review = |name: &str| fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    for (name, path, set_by, by, how) in [
        // Created by `kubectl apply`.
        (
            "003-mutating-create-deployment",
            "spec.template.spec.terminationGracePeriodSeconds",
            "api-default",
            Value::Null,
            "the manifest that `kubectl apply` left in an annotation lacks it, and the API server fills in `30`",
        ),
        (
            "003-mutating-create-deployment",
            "spec.template.spec.containers[web].image",
            "authored",
            Value::Null,
            "the manifest that `kubectl apply` left in an annotation has it",
        ),
        // Created by `kubectl create`.
        (
            "015-mutating-create-deployment",
            "spec.template.spec.terminationGracePeriodSeconds",
            "unknown",
            json!("kubectl-create"),
            "`kubectl-create` owns it in `managedFields`, but with a whole object, and the API server fills in `30`",
        ),
        (
            "015-mutating-create-deployment",
            "spec.replicas",
            "authored",
            json!("kubectl-create"),
            "`kubectl-create` owns it in `managedFields`, and the API server would fill in `1`",
        ),
        // A Pod of a ReplicaSet.
        (
            "055-mutating-create-pod",
            "spec.containers[web].image",
            "template",
            Value::Null,
            "a controller copied it from the template, what was filled in there too",
        ),
        (
            "055-mutating-create-pod",
            "spec.preemptionPolicy",
            "admission",
            json!("Priority"),
            "nobody wrote it, and the plug-in makes it of the priority class",
        ),
    ] {
        let run = Check::new().file("house.yaml", "apiVersion: podgate.dev/v1alpha1\nkind: ClusterPodPolicy\nmetadata: {name: none}\nspec:\n  mode: Enforce\n  rules: [{name: none, require: {pod: 'true', message: none}}]\n");
        let run = run.file("review.json", &review(name));
        let report = run.args(["-p", "house.yaml", "--explain", path, "-o", "json", "review.json"]).json(0);
        let explained = &report["objects"][0]["explained"][0];
        assert_eq!((&explained["setBy"], &explained["by"]), (&json!(set_by), &by), "{name} {path}");
        assert_eq!(explained["how"], how, "{name} {path}");
    }
}
