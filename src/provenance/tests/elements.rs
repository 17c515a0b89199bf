//! Elements of lists have owners of their own, where the API merges the lists by keys.

use super::*;

/// A Pod with ports, a probe, variables, volumes and what the plug-ins add, as the API server sends it.
fn pod(signals: &str) -> String {
    format!(
        r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"web","namespace":"shop"{signals}}},"spec":{{
        "serviceAccountName":"default","serviceAccount":"default","priority":0,"preemptionPolicy":"PreemptLowerPriority",
        "imagePullSecrets":[{{"name":"of-account"}}],
        "tolerations":[
            {{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}},
            {{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}}],
        "volumes":[{{"name":"conf","configMap":{{"name":"c","defaultMode":420}}}},
            {{"name":"kube-api-access-7x2kq","projected":{{"defaultMode":420,"sources":[
                {{"serviceAccountToken":{{"expirationSeconds":3607,"path":"token"}}}}]}}}}],
        "containers":[{{"name":"web","image":"nginx",
            "ports":[{{"containerPort":53,"protocol":"UDP"}},{{"containerPort":53,"protocol":"TCP"}}],
            "env":[{{"name":"B","valueFrom":{{"fieldRef":{{"apiVersion":"v1","fieldPath":"spec.nodeName"}}}}}}],
            "volumeMounts":[{{"name":"conf","mountPath":"/conf"}},
                {{"name":"kube-api-access-7x2kq","mountPath":"/var/run/secrets/kubernetes.io/serviceaccount","readOnly":true}}],
            "livenessProbe":{{"tcpSocket":{{"port":80}},"timeoutSeconds":1}}}}]}}}}"#
    )
}

const MANIFEST: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop"},"spec":{
    "volumes":[{"name":"conf","configMap":{"name":"c"}}],
    "containers":[{"name":"web","image":"nginx","ports":[{"containerPort":53},{"containerPort":53,"protocol":"UDP"}],
    "env":[{"name":"A","value":"1"},{"name":"B","valueFrom":{"fieldRef":{"fieldPath":"spec.nodeName"}}}],
    "volumeMounts":[{"mountPath":"/conf","name":"conf"}],"livenessProbe":{"tcpSocket":{"port":80}}}]}}"#;

/// What server-side apply of the manifest owns.
const APPLIED: &str = r#"{"f:spec":{
    "f:volumes":{"k:{\"name\":\"conf\"}":{".":{},"f:name":{},"f:configMap":{"f:name":{}}}},
    "f:containers":{"k:{\"name\":\"web\"}":{".":{},"f:name":{},"f:image":{},
    "f:ports":{"k:{\"containerPort\":53,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}},
        "k:{\"containerPort\":53,\"protocol\":\"UDP\"}":{".":{},"f:containerPort":{},"f:protocol":{}}},
    "f:env":{"k:{\"name\":\"B\"}":{".":{},"f:name":{},"f:valueFrom":{"f:fieldRef":{}}}},
    "f:volumeMounts":{"k:{\"mountPath\":\"/conf\"}":{".":{},"f:mountPath":{},"f:name":{}}},
    "f:livenessProbe":{"f:tcpSocket":{"f:port":{}}}}}}}"#;

#[test]
fn each_element_is_told_by_its_keys_in_every_signal() {
    let arena = Bump::new();
    let parse = |text: &str| json::parse(&arena, arena.alloc_str(text).as_bytes(), &Limits::FILE).unwrap();
    let server_side = pod(&signals(None, &[entry("kubectl", "Apply", APPLIED)]));
    let applied = pod(&signals(Some(MANIFEST), &[entry("kubectl-client-side-apply", "Update", ANNOTATION)]));
    let workload = Workload::of(Kind::Pod, parse(&pod(""))).unwrap();
    let authored = Authored { object: parse(MANIFEST), way: Way::Apply };
    let file = Intent::of_file(&arena, authored, workload, None, None);
    let written = "authored, chosen";
    for (base, path, expected) in [
        (WEB, "ports[0].protocol", written),
        (WEB, "ports[0].containerPort", written),
        (WEB, "ports[1].protocol", "api-default"),
        (WEB, "ports[1].containerPort", written),
        (WEB, "ports[1]", written),
        (WEB, "env[0].name", written),
        (WEB, "livenessProbe.timeoutSeconds", "api-default"),
        (WEB, "volumeMounts[0].name", written),
        (WEB, "volumeMounts[1]", "admission"),
        (WEB, "volumeMounts[1].readOnly", "admission"),
        (Base::Pod, "spec.volumes[0].configMap.defaultMode", "api-default"),
        (Base::Pod, "spec.volumes[0].configMap.name", written),
        (Base::Pod, "spec.volumes[1]", "admission"),
        (Base::Pod, "spec.volumes[1].projected.defaultMode", "admission"),
        (Base::Pod, "spec.volumes[1].projected.sources[0].serviceAccountToken.path", "admission"),
        (Base::Pod, "spec.tolerations", "admission"),
        (Base::Pod, "spec.tolerations[1].key", "admission"),
        (Base::Pod, "spec.imagePullSecrets[0].name", "admission"),
        (Base::Pod, "spec.serviceAccountName", "admission"),
        (Base::Pod, "spec.serviceAccount", "admission"),
        (Base::Pod, "spec.priority", "admission"),
        (Base::Pod, "spec.preemptionPolicy", "admission"),
    ] {
        assert_eq!(answer(&file, base, path), expected, "file {path}");
        assert_eq!(ask(&applied, None, base, path), expected, "apply {path}");
        assert_eq!(ask(&server_side, None, base, path), expected, "server-side {path}");
    }
    // One owner for the whole reference, but the file shows what its author wrote.
    let version = "env[0].valueFrom.fieldRef.apiVersion";
    assert_eq!(ask(&server_side, None, WEB, version), written);
    assert_eq!(answer(&file, WEB, version), "api-default");
    assert_eq!(ask(&applied, None, WEB, version), "api-default");
}

