//! What the API server asks.

use std::borrow::Cow;

use bumpalo::Bump;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::document::{Limits, Step, Value, json};
use crate::workload::Kind;

/// Longer than any uid that an API server makes.
const LONGEST_UID: usize = 128;

/// Subresources of Pods through which nothing that a policy judges can change. Every other one is judged, so that a
/// subresource of a newer API server is not a way around.
const HARMLESS: [&str; 8] = ["attach", "binding", "eviction", "exec", "log", "portforward", "proxy", "status"];

/// What is done to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// A new object.
    Create,
    /// A change of an object.
    Update,
    /// The end of an object.
    Delete,
    /// A connection to an object, `exec` for example.
    Connect,
}

/// One question of the API server.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Names the question; the answer carries it.
    pub uid: &'a str,
    /// What is done.
    pub operation: Operation,
    /// The API group of the object.
    pub group: &'a str,
    /// The kind of the object.
    pub kind: &'a str,
    /// The resource, `pods` for example.
    pub resource: &'a str,
    /// The subresource; empty if there is none.
    pub sub_resource: &'a str,
    /// The name; empty while it is still to be made from `generateName`.
    pub name: &'a str,
    /// The namespace.
    pub namespace: &'a str,
    /// Who asks; empty if the review does not say.
    pub user: &'a str,
    /// The groups of who asks: an array of strings, or `null`.
    pub groups: Value<'a>,
    /// The object after the operation.
    pub object: Option<Value<'a>>,
    /// The object before the operation.
    pub old_object: Option<Value<'a>>,
    /// Whether nothing will be stored.
    pub dry_run: bool,
    /// The whole of `request`, as expressions see it.
    pub value: Value<'a>,
}

/// A review that is not a question podgate can judge.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no uid to answer to: the caller is told so by the status of the HTTP answer (400).
    #[error("{0}")]
    NotAReview(String),
    /// There is a uid, and what it asks about cannot be judged.
    #[error("{reason}")]
    CannotJudge {
        /// The uid to answer to.
        uid: String,
        /// Why.
        reason: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(borrow)]
    api_version: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    request: Uid<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Uid<'a> {
    #[serde(borrow)]
    uid: Cow<'a, str>,
    #[serde(default, rename = "object")]
    _object: Option<IgnoredAny>,
    #[serde(default, rename = "oldObject")]
    _old_object: Option<IgnoredAny>,
}

impl Operation {
    /// The word for it on the wire and in policies.
    pub const fn name(self) -> &'static str {
        match self {
            Operation::Create => "CREATE",
            Operation::Update => "UPDATE",
            Operation::Delete => "DELETE",
            Operation::Connect => "CONNECT",
        }
    }

    /// The operation of this name, in capitals.
    pub fn parse(name: &str) -> Option<Self> {
        [Operation::Create, Operation::Update, Operation::Delete, Operation::Connect]
            .into_iter()
            .find(|operation| operation.name() == name)
    }
}

impl<'a> Request<'a> {
    /// Reads the body of a call.
    ///
    /// # Errors
    /// [`Refusal`], with the uid wherever there is one.
    pub fn read(arena: &'a Bump, body: &'a [u8], limits: &Limits) -> Result<Self, Refusal> {
        match json::parse(arena, body, limits) {
            Ok(review) => Request::of(review),
            Err(error) => Err(without_tree(body, &error)),
        }
    }

    /// Reads a review that is already a tree.
    ///
    /// # Errors
    /// [`Refusal`], with the uid wherever there is one.
    pub fn of(review: Value<'a>) -> Result<Self, Refusal> {
        let kind = review.text(&["kind"]).unwrap_or_default();
        check_version(review.text(&["apiVersion"]).unwrap_or_default(), kind)?;
        let value = match review.field("request") {
            Some(value @ Value::Object(_)) => value,
            Some(_) => return Err(Refusal::NotAReview("`request` is not an object".to_owned())),
            None => return Err(Refusal::NotAReview("`request` is missing".to_owned())),
        };
        let uid = value.text(&["uid"]).unwrap_or_default();
        check_uid(uid)?;
        Request::judgeable(uid, value)
            .map_err(|reason| Refusal::CannotJudge { uid: uid.to_owned(), reason: reason.to_string() })
    }

