//! Makes `src/schema/v1.37.txt` from what the API server publishes about its types, and says when the two differ.
//!
//! `PODGATE_UPDATE=1` writes the file. A construct that the file has no word for is an error, never left out.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

use libtest_mimic::Failed;
use serde_json::Value;

use crate::cluster::Cluster;

const VERSION: &str = "1.37";
const DOCUMENTS: [(&str, &[&str]); 3] = [
    ("/openapi/v3/api/v1", &["Pod", "PodTemplate", "ReplicationController"]),
    ("/openapi/v3/apis/apps/v1", &["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"]),
    ("/openapi/v3/apis/batch/v1", &["CronJob", "Job"]),
];
const HEAD: &str = "\
# The fields of the workload kinds, as the Kubernetes 1.37 API server publishes them in OpenAPI v3.
# Made by `PODGATE_UPDATE=1 cargo test --test control_plane schema`; not for editing.
";

/// Members of a definition or a property that this generator reads, or that do not matter to decoding and merging.
const KNOWN: [&str; 18] = [
    "$ref",
    "additionalProperties",
    "allOf",
    "default",
    "description",
    "enum",
    "format",
    "items",
    "properties",
    "required",
    "type",
    "x-kubernetes-group-version-kind",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-patch-merge-key",
    "x-kubernetes-patch-strategy",
    "x-kubernetes-unions",
];

pub fn table(cluster: &Cluster) -> Result<(), Failed> {
    let made = generate(cluster)?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/schema/v{VERSION}.txt"));
    if env::var("PODGATE_UPDATE").is_ok_and(|update| update == "1") {
        return Ok(fs::write(path, made)?);
    }
    let kept = fs::read_to_string(path)?;
    if made == kept {
        return Ok(());
    }
    // Two files of another length differ behind the end of the shorter one.
    let same = made.lines().zip(kept.lines()).take_while(|(made, kept)| made == kept).count();
    let line = |text: &str| text.lines().nth(same).unwrap_or("the end of the file").to_owned();
    Err(format!(
        "line {} is `{}`, the API server says `{}`; `PODGATE_UPDATE=1` writes the file anew",
        same + 1,
        line(&kept),
        line(&made)
    )
    .into())
}

fn generate(cluster: &Cluster) -> Result<String, Failed> {
    let mut published = BTreeMap::new();
    let mut wanted = Vec::new();
    for (address, kinds) in DOCUMENTS {
        let document: Value = serde_json::from_str(&cluster.must(&["get", "--raw", address], "")?)?;
        let version = text(&document["info"]["version"]);
        if version.trim_start_matches('v') != VERSION {
            return Err(format!("the API server is {version}, the table is of {VERSION}").into());
        }
        for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
            let kind = short(name);
            if kinds.contains(&kind) && !schema["x-kubernetes-group-version-kind"].is_null() {
                wanted.push(name.clone());
            }
            published.insert(name.clone(), schema.clone());
        }
    }
    let mut written = BTreeMap::new();
    let mut origins = BTreeMap::new();
    while let Some(name) = wanted.pop() {
        if let Some(other) = origins.insert(short(&name).to_owned(), name.clone()) {
            if other != name {
                return Err(format!("{other} and {name} have one short name").into());
            }
            continue;
        }
        let schema = published.get(&name).ok_or_else(|| format!("{name} is not published"))?;
        let mut used = Vec::new();
        written.insert(short(&name).to_owned(), definition(&name, schema, &mut used)?);
        wanted.append(&mut used);
    }
    let definitions: String = written.into_values().collect();
    Ok(format!("{HEAD}{definitions}"))
}

/// The lines of one definition. The full names of those it refers to go to `used`.
fn definition(name: &str, schema: &Value, used: &mut Vec<String>) -> Result<String, String> {
    let within = |error: String| format!("{name}: {error}");
    known(schema).map_err(within)?;
    if schema["type"] != "object" {
        return Err(within(format!("a definition that is no object: {schema}")));
    }
    let mut lines = short(name).to_owned();
    if schema["x-kubernetes-map-type"] == "atomic" {
        lines.push_str(" atomic");
    }
    lines.push('\n');
    let required: Vec<_> = elements(&schema["required"]).collect();
    let properties: BTreeMap<_, _> = schema["properties"].as_object().into_iter().flatten().collect();
    for (field, property) in properties {
        let within = |error| format!("{name}.{field}: {error}");
        known(property).map_err(within)?;
        write!(lines, "  {field}: {}", of(property, used).map_err(within)?).map_err(|error| error.to_string())?;
        if required.contains(&field.as_str()) {
            lines.push_str(" required");
        }
        lines.push_str(&merge(property).map_err(within)?);
        lines.push_str(&union(schema, field));
        lines.push_str(&words(property).map_err(within)?);
        lines.push('\n');
    }
    Ok(lines)
}

