//! Pods made by hand: what each check reads, on each side of its edge. The API server takes them all.

use serde_json::{Map, Value, json};

use crate::cases::merge;

/// Every Pod of the table, each with a name of its own.
pub fn all() -> Vec<Value> {
    let mut pods = vec![pod("bare", json!({}), json!({"containers": [{"name": "a", "image": "i"}]}))];
    let mut add = |name: &str, spec: Value| pods.push(pod(name, json!({}), spec));
    add("good", with(json!({})));
    for (name, fields) in of_pods() {
        add(name, with(fields));
    }
    for (name, context) in of_pod_contexts() {
        let mut spec = with(json!({}));
        spec["securityContext"] = merge(spec["securityContext"].clone(), context);
        add(name, without_nulls(spec));
    }
    for (name, fields) in of_containers() {
        let (name, spec) = (format!("container-{name}"), json!({"containers": [container("a", fields.clone())]}));
        add(&name, with(spec));
        // Beside a good one, and twice: the sentences are others.
        let good = container("b", json!({}));
        add(&format!("{name}-beside"), with(json!({"containers": [good, container("a", fields.clone())]})));
        let both = json!({"containers": [container("b", fields.clone())], "initContainers": [container("a", fields)]});
        if !name.contains("probe") && !name.contains("lifecycle") {
            add(&format!("{name}-twice"), with(both));
        }
    }
    for (kind, source) in volumes() {
        let volume = |name: &str| merge(json!({"name": name}), source.clone());
        add(&format!("volume-{}", kind.to_lowercase()), with(json!({"volumes": [volume("v")]})));
        let more = json!([volume("v"), {"name": "w", "hostPath": {"path": "/w"}}, {"name": "x"}]);
        add(&format!("volumes-{}", kind.to_lowercase()), with(json!({"volumes": more})));
    }
    for sysctls in SYSCTLS {
        let name = format!("sysctls-{}", sysctls.join("-").replace(['.', '_'], "-"));
        let list: Vec<_> = sysctls.iter().map(|name| json!({"name": name, "value": "1"})).collect();
        let mut spec = with(json!({}));
        spec["securityContext"]["sysctls"] = json!(list);
        add(&name, spec);
    }
    for (name, spec) in of_windows() {
        add(name, spec);
    }
    for (name, annotations) in annotations() {
        pods.push(pod(name, annotations, json!({"containers": [{"name": "a", "image": "i"}]})));
    }
    for (name, key) in [("pod", "seccomp.security.alpha.kubernetes.io/pod"), ("container", CONTAINER_SECCOMP)] {
        let mut spec = with(json!({}));
        let context = if name == "pod" { &mut spec } else { &mut spec["containers"][0] };
        context["securityContext"]["seccompProfile"] = json!({"type": "Unconfined"});
        pods.push(pod(&format!("annotated-seccomp-field-{name}"), json!({key: "unconfined"}), spec));
    }
    let many = (0..60).map(|number| json!({"name": format!("one-of-many-with-a-long-name-{number}"), "image": "i"}));
    pods.push(pod("many", json!({}), json!({"containers": many.collect::<Vec<_>>()})));
    pods
}

const CONTAINER_SECCOMP: &str = "container.seccomp.security.alpha.kubernetes.io/a";

fn pod(name: &str, annotations: Value, spec: Value) -> Value {
    let metadata = json!({"name": name, "annotations": annotations});
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
}

/// A spec that `restricted` lets pass, with other fields.
fn with(fields: Value) -> Value {
    let context = json!({"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}});
    merge(json!({"securityContext": context, "containers": [container("a", json!({}))]}), fields)
}

/// A container that `restricted` lets pass, with other fields; those of the security context beside the good ones.
fn container(name: &str, mut fields: Value) -> Value {
    let good = json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}});
    let context = merge(good, fields["securityContext"].take());
    let fields = merge(json!({"name": name, "image": "i"}), fields);
    without_nulls(merge(fields, json!({"securityContext": context})))
}

/// What was taken out by a `null`.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(key, value)| (key, without_nulls(value))).collect::<Map<_, _>>())
        }
        other => other,
    }
}

fn of_pods() -> Vec<(&'static str, Value)> {
    let user_namespace = |more: Value| merge(json!({"hostUsers": false}), more);
    let sidecar = |fields: Value| json!([merge(container("s", fields), json!({"restartPolicy": "Always"}))]);
    vec![
        ("host-network", json!({"hostNetwork": true})),
        ("host-pid", json!({"hostPID": true})),
        ("host-ipc", json!({"hostIPC": true})),
        ("host-everything", json!({"hostIPC": true, "hostPID": true, "hostNetwork": true})),
        ("host-nothing", json!({"hostIPC": false, "hostPID": false, "hostNetwork": false})),
        ("own-users", user_namespace(json!({}))),
        ("own-users-and-root", user_namespace(json!({"securityContext": {"runAsUser": 0, "runAsNonRoot": false}}))),
        (
            "own-users-unmasked",
            user_namespace(
                json!({"containers": [container("a", json!({"securityContext": {"procMount": "Unmasked"}}))]}),
            ),
        ),
        ("sidecar-bare", json!({"initContainers": [{"name": "s", "image": "i", "restartPolicy": "Always"}]})),
        (
            "sidecar-probe",
            json!({"initContainers": sidecar(json!({"startupProbe": {"tcpSocket": {"port": 1, "host": "h"}}}))}),
        ),
        ("sidecar-port", json!({"initContainers": sidecar(json!({"ports": [{"containerPort": 1, "hostPort": 1}]}))})),
    ]
}

