//! A review with the policies that answer it.

use std::sync::Arc;

use base64::Engine as _;
use bumpalo::Bump;
use jiff::Timestamp;
use json_patch::Patch;
use serde_json::{Value, json};

use podgate::admit::{self, Author, DryRun, Endpoint};
use podgate::document::{self, Limits};
use podgate::facts::Facts;
use podgate::policy::file;
use podgate::policy::set::PolicySet;
use podgate::provenance::{Authored, Way};
use podgate::review::Request;

pub const REPLICA_SET_CONTROLLER: &str = "system:serviceaccount:kube-system:replicaset-controller";

/// Policies and a review for them.
pub struct Review {
    set: PolicySet,
    pub body: Value,
    namespace: Option<Value>,
    limit_ranges: Vec<Value>,
    minor: u32,
    now: Option<Timestamp>,
}

/// What `/validate` answers.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict {
    pub allowed: bool,
    /// `policy/rule=path:mode`, with `:old` where the old object violates it, too.
    pub violations: Vec<String>,
}

/// The text of a ClusterPodPolicy with this spec, written in flow style without its braces.
pub fn cluster(name: &str, spec: &str) -> String {
    policy("ClusterPodPolicy", &format!("name: {name}"), spec)
}

/// The text of a PodPolicy.
pub fn namespaced(name: &str, namespace: &str, spec: &str) -> String {
    policy("PodPolicy", &format!("name: {name}, namespace: {namespace}"), spec)
}

/// The text of an exception from the policy `p`, in a namespace.
pub fn exception(name: &str, namespace: &str, spec: &str) -> String {
    let spec = format!("reason: because, {spec}");
    policy("PodPolicyException", &format!("name: {name}, namespace: {namespace}"), &spec)
}

/// The text of one enforced ClusterPodPolicy `p` with one rule `r`.
pub fn rule(rule: &str) -> String {
    cluster("p", &format!("mode: Enforce, rules: [{{name: r, {rule}}}]"))
}

fn policy(kind: &str, metadata: &str, spec: &str) -> String {
    format!("---\n{{apiVersion: podgate.dev/v1alpha1, kind: {kind}, metadata: {{{metadata}}}, spec: {{{spec}}}}}\n")
}

/// A set of the policies in a text.
pub fn set(policies: &str) -> PolicySet {
    let loaded = file::load(&Arc::from("policies.yaml"), policies);
    let problems: Vec<_> = loaded.diagnostics.iter().map(|problem| &problem.message).collect();
    assert_eq!(loaded.refused, [], "{problems:?}");
    PolicySet::with_exceptions(loaded.policies.into_iter().map(Arc::new), loaded.exceptions.into_iter().map(Arc::new))
}

impl Review {
    /// The creation of an object by a user `jane`.
    pub fn create(policies: &str, object: Value) -> Self {
        Review::new(set(policies), "CREATE", object, Value::Null)
    }

    /// The update of an object.
    pub fn update(policies: &str, old: Value, object: Value) -> Self {
        Review::new(set(policies), "UPDATE", object, old)
    }

    pub fn new(set: PolicySet, operation: &str, object: Value, old: Value) -> Self {
        let named = if object.is_null() { &old } else { &object };
        let (group, version) = match named["apiVersion"].as_str().unwrap().split_once('/') {
            Some((group, version)) => (group, version),
            None => ("", named["apiVersion"].as_str().unwrap()),
        };
        let kind = named["kind"].as_str().unwrap();
        let gvk = json!({"group": group, "version": version, "kind": kind});
        let gvr = json!({"group": group, "version": version, "resource": format!("{}s", kind.to_lowercase())});
        let options = if operation == "CREATE" { "CreateOptions" } else { "UpdateOptions" };
        let mut request = json!({
            "uid": "3f6f5ff2-0000-4000-8000-000000000001", "kind": gvk, "resource": gvr, "requestKind": gvk,
            "requestResource": gvr, "namespace": "shop", "operation": operation,
            "userInfo": {"username": "jane", "groups": ["system:authenticated"]},
            "object": object, "oldObject": old, "dryRun": false,
            "options": {"kind": options, "apiVersion": "meta.k8s.io/v1"}
        });
        if let Some(name) = named["metadata"]["name"].as_str() {
            request["name"] = json!(name);
        }
        let body = json!({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": request});
        let namespace = json!({"metadata": {"name": "shop", "labels": {"kubernetes.io/metadata.name": "shop"}}});
        Review { set, body, namespace: Some(namespace), limit_ranges: Vec::new(), minor: 37, now: None }
    }

    pub fn by(mut self, user: &str, groups: &[&str]) -> Self {
        self.body["request"]["userInfo"] = json!({"username": user, "groups": groups});
        self
    }

    pub fn through(mut self, sub_resource: &str) -> Self {
        self.body["request"]["subResource"] = json!(sub_resource);
        self
    }

    pub fn in_namespace(mut self, labels: Value) -> Self {
        self.namespace = Some(json!({"metadata": {"name": "shop", "labels": labels}}));
        self
    }

    pub fn in_unknown_namespace(mut self) -> Self {
        self.namespace = None;
        self
    }

    pub fn with_limit_range(mut self, limit: Value) -> Self {
        self.limit_ranges.push(json!({"apiVersion": "v1", "kind": "LimitRange", "spec": {"limits": [limit]}}));
        self
    }

    pub fn on_version(mut self, minor: u32) -> Self {
        self.minor = minor;
        self
    }

    pub fn at(mut self, now: &str) -> Self {
        self.now = Some(now.parse().unwrap());
        self
    }

    fn facts<'a>(&self, arena: &'a Bump) -> Facts<'a> {
        let tree = |value: &Value| document::Value::copied(arena, value);
        let limit_ranges: Vec<_> = self.limit_ranges.iter().map(tree).collect();
        Facts {
            namespace: self.namespace.as_ref().map(tree).unwrap_or_default(),
            limit_ranges: arena.alloc_slice_copy(&limit_ranges),
            now: self.now,
            kubernetes: podgate::api_defaults::Version { minor: self.minor },
            ..Facts::default()
        }
    }

