//! Any text as an expression: what is wrong with it is said about a piece of it.

use podgate::cel::{Environment, Program, Type};

/// Bytes that no expression may be longer than.
const LONGEST: usize = 4096;

/// Parses and checks.
pub fn run(bytes: &[u8]) {
    let source = String::from_utf8_lossy(bytes);
    let environment = Environment::new()
        .variable("object", 0, Type::Dyn)
        .variable("containers", 1, Type::List)
        .composed("variables", [("team", Type::Dyn)]);
    match Program::compile(&environment, &source, Type::Dyn) {
        Ok(program) => assert!(program.source().len() <= LONGEST),
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in problems {
                assert!(source.get(problem.range.clone()).is_some(), "{problem:?}");
                assert!(!problem.message.contains('\n'), "{problem:?}");
            }
        }
    }
}