    fn judgeable(uid: &'a str, value: Value<'a>) -> Result<Self, Cow<'static, str>> {
        let text = |key: &'static str| match value.field(key) {
            None => Ok(""),
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(format!("`request.{key}` is not a string")),
        };
        let operation = text("operation")?;
        let operation = Operation::parse(operation).ok_or_else(|| {
            format!("`request.operation` is `{operation}`, not one of CREATE, UPDATE, DELETE, CONNECT")
        })?;
        let object = |key: &'static str| match value.field(key) {
            Some(object) if !matches!(object, Value::Object(_)) => Err(format!("`request.{key}` is not an object")),
            object => Ok(object),
        };
        let request = Request {
            uid,
            operation,
            group: value.text(&["kind", "group"]).unwrap_or_default(),
            kind: value.text(&["kind", "kind"]).unwrap_or_default(),
            resource: value.text(&["resource", "resource"]).unwrap_or_default(),
            sub_resource: text("subResource")?,
            name: text("name")?,
            namespace: text("namespace")?,
            user: value.text(&["userInfo", "username"]).unwrap_or_default(),
            groups: value.fields(&["userInfo", "groups"]).unwrap_or_default(),
            object: object("object")?,
            old_object: object("oldObject")?,
            dry_run: value.field("dryRun").and_then(Value::as_bool).unwrap_or_default(),
            value,
        };
        request.is_consistent()?;
        Ok(request)
    }

    fn is_consistent(&self) -> Result<(), Cow<'static, str>> {
        let missing = match self.operation {
            Operation::Create => self.object.is_none().then_some("object"),
            Operation::Update if self.object.is_none() => Some("object"),
            Operation::Update => self.old_object.is_none().then_some("oldObject"),
            Operation::Delete | Operation::Connect => None,
        };
        if let Some(key) = missing {
            return Err(format!("`request.{key}` is missing in a {}", self.operation.name()).into());
        }
        let Some(object) = self.object else { return Ok(()) };
        let (named, kind) = (object.text(&["kind"]), self.kind);
        if let Some(named) = named.filter(|named| !kind.is_empty() && *named != kind) {
            return Err(format!("`request.kind` is `{kind}`, but the object is a `{named}`").into());
        }
        let namespace = object.text(&["metadata", "namespace"]).unwrap_or_default();
        if !self.namespace.is_empty() && !namespace.is_empty() && namespace != self.namespace {
            let asked = self.namespace;
            return Err(format!("`request.namespace` is `{asked}`, but the object is in `{namespace}`").into());
        }
        let (resource, workload) = (self.workload_resource(), self.workload_kind());
        // Connections and subresources carry objects of kinds of their own, but never a workload of another resource.
        let is_other = workload.is_some() || self.sub_resource.is_empty();
        if is_other && !self.resource.is_empty() && resource != workload {
            let (resource, kind) = (qualified(self.resource, self.resource_group()), qualified(kind, self.group));
            return Err(format!("`request.resource` is `{resource}`, but the object is a `{kind}`").into());
        }
        Ok(())
    }

    fn resource_group(&self) -> &'a str {
        self.value.text(&["resource", "group"]).unwrap_or_default()
    }

    /// The workload kind of the object; [`None`] if it is another kind, a `Scale` for example.
    pub fn workload_kind(&self) -> Option<Kind> {
        Kind::of(self.group, self.kind)
    }

    /// The workload kind that `request.resource` names.
    pub fn workload_resource(&self) -> Option<Kind> {
        let group = self.resource_group();
        Kind::ALL.into_iter().find(|kind| kind.resource() == self.resource && kind.group() == group)
    }

    /// Whether policies have a say: deletions, connections, harmless subresources and kinds without a Pod spec pass.
    pub fn is_policed(&self) -> bool {
        match self.operation {
            Operation::Delete | Operation::Connect => false,
            Operation::Create | Operation::Update if self.sub_resource.is_empty() => self.workload_kind().is_some(),
            Operation::Create | Operation::Update => {
                let scaled = self.sub_resource == "scale" && self.kind == "Scale";
                self.workload_resource().is_some() && !scaled && !HARMLESS.contains(&self.sub_resource)
            }
        }
    }

    /// Whether who asks is in `group`.
    pub fn is_in_group(&self, group: &str) -> bool {
        self.groups.elements().iter().any(|member| member.as_str() == Some(group))
    }
}

/// A resource or a kind with its group, as kubectl takes it.
fn qualified<'a>(name: &'a str, group: &str) -> Cow<'a, str> {
    if group.is_empty() { name.into() } else { format!("{name}.{group}").into() }
}

