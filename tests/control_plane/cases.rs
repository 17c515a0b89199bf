//! Manifests made by hand: one for each thing that the API server fills in, and for each edge of it.

use serde_json::{Map, Value, json};

/// Every object of the table, each with a name of its own.
pub fn all() -> Vec<Value> {
    let mut objects = Vec::new();
    for (name, spec) in pod_specs() {
        objects.push(pod(name, spec.clone()));
        objects.push(pod_template(name, spec));
    }
    for (name, spec) in only_in_pods() {
        objects.push(pod(name, spec));
    }
    for (name, spec) in only_in_templates() {
        objects.push(pod_template(name, spec));
    }
    objects.extend(crate::kinds::all());
    objects
}

pub fn pod(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec})
}

fn pod_template(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": name}, "template": {"spec": spec}})
}

/// The container `c`, with these fields more.
pub fn container(fields: Value) -> Value {
    merge(json!({"name": "c", "image": "nginx:1.25"}), fields)
}

/// A Pod spec with the container `c`, and these fields more.
pub fn with(fields: Value) -> Value {
    merge(json!({"containers": [container(json!({}))]}), fields)
}

/// A Pod spec with the container `c`, which has these fields more.
pub fn one(fields: Value) -> Value {
    json!({"containers": [container(fields)]})
}

fn image(image: &str) -> Value {
    json!({"containers": [{"name": "c", "image": image}]})
}

fn resources(resources: Value) -> Value {
    one(json!({"resources": resources}))
}

fn volume(source: Value) -> Value {
    with(json!({"volumes": [merge(json!({"name": "v"}), source)]}))
}

fn env(value_from: Value) -> Value {
    one(json!({"env": [{"name": "E", "valueFrom": value_from}]}))
}

pub fn merge(base: Value, more: Value) -> Value {
    let mut members: Map<String, Value> = base.as_object().cloned().unwrap_or_default();
    members.extend(more.as_object().cloned().unwrap_or_default());
    Value::Object(members)
}

