//! The version library of Kubernetes: semantic versions, and what can be made one of (`v1.2`).

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use crate::cel::library::{Context, Outcome, Overload};
use crate::cel::signature::{BOOL, INT, SEMVER, STRING};
use crate::cel::value::Value;

/// A semantic version. What it was built from does not count.
#[derive(Clone, Copy, Debug)]
pub struct Semver<'a> {
    major: u64,
    minor: u64,
    patch: u64,
    /// The parts of the pre-release with points between; empty if there is none.
    before: &'a str,
}

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::global("semver", &[STRING], SEMVER, semver).strict(),
    Overload::global("semver", &[STRING, BOOL], SEMVER, semver).strict(),
    Overload::global("isSemver", &[STRING], BOOL, is_semver),
    Overload::global("isSemver", &[STRING, BOOL], BOOL, is_semver),
    Overload::method("major", &[SEMVER], INT, major),
    Overload::method("minor", &[SEMVER], INT, minor),
    Overload::method("patch", &[SEMVER], INT, patch),
    Overload::method("isGreaterThan", &[SEMVER, SEMVER], BOOL, is_greater_than),
    Overload::method("isLessThan", &[SEMVER, SEMVER], BOOL, is_less_than),
    Overload::method("compareTo", &[SEMVER, SEMVER], INT, compare_to),
];

impl<'a> Semver<'a> {
    /// Reads `1.2.3-alpha.1+build`.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
        let (text, before) = text.split_once('-').map_or((text, None), |(text, before)| (text, Some(before)));
        let parts = |text: &str, numbers: bool| text.split('.').all(|part| is_part(part, numbers));
        if build.is_some_and(|build| !parts(build, false)) || before.is_some_and(|before| !parts(before, true)) {
            return None;
        }
        let mut numbers = text.split('.').map(number);
        let [major, minor, patch] = [numbers.next()??, numbers.next()??, numbers.next()??];
        numbers.next().is_none().then_some(Semver { major, minor, patch, before: before.unwrap_or_default() })
    }

    /// Which version comes first.
    pub fn order(&self, other: &Semver<'_>) -> Ordering {
        let numbers = (self.major, self.minor, self.patch).cmp(&(other.major, other.minor, other.patch));
        numbers.then_with(|| match (self.before, other.before) {
            ("", "") => Ordering::Equal,
            ("", _) => Ordering::Greater,
            (_, "") => Ordering::Less,
            (one, other) => {
                let pairs = one.split('.').zip(other.split('.')).map(|(one, other)| order(one, other));
                let first = pairs.into_iter().find(|order| order.is_ne());
                first.unwrap_or_else(|| one.split('.').count().cmp(&other.split('.').count()))
            }
        })
    }
}

impl fmt::Display for Semver<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if self.before.is_empty() { Ok(()) } else { write!(f, "-{}", self.before) }
    }
}

/// Parts that are numbers come before those that are words.
fn order(one: &str, other: &str) -> Ordering {
    match (number(one), number(other)) {
        (Some(one), Some(other)) => one.cmp(&other),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => one.cmp(other),
    }
}

/// A number without leading zeros.
fn number(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|digit| digit.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| plain)
}

fn is_part(text: &str, numbers: bool) -> bool {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let word = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    word && (!numbers || !digits || number(text).is_some())
}

/// `v1.02` as `1.2.0`; [`None`] for a short version with a pre-release.
fn normalized(text: &str) -> Option<String> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let mut parts: Vec<Cow<'_, str>> = text.splitn(3, '.').map(Cow::Borrowed).collect();
    for part in &mut parts {
        if part.len() > 1 {
            let trimmed = part.trim_start_matches('0');
            let digit = trimmed.starts_with(|first: char| first.is_ascii_digit());
            *part = if digit { trimmed.to_owned() } else { format!("0{trimmed}") }.into();
        }
    }
    if parts.len() < 3 && parts.last().is_some_and(|last| last.contains(['+', '-'])) {
        return None;
    }
    parts.resize(3, Cow::Borrowed("0"));
    Some(parts.join("."))
}

/// The version that the arguments ask for.
fn read<'a>(context: Context<'_, 'a>, text: &'a str, normalize: bool) -> Option<Semver<'a>> {
    if !normalize {
        return Semver::parse(text);
    }
    Semver::parse(context.arena.alloc_str(&normalized(text)?))
}

fn semver<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (text, normalize) = texts(context, "semver", arguments)?;
    match read(context, text, normalize) {
        Some(version) => Ok(Value::Semver(context.arena.alloc(version))),
        None => context.refuse("not a semantic version", Value::String(text)),
    }
}

fn is_semver<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (text, normalize) = texts(context, "isSemver", arguments)?;
    Ok(Value::Bool(read(context, text, normalize).is_some()))
}

fn texts<'a>(
    context: Context<'_, 'a>,
    name: &'static str,
    arguments: &[Value<'a>],
) -> Result<(&'a str, bool), crate::cel::error::Reason<'a>> {
    let (text, normalize) = match arguments {
        [Value::String(text)] => (*text, false),
        [Value::String(text), Value::Bool(normalize)] => (*text, *normalize),
        _ => return Err(context.mismatch(name, arguments)),
    };
    context.budget.spend_each(text.len())?;
    Ok((text, normalize))
}

fn major<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    part(context, "major", arguments, |version| version.major)
}

fn minor<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    part(context, "minor", arguments, |version| version.minor)
}

fn patch<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    part(context, "patch", arguments, |version| version.patch)
}

fn part<'a>(
    context: Context<'_, 'a>,
    name: &'static str,
    arguments: &[Value<'a>],
    part: fn(&Semver<'a>) -> u64,
) -> Outcome<'a> {
    match arguments {
        // The API server wraps around, too.
        [Value::Semver(version)] => Ok(Value::Int(part(version).cast_signed())),
        _ => Err(context.mismatch(name, arguments)),
    }
}

fn is_greater_than<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    compared(context, "isGreaterThan", arguments, |order| Value::Bool(order.is_gt()))
}

fn is_less_than<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    compared(context, "isLessThan", arguments, |order| Value::Bool(order.is_lt()))
}

fn compare_to<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    compared(context, "compareTo", arguments, |order| Value::Int(i64::from(order as i8)))
}

fn compared<'a>(
    context: Context<'_, 'a>,
    name: &'static str,
    arguments: &[Value<'a>],
    said: fn(Ordering) -> Value<'a>,
) -> Outcome<'a> {
    match arguments {
        [Value::Semver(one), Value::Semver(other)] => {
            context.budget.spend_each(one.before.len() + other.before.len())?;
            Ok(said(one.order(other)))
        }
        _ => Err(context.mismatch(name, arguments)),
    }
}
