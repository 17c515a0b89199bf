//! Expressions that are meant to take forever, or to break something.

use bumpalo::Bump;

use super::{answer, answer_within, environment};
use crate::cel::{Budget, Environment, Error, Program, Scope, Type, Value};
use crate::document::{Limits, json};

const EXHAUSTED: &str = "error: the expression takes too many steps: its budget is exhausted";

#[test]
fn loops_inside_one_another_run_out_of_budget() {
    let list = format!("[{}]", vec!["0"; 100].join(","));
    let source = format!("{list}.all(a, {list}.all(b, {list}.all(c, {list}.all(d, a + b + c + d >= 0))))");
    assert_eq!(answer(&source), EXHAUSTED);
    // Looking away from the error would hide it.
    assert_eq!(answer(&format!("{source} || true")), EXHAUSTED);
    assert_eq!(answer(&format!("[1, 2].exists(x, {source} || true)")), EXHAUSTED);
}

#[test]
fn texts_and_lists_that_double_run_out_of_budget() {
    let doubling = |start: &str, step: &str| {
        let steps = (0..40).map(|_| step).collect::<String>();
        format!("{start}{steps}.size() > 0")
    };
    for source in [
        doubling("[object.metadata.name]", ".map(x, x + x)"),
        doubling("object.metadata.name", ".replace('w', 'wwwwwwwwww')"),
        format!("[[1]]{}", ".map(x, x + x)".repeat(40)),
    ] {
        assert_eq!(answer(&source), EXHAUSTED, "{source}");
    }
}

#[test]
fn large_values_of_a_document_run_out_of_budget_before_they_take_seconds() {
    let members: Vec<_> =
        (0..20_000).map(|place| format!("\"k{place}\": [[0, 1, 2, 3, 4, 5, 6, 7], \"{place}\"]")).collect();
    let text = format!("{{{}}}", members.join(","));
    let reversed = format!("{{{}}}", members.iter().rev().cloned().collect::<Vec<_>>().join(","));
    let arena = Bump::new();
    let parse = |text: &'_ str| json::parse(&arena, arena.alloc_str(text).as_bytes(), &Limits::REVIEW).unwrap();
    let environment = Environment::new().variable("a", 0, Type::Map).variable("b", 1, Type::Map);
    let scope = Pair(parse(&text).into(), parse(&reversed).into());
    for (source, expected) in [
        ("a.all(k, a[k] != '')", None),
        ("a.all(k, has(a.k19999))", None),
        ("a.all(k, k in a)", None),
        ("a.map(k, a).all(m, m in [a, b])", None),
        ("a == b", Some("true")),
    ] {
        let program = Program::compile(&environment, source, Type::Dyn).unwrap();
        let found = program.eval(&arena, &scope, &Budget::default());
        match expected {
            Some(expected) => assert_eq!(found.unwrap().to_string(), expected, "{source}"),
            None => assert!(found.unwrap_err().is_exhausted(), "{source}"),
        }
    }
}

#[test]
fn whoever_goes_through_a_long_text_pays_for_it() {
    let text = "1".repeat(1 << 20);
    let environment = Environment::new().variable("a", 0, Type::Dyn).variable("b", 1, Type::Dyn);
    let arena = Bump::new();
    let other = format!("{text}2");
    let scope = Pair(Value::String(&text), Value::String(&other));
    for source in [
        "isQuantity(a)",
        "double(a) > 0.0",
        "int(a) > 0",
        "a < b",
        "a.matches('2$')",
        "a.trim() != ''",
        "[a, b].sort().size() == 2",
        "[a, b].max() == b",
        "isURL(a) || isIP(a) || isSemver(a)",
        "image(a).tag() == ''",
        "format.dns1123Label().validate(a).hasValue()",
    ] {
        let program = Program::compile(&environment, source, Type::Dyn).unwrap();
        let budget = Budget::default();
        let _ = program.eval(&arena, &scope, &budget);
        let paid = Budget::REQUEST - budget.left();
        assert!(paid > 1 << 13, "{source}: {paid} steps");
    }
}

struct Pair<'a>(Value<'a>, Value<'a>);

impl<'a> Scope<'a> for Pair<'a> {
    fn slot(&self, slot: u8) -> Result<Value<'a>, Error<'a>> {
        Ok(if slot == 0 { self.0 } else { self.1 })
    }
}

#[test]
fn one_request_shares_one_budget() {
    let budget = Budget::new(50);
    assert_eq!(answer_within("object.metadata.labels.team == 'a'", &budget), "true");
    let left = budget.left();
    assert!(left < 50 && left > 30, "{left}");
    assert_eq!(
        answer_within("[1, 2, 3, 4, 5, 6, 7, 8, 9].map(x, object.metadata.name + variables.team)", &budget),
        EXHAUSTED
    );
    assert_eq!(answer_within("true", &budget), EXHAUSTED);
}

