//! The field that a question is about, whichever way it was named.

use std::borrow::Cow;

use crate::document::{Step, Value};
use crate::workload::{Base, List, Workload};

/// A field at which something stands.
#[derive(Clone, Debug)]
pub struct Place<'a, 's> {
    /// Where the steps are counted from; a container wherever the field stands in one.
    pub base: Base,
    /// The list and the name of the container, if the field stands in one.
    pub container: Option<(List, &'a str)>,
    /// The keys from there; they end at the first list.
    pub steps: &'s [Step<'s>],
    /// What stands there.
    pub value: Value<'a>,
    /// The steps with those into the list.
    whole: &'s [Step<'s>],
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
        let whole = steps;
        let keys = steps.iter().position(|step| matches!(step, Step::Index(_))).unwrap_or(steps.len());
        let (steps, inside) = steps.split_at_checked(keys)?;
        let value = if inside.is_empty() { found } else { workload.field(base, steps)? };
        let container = match base {
            Base::Pod => None,
            Base::Container(list, _) => Some((list, name_at(workload, base)?)),
        };
        Some(Place { base, container, steps, value, whole })
    }

    /// The same field of another version of the object: its container is the one of the same name.
    pub fn in_other(&self, other: Workload<'a>) -> Option<Self> {
        let base = match self.container {
            None => Base::Pod,
            Some((list, name)) => {
                let found = other.containers().find(|container| container.list == list && container.name == name);
                found?.base()
            }
        };
        Place::of(other, base, self.steps)
    }

    /// The path from the Pod, which starts with `metadata` or `spec`.
    pub fn path(&self) -> Vec<Step<'_>> {
        self.path_of(self.steps)
    }

    /// The path from the Pod to the very field that was asked about, inside a list or not.
    pub fn whole_path(&self) -> Vec<Step<'_>> {
        self.path_of(self.whole)
    }

    fn path_of<'p>(&self, steps: &'p [Step<'s>]) -> Vec<Step<'p>> {
        let mut path = Vec::with_capacity(steps.len() + 3);
        if let Base::Container(list, index) = self.base {
            path.extend([Step::key("spec"), Step::key(list.key()), Step::Index(index)]);
        }
        path.extend(steps.iter().map(|step| match step {
            Step::Key(key) => Step::Key(Cow::Borrowed(key.as_ref())),
            Step::Index(index) => Step::Index(*index),
        }));
        path
    }

    /// Whether a template can have brought it: ephemeral containers are added to Pods that run.
    pub fn is_in_template(&self) -> bool {
        !matches!(self.container, Some((List::Ephemeral, _)))
    }

    /// Whether this is the `resources: {}` of a container that has none.
    pub fn is_empty_resources(&self) -> bool {
        let is_resources = matches!(self.steps, [Step::Key(key)] if key == "resources");
        is_resources && self.container.is_some() && matches!(self.value, Value::Object([]))
    }

    /// For a request of a container, the steps to the limit that it would be made from.
    pub fn limit(&self) -> Option<Vec<Step<'s>>> {
        match (self.container?, self.steps) {
            ((List::Init | List::Main, _), [resources, Step::Key(requests), rest @ ..])
                if *resources == Step::key("resources") && requests == "requests" =>
            {
                let steps = [resources.clone(), Step::key("limits")];
                Some(steps.into_iter().chain(rest.iter().cloned()).collect())
            }
            _ => None,
        }
    }

    /// The steps to the other name of the same field.
    pub fn twin(&self) -> Option<&'static [Step<'static>]> {
        const OLD: &[Step<'static>] = &[Step::key("spec"), Step::key("serviceAccount")];
        const NEW: &[Step<'static>] = &[Step::key("spec"), Step::key("serviceAccountName")];
        match self.base {
            Base::Pod if self.steps == OLD => Some(NEW),
            Base::Pod if self.steps == NEW => Some(OLD),
            _ => None,
        }
    }
}

fn name_at<'a>(workload: Workload<'a>, base: Base) -> Option<&'a str> {
    let name = workload.field(base, &[Step::key("name")]);
    Some(name.and_then(Value::as_str).unwrap_or_default())
}
