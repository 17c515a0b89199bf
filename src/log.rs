//! The log: one line for each decision that matters, as JSON or as text, on standard error.
//!
//! A line never holds an object, nor messages that an expression made of one: it names the request, the rules and the
//! fields. What a user chose is cut short and escaped, so that nobody writes lines of their own into the log.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

use tracing::{Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

use crate::admit::Outcome;
use crate::decision::Decision;
use crate::evaluate::{Edits, Reason, Violation};
use crate::review::{Operation, Request};

/// How lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    #[default]
    Json,
    /// For people.
    Text,
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// This part of the filter cannot be read.
    #[error("`{0}` is not a log level such as `info`, nor a filter such as `podgate=debug,kube=warn`")]
    Filter(String),
    /// There is one already.
    #[error("the log is already set up: {0}")]
    Twice(#[from] TryInitError),
}

/// What a line says of a request.
struct Subject<'a> {
    uid: Cow<'a, str>,
    operation: &'static str,
    kind: Cow<'a, str>,
    namespace: Cow<'a, str>,
    name: Cow<'a, str>,
    user: Cow<'a, str>,
}

/// Characters of a name.
const LONGEST_NAME: usize = 256;
/// Bytes of a list.
const LONGEST_LIST: usize = 2048;

impl Format {
    /// The format of this name: `json` or `text`.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "json" => Some(Format::Json),
            "text" => Some(Format::Text),
            _ => None,
        }
    }
}

/// Sets the log of the process up. `filter` is a level, `info` for example, or directives as `podgate=debug,kube=warn`.
pub fn start(format: Format, filter: &str) -> Result<(), Error> {
    subscriber(format, filter, io::stderr)?.try_init()?;
    Ok(())
}

fn subscriber<W>(format: Format, filter: &str, writer: W) -> Result<Box<dyn Subscriber + Send + Sync>, Error>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filtered = tracing_subscriber::registry().with(targets(filter)?);
    let layer = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(false);
    Ok(match format {
        Format::Json => Box::new(filtered.with(layer.json().flatten_event(true))),
        Format::Text => Box::new(filtered.with(layer)),
    })
}

/// A level for all that has none of its own, and levels for what is named. Without the former the rest is silent.
fn targets(filter: &str) -> Result<Targets, Error> {
    let parts: Vec<_> = filter.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        // As the environment says where a manifest leaves the value empty.
        return Err(Error::Filter(filter.to_owned()));
    }
    parts.into_iter().try_fold(Targets::new(), |targets, part| {
        let (name, level) =
            part.split_once('=').map_or((None, part), |(name, level)| (Some(name.trim()), level.trim()));
        let is_missing = level.is_empty() || name == Some("");
        let level: LevelFilter =
            level.parse().ok().filter(|_| !is_missing).ok_or_else(|| Error::Filter(part.to_owned()))?;
        Ok(match name {
            None => targets.with_default(level),
            Some(name) => targets.with_target(name, level),
        })
    })
}

