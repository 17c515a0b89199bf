//! What `kubectl apply` makes of a manifest where the object exists already: what the manifest does not name stays as it
//! is in the cluster, unless the manifest named it the last time.

mod annotation;

use bumpalo::Bump;

use crate::document::{Limits, Member, Value, json};
use crate::provenance::{LAST_APPLIED, Way};
use crate::schema::{self, Merge, Type};
use crate::workload::Kind;

pub use annotation::annotated;

/// As whom `kubectl apply --server-side` writes.
const MANAGER: &str = "kubectl";

/// One value in its three forms; `null` where there is none.
#[derive(Clone, Copy)]
struct Three<'a> {
    live: Value<'a>,
    /// As the manifest had it the last time.
    before: Value<'a>,
    file: Value<'a>,
}

/// How values are merged.
#[derive(Clone, Copy)]
struct Merger<'a> {
    arena: &'a Bump,
    /// Only then are there objects that replace each other as a whole.
    is_server_side: bool,
}

/// The object that reaches the API server's webhooks. Where `live` is no object of a cluster but the manifest of the
/// last time, it is the new manifest: whatever that leaves out was named before.
pub fn onto<'a>(arena: &'a Bump, kind: Kind, way: Way, live: Value<'a>, file: Value<'a>) -> Value<'a> {
    if !is_live(live) {
        return file;
    }
    let before = match way {
        Way::ServerSide => owned(arena, live),
        // Helm compares with its last release, which nobody else knows: whatever that named is taken to be named still.
        Way::Helm3 => None,
        _ => live.text(&["metadata", "annotations", LAST_APPLIED]).and_then(|text| read(arena, text)),
    };
    let before = before.unwrap_or_default();
    let merger = Merger { arena, is_server_side: way == Way::ServerSide };
    merger.merged(schema::of(kind.name()), Three { live, before, file })
}

/// Whether this is an object of a cluster, and not a manifest.
pub fn is_live(object: Value<'_>) -> bool {
    object.fields(&["metadata", "uid"]).is_some()
}

fn read<'a>(arena: &'a Bump, text: &'a str) -> Option<Value<'a>> {
    json::parse(arena, text.as_bytes(), &Limits::FILE).ok()
}

/// The fields that kubectl's server-side apply owns, as an object with any values.
fn owned<'a>(arena: &'a Bump, live: Value<'a>) -> Option<Value<'a>> {
    let entries = live.fields(&["metadata", "managedFields"])?.elements();
    let is_kubectl =
        |entry: &&Value<'a>| entry.text(&["manager"]) == Some(MANAGER) && entry.text(&["operation"]) == Some("Apply");
    Some(fields(arena, entries.iter().find(is_kubectl)?.field("fieldsV1")?))
}

/// An object of the shape that a tree of `fieldsV1` describes: `f:NAME` is a field, `k:KEYS` the element with these.
fn fields<'a>(arena: &'a Bump, tree: Value<'a>) -> Value<'a> {
    let element = |member: &Member<'a>| {
        let keys = read(arena, member.key.strip_prefix("k:")?)?;
        let inside = fields(arena, member.value);
        let named = inside.members().iter().filter(|field| keys.get(field.key).is_none());
        let members: Vec<_> = keys.members().iter().chain(named).copied().collect();
        Some(Value::Object(arena.alloc_slice_copy(&members)))
    };
    let elements: Vec<_> = tree.members().iter().filter_map(element).collect();
    if !elements.is_empty() {
        return Value::Array(arena.alloc_slice_copy(&elements));
    }
    let field =
        |member: &Member<'a>| Some(Member { key: member.key.strip_prefix("f:")?, value: fields(arena, member.value) });
    let members: Vec<_> = tree.members().iter().filter_map(field).collect();
    Value::Object(arena.alloc_slice_copy(&members))
}

