//! Durations and timestamps, within the bounds of the CEL specification and of the API server's implementation.
//!
//! A duration is written as Go writes it (`1h30m`), a timestamp as RFC 3339 does.

use std::cmp::Ordering;
use std::fmt;

use jiff::civil::{DateTime, datetime};

const NANOS: i64 = 1_000_000_000;
/// Where seconds are counted from.
const EPOCH: DateTime = datetime(1970, 1, 1, 0, 0, 0, 0);
/// 0001-01-01T00:00:00Z.
const FIRST: i64 = -62_135_596_800;
/// 9999-12-31T23:59:59Z.
const LAST: i64 = 253_402_300_799;

/// A span of time in nanoseconds, up to about 292 years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(i64);

/// A point in time, to the nanosecond, in the years 1 to 9999.
///
/// It remembers at which distance from UTC it was written, for printing; nothing else depends on that.
#[derive(Clone, Copy, Debug)]
pub struct Timestamp {
    second: i64,
    nano: u32,
    /// Seconds east of UTC.
    east: i32,
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.as_nanos() == other.as_nanos()
    }
}

impl Eq for Timestamp {}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_nanos().cmp(&other.as_nanos())
    }
}

impl Duration {
    /// The nanoseconds.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Whether it is no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Reads a duration as Go's `time.ParseDuration` does: `90s`, `1h30m`, `-1.5ms`, `0`.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, mut rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if rest == "0" {
            return Some(Duration(0));
        }
        if rest.is_empty() {
            return None;
        }
        let mut total: i128 = 0;
        while !rest.is_empty() {
            let (whole, after) = digits(rest);
            let (fraction, after) = match after.strip_prefix('.') {
                Some(after) => digits(after),
                None => ("", after),
            };
            if whole.is_empty() && fraction.is_empty() {
                return None;
            }
            let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
            let (unit, after) = after.split_at_checked(end)?;
            let unit: i128 = match unit {
                "ns" => 1,
                "us" | "µs" | "μs" => 1_000,
                "ms" => 1_000_000,
                "s" => NANOS.into(),
                "m" => i128::from(NANOS) * 60,
                "h" => i128::from(NANOS) * 3_600,
                _ => return None,
            };
            let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
            total = total.checked_add(i128::from(whole) * unit)?.checked_add(fraction_of(fraction, unit))?;
            rest = after;
        }
        i64::try_from(if negative { -total } else { total }).ok().map(Duration)
    }

    /// The sum, if it can be represented.
    pub fn checked_add(self, other: Duration) -> Option<Self> {
        self.0.checked_add(other.0).map(Duration)
    }

    /// The difference, if it can be represented.
    pub fn checked_sub(self, other: Duration) -> Option<Self> {
        self.0.checked_sub(other.0).map(Duration)
    }
}

impl Timestamp {
    /// A point so many seconds after 1970 began in UTC, if it can be represented.
    pub fn new(second: i64, nano: u32) -> Option<Self> {
        (FIRST..=LAST).contains(&second).then_some(Timestamp { second, nano, east: 0 })
    }

    /// Seconds since 1970 began in UTC.
    pub const fn second(self) -> i64 {
        self.second
    }

    /// Reads a timestamp of RFC 3339: `2026-11-01T12:00:00.5+01:00`.
    pub fn parse(text: &str) -> Option<Self> {
        // Go takes exactly this shape, where the parser below takes more.
        let shape = text.as_bytes();
        let digits_at = |places: &[usize]| places.iter().all(|place| shape.get(*place).is_some_and(u8::is_ascii_digit));
        let sign_at = |place: usize, sign: u8| shape.get(place) == Some(&sign);
        let dated = digits_at(&[0, 1, 2, 3, 5, 6, 8, 9]) && sign_at(4, b'-') && sign_at(7, b'-');
        let timed = digits_at(&[11, 12, 14, 15, 17, 18]) && sign_at(13, b':') && sign_at(16, b':');
        let zone = shape.get(19..)?;
        let zone = match zone.strip_prefix(b".").or_else(|| zone.strip_prefix(b",")) {
            Some(fraction) => fraction.trim_prefix_digits()?,
            None => zone,
        };
        let zoned = match zone {
            b"Z" => true,
            [b'+' | b'-', a, b, b':', c, d] => [a, b, c, d].iter().all(|digit| digit.is_ascii_digit()),
            _ => false,
        };
        if !(dated && sign_at(10, b'T') && timed && zoned) {
            return None;
        }
        if shape.get(17..19)? > b"59".as_slice() {
            return None;
        }
        let local: DateTime = text.get(..19)?.parse().ok()?;
        let nanos = fraction_of(text.get(20..text.len() - zone.len()).unwrap_or_default(), NANOS.into());
        let east: i32 = match zone {
            [sign, rest @ ..] if *sign != b'Z' => {
                let number =
                    |places: &[u8]| places.iter().fold(0, |number, digit| number * 10 + i32::from(digit - b'0'));
                let (hours, minutes) = (number(rest.get(..2)?), number(rest.get(3..)?));
                let distance = hours * 3600 + minutes * 60;
                if hours > 24 || minutes > 60 {
                    return None;
                }
                if *sign == b'-' { -distance } else { distance }
            }
            _ => 0,
        };
        let second = local.duration_since(EPOCH).as_secs() - i64::from(east);
        Some(Timestamp { east, ..Timestamp::new(second, u32::try_from(nanos).ok()?)? })
    }

