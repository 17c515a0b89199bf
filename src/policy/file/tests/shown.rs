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
#[test]
fn what_is_wrong_in_an_expression_is_shown_in_the_expression() {
    let text = "\
apiVersion: podgate.dev/v1alpha1
kind: ClusterPodPolicy
metadata: {name: a}
spec:
  mode: Warn
  match:
    conditions:
      - {name: c, expression: \"variables.a == 1 || container.name == 'x'\"}
  variables:
    - {name: a, expression: \"'it' + variables.b\"}
    - {name: b, expression: '1 +'}
  rules:
    - name: r
      require:
        container: >-
          container.image != '' &&
          variabels.a == ''
        messageExpression: 1 + 1
";
    let expected = "\
error: there is no variable `variables`
 --> house.yaml:8:32
  |
8 |       - {name: c, expression: \"variables.a == 1 || container.name == 'x'\"}
  |                                ^^^^^^^^^
  |
  = help: conditions are evaluated before the variables of the policy

error: there is no variable `container`
 --> house.yaml:8:52
  |
8 |       - {name: c, expression: \"variables.a == 1 || container.name == 'x'\"}
  |                                                    ^^^^^^^^^
  |
  = help: `container` is there only in a rule about containers and nothing else; `containers` are all of them

error: there is no variable `variables.b`
  --> house.yaml:10:37
   |
10 |     - {name: a, expression: \"'it' + variables.b\"}
   |                                     ^^^^^^^^^^^
   |
   = help: a variable can use only those that stand before it

error: the expression ends too early
  --> house.yaml:11:33
   |
11 |     - {name: b, expression: '1 +'}
   |                                 ^

error: there is no variable `variabels`
  --> house.yaml:17:11
   |
17 |           variabels.a == ''
   |           ^^^^^^^^^
   |
   = help: did you mean `variables`?

error: the expression must give a string, not an int
  --> house.yaml:18:28
   |
18 |         messageExpression: 1 + 1
   |                            ^^^^^";
    assert_eq!(shown(text), expected);
}
