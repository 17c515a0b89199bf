//! Policies with mistakes that only the types of fields show.

use crate::program::Check;

const POLICY: &str = "\
apiVersion: podgate.dev/v1alpha1
kind: ClusterPodPolicy
metadata: {name: house}
spec:
  mode: Enforce
  params: {most: 3}
  rules:
  - name: limits
    require:
      container: >-
        has(container.resources.limits) &&
        has(container.resouces.limits.memory)
      message: must have a limit
  - name: tags
    require:
      container: image(container.image).tag() == params.most
      message: must have a tag
";

#[test]
fn every_mistake_is_shown_at_its_word_in_one_run() {
    let run = Check::new().file("house.yaml", POLICY).file("pod.yaml", "").args(["-p", "house.yaml", "pod.yaml"]);
    run.stderr(
        "\
error: `container` has no field `resouces`
  --> house.yaml:12:23
   |
12 |         has(container.resouces.limits.memory)
   |                       ^^^^^^^^
   |
   = help: did you mean `resources`?

error: `==` is not defined for a string and an int
  --> house.yaml:16:18
   |
16 |       container: image(container.image).tag() == params.most
   |                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

",
    )
    .code(2);
}

const DOUBTFUL: &str = "\
apiVersion: podgate.dev/v1alpha1
kind: ClusterPodPolicy
metadata: {name: house}
spec:
  mode: Enforce
  rules:
  - name: pulled
    when: container.role != 'sidecr'
    require:
      container: >-
        container.name != 'web' ||
        container.name != 'db' ||
        container.imagePullPolicy in ['Always', 'never']
      message: must be pulled
";

#[test]
fn what_can_never_be_is_a_warning_at_its_word_and_the_policy_still_serves() {
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: web, image: nginx}]}}\n";
    let run = Check::new().file("house.yaml", DOUBTFUL).file("pod.yaml", pod).args(["-p", "house.yaml", "pod.yaml"]);
    run.stdout(
        "\
Pod default/a: allowed, unchanged

1 object: 1 allowed, 0 denied, 0 changed, 3 warnings    (house.yaml, Kubernetes 1.37)
",
    )
    .stderr(
        "\
warning: `container.role` is never `sidecr`
 --> house.yaml:8:29
  |
8 |     when: container.role != 'sidecr'
  |                             ^^^^^^^^
  |
  = help: did you mean `sidecar`?

warning: this is always true: `container.name` is never both `'web'` and `'db'`
  --> house.yaml:11:9
   |
11 |         container.name != 'web' ||
   |         ^^^^^^^^^^^^^^^^^^^^^^^^^^
   |
   = help: `&&` is probably meant, not `||`

warning: `container.imagePullPolicy` is never `never`
  --> house.yaml:13:49
   |
13 |         container.imagePullPolicy in ['Always', 'never']
   |                                                 ^^^^^^^
   |
   = help: did you mean `Never`?

",
    )
    .code(0);
}
