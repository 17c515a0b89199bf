//! The parts of times: of a timestamp at a distance from UTC, of a duration in whole units.
//!
//! A zone with a name is looked up in the database that is compiled in, never in the machine's: a policy means the same
//! wherever it runs.

use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::cel::error::Reason;
use crate::cel::library::{Context, Outcome, Overload};
use crate::cel::signature::{DURATION, INT, STRING, TIMESTAMP};
use crate::cel::value::Value;

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::method("getFullYear", &[TIMESTAMP], INT, full_year),
    Overload::method("getFullYear", &[TIMESTAMP, STRING], INT, full_year),
    Overload::method("getMonth", &[TIMESTAMP], INT, month),
    Overload::method("getMonth", &[TIMESTAMP, STRING], INT, month),
    Overload::method("getDate", &[TIMESTAMP], INT, date),
    Overload::method("getDate", &[TIMESTAMP, STRING], INT, date),
    Overload::method("getDayOfMonth", &[TIMESTAMP], INT, day_of_month),
    Overload::method("getDayOfMonth", &[TIMESTAMP, STRING], INT, day_of_month),
    Overload::method("getDayOfWeek", &[TIMESTAMP], INT, day_of_week),
    Overload::method("getDayOfWeek", &[TIMESTAMP, STRING], INT, day_of_week),
    Overload::method("getDayOfYear", &[TIMESTAMP], INT, day_of_year),
    Overload::method("getDayOfYear", &[TIMESTAMP, STRING], INT, day_of_year),
    Overload::method("getHours", &[TIMESTAMP], INT, hours),
    Overload::method("getHours", &[TIMESTAMP, STRING], INT, hours),
    Overload::method("getHours", &[DURATION], INT, hours),
    Overload::method("getMinutes", &[TIMESTAMP], INT, minutes),
    Overload::method("getMinutes", &[TIMESTAMP, STRING], INT, minutes),
    Overload::method("getMinutes", &[DURATION], INT, minutes),
    Overload::method("getSeconds", &[TIMESTAMP], INT, seconds),
    Overload::method("getSeconds", &[TIMESTAMP, STRING], INT, seconds),
    Overload::method("getSeconds", &[DURATION], INT, seconds),
    Overload::method("getMilliseconds", &[TIMESTAMP], INT, milliseconds),
    Overload::method("getMilliseconds", &[TIMESTAMP, STRING], INT, milliseconds),
    Overload::method("getMilliseconds", &[DURATION], INT, milliseconds),
];

const MILLISECOND: i64 = 1_000_000;
const SECOND: i64 = 1_000 * MILLISECOND;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

fn full_year<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    part(context, "getFullYear", arguments, None, |civil| civil.year().into())
}

fn month<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    part(context, "getMonth", arguments, None, |civil| i64::from(civil.month()) - 1)
}

fn date<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    part(context, "getDate", arguments, None, |civil| civil.day().into())
}

fn day_of_month<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    part(context, "getDayOfMonth", arguments, None, |civil| i64::from(civil.day()) - 1)
}

fn day_of_week<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    part(context, "getDayOfWeek", arguments, None, |civil| civil.weekday().to_sunday_zero_offset().into())
}

fn day_of_year<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    part(context, "getDayOfYear", arguments, None, |civil| i64::from(civil.day_of_year()) - 1)
}

fn hours<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    part(context, "getHours", arguments, Some(HOUR), |civil| civil.hour().into())
}

fn minutes<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    part(context, "getMinutes", arguments, Some(MINUTE), |civil| civil.minute().into())
}

fn seconds<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    part(context, "getSeconds", arguments, Some(SECOND), |civil| civil.second().into())
}

fn milliseconds<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    part(context, "getMilliseconds", arguments, Some(MILLISECOND), |civil| civil.millisecond().into())
}

/// A part of a timestamp, or a duration in whole units.
fn part<'a>(
    context: Context<'_, 'a>,
    name: &'static str,
    arguments: &[Value<'a>],
    unit: Option<i64>,
    part: fn(DateTime) -> i64,
) -> Outcome<'a> {
    let (timestamp, east) = match (arguments, unit) {
        ([Value::Duration(duration)], Some(unit)) => return Ok(Value::Int(duration.as_nanos() / unit)),
        ([Value::Timestamp(timestamp)], _) => (timestamp, Some(0)),
        ([Value::Timestamp(timestamp), Value::String(name)], _) => {
            context.budget.spend(LOOKUP)?;
            match zone(name) {
                Some(Zone::East(east)) => (timestamp, Some(east)),
                Some(Zone::Named(zone)) => (timestamp, timestamp.east_in(&zone)),
                None => return context.refuse(NO_ZONE, Value::String(name)),
            }
        }
        _ => return Err(context.mismatch(name, arguments)),
    };
    let civil = east.and_then(|east| timestamp.civil(east));
    civil.map(|civil| Value::Int(part(civil))).ok_or(Reason::TimeOutOfRange)
}

/// Why `name` is no zone, if it is the argument of a method that takes one.
pub(crate) fn check_zone(method: &str, name: &str) -> Option<String> {
    let takes_zone = OVERLOADS.iter().any(|overload| overload.name == method && overload.arguments.len() == 2);
    (takes_zone && zone(name).is_none()).then(|| format!("{NO_ZONE}: `{name}`"))
}

/// What is said of a name that is none.
const NO_ZONE: &str =
    "not a time zone: one has a name such as `Europe/Berlin`, or a distance from UTC such as `+02:00`";
/// Steps for finding a zone. The first time it is read from the database, and kept.
const LOOKUP: u64 = 100;

/// A time zone.
enum Zone {
    /// At so many seconds east of UTC, always.
    East(i32),
    Named(TimeZone),
}

/// The zone that a text names. `Local` would be that of the machine, and is none.
fn zone(text: &str) -> Option<Zone> {
    if let Some(east) = offset(text) {
        return Some(Zone::East(east));
    }
    let zone = TimeZoneDatabase::bundled().get(text).ok()?;
    // The API server takes a name only as it is written in the database.
    (zone.iana_name() == Some(text) && !zone.is_unknown()).then_some(Zone::Named(zone))
}

/// Seconds east of UTC.
fn offset(zone: &str) -> Option<i32> {
    if matches!(zone, "UTC" | "Etc/UTC" | "") {
        return Some(0);
    }
    let (sign, digits) = match zone.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, zone.strip_prefix('+').unwrap_or(zone)),
    };
    let (hours, minutes) = digits.split_once(':')?;
    // No distance is too large for the API server, as long as it is written in digits.
    let number = |text: &str| -> Option<i32> {
        let plain = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| plain)
    };
    Some(sign * (number(hours)? * 3600 + number(minutes)? * 60))
}
