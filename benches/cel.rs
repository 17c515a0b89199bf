//! What expressions cost over a Pod of ordinary size.

#![expect(clippy::panic, reason = "a benchmark of nothing must not pass")]

use std::hint::black_box;

use bumpalo::Bump;
use criterion::{Criterion, criterion_group, criterion_main};
use podgate::cel::{Budget, Environment, Error, Program, Scope, Type, Value};
use podgate::document::{Limits, json};

const POD: &str = r#"{
  "apiVersion": "v1", "kind": "Pod",
  "metadata": {"name": "web-7c9f6d5b8-abcde", "namespace": "team-a", "uid": "8a7", "creationTimestamp": null,
    "labels": {"app.kubernetes.io/name": "web", "app.kubernetes.io/part-of": "shop", "team": "a"}},
  "spec": {
    "nodeSelector": {"kubernetes.io/os": "linux"}, "restartPolicy": "Always", "serviceAccountName": "web",
    "securityContext": {"runAsUser": 1000, "runAsNonRoot": true},
    "containers": [
      {"name": "app", "image": "registry.example.com/shop/web:1.25.3", "command": ["/bin/web"], "ports": [{"containerPort": 80}],
       "env": [{"name": "A", "value": "1"}], "imagePullPolicy": "IfNotPresent", "terminationMessagePath": "/dev/termination-log",
       "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "1", "memory": "256Mi"}},
       "securityContext": {"capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}}},
      {"name": "proxy", "image": "registry.example.com/mesh/proxy:2.0", "imagePullPolicy": "IfNotPresent",
       "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "64Mi"}},
       "securityContext": {"capabilities": {"drop": ["ALL"], "add": []}}},
      {"name": "logs", "image": "registry.example.com/logs/agent:1.0", "imagePullPolicy": "IfNotPresent",
       "resources": {"limits": {"memory": "64Mi"}},
       "securityContext": {"capabilities": {"drop": ["ALL"], "add": []}}}
    ]
  }
}"#;

struct Pod<'a> {
    object: Value<'a>,
    container: Value<'a>,
}

impl<'a> Scope<'a> for Pod<'a> {
    fn slot(&self, slot: u8) -> Result<Value<'a>, Error<'a>> {
        Ok(if slot == 0 { self.object } else { self.container })
    }
}

fn expressions(criterion: &mut Criterion) {
    let environment = Environment::new().variable("object", 0, Type::Dyn).variable("container", 1, Type::Dyn);
    let expressions = [
        ("limit", "has(container.resources.limits) && 'memory' in container.resources.limits"),
        ("kind", "object.kind == 'Pod'"),
        ("user", "object.spec.securityContext.runAsUser >= 1000"),
        ("optional", "object.spec.?securityContext.?runAsNonRoot.orValue(false)"),
        ("in", "object.spec.restartPolicy in ['Always', 'OnFailure']"),
        (
            "limits of all",
            "object.spec.containers.all(c, has(c.resources) && has(c.resources.limits) && 'memory' in c.resources.limits)",
        ),
        (
            "capabilities",
            "object.spec.containers.all(c, c.securityContext.capabilities.add.all(k, k in ['NET_BIND_SERVICE']))",
        ),
        (
            "matches",
            "object.spec.containers.all(c, c.image.matches('^registry\\\\.example\\\\.com/[a-z0-9./-]+:[0-9.]+$'))",
        ),
        ("quantity", "quantity(container.resources.limits.memory).isLessThan(quantity('1Gi'))"),
        ("image", "image(container.image).registry() == 'registry.example.com'"),
        ("names", "object.spec.containers.map(c, c.name).join(', ')"),
        ("error", "object.spec.nope == 1"),
    ];
    for (name, source) in expressions {
        let Ok(program) = Program::compile(&environment, source, Type::Dyn) else { panic!("{source}") };
        let arena = Bump::new();
        let Ok(object) = json::parse(&arena, POD.as_bytes(), &Limits::REVIEW) else { panic!("the Pod does not parse") };
        let containers = object.fields(&["spec", "containers"]).unwrap_or_default().elements();
        let container = containers.first().copied().unwrap_or_default().into();
        let scope = Pod { object: object.into(), container };
        criterion.bench_function(&format!("cel {name}"), |bencher| {
            let mut scratch = Bump::new();
            bencher.iter(|| {
                // Values of one run do not outlive the next.
                scratch.reset();
                run(&program, &scratch, &scope)
            });
        });
    }
    criterion.bench_function("cel compile", |bencher| {
        let source = "has(container.resources.limits) && 'memory' in container.resources.limits";
        bencher.iter(|| Program::compile(&environment, black_box(source), Type::Bool).is_ok());
    });
}

