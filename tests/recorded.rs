//! Every recorded AdmissionReview, answered by the endpoint for which it was recorded with `builtin:recommended`.
//!
//! The expected answers follow from the commands behind the files (the README beside them) and from the packs, whose
//! rules are: grace 45; no pull for digests; requests of 100m and 128Mi in Pods; warnings for everything else.

#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use bumpalo::Bump;
use json_patch::Patch;
use serde_json::{Value, json};

use podgate::admit::{self, Answer, Author, Endpoint};
use podgate::builtin;
use podgate::document::Limits;
use podgate::facts::Facts;
use podgate::policy::file;
use podgate::policy::set::PolicySet;
use podgate::review::Request;

/// What is expected: the operations of the patch as `op path value`, or the violations as `rule path`.
type Expected = &'static [&'static str];

const GRACE: &str = "replace /spec/template/spec/terminationGracePeriodSeconds 45";
const MEMORY_LIMIT: &str = "memory-limit spec.containers[0].resources.limits.memory";
const OLD_MEMORY_LIMIT: &str = "memory-limit spec.containers[0].resources.limits.memory (old)";
const REQUESTS: &str = "requests spec.containers[0].resources.requests";
const OF_TEMPLATE_WITHOUT_TAG: Expected = &[
    "pinned-tags spec.template.spec.containers[0].image",
    "memory-limit spec.template.spec.containers[0].resources.limits.memory",
];
/// Nobody owns the requests of `side`, whose limits make them; `init` and `web` get theirs.
const OF_REPLICA_SET_POD: Expected = &[
    r#"add /spec/initContainers/0/resources/requests {"cpu":"100m","memory":"128Mi"}"#,
    r#"add /spec/containers/0/resources/requests {"cpu":"100m","memory":"128Mi"}"#,
];