#[test]
fn what_is_deep_but_allowed_runs_on_a_small_stack() {
    let nested = |levels: usize, open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(levels), close.repeat(levels))
    };
    for source in [
        format!("object.metadata.replicas{}", " + 1".repeat(120)),
        nested(60, "[", "1", "]"),
        nested(60, "[object.spec].all(x, ", "object.spec.hostNetwork", ")"),
        nested(60, "(object.spec.hostNetwork ? ", "1", " : 2)"),
        format!("object.spec.containers{}", "[0]".repeat(120)),
        format!("object{}", ".a".repeat(120)),
        vec!["object.spec.hostNetwork"; 140].join(" && "),
        nested(60, "type(", "object", ")"),
        format!("object.metadata.name{}", ".trim()".repeat(120)),
    ] {
        let run = std::thread::Builder::new().stack_size(1 << 20).spawn(move || answer(&source)).unwrap();
        let answer = run.join().unwrap();
        assert!(!answer.starts_with("problem"), "{answer}");
    }
}

#[test]
fn noise_is_refused_without_a_panic() {
    let words = [
        "(", ")", "[", "]", "{", "}", ".", "?", ":", ",", "a", "1", "'x'", "+", "-", "&&", "!", "has", "in", "é", "\\",
    ];
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    for _ in 0..400 {
        let mut source = String::new();
        for _ in 0..12 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            source.push_str(words[usize::try_from(state >> 33).unwrap() % words.len()]);
            source.push(' ');
        }
        if let Err(problems) = Program::compile(&environment(), &source, Type::Dyn) {
            for problem in problems {
                assert!(source.get(problem.range.clone()).is_some(), "{source}: {problem:?}");
                assert!(problem.message != "the expression cannot be parsed", "{source}");
            }
        }
    }
}

#[test]
fn functions_take_noise_without_a_panic() {
    let words = [
        "a", "é", "%", "%41", "%zz", "1", "0", ".", "-", "+", ":", "/", "//", "?", "#", "[", "]", "[:", ":]", "{", "}",
        "{,", "(", "(?", ")", "\\", "\\p", "\\Q", "\\E", "\\x", "*", "@", "=", "v", "e", "T", "Z", ",", "s", "\u{301}",
        "\0",
    ];
    let programs: Vec<_> = [
        "a.matches(b)",
        "a.findAll(b)",
        "url(a)",
        "url(a).getQuery()",
        "url(a).getHostname() + url(a).getPort() + url(a).getEscapedPath()",
        "url('http://' + a).getHostname() + url('http://' + a).getEscapedPath()",
        "isSemver(a, true) || isSemver(b)",
        "cidr(a).masked().containsIP(b)",
        "cidr('::' + a)",
        "['dns1123Label', 'qualifiedName', 'uri', 'uuid', 'byte', 'date', 'datetime', 'labelValue']\
         .map(f, format.named(f).value().validate(a).hasValue())",
        "a.format([b, 1, 1.5])",
        "('%' + a).format([dyn(1)]) + ('%' + a).format([dyn(1.5)])",
        "'%s'.format([[a, b]])",
        "timestamp(a).getHours(b)",
        "timestamp(0).getHours(a + ':' + b)",
        "duration(a)",
        "double(a)",
        "quantity(a)",
        "strings.quote(a) + a.substring(size(a) - 1) + a.split(b).join(b)",
        "a.lastIndexOf(b, 1) + a.indexOf(b, 1)",
    ]
    .into_iter()
    .map(|source| {
        let environment = Environment::new().variable("a", 0, Type::Dyn).variable("b", 1, Type::Dyn);
        Program::compile(&environment, source, Type::Dyn).unwrap()
    })
    .collect();
    let mut state: u64 = 0x2545_f491_4f6c_dd1d;
    let mut noise = |length: usize| {
        let mut text = String::new();
        for _ in 0..length {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(words[usize::try_from(state >> 33).unwrap() % words.len()]);
        }
        text
    };
    let arena = Bump::new();
    let mut values = 0;
    for round in 0..300 {
        let [a, b] = [noise(round % 7), noise(round % 4)].map(|text| &*arena.alloc_str(&text));
        let scope = Pair(Value::String(a), Value::String(b));
        for program in &programs {
            values += usize::from(program.eval(&arena, &scope, &Budget::default()).is_ok());
        }
    }
    assert!(values > 1000, "{values}");
}

#[test]
fn formats_inside_one_another_load_in_no_time() {
    let source = format!("{}1{}", "'%s'.format([".repeat(30), "])".repeat(30));
    assert_eq!(answer(&source), "1");
}
