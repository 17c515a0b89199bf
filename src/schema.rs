//! What the Kubernetes API says about the fields of the workload kinds: their types, and how two values are merged.
//!
//! The table is what a Kubernetes 1.37 API server publishes about the nine kinds and all they contain: `v1.37.txt`,
//! which a test against a real API server makes and compares. [`check()`] says what that server would say about an
//! object before any validation. An older server knows fewer fields, and a newer one more.

mod check;
mod nulls;
mod table;
mod time;

use std::fmt;

use crate::document::{Step, Value};

pub use check::{Fault, Problem, check};
pub use nulls::decoded;

/// The type of a field, of an element, or of a whole object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Type {
    outer: Outer,
    inner: Inner,
}

/// A field of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it may hold.
    pub holds: Type,
    /// Whether validation asks for it. Decoding does not.
    pub required: bool,
    /// Its part in a union, of which one member may be set.
    pub union: Option<Union>,
    /// The words that its text, or each text in its list, may be. A newer version of Kubernetes may know more.
    pub words: Option<Enum>,
}

/// The words that a text may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enum(&'static str);

/// The part of a field in a union.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Union {
    /// It names the member that is set.
    Discriminator,
    /// It is a member; the discriminator, if there is one, calls it by this name.
    Member(&'static str),
}

/// A type that is no object, list or map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basic {
    /// `true` or `false`.
    Boolean,
    /// Text.
    String,
    /// A whole number of 32 bits.
    Int32,
    /// A whole number of 64 bits.
    Int64,
    /// An amount, as a string or a number.
    Quantity,
    /// A whole number of 32 bits, or text: a port or a percentage.
    IntOrString,
    /// A moment, as RFC 3339 writes it.
    Time,
    /// Whatever.
    Any,
}

/// How two lists are merged by server-side apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// One replaces the other.
    Atomic,
    /// As sets of elements.
    Set,
    /// By the fields that tell elements apart.
    Keyed(Keys),
}

/// The names of the fields that tell the elements of a list apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keys(&'static str);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outer {
    One,
    List(Merge),
    Map { atomic: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inner {
    Basic(Basic),
    /// The definition at this place of the table.
    Object(u16),
}

/// The type of a kind such as `Deployment`, or of what is in one, such as `PodSpec`.
pub fn of(name: &str) -> Option<Type> {
    table::embedded().find(name)
}

/// The type of what stands at `steps` in the kind or type `name`. The keys of a map are steps too, so that
/// `resources.limits[memory]` leads to a quantity.
pub fn lookup(name: &str, steps: &[Step<'_>]) -> Option<Type> {
    steps.iter().try_fold(of(name)?, |holds, step| match step {
        Step::Key(_) if holds.is_map() => holds.element(),
        Step::Key(key) => holds.field(key).map(|field| field.holds),
        Step::Index(_) if holds.is_list() => holds.element(),
        Step::Index(_) => None,
    })
}

impl Type {
    /// The field `name` of an object. Names are case-sensitive.
    pub fn field(self, name: &str) -> Option<Field> {
        let fields = self.fields();
        let found = fields.binary_search_by(|field| field.name.cmp(name)).ok()?;
        fields.get(found).copied()
    }

    /// The fields of an object, by name; none for anything else.
    pub fn fields(self) -> &'static [Field] {
        match self {
            Type { outer: Outer::One, inner: Inner::Object(at) } => table::embedded().fields(at),
            _ => &[],
        }
    }

    /// The type of an element of a list, or of a value of a map.
    pub fn element(self) -> Option<Type> {
        (self.outer != Outer::One).then_some(Type { outer: Outer::One, ..self })
    }

    /// Whether this is an object with fields.
    pub fn is_object(self) -> bool {
        matches!(self, Type { outer: Outer::One, inner: Inner::Object(_) })
    }

    /// Whether this is a list.
    pub fn is_list(self) -> bool {
        matches!(self.outer, Outer::List(_))
    }

    /// Whether this is an object with any keys.
    pub fn is_map(self) -> bool {
        matches!(self.outer, Outer::Map { .. })
    }

    /// The type of a value without parts.
    pub fn basic(self) -> Option<Basic> {
        match self {
            Type { outer: Outer::One, inner: Inner::Basic(basic) } => Some(basic),
            _ => None,
        }
    }

    /// How lists of this type are merged.
    pub fn merge(self) -> Option<Merge> {
        match self.outer {
            Outer::List(merge) => Some(merge),
            _ => None,
        }
    }

    /// Whether a value of this type replaces another as a whole instead of being merged into it.
    pub fn is_atomic(self) -> bool {
        match (self.outer, self.inner) {
            (Outer::List(merge), _) => merge == Merge::Atomic,
            (Outer::Map { atomic }, _) => atomic,
            (Outer::One, Inner::Object(at)) => table::embedded().is_atomic(at),
            (Outer::One, Inner::Basic(_)) => true,
        }
    }

    /// What the API calls the object, or the objects in the list or the map: `PodSpec`.
    pub fn definition(self) -> Option<&'static str> {
        match self.inner {
            Inner::Object(at) => table::embedded().name(at),
            Inner::Basic(_) => None,
        }
    }
}

