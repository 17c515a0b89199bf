//! `policies/EXPRESSIONS.md` leaves nothing out.

use crate::cel::ast::{Expression, Kind};
use crate::cel::compile::METHODS;
use crate::cel::library::{self, Style};
use crate::cel::parse::parse;

const PAGE: &str = include_str!("../../../policies/EXPRESSIONS.md");

/// The functions and macros that an expression calls, with how, and with how many arguments.
fn calls(expression: &Expression, found: &mut Vec<(String, Style, usize)>) {
    match &expression.kind {
        Kind::Literal(_) | Kind::Name(_) => {}
        Kind::Select { operand, .. } | Kind::Not(operand) | Kind::Negate(operand) => calls(operand, found),
        Kind::Index { operand, index, .. } => {
            calls(operand, found);
            calls(index, found);
        }
        Kind::Binary(_, sides) => {
            calls(&sides.0, found);
            calls(&sides.1, found);
        }
        Kind::Conditional(parts) => [&parts.0, &parts.1, &parts.2].into_iter().for_each(|part| calls(part, found)),
        Kind::Call { function, receiver, arguments } => {
            // The receiver of a function with a namespace is the namespace.
            let (name, style, more) = match receiver.as_deref().map(|receiver| &receiver.kind) {
                Some(Kind::Name(name))
                    if library::is_namespace(name)
                        && library::find(&format!("{name}.{function}"), Style::Global).next().is_some() =>
                {
                    (format!("{name}.{function}"), Style::Global, 0)
                }
                Some(_) => (function.clone(), Style::Method, 1),
                None => (function.clone(), Style::Global, 0),
            };
            found.push((name, style, arguments.len() + more));
            receiver.iter().for_each(|receiver| calls(receiver, found));
            arguments.iter().for_each(|argument| calls(argument, found));
        }
        Kind::List(elements) => elements.iter().for_each(|element| calls(&element.value, found)),
        Kind::Map(entries) => entries.iter().for_each(|entry| {
            calls(&entry.key, found);
            calls(&entry.value, found);
        }),
    }
}

#[test]
fn every_function_and_macro_has_an_example() {
    let mut called = Vec::new();
    for block in PAGE.split("```cel\n").skip(1) {
        for line in block.split("```").next().unwrap().lines() {
            let (expression, _) = line.rsplit_once("// ").unwrap();
            calls(&parse(expression).unwrap(), &mut called);
        }
    }
    let has = |name: &str, style: Style, arguments: Option<usize>| {
        called.iter().any(|(known, how, count)| {
            known == name && *how == style && arguments.is_none_or(|wanted| wanted == *count)
        })
    };
    let missing: Vec<_> = library::all()
        // A time zone or a second form of the same name is said once.
        .filter(|overload| !has(overload.name, overload.style, None))
        .map(|overload| overload.name)
        .chain(METHODS.iter().copied().filter(|name| !has(name, Style::Method, None)))
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
    for (name, style, arguments) in
        [("findAll", Style::Method, 3), ("split", Style::Method, 3), ("replace", Style::Method, 4)]
    {
        assert!(has(name, style, Some(arguments)), "{name}");
    }
    assert!(has("has", Style::Global, Some(1)));
}

/// Functions of values that are never large: numbers, times, addresses, and what was read before.
const SMALL: [&str; 35] = [
    "ip",
    "masked",
    "prefixLength",
    "family",
    "isUnspecified",
    "isLoopback",
    "isLinkLocalMulticast",
    "isLinkLocalUnicast",
    "isGlobalUnicast",
    "optional.none",
    "optional.of",
    "optional.ofNonZeroValue",
    "hasValue",
    "or",
    "orValue",
    "sign",
    "isInteger",
    "asInteger",
    "asApproximateFloat",
    "sub",
    "scale",
    "isGreaterThan",
    "isLessThan",
    "major",
    "minor",
    "patch",
    "getFullYear",
    "getMonth",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getMinutes",
    "getSeconds",
    "getMilliseconds",
];

#[test]
fn what_each_function_costs_on_large_values_is_measured() {
    let measured = include_str!("../../../benches/budget.rs");
    let missing: Vec<_> = library::all()
        .filter(|overload| {
            let call = match overload.style {
                Style::Global => format!("{}(", overload.name),
                Style::Method => format!(".{}(", overload.name),
            };
            !measured.contains(&call) && !SMALL.contains(&overload.name)
        })
        .map(|overload| overload.name)
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn the_limits_are_those_of_the_program() {
    use crate::cel::Budget;
    use crate::cel::estimate::{ABSURD, ELEMENTS, TEXT};

    let grouped = |number: u64| {
        let digits = number.to_string();
        let groups: Vec<_> =
            digits.as_bytes().rchunks(3).rev().map(|group| String::from_utf8(group.to_vec()).unwrap()).collect();
        groups.join(",")
    };
    for (number, context) in [
        (Budget::EXPRESSION, "| steps of one expression | {},"),
        (Budget::REQUEST, "| steps of all expressions of a request | {} |"),
        (ELEMENTS, "to have {} elements"),
        (TEXT, "and texts {} bytes"),
    ] {
        let text = context.replace("{}", &grouped(number));
        assert!(PAGE.contains(&text), "{text}");
    }
    assert_eq!(ABSURD, 4_000_000_000_000, "the page says 4·10^12");
}
