//! A PodPolicyException: which Pods are taken out of which rules, why, and until when.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::policy::digest;
use crate::policy::exception::{Exception, Exempt, ExemptCheck, NamedContainer};
use crate::policy::file::globs::{self, namespaces};
use crate::policy::file::header::Header;
use crate::policy::file::reader::{Names, Node, Reader};
use crate::policy::file::{pod_security, rule, selector};

const FIELDS: [&str; 6] = ["reason", "expires", "policies", "namespaces", "podSelector", "containers"];
/// The bounds of the custom resource.
const MOST_POLICIES: usize = 64;
const MOST_CONTAINERS: usize = 64;
/// What is written where an exception has no end.
const NEVER: &str = "never";
/// How a date is written.
const DATE: &str = "2027-03-01";

/// Reads the spec of an exception. What it gives is whole only if no error was noted.
pub(super) fn read(reader: &mut Reader<'_>, document: Node<'_>, header: &Header<'_>) -> Option<Exception> {
    let what = "the spec of an exception";
    let spec = reader.required(document, "an exception", "spec")?;
    if !reader.object(spec, what, &FIELDS) {
        return None;
    }
    let reason = reader.required(spec, what, "reason").and_then(|node| reader.text(node));
    let expires = match spec.get("expires") {
        Some(node) => expires(reader, node),
        None => {
            reader.error(spec.title(), format!("{what} needs `expires`")).help =
                Some(format!("a date or a time, as in `{DATE}`, or `{NEVER}` if it has no end"));
            None
        }
    };
    let from = reader.required(spec, what, "policies").map(|node| policies(reader, node)).unwrap_or_default();
    let namespaces = spec.get("namespaces").map(|node| namespaces(reader, node)).unwrap_or_default();
    let pod_selector = spec.get("podSelector").and_then(|node| selector::read(reader, node));
    let containers = spec.get("containers").map(|node| containers(reader, node)).unwrap_or_default();
    for exempt in from.iter().flat_map(|exempt| &exempt.checks).filter(|_| !containers.is_empty()) {
        pod_security::about_containers(reader, exempt.place.span, exempt.check);
    }
    Some(Exception {
        id: header.id(),
        namespace: header.namespace?.to_owned(),
        place: reader.place(document.title()),
        digest: digest::of(document.value),
        from,
        namespaces,
        namespaces_place: spec.get("namespaces").map(|node| reader.place(node.title())),
        pod_selector,
        containers,
        reason: reason?.trim().to_owned(),
        expires: expires?,
    })
}

/// A date means its first moment in UTC: on that day the exception holds no more.
fn expires(reader: &mut Reader<'_>, node: Node<'_>) -> Option<Option<Timestamp>> {
    let text = reader.text(node)?;
    if text == NEVER {
        return Some(None);
    }
    let of_date = || text.parse::<Date>().ok().and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC).ok());
    let is_date = text.len() == DATE.len();
    let time = if is_date { of_date().map(|zoned| zoned.timestamp()) } else { text.parse().ok() };
    if time.is_none() {
        // The last days of the calendar lie beyond the last moment that can be counted.
        let last = Timestamp::MAX.to_zoned(jiff::tz::TimeZone::UTC).date();
        let date = text.get(..DATE.len()).and_then(|date| date.parse::<Date>().ok());
        let is_distant = date.is_some_and(|date| date >= last);
        let (message, help) = if is_distant {
            (format!("`{text}` is later than any time"), format!("write `{NEVER}`"))
        } else {
            (format!("`{text}` is not a time"), format!("write `{DATE}`, `{DATE}T08:00:00Z` or `{NEVER}`"))
        };
        reader.error(node.span(), message).help = Some(help);
    }
    time.map(Some)
}

fn policies(reader: &mut Reader<'_>, node: Node<'_>) -> Vec<Exempt> {
    let what = "an entry of `policies`";
    let mut policies = Vec::new();
    for element in reader.list(node, MOST_POLICIES) {
        if !reader.object(element, what, &["policy", "rules", "checks"]) {
            continue;
        }
        let Some((policy, named)) =
            reader.required(element, what, "policy").and_then(|node| Some((policy(reader, node)?, node)))
        else {
            continue;
        };
        let mut exempt = Exempt {
            policy,
            rules: Vec::new(),
            place: reader.place(named.span()),
            rule_places: Vec::new(),
            checks: element.get("checks").map(|node| checks(reader, node)).unwrap_or_default(),
        };
        let mut names = Names::default();
        for rule in element.get("rules").map(|node| reader.list(node, rule::MOST)).unwrap_or_default() {
            if let Some(name) = reader.text(rule).filter(|name| reader.unique(&mut names, "rule", name, rule)) {
                exempt.rules.push(name.to_owned());
                exempt.rule_places.push(reader.place(rule.span()));
            }
        }
        policies.push(exempt);
    }
    policies
}

/// Checks of the Pod Security Standards. In which version a rule asks for them is not known here.
fn checks(reader: &mut Reader<'_>, node: Node<'_>) -> Vec<ExemptCheck> {
    let what = "an entry of `checks`";
    let mut checks = Vec::new();
    for element in reader.list(node, pod_security::MOST_EXCEPTS) {
        if !reader.object(element, what, &["check", "values"]) {
            continue;
        }
        let Some(named) = reader.required(element, what, "check") else { continue };
        let Some(check) = pod_security::named(reader, named) else { continue };
        let values = element.get("values").map(|node| pod_security::value::read(reader, node, check, None));
        let place = reader.place(named.span());
        checks.push(ExemptCheck { check, values: values.unwrap_or_default(), place });
    }
    checks
}

/// The id of a policy, or the name alone of a ClusterPodPolicy.
fn policy(reader: &mut Reader<'_>, node: Node<'_>) -> Option<String> {
    let text = reader.text(node)?;
    Some(if text.contains('/') { text.to_owned() } else { format!("ClusterPodPolicy/{text}") })
}

/// Containers by name and image, both of which must be said.
pub(super) fn containers(reader: &mut Reader<'_>, node: Node<'_>) -> Vec<NamedContainer> {
    let what = "a container of an exception";
    let mut containers = Vec::new();
    for element in reader.list(node, MOST_CONTAINERS) {
        if !reader.object(element, what, &["name", "image"]) {
            continue;
        }
        let name = reader.required(element, what, "name").and_then(|node| globs::container_name(reader, node));
        let image = match element.get("image") {
            Some(node) => globs::image(reader, node).zip(Some(reader.place(node.span()))),
            None => {
                let help = "whoever writes a Pod chooses the names in it: only with its image is a container known";
                reader.error(element.title(), format!("{what} needs `image`")).help = Some(help.to_owned());
                None
            }
        };
        if let (Some(name), Some((image, image_place))) = (name, image) {
            containers.push(NamedContainer { name, image, image_place });
        }
    }
    containers
}
