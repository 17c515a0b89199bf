//! What the inputs tell about the cluster around the objects: Namespaces and LimitRanges, and the objects before an
//! update.

use std::collections::HashMap;

use bumpalo::Bump;
use jiff::Timestamp;

use crate::cli::input::Input;
use crate::cli::manifest::{Class, Manifest, object};
use crate::diagnostic::Diagnostic;
use crate::document::{Limits, Path, Value, edit, yaml};
use crate::policy::pod_security::labels;
use crate::workload::Kind;

/// The label that the API server puts on every Namespace.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// Namespaces and LimitRanges, each by the name of the namespace, and the time.
#[derive(Debug, Default)]
pub struct Surroundings<'a> {
    /// The time of the requests.
    pub now: Timestamp,
    namespaces: HashMap<&'a str, Value<'a>>,
    limit_ranges: HashMap<&'a str, Vec<Value<'a>>>,
    /// LimitRanges that hold in every namespace.
    everywhere: Vec<Value<'a>>,
}

/// The objects before an update.
#[derive(Debug, Default)]
pub struct Before<'a> {
    objects: HashMap<(Kind, &'a str, &'a str), Value<'a>>,
}

impl<'a> Surroundings<'a> {
    /// Looks through the inputs, wherever in them the objects stand. What cannot be read is passed over: whoever checks
    /// the inputs complains about it. Of two Namespaces of one name the last one counts, as it does in a cluster, and
    /// `complain` is told if they differ.
    pub fn gather(
        arena: &'a Bump,
        inputs: &'a [Input],
        default_namespace: &'a str,
        now: Timestamp,
        mut complain: impl FnMut(Diagnostic, &'a Input),
    ) -> Self {
        let mut found = Surroundings { now, ..Surroundings::default() };
        for input in inputs.iter().filter(|input| may_hold_surroundings(&input.text)) {
            each(
                arena,
                input,
                |_| {},
                |manifest, class| match class {
                    Class::Namespace => {
                        for problem in refused_labels(input, &manifest) {
                            complain(problem, input);
                        }
                        let new = with_name_label(arena, manifest.value);
                        let old = found.namespaces.insert(manifest.name(), new);
                        let labels = |namespace: Value<'a>| namespace.fields(&["metadata", "labels"]);
                        if old.is_some_and(|old| labels(old) != labels(new)) {
                            let place = input.place(manifest.span(Path::of(&["metadata", "name"]).steps()));
                            let message = format!(
                                "the inputs hold the namespace `{}` before, with other labels; these count",
                                manifest.name()
                            );
                            complain(Diagnostic::warning(Some(place), message), input);
                        }
                    }
                    Class::LimitRange => {
                        let namespace = manifest.value.text(&["metadata", "namespace"]).unwrap_or(default_namespace);
                        found.limit_ranges.entry(namespace).or_default().push(manifest.value);
                    }
                    Class::Workload(_) | Class::Review | Class::Exception | Class::NotCovered(_) => {}
                },
            );
        }
        found
    }

    /// Adds the LimitRanges of a file that was named for them, which must hold some. One without a namespace holds in
    /// all of them.
    pub fn add_limit_ranges(&mut self, arena: &'a Bump, input: &'a Input, mut complain: impl FnMut(Diagnostic)) {
        let mut is_any = false;
        each(arena, input, &mut complain, |manifest, class| {
            if class == Class::LimitRange {
                is_any = true;
                let ranges = match manifest.value.text(&["metadata", "namespace"]) {
                    Some(namespace) => self.limit_ranges.entry(namespace).or_default(),
                    None => &mut self.everywhere,
                };
                ranges.push(manifest.value);
            }
        });
        if !is_any {
            complain(Diagnostic::error(None, format!("`{}` holds no LimitRange", input.name)));
        }
    }

    /// The Namespace of this name, if an input holds it.
    pub fn namespace(&self, name: &str) -> Option<Value<'a>> {
        self.namespaces.get(name).copied()
    }

    /// The LimitRanges of the namespace of this name.
    pub fn limit_ranges<'s>(&self, arena: &'s Bump, namespace: &str) -> &'s [Value<'s>]
    where
        'a: 's,
    {
        let own = self.limit_ranges.get(namespace).map_or(&[][..], Vec::as_slice);
        let all: Vec<Value<'s>> = own.iter().chain(&self.everywhere).copied().collect();
        arena.alloc_slice_copy(&all)
    }
}

impl<'a> Before<'a> {
    /// The workloads of a file.
    pub fn gather(
        arena: &'a Bump,
        input: &'a Input,
        default_namespace: &'a str,
        complain: impl FnMut(Diagnostic),
    ) -> Self {
        let mut found = Before::default();
        each(arena, input, complain, |manifest, class| {
            if let Class::Workload(kind) = class {
                let namespace = manifest.value.text(&["metadata", "namespace"]).unwrap_or(default_namespace);
                found.objects.insert((kind, namespace, manifest.name()), manifest.value);
            }
        });
        found
    }