fn of_pod_contexts() -> Vec<(&'static str, Value)> {
    vec![
        ("pod-app-armor-unconfined", json!({"appArmorProfile": {"type": "Unconfined"}})),
        ("pod-app-armor-default", json!({"appArmorProfile": {"type": "RuntimeDefault"}})),
        ("pod-app-armor-localhost", json!({"appArmorProfile": {"type": "Localhost", "localhostProfile": "p"}})),
        ("pod-seccomp-unconfined", json!({"seccompProfile": {"type": "Unconfined"}})),
        ("pod-seccomp-localhost", json!({"seccompProfile": {"type": "Localhost", "localhostProfile": "p"}})),
        ("pod-seccomp-missing", json!({"seccompProfile": null})),
        ("pod-se-linux-type", json!({"seLinuxOptions": {"type": "spc_t"}})),
        ("pod-se-linux-all", json!({"seLinuxOptions": {"type": "spc_t", "user": "u", "role": "r", "level": "l"}})),
        ("pod-se-linux-engine", json!({"seLinuxOptions": {"type": "container_engine_t"}})),
        ("pod-se-linux-level", json!({"seLinuxOptions": {"type": "container_t", "level": "s0"}})),
        ("pod-may-be-root", json!({"runAsNonRoot": false})),
        ("pod-not-non-root", json!({"runAsNonRoot": null})),
        ("pod-user-0", json!({"runAsUser": 0})),
        ("pod-user-1", json!({"runAsUser": 1})),
    ]
}

