//! From text to a value in billionths.

use super::{Error, Format, NANO, ONE, Quantity, at_scale, power};
use crate::document::print::shown;

/// Upstream keeps numbers of at most this many digits in 64 bits.
const FAST_DIGITS: usize = 18;
/// Upstream wraps exponents around at 32 bits, and reads `1e-4294967296` as one. Nothing near that is accepted.
const EXPONENT: i64 = 1_000_000;

/// What a text means, and whether upstream gives that very text back.
pub(super) struct Parsed {
    pub(super) quantity: Quantity,
    pub(super) kept: bool,
}

/// The pieces of a text.
struct Parts<'t> {
    negative: bool,
    /// Digits before the point, without leading zeros unless they are all there is.
    whole: &'t str,
    /// Digits behind the point.
    fraction: &'t str,
    suffix: &'t str,
    /// Whether there is any digit at all.
    digits: bool,
}

/// What a suffix multiplies by.
#[derive(Clone, Copy)]
struct Unit {
    format: Format,
    /// A power of two for [`Format::BinarySi`], else of ten.
    exponent: i64,
}

pub(super) fn parse(text: &str) -> Result<Parsed, Error> {
    let parts = split(text);
    let Some(unit) = unit(parts.suffix) else {
        return Err(match parts.digits {
            true => Error::Suffix { text: shown(text), suffix: shown(parts.suffix) },
            false => Error::Malformed(shown(text)),
        });
    };
    if text.is_empty() {
        return Err(Error::Malformed(String::new()));
    }
    if !(-EXPONENT..=EXPONENT).contains(&unit.exponent) {
        return Err(Error::OutOfRange(shown(text)));
    }
    let binary = unit.format == Format::BinarySi;
    let zero = all_zeros(parts.whole) && all_zeros(parts.fraction);

    let (magnitude, capped) = if binary {
        binary_nanos(&parts, unit.exponent)
    } else if zero {
        (0, false)
    } else {
        (decimal_nanos(&parts, unit.exponent).ok_or_else(|| Error::OutOfRange(shown(text)))?, false)
    };
    let nanos = if parts.negative { -magnitude } else { magnitude };
    let scale = if binary { 0 } else { unit.exponent } - i64::try_from(parts.fraction.len()).unwrap_or(i64::MAX);
    // A scale beyond these bounds belongs to a zero, for which it makes no difference.
    let small = i32::try_from(scale.clamp(i64::from(NANO), 1000)).unwrap_or(NANO);

    if fast(&parts, unit, scale) && at_scale(nanos, small).is_some() {
        let kept = keeps(text, &parts, unit.format, scale);
        return Ok(Parsed { quantity: Quantity { nanos, scale: small, big: false, format: unit.format }, kept });
    }
    if !parts.digits {
        return Err(Error::Malformed(shown(text)));
    }
    let format = if binary && nanos != 0 && nanos.abs() < ONE { Format::DecimalSi } else { unit.format };
    let scale = if capped { 0 } else { NANO };
    Ok(Parsed { quantity: Quantity { nanos, scale, big: true, format }, kept: false })
}

/// Takes a text apart; whatever stands behind the number is its suffix.
fn split(text: &str) -> Parts<'_> {
    let digit = |c: char| c.is_ascii_digit();
    let number = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (zeros, rest) = take(number, |c| c == '0');
    let (whole, rest) = take(rest, digit);
    let (fraction, suffix) = match rest.strip_prefix('.') {
        Some(rest) => take(rest, digit),
        None => ("", rest),
    };
    Parts {
        negative: text.starts_with('-'),
        whole: if whole.is_empty() { "0" } else { whole },
        fraction,
        suffix,
        digits: !(zeros.is_empty() && whole.is_empty() && fraction.is_empty()),
    }
}