    /// The object before the update, as its file has it.
    pub fn find(&self, kind: Kind, namespace: &str, name: &str) -> Option<Value<'a>> {
        self.objects.get(&(kind, namespace, name)).copied().filter(|_| !name.is_empty())
    }
}

/// What the API server's own PodSecurity plug-in has against the labels of a Namespace.
fn refused_labels<'a>(input: &Input, manifest: &Manifest<'a>) -> impl Iterator<Item = Diagnostic> {
    let labels = manifest.value.fields(&["metadata", "labels"]).unwrap_or_default();
    labels::refused(labels).map(|(key, message)| {
        let place = input.place(manifest.span(Path::of(&["metadata", "labels", key]).steps()));
        let name = manifest.name();
        let problem =
            format!("the API server's PodSecurity plug-in refuses a new namespace `{name}` with this `{key}`");
        Diagnostic::warning(Some(place), problem).help(message)
    })
}

/// A Namespace of which nothing is known but its name.
pub fn bare_namespace<'a>(arena: &'a Bump, name: &'a str) -> Value<'a> {
    let labels = object(arena, [(NAME_LABEL, Value::String(name))]);
    let metadata = object(arena, [("name", Value::String(name)), ("labels", labels)]);
    object(arena, [("apiVersion", Value::String("v1")), ("kind", Value::String("Namespace")), ("metadata", metadata)])
}

/// Whether a text can hold a Namespace or a LimitRange. Most files hold none, and need not be parsed twice. An escape
/// can hide a word.
fn may_hold_surroundings(text: &str) -> bool {
    text.contains("Namespace") || text.contains("LimitRange") || text.contains('\\')
}

fn each<'a>(
    arena: &'a Bump,
    input: &'a Input,
    mut complain: impl FnMut(Diagnostic),
    mut take: impl FnMut(Manifest<'a>, Class),
) {
    for document in yaml::documents(arena, &input.text, &Limits::LIST) {
        let document = match document {
            Ok(document) => document,
            Err(error) => {
                complain(input.refused(error));
                continue;
            }
        };
        let manifest = Manifest::of(&document);
        manifest.open(arena, &mut |opened| match opened {
            Ok((manifest, class)) => take(manifest, class),
            Err(fault) => complain(input.fault(fault)),
        });
    }
}

fn with_name_label<'a>(arena: &'a Bump, namespace: Value<'a>) -> Value<'a> {
    let name = namespace.text(&["metadata", "name"]).unwrap_or_default();
    let path = Path::of(&["metadata", "labels", NAME_LABEL]);
    edit::set(arena, namespace, path.steps(), Value::String(name)).unwrap_or(namespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(text: &str) -> Input {
        Input { name: "a.yaml".into(), text: text.to_owned(), path: None }
    }

    #[test]
    fn a_namespace_lends_its_labels_wherever_it_stands() {
        let inputs = [
            input("apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"),
            input(
                "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {stage: dev}}\n---\n- broken\n",
            ),
            input(r#"{"apiVersion": "v1", "kind": "Name\u0073pace", "metadata": {"name": "lab"}}"#),
        ];
        let arena = Bump::new();
        let found = Surroundings::gather(&arena, &inputs, "default", Timestamp::UNIX_EPOCH, |complaint, _| {
            panic!("{complaint}")
        });
        let labels = found.namespace("shop").and_then(|shop| shop.fields(&["metadata", "labels"])).unwrap();
        assert_eq!(labels.to_string(), r#"{"stage":"dev","kubernetes.io/metadata.name":"shop"}"#);
        assert!(found.namespace("lab").is_some());
        assert!(found.namespace("default").is_none());
    }

    #[test]
    fn a_limit_range_without_a_namespace_is_in_the_default_one() {
        let inputs = [input(
            "apiVersion: v1\nkind: LimitRange\nmetadata: {name: a}\n---\napiVersion: v1\nkind: LimitRange\nmetadata: {name: b, namespace: shop}\n",
        )];
        let arena = Bump::new();
        let mut found =
            Surroundings::gather(&arena, &inputs, "lab", Timestamp::UNIX_EPOCH, |complaint, _| panic!("{complaint}"));
        let names = |found: &Surroundings<'_>, namespace| {
            let ranges = found.limit_ranges(&arena, namespace).iter();
            ranges.filter_map(|range| range.text(&["metadata", "name"]).map(str::to_owned)).collect::<Vec<_>>()
        };
        assert_eq!(names(&found, "lab"), ["a"]);
        assert_eq!(names(&found, "shop"), ["b"]);
        assert!(names(&found, "default").is_empty());
        found.add_limit_ranges(&arena, &inputs[0], |complaint| panic!("{complaint}"));
        assert_eq!(names(&found, "lab"), ["a", "a"]);
        assert_eq!(names(&found, "default"), ["a"]);
    }
}
