//! `podgate check` foretells what the cluster does: decision, edits, patch, warnings and the object itself.

use libtest_mimic::Failed;
use podgate::workload::Kind;
use serde_json::{Value, json};

use crate::cases::{merge, set};
use crate::compare::all_differences;
use crate::corpus::ways;
use crate::webhook::objects::{self, DIGEST};
use crate::webhook::{Scene, WAYS, audit, controllers, equal};

/// The way of an update, and the commands that create and update.
const UPDATES: [(&str, &[&str], &[&str]); 3] = [
    ("apply", &["apply"], &["apply"]),
    ("server-side", &["apply", "--server-side"], &["apply", "--server-side"]),
    ("replace", &["create"], &["replace"]),
];

/// The kinds that live on for long enough to be updated.
const UPDATED: [&str; 5] = ["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job"];

/// What is sent, and how.
struct Sending<'s> {
    scene: &'s Scene,
    namespace: &'s str,
    way: &'s str,
    args: &'s [&'s str],
}

pub fn check_foretells_what_becomes_of_new_objects(scene: &Scene) -> Result<(), Failed> {
    let mut differing = Vec::new();
    for (way, args) in WAYS {
        for namespace in ["default", "strict", "enforced", "rich", "verbs"] {
            let has_all = namespace == "default" && way == "apply";
            let kinds = if has_all { &Kind::ALL[..] } else { &[Kind::Pod, Kind::StatefulSet] };
            let objects: Vec<_> = kinds.iter().flat_map(|kind| objects(*kind, &format!("{namespace}-{way}"))).collect();
            let sending = Sending { scene, namespace, way, args };
            let told = sending.foretold(&objects, None)?;
            for (object, told) in objects.iter().zip(&told) {
                differing.extend(sending.differences(object, told)?);
            }
        }
    }
    equal("differences", differing, Vec::<String>::new())
}

pub fn check_foretells_what_becomes_of_updates(scene: &Scene) -> Result<(), Failed> {
    let mut differing = Vec::new();
    for (way, first, args) in UPDATES {
        for namespace in ["default", "rich", "verbs"] {
            let sending = Sending { scene, namespace, way, args };
            // Nobody can replace a Job by its file: the API server has given it a selector that must stay.
            for kind in UPDATED.into_iter().filter(|kind| (*kind, way) != ("Job", "replace")) {
                let name = format!("updated-{way}");
                let spec =
                    json!({"containers": [{"name": "web", "image": "nginx:1.27"}, {"name": "aux", "image": DIGEST}]});
                let file = objects::workload(kind, &name, spec);
                scene.send(&[first, &["-n", namespace][..]].concat(), std::slice::from_ref(&file))?;
                // Who set what stands only in the managed fields.
                let args = ["get", kind, &name, "-n", namespace, "-o", "json", "--show-managed-fields"];
                let old: Value = serde_json::from_str(&scene.cluster.must(&args, "")?)?;
                // `kubectl apply` of the same file asks for nothing.
                for updated in updates(&file).into_iter().filter(|updated| way != "apply" || *updated != file) {
                    let told = sending.foretold(std::slice::from_ref(&updated), Some(&old))?;
                    differing.extend(sending.differences(&updated, &told[0])?);
                }
            }
        }
    }
    equal("differences", differing, Vec::<String>::new())
}

/// A workload with much left out, with much written, and with what no rule lets pass.
pub fn objects(kind: Kind, suffix: &str) -> Vec<Value> {
    let init = json!({"initContainers": [{"name": "init", "image": "busybox:1", "command": ["true"]},
        {"name": "side", "image": "envoy:1.30", "restartPolicy": "Always"}],
        "containers": [{"name": "web", "image": "nginx:1.27"}, {"name": "aux", "image": DIGEST}]});
    let authored = json!({"terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst", "containers": [
        {"name": "web", "image": "nginx:latest", "imagePullPolicy": "Always", "resources": {"limits": {"memory": "0.25Gi"}}},
        {"name": "aux", "image": DIGEST, "resources": {"requests": {"cpu": "0.005"}, "limits": {"cpu": 1}}}]});
    let low = json!({"containers": [{"name": "web", "image": "registry.example.com/web:1",
        "resources": {"limits": {"cpu": "50m", "memory": "64Mi"}}}]});
    let whole = json!({"resources": {"limits": {"memory": "1Gi"}}, "securityContext": {"runAsUser": 5},
        "containers": [{"name": "web", "image": "nginx:1.27"}]});
    let specs = [
        ("bare", objects::one("nginx")),
        ("tidy", controllers::tidy("nginx:1.27")),
        ("init", init),
        ("authored", authored),
        ("low", low),
        ("whole", whole),
    ];
    let name = |what: &str| format!("{}-{what}-{suffix}", kind.name().to_lowercase());
    let object = |(what, spec)| {
        let mut object = objects::workload(kind.name(), &name(what), spec);
        // The rule of `rich` that adds one makes the map where nobody did; `kubectl apply` did.
        if what == "authored" {
            object["metadata"]["annotations"] = json!({"example.com/owner": "me <&>"});
        }
        object
    };
    specs.into_iter().map(object).collect()
}

