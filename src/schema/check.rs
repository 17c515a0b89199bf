//! What in an object the API server could not decode, and what it would drop.
//!
//! This follows Go's decoding of the API types. Three things that Go accepts are wrong here: a `null` in a list, of
//! which it makes an empty element; `-0` for an integer, which the tree holds as a fraction; a quantity beyond what
//! [`Quantity`] can hold.

use std::fmt;

use crate::diagnostic::suggest;
use crate::document::{Path, Value};
use crate::quantity::Quantity;

use super::{Basic, Type, time};

/// More problems than these are not looked for.
const MOST: usize = 100;

/// Something in an object that does not fit its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub path: Path<'static>,
    /// How bad it is.
    pub fault: Fault,
    /// What is wrong, with the place.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The API server cannot decode the object.
    Wrong,
    /// The API server does not know the field: it drops it, or refuses the object if validation is strict.
    Unknown,
}

/// The problems of an object of this kind, the first 100 of them in the order of the object; none for a kind that is
/// not in the table. The object's own `apiVersion` and `kind` are not looked at: whoever asks knows that this is the
/// kind of the Kubernetes API, and not one of the same name in a custom group.
pub fn check(kind: &str, object: Value<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(holds) = super::of(kind) {
        walk(holds, object, &Trail::Root, &mut problems);
    }
    problems
}

/// The way from the root to a value, on the stack: a path is made only for a problem.
enum Trail<'t> {
    Root,
    Key(&'t Trail<'t>, &'t str),
    Index(&'t Trail<'t>, usize),
}

impl Trail<'_> {
    fn path(&self) -> Path<'static> {
        match self {
            Trail::Root => Path::root(),
            Trail::Key(before, key) => before.path().key((*key).to_owned()),
            Trail::Index(before, index) => before.path().index(*index),
        }
    }
}

/// Goes down as long as object and schema agree, so no deeper than either.
fn walk(holds: Type, value: Value<'_>, trail: &Trail<'_>, problems: &mut Vec<Problem>) {
    if problems.len() >= MOST {
        return;
    }
    match value {
        Value::Object(members) if holds.is_object() => {
            for member in members {
                let trail = Trail::Key(trail, member.key);
                match holds.field(member.key) {
                    Some(_) if member.value.is_null() => {}
                    Some(field) => walk(field.holds, member.value, &trail, problems),
                    None if problems.len() < MOST => problems.push(unknown(holds, member.key, trail.path())),
                    None => return,
                }
            }
        }
        Value::Object(members) if holds.is_map() => {
            let Some(element) = holds.element() else { return };
            for member in members.iter().filter(|member| !member.value.is_null()) {
                walk(element, member.value, &Trail::Key(trail, member.key), problems);
            }
        }
        Value::Array(elements) if holds.is_list() => {
            let Some(element) = holds.element() else { return };
            for (index, value) in elements.iter().enumerate() {
                walk(element, *value, &Trail::Index(trail, index), problems);
            }
        }
        _ if holds.basic().is_some_and(|basic| fits(basic, value)) => {}
        _ => problems.push(wrong(holds, value, trail.path())),
    }
}

/// Whether Go decodes the value into the type. A number with a fraction or an exponent is no integer, whatever its value.
fn fits(basic: Basic, value: Value<'_>) -> bool {
    match (basic, value) {
        (Basic::Any, _)
        | (Basic::Boolean, Value::Bool(_))
        | (Basic::String | Basic::IntOrString, Value::String(_))
        | (Basic::Int64 | Basic::Quantity, Value::Int(_)) => true,
        (Basic::Int32 | Basic::IntOrString, Value::Int(number)) => i32::try_from(number).is_ok(),
        (Basic::Time, Value::String(text)) => time::is_time(text),
        (Basic::Quantity, _) => Quantity::of(value).is_ok(),
        _ => false,
    }
}

