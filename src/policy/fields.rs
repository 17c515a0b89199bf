//! The fields of a Pod that a policy may edit: their types, how values are merged into them, and where edits go.
//!
//! Types, merge keys and required fields are those of the API's own schema. What the API does not publish stands in the
//! tables of `known`: which words and numbers a field takes, which fields exclude one another, and which cannot be
//! edited because others were derived from them by the time a Pod arrives.

mod check;
mod known;
mod scalar;
mod zero;

pub use check::{EXPRESSION, Refusal, check, check_written, is_same_element};
pub(in crate::policy) use check::{key_problem, missing_words};
pub use known::Constraint;
pub(in crate::policy) use scalar::described;

use crate::api_defaults::{fills_in_pods, fills_inside};
use crate::document::{Step, Value};
use crate::policy::Action;
use crate::schema::{self, Basic, Keys, Merge, Type, Union};

/// A field that a policy may edit, or something on the way to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// What it holds.
    pub holds: Type,
    /// What the API calls the object in which it stands; for an element or a value of a map, the one around all.
    owner: &'static str,
    /// Its name there; for an element or a value of a map, that of the list or the map.
    name: &'static str,
    /// Whether it is an element of a list or a value of a map.
    is_part: bool,
}

/// How a value is merged into a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// It takes the place of what stands there.
    Whole,
    /// Field by field.
    Object,
    /// Key by key.
    Map,
    /// Element by element: those with equal values of these fields are the same element.
    Keyed(Keys),
}

/// Where edits of a field go, unless its rule says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Into Pods, so that no template rolls and removing a policy removes its edits.
    Pods,
    /// Into templates and into Pods without a controller: the API server fills the field in, so that only there is it
    /// known who set it.
    Everywhere,
    /// Into templates: by the time a Pod arrives, others were derived from the field.
    Templates,
    /// It has fields of several placements.
    Mixed,
}

/// Why a field cannot be edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forbidden {
    /// The reason, as half a sentence.
    pub reason: &'static str,
    /// What to do instead.
    pub help: &'static str,
}

impl Field {
    /// A container, or the Pod.
    pub fn root(in_container: bool) -> Option<Self> {
        let name = if in_container { "Container" } else { "Pod" };
        Some(Field { holds: schema::of(name)?, owner: "", name, is_part: false })
    }

