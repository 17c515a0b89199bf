//! Tables of expressions and their values, by what they are about.
//!
//! Expected values come from the CEL specification, its conformance tests, and the API server's libraries.

mod blame;
mod estimate;
mod hostile;
mod language;
mod libraries;
mod load;
mod page;

use bumpalo::Bump;

use crate::cel::{Budget, Environment, Error, Program, Scope, Type, Value};
use crate::document::{Limits, json};

/// What `object` is in these tests.
const OBJECT: &str = r#"{
  "metadata": {"name": "web", "labels": {"team": "a", "app.kubernetes.io/name": "web"}, "replicas": 3},
  "spec": {
    "hostNetwork": true, "nothing": null, "ratio": 1.5, "large": 18446744073709551615,
    "containers": [
      {"name": "app", "image": "redis", "resources": {"limits": {"memory": "128Mi", "cpu": 1}}},
      {"name": "proxy", "image": "registry.example.com/proxy:1.2", "command": ["/bin/proxy", "--port", "80"]}
    ]
  }
}"#;

struct Variables<'a> {
    arena: &'a Bump,
    object: Value<'a>,
    composed: &'a [Program; 2],
    budget: &'a Budget,
}

impl<'a> Variables<'a> {
    fn new(arena: &'a Bump, composed: &'a [Program; 2], budget: &'a Budget) -> Self {
        let object = json::parse(arena, OBJECT.as_bytes(), &Limits::default()).unwrap().into();
        Variables { arena, object, composed, budget }
    }
}

impl<'a> Scope<'a> for Variables<'a> {
    fn slot(&self, slot: u8) -> Result<Value<'a>, Error<'a>> {
        match slot {
            0 => Ok(self.object),
            1 => Ok(Value::Null),
            _ => Err(Error::other("the namespace is not known yet")),
        }
    }

    fn composed(&self, index: usize) -> Result<Value<'a>, Error<'a>> {
        self.composed[index].eval(self.arena, self, self.budget)
    }
}

fn environment() -> Environment {
    Environment::new()
        .variable("object", 0, Type::Dyn)
        .variable("oldObject", 1, Type::Dyn)
        .variable("namespaceObject", 2, Type::Dyn)
        .composed("variables", [("team", Type::Dyn), ("broken", Type::Dyn)])
}

/// The programs of `variables.team` and `variables.broken`.
fn composed() -> [Program; 2] {
    ["object.metadata.labels.team", "object.nothing.at.all"]
        .map(|source| Program::compile(&environment(), source, Type::Dyn).unwrap())
}

/// The value of an expression as text, or the message of its error, or its problems.
fn answer(source: &str) -> String {
    answer_within(source, &Budget::default())
}

fn answer_within(source: &str, budget: &Budget) -> String {
    let arena = Bump::new();
    let environment = environment();
    let program = match Program::compile(&environment, source, Type::Dyn) {
        Ok(program) => program,
        Err(problems) => {
            return problems.iter().map(|problem| format!("problem: {problem}")).collect::<Vec<_>>().join("; ");
        }
    };
    let composed = composed();
    let scope = Variables::new(&arena, &composed, budget);
    match program.eval(&arena, &scope, budget) {
        Ok(value) => value.to_string(),
        Err(error) => format!("error: {}", program.explain(&error)),
    }
}

/// Checks a table of expressions and answers.
fn check(table: &[(&str, &str)]) {
    let wrong: Vec<_> = table
        .iter()
        .map(|(source, expected)| (source, expected, answer(source)))
        .filter(|(_, expected, found)| **expected != found)
        .map(|(source, expected, found)| format!("{source}\n  expected {expected}\n  found    {found}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
