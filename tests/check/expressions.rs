//! `policies/EXPRESSIONS.md`: every example is what `podgate eval` says.

use crate::fences::of_language;
use crate::program::{Check, Printed};

const PAGE: &str = include_str!("../../policies/EXPRESSIONS.md");

#[test]
fn violations_are_explained_as_the_page_shows() {
    let yaml = of_language(PAGE, "yaml");
    let run =
        Check::new().file("pod.yaml", &yaml[0]).file("house.yaml", &yaml[1]).args(["-p", "house.yaml", "pod.yaml"]);
    run.stdout(&of_language(PAGE, "text")[0]).code(1);
}

#[test]
fn every_example_of_the_page_is_true() {
    let pod = &of_language(PAGE, "yaml")[0];
    let one = |expression: &str, arguments: &[&str]| {
        Check::command("eval").args([expression]).args(arguments.iter().copied()).file("pod.yaml", pod).output()
    };
    let named = |name: &str, expression: &str| {
        let Printed { stdout, .. } = one(expression, &["--object", "pod.yaml"]);
        format!("{name}={}", stdout.trim())
    };
    let (containers, container) =
        (named("containers", "object.spec.containers"), named("container", "object.spec.containers[0]"));
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in of_language(PAGE, "cel").iter().flat_map(|block| block.lines()) {
        let (expression, expected) = line.rsplit_once("// ").unwrap_or_else(|| panic!("no result in `{line}`"));
        let (expression, expected) = (expression.trim(), expected.trim());
        let Printed { stdout, stderr, .. } =
            one(expression, &["--object", "pod.yaml", "--var", &containers, "--var", &container]);
        let said = stderr.lines().next().unwrap_or_default();
        let holds = match expected.strip_prefix("problem: ") {
            // What is wrong before the expression runs.
            Some(problem) => said == format!("error: {problem}"),
            None if expected.starts_with("error: ") => said == expected,
            None => stderr.is_empty() && stdout.trim() == expected,
        };
        if !holds {
            wrong.push(format!("{expression}\n  expected {expected}\n  found    {}{said}", stdout.trim()));
        }
        count += 1;
    }
    assert!(count > 150, "{count} examples");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}
