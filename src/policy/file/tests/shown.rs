//! Diagnostics as a user sees them.

use super::{RULE, policy, read};
use crate::diagnostic::render::render;

fn shown(text: &str) -> String {
    let pictures: Vec<_> =
        read(text).diagnostics.iter().map(|diagnostic| render(diagnostic, Some(text), false)).collect();
    pictures.join("\n\n")
}

#[test]
fn an_unknown_field_is_shown_with_what_was_meant() {
    let text = "\
apiVersion: podgate.dev/v1alpha1
kind: ClusterPodPolicy
metadata:
  name: house
spec:
  mode: enforce
  rules:
    - name: grace
      wehn: object.kind == 'Pod'
      default:
        pod:
          spec: {terminationGracePeriodSeconds: 45s}
";
    let expected = "\
error: `enforce` is not `Enforce`, `Warn` or `Audit`
 --> house.yaml:6:9
  |
6 |   mode: enforce
  |         ^^^^^^^
  |
  = help: did you mean `Enforce`?

error: unknown field `wehn` in a rule
 --> house.yaml:9:7
  |
9 |       wehn: object.kind == 'Pod'
  |       ^^^^ unknown field
  |
  = help: did you mean `when`?

error: expected an integer, found a string
  --> house.yaml:12:49
   |
12 |           spec: {terminationGracePeriodSeconds: 45s}
   |                                                 ^^^";
    assert_eq!(shown(text), expected);
}

#[test]
fn a_broken_file_is_shown_where_it_breaks() {
    let text = policy("name: a", "mode: Warn, mode: Audit", RULE);
    let expected = "\
error: duplicate key `mode`
 --> house.yaml:4:20
  |
4 | spec: {mode: Warn, mode: Audit,
  |                    ^^^^
  |
  = help: kubectl keeps only the last one; remove the others";
    assert_eq!(shown(&text), expected);
}
