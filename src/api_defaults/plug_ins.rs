//! What the plug-ins that every API server runs put into a new Pod before any webhook is called.
//!
//! ServiceAccount, Priority and DefaultTolerationSeconds, in this order, as they do it where nothing but defaults is
//! known: the service account mounts its token and has no pull secrets, no PriorityClass is the global default. The name
//! of the token's volume ends in five characters that the API server draws, so here it ends in `xxxxx`.
//! Source: `plugin/pkg/admission/{serviceaccount,priority,defaulttolerationseconds}` of Kubernetes 1.37.

use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;

use crate::api_defaults::shape::each_at;
use crate::document::{Member, Step, Value, edit};

/// The service account of a Pod that names none.
pub const DEFAULT_ACCOUNT: &str = "default";
/// How the name of the volume of a token begins.
pub const TOKEN_VOLUME: &str = "kube-api-access-";
/// Where the token is mounted.
pub const TOKEN_MOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// In place of a name that the API server draws.
const VOLUME: &str = "kube-api-access-xxxxx";

/// The classes that every cluster has.
const CLASSES: [(&str, i64); 2] = [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];

/// What DefaultTolerationSeconds adds where nothing tolerates the same taint.
pub const TOLERATIONS: [Value<'static>; 2] = [
    Value::Object(&[
        of("key", Value::String("node.kubernetes.io/not-ready")),
        of("operator", Value::String("Exists")),
        of("effect", Value::String("NoExecute")),
        of("tolerationSeconds", Value::Int(300)),
    ]),
    Value::Object(&[
        of("key", Value::String("node.kubernetes.io/unreachable")),
        of("operator", Value::String("Exists")),
        of("effect", Value::String("NoExecute")),
        of("tolerationSeconds", Value::Int(300)),
    ]),
];

/// The volume of a token, which lives seven seconds longer than an hour: by that the API server knows its own.
const TOKEN: Value<'static> = Value::Object(&[
    of("name", Value::String(VOLUME)),
    of(
        "projected",
        Value::Object(&[
            of("sources", Value::Array(&[ACCOUNT_TOKEN, AUTHORITY, NAMESPACE])),
            of("defaultMode", Value::Int(0o644)),
        ]),
    ),
]);

const ACCOUNT_TOKEN: Value<'static> = Value::Object(&[of(
    "serviceAccountToken",
    Value::Object(&[of("expirationSeconds", Value::Int(3607)), of("path", Value::String("token"))]),
)]);

const AUTHORITY: Value<'static> = Value::Object(&[of(
    "configMap",
    Value::Object(&[
        of(
            "items",
            Value::Array(&[Value::Object(&[of("key", Value::String("ca.crt")), of("path", Value::String("ca.crt"))])]),
        ),
        of("name", Value::String("kube-root-ca.crt")),
    ]),
)]);

const NAMESPACE: Value<'static> = Value::Object(&[of(
    "downwardAPI",
    Value::Object(&[of(
        "items",
        Value::Array(&[Value::Object(&[
            of(
                "fieldRef",
                Value::Object(&[
                    of("apiVersion", Value::String("v1")),
                    of("fieldPath", Value::String("metadata.namespace")),
                ]),
            ),
            of("path", Value::String("namespace")),
        ])]),
    )]),
)]);

/// The new Pod with what they add. What is of the wrong type stays as it is.
pub fn applied<'a>(arena: &'a Bump, pod: Value<'a>) -> Value<'a> {
    let Some(Value::Object(_)) = pod.field("spec") else { return pod };
    let is_mirror = pod.fields(&["metadata", "annotations", "kubernetes.io/config.mirror"]).is_some();
    // A kubelet deletes a mirror Pod that was changed.
    let pod = if is_mirror { pod } else { with_account(arena, pod) };
    with_tolerations(arena, with_priority(arena, pod))
}