fn unit(suffix: &str) -> Option<Unit> {
    let (format, exponent) = match suffix {
        "n" => (Format::DecimalSi, -9),
        "u" => (Format::DecimalSi, -6),
        "m" => (Format::DecimalSi, -3),
        "" => (Format::DecimalSi, 0),
        "k" => (Format::DecimalSi, 3),
        "M" => (Format::DecimalSi, 6),
        "G" => (Format::DecimalSi, 9),
        "T" => (Format::DecimalSi, 12),
        "P" => (Format::DecimalSi, 15),
        "E" => (Format::DecimalSi, 18),
        "Ki" => (Format::BinarySi, 10),
        "Mi" => (Format::BinarySi, 20),
        "Gi" => (Format::BinarySi, 30),
        "Ti" => (Format::BinarySi, 40),
        "Pi" => (Format::BinarySi, 50),
        "Ei" => (Format::BinarySi, 60),
        _ => (Format::DecimalExponent, suffix.strip_prefix(['e', 'E'])?.parse().ok()?),
    };
    Some(Unit { format, exponent })
}

/// Whether upstream first tries 64 bits.
fn fast(parts: &Parts<'_>, unit: Unit, scale: i64) -> bool {
    let digits = parts.whole.len() + parts.fraction.len();
    match unit.format {
        Format::DecimalExponent | Format::DecimalSi => digits <= FAST_DIGITS && scale >= i64::from(NANO),
        Format::BinarySi => {
            let taken = usize::try_from(unit.exponent * 3 / 10).unwrap_or(FAST_DIGITS);
            parts.fraction.is_empty() && digits + taken < 15
        }
    }
}

/// Whether upstream gives the text back as it was written. Its test for canonical text is not exact: `+1` and `1.500`
/// pass it.
fn keeps(text: &str, parts: &Parts<'_>, format: Format, scale: i64) -> bool {
    let number = || parts.whole.bytes().chain(parts.fraction.bytes());
    match format {
        Format::BinarySi => !parts.whole.parse::<i64>().is_ok_and(|whole| whole % 8 == 0),
        Format::DecimalExponent | Format::DecimalSi => {
            let thousands = number().rev().take_while(|digit| *digit == b'0').count() >= 3;
            text == "0" || scale % 3 == 0 && !thousands && number().next() != Some(b'0')
        }
    }
}

/// Billionths of a number with a power of ten, rounded up; [`None`] if they do not fit.
fn decimal_nanos(parts: &Parts<'_>, exponent: i64) -> Option<i128> {
    let digits = parts.whole.len() + parts.fraction.len();
    let shift = exponent - i64::from(NANO) - i64::try_from(parts.fraction.len()).ok()?;
    let dropped = usize::try_from(shift.checked_neg()?).unwrap_or(0).min(digits);
    let mut nanos = 0i128;
    let mut up = 0;
    for (at, digit) in parts.whole.bytes().chain(parts.fraction.bytes()).enumerate() {
        let digit = i128::from(digit - b'0');
        if at < digits - dropped {
            nanos = nanos.checked_mul(10)?.checked_add(digit)?;
        } else if digit != 0 {
            up = 1;
        }
    }
    let shift = i32::try_from(shift.max(0)).ok()?;
    nanos.checked_add(up)?.checked_mul(power(shift)?)
}

/// Billionths of a number with a power of two, rounded up, and whether they were cut down to what upstream allows.
fn binary_nanos(parts: &Parts<'_>, exponent: i64) -> (i128, bool) {
    let most = i128::from(i64::MAX) * ONE;
    let unit = ONE << exponent.clamp(0, 60);
    // From the last digit to the first: what is lost on the way can never become whole again.
    let mut fraction = 0i128;
    let mut up = 0;
    for digit in parts.fraction.bytes().rev() {
        let sum = i128::from(digit - b'0') * unit + fraction;
        fraction = sum / 10;
        if sum % 10 != 0 {
            up = 1;
        }
    }
    let nanos = parts
        .whole
        .parse::<i128>()
        .ok()
        .and_then(|whole| whole.checked_mul(unit))
        .and_then(|whole| whole.checked_add(fraction + up));
    match nanos {
        Some(nanos) if nanos <= most => (nanos, false),
        _ => (most, true),
    }
}

