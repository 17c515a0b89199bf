//! The format library of Kubernetes: what texts of the API must look like, by name. A text that does not fit is said
//! what it lacks, in podgate's words.

use jiff::civil::Date;

use crate::cel::library::{Context, Outcome, Overload, url};
use crate::cel::signature::{Declared, FORMAT, LIST_OF_STRING, STRING};
use crate::cel::time::Timestamp;
use crate::cel::value::Value;

/// A format that has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A part of a DNS name, as RFC 1123 has it.
    Dns1123Label,
    /// What such a label may begin with.
    Dns1123LabelPrefix,
    /// A DNS name, as RFC 1123 has it.
    Dns1123Subdomain,
    /// What such a name may begin with.
    Dns1123SubdomainPrefix,
    /// A part of a DNS name, as RFC 1035 has it.
    Dns1035Label,
    /// What such a label may begin with.
    Dns1035LabelPrefix,
    /// The key of a label.
    QualifiedName,
    /// The value of a label.
    LabelValue,
    /// An absolute URI or path.
    Uri,
    /// A UUID.
    Uuid,
    /// Octets in base64.
    Byte,
    /// A date.
    Date,
    /// A point in time.
    Datetime,
}

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::global("format.named", &[STRING], Declared::Optional(&FORMAT), named),
    Overload::global("format.dns1123Label", &[], FORMAT, |_, _| Ok(Value::Format(Format::Dns1123Label))),
    Overload::global("format.dns1123LabelPrefix", &[], FORMAT, |_, _| Ok(Value::Format(Format::Dns1123LabelPrefix))),
    Overload::global("format.dns1123Subdomain", &[], FORMAT, |_, _| Ok(Value::Format(Format::Dns1123Subdomain))),
    Overload::global("format.dns1123SubdomainPrefix", &[], FORMAT, |_, _| {
        Ok(Value::Format(Format::Dns1123SubdomainPrefix))
    }),
    Overload::global("format.dns1035Label", &[], FORMAT, |_, _| Ok(Value::Format(Format::Dns1035Label))),
    Overload::global("format.dns1035LabelPrefix", &[], FORMAT, |_, _| Ok(Value::Format(Format::Dns1035LabelPrefix))),
    Overload::global("format.qualifiedName", &[], FORMAT, |_, _| Ok(Value::Format(Format::QualifiedName))),
    Overload::global("format.labelValue", &[], FORMAT, |_, _| Ok(Value::Format(Format::LabelValue))),
    Overload::global("format.uri", &[], FORMAT, |_, _| Ok(Value::Format(Format::Uri))),
    Overload::global("format.uuid", &[], FORMAT, |_, _| Ok(Value::Format(Format::Uuid))),
    Overload::global("format.byte", &[], FORMAT, |_, _| Ok(Value::Format(Format::Byte))),
    Overload::global("format.date", &[], FORMAT, |_, _| Ok(Value::Format(Format::Date))),
    Overload::global("format.datetime", &[], FORMAT, |_, _| Ok(Value::Format(Format::Datetime))),
    Overload::method("validate", &[FORMAT, STRING], Declared::Optional(&LIST_OF_STRING), validate),
];

const NAMES: [(&str, Format); 13] = [
    ("dns1123Label", Format::Dns1123Label),
    ("dns1123LabelPrefix", Format::Dns1123LabelPrefix),
    ("dns1123Subdomain", Format::Dns1123Subdomain),
    ("dns1123SubdomainPrefix", Format::Dns1123SubdomainPrefix),
    ("dns1035Label", Format::Dns1035Label),
    ("dns1035LabelPrefix", Format::Dns1035LabelPrefix),
    ("qualifiedName", Format::QualifiedName),
    ("labelValue", Format::LabelValue),
    ("uri", Format::Uri),
    ("uuid", Format::Uuid),
    ("byte", Format::Byte),
    ("date", Format::Date),
    ("datetime", Format::Datetime),
];

/// Characters of a label of DNS, and of the name in a qualified name.
const LABEL: usize = 63;
/// Characters of a DNS name.
const SUBDOMAIN: usize = 253;

