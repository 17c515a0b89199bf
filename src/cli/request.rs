//! The request that the API server would send for a manifest.
//!
//! A webhook never sees what somebody wrote: it sees the object after the API server filled in its defaults. So does a
//! dry run.

use bumpalo::Bump;

use crate::api_defaults;
use crate::cli::applied;
use crate::cli::arguments::{AskedOperation, RequestArguments};
use crate::cli::manifest::{Manifest, object};
use crate::cli::surroundings::Before;
use crate::document::{Path, Step, Value, edit};
use crate::provenance::Way;
use crate::review::{Operation, Request};
use crate::schema;
use crate::workload::{Kind, Workload};

/// Every request of a dry run has it: an answer must carry one, and two runs must give the same answer.
const UID: &str = "00000000-0000-0000-0000-000000000000";

/// Why no request can be made of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// Where in the manifest.
    pub path: Path<'static>,
    /// What is wrong.
    pub message: String,
}

/// A request, and the review that would carry it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The request.
    pub request: Request<'a>,
    /// The whole body.
    pub review: Value<'a>,
}

/// The namespace that the object of a manifest is in.
pub fn namespace<'a>(manifest: &Manifest<'a>, asked: &'a RequestArguments) -> &'a str {
    manifest
        .value
        .text(&["metadata", "namespace"])
        .filter(|namespace| !namespace.is_empty())
        .unwrap_or(&asked.namespace)
}

/// Makes the request for a manifest of a workload of `kind`.
///
/// # Errors
/// [`Refused`] for an object that the API server would not take to its webhooks, or whose Pod spec cannot be read.
pub fn ask<'a>(
    arena: &'a Bump,
    manifest: &Manifest<'a>,
    kind: Kind,
    asked: &'a RequestArguments,
    before: &Before<'a>,
) -> Result<Asked<'a>, Refused> {
    check_metadata(manifest.value)?;
    Workload::of(kind, manifest.value)
        .map_err(|unreadable| Refused { message: unreadable.to_string(), path: unreadable.path })?;
    let (name, namespace) = (manifest.name(), namespace(manifest, asked));
    let old = before.find(kind, namespace, name);
    let operation = match asked.operation {
        None => {
            if old.is_some() {
                Operation::Update
            } else {
                Operation::Create
            }
        }
        Some(AskedOperation::Update) if old.is_none() => {
            let message = format!("the file of `--old` holds no {} `{namespace}/{name}`", kind.name());
            return Err(Refused { path: Path::of(&["metadata", "name"]), message });
        }
        Some(operation) => operation.into(),
    };
    let from_file = |object| match asked.way {
        Way::Apply => applied::annotated(arena, with_namespace(arena, object, namespace)),
        _ => object,
    };
    let old = old.filter(|_| operation == Operation::Update);
    // Where the old object is the manifest of the last time, it was applied like this one.
    let old = old.map(|old| if applied::is_live(old) { old } else { from_file(old) });
    let file = from_file(manifest.value);
    let sent = match (old, asked.way) {
        (Some(old), way @ (Way::Apply | Way::ServerSide | Way::Helm3)) => applied::onto(arena, kind, way, old, file),
        _ => file,
    };
    let text = Value::String;
    let complete = |raw| {
        let decoded = schema::decoded(arena, kind.name(), with_namespace(arena, raw, namespace));
        api_defaults::object(arena, decoded, asked.kubernetes)
    };
    let version = manifest.value.text(&["apiVersion"]).unwrap_or_default();
    let version = version.rsplit('/').next().unwrap_or(version);
    let group_version = |last| object(arena, [("group", text(kind.group())), ("version", text(version)), last]);
    let of_kind = group_version(("kind", text(kind.name())));
    let of_resource = group_version(("resource", text(kind.resource())));
    let options = object(
        arena,
        [
            ("kind", text(if operation == Operation::Update { "UpdateOptions" } else { "CreateOptions" })),
            ("apiVersion", text("meta.k8s.io/v1")),
            ("fieldManager", text(manager(asked.way))),
            ("fieldValidation", text("Strict")),
        ],
    );
    let value = object(
        arena,
        [
            ("uid", text(UID)),
            ("kind", of_kind),
            ("resource", of_resource),
            ("requestKind", of_kind),
            ("requestResource", of_resource),
            ("name", text(name)),
            ("namespace", text(namespace)),
            ("operation", text(operation.name())),
            ("userInfo", user_info(arena, asked)),
            ("object", complete(sent)),
            ("oldObject", old.map(complete).unwrap_or_default()),
            ("dryRun", Value::Bool(false)),
            ("options", options),
        ],
    );
    let review = object(
        arena,
        [("apiVersion", text("admission.k8s.io/v1")), ("kind", text("AdmissionReview")), ("request", value)],
    );
    let request =
        Request::of(review).map_err(|refusal| Refused { path: Path::root(), message: refusal.to_string() })?;
    Ok(Asked { request, review })
}

