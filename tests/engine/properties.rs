//! What holds for every object and every policy.

use json_patch::PatchOperation;
use podgate::admit::Endpoint;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::objects::*;
use crate::reviews::{Review, cluster, patch};

/// Rules of every sort; each policy takes some of them.
const RULES: [&str; 32] = [
    "default: {pod: {spec: {terminationGracePeriodSeconds: 45}}}",
    "default: {pod: {spec: {terminationGracePeriodSeconds: 20, dnsPolicy: Default}}}, onUnknown: Replace",
    "default: {container: {imagePullPolicy: Always}}, onUnknown: Replace, rollout: Always",
    "default: {container: {imagePullPolicy: Never, terminationMessagePolicy: FallbackToLogsOnError}}, containers: {names: [a, c]}",
    "default: {container: {resources: {requests: {cpu: 100m, memory: 128Mi}}}}",
    "default: {container: {resources: {limits: {cpu: 150m, memory: 1Gi}}}}, injectInto: [Pods, Templates]",
    "default: {container: {resources: {requests: {cpu: 300m}, limits: {cpu: 300m}}}}, injectInto: [Templates]",
    "default: {container: {securityContext: {allowPrivilegeEscalation: false, runAsNonRoot: true}}}",
    "default: {container: {securityContext: {privileged: true}}}, when: \"container.name == 'b'\"",
    "default: {pod: {metadata: {labels: {app: web}, annotations: {a.b/c: d}}, spec: {securityContext: {seccompProfile: {type: RuntimeDefault}}}}}",
    "default: {pod: {metadata: {labels: {$expression: \"{'count': string(containers.size())}\"}}}}",
    "default: {pod: {metadata: {labels: {size: {$expression: \"string(size(pod.metadata.?labels.orValue({})))\"}}}}}",
    "default: {container: {resources: {$expression: \"{'requests': {'memory': quantity(container.?resources.?limits.?memory.orValue('64Mi'))}}\"}}}",
    "default: {pod: {spec: {enableServiceLinks: false}}}, when: \"pod.spec.terminationGracePeriodSeconds > 40\", onUnknown: Replace",
    "default: {pod: {spec: {schedulerName: mine}}}, when: \"'app' in pod.metadata.?labels.orValue({})\", onUnknown: Replace",
    "default: {container: {terminationMessagePath: {$expression: \"'/dev/' + container.name\"}}}, onUnknown: Replace",
    "default: {container: {env: [{name: A, value: x}, {name: B, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]}}",
    "default: {container: {livenessProbe: {httpGet: {port: 80}, periodSeconds: 5}, ports: [{containerPort: 80}]}}, injectInto: [Pods, Templates]",
    "default: {pod: {spec: {volumes: [{name: v, secret: {secretName: s}}], nodeSelector: {pool: spot}}}, container: {volumeMounts: [{name: v, mountPath: /v}]}}",
    "override: {pod: {spec: {terminationGracePeriodSeconds: 50, securityContext: {runAsUser: 1000}}}}",
    "override: {container: {env: [{name: A, value: z}], resources: {limits: {cpu: 250m}}}}",
    "override: {container: {livenessProbe: {exec: {command: [up]}}, resources: {requests: {cpu: 200m}}}}, injectInto: [Templates, Pods]",
    "override: {pod: {spec: {tolerations: [{key: a}], volumes: [{name: v, emptyDir: {}}]}}}, keepQoS: true",
    "append: {pod: {spec: {tolerations: [{key: a}, {key: b, operator: Exists}]}}}",
    "append: {pod: {spec: {initContainers: [{name: side, image: side, restartPolicy: Always}]}}, container: {env: [{name: C, value: c}]}}",
    "append: {container: {securityContext: {capabilities: {drop: [ALL]}}}}, injectInto: [Templates]",
    "bound: {pod: {spec: {terminationGracePeriodSeconds: {min: 15, max: 40}}}}, rollout: Always",
    "bound: {container: {resources: {limits: {cpu: {max: 100m}}, requests: {cpu: {min: 60m}, memory: {max: 1Gi}}}}}",
    "rewriteImages: [{from: docker.io, to: mirror.io/hub}, {from: docker.io/library, to: mirror.io/official}]",
    "rewriteImages: [{from: quay.io, to: mirror.io/quay}], injectInto: [Templates, Pods]",
    "default: {pod: {spec: {resources: {requests: {cpu: 600m}}}}}",
    "override: {container: {args: {$expression: \"['--of', container.name]\"}}}, when: \"container.name != 'b'\"",
];