    /// The field at `steps` from a container or from the Pod.
    pub fn at(in_container: bool, steps: &[Step<'_>]) -> Option<Self> {
        steps.iter().try_fold(Field::root(in_container)?, |field, step| match step {
            Step::Key(key) => field.member(key),
            Step::Index(_) => field.element(),
        })
    }

    /// The member `key` of an object or a map.
    pub fn member(self, key: &str) -> Option<Self> {
        if self.holds.is_map() {
            return self.element();
        }
        let field = self.holds.field(key)?;
        Some(Field { holds: field.holds, owner: self.holds.definition()?, name: field.name, is_part: false })
    }

    /// An element of a list, or a value of a map.
    pub fn element(self) -> Option<Self> {
        Some(Field { holds: self.holds.element()?, is_part: true, ..self })
    }

    /// How a value is merged into it.
    pub fn shape(self) -> Shape {
        match self.holds.merge() {
            Some(Merge::Keyed(keys)) => return Shape::Keyed(keys),
            Some(Merge::Atomic | Merge::Set) => return Shape::Whole,
            None => {}
        }
        // Also a map that server-side apply replaces: whoever gives a node selector of one label means that label.
        if self.holds.is_map() {
            return Shape::Map;
        }
        let is_whole = !self.holds.is_object() || self.holds.is_atomic() || self.is_one_of() || self.is_union();
        if is_whole { Shape::Whole } else { Shape::Object }
    }

    /// Whether it may be set only where no other of a group is.
    pub fn is_one_of(self) -> bool {
        !self.is_part && known::group(self.owner).is_some_and(|group| group.has(self.name))
    }

    /// What else of the group of `self` stands in the object `beside`.
    pub fn rival(self, beside: Value<'_>) -> Option<&'static str> {
        let group = known::group(self.owner).filter(|_| self.is_one_of())?;
        let is_set = |key: &str| beside.field(key).is_some_and(|value| value != Value::String(""));
        let mut names = schema::of(self.owner)?.fields().iter().map(|field| field.name);
        names.find(|name| *name != self.name && group.has(name) && is_set(name))
    }

    /// Whether all of it is a union, so that its parts mean nothing alone.
    fn is_union(self) -> bool {
        let is_discriminator = |field: &schema::Field| field.union == Some(Union::Discriminator);
        let definition = self.holds.definition().unwrap_or_default();
        known::WHOLE.contains(&definition) || self.holds.fields().iter().any(is_discriminator)
    }

    /// What an object needs before the API server takes it and `value` lacks.
    pub fn missing(self, value: Value<'_>) -> Option<&'static str> {
        if !self.holds.is_object() {
            return None;
        }
        let lacks = |field: &&schema::Field| field.required && value.field(field.name).is_none();
        if let Some(field) = self.holds.fields().iter().find(lacks) {
            return Some(field.name);
        }
        // The schema lets it out, as those who patch a container do; validation does not.
        if self.holds.definition() == Some("Container") && value.field("image").is_none() {
            return Some("image");
        }
        let group = known::group(self.holds.definition()?).filter(|group| group.is_needed)?;
        (!value.members().iter().any(|member| group.has(member.key))).then_some(group.what)
    }

    /// Whether an object of this type cannot stand with only some of its fields, so that it is added as a whole.
    pub fn is_added_whole(self) -> bool {
        // These two are always there already.
        let stands = matches!(self.holds.definition(), Some("PodSpec" | "Container"));
        self.holds.is_object()
            && !stands
            && (self.missing(Value::Null).is_some() || self.holds.definition().and_then(known::group).is_some())
    }

    /// Whether this is an amount, by which quantities are compared.
    pub fn is_quantity(self) -> bool {
        self.holds.basic() == Some(Basic::Quantity)
    }

    /// The name of the resource lists of which this is an amount: `requests` or `limits`.
    pub fn resource_list(self) -> Option<&'static str> {
        let is_amount = self.is_part && self.owner == "ResourceRequirements";
        (is_amount && matches!(self.name, "requests" | "limits")).then_some(self.name)
    }

    /// Whether values of this field are those of a label or an annotation.
    pub fn is_of_metadata(self) -> bool {
        self.owner == "ObjectMeta"
    }

    /// Which words or numbers it takes, if the type does not say it.
    pub fn constraint(self) -> Option<Constraint> {
        known::constraint(self.owner, self.name, self.is_part)
    }
}

/// Where edits of the field at `steps` go.
pub fn placement(in_container: bool, steps: &[Step<'_>]) -> Placement {
    if !in_container && known::derived(steps).is_some() {
        return Placement::Templates;
    }
    let container = [Step::key("spec"), Step::key("containers")];
    let prefix: &[Step<'_>] = if in_container { &container } else { &[] };
    let path: Vec<Step<'_>> = prefix.iter().chain(steps).map(Step::borrowed).collect();
    let has_parts = Field::at(in_container, steps).is_some_and(|field| field.shape() != Shape::Whole);
    match has_parts {
        true if fills_inside(&path) || has_derived(in_container, steps) => Placement::Mixed,
        false if fills_in_pods(&path) => Placement::Everywhere,
        _ => Placement::Pods,
    }
}

/// Whether a field inside of what stands at `steps` goes into templates only.
fn has_derived(in_container: bool, steps: &[Step<'_>]) -> bool {
    let is_above = matches!(steps, []) || matches!(steps, [Step::Key(spec)] if spec == "spec");
    !in_container && is_above
}

/// Why no policy may edit the field at `steps` by `action`; [`None`] if one may.
pub fn forbidden(in_container: bool, steps: &[Step<'_>], action: Action) -> Option<Forbidden> {
    known::forbidden(in_container, steps, action)
}

/// Why the field at `steps` of a Pod can be edited in templates only; [`None`] for all others.
pub fn derived(steps: &[Step<'_>]) -> Option<Forbidden> {
    known::derived(steps)
}
