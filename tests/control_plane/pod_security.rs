//! The Pod Security Standards in podgate's words, against the PodSecurity plug-in of the API server: verdict and text.

mod chance;
pub mod denials;
pub mod fixes;
pub mod plug_in;
mod pods;

use std::sync::Arc;

use bumpalo::Bump;
use hyper::Request;
use hyper::http::request::Builder;
use kube::Client;
use libtest_mimic::Failed;
use podgate::api_defaults::Version as Kubernetes;
use podgate::document;
use podgate::policy::pod_security::{Finding, Level, Pod, Standard, Version, described, evaluate};
use podgate::workload::{Kind, Workload};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::cluster::Cluster;
use crate::compare::defaulted;
use crate::defaults::{report, version};
use crate::generate::Chance;

const AT_ONCE: usize = 8;
const SEED: u64 = 6;
const BY_CHANCE: u64 = 2400;
/// Characters of a warning, where all of them are more than the API server sends.
const CUT: usize = 256;
/// What a warning of the plug-in begins with.
const WOULD: &str = "would violate PodSecurity ";

/// One object in one namespace, and what the plug-in says of it there; [`None`] if the API server does not take it for
/// other reasons.
struct Asked {
    standard: usize,
    object: Value,
    said: Option<String>,
}

/// Every row of the standards and every edge of it, at each version at which a check begins or changes.
pub fn pods_made_by_hand(cluster: &Cluster) -> Result<(), Failed> {
    let standards = standards();
    let pods = pods::all();
    let all = (0..standards.len()).flat_map(|standard| pods.iter().map(move |pod| (standard, pod.clone())));
    let asked = ask(cluster, "hand", "enforce", &standards, all.collect())?;
    let refused: Vec<_> = asked.iter().filter(|asked| asked.said.is_none()).map(name).collect();
    if !refused.is_empty() {
        return Err(format!("the API server takes none of {refused:?}").into());
    }
    agree(cluster, &standards, &asked)
}

pub fn pods_made_by_chance(cluster: &Cluster) -> Result<(), Failed> {
    let standards = standards();
    let pods = (0..BY_CHANCE).map(|index| {
        let chance = Chance::new(SEED * 1_000_000 + index);
        (chance.below(standards.len()), chance::pod(&chance, index))
    });
    let asked = ask(cluster, "chance", "enforce", &standards, pods.collect())?;
    let (taken, refused): (Vec<_>, Vec<_>) = asked.into_iter().partition(|asked| asked.said.is_some());
    eprintln!("seed {SEED}: {} Pods by chance, {} that the API server does not take", taken.len(), refused.len());
    if taken.len() < 2000 {
        return Err("too few of the Pods are such that the API server takes".into());
    }
    agree(cluster, &standards, &taken)
}

/// The plug-in warns of what it would deny in the Pods of a template.
pub fn templates(cluster: &Cluster) -> Result<(), Failed> {
    let standards = standards();
    let owners: Vec<Value> = pods::all().iter().flat_map(owners).collect();
    let newest = standards.len() - 2..standards.len();
    let all = newest.flat_map(|standard| owners.iter().map(move |owner| (standard, owner.clone())));
    let asked = ask(cluster, "warn", "warn", &standards, all.collect())?;
    let taken: Vec<_> = asked.into_iter().filter(|asked| asked.said.is_some()).collect();
    if taken.len() < 500 {
        return Err("the API server takes too few of the owners".into());
    }
    agree(cluster, &standards, &taken)
}

/// Both levels at the versions at which a check begins or changes, at the ones before, and beyond what is known.
fn standards() -> Vec<Standard> {
    let versions = [0, 7, 8, 18, 19, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 99];
    let of = |version| [Level::Baseline, Level::Restricted].map(|level| Standard::new(level, version));
    versions.into_iter().map(Version::Minor).chain([Version::Latest]).flat_map(of).collect()
}

