//! Which expressions are too expensive to be tried, and what is said of them.

use crate::cel::{Environment, Object, Program, Shape, Type};

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

fn container() -> Environment {
    let container = Object::named("container").with("Container").field("role", Shape::word(["main", "init"]));
    let environment = Environment::new().variable("containers", 1, Shape::list(container.clone().into()));
    environment.variable("container", 2, container).composed("variables", [("", Type::Dyn); 0])
}

#[test]
fn what_the_types_say_of_sizes_is_known() {
    let environment = container();
    let steps = |source: &str| steps_of(&environment, source);
    let unknown = |source: &str| compiled(source).estimate();
    for source in
        ["container.tty == container.stdin", "container.role + container.role", "container.ports == containers"]
    {
        assert!(steps(source) <= unknown(source), "{source}: {} {}", steps(source), unknown(source));
    }
    assert!(steps("container.role + container.role") < 64);
    assert!(steps("container.image + container.image") > 256);
    // There are as many fields as the type has.
    assert!(steps("container.all(k, k != '')") * 10 < steps("container.ports.all(k, k != {})"));
    assert!(steps("[isIP(container.image)].map(x, '%s'.format([x]))") < 400);
}

#[test]
fn a_variable_takes_its_steps_once_and_its_value_is_as_large_as_it_is_made() {
    let mut environment = container();
    let names = "containers.map(c, c.name)";
    let alone = steps_of(&environment, names);
    for (name, source) in [("names", names), ("all", "variables.names + variables.names")] {
        let program = Program::compile(&environment, source, Type::Dyn).unwrap();
        assert!(program.estimate() >= alone);
        environment.compose(name, Some(&program));
    }
    let once = steps_of(&environment, "size(variables.names) > 1");
    assert!((alone..alone + 100).contains(&once), "{once} {alone}");
    let often = format!("containers.all(c, {} > 1)", ["size(variables.names)"; 10].join(" + "));
    let none = format!("containers.all(c, {} > 1)", ["size(containers)"; 10].join(" + "));
    let (often, none) = (steps_of(&environment, &often), steps_of(&environment, &none));
    assert!(often < none + 2 * alone, "{often} {none} {alone}");
    // Twice as many elements.
    let through =
        |name: &str| steps_of(&environment, &format!("variables.{name}.all(x, variables.{name}.all(y, x != y))"));
    assert!(through("all") > 3 * through("names"));
    assert!(through("all") < 5 * through("names"));
}

#[test]
fn variables_that_double_are_refused_at_the_one_that_is_too_much() {
    let mut environment = container();
    let mut refused = None;
    for place in 0..60 {
        let source = match place {
            0 => "container.image".to_owned(),
            _ => format!("variables.v{0} + variables.v{0}", place - 1),
        };
        let program = Program::compile(&environment, &source, Type::Dyn).unwrap();
        if let Some(problem) = program.too_expensive() {
            refused = Some((place, problem.clone(), source.clone()));
            break;
        }
        environment.compose(format!("v{place}"), Some(&program));
    }
    let (place, problem, source) = refused.unwrap();
    // 256 bytes are doubled until they are 4 * 10^12.
    assert!((30..36).contains(&place), "{place}");
    assert_eq!(source.get(problem.range.clone()), Some(&*source), "{problem:?}");
    // Values inside one another, too many to be told apart.
    let mut environment = container();
    for place in 0..60 {
        let before = if place == 0 { "1".to_owned() } else { format!("variables.v{}", place - 1) };
        let source = format!("{}{before}{}", "[".repeat(50), "]".repeat(50));
        let program = Program::compile(&environment, &source, Type::Dyn).unwrap();
        environment.compose(format!("v{place}"), Some(&program));
    }
    assert!(steps_of(&environment, "variables.v59 == [variables.v58]") > 0);
}

fn steps_of(environment: &Environment, source: &str) -> u64 {
    Program::compile(environment, source, Type::Dyn).unwrap().estimate()
}
