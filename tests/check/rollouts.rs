//! `--old`: whether an update rolls, and why.

use serde_json::json;

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
";

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: \"nginx:1.27\"}]
";

/// As it is in the cluster: with what podgate and the API server filled in.
fn live() -> String {
    let grace = "    spec:\n      terminationGracePeriodSeconds: 45\n";
    DEPLOYMENT.replace("namespace: shop", "namespace: shop, uid: u").replace("    spec:\n", grace)
}

fn check(new: &str) -> Check {
    let files = Check::new().file("house.yaml", POLICY).file("old.yaml", &live()).file("web.yaml", new);
    files.args(["-p", "house.yaml", "--old", "old.yaml"])
}

const TOTALS: &str = "warnings    (house.yaml, Kubernetes 1.37)\n";

#[test]
fn an_update_says_whether_it_rolls() {
    let image = DEPLOYMENT.replace("1.27", "1.28");
    for (way, new, headline, line) in [
        ("apply", DEPLOYMENT, "unchanged", "no, because the template stays as it is"),
        (
            "replace",
            DEPLOYMENT,
            "1 edit",
            "no, because podgate puts back what the request leaves out, and the template stays as it is",
        ),
        (
            "apply",
            image.as_str(),
            "unchanged",
            "yes, because the template changes in `spec.template.spec.containers[0].image`",
        ),
    ] {
        let expected = format!("Deployment shop/web: allowed, {headline}");
        let output = check(new).args(["--as", way, "web.yaml"]).output();
        assert!(output.stdout.starts_with(&expected), "{way}: {}", output.stdout);
        assert!(output.stdout.contains(&format!("\n  will roll: {line}\n")), "{way}: {}", output.stdout);
        assert!(output.stdout.ends_with(TOTALS), "{way}: {}", output.stdout);
    }
    let output = Check::new().file("web.yaml", DEPLOYMENT).args(["web.yaml"]).output();
    assert!(!output.stdout.contains("will roll"), "{}", output.stdout);
}

#[test]
fn json_has_the_same_with_the_fields() {
    let image = DEPLOYMENT.replace("1.27", "1.28");
    let report = check(&image).args(["-o", "json", "web.yaml"]).json(0);
    let field = "spec.template.spec.containers[0].image";
    let expected = json!({"rolls": true, "templateChanges": true, "fields": [field],
        "because": format!("the template changes in `{field}`")});
    assert_eq!(report["objects"][0]["rollout"], expected);
    let fresh = Check::new().file("web.yaml", DEPLOYMENT).args(["-o", "json", "web.yaml"]).json(0);
    assert!(fresh["objects"][0].get("rollout").is_none());
}