fn rules() -> impl Strategy<Value = Vec<String>> {
    let matching = select(vec![
        "",
        "match: {podSelector: {matchLabels: {app: web}}},",
        "priority: 1,",
        "match: {kinds: [Pod, Deployment.apps]},",
    ]);
    let policy = (matching, proptest::sample::subsequence(RULES.to_vec(), 1..5));
    proptest::collection::vec(policy, 1..4).prop_map(|policies| {
        let policy = |(number, (matching, rules)): (usize, (&str, Vec<&str>))| {
            let rules: Vec<_> = rules.iter().enumerate().map(|(n, rule)| format!("{{name: r{n}, {rule}}}")).collect();
            cluster(&format!("p{number}"), &format!("mode: Enforce, {matching} rules: [{}]", rules.join(", ")))
        };
        policies.into_iter().enumerate().map(policy).collect()
    })
}

fn optional(key: &'static str, values: Vec<Value>) -> impl Strategy<Value = Option<(&'static str, Value)>> {
    proptest::option::of(select(values).prop_map(move |value| (key, value)))
}

fn object(fields: Vec<Option<(&'static str, Value)>>) -> Value {
    Value::Object(fields.into_iter().flatten().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn any_container(name: &'static str) -> BoxedStrategy<Value> {
    let resources = vec![
        json!({}),
        json!({"limits": {"cpu": "200m"}}),
        json!({"limits": {"memory": "64Mi", "cpu": "2"}, "requests": {"cpu": "50m"}}),
        json!({"requests": {"cpu": "500m", "memory": "2Gi"}}),
        json!({"requests": {"cpu": 0.2}}),
    ];
    let security = vec![
        json!({}),
        json!({"privileged": true}),
        json!({"allowPrivilegeEscalation": false}),
        json!({"runAsNonRoot": false}),
    ];
    (
        select(vec![
            "nginx",
            "nginx:1",
            "quay.io/x@sha256:0000000000000000000000000000000000000000000000000000000000000000",
            "Not An Image",
        ]),
        optional("imagePullPolicy", vec![json!("Always"), json!("IfNotPresent")]),
        optional("resources", resources),
        optional("securityContext", security),
        optional("terminationMessagePath", vec![json!("/x"), json!("/dev/termination-log")]),
    )
        .prop_map(move |(image, pull, resources, security, path)| {
            let fixed = [Some(("name", json!(name))), Some(("image", json!(image)))];
            object(fixed.into_iter().chain([pull, resources, security, path]).collect())
        })
        .boxed()
}

fn any_pod() -> BoxedStrategy<Value> {
    let containers = (any_container("a"), proptest::option::of(any_container("b")));
    let init = (any_container("c"), any::<bool>()).prop_map(|(mut container, is_sidecar)| {
        if is_sidecar {
            container["restartPolicy"] = json!("Always");
        }
        ("initContainers", json!([container]))
    });
    (
        containers,
        proptest::option::of(init),
        optional("terminationGracePeriodSeconds", vec![json!(30), json!(10), json!(60)]),
        optional("dnsPolicy", vec![json!("ClusterFirst"), json!("Default")]),
        optional("securityContext", vec![json!({}), json!({"runAsUser": 1})]),
        optional("resources", vec![json!({"limits": {"cpu": "4"}}), json!({"requests": {"memory": "8Gi"}})]),
        optional("os", vec![json!({"name": "windows"})]),
        proptest::option::of(select(vec![json!({"app": "web"}), json!({"x": "y"})])),
    )
        .prop_map(|((a, b), init, grace, dns, security, resources, os, labels)| {
            let containers = [a].into_iter().chain(b).collect();
            let containers = Some(("containers", Value::Array(containers)));
            let mut pod = pod(object(vec![containers, init, grace, dns, security, resources, os]));
            if let Some(labels) = labels {
                pod["metadata"]["labels"] = labels;
            }
            pod
        })
        .boxed()
}

/// As a webhook sees it: what, and how it was sent.
fn any_object() -> impl Strategy<Value = Value> {
    (0..4).prop_flat_map(object_of_kind)
}

/// The old and the new form of an object.
fn any_update() -> impl Strategy<Value = (Value, Value)> {
    (0..4).prop_flat_map(|kind| (object_of_kind(kind), object_of_kind(kind)))
}

fn object_of_kind(kind: i32) -> BoxedStrategy<Value> {
    let sent = move |(pod, way): (Value, i32)| {
        let manifest = match kind {
            0 => pod,
            1 => {
                let mut made = made_pod(json!({}));
                made["spec"] = pod["spec"].clone();
                made
            }
            _ => {
                let mut owner = owner("apps/v1", if kind == 2 { "Deployment" } else { "StatefulSet" }, json!({}));
                owner["spec"]["template"] =
                    json!({"metadata": {"labels": pod["metadata"]["labels"]}, "spec": pod["spec"]});
                owner
            }
        };
        match way {
            0 => applied(&manifest),
            1 => server_side(&manifest),
            2 => written_by("helm", &manifest),
            3 => written_by("HashiCorp", &manifest),
            _ => decoded(&manifest),
        }
    };
    (any_pod(), 0..5).prop_map(sent).boxed()
}

/// The values at all paths, for comparing what an edit left alone.
fn leaves(value: &Value, path: &str, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (key, value) in members {
                leaves(value, &format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(elements) => {
            for (at, value) in elements.iter().enumerate() {
                leaves(value, &format!("{path}/{at}"), found);
            }
        }
        Value::Object(_) | Value::Null => {}
        scalar => found.push((path.to_owned(), scalar.clone())),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_patch_applies_changes_nothing_else_and_leaves_nothing_to_do(object in any_object(), policies in rules()) {
        let policies = policies.concat();
        let review = Review::create(&policies, object.clone());
        let patch = patch(&review.response(Endpoint::Mutate));
        let mut edited = object.clone();
        json_patch::patch(&mut edited, &patch).unwrap();

        // It is the object that was decided on.
        prop_assert_eq!(review.dry_run(None, |run| run.edits.object.to_json()), edited.clone());

        // Nothing outside of the operations changed, and nothing went.
        let paths: Vec<String> = patch.0.iter().map(|operation| match operation {
            PatchOperation::Add(add) => add.path.to_string(),
            PatchOperation::Replace(replace) => replace.path.to_string(),
            other => panic!("{other:?}"),
        }).collect();
        let is_edited = |path: &str| paths.iter().any(|edit| path == edit || path.starts_with(&format!("{edit}/")));
        let (mut before, mut after) = (Vec::new(), Vec::new());
        leaves(&object, "", &mut before);
        leaves(&edited, "", &mut after);
        before.retain(|(path, _)| !is_edited(path));
        after.retain(|(path, _)| !is_edited(path));
        prop_assert_eq!(before, after);
        // Nothing but the Pod.
        let pod = if object["kind"] == "Pod" { "" } else { "/spec/template" };
        for path in &paths {
            let is_of_pod = ["metadata/labels", "metadata/annotations", "metadata", "spec"].iter().any(|part| {
                path.strip_prefix(&format!("{pod}/{part}")).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            });
            prop_assert!(is_of_pod, "{}", path);
        }

        // A second call does nothing, whether or not the API server decoded the object in between.
        for again in [edited.clone(), decoded(&edited)] {
            let second = Review::create(&policies, again);
            prop_assert_eq!(second.edits(), Vec::<String>::new());
        }

        // A container's request is at most its limit.
        let spec = if object["kind"] == "Pod" { &edited["spec"] } else { &edited["spec"]["template"]["spec"] };
        for container in spec["containers"].as_array().unwrap() {
            let amount = |list: &str| container["resources"][list]["cpu"].as_str().map(|text| podgate::quantity::Quantity::parse(text).unwrap());
            if let (Some(request), Some(limit)) = (amount("requests"), amount("limits")) {
                prop_assert!(request <= limit, "{}", container);
            }
        }
    }

    #[test]
    fn a_default_changes_nothing_that_an_author_wrote(pod in any_pod(), is_deployment in any::<bool>(), is_server_side in any::<bool>(), rules in rules()) {
        // `onUnknown: Replace` and the other verbs are asked for.
        let policies: String = rules.iter().filter(|policy| {
            let others = ["override:", "append:", "bound:", "rewriteImages:"];
            !others.iter().any(|verb| policy.contains(verb))
        }).cloned().collect();
        let manifest = if is_deployment {
            let mut owner = owner("apps/v1", "Deployment", json!({}));
            owner["spec"]["template"] = json!({"metadata": {"labels": pod["metadata"]["labels"]}, "spec": pod["spec"]});
            owner
        } else {
            pod
        };
        let object = if is_server_side { server_side(&manifest) } else { applied(&manifest) };
        let edited = Review::create(&policies, object.clone()).edited();
        let mut written = Vec::new();
        leaves(&manifest, "", &mut written);
        for (path, _) in written {
            prop_assert_eq!(edited.pointer(&path), object.pointer(&path), "{}", path);
        }
    }

    #[test]
    fn what_was_edited_can_be_judged(object in any_object(), policies in rules()) {
        let require = cluster("z", "mode: Enforce, rules: [{name: r, require: {container: \"has(container.name)\", message: wrong}}, \
            {name: s, require: {pod: \"pod.spec.terminationGracePeriodSeconds >= 0\", message: wrong}}]");
        let policies = policies.concat() + &require;
        let edited = decoded(&Review::create(&policies, object).edited());
        let response = Review::create(&policies, edited).response(Endpoint::Validate);
        // What is left are edits that cannot be made, as where a limit stands below what a rule requests.
        let causes = response["status"]["details"]["causes"].as_array().cloned().unwrap_or_default();
        let is_left = |cause: &Value| cause["message"].as_str().unwrap().contains("podgate cannot ");
        prop_assert!(causes.iter().all(is_left), "{}", response);
        prop_assert_eq!(response["allowed"].clone(), json!(causes.is_empty()), "{}", response);
    }

    #[test]
    fn an_update_ends_after_one_call_too((old, new) in any_update(), policies in rules()) {
        let policies = policies.concat();
        let review = Review::update(&policies, old.clone(), new);
        let edited = review.edited();
        prop_assert_eq!(Review::update(&policies, old, edited).edits(), Vec::<String>::new());
    }

    #[test]
    fn odd_objects_are_answered(pointer in select(POINTERS.to_vec()), value in select(ODD.to_vec()), object in any_object(), policies in rules()) {
        let value: Value = serde_json::from_str(value).unwrap();
        let pointer = if object["kind"] == "Pod" { pointer.to_owned() } else { pointer.replacen("/spec", "/spec/template/spec", 1) };
        prop_assume!(object.pointer(pointer.rsplit_once('/').unwrap().0).is_some_and(|parent| !parent.is_null()));
        let odd = with(object, &pointer, value);
        let review = Review::create(&policies.concat(), odd);
        review.response(Endpoint::Validate);
        if review.response(Endpoint::Mutate).get("patch").is_some() {
            review.edited();
        }
    }
}

const POINTERS: [&str; 9] = [
    "/spec/containers/0/resources",
    "/spec/containers/0/securityContext",
    "/spec/containers/0/imagePullPolicy",
    "/spec/containers/0/name",
    "/spec/terminationGracePeriodSeconds",
    "/spec/securityContext",
    "/spec/initContainers",
    "/metadata/managedFields",
    "/metadata/annotations",
];
const ODD: [&str; 8] =
    ["null", "1", "\"x\"", "[]", "[null]", "{}", r#"{"limits":1,"requests":[]}"#, r#"{"requests":{"cpu":"much"}}"#];
