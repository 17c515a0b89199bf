//! From a value to its one text.

use std::borrow::Cow;
use std::fmt;

use super::{Error, Format, NANO, ONE, Quantity, parse};

/// Suffixes by powers of a thousand, from billionths.
const DECIMAL: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
/// Suffixes by powers of 1024.
const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// Whether the text is the canonical one for its value.
pub fn is_canonical(text: &str) -> bool {
    parse::parse(text).is_ok_and(|parsed| parsed.quantity.to_string() == text)
}

/// The text that the API server stores and sends for a quantity that was written so, before any rounding to milli.
///
/// That is the canonical text, but for a few writings that upstream takes for canonical: `+1`, `1.500` and `1E3` stay.
///
/// # Errors
///
/// See [`Quantity::parse`].
pub fn spelled(text: &str) -> Result<Cow<'_, str>, Error> {
    let parsed = parse::parse(text)?;
    Ok(if parsed.kept { Cow::Borrowed(text) } else { Cow::Owned(parsed.quantity.to_string()) })
}

pub(super) fn write(quantity: Quantity, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Quantity { nanos, format, .. } = quantity;
    if nanos == 0 {
        return f.write_str("0");
    }
    match format {
        Format::BinarySi if nanos.abs() >= 1024 * ONE && nanos % ONE == 0 => {
            let (number, times) = without_factor(nanos / ONE, 1024, BINARY.len() - 1);
            write!(f, "{number}{}", BINARY.get(times).unwrap_or(&""))
        }
        // In binary, a fraction and a number below 1024 would be rounded.
        Format::BinarySi | Format::DecimalSi => {
            let (number, times) = without_factor(nanos, 1000, DECIMAL.len() - 1);
            write!(f, "{number}{}", DECIMAL.get(times).unwrap_or(&""))
        }
        Format::DecimalExponent => {
            let (number, times) = without_factor(nanos, 1000, usize::MAX);
            match NANO + 3 * i32::try_from(times).unwrap_or_default() {
                0 => write!(f, "{number}"),
                exponent => write!(f, "{number}e{exponent}"),
            }
        }
    }
}

/// Divides as long as nothing is lost, at most `most` times; and how often that was.
fn without_factor(mut number: i128, factor: i128, most: usize) -> (i128, usize) {
    let mut times = 0;
    while times < most && number != 0 && number % factor == 0 {
        number /= factor;
        times += 1;
    }
    (number, times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_canonical_text() {
        for (text, canonical) in [
            ("1", "1"),
            ("1000m", "1"),
            ("0.5", "500m"),
            (".5", "500m"),
            ("1.", "1"),
            ("1.5", "1500m"),
            ("0.001", "1m"),
            ("1000", "1k"),
            ("1024", "1024"),
            ("1000000", "1M"),
            ("1100000", "1100k"),
            ("0.1n", "1n"),
            ("100000u", "100m"),
            ("-1500m", "-1500m"),
            ("1024Mi", "1Gi"),
            ("1025Ki", "1025Ki"),
            ("1Ki", "1Ki"),
            ("0.5Ki", "512"),
            ("1000Ki", "1000Ki"),
            ("0.1Ki", "102400m"),
            ("1.1Ki", "1126400m"),
            ("1.5Gi", "1536Mi"),
            ("-0.5Gi", "-512Mi"),
            ("0.0001Ki", "102400u"),
            ("1023.5Ki", "1048064"),
            ("9Ei", "9223372036854775807"),
            ("4Ei", "4Ei"),
            ("1e3", "1e3"),
            ("1E3", "1e3"),
            ("12e7", "120e6"),
            ("1e0", "1"),
            ("1e-1", "100e-3"),
            ("1e-10", "1e-9"),
            ("1.5e3", "1500"),
            ("100E", "100E"),
            ("1000E", "1000E"),
            ("128974848000m", "128974848"),
            ("0", "0"),
            ("0Ki", "0"),
        ] {
            let quantity = Quantity::parse(text).unwrap();
            assert_eq!(quantity.to_string(), canonical, "{text}");
            assert_eq!(Quantity::parse(canonical), Ok(quantity), "{text}");
            assert_eq!(is_canonical(text), text == canonical, "{text}");
        }
        assert!(!is_canonical("ten"));
    }

    #[test]
    fn the_api_server_keeps_a_few_writings() {
        for (text, sent) in [
            ("+1", "+1"),
            ("1.", "1."),
            ("1.500", "1.500"),
            ("1.50", "1500m"),
            ("1.5", "1500m"),
            ("1.5000", "1500m"),
            ("01", "01"),
            ("1E3", "1E3"),
            ("007Ki", "007Ki"),
            ("1500Mi", "1500Mi"),
            ("1024Mi", "1Gi"),
            ("8Ki", "8Ki"),
            ("08Ki", "8Ki"),
            ("1000m", "1"),
            ("0.100", "100m"),
            ("00", "0"),
            ("1Ei", "1Ei"),
        ] {
            assert_eq!(spelled(text), Ok(Cow::Borrowed(sent)), "{text}");
        }
    }
}