/// What of the metadata must be readable before a request can be made.
fn check_metadata(object: Value<'_>) -> Result<(), Refused> {
    let refused =
        |path: &[&'static str], message: &str| Err(Refused { path: Path::of(path), message: message.to_owned() });
    match object.field("metadata") {
        None => return refused(&["metadata"], "`metadata` is missing"),
        Some(Value::Object(_)) => {}
        Some(_) => return refused(&["metadata"], "`metadata` is not an object"),
    }
    let mut has_name = false;
    for (key, path) in [
        ("name", ["metadata", "name"]),
        ("generateName", ["metadata", "generateName"]),
        ("namespace", ["metadata", "namespace"]),
    ] {
        match object.fields(&path) {
            None => {}
            Some(Value::String(text)) => has_name |= key != "namespace" && !text.is_empty(),
            Some(_) => return refused(&path, &format!("`metadata.{key}` is not a string")),
        }
    }
    if has_name { Ok(()) } else { refused(&["metadata"], "`metadata.name` is missing") }
}

fn with_namespace<'a>(arena: &'a Bump, object: Value<'a>, namespace: &'a str) -> Value<'a> {
    if object.text(&["metadata", "namespace"]).is_some_and(|named| !named.is_empty()) {
        return object;
    }
    let path = [Step::key("metadata"), Step::key("namespace")];
    edit::set(arena, object, &path, Value::String(namespace)).unwrap_or(object)
}

/// The field manager of what comes this way.
const fn manager(way: Way) -> &'static str {
    match way {
        Way::Apply => "kubectl-client-side-apply",
        Way::ServerSide => "kubectl",
        Way::Create => "kubectl-create",
        Way::Replace => "kubectl-replace",
        Way::Helm3 => "helm",
    }
}

/// Who asks, with the groups that the API server adds.
fn user_info<'a>(arena: &'a Bump, asked: &'a RequestArguments) -> Value<'a> {
    let mut groups: Vec<&str> = asked.groups.iter().map(String::as_str).collect();
    if let Some((namespace, _)) =
        asked.user.strip_prefix("system:serviceaccount:").and_then(|name| name.split_once(':'))
    {
        groups.push("system:serviceaccounts");
        groups.push(arena.alloc_str(&format!("system:serviceaccounts:{namespace}")));
    }
    let everyone = if asked.user == "system:anonymous" { "system:unauthenticated" } else { "system:authenticated" };
    if !groups.contains(&everyone) {
        groups.push(everyone);
    }
    let groups = arena.alloc_slice_fill_iter(groups.into_iter().map(Value::String));
    object(arena, [("username", Value::String(&asked.user)), ("groups", Value::Array(groups))])
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::input::Input;
    use crate::document::{Limits, yaml};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        request: RequestArguments,
    }

    fn asked(arguments: &[&str], text: &str, old: &str) -> Result<String, String> {
        let line = Line::parse_from([&["check"], arguments].concat());
        let arena = Bump::new();
        let old = Input { name: "old.yaml".into(), text: old.to_owned(), path: None };
        let before = Before::gather(&arena, &old, "default", |complaint| panic!("{complaint}"));
        let document = yaml::documents(&arena, text, &Limits::FILE).next().unwrap().unwrap();
        let manifest = Manifest::of(&document);
        let kind = Kind::of_object(manifest.value).unwrap();
        match ask(&arena, &manifest, kind, &line.request, &before) {
            Ok(asked) => {
                let shown = ["operation", "namespace", "name", "resource", "userInfo", "options"];
                let shown = shown.map(|key| asked.request.value.get(key).unwrap().to_string());
                Ok(shown.join(" "))
            }
            Err(refused) => Err(format!("{}: {}", refused.path, refused.message)),
        }
    }

    const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: a, image: b}]}\n";

    #[test]
    fn a_request_carries_what_the_api_server_would_send() {
        assert_eq!(
            asked(&["--as", "helm3", "--group", "dev", "--namespace", "shop"], POD, ""),
            Ok(concat!(
                r#""CREATE" "shop" "web" {"group":"","version":"v1","resource":"pods"} "#,
                r#"{"username":"kubernetes-admin","groups":["dev","system:authenticated"]} "#,
                r#"{"kind":"CreateOptions","apiVersion":"meta.k8s.io/v1","fieldManager":"helm","fieldValidation":"Strict"}"#
            )
            .to_owned())
        );
        let by_account = asked(&["--user", "system:serviceaccount:ci:deployer"], POD, "").unwrap();
        let groups = r#"["system:serviceaccounts","system:serviceaccounts:ci","system:authenticated"]"#;
        assert!(by_account.contains(groups), "{by_account}");
    }

    #[test]
    fn what_stands_in_the_old_file_is_updated() {
        let operation = |arguments: &[&str], old| {
            asked(arguments, POD, old).map(|shown| shown.split(' ').next().unwrap().to_owned())
        };
        assert_eq!(operation(&[], POD), Ok("\"UPDATE\"".to_owned()));
        assert_eq!(operation(&["--namespace", "shop"], POD), Ok("\"CREATE\"".to_owned()));
        assert_eq!(operation(&["--operation", "CREATE"], POD), Ok("\"CREATE\"".to_owned()));
        assert_eq!(
            operation(&["--operation", "UPDATE"], ""),
            Err("metadata.name: the file of `--old` holds no Pod `default/web`".to_owned())
        );
    }

    #[test]
    fn an_object_that_cannot_be_asked_about_is_refused() {
        for (metadata, expected) in [
            ("{}", "metadata: `metadata.name` is missing"),
            ("null", "metadata: `metadata` is missing"),
            ("[]", "metadata: `metadata` is not an object"),
            ("{name: 7}", "metadata.name: `metadata.name` is not a string"),
            ("{name: a, namespace: [b]}", "metadata.namespace: `metadata.namespace` is not a string"),
            ("{name: web}", "spec.containers: `spec.containers` holds no container"),
        ] {
            let text = format!("apiVersion: v1\nkind: Pod\nmetadata: {metadata}\nspec: {{containers: []}}\n");
            assert_eq!(asked(&[], &text, ""), Err(expected.to_owned()));
        }
        assert!(asked(&[], &POD.replace("name: web", "generateName: web-"), "").is_ok());
    }
}
