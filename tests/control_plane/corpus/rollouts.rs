//! `check --old` says whether an update makes a new revision, and the controllers make one or do not.

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::corpus::ways::{foretold, prepare, report};
use crate::webhook::{Scene, objects};

const NAMESPACE: &str = "corpus-rollouts";

/// An update: what it is, the way of `--as`, the command, and what it changes in the file.
type Update = (&'static str, &'static str, &'static [&'static str], fn(&mut Value));

/// Each starts from what the ones before it left.
const UPDATES: [Update; 7] = [
    ("the same file applied", "apply", &["apply"], |_| {}),
    ("a label of the object", "apply", &["apply"], |file| file["metadata"]["labels"]["tier"] = json!("front")),
    ("a label of the Pods", "apply", &["apply"], |file| {
        file["spec"]["template"]["metadata"]["labels"]["tier"] = json!("front");
    }),
    ("the same file put in place", "replace", &["replace"], |_| {}),
    ("an image", "apply", &["apply"], |file| {
        file["spec"]["template"]["spec"]["containers"][0]["image"] = json!("nginx:1.28");
    }),
    ("the API server's value written out", "apply", &["apply"], |file| {
        file["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = json!(30);
    }),
    ("a new image put in place", "replace", &["replace"], |file| {
        file["spec"]["template"]["spec"]["containers"][0]["image"] = json!("nginx:1.29");
    }),
];

pub fn as_foretold(scene: &Scene) -> Result<(), Failed> {
    prepare(scene, NAMESPACE)?;
    let mut differing = Vec::new();
    let mut rolled = 0;
    for kind in ["Deployment", "StatefulSet", "DaemonSet"] {
        let name = kind.to_lowercase();
        let mut file = objects::workload(kind, &name, objects::one("nginx:1.27"));
        scene.send(&["apply", "-n", NAMESPACE], std::slice::from_ref(&file))?;
        let mut before = revisions(scene, &name)?;
        for (what, way, command, change) in UPDATES {
            change(&mut file);
            let args = ["get", &name, &name, "-n", NAMESPACE, "-o", "json", "--show-managed-fields"];
            let live: Value = serde_json::from_str(&scene.cluster.must(&args, "")?)?;
            let told = foretold(scene, NAMESPACE, way, std::slice::from_ref(&file), &[live])?;
            scene.send(&[command, &["-n", NAMESPACE]].concat(), std::slice::from_ref(&file))?;
            let after = revisions(scene, &name)?;
            let rollout = &told[0]["rollout"];
            rolled += usize::from(after > before);
            if rollout["templateChanges"] != json!(after > before) {
                differing.push(format!("{what} of a {kind}: {before} revisions became {after}, foretold {rollout}"));
            }
            before = after;
        }
    }
    // Pods' label, image, written value and new image, for each kind.
    if rolled != 12 {
        differing.push(format!("{rolled} updates made a revision"));
    }
    report(differing)
}

/// How many revisions there are of a workload, once its controller has seen the last change.
fn revisions(scene: &Scene, name: &str) -> Result<usize, Failed> {
    scene.eventually(&format!("the controller has seen `{name}`"), || {
        let stored = scene.stored(NAMESPACE, &format!("{name}/{name}"))?;
        let seen = stored["status"]["observedGeneration"] == stored["metadata"]["generation"];
        let of_it = |object: &&Value| object["metadata"]["labels"]["app"] == name;
        let all = scene.all(NAMESPACE, "replicasets,controllerrevisions")?;
        Ok(seen.then(|| all.iter().filter(of_it).count()))
    })
}