fn wrong(holds: Type, value: Value<'_>, path: Path<'static>) -> Problem {
    let place = Place(&path);
    let basic = holds.basic();
    let (message, help) = match (value, basic) {
        (Value::Null, _) if !path.is_root() => {
            (format!("{place} is null in a list"), Some("write the element, or leave it out".to_owned()))
        }
        (Value::Int(_) | Value::Uint(_), Some(Basic::Int64)) => (outside(&place, value, i64::MIN, i64::MAX), None),
        (Value::Int(_) | Value::Uint(_), Some(Basic::Int32 | Basic::IntOrString)) => {
            (outside(&place, value, i32::MIN.into(), i32::MAX.into()), None)
        }
        // As JSON writes it: `80.0` keeps its fraction.
        (Value::Float(number), Some(Basic::Int32 | Basic::Int64 | Basic::IntOrString)) => {
            (format!("{place} is {value}, the API server wants {holds}"), whole(number))
        }
        (Value::String(_), Some(Basic::Time)) => {
            (format!("{place} is not a time"), Some("write a time such as `2026-01-31T12:00:00Z`".to_owned()))
        }
        (Value::String(_) | Value::Float(_), Some(Basic::Quantity)) => match Quantity::of(value) {
            Err(error) => (format!("{place} cannot be read: {error}"), None),
            Ok(_) => (format!("{place} is not a quantity"), None),
        },
        _ => (format!("{place} is {}, the API server wants {holds}", value.described()), advice(holds, value)),
    };
    Problem { path, fault: Fault::Wrong, message, help }
}

fn outside(place: &Place<'_>, value: Value<'_>, least: i64, most: i64) -> String {
    format!("{place} is {value}, the API server wants an integer from {least} to {most}")
}

/// What to write instead of a value of another type.
fn advice(holds: Type, value: Value<'_>) -> Option<String> {
    match (holds.basic(), value) {
        (Some(Basic::Boolean), Value::String(text)) => {
            let meant = match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" => "true",
                "false" | "no" | "off" => "false",
                _ => return None,
            };
            Some(format!("write `{meant}` without quotes"))
        }
        (Some(Basic::Int32 | Basic::Int64), Value::String(text)) => {
            text.parse::<i64>().ok().map(|number| format!("write `{number}` without quotes"))
        }
        (Some(Basic::String), Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Float(_)) => {
            Some("put it in quotes".to_owned())
        }
        (None, value) if holds.is_list() && !value.is_null() => {
            Some("make it a list: `- ` stands before each element".to_owned())
        }
        _ => None,
    }
}

/// What to write instead of a number with a fraction or an exponent that is a whole number all the same.
fn whole(number: f64) -> Option<String> {
    (number.fract() == 0.0 && number.abs() < 1e15).then(|| format!("write `{}`", number + 0.0))
}

fn unknown(holds: Type, name: &str, path: Path<'static>) -> Problem {
    let fields = || holds.fields().iter().map(|field| field.name);
    let help = if let Some(field) = fields().find(|field| field.eq_ignore_ascii_case(name)) {
        Some(format!("field names are case-sensitive, did you mean `{field}`"))
    } else {
        suggest(name, fields()).map(|field| format!("did you mean `{field}`"))
    };
    let parent = path.clone().parent();
    let message = match parent.is_root() {
        true => format!("unknown field `{name}`"),
        false => format!("unknown field `{name}` in `{parent}`"),
    };
    Problem { path, fault: Fault::Unknown, message, help }
}