/// An owner of each kind with the Pod as its template.
fn owners(pod: &Value) -> Vec<Value> {
    let name = &pod["metadata"]["name"];
    let mut metadata = pod["metadata"].clone();
    if let Some(members) = metadata.as_object_mut() {
        members.remove("name");
        members.insert("labels".to_owned(), json!({"app": "a"}));
    }
    let once = |restart: Option<&str>| {
        let mut spec = pod["spec"].clone();
        if let (Some(members), Some(restart)) = (spec.as_object_mut(), restart) {
            members.insert("restartPolicy".to_owned(), json!(restart));
        }
        json!({"metadata": metadata, "spec": spec})
    };
    let object = |api_version: &str, kind: &str, spec: Value| json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "spec": spec});
    let selector = json!({"matchLabels": {"app": "a"}});
    let job = json!({"template": once(Some("Never"))});
    let mut template = object("v1", "PodTemplate", Value::Null);
    template["template"] = once(None);
    vec![
        template,
        object("v1", "ReplicationController", json!({"selector": {"app": "a"}, "template": once(None)})),
        object("apps/v1", "ReplicaSet", json!({"selector": selector, "template": once(None)})),
        object("apps/v1", "Deployment", json!({"selector": selector, "template": once(None)})),
        object("apps/v1", "DaemonSet", json!({"selector": selector, "template": once(None)})),
        object("apps/v1", "StatefulSet", json!({"serviceName": "a", "selector": selector, "template": once(None)})),
        object("batch/v1", "Job", job.clone()),
        object("batch/v1", "CronJob", json!({"schedule": "* * * * *", "jobTemplate": {"spec": job}})),
    ]
}

/// Asks for every object to be created, as a dry run, in a namespace whose label `mode` is the standard.
fn ask(
    cluster: &Cluster,
    prefix: &str,
    mode: &str,
    standards: &[Standard],
    objects: Vec<(usize, Value)>,
) -> Result<Vec<Asked>, Failed> {
    let namespaces = standards.iter().enumerate().map(|(number, standard)| {
        let label = |key: &str| format!("pod-security.kubernetes.io/{mode}{key}");
        let labels = json!({label(""): standard.level.name(), label("-version"): standard.version.to_string()});
        let metadata = json!({"name": format!("{prefix}-{number}"), "labels": labels});
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    });
    let list = json!({"apiVersion": "v1", "kind": "List", "items": namespaces.collect::<Vec<_>>()});
    cluster.must(&["create", "-f", "-"], &list.to_string())?;
    Runtime::new()?.block_on(async {
        let client = cluster.client().await?;
        let objects = Arc::new(objects);
        let mut callers = JoinSet::new();
        for first in 0..AT_ONCE {
            let (client, objects, prefix) = (client.clone(), Arc::clone(&objects), prefix.to_owned());
            callers.spawn(async move {
                let mut asked = Vec::new();
                for (standard, object) in objects.iter().skip(first).step_by(AT_ONCE) {
                    let said = call(&client, &format!("{prefix}-{standard}"), object).await?;
                    asked.push(Asked { standard: *standard, object: object.clone(), said });
                }
                Ok::<_, String>(asked)
            });
        }
        let mut asked = Vec::new();
        while let Some(done) = callers.join_next().await {
            asked.extend(done??);
        }
        Ok(asked)
    })
}

/// What the plug-in says of an object, empty for nothing; [`None`] if the object is not taken for other reasons.
async fn call(client: &Client, namespace: &str, object: &Value) -> Result<Option<String>, String> {
    let path = format!("{}?dryRun=All", path(namespace, object));
    let request = Request::post(path).header("content-type", "application/json");
    send(client, request, object).await
}

/// The same of an update, or of one through a subresource.
async fn put(client: &Client, namespace: &str, object: &Value, sub_resource: &str) -> Result<Option<String>, String> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let path = format!("{}/{name}/{sub_resource}", path(namespace, object));
    let request = Request::put(format!("{}?dryRun=All", path.trim_end_matches('/')));
    send(client, request.header("content-type", "application/json"), object).await
}