/// What thirty rules of a platform team ask of a Pod, in the words that the `cel` crate knows too.
const RULES: [&str; 30] = [
    "object.kind == 'Pod'",
    "object.metadata.name.startsWith('web-')",
    "has(object.metadata.labels) && 'team' in object.metadata.labels",
    "object.metadata.labels['team'] in ['a', 'b', 'c']",
    "!has(object.metadata.annotations) || !('debug' in object.metadata.annotations)",
    "object.spec.containers.all(c, c.image.startsWith('registry.example.com/'))",
    "object.spec.containers.all(c, !c.image.endsWith(':latest'))",
    "object.spec.containers.all(c, c.image.contains(':') || c.image.contains('@'))",
    "object.spec.containers.all(c, has(c.resources) && has(c.resources.limits) && 'memory' in c.resources.limits)",
    "object.spec.containers.exists(c, has(c.resources.requests) && 'cpu' in c.resources.requests)",
    "object.spec.containers.all(c, !has(c.securityContext.privileged) || !c.securityContext.privileged)",
    "object.spec.containers.all(c, has(c.securityContext) && has(c.securityContext.capabilities))",
    "object.spec.containers.all(c, c.securityContext.capabilities.drop.exists(k, k == 'ALL'))",
    "object.spec.containers.all(c, c.securityContext.capabilities.add.all(k, k in ['NET_BIND_SERVICE']))",
    "object.spec.securityContext.runAsNonRoot == true",
    "object.spec.securityContext.runAsUser >= 1000 && object.spec.securityContext.runAsUser < 65535",
    "!has(object.spec.hostNetwork) || !object.spec.hostNetwork",
    "!has(object.spec.hostPID) && !has(object.spec.hostIPC)",
    "!has(object.spec.volumes) || object.spec.volumes.all(v, !has(v.hostPath))",
    "object.spec.restartPolicy in ['Always', 'OnFailure']",
    "object.spec.containers.all(c, !has(c.ports) || c.ports.all(p, !has(p.hostPort)))",
    "object.spec.containers.all(c, !has(c.ports) || c.ports.all(p, p.containerPort > 0 && p.containerPort < 65536))",
    "object.spec.containers.size() <= 10",
    "object.spec.containers.filter(c, c.name == 'app').size() == 1",
    "object.spec.containers.map(c, c.name).exists(n, n == 'proxy')",
    "object.spec.containers.all(c, c.imagePullPolicy == 'IfNotPresent' || c.imagePullPolicy == 'Always')",
    "object.spec.containers.all(c, !has(c.env) || c.env.all(e, !e.name.startsWith('AWS_SECRET')))",
    "object.spec.nodeSelector['kubernetes.io/os'] == 'linux'",
    "has(object.spec.serviceAccountName) && object.spec.serviceAccountName != 'default'",
    "object.metadata.namespace + '/' + object.metadata.name != 'kube-system/kube-proxy'",
];

/// Thirty rules over a Pod of three containers, by podgate and by the evaluator of the `cel` crate: the rules alone, with
/// the Pod at hand as each wants it.
fn rules(criterion: &mut Criterion) {
    let environment = Environment::new().variable("object", 0, Type::Dyn).variable("container", 1, Type::Dyn);
    let programs = RULES.map(|source| match Program::compile(&environment, source, Type::Bool) {
        Ok(program) => program,
        Err(problems) => panic!("{source}: {problems:?}"),
    });
    let arena = Bump::new();
    let Ok(object) = json::parse(&arena, POD.as_bytes(), &Limits::REVIEW) else { panic!("the Pod does not parse") };
    let scope = Pod { object: object.into(), container: Value::Null };
    criterion.bench_function("30 rules, podgate", |bencher| {
        let mut scratch = Bump::new();
        bencher.iter(|| {
            scratch.reset();
            let budget = Budget::default();
            let holds = |program: &Program| {
                program.eval(&scratch, &scope, &budget).is_ok_and(|value| value.as_bool() == Some(true))
            };
            assert!(programs.iter().all(holds));
        });
    });
    let theirs = RULES.map(|source| match cel::Program::compile(source) {
        Ok(program) => program,
        Err(errors) => panic!("{source}: {errors:?}"),
    });
    let Ok(object) = serde_json::from_str::<serde_json::Value>(POD) else { panic!("the Pod does not parse") };
    let mut context = cel::Context::default();
    let Ok(()) = context.add_variable("object", &object) else { panic!("the Pod is no value") };
    criterion.bench_function("30 rules, the cel crate", |bencher| {
        bencher.iter(|| {
            let holds = |program: &cel::Program| matches!(program.execute(&context), Ok(cel::Value::Bool(true)));
            for (program, source) in theirs.iter().zip(RULES) {
                assert!(holds(program), "{source}");
            }
        });
    });
}

fn run<'a>(program: &'a Program, arena: &'a Bump, scope: &Pod<'a>) -> bool {
    program.eval(arena, scope, &Budget::default()).is_ok()
}

criterion_group!(benches, rules, expressions);
criterion_main!(benches);
