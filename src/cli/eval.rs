//! `podgate eval`: the value of one expression, for authors at their desk.
//!
//! Only what is given exists: `object` and `oldObject` with a file for either, and the variables of `--var`. The value is
//! one line of JSON, so that a script can read it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bumpalo::Bump;
use clap::Args;

use crate::cel::{Blame, Budget, Environment, Error, Problem, Program, Scope, Shape, Type, Value};
use crate::cli::Exit;
use crate::cli::arguments::Color;
use crate::cli::complaints::Complaints;
use crate::cli::input::{self, Input};
use crate::cli::render::Palette;
use crate::cli::render::snippet::Snippets;
use crate::diagnostic::{Diagnostic, Place};
use crate::document::print::visible_json;
use crate::document::{self, Limits, Span, json, yaml};

/// What messages call the expression.
const NAME: &str = "<expression>";

/// Arguments of `podgate eval`.
#[derive(Args, Debug)]
pub struct Eval {
    /// The expression, in Kubernetes CEL
    #[arg(value_name = "EXPRESSION", allow_hyphen_values = true)]
    pub expression: String,

    /// What `object` is: a file with one document; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub object: Option<PathBuf>,

    /// What `oldObject` is
    #[arg(long, value_name = "FILE")]
    pub old: Option<PathBuf>,

    /// A variable and its value; can be given several times
    #[arg(long = "var", value_name = "NAME=JSON")]
    pub variables: Vec<String>,

    /// Print the type of the value on a second line
    #[arg(long)]
    pub types: bool,
}

/// Variables by their slots.
struct Variables<'a>(Vec<Value<'a>>);

impl<'a> Scope<'a> for Variables<'a> {
    fn slot(&self, slot: u8) -> Result<Value<'a>, Error<'a>> {
        self.0.get(usize::from(slot)).copied().ok_or_else(|| Error::other("there is no such variable"))
    }
}

/// Evaluates the expression that the arguments name.
///
/// # Errors
/// If standard output cannot be written.
pub fn run(eval: &Eval) -> io::Result<Exit> {
    let [_, conversation] = Palette::both(Color::Auto);
    let mut complaints = Complaints::printed(Snippets::new(conversation));
    let arena = Bump::new();
    let Some((environment, variables)) = gather(&arena, eval, &mut complaints) else { return Ok(Exit::Failed) };
    let source = eval.expression.as_str();
    let program = match Program::compile(&environment, source, Type::Dyn) {
        Ok(program) => program,
        Err(problems) => {
            for Problem { message, range, help } in problems {
                let diagnostic = Diagnostic::error(Some(place(source, range)), message);
                complaints.take(Diagnostic { help, ..diagnostic }, Some(source));
            }
            return Ok(Exit::Failed);
        }
    };
    match program.eval(&arena, &variables, &Budget::default()) {
        Ok(value) => {
            let mut out = io::stdout().lock();
            writeln!(out, "{}", visible_json(&shown(&arena, value)))?;
            if eval.types {
                writeln!(out, "{}", Shape::of(value))?;
            }
            Ok(Exit::Clean)
        }
        Err(error) => {
            let blame = program.blame(&arena, &variables, &Budget::default());
            let range = blame.as_ref().map_or(error.range(), Blame::range);
            let diagnostic = Diagnostic::error(Some(place(source, range)), program.explain(&error));
            let values = blame.map(|blame| blame.values_in(source)).filter(|values| !values.is_empty());
            complaints.take(Diagnostic { label: values, ..diagnostic }, Some(source));
            Ok(Exit::Failed)
        }
    }
}

