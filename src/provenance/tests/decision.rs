//! Deployments as the API server sends them, by the way in which they reached it.

use super::*;

const FIELD: &str = "spec.terminationGracePeriodSeconds";

fn grace(seconds: i64, old: Option<i64>, applied: Option<&str>, entries: &[String]) -> String {
    let object = |seconds| {
        let spec = format!(r#","terminationGracePeriodSeconds":{seconds}"#);
        deployment(&signals(applied, entries), &spec, r#","imagePullPolicy":"Always""#)
    };
    ask(&object(seconds), old.map(object).as_deref(), Base::Pod, FIELD)
}

#[test]
fn each_way_in_is_told_from_the_others() {
    let silent = deployment("", "", "");
    let explicit = deployment("", r#","terminationGracePeriodSeconds":30"#, "");
    let update = |manager: &str| entry(manager, "Update", WHOLE);
    let apply = entry("kubectl-client-side-apply", "Update", WHOLE_APPLIED);
    for (way, seconds, applied, entries, expected) in [
        ("apply, silent", 30, Some(&silent), vec![apply.clone()], "api-default"),
        ("apply, explicit", 30, Some(&explicit), vec![apply.clone()], "authored, chosen"),
        ("server-side, silent", 30, None, vec![entry("kubectl", "Apply", APPLIED)], "api-default"),
        ("server-side, explicit", 30, None, vec![entry("flux", "Apply", GRACE)], "authored, chosen"),
        ("create", 30, None, vec![update("kubectl-create")], "unknown"),
        ("create with another value", 45, None, vec![update("kubectl-create")], "authored, chosen"),
        ("helm 3", 30, None, vec![update("helm")], "unknown"),
        ("terraform", 30, None, vec![update("HashiCorp")], "authored, chosen"),
        ("terraform by its own name", 30, None, vec![update("Terraform")], "authored, chosen"),
        ("helm in terraform", 30, None, vec![update("terraform-provider-helm_v3.0.2_x5")], "unknown"),
        ("another webhook on create", 45, None, vec![entry("kubectl-create", "Update", REST)], "admission"),
        ("another webhook on apply", 45, Some(&silent), vec![entry("kubectl", "Update", REST)], "admission"),
        ("no owners at all", 45, None, vec![], "authored, chosen"),
        ("no owners and the server's value", 30, None, vec![], "unknown"),
    ] {
        assert_eq!(grace(seconds, None, applied.map(String::as_str), &entries), expected, "{way}");
    }
}

#[test]
fn updates_after_admission_set_45_keep_it_or_say_why_not() {
    let silent = deployment("", "", "");
    let silent = Some(silent.as_str());
    let update = |manager: &str, fields: &str| entry(manager, "Update", fields);
    for (way, seconds, applied, entries, expected) in [
        ("apply", 45, silent, vec![update("kubectl-client-side-apply", WHOLE_APPLIED)], "admission"),
        ("server-side", 45, None, vec![entry("kubectl", "Apply", APPLIED)], "admission"),
        ("helm's patch", 45, None, vec![update("helm", WHOLE)], "authored, chosen"),
        (
            "create, then apply",
            45,
            silent,
            vec![update("kubectl-create", WHOLE), update("kubectl-client-side-apply", ANNOTATION)],
            "authored, chosen",
        ),
        (
            "apply, then server-side, first request",
            45,
            silent,
            vec![entry("kubectl", "Apply", WHOLE)],
            "authored, chosen",
        ),
        ("apply, then server-side", 30, silent, vec![entry("kubectl", "Apply", APPLIED)], "api-default"),
        ("replace", 30, None, vec![update("kubectl-create", REST), update("kubectl-replace", GRACE)], "unknown"),
        ("edit", 30, None, vec![update("kubectl-create", REST), update("kubectl-edit", GRACE)], "authored, chosen"),
    ] {
        assert_eq!(grace(seconds, Some(45), applied, &entries), expected, "{way}");
    }
}

#[test]
fn an_annotation_that_is_older_than_the_last_change_does_not_count() {
    let silent = deployment("", "", "");
    let silent = Some(silent.as_str());
    let applier = entry("kubectl-client-side-apply", "Update", ANNOTATION);
    for (way, seconds, owner, expected) in [
        ("create, then apply", 30, entry("kubectl-create", "Update", WHOLE), "unknown"),
        ("set", 60, entry("kubectl-set", "Update", GRACE), "authored, chosen"),
        ("patch to the server's value", 30, entry("kubectl-patch", "Update", GRACE), "authored, chosen"),
        ("edit that adds a container, too", 30, entry("kubectl-edit", "Update", WHOLE), "authored, chosen"),
        ("some tool", 60, entry("tool", "Update", GRACE), "authored, chosen"),
        ("some tool that may have left it out", 30, entry("tool", "Update", GRACE), "authored"),
    ] {
        assert_eq!(grace(seconds, None, silent, &[owner, applier.clone()]), expected, "{way}");
    }
}

#[test]
fn an_annotation_of_another_object_does_not_count() {
    let entries = [entry("kubectl-create", "Update", WHOLE)];
    let other = |from: &str, to: &str| {
        let explicit = deployment("", r#","terminationGracePeriodSeconds":30"#, "");
        assert!(explicit.contains(from));
        explicit.replacen(from, to, 1)
    };
    for (applied, expected) in [
        (other("", ""), "authored, chosen"),
        (other(r#""namespace":"shop""#, r#""uid":"""#), "authored, chosen"),
        (other("shop", "test"), "unknown"),
        (other(r#""name":"web""#, r#""name":"web2""#), "unknown"),
        (other(r#""name":"web""#, r#""generateName":"web-""#), "unknown"),
        (other("Deployment", "StatefulSet"), "unknown"),
        (other("apps/v1", "apps/v1beta1"), "unknown"),
        (other("}", ""), "unknown"),
        (String::new(), "unknown"),
        ("[]".to_owned(), "unknown"),
        (other(":30", ":null"), "unknown"),
    ] {
        assert_eq!(grace(30, None, Some(&applied), &entries), expected, "{applied}");
    }
}

#[test]
fn subresources_are_owners_and_no_exact_lists() {
    let sub = |operation: &str| entry("x", operation, GRACE).replacen('{', r#"{"subresource":"status","#, 1);
    assert_eq!(grace(30, None, None, &[sub("Apply")]), "unknown");
    assert_eq!(grace(45, None, None, &[sub("Update")]), "authored, chosen");
    assert_eq!(grace(30, None, None, &[entry("x", "Update", REST), sub("Apply")]), "unknown");
    let status = entry("x", "Apply", r#"{"f:status":{}}"#).replacen('{', r#"{"subresource":"status","#, 1);
    assert_eq!(grace(30, None, None, &[entry("x", "Update", REST), status]), "unknown");
}

#[test]
fn a_pull_policy_follows_its_image_or_the_one_before() {
    let entries = [entry("kubectl", "Apply", APPLIED)];
    let object = |image: &str, policy: &str| {
        deployment(&signals(None, &entries), "", &format!(r#","imagePullPolicy":"{policy}""#)).replace("nginx", image)
    };
    for (new, old, expected) in [
        (("redis", "Always"), None, "api-default"),
        (("redis:7", "IfNotPresent"), None, "api-default"),
        (("redis", "IfNotPresent"), None, "admission"),
        (("redis:7", "Always"), Some(("redis", "Always")), "api-default"),
        (("redis:7", "Always"), None, "admission"),
        (("redis:7", "Always"), Some(("redis", "IfNotPresent")), "admission"),
        (("redis:7", "Never"), Some(("redis", "Never")), "admission"),
    ] {
        let old = old.map(|(image, policy)| object(image, policy));
        assert_eq!(ask(&object(new.0, new.1), old.as_deref(), WEB, "imagePullPolicy"), expected, "{new:?}");
        let path = "spec.containers[0].imagePullPolicy";
        assert_eq!(ask(&object(new.0, new.1), old.as_deref(), Base::Pod, path), expected, "{new:?}");
    }
}

#[test]
fn paths_are_found_in_every_signal() {
    let manifest = deployment(
        "",
        r#","nodeSelector":{"disk":"ssd"},"serviceAccountName":"web","tolerations":[{"key":"spot"}]"#,
        r#","resources":{"requests":{"cpu":0.5}}"#,
    );
    let fields = r#"{"f:spec":{"f:template":{"f:metadata":{"f:labels":{"f:app.kubernetes.io/name":{}}},"f:spec":{
        "f:nodeSelector":{},"f:serviceAccountName":{},"f:tolerations":{},
        "f:containers":{"k:{\"name\":\"web\"}":{".":{},"f:resources":{"f:requests":{"f:cpu":{}}}}}}}}}"#;
    let object = |applied: Option<&str>, entries: &[String]| {
        deployment(
            &signals(applied, entries),
            r#","nodeSelector":{"disk":"ssd"},"serviceAccount":"web","serviceAccountName":"web",
            "tolerations":[{"key":"spot","operator":"Exists"}],"priority":0"#,
            r#","resources":{"requests":{"cpu":"500m","memory":"1Gi"},"limits":{}},"terminationMessagePath":null"#,
        )
    };
    let applied = object(Some(&manifest), &[entry("kubectl-client-side-apply", "Update", ANNOTATION)]);
    let server_side = object(None, &[entry("kubectl", "Apply", fields)]);
    for (base, path, expected) in [
        (Base::Pod, "metadata.labels[app.kubernetes.io/name]", "authored, chosen"),
        (Base::Pod, "spec.nodeSelector.disk", "authored, chosen"),
        (Base::Pod, "spec.nodeSelector", "authored, chosen"),
        (Base::Pod, "spec.serviceAccountName", "authored, chosen"),
        (Base::Pod, "spec.serviceAccount", "authored, chosen"),
        (Base::Pod, "spec.tolerations", "authored, chosen"),
        (Base::Pod, "spec.tolerations[0].key", "authored, chosen"),
        (Base::Pod, "spec.priority", "admission"),
        (Base::Pod, "spec.priorityClassName", "nothing"),
        (WEB, "resources", "authored, chosen"),
        (WEB, "resources.requests.cpu", "authored, chosen"),
        (WEB, "resources.requests.memory", "admission"),
        (WEB, "resources.requests.storage", "nothing"),
        (WEB, "terminationMessagePath", "nothing"),
        (Base::Container(List::Main, 1), "name", "nothing"),
        (Base::Container(List::Init, 0), "name", "nothing"),
    ] {
        assert_eq!(ask(&server_side, None, base, path), expected, "server-side {path}");
        let manifest_knows =
            path != "metadata.labels[app.kubernetes.io/name]" || manifest.contains("app.kubernetes.io");
        assert!(manifest_knows);
        assert_eq!(ask(&applied, None, base, path), expected, "apply {path}");
    }
    // The list has one owner, but the manifest shows what its author wrote in it.
    let operator = "spec.tolerations[0].operator";
    assert_eq!(ask(&server_side, None, Base::Pod, operator), "authored, chosen");
    assert_eq!(ask(&applied, None, Base::Pod, operator), "admission");
}

#[test]
fn what_a_single_field_manager_filled_in_with_a_new_container_is_not_its_authors() {
    let entries = [entry("kubectl-edit", "Update", WHOLE)];
    let object = deployment(&signals(None, &entries), "", r#","imagePullPolicy":"Always""#);
    assert_eq!(ask(&object, None, WEB, "imagePullPolicy"), "unknown");
}

#[test]
fn containers_are_found_by_name_wherever_they_stand() {
    let side = r#"{"name":"side","image":"side:1","imagePullPolicy":"IfNotPresent"}"#;
    let manifest = deployment("", "", r#","imagePullPolicy":"Always""#);
    let first = manifest.replace(r#""containers":["#, &format!(r#""containers":[{side},"#));
    let applier = [entry("kubectl-client-side-apply", "Update", WHOLE_APPLIED)];
    let object = deployment(&signals(Some(&first), &applier), "", r#","imagePullPolicy":"Always""#);
    assert_eq!(ask(&object, None, WEB, "imagePullPolicy"), "authored, chosen");

    let entries = [entry("kubectl", "Apply", APPLIED)];
    let container = r#","imagePullPolicy":"Always""#;
    let new = deployment(&signals(None, &entries), "", container).replace("nginx", "nginx:1.27");
    let old = deployment("", "", container).replace(r#""containers":["#, &format!(r#""containers":[{side},"#));
    assert_eq!(ask(&new, Some(&old), WEB, "imagePullPolicy"), "api-default");
    assert_eq!(ask(&new, None, WEB, "imagePullPolicy"), "admission");
}

#[test]
fn nothing_is_read_before_it_is_needed() {
    let arena = Bump::new();
    let applied = deployment("", "", "");
    let entries = [entry("kubectl", "Apply", GRACE), entry("kubectl-client-side-apply", "Update", ANNOTATION)];
    let spec = r#","terminationGracePeriodSeconds":30"#;
    let text = deployment(&signals(Some(&applied), &entries), spec, r#","imagePullPolicy":"Always""#);
    let workload = Workload::of(Kind::Deployment, json::parse(&arena, text.as_bytes(), &Limits::REVIEW).unwrap());
    let review = json::parse(
        &arena,
        br#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"CREATE",
        "object":{}}}"#,
        &Limits::REVIEW,
    );
    let request = Request::of(review.unwrap()).unwrap();
    let intent = Intent::of_request(&arena, &request, workload.unwrap(), None, None);
    let read = || match &intent.witness {
        Witness::Request { entries, last_applied, .. } => (entries.get().is_some(), last_applied.get().is_some()),
        Witness::File(_) => (false, false),
    };
    assert_eq!(answer(&intent, WEB, "resources.limits.cpu"), "nothing");
    assert_eq!(read(), (false, false));
    assert_eq!(answer(&intent, Base::Pod, FIELD), "authored, chosen");
    assert_eq!(read(), (true, false));
    assert_eq!(answer(&intent, WEB, "imagePullPolicy"), "api-default");
    assert_eq!(read(), (true, true));
}
