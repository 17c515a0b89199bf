//! What `check` says of the API server's own PodSecurity plug-in where the input holds a Namespace with its labels, against
//! what the plug-in does there.

use std::process::Command;

use kube::Client;
use libtest_mimic::Failed;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::cases::{merge, set};
use crate::cluster::Cluster;
use crate::corpus::{NO_POLICY, answer, write};
use crate::defaults::report;
use crate::pod_security::{call, owners, pods, put};

const PREFIX: &str = "pod-security.kubernetes.io/";
const DENIES: &str = "denies it";
const DENIES_PODS: &str = "denies its Pods";
const WARNS: &str = "warns";

/// Labels without the prefix of their keys: what a Namespace can ask for, and in the second list what the plug-in takes
/// from no new one.
const ASKED: &[&[(&str, &str)]] = &[
    &[],
    &[("enforce", "privileged")],
    &[("enforce", "baseline")],
    &[("enforce", "restricted")],
    &[("enforce", "baseline"), ("enforce-version", "v1.33")],
    &[("enforce", "restricted"), ("enforce-version", "v1.7")],
    &[("enforce", "restricted"), ("enforce-version", "v1.24")],
    &[("enforce", "restricted"), ("enforce-version", "v1.99")],
    &[("enforce-version", "v1.30")],
    &[("warn", "baseline")],
    &[("warn", "restricted"), ("warn-version", "v1.18")],
    &[("audit", "restricted")],
    &[("audit", "restricted"), ("warn", "baseline"), ("enforce", "privileged")],
    &[("enforce", "baseline"), ("warn", "restricted")],
    &[("enforce", "restricted"), ("warn", "privileged")],
    &[("enforce", "baseline"), ("enforce-version", "v1.30"), ("warn-version", "v1.36")],
    &[("enforce", "privileged"), ("warn-version", "v1.36")],
    &[("enforce", "baseline"), ("warn", "baseline"), ("warn-version", "v1.18")],
    &[("example", "restricted")],
];
const REFUSED: &[&[(&str, &str)]] = &[
    &[("enforce", "strict")],
    &[("enforce", "")],
    &[("enforce", "Baseline"), ("warn", "baseline")],
    &[("enforce", "baseline"), ("enforce-version", "1.30")],
    &[("enforce", "baseline"), ("enforce-version", "v1.030"), ("warn-version", "v1")],
    &[("warn", "strict")],
    &[("enforce", "baseline"), ("warn", "strict")],
    &[("audit", "strict"), ("warn", "restricted"), ("warn-version", "v1.31")],
];

/// New Pods, and owners with the Pods that they make, under every sort of labels.
pub fn new_objects(cluster: &Cluster) -> Result<(), Failed> {
    let pods = pods::all();
    let mut objects: Vec<Value> = pods.iter().step_by(3).cloned().collect();
    objects.extend(pods.iter().step_by(17).flat_map(owners));
    let runtime = Runtime::new()?;
    let client = runtime.block_on(cluster.client())?;
    let (mut compared, mut denied, mut warned) = (Vec::new(), 0, 0);
    for (number, (labels, is_new)) in sorts().enumerate() {
        let name = format!("plug-in-{number}");
        labelled(cluster, &name, labels, is_new)?;
        let told = Told::of(cluster, &name, labels, &objects, None)?;
        for (object, told) in objects.iter().zip(told.objects) {
            let Some(real) = runtime.block_on(real(&client, &name, object))? else { continue };
            denied += usize::from(real.iter().any(|(verb, _)| *verb != WARNS));
            warned += usize::from(real.iter().any(|(verb, _)| *verb == WARNS));
            compared.push(differences(&name, labels, object, told, real));
        }
    }
    if denied < 100 || warned < 100 || compared.len() < denied + 100 {
        return Err(format!("too few of {}: {denied} denied, {warned} warned of", compared.len()).into());
    }
    report(compared.len(), compared)
}

