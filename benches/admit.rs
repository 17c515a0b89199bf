//! What a request costs, bytes to bytes and part by part. The yardstick, in the same run, is reading the review into a
//! `serde_json::Value` and dropping it again.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by a panic")]

#[path = "shared/copies.rs"]
mod copies;

use std::hint::black_box;
use std::sync::Arc;

use bumpalo::Bump;
use criterion::{Criterion, criterion_group, criterion_main};
use podgate::admit::{self, Endpoint};
use podgate::document::{Limits, json};
use podgate::facts::Facts;
use podgate::policy::set::PolicySet;
use podgate::policy::{file, source};
use podgate::review::Request;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const POD: &str = "055-mutating-create-pod.json";

/// A bare Pod that gets two edits, the Pod of a ReplicaSet that gets four, the same with three more containers, which
/// gets ten, and an owner that is judged by its Pod.
const REVIEWS: [(&str, usize, &str); 4] = [
    ("021-mutating-create-pod.json", 0, "021, two edits"),
    (POD, 0, "055, four edits"),
    (POD, 3, "055 of five containers, ten edits"),
    ("003-mutating-create-deployment.json", 0, "003, a Deployment"),
];

/// A recorded review; `more` copies of its first container stand at the end.
fn review(name: &str, more: usize) -> Vec<u8> {
    let path = format!("{}/tests/fixtures/admission-reviews/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read(path).unwrap();
    if more == 0 { text } else { copies::with_containers(&text, more) }
}

fn recommended() -> PolicySet {
    let loaded = source::collect(&[source::Source::Builtin("recommended".to_owned())]);
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    PolicySet::new(loaded.policies.into_iter().map(Arc::new))
}

/// `loaded` policies, of which those of ten namespaces out of a hundred times as many match.
fn many(loaded: usize, matching: usize) -> PolicySet {
    let policy = |number: usize| {
        let namespace = if number < matching { "demo".to_owned() } else { format!("team-{number}") };
        format!(
            "apiVersion: podgate.dev/v1alpha1\nkind: ClusterPodPolicy\nmetadata: {{name: p{number}}}\nspec:\n  mode: Warn\n  \
             match: {{namespaces: [{namespace}]}}\n  rules:\n  - name: limit\n    require:\n      container: \
             \"!has(container.resources.limits) || 'memory' in container.resources.limits\"\n      message: needs one\n"
        )
    };
    let text = (0..loaded).map(policy).collect::<Vec<_>>().join("---\n");
    let loaded = file::load(&Arc::from("many.yaml"), &text);
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    PolicySet::new(loaded.policies.into_iter().map(Arc::new))
}

fn parts(criterion: &mut Criterion) {
    let set = recommended();
    for (name, more, title) in REVIEWS {
        let body = review(name, more);
        let mut group = criterion.benchmark_group(title);
        group.bench_function("serde_json::Value", |bencher| {
            bencher.iter(|| serde_json::from_slice::<serde_json::Value>(black_box(&body)).unwrap());
        });
        group.bench_function("parse", |bencher| {
            bencher.iter(|| {
                let arena = Bump::with_capacity(body.len() * 2);
                black_box(json::parse(&arena, black_box(&body), &Limits::REVIEW).unwrap());
            });
        });
        group.bench_function("match and judge", |bencher| {
            let arena = Bump::new();
            let request = Request::read(&arena, &body, &Limits::REVIEW).unwrap();
            bencher.iter(|| {
                let arena = Bump::with_capacity(8192);
                black_box(admit::respond(&set, &arena, Endpoint::Validate, request, Facts::default()));
            });
        });
        group.bench_function("match and edit", |bencher| {
            let arena = Bump::new();
            let request = Request::read(&arena, &body, &Limits::REVIEW).unwrap();
            bencher.iter(|| {
                let arena = Bump::with_capacity(8192);
                black_box(admit::respond(&set, &arena, Endpoint::Mutate, request, Facts::default()));
            });
        });
        for (endpoint, label) in [(Endpoint::Validate, "admit: validate"), (Endpoint::Mutate, "admit: mutate")] {
            group.bench_function(label, |bencher| {
                bencher.iter(|| black_box(admit::answer(&set, endpoint, black_box(&body), &Facts::default())));
            });
        }
        group.finish();
    }
}

fn sets(criterion: &mut Criterion) {
    let body = review(POD, 0);
    let mut group = criterion.benchmark_group("policies");
    for (loaded, label) in [(10, "10 that match"), (1000, "1000 of which 10 match")] {
        let set = many(loaded, 10);
        group.bench_function(label, |bencher| {
            bencher.iter(|| black_box(admit::answer(&set, Endpoint::Validate, black_box(&body), &Facts::default())));
        });
    }
    group.finish();
}

criterion_group!(benches, parts, sets);
criterion_main!(benches);
