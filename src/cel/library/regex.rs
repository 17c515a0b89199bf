//! `matches`, `find` and `findAll`, with the regular expressions of RE2 as Go reads them.
//!
//! A pattern is rewritten first, so that the engine reads it as RE2 does.

mod dialect;

use regex::{Regex, RegexBuilder};

use crate::cel::library::{Context, Outcome, Overload};
use crate::cel::signature::{BOOL, INT, LIST_OF_STRING, STRING};
use crate::cel::value::Value;

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::global("matches", &[STRING, STRING], BOOL, matches),
    Overload::method("matches", &[STRING, STRING], BOOL, matches),
    Overload::method("find", &[STRING, STRING], STRING, find),
    Overload::method("findAll", &[STRING, STRING], LIST_OF_STRING, find_all),
    Overload::method("findAll", &[STRING, STRING, INT], LIST_OF_STRING, find_all),
];

/// Bytes of a compiled pattern that stands in an expression.
const LITERAL_SIZE: usize = 1 << 20;
/// Bytes of a compiled pattern that was computed: whoever wrote the document may have written it.
const COMPUTED_SIZE: usize = 100 << 10;
/// Bytes of a computed pattern.
const COMPUTED_LENGTH: usize = 1024;
/// Steps for compiling a computed pattern.
const COMPILING: u64 = 10_000;

/// Compiles a pattern that stands in an expression.
///
/// # Errors
/// What is wrong with it, in one line.
pub(crate) fn compile(pattern: &str) -> Result<Regex, String> {
    compile_within(pattern, LITERAL_SIZE).map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "the pattern is too large".to_owned(),
        // The engine draws the pattern over several lines, of which the last says what is wrong.
        other => {
            let text = other.to_string();
            text.lines().last().unwrap_or_default().trim_start_matches("error: ").trim_end_matches('.').to_owned()
        }
    })
}

/// Runs a compiled pattern, at the price of the text.
pub(crate) fn test<'a>(context: Context<'_, 'a>, pattern: &Regex, text: Value<'a>) -> Outcome<'a> {
    match text {
        Value::String(text) => {
            context.read(text.len())?;
            Ok(Value::Bool(pattern.is_match(text)))
        }
        other => Err(context.mismatch("matches", &[other, Value::String("")])),
    }
}

fn compile_within(pattern: &str, size: usize) -> Result<Regex, regex::Error> {
    let pattern = dialect::rewrite(pattern).map_err(|message| regex::Error::Syntax(message.to_owned()))?;
    RegexBuilder::new(&pattern).size_limit(size).dfa_size_limit(size).nest_limit(100).build()
}

fn computed<'a>(context: Context<'_, 'a>, pattern: &'a str) -> Result<Regex, crate::cel::error::Reason<'a>> {
    context.budget.spend(COMPILING)?;
    match (pattern.len() <= COMPUTED_LENGTH).then(|| compile_within(pattern, COMPUTED_SIZE)) {
        Some(Ok(regex)) => Ok(regex),
        _ => context.refuse("not a regular expression", Value::String(pattern)),
    }
}

fn matches<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [text @ Value::String(_), Value::String(pattern)] => test(context, &computed(context, pattern)?, *text),
        _ => Err(context.mismatch("matches", arguments)),
    }
}

fn find<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::String(text), Value::String(pattern)] => {
            let found = computed(context, pattern)?.find(text);
            Ok(Value::String(found.map_or("", |found| found.as_str())))
        }
        _ => Err(context.mismatch("find", arguments)),
    }
}

fn find_all<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (text, pattern, most) = match arguments {
        [Value::String(text), Value::String(pattern)] => (*text, *pattern, -1),
        [Value::String(text), Value::String(pattern), Value::Int(most)] => (*text, *pattern, *most),
        _ => return Err(context.mismatch("findAll", arguments)),
    };
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let pattern = computed(context, pattern)?;
    context.collect(pattern.find_iter(text).take(most).map(|found| Value::String(found.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_they_mean_to_re2() {
        for (pattern, text, matches) in [
            ("b", "abc", true),
            ("^b", "abc", false),
            (r"^\d+$", "123", true),
            (r"^\d+$", "١٢٣", false),
            (r"^\w+$", "é", false),
            (r"^\W$", "é", true),
            (r"^[\d.]+$", "1.2", true),
            (r"^[\D]$", "é", true),
            (r"^\s$", "\u{a0}", false),
            (r"^\S$", "\u{a0}", true),
            (r"a\b", "aé", true),
            ("^.$", "é", true),
            (r"^[a&&b]+$", "a&b", true),
            (r"^[[a]+$", "[a", true),
            (r"^[]a]+$", "]a", true),
            (r"^[^]a]+$", "bc", true),
            (r"^[^]a]+$", "b]", false),
            (r"^[[:alpha:]]+$", "abc", true),
            (r"^[[:alpha:]]+$", "é", false),
            (r"^\pL+$", "é", true),
            (r"(?i)^É$", "é", true),
            (r"\\d", r"\d", true),
            ("a$", "a\n", false),
            (r"^\Qa.b\E$", "a.b", true),
            (r"^\Qa.b", "a.b", true),
            (r"\170\x{79}\07", "xy\u{7}", true),
            ("x{", "x{", true),
            ("^x{,2}$", "x{,2}", true),
            (r"\<a\-", "<a-", true),
            (r"^\p{Lu}\p{^Lu}\P{^Lu}$", "AbC", true),
            (r"^\p{Greek}$", "α", true),
            ("^[a-c--b]+$", "a-./0aZ", true),
            ("", "", true),
        ] {
            let regex = compile(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
            assert_eq!(regex.is_match(text), matches, "{pattern} on {text}");
        }
    }

    #[test]
    fn patterns_that_re2_refuses_too() {
        for pattern in [
            "(",
            "a(?=b)",
            r"(a)\1",
            r"(\w{1000}){1000}",
            "[z-a]",
            "*",
            "a**{",
            r"\",
            "a**",
            "a{2}*",
            "a{1001}",
            "[[:foo:]]",
            r"\u0078",
            "(?x)a",
            r"\1",
        ] {
            let message = compile(pattern).unwrap_err();
            assert!(!message.is_empty() && !message.contains('\n'), "{pattern}: {message}");
        }
    }
}
