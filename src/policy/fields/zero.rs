//! Values that the API server does not write: its types leave out what is empty, `false` or zero.
//!
//! So `hostNetwork: false` is gone once it was stored, and an edit that sets it would be due for ever. Fields whose Go
//! type is a pointer (`automountServiceAccountToken`) keep their `false`; the schema does not tell which those are.

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use crate::document::{Member, Value};
use crate::policy::fields::Field;

/// Objects with the booleans and integers that they leave out where these are `false` and 0.
const LEFT_OUT: [(&str, &[&str]); 4] = [
    ("PodSpec", &["hostNetwork", "hostPID", "hostIPC"]),
    ("Container", &["stdin", "stdinOnce", "tty"]),
    ("Probe", &["initialDelaySeconds"]),
    ("ISCSIVolumeSource", &["chapAuthDiscovery", "chapAuthSession"]),
];

/// Volume sources whose `readOnly` is a pointer; that of all others, and of mounts, is not.
const POINTERS: [&str; 2] = ["AzureDiskVolumeSource", "CSIVolumeSource"];

impl Field {
    /// Whether the API server leaves the value out, so that it means the same as nothing.
    pub fn leaves_out(self, value: Value<'_>) -> bool {
        if self.is_part {
            return false;
        }
        let is_named = || {
            let row = LEFT_OUT.iter().find(|(owner, _)| *owner == self.owner);
            row.is_some_and(|(_, names)| names.contains(&self.name))
                || (self.name == "readOnly" && !POINTERS.contains(&self.owner))
        };
        match value {
            Value::String("") | Value::Array([]) => true,
            Value::Bool(false) | Value::Int(0) => is_named(),
            _ => false,
        }
    }

    /// The value without what the API server leaves out in it.
    pub fn bare<'a>(self, arena: &'a Bump, value: Value<'a>) -> Value<'a> {
        match value {
            Value::Object(members) => {
                let kept = members.iter().filter_map(|member| {
                    let Some(inner) = self.member(member.key) else { return Some(*member) };
                    let value = inner.bare(arena, member.value);
                    (!inner.leaves_out(value)).then_some(Member { key: member.key, value })
                });
                Value::Object(ArenaVec::from_iter_in(kept, arena).into_bump_slice())
            }
            Value::Array(elements) => {
                let inner = self.element().unwrap_or(self);
                let elements = elements.iter().map(|element| inner.bare(arena, *element));
                Value::Array(ArenaVec::from_iter_in(elements, arena).into_bump_slice())
            }
            scalar => scalar,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_empty_false_or_zero_is_left_out_unless_its_type_is_a_pointer() {
        let pod = Field::root(false).unwrap();
        let written = json!({"metadata": {"labels": {"a": ""}}, "spec": {
            "hostNetwork": false, "automountServiceAccountToken": false, "hostname": "", "tolerations": [],
            "securityContext": {"runAsUser": 0, "runAsNonRoot": false}, "nodeSelector": {"a": ""},
            "containers": [{"tty": false, "args": [""], "env": [{"name": "A", "value": ""}],
                "livenessProbe": {"initialDelaySeconds": 0, "exec": {"command": []}}}],
            "volumes": [{"name": "a", "emptyDir": {}}, {"name": "b", "csi": {"driver": "d", "readOnly": false}},
                {"name": "c", "nfs": {"path": "/", "readOnly": false}}]}});
        let expected = json!({"metadata": {"labels": {"a": ""}}, "spec": {
            "automountServiceAccountToken": false,
            "securityContext": {"runAsUser": 0, "runAsNonRoot": false}, "nodeSelector": {"a": ""},
            "containers": [{"args": [""], "env": [{"name": "A"}], "livenessProbe": {"exec": {}}}],
            "volumes": [{"name": "a", "emptyDir": {}}, {"name": "b", "csi": {"driver": "d", "readOnly": false}},
                {"name": "c", "nfs": {"path": "/"}}]}});
        let arena = Bump::new();
        assert_eq!(pod.bare(&arena, Value::from_json(&arena, &written)).to_json(), expected);
    }
}
