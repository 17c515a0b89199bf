//! What the plug-ins of the API server put into a Pod before any webhook is called, told by its shape.
//!
//! A shape is no proof: an author may write the same. So it counts only where no author is known to have written it.

use crate::api_defaults::limit_range;
use crate::api_defaults::plug_ins::{self, TOKEN_MOUNT, TOKEN_VOLUME};
use crate::document::{Step, Value};
use crate::provenance::place::Place;
use crate::workload::{Kind, List, Workload};

/// An in-tree plug-in that changes Pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PlugIn {
    /// Fills in limits and requests from the LimitRanges of a namespace.
    LimitRanger,
    /// Names the service account, mounts its token, takes over its pull secrets.
    ServiceAccount,
    /// Makes a priority of the name of a class.
    Priority,
    /// Lets a Pod stay five minutes on a node that is not ready.
    DefaultTolerationSeconds,
    /// Takes the overhead from the RuntimeClass.
    RuntimeClass,
}

impl PlugIn {
    /// As the API server calls it.
    pub const fn name(self) -> &'static str {
        match self {
            PlugIn::LimitRanger => "LimitRanger",
            PlugIn::ServiceAccount => "ServiceAccount",
            PlugIn::Priority => "Priority",
            PlugIn::DefaultTolerationSeconds => "DefaultTolerationSeconds",
            PlugIn::RuntimeClass => "RuntimeClass",
        }
    }

    /// The plug-in whose work the field looks like.
    pub fn of(workload: Workload<'_>, place: &Place<'_, '_>) -> Option<Self> {
        if workload.kind != Kind::Pod {
            return None;
        }
        let mut keys = [""; 3];
        for (key, step) in keys.iter_mut().zip(place.steps.iter()) {
            if let Step::Key(step) = step {
                *key = step;
            }
        }
        match (place.container, keys) {
            (None, ["spec", rest, inner]) => of_spec(workload, place, rest, inner),
            (None, ["metadata", "annotations", limit_range::ANNOTATION]) => Some(PlugIn::LimitRanger),
            (Some((List::Init | List::Main, _)), ["volumeMounts", ..]) => {
                let mount = element(place, |steps| workload.field(place.base, steps))?;
                let is_token = mount.text(&["mountPath"]) == Some(TOKEN_MOUNT);
                (is_token && is_token_volume(mount)).then_some(PlugIn::ServiceAccount)
            }
            (Some((list, name)), ["resources", which @ ("limits" | "requests"), resource]) if !resource.is_empty() => {
                let annotation = workload.object.text(&["metadata", "annotations", limit_range::ANNOTATION])?;
                limit_range::has_set(annotation, list, name, which, resource).then_some(PlugIn::LimitRanger)
            }
            _ => None,
        }
    }
}

fn of_spec(workload: Workload<'_>, place: &Place<'_, '_>, field: &str, inner: &str) -> Option<PlugIn> {
    match field {
        "serviceAccountName" | "serviceAccount" => {
            (place.value.as_str() == Some(plug_ins::DEFAULT_ACCOUNT)).then_some(PlugIn::ServiceAccount)
        }
        "imagePullSecrets" => Some(PlugIn::ServiceAccount),
        "volumes" => {
            let volume = element(place, |steps| workload.field(place.base, steps))?;
            is_token_volume(volume).then_some(PlugIn::ServiceAccount)
        }
        "priority" | "preemptionPolicy" | "priorityClassName" => Some(PlugIn::Priority),
        "tolerations" => {
            let whole = place.whole_value(workload);
            let is_added = |toleration: &Value<'_>| plug_ins::TOLERATIONS.iter().any(|added| added == toleration);
            let all = if matches!(whole, Value::Array(_)) { whole.elements() } else { std::slice::from_ref(&whole) };
            all.iter().all(is_added).then_some(PlugIn::DefaultTolerationSeconds)
        }
        "overhead" if inner.is_empty() || workload.spec.field("runtimeClassName").is_some() => {
            Some(PlugIn::RuntimeClass)
        }
        _ => None,
    }
}

/// The element of the list that the place stands in or is.
fn element<'a, 's>(place: &Place<'a, 's>, field: impl FnOnce(&[Step<'s>]) -> Option<Value<'a>>) -> Option<Value<'a>> {
    let index = place.steps.iter().position(|step| matches!(step, Step::Index(_)))?;
    field(place.steps.get(..=index)?)
}

/// Whether a volume, or a mount, has a name that the plug-in makes.
fn is_token_volume(named: Value<'_>) -> bool {
    named.text(&["name"]).is_some_and(|name| name.starts_with(TOKEN_VOLUME))
}
