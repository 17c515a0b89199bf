//! Any expression over any JSON: the text up to the first NUL, and what stands behind it.

use bumpalo::Bump;
use podgate::cel::{Budget, Environment, Error, Program, Scope, Short, Type, Value};
use podgate::document::{self, Limits, json};

/// Bytes that one expression may allocate: its budget pays for each.
const MOST_MEMORY: usize = 64 << 20;

/// The variables `a`, `b` and `c`.
struct Variables<'a>([document::Value<'a>; 3]);

impl<'a> Scope<'a> for Variables<'a> {
    fn slot(&self, slot: u8) -> Result<Value<'a>, Error<'a>> {
        self.0.get(usize::from(slot)).map(|value| (*value).into()).ok_or_else(|| Error::other("no such variable"))
    }
}

/// Evaluates.
pub fn run(bytes: &[u8]) {
    let (source, rest) = bytes.split_at(bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len()));
    let rest = rest.get(1..).unwrap_or_default();
    let arena = Bump::new();
    // What is no JSON is a text.
    let value = json::parse(&arena, arena.alloc_slice_copy(rest), &Limits::REVIEW);
    let value = value.unwrap_or_else(|_| document::Value::String(arena.alloc_str(&String::from_utf8_lossy(rest))));
    evaluate(&String::from_utf8_lossy(source), [value, value, document::Value::Null]);
}

/// Evaluates an expression of `a`, `b` and `c`; says whether it compiles.
pub fn evaluate(source: &str, variables: [document::Value<'_>; 3]) -> bool {
    let environment = Environment::new().variable("a", 0, Type::Dyn).variable("b", 1, Type::Dyn);
    let environment = environment.variable("c", 2, Type::Dyn);
    let Ok(program) = Program::compile(&environment, source, Type::Dyn) else { return false };
    let arena = Bump::new();
    let budget = Budget::default();
    let scope = Variables(variables);
    match program.eval(&arena, &scope, &budget) {
        Ok(value) => {
            // A list may hold a large value many times: nothing shows all of it.
            let _ = value.to_document(&arena);
            assert!(Short(value).to_string().len() < 4096);
        }
        Err(error) => {
            assert!(source.get(error.range()).is_some(), "{error:?}");
            let explained = program.explain(&error);
            assert!(!explained.is_empty() && explained.len() < 8192, "{explained}");
        }
    }
    let used = Budget::REQUEST - budget.left();
    assert!(used <= Budget::EXPRESSION, "{used} steps");
    assert!(arena.allocated_bytes() <= MOST_MEMORY, "{} bytes", arena.allocated_bytes());
    true
}
