//! What `--fix` writes, compared as whole files.

mod checks;
mod files;
#[cfg(unix)]
mod writing;

use crate::program::{Check, Printed};

const POLICY: &str = "\
apiVersion: podgate.dev/v1alpha1
kind: ClusterPodPolicy
metadata: {name: house}
spec:
  mode: Enforce
  rules:
  - name: grace
    default: {pod: {spec: {terminationGracePeriodSeconds: 45}}}
  - name: requests
    default: {container: {resources: {requests: {cpu: 100m}}}}
  - name: mirror
    rewriteImages: [{from: docker.io, to: registry.example.com/hub}]
";

/// A run over `web.yaml` with `--fix`.
fn fix(text: &str) -> Check {
    Check::new().file("house.yaml", POLICY).file("web.yaml", text).args(["-p", "house.yaml", "--fix", "web.yaml"])
}

/// What the file holds after the run, which must end with this exit code, and after another one, which must change
/// nothing.
#[track_caller]
fn after(check: &Check, name: &str, code: i32) -> String {
    let Printed { stdout, stderr, code: ended } = check.output();
    assert_eq!(ended, Some(code), "{stdout}{stderr}");
    let text = check.read(name);
    let again = check.output();
    assert_eq!((check.read(name), again.code), (text.clone(), Some(code)), "{}{}", again.stdout, again.stderr);
    text
}
