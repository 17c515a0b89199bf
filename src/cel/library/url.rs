//! The URL library of Kubernetes: absolute URIs and absolute paths, taken apart as Go's `net/url` does it.

mod escape;

use bumpalo::Bump;

use crate::cel::library::url::escape::{Place, escape, is_escaped, unescape};
use crate::cel::library::{Context, Outcome, Overload};
use crate::cel::signature::{BOOL, Declared, LIST_OF_STRING, STRING, URL};
use crate::cel::value::{Map, Value};

/// A URL in its parts.
#[derive(Clone, Copy, Debug)]
pub struct Url<'a> {
    /// In lower case; empty for a path.
    scheme: &'a str,
    /// With its port, and without escapes.
    host: &'a str,
    /// With its escapes.
    path: &'a str,
    query: &'a str,
    /// Everything behind the scheme, which is all that two URLs can differ in beside it.
    rest: &'a str,
}

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::global("url", &[STRING], URL, url).strict(),
    Overload::global("isURL", &[STRING], BOOL, is_url),
    Overload::method("getScheme", &[URL], STRING, scheme),
    Overload::method("getHost", &[URL], STRING, host),
    Overload::method("getHostname", &[URL], STRING, hostname),
    Overload::method("getPort", &[URL], STRING, port),
    Overload::method("getEscapedPath", &[URL], STRING, escaped_path),
    Overload::method("getQuery", &[URL], Declared::Map(&[STRING, LIST_OF_STRING]), query),
];

impl Url<'_> {
    /// Whether two are written alike.
    pub fn is(&self, other: &Url<'_>) -> bool {
        (self.scheme, self.rest) == (other.scheme, other.rest)
    }
}

impl std::fmt::Display for Url<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.scheme {
            "" => f.write_str(self.rest),
            scheme => write!(f, "{scheme}:{}", self.rest),
        }
    }
}

/// Whether a text is an absolute URI or an absolute path. A fragment counts as part of it.
pub(super) fn is_request(text: &str) -> bool {
    text == "*"
        || split(text).is_some_and(|(scheme, rest)| {
            let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
            match rest.strip_prefix("//").filter(|_| !scheme.is_empty()) {
                Some(rest) => {
                    let (authority, path) =
                        rest.split_at_checked(rest.find('/').unwrap_or(rest.len())).unwrap_or_default();
                    read_host(authority).is_some() && unescape(path, Place::Path).is_some()
                }
                // What is behind a scheme without `/` is anything.
                None => (rest.starts_with('/') && unescape(rest, Place::Path).is_some()) || !scheme.is_empty(),
            }
        })
}

/// Reads a URL.
fn parse<'a>(arena: &'a Bump, text: &'a str) -> Option<Url<'a>> {
    if !is_request(text) {
        return None;
    }
    if text == "*" {
        return Some(Url { scheme: "", host: "", path: text, query: "", rest: text });
    }
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    unescape(fragment, Place::Path)?;
    let (scheme, rest) = split(text)?;
    let scheme = arena.alloc_str(&scheme.to_ascii_lowercase());
    let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
    if !before.starts_with('/') {
        return Some(Url { scheme, host: "", path: "", query, rest });
    }
    let authority = before.strip_prefix("//").filter(|_| !scheme.is_empty() || !before.starts_with("///"));
    let (host, path) = match authority {
        Some(rest) => {
            let (authority, path) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len()))?;
            (read_host(authority)?, path)
        }
        None => (String::new(), before),
    };
    unescape(path, Place::Path)?;
    Some(Url { scheme, host: arena.alloc_str(&host), path, query, rest })
}

/// The scheme and what follows its colon.
fn split(text: &str) -> Option<(&str, &str)> {
    if text.is_empty() || text.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        return None;
    }
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))).unwrap_or(text.len());
    let (scheme, rest) = text.split_at_checked(end)?;
    match rest.strip_prefix(':') {
        Some(_) if scheme.is_empty() => None,
        // A colon in the first part of a path that begins otherwise is no scheme's.
        Some(rest) if scheme.starts_with(|first: char| first.is_ascii_alphabetic()) => Some((scheme, rest)),
        _ => Some(("", text)),
    }
}