impl Enum {
    /// Each of them.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        self.0.split(',')
    }
}

impl Keys {
    /// Each name.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.0.split(',')
    }

    /// Whether two elements are the same one. The first key must be there; another may be left to its default.
    pub fn are_same(self, a: Value<'_>, b: Value<'_>) -> bool {
        let mut keys = self.names().map(|key| (a.field(key), b.field(key)));
        let first = keys.next().is_some_and(|(a, b)| a.is_some() && a == b);
        first && keys.all(|(a, b)| a.is_none() || b.is_none() || a == b)
    }
}

/// For a sentence: `a boolean`, `a list of Container`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (one, many) = match self.inner {
            Inner::Object(_) if self.is_object() => {
                return write!(f, "an object ({})", self.definition().unwrap_or_default());
            }
            Inner::Object(_) => ("", self.definition().unwrap_or_default()),
            Inner::Basic(basic) => basic.words(),
        };
        match self.outer {
            Outer::One => f.write_str(one),
            Outer::List(_) => write!(f, "a list of {many}"),
            Outer::Map { .. } => write!(f, "a map of {many}"),
        }
    }
}

impl Basic {
    /// One of it and many of it.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Basic::Boolean => ("a boolean", "booleans"),
            Basic::String => ("a string", "strings"),
            Basic::Int32 | Basic::Int64 => ("an integer", "integers"),
            Basic::Quantity => ("a quantity", "quantities"),
            Basic::IntOrString => ("an integer or a string", "integers or strings"),
            Basic::Time => ("a time", "times"),
            Basic::Any => ("any value", "any values"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Path;

    fn at(name: &str, path: &str) -> Option<Type> {
        lookup(name, Path::parse(path).unwrap().steps())
    }

    #[test]
    fn a_path_leads_to_a_type() {
        for (name, path, expected) in [
            ("Pod", "", "an object (Pod)"),
            ("Pod", "spec.containers[0].securityContext.privileged", "a boolean"),
            ("Pod", "spec.containers", "a list of Container"),
            ("Pod", "spec.containers[0].args", "a list of strings"),
            ("Pod", "spec.containers[7].resources.limits[memory]", "a quantity"),
            ("Pod", "spec.containers[7].resources.limits.memory", "a quantity"),
            ("Pod", "spec.containers[0].ports[0].containerPort", "an integer"),
            ("Pod", "spec.containers[0].livenessProbe.httpGet.port", "an integer or a string"),
            ("Pod", "spec.nodeSelector", "a map of strings"),
            ("Pod", "metadata.labels[app]", "a string"),
            ("Pod", "metadata.creationTimestamp", "a time"),
            ("Pod", "metadata.managedFields[0].fieldsV1", "any value"),
            ("Deployment", "spec.template.spec", "an object (PodSpec)"),
            ("StatefulSet", "spec.volumeClaimTemplates[0].spec.resources.requests", "a map of quantities"),
            ("DaemonSet", "spec.updateStrategy.rollingUpdate.maxSurge", "an integer or a string"),
            ("ReplicaSet", "spec.replicas", "an integer"),
            ("ReplicationController", "spec.selector", "a map of strings"),
            ("Job", "spec.podFailurePolicy.rules[0].onExitCodes.values", "a list of integers"),
            ("CronJob", "spec.jobTemplate.spec.template.spec.initContainers[0].image", "a string"),
            ("PodTemplate", "template.metadata.annotations", "a map of strings"),
            ("PodSpec", "hostNetwork", "a boolean"),
        ] {
            assert_eq!(at(name, path).map(|holds| holds.to_string()).as_deref(), Some(expected), "{name} {path}");
        }
    }

    #[test]
    fn a_path_beside_the_schema_leads_nowhere() {
        for (name, path) in [
            ("Service", ""),
            ("pod", ""),
            ("Pod", "Spec"),
            ("Pod", "spec[0]"),
            ("Pod", "spec.containers.image"),
            ("Pod", "spec.nodeSelector[0]"),
            ("Pod", "spec.hostNetwork.x"),
            ("Pod", "metadata.managedFields[0].fieldsV1.x"),
            ("Pod", "spec.containers[0].args[0][0]"),
        ] {
            assert_eq!(at(name, path), None, "{name} {path}");
        }
    }

    #[test]
    fn lists_are_merged_as_the_api_server_does() {
        let keys = |path| match at("PodSpec", path)?.merge()? {
            Merge::Keyed(keys) => Some(keys.names().collect::<Vec<_>>()),
            _ => None,
        };
        assert_eq!(keys("containers").as_deref(), Some(&["name"][..]));
        assert_eq!(keys("containers[0].ports").as_deref(), Some(&["containerPort", "protocol"][..]));
        assert_eq!(keys("containers[0].volumeMounts").as_deref(), Some(&["mountPath"][..]));
        assert_eq!(keys("topologySpreadConstraints").as_deref(), Some(&["topologyKey", "whenUnsatisfiable"][..]));
        assert_eq!(at("PodSpec", "tolerations").and_then(Type::merge), Some(Merge::Atomic));
        assert_eq!(at("ObjectMeta", "finalizers").and_then(Type::merge), Some(Merge::Set));
        assert_eq!(at("PodSpec", "nodeSelector").and_then(Type::merge), None);
    }

    #[test]
    fn some_objects_and_maps_are_replaced_as_a_whole() {
        for (path, expected) in [
            ("nodeSelector", true),
            ("containers[0].args", true),
            ("affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector", true),
            ("hostNetwork", true),
            ("containers", false),
            ("securityContext", false),
            ("overhead", false),
        ] {
            assert_eq!(at("PodSpec", path).map(Type::is_atomic), Some(expected), "{path}");
        }
    }

    #[test]
    fn some_texts_are_one_of_a_few_words() {
        let words = |definition, field| {
            let words = of(definition)?.field(field)?.words?;
            Some(words.words().collect::<Vec<_>>())
        };
        assert_eq!(words("Container", "imagePullPolicy"), Some(vec!["Always", "IfNotPresent", "Never"]));
        assert_eq!(words("ContainerPort", "protocol"), Some(vec!["SCTP", "TCP", "UDP"]));
        assert_eq!(words("PodSpec", "restartPolicy"), Some(vec!["Always", "Never", "OnFailure"]));
        assert_eq!(words("Container", "name"), None);
        assert_eq!(words("Capabilities", "drop"), None);
    }

    #[test]
    fn fields_say_whether_they_are_required_and_in_a_union() {
        let profile = of("SeccompProfile").unwrap();
        let [path, kind] = ["localhostProfile", "type"].map(|name| profile.field(name).unwrap());
        assert_eq!((path.required, path.union), (false, Some(Union::Member("LocalhostProfile"))));
        assert_eq!((kind.required, kind.union), (true, Some(Union::Discriminator)));
        assert_eq!(of("PodSpec").unwrap().field("containers").unwrap().union, None);
    }
}