    /// The `response` of an endpoint.
    pub fn response(&self, endpoint: Endpoint) -> Value {
        let arena = Bump::new();
        let answer = admit::answer(&self.set, endpoint, &serde_json::to_vec(&self.body).unwrap(), &self.facts(&arena));
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        let mut review: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(review["response"]["uid"], self.body["request"]["uid"]);
        review["response"].take()
    }

    /// The operations of `/mutate`, as `path=value`.
    pub fn edits(&self) -> Vec<String> {
        let response = self.response(Endpoint::Mutate);
        assert_eq!(response["allowed"], true);
        let patch = serde_json::to_value(patch(&response)).unwrap();
        let operation = |operation: &Value| {
            let path = operation["path"].as_str().unwrap();
            let exists = self.body["request"]["object"].pointer(path).is_some();
            assert_eq!(operation["op"], if exists { "replace" } else { "add" });
            format!("{path}={}", operation["value"])
        };
        patch.as_array().unwrap().iter().map(operation).collect()
    }

    /// The object after the patch of `/mutate`.
    pub fn edited(&self) -> Value {
        let mut object = self.body["request"]["object"].clone();
        json_patch::patch(&mut object, &patch(&self.response(Endpoint::Mutate))).unwrap();
        object
    }

    /// What `/mutate` notes as withheld: `policy/rule=path:reason`.
    pub fn withheld(&self) -> Vec<String> {
        annotation(&self.response(Endpoint::Mutate), "withheld")
    }

    /// The warnings of an endpoint.
    pub fn warnings(&self, endpoint: Endpoint) -> Vec<String> {
        let response = self.response(endpoint);
        let warnings = response["warnings"].as_array().cloned().unwrap_or_default();
        warnings.iter().map(|warning| warning.as_str().unwrap().to_owned()).collect()
    }

    /// What `/validate` decides.
    pub fn verdict(&self) -> Verdict {
        let response = self.response(Endpoint::Validate);
        assert_eq!(response.get("patch"), None);
        let violations = annotation(&response, "violations");
        Verdict { allowed: response["allowed"].as_bool().unwrap(), violations }
    }

    /// The violations that `/validate` notes, by rule alone.
    pub fn violations(&self) -> Vec<String> {
        self.verdict().violations
    }

    /// Whether `/validate` lets it go on.
    pub fn is_allowed(&self) -> bool {
        self.verdict().allowed
    }

    /// What a dry run of the same says, with `object` as the file if there is one.
    pub fn dry_run<T>(&self, file: Option<&Value>, look: impl FnOnce(&DryRun<'_>) -> T) -> T {
        let arena = Bump::new();
        let body = serde_json::to_vec(&self.body).unwrap();
        let request = Request::read(&arena, &body, &Limits::REVIEW).unwrap();
        let facts = Facts { owners_believed: file.is_some(), ..self.facts(&arena) };
        let author = match file {
            None => Author::Recorded,
            Some(file) => Author::File(Authored { object: document::Value::from_json(&arena, file), way: Way::Apply }),
        };
        look(&admit::dry_run(&self.set, &arena, request, facts, author))
    }
}

/// The patch of a response.
pub fn patch(response: &Value) -> Patch {
    let Some(patch) = response["patch"].as_str() else { return Patch(Vec::new()) };
    assert_eq!(response["patchType"], "JSONPatch");
    serde_json::from_slice(&base64::engine::general_purpose::STANDARD.decode(patch).unwrap()).unwrap()
}

fn annotation(response: &Value, key: &str) -> Vec<String> {
    let text = response["auditAnnotations"][key].as_str().unwrap_or_default();
    let short = |entry: &str| entry.replace("ClusterPodPolicy/", "");
    text.split(' ').filter(|entry| !entry.is_empty()).map(short).collect()
}
