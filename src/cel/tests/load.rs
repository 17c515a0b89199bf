//! What is found when an expression is loaded.

use super::{check, environment};
use crate::cel::{Program, Type};

#[test]
fn names_that_are_not_there() {
    check(&[
        ("objekt.spec", "problem: there is no variable `objekt` (did you mean `object`?)"),
        ("[1].all(item, itme > 1)", "problem: there is no variable `itme` (did you mean `item`?)"),
        ("variables.taem", "problem: there is no variable `variables.taem` (did you mean `variables.team`?)"),
        ("variables", "problem: `variables` alone is no value: write `variables.NAME`"),
        ("variables.?team", "problem: `variables.team` is always there: write it without `?`"),
        ("object.kind.startWith('P')", "problem: there is no method `startWith` (did you mean `startsWith`?)"),
        ("quantitty('1')", "problem: there is no function `quantitty` (did you mean `quantity`?)"),
        ("optional.off(1)", "problem: there is no function `optional.off` (did you mean `optional.of`?)"),
        ("startsWith('a', 'b')", "problem: there is no function `startsWith` (it is written `x.startsWith()`)"),
        ("'1'.quantity()", "problem: there is no method `quantity` (it is written `quantity(x)`)"),
        (
            "[1].al(x, true)",
            "problem: there is no method `al` (did you mean `all`?); problem: there is no variable `x`",
        ),
        ("math.greatest(1, 2)", "problem: there is no function `math.greatest`"),
        ("optinal.of(1)", "problem: there is no function `optinal.of` (did you mean `optional.of`?)"),
        (
            "cel.bind(x, 1, x > 0)",
            "problem: there is no function `cel.bind` (a value gets a name in the `variables` of the policy)",
        ),
        (
            "objekt.foo()",
            "problem: there is no variable `objekt` (did you mean `object`?); problem: there is no method `foo` (did you mean `or`?)",
        ),
        ("a + b", "problem: there is no variable `a`; problem: there is no variable `b`"),
    ]);
}

#[test]
fn arguments_that_do_not_fit() {
    check(&[
        ("'a'.contains()", "problem: `contains` takes 1 argument, not 0"),
        ("'a'.substring(1, 2, 3)", "problem: `substring` takes 1 or 2 arguments, not 3"),
        ("has()", "problem: `has` takes 1 argument, not 0"),
        (
            "has(object)",
            "problem: `has` wants a field, as in `has(object.spec)` (whether a map has a key says `'key' in map`)",
        ),
        ("[1].all(true)", "problem: `all` takes 2 or 3 arguments, not 1"),
        ("[1].filter(i, v, true)", "problem: `filter` takes 2 arguments, not 3"),
        ("[1].transformList(i, v)", "problem: `transformList` takes 3 or 4 arguments, not 2"),
        ("{}.transformMapEntry(k, v, 1)", "problem: `transformMapEntry` wants a map, not an int"),
        ("[1].all(a.b, true)", "problem: a variable must be a plain name"),
        (
            "'a'.contains(1)",
            "problem: `contains` of a string does not take an int (it is defined as `string.contains(string)`)",
        ),
        (
            "(1).isSorted()",
            "problem: `isSorted` is not a method of an int (it is defined as `list(ordered).isSorted()`)",
        ),
        (
            "quantity(true)",
            "problem: `quantity` does not take a bool (it is defined as `quantity(double)`, `quantity(int)`, `quantity(string)`)",
        ),
        ("1 + 'a'", "problem: `+` is not defined for an int and a string"),
        ("1 + 1.0", "problem: `+` is not defined for an int and a double"),
        ("1.5 % 2.0", "problem: `%` is not defined for a double and a double"),
        ("1 == 'a'", "problem: `==` is not defined for an int and a string"),
        ("'a' < 1", "problem: `<` is not defined for a string and an int"),
        ("[] < []", "problem: `<` is not defined for a list and a list"),
        ("'a' in 'abc'", "problem: `in` is not defined for a string and a string"),
        ("!1", "problem: `!` wants a bool, not an int"),
        ("1 && true || 'a'", "problem: `&&` wants a bool, not an int; problem: `||` wants a bool, not a string"),
        ("1 ? 2 : 3", "problem: the condition before `?` wants a bool, not an int"),
        ("true ? 2 : 'a'", "problem: both outcomes must be of one type: one is an int, the other a string"),
        ("-'a'", "problem: `-` is not defined for a string"),
        ("'a'.b", "problem: a string has no field `b`"),
        ("(1)[0]", "problem: an int cannot be indexed"),
        ("[1]['a']", "problem: a list is indexed by an int, not a string"),
        (
            "[1, 'a']",
            "problem: the elements of a list must be of one type: this is a string, not an int (`dyn(..)` around each lets it hold several)",
        ),
        (
            "{'a': 1, 'b': 'c'}",
            "problem: the values of a map must be of one type: this is a string, not an int (`dyn(..)` around each lets it hold several)",
        ),
        ("{1.5: 1}", "problem: a double cannot be the key of a map"),
        ("[?1]", "problem: after `?` stands an optional, not an int"),
        ("(1).all(x, x)", "problem: a list or a map has elements, an int has none"),
        ("[1].all(x, 1)", "problem: the test of each element wants a bool, not an int"),
        ("object.name.matches('(')", "problem: not a regular expression: unclosed group"),
    ]);
}

#[test]
fn the_type_of_the_result_is_checked_at_load_and_at_the_latest_when_it_runs() {
    let environment = environment();
    let problems = Program::compile(&environment, "1 + 1", Type::Bool).unwrap_err();
    assert_eq!(problems[0].message, "the expression must give a bool, not an int");
    assert_eq!(problems[0].range, 0..5);
    let program = Program::compile(&environment, "object.spec", Type::Bool).unwrap();
    let arena = bumpalo::Bump::new();
    struct One;
    impl<'a> crate::cel::Scope<'a> for One {
        fn slot(&self, _: u8) -> Result<crate::cel::Value<'a>, crate::cel::Error<'a>> {
            Err(crate::cel::Error::other("not now"))
        }
    }
    let error = program.eval(&arena, &One, &crate::cel::Budget::default()).unwrap_err();
    assert_eq!(program.explain(&error), "not now in `object`");
    let program = Program::compile(&environment, "dyn(1)", Type::Bool).unwrap();
    let error = program.eval(&arena, &One, &crate::cel::Budget::default()).unwrap_err();
    assert_eq!(program.explain(&error), "`dyn(1)` is an int, not a bool");
}

#[test]
fn a_dot_before_a_name_passes_over_the_variables_of_macros() {
    let program = Program::compile(&environment(), "[1].all(object, object == 1 && .object.a)", Type::Bool).unwrap();
    assert!(program.uses(0));
    check(&[
        ("[1].all(object, .object.metadata.name == 'web')", "true"),
        ("[1].all(variables, .variables.team == 'a')", "true"),
        ("[1].map(x, .x)", "problem: there is no variable `x`"),
    ]);
}

#[test]
fn a_program_knows_what_it_reads() {
    let program = Program::compile(&environment(), "object.a && namespaceObject.b", Type::Bool).unwrap();
    assert!(program.uses(0) && program.uses(2));
    assert!(!program.uses(1) && !program.uses(63) && !program.uses(200));
    let program = Program::compile(&environment(), "[1].exists(object, object == 1)", Type::Bool).unwrap();
    assert!(!program.uses(0));
}

#[test]
fn programs_cross_threads() {
    fn crosses<T: Send + Sync + 'static>() {}
    crosses::<Program>();
    crosses::<crate::cel::Environment>();
}
