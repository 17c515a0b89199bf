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

const LIMIT: &str = "\
apiVersion: podgate.dev/v1alpha1
kind: ClusterPodPolicy
metadata: {name: house}
spec:
  mode: Enforce
  rules:
    - name: requests
      override: {container: {resources: {requests: {memory: 1Gi}}}}
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
    let quiet = "1 object: 1 allowed, 0 denied, 1 changed, 1 warning    (policies.yaml, Kubernetes 1.37)\n";
    Check::new()
        .file("policies.yaml", POLICIES)
        .file("pod.yaml", POD)
        .args(["-q", "-p", "policies.yaml", "pod.yaml"])
        .stdout(quiet)
        .stderr(said)
        .code(0);
}

#[test]
fn an_override_for_which_there_is_no_room_is_told() {
    let limited = POD.replace("'nginx:1'", "'nginx:1', resources: {limits: {memory: 512Mi}}");
    let said = "\
Pod shop/p: allowed, unchanged
  not changed  spec.containers[a].resources.requests.memory: 1Gi
               house/requests: its limit is `512Mi`, and a request is at most its limit

1 object: 1 allowed, 0 denied, 0 changed, 0 warnings    (policies.yaml, Kubernetes 1.37)
";
    Check::new()
        .file("policies.yaml", LIMIT)
        .file("pod.yaml", &limited)
        .args(["-p", "policies.yaml", "pod.yaml"])
        .stdout(said)
        .code(0);
}
