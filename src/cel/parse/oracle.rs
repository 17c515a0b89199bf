//! Texts that this parser and that of the `cel` crate, which is made from the grammar of the language definition, must read
//! in the same way.

use std::fmt::Write as _;

use ::cel::common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue, operators};
use proptest::prelude::*;

use super::*;
use crate::cel::ast::{Kind, Literal};

/// The oracle's tree in words; [`None`] if it refuses the text.
fn theirs(source: &str) -> Option<String> {
    let parser = ::cel::Env::default().with_optional_support(true).parser().enable_ident_escape_syntax(true);
    let (expression, _) = parser.parse_with_source_info(source).ok()?;
    let mut said = String::new();
    say_theirs(&expression, &mut said)?;
    Some(said)
}

fn say_theirs(part: &IdedExpr, said: &mut String) -> Option<()> {
    match &part.expr {
        Expr::Literal(literal) => match literal {
            LiteralValue::Boolean(value) => write!(said, "{}", value.inner()),
            LiteralValue::Int(value) => write!(said, "{}i", value.inner()),
            LiteralValue::UInt(value) => write!(said, "{}u", value.inner()),
            LiteralValue::Double(value) => write!(said, "{:?}", value.inner()),
            LiteralValue::String(value) => write!(said, "{:?}", value.inner()),
            LiteralValue::Bytes(value) => write!(said, "{:?}", value.inner()),
            LiteralValue::Null => write!(said, "null"),
        }
        .unwrap(),
        Expr::Ident(name) => said.push_str(name),
        Expr::Select(select) => {
            say_theirs(&select.operand, said)?;
            write!(said, ".{:?}", select.field).unwrap();
        }
        Expr::Call(call) => {
            if call.func_name == operators::OPT_SELECT {
                say_theirs(call.args.first()?, said)?;
                said.push_str(".?");
                return say_theirs(call.args.get(1)?, said);
            }
            if let Some(target) = &call.target {
                say_theirs(target, said)?;
                said.push('.');
            }
            write!(said, "{}(", call.func_name.trim_start_matches('.')).unwrap();
            for argument in &call.args {
                say_theirs(argument, said)?;
                said.push(',');
            }
            said.push(')');
        }
        Expr::List(list) => {
            said.push('[');
            for (place, element) in list.elements.iter().enumerate() {
                said.push_str(if list.optional_indices.contains(&place) { "?" } else { "" });
                say_theirs(element, said)?;
                said.push(',');
            }
            said.push(']');
        }
        Expr::Map(map) => {
            said.push('{');
            for entry in &map.entries {
                let EntryExpr::MapEntry(entry) = &entry.expr else { return None };
                said.push_str(if entry.optional { "?" } else { "" });
                say_theirs(&entry.key, said)?;
                said.push(':');
                say_theirs(&entry.value, said)?;
                said.push(',');
            }
            said.push('}');
        }
        Expr::Struct(_) | Expr::Comprehension(_) | Expr::Unspecified => return None,
    }
    Some(())
}