/// A Pod from before its Namespace asked for anything: its updates, some of which the plug-in looks at.
pub fn updates(cluster: &Cluster) -> Result<(), Failed> {
    let name = "plug-in-updates";
    let labels: &[(&str, &str)] = &[("enforce", "baseline"), ("warn", "restricted")];
    labelled(cluster, name, &[], true)?;
    let pod = |name: &str, more: Value| {
        let containers = json!([{"name": "a", "image": "i:1"}, {"name": "b", "image": "i:1"}]);
        let spec = json!({"containers": containers, "initContainers": [{"name": "c", "image": "i:1"}]});
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": merge(spec, more)})
    };
    let pods = [pod("bad", json!({"hostPID": true})), pod("fair", json!({}))];
    let list = json!({"apiVersion": "v1", "kind": "List", "items": pods});
    cluster.must(&["create", "-n", name, "-f", "-"], &list.to_string())?;
    relabelled(cluster, name, labels)?;
    let runtime = Runtime::new()?;
    let client = runtime.block_on(cluster.client())?;
    let (mut compared, mut found) = (Vec::new(), [0, 0]);
    let mut note = |what: &str, new: &Value, told: Said, real: Option<Said>| -> Result<(), Failed> {
        let real = real.ok_or_else(|| format!("the API server does not take the {what}"))?;
        for (count, verb) in found.iter_mut().zip([DENIES, WARNS]) {
            *count += real.iter().filter(|(of, _)| *of == verb).count();
        }
        let (key, lines) = differences(name, labels, new, told, real);
        compared.push((format!("{what} of {key}"), lines));
        Ok(())
    };
    for old in pods.iter().map(|pod| stored(cluster, name, pod)) {
        let old = old?;
        for (what, path, value) in [
            ("label", "/metadata/labels", json!({"a": "b"})),
            ("annotation", "/metadata/annotations", json!({"a": "b"})),
            ("deadline", "/spec/activeDeadlineSeconds", json!(100)),
            ("image", "/spec/containers/0/image", json!("i:2")),
            ("second image", "/spec/containers/1/image", json!("i:2")),
            ("init image", "/spec/initContainers/0/image", json!("i:2")),
        ] {
            let new = set(&old, path, value);
            let real = runtime.block_on(answered(put(&client, name, &new, "")))?;
            let told = Told::of(cluster, name, labels, std::slice::from_ref(&new), Some(&old))?.objects.remove(0);
            note(what, &new, told, real)?;
        }
        let debugger = |more: Value| json!([merge(json!({"name": "d", "image": "i:1"}), more)]);
        let privileged = debugger(json!({"securityContext": {"privileged": true}}));
        for (sub_resource, path, value) in [
            ("ephemeralcontainers", "/spec/ephemeralContainers", debugger(json!({}))),
            ("ephemeralcontainers", "/spec/ephemeralContainers", privileged),
            ("resize", "/metadata/labels", json!({"a": "b"})),
            ("status", "/status/message", json!("a")),
        ] {
            let new = set(&old, path, value);
            let real = runtime.block_on(answered(put(&client, name, &new, sub_resource)))?;
            let review = review(&old, &new, sub_resource);
            let told = Told::of(cluster, name, labels, &[review], None)?.objects.remove(0);
            note(sub_resource, &new, told, real)?;
        }
    }
    if found != [6, 4] {
        return Err(format!("{found:?} updates are denied and warned of").into());
    }
    report(compared.len(), compared)
}

/// What the API server has against the labels of a new Namespace, `check` says too.
pub fn refused_labels(cluster: &Cluster) -> Result<(), Failed> {
    let mut compared = Vec::new();
    for (number, (labels, is_taken)) in sorts().enumerate() {
        let name = format!("plug-in-refused-{number}");
        let output =
            cluster.kubectl(&["create", "--dry-run=server", "-f", "-"], &namespace(&name, labels).to_string())?;
        if output.status.success() != is_taken {
            return Err(format!("{labels:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        let theirs = String::from_utf8_lossy(&output.stderr).into_owned();
        let told = Told::of(cluster, &name, labels, &[], None)?;
        let mut lines: Vec<_> = told.complaints.iter().filter(|piece| !theirs.contains(*piece)).cloned().collect();
        let faults = theirs.matches("Invalid value").count();
        if faults != told.complaints.len() {
            lines.push(format!("{faults} faults, ours are {:?}", told.complaints));
        }
        let lines = lines.into_iter().map(|line| format!("{line}: {theirs}"));
        compared.push((format!("{labels:?}"), lines.collect()));
    }
    report(compared.len(), compared)
}

fn sorts() -> impl Iterator<Item = (&'static [(&'static str, &'static str)], bool)> {
    let taken = ASKED.iter().map(|labels| (*labels, true));
    taken.chain(REFUSED.iter().map(|labels| (*labels, false)))
}

fn namespace(name: &str, labels: &[(&str, &str)]) -> Value {
    let labels: Value = labels.iter().map(|(key, value)| (format!("{PREFIX}{key}"), json!(value))).collect();
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
}

/// Makes a Namespace. What no new one may have gets into it on a way at which the plug-in does not look.
fn labelled(cluster: &Cluster, name: &str, labels: &[(&str, &str)], is_new: bool) -> Result<(), Failed> {
    let first = if is_new { labels } else { &[] };
    cluster.must(&["create", "-f", "-"], &namespace(name, first).to_string())?;
    if is_new { Ok(()) } else { relabelled(cluster, name, labels) }
}

fn relabelled(cluster: &Cluster, name: &str, labels: &[(&str, &str)]) -> Result<(), Failed> {
    let patch = json!({"metadata": {"labels": namespace(name, labels)["metadata"]["labels"]}}).to_string();
    cluster.must(&["patch", "namespace", name, "--subresource=status", "--type=merge", "-p", &patch], "")?;
    Ok(())
}

fn stored(cluster: &Cluster, namespace: &str, pod: &Value) -> Result<Value, Failed> {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    Ok(serde_json::from_str(&cluster.must(&["get", "pod", name, "-n", namespace, "-o", "json"], "")?)?)
}

fn review(old: &Value, new: &Value, sub_resource: &str) -> Value {
    let gvk = json!({"group": "", "version": "v1", "kind": "Pod"});
    let metadata = &new["metadata"];
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u", "kind": gvk, "resource": {"group": "", "version": "v1", "resource": "pods"},
        "subResource": sub_resource, "requestKind": gvk, "name": metadata["name"], "namespace": metadata["namespace"],
        "operation": "UPDATE", "userInfo": {"username": "admin"}, "object": new, "oldObject": old, "dryRun": true}})
}

