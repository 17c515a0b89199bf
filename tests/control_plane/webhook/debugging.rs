//! `kubectl debug`: what it may not set is never asked of it, what it brings is judged.

use libtest_mimic::Failed;
use serde_json::json;

use crate::webhook::{Scene, controllers, equal, holds, objects};

pub fn kubectl_debug_is_judged_by_what_it_may_set(scene: &Scene) -> Result<(), Failed> {
    let mut pod = objects::pod("debugged", controllers::tidy("registry.example.com/web:1"));
    pod["metadata"]["labels"]["team"] = json!("shop");
    let debug = |namespace: &str, image: &str, name: &str| {
        scene.kubectl(&["debug", "-n", namespace, "debugged", &format!("--image={image}"), "-c", name, "--", "sh"], "")
    };
    pod["spec"]["restartPolicy"] = json!("Never");
    for namespace in ["enforced", "strict"] {
        scene.send(&["apply", "-n", namespace], std::slice::from_ref(&pod))?;
        let said = debug(namespace, "registry.example.com/tools:1", "allowed")?;
        equal(&format!("kubectl debug in {namespace}: {}", said.stderr), said.success, true)?;
    }
    let said = debug("strict", "busybox:1.36", "denied")?;
    equal("kubectl debug with another image", said.success, false)?;
    holds(
        "its answer",
        &said.stderr,
        "spec.ephemeralContainers[1].image: `busybox:1.36` does not come from our registry",
    )?;
    let stored = scene.stored("strict", "pod/debugged")?;
    let names: Vec<_> =
        stored["spec"]["ephemeralContainers"].as_array().into_iter().flatten().map(|c| &c["name"]).collect();
    equal("the ephemeral containers", names, vec![&json!("allowed")])?;
    let container = &stored["spec"]["ephemeralContainers"][0];
    equal("its resources", &container["resources"], &json!({}))
}