fn say_ours(part: &Expression, said: &mut String) {
    let call = |said: &mut String, function: &str, arguments: &[&Expression]| {
        write!(said, "{function}(").unwrap();
        for argument in arguments {
            say_ours(argument, said);
            said.push(',');
        }
        said.push(')');
    };
    match &part.kind {
        Kind::Literal(literal) => match literal {
            Literal::Null => write!(said, "null"),
            Literal::Bool(value) => write!(said, "{value}"),
            Literal::Int(value) => write!(said, "{value}i"),
            Literal::Uint(value) => write!(said, "{value}u"),
            Literal::Double(value) => write!(said, "{value:?}"),
            Literal::String(value) => write!(said, "{value:?}"),
            Literal::Bytes(value) => write!(said, "{value:?}"),
        }
        .unwrap(),
        Kind::Name(name) => said.push_str(name),
        Kind::Select { operand, field, optional } => {
            say_ours(operand, said);
            write!(said, ".{}{field:?}", if *optional { "?" } else { "" }).unwrap();
        }
        Kind::Index { operand, index, optional } => {
            call(said, if *optional { operators::OPT_INDEX } else { operators::INDEX }, &[operand, index]);
        }
        Kind::Not(operand) => call(said, operators::LOGICAL_NOT, &[operand]),
        Kind::Negate(operand) => call(said, operators::NEGATE, &[operand]),
        Kind::Binary(operator, sides) => {
            let name = match operator.symbol() {
                "in" => "@in".to_owned(),
                symbol => format!("_{symbol}_"),
            };
            call(said, &name, &[&sides.0, &sides.1]);
        }
        Kind::Conditional(parts) => call(said, operators::CONDITIONAL, &[&parts.0, &parts.1, &parts.2]),
        Kind::Call { function, receiver, arguments } => {
            if let Some(receiver) = receiver {
                say_ours(receiver, said);
                said.push('.');
            }
            call(said, function, &arguments.iter().collect::<Vec<_>>());
        }
        Kind::List(elements) => {
            said.push('[');
            for element in elements {
                said.push_str(if element.optional { "?" } else { "" });
                say_ours(&element.value, said);
                said.push(',');
            }
            said.push(']');
        }
        Kind::Map(entries) => {
            said.push('{');
            for entry in entries {
                said.push_str(if entry.optional { "?" } else { "" });
                say_ours(&entry.key, said);
                said.push(':');
                say_ours(&entry.value, said);
                said.push(',');
            }
            said.push('}');
        }
    }
}

#[track_caller]
fn same(source: &str) {
    let ours = parse(source).map(|expression| {
        let mut said = String::new();
        say_ours(&expression, &mut said);
        said
    });
    match (ours, theirs(source)) {
        (Ok(ours), theirs) => assert_eq!(Some(ours), theirs, "{source}"),
        (Err(problems), Some(theirs)) => panic!("`{source}` is refused for {problems:?}, and is {theirs}"),
        (Err(_), None) => {}
    }
}