/// What the expression may use; [`None`] if something of it cannot be read.
fn gather<'a>(arena: &'a Bump, eval: &'a Eval, complaints: &mut Complaints) -> Option<(Environment, Variables<'a>)> {
    let mut named: Vec<(&str, Value<'a>)> = Vec::new();
    if eval.object.is_some() || eval.old.is_some() {
        for (name, path) in [("object", &eval.object), ("oldObject", &eval.old)] {
            let value = path.as_ref().map_or(Some(Value::Null), |path| read(arena, path, complaints));
            named.extend(value.map(|value| (name, value)));
        }
    }
    for written in &eval.variables {
        match variable(arena, written) {
            Ok((name, _)) if named.iter().any(|(known, _)| *known == name) => {
                complaints.take(Diagnostic::error(None, format!("`{name}` is given twice")), None);
            }
            Ok(variable) => named.push(variable),
            Err(diagnostic) => complaints.take(diagnostic, None),
        }
    }
    if named.len() > usize::from(Environment::SLOTS) {
        let message = format!("more than {} variables", Environment::SLOTS);
        complaints.take(Diagnostic::error(None, message), None);
    }
    if complaints.errors() > 0 {
        return None;
    }
    let environment = (0..)
        .zip(&named)
        .fold(Environment::new(), |environment, (slot, (name, _))| environment.variable(*name, slot, Type::Dyn));
    Some((environment, Variables(named.into_iter().map(|(_, value)| value).collect())))
}

/// Reads `NAME=JSON`.
fn variable<'a>(arena: &'a Bump, written: &'a str) -> Result<(&'a str, Value<'a>), Diagnostic> {
    let wrong =
        |message: String| Diagnostic::error(None, message).help("write `--var NAME=JSON`, as in `--var limit=3`");
    let (name, text) =
        written.split_once('=').ok_or_else(|| wrong(format!("`{written}` is not a name and a value")))?;
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !name.chars().all(letter) || name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(wrong(format!("`{name}` is not the name of a variable")));
    }
    match json::parse(arena, text.as_bytes(), &Limits::FILE) {
        Ok(value) => Ok((name, value.into())),
        Err(error) => Err(wrong(format!("the value of `{name}` is not JSON: {error}"))),
    }
}

/// Reads the one document of a file.
fn read<'a>(arena: &'a Bump, path: &Path, complaints: &mut Complaints) -> Option<Value<'a>> {
    let inputs = input::read(&[path.to_owned()], &mut |complaint| complaints.take(complaint, None));
    match inputs.as_slice() {
        [input] => document(arena, input, complaints),
        [] if complaints.errors() > 0 => None,
        inputs => {
            let message = format!("`{}` holds {} files, and one is wanted", path.display(), inputs.len());
            complaints.take(Diagnostic::error(None, message), None);
            None
        }
    }
}

fn document<'a>(arena: &'a Bump, input: &Input, complaints: &mut Complaints) -> Option<Value<'a>> {
    let text: &'a str = arena.alloc_str(&input.text);
    let mut found: Vec<document::Value<'a>> = Vec::new();
    for document in yaml::documents(arena, text, &Limits::FILE) {
        match document {
            Ok(document) => found.push(document.root),
            Err(error) => {
                complaints.take(input.refused(error), Some(&input.text));
                return None;
            }
        }
    }
    match found.as_slice() {
        [value] => Some((*value).into()),
        documents => {
            let count = documents.len();
            let message = format!("`{}` holds {count} documents, and one is wanted", input.name);
            complaints.take(Diagnostic::error(None, message), None);
            None
        }
    }
}

/// The value as JSON, and what JSON lacks as CEL writes it.
fn shown<'a>(arena: &'a Bump, value: Value<'a>) -> String {
    match value {
        Value::Optional(Some(value)) => shown(arena, *value),
        Value::Double(number) if number.is_nan() => "\"NaN\"".to_owned(),
        Value::Double(number) if number.is_infinite() => {
            if number > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" }.to_owned()
        }
        value => match value.to_document(arena) {
            Some(document) => document.to_string(),
            None => value.to_string(),
        },
    }
}

/// The place of a piece of the expression.
fn place(source: &str, range: std::ops::Range<usize>) -> Place {
    let before = source.get(..range.start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let span = Span { start: range.start, end: range.end, line: number(line), column: number(column) };
    Place { file: Arc::from(NAME), span }
}