fn path(namespace: &str, object: &Value) -> String {
    let (group, version) = match object["apiVersion"].as_str().and_then(|version| version.split_once('/')) {
        Some((group, version)) => ("apis/".to_owned() + group, version),
        None => ("api".to_owned(), "v1"),
    };
    let plural = format!("{}s", object["kind"].as_str().unwrap_or_default().to_lowercase());
    format!("/{group}/{version}/namespaces/{namespace}/{plural}")
}

async fn send(client: &Client, request: Builder, object: &Value) -> Result<Option<String>, String> {
    let request = request.body(object.to_string().into_bytes()).map_err(|error| error.to_string())?;
    let answer = client.send(request.map(Into::into)).await.map_err(|error| format!("{error:?}"))?;
    let status = answer.status().as_u16();
    let warnings: Vec<String> =
        answer.headers().get_all("warning").iter().filter_map(|value| warning(value.to_str().ok()?)).collect();
    let body = answer.into_body().collect_bytes().await.map_err(|error| error.to_string())?;
    let message = serde_json::from_slice::<Value>(&body).map_err(|error| error.to_string())?["message"].take();
    let message = message.as_str().unwrap_or_default();
    match status {
        200 | 201 => Ok(Some(warnings.into_iter().find(|text| text.starts_with(WOULD)).unwrap_or_default())),
        403 if message.contains("violates PodSecurity") => Ok(Some(message.to_owned())),
        422 | 400 => Ok(None),
        _ => Err(format!("{status}: {message}: {object}")),
    }
}

/// The text of a `Warning` header: `299 - "text"`.
fn warning(header: &str) -> Option<String> {
    let quoted = header.strip_prefix("299 - \"")?.strip_suffix('"')?;
    let mut text = String::new();
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        text.push(if character == '\\' { characters.next()? } else { character });
    }
    Some(text)
}

fn agree(cluster: &Cluster, standards: &[Standard], asked: &[Asked]) -> Result<(), Failed> {
    let kubernetes = version(cluster)?;
    let denied = asked.iter().filter(|asked| asked.said.as_ref().is_some_and(|said| !said.is_empty())).count();
    if denied == 0 || denied == asked.len() {
        return Err("these Pods tell no standards apart".into());
    }
    let compared = asked.iter().map(|asked| {
        let standard = &standards[asked.standard];
        let theirs = asked.said.clone().unwrap_or_default();
        let ours = ours(&asked.object, standard, kubernetes);
        // A denial begins with whom it is about.
        let is_same =
            if ours.is_empty() { theirs.is_empty() } else { theirs.ends_with(&ours) || is_cut(&theirs, &ours) };
        let lines = if is_same { Vec::new() } else { vec![format!("ours   {ours}"), format!("theirs {theirs}")] };
        (format!("{} {} at {standard}", asked.object["kind"], name(asked)), lines)
    });
    report(asked.len(), compared.collect())
}

/// Whether a warning is so long that the API server sends no more than its beginning.
fn is_cut(theirs: &str, ours: &str) -> bool {
    theirs.starts_with(WOULD) && theirs.len() == CUT && format!("would violate {ours}").starts_with(theirs)
}

fn name(asked: &Asked) -> String {
    asked.object["metadata"]["name"].as_str().unwrap_or_default().to_owned()
}

/// What podgate says of an object: ` violate PodSecurity "restricted:v1.37": ...` as the plug-in words it.
fn ours(object: &Value, standard: &Standard, kubernetes: Kubernetes) -> String {
    let said = with_findings(object, standard, kubernetes, |findings| match findings {
        [] => String::new(),
        findings => format!("PodSecurity \"{standard}\": {}", described(findings)),
    });
    said.unwrap_or_else(|| "no workload".to_owned())
}

fn with_findings<T>(
    object: &Value,
    standard: &Standard,
    kubernetes: Kubernetes,
    take: impl FnOnce(&[Finding<'_>]) -> T,
) -> Option<T> {
    let arena = Bump::new();
    let stored = defaulted(object, kubernetes);
    let stored = document::Value::from_json(&arena, &stored);
    let workload = Workload::of(Kind::of_object(stored)?, stored).ok()?;
    Some(take(&evaluate(standard, &Pod::of(&arena, &workload))))
}
