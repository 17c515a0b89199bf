//! What each verb makes of an object, as it is stored in the end.

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::webhook::{Scene, WAYS, equal, holds, objects};

/// A Pod spec in which an author had his say.
fn written() -> Value {
    json!({"terminationGracePeriodSeconds": 10, "nodeSelector": {"disk": "ssd"}, "containers": [{
        "name": "web", "image": "nginx:1.27", "imagePullPolicy": "Always",
        "env": [{"name": "A", "value": "b"}, {"name": "REGION", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
        "readinessProbe": {"exec": {"command": ["true"]}},
        "securityContext": {"capabilities": {"drop": ["NET_RAW"]}},
        "resources": {"limits": {"memory": "1Gi", "cpu": "2"}},
    }]})
}

pub fn each_verb_does_the_same_on_every_way_in(scene: &Scene) -> Result<(), Failed> {
    for (way, args) in WAYS {
        let pod = objects::pod(&format!("verbs-{way}"), written());
        scene.send(&[args, &["-n", "verbs"][..]].concat(), &[pod])?;
        let stored = scene.stored("verbs", &format!("pod/verbs-{way}"))?;
        let spec = &stored["spec"];
        let container = &spec["containers"][0];
        equal("override of a scalar", &spec["terminationGracePeriodSeconds"], &json!(50))?;
        let env = json!([{"name": "A", "value": "b"}, {"name": "REGION", "value": "north"},
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}}]);
        equal("override of a union, and append by key", &container["env"], &env)?;
        let image = "registry.example.com/library/nginx:1.27";
        equal(
            "rewriteImages",
            (&container["image"], &container["imagePullPolicy"]),
            (&json!(image), &json!("Always")),
        )?;
        equal("default of a map by key", &spec["nodeSelector"], &json!({"disk": "ssd", "pool": "spot"}))?;
        let probe = &container["readinessProbe"];
        // `kubectl create` leaves no trace of who wrote the API server's values.
        let period = if way == "create" { 10 } else { 5 };
        let seen = (&probe["httpGet"], &probe["periodSeconds"]);
        equal("default of a handler beside another", seen, (&Value::Null, &json!(period)))?;
        let dropped = &container["securityContext"]["capabilities"]["drop"];
        equal("append to an atomic list", dropped, &json!(["NET_RAW", "ALL"]))?;
        // The request was made of the limit and goes with it; the one of cpu stays.
        let resources = json!({"limits": {"memory": "128Mi", "cpu": "2"}, "requests": {"memory": "128Mi", "cpu": "2"}});
        equal("bound of a limit", &container["resources"], &resources)?;
    }
    Ok(())
}

pub fn applying_twice_changes_nothing_whatever_the_verbs_did(scene: &Scene) -> Result<(), Failed> {
    for (way, args) in &WAYS[..2] {
        let name = format!("twice-{way}");
        let file = [objects::workload("Deployment", &name, written())];
        let send = [args, &["-n", "verbs"][..]].concat();
        let version = || -> Result<Value, Failed> {
            let stored = scene.stored("verbs", &format!("deployment/{name}"))?;
            Ok(json!([stored["metadata"]["generation"], stored["spec"]]))
        };
        scene.send(&send, &file)?;
        let first = version()?;
        equal("the grace of the template", &first[1]["template"]["spec"]["terminationGracePeriodSeconds"], &json!(50))?;
        scene.send(&send, &file)?;
        equal(&format!("generation and spec after {way}, twice"), version()?, first)?;
        let pods = scene.pods("verbs", &name, 1)?;
        equal("the grace of its Pod", &pods[0]["spec"]["terminationGracePeriodSeconds"], &json!(50))?;
        let image = &pods[0]["spec"]["containers"][0]["image"];
        equal("the image of its Pod", image, &json!("registry.example.com/library/nginx:1.27"))?;
    }
    Ok(())
}

pub fn a_new_image_of_a_pod_is_rewritten_and_the_rest_is_fixed(scene: &Scene) -> Result<(), Failed> {
    scene.send(&["create", "-n", "verbs"], &[objects::pod("image", objects::one("nginx:1.27"))])?;
    scene.cluster.must(&["set", "image", "pod/image", "web=nginx:1.28", "-n", "verbs"], "")?;
    let stored = scene.stored("verbs", "pod/image")?;
    equal("the image", &stored["spec"]["containers"][0]["image"], &json!("registry.example.com/library/nginx:1.28"))?;
    scene.cluster.must(&["label", "pod/image", "tier=front", "-n", "verbs"], "")?;
    let debug = ["debug", "pod/image", "--image=busybox:1", "--container=dbg", "-n", "verbs", "--", "true"];
    scene.cluster.must(&debug, "")?;
    let stored = scene.stored("verbs", "pod/image")?;
    let image = &stored["spec"]["ephemeralContainers"][0]["image"];
    equal("the image of the new ephemeral container", image, &json!("registry.example.com/library/busybox:1"))
}

