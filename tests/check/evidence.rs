//! What `check` says of the expressions behind violations: which part was false or failed, with its values.

use crate::program::Check;

const POLICY: &str = r#"apiVersion: podgate.dev/v1alpha1
kind: ClusterPodPolicy
metadata: {name: house}
spec:
  mode: Enforce
  rules:
    - name: limits
      require:
        container: >-
          has(container.resources.limits) &&
          'memory' in container.resources.limits
        field: resources.limits
        message: must set a memory limit
    - name: tag
      require:
        container: image(container.image).tag() != 'latest'
        field: image
        message: floats
    - name: stages
      require:
        pod: "pod.metadata.labels['stage'] in ['dev'] && pod.spec.hostNetwork"
        message: must have a stage
"#;

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
    - name: app
      image: redis
      resources: {limits: {cpu: \"1\"}}
";

#[test]
fn the_false_part_of_a_conjunction_and_the_failed_part_of_an_error_are_shown() {
    let run = Check::new().file("house.yaml", POLICY).file("web.yaml", POD).args(["-p", "house.yaml", "web.yaml"]);
    let expected = r#"error[house/limits]: must set a memory limit
 --> web.yaml:8:19
  |
8 |       resources: {limits: {cpu: "1"}}
  |                   ^^^^^^ spec.containers[app].resources.limits
  |
  = note: false: `'memory' in container.resources.limits`, where `container.resources.limits` is a map of `cpu`

error[house/tag]: floats
 --> web.yaml:7:14
  |
7 |       image: redis
  |              ^^^^^ spec.containers[app].image

error[house/stages]: the rule cannot be evaluated: `pod.metadata.labels` is missing (`pod.metadata` is a map of `name`, `namespace`, `annotations`)
  --> web.yaml:1:1
   |
 1 | apiVersion: v1
   | ^^^^^^^^^^^^^^
   |
note: this part of the rule failed
  --> house.yaml:21:15
   |
21 |         pod: "pod.metadata.labels['stage'] in ['dev'] && pod.spec.hostNetwork"
   |               ^^^^^^^^^^^^^^^^^^^

Pod shop/web: denied, 3 violations

1 object: 0 allowed, 1 denied, 0 changed, 0 warnings    (house.yaml, Kubernetes 1.37)
"#;
    run.stdout(expected).code(1);
}

#[test]
fn json_names_the_part_and_its_place_in_the_policy() {
    let run = Check::new().file("house.yaml", POLICY).file("web.yaml", POD);
    let report = run.args(["-p", "house.yaml", "--output", "json", "web.yaml"]).json(1);
    let violations = &report["objects"][0]["violations"];
    assert_eq!(
        violations[0]["evidence"],
        serde_json::json!({
            "expression": "'memory' in container.resources.limits",
            "result": "false",
            "values": "`container.resources.limits` is a map of `cpu`",
            "file": "house.yaml", "line": 11, "column": 11,
        })
    );
    assert_eq!(violations[1].get("evidence"), None, "the whole expression was false, which the rule says already");
    assert_eq!(violations[2]["evidence"]["expression"], "pod.metadata.labels");
    assert_eq!(violations[2]["evidence"]["result"], "error");
    assert_eq!((&violations[2]["evidence"]["line"], &violations[2]["evidence"]["column"]), (&21.into(), &15.into()));
}

#[test]
fn an_expression_that_could_never_end_is_refused_with_its_policy() {
    let policy = "\
apiVersion: podgate.dev/v1alpha1
kind: ClusterPodPolicy
metadata: {name: house}
spec:
  mode: Enforce
  rules:
    - name: pairs
      require:
        pod: containers.all(a, containers.all(b, containers.all(c, containers.all(d, a.name + b.name != c.name + d.name))))
        message: names are not unique
";
    let run = Check::new().file("house.yaml", policy).file("web.yaml", POD).args(["-p", "house.yaml", "web.yaml"]);
    run.stderr_has("error: this may take 10^15 steps, and an expression has 1000000: `a.name + b.name` is evaluated for 1024 elements")
        .stderr_has(" --> house.yaml:9:86\n")
        .stderr_has("= help: an inner loop is cheap where it goes through what belongs to the element of the outer one")
        .code(2);
}

#[test]
fn a_failure_in_a_variable_is_shown_in_the_variable_that_has_it() {
    let policy = "\
apiVersion: podgate.dev/v1alpha1
kind: ClusterPodPolicy
metadata: {name: house}
spec:
  mode: Enforce
  variables:
    - {name: labels, expression: pod.metadata.labels}
    - {name: stage, expression: \"variables.labels['stage'] + '!'\"}
  rules:
    - name: stages
      require: {pod: \"variables.stage == 'dev!'\", message: must have a stage}
";
    let run = Check::new().file("house.yaml", policy).file("web.yaml", POD).args(["-p", "house.yaml", "web.yaml"]);
    let expected = r#"error[house/stages]: the rule cannot be evaluated: `variables.stage`: `variables.labels`: `pod.metadata.labels` is missing (`pod.metadata` is a map of `name`, `namespace`, `annotations`)
 --> web.yaml:1:1
  |
1 | apiVersion: v1
  | ^^^^^^^^^^^^^^
  |
note: this part of the rule failed
 --> house.yaml:7:34
  |
7 |     - {name: labels, expression: pod.metadata.labels}
  |                                  ^^^^^^^^^^^^^^^^^^^

Pod shop/web: denied, 1 violation

1 object: 0 allowed, 1 denied, 0 changed, 0 warnings    (house.yaml, Kubernetes 1.37)
"#;
    run.stdout(expected).code(1);
}