/// The Pod that exists with what they add when it is updated.
pub fn updated<'a>(arena: &'a Bump, pod: Value<'a>) -> Value<'a> {
    if matches!(pod.field("spec"), Some(Value::Object(_))) { with_tolerations(arena, pod) } else { pod }
}

fn spec<'a>(arena: &'a Bump, pod: Value<'a>, key: &'static str, value: Value<'a>) -> Value<'a> {
    edit::set(arena, pod, &[Step::key("spec"), Step::key(key)], value).unwrap_or(pod)
}

fn with_account<'a>(arena: &'a Bump, pod: Value<'a>) -> Value<'a> {
    let is_named = |key: &str| pod.text(&["spec", key]).is_some_and(|name| !name.is_empty());
    let named = ["serviceAccountName", "serviceAccount"].into_iter().filter(|key| !is_named(key));
    let pod = named.fold(pod, |pod, key| spec(arena, pod, key, Value::String(DEFAULT_ACCOUNT)));
    let mounts = pod.fields(&["spec", "automountServiceAccountToken"]).and_then(Value::as_bool) != Some(false);
    if mounts { with_token(arena, pod) } else { pod }
}

fn with_token<'a>(arena: &'a Bump, pod: Value<'a>) -> Value<'a> {
    let volumes = pod.fields(&["spec", "volumes"]).unwrap_or(Value::Array(&[]));
    let names = || volumes.elements().iter().filter_map(|volume| volume.text(&["name"]));
    let known = names().find(|name| name.starts_with(TOKEN_VOLUME));
    let mount = arena.alloc_slice_copy(&[
        Member { key: "name", value: Value::String(known.unwrap_or(VOLUME)) },
        Member { key: "readOnly", value: Value::Bool(true) },
        Member { key: "mountPath", value: Value::String(TOKEN_MOUNT) },
    ]);
    let mut is_mounted = false;
    let mut pod = pod;
    for list in ["initContainers", "containers"] {
        pod = each_at(arena, pod, ["spec", list], |container| {
            let mounts = container.field("volumeMounts").unwrap_or(Value::Array(&[]));
            let is_taken = |mount: &Value<'_>| mount.text(&["mountPath"]) == Some(TOKEN_MOUNT);
            if !matches!(container, Value::Object(_)) || mounts.elements().iter().any(is_taken) {
                return container;
            }
            is_mounted = true;
            let mounts = with(arena, mounts, &[Value::Object(mount)]);
            edit::set(arena, container, &[Step::key("volumeMounts")], mounts).unwrap_or(container)
        });
    }
    if is_mounted && known.is_none() { spec(arena, pod, "volumes", with(arena, volumes, &[TOKEN])) } else { pod }
}

/// Of a class that not every cluster has nothing is known.
fn with_priority<'a>(arena: &'a Bump, pod: Value<'a>) -> Value<'a> {
    let class = pod.text(&["spec", "priorityClassName"]).unwrap_or_default();
    let known = CLASSES.iter().find(|(name, _)| *name == class).map(|(_, priority)| *priority);
    let Some(priority) = known.or(class.is_empty().then_some(0)) else { return pod };
    let values = [("priority", Value::Int(priority)), ("preemptionPolicy", Value::String("PreemptLowerPriority"))];
    let missing = values.into_iter().filter(|(key, _)| pod.fields(&["spec", key]).is_none());
    missing.fold(pod, |pod, (key, value)| spec(arena, pod, key, value))
}

fn with_tolerations<'a>(arena: &'a Bump, pod: Value<'a>) -> Value<'a> {
    let tolerations = pod.fields(&["spec", "tolerations"]).unwrap_or(Value::Array(&[]));
    let tolerates = |taint: &Value<'_>| {
        tolerations.elements().iter().any(|toleration| {
            let text = |key| toleration.text(&[key]).unwrap_or_default();
            let key = taint.text(&["key"]).unwrap_or_default();
            (text("key").is_empty() || text("key") == key) && matches!(text("effect"), "" | "NoExecute")
        })
    };
    let missing: Vec<_> = TOLERATIONS.into_iter().filter(|taint| !tolerates(taint)).collect();
    if missing.is_empty() { pod } else { spec(arena, pod, "tolerations", with(arena, tolerations, &missing)) }
}

