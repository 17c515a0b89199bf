//! The values that are let pass of a check.

use crate::document::Value;
use crate::policy::file::reader::{Node, Reader};
use crate::policy::pod_security::except::Allowed;
use crate::policy::pod_security::value::Values;
use crate::policy::pod_security::{Check, Standard};

/// The bound of the custom resource.
const MOST: usize = 128;
/// What a port can be.
const PORTS: &str = "a number from 1 to 65535, or a range as in `8000-8100`";

/// Reads `values` for a check, as `standard` has it where one is known.
pub(in crate::policy::file) fn read(
    reader: &mut Reader<'_>,
    node: Node<'_>,
    check: Check,
    standard: Option<&Standard>,
) -> Vec<Allowed> {
    if check.values() == Values::None {
        reader.error(node.title(), format!("`values` for `{check}`, which knows but one")).help =
            Some("leave them out".to_owned());
        return Vec::new();
    }
    let elements = reader.list(node, MOST);
    elements.into_iter().filter_map(|element| value(reader, element, check, standard)).collect()
}

fn value(reader: &mut Reader<'_>, node: Node<'_>, check: Check, standard: Option<&Standard>) -> Option<Allowed> {
    if check.values() == Values::Ports {
        return ports(reader, node);
    }
    let text = reader.text(node)?;
    let is_path = text.starts_with('/');
    match check.values() {
        Values::Folders | Values::Volumes if is_path => folder(reader, node, text),
        Values::Folders => {
            reader.error(node.span(), format!("`{text}` is not a path of the node")).help =
                Some("write it from the root on, as in `/var/log`".to_owned());
            None
        }
        _ => word(reader, node, text, check, standard),
    }
}

fn ports(reader: &mut Reader<'_>, node: Node<'_>) -> Option<Allowed> {
    let text = match node.value {
        Value::String(text) => text.to_owned(),
        other => other.to_string(),
    };
    let (first, last) = text.split_once('-').unwrap_or((&text, &text));
    let port = |text: &str| text.parse().ok().filter(|port| *port > 0 && !text.starts_with('+'));
    let ports = port(first).zip(port(last)).filter(|(first, last)| first <= last);
    if ports.is_none() {
        reader.error(node.span(), format!("`{text}` is not a port")).help = Some(format!("write {PORTS}"));
    }
    ports.map(|(first, last)| Allowed::Ports(first..=last))
}

fn folder(reader: &mut Reader<'_>, node: Node<'_>, path: &str) -> Option<Allowed> {
    let (message, help) = if path.split('/').any(|part| part == "..") {
        ("goes up again", "write the folder that is meant")
    } else if path.contains('*') {
        ("is a pattern", "write the folder: all that is in it passes with it")
    } else {
        return Some(Allowed::Folder(path.to_owned()));
    };
    reader.error(node.span(), format!("`{path}` {message}")).help = Some(help.to_owned());
    None
}

fn word(
    reader: &mut Reader<'_>,
    node: Node<'_>,
    text: &str,
    check: Check,
    standard: Option<&Standard>,
) -> Option<Allowed> {
    if let Some(doubt) = check.doubt(text, standard.map(|standard| standard.version.effective())) {
        let diagnostic = match doubt.may_be {
            true => reader.warning(node.span(), doubt.message),
            false => reader.error(node.span(), doubt.message),
        };
        diagnostic.help = doubt.help;
        if !doubt.may_be {
            return None;
        }
    }
    Some(Allowed::Word(text.to_owned()))
}
