//! Quantities as the API server writes them: canonical, and whole thousandths in resource lists.
//!
//! What is no quantity is left as it is; whoever validates says so.

use std::borrow::Cow;

use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;

use crate::api_defaults::keys::Keys;
use crate::api_defaults::shape::{object, same};
use crate::document::{Member, Value};
use crate::quantity::{self, Quantity};

/// The quantity as the API server writes it; the same value if it is written so already.
pub fn canonical<'a>(arena: &'a Bump, value: Value<'a>) -> Value<'a> {
    match Quantity::of(value) {
        Ok(quantity) if !is_plainly_canonical(value) => spelled(arena, quantity, value),
        _ => value,
    }
}

/// The resource list with every quantity rounded up to thousandths; the same value if nothing changes.
pub fn resource_list<'a>(arena: &'a Bump, list: Value<'a>) -> Value<'a> {
    map_members(arena, list, |value| {
        if is_plainly_canonical(value) {
            return value;
        }
        let Ok(quantity) = Quantity::of(value) else {
            return value;
        };
        let rounded = quantity.round_up_to_milli();
        if rounded != quantity || value.as_str().is_some_and(has_finer_digits) {
            return written(arena, rounded, value);
        }
        spelled(arena, quantity, value)
    })
}

/// The `requests` of these resources with each limit that has none; [`None`] if there is none to add.
pub fn requests_from_limits<'a>(arena: &'a Bump, resources: Value<'a>) -> Option<Value<'a>> {
    let limits = resources.field("limits")?;
    let requests = object(resources, "requests");
    let complete = with_missing(arena, requests, limits);
    (!same(complete, requests)).then_some(complete)
}

/// The object `list` with each member of `others` whose key it has not; the same value if that is none.
pub fn with_missing<'a>(arena: &'a Bump, list: Value<'a>, others: Value<'a>) -> Value<'a> {
    let Value::Object(members) = list else {
        return list;
    };
    let known = Keys::of(list);
    let missing = |other: &&Member<'a>| !known.has(other.key);
    if !others.members().iter().any(|other| missing(&other)) {
        return list;
    }
    let mut all = BumpVec::from_iter_in(members.iter().copied(), arena);
    all.extend(others.members().iter().filter(missing).copied());
    Value::Object(all.into_bump_slice())
}

/// The quantity as a value; `old` if that is how it is written there.
pub fn written<'a>(arena: &'a Bump, quantity: Quantity, old: Value<'a>) -> Value<'a> {
    let text = bumpalo::format!(in arena, "{}", quantity).into_bump_str();
    if old.as_str() == Some(text) { old } else { Value::String(text) }
}

/// The quantity as its text is spelled: the API server keeps a few texts that are not canonical, such as `+1`.
fn spelled<'a>(arena: &'a Bump, quantity: Quantity, value: Value<'a>) -> Value<'a> {
    let Value::String(text) = value else {
        return written(arena, quantity, value);
    };
    match quantity::spelled(text.trim()) {
        Ok(spelling) if spelling == text => value,
        Ok(Cow::Borrowed(spelling)) => Value::String(spelling),
        Ok(Cow::Owned(spelling)) => Value::String(arena.alloc_str(&spelling)),
        Err(_) => value,
    }
}

/// Whether a text has digits behind the thousandths, be they zeros: rounding makes such a text canonical.
fn has_finer_digits(text: &str) -> bool {
    let fraction = text.split_once('.').map_or(0, |(_, rest)| rest.bytes().take_while(u8::is_ascii_digit).count());
    let power = match text.trim_start_matches(|c: char| !c.is_ascii_alphabetic()) {
        "n" => -9,
        "u" => -6,
        "m" => -3,
        "k" => 3,
        "M" => 6,
        "G" => 9,
        exponent => exponent.get(1..).and_then(|digits| digits.parse().ok()).unwrap_or(0),
    };
    i64::try_from(fraction).unwrap_or(i64::MAX).saturating_sub(power) > 3
}

