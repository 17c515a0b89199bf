//! Amounts of CPU, memory and the like, exactly as Kubernetes reads, compares and writes them.
//!
//! This follows the Quantity of `k8s.io/apimachinery/pkg/api/resource`: its grammar with all its leniency (`-`, `.` and
//! `Ki` are zero), its rounding away from zero to billionths, its three ways of writing. Two things differ, both where
//! upstream is wrong: what does not fit is an error instead of a wrapped exponent, and a thousand `E` are written `1000E`
//! and not `1`. Nothing goes through floating point.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use crate::document::Value;

mod canonical;
mod parse;

pub use canonical::{is_canonical, spelled};

/// One unit in billionths.
const ONE: i128 = 1_000_000_000;
/// The power of ten of a billionth.
const NANO: i32 = -9;
/// The power of ten of a thousandth.
const MILLI: i32 = -3;

/// An amount, compared by value: `1000m` equals `1`.
#[derive(Clone, Copy, Debug)]
pub struct Quantity {
    nanos: i128,
    /// The power of ten in which upstream would hold the number. It decides what [`Quantity::as_i64`] answers.
    scale: i32,
    /// Whether upstream would hold it as a big decimal.
    big: bool,
    format: Format,
}

/// The way of writing, taken over from the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// `12e6`.
    DecimalExponent,
    /// `12Mi`.
    BinarySi,
    /// `12M`.
    DecimalSi,
}

/// Why something is no quantity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text has another shape.
    #[error("`{0}` is not a quantity: write a number and perhaps a suffix, such as `500m`, `1.5` or `2Gi`")]
    Malformed(String),
    /// The number is followed by something that is no suffix.
    #[error(
        "`{text}` is not a quantity: `{suffix}` is no suffix; use n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi or Ei"
    )]
    Suffix {
        /// The whole text.
        text: String,
        /// What stands behind the number.
        suffix: String,
    },
    /// The value is beyond what can be compared exactly, or the exponent beyond what upstream reads reliably.
    #[error("quantity `{0}` is out of range")]
    OutOfRange(String),
    /// A boolean, an array or an object.
    #[error("a quantity must be a string or a number, not {0}")]
    Type(&'static str),
}

/// Whether requests of a resource may be less than its limits. Extended resources and huge pages are given as a whole.
pub fn is_overcommitted(resource: &str) -> bool {
    !resource.contains('/') && !resource.starts_with("hugepages-")
}

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self { nanos: 0, scale: 0, big: false, format: Format::DecimalSi };

    /// Reads the text of a quantity.
    ///
    /// # Errors
    ///
    /// Whatever upstream refuses; values above about 1.7e29, and exponents of more than a million.
    pub fn parse(text: &str) -> Result<Self, Error> {
        parse::parse(text).map(|parsed| parsed.quantity)
    }

    /// Reads a quantity from where one stands in a document: a string, perhaps with spaces around it, or a bare number.
    /// A `null` is zero, as it is for the API server.
    ///
    /// A number with an exponent keeps its value and loses its way of writing: the tree holds no text of it.
    ///
    /// # Errors
    ///
    /// See [`Quantity::parse`]; and for values of other types.
    pub fn of(value: Value<'_>) -> Result<Self, Error> {
        match value {
            Value::Null => Ok(Self::ZERO),
            // Control characters stand escaped in JSON, and upstream reads the text with its escapes.
            Value::String(text) => Self::parse(text.trim_matches(|c: char| c.is_whitespace() && !c.is_ascii_control())),
            Value::Int(number) => Self::parse(&number.to_string()),
            Value::Uint(number) => Self::parse(&number.to_string()),
            // The shortest decimal text that means this number is the text that was read, up to 17 digits.
            Value::Float(number) => Self::parse(&number.to_string()),
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(Error::Type(value.type_name())),
        }
    }

    /// The sum, written like `self` unless that is zero; [`None`] if it does not fit.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let scale = match (self.big || other.big, self.nanos == 0, other.nanos == 0) {
            (false, true, false) => other.scale,
            (false, _, true) => self.scale,
            _ => self.scale.min(other.scale),
        };
        let format = if self.nanos == 0 { other.format } else { self.format };
        let nanos = self.nanos.checked_add(other.nanos)?;
        let fits = [self.nanos, other.nanos, nanos].map(|nanos| at_scale(nanos, scale).is_some());
        Some(Self { nanos, scale, big: self.big || other.big || fits.contains(&false), format })
    }

    /// The difference, written like `self` unless that is zero; [`None`] if it does not fit.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(Self { nanos: other.nanos.checked_neg()?, ..other })
    }

    /// The amount so many times, rounded up to what a container can be given: thousandths, and whole units where it is
    /// counted in thousands or written in powers of 1024, as bytes are. [`None`] if it does not fit, or if `factor` is no
    /// number or below zero.
    pub fn checked_scale(self, factor: f64) -> Option<Self> {
        if !factor.is_finite() || factor < 0.0 {
            return None;
        }
        let factor = Self::parse(&factor.to_string()).ok()?.nanos;
        let exact = self.nanos.checked_mul(factor)?;
        let is_counted = self.format == Format::BinarySi || self.nanos.abs() >= 1000 * ONE;
        let unit = if is_counted { ONE } else { ONE / 1000 };
        let unit_of_exact = unit.checked_mul(ONE)?;
        let up = i128::from(exact > 0 && exact % unit_of_exact != 0);
        let nanos = (exact / unit_of_exact).checked_add(up)?.checked_mul(unit)?;
        let scale = if unit == ONE { 0 } else { MILLI };
        Some(Self { nanos, scale: scale.min(self.scale), ..self })
    }

    /// -1, 0 or 1.
    pub fn sign(self) -> i64 {
        self.nanos.signum() as i64
    }

    /// Whether this is written without a fraction: see [`Quantity::as_i64`].
    pub fn is_integer(self) -> bool {
        self.as_i64().is_some()
    }

    /// The number of a quantity that upstream holds as a whole number, as `asInteger` of Kubernetes CEL gives it.
    ///
    /// That depends on the writing: `1` and `1k` have one, the equal `1000m` and `1.0` have none, nor has `0.5Ki`.
    pub fn as_i64(self) -> Option<i64> {
        if self.big || self.scale < 0 { None } else { i64::try_from(self.nanos / ONE).ok() }
    }

    /// About the same number, as `asApproximateFloat` of Kubernetes CEL gives it.
    pub fn as_f64(self) -> f64 {
        if self.nanos == 0 {
            return 0.0;
        }
        let mantissa = power(self.scale - NANO).map_or(0, |unit| self.nanos / unit) as f64;
        // Powers of ten as text are correctly rounded, those computed by multiplying are not.
        mantissa * format!("1e{}", self.scale).parse::<f64>().unwrap_or(1.0)
    }

    /// The same in whole thousandths, rounded away from zero, as the API server stores `resources`.
    pub fn round_up_to_milli(self) -> Self {
        let unit = ONE / 1000;
        let rest = self.nanos % unit;
        let up = if rest == 0 { 0 } else { unit * self.nanos.signum() };
        // Near the end of the range the next thousandth may not exist; a value there is not rounded.
        let nanos = (self.nanos - rest).checked_add(up).unwrap_or(self.nanos);
        Self { nanos, scale: if self.big { MILLI } else { self.scale.max(MILLI) }, ..self }
    }
}