/// What was derived from a field by the time a Pod arrives is never left behind.
pub fn derived_fields_are_edited_whole(scene: &Scene) -> Result<(), Failed> {
    let class = json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "high"},
        "value": 1000, "preemptionPolicy": "Never"});
    let runtime = json!({"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "sandbox"},
        "handler": "sandbox", "overhead": {"podFixed": {"cpu": "5m"}}, "scheduling": {"nodeSelector": {"sandbox": "yes"}}});
    let robot =
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot", "namespace": "derived"}});
    scene.send(&["create"], &[class, runtime, robot])?;
    let spec = json!({"hostNetwork": true, "containers": [{"name": "web", "image": "nginx:1.27",
        "ports": [{"containerPort": 80}], "resources": {"limits": {"memory": "1Gi"}}}]});
    let sent = [objects::workload("Deployment", "derived", spec.clone()), objects::pod("bare", spec)];
    scene.send(&["apply", "-n", "derived"], &sent)?;
    let made = scene.pods("derived", "derived", 1)?.remove(0);
    let spec = &made["spec"];
    equal("the priority", (&spec["priority"], &spec["preemptionPolicy"]), (&json!(1000), &json!("Never")))?;
    equal("the overhead", &spec["overhead"], &json!({"cpu": "5m"}))?;
    equal("the node selector", &spec["nodeSelector"], &json!({"sandbox": "yes"}))?;
    equal("the account", &spec["serviceAccountName"], &json!("robot"))?;
    // The API server does not write `false` here.
    equal("the host's network", &spec["hostNetwork"], &Value::Null)?;
    equal("the host port", &spec["containers"][0]["ports"][0]["hostPort"], &Value::Null)?;
    let volumes = json!([{"name": "scratch", "emptyDir": {"sizeLimit": "64Mi"}}]);
    equal("the volumes, without a token", &spec["volumes"], &volumes)?;
    let bare = scene.stored("derived", "pod/bare")?;
    // In a Pod that nobody made from a template they stay as they are, with all that was derived.
    equal("the priority of a bare Pod", &bare["spec"]["priority"], &json!(0))?;
    equal("the host port of a bare Pod", &bare["spec"]["containers"][0]["ports"][0]["hostPort"], &json!(80))?;
    for pod in [&made, &bare] {
        let container = &pod["spec"]["containers"][0];
        // The request of memory was made of the limit, the one of cpu is the recommended one.
        let resources = json!({"limits": {"memory": "256Mi"}, "requests": {"memory": "256Mi", "cpu": "100m"}});
        equal("the resources", &container["resources"], &resources)?;
        let mount = json!({"name": "scratch", "mountPath": "/scratch"});
        let mounts = container["volumeMounts"].as_array().cloned().unwrap_or_default();
        equal("the mount", mounts.contains(&mount), true)?;
        let tolerations = pod["spec"]["tolerations"].as_array().cloned().unwrap_or_default();
        let spot = json!({"key": "spot", "operator": "Exists"});
        equal(
            "tolerations, beside those of the API server",
            (tolerations.len(), tolerations.contains(&spot)),
            (3, true),
        )?;
        let proxy = &pod["spec"]["initContainers"][0];
        let seen = (&proxy["name"], &proxy["resources"]["limits"]["memory"]);
        equal("the sidecar, which is a container as any", seen, (&json!("proxy"), &json!("256Mi")))?;
    }
    let is_token = |volume: &&Value| volume["name"].as_str().is_some_and(|name| name.starts_with("kube-api-access-"));
    let volumes = bare["spec"]["volumes"].as_array().cloned().unwrap_or_default();
    equal("tokens of the bare Pod", volumes.iter().filter(is_token).count(), 1)
}

/// Without the mutating webhook an enforced edit is due, and the validating one says so.
pub fn what_is_due_is_denied_where_nobody_mutates(scene: &Scene) -> Result<(), Failed> {
    let condition = json!([{"op": "add", "path": "/webhooks/0/matchConditions/-",
        "value": {"name": "not-due", "expression": "request.?namespace.orValue('') != 'due'"}}]);
    let name = "mutatingwebhookconfiguration/podgate";
    let before = scene.cluster.must(&["get", name, "-o", "json"], "")?;
    let before: Value = serde_json::from_str(&before)?;
    let number = before["webhooks"][0]["matchConditions"].as_array().map_or(0, Vec::len);
    scene.cluster.must(&["patch", name, "--type=json", "-p", &condition.to_string()], "")?;
    let pod = objects::pod("due", objects::one("nginx:1.27")).to_string();
    let create = || scene.kubectl(&["create", "--dry-run=server", "-n", "due", "-f", "-"], &pod);
    let said = scene.eventually("a create that nobody mutates", || Ok(Some(create()?).filter(|said| !said.success)))?;
    for piece in [
        "[ClusterPodPolicy/verbs/grace] spec.terminationGracePeriodSeconds: must be 50, and is 30: podgate's mutating \
         webhook did not run",
        "[ClusterPodPolicy/verbs/mirror] spec.containers[0].image: must be \"registry.example.com/library/nginx:1.27\"",
        "[ClusterPodPolicy/verbs/region] spec.containers[0].env[0]: must be",
    ] {
        holds("the denial", &said.stderr, piece)?;
    }
    let restore = json!([{"op": "remove", "path": format!("/webhooks/0/matchConditions/{number}")}]).to_string();
    scene.cluster.must(&["patch", name, "--type=json", "-p", &restore], "")?;
    scene.eventually("a create that is mutated again", || Ok(create()?.success.then_some(())))
}