#[test]
fn a_plug_in_is_known_by_its_work_also_where_no_owners_are_listed() {
    for (path, expected) in [
        ("spec.volumes[1]", Some(PlugIn::ServiceAccount)),
        ("spec.containers[0].volumeMounts[1]", Some(PlugIn::ServiceAccount)),
        ("spec.serviceAccountName", Some(PlugIn::ServiceAccount)),
        ("spec.tolerations", Some(PlugIn::DefaultTolerationSeconds)),
        ("spec.priority", Some(PlugIn::Priority)),
        ("spec.volumes[0]", None),
        ("spec.containers[0].volumeMounts[0]", None),
        ("spec.containers[0].image", None),
    ] {
        let explanation = explain(&pod(""), path);
        let plug_in = match explanation.evidence {
            Evidence::PlugIn(plug_in) => Some(plug_in),
            _ => None,
        };
        assert_eq!(plug_in, expected, "{path}");
        let provenance = if plug_in.is_some() { Provenance::Admission } else { Provenance::Authored };
        assert_eq!(explanation.provenance, provenance, "{path}");
    }
}

#[test]
fn what_an_author_wrote_is_not_a_plug_in_s_work() {
    let text = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop"},"spec":{
        "serviceAccountName":"default","priority":0,"containers":[{"name":"web","image":"nginx"}]}}"#;
    let object = pod(&signals(Some(text), &[entry("kubectl-client-side-apply", "Update", ANNOTATION)]));
    assert_eq!(ask(&object, None, Base::Pod, "spec.serviceAccountName"), "authored, chosen");
    assert_eq!(ask(&object, None, Base::Pod, "spec.serviceAccount"), "authored, chosen");
    assert_eq!(ask(&object, None, Base::Pod, "spec.priority"), "authored, chosen");
    assert_eq!(ask(&object, None, Base::Pod, "spec.preemptionPolicy"), "admission");
}

#[test]
fn limit_ranger_says_in_an_annotation_what_it_set() {
    let object = |annotation: &str| {
        format!(
            r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"web","annotations":{{
            "kubernetes.io/limit-ranger":"{annotation}"}}}},"spec":{{"containers":[{{"name":"web","image":"nginx",
            "resources":{{"limits":{{"cpu":"1","memory":"1Gi"}},"requests":{{"cpu":"1","memory":"1Gi"}}}}}}]}}}}"#
        )
    };
    let said = "LimitRanger plugin set: cpu request for container web; cpu, memory limit for container web";
    let other = "LimitRanger plugin set: cpu, memory request for container aux; cpu limit for init container web";
    for (annotation, path, expected) in [
        (said, "resources.limits.cpu", Provenance::Admission),
        (said, "resources.limits.memory", Provenance::Admission),
        (said, "resources.requests.cpu", Provenance::Admission),
        (other, "resources.limits.cpu", Provenance::Authored),
        ("nonsense", "resources.limits.cpu", Provenance::Authored),
    ] {
        let path = format!("spec.containers[0].{path}");
        assert_eq!(explain(&object(annotation), &path).provenance, expected, "{annotation} {path}");
    }
    let path = "spec.containers[0].resources.limits.cpu";
    assert_eq!(explain(&object(said), path).evidence, Evidence::PlugIn(PlugIn::LimitRanger));
}

struct Explained {
    provenance: Provenance,
    evidence: Evidence<'static>,
}

/// The explanation for a field of a Pod that was sent without owners.
fn explain(object: &str, path: &str) -> Explained {
    let arena = Box::leak(Box::new(Bump::new()));
    let object = json::parse(arena, arena.alloc_str(object).as_bytes(), &Limits::REVIEW).unwrap();
    let workload = Workload::of(Kind::Pod, object).unwrap();
    let review = br#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"CREATE","object":{}}}"#;
    let request = Request::read(arena, review, &Limits::REVIEW).unwrap();
    let intent = Intent::of_request(arena, &request, workload, None, None);
    let explanation = intent.explain(Base::Pod, Path::parse(path).unwrap().steps()).unwrap();
    Explained { provenance: explanation.provenance, evidence: explanation.evidence }
}