/// Logs what became of a call: a denial as information, what could not be evaluated as a warning, edits for debugging.
pub fn outcome(outcome: &Outcome<'_>) {
    let subject = || Subject::of(outcome.request.as_ref());
    let endpoint = outcome.endpoint.name();
    match &outcome.decision {
        Decision::Error(reason) => {
            let Subject { uid, operation, kind, namespace, name, user } = subject();
            let reason = short(reason);
            tracing::warn!(
                endpoint,
                operation,
                kind = &*kind,
                namespace = &*namespace,
                name = &*name,
                user = &*user,
                uid = &*uid,
                reason = &*reason,
                "cannot be judged"
            );
        }
        Decision::Deny if tracing::enabled!(Level::INFO) => {
            let Subject { uid, operation, kind, namespace, name, user } = subject();
            let rules = violations(outcome.violations.iter().filter(|violation| violation.denies()));
            tracing::info!(
                endpoint,
                operation,
                kind = &*kind,
                namespace = &*namespace,
                name = &*name,
                user = &*user,
                uid = &*uid,
                rules,
                "denied"
            );
        }
        Decision::Deny | Decision::Allow => {}
    }
    let failed = || outcome.violations.iter().filter(|violation| violation.is_error);
    let withheld = || outcome.edits.iter().flat_map(|edits| &edits.withheld);
    let is_withheld_by_error = || withheld().any(|withheld| matches!(withheld.reason, Reason::Error(_)));
    if failed().next().is_some() || is_withheld_by_error() {
        let Subject { uid, operation, kind, namespace, name, .. } = subject();
        let mut rules = violations(failed());
        for withheld in withheld().filter(|withheld| matches!(withheld.reason, Reason::Error(_))) {
            add(&mut rules, format_args!("{}/{}", withheld.policy.id, withheld.rule.name));
        }
        tracing::warn!(
            endpoint,
            operation,
            kind = &*kind,
            namespace = &*namespace,
            name = &*name,
            uid = &*uid,
            rules,
            "rules cannot be evaluated"
        );
    }
    if let Some(edits) = outcome.edits.filter(|edits| !edits.made.is_empty())
        && tracing::enabled!(Level::DEBUG)
    {
        let Subject { uid, operation, kind, namespace, name, .. } = subject();
        let edits = made(edits, outcome.request.as_ref());
        tracing::debug!(
            endpoint,
            operation,
            kind = &*kind,
            namespace = &*namespace,
            name = &*name,
            uid = &*uid,
            edits,
            "edited"
        );
    }
}

impl<'a> Subject<'a> {
    fn of(request: Option<&Request<'a>>) -> Self {
        let generated = |request: &Request<'a>| {
            let name = request.object.and_then(|object| object.text(&["metadata", "generateName"]));
            name.unwrap_or_default()
        };
        Subject {
            uid: request.map(|request| short(request.uid)).unwrap_or_default(),
            operation: request.map_or("", |request| Operation::name(request.operation)),
            kind: request.map(|request| short(request.kind)).unwrap_or_default(),
            namespace: request.map(|request| short(request.namespace)).unwrap_or_default(),
            name: request
                .map(|request| short(if request.name.is_empty() { generated(request) } else { request.name }))
                .unwrap_or_default(),
            user: request.map(|request| short(request.user)).unwrap_or_default(),
        }
    }
}

/// `POLICY/RULE=FIELD` of each.
fn violations<'v>(violations: impl Iterator<Item = &'v Violation<'v>>) -> String {
    let mut list = String::new();
    for Violation { policy, rule, path, .. } in violations {
        add(&mut list, format_args!("{}/{}={path}", policy.id, rule.name));
    }
    list
}

fn made(edits: &Edits<'_>, request: Option<&Request<'_>>) -> String {
    let mut list = String::new();
    if let Some(kind) = request.and_then(Request::workload_kind) {
        for edit in &edits.made {
            add(&mut list, format_args!("{}/{}={}", edit.policy.id, edit.rule.name, edit.field.path(kind)));
        }
    }
    list
}

/// Adds to a list that does not grow for ever.
fn add(list: &mut String, entry: std::fmt::Arguments<'_>) {
    if list.len() >= LONGEST_LIST {
        return;
    }
    if !list.is_empty() {
        list.push(' ');
    }
    // Writing into a string does not fail.
    let _ = write!(list, "{entry}");
    if list.len() >= LONGEST_LIST {
        *list = short_to(list, LONGEST_LIST).into_owned();
        list.push_str(" ...");
    }
}

fn short(text: &str) -> Cow<'_, str> {
    short_to(text, LONGEST_NAME)
}

fn short_to(text: &str, longest: usize) -> Cow<'_, str> {
    match text.char_indices().nth(longest) {
        Some((end, _)) => Cow::Owned(format!("{}...", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests;
