//! Every way into the cluster, with rules of every verb: what is stored is what `check` foretold for that way, and what is
//! sent again changes nothing.

use std::collections::HashMap;

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::cases::{self, merge};
use crate::compare::all_differences;
use crate::corpus;
use crate::defaults::identity;
use crate::webhook::{Scene, equal, objects};

const RESOURCES: &str =
    "pods,deployments,statefulsets,daemonsets,replicasets,replicationcontrollers,jobs,cronjobs,podtemplates";

/// The kinds that the corpus is spread over.
const KINDS: [&str; 9] = [
    "Deployment",
    "Pod",
    "StatefulSet",
    "PodTemplate",
    "DaemonSet",
    "ReplicaSet",
    "Job",
    "CronJob",
    "ReplicationController",
];

/// A way: its name for `--as`, how it creates and how it sends again, where that is to be tried.
struct Way {
    name: &'static str,
    creates: &'static [&'static str],
    again: Again,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    /// The same file must change nothing at all.
    Nothing,
    /// Cannot be sent twice.
    Never,
    /// With this, and with what `check` foretells for it.
    Foretold(&'static [&'static str]),
}

const WAYS: [Way; 5] = [
    Way { name: "apply", creates: &["apply"], again: Again::Nothing },
    Way { name: "server-side", creates: &["apply", "--server-side"], again: Again::Nothing },
    Way { name: "create", creates: &["create"], again: Again::Never },
    Way { name: "replace", creates: &["create"], again: Again::Foretold(&["replace"]) },
    Way { name: "helm3", creates: &["create", "--field-manager=helm"], again: Again::Never },
];

pub fn stored_as_foretold(scene: &Scene) -> Result<(), Failed> {
    let mut differing = Vec::new();
    for way in &WAYS {
        let namespace = format!("corpus-{}", way.name);
        prepare(scene, &namespace)?;
        let mut objects = corpus();
        // Applied again, a port with an empty protocol is another one than that which its first time made.
        objects.retain(|object| way.name != "server-side" || object["metadata"]["name"] != "port-protocol-empty");
        equal("at least 120 manifests", objects.len() >= 120, true)?;
        differing.extend(way.sent(scene, &namespace, way.creates, &objects, &[])?);
        match way.again {
            Again::Never => {}
            Again::Nothing => {
                let before = versions(&settled(scene, &namespace)?);
                scene.send(&[way.creates, &["-n", &namespace]].concat(), &objects)?;
                let after = versions(&settled(scene, &namespace)?);
                for (key, before) in before {
                    if after.get(&key) != Some(&before) {
                        differing.push(format!("{} again of {key}: {before} became {:?}", way.name, after.get(&key)));
                    }
                }
            }
            Again::Foretold(args) => {
                let live: Vec<_> = settled(scene, &namespace)?.into_values().collect();
                // The API server takes no new template of a Job, and no Pod without what it added itself.
                let is_mutable = |object: &&Value| object["kind"] != "Pod" && object["kind"] != "Job";
                let objects: Vec<_> = objects.iter().filter(is_mutable).cloned().collect();
                differing.extend(way.sent(scene, &namespace, args, &objects, &live)?);
            }
        }
    }
    report(differing)
}

/// A patch of what changed from one release to the next, as Helm makes it, keeps what podgate put there.
pub fn three_way_patches(scene: &Scene) -> Result<(), Failed> {
    let namespace = "corpus-patch";
    prepare(scene, namespace)?;
    let mut objects = corpus();
    objects.retain(|object| object["kind"] == "Deployment" || object["kind"] == "StatefulSet");
    scene.send(&["create", "--field-manager=helm", "-n", namespace], &objects)?;
    let live: Vec<_> = settled(scene, namespace)?.into_values().collect();
    let patch = json!({"spec": {"template": {"metadata": {"labels": {"release": "two"}}}}});
    let mut next = objects.clone();
    for object in &mut next {
        object["spec"]["template"]["metadata"]["labels"]["release"] = json!("two");
    }
    let told = foretold(scene, namespace, "helm3", &next, &live)?;
    for object in &objects {
        let name = identity(object).to_lowercase();
        let args = ["patch", &name, "--field-manager=helm", "-n", namespace, "-p", &patch.to_string()];
        scene.cluster.must(&args, "")?;
    }
    let stored = settled(scene, namespace)?;
    report(compared("helm3 patch", &next, &told, &stored))
}

impl Way {
    /// Sends the objects, and where what is stored then is not what was foretold.
    fn sent(
        &self,
        scene: &Scene,
        namespace: &str,
        args: &[&str],
        objects: &[Value],
        old: &[Value],
    ) -> Result<Vec<String>, Failed> {
        let told = foretold(scene, namespace, self.name, objects, old)?;
        scene.send(&[args, &["-n", namespace]].concat(), objects)?;
        let stored = settled(scene, namespace)?;
        Ok(compared(&args.join(" "), objects, &told, &stored))
    }
}

