//! What a step of an expression's budget takes, function by function, over values as large as a request can bring: no function may do
//! work that it does not pay for. Prints nanoseconds for each step, the worst first, and fails above the bound.

#![expect(clippy::panic, reason = "a function that works beyond its charge must not pass")]

use std::io::Write as _;
use std::time::Instant;

use bumpalo::Bump;
use podgate::cel::{Budget, Environment, Error, Program, Scope, Type, Value};
use podgate::document;
use serde_json::json;

/// Nanoseconds that a step may take: an expression then ends within a tenth of a second, as the API server's does.
const MOST: f64 = 100.0;
/// Bytes of a large text.
const LARGE: usize = 1 << 20;

/// Calls over `text`, `digits`, `list`, `texts`, `map`, and texts that a parser goes through to their end.
const CALLS: [&str; 131] = [
    "cidr('10.0.0.0/8').containsIP(text)",
    "cidr('10.0.0.0/8').containsCIDR(text)",
    "type(text)",
    "image(path).tag() + image(path).digest()",
    "ip.isCanonical(text)",
    "text.size()",
    "list.map(x, optional.of(x)).unwrapOpt()",
    "optional.unwrap(list.map(x, optional.of(x)))",
    "timestamp(0).getHours(text)",
    "url('https://' + host + '/').getScheme() + url('https://' + host + '/').getHost() + url('https://' + host + '/').getPort()",
    "format.dns1123Label().validate(digits)",
    "format.dns1123LabelPrefix().validate(digits)",
    "format.dns1123Subdomain().validate(host)",
    "format.dns1123SubdomainPrefix().validate(host)",
    "format.dns1035Label().validate(digits)",
    "format.dns1035LabelPrefix().validate(digits)",
    "format.labelValue().validate(digits)",
    "format.uuid().validate(digits)",
    "format.byte().validate(digits)",
    "format.date().validate(digits)",
    "format.datetime().validate(digits)",
    "text == text + 'a'",
    "text < other",
    "text in texts",
    "list == other_list",
    "map == other_map",
    "7 in list",
    "'k1' in map",
    "list + list",
    "text + text",
    "has(map.k99999)",
    "map['k99999']",
    "list[99999]",
    "size(text)",
    "text.contains('zz')",
    "text.startsWith(other)",
    "text.endsWith(other)",
    "text.matches('z+$')",
    "text.matches('(a|b)*c[^x]{1,50}y')",
    "text.matches(other)",
    "text.find('z+')",
    "text.findAll('a')",
    "text.charAt(500000)",
    "text.indexOf('zz')",
    "text.indexOf('zz', 500000)",
    "text.lastIndexOf('zz')",
    "text.lastIndexOf('zz', 500000)",
    "texts.join()",
    "texts.join(text)",
    "text.lowerAscii()",
    "text.upperAscii()",
    "text.replace('a', 'bb')",
    "text.replace('', 'b')",
    "text.replace('a', 'bb', 3)",
    "text.split(',')",
    "text.split('')",
    "text.split(',', 3)",
    "text.substring(500000)",
    "text.substring(3, 900000)",
    "blank.trim()",
    "'%s'.format([text])",
    "'%s'.format([list])",
    "'%s'.format([map])",
    "'%x'.format([text])",
    "strings.quote(text)",
    "int(digits)",
    "uint(digits)",
    "double(digits)",
    "double(text)",
    "string(bytes(text))",
    "bytes(text)",
    "bool(text)",
    "duration(digits + 's')",
    "duration(text)",
    "timestamp(text)",
    "timestamp('2026-01-01T00:00:00.' + digits + 'Z')",
    "list.isSorted()",
    "list.sum()",
    "list.min()",
    "texts.max()",
    "list.indexOf(-1)",
    "texts.lastIndexOf(text)",
    "texts.includes(other)",
    "small.distinct()",
    "lists.range(100000)",
    "list.reverse()",
    "list.slice(0, 99999)",
    "[list].flatten()",
    "list.sort()",
    "texts.sort()",
    "texts.sortBy(x, x)",
    "list.map(x, x)",
    "list.filter(x, true)",
    "map.transformMap(k, v, v)",
    "small.transformMapEntry(i, v, {i: v})",
    "sets.contains(small, small)",
    "sets.equivalent(texts, texts)",
    "sets.intersects(list, texts)",
    "quantity(digits)",
    "quantity(text)",
    "isQuantity(digits)",
    "quantity('1').add(quantity('2')).compareTo(quantity('3'))",
    "semver('1.2.3-' + text)",
    "semver('1.2.3-a.' + digits).compareTo(semver('1.2.3-a.' + digits))",
    "isSemver(digits, true)",
    "ip(text)",
    "isIP(colons)",
    "cidr(text)",
    "isCIDR(colons)",
    "url('https://h/' + text)",
    "isURL('https://' + text)",
    "url('https://h/?' + pairs).getQuery()",
    "url('https://h/' + text).getEscapedPath()",
    "url('https://' + host + '/').getHostname()",
    "image(path).repository()",
    "image(path).registry()",
    "format.named('dns1123Subdomain').value().validate(host)",
    "format.qualifiedName().validate(text)",
    "format.uri().validate('https://h/' + text)",
    "jsonpatch.escapeKey(path)",
    "pair.sort()",
    "pair.max()",
    "pair.isSorted()",
    "pair.distinct()",
    "pair.sortBy(x, x)",
    "text in pair",
    "pair == [text, text]",
    "semver('1.2.3-' + host + 'a').compareTo(semver('1.2.3-' + host + 'b'))",
    "url('https://h/' + text) == url('https://h/' + text + 'a')",
    "image(path) == image(path)",
    "image(path).identifier()",
];

