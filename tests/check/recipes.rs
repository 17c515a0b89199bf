//! `policies/RECIPES.md`: each recipe does what the page says.

use crate::program::Check;

/// The fenced blocks of the page, in their order.
fn blocks() -> Vec<String> {
    let mut lines = include_str!("../../policies/RECIPES.md").lines();
    let mut blocks = Vec::new();
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            let inside: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push(inside.join("\n") + "\n");
        }
    }
    blocks
}

#[test]
fn every_recipe_does_what_it_says() {
    let blocks = blocks();
    let recipes = include_str!("../../policies/RECIPES.md").lines().filter(|line| line.starts_with("## ")).count();
    assert!(recipes > 0 && blocks.len() == 3 * recipes, "{} blocks in {recipes} recipes", blocks.len());
    for recipe in blocks.chunks(3) {
        let [policy, manifest, said] = recipe else { panic!("{recipe:?}") };
        Check::new()
            .file("policy.yaml", policy)
            .file("app.yaml", manifest)
            .args(["-p", "policy.yaml", "app.yaml"])
            .stdout(said)
            .code(0);
    }
}
