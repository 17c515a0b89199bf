//! Pods made by chance from the fields that the checks read. Most of them the API server takes.

use serde_json::{Map, Value, json};

use crate::generate::Chance;

/// A Pod, the same one for the same chance.
pub fn pod(chance: &Chance, index: u64) -> Value {
    let has_own_users = chance.one_in(5);
    let mut spec = Map::new();
    if has_own_users {
        spec.insert("hostUsers".to_owned(), json!(false));
    } else {
        for key in ["hostNetwork", "hostPID", "hostIPC"] {
            if chance.one_in(8) {
                spec.insert(key.to_owned(), json!(true));
            }
        }
    }
    let uses_node_network = spec.contains_key("hostNetwork");
    if chance.one_in(5) {
        spec.insert("os".to_owned(), json!({"name": "linux"}));
    }
    let mut context = of_both(chance);
    if chance.one_in(4) && !uses_node_network {
        let names = ["kernel.shm_rmid_forced", "net.ipv4.tcp_rmem", "net.ipv4.tcp_notsent_lowat", "kernel.msgmax"];
        context.insert("sysctls".to_owned(), json!([{"name": chance.pick(&names), "value": "1"}]));
    }
    spec.insert("securityContext".to_owned(), Value::Object(context));
    let container = |name: &str, role: Role| container(chance, name, role, uses_node_network, has_own_users);
    let mut main = vec![container("a", Role::Main)];
    let mut init = Vec::new();
    if chance.one_in(2) {
        main.push(container("b", Role::Main));
    }
    if chance.one_in(2) {
        init.push(container("c", Role::Init));
    }
    if chance.one_in(3) {
        init.push(container("d", Role::Sidecar));
    }
    spec.insert("containers".to_owned(), json!(main));
    spec.insert("initContainers".to_owned(), json!(init));
    let sources = [
        json!({"hostPath": {"path": "/v"}}),
        json!({"nfs": {"server": "v", "path": "/v"}}),
        json!({"secret": {"secretName": "v"}}),
        json!({"image": {"reference": "i"}}),
        json!({"rbd": {"monitors": ["v"], "image": "v"}}),
        json!({}),
    ];
    let mut volumes = Vec::new();
    for name in ["u", "v", "w"] {
        if chance.one_in(3) {
            let mut volume = chance.pick(&sources);
            volume["name"] = json!(name);
            volumes.push(volume);
        }
    }
    spec.insert("volumes".to_owned(), json!(volumes));
    let mut annotations = Map::new();
    if chance.one_in(6) {
        let profile = chance.pick(&["unconfined", "runtime/default", "localhost/p"]);
        annotations.insert("container.apparmor.security.beta.kubernetes.io/a".to_owned(), json!(profile));
    }
    if chance.one_in(6) {
        let profile = chance.pick(&["unconfined", "docker/default", "localhost/p", "runtime/default"]);
        annotations.insert("seccomp.security.alpha.kubernetes.io/pod".to_owned(), json!(profile));
    }
    let metadata = json!({"name": format!("chance-{index}"), "annotations": annotations});
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Main,
    Sidecar,
    Init,
}

fn container(chance: &Chance, name: &str, role: Role, uses_node_network: bool, has_own_users: bool) -> Value {
    let mut context = of_both(chance);
    let is_privileged = chance.one_in(10);
    if is_privileged {
        context.insert("privileged".to_owned(), json!(true));
    }
    // What is privileged may always escalate.
    match chance.below(4) {
        0 => {}
        1 => drop(context.insert("allowPrivilegeEscalation".to_owned(), json!(true))),
        _ if is_privileged => {}
        _ => drop(context.insert("allowPrivilegeEscalation".to_owned(), json!(false))),
    }
    let mut capabilities = Map::new();
    if !chance.one_in(4) {
        capabilities.insert("drop".to_owned(), chance.pick(&[json!(["ALL"]), json!(["KILL"]), json!(["ALL", "KILL"])]));
    }
    if chance.one_in(3) {
        let lists = [json!(["NET_BIND_SERVICE"]), json!(["CHOWN", "SYS_TIME"]), json!(["NET_RAW"]), json!([])];
        capabilities.insert("add".to_owned(), chance.pick(&lists));
    }
    context.insert("capabilities".to_owned(), Value::Object(capabilities));
    if chance.one_in(4) {
        let mounts: &[&str] = if has_own_users { &["Default", "Unmasked"] } else { &["Default"] };
        context.insert("procMount".to_owned(), json!(chance.pick(mounts)));
    }
    let mut container = json!({"name": name, "image": "i", "securityContext": context});
    if role == Role::Sidecar {
        container["restartPolicy"] = json!("Always");
    }
    if chance.one_in(4) && !uses_node_network {
        let number = chance.below(60_000) + 1;
        let port = json!({"containerPort": number, "hostPort": number});
        container["ports"] =
            chance.pick(&[json!([port]), json!([{"containerPort": 80}]), json!([{"containerPort": 81}, port])]);
    }
    if role != Role::Init {
        let hosts = [
            json!({"httpGet": {"port": 1, "host": "h"}}),
            json!({"tcpSocket": {"port": 1}}),
            json!({"tcpSocket": {"port": 1, "host": "1.2.3.4"}}),
            json!({"exec": {"command": ["c"]}}),
        ];
        for key in ["livenessProbe", "readinessProbe", "startupProbe"] {
            if chance.one_in(6) {
                container[key] = chance.pick(&hosts);
            }
        }
        if chance.one_in(6) {
            container["lifecycle"] = json!({chance.pick(&["postStart", "preStop"]): chance.pick(&hosts)});
        }
    }
    container
}

/// What the security contexts of Pods and containers share.
fn of_both(chance: &Chance) -> Map<String, Value> {
    let mut context = Map::new();
    let mut sometimes = |key: &str, values: &[Value]| {
        if chance.one_in(3) {
            context.insert(key.to_owned(), chance.pick(values));
        }
    };
    let local = json!({"type": "Localhost", "localhostProfile": "p"});
    let profiles = [json!({"type": "RuntimeDefault"}), json!({"type": "Unconfined"}), local];
    sometimes("seccompProfile", &profiles);
    sometimes("runAsNonRoot", &[json!(true), json!(false), json!(true)]);
    sometimes("runAsUser", &[json!(0), json!(1000)]);
    if chance.one_in(2) {
        sometimes("appArmorProfile", &profiles);
        sometimes(
            "seLinuxOptions",
            &[
                json!({"type": "container_t"}),
                json!({"type": "spc_t", "user": "u"}),
                json!({"role": "r"}),
                json!({"type": "container_engine_t", "level": "s0"}),
                json!({}),
            ],
        );
    }
    context
}
