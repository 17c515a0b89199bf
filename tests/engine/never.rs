//! Objects, and moments, in which podgate edits nothing.

use podgate::admit::Endpoint;
use serde_json::{Value, json};

use crate::objects::*;
use crate::reviews::{Review, rule, set};

const EVERYTHING: &str = "default: {pod: {metadata: {labels: {x: z}}, spec: {terminationGracePeriodSeconds: 45}}, \
    container: {imagePullPolicy: Always, resources: {requests: {cpu: 1m}}}}, \
    injectInto: [Pods, Templates], onUnknown: Replace, rollout: Always";

fn everything() -> String {
    rule(EVERYTHING)
}

fn owned(mut object: Value, kind: &str) -> Value {
    let (kind, group) = kind.split_once('.').unwrap();
    let api_version = format!("{group}/v1");
    let owner = json!([{"apiVersion": api_version, "kind": kind, "name": "o", "uid": "u", "controller": true}]);
    object["metadata"]["ownerReferences"] = owner;
    object
}

#[test]
fn a_replica_set_or_job_that_has_a_controller() {
    for (api_version, kind, owner_kind, is_edited) in [
        ("apps/v1", "ReplicaSet", "Deployment.apps", false),
        ("batch/v1", "Job", "CronJob.batch", false),
        // What Kubernetes itself does not make by it is what its user writes: anybody can name an owner.
        ("apps/v1", "ReplicaSet", "Rollout.argoproj.io", true),
        ("apps/v1", "ReplicaSet", "Deployment.x.io", true),
        ("apps/v1", "ReplicaSet", "ReplicaSet.apps", true),
        ("batch/v1", "Job", "Deployment.apps", true),
        ("batch/v1", "Job", "Foo.x.io", true),
    ] {
        let object = owner(api_version, kind, json!({}));
        assert!(!Review::create(&everything(), written_by("x", &object)).edits().is_empty(), "{kind}");
        let object = owned(object, owner_kind);
        let edits = Review::create(&everything(), written_by("x", &object)).edits();
        assert_eq!(!edits.is_empty(), is_edited, "{kind} of {owner_kind}");
        let no_controller = with(object, "/metadata/ownerReferences/0/controller", json!(false));
        assert!(!Review::create(&everything(), written_by("x", &no_controller)).edits().is_empty(), "{kind}");
    }
    // Other kinds may be owned by an operator, and stay what their users write.
    let deployment = written_by("x", &owned(deployment(json!({})), "Shop.x.io"));
    assert!(!Review::create(&everything(), deployment).edits().is_empty());
}

#[test]
fn a_mirror_pod_that_a_node_made_and_nothing_that_only_says_so() {
    let mirror = with(pod(json!({})), "/metadata/annotations", json!({"kubernetes.io/config.mirror": "abc"}));
    for (object, group, is_edited) in [
        (mirror.clone(), "system:nodes", false),
        (mirror, "system:masters", true),
        (pod(json!({})), "system:nodes", true),
    ] {
        let review = Review::create(&everything(), applied(&object)).by("system:node:n", &[group]);
        assert_eq!(!review.edits().is_empty(), is_edited, "{group}");
    }
}

#[test]
fn objects_that_are_being_deleted_are_judged_and_not_edited() {
    let text = everything() + &rule("require: {pod: 'false', message: wrong}").replace("name: p", "name: q");
    for (old, new) in [(pod(json!({})), pod(json!({}))), (deployment(json!({})), deployment(json!({})))] {
        let deleting =
            |object: Value| with(applied(&object), "/metadata/deletionTimestamp", json!("2026-01-01T00:00:00Z"));
        let container = if new["kind"] == "Pod" { "/spec/containers/0" } else { "/spec/template/spec/containers/0" };
        let new = with(new, &format!("{container}/image"), json!("nginx:2"));
        let review = Review::update(&text, deleting(old), deleting(new));
        assert_eq!(review.edits(), [""; 0]);
        assert!(!review.is_allowed());
    }
}

#[test]
fn a_pod_that_exists() {
    let (old, new) = (pod(json!({})), with(pod(json!({})), "/spec/containers/0/image", json!("nginx:2")));
    assert_eq!(Review::update(&everything(), applied(&old), applied(&new)).edits(), [""; 0]);
    assert_eq!(Review::update(&everything(), applied(&old), applied(&new)).through("resize").edits(), [""; 0]);
}

