//! An expression that the bytes choose from a grammar, over values that they choose too: it mostly compiles, so that the
//! evaluator and the functions are what is tried.

use bumpalo::Bump;
use podgate::document;

use super::choices::Choices;
use super::{evaluation, grammar};

/// Evaluates what the bytes choose; says whether it compiles.
pub fn run(bytes: &[u8]) -> bool {
    let mut choices = Choices::of(bytes);
    let arena = Bump::new();
    let values = [(); 3].map(|()| grammar::value(&mut choices, 3));
    let variables = values.each_ref().map(|value| document::Value::from_json(&arena, value));
    let source = grammar::expression(&mut choices, &grammar::ANYTHING);
    evaluation::evaluate(&source, variables)
}
