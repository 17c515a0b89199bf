//! Globs over names. One that can match nothing would switch a rule off, or leave nothing out, in silence.

use crate::glob::Glob;
use crate::image;
use crate::policy::file::matching::MOST_WORDS;
use crate::policy::file::reader::{Node, Reader};
use crate::selector::LONGEST_LABEL;

/// A list of globs.
fn globs(reader: &mut Reader<'_>, node: Node<'_>) -> Vec<Glob> {
    reader.list(node, MOST_WORDS).into_iter().filter_map(|element| glob(reader, element)).collect()
}

fn glob(reader: &mut Reader<'_>, node: Node<'_>) -> Option<Glob> {
    match Glob::parse(reader.text(node)?) {
        Ok(glob) => Some(glob),
        Err(error) => {
            reader.error(node.span(), error.to_string());
            None
        }
    }
}

/// Globs over names of namespaces.
pub(super) fn namespaces(reader: &mut Reader<'_>, node: Node<'_>) -> Vec<Glob> {
    node.elements().for_each(|element| can_be_label(reader, element, "namespace"));
    globs(reader, node)
}

/// Globs over names of containers.
pub(super) fn container_names(reader: &mut Reader<'_>, node: Node<'_>) -> Vec<Glob> {
    node.elements().for_each(|element| can_be_label(reader, element, "container"));
    globs(reader, node)
}

/// A glob over names of containers.
pub(super) fn container_name(reader: &mut Reader<'_>, node: Node<'_>) -> Option<Glob> {
    can_be_label(reader, node, "container");
    glob(reader, node)
}

/// Globs over images in full.
pub(super) fn images(reader: &mut Reader<'_>, node: Node<'_>) -> Vec<Glob> {
    node.elements().for_each(|element| can_be_image(reader, element));
    globs(reader, node)
}

/// A glob over images in full.
pub(super) fn image(reader: &mut Reader<'_>, node: Node<'_>) -> Option<Glob> {
    can_be_image(reader, node);
    glob(reader, node)
}

/// Notes that a glob can cover no name that has the form of a DNS label.
fn can_be_label(reader: &mut Reader<'_>, node: Node<'_>, what: &str) {
    let Some(text) = node.value.as_str().filter(|text| Glob::parse(text).is_ok()) else { return };
    let stands_in_a_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '*' | '?');
    let shortest = text.chars().filter(|c| *c != '*').count();
    if !text.chars().all(stands_in_a_name) || shortest > LONGEST_LABEL {
        reader.error(node.span(), format!("`{text}` covers no {what}")).help =
            Some(format!("their names are at most {LONGEST_LABEL} lower-case letters, digits and `-`"));
    }
}

/// Notes that a glob over images in full can match none.
fn can_be_image(reader: &mut Reader<'_>, node: Node<'_>) {
    let Some(text) = node.value.as_str().filter(|text| Glob::parse(text).is_ok()) else { return };
    if let Some((reason, help)) = no_image(text) {
        reader.error(node.span(), format!("`{text}` matches no image: {reason}")).help = Some(help);
    }
}

/// Why a pattern covers no image written out in full, and what to write.
fn no_image(text: &str) -> Option<(&'static str, String)> {
    let (first, path) = text.split_once('/').map_or((text, None), |(first, path)| (first, Some(path)));
    let is_wild = first.contains(['*', '?']);
    // No name with a wildcard is respelled.
    let respelled = image::respelled(first);
    let is_registry = first.contains(['.', ':']) || first == "localhost" || respelled.is_some();
    if !is_wild && (path.is_none() || !is_registry) {
        let help = "images are compared in full, such as `docker.io/library/redis:latest`";
        return Some(("its registry is missing", help.to_owned()));
    }
    // What stands before the first wildcard of a name begins its registry.
    let beginning = first.split(['*', '?']).next().unwrap_or_default();
    let lower = || format!("{}{}", beginning.to_ascii_lowercase(), text.strip_prefix(beginning).unwrap_or_default());
    let is_capital = beginning.bytes().any(|byte| byte.is_ascii_uppercase());
    let spelled = respelled.zip(path).map(|(registry, path)| format!("{registry}/{path}"));
    if let Some(spelled) = spelled.or_else(|| (is_wild && is_capital).then(lower)) {
        let reason = "registries are compared in lower case, without port 443 and by one name";
        return Some((reason, format!("write `{spelled}`")));
    }
    let name = text.split([':', '@']).next().unwrap_or_default();
    let official = path.filter(|path| first == "docker.io" && !path.contains('/') && !name.contains(['*', '?']));
    let full = official.map(|path| format!("docker.io/library/{path}"));
    let last = text.rsplit('/').next().unwrap_or_default();
    match full {
        _ if !last.contains(['*', '?', ':', '@']) => {
            let full = full.as_deref().unwrap_or(text);
            Some((
                "it has neither tag nor digest",
                format!("write `{full}:*` for every tag, `{full}@*` for every digest"),
            ))
        }
        Some(full) => Some(("images of Docker Hub without an owner stand under `library`", format!("write `{full}`"))),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::in_full;

    #[test]
    fn a_pattern_is_refused_where_it_covers_no_image_and_what_to_write_does() {
        for (pattern, written, image) in [
            ("reg.io/a", Some("reg.io/a:*"), "reg.io/a:1"),
            ("*/nginx", Some("*/nginx:*"), "nginx"),
            ("reg:5000/a/b", Some("reg:5000/a/b:*"), "reg:5000/a/b:1"),
            ("docker.io/redis", Some("docker.io/library/redis:*"), "redis:7"),
            ("docker.io/redis:7*", Some("docker.io/library/redis:7*"), "redis:7.2"),
            ("index.docker.io/*", Some("docker.io/*"), "index.docker.io/a/b"),
            ("QUAY.io/a:*", Some("quay.io/a:*"), "quay.io:443/a:1"),
            ("quay.io:443/*", Some("quay.io/*"), "QUAY.io/a"),
            ("Foo/*", Some("foo:443/*"), "Foo/a"),
            ("QUAY.*", Some("quay.*"), "quay.io/a"),
            ("docker.io/*", None, "redis"),
            ("docker.io/redis*", None, "redisorg/x"),
            ("docker.io/library/*", None, "redis"),
            ("reg.io/a:1", None, "reg.io/a:1"),
            ("reg.io/a@*", None, "reg.io/a@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("*:Latest", None, "redis:Latest"),
            ("*nginx*", None, "nginx"),
            ("localhost/*", None, "localhost/x"),
            ("reg:443/*", None, "reg:443/x"),
        ] {
            let matches = |pattern: &str| Glob::parse(pattern).unwrap().matches(&in_full(image));
            let help = no_image(pattern).map(|(_, help)| help);
            match written {
                Some(written) => {
                    let help = help.unwrap_or_else(|| panic!("{pattern}"));
                    assert!(help.starts_with(&format!("write `{written}`")), "{pattern}: {help}");
                    assert!(matches(written) && !matches(pattern), "{pattern}");
                }
                None => assert!(help.is_none() && matches(pattern), "{pattern}: {help:?}"),
            }
        }
        for pattern in ["redis", "redis:7", "team/app:*"] {
            assert_eq!(no_image(pattern).map(|(reason, _)| reason), Some("its registry is missing"), "{pattern}");
        }
    }
}
