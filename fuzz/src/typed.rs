//! An expression over what a rule sees, chosen from a grammar: what the checker says of its type is what it comes to.

use std::sync::LazyLock;

use bumpalo::Bump;
use podgate::cel::{Budget, Error, Map, Program, Scope, Shape, Type, Value};
use podgate::document;
use podgate::policy::environment;
use podgate::workload::Kind;
use serde_json::{Value as Json, json};

use super::choices::Choices;
use super::grammar::{self, Words};

/// Parts with the types that the API has for them.
const SEEN: Words = Words {
    leaves: &[
        "pod",
        "object",
        "oldObject",
        "request",
        "namespaceObject",
        "params",
        "containers",
        "container",
        "pod.spec",
        "pod.metadata",
        "pod.metadata.labels",
        "pod.metadata.?annotations",
        "pod.spec.volumes",
        "pod.spec.?securityContext",
        "pod.spec.?tolerations[?0]",
        "pod.spec.terminationGracePeriodSeconds",
        "object.spec.replicas",
        "object.spec.strategy.rollingUpdate.maxSurge",
        "object.metadata.creationTimestamp",
        "object.metadata",
        "container.name",
        "container.role",
        "container.resources.?limits",
        "container.resources.limits.cpu",
        "container.ports",
        "container.ports[0].containerPort",
        "container.livenessProbe.httpGet.port",
        "container.securityContext.runAsNonRoot",
        "containers[0].env",
        "request.userInfo.groups",
        "request.operation",
        "namespaceObject.metadata.?labels['a']",
        "params.list",
        "params.text",
        "null",
        "true",
        "1",
        "'a'",
        "[]",
        "{}",
        "optional.none()",
        "x",
    ],
    texts: &["container.image", "'a'", "pod.metadata.name", "params.text", "container.imagePullPolicy", "object.kind"],
    numbers: &["1", "object.spec.replicas", "container.ports[0].containerPort", "-1", "params.number", "0"],
    collections: &[
        "containers",
        "pod.spec.volumes",
        "container.env",
        "pod.metadata.labels",
        "pod.spec.nodeSelector",
        "params.list",
        "['a']",
        "container.args",
    ],
};

/// What a rule for the container `web` of a Deployment sees, in the order of the slots.
static VALUES: LazyLock<[Json; 8]> = LazyLock::new(|| {
    let container = |name, role| {
        json!({
            "name": name, "image": "redis:7", "role": role, "imagePullPolicy": "Always", "args": ["-c", "true"],
            "env": [{"name": "A", "value": "b"}, {"name": "C", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
            "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
            "ports": [{"containerPort": 80, "protocol": "TCP"}],
            "livenessProbe": {"httpGet": {"port": "http", "path": "/"}, "periodSeconds": 10},
            "securityContext": {"runAsNonRoot": true, "capabilities": {"drop": ["ALL"]}},
        })
    };
    let containers = json!([container("web", "main"), container("log", "sidecar")]);
    let pod = json!({
        "metadata": {"name": "web", "labels": {"app": "web"}},
        "spec": {
            "containers": containers, "terminationGracePeriodSeconds": 30, "nodeSelector": {"disk": "fast"},
            "volumes": [{"name": "a", "emptyDir": {}}, {"name": "b", "secret": {"secretName": "b", "defaultMode": 420}}],
        },
    });
    let object = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "a", "creationTimestamp": "2026-01-02T03:04:05Z"},
        "spec": {"replicas": 2, "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%"}}, "template": pod},
    });
    let request = json!({
        "operation": "CREATE", "namespace": "a", "name": "web", "dryRun": false,
        "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
        "userInfo": {"username": "u", "groups": ["system:authenticated"]},
    });
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", "labels": {"a": "b"}}});
    [object, Json::Null, request, namespace, params(), pod, containers, container("web", "main")]
});

static NAMES: LazyLock<environment::Scope> =
    LazyLock::new(|| environment::Scope::new(Kind::Deployment.bit(), &params()));

fn params() -> Json {
    json!({"list": ["a", "b"], "text": "t", "number": 3})
}

/// The values in their slots.
struct Seen<'a>(Vec<document::Value<'a>>);

impl<'a> Scope<'a> for Seen<'a> {
    fn slot(&self, slot: u8) -> Result<Value<'a>, Error<'a>> {
        self.0.get(usize::from(slot)).map(|value| (*value).into()).ok_or_else(|| Error::other("no such variable"))
    }
}

/// Checks and evaluates what the bytes choose; says whether it compiles.
pub fn run(bytes: &[u8]) -> bool {
    let source = grammar::expression(&mut Choices::of(bytes), &SEEN);
    let program = match Program::compile(NAMES.container(), &source, Type::Dyn) {
        Ok(program) => program,
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in problems {
                assert!(source.get(problem.range.clone()).is_some(), "{problem:?}");
                assert!(problem.message != "the expression cannot be parsed");
            }
            return false;
        }
    };
    let arena = Bump::new();
    let seen = Seen(VALUES.iter().map(|value| document::Value::from_json(&arena, value)).collect());
    let value = program.eval(&arena, &seen, &Budget::default());
    // What `dyn` hides from the checker may be of any type.
    if let (Ok(value), false) = (value, source.contains("dyn(")) {
        assert!(fits(value, program.shape()), "`{source}` is {value:?}, and should be {}", program.shape());
    }
    true
}

/// Whether a value is of the type that the checker told.
fn fits(value: Value<'_>, shape: &Shape) -> bool {
    match (value, shape) {
        (_, Shape::Nothing | Shape::Basic(Type::Dyn)) => true,
        // What is not there: the old object of a creation.
        (Value::Null, Shape::Object(_) | Shape::Time) => true,
        (value, Shape::Time) => value.kind() == Type::String,
        (Value::List(list), Shape::List(element)) => list.iter().all(|value| fits(value, element)),
        (Value::Map(map), Shape::Map(parts)) => {
            let [key, value] = &**parts;
            map.iter().all(|(name, part)| fits(name, key) && fits(part, value))
        }
        // `{}` stands for an object that is not there.
        (Value::Map(map), Shape::Object(_)) => matches!(map, Map::Document(_)) || map.iter().next().is_none(),
        (Value::Optional(value), Shape::Optional(inner)) => value.is_none_or(|value| fits(*value, inner)),
        (value, Shape::Basic(kind)) => value.kind() == *kind,
        (value, Shape::Word(words)) => value.as_str().is_some_and(|text| words.contains(text)),
        _ => false,
    }
}