/// A path for a sentence.
struct Place<'p>(&'p Path<'static>);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_root() { f.write_str("the object") } else { write!(f, "`{}`", self.0) }
    }
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use super::*;
    use crate::document::{Limits, json};

    /// What `check` says, a line for each problem.
    fn said(kind: &str, object: &str) -> Vec<String> {
        let arena = Bump::new();
        let object = json::parse(&arena, object.as_bytes(), &Limits::default()).unwrap();
        let line = |problem: Problem| match problem.help {
            Some(help) => format!("{:?} {}: {help}", problem.fault, problem.message),
            None => format!("{:?} {}", problem.fault, problem.message),
        };
        check(kind, object).into_iter().map(line).collect()
    }

    fn said_of_spec(spec: &str) -> Vec<String> {
        said("Pod", &format!("{{\"spec\":{spec}}}"))
    }

    #[test]
    fn what_the_api_server_decodes_is_fine() {
        for spec in [
            r#"{"containers":[{"name":"c","image":"i","ports":[{"containerPort":80}],"stdin":true}]}"#,
            r#"{"containers":[],"volumes":null,"priority":-2147483648,"activeDeadlineSeconds":9223372036854775807}"#,
            r#"{"overhead":{"cpu":1,"memory":"1Gi","a":0.5,"b":1e3,"c":18446744073709551615,"d":null}}"#,
            r#"{"containers":[{"livenessProbe":{"httpGet":{"port":80}},"readinessProbe":{"httpGet":{"port":"web"}}}]}"#,
            r#"{"nodeSelector":{"a":null,"b":""},"securityContext":{"runAsUser":null}}"#,
        ] {
            assert_eq!(said_of_spec(spec), [""; 0], "{spec}");
        }
        let metadata = r#"{"metadata":{"creationTimestamp":null,"managedFields":[{"fieldsV1":{"f:a":[3,null]}}]}}"#;
        assert_eq!(said("PodTemplate", metadata), [""; 0]);
        assert_eq!(said("Service", r#"{"spec":{"ports":"x"}}"#), [""; 0]);
    }

    #[test]
    fn another_type_is_wrong() {
        for (spec, expected) in [
            (
                r#"{"containers":[{"securityContext":{"privileged":"true"}}]}"#,
                "`spec.containers[0].securityContext.privileged` is a string, the API server wants a boolean: \
                 write `true` without quotes",
            ),
            (
                r#"{"hostNetwork":"No"}"#,
                "`spec.hostNetwork` is a string, the API server wants a boolean: write `false` without quotes",
            ),
            (r#"{"hostNetwork":1}"#, "`spec.hostNetwork` is an integer, the API server wants a boolean"),
            (
                r#"{"priority":"5"}"#,
                "`spec.priority` is a string, the API server wants an integer: write `5` without quotes",
            ),
            (r#"{"priority":5.0}"#, "`spec.priority` is 5.0, the API server wants an integer: write `5`"),
            (r#"{"priority":-0}"#, "`spec.priority` is -0.0, the API server wants an integer: write `0`"),
            (r#"{"priority":5.5}"#, "`spec.priority` is 5.5, the API server wants an integer"),
            (
                r#"{"priority":2147483648}"#,
                "`spec.priority` is 2147483648, the API server wants an integer from -2147483648 to 2147483647",
            ),
            (
                r#"{"activeDeadlineSeconds":9223372036854775808}"#,
                "`spec.activeDeadlineSeconds` is 9223372036854775808, the API server wants an integer from \
                 -9223372036854775808 to 9223372036854775807",
            ),
            (
                r#"{"containers":[{"env":[{"name":"a","value":8080}]}]}"#,
                "`spec.containers[0].env[0].value` is an integer, the API server wants a string: put it in quotes",
            ),
            (
                r#"{"nodeSelector":{"gpu/x":true}}"#,
                "`spec.nodeSelector[gpu/x]` is a boolean, the API server wants a string: put it in quotes",
            ),
            (
                r#"{"containers":{"name":"c"}}"#,
                "`spec.containers` is an object, the API server wants a list of Container: \
                 make it a list: `- ` stands before each element",
            ),
            (
                r#"{"securityContext":[]}"#,
                "`spec.securityContext` is a list, the API server wants an object (PodSecurityContext)",
            ),
            (r#"{"nodeSelector":"a=b"}"#, "`spec.nodeSelector` is a string, the API server wants a map of strings"),
            (r#"{"volumes":[null]}"#, "`spec.volumes[0]` is null in a list: write the element, or leave it out"),
            (
                r#"{"overhead":{"memory":"1Gb"}}"#,
                "`spec.overhead.memory` cannot be read: `1Gb` is not a quantity: `Gb` is no suffix; use n, u, m, k, \
                 M, G, T, P, E, Ki, Mi, Gi, Ti, Pi or Ei",
            ),
            (
                r#"{"overhead":{"memory":false}}"#,
                "`spec.overhead.memory` is a boolean, the API server wants a quantity",
            ),
            (
                r#"{"containers":[{"livenessProbe":{"tcpSocket":{"port":true}}}]}"#,
                "`spec.containers[0].livenessProbe.tcpSocket.port` is a boolean, the API server wants an integer or a \
                 string",
            ),
        ] {
            assert_eq!(said_of_spec(spec), [format!("Wrong {expected}")], "{spec}");
        }
        assert_eq!(
            said("Pod", r#"{"metadata":{"deletionTimestamp":"soon"}}"#),
            ["Wrong `metadata.deletionTimestamp` is not a time: write a time such as `2026-01-31T12:00:00Z`"]
        );
        assert_eq!(said("Pod", "[]"), ["Wrong the object is a list, the API server wants an object (Pod)"]);
        assert_eq!(said("Pod", "null"), ["Wrong the object is null, the API server wants an object (Pod)"]);
    }

    #[test]
    fn a_field_that_is_not_in_the_schema_is_unknown() {
        for (spec, expected) in [
            (
                r#"{"containers":[{"resouces":{}}]}"#,
                "unknown field `resouces` in `spec.containers[0]`: did you mean `resources`",
            ),
            (
                r#"{"HostNetwork":true}"#,
                "unknown field `HostNetwork` in `spec`: field names are case-sensitive, did you mean `hostNetwork`",
            ),
            (r#"{"somethingElse":null}"#, "unknown field `somethingElse` in `spec`"),
        ] {
            assert_eq!(said_of_spec(spec), [format!("Unknown {expected}")], "{spec}");
        }
        assert_eq!(
            said("Job", r#"{"Spec":1}"#),
            ["Unknown unknown field `Spec`: field names are case-sensitive, did you mean `spec`"]
        );
    }

    #[test]
    fn problems_have_a_path_and_stand_in_the_order_of_the_object() {
        let arena = Bump::new();
        let text = r#"{"spec":{"x":1,"template":{"spec":{"containers":[{"stdin":0},{"y":{}}]}}},"metadata":3}"#;
        let object = json::parse(&arena, text.as_bytes(), &Limits::default()).unwrap();
        let problems: Vec<_> =
            check("Deployment", object).into_iter().map(|problem| (problem.fault, problem.path.to_string())).collect();
        let expected = [
            (Fault::Unknown, "spec.x"),
            (Fault::Wrong, "spec.template.spec.containers[0].stdin"),
            (Fault::Unknown, "spec.template.spec.containers[1].y"),
            (Fault::Wrong, "metadata"),
        ];
        assert_eq!(problems, expected.map(|(fault, path)| (fault, path.to_owned())));
    }

    #[test]
    fn a_hostile_object_gets_an_end() {
        let fields: Vec<_> = (0..1000).map(|i| format!("\"unknown{i}\":1")).collect();
        assert_eq!(said_of_spec(&format!("{{{}}}", fields.join(","))).len(), MOST);
        let elements = vec!["1"; 1000];
        assert_eq!(said_of_spec(&format!(r#"{{"volumes":[{}]}}"#, elements.join(","))).len(), MOST);
        let long = "hostnetwork".repeat(100_000);
        assert_eq!(said_of_spec(&format!(r#"{{"{long}":1}}"#)).len(), 1);
    }
}