/// The host and port of an authority, without escapes.
fn read_host(authority: &str) -> Option<String> {
    let host = match authority.rsplit_once('@') {
        Some((user, host)) => {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte);
            unescape(user, Place::Path).filter(|_| user.bytes().all(fits))?;
            host
        }
        None => authority,
    };
    if let Some(inner) = host.strip_prefix('[') {
        let (inner, port) = inner.rsplit_once(']')?;
        if !is_port(port) {
            return None;
        }
        let (address, zone) = inner.split_at_checked(inner.find("%25").unwrap_or(inner.len()))?;
        address.parse::<std::net::Ipv6Addr>().ok()?;
        return Some(format!("[{address}{}]{port}", unescape(zone, Place::Zone)?));
    }
    if host.rfind(':').and_then(|at| host.get(at..)).is_some_and(|port| !is_port(port)) {
        return None;
    }
    unescape(host, Place::Host)
}

/// Nothing, or a colon and digits.
fn is_port(text: &str) -> bool {
    text.is_empty() || text.strip_prefix(':').is_some_and(|port| port.bytes().all(|digit| digit.is_ascii_digit()))
}

/// The host and the port.
fn host_and_port<'a>(url: &Url<'a>) -> (&'a str, &'a str) {
    let (host, port) = match url.host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => (host, port),
        _ => (url.host, ""),
    };
    (host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host), port)
}

fn url<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text)] = arguments else { return Err(context.mismatch("url", arguments)) };
    context.budget.spend_each(text.len())?;
    match parse(context.arena, text) {
        Some(url) => Ok(Value::Url(context.arena.alloc(url))),
        None => context.refuse("not an absolute URL or path", Value::String(text)),
    }
}

fn is_url<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text)] = arguments else { return Err(context.mismatch("isURL", arguments)) };
    context.budget.spend_each(text.len())?;
    // What is wrong with a fragment is no matter here, as it is none to the API server.
    Ok(Value::Bool(is_request(text)))
}

fn scheme<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    part(context, "getScheme", arguments, |url| url.scheme)
}

fn host<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    part(context, "getHost", arguments, |url| url.host)
}

fn hostname<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    part(context, "getHostname", arguments, |url| host_and_port(url).0)
}

fn port<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    part(context, "getPort", arguments, |url| host_and_port(url).1)
}

fn part<'a>(
    context: Context<'_, 'a>,
    name: &'static str,
    arguments: &[Value<'a>],
    part: fn(&Url<'a>) -> &'a str,
) -> Outcome<'a> {
    match arguments {
        [Value::Url(url)] => Ok(Value::String(part(url))),
        _ => Err(context.mismatch(name, arguments)),
    }
}

/// The path as it was written, if that is a way to write it.
fn escaped_path<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Url(url)] = arguments else { return Err(context.mismatch("getEscapedPath", arguments)) };
    context.budget.spend_each(url.path.len())?;
    if is_escaped(url.path) {
        return Ok(Value::String(url.path));
    }
    context.string(&escape(url.path))
}

/// The values of the query by their names. What cannot be read is left out.
fn query<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Url(url)] = arguments else { return Err(context.mismatch("getQuery", arguments)) };
    context.budget.spend_each(url.query.len())?;
    let mut values: Vec<(&'a str, Vec<Value<'a>>)> = Vec::new();
    for pair in url.query.split('&').filter(|pair| !pair.is_empty() && !pair.contains(';')) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (Some(name), Some(value)) = (unescape(name, Place::Query), unescape(value, Place::Query)) else { continue };
        context.budget.spend_each(values.len())?;
        context.budget.spend_values(1)?;
        let value = Value::String(context.arena.alloc_str(&value));
        match values.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => values.push((context.arena.alloc_str(&name), vec![value])),
        }
    }
    let entries = values
        .into_iter()
        .map(|(name, values)| (Value::String(name), Value::list(context.arena.alloc_slice_copy(&values))));
    let entries: Vec<_> = entries.collect();
    Ok(Value::Map(Map::Values(context.arena.alloc_slice_copy(&entries))))
}