/// The word for a type.
fn of(schema: &Value, used: &mut Vec<String>) -> Result<String, String> {
    let element = |inner: &Value, used: &mut Vec<String>| {
        known(inner)?;
        let inner = of(inner, used)?;
        if inner.contains('<') { Err("a list or a map in another".to_owned()) } else { Ok(inner) }
    };
    if let Some(name) = reference(schema) {
        return Ok(match short(name) {
            word @ ("Quantity" | "IntOrString" | "Time") => word,
            "FieldsV1" => "any",
            word => {
                used.push(name.to_owned());
                word
            }
        }
        .to_owned());
    }
    match (text(&schema["type"]), text(&schema["format"])) {
        ("boolean", "") => Ok("boolean".to_owned()),
        ("string", "") => Ok("string".to_owned()),
        ("integer", width @ ("int32" | "int64")) => Ok(width.to_owned()),
        ("array", "") => Ok(format!("list<{}>", element(&schema["items"], used)?)),
        ("object", "") => Ok(format!("map<{}>", element(&schema["additionalProperties"], used)?)),
        _ => Err(format!("no word for {schema}")),
    }
}

/// How two values of a list or a map become one.
fn merge(schema: &Value) -> Result<String, String> {
    let keys: Vec<_> = elements(&schema["x-kubernetes-list-map-keys"]).collect();
    let patch = text(&schema["x-kubernetes-patch-merge-key"]);
    match (text(&schema["type"]), text(&schema["x-kubernetes-list-type"]), text(&schema["x-kubernetes-map-type"])) {
        ("array", "atomic", _) => Ok(" atomic".to_owned()),
        ("array", "set", _) => Ok(" set".to_owned()),
        ("array", "map", _) if !keys.is_empty() => Ok(format!(" keys={}", keys.join(","))),
        ("array", "", _) if !patch.is_empty() => Ok(format!(" keys={patch}")),
        // What server-side apply takes a list without a word to be.
        ("array", "", _) => Ok(" atomic".to_owned()),
        ("array", other, _) => Err(format!("a list of type {other}")),
        (_, _, "atomic") => Ok(" atomic".to_owned()),
        _ => Ok(String::new()),
    }
}

/// The field's part in a union: it names the member that is set, or is a member, under the name that stands there.
fn union(schema: &Value, field: &str) -> String {
    let unions = schema["x-kubernetes-unions"].as_array().into_iter().flatten();
    unions.fold(String::new(), |words, union| match text(&union["fields-to-discriminateBy"][field]) {
        _ if union["discriminator"] == field => words + " union",
        "" => words,
        member => format!("{words} union={member}"),
    })
}

/// The words that a text, or each of a list of texts, may be.
fn words(schema: &Value) -> Result<String, String> {
    let of_element = if text(&schema["type"]) == "array" { &schema["items"]["enum"] } else { &schema["enum"] };
    let words: Vec<_> = elements(of_element).collect();
    match words.iter().find(|word| word.contains([',', ' '])) {
        Some(word) => Err(format!("no way to write the word {word:?}")),
        None if words.is_empty() => Ok(String::new()),
        None => Ok(format!(" enum={}", words.join(","))),
    }
}

fn known(schema: &Value) -> Result<(), String> {
    let mut members = schema.as_object().into_iter().flatten();
    match members.find(|(name, _)| !KNOWN.contains(&name.as_str())) {
        Some((name, value)) => Err(format!("no word for {name}: {value}")),
        None => Ok(()),
    }
}

fn reference(schema: &Value) -> Option<&str> {
    let direct = schema["$ref"].as_str().or_else(|| schema["allOf"][0]["$ref"].as_str());
    direct.and_then(|reference| reference.strip_prefix("#/components/schemas/"))
}

fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

fn elements(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
