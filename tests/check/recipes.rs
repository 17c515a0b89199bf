//! `policies/RECIPES.md`: each recipe does what the page says.

use crate::fences;
use crate::program::Check;

const PAGE: &str = include_str!("../../policies/RECIPES.md");

#[test]
fn every_recipe_does_what_it_says() {
    let blocks: Vec<_> = fences::blocks(PAGE).into_iter().map(|block| block.text).collect();
    let recipes = PAGE.lines().filter(|line| line.starts_with("## ")).count();
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