fn of_containers() -> Vec<(&'static str, Value)> {
    let context = |fields: Value| json!({"securityContext": fields});
    let http = |host: &str| json!({"httpGet": {"port": 80, "host": host}});
    let tcp = |host: &str| json!({"tcpSocket": {"port": 80, "host": host}});
    vec![
        ("app-armor-unconfined", context(json!({"appArmorProfile": {"type": "Unconfined"}}))),
        ("app-armor-default", context(json!({"appArmorProfile": {"type": "RuntimeDefault"}}))),
        ("seccomp-unconfined", context(json!({"seccompProfile": {"type": "Unconfined"}}))),
        ("seccomp-localhost", context(json!({"seccompProfile": {"type": "Localhost", "localhostProfile": "p"}}))),
        ("se-linux-type", context(json!({"seLinuxOptions": {"type": "kernel_t"}}))),
        ("se-linux-user", context(json!({"seLinuxOptions": {"user": "u"}}))),
        ("se-linux-role", context(json!({"seLinuxOptions": {"role": "r", "type": "container_kvm_t"}}))),
        ("privileged", context(json!({"privileged": true, "allowPrivilegeEscalation": null}))),
        ("not-privileged", context(json!({"privileged": false}))),
        ("escalating", context(json!({"allowPrivilegeEscalation": true}))),
        ("perhaps-escalating", context(json!({"allowPrivilegeEscalation": null}))),
        ("adds-sys-admin", context(json!({"capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]}}))),
        (
            "adds-many",
            context(json!({"capabilities": {"drop": ["ALL"], "add": ["NET_RAW", "CHOWN", "SYS_TIME", "NET_RAW"]}})),
        ),
        ("adds-low-ports", context(json!({"capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}}))),
        ("adds-in-small-letters", context(json!({"capabilities": {"drop": ["ALL"], "add": ["chown"]}}))),
        (
            "adds-every-default",
            context(json!({"capabilities": {"drop": ["ALL"], "add": ["AUDIT_WRITE", "CHOWN",
            "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"]}})),
        ),
        ("drops-nothing", context(json!({"capabilities": {"add": ["KILL"]}}))),
        ("drops-in-small-letters", context(json!({"capabilities": {"drop": ["all"]}}))),
        ("drops-some", context(json!({"capabilities": {"drop": ["NET_RAW", "KILL"]}}))),
        ("drops-all-and-more", context(json!({"capabilities": {"drop": ["KILL", "ALL"]}}))),
        ("masked", context(json!({"procMount": "Default"}))),
        ("non-root", context(json!({"runAsNonRoot": true}))),
        ("may-be-root", context(json!({"runAsNonRoot": false}))),
        ("user-0", context(json!({"runAsUser": 0}))),
        ("user-1", context(json!({"runAsUser": 1}))),
        ("host-port", json!({"ports": [{"containerPort": 80, "hostPort": 8080}]})),
        (
            "host-ports",
            json!({"ports": [{"containerPort": 1, "hostPort": 90, "protocol": "UDP"}, {"containerPort": 2},
            {"containerPort": 3, "hostPort": 100}]}),
        ),
        ("no-host-port", json!({"ports": [{"containerPort": 80}]})),
        ("liveness-probe", json!({"livenessProbe": http("1.2.3.4")})),
        ("readiness-probe", json!({"readinessProbe": tcp("h.example.com")})),
        ("startup-probe", json!({"startupProbe": http("h"), "livenessProbe": tcp("g")})),
        ("own-probe", json!({"livenessProbe": http(""), "readinessProbe": tcp("")})),
        ("lifecycle", json!({"lifecycle": {"postStart": http("h"), "preStop": tcp("h")}})),
        ("own-lifecycle", json!({"lifecycle": {"preStop": http("")}})),
    ]
}

fn volumes() -> Vec<(&'static str, Value)> {
    let sources = json!({
        "hostPath": {"path": "/v"}, "gcePersistentDisk": {"pdName": "v"}, "awsElasticBlockStore": {"volumeID": "v"},
        "gitRepo": {"repository": "v"}, "nfs": {"server": "v", "path": "/v"},
        "iscsi": {"targetPortal": "v", "iqn": "iqn.2026-01.example:v", "lun": 0},
        "glusterfs": {"endpoints": "v", "path": "v"}, "rbd": {"monitors": ["v"], "image": "v"},
        "flexVolume": {"driver": "v"}, "cinder": {"volumeID": "v"}, "cephfs": {"monitors": ["v"]},
        "flocker": {"datasetName": "v"}, "fc": {"targetWWNs": ["v"], "lun": 0},
        "azureFile": {"secretName": "v", "shareName": "v"}, "vsphereVolume": {"volumePath": "v"},
        "quobyte": {"registry": "v:1", "volume": "v"}, "azureDisk": {"diskName": "v", "diskURI": "https://b/v"},
        "photonPersistentDisk": {"pdID": "v"}, "portworxVolume": {"volumeID": "v"},
        "scaleIO": {"gateway": "v", "system": "v", "volumeName": "v", "secretRef": {"name": "v"}},
        "storageos": {"volumeName": "v"},
        "configMap": {"name": "v"}, "csi": {"driver": "v"}, "downwardAPI": {"items": []}, "emptyDir": {},
        "image": {"reference": "i"}, "persistentVolumeClaim": {"claimName": "v"}, "projected": {"sources": []},
        "secret": {"secretName": "v"},
        "ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1"}}}}}
    });
    let sources = sources.as_object().cloned().unwrap_or_default();
    sources.into_iter().map(|(kind, source)| (&*kind.clone().leak(), json!({kind: source}))).collect()
}

const SYSCTLS: [&[&str]; 8] = [
    &["kernel.shm_rmid_forced", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range"],
    &["net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start"],
    &["net.ipv4.ip_local_reserved_ports"],
    &["net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout"],
    &["net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes"],
    &["net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"],
    &["net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_notsent_lowat"],
    &["net.core.somaxconn", "kernel.msgmax"],
];

fn of_windows() -> Vec<(&'static str, Value)> {
    let process = json!({"windowsOptions": {"hostProcess": true, "runAsUserName": "NT AUTHORITY\\SYSTEM"}});
    let plain = json!({"containers": [{"name": "a", "image": "i"}], "os": {"name": "windows"}});
    let of_node = merge(plain.clone(), json!({"hostNetwork": true}));
    let of_containers = json!({"containers": [{"name": "a", "image": "i", "securityContext": process},
        {"name": "b", "image": "i", "securityContext": process}]});
    vec![
        ("windows", plain.clone()),
        ("windows-non-root", merge(plain.clone(), json!({"securityContext": {"runAsNonRoot": true}}))),
        ("windows-process", merge(of_node.clone(), json!({"securityContext": process}))),
        ("windows-processes", merge(of_node.clone(), of_containers.clone())),
        ("windows-all", merge(merge(of_node, of_containers), json!({"securityContext": process}))),
        ("linux", with(json!({"os": {"name": "linux"}}))),
        ("linux-bare", json!({"containers": [{"name": "a", "image": "i"}], "os": {"name": "linux"}})),
    ]
}

fn annotations() -> Vec<(&'static str, Value)> {
    vec![
        ("annotated-app-armor", json!({"container.apparmor.security.beta.kubernetes.io/a": "unconfined"})),
        ("annotated-app-armor-default", json!({"container.apparmor.security.beta.kubernetes.io/a": "runtime/default"})),
        ("annotated-app-armor-local", json!({"container.apparmor.security.beta.kubernetes.io/a": "localhost/p"})),
        ("annotated-seccomp", json!({"seccomp.security.alpha.kubernetes.io/pod": "unconfined"})),
        ("annotated-seccomp-default", json!({"seccomp.security.alpha.kubernetes.io/pod": "docker/default"})),
        ("annotated-seccomp-container", json!({CONTAINER_SECCOMP: "unconfined"})),
    ]
}