/// The text that upstream calls canonical. Parsing it gives the same value.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        canonical::write(*self, f)
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

impl Hash for Quantity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.nanos.hash(state);
    }
}

/// Ten to the power of `exponent`, if it is a whole number that fits.
fn power(exponent: i32) -> Option<i128> {
    10i128.checked_pow(u32::try_from(exponent).ok()?)
}

/// The number in units of ten to the power of `scale`, if it fits the 64 bits that upstream first tries.
fn at_scale(nanos: i128, scale: i32) -> Option<i64> {
    if nanos == 0 {
        return Some(0);
    }
    i64::try_from(nanos / power(scale - NANO)?).ok()
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use super::*;
    use crate::document::{Limits, json};

    fn quantity(text: &str) -> Quantity {
        Quantity::parse(text).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn compares_by_value() {
        for (less, more) in [
            ("999m", "1"),
            ("1", "1.000000001"),
            ("1k", "1Ki"),
            ("-1", "-1m"),
            ("-1m", "0"),
            ("0", "1n"),
            ("9007199254740992", "9007199254740993"),
            ("9223372036854775807", "9223372036854775808"),
            ("7Ei", "9e18"),
        ] {
            assert!(quantity(less) < quantity(more), "{less} {more}");
        }
        for (one, other) in [
            ("1000m", "1"),
            ("1024", "1Ki"),
            ("1e3", "1k"),
            ("0.5Gi", "512Mi"),
            ("0.1n", "1n"),
            ("-0", "0"),
            ("8Ei", "9223372036854775807"),
            ("100E", "1e20"),
        ] {
            assert_eq!(quantity(one), quantity(other), "{one} {other}");
        }
    }

    #[test]
    fn sums_keep_the_writing_of_the_left_unless_it_is_zero() {
        for (a, b, sum, difference) in [
            ("1Gi", "1G", "2073741824", "73741824"),
            ("1Gi", "1Gi", "2Gi", "0"),
            ("0", "1Ki", "1Ki", "-1Ki"),
            ("1", "1Ki", "1025", "-1023"),
            ("1Ki", "1", "1025", "1023"),
            ("100m", "0.9", "1", "-800m"),
            ("1e3", "1", "1001", "999"),
            ("1e3", "1k", "2e3", "0"),
            ("1Ki", "500m", "1024500m", "1023500m"),
            ("7E", "7E", "14E", "0"),
        ] {
            let (a, b) = (quantity(a), quantity(b));
            assert_eq!(a.checked_add(b).unwrap().to_string(), sum, "{a} + {b}");
            assert_eq!(a.checked_sub(b).unwrap().to_string(), difference, "{a} - {b}");
        }
        let most = quantity("170000000000E");
        assert!(most.checked_add(most).is_none());
        assert!(quantity("-170000000000E").checked_sub(most).is_none());
    }

    #[test]
    fn scaling_rounds_up_to_what_a_container_can_be_given() {
        for (text, factor, expected) in [
            ("100m", 1.5, Some("150m")),
            ("1", 1.5, Some("1500m")),
            ("1", 0.3333, Some("334m")),
            ("3", 2.0, Some("6")),
            ("128Mi", 1.5, Some("192Mi")),
            ("1Gi", 0.5, Some("512Mi")),
            ("100Mi", 0.333, Some("34917581")),
            ("1G", 0.333, Some("333M")),
            ("1001", 0.5, Some("501")),
            ("1Gi", 0.0, Some("0")),
            ("0", 7.5, Some("0")),
            ("1Ti", 1e6, Some("1000000Ti")),
            ("1", -1.0, None),
            ("1", f64::NAN, None),
            ("1", f64::INFINITY, None),
            ("170000000000E", 1e9, None),
        ] {
            let scaled = quantity(text).checked_scale(factor).map(|scaled| scaled.to_string());
            assert_eq!(scaled.as_deref(), expected, "{text} {factor}");
        }
    }

    #[test]
    fn whether_it_is_an_integer_depends_on_the_writing() {
        for (text, number) in [
            ("1", Some(1)),
            ("-5k", Some(-5000)),
            ("1Ki", Some(1024)),
            ("2e3", Some(2000)),
            ("9223372036854775807", None),
            ("922337203685477580", Some(922_337_203_685_477_580)),
            ("10E", None),
            ("1000m", None),
            ("1.0", None),
            ("0.5Ki", None),
            ("0", Some(0)),
            ("0m", None),
        ] {
            assert_eq!(quantity(text).as_i64(), number, "{text}");
            assert_eq!(quantity(text).is_integer(), number.is_some(), "{text}");
        }
        assert_eq!(quantity("500m").checked_add(quantity("500m")).unwrap().as_i64(), None);
        assert_eq!(quantity("0m").checked_add(quantity("5")).unwrap().as_i64(), Some(5));
    }

    #[test]
    fn has_a_sign_and_a_nearby_float() {
        for (text, sign, float) in [
            ("0", 0, 0.0),
            ("-1m", -1, -0.001),
            ("300m", 1, 0.3),
            ("1.5Gi", 1, 1_610_612_736.0),
            ("1e20", 1, 1e20),
            ("8Ei", 1, 9_223_372_036_854_775_807.0),
        ] {
            assert_eq!(quantity(text).sign(), sign, "{text}");
            assert_eq!(quantity(text).as_f64(), float, "{text}");
        }
    }

    #[test]
    fn rounds_to_thousandths_away_from_zero() {
        for (text, rounded) in [
            ("1n", "1m"),
            ("-1n", "-1m"),
            ("1500u", "2m"),
            ("2000u", "2m"),
            ("1.0001", "1001m"),
            ("1Gi", "1Gi"),
            ("0", "0"),
            ("1e-4", "1e-3"),
        ] {
            assert_eq!(quantity(text).round_up_to_milli().to_string(), rounded, "{text}");
        }
    }

    #[test]
    fn a_document_may_hold_it_as_a_string_or_as_a_number() {
        let arena = Bump::new();
        let of = |json: &str| {
            let json = arena.alloc_str(json);
            Quantity::of(json::parse(&arena, json.as_bytes(), &Limits::default()).unwrap())
        };
        for (json, text) in [
            (r#""1Gi""#, "1Gi"),
            (r#"" 1 ""#, "1"),
            ("1", "1"),
            ("-3", "-3"),
            ("0.5", "500m"),
            ("0.1", "100m"),
            ("1e3", "1k"),
            ("1E-10", "1n"),
            ("18446744073709551615", "18446744073709551615"),
            ("20000000000000000000", "20E"),
            ("null", "0"),
        ] {
            assert_eq!(of(json).unwrap().to_string(), text, "{json}");
        }
        for (json, error) in [
            (r#""""#, "`` is not a quantity: write a number and perhaps a suffix, such as `500m`, `1.5` or `2Gi`"),
            (
                r#""\n1""#,
                "`\\n1` is not a quantity: write a number and perhaps a suffix, such as `500m`, `1.5` or `2Gi`",
            ),
            ("true", "a quantity must be a string or a number, not boolean"),
            ("[]", "a quantity must be a string or a number, not array"),
            ("1e300", "quantity `1000000000000000000000000000000000000000000000000000000000000000…` is out of range"),
        ] {
            assert_eq!(of(json).unwrap_err().to_string(), error, "{json}");
        }
    }
}