impl<'a> Merger<'a> {
    fn merged(self, holds: Option<Type>, three: Three<'a>) -> Value<'a> {
        let merge = holds.and_then(Type::merge);
        let is_whole = self.is_server_side && holds.is_some_and(Type::is_atomic);
        match (three.live, three.file) {
            (Value::Object(_), Value::Object(_)) if !is_whole => self.object(holds, three),
            (Value::Array(_), Value::Array(_)) if merge.is_some_and(|merge| merge != Merge::Atomic) => {
                self.list(holds, three)
            }
            _ => three.file,
        }
    }

    fn object(self, holds: Option<Type>, three: Three<'a>) -> Value<'a> {
        let Three { live, before, file } = three;
        let of = |key: &str| match holds {
            Some(map) if map.is_map() => map.element(),
            holds => holds.and_then(|holds| holds.field(key)).map(|field| field.holds),
        };
        // The source of a volume, and how a Deployment rolls out, take the place of what was chosen before.
        let is_choice = matches!(holds.and_then(Type::definition), Some("Volume" | "DeploymentStrategy"));
        let of_file = file.members().iter().filter(|member| !member.value.is_null()).map(|Member { key, value }| {
            let form = |object: Value<'a>| object.get(key).unwrap_or_default();
            let three = Three { live: form(live), before: form(before), file: *value };
            Member { key, value: self.merged(of(key), three) }
        });
        // A `null` in the manifest takes a field away.
        let stays =
            |member: &&Member<'a>| !is_choice && file.get(member.key).is_none() && before.get(member.key).is_none();
        let of_live = live.members().iter().filter(stays).copied();
        let members: Vec<_> = of_file.chain(of_live).collect();
        Value::Object(self.arena.alloc_slice_copy(&members))
    }

    /// The elements of the file come first, so that a place in the file is a place in the result.
    fn list(self, holds: Option<Type>, three: Three<'a>) -> Value<'a> {
        let Three { live, before, file } = three;
        let same = |a: &Value<'_>, b: &Value<'_>| match holds.and_then(Type::merge) {
            Some(Merge::Keyed(keys)) => keys.are_same(*a, *b),
            _ => a == b,
        };
        let find =
            |list: Value<'a>, element: &Value<'a>| list.elements().iter().find(|other| same(other, element)).copied();
        let element = holds.and_then(Type::element);
        let of_file = file.elements().iter().map(|file| {
            let form = |list| find(list, file).unwrap_or_default();
            self.merged(element, Three { live: form(live), before: form(before), file: *file })
        });
        let stays = |live: &&Value<'a>| find(file, live).is_none() && find(before, live).is_none();
        let of_live = live.elements().iter().filter(stays).copied();
        let elements: Vec<_> = of_file.chain(of_live).collect();
        Value::Array(self.arena.alloc_slice_copy(&elements))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The template after applying `file` over `live`, with the file of the last time.
    fn applied(live: &str, before: &str, file: &str) -> String {
        let arena = Bump::new();
        let read = |text: &str| json::parse(&arena, arena.alloc_str(text).as_bytes(), &Limits::FILE).unwrap();
        let whole = |spec: &str| format!(r#"{{"spec":{{"template":{{"spec":{spec}}}}}}}"#);
        let before = serde_json::to_string(&whole(before)).unwrap();
        let metadata = format!(r#"{{"uid":"u","annotations":{{"{LAST_APPLIED}":{before}}}}}"#);
        let live = format!(r#"{{"metadata":{metadata},"spec":{{"template":{{"spec":{live}}}}}}}"#);
        let result = onto(&arena, Kind::Deployment, Way::Apply, read(&live), read(&whole(file)));
        result.fields(&["spec", "template", "spec"]).unwrap_or_default().to_string()
    }

    #[test]
    fn what_the_manifest_never_named_stays() {
        let live = r#"{"containers":[{"name":"a","image":"x:1","imagePullPolicy":"Never"}],"terminationGracePeriodSeconds":45}"#;
        let file = r#"{"containers":[{"name":"a","image":"x:2"}]}"#;
        let expected = r#"{"containers":[{"name":"a","image":"x:2","imagePullPolicy":"Never"}],"terminationGracePeriodSeconds":45}"#;
        assert_eq!(applied(live, r#"{"containers":[{"name":"a","image":"x:1"}]}"#, file), expected);
    }

    #[test]
    fn what_the_manifest_named_and_names_no_more_goes() {
        let live = r#"{"containers":[{"name":"a"},{"name":"b"},{"name":"injected"}],"nodeSelector":{"x":"1","y":"2"}}"#;
        let before = r#"{"containers":[{"name":"b"},{"name":"a"}],"nodeSelector":{"x":"1"}}"#;
        let expected = r#"{"containers":[{"name":"b"},{"name":"injected"}],"nodeSelector":{"y":"2"}}"#;
        assert_eq!(applied(live, before, r#"{"containers":[{"name":"b"}],"nodeSelector":{}}"#), expected);
        assert_eq!(applied(r#"{"hostPID":true,"a":1}"#, r#"{"hostPID":true}"#, "{}"), r#"{"a":1}"#);
        assert_eq!(applied(r#"{"hostPID":true}"#, "{}", r#"{"hostPID":null}"#), "{}");
    }

    #[test]
    fn server_side_what_kubectl_owned_and_names_no_more_goes() {
        let arena = Bump::new();
        let read = |text: &'static str| read(&arena, text).unwrap();
        let live = read(
            r#"{"metadata":{"uid":"u","managedFields":[{"manager":"kubectl","operation":"Apply","fieldsV1":{
            "f:spec":{"f:hostPID":{},"f:containers":{"k:{\"name\":\"a\"}":{".":{},"f:name":{},"f:image":{}},
            "k:{\"name\":\"b\"}":{".":{},"f:name":{}}}}}}]},
            "spec":{"hostPID":true,"hostIPC":true,"containers":[{"name":"a","image":"x","tty":true},{"name":"b"},{"name":"c"}]}}"#,
        );
        let file = read(r#"{"spec":{"containers":[{"name":"a"}]}}"#);
        let spec = onto(&arena, Kind::Pod, Way::ServerSide, live, file).field("spec").unwrap();
        assert_eq!(spec.to_string(), r#"{"containers":[{"name":"a","tty":true},{"name":"c"}],"hostIPC":true}"#);
    }

    #[test]
    fn atomic_lists_and_members_of_unions_take_the_place_of_others() {
        let live = r#"{"tolerations":[{"key":"a"}],"volumes":[{"name":"v","emptyDir":{}}]}"#;
        let file = r#"{"tolerations":[{"key":"b"}],"volumes":[{"name":"v","configMap":{"name":"c"}}]}"#;
        assert_eq!(applied(live, "{}", file), file);
    }

    #[test]
    fn ports_are_told_apart_by_protocol_where_it_is_written() {
        let live = r#"{"containers":[{"name":"a","ports":[{"containerPort":53,"protocol":"UDP"},{"containerPort":53,"protocol":"TCP","name":"t"}]}]}"#;
        let file = r#"{"containers":[{"name":"a","ports":[{"containerPort":53,"protocol":"TCP"}]}]}"#;
        let expected = r#"{"containers":[{"name":"a","ports":[{"containerPort":53,"protocol":"TCP","name":"t"},{"containerPort":53,"protocol":"UDP"}]}]}"#;
        assert_eq!(applied(live, "{}", file), expected);
    }

    #[test]
    fn the_manifest_of_the_last_time_is_no_live_object() {
        let arena = Bump::new();
        let read = |text: &'static str| json::parse(&arena, text.as_bytes(), &Limits::FILE).unwrap();
        let (old, new) = (read(r#"{"metadata":{"name":"a"},"spec":{"x":1}}"#), read(r#"{"metadata":{"name":"a"}}"#));
        assert_eq!(onto(&arena, Kind::Pod, Way::Apply, old, new), new);
    }
}