fn with<'a>(arena: &'a Bump, list: Value<'a>, more: &[Value<'a>]) -> Value<'a> {
    let elements = list.elements().iter().chain(more).copied();
    Value::Array(BumpVec::from_iter_in(elements, arena).into_bump_slice())
}

const fn of(key: &'static str, value: Value<'static>) -> Member<'static> {
    Member { key, value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api_defaults::read;
    use crate::api_defaults::shape::same;

    fn spec_of(pod: &str) -> String {
        let arena = Bump::new();
        applied(&arena, read(&arena, pod)).field("spec").unwrap_or_default().to_string()
    }

    #[test]
    fn a_bare_pod_gets_an_account_with_its_token_a_priority_and_two_tolerations() {
        let spec = spec_of(r#"{"spec":{"containers":[{"name":"a"}],"initContainers":[{"name":"i"}]}}"#);
        let mount = r#""volumeMounts":[{"name":"kube-api-access-xxxxx","readOnly":true,"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}]"#;
        let tolerations = ["not-ready", "unreachable"].map(|taint| {
            format!(r#"{{"key":"node.kubernetes.io/{taint}","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}}"#)
        });
        for piece in [
            &format!(r#""containers":[{{"name":"a",{mount}}}]"#),
            &format!(r#""initContainers":[{{"name":"i",{mount}}}]"#),
            r#""serviceAccountName":"default","serviceAccount":"default""#,
            r#""priority":0,"preemptionPolicy":"PreemptLowerPriority""#,
            &format!(r#""tolerations":[{}]"#, tolerations.join(",")),
            r#"{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}}"#,
        ] {
            assert!(spec.contains(piece), "{piece}\n{spec}");
        }
        let arena = Bump::new();
        let whole = format!(r#"{{"spec":{spec}}}"#);
        let again = read(&arena, &whole);
        assert!(same(applied(&arena, again), again));
    }

    #[test]
    fn what_is_there_already_is_kept() {
        for (written, kept, without) in [
            (r#"{"serviceAccountName":"a","serviceAccount":"a"}"#, r#""serviceAccountName":"a""#, "default"),
            (r#"{"automountServiceAccountToken":false,"containers":[{}]}"#, r#""containers":[{}]"#, "kube-api-access"),
            (
                r#"{"containers":[{"volumeMounts":[{"name":"x","mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}]}]}"#,
                r#"[{"name":"x","mountPath""#,
                "kube-api-access",
            ),
            (
                r#"{"volumes":[{"name":"kube-api-access-mine"}],"containers":[{}]}"#,
                r#""name":"kube-api-access-mine","readOnly""#,
                "xxxxx",
            ),
            (r#"{"tolerations":[{"operator":"Exists"}]}"#, r#""tolerations":[{"operator":"Exists"}]"#, "not-ready"),
            (
                r#"{"tolerations":[{"key":"node.kubernetes.io/not-ready","effect":"NoSchedule"}]}"#,
                r#""effect":"NoSchedule"},{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute""#,
                "xxxxx",
            ),
            (r#"{"priorityClassName":"system-node-critical"}"#, r#""priority":2000001000"#, "priority\":0"),
            (r#"{"priorityClassName":"mine"}"#, r#""priorityClassName":"mine""#, "\"priority\""),
        ] {
            let spec = spec_of(&format!(r#"{{"spec":{written}}}"#));
            assert!(spec.contains(kept) && !spec.contains(without), "{written}: {spec}");
        }
        assert_eq!(spec_of(r#"{"spec":[]}"#), "[]");
        let mirror = r#"{"metadata":{"annotations":{"kubernetes.io/config.mirror":"x"}},"spec":{"containers":[{}]}}"#;
        assert!(!spec_of(mirror).contains("serviceAccount"));
    }
}
