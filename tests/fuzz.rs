//! The fuzzers of `fuzz/` for some seconds: every seed, and noise made of seeds, the same in each run. What finds new
//! things is `cargo fuzz`; this keeps what it would call working, and catches what is easily found.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by a panic")]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

#[path = "../fuzz/src/lib.rs"]
mod fuzz;

/// Inputs made of seeds for each target.
const NOISE: usize = 2_000;
/// Time for one input, with room for a busy machine: `cargo fuzz` allows a second.
const HANG: Duration = Duration::from_secs(10);

/// The seeds of a target.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a folder can be read").path()).collect();
    paths.sort();
    assert!(paths.len() > 1, "{}", folder.display());
    paths.iter().map(|path| fs::read(path).expect("a seed can be read")).collect()
}

/// A small generator of numbers.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % bound.max(1)
    }

    /// A seed with some pieces changed, left out, repeated, or taken from another seed.
    fn noise(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(6) {
            let from = self.below(bytes.len() + 1);
            let to = (from + self.below(12)).min(bytes.len());
            match self.below(4) {
                0 => {
                    bytes.drain(from..to);
                }
                1 => bytes[from..to].iter_mut().for_each(|byte| *byte ^= 1 << (self.0 % 8)),
                2 => {
                    let piece = bytes[from..to].to_vec();
                    bytes.splice(from..from, piece);
                }
                _ => {
                    let other = &seeds[self.below(seeds.len())];
                    let start = self.below(other.len());
                    let end = (start + self.below(40)).min(other.len());
                    bytes.splice(from..to, other[start..end].iter().copied());
                }
            }
        }
        bytes
    }
}

fn try_out(target: &str, mut run: impl FnMut(&[u8])) {
    let seeds = seeds(target);
    let mut chance = Chance(0x5eed);
    let noise = (0..NOISE).map(|_| chance.noise(&seeds)).collect::<Vec<_>>();
    for input in seeds.iter().chain(&noise) {
        let start = Instant::now();
        run(input);
        assert!(start.elapsed() < HANG, "{target} hangs on {:?}", String::from_utf8_lossy(input));
    }
}

#[test]
fn any_text_can_be_an_expression() {
    try_out("expression", fuzz::expression::run);
}

#[test]
fn any_expression_can_meet_any_json() {
    try_out("evaluation", fuzz::evaluation::run);
}

#[test]
fn any_functions_can_be_put_together() {
    let mut compiled = 0;
    try_out("composed", |bytes| compiled += usize::from(fuzz::composed::run(bytes)));
    assert!(compiled > NOISE / 4, "most of them are not even tried: {compiled}");
}

#[test]
fn what_an_expression_comes_to_has_the_type_that_was_told() {
    let mut compiled = 0;
    try_out("typed", |bytes| compiled += usize::from(fuzz::typed::run(bytes)));
    assert!(compiled > NOISE / 8, "most of them are not even tried: {compiled}");
}

#[test]
fn any_text_can_be_a_quantity_or_an_image() {
    try_out("quantity", fuzz::quantity::run);
}

#[test]
fn any_text_can_be_a_policy() {
    try_out("policy", fuzz::policy::run);
}

#[test]
fn any_bytes_can_be_a_review() {
    try_out("review", fuzz::review::run);
}