/// What somebody says of an object: what is done, and why.
type Said = Vec<(&'static str, String)>;

/// What `check` says.
struct Told {
    objects: Vec<Said>,
    /// What it says of the labels of the Namespace.
    complaints: Vec<String>,
}

impl Told {
    fn of(
        cluster: &Cluster,
        namespace_name: &str,
        labels: &[(&str, &str)],
        objects: &[Value],
        old: Option<&Value>,
    ) -> Result<Told, Failed> {
        let folder = cluster.folder();
        let policy = write(folder, "no-policy.yaml", NO_POLICY)?;
        let items: Vec<_> = [namespace(namespace_name, labels)].into_iter().chain(objects.iter().cloned()).collect();
        let list = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
        let file = write(folder, "plug-in.json", &list)?;
        let before = write(folder, "plug-in-before.json", &old.unwrap_or(&json!({})).to_string())?;
        let run = |output: &str| {
            let mut check = Command::new(env!("CARGO_BIN_EXE_podgate"));
            let way = if old.is_some() { "replace" } else { "create" };
            check.args(["check", "--as", way, "-n", namespace_name, "-o", output, "-p"]).arg(&policy).arg(&file);
            if old.is_some() {
                check.arg("--old").arg(&before);
            }
            check.output()
        };
        let (json, text) = (run("json")?, run("text")?);
        let words = String::from_utf8_lossy(&json.stderr);
        let answer = answer(&json)?;
        let elements = |key: &str| answer[key].as_array().cloned().unwrap_or_default();
        let objects: Vec<_> = elements("objects").iter().map(said).collect();
        let is_refused = objects.iter().flatten().any(|(verb, _)| *verb != WARNS);
        if [&json, &text].iter().any(|output| output.status.code() != Some(i32::from(is_refused))) {
            return Err(format!("{:?} of {labels:?}: {words}", json.status.code()).into());
        }
        // The text says the same, line by line.
        let text = String::from_utf8_lossy(&text.stdout);
        let lines = text.lines().filter_map(|line| line.strip_prefix("  the API server's PodSecurity plug-in "));
        let expected = objects.iter().flatten().map(|(verb, text)| format!("{verb}: {text}"));
        if !lines.eq(expected.clone()) {
            return Err(
                format!("the text for {labels:?} is not the JSON {:?}: {text}", expected.collect::<Vec<_>>()).into()
            );
        }
        let help = |warning: &Value| warning["help"].as_str().map(str::to_owned);
        Ok(Told { complaints: elements("warnings").iter().filter_map(help).collect(), objects })
    }
}

fn said(object: &Value) -> Said {
    let keys = [("denies", DENIES), ("deniesPods", DENIES_PODS), ("warns", WARNS)];
    let text = |key: &str| object["podSecurityPlugIn"][key].as_str().map(str::to_owned);
    keys.into_iter().filter_map(|(key, verb)| Some((verb, text(key)?))).collect()
}

/// What the plug-in says of a new object, and of the Pod that an owner makes; [`None`] if the API server does not take it
/// for other reasons.
async fn real(client: &Client, namespace: &str, object: &Value) -> Result<Option<Said>, String> {
    let Some(of_object) = answered(call(client, namespace, object)).await? else { return Ok(None) };
    if object["kind"] == "Pod" {
        return Ok(Some(of_object));
    }
    let places = ["/template", "/spec/template", "/spec/jobTemplate/spec/template"];
    let template = places.iter().find_map(|place| object.pointer(place)).ok_or("no template")?;
    let mut metadata = template["metadata"].clone();
    metadata["name"] = object["metadata"]["name"].clone();
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]});
    let Some(of_pod) = answered(call(client, namespace, &pod)).await? else { return Ok(None) };
    let of_pod = of_pod.into_iter().filter(|(verb, _)| *verb == DENIES).map(|(_, text)| (DENIES_PODS, text));
    Ok(Some(of_pod.chain(of_object).collect()))
}

/// Whether an answer denies or warns.
async fn answered(call: impl Future<Output = Result<Option<String>, String>>) -> Result<Option<Said>, String> {
    let Some(text) = call.await? else { return Ok(None) };
    Ok(Some(match text.split_once(" is forbidden: ") {
        _ if text.is_empty() => Vec::new(),
        Some((_, reason)) => vec![(DENIES, reason.to_owned())],
        None => vec![(WARNS, text)],
    }))
}

fn differences(name: &str, labels: &[(&str, &str)], object: &Value, told: Said, real: Said) -> (String, Vec<String>) {
    let key = format!("{} {} in {name} {labels:?}", object["kind"], object["metadata"]["name"]);
    let lines = if told == real { Vec::new() } else { vec![format!("ours {told:?}"), format!("theirs {real:?}")] };
    (key, lines)
}
