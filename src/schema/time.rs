//! Whether the API server can read a text as a time.
//!
//! RFC 3339 as Go reads it: an hour may have one digit, a comma may stand before the fraction, an offset may be of 24
//! hours and 60 minutes; letters are upper case and there are no leap seconds.

/// Whether this is a time.
pub(super) fn is_time(text: &str) -> bool {
    parse(text.as_bytes()).is_some_and(<[u8]>::is_empty)
}

/// Reads a time and returns what stands behind it.
fn parse(text: &[u8]) -> Option<&[u8]> {
    let (century, rest) = two(text)?;
    let (year, rest) = two(rest)?;
    let (month, rest) = two(literal(rest, b'-')?)?;
    let (day, rest) = two(literal(rest, b'-')?)?;
    let (hour, rest) = hour(literal(rest, b'T')?)?;
    let (minute, rest) = two(literal(rest, b':')?)?;
    let (second, rest) = two(literal(rest, b':')?)?;
    let sane = (1..=days(century * 100 + year, month)).contains(&day) && hour < 24 && minute < 60 && second < 60;
    if sane { offset(fraction(rest)) } else { None }
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

fn offset(text: &[u8]) -> Option<&[u8]> {
    match text.split_first()? {
        (b'Z', rest) => Some(rest),
        (b'+' | b'-', rest) => {
            let (hours, rest) = two(rest)?;
            let (minutes, rest) = two(literal(rest, b':')?)?;
            (hours <= 24 && minutes <= 60).then_some(rest)
        }
        _ => None,
    }
}

/// Leaves out a fraction, if there is one.
fn fraction(text: &[u8]) -> &[u8] {
    match text {
        [b'.' | b',', digit, rest @ ..] if digit.is_ascii_digit() => {
            let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
            rest.get(end..).unwrap_or_default()
        }
        _ => text,
    }
}

fn hour(text: &[u8]) -> Option<(u32, &[u8])> {
    two(text).or_else(|| digit(text))
}

fn two(text: &[u8]) -> Option<(u32, &[u8])> {
    let (tens, rest) = digit(text)?;
    let (ones, rest) = digit(rest)?;
    Some((tens * 10 + ones, rest))
}

fn digit(text: &[u8]) -> Option<(u32, &[u8])> {
    let (first, rest) = text.split_first()?;
    first.is_ascii_digit().then(|| (u32::from(first - b'0'), rest))
}

fn literal(text: &[u8], expected: u8) -> Option<&[u8]> {
    text.split_first().filter(|(first, _)| **first == expected).map(|(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_go_reads_them() {
        for text in [
            "2026-11-25T01:38:59Z",
            "2026-11-25T01:38:59.123456789012Z",
            "2026-11-25T01:38:59,5Z",
            "2026-11-25T1:38:59Z",
            "2026-11-25T01:38:59+02:00",
            "2026-11-25T01:38:59-24:60",
            "2024-02-29T00:00:00Z",
            "0000-01-01T00:00:00Z",
        ] {
            assert!(is_time(text), "{text}");
        }
        for text in [
            "",
            "now",
            "2026-11-25",
            "2026-11-25T01:38Z",
            "2026-11-25T01:38:59",
            "2026-11-25t01:38:59Z",
            "2026-11-25 01:38:59Z",
            "2026-11-25T01:38:59z",
            "2026-11-25T01:38:59.Z",
            "2026-11-25T01:38:60Z",
            "2026-11-25T24:00:00Z",
            "2026-02-29T00:00:00Z",
            "2100-02-29T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-11-25T01:38:59+0200",
            "2026-11-25T01:38:59+25:00",
            "2026-11-25T01:38:59Z ",
            "26-11-25T01:38:59Z",
        ] {
            assert!(!is_time(text), "{text}");
        }
    }
}