    /// The point a duration later, if it can be represented.
    pub fn checked_add(self, duration: Duration) -> Option<Self> {
        self.moved_to(self.as_nanos() + i128::from(duration.0))
    }

    /// The point a duration earlier, if it can be represented.
    pub fn checked_sub(self, duration: Duration) -> Option<Self> {
        self.moved_to(self.as_nanos() - i128::from(duration.0))
    }

    /// The time from `earlier` to this, if it can be represented.
    pub fn since(self, earlier: Timestamp) -> Option<Duration> {
        i64::try_from(self.as_nanos() - earlier.as_nanos()).ok().map(Duration)
    }

    /// What a clock and a calendar show at a distance from UTC in seconds.
    pub fn civil(self, offset: i32) -> Option<DateTime> {
        let second = self.second + i64::from(offset);
        let nano = i32::try_from(self.nano).ok()?;
        EPOCH.checked_add(jiff::SignedDuration::new(second, nano)).ok()
    }

    /// Seconds east of UTC at which a zone is then.
    pub fn east_in(self, zone: &jiff::tz::TimeZone) -> Option<i32> {
        let at = jiff::Timestamp::new(self.second, i32::try_from(self.nano).ok()?).ok()?;
        Some(zone.to_offset(at).seconds())
    }

    fn as_nanos(self) -> i128 {
        i128::from(self.second) * i128::from(NANOS) + i128::from(self.nano)
    }

    fn moved_to(self, nanos: i128) -> Option<Self> {
        let second = i64::try_from(nanos.div_euclid(NANOS.into())).ok()?;
        let moved = Timestamp::new(second, u32::try_from(nanos.rem_euclid(NANOS.into())).ok()?)?;
        Some(Timestamp { east: self.east, ..moved })
    }
}

/// Seconds, as the API server prints them: `5400s`, `0.5s`.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.unsigned_abs();
        let (seconds, rest) = (nanos / NANOS.unsigned_abs(), nanos % NANOS.unsigned_abs());
        write!(f, "{}{seconds}", if self.0 < 0 { "-" } else { "" })?;
        if rest != 0 {
            write!(f, ".{}", format!("{rest:09}").trim_end_matches('0'))?;
        }
        f.write_str("s")
    }
}

/// RFC 3339, at the distance from UTC at which it was written.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let civil = self.civil(self.east).ok_or(fmt::Error)?;
        let (date, time) = (civil.date(), civil.time());
        write!(f, "{:04}-{:02}-{:02}T", date.year(), date.month(), date.day())?;
        write!(f, "{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())?;
        if self.nano != 0 {
            write!(f, ".{}", format!("{:09}", self.nano).trim_end_matches('0'))?;
        }
        if self.east == 0 {
            return f.write_str("Z");
        }
        let minutes = self.east.unsigned_abs() / 60;
        write!(f, "{}{:02}:{:02}", if self.east < 0 { '-' } else { '+' }, minutes / 60, minutes % 60)
    }
}

trait Digits {
    fn trim_prefix_digits(&self) -> Option<&Self>;
}

impl Digits for [u8] {
    /// What follows one or more digits.
    fn trim_prefix_digits(&self) -> Option<&Self> {
        let count = self.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 { None } else { self.get(count..) }
    }
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// `0.digits` of a unit, in nanoseconds, rounded down.
fn fraction_of(digits: &str, unit: i128) -> i128 {
    let digits = digits.get(..18).unwrap_or(digits);
    let scale = 10_i128.pow(u32::try_from(digits.len()).unwrap_or_default());
    digits.parse::<i128>().unwrap_or_default() * unit / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_go_reads_them() {
        for (text, nanos) in [
            ("0", Some(0)),
            ("1h30m", Some(5_400 * NANOS)),
            ("-1.5ms", Some(-1_500_000)),
            ("+5s", Some(5 * NANOS)),
            (".5s", Some(NANOS / 2)),
            ("1.s", Some(NANOS)),
            ("10us", Some(10_000)),
            ("3µs2ns", Some(3_002)),
            ("", None),
            ("1", None),
            ("1d", None),
            ("h", None),
            ("-", None),
            (".s", None),
            ("1 h", None),
            ("2562047h", Some(2_562_047 * 3_600 * NANOS)),
            ("2562048h", None),
            ("99999999999999999999h", None),
        ] {
            assert_eq!(Duration::parse(text), nanos.map(Duration), "{text}");
        }
        assert_eq!(Duration(5_400 * NANOS).to_string(), "5400s");
        assert_eq!(Duration(-1_500_000).to_string(), "-0.0015s");
    }

    #[test]
    fn timestamps_as_rfc_3339_writes_them() {
        for (text, printed) in [
            ("2026-11-01T12:00:00Z", "2026-11-01T12:00:00Z"),
            ("2026-11-01T12:00:00.500+01:00", "2026-11-01T12:00:00.5+01:00"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"),
        ] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), printed, "{text}");
        }
        for text in [
            "",
            "2026-11-01",
            "2026-11-01T12:00:00",
            "2026-11-01 12:00:00Z",
            "2026-11-01T12:00Z",
            "2026-13-01T12:00:00Z",
            "2026-11-01T12:00:00.Z",
            "2026-11-01T12:00:60Z",
            "2026-11-01T12:00:00+0100",
            "2026-11-01T12:00:00Z[UTC]",
            "0000-12-31T23:59:59Z",
            "0001-01-01T00:00:00+01:00",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }
}