#[test]
fn the_corners_of_the_grammar_are_the_same() {
    for source in [
        "-5",
        "- 5",
        "--5",
        "---5",
        "-5.5",
        "-5u",
        "-x",
        "--x",
        "!-5",
        "!-x",
        "-!x",
        "!!x",
        "!!!x.y",
        "-9223372036854775808",
        "9223372036854775808",
        "-0x8000000000000000",
        "0xffffffffffffffffu",
        "a -5",
        "a - -5",
        "a--5",
        "1in[1]",
        "1 in 2 in 3",
        "a < b == c",
        "a + b * c - d % e",
        "a || b && c || d",
        "a || b || c || d || e",
        "a && b && c && d",
        "a ? b : c ? d : e",
        "a ? b ? c : d : e",
        "(a ? b : c) ? d : e",
        "a ? b || c : d",
        ".a",
        ".a.b",
        ".f(x)",
        ". a",
        "..a",
        "a..b",
        "a.?b.c",
        "a.?b(c)",
        "a[?b]",
        "a[b][c].d()",
        "a.`b-c`",
        "a.`b c/d.e`",
        "a.`b`(c)",
        "a.?`b`",
        "`a`",
        "a.`é`",
        "a.in",
        "a.true",
        "a.namespace",
        "a.if(b)",
        "if",
        "if(a)",
        ".if",
        ".if(a)",
        "in",
        "true.a",
        "null",
        "[]",
        "[,]",
        "[1,]",
        "[1,,]",
        "[?a, b]",
        "[?]",
        "{}",
        "{,}",
        "{'a': 1,}",
        "{?'a': b}",
        "{a: b, c: d}",
        "{a}",
        "{a:}",
        "f()",
        "f(,)",
        "f(a,)",
        "f(a, b)",
        "a.f()",
        "a.f(b).g",
        "f()()",
        "(a)()",
        "a.(b)",
        "Pod{}",
        "a.b{c: 1}",
        "a{",
        "{}{}",
        "[][0]",
        "{}.a",
        "'a'.b",
        "'a' 'b'",
        "'a'+\"b\"",
        "r'\\'",
        "rb''",
        "br''",
        "b'é'",
        "b'\\xff\\377'",
        "'\\xff\\377'",
        "'\\u00e9\\U0001F431'",
        "'\\ud800'",
        "'\\400'",
        "'\\q'",
        "b'\\u0041'",
        "''''''",
        "'''a'b'''",
        "\"\"\"a\nb\"\"\"",
        "'a\nb'",
        "'''a\r\nb\rc'''",
        "'\\\n'",
        "'''\\\n'''",
        "r'''\\'''",
        "'",
        "''''",
        "1.5e+3",
        "1e3",
        "1e",
        "1e400",
        ".5",
        "a.5",
        "1.",
        "1..b",
        "0x",
        "0X1",
        "0xg",
        "1u",
        "1.5u",
        "1abc",
        "007",
        "1.a",
        "a // b",
        "a // b\n+ c",
        "a\t+\r\n\u{c}b",
        "a\u{b}b",
        "a # b",
        "a = b",
        "a & b",
        "a | b",
        "a === b",
        "a!b",
        "a != !b",
        "()",
        "(,)",
        "",
        " ",
        "a ?",
        "a ? b",
        "a ? b :",
        "a : b",
        "é",
        "a.é",
        "has(a.b)",
        "a.all(b, c)",
        "a;",
        "$a",
    ] {
        same(source);
    }
}

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "a", "b.c", ".d", "1", "-2", "3u", "4.5", "-.5", "'s'", "r\"t\\\"", "b'\\x00'", "true", "null", "[]", "{}",
        "f()",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(5, 40, 3, |inner| {
        let operator = prop::sample::select(vec![
            "||", "&&", "==", "!=", "<", "<=", ">", ">=", " in ", "+", "-", "*", "/", "%",
        ]);
        let [a, b, c] = [inner.clone(), inner.clone(), inner.clone()];
        prop_oneof![
            4 => (a, operator, b).prop_map(|(a, operator, b)| format!("{a}{operator}{b}")),
            1 => (c.clone(), c.clone(), c.clone()).prop_map(|(a, b, c)| format!("{a} ? {b} : {c}")),
            1 => c.clone().prop_map(|a| format!("({a})")),
            1 => (prop::sample::select(vec!["!", "!!", "-", "--"]), c.clone()).prop_map(|(sign, a)| format!("{sign}{a}")),
            1 => (c.clone(), c.clone()).prop_map(|(a, b)| format!("{a}[{b}]")),
            1 => (c.clone(), c.clone()).prop_map(|(a, b)| format!("{a}.?b.m({b}, 1)")),
            1 => (c.clone(), c.clone()).prop_map(|(a, b)| format!("[{a}, ?{b}]")),
            1 => (c.clone(), c).prop_map(|(a, b)| format!("{{{a}: {b}}}")),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_composed_is_read_in_the_same_way(source in expression()) {
        same(&source);
    }

    #[test]
    fn what_is_thrown_together_is_read_in_the_same_way(
        words in prop::collection::vec(prop::sample::select(vec![
            "a", "b", "1", "2u", ".5", "'s'", "true", "in", "if", "`c`", "(", ")", "[", "]", "{", "}", ".", ",", "?", ":", "!", "-", "+",
            "*", "<", "==", "&&", "||", " ",
        ]), 1..9),
    ) {
        same(&words.concat());
    }

    #[test]
    fn characters_become_the_same_tokens(source in "[a01.eEuxrRb'\"n\\\\\\n`/+ -]{0,9}") {
        same(&source);
    }

    #[test]
    fn what_is_wrong_is_said_about_a_piece_of_the_text(source in any::<String>()) {
        for problem in parse(&source).err().into_iter().flatten() {
            assert!(source.get(problem.range.clone()).is_some(), "{problem:?}");
        }
    }
}
