//! Which expressions are too expensive to be tried, and what is said of them.

use crate::cel::{Environment, Program, Type};

fn compiled(source: &str) -> Program {
    let environment = Environment::new().variable("object", 0, Type::Dyn).variable("containers", 1, Type::Dyn);
    let environment = environment.variable("container", 2, Type::Dyn).composed("variables", [("images", Type::Dyn)]);
    Program::compile(&environment, source, Type::Dyn).unwrap_or_else(|problems| panic!("{source}: {problems:?}"))
}

/// What somebody would write in a ValidatingAdmissionPolicy.
#[test]
fn sensible_expressions_are_never_refused() {
    let names = "a.name + '-' + b.name == c.name";
    for source in [
        "containers.all(c, c.env.all(e, e.valueFrom.secretKeyRef.name.matches('^[a-z]+$')))",
        "containers.all(c, c.env.all(e, object.spec.volumes.exists(v, v.name == e.name)))",
        "containers.all(c, c.env.exists(e, containers.exists(d, d.env.exists(f, f.name == e.name))))",
        // Three lists that have nothing to do with each other.
        &format!("containers.all(a, object.spec.volumes.all(b, object.spec.tolerations.exists(c, {names})))"),
        "containers.all(a, a.env.all(b, b.x.all(c, c.y.all(d, d.z.all(e, e.w.all(f, f != 1))))))",
        "containers.map(c, c.image.split('/')[0]).filter(r, !(r in variables.images)).join(', ').replace(',', ';').size() > 0",
        "object.metadata.labels.all(k, object.metadata.annotations.exists(a, a.startsWith(k)))",
        "containers.map(c, c.name).distinct().size() == containers.size()",
        "containers.sortBy(c, c.name).map(c, c.ports.map(p, p.containerPort)).flatten().sort().distinct().isSorted()",
        "sets.contains(variables.images, containers.map(c, c.image))",
        "lists.range(1000).all(a, lists.range(1000).all(b, a + b < object.spec.replicas))",
        "'%s: %s'.format([container.name, containers.map(c, '%s=%s'.format([c.name, c.image])).join(' ')])",
    ] {
        let program = compiled(source);
        assert_eq!(program.too_expensive(), None, "{source}: {}", program.estimate());
    }
}

#[test]
fn what_cannot_end_within_its_budget_is_refused_with_the_part_that_makes_it_so() {
    let nested = "containers.all(a, containers.all(b, containers.all(c, containers.all(d, a.n + b.n < c.n + d.n))))";
    let doubled = format!("object.metadata.name{}", ".replace('a', 'aaaaaaaaaa')".repeat(12));
    let lists = format!("[object.metadata.name]{}.size() > 0", ".map(x, x + x)".repeat(40));
    let formats = format!("'x'{} == ''", ".split('').map(x, 'aaaaaaaaaaaaaaaa').join()".repeat(12));
    for (source, part, said) in [
        (
            nested,
            "a.n + b.n",
            "is evaluated for 1024 elements of `containers`, for each of those 1024 elements of `containers`, for each of those \
             1024 elements of `containers`, for each of those 1024 elements of `containers`",
        ),
        (
            "lists.range(30000).all(a, lists.range(30000).all(b, lists.range(30000).all(c, a + b + c > 0)))",
            "lists.range(30000)",
            "takes 240001 each time, for 30000 elements of `lists.range(30000)`",
        ),
        (&doubled, &doubled, "takes them"),
        (&lists, "x + x", "takes 10^"),
        (&formats, "", "takes"),
    ] {
        let program = compiled(source);
        let problem = program.too_expensive().unwrap_or_else(|| panic!("{source}: {}", program.estimate()));
        assert!(problem.message.starts_with("this may take "), "{problem:?}");
        assert!(problem.message.contains(said), "{problem:?}");
        assert!(problem.help.is_some(), "{problem:?}");
        if !part.is_empty() {
            assert_eq!(source.get(problem.range.clone()), Some(part), "{problem:?}");
        }
    }
}

#[test]
fn an_estimate_grows_with_what_is_known() {
    let steps = |source: &str| compiled(source).estimate();
    assert!(steps("[1, 2, 3].all(x, x > 0)") < 100);
    assert!(steps("lists.range(100).all(x, x > 0)") < steps("lists.range(10000).all(x, x > 0)"));
    assert!(steps("object.a.all(x, x.b.all(y, y > 0))") * 2 < steps("object.a.all(x, object.b.all(y, y > 0))"));
    assert!(steps("'abc' + 'def'") < steps("object.name + 'def'"));
}