fn compared(way: &str, objects: &[Value], told: &[Value], stored: &HashMap<String, Value>) -> Vec<String> {
    let mut differing = Vec::new();
    for (object, told) in objects.iter().zip(told) {
        let key = identity(object);
        let lines = match stored.get(&key) {
            Some(stored) if told["decision"] == "allow" => {
                all_differences(&comparable(&told["object"]), &comparable(stored))
            }
            Some(_) => vec![format!("foretold: {}", told["violations"])],
            None => vec!["is not there".to_owned()],
        };
        differing.extend(lines.into_iter().map(|line| format!("{way} of {key}: {line}")));
    }
    differing
}

/// What `check` says, with the policies that the server has.
pub fn foretold(
    scene: &Scene,
    namespace: &str,
    way: &str,
    objects: &[Value],
    old: &[Value],
) -> Result<Vec<Value>, Failed> {
    let folder = scene.cluster.folder();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": old}).to_string();
    let old_file = corpus::write(folder, "live.json", &list)?.display().to_string();
    let mut args = vec!["-p", "builtin:recommended", "-n", namespace, "--as", way];
    if !old.is_empty() {
        args.extend(["--old", &old_file]);
    }
    corpus::check(folder, scene.mounts.policies.folder(), &args, objects)
}

/// What the controllers write into annotations goes.
fn comparable(stored: &Value) -> Value {
    let mut stored = stored.clone();
    if let Some(annotations) = stored["metadata"]["annotations"].as_object_mut() {
        annotations.remove("deployment.kubernetes.io/revision");
    }
    stored
}

/// A namespace with the service accounts that the corpus names.
pub fn prepare(scene: &Scene, namespace: &str) -> Result<(), Failed> {
    scene.namespace(namespace)?;
    let account = |name: &str| json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
    scene.send(&["create", "-n", namespace], &["robot", "old", "new"].map(account))?;
    Ok(())
}

/// All that is in a namespace, once the controllers have nothing more to write.
fn settled(scene: &Scene, namespace: &str) -> Result<HashMap<String, Value>, Failed> {
    let mut last = HashMap::new();
    scene.eventually(&format!("nothing changes in `{namespace}` any more"), || {
        let args = ["get", RESOURCES, "-n", namespace, "-o", "json", "--show-managed-fields"];
        let list: Value = serde_json::from_str(&scene.cluster.must(&args, "")?)?;
        let items = list["items"].as_array().cloned().unwrap_or_default();
        let seen = items.iter().all(|item| {
            let observed = &item["status"]["observedGeneration"];
            observed.is_null() || *observed == item["metadata"]["generation"]
        });
        let now: HashMap<_, _> = items.into_iter().map(|item| (identity(&item), item)).collect();
        let is_still = seen && versions(&now) == versions(&last);
        last = now;
        Ok(is_still.then(|| last.clone()))
    })
}

/// The generation and the version of each object. Where a rule made another value of what its author wrote, `kubectl apply`
/// sends the author's again, and the API server may note anew who owns it.
fn versions(objects: &HashMap<String, Value>) -> HashMap<String, String> {
    let version = |object: &Value| {
        let metadata = &object["metadata"];
        if metadata["name"].as_str().is_some_and(|name| name.starts_with("against-")) {
            return format!("generation {} spec {}", metadata["generation"], object["spec"]);
        }
        format!("generation {} version {}", metadata["generation"], metadata["resourceVersion"])
    };
    objects.iter().map(|(key, object)| (key.clone(), version(object))).collect()
}

/// The specs of the corpus, each in a workload that runs nothing yet.
fn corpus() -> Vec<Value> {
    let spread = cases::pod_specs().into_iter().enumerate().map(|(index, (name, spec))| {
        // Other kinds take no Pods that end.
        let kind = if name == "restart-never" { "Pod" } else { KINDS[index % KINDS.len()] };
        (kind, name.to_owned(), spec)
    });
    let only = cases::only_in_pods().into_iter().map(|(name, spec)| ("Pod", name.to_owned(), spec));
    // What the rules make another value of, written in every kind.
    let against = json!({"terminationGracePeriodSeconds": 1000, "enableServiceLinks": true,
        "tolerations": [{"key": "mine", "operator": "Exists"}]});
    let against = KINDS.map(|kind| (kind, format!("against-{}", kind.to_lowercase()), cases::with(against.clone())));
    spread.chain(only).chain(against).map(|(kind, name, spec)| still(kind, &name, spec)).collect()
}

fn still(kind: &str, name: &str, spec: Value) -> Value {
    let mut object = objects::workload(kind, name, spec);
    let around = match kind {
        "Deployment" | "StatefulSet" | "ReplicaSet" | "ReplicationController" => json!({"replicas": 0}),
        "Job" | "CronJob" => json!({"suspend": true}),
        _ => return object,
    };
    object["spec"] = merge(object["spec"].take(), around);
    object
}

pub fn report(differing: Vec<String>) -> Result<(), Failed> {
    let all = differing.len();
    let shown: String = differing.into_iter().take(40).map(|line| line + "\n").collect();
    if all == 0 { Ok(()) } else { Err(format!("{all} differences\n{shown}").into()) }
}
