//! How long the API server waits for an answer: `?timeout=`, as it writes it.
//!
//! What podgate answers must arrive before that, so a part of the time is kept back. A value that makes no sense never
//! refuses a call: the API server alone writes it, and the object is what matters.

use std::time::Duration;

const SHORTEST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);
const ABSENT: Duration = Duration::from_secs(10);

/// The part of the time that is kept back for the way, as a divisor, and its largest value.
const MARGIN_PART: u32 = 10;
const LARGEST_MARGIN: Duration = Duration::from_millis(500);

/// The time that may pass before the answer is sent. Of several values the shortest counts.
pub fn of_query(query: Option<&str>) -> Duration {
    let values = query.unwrap_or_default().split('&').filter_map(|pair| pair.strip_prefix("timeout="));
    let asked = values.filter_map(seconds).reduce(f64::min);
    let asked = asked.map_or(ABSENT, |seconds| {
        Duration::from_secs_f64(seconds.clamp(SHORTEST.as_secs_f64(), LONGEST.as_secs_f64()))
    });
    asked - (asked / MARGIN_PART).min(LARGEST_MARGIN)
}

/// Reads a duration as Go writes it (`1m30s`, `500ms`), or a bare number of seconds.
fn seconds(text: &str) -> Option<f64> {
    if let Ok(number) = text.parse::<f64>() {
        return number.is_finite().then_some(number);
    }
    let mut rest = text.strip_prefix('-').unwrap_or(text);
    let mut sum = 0.0;
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| c != '.' && !c.is_ascii_digit())?);
        let (unit, after) = after.split_at(after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len()));
        let unit = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        sum += number.parse::<f64>().ok()? * unit;
        rest = after;
    }
    let is_written = text.bytes().any(|byte| byte.is_ascii_digit());
    is_written.then_some(if text.starts_with('-') { -sum } else { sum })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_the_time_but_at_most_half_a_second_is_kept_back() {
        let cases = [
            (None, 9_500),
            (Some(""), 9_500),
            (Some("timeout="), 9_500),
            (Some("timeout=0"), 450),
            (Some("timeout=0s"), 450),
            (Some("timeout=-1"), 450),
            (Some("timeout=-1s"), 450),
            (Some("timeout=1e9"), 29_500),
            (Some("timeout=5s"), 4_500),
            (Some("timeout=5"), 4_500),
            (Some("timeout=1m30s"), 29_500),
            (Some("timeout=1500ms"), 1_350),
            (Some("timeout=1.5s"), 1_350),
            (Some("timeout=abc"), 9_500),
            (Some("timeout=5x"), 9_500),
            (Some("timeout=inf"), 9_500),
            (Some("timeout=NaN"), 9_500),
            (Some("timeout=-"), 9_500),
            (Some("timeout=5s&timeout=2s"), 1_800),
            (Some("timeout=abc&timeout=2s"), 1_800),
            (Some("dryRun=All&timeout=3s"), 2_700),
            (Some("xtimeout=3s"), 9_500),
        ];
        for (query, millis) in cases {
            assert_eq!(of_query(query), Duration::from_millis(millis), "{query:?}");
        }
    }
}