impl Format {
    /// As it is asked for.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, format)| *format == self).map_or("", |(name, _)| name)
    }

    /// What a text lacks.
    fn faults(self, text: &str) -> Vec<&'static str> {
        let fault = |fits: bool, message| if fits { Vec::new() } else { vec![message] };
        match self {
            Format::Dns1123Label => label(text),
            Format::Dns1123LabelPrefix => label(&masked(text)),
            Format::Dns1123Subdomain => subdomain(text),
            Format::Dns1123SubdomainPrefix => subdomain(&masked(text)),
            Format::Dns1035Label => label_1035(text),
            Format::Dns1035LabelPrefix => label_1035(&masked(text)),
            Format::QualifiedName => qualified(text),
            Format::LabelValue => {
                let mut faults = long(text, LABEL);
                faults.extend(fault(text.is_empty() || is_name(text), NAME));
                faults
            }
            Format::Uri => fault(url::is_request(text), "not an absolute URI"),
            Format::Uuid => fault(is_uuid(text), "not a UUID"),
            Format::Byte => fault(is_base64(text), "not base64"),
            Format::Date => fault(is_date(text), "not a date"),
            Format::Datetime => fault(Timestamp::parse(&text.to_ascii_uppercase()).is_some(), "not a date with a time"),
        }
    }
}

const NAME: &str = "letters, digits, `-`, `_` and `.` are allowed, with a letter or a digit at both ends";

fn label(text: &str) -> Vec<&'static str> {
    let mut faults = long(text, LABEL);
    if !is_label(text) {
        faults.push("lower-case letters, digits and `-` are allowed, with a letter or a digit at both ends");
    }
    faults
}

fn subdomain(text: &str) -> Vec<&'static str> {
    let mut faults = long(text, SUBDOMAIN);
    if !text.split('.').all(is_label) {
        faults.push("labels with points between are wanted, each of lower-case letters, digits and inner `-`");
    }
    faults
}

fn label_1035(text: &str) -> Vec<&'static str> {
    let mut faults = long(text, LABEL);
    if !(is_label(text) && text.starts_with(|first: char| first.is_ascii_lowercase())) {
        faults.push("lower-case letters, digits and `-` are allowed, with a letter first and no `-` last");
    }
    faults
}

fn qualified(text: &str) -> Vec<&'static str> {
    let (mut faults, name) = match text.split_once('/') {
        None => (Vec::new(), text),
        Some((_, name)) if name.contains('/') => return vec!["a prefix and a name are wanted, with one `/` between"],
        Some(("", name)) => (vec!["the prefix is empty"], name),
        Some((prefix, name)) => (subdomain(prefix), name),
    };
    if name.is_empty() {
        faults.push("the name is empty");
    }
    faults.extend(long(name, LABEL));
    if !is_name(name) {
        faults.push(NAME);
    }
    faults
}

fn long(text: &str, most: usize) -> Vec<&'static str> {
    if text.len() <= most {
        return Vec::new();
    }
    vec![if most == LABEL { "longer than 63 characters" } else { "longer than 253 characters" }]
}

/// A prefix may end in `-`, as something will follow it.
fn masked(text: &str) -> String {
    match text.strip_suffix('-') {
        Some(before) if !before.is_empty() => format!("{before}a"),
        _ => text.to_owned(),
    }
}

fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

fn is_name(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    text.bytes().all(inner) && end(text.as_bytes().first()) && end(text.as_bytes().last())
}

/// Eight, four, four, four and twelve digits; each hyphen may be left out.
fn is_uuid(text: &str) -> bool {
    let mut rest = text;
    for (place, digits) in [8, 4, 4, 4, 12].into_iter().enumerate() {
        if place > 0 {
            rest = rest.strip_prefix('-').unwrap_or(rest);
        }
        match rest.split_at_checked(digits) {
            Some((part, after)) if part.bytes().all(|digit| digit.is_ascii_hexdigit()) => rest = after,
            _ => return false,
        }
    }
    rest.is_empty()
}

fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    !text.is_empty() && text.len().is_multiple_of(4) && text.len() - body.len() <= 2 && body.bytes().all(letter)
}

fn is_date(text: &str) -> bool {
    let digits = |part: Option<&str>| part.is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let shape = text.len() == 10 && digits(text.get(..4)) && digits(text.get(5..7)) && digits(text.get(8..));
    shape && text.get(4..5) == Some("-") && text.get(7..8) == Some("-") && text.parse::<Date>().is_ok()
}

fn named<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(name)] = arguments else { return Err(context.mismatch("format.named", arguments)) };
    let format = NAMES.iter().find(|(known, _)| known == name);
    Ok(Value::Optional(format.map(|(_, format)| &*context.arena.alloc(Value::Format(*format)))))
}

/// Nothing if the text fits, else a list of what it lacks.
fn validate<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Format(format), Value::String(text)] = arguments else {
        return Err(context.mismatch("validate", arguments));
    };
    context.budget.spend_each(text.len())?;
    let faults = format.faults(text);
    if faults.is_empty() {
        return Ok(Value::Optional(None));
    }
    let faults = context.collect(faults.into_iter().map(Value::String))?;
    Ok(Value::Optional(Some(context.arena.alloc(faults))))
}
