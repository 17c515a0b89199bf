//! What a document is to podgate: a workload, something that tells about the cluster, or nothing it covers.

use bumpalo::Bump;

use crate::document::{Member, Step};
use crate::document::{Path, Places, Span, Value, edit};
use crate::quantity::Quantity;
use crate::workload::Kind;

/// The API group of podgate's own kinds.
const GROUP: &str = "podgate.dev";

/// One object of a document: the document itself, or an item of a list.
#[derive(Clone, Copy, Debug)]
pub struct Manifest<'a> {
    /// As its author wrote it.
    pub value: Value<'a>,
    /// Where its parts stand in the file.
    pub places: Places<'a>,
    /// The place of its document in the file, counted from 0.
    pub index: usize,
}

/// What an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Class {
    /// Policies have a say.
    Workload(Kind),
    /// Lends its labels to the objects in it.
    Namespace,
    /// Lends its defaults to the containers of its namespace.
    LimitRange,
    /// Takes Pods out of rules.
    Exception,
    /// Is answered as the two webhooks would.
    Review,
    /// Nothing that podgate covers, and why.
    NotCovered(String),
}

/// What is wrong with an object, before anyone asks what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: &'static str,
}

impl<'a> Manifest<'a> {
    /// The name of the object; empty if it has none.
    pub fn name(&self) -> &'a str {
        self.value.text(&["metadata", "name"]).unwrap_or_default()
    }

    /// The kind that the object says it is.
    pub fn kind(&self) -> &'a str {
        self.value.text(&["kind"]).unwrap_or_default()
    }

    /// The part of the object to underline for what is said about `steps`: the value if it is a scalar, else the key,
    /// else the nearest thing that exists.
    pub fn span(&self, steps: &[Step<'_>]) -> Span {
        let is_scalar = |value: Value<'_>| !matches!(value, Value::Array(_) | Value::Object(_) | Value::Null);
        match self.value.at(steps) {
            Some(value) if is_scalar(value) => self.places.at(self.value, steps).map(|places| places.value),
            _ => None,
        }
        .unwrap_or_else(|| self.places.nearest(self.value, steps))
    }

    /// The objects of a document: the document itself, or the items of a list, however deep.
    pub fn open(self, arena: &'a Bump, each: &mut dyn FnMut(Result<(Manifest<'a>, Class), Fault>)) {
        match self.classify() {
            Err(fault) => each(Err(fault)),
            Ok(Some(class)) => each(Ok((self, class))),
            Ok(None) => {
                for index in 0..self.value.get("items").unwrap_or_default().elements().len() {
                    if let Some(item) = self.item(arena, index) {
                        item.open(arena, each);
                    }
                }
            }
        }
    }

    /// What the object is; [`None`] for a list.
    fn classify(&self) -> Result<Option<Class>, Fault> {
        let fault = |span: Span, message: String| {
            let help = "podgate checks Kubernetes objects; leave out files that hold anything else";
            Err(Fault { span, message, help })
        };
        if !matches!(self.value, Value::Object(_)) {
            let found = self.value.type_name();
            return fault(self.places.value, format!("this is no object, but of type {found}"));
        }
        let mut texts = [""; 2];
        for (text, key) in texts.iter_mut().zip(["apiVersion", "kind"]) {
            match self.value.field(key) {
                Some(Value::String(found)) if !found.is_empty() => *text = found,
                Some(_) => return fault(self.span(&[Step::key(key)]), format!("`{key}` is not a name")),
                None => return fault(self.places.value, format!("`{key}` is missing")),
            }
        }
        let [version, kind] = texts;
        let items = self.value.field("items");
        match items {
            Some(Value::Array(_)) if kind.ends_with("List") => return Ok(None),
            // A list of any kind of object. What kubectl cannot open must not pass as something without a Pod.
            _ if kind == "List" && version == "v1" => match items {
                None => return Ok(None),
                Some(_) => return fault(self.span(&[Step::key("items")]), "`items` is not a list".to_owned()),
            },
            _ => {}
        }
        let class = class(version, kind, self.value);
        if let Some((path, message)) = misshapen(&class, self.value) {
            return fault(self.span(path.steps()), message);
        }
        Ok(Some(class))
    }

    /// An item of a list. The API server leaves out what the kind of a typed list already says.
    fn item(&self, arena: &'a Bump, index: usize) -> Option<Manifest<'a>> {
        let steps = [Step::key("items"), Step::Index(index)];
        let mut value = self.value.at(&steps)?;
        let places = self.places.at(self.value, &steps)?;
        let kind = self.kind().strip_suffix("List").filter(|kind| !kind.is_empty());
        if let (Value::Object(_), Some(kind), None) = (value, kind, value.field("kind")) {
            let said = [("apiVersion", self.value.text(&["apiVersion"]).unwrap_or_default()), ("kind", kind)];
            for (key, text) in said {
                // At the end of the object, so that the places of its other members keep their order.
                value = edit::set(arena, value, Path::of(&[key]).steps(), Value::String(text)).unwrap_or(value);
            }
        }
        Some(Manifest { value, places, index: self.index })
    }
}

