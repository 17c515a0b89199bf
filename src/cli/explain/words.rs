//! The sentences that say how podgate knows who set a field.

use crate::cli::manifest::Manifest;
use crate::document::print::{flow, shortened};
use crate::document::{Path, Step, Value};
use crate::evaluate::Edit;
use crate::provenance::{Evidence, Explanation, PlugIn, Provenance};

/// A longer value is cut, in characters.
const LONGEST: usize = 80;

/// How it is known that podgate's own rule set a value, and what it took the place of.
pub fn edited(edit: &Edit<'_>, before: Option<&Explanation<'_>>) -> String {
    let verb = edit.rule.verb.name();
    match (edit.before.filter(|before| !before.is_null()), before) {
        (Some(value), Some(Explanation { provenance, .. })) => {
            format!("`{verb}` put it in place of {}, {}", shown(value), who(*provenance))
        }
        (Some(value), None) => format!("`{verb}` put it in place of {}", shown(value)),
        (None, _) => format!("`{verb}` put it where nothing stood"),
    }
}

/// The person or the program that a provenance speaks of.
pub const fn who(provenance: Provenance) -> &'static str {
    match provenance {
        Provenance::Authored => "which its author wrote",
        Provenance::Template => "which came from the template",
        Provenance::ApiDefault => "the API server's default, which nobody wrote",
        Provenance::Admission => "which a plug-in or another webhook set",
        Provenance::Unknown => "of which nobody can know who set it",
    }
}

/// How the answer is known. `place` is the file and its line, where the file has the field.
pub fn known(explanation: &Explanation<'_>, path: &Path<'_>, place: Option<(&Manifest<'_>, u32)>) -> String {
    let filled = filled(explanation, path);
    match &explanation.evidence {
        Evidence::Manifest => match place {
            Some((_, line)) => format!("line {line} of the file says so"),
            // The other name of the service account.
            None => "the file says so under another name of the field".to_owned(),
        },
        Evidence::Null => {
            format!("the file says `null`, which server-side apply lists as its author's, and {filled}")
        }
        Evidence::NotInManifest => format!("the file lacks it, and {filled}"),
        Evidence::WholeObject(None) => {
            format!("who sends a whole object does not tell what its author wrote, and {filled}")
        }
        Evidence::WholeObject(Some(manager)) => {
            format!("`{manager}` owns it in `managedFields`, but with a whole object, and {filled}")
        }
        Evidence::AppliedBy(manager) => {
            format!("`{manager}` applied it: an `Apply` entry of `managedFields` lists what its author wrote")
        }
        Evidence::EditedBy(manager) => {
            format!("`{manager}` owns it in `managedFields`, and changes only the fields that it is told to")
        }
        Evidence::LastApplied => "the manifest that `kubectl apply` left in an annotation has it".to_owned(),
        Evidence::NotLastApplied => {
            format!("the manifest that `kubectl apply` left in an annotation lacks it, and {filled}")
        }
        Evidence::OwnedBy(manager) => format!("`{manager}` owns it in `managedFields`, and {filled}"),
        Evidence::NotOwned => format!("no entry of `managedFields` owns it, and {filled}"),
        Evidence::NoOwners => format!("the object has no `managedFields`, and {filled}"),
        Evidence::OwnDefaults(manager) => {
            format!("`{manager}` owns it in `managedFields`, and writes the defaults of a schema of its own")
        }
        Evidence::Template => "a controller copied it from the template, what was filled in there too".to_owned(),
        Evidence::PlugIn(plug_in) => of_plug_in(*plug_in).to_owned(),
        Evidence::EmptyStruct => "this is how the API server writes that there are none".to_owned(),
    }
}

fn filled(explanation: &Explanation<'_>, path: &Path<'_>) -> String {
    match explanation.filled {
        None => "the API server fills in nothing there".to_owned(),
        Some(filled) if filled == explanation.value => match path.steps().last() {
            Some(Step::Key(key)) if key == "imagePullPolicy" => {
                format!("the API server fills in {} for this image", shown(filled))
            }
            Some(_) if is_request(path) => format!("the API server fills in the limit, {}", shown(filled)),
            _ => format!("the API server fills in {}", shown(filled)),
        },
        Some(filled) => format!("the API server would fill in {}", shown(filled)),
    }
}

fn is_request(path: &Path<'_>) -> bool {
    matches!(path.steps(), [.., Step::Key(requests), Step::Key(_)] if requests == "requests")
}

const fn of_plug_in(plug_in: PlugIn) -> &'static str {
    match plug_in {
        PlugIn::LimitRanger => "the annotation `kubernetes.io/limit-ranger` says that a LimitRange set it",
        PlugIn::ServiceAccount => {
            "nobody wrote it, and the plug-in gives every Pod its service account's name and token"
        }
        PlugIn::Priority => "nobody wrote it, and the plug-in makes it of the priority class",
        PlugIn::DefaultTolerationSeconds => {
            "nobody wrote it, and the plug-in gives it to Pods that tolerate nothing else"
        }
        PlugIn::RuntimeClass => "nobody wrote it, and the plug-in takes it from the RuntimeClass",
    }
}

fn shown(value: Value<'_>) -> String {
    format!("`{}`", shortened(&flow(value), LONGEST))
}
