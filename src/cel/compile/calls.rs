//! Calls: which overloads they can mean.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::cel::ast::{self, Expression, Literal};
use crate::cel::compile::{Compiler, Typed, article, macros, names, typed};
use crate::cel::library::{self, Overload, Style};
use crate::cel::node::{Call, Constant, Fallback, Kind, Node};
use crate::cel::problem::Problem;
use crate::cel::shape::Shape;
use crate::cel::signature::Declared;
use crate::cel::types::Type;
use crate::diagnostic::suggest;

impl Compiler<'_> {
    pub(super) fn call(
        &mut self,
        range: &Range<usize>,
        function: &str,
        receiver: Option<&Expression>,
        arguments: &[Expression],
    ) -> Typed {
        if let Some(expanded) = self.expand(range, function, receiver, arguments) {
            return expanded;
        }
        // One problem is enough for a chain of methods that only the API server has.
        if let Some(receiver) = receiver.filter(|receiver| self.asks_authorizer(receiver)) {
            return self.lower(names::root(receiver));
        }
        if let Some(problem) = receiver.and_then(|receiver| self.foreign(range, receiver, function)) {
            return self.fail(problem);
        }
        let library = receiver.and_then(|receiver| self.library(receiver));
        let (name, style, receiver) = match (library, receiver) {
            (Some(library), _) => (format!("{library}.{function}"), Style::Global, None),
            (None, Some(receiver)) => (function.to_owned(), Style::Method, Some(receiver)),
            (None, None) => (function.to_owned(), Style::Global, None),
        };
        let mut nodes = Vec::with_capacity(arguments.len() + 1);
        let mut shapes = Vec::with_capacity(arguments.len() + 1);
        let outside = self.mixed;
        self.mixed |= name == "format" && style == Style::Method;
        for argument in receiver.into_iter().chain(arguments) {
            let Typed { node, shape } = self.lower(argument);
            nodes.push(node);
            shapes.push(shape);
        }
        self.mixed = outside;
        let named: Vec<&'static Overload> = library::find(&name, style).collect();
        if named.is_empty() {
            return self.fail(unknown(range, &name, style));
        }
        let counted: Vec<_> = named.iter().copied().filter(|other| other.arguments.len() == shapes.len()).collect();
        if counted.is_empty() {
            return self.fail(miscounted(range, &name, style, &named, arguments.len()));
        }
        let results = counted.iter().filter_map(|overload| Some((*overload, overload.result_for(&shapes)?)));
        let (mut taken, results): (Vec<_>, Vec<_>) = results.unzip();
        let Some(shape) = results.into_iter().reduce(|one, other| if one == other { one } else { Shape::DYN }) else {
            return self.fail(mistyped(range, &name, style, &counted, &shapes));
        };
        if let ("format", Some(receiver), [list]) = (name.as_str(), receiver, arguments) {
            self.check_format(receiver, list);
        }
        if name == "matches" {
            return self.matches(range, nodes, taken, arguments);
        }
        if let ("or" | "orValue", Style::Method) = (name.as_str(), style)
            && let [_, _] = nodes.as_slice()
            && let (Some(fallback), Some(optional)) = (nodes.pop(), nodes.pop())
        {
            let unwrap = name == "orValue";
            return typed(range, Kind::Fallback(Box::new(Fallback { optional, fallback, unwrap })), shape);
        }
        if let ("find" | "findAll", Some(ast::Kind::Literal(Literal::String(pattern)))) =
            (name.as_str(), arguments.first().map(|pattern| &pattern.kind))
            && let Err(message) = library::regex::compile(pattern)
        {
            let range = arguments.first().map_or(range, |pattern| &pattern.range);
            return self.fail(Problem::new(range.clone(), format!("not a regular expression: {message}")));
        }
        if let (Style::Method, [_, zone]) = (style, nodes.as_slice())
            && let Some(Constant::String(zone)) = zone.constant()
            && let Some(message) = library::time::check_zone(&name, zone)
        {
            let range = arguments.last().map_or(range, |zone| &zone.range);
            return self.fail(Problem::new(range.clone(), message));
        }
        let strict = taken.iter().any(|overload| overload.strict)
            && receiver.into_iter().chain(arguments).all(is_literal)
            && nodes.iter().all(|node| node.constant().is_some());
        // The types of a document are what it should have: what it has decides when the call runs.
        for other in counted {
            if !taken.iter().any(|overload| std::ptr::eq(*overload, other)) {
                taken.push(other);
            }
        }
        let call = typed(range, call_of(nodes, taken), shape);
        if strict { self.folded_strictly(call) } else { self.folded(call) }
    }

    /// What to say of a function of a library that Kubernetes does not have, such as `math.greatest`: neither its first
    /// part nor its last one means anything alone.
    fn foreign(&self, range: &Range<usize>, receiver: &Expression, function: &str) -> Option<Problem> {
        let ast::Kind::Name(first) = &receiver.kind else { return None };
        if self.is_known(first)
            || library::is_namespace(first)
            || library::find(function, Style::Method).next().is_some()
            || suggest(first, self.environment.names()).is_some()
        {
            return None;
        }
        let name = format!("{first}.{function}");
        let problem = Problem::new(range.clone(), format!("there is no function `{name}`"));
        Some(match name.as_str() {
            "cel.bind" => problem.help("a value gets a name in the `variables` of the policy"),
            _ => problem.suggest(&name, names_of(Style::Global)),
        })
    }

    /// `format`, as far as the format and the number of its values are written there.
    fn check_format(&mut self, receiver: &Expression, list: &Expression) {
        let (ast::Kind::Literal(Literal::String(pattern)), ast::Kind::List(elements)) = (&receiver.kind, &list.kind)
        else {
            return;
        };
        if elements.iter().any(|element| element.optional) {
            return;
        }
        // The list was the last part to be lowered.
        if let Err(flaw) = library::printf::check(pattern, &self.elements) {
            let element = flaw.value.and_then(|place| elements.get(place));
            self.problem(element.map_or(&receiver.range, |element| &element.value.range), flaw.message);
        }
    }

    /// `matches`, with the pattern compiled now if it is written there.
    fn matches(
        &mut self,
        range: &Range<usize>,
        mut nodes: Vec<Node>,
        overloads: Vec<&'static Overload>,
        arguments: &[Expression],
    ) -> Typed {
        let regex = match nodes.get(1).and_then(Node::constant) {
            Some(Constant::String(pattern)) => library::regex::compile(pattern),
            _ => return typed(range, call_of(nodes, overloads), Type::Bool),
        };
        if regex.is_err() && !arguments.last().is_some_and(is_literal) {
            return typed(range, call_of(nodes, overloads), Type::Bool);
        }
        let (text, pattern) = (nodes.swap_remove(0), arguments.last().map_or(range, |last| &last.range));
        match regex {
            Ok(regex) => self.folded(typed(range, Kind::Matches(Box::new((text, regex))), Type::Bool)),
            Err(message) => self.fail(Problem::new(pattern.clone(), format!("not a regular expression: {message}"))),
        }
    }
}