/// Where an object that tells about the cluster is not what the API server would have let in. Passed over, it would
/// quietly change which policies apply to others, and what their containers default to.
fn misshapen(class: &Class, object: Value<'_>) -> Option<(Path<'static>, String)> {
    match class {
        Class::Namespace => {
            let labels = object.fields(&["metadata", "labels"])?;
            let is_good = |label: &Member<'_>| matches!(label.value, Value::String(_) | Value::Null);
            let is_labels = matches!(labels, Value::Object(_)) && labels.members().iter().all(is_good);
            let path = Path::of(&["metadata", "labels"]);
            (!is_labels).then(|| (path, "`metadata.labels` is not an object of strings".to_owned()))
        }
        Class::LimitRange => {
            let limits = object.fields(&["spec", "limits"])?;
            let is_limit = |limit: &Value<'_>| {
                let Value::Object(_) = limit else { return false };
                ["default", "defaultRequest", "min", "max"].into_iter().filter_map(|key| limit.field(key)).all(|of| {
                    matches!(of, Value::Object(_)) && of.members().iter().all(|of| Quantity::of(of.value).is_ok())
                })
            };
            let at = Path::of(&["spec", "limits"]);
            let Value::Array(_) = limits else { return Some((at, "`spec.limits` is not a list".to_owned())) };
            let index = limits.elements().iter().position(|limit| !is_limit(limit))?;
            Some((at.index(index), format!("`spec.limits[{index}]` holds what is not a quantity")))
        }
        _ => None,
    }
}

fn class(version: &str, kind: &str, object: Value<'_>) -> Class {
    let group = version.split_once('/').map_or("", |(group, _)| group);
    if let Some(kind) = Kind::of_object(object) {
        return Class::Workload(kind);
    }
    match (group, kind) {
        ("", "Namespace") => Class::Namespace,
        ("", "LimitRange") => Class::LimitRange,
        ("admission.k8s.io", "AdmissionReview") => Class::Review,
        (GROUP, "PodPolicyException") => Class::Exception,
        (GROUP, _) => Class::NotCovered("a policy is not checked; `--policy` checks other files against it".to_owned()),
        _ => match Kind::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(kind)) {
            Some(known) if known.name() == kind && !group.contains('.') => {
                let current = known.api_version();
                Class::NotCovered(format!("`{version}` has no `{kind}` any more; it is in `{current}`"))
            }
            Some(known) if known.name() != kind => {
                Class::NotCovered(format!("there is no kind `{kind}`; did you mean `{known}`?", known = known.name()))
            }
            _ => Class::NotCovered("it carries no Pod".to_owned()),
        },
    }
}

/// An object of these members.
pub(super) fn object<'a, const N: usize>(arena: &'a Bump, members: [(&'a str, Value<'a>); N]) -> Value<'a> {
    Value::Object(arena.alloc_slice_fill_iter(members.map(|(key, value)| Member { key, value })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Limits, yaml};

    fn opened(text: &str) -> Vec<String> {
        let arena = Bump::new();
        let mut seen = Vec::new();
        for document in yaml::documents(&arena, text, &Limits::FILE) {
            let document = document.unwrap();
            let manifest = Manifest { value: document.root, places: document.places, index: document.index };
            manifest.open(&arena, &mut |object| {
                seen.push(match object {
                    Ok((manifest, class)) => format!("{}: {class:?} {}", manifest.places.value.line, manifest.name()),
                    Err(fault) => format!("{}:{}: {}", fault.span.line, fault.span.column, fault.message),
                });
            });
        }
        seen
    }

    #[test]
    fn lists_are_opened_and_their_items_keep_their_places() {
        let text = "\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Namespace
  metadata: {name: shop}
- apiVersion: v1
  kind: PodList
  items:
  - metadata: {name: web}
  - 7
";
        let pod = "10: Workload(Pod) web".to_owned();
        let seven = "11:5: this is no object, but of type integer".to_owned();
        assert_eq!(opened(text), ["4: Namespace shop".to_owned(), pod, seven]);
    }

    #[test]
    fn what_is_no_kubernetes_object_is_refused() {
        for (text, expected) in [
            ("- a\n", "1:3: this is no object, but of type array"),
            ("kind: Pod\n", "1:1: `apiVersion` is missing"),
            ("apiVersion: v1\nkind: null\n", "1:1: `kind` is missing"),
            ("apiVersion: v1\nkind: [Pod]\n", "2:1: `kind` is not a name"),
            ("apiVersion: 1\nkind: Pod\n", "1:13: `apiVersion` is not a name"),
            (
                "apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: []}\n",
                "3:21: `metadata.labels` is not an object of strings",
            ),
            (
                "apiVersion: v1\nkind: LimitRange\nmetadata: {name: a}\nspec: {limits: {}}\n",
                "4:8: `spec.limits` is not a list",
            ),
            (
                "apiVersion: v1\nkind: LimitRange\nmetadata: {name: a}\nspec:\n  limits:\n  - {max: {cpu: 1}}\n  - {default: {memory: abc}}\n",
                "7:5: `spec.limits[1]` holds what is not a quantity",
            ),
            ("apiVersion: v1\nkind: List\nitems: {a: {kind: Pod}}\n", "3:1: `items` is not a list"),
        ] {
            assert_eq!(opened(text), [expected], "{text}");
        }
    }

    #[test]
    fn a_kind_that_is_not_covered_comes_with_the_reason() {
        for (version, kind, expected) in [
            ("v1", "Service", "it carries no Pod"),
            ("serving.knative.dev/v1", "Deployment", "it carries no Pod"),
            (
                "extensions/v1beta1",
                "Deployment",
                "`extensions/v1beta1` has no `Deployment` any more; it is in `apps/v1`",
            ),
            ("v1", "pod", "there is no kind `pod`; did you mean `Pod`?"),
        ] {
            assert_eq!(class(version, kind, opened_kind(version, kind)), Class::NotCovered(expected.to_owned()));
        }
    }

    fn opened_kind(version: &'static str, kind: &'static str) -> Value<'static> {
        let members = [("apiVersion", version), ("kind", kind)];
        let members: Vec<_> = members.map(|(key, text)| Member { key, value: Value::String(text) }).into();
        Value::Object(members.leak())
    }
}
