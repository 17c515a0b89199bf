//! When two values are the same, and which comes first, as the API server has it: numbers compare by value whatever
//! their types, different types are never equal, and a NaN equals nothing.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::cel::value::{List, Map, Value};

/// Up to this number of keys comparing them beats a table.
const SMALL: usize = 32;

/// Whether two values are equal. Never an error: values of different types are not.
pub(crate) fn equal(a: Value<'_>, b: Value<'_>) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) => a == b,
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Bytes(a), Value::Bytes(b)) => a == b,
        (Value::Type(a), Value::Type(b)) => a == b,
        (Value::Duration(a), Value::Duration(b)) => a == b,
        (Value::Timestamp(a), Value::Timestamp(b)) => a == b,
        (Value::Quantity(a), Value::Quantity(b)) => a.cmp(b) == Ordering::Equal,
        (Value::Image(a), Value::Image(b)) => {
            (a.registry(), a.repository(), a.tag(), a.digest()) == (b.registry(), b.repository(), b.tag(), b.digest())
        }
        (Value::Ip(a), Value::Ip(b)) => a == b,
        (Value::Cidr(a), Value::Cidr(b)) => a == b,
        (Value::Url(a), Value::Url(b)) => a.is(b),
        (Value::Semver(a), Value::Semver(b)) => a.order(b) == Ordering::Equal,
        (Value::Format(a), Value::Format(b)) => a == b,
        (Value::Optional(a), Value::Optional(b)) => match (a, b) {
            (Some(a), Some(b)) => equal(*a, *b),
            (a, b) => a.is_none() && b.is_none(),
        },
        (Value::List(a), Value::List(b)) => equal_lists(a, b),
        (Value::Map(a), Value::Map(b)) => equal_maps(a, b),
        _ => compare_numbers(a, b) == Some(Ordering::Equal),
    }
}

/// The order of two values of one type, or of two numbers. The outer [`None`] says that there is no such order; the
/// inner one that a NaN takes part.
pub(crate) fn compare(a: Value<'_>, b: Value<'_>) -> Option<Option<Ordering>> {
    Some(match (a, b) {
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(&b)),
        (Value::Bytes(a), Value::Bytes(b)) => Some(a.cmp(b)),
        (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(&b)),
        (Value::Timestamp(a), Value::Timestamp(b)) => Some(a.cmp(&b)),
        (a, b) if a.kind().is_number() && b.kind().is_number() => compare_numbers(a, b),
        _ => return None,
    })
}

fn equal_lists(a: List<'_>, b: List<'_>) -> bool {
    a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b))
}

fn equal_maps(a: Map<'_>, b: Map<'_>) -> bool {
    if a.len() != b.len() {
        return false;
    }
    // Two copies of one object nearly always have their keys in the same order.
    let mut table: Option<HashMap<&str, Value<'_>>> = None;
    (0..a.len()).all(|place| match (a.entry(place), b.entry(place)) {
        (Some((key, value)), Some((other, beside))) if equal(key, other) => equal(value, beside),
        (Some((Value::String(key), value)), _) if b.len() > SMALL => {
            let table = table.get_or_insert_with(|| {
                b.iter().filter_map(|(key, value)| key.as_str().map(|key| (key, value))).collect()
            });
            table.get(key).is_some_and(|other| equal(value, *other))
        }
        (Some((key, value)), _) => b.get(key).is_some_and(|other| equal(value, other)),
        _ => false,
    })
}

fn compare_numbers(a: Value<'_>, b: Value<'_>) -> Option<Ordering> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(&b)),
        (Value::Uint(a), Value::Uint(b)) => Some(a.cmp(&b)),
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(&b),
        (Value::Int(a), Value::Uint(b)) => Some(i128::from(a).cmp(&i128::from(b))),
        (Value::Uint(a), Value::Int(b)) => Some(i128::from(a).cmp(&i128::from(b))),
        (Value::Int(a), Value::Double(b)) => compare_with_double(a.into(), b),
        (Value::Uint(a), Value::Double(b)) => compare_with_double(a.into(), b),
        (Value::Double(a), Value::Int(b)) => compare_with_double(b.into(), a).map(Ordering::reverse),
        (Value::Double(a), Value::Uint(b)) => compare_with_double(b.into(), a).map(Ordering::reverse),
        _ => None,
    }
}

/// As doubles: a whole number beyond 2^53 is rounded, as the API server does it.
fn compare_with_double(whole: i128, double: f64) -> Option<Ordering> {
    #[expect(clippy::cast_precision_loss, reason = "the nearest double is what is compared")]
    (whole as f64).partial_cmp(&double)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_and_doubles_compare_as_doubles() {
        for (whole, double, order) in [
            (1, 1.0, Some(Ordering::Equal)),
            (1, 1.5, Some(Ordering::Less)),
            (-1, -1.5, Some(Ordering::Greater)),
            (9_007_199_254_740_993, 9_007_199_254_740_992.0, Some(Ordering::Equal)),
            (i128::from(u64::MAX), 18_446_744_073_709_551_616.0, Some(Ordering::Equal)),
            (0, f64::NAN, None),
            (0, f64::INFINITY, Some(Ordering::Less)),
            (0, f64::NEG_INFINITY, Some(Ordering::Greater)),
            (0, -0.0, Some(Ordering::Equal)),
        ] {
            assert_eq!(compare_with_double(whole, double), order, "{whole} {double}");
        }
    }
}
