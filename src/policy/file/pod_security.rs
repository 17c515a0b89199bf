//! `podSecurity`: a level of the standards at a version, and what is let pass of it.

pub(super) mod value;

use crate::diagnostic::{did_you_mean, suggest};
use crate::document::Span;
use crate::policy::file::exception::containers;
use crate::policy::file::reader::{Node, Reader};
use crate::policy::pod_security::except::Except;
use crate::policy::pod_security::{Check, Level, PodSecurity, Standard, Version, registry};

const LEVELS: [(&str, Level); 2] = [("baseline", Level::Baseline), ("restricted", Level::Restricted)];
/// The bounds of the custom resource.
pub(super) const MOST_EXCEPTS: usize = 64;

/// Reads the value of `podSecurity`.
pub(super) fn read(reader: &mut Reader<'_>, node: Node<'_>) -> Option<PodSecurity> {
    if !reader.object(node, "`podSecurity`", &["level", "version", "except"]) {
        return None;
    }
    let level = reader.required(node, "`podSecurity`", "level").and_then(|node| level(reader, node));
    let version = match node.get("version") {
        None => Some(Version::Latest),
        Some(node) => version(reader, node),
    };
    let standard = Standard::new(level?, version?);
    let except = node.get("except").map(|node| excepts(reader, node, &standard)).unwrap_or_default();
    Some(PodSecurity { standard, except })
}

fn level(reader: &mut Reader<'_>, node: Node<'_>) -> Option<Level> {
    if node.value.as_str() == Some(Level::Privileged.name()) {
        reader.error(node.span(), "`privileged` forbids nothing").help =
            Some("leave the rule out, or ask for `baseline`".to_owned());
        return None;
    }
    reader.word(node, &LEVELS)
}

fn version(reader: &mut Reader<'_>, node: Node<'_>) -> Option<Version> {
    let text = reader.text(node)?;
    let version = Version::parse(text);
    if version.is_none() {
        reader.error(node.span(), format!("`{text}` is not a version")).help =
            Some(format!("write `latest`, or a version of Kubernetes, as in `v1.{}`", Version::NEWEST));
    }
    if let Some(Version::Minor(minor)) = version
        && minor > Version::NEWEST
    {
        reader.warning(node.span(), format!("the standards of v1.{minor} are not known here")).help =
            Some(format!("those of v1.{} are asked for instead, as the API server does it", Version::NEWEST));
    }
    version
}

fn excepts(reader: &mut Reader<'_>, node: Node<'_>, standard: &Standard) -> Vec<Except> {
    let what = "an entry of `except`";
    let mut excepts = Vec::new();
    for element in reader.list(node, MOST_EXCEPTS) {
        if !reader.object(element, what, &["check", "containers", "values"]) {
            continue;
        }
        let Some(check) = reader.required(element, what, "check").and_then(|node| check(reader, node, standard)) else {
            continue;
        };
        if let Some(node) = element.get("containers") {
            about_containers(reader, node.title(), check);
        }
        let containers = element.get("containers").map(|node| containers(reader, node)).unwrap_or_default();
        let values =
            element.get("values").map(|node| value::read(reader, node, check, Some(standard))).unwrap_or_default();
        excepts.push(Except { check, containers, values });
    }
    excepts
}

fn check(reader: &mut Reader<'_>, node: Node<'_>, standard: &Standard) -> Option<Check> {
    let check = named(reader, node)?;
    if !standard.has(check) {
        reader.error(node.span(), format!("`{check}` is not a check of `{standard}`")).help =
            standard.instead_of(check);
        return None;
    }
    Some(check)
}

/// Says so if `containers` cannot narrow a check.
pub(super) fn about_containers(reader: &mut Reader<'_>, place: Span, check: Check) {
    if !check.is_about_containers() {
        reader.error(place, format!("`containers` for `{check}`, which looks at the Pod alone"));
    }
}

/// The check of this name.
pub(super) fn named(reader: &mut Reader<'_>, node: Node<'_>) -> Option<Check> {
    let text = reader.text(node)?;
    let check = Check::parse(text);
    if check.is_none() {
        let known = registry::REGISTRY.iter().map(|entry| entry.id);
        let help = did_you_mean(suggest(text, known));
        reader.error(node.span(), format!("`{text}` is not a check of the Pod Security Standards")).help = help;
    }
    check
}
