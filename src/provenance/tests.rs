//! The decision function, row by row, and the reviews that a real API server sent.

mod decision;
mod elements;
mod files;
mod hostile;
mod pods;
mod recorded;

use bumpalo::Bump;

use super::*;
use crate::document::{Limits, Path, json};
use crate::workload::List;

/// The fields of a Deployment's template that its first writer owns.
pub const WHOLE: &str = r#"{"f:spec":{"f:template":{"f:spec":{
    "f:containers":{"k:{\"name\":\"web\"}":{".":{},"f:image":{},"f:imagePullPolicy":{},"f:name":{},
    "f:resources":{},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{}}},
    "f:dnsPolicy":{},"f:restartPolicy":{},"f:terminationGracePeriodSeconds":{}}}}}"#;
/// The same, without the grace period.
pub const REST: &str = r#"{"f:spec":{"f:template":{"f:spec":{
    "f:containers":{"k:{\"name\":\"web\"}":{".":{},"f:image":{},"f:imagePullPolicy":{},"f:name":{},
    "f:resources":{},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{}}},
    "f:dnsPolicy":{},"f:restartPolicy":{}}}}}"#;
/// What client-side apply owns when it creates the object.
pub const WHOLE_APPLIED: &str = r#"{"f:metadata":{"f:annotations":{".":{},
    "f:kubectl.kubernetes.io/last-applied-configuration":{}}},"f:spec":{"f:template":{"f:spec":{
    "f:containers":{"k:{\"name\":\"web\"}":{".":{},"f:image":{},"f:imagePullPolicy":{},"f:name":{},
    "f:resources":{},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{}}},
    "f:dnsPolicy":{},"f:restartPolicy":{},"f:terminationGracePeriodSeconds":{}}}}}"#;
/// What it owns if somebody else created the object.
pub const ANNOTATION: &str =
    r#"{"f:metadata":{"f:annotations":{"f:kubectl.kubernetes.io/last-applied-configuration":{}}}}"#;
/// The grace period alone.
pub const GRACE: &str = r#"{"f:spec":{"f:template":{"f:spec":{"f:terminationGracePeriodSeconds":{}}}}}"#;
/// What server-side apply owns of a manifest with a name and an image.
pub const APPLIED: &str = r#"{"f:spec":{"f:template":{"f:spec":{
    "f:containers":{"k:{\"name\":\"web\"}":{".":{},"f:image":{},"f:name":{}}}}}}}"#;

/// An entry of `managedFields`.
pub fn entry(manager: &str, operation: &str, fields: &str) -> String {
    format!(
        r#"{{"manager":"{manager}","operation":"{operation}","apiVersion":"apps/v1","fieldsType":"FieldsV1","fieldsV1":{fields}}}"#
    )
}

/// A Deployment `web` in `shop`, or what `kubectl apply` keeps of one.
pub fn deployment(metadata: &str, spec: &str, container: &str) -> String {
    format!(
        r#"{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"web","namespace":"shop"{metadata}}},
        "spec":{{"template":{{"metadata":{{"labels":{{"app.kubernetes.io/name":"web"}}}},
        "spec":{{"containers":[{{"name":"web","image":"nginx"{container}}}]{spec}}}}}}}}}"#
    )
}

/// The members of `metadata` that speak of intent.
pub fn signals(applied: Option<&str>, entries: &[String]) -> String {
    let annotation = applied.map_or_else(String::new, |applied| {
        let text = serde_json::Value::from(applied);
        format!(r#","annotations":{{"kubectl.kubernetes.io/last-applied-configuration":{text}}}"#)
    });
    format!(r#"{annotation},"managedFields":[{}]"#, entries.join(","))
}

/// The answer for one field: the word, and `, chosen` if an author chose the value.
pub fn ask(object: &str, old: Option<&str>, base: Base, path: &str) -> String {
    let arena = Bump::new();
    let parse = |text: &str| json::parse(&arena, arena.alloc_str(text).as_bytes(), &Limits::REVIEW).unwrap();
    let object = parse(object);
    let kind = Kind::of_object(object).unwrap();
    let workload = Workload::of(kind, object).unwrap();
    let old = old.map(|old| Workload::of(kind, parse(old)).unwrap());
    let review = arena.alloc_str(
        r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"CREATE",
        "namespace":"shop","object":{}}}"#,
    );
    let request = Request::read(&arena, review.as_bytes(), &Limits::REVIEW).unwrap();
    let intent = Intent::of_request(&arena, &request, workload, old, workload.controller_kind());
    answer(&intent, base, path)
}

/// The same for an intent that exists.
pub fn answer(intent: &Intent<'_>, base: Base, path: &str) -> String {
    let path = Path::parse(path).unwrap();
    let Some(provenance) = intent.provenance(base, path.steps()) else { return "nothing".to_owned() };
    let chosen = if intent.is_chosen(base, path.steps()) { ", chosen" } else { "" };
    format!("{}{chosen}", provenance.name())
}

/// The first container of `containers`.
pub const WEB: Base = Base::Container(List::Main, 0);