struct Variables<'a>(Vec<Value<'a>>);

impl<'a> Scope<'a> for Variables<'a> {
    fn slot(&self, slot: u8) -> Result<Value<'a>, Error<'a>> {
        self.0.get(usize::from(slot)).copied().ok_or_else(|| Error::other("no such variable"))
    }
}

fn main() {
    let repeated = |piece: &str| piece.repeat(LARGE / piece.len());
    let text = repeated("ab,cd~/");
    let texts = vec![text.get(..64).unwrap_or_default(); 20_000];
    let map: serde_json::Map<_, _> = (0..100_000).map(|place| (format!("k{place}"), json!(place))).collect();
    let mut other_map = map.clone();
    other_map.insert("k99999".to_owned(), json!(-1));
    let list: Vec<_> = (0..100_000).collect();
    let mut other_list = list.clone();
    other_list.push(1);
    let variables = [
        ("text", json!(text)),
        ("other", json!(format!("{text}x"))),
        ("digits", json!(repeated("1"))),
        ("blank", json!(repeated(" "))),
        ("colons", json!(repeated("f:"))),
        ("pairs", json!(repeated("a=b&"))),
        ("host", json!(repeated("ab."))),
        ("path", json!(repeated("ab/"))),
        ("list", json!(list)),
        ("other_list", json!(other_list)),
        ("small", json!((0..2_000).collect::<Vec<_>>())),
        ("texts", json!(texts)),
        ("pair", json!([text, format!("{text}x")])),
        ("map", json!(map)),
        ("other_map", json!(other_map)),
    ];
    let environment = (0..)
        .zip(&variables)
        .fold(Environment::new(), |environment, (slot, (name, _))| environment.variable(*name, slot, Type::Dyn));
    let arena = Bump::new();
    let values = variables.iter().map(|(_, value)| document::Value::from_json(&arena, value).into()).collect();
    let scope = Variables(values);
    let mut measured: Vec<_> = CALLS.iter().map(|call| (price(&environment, &scope, call), *call)).collect();
    measured.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let mut out = std::io::stdout().lock();
    for (nanoseconds, call) in &measured {
        let _ = writeln!(out, "{nanoseconds:8.1} ns a step  {call}");
    }
    if let Some((worst, call)) = measured.first().filter(|(worst, _)| *worst > MOST) {
        panic!("`{call}` takes {worst:.0} ns a step; {MOST} are allowed");
    }
}

/// Nanoseconds for each step of a call that is made again and again until the budget is spent, or a thousand times.
fn price(environment: &Environment, scope: &Variables<'_>, call: &str) -> f64 {
    let source = format!("lists.range(1000).all(i, dyn({call}) != i || true)");
    let program = match Program::compile(environment, &source, Type::Dyn) {
        Ok(program) => program,
        Err(problems) => panic!("{call}: {problems:?}"),
    };
    let arena = Bump::new();
    let budget = Budget::default();
    let start = Instant::now();
    let _ = program.eval(&arena, scope, &budget);
    let taken = start.elapsed();
    #[expect(clippy::cast_precision_loss, reason = "a ratio of two numbers that are not that large")]
    let price = taken.as_nanos() as f64 / (Budget::REQUEST - budget.left()) as f64;
    price
}
