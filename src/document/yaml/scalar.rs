//! What an unquoted word of YAML means: what it means to kubectl, if every reader agrees, and otherwise nothing.
//!
//! kubectl follows YAML 1.1 as its Go reader understands it, most newer tools follow YAML 1.2, and a word such as `no`
//! or `0777` means something else to each. Such words are refused here, with what kubectl makes of them.

use crate::document::Value;

/// A word on which readers disagree, or which JSON cannot hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::document) struct Ambiguity {
    /// What is wrong with it: the end of a sentence that starts with the word.
    pub(in crate::document) complaint: String,
    /// What to write instead.
    pub(in crate::document) help: String,
}

/// The value of an unquoted word.
pub(in crate::document) fn resolve(word: &str) -> Result<Value<'_>, Ambiguity> {
    let Some(first) = word.bytes().next() else {
        return Ok(Value::Null);
    };
    match first {
        b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'y' | b'Y' | b'o' | b'O' => keyword(word),
        b'0'..=b'9' | b'+' | b'-' | b'.' => number(word),
        _ => Ok(Value::String(word)),
    }
}

fn keyword(word: &str) -> Result<Value<'_>, Ambiguity> {
    match word {
        "~" | "null" | "Null" | "NULL" => Ok(Value::Null),
        "true" | "True" | "TRUE" => Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => Ok(Value::Bool(false)),
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Err(boolean(word, true)),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Err(boolean(word, false)),
        _ => Ok(Value::String(word)),
    }
}

fn boolean(word: &str, value: bool) -> Ambiguity {
    Ambiguity {
        complaint: "is a boolean to kubectl and a string to other readers".to_owned(),
        help: format!("kubectl reads this as {value}; write `{value}`, or quote it: `\"{word}\"`"),
    }
}

fn number(word: &str) -> Result<Value<'_>, Ambiguity> {
    let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
    let negative = word.starts_with('-');
    if digits(unsigned) {
        return integer(word, unsigned);
    }
    if is_float(unsigned) {
        return float(word);
    }
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(word, ".nan" | ".NaN" | ".NAN") {
        return Err(Ambiguity {
            complaint: "is a number that JSON cannot hold".to_owned(),
            help: format!("kubectl refuses it; if it is text, quote it: `\"{word}\"`"),
        });
    }
    if let Some(hex) = word.strip_prefix("0x").filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        if hex.is_empty() {
            return Ok(Value::String(word));
        }
        return u64::from_str_radix(hex, 16).map(whole).map_err(|_| too_large(word));
    }
    let bare = unsigned.replace('_', "");
    if let Some(value) = other_base(&bare) {
        let sign = if negative { "-" } else { "" };
        return Err(disputed(word, &format!("{sign}{value}")));
    }
    // An underscore before the first digit makes it a word to every reader.
    let counts = bare.len() < unsigned.len() && !unsigned.starts_with('_');
    if counts && (digits(&bare) || is_float(&bare)) {
        return Err(disputed(word, word.replace('_', "").trim_start_matches('+')));
    }
    if is_sexagesimal(unsigned) {
        return Err(Ambiguity {
            complaint: "is text to kubectl and a number in base 60 to other readers".to_owned(),
            help: format!("quote it: `\"{word}\"`"),
        });
    }
    Ok(Value::String(word))
}

fn integer<'a>(word: &'a str, unsigned: &str) -> Result<Value<'a>, Ambiguity> {
    if unsigned.len() > 1 && unsigned.starts_with('0') {
        let sign = if word.starts_with('-') { "-" } else { "" };
        let plain = unsigned.trim_start_matches('0');
        let octal = u64::from_str_radix(unsigned, 8).map(|value| value.to_string());
        let value = octal.unwrap_or_else(|_| plain.to_owned());
        return Err(disputed(word, &format!("{sign}{value}")));
    }
    let small = word.parse().map(Value::Int);
    small.or_else(|_| word.parse().map(Value::Uint)).map_err(|_| too_large(word))
}

/// A number with a fraction or an exponent, as it is in the JSON that kubectl sends: `1e3` and `2.0` are whole there.
fn float(word: &str) -> Result<Value<'_>, Ambiguity> {
    /// From here on Go writes an exponent.
    const EXPONENT: f64 = 1e21;
    let Some(value) = word.parse::<f64>().ok().filter(|value| value.is_finite()) else {
        return Err(too_large(word));
    };
    if value.fract() != 0.0 || value.abs() >= EXPONENT {
        return Ok(Value::Float(value));
    }
    let text = value.to_string();
    let whole = text.parse().map(Value::Int).or_else(|_| text.parse().map(Value::Uint));
    Ok(whole.unwrap_or(Value::Float(value)))
}

fn whole(value: u64) -> Value<'static> {
    i64::try_from(value).map_or(Value::Uint(value), Value::Int)
}

/// The value of `0o17`, `0b11` or `0x1F`, in either case.
fn other_base(bare: &str) -> Option<u64> {
    let digits = bare.strip_prefix('0')?;
    let (radix, digits) = match digits.split_at_checked(1)? {
        ("x" | "X", digits) => (16, digits),
        ("o" | "O", digits) => (8, digits),
        ("b" | "B", digits) => (2, digits),
        _ => return None,
    };
    if digits.starts_with('+') {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `1.`, `.5`, `1.5`, each with an exponent or without, or digits with an exponent. No sign.
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let exponent_fits = exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)));
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => digits(fraction),
        Some((before, fraction)) => digits(before) && (fraction.is_empty() || digits(fraction)),
        None => digits(mantissa) && exponent.is_some(),
    };
    exponent_fits && mantissa_fits
}