#[test]
fn of_a_pod_that_exists_only_what_edits_made_of_it_is_put_back() {
    let text = rule("override: {pod: {spec: {terminationGracePeriodSeconds: 45}}}")
        + &rule("bound: {container: {resources: {limits: {memory: {max: 1Gi}}}}}").replace("name: p", "name: q")
        + &rule("append: {pod: {spec: {tolerations: [{key: spot}]}}}").replace("name: p", "name: r");
    let written = |grace: i64, memory: &str, tolerations: Value| {
        let mut pod = pod(json!({"terminationGracePeriodSeconds": grace, "tolerations": tolerations}));
        pod["spec"]["containers"][0]["resources"] =
            json!({"limits": {"memory": memory}, "requests": {"memory": "1Mi"}});
        decoded(&pod)
    };
    let mine = json!([{"key": "mine"}]);
    let edited = written(45, "1Gi", json!([{"key": "mine"}, {"key": "spot"}]));
    // The same manifest again: the API server takes it with the values of the first time, and with no others.
    let again = Review::update(&text, edited.clone(), written(10, "4Gi", mine.clone()));
    let mut edits = again.edits();
    edits.sort_unstable();
    let expected = [
        r#"/spec/containers/0/resources/limits/memory="1Gi""#,
        "/spec/terminationGracePeriodSeconds=45",
        r#"/spec/tolerations/1={"key":"spot"}"#,
    ];
    assert_eq!(edits.iter().map(|edit| edit.replace("/-=", "/1=")).collect::<Vec<_>>(), expected);
    // A Pod that is older than the policy keeps what it has.
    let old = written(10, "4Gi", mine);
    assert_eq!(Review::update(&text, old.clone(), old).edits(), [""; 0]);
}

#[test]
fn through_ephemeralcontainers_only_new_ephemeral_containers_are_edited() {
    let debug = |name: &str| json!({"name": name, "image": "busybox:1"});
    let old = decoded(&pod(json!({"ephemeralContainers": [debug("old")]})));
    let new = decoded(&pod(json!({"ephemeralContainers": [debug("old"), debug("new")]})));
    let review = Review::update(&everything(), old, new).through("ephemeralcontainers");
    assert_eq!(review.edits(), [r#"/spec/ephemeralContainers/1/imagePullPolicy="Always""#]);
}

#[test]
fn deletions_connections_status_scale_and_harmless_subresources_pass_unseen() {
    let text = everything() + &rule("require: {pod: 'false', message: wrong}").replace("name: p", "name: q");
    let object = || applied(&pod(json!({})));
    let scale =
        json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "web"}, "spec": {"replicas": 2}});
    let mut scale = Review::update(&text, scale.clone(), scale).through("scale");
    scale.body["request"]["resource"] = json!({"group": "apps", "version": "v1", "resource": "deployments"});
    let exec = json!({"apiVersion": "v1", "kind": "PodExecOptions", "command": ["sh"]});
    let mut exec = Review::new(set(&text), "CONNECT", exec, Value::Null).through("exec");
    exec.body["request"]["resource"] = json!({"group": "", "version": "v1", "resource": "pods"});
    let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}});
    let mut eviction = Review::create(&text, eviction).through("eviction");
    eviction.body["request"]["resource"] = json!({"group": "", "version": "v1", "resource": "pods"});
    let mut no_old = Review::new(set(&text), "DELETE", Value::Null, object());
    no_old.body["request"]["oldObject"] = Value::Null;
    let config_map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}});
    for (what, review) in [
        ("deletion", Review::new(set(&text), "DELETE", Value::Null, object())),
        ("deletion without the old object", no_old),
        ("status", Review::update(&text, object(), object()).through("status")),
        ("scale", scale),
        ("exec", exec),
        ("eviction", eviction),
        ("another kind", Review::create(&text, config_map)),
    ] {
        for endpoint in [Endpoint::Mutate, Endpoint::Validate] {
            let expected = json!({"uid": review.body["request"]["uid"], "allowed": true});
            assert_eq!(review.response(endpoint), expected, "{what}");
        }
    }
}

#[test]
fn an_update_that_changes_only_bookkeeping_passes_unseen_and_one_more_label_does_not() {
    let text = everything() + &rule("require: {pod: 'false', message: wrong}").replace("name: p", "name: q");
    for object in [pod(json!({})), deployment(json!({}))] {
        let old = applied(&object);
        let mut new = with(old.clone(), "/status", json!({"phase": "Running"}));
        for (key, value) in [
            ("finalizers", json!(["a/b"])),
            ("ownerReferences", json!([{"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "u"}])),
            ("managedFields", json!([])),
            ("resourceVersion", json!("2")),
            ("generation", json!(2)),
            ("deletionTimestamp", json!("2026-01-01T00:00:00Z")),
        ] {
            new["metadata"][key] = value;
        }
        let review = Review::update(&text, old.clone(), new.clone());
        for endpoint in [Endpoint::Mutate, Endpoint::Validate] {
            let expected = json!({"uid": review.body["request"]["uid"], "allowed": true});
            assert_eq!(review.response(endpoint), expected);
        }
        new["metadata"]["labels"] = json!({"a": "b"});
        assert_eq!(Review::update(&text, old, new).violations().len(), 1);
    }
}
