//! Which part of an expression is to blame, and what is said of its parts.

use bumpalo::Bump;

use super::{Variables, composed, environment};
use crate::cel::{Budget, Empty, Program, Type};

/// The part that is to blame, and the values.
fn blame(source: &str) -> (String, String) {
    let program = Program::compile(&environment(), source, Type::Dyn).unwrap_or_else(|problems| panic!("{problems:?}"));
    let (arena, composed, budget) = (Bump::new(), composed(), Budget::default());
    let blame = program.blame(&arena, &Variables::new(&arena, &composed, &budget), &budget).unwrap();
    (source.get(blame.range()).unwrap().to_owned(), blame.values_in(source))
}

#[test]
fn the_smallest_part_that_decides_is_named_with_its_values() {
    for (source, part, values) in [
        // Whatever is true in a conjunction is not to blame.
        (
            "object.spec.ratio > 1.0 && object.metadata.name == 'x' && object.spec.hostNetwork",
            "object.metadata.name == 'x'",
            "`object.metadata.name` is \"web\"",
        ),
        ("!has(object.spec.hostNetwork) || false", "!has(object.spec.hostNetwork) || false", ""),
        ("object.spec.hostNetwork && !has(object.spec.ratio)", "!has(object.spec.ratio)", ""),
        (
            "!(object.spec.ratio > 2.0 || object.metadata.name == 'web')",
            "object.metadata.name == 'web'",
            "`object.metadata.name` is \"web\"",
        ),
        // All of a disjunction is.
        (
            "object.metadata.name == 'a' || object.metadata.replicas > 5",
            "object.metadata.name == 'a' || object.metadata.replicas > 5",
            "`object.metadata.name` is \"web\", `object.metadata.replicas` is 3",
        ),
        (
            "has(object.spec.nope)",
            "has(object.spec.nope)",
            "`object.spec` is a map of `hostNetwork`, `nothing`, `ratio`, `large`, `containers`",
        ),
        (
            "object.spec.containers.all(c, c.image.startsWith('registry'))",
            "c.image.startsWith('registry')",
            "`c.image` is \"redis\", in element 0 of `object.spec.containers`",
        ),
        (
            "object.metadata.labels.all(k, v, k != 'team' || v == 'b')",
            "k != 'team' || v == 'b'",
            "`k` is \"team\", `v` is \"a\", in the entry \"team\" of `object.metadata.labels`",
        ),
        (
            "object.spec.containers.all(c, c.name == 'app' || !object.metadata.labels.exists(k, k == 'team'))",
            "c.name == 'app' || !object.metadata.labels.exists(k, k == 'team')",
            "",
        ),
        (
            "object.spec.hostNetwork ? object.metadata.replicas > 7 : true",
            "object.metadata.replicas > 7",
            "`object.metadata.replicas` is 3",
        ),
        // Errors.
        (
            "object.spec.containers[2].image == 'a'",
            "object.spec.containers[2]",
            "`object.spec.containers` is a list of 2 elements",
        ),
        ("true && object.metadata.name + 1 == 2", "object.metadata.name + 1", "`object.metadata.name` is \"web\""),
        ("object.spec.containers.map(c, c.resources.limits.memory).size() > 0", "c.resources", ""),
        (
            "quantity(object.metadata.name) == quantity('1')",
            "quantity(object.metadata.name)",
            "`object.metadata.name` is \"web\"",
        ),
        ("optional.of('x').optMap(x, int(x)).orValue(1) == 1", "int(x)", "`x` is \"x\""),
        ("variables.broken == 1", "variables.broken", ""),
    ] {
        let (found, shown) = blame(source);
        assert_eq!(found, part, "{source}");
        if !values.is_empty() {
            assert_eq!(shown, values, "{source}");
        }
    }
}

#[test]
fn what_takes_too_long_is_not_looked_into() {
    let source = "lists.range(1000).all(a, lists.range(1000).all(b, a + b >= 0)) && false";
    let program = Program::compile(&environment(), source, Type::Dyn).unwrap();
    let (arena, budget) = (Bump::new(), Budget::default());
    assert!(program.blame(&arena, &Empty, &budget).is_none());
    assert!(Budget::REQUEST - budget.left() <= Budget::BLAME, "it is paid for, and bounded");
}
