//! Expressions in a policy: compiled, with what is wrong in them at its line and column in the file.

use crate::cel::{Environment, Problem, Program, Type};
use crate::policy::file::reader::{Node, Reader};
use crate::policy::file::scalar;

/// Compiles the expression that `node` holds; what is wrong is noted.
pub(super) fn compile(
    reader: &mut Reader<'_>,
    node: Node<'_>,
    environment: &Environment,
    expect: Type,
) -> Option<Program> {
    let source = reader.text(node)?;
    match Program::compile(environment, source, expect) {
        Ok(program) => Some(program),
        Err(problems) => {
            for Problem { message, range, help } in problems {
                let span = scalar::locate(reader.text, node.span(), source, range.start, range.end);
                reader.error(span.unwrap_or(node.span()), message).help = help;
            }
            None
        }
    }
}