/// The file after the changes that an author may make, one at a time.
fn updates(file: &Value) -> Vec<Value> {
    let mut updates = Vec::new();
    let mut update = |change: &dyn Fn(&mut Value)| {
        let mut updated = file.clone();
        change(&mut updated);
        updates.push(updated);
    };
    let (template, own) = match file["kind"].as_str() {
        Some("DaemonSet") => ("/spec/template", json!({"minReadySeconds": 1})),
        Some("CronJob") => ("/spec/jobTemplate/spec/template", json!({"suspend": true})),
        Some("Job") => ("/spec/template", json!({"parallelism": 2})),
        _ => ("/spec/template", json!({"replicas": 0})),
    };
    let template = |path: &str, value: Value| {
        let path = format!("{template}{path}");
        move |object: &mut Value| *object = set(object, &path, value.clone())
    };
    update(&|_| {});
    update(&|object| object["metadata"]["labels"]["tier"] = json!("front"));
    update(&|object| object["spec"] = merge(object["spec"].clone(), own.clone()));
    // The template of a Job is fixed.
    if file["kind"] == "Job" {
        return updates;
    }
    update(&template("/metadata/labels/tier", json!("front")));
    for image in ["nginx:1.28", "nginx"] {
        update(&template(
            "/spec/containers",
            json!([{"name": "web", "image": image}, {"name": "aux", "image": DIGEST}]),
        ));
    }
    update(&template(
        "/spec/containers",
        json!([{"name": "web", "image": "nginx:1.27"}, {"name": "new", "image": DIGEST}]),
    ));
    for grace in [30, 60] {
        update(&template("/spec/terminationGracePeriodSeconds", json!(grace)));
    }
    updates
}

impl Sending<'_> {
    /// What `check` says of each object, in their order.
    fn foretold(&self, objects: &[Value], old: Option<&Value>) -> Result<Vec<Value>, Failed> {
        ways::foretold(self.scene, self.namespace, self.way, objects, old.map_or(&[], std::slice::from_ref))
    }

    /// Where the dry run of the API server is not what was foretold.
    fn differences(&self, object: &Value, told: &Value) -> Result<Vec<String>, Failed> {
        let Sending { scene, namespace, way, args } = self;
        let args = [args, &["--dry-run=server", "-o", "json", "-n", namespace, "-f", "-"][..]].concat();
        let said = scene.kubectl(&args, &object.to_string())?;
        let event = audit::last_dry_run(scene, namespace, object)?;
        let mut lines = Vec::new();
        let mut differ = |what: &str, told: Value, real: Value| {
            if told != real {
                lines.push(format!("{what}: foretold {told}, but it was {real}"));
            }
        };
        differ("allowed", json!(told["decision"] == "allow"), json!(said.success));
        differ("patch", told["patch"].clone(), event.patch()?);
        let of_edit = |edit: &Value| format!("{}/{}={}", text(edit, "policy"), text(edit, "rule"), text(edit, "path"));
        let edits: Vec<_> = elements(told, "edits").map(of_edit).collect();
        let noted = event.annotation("mutate.podgate.dev/edits").unwrap_or_default();
        differ("edits", json!(edits.join(" ")), json!(noted));
        let mut warnings: Vec<_> = elements(told, "warnings").filter_map(Value::as_str).collect();
        let mut printed = said.warnings();
        warnings.sort_unstable();
        printed.sort_unstable();
        differ("warnings", json!(warnings), json!(printed));
        if said.success {
            let theirs = serde_json::from_str(&said.stdout)?;
            lines.extend(all_differences(&told["object"], &theirs));
        }
        for violation in elements(told, "violations").filter(|violation| violation["mode"] == "Enforce") {
            let place = Some(text(violation, "path")).filter(|path| !path.is_empty());
            let place = place.map(|path| format!("{path}: ")).unwrap_or_default();
            let piece = format!(
                "[{}/{}] {place}{}",
                text(violation, "policy"),
                text(violation, "rule"),
                text(violation, "message")
            );
            if !said.stderr.contains(&piece) {
                lines.push(format!("kubectl does not say `{piece}`: {}", said.stderr));
            }
        }
        let name = format!("{way} of {}/{} in {namespace}", text(object, "kind"), text(&object["metadata"], "name"));
        Ok(lines.into_iter().map(|line| format!("{name}: {line}\n{object}")).collect())
    }
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

fn elements<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value[key].as_array().into_iter().flatten()
}
