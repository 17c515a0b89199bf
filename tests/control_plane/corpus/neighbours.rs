//! Mutating webhooks beside podgate: a second podgate with rules of its own, and one that adds a container. They come to
//! rest in one reinvocation.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use libtest_mimic::Failed;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use crate::corpus::ways::prepare;
use crate::webhook::audit::{self, Event};
use crate::webhook::podgate::{Mounts, Podgate};
use crate::webhook::{Scene, equal, installation, objects};

const NAMESPACE: &str = "corpus-neighbours";
const PATCH: &str = "patch.webhook.admission.k8s.io/round_";

/// What the second podgate has loaded.
const SECOND: &str = "\
apiVersion: podgate.dev/v1alpha1
kind: ClusterPodPolicy
metadata: {name: second}
spec:
  mode: Enforce
  rules:
    - name: zone
      default: {container: {env: [{name: ZONE, value: b}]}}
    - name: gpu
      append: {pod: {spec: {tolerations: [{key: gpu, operator: Exists}]}}}
    - name: stop
      default: {pod: {spec: {terminationGracePeriodSeconds: 90}}}
";

pub fn come_to_rest(scene: &Scene) -> Result<(), Failed> {
    prepare(scene, NAMESPACE)?;
    let folder = scene.cluster.folder().join("second");
    let mut mounts = Mounts::make(&folder)?;
    mounts.kubeconfig = scene.mounts.kubeconfig.clone();
    mounts.policies.swap(&[("second.yaml".to_owned(), SECOND.to_owned())])?;
    let second = Podgate::start(&mounts, &scene.cluster.folder().join("podgate-second.log"))?;
    let (certificate, key) = mounts.authority.issue()?;
    let adder = serve(&certificate, &key)?;
    let mut list = installation::webhooks(second.address, &mounts.authority.pem)?;
    let mut configurations = Vec::new();
    for (name, url) in [
        ("podgate-second", format!("https://{}/mutate", second.address)),
        ("sidecar", format!("https://{adder}/mutate")),
    ] {
        let mut configuration = list["items"][0].clone();
        configuration["metadata"] = json!({"name": name});
        let webhook = &mut configuration["webhooks"][0];
        webhook["name"] = json!(format!("{name}.example.com"));
        webhook["failurePolicy"] = json!("Fail");
        webhook["namespaceSelector"] = json!({"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}});
        webhook["clientConfig"] = json!({"url": url, "caBundle": STANDARD.encode(&mounts.authority.pem)});
        configurations.push(configuration);
    }
    list["items"] = json!(configurations);
    scene.cluster.must(&["apply", "-f", "-"], &list.to_string())?;
    let outcome = both_rounds(scene);
    scene.cluster.must(&["delete", "mutatingwebhookconfiguration", "podgate-second", "sidecar"], "")?;
    outcome
}

fn both_rounds(scene: &Scene) -> Result<(), Failed> {
    let pod = objects::pod("probe", objects::one("nginx:1.27"));
    let args = ["create", "--dry-run=server", "-n", NAMESPACE, "-o", "json", "-f", "-"];
    scene.eventually("all three webhooks are called", || {
        let said = scene.kubectl(&args, &pod.to_string())?;
        Ok((said.stdout.contains("\"ZONE\"") && said.stdout.contains("sidecar")).then_some(()))
    })?;
    for kind in ["Pod", "Deployment"] {
        let name = format!("{}-rests", kind.to_lowercase());
        let object = objects::workload(kind, &name, objects::one("nginx:1.27"));
        scene.send(&["apply", "-n", NAMESPACE], std::slice::from_ref(&object))?;
        let stored = scene.stored(NAMESPACE, &format!("{kind}/{name}"))?;
        let event = audit::creation(scene, NAMESPACE, &format!("{}s", kind.to_lowercase()), &name)?;
        let rounds = rounds(&event);
        equal(&format!("a second round for the {kind}"), rounds.contains(&1), true)?;
        let spec = objects::spec(&stored);
        let names: Vec<_> = elements(&spec["containers"]).map(|container| container["name"].clone()).collect();
        equal(&format!("the containers of the {kind}"), names, vec![json!("web"), json!("sidecar")])?;
        // The first of two defaults for one field stays: podgate knows its own work, and its neighbour's.
        equal(&format!("the grace of the {kind}"), &spec["terminationGracePeriodSeconds"], &json!(60))?;
        if kind == "Pod" {
            for container in elements(&spec["containers"]) {
                let name = &container["name"];
                let image = container["image"].as_str().unwrap_or_default();
                let is_mirrored = image.starts_with("registry.example.com/mirror/");
                equal(&format!("the image of {name} is mirrored"), is_mirrored, true)?;
                let mut variables: Vec<_> = elements(&container["env"]).map(|env| env["name"].clone()).collect();
                variables.sort_by_key(Value::to_string);
                equal(&format!("the variables of {name}"), variables, vec![json!("REGION"), json!("ZONE")])?;
            }
        }
        // At rest: the same object again is changed by none of them.
        let again = format!("{name}-again");
        let mut object = stored.clone();
        object["metadata"] = json!({"name": again, "labels": stored["metadata"]["labels"],
            "annotations": {"example.com/owner": "podgate"}});
        let said = scene.kubectl(&args, &object.to_string())?;
        equal(&said.stderr, said.success, true)?;
        let event = audit::last_dry_run(scene, NAMESPACE, &object)?;
        equal(&format!("patches of the {kind} at rest"), event.annotations().any(|key| key.starts_with(PATCH)), false)?;
    }
    Ok(())
}

/// The rounds in which anything was patched.
fn rounds(event: &Event) -> Vec<u32> {
    let round = |key: &str| key.strip_prefix(PATCH)?.split('_').next()?.parse().ok();
    event.annotations().filter_map(round).collect()
}

fn elements(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// Answers as the webhook that adds a container, as long as the process lives.
fn serve(certificate: &str, key: &str) -> Result<SocketAddr, Failed> {
    let chain = CertificateDer::pem_slice_iter(certificate.as_bytes()).collect::<Result<Vec<_>, _>>()?;
    let config = ServerConfig::builder_with_provider(rustls::crypto::aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_slice(key.as_bytes())?)?;
    let config = Arc::new(config);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            // A call that breaks off is the API server's to report.
            thread::spawn(move || answer(stream, config).ok());
        }
    });
    Ok(address)
}

/// Answers each call of a connection.
fn answer(stream: TcpStream, config: Arc<ServerConfig>) -> Result<(), Failed> {
    let mut reader = BufReader::new(StreamOwned::new(ServerConnection::new(config)?, stream));
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse()?;
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let review: Value = serde_json::from_slice(&body)?;
        let body = with_sidecar(&review["request"]).to_string();
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        reader.get_mut().write_all((head + &body).as_bytes())?;
        reader.get_mut().flush()?;
    }
}

fn with_sidecar(request: &Value) -> Value {
    let object = &request["object"];
    let path = if object["kind"] == "Pod" { "/spec/containers" } else { "/spec/template/spec/containers" };
    let containers = object.pointer(path).unwrap_or(&Value::Null);
    let mut response = json!({"uid": request["uid"], "allowed": true});
    if object["kind"] != "ReplicaSet" && !elements(containers).any(|container| container["name"] == "sidecar") {
        let sidecar = json!({"name": "sidecar", "image": "envoy"});
        let patch = json!([{"op": "add", "path": format!("{path}/-"), "value": sidecar}]).to_string();
        response["patch"] = json!(STANDARD.encode(patch));
        response["patchType"] = json!("JSONPatch");
    }
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response})
}