fn map_members<'a>(arena: &'a Bump, object: Value<'a>, map: impl Fn(Value<'a>) -> Value<'a>) -> Value<'a> {
    let mut mapped: Option<BumpVec<'a, Member<'a>>> = None;
    for (index, member) in object.members().iter().enumerate() {
        let value = map(member.value);
        if mapped.is_none() && !same(value, member.value) {
            let before = object.members().iter().take(index).copied();
            mapped = Some(BumpVec::from_iter_in(before, arena));
        }
        if let Some(mapped) = &mut mapped {
            mapped.push(Member { key: member.key, value });
        }
    }
    mapped.map_or(object, |mapped| Value::Object(mapped.into_bump_slice()))
}

/// Up to three digits and a common suffix are canonical, and whole thousandths, without reading them as a number.
fn is_plainly_canonical(value: Value<'_>) -> bool {
    let Some(text) = value.as_str() else {
        return false;
    };
    let number = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let suffix = text.get(number.len()..).unwrap_or_default();
    let digits =
        matches!(number.as_bytes(), [b'1'..=b'9', rest @ ..] if rest.len() < 3 && rest.iter().all(u8::is_ascii_digit));
    digits && matches!(suffix, "" | "m" | "k" | "M" | "G" | "Ki" | "Mi" | "Gi" | "Ti")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api_defaults::read;

    #[test]
    fn resource_lists_are_rounded_up_to_thousandths_and_canonical() {
        for (written, stored) in [
            (r#""1000m""#, r#""1""#),
            (r#""0.5""#, r#""500m""#),
            ("0.5", r#""500m""#),
            ("1", r#""1""#),
            (r#""1024Mi""#, r#""1Gi""#),
            (r#""100u""#, r#""1m""#),
            ("0.0001", r#""1m""#),
            (r#""1n""#, r#""1m""#),
            (r#"" 1 ""#, r#""1""#),
            ("null", r#""0""#),
            // Texts that the API server takes for canonical, until rounding looks at them.
            (r#""+1""#, r#""+1""#),
            (r#""1.500""#, r#""1.500""#),
            (r#""15.0000""#, r#""15""#),
            (r#""+1000u""#, r#""1m""#),
            (r#""much""#, r#""much""#),
            ("[]", "[]"),
        ] {
            let arena = Bump::new();
            let text = format!(r#"{{"cpu":{written}}}"#);
            let list = resource_list(&arena, read(&arena, &text));
            assert_eq!(list.to_string(), format!(r#"{{"cpu":{stored}}}"#));
        }
    }

    #[test]
    fn other_quantities_are_not_rounded() {
        let arena = Bump::new();
        assert_eq!(canonical(&arena, Value::String("100u")).as_str(), Some("100u"));
        assert_eq!(canonical(&arena, Value::String("1024Ki")).as_str(), Some("1Mi"));
    }

    #[test]
    fn what_is_canonical_is_not_copied() {
        let arena = Bump::new();
        let list = read(&arena, r#"{"cpu":"100m","memory":"128Mi","storage":"1500Mi","example.com/gpu":"12345"}"#);
        assert!(same(resource_list(&arena, list), list));
    }

    #[test]
    fn the_short_way_and_the_long_way_agree() {
        for number in ["1", "12", "999", "100"] {
            for suffix in ["", "m", "k", "M", "G", "Ki", "Mi", "Gi", "Ti"] {
                let text = format!("{number}{suffix}");
                assert!(is_plainly_canonical(Value::String(&text)));
                assert!(quantity::is_canonical(&text), "{text}");
            }
        }
        for text in ["0", "01", "1000", "1u", "1e3", "-1", "+1", "1.", "", "Mi", "1 ", "1MiB"] {
            assert!(!is_plainly_canonical(Value::String(text)), "{text}");
        }
    }
}
