//! `apiVersion`, `kind` and `metadata`: which policy it is.

use crate::diagnostic::{suggest, words};
use crate::document::Value;
use crate::policy::file::reader::{Node, Reader};
use crate::selector::{valid_dns_label, valid_dns_subdomain};

/// The group of policies.
const GROUP: &str = "podgate.dev";
/// The group and version of policies.
pub(super) const API_VERSION: &str = "podgate.dev/v1alpha1";
const CLUSTER: &str = "ClusterPodPolicy";
const NAMESPACED: &str = "PodPolicy";
/// The kind of exceptions.
pub(super) const EXCEPTION: &str = "PodPolicyException";
const KINDS: [&str; 3] = [CLUSTER, NAMESPACED, EXCEPTION];

/// Everything that metadata may hold: what the API server writes there is passed over.
const METADATA: [&str; 15] = [
    "name",
    "namespace",
    "labels",
    "annotations",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "ownerReferences",
    "finalizers",
    "selfLink",
    "generateName",
];

/// Which policy it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header<'a> {
    pub(super) name: &'a str,
    /// Of a PodPolicy or an exception.
    pub(super) namespace: Option<&'a str>,
    pub(super) kind: &'static str,
}

impl Header<'_> {
    /// What the policy is called in answers.
    pub(super) fn id(&self) -> String {
        let Header { kind, name, .. } = self;
        match self.namespace {
            Some(namespace) => format!("{kind}/{namespace}/{name}"),
            None => format!("{kind}/{name}"),
        }
    }
}

/// The policy's kind, if the document is a policy at all.
pub(super) fn kind(reader: &mut Reader<'_>, document: Node<'_>) -> Option<&'static str> {
    if !matches!(document.value, Value::Object(_)) {
        reader.expected("a policy", document);
        return None;
    }
    let kind = reader.required(document, "a policy", "kind")?;
    let word = reader.string(kind)?;
    let version = document.get("apiVersion");
    let version_word = version.and_then(|version| version.value.as_str());
    let found = KINDS.into_iter().find(|known| *known == word);
    let is_ours = version_word.is_some_and(is_ours);
    if found.is_none() {
        let near = suggest(word, KINDS);
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("a policy is a `{CLUSTER}` or a `{NAMESPACED}` of `{API_VERSION}`"),
        };
        let message = match version_word {
            Some(version) if !is_ours && near.is_none() => format!("`{word}` of `{version}` is not a policy"),
            _ => format!("`{word}` is not a kind of policy"),
        };
        reader.error(kind.span(), message).help = Some(help);
        return None;
    }
    match version {
        None => {
            reader.error(kind.title(), "a policy needs `apiVersion`").help =
                Some(format!("write `apiVersion: {API_VERSION}`"));
        }
        Some(version) => {
            if let Some(text) = reader.string(version).filter(|text| *text != API_VERSION) {
                let message = format!("`{text}` is not a version of `{word}`");
                reader.error(version.span(), message).help = Some(format!("write `{API_VERSION}`"));
            }
        }
    }
    found
}

/// Reads the metadata of a policy of this kind.
pub(super) fn read<'a>(reader: &mut Reader<'_>, document: Node<'a>, kind: &'static str) -> Option<Header<'a>> {
    let metadata = reader.required(document, "a policy", "metadata")?;
    if !reader.object(metadata, "the metadata of a policy", &METADATA) {
        return None;
    }
    for map in ["labels", "annotations"].iter().filter_map(|key| metadata.get(key)) {
        if !matches!(map.value, Value::Object(_)) {
            reader.expected("an object", map);
        }
        for (_, value) in map.members() {
            reader.string(value);
        }
    }
    let name = reader.required(metadata, "the metadata of a policy", "name").and_then(|node| {
        let name = reader.text(node)?;
        let is_good = valid_dns_subdomain(name);
        if !is_good {
            reader.error(node.span(), format!("`{name}` cannot be the name of a policy")).help =
                Some("lower-case letters, digits, `-` and `.`, a letter or digit first and last".to_owned());
        }
        is_good.then_some(name)
    });
    let namespace = match (kind != CLUSTER, metadata.get("namespace")) {
        (false, Some(node)) => {
            reader.error(node.title(), format!("a `{CLUSTER}` has no namespace")).help =
                Some(format!("leave it out, or make this a `{NAMESPACED}`"));
            None
        }
        (false, None) => None,
        (true, None) => {
            reader.error(metadata.title(), format!("a `{kind}` needs `metadata.namespace`")).help = Some(match kind {
                EXCEPTION => "it applies to Pods of that namespace, unless it names others".to_owned(),
                _ => format!("it applies to that namespace only; for all of them write a `{CLUSTER}`"),
            });
            None
        }
        (true, Some(node)) => Some(dns_label(reader, node, "a namespace")?),
    };
    Some(Header { name: name?, namespace, kind })
}

/// A name of lower-case letters, digits and `-`.
pub(super) fn dns_label<'a>(reader: &mut Reader<'_>, node: Node<'a>, what: &str) -> Option<&'a str> {
    let text = reader.text(node)?;
    if !valid_dns_label(text) {
        reader.error(node.span(), format!("`{text}` cannot be the name of {what}")).help =
            Some("lower-case letters, digits and `-`, at most 63, a letter or digit first and last".to_owned());
        return None;
    }
    Some(text)
}

/// What the top level of a policy may hold.
pub(super) const DOCUMENT: [&str; 5] = ["apiVersion", "kind", "metadata", "spec", "status"];

/// The kinds that hold policies as `items`.
pub(super) fn is_list(document: Node<'_>) -> bool {
    let word = |key| document.get(key).and_then(|node| node.value.as_str());
    match (word("apiVersion"), word("kind")) {
        (Some("v1"), Some("List")) => true,
        (Some(API_VERSION), Some(kind)) => kind.strip_suffix("List").is_some_and(|kind| KINDS.contains(&kind)),
        _ => false,
    }
}

/// Whether a document says that it is an exception, of whatever version.
pub(super) fn is_exception(document: Node<'_>) -> bool {
    let word = |key| document.get(key).and_then(|node| node.value.as_str()).unwrap_or_default();
    word("kind") == EXCEPTION && is_ours(word("apiVersion"))
}

/// Whether an `apiVersion` is one of podgate's group.
fn is_ours(version: &str) -> bool {
    version.split('/').next() == Some(GROUP)
}

/// The fields that only a ClusterPodPolicy has, as a message about one of them.
pub(super) fn own_namespace_only(reader: &mut Reader<'_>, node: Node<'_>, key: &str) {
    reader.error(node.title(), format!("`{key}` in a `{NAMESPACED}`, which applies to its own namespace only")).help =
        Some(format!("leave {} out, or make this a `{CLUSTER}`", words(&[key], "and")));
}
