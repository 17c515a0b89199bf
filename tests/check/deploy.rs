//! `deploy/` keeps podgate's own rules, and its page says what podgate does.

use std::path::Path;

use crate::fences;
use crate::program::Check;

const MANIFEST: &str = include_str!("../../deploy/podgate.yaml");
const PAGE: &str = include_str!("../../deploy/README.md");
/// The names of the files are those of the repository, which the commands are run in.
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Against everything that is shipped; podgate's own namespace is left alone unless it is said.
fn check(manifest: &str) -> Check {
    let policies = ["-p", "builtin:restricted", "-p", "builtin:recommended", "-p", "builtin:baseline"];
    let check = Check::new().file("podgate.yaml", manifest).args(policies);
    check.args(["--exclude-namespaces=", "--fail-on", "warn", "-o", "json", "podgate.yaml"])
}

#[test]
fn podgate_itself_keeps_every_rule_that_it_ships() {
    let answer = check(MANIFEST).json(0);
    let objects = answer["objects"].as_array().unwrap();
    assert_eq!(objects.len(), 1, "the Deployment");
    assert!(objects[0]["matchedPolicies"].as_array().unwrap().len() >= 4, "{}", objects[0]["matchedPolicies"]);
    for spoiled in [
        MANIFEST.replace("runAsNonRoot: true", "runAsNonRoot: false"),
        MANIFEST.replace("podgate:0.1.0", "podgate"),
        MANIFEST.replace("limits: {memory: 256Mi}", "limits: {cpu: 1}"),
    ] {
        assert_ne!(spoiled, MANIFEST);
        check(&spoiled).json(1);
    }
}

#[test]
fn the_canary_of_the_page_is_denied_in_the_words_of_the_page() {
    let policy = fences::of_language(PAGE, "yaml").remove(0);
    let (_, canary) = PAGE.split_once("<<'END'\n").unwrap();
    let (canary, _) = canary.split_once("    END").unwrap();
    let answer = Check::new()
        .file("my-policies/team.yaml", &policy)
        .file("canary.json", canary.trim())
        .args(["-p", "builtin:recommended", "-p", "my-policies/", "-o", "json", "canary.json"])
        .json(1);
    let violations = answer["objects"][0]["violations"].as_array().unwrap();
    let denied: Vec<_> = violations.iter().filter(|violation| violation["mode"] == "Enforce").collect();
    assert_eq!(denied.len(), 1, "{denied:?}");
    let [policy, rule, path, message] =
        ["policy", "rule", "path", "message"].map(|key| denied[0][key].as_str().unwrap());
    let words = format!("denied the request: [{policy}/{rule}] {path}: {message}");
    let page: Vec<_> = PAGE.split_whitespace().collect();
    assert!(page.join(" ").contains(&words), "{words}");
}

#[test]
fn the_files_that_the_page_applies_are_there_and_in_order() {
    let words = PAGE.lines().filter(|line| line.trim_start().starts_with("kubectl ")).flat_map(str::split_whitespace);
    let files: Vec<_> = words.filter(|word| word.starts_with("deploy/") || word.starts_with("certs/")).collect();
    assert!(files.iter().all(|file| Path::new(ROOT).join(file).exists()), "{files:?}");
    let install = ["deploy/podgate.yaml", "certs/cert-manager.yaml", "deploy/webhooks.yaml", "deploy/enforce.yaml"];
    assert_eq!(files[..4], install);
}
