//! `rewriteImages`: registries and repositories with what takes their place.

use crate::document::Step;
use crate::policy::edit::{Leaf, LeafValue};
use crate::policy::fields::{self, Field};
use crate::policy::file::reader::{Node, Reader};
use crate::policy::images::{Beginning, NoBeginning, Rewrite};

/// The bound of the custom resource.
const MOST: usize = 64;

/// Reads the rewrites of `rule`; the images of containers and those of volumes are a leaf each.
pub(super) fn leaves(reader: &mut Reader<'_>, rule: Node<'_>, node: Node<'_>) -> Vec<Leaf> {
    let rewrites = rewrites(reader, node);
    circles(reader, &rewrites);
    let leaf = |in_container: bool, steps: &[&'static str], reader: &Reader<'_>| {
        let steps: Vec<_> = steps.iter().map(|key| Step::key(key)).collect();
        let place = reader.place(node.title());
        let field = Field::at(in_container, &steps)?;
        let placement = fields::placement(in_container, &steps);
        Some(Leaf { in_container, steps, field, placement, value: LeafValue::Images(rewrites.clone()), place })
    };
    let mut leaves: Vec<_> = leaf(true, &["image"], reader).into_iter().collect();
    // A rule that selects containers says nothing about volumes, nor does one whose `when` speaks of a container.
    let speaks_of_container = rule.get("when").and_then(|when| when.value.as_str()).is_some_and(mentions_container);
    if rule.get("containers").is_none() && !speaks_of_container {
        let volumes = leaf(false, &["spec", "volumes"], reader);
        leaves.extend(volumes.map(|leaf| Leaf { placement: fields::Placement::Pods, ..leaf }));
    }
    leaves
}

/// Words in strings of the expression count too: then volumes are left alone.
fn mentions_container(expression: &str) -> bool {
    expression.split(|char: char| !char.is_alphanumeric() && char != '_').any(|word| word == "container")
}

fn rewrites(reader: &mut Reader<'_>, node: Node<'_>) -> Vec<Rewrite> {
    let mut rewrites: Vec<Rewrite> = Vec::new();
    for element in reader.list(node, MOST) {
        if !reader.object(element, "a rewrite", &["from", "to"]) {
            continue;
        }
        let mut read = |key| {
            let node = reader.required(element, "a rewrite", key)?;
            Some((beginning(reader, node)?, node))
        };
        let (from, to) = (read("from"), read("to"));
        let (Some((from, place)), Some((to, _))) = (from, to) else { continue };
        if let Some(first) = rewrites.iter().find(|known| known.from.is_same(&from)) {
            let line = first.place.span.line;
            let message = format!("a second rewrite from `{}`", from.as_str());
            reader.error(place.span(), message).help = Some(format!("the first one stands in line {line}"));
            continue;
        }
        rewrites.push(Rewrite { from, to, place: reader.place(element.title()) });
    }
    rewrites
}

fn beginning(reader: &mut Reader<'_>, node: Node<'_>) -> Option<Beginning> {
    let text = reader.text(node)?;
    match Beginning::parse(text) {
        Ok(beginning) => Some(beginning),
        Err(NoBeginning::Registry) => {
            reader.error(node.span(), format!("`{text}` starts with no registry")).help =
                Some("images are compared in full, such as `docker.io/library/redis`".to_owned());
            None
        }
        Err(NoBeginning::Name) => {
            reader.error(node.span(), format!("`{text}` is not the beginning of an image's name")).help =
                Some("a registry and perhaps a repository, without tag or digest".to_owned());
            None
        }
    }
}

/// What is rewritten must not be rewritten again by the next call.
fn circles(reader: &mut Reader<'_>, rewrites: &[Rewrite]) {
    for rewrite in rewrites {
        if let Some(from) = rewrites.iter().find(|other| other.from.covers(&rewrite.to)) {
            let message = format!("`to: {}` lies under `from: {}`", rewrite.to.as_str(), from.from.as_str());
            reader.error(rewrite.place.span, message).help =
                Some("the next call would rewrite the image again: take the mirror out of `from`".to_owned());
        }
    }
}
