//! Expressions in a policy: compiled, with what is wrong in them at its line and column in the file.

use std::ops::Range;

use crate::cel::{Environment, Problem, Program, Type};
use crate::diagnostic::Place;
use crate::policy::environment;
use crate::policy::file::reader::{Node, Reader};
use crate::policy::file::scalar;

/// Compiles the expression that `node` holds; what is wrong is noted.
pub(super) fn compile(
    reader: &mut Reader<'_>,
    node: Node<'_>,
    environment: &Environment,
    expect: Type,
) -> Option<Program> {
    compile_by(reader, node, environment, |source| Program::compile(environment, source, expect))
}

/// Compiles an expression that gives the value of a field.
pub(super) fn compile_value(reader: &mut Reader<'_>, node: Node<'_>, environment: &Environment) -> Option<Program> {
    compile_by(reader, node, environment, |source| Program::compile_value(environment, source))
}

fn compile_by(
    reader: &mut Reader<'_>,
    node: Node<'_>,
    environment: &Environment,
    compile: impl Fn(&str) -> Result<Program, Vec<Problem>>,
) -> Option<Program> {
    let source = reader.text(node)?;
    let affordable = |program: Program| match program.too_expensive() {
        Some(problem) => Err(vec![problem.clone()]),
        None => Ok(program),
    };
    match compile(source).and_then(affordable) {
        Ok(program) => {
            for Problem { message, range, help } in program.doubts() {
                let span = scalar::locate(reader.text, node.span(), source, range.start, range.end);
                reader.warning(span.unwrap_or(node.span()), message).help = help.clone();
            }
            Some(program.at(reader.place(node.span())))
        }
        Err(problems) => {
            for Problem { message, range, help } in problems {
                let span = scalar::locate(reader.text, node.span(), source, range.start, range.end);
                let advice = source.get(range).and_then(|piece| advice(environment, piece));
                reader.error(span.unwrap_or(node.span()), message).help = advice.map(str::to_owned).or(help);
            }
            None
        }
    }
}

/// Where the piece `range` of an expression stands in `text`, the text of the file that it was read from.
pub fn place_in(program: &Program, range: Range<usize>, text: &str) -> Option<Place> {
    let Place { file, span } = program.place()?;
    let piece = scalar::locate(text, *span, program.source(), range.start, range.end);
    Some(Place { file: file.clone(), span: piece.unwrap_or(*span) })
}

/// What to say about a name that other expressions of a policy can use.
fn advice(environment: &Environment, name: &str) -> Option<&'static str> {
    match name {
        environment::VARIABLES if !environment.is_namespace(name) => {
            Some("conditions are evaluated before the variables of the policy")
        }
        "container" if environment.find(name).is_none() => {
            Some("`container` is there only in a rule about containers and nothing else; `containers` are all of them")
        }
        _ => None,
    }
}
