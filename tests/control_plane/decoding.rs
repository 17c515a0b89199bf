//! What podgate says that the API server cannot decode or does not know, against what it refuses.
//!
//! The objects are sent as they are: kubectl would write `80.0` as `80` on the way.

use bumpalo::Bump;
use libtest_mimic::Failed;
use podgate::document::{Limits, json as reader};
use podgate::schema::{self, Basic, Fault, Type};
use serde_json::{Map, Value, json};

use crate::cluster::Cluster;
use crate::{cases, generate};

/// What becomes of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    /// It is decoded, whatever validation says then.
    Fine,
    /// It is not decoded.
    Wrong,
    /// It is decoded, and there is nothing to decode these fields into.
    Unknown(Vec<String>),
}

/// Where a piece of JSON belongs.
#[derive(Clone, Copy, Debug)]
enum Piece {
    /// Members of the container of a Pod.
    Container(&'static str),
    /// Members of the spec of a Pod, which has a container.
    Spec(&'static str),
    /// Members of the metadata of a Pod.
    Metadata(&'static str),
    /// Members of an object of this kind.
    Object(&'static str, &'static str),
}

const KINDS: [(&str, &str, &str); 9] = [
    ("Pod", "v1", "/api/v1/namespaces/default/pods"),
    ("PodTemplate", "v1", "/api/v1/namespaces/default/podtemplates"),
    ("ReplicationController", "v1", "/api/v1/namespaces/default/replicationcontrollers"),
    ("Deployment", "apps/v1", "/apis/apps/v1/namespaces/default/deployments"),
    ("StatefulSet", "apps/v1", "/apis/apps/v1/namespaces/default/statefulsets"),
    ("DaemonSet", "apps/v1", "/apis/apps/v1/namespaces/default/daemonsets"),
    ("ReplicaSet", "apps/v1", "/apis/apps/v1/namespaces/default/replicasets"),
    ("Job", "batch/v1", "/apis/batch/v1/namespaces/default/jobs"),
    ("CronJob", "batch/v1", "/apis/batch/v1/namespaces/default/cronjobs"),
];

const FINE: [Piece; 24] = [
    Piece::Container(r#""stdin":true,"tty":false"#),
    Piece::Container(r#""stdin":null,"args":null,"resources":null,"image":null"#),
    Piece::Container(r#""ports":[{"containerPort":80}]"#),
    Piece::Container(r#""ports":[{"containerPort":2147483647,"hostPort":-2147483648}]"#),
    Piece::Container(r#""securityContext":{"runAsUser":9223372036854775807}"#),
    Piece::Container(r#""resources":{"limits":{"memory":1,"cpu":0.5}}"#),
    Piece::Container(r#""resources":{"limits":{"memory":1e3,"cpu":"1e-1"}}"#),
    Piece::Container(r#""resources":{"limits":{"memory":" 1Gi ","cpu":null}}"#),
    Piece::Container(r#""resources":{"limits":{"memory":"Ki","cpu":"."}}"#),
    Piece::Container(r#""resources":{"limits":{"memory":18446744073709551616}}"#),
    Piece::Container(r#""livenessProbe":{"httpGet":{"port":80}}"#),
    Piece::Container(r#""livenessProbe":{"httpGet":{"port":"80"}}"#),
    Piece::Container(r#""livenessProbe":{"httpGet":{"port":"no port \u0000"}}"#),
    Piece::Container(r#""env":[{"name":"A","value":"8080"},{"name":"B","value":null}]"#),
    Piece::Container(r#""imagePullPolicy":"no such policy""#),
    Piece::Spec(r#""nodeSelector":{"a":null,"b":"","":"c"}"#),
    Piece::Spec(r#""volumes":[{"name":"v","emptyDir":{"sizeLimit":5}}]"#),
    Piece::Metadata(r#""creationTimestamp":null"#),
    Piece::Metadata(r#""creationTimestamp":"2026-11-25T1:02:03,5+24:60""#),
    Piece::Metadata(r#""labels":{"a":"1"},"annotations":null"#),
    Piece::Metadata(r#""managedFields":[{"manager":"m","operation":"Apply","fieldsV1":"x"}]"#),
    Piece::Metadata(r#""managedFields":[{"manager":"m","operation":"Apply","fieldsV1":{"f:a":[1,null]}}]"#),
    Piece::Object("Deployment", r#""spec":{"replicas":1,"strategy":{"rollingUpdate":{"maxSurge":"no percentage"}}}"#),
    Piece::Object("CronJob", r#""spec":null,"status":{"lastScheduleTime":"2026-11-25T00:00:00Z"}"#),
];

const WRONG: [Piece; 52] = [
    Piece::Container(r#""stdin":"true""#),
    Piece::Container(r#""stdin":"""#),
    Piece::Container(r#""stdin":1"#),
    Piece::Container(r#""stdin":{}"#),
    Piece::Container(r#""securityContext":{"privileged":"false"}"#),
    Piece::Container(r#""securityContext":{"runAsUser":"0"}"#),
    Piece::Container(r#""securityContext":{"runAsUser":0.0}"#),
    Piece::Container(r#""securityContext":{"runAsUser":1e3}"#),
    Piece::Container(r#""securityContext":{"runAsUser":9223372036854775808}"#),
    Piece::Container(r#""securityContext":{"runAsUser":-9223372036854775809}"#),
    Piece::Container(r#""securityContext":[]"#),
    Piece::Container(r#""securityContext":"privileged""#),
    Piece::Container(r#""securityContext":{"capabilities":{"add":"ALL"}}"#),
    Piece::Container(r#""securityContext":{"capabilities":{"add":[1]}}"#),
    Piece::Container(r#""ports":[{"containerPort":"80"}]"#),
    Piece::Container(r#""ports":[{"containerPort":80.0}]"#),
    Piece::Container(r#""ports":[{"containerPort":80.5}]"#),
    Piece::Container(r#""ports":[{"containerPort":2147483648}]"#),
    Piece::Container(r#""ports":[{"hostPort":-2147483649}]"#),
    Piece::Container(r#""ports":[80]"#),
    Piece::Container(r#""ports":{"containerPort":80}"#),
    Piece::Container(r#""env":[{"name":"A","value":8080}]"#),
    Piece::Container(r#""env":[{"name":"A","value":true}]"#),
    Piece::Container(r#""env":{"A":"8080"}"#),
    Piece::Container(r#""args":[1]"#),
    Piece::Container(r#""args":"one""#),
    Piece::Container(r#""image":5"#),
    Piece::Container(r#""resources":{"limits":{"memory":"5Gb"}}"#),
    Piece::Container(r#""resources":{"limits":{"memory":""}}"#),
    Piece::Container(r#""resources":{"limits":{"memory":"1 Gi"}}"#),
    Piece::Container(r#""resources":{"limits":{"memory":true}}"#),
    Piece::Container(r#""resources":{"limits":{"memory":{}}}"#),
    Piece::Container(r#""resources":{"limits":{"memory":["1Gi"]}}"#),
    Piece::Container(r#""resources":{"limits":["memory"]}"#),
    Piece::Container(r#""livenessProbe":{"httpGet":{"port":true}}"#),
    Piece::Container(r#""livenessProbe":{"httpGet":{"port":80.0}}"#),
    Piece::Container(r#""livenessProbe":{"httpGet":{"port":2147483648}}"#),
    Piece::Container(r#""livenessProbe":{"httpGet":{"port":{}}}"#),
    Piece::Container(r#""livenessProbe":{"periodSeconds":"5s"}"#),
    Piece::Spec(r#""hostNetwork":"yes""#),
    Piece::Spec(r#""nodeSelector":{"gpu":true}"#),
    Piece::Spec(r#""nodeSelector":["gpu"]"#),
    Piece::Spec(r#""volumes":{}"#),
    Piece::Spec(r#""volumes":[{"name":"v","emptyDir":{"sizeLimit":"x"}}]"#),
    Piece::Metadata(r#""labels":{"version":1}"#),
    Piece::Metadata(r#""annotations":{"a":{}}"#),
    Piece::Metadata(r#""creationTimestamp":"""#),
    Piece::Metadata(r#""creationTimestamp":"2026-11-25T01:02:03""#),
    Piece::Metadata(r#""creationTimestamp":1764032579"#),
    Piece::Metadata(r#""finalizers":"one""#),
    Piece::Object("Deployment", r#""spec":{"replicas":"3"}"#),
    Piece::Object("Job", r#""spec":{"podFailurePolicy":{"rules":[{"onExitCodes":{"values":["1"]}}]}}"#),
];

const UNKNOWN: [Piece; 12] = [
    Piece::Container(r#""resouces":{}"#),
    Piece::Container(r#""Image":"nginx""#),
    Piece::Container(r#""nothing":null"#),
    Piece::Container(r#""securityContext":{"privilegd":true,"fsGroup":1}"#),
    Piece::Container(r#""env":[{"name":"A"},{"name":"B","valeu":"x"}]"#),
    Piece::Container(r#""resources":{"limit":{"memory":"1Gi"}}"#),
    Piece::Spec(r#""HostNetwork":true,"hostNetwork":false"#),
    Piece::Spec(r#""securityContext":{"privileged":true}"#),
    Piece::Metadata(r#""label":{"a":"b"}"#),
    Piece::Object("Deployment", r#""spec":{"template":{"metadata":{"nme":"x"},"spec":{"Containers":[]}}},"stats":{}"#),
    Piece::Object("CronJob", r#""spec":{"jobTemplate":{"spec":{"template":{"spec":{"image":"x"}}}}}"#),
    Piece::Object("PodTemplate", r#""spec":{"template":{}}"#),
];

/// What Go decodes and podgate does not, because it would not be what its author wrote.
const STRICTER: [Piece; 6] = [
    Piece::Object("Pod", r#""spec":{"containers":[null]}"#),
    Piece::Spec(r#""volumes":[null]"#),
    Piece::Container(r#""args":[null]"#),
    Piece::Container(r#""securityContext":{"runAsUser":-0}"#),
    Piece::Container(r#""resources":{"limits":{"memory":"1e-2000000"}}"#),
    Piece::Container(r#""resources":{"limits":{"memory":"1e40"}}"#),
];

pub fn objects_made_by_hand(cluster: &Cluster) -> Result<(), Failed> {
    let mut lines = Vec::new();
    let tables: [(&[Piece], [&str; 2]); 4] = [
        (&FINE, ["fine", "fine"]),
        (&WRONG, ["wrong", "wrong"]),
        (&UNKNOWN, ["unknown", "unknown"]),
        (&STRICTER, ["wrong", "fine"]),
    ];
    for (pieces, expected) in tables {
        for piece in pieces {
            let (kind, object) = piece.object();
            let (ours, theirs) = (said(kind, &object)?, asked(cluster, kind, &object)?);
            let same_fields = ours == theirs || expected[0] != expected[1];
            if [ours.word(), theirs.word()] != expected || !same_fields {
                lines.push(format!(
                    "{piece:?}: podgate says {ours:?}, the server {theirs:?}, expected was {expected:?}"
                ));
            }
        }
    }
    if lines.is_empty() { Ok(()) } else { Err(lines.join("\n").into()) }
}

/// Objects with every field that the table has, each of its type, at the edge of its range.
pub fn objects_with_every_field(cluster: &Cluster) -> Result<(), Failed> {
    for (kind, version, _) in KINDS {
        let holds = schema::of(kind).ok_or_else(|| format!("no table for {kind}"))?;
        for edge in [false, true] {
            let mut object = full(holds, edge);
            object["apiVersion"] = version.into();
            object["kind"] = kind.into();
            // Or the server would say that it does not match the address.
            object["metadata"]["namespace"] = "default".into();
            let object = object.to_string();
            let verdicts = (said(kind, &object)?, asked(cluster, kind, &object)?);
            if verdicts != (Verdict::Fine, Verdict::Fine) {
                return Err(format!("{kind} with every field: {verdicts:?}").into());
            }
        }
    }
    Ok(())
}

/// The objects of the other tests, all of which the API server takes.
pub fn objects_it_takes(_: &Cluster) -> Result<(), Failed> {
    let chance = generate::Chance::new(1);
    let objects = cases::all().into_iter().chain((0..200).map(|index| generate::workload(&chance, index)));
    for object in objects {
        let verdict = said(object["kind"].as_str().unwrap_or_default(), &object.to_string())?;
        if verdict != Verdict::Fine {
            return Err(format!("{object}: {verdict:?}").into());
        }
    }
    Ok(())
}

impl Verdict {
    fn word(&self) -> &'static str {
        match self {
            Verdict::Fine => "fine",
            Verdict::Wrong => "wrong",
            Verdict::Unknown(_) => "unknown",
        }
    }
}

impl Piece {
    /// The kind and the text of the whole object.
    fn object(self) -> (&'static str, String) {
        let (kind, members) = match self {
            Piece::Container(more) => {
                ("Pod", format!(r#""metadata":{{"name":"a"}},"spec":{{"containers":[{{"name":"c",{more}}}]}}"#))
            }
            Piece::Spec(more) => {
                let containers = r#""containers":[{"name":"c","image":"i"}]"#;
                ("Pod", format!(r#""metadata":{{"name":"a"}},"spec":{{{containers},{more}}}"#))
            }
            Piece::Metadata(more) => {
                let spec = r#""spec":{"containers":[{"name":"c","image":"i"}]}"#;
                ("Pod", format!(r#""metadata":{{"name":"a",{more}}},{spec}"#))
            }
            Piece::Object(kind, members) => (kind, members.to_owned()),
        };
        let version = KINDS.iter().find(|(name, ..)| *name == kind).map_or("v1", |(_, version, _)| version);
        (kind, format!(r#"{{"apiVersion":"{version}","kind":"{kind}",{members}}}"#))
    }
}

/// podgate's verdict.
fn said(kind: &str, object: &str) -> Result<Verdict, Failed> {
    let arena = Bump::new();
    let problems = schema::check(kind, reader::parse(&arena, object.as_bytes(), &Limits::REVIEW)?);
    if problems.iter().any(|problem| problem.fault == Fault::Wrong) {
        return Ok(Verdict::Wrong);
    }
    let unknown: Vec<_> = problems.into_iter().map(|problem| problem.path.to_string()).collect();
    Ok(if unknown.is_empty() { Verdict::Fine } else { Verdict::Unknown(unknown) })
}

/// The API server's verdict.
fn asked(cluster: &Cluster, kind: &str, object: &str) -> Result<Verdict, Failed> {
    let address = KINDS.iter().find(|(name, ..)| *name == kind).map(|(_, _, address)| address);
    let address = address.ok_or_else(|| format!("no address for {kind}"))?;
    let address = format!("{address}?dryRun=All&fieldValidation=Strict");
    let answer = cluster.kubectl(&["create", "--raw", &address, "-f", "-"], object)?;
    let words = String::from_utf8_lossy(&answer.stderr);
    if answer.status.success() || words.contains(" is invalid: ") || words.contains("(Forbidden)") {
        return Ok(Verdict::Fine);
    }
    if let Some((_, fields)) = words.split_once("strict decoding error: ") {
        return Ok(Verdict::Unknown(fields.split('"').skip(1).step_by(2).map(str::to_owned).collect()));
    }
    if words.contains("(BadRequest)") && words.contains("cannot be handled as a") {
        return Ok(Verdict::Wrong);
    }
    Err(format!("an answer that says neither: {words}").into())
}

/// A value of this type with everything that it can have.
fn full(holds: Type, edge: bool) -> Value {
    if let Some(basic) = holds.basic() {
        return match basic {
            Basic::Boolean => json!(edge),
            Basic::String => json!("x"),
            Basic::Int32 if edge => json!(i32::MAX),
            Basic::Int64 if edge => json!(i64::MAX),
            Basic::Int32 | Basic::Int64 => json!(1),
            Basic::Quantity if edge => json!(0.5),
            Basic::Quantity => json!("1Gi"),
            Basic::IntOrString if edge => json!("x"),
            Basic::IntOrString => json!(1),
            Basic::Time => json!("2026-11-25T00:00:00Z"),
            Basic::Any => json!({}),
        };
    }
    match holds.element() {
        Some(element) if holds.is_list() => json!([full(element, edge)]),
        Some(element) => json!({"x": full(element, edge)}),
        None => {
            let fields = holds.fields().iter().map(|field| (field.name.to_owned(), full(field.holds, edge)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
    }
}
