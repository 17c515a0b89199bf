//! `check --fix` writes what the webhook would inject: the file then says what the cluster would have stored.

use libtest_mimic::Failed;
use podgate::workload::Kind;
use serde_json::{Value, json};

use crate::compare::all_differences;
use crate::corpus::controllers::comparable;
use crate::corpus::fixed;
use crate::webhook::objects::{self, DIGEST};
use crate::webhook::{Scene, audit, foretold};

/// Of what was written by the webhook nothing is left to be done, and what is stored is the same.
pub fn what_fix_writes_is_what_the_webhook_would_store(scene: &Scene) -> Result<(), Failed> {
    let (mut differing, mut written) = (Vec::new(), 0);
    for namespace in ["default", "rich", "verbs"] {
        let objects = foretold::objects(Kind::Pod, &format!("fixed-{namespace}"));
        for (object, (told, file)) in objects.iter().zip(fix(scene, namespace, &objects)?) {
            written += told["fixed"].as_array().map_or(0, Vec::len);
            let mut ours = stored(scene, namespace, &file)?;
            let noted = audit::last_dry_run(scene, namespace, &file)?.patch()?;
            let mut theirs = stored(scene, namespace, object)?;
            let patch = audit::last_dry_run(scene, namespace, object)?.patch()?;
            let mut lines = Vec::new();
            if noted != json!([]) {
                lines.push(format!("is still edited: {noted}"));
            }
            if (patch == json!([])) != (file == *object) {
                lines.push(format!("the webhook edits {patch}, and the file is {file}"));
            }
            for stored in [&mut ours, &mut theirs] {
                // kubectl keeps the file in an annotation.
                stored["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] = json!("");
            }
            lines.extend(all_differences(&ours, &theirs));
            let name = &object["metadata"]["name"];
            differing.extend(lines.into_iter().map(|line| format!("{name} in {namespace}: {line}\n{file}")));
        }
    }
    done(written, differing)
}

/// What the webhook puts into the Pods of an owner stands in its template then, and its Pods are the same.
pub fn pods_of_a_fixed_template_are_those_that_the_webhook_makes(scene: &Scene) -> Result<(), Failed> {
    let spec = json!({"initContainers": [{"name": "init", "image": "busybox:1", "command": ["true"]}],
        "containers": [{"name": "web", "image": "nginx:1.27", "env": [{"name": "A", "value": "b"}]},
            {"name": "aux", "image": DIGEST}]});
    let (mut differing, mut written) = (Vec::new(), 0);
    for namespace in ["default", "rich", "verbs"] {
        let owners = ["Deployment", "StatefulSet", "Job"].map(|kind| {
            let mut owner = objects::workload(kind, &format!("{}-as-written", kind.to_lowercase()), spec.clone());
            if kind == "StatefulSet" {
                owner["spec"]["replicas"] = json!(1);
            }
            owner
        });
        let fixed = fix(scene, namespace, &owners)?;
        for (owner, (told, file)) in owners.iter().zip(fixed) {
            written += told["fixed"].as_array().map_or(0, Vec::len);
            let file: Value = serde_json::from_str(&file.to_string().replace("-as-written", "-as-fixed"))?;
            scene.send(&["apply", "-n", namespace], &[owner.clone(), file.clone()])?;
            let pod = |owner: &Value| -> Result<Value, Failed> {
                let name = owner["metadata"]["name"].as_str().unwrap_or_default();
                let pod = comparable(&scene.pods(namespace, name, 1)?[0]);
                Ok(serde_json::from_str(&pod.to_string().replace("-as-fixed", "-as-written"))?)
            };
            let lines = all_differences(&pod(&file)?, &pod(owner)?);
            let name = &owner["metadata"]["name"];
            differing.extend(lines.into_iter().map(|line| format!("the Pod of {name} in {namespace}: {line}\n{file}")));
        }
    }
    done(written, differing)
}

fn fix(scene: &Scene, namespace: &str, objects: &[Value]) -> Result<Vec<(Value, Value)>, Failed> {
    let folder =
        scene.cluster.folder().join(format!("fixed-{namespace}-{}", objects[0]["kind"].as_str().unwrap_or("")));
    let policies = scene.mounts.policies.folder().display().to_string();
    fixed(&folder, &["-p", "builtin:recommended", "-p", &policies, "-n", namespace], objects)
}

/// What would be stored if the object was applied.
fn stored(scene: &Scene, namespace: &str, object: &Value) -> Result<Value, Failed> {
    let args = ["apply", "--dry-run=server", "-o", "json", "-n", namespace];
    Ok(serde_json::from_str(&scene.send(&args, std::slice::from_ref(object))?.stdout)?)
}

fn done(written: usize, differing: Vec<String>) -> Result<(), Failed> {
    if written < 20 {
        return Err(format!("only {written} fields were written").into());
    }
    if differing.is_empty() { Ok(()) } else { Err(differing.join("\n").into()) }
}
