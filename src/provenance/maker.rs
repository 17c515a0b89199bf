//! Who made a Pod: a controller, or a node that mirrors a Pod of its own.
//!
//! Policies spare or soften on these answers, so they rest on who asks. A label or an annotation is anybody's to write.

use crate::review::request::Request;
use crate::workload::{Kind, Workload};

/// As whom the controllers speak where each has no service account of its own.
const CONTROLLER_MANAGER: &str = "system:kube-controller-manager";

/// The kind whose controller made this Pod; [`None`] for anything else.
///
/// The owner reference counts only if the user is that controller. With `owners_believed` the reference is enough, for
/// files, which no user sends.
pub fn made_by(request: &Request<'_>, workload: &Workload<'_>, owners_believed: bool) -> Option<Kind> {
    if workload.kind != Kind::Pod {
        return None;
    }
    let kind = workload.controller_kind()?;
    let user = kind.controller_user()?;
    let is_controller = request.user == user || request.user == CONTROLLER_MANAGER;
    (owners_believed || is_controller).then_some(kind)
}

/// Whether this is a mirror Pod that a node made of a Pod which it runs from a file. A kubelet deletes one that was
/// changed.
pub fn is_mirror_of_node(request: &Request<'_>, workload: &Workload<'_>) -> bool {
    let of_pods = request.workload_resource() == Some(Kind::Pod) && request.sub_resource.is_empty();
    let annotation = ["metadata", "annotations", "kubernetes.io/config.mirror"];
    of_pods && request.is_in_group("system:nodes") && workload.object.fields(&annotation).is_some()
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use super::*;
    use crate::document::{Limits, json};

    fn ask<T>(review: &str, question: impl Fn(&Request<'_>, &Workload<'_>) -> T) -> T {
        let arena = Bump::new();
        let review = json::parse(&arena, review.as_bytes(), &Limits::REVIEW).unwrap();
        let request = Request::of(review).unwrap();
        let workload = Workload::of(request.workload_kind().unwrap(), request.object.unwrap()).unwrap();
        question(&request, &workload)
    }

    fn review(resource: &str, user: &str, group: &str, metadata: &str) -> String {
        let (version, kind, spec) = match resource {
            "pods" => (r#""version":"v1""#, "Pod", r#""spec":{"containers":[{"name":"a"}]}"#),
            _ => (
                r#""group":"apps","version":"v1""#,
                "Deployment",
                r#""spec":{"template":{"spec":{"containers":[{"name":"a"}]}}}"#,
            ),
        };
        format!(
            r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"u","operation":"CREATE",
            "kind":{{{version},"kind":"{kind}"}},"resource":{{{version},"resource":"{resource}"}},
            "userInfo":{{"username":"{user}","groups":["{group}"]}},
            "object":{{"kind":"{kind}","metadata":{{{metadata}}},{spec}}}}}}}"#
        )
    }

    #[test]
    fn a_pod_was_made_by_its_controller_if_that_controller_asks() {
        let owner = |version: &str, kind: &str| {
            format!(r#""ownerReferences":[{{"apiVersion":"{version}","kind":"{kind}","controller":true}}]"#)
        };
        let replica_set = owner("apps/v1", "ReplicaSet");
        let by = "system:serviceaccount:kube-system:replicaset-controller";
        let made = Some(Kind::ReplicaSet);
        for (resource, user, metadata, in_cluster, in_file) in [
            ("pods", by, replica_set.as_str(), made, made),
            ("pods", CONTROLLER_MANAGER, &replica_set, made, made),
            ("pods", "system:serviceaccount:kube-system:job-controller", &replica_set, None, made),
            ("pods", "system:serviceaccount:shop:replicaset-controller", &replica_set, None, made),
            ("pods", "admin", &replica_set, None, made),
            ("pods", "", &replica_set, None, made),
            ("pods", by, "", None, None),
            ("pods", by, &replica_set.replace("true", "false"), None, None),
            ("pods", CONTROLLER_MANAGER, &owner("apps/v1", "Deployment"), None, None),
            ("pods", CONTROLLER_MANAGER, &owner("argoproj.io/v1alpha1", "Rollout"), None, None),
            ("deployments", CONTROLLER_MANAGER, &replica_set, None, None),
        ] {
            let review = review(resource, user, "", metadata);
            assert_eq!(ask(&review, |request, workload| made_by(request, workload, false)), in_cluster, "{review}");
            assert_eq!(ask(&review, |request, workload| made_by(request, workload, true)), in_file, "{review}");
        }
    }

    #[test]
    fn only_a_node_makes_mirror_pods() {
        let mirror = r#""annotations":{"kubernetes.io/config.mirror":"abc"}"#;
        for (resource, group, metadata, expected) in [
            ("pods", "system:nodes", mirror, true),
            ("pods", "system:masters", mirror, false),
            ("pods", "system:nodes", "", false),
            ("deployments", "system:nodes", mirror, false),
        ] {
            let review = review(resource, "system:node:a", group, metadata);
            assert_eq!(ask(&review, is_mirror_of_node), expected, "{review}");
        }
    }
}
