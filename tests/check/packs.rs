//! Each rule of the shipped packs: what it is there for, and what it leaves alone.

use serde_json::Value;

use crate::program::Check;

/// A Deployment that keeps every rule, with a place for more fields of its spec, its Pod spec and its container.
fn deployment(spec: &str, pod: &str, container: &str) -> String {
    let image = if container.contains("image:") { "" } else { "image: registry.example.com/web:1.27.3, " };
    let resources = if container.contains("resources:") { "" } else { "resources: {limits: {memory: 1Gi}}, " };
    format!(
        "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web}}, spec: {{selector: {{matchLabels: {{app: web}}}}, {spec} \
         template: {{metadata: {{labels: {{app: web}}}}, spec: {{{pod} containers: [{{name: web, {image}{resources}{container}}}]}}}}}}}}"
    )
}

fn stateful_set(spec: &str, pod: &str) -> String {
    let service = if spec.contains("serviceName:") { "" } else { "serviceName: db, " };
    deployment(&format!("{service}{spec}"), pod, "").replace("kind: Deployment", "kind: StatefulSet")
}

fn pod(metadata: &str, spec: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: web{metadata}}}, spec: {{{spec} \
         containers: [{{name: web, image: \"web:1\", resources: {{limits: {{memory: 1Gi}}}}}}]}}}}"
    )
}

fn answer(manifest: &str) -> Value {
    let answer = Check::new().file("a.yaml", manifest).args(["-o", "json", "a.yaml"]).json(0);
    answer["objects"][0].clone()
}

/// The rules that the manifest violates.
fn violated(manifest: &str) -> Vec<String> {
    let found = answer(manifest)["violations"].as_array().unwrap().clone();
    found.iter().map(|violation| violation["rule"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_careful_manifest_gets_no_warning() {
    let none: [String; 0] = [];
    assert_eq!(violated(&deployment("", "", "")), none);
    assert_eq!(violated(&stateful_set("", "")), none);
}

#[test]
fn each_rule_warns_of_its_own_mistake_and_of_nothing_else() {
    let port = "ports: [{containerPort: 80}], ";
    let cases = [
        ("pinned-tags", deployment("", "", "image: redis")),
        ("pinned-tags", deployment("", "", "image: \"localhost:5000/redis:latest\"")),
        ("shell-takes-one-string", deployment("", "", "command: [sh, -c, redis-server, /opt/redis.conf]")),
        ("shell-takes-one-string", deployment("", "", "command: [/bin/bash, -c], args: [run, me]")),
        ("shell-takes-one-string", deployment("", "", "command: [/opt/tools/zsh, -c, 'echo $HOME ${A}', me]")),
        ("memory-limit", deployment("", "", "resources: {requests: {cpu: 1}}")),
        ("readiness-probe", deployment("replicas: 2, ", "", port)),
        ("updates-roll-out", stateful_set("replicas: 3, updateStrategy: {rollingUpdate: {partition: 3}}, ", "")),
        (
            "updates-roll-out",
            stateful_set("replicas: 2, ordinals: {start: 5}, updateStrategy: {rollingUpdate: {partition: 7}}, ", ""),
        ),
        ("claim-for-each-replica", stateful_set("", "volumes: [{name: d, persistentVolumeClaim: {claimName: d}}], ")),
        ("headless-service", stateful_set("serviceName: \"\", ", "")),
        ("no-bare-pods", pod("", "")),
    ];
    for (rule, manifest) in cases {
        assert_eq!(violated(&manifest), [rule], "{manifest}");
    }
}

#[test]
fn what_only_looks_like_a_mistake_is_left_alone() {
    let digest = "sha256:9c4bbf8a1fb0f4bba6e9e3e9f5b8d8d7b7e0f9d0c5f3b7a6e5d4c3b2a1f0e9d8";
    let none: [String; 0] = [];
    let cases = [
        deployment("", "", &format!("image: \"web@{digest}\"")),
        deployment("", "", &format!("image: \"web:latest@{digest}\"")),
        deployment("", "", "command: [sh, -c, \"exec redis-server /opt/redis.conf\"]"),
        deployment("", "", "command: [sh, -c, 'exec \"$0\" \"$@\"', redis-server, /opt/redis.conf]"),
        deployment("", "", "command: [sh, -c, 'echo ${1}', a, b]"),
        deployment("", "", "command: [sh, -c, 'shift $#', a, b]"),
        deployment("", "", "command: [redis-server, -c, a, b]"),
        deployment("", "", "command: [/bin/fish, -c, a, b]"),
        deployment("", "resources: {limits: {memory: 1Gi}, requests: {cpu: 1}}, ", "resources: {}"),
        deployment("replicas: 1, ", "", "ports: [{containerPort: 80}]"),
        deployment("replicas: 2, strategy: {type: Recreate}, ", "", "ports: [{containerPort: 80}]"),
        stateful_set("replicas: 3, updateStrategy: {rollingUpdate: {partition: 2}}, ", ""),
        stateful_set("replicas: 0, updateStrategy: {rollingUpdate: {partition: 0}}, ", ""),
        stateful_set("replicas: 2, ordinals: {start: 5}, updateStrategy: {rollingUpdate: {partition: 6}}, ", ""),
        pod("", "restartPolicy: Never, "),
        pod(", annotations: {kubernetes.io/config.mirror: x}", ""),
    ];
    for manifest in cases {
        assert_eq!(violated(&manifest), none, "{manifest}");
    }
}

#[test]
fn defaults_fill_in_what_was_left_out_and_keep_what_was_written() {
    let edits = |answer: &Value| -> Vec<String> {
        let edits = answer["edits"].as_array().unwrap().iter();
        edits.map(|edit| format!("{}={}", edit["path"].as_str().unwrap(), edit["after"])).collect()
    };
    let grace = "spec.template.spec.terminationGracePeriodSeconds=45";
    let requests = ["spec.containers[0].resources.requests.cpu=\"100m\""];
    let plain = answer(&deployment("", "", ""));
    assert_eq!(edits(&plain), [grace]);
    // The memory request follows from the limit, as Kubernetes has it.
    assert_eq!(edits(&plain["pod"]), requests);
    let written =
        answer(&deployment("", "terminationGracePeriodSeconds: 30, ", "resources: {requests: {cpu: 1, memory: 1Gi}}"));
    assert_eq!(edits(&written), [""; 0]);
    assert_eq!(edits(&written["pod"]), [""; 0]);
    let digest = "sha256:9c4bbf8a1fb0f4bba6e9e3e9f5b8d8d7b7e0f9d0c5f3b7a6e5d4c3b2a1f0e9d8";
    let pinned = answer(&deployment("", "", &format!("image: \"web:latest@{digest}\"")));
    assert_eq!(edits(&pinned), [grace, "spec.template.spec.containers[0].imagePullPolicy=\"IfNotPresent\""]);
}
