//! What README shows is what the program prints.

use crate::fences;
use crate::program::Check;

/// The fenced blocks of README, in their order.
fn blocks() -> Vec<String> {
    fences::blocks(include_str!("../../README.md")).into_iter().map(|block| block.text).collect()
}

/// The first of the blocks that holds a text.
fn block(text: &str) -> String {
    blocks().into_iter().find(|block| block.contains(text)).unwrap()
}

#[test]
fn the_first_command_prints_what_readme_shows() {
    let blocks = blocks();
    Check::new()
        .file("tests/fixtures/test-redis.yaml", include_str!("../fixtures/test-redis.yaml"))
        .args(["tests/fixtures/test-redis.yaml"])
        .stdout(&blocks[0])
        .code(0);
}

#[test]
fn the_example_prints_what_readme_shows() {
    let blocks = blocks();
    let example = || Check::new().file("shop.yaml", &blocks[2]).args(["-p", "house-rules.yaml", "shop.yaml"]);
    example().file("house-rules.yaml", &blocks[1]).stdout(&blocks[3]).code(1);
    let typos = blocks[1].replace("limits: {memory", "limit: {memory").replace("has(container.", "has(contaner.");
    example().file("house-rules.yaml", &typos).stderr(&(block("error: `resources.limit`") + "\n")).code(2);
}

#[test]
fn the_exception_lets_the_example_pass() {
    let blocks = blocks();
    Check::new()
        .file("house-rules.yaml", &blocks[1])
        .file("shop.yaml", &blocks[2])
        .file("exception.yaml", &block("kind: PodPolicyException"))
        .args(["-p", "house-rules.yaml", "--now", "2027-02-28T00:00:00Z", "shop.yaml", "exception.yaml"])
        .stdout_has("excepted by `PodPolicyException/shop/until-mirrored`")
        .stdout_has("Deployment shop/web: allowed")
        .code(0);
}

#[test]
fn the_example_of_each_verb_edits_the_pods_of_the_deployment() {
    let blocks = blocks();
    let answer = Check::new()
        .file("shop.yaml", &blocks[2])
        .file("verbs.yaml", &block("rewriteImages:"))
        .args(["-p", "verbs.yaml", "-o", "json", "shop.yaml"])
        .json(0);
    let edits = answer["objects"][0]["pod"]["edits"].as_array().unwrap();
    let verbs: Vec<_> = edits.iter().map(|edit| edit["verb"].as_str().unwrap()).collect();
    // The grace of 30 seconds is in its range, and there is no folder of a node.
    assert_eq!(verbs, ["override", "rewriteImages", "default", "append"]);
}