/// `1:30`, `190:20:30`, `1:30.5`: minutes and seconds to a reader of YAML 1.1.
fn is_sexagesimal(text: &str) -> bool {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or_default();
    let mut later = parts.peekable();
    let numeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let starts = |byte: u8| byte.is_ascii_digit() && (byte != b'0' || fraction.is_some());
    first.bytes().next().is_some_and(starts)
        && numeric(first)
        && later.peek().is_some()
        && later.all(|part| part.len() <= 2 && digits(part) && part.parse().is_ok_and(|part: u8| part < 60))
        && fraction.is_none_or(numeric)
}

fn disputed(word: &str, value: &str) -> Ambiguity {
    Ambiguity {
        complaint: "is a number to kubectl and something else to other readers".to_owned(),
        help: format!("kubectl reads this as {value}; write `{value}`, or quote it: `\"{word}\"`"),
    }
}

fn too_large(word: &str) -> Ambiguity {
    Ambiguity {
        complaint: "is a number that does not fit 64 bits".to_owned(),
        help: format!("if it is text, quote it: `\"{word}\"`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_what_kubectl_reads_where_readers_agree() {
        let table = [
            ("", Value::Null),
            ("~", Value::Null),
            ("NULL", Value::Null),
            ("nULL", Value::String("nULL")),
            ("True", Value::Bool(true)),
            ("FALSE", Value::Bool(false)),
            ("tRue", Value::String("tRue")),
            ("0", Value::Int(0)),
            ("-0", Value::Int(0)),
            ("+1", Value::Int(1)),
            ("-17", Value::Int(-17)),
            ("9223372036854775808", Value::Uint(9_223_372_036_854_775_808)),
            ("-9223372036854775808", Value::Int(i64::MIN)),
            ("0x1F", Value::Int(31)),
            ("0x", Value::String("0x")),
            ("0xG", Value::String("0xG")),
            ("1e3", Value::Int(1000)),
            ("1.", Value::Int(1)),
            ("100.0", Value::Int(100)),
            ("-0.0", Value::Int(0)),
            (".5", Value::Float(0.5)),
            ("+.5", Value::Float(0.5)),
            ("1e-3", Value::Float(0.001)),
            ("1e21", Value::Float(1e21)),
            ("01.5", Value::Float(1.5)),
            ("1.10", Value::Float(1.1)),
            ("1e", Value::String("1e")),
            ("1.2.3", Value::String("1.2.3")),
            ("100m", Value::String("100m")),
            ("1Ki", Value::String("1Ki")),
            ("-", Value::String("-")),
            ("+", Value::String("+")),
            (".", Value::String(".")),
            ("_1", Value::String("_1")),
            ("1,000", Value::String("1,000")),
            ("12:60", Value::String("12:60")),
            ("8080:80", Value::String("8080:80")),
            ("01:30", Value::String("01:30")),
            ("2024-01-01", Value::String("2024-01-01")),
            ("2024-01-01T00:00:00Z", Value::String("2024-01-01T00:00:00Z")),
            ("-.nan", Value::String("-.nan")),
            ("inf", Value::String("inf")),
            ("nan", Value::String("nan")),
            ("=", Value::String("=")),
            ("0x1p3", Value::String("0x1p3")),
            ("0o8", Value::String("0o8")),
        ];
        for (word, expected) in table {
            assert_eq!(resolve(word), Ok(expected), "{word}");
        }
    }

    #[test]
    fn words_on_which_readers_disagree_are_refused_with_what_kubectl_reads() {
        let table = [
            ("yes", "true"),
            ("ON", "true"),
            ("y", "true"),
            ("No", "false"),
            ("off", "false"),
            ("N", "false"),
            ("0777", "511"),
            ("-017", "-15"),
            ("+017", "15"),
            ("08", "8"),
            ("00", "0"),
            ("0o777", "511"),
            ("0O777", "511"),
            ("0b11", "3"),
            ("-0b11", "-3"),
            ("0X1F", "31"),
            ("-0x1F", "-31"),
            ("0x_1F", "31"),
            ("1_000", "1000"),
            ("1_", "1"),
            ("1_0.5", "10.5"),
            ("1e1_0", "1e10"),
        ];
        for (word, value) in table {
            let help = resolve(word).unwrap_err().help;
            assert_eq!(help, format!("kubectl reads this as {value}; write `{value}`, or quote it: `\"{word}\"`"));
        }
        for word in ["1:30", "190:20:30", "-1:30", "1:30.5", "0:30.", ".inf", "-.Inf", ".nan", "1e400"] {
            assert!(resolve(word).unwrap_err().help.ends_with(&format!("quote it: `\"{word}\"`")), "{word}");
        }
        for word in ["18446744073709551616", "-9223372036854775809", "0x1ffffffffffffffff"] {
            assert_eq!(resolve(word).unwrap_err().complaint, "is a number that does not fit 64 bits", "{word}");
        }
    }
}
