//! `restrictedVolumes`: only volumes that the cluster gives, none of a node or of a server that a user names.

use crate::document::Value;
use crate::policy::pod_security::words::{counted, plural_of, quoted, values, volumes};
use crate::policy::pod_security::{Offence, Pod};

/// The types of volumes that are allowed.
pub(super) const ALLOWED: [&str; 9] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// The types of volumes that are not allowed. Where a volume has several, the first one here is named.
pub(super) const FORBIDDEN: [&str; 21] = [
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "nfs",
    "iscsi",
    "glusterfs",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "fc",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "storageos",
];

/// What a type is called that podgate has not heard of.
pub(super) const UNKNOWN: &str = "unknown";

pub(super) fn find<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    for (index, volume) in pod.volumes.iter().enumerate() {
        match kind(*volume) {
            Kind::Allowed => {}
            Kind::Forbidden(key) => offences.push(Offence::of_volume(pod, (index, *volume), Some(key), key)),
            Kind::Unknown => offences.push(Offence::of_volume(pod, (index, *volume), None, UNKNOWN)),
        }
    }
}

enum Kind {
    Allowed,
    Forbidden(&'static str),
    Unknown,
}

/// A volume that names no source is an `emptyDir`: the API server says so before it asks anybody. A source that podgate
/// has not heard of may be anything.
fn kind(volume: Value<'_>) -> Kind {
    let mut sources =
        volume.members().iter().filter(|member| member.key != "name" && !member.value.is_null()).peekable();
    if sources.peek().is_none() || sources.clone().any(|source| ALLOWED.contains(&source.key)) {
        return Kind::Allowed;
    }
    let forbidden = FORBIDDEN.iter().find(|kind| sources.clone().any(|source| source.key == **kind));
    forbidden.map_or(Kind::Unknown, |kind| Kind::Forbidden(kind))
}

pub(super) fn say(offences: &[Offence<'_>]) -> (&'static str, String) {
    let names = volumes(offences);
    let kinds = values(offences);
    let by = counted("volume", "volumes", &names);
    let uses = plural_of("uses", "use", names.len());
    let what = plural_of("restricted volume type", "restricted volume types", kinds.len());
    ("restricted volume types", format!("{by} {uses} {what} {}", quoted(kinds)))
}