/// The object with a value at a JSON pointer; as it is where the pointer leads nowhere.
pub fn set(object: &Value, path: &str, value: Value) -> Value {
    let mut object = object.clone();
    if let Some((parent, key)) = path.rsplit_once('/')
        && let Some(parent) = object.pointer_mut(parent)
    {
        parent[key] = value;
    }
    object
}

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Each is tried in a Pod and in a template.
pub fn pod_specs() -> Vec<(&'static str, Value)> {
    vec![
        ("bare", image("nginx")),
        ("image-latest", image("nginx:latest")),
        ("image-port-no-tag", image("reg:5000/a/b")),
        ("image-port-and-tag", image("reg:5000/a/b:1")),
        ("image-tag", image("nginx:1.25")),
        ("image-capital-latest", image("nginx:Latest")),
        ("image-digest", image(&format!("nginx@{DIGEST}"))),
        ("image-latest-and-digest", image(&format!("nginx:latest@{DIGEST}"))),
        ("image-tag-and-digest", image(&format!("nginx:1.25@{DIGEST}"))),
        ("image-capital-repository", image("library/Nginx")),
        ("image-capital-domain", image("Foo/bar")),
        ("image-looks-like-an-id", image(&"a".repeat(64))),
        ("image-template-text", image("{{.image}}")),
        ("image-bad-digest", image("nginx@sha256:short")),
        ("image-empty-tag", image("nginx:")),
        ("image-localhost", image("localhost/nginx")),
        ("pull-policy-empty", one(json!({"image": "nginx", "imagePullPolicy": ""}))),
        ("pull-policy-null", one(json!({"image": "nginx", "imagePullPolicy": null}))),
        ("pull-policy-never", one(json!({"image": "nginx", "imagePullPolicy": "Never"}))),
        ("message-path", one(json!({"terminationMessagePath": "/tmp/x"}))),
        ("message-policy", one(json!({"terminationMessagePolicy": "FallbackToLogsOnError"}))),
        ("message-path-empty", one(json!({"terminationMessagePath": "", "terminationMessagePolicy": ""}))),
        ("dns-policy", with(json!({"dnsPolicy": "Default"}))),
        ("dns-policy-empty", with(json!({"dnsPolicy": "", "schedulerName": ""}))),
        ("restart-never", with(json!({"restartPolicy": "Never"}))),
        ("grace-zero", with(json!({"terminationGracePeriodSeconds": 0}))),
        ("grace-null", with(json!({"terminationGracePeriodSeconds": null, "securityContext": null}))),
        ("grace-45", with(json!({"terminationGracePeriodSeconds": 45}))),
        ("scheduler", with(json!({"schedulerName": "mine"}))),
        ("security-context", with(json!({"securityContext": {"runAsNonRoot": true, "runAsUser": 1000}}))),
        ("service-account-name", with(json!({"serviceAccountName": "robot"}))),
        ("service-account", with(json!({"serviceAccount": "robot"}))),
        ("service-account-both", with(json!({"serviceAccount": "old", "serviceAccountName": "new"}))),
        ("service-account-name-empty", with(json!({"serviceAccount": "old", "serviceAccountName": ""}))),
        ("service-links-off", with(json!({"enableServiceLinks": false}))),
        ("host-aliases", with(json!({"hostAliases": [{"ip": "10.0.0.1", "hostnames": ["a"]}]}))),
        ("port", one(json!({"ports": [{"containerPort": 80}, {"containerPort": 53, "protocol": "UDP"}]}))),
        ("port-protocol-empty", one(json!({"ports": [{"containerPort": 80, "protocol": ""}]}))),
        ("port-host", one(json!({"ports": [{"containerPort": 80, "hostPort": 8080}]}))),
        ("limits-only", resources(json!({"limits": {"cpu": "2", "memory": "4Gi"}}))),
        ("limits-and-a-request", resources(json!({"limits": {"cpu": "2", "memory": "4Gi"}, "requests": {"cpu": "1"}}))),
        ("requests-only", resources(json!({"requests": {"cpu": "100m"}}))),
        ("requests-null", resources(json!({"limits": {"memory": "1Gi"}, "requests": null}))),
        ("resources-null", one(json!({"resources": null}))),
        ("extended-resource", resources(json!({"limits": {"example.com/gpu": 2}}))),
        ("ephemeral-storage", resources(json!({"limits": {"ephemeral-storage": "1024Mi"}}))),
        ("quantity-number", resources(json!({"requests": {"cpu": 1, "memory": 1024}}))),
        ("quantity-fraction", resources(json!({"requests": {"cpu": 0.5, "memory": 1.5e3}}))),
        ("quantity-millis", resources(json!({"requests": {"cpu": "1000m", "memory": "2048Ki"}}))),
        ("quantity-micros", resources(json!({"requests": {"cpu": "100u", "memory": "1500m"}}))),
        ("quantity-nanos", resources(json!({"requests": {"cpu": "1n"}}))),
        ("quantity-exponent", resources(json!({"requests": {"cpu": "1e-1", "memory": "1e9"}}))),
        ("quantity-capital-exponent", resources(json!({"requests": {"memory": "12E3"}}))),
        ("quantity-exa", resources(json!({"requests": {"memory": "1E"}}))),
        ("quantity-decimal", resources(json!({"requests": {"cpu": "0.1", "memory": "1.5Gi"}}))),
        ("quantity-odd-binary", resources(json!({"requests": {"memory": "0.5Ki"}}))),
        ("quantity-third-binary", resources(json!({"requests": {"memory": "0.3Gi"}}))),
        ("quantity-kilo", resources(json!({"requests": {"memory": "1000k", "cpu": "0.001k"}}))),
        ("quantity-leading-zero", resources(json!({"requests": {"cpu": "007", "memory": "00128Mi"}}))),
        ("quantity-plus", resources(json!({"requests": {"cpu": "+1", "memory": "+1Gi"}}))),
        ("quantity-dots", resources(json!({"requests": {"cpu": ".5", "memory": "5."}}))),
        ("quantity-trailing-zeros", resources(json!({"requests": {"cpu": "1.500", "memory": "15.0000"}}))),
        ("quantity-signed-suffix", resources(json!({"requests": {"cpu": "+1000u", "memory": "+1.0000k"}}))),
        ("quantity-zero", resources(json!({"requests": {"cpu": "0", "memory": "0Mi"}, "limits": {"cpu": "0.0"}}))),
        ("quantity-large", resources(json!({"requests": {"memory": "9223372036854775807"}}))),
        ("quantity-1023-1024", resources(json!({"requests": {"memory": "1023Mi"}, "limits": {"memory": "1024Mi"}}))),
        ("probe-http", one(json!({"livenessProbe": {"httpGet": {"port": 80}}}))),
        (
            "probe-http-written",
            one(json!({"readinessProbe": {"httpGet": {"port": "web", "path": "/up", "scheme": "HTTPS"},
            "timeoutSeconds": 2, "periodSeconds": 5, "successThreshold": 2, "failureThreshold": 6}})),
        ),
        (
            "probe-zeros",
            one(json!({"startupProbe": {"tcpSocket": {"port": 80}, "timeoutSeconds": 0, "periodSeconds": 0,
            "successThreshold": 0, "failureThreshold": 0}})),
        ),
        ("probe-exec", one(json!({"livenessProbe": {"exec": {"command": ["true"]}, "initialDelaySeconds": 3}}))),
        ("probe-grpc", one(json!({"readinessProbe": {"grpc": {"port": 80}}}))),
        ("probe-grpc-service", one(json!({"readinessProbe": {"grpc": {"port": 80, "service": "s"}}}))),
        ("probe-grpc-service-empty", one(json!({"readinessProbe": {"grpc": {"port": 80, "service": ""}}}))),
        ("probe-http-path-empty", one(json!({"livenessProbe": {"httpGet": {"port": 80, "path": "", "scheme": ""}}}))),
        (
            "lifecycle",
            one(json!({"lifecycle": {"postStart": {"httpGet": {"port": 80}}, "preStop": {"httpGet": {"port": 80}}}})),
        ),
        ("lifecycle-sleep", one(json!({"lifecycle": {"preStop": {"sleep": {"seconds": 5}}}}))),
        ("env-value", one(json!({"env": [{"name": "A", "value": "b"}, {"name": "EMPTY"}]}))),
        ("env-field", env(json!({"fieldRef": {"fieldPath": "metadata.name"}}))),
        ("env-field-version", env(json!({"fieldRef": {"fieldPath": "metadata.name", "apiVersion": "v1"}}))),
        ("env-field-version-empty", env(json!({"fieldRef": {"fieldPath": "metadata.name", "apiVersion": ""}}))),
        ("env-resource", env(json!({"resourceFieldRef": {"resource": "limits.cpu"}}))),
        ("env-divisor", env(json!({"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}))),
        ("env-divisor-millis", env(json!({"resourceFieldRef": {"resource": "limits.cpu", "divisor": "0.001"}}))),
        ("env-secret", env(json!({"secretKeyRef": {"name": "s", "key": "k"}}))),
        (
            "env-file",
            merge(
                env(json!({"fileKeyRef": {"volumeName": "v", "path": "env", "key": "K"}})),
                json!({"volumes": [{"name": "v"}]}),
            ),
        ),
        ("volume-none", volume(json!({}))),
        ("volume-null", volume(json!({"secret": null}))),
        ("volume-empty-dir", volume(json!({"emptyDir": {"sizeLimit": "1024Mi", "medium": "Memory"}}))),
        ("volume-empty-dir-fraction", volume(json!({"emptyDir": {"sizeLimit": 0.5}}))),
        ("volume-host-path", volume(json!({"hostPath": {"path": "/x"}}))),
        ("volume-host-path-type-empty", volume(json!({"hostPath": {"path": "/x", "type": ""}}))),
        ("volume-host-path-type", volume(json!({"hostPath": {"path": "/x", "type": "Directory"}}))),
        ("volume-secret", volume(json!({"secret": {"secretName": "s"}}))),
        ("volume-secret-mode", volume(json!({"secret": {"secretName": "s", "defaultMode": 256}}))),
        ("volume-config-map", volume(json!({"configMap": {"name": "s", "items": [{"key": "a", "path": "b"}]}}))),
        ("volume-config-map-mode-zero", volume(json!({"configMap": {"name": "s", "defaultMode": 0}}))),
        (
            "volume-downward",
            volume(json!({"downwardAPI": {"items": [
            {"path": "a", "fieldRef": {"fieldPath": "metadata.labels"}},
            {"path": "b", "resourceFieldRef": {"containerName": "c", "resource": "limits.cpu"}}]}})),
        ),
        (
            "volume-projected",
            merge(
                json!({"serviceAccountName": "robot"}),
                volume(json!({"projected": {"sources": [
            {"serviceAccountToken": {"path": "token"}},
            {"serviceAccountToken": {"path": "other", "expirationSeconds": 7200}},
            {"downwardAPI": {"items": [{"path": "a", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
            {"configMap": {"name": "m"}},
            {"secret": {"name": "s"}}]}})),
            ),
        ),
        ("volume-projected-empty", volume(json!({"projected": {}}))),
        ("volume-image", volume(json!({"image": {"reference": "example.com/data"}}))),
        ("volume-image-tag", volume(json!({"image": {"reference": "example.com/data:1"}}))),
        ("volume-image-policy", volume(json!({"image": {"reference": "example.com/data", "pullPolicy": "Never"}}))),
        (
            "volume-iscsi",
            volume(json!({"iscsi": {"targetPortal": "10.0.0.1:3260", "iqn": "iqn.2001-04.com.example:x", "lun": 1}})),
        ),
        ("volume-rbd", volume(json!({"rbd": {"monitors": ["10.0.0.1:6789"], "image": "i"}}))),
        ("volume-azure-disk", volume(json!({"azureDisk": {"diskName": "d", "diskURI": "https://example.com/d.vhd"}}))),
        (
            "volume-scale-io",
            volume(json!({"scaleIO": {"gateway": "https://g", "system": "s", "volumeName": "v",
            "secretRef": {"name": "s"}}})),
        ),
        (
            "volume-iscsi-empty",
            volume(json!({"iscsi": {"targetPortal": "10.0.0.1:3260", "iqn": "iqn.2001-04.com.example:x",
            "lun": 1, "iscsiInterface": ""}})),
        ),
        (
            "volume-rbd-empty",
            volume(json!({"rbd": {"monitors": ["10.0.0.1:6789"], "image": "i", "pool": "", "user": "",
            "keyring": ""}})),
        ),
        (
            "volume-azure-disk-empty",
            volume(json!({"azureDisk": {"diskName": "d", "diskURI": "https://example.com/d.vhd",
            "fsType": "", "readOnly": true}})),
        ),
        (
            "volume-scale-io-empty",
            volume(json!({"scaleIO": {"gateway": "https://g", "system": "s", "volumeName": "v",
            "secretRef": {"name": "s"}, "storageMode": "", "fsType": ""}})),
        ),
        (
            "volume-ephemeral-limits",
            volume(json!({"ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}, "limits": {"storage": "2048Mi"}}}}}})),
        ),
        ("volume-image-policy-empty", volume(json!({"image": {"reference": "example.com/data", "pullPolicy": ""}}))),
        ("volume-nfs", volume(json!({"nfs": {"server": "s", "path": "/"}}))),
        ("volume-csi", volume(json!({"csi": {"driver": "d.example.com"}}))),
        ("volume-claim", volume(json!({"persistentVolumeClaim": {"claimName": "c"}}))),
        (
            "volume-ephemeral",
            volume(json!({"ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1024Mi"}}}}}})),
        ),
        (
            "volume-ephemeral-block",
            volume(json!({"ephemeral": {"volumeClaimTemplate": {"metadata": {"labels": {"a": "b"}},
            "spec": {"accessModes": ["ReadWriteOnce"], "volumeMode": "Block", "resources": {"requests": {"storage": "0.5Gi"}}}}}})),
        ),
        (
            "init",
            with(json!({"initContainers": [{"name": "i", "image": "busybox", "resources": {"limits": {"cpu": "1"}},
            "ports": [{"containerPort": 1}], "env": [{"name": "E", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}]}]})),
        ),
        (
            "sidecar",
            with(json!({"initContainers": [{"name": "i", "image": "busybox:1", "restartPolicy": "Always",
            "startupProbe": {"httpGet": {"port": 80}}, "resources": {"limits": {"memory": "1024Mi"}},
            "lifecycle": {"preStop": {"httpGet": {"port": 80}}}}]})),
        ),
        (
            "two-containers",
            json!({"containers": [
            {"name": "a", "image": "a", "resources": {"limits": {"cpu": "1"}}},
            {"name": "b", "image": "b:1", "resources": {"requests": {"cpu": "2000m"}}}]}),
        ),
        (
            "nulls",
            json!({"containers": [{"name": "c", "image": "nginx", "ports": null, "env": null, "livenessProbe": null,
            "lifecycle": null, "securityContext": null}], "volumes": null, "initContainers": null, "affinity": null}),
        ),
        (
            "flags",
            with(json!({"hostPID": false, "hostIPC": false, "hostNetwork": false, "shareProcessNamespace": true})),
        ),
        ("windows", with(json!({"os": {"name": "windows"}}))),
        ("tolerations", with(json!({"tolerations": [{"key": "a", "operator": "Exists"}], "nodeSelector": {"a": "b"}}))),
        (
            "spread",
            with(json!({"topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone",
            "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": {"a": "b"}}}]})),
        ),
        (
            "affinity",
            with(json!({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Exists"}]}]}}}})),
        ),
        ("resize-policy", one(json!({"resizePolicy": [{"resourceName": "cpu", "restartPolicy": "NotRequired"}]}))),
    ]
}

/// Templates get nothing here, or may not have it.
pub fn only_in_pods() -> Vec<(&'static str, Value)> {
    let pod_level = |resources: Value, containers: Value| json!({"resources": resources, "containers": containers});
    let limits = |name: &str, limits: Value| json!({"name": name, "image": "x:1", "resources": {"limits": limits}});
    vec![
        ("host-network-no-ports", with(json!({"hostNetwork": true}))),
        ("grace-negative", with(json!({"terminationGracePeriodSeconds": -5}))),
        (
            "pod-level-limits",
            pod_level(json!({"limits": {"cpu": "2", "memory": "1024Mi"}}), json!([container(json!({}))])),
        ),
        ("pod-level-requests", pod_level(json!({"requests": {"cpu": "1000m"}}), json!([container(json!({}))]))),
        (
            "pod-level-both",
            pod_level(json!({"requests": {"cpu": "1"}, "limits": {"cpu": "2"}}), json!([container(json!({}))])),
        ),
        (
            "pod-level-requests-of-containers",
            pod_level(
                json!({"limits": {"cpu": "4", "memory": "4Gi"}}),
                json!([
            {"name": "a", "image": "x:1", "resources": {"requests": {"cpu": "500m"}}},
            {"name": "b", "image": "x:1", "resources": {"requests": {"cpu": "750m", "memory": "1Gi"}}}]),
            ),
        ),
        (
            "pod-level-limits-of-containers",
            pod_level(
                json!({"requests": {"cpu": "3", "memory": "1Gi"}}),
                json!([limits("a", json!({"cpu": "1", "memory": "512Mi"})), limits("b", json!({"cpu": "1500m"}))]),
            ),
        ),
        (
            "pod-level-limits-below-request",
            pod_level(json!({"requests": {"cpu": "3"}}), json!([limits("a", json!({"cpu": "1"}))])),
        ),
        (
            "pod-level-huge-pages",
            pod_level(
                json!({"limits": {"cpu": "2", "memory": "1Gi"}}),
                json!([
                    limits("a", json!({"cpu": "1", "memory": "512Mi", "hugepages-2Mi": "64Mi"})),
                    limits("b", json!({"hugepages-2Mi": "128Mi", "cpu": "1"}))
                ]),
            ),
        ),
        (
            "pod-level-with-init",
            json!({"resources": {"limits": {"cpu": "8", "memory": "8Gi"}},
            "containers": [limits("a", json!({"cpu": "1", "memory": "1Gi"}))],
            "initContainers": [limits("i", json!({"cpu": "3"})),
                {"name": "s", "image": "x:1", "restartPolicy": "Always", "resources": {"requests": {"cpu": "2", "memory": "1Gi"}}},
                limits("j", json!({"cpu": "2", "memory": "1536Mi"}))]}),
        ),
        ("pod-level-empty", pod_level(json!({}), json!([limits("a", json!({"cpu": "1"}))]))),
        (
            "host-network",
            json!({"hostNetwork": true, "containers": [
            container(json!({"ports": [{"containerPort": 80}, {"containerPort": 90, "hostPort": 90}, {"containerPort": 70, "hostPort": 0}]}))],
            "initContainers": [{"name": "i", "image": "x", "restartPolicy": "Always", "ports": [{"containerPort": 81}]}]}),
        ),
    ]
}

/// A plug-in or the validation refuses these in a bare Pod.
fn only_in_templates() -> Vec<(&'static str, Value)> {
    vec![
        ("overhead", with(json!({"runtimeClassName": "r", "overhead": {"cpu": "1000m", "memory": "0.5Gi"}}))),
        (
            "host-network",
            json!({"hostNetwork": true, "containers": [
            container(json!({"ports": [{"containerPort": 80, "hostPort": 80}]}))]}),
        ),
        ("pod-level", json!({"resources": {"limits": {"cpu": "2000m"}}, "containers": [container(json!({}))]})),
    ]
}