fn all_zeros(digits: &str) -> bool {
    digits.bytes().all(|digit| digit == b'0')
}

/// Splits off the leading characters that `wanted` holds for.
fn take(text: &str, wanted: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !wanted(c)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_upstream_refuses() {
        for text in
            ["", " 1", "１", "--1", "+-1", "NaN", "inf", "ten", "µ", "Pi", "Ei", "e-10", ".Ei", "e", ".e5.", "Kim"]
        {
            let refused = Quantity::parse(text);
            assert!(matches!(refused, Err(Error::Malformed(_))), "{text}: {refused:?}");
        }
        for (text, suffix) in [
            ("1 ", " "),
            ("1 Ki", " Ki"),
            ("1\n", "\\n"),
            ("1.2.3", ".3"),
            ("1-", "-"),
            ("1e1.5", "e1.5"),
            ("0x10", "x10"),
            ("1_000", "_000"),
            ("1,5", ",5"),
            ("1µ", "µ"),
            ("1K", "K"),
            ("1KB", "KB"),
            ("1KI", "KI"),
            ("1ki", "ki"),
            ("1i", "i"),
            ("1mm", "mm"),
            ("1e", "e"),
            ("1e+", "e+"),
            ("1Kie3", "Kie3"),
            ("1e3k", "e3k"),
            ("1Mi5", "Mi5"),
            ("-1e99999999999999999999", "e99999999999999999999"),
        ] {
            let error = Error::Suffix { text: shown(text), suffix: suffix.to_owned() };
            assert_eq!(Quantity::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn accepts_what_upstream_accepts_as_zero() {
        for text in ["0", "00", "-0", "+", "-", ".", "+.", "m", "Ki", "Ti", "e3", "E", "0e99", "0Ki", "0.000n"] {
            assert_eq!(Quantity::parse(text), Ok(Quantity::ZERO), "{text}");
            assert_eq!(Quantity::parse(text).unwrap().to_string(), "0", "{text}");
        }
    }

    #[test]
    fn refuses_what_does_not_fit() {
        for text in [
            "1e99",
            "-1e99",
            "1e30",
            "200000000000E",
            "1e4294967296",
            "1e9223372036854775807",
            "1e-4294967296",
            "1.0e-2147483648",
            "0e1000001",
            &"9".repeat(31),
        ] {
            assert!(matches!(Quantity::parse(text), Err(Error::OutOfRange(_))), "{text}");
        }
        for (text, canonical) in [("1e29", "100e27"), ("0e1000000", "0"), ("1e-1000000", "1e-9")] {
            assert_eq!(Quantity::parse(text).map(|quantity| quantity.to_string()), Ok(canonical.to_owned()), "{text}");
        }
    }

    #[test]
    fn rounds_away_from_zero_to_billionths_and_caps_binary_values() {
        for (text, nanos) in [
            ("0.1n", 1),
            ("-0.1n", -1),
            ("1.0000000001", 1_000_000_001),
            ("1e-2000", 1),
            ("0.0000000001Ki", 103),
            ("0.00000000000000000000001Ki", 1),
            ("-1.1Ki", -1_126_400_000_000),
            ("0.5Ki", 512 * ONE),
            ("9Ei", i128::from(i64::MAX) * ONE),
            ("-9Ei", -i128::from(i64::MAX) * ONE),
            ("99999999999999999999999999999999999999999Ki", i128::from(i64::MAX) * ONE),
            ("1234567890123456789", 1_234_567_890_123_456_789 * ONE),
        ] {
            assert_eq!(Quantity::parse(text).map(|quantity| quantity.nanos), Ok(nanos), "{text}");
        }
    }
}
