//! Valid workloads made by chance, the same ones for the same seed.

use std::cell::Cell;

use serde_json::{Map, Value, json};

use crate::cases::merge;
use crate::kinds::{selected, template};

const IMAGES: [&str; 8] = [
    "nginx",
    "nginx:1.25",
    "nginx:latest",
    "reg:5000/a/b",
    "reg:5000/a/b:v1",
    "ghcr.io/x/y:latest",
    "Foo/bar",
    "a.b/c:1",
];
/// From small to large, so that a later one may be the limit of an earlier one.
const CPUS: [&str; 8] = ["0", "100u", "50m", "0.1", "500m", "1000m", "1.5", "2"];
const MEMORIES: [&str; 8] = ["1", "1k", "0.5Mi", "1e6", "64Mi", "128974848", "1024Mi", "1.5Gi"];

/// A small generator of numbers (SplitMix64).
pub struct Chance(Cell<u64>);

impl Chance {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Chance(Cell::new(seed))
    }

    fn next(&self) -> u64 {
        let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub fn one_in(&self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<T: Clone>(&self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    /// These members, each with an even chance.
    fn some(&self, members: Value) -> Value {
        let members = members.as_object().cloned().unwrap_or_default();
        Value::Object(members.into_iter().filter(|_| self.one_in(2)).collect())
    }
}

/// A workload of any kind.
pub fn workload(chance: &Chance, index: usize) -> Value {
    let (api_version, kind) = chance.pick(&[
        ("v1", "Pod"),
        ("v1", "Pod"),
        ("v1", "Pod"),
        ("v1", "PodTemplate"),
        ("v1", "ReplicationController"),
        ("apps/v1", "ReplicaSet"),
        ("apps/v1", "Deployment"),
        ("apps/v1", "StatefulSet"),
        ("apps/v1", "DaemonSet"),
        ("batch/v1", "Job"),
        ("batch/v1", "CronJob"),
    ]);
    let pod = pod_spec(chance, kind);
    let body = match kind {
        "Pod" => json!({"spec": pod}),
        "PodTemplate" => json!({"template": template(pod)}),
        "ReplicationController" => json!({"spec": {"template": template(pod)}}),
        "Job" => json!({"spec": merge(chance.some(json!({"parallelism": 2, "backoffLimit": 1, "suspend": true})),
            json!({"template": template(pod)}))}),
        "CronJob" => json!({"spec": merge(chance.some(json!({"suspend": false, "concurrencyPolicy": "Replace"})),
            json!({"schedule": "@hourly", "jobTemplate": {"spec": {"template": template(pod)}}}))}),
        "StatefulSet" => json!({"spec": merge(selected(pod), chance.some(json!({
            "updateStrategy": {"type": "RollingUpdate"}, "podManagementPolicy": "Parallel", "replicas": 2}))) }),
        "DaemonSet" => {
            json!({"spec": merge(selected(pod), chance.some(json!({"updateStrategy": {"type": "OnDelete"}})))})
        }
        _ => json!({"spec": merge(selected(pod), chance.some(json!({"replicas": 3, "minReadySeconds": 1})))}),
    };
    let head = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": format!("generated-{index}")}});
    merge(head, body)
}

/// A Pod, for what is done to Pods only.
pub fn pod(chance: &Chance, index: usize) -> Value {
    let spec = pod_spec(chance, "Pod");
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": format!("generated-{index}")}, "spec": spec})
}

fn pod_spec(chance: &Chance, kind: &str) -> Value {
    let is_pod = kind == "Pod";
    let host_network = chance.one_in(5);
    let mut port = 8000;
    let mut containers = Vec::new();
    for index in 0..=chance.below(3) {
        containers.push(container(chance, &format!("c{index}"), is_pod, host_network, true, &mut port));
    }
    let mut init = Vec::new();
    for index in 0..chance.below(3) {
        let sidecar = chance.one_in(2);
        let mut container = container(chance, &format!("i{index}"), is_pod, host_network, sidecar, &mut port);
        if sidecar {
            container["restartPolicy"] = json!("Always");
        }
        init.push(container);
    }
    let mut spec = chance.some(json!({
        "terminationGracePeriodSeconds": chance.pick(&[0, 30, 45]),
        "schedulerName": chance.pick(&["", "mine"]),
        "securityContext": chance.pick(&[json!(null), json!({}), json!({"runAsNonRoot": true})]),
        "enableServiceLinks": chance.one_in(2),
        "serviceAccountName": chance.pick(&["", "robot"]),
        "serviceAccount": "robot",
        "dnsPolicy": chance.pick(&["", "Default", "ClusterFirst"]),
        "nodeSelector": {"a": "b"},
        "volumes": volumes(chance),
        "initContainers": init,
    }));
    spec["containers"] = json!(containers);
    if spec["volumes"].to_string().contains("serviceAccountToken") {
        spec["serviceAccountName"] = json!("robot");
    }
    if host_network {
        spec["hostNetwork"] = json!(true);
    }
    if is_pod && chance.one_in(4) {
        spec["resources"] =
            chance.some(json!({"limits": {"cpu": "64", "memory": "65536Mi"}, "requests": {"cpu": "32000m"}}));
    }
    match kind {
        "Job" | "CronJob" => spec["restartPolicy"] = json!(chance.pick(&["Never", "OnFailure"])),
        "Pod" => spec["restartPolicy"] = json!(chance.pick(&["", "Always", "Never"])),
        _ => {}
    }
    spec
}

fn container(chance: &Chance, name: &str, pod: bool, host_network: bool, probed: bool, port: &mut u16) -> Value {
    let mut ports = Vec::new();
    for _ in 0..chance.below(3) {
        *port += 1;
        let mut entry = chance.some(json!({"protocol": chance.pick(&["", "UDP", "TCP"])}));
        entry["containerPort"] = json!(*port);
        if host_network && (!pod || chance.one_in(2)) {
            entry["hostPort"] = json!(*port);
        }
        ports.push(entry);
    }
    let mut container = chance.some(json!({
        "imagePullPolicy": chance.pick(&["", "Always", "IfNotPresent", "Never"]),
        "terminationMessagePath": chance.pick(&["", "/tmp/m"]),
        "terminationMessagePolicy": chance.pick(&["", "File"]),
        "ports": ports,
        "env": [env(chance, "A"), env(chance, "B")],
        "resources": resources(chance),
    }));
    container["name"] = json!(name);
    container["image"] = json!(chance.pick(&IMAGES));
    if probed {
        let probes = chance.some(json!({
            "livenessProbe": probe(chance), "readinessProbe": probe(chance), "startupProbe": probe(chance),
            "lifecycle": {"preStop": handler(chance)},
        }));
        container = merge(container, probes);
    }
    container
}

fn env(chance: &Chance, name: &str) -> Value {
    let source = chance.pick(&[
        json!({"value": "x"}),
        json!({"valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}),
        json!({"valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}),
        json!({"valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Ki"}}}),
        json!({"valueFrom": {"configMapKeyRef": {"name": "m", "key": "k", "optional": true}}}),
    ]);
    merge(json!({"name": name}), source)
}

fn resources(chance: &Chance) -> Value {
    let (mut requests, mut limits) = (Map::new(), Map::new());
    for (name, sizes) in [("cpu", CPUS), ("memory", MEMORIES)] {
        let (a, b) = (chance.below(sizes.len()), chance.below(sizes.len()));
        if chance.one_in(2) {
            requests.insert(name.to_owned(), json!(sizes[a.min(b)]));
        }
        if chance.one_in(2) {
            limits.insert(name.to_owned(), json!(sizes[a.max(b)]));
        }
    }
    chance.some(json!({"requests": requests, "limits": limits}))
}

fn handler(chance: &Chance) -> Value {
    chance.pick(&[
        json!({"httpGet": {"port": 80}}),
        json!({"httpGet": {"port": 80, "path": "/x", "scheme": "HTTPS"}}),
        json!({"httpGet": {"port": 80, "scheme": ""}}),
        json!({"exec": {"command": ["true"]}}),
        json!({"tcpSocket": {"port": 80}}),
    ])
}

fn probe(chance: &Chance) -> Value {
    let grpc = json!({"grpc": {"port": 80}});
    let handler = if chance.one_in(4) { grpc } else { handler(chance) };
    let numbers = json!({"timeoutSeconds": chance.below(3), "periodSeconds": chance.below(3), "failureThreshold": chance.below(3)});
    merge(handler, chance.some(numbers))
}

fn volumes(chance: &Chance) -> Value {
    let sources = [
        json!({}),
        json!({"emptyDir": {"sizeLimit": "2048Ki"}}),
        json!({"emptyDir": null}),
        json!({"secret": {"secretName": "s"}}),
        json!({"configMap": {"name": "m", "defaultMode": 511}}),
        json!({"hostPath": {"path": "/x"}}),
        json!({"image": {"reference": "example.com/data:latest"}}),
        json!({"projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}),
        json!({"downwardAPI": {"items": [{"path": "a", "fieldRef": {"fieldPath": "metadata.labels"}}]}}),
        json!({"persistentVolumeClaim": {"claimName": "c"}}),
    ];
    let count = chance.below(4);
    (0..count).map(|index| merge(json!({"name": format!("v{index}")}), chance.pick(&sources))).collect()
}
