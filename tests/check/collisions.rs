//! Policies of one set that cannot both have their way.

use crate::program::Check;

const POLICIES: &str = "\
apiVersion: podgate.dev/v1alpha1
kind: ClusterPodPolicy
metadata: {name: house}
spec:
  mode: Enforce
  rules:
    - name: grace
      default: {pod: {spec: {terminationGracePeriodSeconds: 45}}}
---
apiVersion: podgate.dev/v1alpha1
kind: ClusterPodPolicy
metadata: {name: team}
spec:
  mode: Enforce
  rules:
    - name: grace
      default: {pod: {spec: {terminationGracePeriodSeconds: 60}}}
";

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: shop}
spec:
  containers: [{name: a, image: 'nginx:1'}]
";

#[test]
fn two_defaults_that_differ_are_warned_of_with_both_places() {
    let said = "\
warning: `ClusterPodPolicy/house/grace` sets `spec.terminationGracePeriodSeconds` to another value, and goes before this
  --> policies.yaml:17:30
   |
17 |       default: {pod: {spec: {terminationGracePeriodSeconds: 60}}}
   |                              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   |
   = help: that stands at policies.yaml:8:30, in `ClusterPodPolicy/house`: keep one, or let them match other objects

";
    let quiet = "1 object: 1 allowed, 0 denied, 1 changed, 0 warnings    (policies.yaml, Kubernetes 1.37)\n";
    Check::new()
        .file("policies.yaml", POLICIES)
        .file("pod.yaml", POD)
        .args(["-q", "-p", "policies.yaml", "pod.yaml"])
        .stdout(quiet)
        .stderr(said)
        .code(0);
}
