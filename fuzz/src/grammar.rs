//! Expressions and values that somebody chooses: every operator, macro and function, applied to anything.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::choices::Choices;

/// Bytes after which only leaves are chosen: an expression has at most 4,096.
const LONG: usize = 240;
/// Parts inside one another.
const DEEP: u32 = 7;

/// The parts that have no parts.
#[derive(Debug)]
pub struct Words {
    /// Of every type.
    pub leaves: &'static [&'static str],
    /// Texts.
    pub texts: &'static [&'static str],
    /// Numbers.
    pub numbers: &'static [&'static str],
    /// Lists and maps.
    pub collections: &'static [&'static str],
}

/// With the variables `a`, `b` and `c`, of which nothing is known.
pub const ANYTHING: Words = Words {
    leaves: &LEAVES,
    texts: &["'a'", "a", "b", "'é,1.2.3'", "string(c)", "'10.0.0.0/8'"],
    numbers: &["1", "a", "2", "-1", "size(b)", "0", "9223372036854775807"],
    collections: &["[1, 2]", "a", "b", "['a', 'b']", "{'k': 1}", "lists.range(200)"],
};

const LEAVES: [&str; 40] = [
    "a",
    "b",
    "c",
    "x",
    "y",
    "a.k",
    "a.?k",
    "b[0]",
    "a[?'k']",
    "0",
    "1",
    "-1",
    "9223372036854775807",
    "-9223372036854775808",
    "7u",
    "18446744073709551615u",
    "1.5",
    "1e308",
    "true",
    "null",
    "''",
    "'a'",
    "'é日'",
    "'a,b,c'",
    "b'\\xff'",
    "[]",
    "[1]",
    "['a', 'b']",
    "{}",
    "{'k': 1}",
    "duration('1h')",
    "timestamp('2026-01-02T03:04:05Z')",
    "quantity('1Gi')",
    "ip('10.0.0.1')",
    "cidr('10.0.0.0/8')",
    "url('https://a.example:80/p?q=1')",
    "semver('1.2.3-a.1')",
    "optional.none()",
    "image('redis')",
    "lists.range(300)",
];

/// Parts with parts: any where `_` stands, a text for `$`, a number for `#`, a list or map for `@`.
const FORMS: [&str; 164] = [
    "(_ && _)",
    "(_ || _)",
    "!(_)",
    "-(#)",
    "(_ ? _ : _)",
    "(_ == _)",
    "(_ != _)",
    "(_ < _)",
    "(_ <= _)",
    "(_ > _)",
    "(_ >= _)",
    "(_ in _)",
    "(_ + _)",
    "(# - #)",
    "(# * #)",
    "(# / #)",
    "(# % #)",
    "[_, _]",
    "[_, ?_, _]",
    "{_: _}",
    "{_: _, ?_: _}",
    "(_).k",
    "(_).?k",
    "(_)[_]",
    "(_)[?_]",
    "has((_).k)",
    "dyn(_)",
    "type(_)",
    "size(_)",
    "_.size()",
    "int($)",
    "uint($)",
    "double($)",
    "string(_)",
    "bytes($)",
    "bool($)",
    "duration($)",
    "timestamp($)",
    "@.all(x, _)",
    "@.exists(x, _)",
    "@.exists_one(x, _)",
    "@.existsOne(x, y, _)",
    "@.all(x, y, _)",
    "@.exists(x, y, _)",
    "@.map(x, _)",
    "@.map(x, _, _)",
    "@.filter(x, _)",
    "@.sortBy(x, _)",
    "@.transformList(x, y, _)",
    "@.transformList(x, y, _, _)",
    "@.transformMap(x, y, _)",
    "@.transformMap(x, y, _, _)",
    "@.transformMapEntry(x, y, {_: _})",
    "_.optMap(x, _)",
    "_.optFlatMap(x, _)",
    "_.or(_)",
    "_.orValue(_)",
    "_.value()",
    "_.hasValue()",
    "optional.of(_)",
    "optional.ofNonZeroValue(_)",
    "optional.unwrap(_)",
    "@.unwrapOpt()",
    "$.contains($)",
    "$.startsWith($)",
    "$.endsWith($)",
    "$.matches($)",
    "$.find($)",
    "$.findAll($)",
    "$.findAll($, #)",
    "$.charAt(#)",
    "$.indexOf($)",
    "$.indexOf($, #)",
    "$.lastIndexOf($)",
    "$.lastIndexOf($, #)",
    "@.join()",
    "@.join($)",
    "$.lowerAscii()",
    "$.upperAscii()",
    "$.replace($, $)",
    "$.replace($, $, #)",
    "$.split($)",
    "$.split($, #)",
    "$.substring(#)",
    "$.substring(#, #)",
    "$.trim()",
    "$.format([_, _])",
    "'%s %d %.3f %x %b %e %o'.format([_, _, _, _, _, _, _])",
    "strings.quote($)",
    "sets.contains(@, @)",
    "sets.equivalent(@, @)",
    "sets.intersects(@, @)",
    "@.isSorted()",
    "@.sum()",
    "@.min()",
    "@.max()",
    "@.includes(_)",
    "@.distinct()",
    "lists.range(#)",
    "@.reverse()",
    "@.slice(#, #)",
    "@.flatten()",
    "@.flatten(#)",
    "@.sort()",
    "quantity($)",
    "isQuantity($)",
    "_.sign()",
    "_.isInteger()",
    "_.asInteger()",
    "_.asApproximateFloat()",
    "_.add(_)",
    "_.sub(_)",
    "_.isGreaterThan(_)",
    "_.isLessThan(_)",
    "_.compareTo(_)",
    "semver($)",
    "semver(_, _)",
    "isSemver($)",
    "isSemver(_, _)",
    "_.major() + _.minor() + _.patch()",
    "ip($)",
    "isIP($)",
    "ip.isCanonical($)",
    "_.family()",
    "_.isUnspecified() || _.isLoopback()",
    "_.isLinkLocalMulticast() || _.isLinkLocalUnicast() || _.isGlobalUnicast()",
    "cidr($)",
    "isCIDR($)",
    "$.containsIP(_)",
    "$.containsCIDR(_)",
    "_.ip()",
    "_.masked()",
    "_.prefixLength()",
    "url($)",
    "isURL($)",
    "_.getScheme() + _.getHost() + _.getHostname() + _.getPort()",
    "_.getEscapedPath()",
    "_.getQuery()",
    "image($)",
    "_.registry() + _.repository() + _.tag() + _.digest() + _.identifier()",
    "format.named($)",
    "format.named($).value().validate($)",
    "format.dns1123Label().validate($)",
    "_.getFullYear() + _.getMonth(_)",
    "_.getHours(_) + _.getMinutes() + _.getSeconds() + _.getMilliseconds()",
    "_.getDate() + _.getDayOfMonth() + _.getDayOfWeek()",
    "_.getDayOfYear()",
    "jsonpatch.escapeKey($)",
    "string(_) + string(_)",
    "@.map(x, x + x)",
    "quantity($).add(#)",
    "quantity($).sub(quantity($)).isLessThan(quantity($))",
    "semver($, true).compareTo(semver($))",
    "ip($).isGlobalUnicast()",
    "cidr($).containsIP($)",
    "cidr($).masked().containsCIDR(cidr($))",
    "url($).getHost() + url($).getEscapedPath()",
    "url($).getQuery()",
    "image($).repository() + image($).tag()",
    "timestamp($).getHours($)",
    "duration($).getSeconds()",
    "timestamp($) - duration($) < timestamp($)",
    "@.all(x, @.exists(y, x == y))",
    "@.map(x, $.replace(string(x), $))",
];

