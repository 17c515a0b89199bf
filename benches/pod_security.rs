//! What the Pod Security Standards cost: `restricted` over a Pod of three containers in which nothing is wrong.
//!
//! With `--test` it is judged once, for a program that counts instructions in `judge`.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by a panic")]

use std::hint::black_box;

use bumpalo::Bump;
use criterion::{Criterion, criterion_group, criterion_main};
use podgate::document::{Limits, json};
use podgate::policy::pod_security::{Level, Pod, Standard, Version, evaluate};
use podgate::workload::{Kind, Workload};

const CONTAINER: &str = r#"{"name": "NAME", "image": "registry.example.com/web:1.27", "imagePullPolicy": "IfNotPresent",
    "ports": [{"containerPort": 8080, "protocol": "TCP"}], "env": [{"name": "A", "value": "b"}],
    "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
    "livenessProbe": {"httpGet": {"path": "/live", "port": 8080}}, "readinessProbe": {"tcpSocket": {"port": 8080}},
    "volumeMounts": [{"name": "data", "mountPath": "/data"}], "terminationMessagePath": "/dev/termination-log",
    "securityContext": {"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
        "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}}}"#;

/// Whether nothing is wrong.
#[inline(never)]
fn judge(standard: &Standard, scratch: &Bump, workload: &Workload<'_>) -> bool {
    evaluate(standard, &Pod::of(scratch, workload)).is_empty()
}

fn restricted(criterion: &mut Criterion) {
    let containers = ["a", "b", "c"].map(|name| CONTAINER.replace("NAME", name)).join(",");
    let text = format!(
        r#"{{"apiVersion": "v1", "kind": "Pod", "metadata": {{"name": "web", "namespace": "shop", "labels": {{"app": "web"}}}},
        "spec": {{"containers": [{containers}], "volumes": [{{"name": "data", "emptyDir": {{}}}}, {{"name": "c", "configMap": {{"name": "c"}}}}],
        "securityContext": {{"runAsNonRoot": true, "runAsUser": 1000, "seccompProfile": {{"type": "RuntimeDefault"}}}},
        "serviceAccountName": "web", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst"}}}}"#
    );
    let arena = Bump::new();
    let object = json::parse(&arena, text.as_bytes(), &Limits::REVIEW).unwrap();
    let workload = Workload::of(Kind::Pod, object).unwrap();
    let standard = Standard::new(Level::Restricted, Version::Latest);
    let mut scratch = Bump::with_capacity(16 << 10);
    criterion.bench_function("restricted over three containers", |bencher| {
        bencher.iter(|| {
            scratch.reset();
            assert!(judge(&standard, &scratch, black_box(&workload)));
        });
    });
}

criterion_group!(benches, restricted);
criterion_main!(benches);