const TABLE: &[(&str, Expected)] = &[
    // Its author left nothing out, and resources go into Pods only: no edit. All four of its mistakes are found; it names
    // its Service, and has limits and requests.
    ("001-mutating-create-statefulset", &[]),
    (
        "002-validating-create-statefulset",
        &[
            "pinned-tags spec.template.spec.containers[0].image",
            "shell-takes-one-string spec.template.spec.containers[0].args",
            "updates-roll-out spec.updateStrategy.rollingUpdate.partition",
            "claim-for-each-replica spec.template.spec.volumes",
        ],
    ),
    // The annotation lacks the grace, so the API server filled it in. The image `nginx` has no tag and its container no
    // memory limit; requests are not missed, because its Pods will get them.
    ("003-mutating-create-deployment", &[GRACE]),
    ("004-validating-create-deployment", OF_TEMPLATE_WITHOUT_TAG),
    // The same template once more: nothing rolls. The first of the four changes an annotation, so it is judged, with
    // nothing new; the others change only managedFields.
    ("005-mutating-update-deployment", &[]),
    (
        "006-validating-update-deployment",
        &[
            "pinned-tags spec.template.spec.containers[0].image (old)",
            "memory-limit spec.template.spec.containers[0].resources.limits.memory (old)",
        ],
    ),
    ("007-mutating-update-deployment", &[]),
    ("008-validating-update-deployment", &[]),
    ("009-mutating-update-deployment", &[]),
    ("010-validating-update-deployment", &[]),
    ("011-mutating-update-deployment", &[]),
    ("012-validating-update-deployment", &[]),
    // Deletions pass.
    ("013-mutating-delete-deployment", &[]),
    ("014-validating-delete-deployment", &[]),
    // `kubectl create` owns the 30 seconds, written or not: unknown, and a longer grace may replace that.
    ("015-mutating-create-deployment", &[GRACE]),
    ("016-validating-create-deployment", OF_TEMPLATE_WITHOUT_TAG),
    // A `Scale` has no template.
    ("017-mutating-update-scale-scale", &[]),
    ("018-validating-update-scale-scale", &[]),
    // The image changes, so the template does, and the grace may go along. The new image has a tag.
    ("019-mutating-update-deployment", &[GRACE]),
    (
        "020-validating-update-deployment",
        &["memory-limit spec.template.spec.containers[0].resources.limits.memory (old)"],
    ),
    // A bare Pod gets what the API server fills in and the rest; its cpu request follows its authored limit.
    (
        "021-mutating-create-pod",
        &[
            "replace /spec/terminationGracePeriodSeconds 45",
            r#"add /spec/containers/0/resources/requests/memory "128Mi""#,
        ],
    ),
    ("022-validating-create-pod", &[MEMORY_LIMIT, REQUESTS, "no-bare-pods "]),
    (
        "023-mutating-create-pod",
        &[
            "replace /spec/terminationGracePeriodSeconds 45",
            r#"add /spec/containers/0/resources/requests/memory "128Mi""#,
        ],
    ),
    ("024-validating-create-pod", &[MEMORY_LIMIT, REQUESTS, "no-bare-pods "]),
    // Almost everything of a Pod is fixed once it exists: no edit. A label or an annotation is part of the object that
    // `no-bare-pods` is about, so that one is new again; the fields of the others did not change.
    ("025-mutating-update-pod", &[]),
    (
        "026-validating-update-pod",
        &[OLD_MEMORY_LIMIT, "requests spec.containers[0].resources.requests (old)", "no-bare-pods "],
    ),
    ("027-mutating-update-pod", &[]),
    (
        "028-validating-update-pod",
        &[OLD_MEMORY_LIMIT, "requests spec.containers[0].resources.requests (old)", "no-bare-pods "],
    ),
    // Only new ephemeral containers can be edited here, and no default is for them.
    ("029-mutating-update-pod-ephemeralcontainers", &[]),
    (
        "030-validating-update-pod-ephemeralcontainers",
        &[
            "pinned-tags spec.ephemeralContainers[0].image",
            OLD_MEMORY_LIMIT,
            "requests spec.containers[0].resources.requests (old)",
            "no-bare-pods ",
        ],
    ),
    // Requests change, so what they lack is new; the limits that change have no memory, before and after.
    ("031-mutating-update-pod-resize", &[]),
    (
        "032-validating-update-pod-resize",
        &["pinned-tags spec.ephemeralContainers[0].image (old)", OLD_MEMORY_LIMIT, REQUESTS, "no-bare-pods "],
    ),
    // Templates created by `kubectl create`.
    ("033-mutating-create-job", &[GRACE]),
    ("034-validating-create-job", OF_TEMPLATE_WITHOUT_TAG),
    ("035-mutating-create-cronjob", &["replace /spec/jobTemplate/spec/template/spec/terminationGracePeriodSeconds 45"]),
    (
        "036-validating-create-cronjob",
        &[
            "pinned-tags spec.jobTemplate.spec.template.spec.containers[0].image",
            "memory-limit spec.jobTemplate.spec.template.spec.containers[0].resources.limits.memory",
        ],
    ),
    // A grace of 5 was applied.
    ("037-mutating-create-daemonset", &[]),
    ("038-validating-create-daemonset", OF_TEMPLATE_WITHOUT_TAG),
    (
        "039-mutating-create-pod",
        &[
            "replace /spec/terminationGracePeriodSeconds 45",
            r#"add /spec/containers/0/resources/requests {"cpu":"100m","memory":"128Mi"}"#,
        ],
    ),
    ("040-validating-create-pod", &["pinned-tags spec.containers[0].image", MEMORY_LIMIT, REQUESTS, "no-bare-pods "]),
    ("041-mutating-delete-pod", &[]),
    ("042-validating-delete-pod", &[]),
    ("043-mutating-delete-pod", &[]),
    ("044-validating-delete-pod", &[]),
    ("045-mutating-delete-pod", &[]),
    ("046-validating-delete-pod", &[]),
    ("047-mutating-update-scale-scale", &[]),
    ("048-validating-update-scale-scale", &[]),
    // A ReplicaSet of a Deployment is never edited, and judged like its owner.
    ("049-mutating-create-replicaset", &[]),
    ("050-validating-create-replicaset", &["memory-limit spec.template.spec.containers[0].resources.limits.memory"]),
    // In a Pod of a controller the grace is the template's, whoever sends it. Requests are for Pods.
    ("051-mutating-create-pod", &[r#"add /spec/containers/0/resources/requests {"cpu":"100m","memory":"128Mi"}"#]),
    ("053-validating-create-pod", &["pinned-tags spec.containers[0].image", MEMORY_LIMIT, REQUESTS]),
    ("055-mutating-create-pod", OF_REPLICA_SET_POD),
    ("060-validating-create-pod", &[MEMORY_LIMIT, REQUESTS]),
    ("061-mutating-create-pod", OF_REPLICA_SET_POD),
    ("063-mutating-create-pod", OF_REPLICA_SET_POD),
    ("064-validating-create-pod", &[MEMORY_LIMIT, REQUESTS]),
    ("065-validating-create-pod", &[MEMORY_LIMIT, REQUESTS]),
    // The Pod of the StatefulSet: everything authored in the template.
    ("075-mutating-create-pod", &[]),
    (
        "077-validating-create-pod",
        &["pinned-tags spec.containers[0].image", "shell-takes-one-string spec.containers[0].args"],
    ),
];

fn recommended() -> PolicySet {
    let load = |(path, text): &(&str, &str)| file::load(&Arc::from(*path), text).policies;
    PolicySet::new(builtin::pack("recommended").unwrap().iter().flat_map(load).map(Arc::new))
}

fn reviews() -> BTreeMap<String, Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/admission-reviews");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter_map(|path| Some((path.file_name()?.to_str()?.strip_suffix(".json")?.to_owned(), path)))
        .map(|(name, path)| (name, serde_json::from_slice(&fs::read(path).unwrap()).unwrap()))
        .collect()
}

fn endpoint(name: &str) -> Endpoint {
    if name.contains("-mutating-") { Endpoint::Mutate } else { Endpoint::Validate }
}

/// The facts of a server that knows the namespace.
fn answer(set: &PolicySet, endpoint: Endpoint, review: &Value) -> Value {
    let arena = Bump::new();
    let namespace = json!({"metadata": {"name": review["request"]["namespace"], "labels": {}}});
    let namespace = podgate::document::Value::from_json(&arena, arena.alloc(namespace));
    let facts = Facts { namespace, ..Facts::default() };
    let Answer { status, body } = admit::answer(set, endpoint, &serde_json::to_vec(review).unwrap(), &facts);
    assert_eq!(status, 200);
    serde_json::from_slice(&body).unwrap()
}

fn patch(answer: &Value) -> Patch {
    let Some(patch) = answer["response"]["patch"].as_str() else { return Patch(Vec::new()) };
    assert_eq!(answer["response"]["patchType"], "JSONPatch");
    serde_json::from_slice(&base64::engine::general_purpose::STANDARD.decode(patch).unwrap()).unwrap()
}

fn operations(answer: &Value) -> Vec<String> {
    let patch = serde_json::to_value(patch(answer)).unwrap();
    let operation = |operation: &Value| {
        let text = |key: &str| operation[key].as_str().unwrap().to_owned();
        format!("{} {} {}", text("op"), text("path"), operation["value"])
    };
    patch.as_array().unwrap().iter().map(operation).collect()
}

/// The violations that stand in the audit annotation, all of which only warn here.
fn violations(answer: &Value) -> Vec<String> {
    let all = answer["response"]["auditAnnotations"]["violations"].as_str().unwrap_or_default();
    let violation = |entry: &str| {
        let (rule, place) = entry.split_once('=').unwrap();
        let rule = rule.rsplit('/').next().unwrap();
        match (place.strip_suffix(":Warn"), place.strip_suffix(":Warn:old")) {
            (Some(path), _) => format!("{rule} {path}"),
            (None, Some(path)) => format!("{rule} {path} (old)"),
            (None, None) => panic!("{entry}"),
        }
    };
    all.split(' ').filter(|entry| !entry.is_empty()).map(violation).collect()
}

#[test]
fn each_recorded_review_gets_the_answer_that_its_command_deserves() {
    let set = recommended();
    let reviews = reviews();
    assert_eq!(reviews.keys().collect::<Vec<_>>(), TABLE.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    let mut wrong = Vec::new();
    for (name, expected) in TABLE {
        let answer = answer(&set, endpoint(name), &reviews[*name]);
        let (found, none) = match endpoint(name) {
            Endpoint::Mutate => (operations(&answer), violations(&answer)),
            Endpoint::Validate => (violations(&answer), operations(&answer)),
        };
        assert_eq!(none, [""; 0], "{name}");
        if found != *expected {
            wrong.push(format!("{name}\n  expected {expected:#?}\n  found {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_answer_is_well_formed_and_belongs_to_its_request() {
    let set = recommended();
    for (name, review) in reviews() {
        for endpoint in [Endpoint::Mutate, Endpoint::Validate] {
            let answer = answer(&set, endpoint, &review);
            assert_eq!(answer["apiVersion"], "admission.k8s.io/v1", "{name}");
            assert_eq!(answer["kind"], "AdmissionReview", "{name}");
            let response = &answer["response"];
            assert_eq!(response["uid"], review["request"]["uid"], "{name}");
            assert_eq!(response["allowed"], true, "{name}");
            assert_eq!(response.get("patch").is_some(), response.get("patchType").is_some(), "{name}");
            assert!(endpoint == Endpoint::Mutate || response.get("patch").is_none(), "{name}");
            let warnings = response["warnings"].as_array().cloned().unwrap_or_default();
            let shown = |warning: &Value| !warning.as_str().unwrap().contains(char::is_control);
            assert!(warnings.iter().all(shown), "{name}: {warnings:?}");
        }
    }
}

#[test]
fn each_patch_applies_and_gives_the_object_that_was_decided_on() {
    let set = recommended();
    for (name, review) in reviews() {
        let patch = patch(&answer(&set, Endpoint::Mutate, &review));
        let arena = Bump::new();
        let body = serde_json::to_vec(&review).unwrap();
        let request = Request::read(&arena, &body, &Limits::REVIEW).unwrap();
        let run = admit::dry_run(&set, &arena, request, Facts::default(), Author::Recorded);
        assert_eq!(run.edits.patch, patch.0, "{name}");
        let mut object = review["request"]["object"].clone();
        json_patch::patch(&mut object, &patch).unwrap();
        assert_eq!(object, run.edits.object.to_json(), "{name}");
    }
}

#[test]
fn a_second_pass_over_a_patched_object_is_empty() {
    let set = recommended();
    for (name, mut review) in reviews() {
        let patch = patch(&answer(&set, Endpoint::Mutate, &review));
        json_patch::patch(&mut review["request"]["object"], &patch).unwrap();
        let second = answer(&set, Endpoint::Mutate, &review);
        assert_eq!(operations(&second), [""; 0], "{name}");
    }
}

/// Fields of a Pod that only a cluster gives, made of a uid or a hash.
const OF_THE_CLUSTER: [&str; 10] = [
    "/metadata/managedFields",
    "/metadata/finalizers",
    "/metadata/labels/controller-revision-hash",
    "/metadata/labels/pod-template-hash",
    "/metadata/labels/controller-uid",
    "/metadata/labels/job-name",
    "/metadata/labels/batch.kubernetes.io/controller-uid",
    "/metadata/labels/batch.kubernetes.io/job-name",
    "/metadata/ownerReferences/0/uid",
    "/metadata/ownerReferences/0/name",
];

/// The API server that sent the reviews ran without the ServiceAccount plug-in.
fn without_account(mut pod: Value) -> Value {
    let is_token = |named: &Value| named["name"].as_str().unwrap_or_default().starts_with("kube-api-access-");
    let spec = pod["spec"].as_object_mut().unwrap();
    assert_eq!((&spec["serviceAccountName"], &spec["serviceAccount"]), (&json!("default"), &json!("default")));
    spec.retain(|key, _| !key.starts_with("serviceAccount"));
    spec["volumes"].as_array_mut().unwrap().retain(|volume| !is_token(volume));
    for list in ["initContainers", "containers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            container["volumeMounts"].as_array_mut().unwrap().retain(|mount| !is_token(mount));
        }
    }
    pod
}

#[test]
fn an_owner_is_judged_as_the_pod_that_its_controller_really_sent() {
    let set = PolicySet::new([]);
    let reviews = reviews();
    for (owner, pod) in [
        ("001-mutating-create-statefulset", "075-mutating-create-pod"),
        ("033-mutating-create-job", "051-mutating-create-pod"),
        ("049-mutating-create-replicaset", "055-mutating-create-pod"),
    ] {
        let arena = Bump::new();
        let body = serde_json::to_vec(&reviews[owner]).unwrap();
        let request = Request::read(&arena, &body, &Limits::REVIEW).unwrap();
        let run = admit::dry_run(&set, &arena, request, Facts::default(), Author::Recorded);
        let mut derived = BTreeMap::new();
        leaves(&without_account(run.pod.unwrap().object.to_json()), "", &mut derived);
        let mut sent = BTreeMap::new();
        leaves(&reviews[pod]["request"]["object"], "", &mut sent);
        assert_eq!(derived, sent, "{owner}");
    }
}

fn leaves(value: &Value, path: &str, found: &mut BTreeMap<String, Value>) {
    if OF_THE_CLUSTER.contains(&path) {
        return;
    }
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(key, value)| leaves(value, &format!("{path}/{key}"), found))
        }
        Value::Array(elements) => {
            elements.iter().enumerate().for_each(|(at, value)| leaves(value, &format!("{path}/{at}"), found));
        }
        scalar => {
            found.insert(path.to_owned(), scalar.clone());
        }
    }
}