/// The functions of one literal whose result the API server works out when it loads an expression.
const CONVERSIONS: [&str; 9] = ["dyn", "bool", "int", "uint", "double", "string", "bytes", "duration", "timestamp"];

/// Whether the API server takes a part for known when it loads the expression: a literal, or one converted.
fn is_literal(expression: &Expression) -> bool {
    match &expression.kind {
        ast::Kind::Literal(_) => true,
        ast::Kind::Call { function, receiver: None, arguments } => {
            CONVERSIONS.contains(&function.as_str()) && arguments.iter().all(is_literal)
        }
        _ => false,
    }
}

fn call_of(nodes: Vec<Node>, overloads: Vec<&'static Overload>) -> Kind {
    Kind::Call(Box::new(Call { overloads: overloads.into(), arguments: nodes.into() }))
}

fn unknown(range: &Range<usize>, name: &str, style: Style) -> Problem {
    let (what, other, written) = match style {
        Style::Global => ("function", Style::Method, format!("x.{name}()")),
        Style::Method => ("method", Style::Global, format!("{name}(x)")),
    };
    let problem = Problem::new(range.clone(), format!("there is no {what} `{name}`"));
    if library::find(name, other).next().is_some() {
        return problem.help(format!("it is written `{written}`"));
    }
    problem.suggest(name, names_of(style))
}

/// The names of functions and macros, for suggestions.
fn names_of(style: Style) -> impl Iterator<Item = &'static str> {
    let macros = if style == Style::Method { macros::METHODS } else { &["has"] };
    let names = library::all().filter(move |overload| overload.style == style).map(|overload| overload.name);
    names.chain(macros.iter().copied()).collect::<BTreeSet<_>>().into_iter()
}

fn miscounted(range: &Range<usize>, name: &str, style: Style, named: &[&Overload], found: usize) -> Problem {
    let receiver = usize::from(style == Style::Method);
    let counts: BTreeSet<_> = named.iter().map(|overload| overload.arguments.len() - receiver).collect();
    let last = counts.last().copied().unwrap_or_default();
    let counts: Vec<_> = counts.iter().map(usize::to_string).collect();
    let noun = if last == 1 { "argument" } else { "arguments" };
    Problem::new(range.clone(), format!("`{name}` takes {} {noun}, not {found}", counts.join(" or ")))
}

fn mistyped(range: &Range<usize>, name: &str, style: Style, named: &[&Overload], shapes: &[Shape]) -> Problem {
    let list = |shapes: &[Shape]| shapes.iter().map(article).collect::<Vec<_>>().join(" and ");
    let problem = match (style, shapes) {
        (Style::Method, [receiver]) => format!("`{name}` is not a method of {}", article(receiver)),
        (Style::Method, [receiver, arguments @ ..]) => {
            format!("`{name}` of {} does not take {}", article(receiver), list(arguments))
        }
        (_, shapes) => format!("`{name}` does not take {}", list(shapes)),
    };
    let forms: BTreeSet<_> = named.iter().map(|overload| form(overload)).collect();
    Problem::new(range.clone(), problem)
        .help(format!("it is defined as {}", forms.into_iter().take(4).collect::<Vec<_>>().join(", ")))
}

/// An overload as it is written: `string.contains(string)`.
fn form(overload: &Overload) -> String {
    let list = |types: &[Declared]| types.iter().map(Declared::to_string).collect::<Vec<_>>().join(", ");
    match (overload.style, overload.arguments) {
        (Style::Method, [receiver, arguments @ ..]) => format!("`{receiver}.{}({})`", overload.name, list(arguments)),
        (_, arguments) => format!("`{}({})`", overload.name, list(arguments)),
    }
}
