//! The field that a question is about, whichever way it was named.

use std::borrow::Cow;

use bumpalo::Bump;

use crate::document::{Step, Value};
use crate::schema::{self, Keys, Merge, Type};
use crate::workload::{Base, Kind, List, Workload, steps_in};

/// A field at which something stands.
#[derive(Clone, Debug)]
pub struct Place<'a, 's> {
    /// Where the steps are counted from; a container wherever the field stands in one.
    pub base: Base,
    /// Whether they are counted from the object instead, because the field is not one of the Pod.
    pub is_outside: bool,
    /// The list and the name of the container, if the field stands in one.
    pub container: Option<(List, &'a str)>,
    /// The steps from there. They end at the first list whose elements have no owners of their own.
    pub steps: Cow<'s, [Step<'s>]>,
    /// What stands there.
    pub value: Value<'a>,
    /// The steps with those into such a list.
    whole: Cow<'s, [Step<'s>]>,
    /// For each index among the steps, in their order, what it stands for.
    elements: Vec<Element<'a>>,
}

/// An element of a list that is merged by keys.
#[derive(Clone, Debug)]
pub struct Element<'a> {
    keys: Keys,
    value: Value<'a>,
}

impl<'a, 's> Place<'a, 's> {
    /// The place that these steps lead to; [`None`] if nothing stands there.
    pub fn of(workload: Workload<'a>, base: Base, steps: &'s [Step<'s>]) -> Option<Self> {
        let found = workload.field(base, steps)?;
        let (base, steps) = match (base, steps) {
            (Base::Pod, [Step::Key(spec), Step::Key(list), Step::Index(index), rest @ ..]) if spec == "spec" => {
                match List::ALL.into_iter().find(|known| known.key() == list) {
                    Some(list) => (Base::Container(list, *index), rest),
                    None => (base, steps),
                }
            }
            _ => (base, steps),
        };
        let container = match base {
            Base::Pod => None,
            Base::Container(list, _) => Some((list, name_at(workload, base)?)),
        };
        let root = match base {
            Base::Pod => "PodTemplateSpec",
            Base::Container(List::Ephemeral, _) => "EphemeralContainer",
            Base::Container(..) => "Container",
        };
        let (owned, elements) = elements(root, steps, |steps| workload.field(base, steps));
        let value = if owned == steps.len() { found } else { workload.field(base, steps.get(..owned)?)? };
        let (steps, whole) = (Cow::Borrowed(steps.get(..owned)?), Cow::Borrowed(steps));
        Some(Place { base, is_outside: false, container, steps, value, whole, elements })
    }

    /// The place of a field of the object itself, counted from the object.
    pub fn outside(workload: Workload<'a>, steps: &'s [Step<'s>]) -> Option<Self> {
        let field = |steps: &[Step<'_>]| workload.object.at(steps).filter(|value| !value.is_null());
        field(steps)?;
        let (owned, elements) = elements(workload.kind.name(), steps, field);
        let (steps, whole) = (Cow::Borrowed(steps.get(..owned)?), Cow::Borrowed(steps));
        let value = field(&steps)?;
        Some(Place { base: Base::Pod, is_outside: true, container: None, steps, value, whole, elements })
    }

    /// The same field of another version of the object: its container, and the elements of lists that it stands in, are
    /// those of the same keys.
    pub fn in_other(&self, other: Workload<'a>) -> Option<Place<'a, 's>> {
        if self.is_outside {
            return None;
        }
        let base = match self.container {
            None => Base::Pod,
            Some((list, name)) => {
                let found = other.containers().find(|container| container.list == list && container.name == name);
                found?.base()
            }
        };
        if self.elements.is_empty() {
            let value = other.field(base, &self.steps)?;
            return Some(Place { base, value, ..self.clone() });
        }
        let root = other.field(base, &[])?;
        let steps: Vec<_> = self.steps_in_other(root)?;
        let value = root.at(&steps).filter(|value| !value.is_null())?;
        let whole = Cow::Owned(steps.clone());
        Some(Place { base, value, steps: Cow::Owned(steps), whole, ..self.clone() })
    }

    /// What the manifest whose Pod, or whose container, is `root` says here, be it `null`.
    pub fn found_in<'b>(&self, root: Value<'b>) -> Option<Value<'b>> {
        let mut elements = self.elements.iter();
        self.whole.iter().try_fold(root, |value, step| match step {
            Step::Key(key) => value.get(key),
            // Where elements have no names, an element of the same place is the same: plug-ins append theirs.
            Step::Index(index) => match elements.next() {
                Some(element) => value.elements().get(element.position_in(value)?).copied(),
                None => value.elements().get(*index).copied(),
            },
        })
    }

    fn steps_in_other(&self, root: Value<'_>) -> Option<Vec<Step<'s>>> {
        let mut elements = self.elements.iter();
        let mut value = root;
        let mut steps = Vec::with_capacity(self.steps.len());
        for step in self.steps.iter() {
            let step = match step {
                Step::Key(_) => step.clone(),
                Step::Index(_) => Step::Index(elements.next()?.position_in(value)?),
            };
            value = value.at(std::slice::from_ref(&step))?;
            steps.push(step);
        }
        Some(steps)
    }

    /// The steps, each index with the element that it stands for.
    pub fn walk(&self) -> impl Iterator<Item = (&Step<'s>, Option<&Element<'a>>)> {
        let mut elements = self.elements.iter();
        self.steps.iter().map(move |step| match step {
            Step::Key(_) => (step, None),
            Step::Index(_) => (step, elements.next()),
        })
    }

    /// The path from the Pod to the very field that was asked about, inside a list or not; it starts with `metadata` or
    /// `spec`.
    pub fn path<'p>(&'p self, arena: &'p Bump) -> &'p [Step<'p>] {
        match self.base {
            Base::Pod => &self.whole,
            Base::Container(..) => steps_in(arena, Kind::Pod, self.base, &self.whole),
        }
    }

    /// What stands at the very field that was asked about.
    pub fn whole_value(&self, workload: Workload<'a>) -> Value<'a> {
        if self.whole.len() == self.steps.len() {
            return self.value;
        }
        if self.is_outside {
            return workload.object.at(&self.whole).unwrap_or_default();
        }
        workload.field(self.base, &self.whole).unwrap_or_default()
    }

    /// Whether a template can have brought it: ephemeral containers are added to Pods that run.
    pub fn is_in_template(&self) -> bool {
        !matches!(self.container, Some((List::Ephemeral, _)))
    }

    /// Whether this is the `resources: {}` of a container that has none.
    pub fn is_empty_resources(&self) -> bool {
        let is_resources = matches!(&*self.steps, [Step::Key(key)] if key == "resources");
        is_resources && self.container.is_some() && matches!(self.value, Value::Object([]))
    }

    /// For a request of a container, the steps to the limit that it would be made from.
    pub fn limit<'p>(&'p self, arena: &'p Bump) -> Option<&'p [Step<'p>]> {
        let rest = self.steps_in_requests()?;
        let steps = [Step::key("resources"), Step::key("limits")].into_iter().chain(rest.iter().map(Step::borrowed));
        Some(bumpalo::collections::Vec::from_iter_in(steps, arena).into_bump_slice())
    }

    /// Whether this is a request of a container.
    pub fn is_request(&self) -> bool {
        self.steps_in_requests().is_some()
    }

    fn steps_in_requests(&self) -> Option<&[Step<'s>]> {
        match (self.container?, &*self.steps) {
            ((List::Init | List::Main, _), [Step::Key(resources), Step::Key(requests), rest @ ..])
                if resources == "resources" && requests == "requests" =>
            {
                Some(rest)
            }
            _ => None,
        }
    }

    /// The steps to the other name of the same field.
    pub fn twin(&self) -> Option<&'static [Step<'static>]> {
        const OLD: &[Step<'static>] = &[Step::key("spec"), Step::key("serviceAccount")];
        const NEW: &[Step<'static>] = &[Step::key("spec"), Step::key("serviceAccountName")];
        match self.base {
            Base::Pod if *self.steps == *OLD => Some(NEW),
            Base::Pod if *self.steps == *NEW => Some(OLD),
            _ => None,
        }
    }
}

impl Element<'_> {
    /// Where the element of these keys stands in another list.
    fn position_in(&self, list: Value<'_>) -> Option<usize> {
        let elements = list.elements();
        let is_exact = |other: &Value<'_>| self.keys.names().all(|key| other.field(key) == self.value.field(key));
        let is_same = |other: &Value<'_>| self.keys.are_same(*other, self.value);
        elements.iter().position(is_exact).or_else(|| elements.iter().position(is_same))
    }

    /// Whether `key`, as `managedFields` writes it (`k:{"name":"web"}`), is that of this element.
    pub fn is_called(&self, key: &str) -> bool {
        let Some(text) = key.strip_prefix("k:") else { return false };
        let mut names: Vec<_> = self.keys.names().filter(|name| self.value.field(name).is_some()).collect();
        names.sort_unstable();
        let member = |name: &&str| format!("\"{name}\":{}", self.value.field(name).unwrap_or_default());
        let members: Vec<_> = names.iter().map(member).collect();
        text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) == Some(members.join(",").as_str())
    }
}

/// How many of the steps from a `root` of this type lead to something that has an owner of its own, and the elements of
/// lists among them.
fn elements<'a>(
    root: &str,
    steps: &[Step<'_>],
    field: impl Fn(&[Step<'_>]) -> Option<Value<'a>>,
) -> (usize, Vec<Element<'a>>) {
    let mut found = Vec::new();
    if steps.iter().all(|step| matches!(step, Step::Key(_))) {
        return (steps.len(), found);
    }
    let mut holds = schema::of(root);
    for (at, step) in steps.iter().enumerate() {
        holds = match step {
            Step::Key(_) if holds.is_some_and(Type::is_map) => holds.and_then(Type::element),
            Step::Key(key) => holds.and_then(|holds| holds.field(key)).map(|field| field.holds),
            Step::Index(_) => {
                let element = steps.get(..=at).and_then(&field);
                let (Some(Merge::Keyed(keys)), Some(value)) = (holds.and_then(Type::merge), element) else {
                    return (at, found);
                };
                found.push(Element { keys, value });
                holds.and_then(Type::element)
            }
        };
    }
    (steps.len(), found)
}

fn name_at<'a>(workload: Workload<'a>, base: Base) -> Option<&'a str> {
    let name = workload.field(base, &[Step::key("name")]);
    Some(name.and_then(Value::as_str).unwrap_or_default())
}
