//! What the API server fills into volumes and volume claims.

use crate::api_defaults::container::{FIELD_REF, PLAIN_RESOURCES, RESOURCE_FIELD_REF, pull_policy};
use crate::api_defaults::shape::{Field, Fill, Shape, Then};
use crate::document::Value;

/// One of a Pod's volumes.
pub const VOLUME: Shape = &[
    Field::new("emptyDir").missing(Fill::Empty).given(has_no_other_source),
    Field::new("emptyDir").object(&[Field::new("sizeLimit").then(Then::Quantity)]),
    Field::new("image")
        .object(&[Field::new("pullPolicy").zero(Fill::Computed(|image| pull_policy(image.field("reference"))))]),
    Field::new("hostPath").object(&[Field::new("type").missing(Fill::Text(""))]),
    Field::new("secret").object(&[DEFAULT_MODE]),
    Field::new("configMap").object(&[DEFAULT_MODE]),
    Field::new("downwardAPI").object(&[DEFAULT_MODE, DOWNWARD_API_ITEMS]),
    Field::new("projected").object(&[
        DEFAULT_MODE,
        Field::new("sources").list(&[
            Field::new("downwardAPI").object(&[DOWNWARD_API_ITEMS]),
            Field::new("serviceAccountToken").object(&[Field::new("expirationSeconds").missing(Fill::Int(3600))]),
        ]),
    ]),
    Field::new("iscsi").object(&[Field::new("iscsiInterface").zero(Fill::Text("default"))]),
    Field::new("rbd").object(&[
        Field::new("pool").zero(Fill::Text("rbd")),
        Field::new("user").zero(Fill::Text("admin")),
        Field::new("keyring").zero(Fill::Text("/etc/ceph/keyring")),
    ]),
    Field::new("azureDisk").object(&[
        Field::new("cachingMode").missing(Fill::Text("ReadWrite")),
        Field::new("fsType").missing(Fill::Text("ext4")),
        Field::new("readOnly").missing(Fill::Bool(false)),
        Field::new("kind").missing(Fill::Text("Shared")),
    ]),
    Field::new("scaleIO").object(&[
        Field::new("storageMode").zero(Fill::Text("ThinProvisioned")),
        Field::new("fsType").zero(Fill::Text("xfs")),
    ]),
    Field::new("ephemeral").object(&[Field::new("volumeClaimTemplate").object(&[METADATA, CLAIM_SPEC])]),
];

/// A StatefulSet's volume claim template: a whole object, whose kind the API server always writes.
pub const VOLUME_CLAIM: Shape = &[
    Field::new("apiVersion").always(Fill::Text("v1")),
    Field::new("kind").always(Fill::Text("PersistentVolumeClaim")),
    METADATA,
    CLAIM_SPEC,
    Field::new("status").missing(Fill::Struct).object(&[Field::new("phase").zero(Fill::Text("Pending"))]),
];

const METADATA: Field = Field::new("metadata").missing(Fill::Struct);
const CLAIM_SPEC: Field = Field::new("spec").missing(Fill::Struct).object(&[
    Field::new("volumeMode").missing(Fill::Text("Filesystem")),
    Field::new("resources").missing(Fill::Struct).object(PLAIN_RESOURCES),
]);
/// Written 0644 by people.
const DEFAULT_MODE: Field = Field::new("defaultMode").missing(Fill::Int(0o644));
const DOWNWARD_API_ITEMS: Field = Field::new("items").list(&[FIELD_REF, RESOURCE_FIELD_REF]);

/// Any field but the name counts as a source, so that a newer one is not taken for none.
fn has_no_other_source(volume: Value<'_>) -> bool {
    volume.members().iter().all(|member| member.value.is_null() || matches!(member.key, "name" | "emptyDir"))
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use crate::api_defaults::{Version, pod, read};

    #[test]
    fn each_source_has_its_defaults() {
        for (written, filled) in [
            (r#"{"name":"v"}"#, r#"{"name":"v","emptyDir":{}}"#),
            (r#"{"name":"v","secret":null}"#, r#"{"name":"v","secret":null,"emptyDir":{}}"#),
            (r#"{"name":"v","newer":{}}"#, r#"{"name":"v","newer":{}}"#),
            (r#"{"emptyDir":{"sizeLimit":"1024Mi"}}"#, r#"{"emptyDir":{"sizeLimit":"1Gi"}}"#),
            (r#"{"image":{"reference":"a:1"}}"#, r#"{"image":{"reference":"a:1","pullPolicy":"IfNotPresent"}}"#),
            (r#"{"image":{"reference":"a"}}"#, r#"{"image":{"reference":"a","pullPolicy":"Always"}}"#),
            (r#"{"hostPath":{"path":"/"}}"#, r#"{"hostPath":{"path":"/","type":""}}"#),
            (r#"{"secret":{}}"#, r#"{"secret":{"defaultMode":420}}"#),
            (r#"{"configMap":{"defaultMode":0}}"#, r#"{"configMap":{"defaultMode":0}}"#),
            (
                r#"{"projected":{"sources":[{"serviceAccountToken":{}}]}}"#,
                r#"{"projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":3600}}],"defaultMode":420}}"#,
            ),
            (
                r#"{"downwardAPI":{"items":[{"fieldRef":{}}]}}"#,
                r#"{"downwardAPI":{"items":[{"fieldRef":{"apiVersion":"v1"}}],"defaultMode":420}}"#,
            ),
            (r#"{"iscsi":{"lun":1}}"#, r#"{"iscsi":{"lun":1,"iscsiInterface":"default"}}"#),
            (r#"{"rbd":{"user":""}}"#, r#"{"rbd":{"user":"admin","pool":"rbd","keyring":"/etc/ceph/keyring"}}"#),
            (
                r#"{"azureDisk":{}}"#,
                r#"{"azureDisk":{"cachingMode":"ReadWrite","fsType":"ext4","readOnly":false,"kind":"Shared"}}"#,
            ),
            (r#"{"scaleIO":{}}"#, r#"{"scaleIO":{"storageMode":"ThinProvisioned","fsType":"xfs"}}"#),
            (
                r#"{"ephemeral":{"volumeClaimTemplate":{}}}"#,
                r#"{"ephemeral":{"volumeClaimTemplate":{"metadata":{},"spec":{"volumeMode":"Filesystem","resources":{}}}}}"#,
            ),
            (r#"{"nfs":{}}"#, r#"{"nfs":{}}"#),
        ] {
            let arena = Bump::new();
            let text = format!(r#"{{"spec":{{"volumes":[{written}]}}}}"#);
            let pod = pod(&arena, read(&arena, &text), Version::default());
            assert_eq!(pod.fields(&["spec", "volumes"]).unwrap().to_string(), format!("[{filled}]"));
        }
    }
}
