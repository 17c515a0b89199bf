//! Defaults and overrides of any field: objects and maps by key, lists by their merge key, unions as a whole.

use serde_json::{Value, json};

use crate::objects::*;
use crate::reviews::{Review, cluster, rule};

/// What a rule does to the creation of a Pod whose container has `container`, and what it withholds.
fn on(text: &str, container: Value) -> (Vec<String>, Vec<String>) {
    let review = Review::create(&rule(text), applied(&pod_with(container)));
    let edited = review.edited();
    for again in [edited.clone(), decoded(&edited)] {
        assert_eq!(Review::create(&rule(text), again).edits(), [""; 0], "{text}");
    }
    (review.edits(), review.withheld())
}

const ENV: &str = "/spec/containers/0/env";

#[test]
fn an_element_is_known_by_its_key_and_added_as_a_whole() {
    let text = "default: {container: {env: [{name: A, value: x}, {name: B, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]}}";
    let b = r#"{"name":"B","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}"#;
    let (edits, withheld) = on(text, json!({}));
    assert_eq!((edits, withheld), (vec![format!(r#"{ENV}=[{{"name":"A","value":"x"}},{b}]"#)], vec![]));

    let (edits, withheld) = on(text, json!({"env": [{"name": "Z"}, {"name": "A", "value": "mine"}]}));
    assert_eq!(edits, [format!("{ENV}/2={b}")]);
    assert_eq!(withheld, ["p/r=spec.containers[0].env[1].value:authored"]);
}

#[test]
fn an_override_goes_into_the_element_and_replaces_a_union_as_a_whole() {
    let text = "override: {container: {env: [{name: A, value: x}]}}";
    let from = json!({"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}});
    for (written, expected) in [
        (json!([]), vec![format!(r#"{ENV}/0={{"name":"A","value":"x"}}"#)]),
        (json!([{"name": "A", "value": "x"}]), vec![]),
        (json!([{"name": "B"}, {"name": "A", "value": "y"}]), vec![format!(r#"{ENV}/1/value="x""#)]),
        (json!([from]), vec![format!(r#"{ENV}/0={{"name":"A","value":"x"}}"#)]),
    ] {
        assert_eq!(on(text, json!({"env": written})), (expected, vec![]), "{written}");
    }
}

#[test]
fn a_port_has_a_protocol_also_where_none_is_written() {
    let text = "default: {container: {ports: [{containerPort: 80, name: web}, {containerPort: 53, protocol: UDP}]}}";
    let (edits, _) = on(text, json!({"ports": [{"containerPort": 80}, {"containerPort": 53}]}));
    assert_eq!(
        edits,
        [
            r#"/spec/containers/0/ports/0/name="web""#,
            r#"/spec/containers/0/ports/2={"containerPort":53,"protocol":"UDP"}"#,
        ]
    );
}

#[test]
fn a_handler_is_filled_in_only_where_there_is_none() {
    let text = "default: {container: {livenessProbe: {httpGet: {port: 80, path: /up}, periodSeconds: 5}}}";
    let (edits, withheld) = on(text, json!({}));
    assert_eq!(edits, [r#"/spec/containers/0/livenessProbe={"httpGet":{"path":"/up","port":80},"periodSeconds":5}"#]);
    assert_eq!(withheld, [""; 0]);
    let probe = "spec.containers[0].livenessProbe";
    let (edits, withheld) = on(text, json!({"livenessProbe": {"exec": {"command": ["true"]}}}));
    assert_eq!(edits, ["/spec/containers/0/livenessProbe/periodSeconds=5"]);
    assert_eq!(withheld, [format!("p/r={probe}.httpGet:invalid")]);
    let (edits, withheld) = on(text, json!({"livenessProbe": {"httpGet": {"port": 8080}, "periodSeconds": 10}}));
    assert_eq!(edits, [""; 0]);
    assert_eq!(withheld, [format!("p/r={probe}.httpGet:authored"), format!("p/r={probe}.periodSeconds:authored")]);
    // A part without a handler is for the probes that there are.
    let period = "default: {container: {livenessProbe: {periodSeconds: 5}}}";
    assert_eq!(on(period, json!({})), (vec![], vec![]));
}

#[test]
fn an_override_takes_the_place_of_another_handler() {
    let text =
        "override: {container: {livenessProbe: {httpGet: {port: 80}}, lifecycle: {preStop: {sleep: {seconds: 5}}}}}";
    let (edits, withheld) = on(
        text,
        json!({"livenessProbe": {"exec": {"command": ["true"]}, "periodSeconds": 7},
            "lifecycle": {"preStop": {"exec": {"command": ["true"]}}}}),
    );
    let kept =
        r#""failureThreshold":3,"httpGet":{"port":80},"periodSeconds":7,"successThreshold":1,"timeoutSeconds":1"#;
    assert_eq!(
        edits,
        [
            format!("/spec/containers/0/livenessProbe={{{kept}}}"),
            r#"/spec/containers/0/lifecycle/preStop={"sleep":{"seconds":5}}"#.to_owned(),
        ]
    );
    assert_eq!(withheld, [""; 0]);
}

#[test]
fn a_map_is_merged_by_key_and_an_atomic_list_is_set_as_a_whole_where_there_is_none() {
    let text = "default: {pod: {spec: {nodeSelector: {pool: spot}, tolerations: [{key: spot, operator: Exists}], \
        affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, podAffinityTerm: \
        {topologyKey: zone, labelSelector: {matchLabels: {app: web}}}}]}}}}}";
    let review = Review::create(&rule(text), applied(&pod(json!({"nodeSelector": {"disk": "ssd"}}))));
    let edits = review.edits();
    assert_eq!(
        edits[..2],
        [
            r#"/spec/nodeSelector/pool="spot""#.to_owned(),
            r#"/spec/tolerations=[{"key":"spot","operator":"Exists"}]"#.to_owned()
        ]
    );
    assert!(edits.len() == 3 && edits[2].starts_with("/spec/affinity={\"podAntiAffinity\""), "{edits:?}");
    assert_eq!(Review::create(&rule(text), review.edited()).edits(), [""; 0]);
    let own = json!({"nodeSelector": {"pool": "big"}, "tolerations": [{"key": "x"}], "affinity": {"nodeAffinity": {}}});
    let review = Review::create(&rule(text), applied(&pod(own)));
    assert_eq!(review.withheld(), ["p/r=spec.nodeSelector.pool:authored", "p/r=spec.tolerations:authored"]);
    assert_eq!(review.edits().len(), 1, "{:?}", review.edits());
}

#[test]
fn a_volume_and_its_mount_are_injected() {
    let text = "default: {pod: {spec: {volumes: [{name: tmp, emptyDir: {sizeLimit: 64Mi}}]}}, \
        container: {volumeMounts: [{name: tmp, mountPath: /tmp}]}}";
    let object = json!({"volumes": [{"name": "data", "emptyDir": {}}], "containers": [container(json!({"volumeMounts":
        [{"name": "data", "mountPath": "/tmp"}]})), {"name": "b", "image": "nginx:1"}]});
    let review = Review::create(&rule(text), applied(&pod(object)));
    assert_eq!(
        review.edits(),
        [
            r#"/spec/volumes/1={"emptyDir":{"sizeLimit":"64Mi"},"name":"tmp"}"#,
            r#"/spec/containers/1/volumeMounts=[{"mountPath":"/tmp","name":"tmp"}]"#,
        ]
    );
    assert_eq!(review.withheld(), ["p/r=spec.containers[0].volumeMounts[0].name:authored"]);
}

#[test]
fn an_expression_may_take_any_place_in_a_value() {
    let text = "default: {container: {env: [{name: POD_APP, value: {$expression: \"pod.metadata.?labels.?app.orValue('none')\"}}, \
        {name: OPT, value: {$expression: optional.none()}}], \
        args: {$expression: \"['--name', container.name]\"}}}";
    let (edits, withheld) = on(text, json!({}));
    assert_eq!(
        edits,
        [
            format!(r#"{ENV}=[{{"name":"POD_APP","value":"none"}},{{"name":"OPT"}}]"#),
            r#"/spec/containers/0/args=["--name","a"]"#.to_owned(),
        ]
    );
    assert_eq!(withheld, [""; 0]);
    let wrong = "default: {container: {env: {$expression: \"[{'name': 'A', 'value': dyn(1)}]\"}}}";
    assert_eq!(on(wrong, json!({})), (vec![], vec!["p/r=spec.containers[0].env:invalid".to_owned()]));
}

#[test]
fn what_the_api_server_does_not_write_is_no_edit() {
    let text = "override: {pod: {spec: {hostPID: false, hostIPC: false, hostname: '', securityContext: {runAsNonRoot: false}}}, \
        container: {tty: false, env: [{name: A, value: ''}]}}";
    let review = Review::create(&rule(text), applied(&pod(json!({"hostPID": true}))));
    assert_eq!(
        review.edits(),
        [
            "/spec/hostPID=false".to_owned(),
            "/spec/securityContext/runAsNonRoot=false".to_owned(),
            format!(r#"{ENV}=[{{"name":"A","value":""}}]"#),
        ]
    );
    let mut stored = review.edited();
    stored["spec"].as_object_mut().unwrap().remove("hostPID");
    stored["spec"]["containers"][0]["env"] = json!([{"name": "A"}]);
    assert_eq!(Review::create(&rule(text), stored.clone()).edits(), [""; 0]);
    assert_eq!(Review::create(&rule(text), stored).violations(), [""; 0]);
    // In parts of a value that is set as a whole, too.
    let text = "override: {pod: {spec: {volumes: [{name: v, nfs: {server: s, path: /, readOnly: false}}], \
        tolerations: [{key: a, value: ''}]}}}";
    let stored =
        json!({"volumes": [{"name": "v", "nfs": {"server": "s", "path": "/"}}], "tolerations": [{"key": "a"}]});
    assert_eq!(Review::create(&rule(text), applied(&pod(stored))).edits(), [""; 0]);
}

#[test]
fn two_rules_that_add_one_element_meet_by_its_key() {
    let rules = "mode: Enforce, rules: [\
        {name: a, default: {container: {env: [{name: A, value: x}]}}}, \
        {name: b, default: {container: {env: [{name: A, value: z}, {name: B, value: z}]}}}]";
    let review = Review::create(&cluster("p", rules), applied(&pod(json!({}))));
    assert_eq!(review.edits(), [format!(r#"{ENV}=[{{"name":"A","value":"x"}},{{"name":"B","value":"z"}}]"#)]);
    assert_eq!(review.withheld(), ["p/b=spec.containers[0].env[0].value:conflict"]);
    assert_eq!(Review::create(&cluster("p", rules), review.edited()).edits(), [""; 0]);
}

#[test]
fn fields_from_which_others_were_derived_are_edited_in_templates_only() {
    for (field, value, shown) in [
        ("priorityClassName", "high", "\"high\""),
        ("automountServiceAccountToken", "false", "false"),
        ("hostNetwork", "true", "true"),
        ("serviceAccountName", "robot", "\"robot\""),
        ("runtimeClassName", "gvisor", "\"gvisor\""),
    ] {
        for verb in ["default", "override"] {
            let text = rule(&format!("{verb}: {{pod: {{spec: {{{field}: {value}}}}}}}"));
            let template = Review::create(&text, applied(&deployment(json!({}))));
            assert_eq!(template.edits(), [format!("/spec/template/spec/{field}={shown}")]);
            for object in [pod(json!({})), made_pod(json!({}))] {
                assert_eq!(Review::create(&text, applied(&object)).edits(), [""; 0], "{field}");
            }
        }
    }
}