/// Texts that some function means something by.
const TEXTS: [&str; 32] = [
    "",
    "a",
    "k",
    "é日本",
    "%s",
    "%d %.2f",
    "100m",
    "1Gi",
    "-1e3",
    "10.0.0.1",
    "::1",
    "::ffff:1.2.3.4",
    "10.0.0.0/8",
    "fe80::/10",
    "1.2.3",
    "v1.2.3-rc.1+b",
    "https://a.example/p?q=1&r=2#f",
    "/x",
    "2026-01-02T03:04:05Z",
    "0001-01-01T00:00:00Z",
    "1h30m",
    "-0.5s",
    "redis:7",
    "registry.example.com:5000/a/b@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "^[a-z]+$",
    "(a|b)*c",
    "((((",
    "+02:00",
    "America/New_York",
    "dns1123Label",
    "a.b-c_d/e~f",
    "\u{0}\u{202e}",
];

/// An expression.
pub fn expression(choices: &mut Choices<'_>, words: &Words) -> String {
    let mut text = String::new();
    write_part(choices, words, DEEP, false, &mut text);
    text
}

/// `in_macro` says whether there is an `x`.
fn write_part(choices: &mut Choices<'_>, words: &Words, deep: u32, in_macro: bool, text: &mut String) {
    if deep == 0 || text.len() > LONG || choices.is_over() || choices.below(8) == 7 {
        let is_variable = in_macro && choices.below(2) == 0;
        text.push_str(if is_variable { "x" } else { choices.pick(words.leaves) });
        return;
    }
    let form = choices.pick(&FORMS);
    let body = form.find("(x, ").unwrap_or(form.len());
    for (place, char) in form.char_indices() {
        let in_macro = in_macro || place > body;
        let leaves = match char {
            '_' => {
                write_part(choices, words, deep - 1, in_macro, text);
                continue;
            }
            '$' => words.texts,
            '#' => words.numbers,
            '@' => words.collections,
            other => {
                text.push(other);
                continue;
            }
        };
        match choices.below(3) {
            0 => {
                text.push_str("dyn(");
                write_part(choices, words, deep - 1, in_macro, text);
                text.push(')');
            }
            1 if in_macro => text.push_str("dyn(x)"),
            _ => text.push_str(choices.pick(leaves)),
        }
    }
}

/// A value as a document holds it.
pub fn value(choices: &mut Choices<'_>, deep: u32) -> Value {
    match choices.below(if deep == 0 { 8 } else { 12 }) {
        0 => Value::Null,
        1 => Value::Bool(choices.below(2) == 0),
        2 => json!(choices.below(256)),
        3 => [json!(i64::MIN), json!(i64::MAX), json!(u64::MAX), json!(-1)][choices.below(4)].clone(),
        4 => [json!(1.5), json!(-0.0), json!(1e308), json!(5e-324)][choices.below(4)].clone(),
        5 | 6 => json!(choices.pick(&TEXTS)),
        7 => json!(choices.pick(&TEXTS).repeat(choices.below(256) * 8)),
        8 | 9 => (0..choices.below(6)).map(|_| value(choices, deep - 1)).collect(),
        10 => {
            let one = value(choices, 0);
            Value::Array(vec![one; choices.below(256) * 4])
        }
        _ => {
            let mut map = Map::new();
            map.insert("k".to_owned(), value(choices, deep - 1));
            for place in 0..choices.below(4) {
                let mut key = choices.pick(&TEXTS).to_owned();
                let _ = write!(key, "{place}");
                map.insert(key, value(choices, deep - 1));
            }
            Value::Object(map)
        }
    }
}
