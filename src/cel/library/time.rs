//! The parts of times: of a timestamp at a distance from UTC, of a duration in whole units.
//!
//! Named time zones would need a database that changes; only distances such as `+02:00` are taken.

use jiff::civil::DateTime;

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
    let (timestamp, offset) = match (arguments, unit) {
        ([Value::Duration(duration)], Some(unit)) => return Ok(Value::Int(duration.as_nanos() / unit)),
        ([Value::Timestamp(timestamp)], _) => (timestamp, 0),
        ([Value::Timestamp(timestamp), Value::String(zone)], _) => match offset(zone) {
            Some(offset) => (timestamp, offset),
            None => {
                let message = "only UTC and distances from it such as `+02:00` are supported as time zones, not";
                return context.refuse(message, Value::String(zone));
            }
        },
        _ => return Err(context.mismatch(name, arguments)),
    };
    timestamp.civil(offset).map(|civil| Value::Int(part(civil))).ok_or(Reason::TimeOutOfRange)
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
