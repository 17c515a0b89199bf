//! A policy with mistakes that only the types of fields show.

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