fn check_version(version: &str, kind: &str) -> Result<(), Refusal> {
    if kind == "AdmissionReview" && version == "admission.k8s.io/v1" {
        return Ok(());
    }
    Err(Refusal::NotAReview("not an AdmissionReview of `admission.k8s.io/v1`".to_owned()))
}

fn check_uid(uid: &str) -> Result<(), Refusal> {
    match uid.len() {
        0 => Err(Refusal::NotAReview("`request.uid` is missing".to_owned())),
        1..=LONGEST_UID => Ok(()),
        _ => Err(Refusal::NotAReview(format!("`request.uid` is longer than {LONGEST_UID} bytes"))),
    }
}

/// What can be said of a body that is not a tree: if only one of its objects is at fault, its uid can still be read.
fn without_tree(body: &[u8], error: &json::Error) -> Refusal {
    let not_a_review = || Refusal::NotAReview(error.to_string());
    let inside = matches!(error.path.steps(), [Step::Key(request), _, ..] if request == "request");
    if !inside {
        return not_a_review();
    }
    let Ok(Envelope { api_version, kind, request }) = serde_json::from_slice(body) else {
        return not_a_review();
    };
    if check_version(&api_version, &kind).is_err() || check_uid(&request.uid).is_err() {
        return not_a_review();
    }
    Refusal::CannotJudge { uid: request.uid.into_owned(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn review(request: &str) -> String {
        format!(r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{request}}}"#)
    }

    fn pod(extra: &str) -> String {
        review(&format!(
            r#"{{"uid":"u1","kind":{{"group":"","version":"v1","kind":"Pod"}},
                "resource":{{"group":"","version":"v1","resource":"pods"}},"namespace":"shop"{extra}}}"#
        ))
    }

    /// A new object of a kind, of a resource that need not be that of its kind.
    fn of(resource: &str, resource_group: &str, kind: &str, group: &str, sub_resource: &str) -> String {
        review(&format!(
            r#"{{"uid":"u1","operation":"CREATE","kind":{{"group":"{group}","version":"v1","kind":"{kind}"}},
                "resource":{{"group":"{resource_group}","version":"v1","resource":"{resource}"}},
                "subResource":"{sub_resource}","object":{{}}}}"#
        ))
    }

    fn read(text: &str) -> Result<(String, bool), Refusal> {
        let arena = Bump::new();
        Request::read(&arena, text.as_bytes(), &Limits::REVIEW).map(|r| (r.uid.to_owned(), r.is_policed()))
    }

    #[test]
    fn a_body_without_a_uid_is_not_a_review() {
        let long = review(&format!(r#"{{"uid":"{}"}}"#, "u".repeat(129)));
        let version = "not an AdmissionReview of `admission.k8s.io/v1`";
        for (body, expected) in [
            ("{}", version),
            ("[]", version),
            ("null", version),
            ("\"\"", version),
            ("", "EOF while parsing a value (line 1, column 0)"),
            ("  ", "EOF while parsing a value (line 1, column 2)"),
            (r#"{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview","request":{"uid":"u"}}"#, version),
            (r#"{"apiVersion":"admission.k8s.io/v1","kind":"Pod","request":{"uid":"u"}}"#, version),
            (&review("null"), "`request` is missing"),
            (&review("[]"), "`request` is not an object"),
            (&review("{}"), "`request.uid` is missing"),
            (&review(r#"{"uid":""}"#), "`request.uid` is missing"),
            (&review(r#"{"uid":7}"#), "`request.uid` is missing"),
            (&long, "`request.uid` is longer than 128 bytes"),
            (&format!("{} 1", review(r#"{"uid":"u"}"#)), "trailing characters (line 1, column 85)"),
        ] {
            assert_eq!(read(body), Err(Refusal::NotAReview(expected.to_owned())), "{body}");
        }
        for body in [
            review(r#"{"uid":"u","uid":"v"}"#),
            review(r#"{"uid":"u","object":{},"object":{}}"#),
            review(r#"{"uid":"u"},"request":{"uid":"v"}"#),
        ] {
            assert!(matches!(read(&body), Err(Refusal::NotAReview(_))), "{body}");
        }
    }

    #[test]
    fn what_cannot_be_judged_keeps_its_uid() {
        let flood = pod(&format!(r#","operation":"CREATE","object":[{}0]"#, "[0],".repeat(200_000)));
        for (body, expected) in [
            (
                pod(r#","operation":"create""#),
                "`request.operation` is `create`, not one of CREATE, UPDATE, DELETE, CONNECT",
            ),
            (pod(""), "`request.operation` is ``, not one of CREATE, UPDATE, DELETE, CONNECT"),
            (pod(r#","operation":"CREATE","object":null"#), "`request.object` is missing in a CREATE"),
            (pod(r#","operation":"UPDATE","object":{}"#), "`request.oldObject` is missing in a UPDATE"),
            (pod(r#","operation":"CREATE","object":"x""#), "`request.object` is not an object"),
            (pod(r#","operation":"CREATE","object":{},"name":1"#), "`request.name` is not a string"),
            (
                pod(r#","operation":"CREATE","object":{"kind":"Job"}"#),
                "`request.kind` is `Pod`, but the object is a `Job`",
            ),
            (
                pod(r#","operation":"CREATE","object":{"metadata":{"namespace":"other"}}"#),
                "`request.namespace` is `shop`, but the object is in `other`",
            ),
            (
                pod(r#","operation":"CREATE","object":{"spec":{"a":1,"a":2}}"#),
                "duplicate key `a` at `request.object.spec.a` (line 2, column 140)",
            ),
            (
                pod(r#","operation":"CREATE","object":{"a":"\ud800"}"#),
                "unexpected end of hex escape at `request.object.a` (line 2, column 135)",
            ),
            (
                review(
                    r#"{"uid":"u1","operation":"CREATE","kind":{"group":"apps","version":"v1","kind":"Deployment"},
                    "resource":{"group":"","version":"v1","resource":"pods"},"object":{}}"#,
                ),
                "`request.resource` is `pods`, but the object is a `Deployment.apps`",
            ),
            (
                of("pods", "example.com", "Pod", "", ""),
                "`request.resource` is `pods.example.com`, but the object is a `Pod`",
            ),
            (
                of("deployments", "", "Deployment", "apps", ""),
                "`request.resource` is `deployments`, but the object is a `Deployment.apps`",
            ),
            (
                of("pods", "", "Pod", "example.com", ""),
                "`request.resource` is `pods`, but the object is a `Pod.example.com`",
            ),
            (of("configmaps", "", "Pod", "", ""), "`request.resource` is `configmaps`, but the object is a `Pod`"),
            (
                of("pods", "example.com", "Pod", "", "ephemeralcontainers"),
                "`request.resource` is `pods.example.com`, but the object is a `Pod`",
            ),
            (
                of("deployments", "apps", "Pod", "", "resize"),
                "`request.resource` is `deployments.apps`, but the object is a `Pod`",
            ),
        ] {
            let reason = expected.to_owned();
            assert_eq!(read(&body), Err(Refusal::CannotJudge { uid: "u1".to_owned(), reason }), "{body}");
        }
        assert!(matches!(read(&flood), Err(Refusal::CannotJudge { uid, .. }) if uid == "u1"));
    }

    #[test]
    fn deletions_connections_and_harmless_subresources_are_not_policed() {
        let sub = |name: &str, kind: &str| {
            review(&format!(
                r#"{{"uid":"u1","kind":{{"group":"","version":"v1","kind":"{kind}"}},"subResource":"{name}",
                "resource":{{"group":"","version":"v1","resource":"pods"}},"operation":"CREATE","object":{{}}}}"#
            ))
        };
        for (body, expected) in [
            (pod(r#","operation":"CREATE","object":{},"dryRun":null,"userInfo":null"#), true),
            // Custom resources may have the names of built-in ones, in groups of their own.
            (of("pods", "example.com", "Pod", "example.com", ""), false),
            (of("pods", "metrics.k8s.io", "PodMetrics", "metrics.k8s.io", ""), false),
            (of("deployments", "example.com", "Scale", "autoscaling", "scale"), false),
            (of("replicationcontrollers", "", "Scale", "autoscaling", "scale"), false),
            // A review that somebody wrote by hand is judged by its kind.
            (review(r#"{"uid":"u1","operation":"CREATE","kind":{"kind":"Pod"},"object":{}}"#), true),
            (pod(r#","operation":"DELETE","oldObject":null"#), false),
            (pod(r#","operation":"CONNECT","object":{"kind":"Pod"}"#), false),
            (sub("binding", "Binding"), false),
            (sub("eviction", "Eviction"), false),
            (sub("status", "Pod"), false),
            (sub("scale", "Scale"), false),
            (sub("resize", "Pod"), true),
            (sub("ephemeralcontainers", "Pod"), true),
            (sub("future", "Future"), true),
        ] {
            assert_eq!(read(&body), Ok(("u1".to_owned(), expected)), "{body}");
        }
    }
}
