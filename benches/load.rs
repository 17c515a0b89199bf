//! What it takes to load 1,000 policies, each in a file of its own and with six expressions: from the files to a set that is
//! in force, as at a start, and part by part.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by a panic")]

use std::fs;
use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use podgate::metrics::Metrics;
use podgate::policy::collision::collisions;
use podgate::policy::set::PolicySet;
use podgate::policy::source::{self, Collected, Source};
use podgate::store::{Options, Store};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const POLICIES: usize = 1000;
const TEAMS: [&str; 7] = ["shop", "search", "mail", "billing", "video", "maps", "ads"];

/// A policy of a team like no other: its names, numbers and patterns are its own, so nothing that is compiled for one
/// serves another.
fn policy(number: usize, team: &str) -> String {
    let (megabytes, user, seconds) = (64 + number, 1000 + number, 30 + number);
    format!(
        "apiVersion: podgate.dev/v1alpha1
kind: ClusterPodPolicy
metadata:
  name: {team}-{number}
  labels: {{team: {team}}}
spec:
  mode: Enforce
  priority: {priority}
  match:
    kinds: [Pod, Deployment.apps, StatefulSet.apps]
    namespaces: ['{team}-{number}', '{team}-{number}-*']
    podSelector: {{matchLabels: {{app: service-{number}}}}}
  variables:
    - name: registry
      expression: >-
        has(namespaceObject.metadata.annotations) && 'registry' in namespaceObject.metadata.annotations
        ? namespaceObject.metadata.annotations['registry'] : 'registry-{number}.example.com'
  rules:
    - name: registry
      require:
        container: image(container.image).registry() == variables.registry
        field: image
        messageExpression: >-
          '`' + container.image + '` does not come from `' + variables.registry + '`, where images of {team} are scanned'
        help: push the image there
    - name: memory
      containers: {{roles: [main, sidecar]}}
      require:
        container: >-
          has(container.resources) && has(container.resources.limits) && 'memory' in container.resources.limits
          && quantity(container.resources.limits['memory']).compareTo(quantity('{megabytes}Mi')) <= 0
        field: resources.limits.memory
        message: needs a memory limit of {megabytes}Mi at most
    - name: owner
      require:
        object: >-
          object.metadata.?labels[?'owner'].orValue('').matches('^{team}-{number}-[a-z0-9]([-a-z0-9]*[a-z0-9])?@example[.]com$')
        message: say whom to call at night
    - name: user
      severity: high
      require:
        pod: >-
          containers.all(c, c.role == 'init' || c.?securityContext.?runAsUser.orValue(
          pod.spec.?securityContext.?runAsUser.orValue(0)) >= {user})
        message: runs as a user of somebody else
    - name: grace
      default:
        pod: {{spec: {{terminationGracePeriodSeconds: {seconds}}}}}
        container: {{imagePullPolicy: IfNotPresent, resources: {{requests: {{memory: {megabytes}Mi}}}}}}
",
        priority = number % 10,
    )
}

/// A folder with all policies, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("podgate-load-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        for (number, team) in (0..POLICIES).zip(TEAMS.iter().cycle()) {
            fs::write(path.join(format!("{number}.yaml")), policy(number, team)).unwrap();
        }
        Folder(path)
    }

    fn sources(&self) -> Vec<Source> {
        vec![Source::Path(self.0.clone())]
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn load(criterion: &mut Criterion) {
    let folder = Folder::new();
    let sources = folder.sources();
    let options = Options { strict: true, has_cluster: true, ..Options::default() };
    let mut group = criterion.benchmark_group("load 1000 policies");
    group.sample_size(10);
    group.bench_function("files to a set in force", |bencher| {
        bencher.iter(|| {
            let store = Store::open(sources.clone(), options.clone(), Metrics::new().unwrap()).unwrap();
            assert_eq!(store.current().set.policies().len(), POLICIES);
            assert_eq!(store.status().diagnostics, []);
        });
    });
    group.bench_function("read", |bencher| bencher.iter(|| black_box(source::read(&sources).fingerprint())));
    group.bench_function("parse and compile", |bencher| {
        bencher.iter_batched(|| source::read(&sources), |files| black_box(files.load()), BatchSize::PerIteration);
    });
    let Collected { policies, .. } = source::collect(&sources);
    let policies: Vec<_> = policies.into_iter().map(Arc::new).collect();
    group.bench_function("set and collisions", |bencher| {
        bencher.iter(|| collisions(black_box(PolicySet::new(policies.iter().cloned())).policies()));
    });
    group.finish();
}

criterion_group!(benches, load);
criterion_main!(benches);
