//! Text to an expression, as the language definition of CEL says.

mod grammar;
mod literal;
mod message;
#[cfg(test)]
mod oracle;
mod tokens;

use crate::cel::ast::Expression;
use crate::cel::problem::Problem;

use grammar::Grammar;

/// Bytes of one expression.
const LONGEST: usize = 4096;
/// More problems follow from the first.
const MOST: usize = 5;

/// Reads an expression. Macros are still calls.
///
/// # Errors
/// What is wrong with its syntax: what is no token at all, or else the first mistake of its grammar, or else all names and
/// values that cannot be.
pub(crate) fn parse(source: &str) -> Result<Expression, Vec<Problem>> {
    if source.len() > LONGEST {
        let message = format!("the expression is {} bytes long; at most {LONGEST} are allowed", source.len());
        return Err(vec![Problem::new(0..source.len(), message).help("split it up with `variables`")]);
    }
    let parsed = tokens::read(source).and_then(|tokens| match tokens.as_slice() {
        [] => Err(vec![Problem::new(0..source.len(), "the expression is empty")]),
        tokens => Grammar::new(source, tokens).whole(),
    });
    parsed.map_err(|mut problems| {
        problems.truncate(MOST);
        problems
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cel::ast::Kind;

    fn parts(source: &str) -> Vec<&str> {
        fn walk<'s>(source: &'s str, expression: &Expression, found: &mut Vec<&'s str>) {
            found.push(source.get(expression.range.clone()).unwrap());
            match &expression.kind {
                Kind::Literal(_) | Kind::Name(_) => {}
                Kind::Select { operand, .. } | Kind::Not(operand) | Kind::Negate(operand) => {
                    walk(source, operand, found)
                }
                Kind::Index { operand, index, .. } => {
                    walk(source, operand, found);
                    walk(source, index, found);
                }
                Kind::Binary(_, sides) => {
                    walk(source, &sides.0, found);
                    walk(source, &sides.1, found);
                }
                Kind::Conditional(parts) => {
                    walk(source, &parts.0, found);
                    walk(source, &parts.1, found);
                    walk(source, &parts.2, found);
                }
                Kind::Call { receiver, arguments, .. } => {
                    receiver.iter().for_each(|receiver| walk(source, receiver, found));
                    arguments.iter().for_each(|argument| walk(source, argument, found));
                }
                Kind::List(elements) => elements.iter().for_each(|element| walk(source, &element.value, found)),
                Kind::Map(entries) => entries.iter().for_each(|entry| {
                    walk(source, &entry.key, found);
                    walk(source, &entry.value, found);
                }),
            }
        }
        let mut found = Vec::new();
        walk(source, &parse(source).unwrap(), &mut found);
        found
    }

    #[test]
    fn every_part_knows_its_place() {
        for (source, expected) in [
            ("a . b", vec!["a . b", "a"]),
            ("a.?b[?'c']", vec!["a.?b[?'c']", "a.?b", "a", "'c'"]),
            ("((a + b)) * (c)", vec!["((a + b)) * (c)", "((a + b))", "a", "b", "(c)"]),
            ("(a + b).c", vec!["(a + b).c", "(a + b)", "a", "b"]),
            ("x - (a + b).c", vec!["x - (a + b).c", "x", "(a + b).c", "(a + b)", "a", "b"]),
            ("--(a + b) - !!c", vec!["--(a + b) - !!c", "--(a + b)", "a", "b", "!!c"]),
            ("f('é', -5) + -x", vec!["f('é', -5) + -x", "f('é', -5)", "'é'", "-5", "-x", "x"]),
            ("a.all(x, x > 1)", vec!["a.all(x, x > 1)", "a", "x", "x > 1", "x", "1"]),
            ("c ? [1] : {'k': v}", vec!["c ? [1] : {'k': v}", "c", "[1]", "1", "{'k': v}", "'k'", "v"]),
            ("!(a in b)", vec!["!(a in b)", "(a in b)", "a", "b"]),
            ("a || b || c", vec!["a || b || c", "a || b", "a", "b", "c"]),
            ("[?a.?b, c.d()]", vec!["[?a.?b, c.d()]", "a.?b", "a", "c.d()", "c"]),
            ("a.`b-c`", vec!["a.`b-c`", "a"]),
        ] {
            let mut found = parts(source);
            let mut expected = expected.clone();
            found.sort_unstable();
            expected.sort_unstable();
            assert_eq!(found, expected, "{source}");
        }
    }

    #[test]
    fn syntax_errors_say_what_and_where() {
        for (source, message, part) in [
            ("a ==", "the expression ends too early", ""),
            ("a b", "unexpected `b`", "b"),
            ("a = b", "unexpected `=`", "="),
            ("(a", "`(` is never closed", "("),
            ("a.all(c, c[0", "`[` is never closed", "["),
            ("a[", "the expression ends too early", ""),
            ("a ? b c", "`:` is missing before `c`", "c"),
            ("a?.b == 1 && true", "`?` has no `:`", "?"),
            ("a ? b", "`?` has no `:`", "?"),
            ("not a", "unexpected `a`", "a"),
            ("a == 'b' and c", "unexpected `and`", "and"),
            ("a.(b)", "unexpected `(`", "("),
            ("'abc", "the text is not closed", "'abc"),
            ("99999999999999999999", "`99999999999999999999` is not a whole number of 64 bits", "99999999999999999999"),
            ("namespace", "`namespace` is a reserved word", "namespace"),
            ("'\\q'", "bad escape in a text", "'\\q'"),
            ("'é' = b", "unexpected `=`", "="),
            ("", "the expression is empty", ""),
            ("Pod{a: 1}", "`Pod{..}` makes a message, which there are none of", "Pod{a: 1}"),
            ("v1 // x\n .Pod{}", "`v1.Pod{..}` makes a message, which there are none of", "v1 // x\n .Pod{}"),
        ] {
            let problems = parse(source).unwrap_err();
            assert_eq!(problems[0].message, message, "{source}: {problems:?}");
            assert_eq!(source.get(problems[0].range.clone()), Some(part), "{source}");
        }
    }

    #[test]
    fn hostile_texts_are_refused_without_harm() {
        for source in [
            format!("{}1{}", "(".repeat(5_000), ")".repeat(5_000)),
            format!("{}1{}", "(".repeat(1_500), ")".repeat(1_500)),
            vec!["1"; 1_500].join("+"),
            vec!["1"; 20_000].join("+"),
            format!("a{}", ".a".repeat(1_500)),
            format!("a{}", "[0]".repeat(1_000)),
            "!".repeat(4_000),
            "(".repeat(4_000),
            format!("{}1", "[".repeat(60)),
            "'".repeat(3_999),
            "\\".repeat(100),
            "\u{0}".to_owned(),
            "a.b(".repeat(60),
            "?".repeat(400),
        ] {
            assert!(parse(&source).is_err(), "{}", source.get(..20).unwrap_or(&source));
        }
    }

    #[test]
    fn nothing_is_deeper_than_what_follows_can_bear() {
        let nested = |deep: usize| format!("{}{}", "a ? b : ".repeat(deep), "(".repeat(60) + "c" + &")".repeat(60));
        assert!(parse(&nested(128)).is_ok());
        for source in [nested(129), nested(250), vec!["a"; 130].join("+"), format!("a{}", ".b".repeat(129))] {
            let problems = parse(&source).unwrap_err();
            assert_eq!(problems[0].message, "more than 128 parts inside one another", "{source}");
        }
        // A balanced tree.
        assert!(parse(&vec!["a"; 500].join("&&")).is_ok());
        assert!(parse(&vec!["a || b"; 200].join("&&")).is_ok());
    }

    #[test]
    fn all_values_that_cannot_be_are_said_at_once() {
        let problems = parse(r"if + 99999999999999999999 + '\q' + 1e999").unwrap_err();
        let messages: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "`if` is a reserved word",
                "`99999999999999999999` is not a whole number of 64 bits",
                "bad escape in a text",
                "the number is too large"
            ]
        );
    }
}
