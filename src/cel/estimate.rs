//! What an expression may cost at worst, before it runs: one that could never end within its budget is refused when its
//! policy loads, as the API server refuses one in a CustomResourceDefinition.
//!
//! Of the sizes in an object nothing is known but its types, and what a request can hold, so an object of modest size is
//! assumed: [`ELEMENTS`] in a list, [`TEXT`] bytes in a text that may be anything. A composed variable is evaluated once,
//! however often it is read, and its value is as large as its own expression makes it. The bound is as generous as that is rough. It is passed by four loops
//! inside one another over lists that have nothing to do with each other, or by texts that double over and over; never by loops
//! over what an outer loop goes through, whose elements are bounded by the object all together.
//!
//! The API server's own validation bounds names and labels, at 253 bytes and less, and few lists of a Pod
//! (`dnsConfig.searches`), none of which rules go through: no verdict would change by it. A mutating webhook is asked
//! before it anyway.

mod calls;
mod extent;

use crate::cel::ast::Operator;
use crate::cel::blame::piece;
use crate::cel::budget::Budget;
use crate::cel::environment::{Environment, bit};
use crate::cel::error::Part;
use crate::cel::node::{Constant, Kind, Loop, LoopKind, Node, Start};
use crate::cel::problem::Problem;
use crate::cel::shape::Shape;

pub(crate) use extent::Extent;

/// Elements that a list or map of an object is taken to have.
pub(in crate::cel) const ELEMENTS: u64 = 1_024;
/// Bytes that a text of an object is taken to have.
pub(in crate::cel) const TEXT: u64 = 256;
/// Steps that no expression may be estimated to take: four million times what it may take when it runs.
pub(in crate::cel) const ABSURD: u64 = 4 * Budget::EXPRESSION * Budget::EXPRESSION;

/// What an expression may cost at worst.
#[derive(Clone, Debug)]
pub(crate) struct Cost {
    /// The steps that it takes, but for the composed variables that it reads.
    own: u64,
    /// The composed variables that it reads, and those that they read: one bit for each place.
    reads: u64,
    /// The steps of all of it.
    pub steps: u64,
    /// Why that is too much, if it is.
    pub problem: Option<Problem>,
    /// How large its value may be.
    value: Extent,
}

impl Cost {
    /// That of what is there already.
    pub fn none(shape: &Shape) -> Self {
        Cost { own: 0, reads: 0, steps: 0, problem: None, value: Extent::part(1, shape) }
    }
}

/// What a part of an expression may take, and what comes of it.
struct Outcome {
    steps: u64,
    value: Extent,
}

/// The part that takes the most by itself.
#[derive(Default)]
struct Worst {
    steps: u64,
    part: Part,
    /// The loops that it stands in: the part that each goes through, and how often.
    loops: Vec<(Part, u64)>,
}

struct Estimator<'e> {
    environment: &'e Environment,
    /// The composed variables that were read, and their steps.
    reads: u64,
    variables: u64,
    /// What the variables of macros stand for.
    locals: Vec<Extent>,
    /// The loops around the current part.
    loops: Vec<(Part, u64)>,
    worst: Worst,
}

/// What an expression may cost at worst, in an environment that knows the variables it reads.
pub(crate) fn cost(environment: &Environment, node: &Node, locals: usize, source: &str) -> Cost {
    let mut estimator = Estimator {
        environment,
        reads: 0,
        variables: 0,
        locals: vec![Extent::Scalar; locals],
        loops: Vec::new(),
        worst: Worst::default(),
    };
    let Outcome { steps: own, value } = estimator.node(node);
    let Estimator { reads, variables, worst, .. } = estimator;
    let steps = own.saturating_add(variables);
    let problem = (steps > ABSURD).then(|| too_much(worst, steps, source));
    Cost { own, reads, steps, problem, value }
}

/// Why so many steps are too many to be tried.
fn too_much(worst: Worst, steps: u64, source: &str) -> Problem {
    let Worst { part, loops, steps: own } = worst;
    let times = loops.iter().fold(1, |times: u64, (_, count)| times.saturating_mul(*count));
    let shown = |part: Part| piece(source, part).unwrap_or_default();
    let around = loops.iter().map(|(range, count)| format!("{count} elements of `{}`", shown(*range)));
    let around = around.collect::<Vec<_>>().join(", for each of those ");
    let what = match own / times.max(1) {
        _ if loops.is_empty() => format!("`{}` takes them", shown(part)),
        0..=1024 => format!("`{}` is evaluated for {around}", shown(part)),
        each => format!("`{}` takes {} each time, for {around}", shown(part), rounded(each)),
    };
    let most = Budget::EXPRESSION;
    let message = format!("this may take {} steps, and an expression has {most}: {what}", rounded(steps));
    let help = if loops.len() > 1 {
        "an inner loop is cheap where it goes through what belongs to the element of the outer one; what it finds for all of them alike can \
         stand in `variables`"
    } else {
        "the values that are made here grow with each step"
    };
    Problem::new(part.start.into()..part.end.into(), message).help(help)
}

/// A large number as a person would say it.
fn rounded(steps: u64) -> String {
    match steps {
        u64::MAX => "more than 10^19".to_owned(),
        0..1_000_000 => steps.to_string(),
        _ => format!("10^{}", steps.ilog10()),
    }
}

impl Estimator<'_> {
    /// How often the current part is evaluated.
    fn times(&self) -> u64 {
        self.loops.iter().fold(1, |times: u64, (_, count)| times.saturating_mul(*count))
    }

    /// What a part takes besides its own parts.
    fn charge(&mut self, part: Part, steps: u64) -> u64 {
        let steps = steps.saturating_add(1);
        let all = steps.saturating_mul(self.times());
        if all > self.worst.steps {
            self.worst = Worst { steps: all, part, loops: self.loops.clone() };
        }
        steps
    }

    fn all<'n>(&mut self, nodes: impl IntoIterator<Item = &'n Node>) -> (u64, Vec<Extent>) {
        let mut steps = 0_u64;
        let mut values = Vec::new();
        for node in nodes {
            let outcome = self.node(node);
            steps = steps.saturating_add(outcome.steps);
            values.push(outcome.value);
        }
        (steps, values)
    }

    fn slot(&self, slot: u8) -> Extent {
        Extent::part(1, self.environment.shape_of(slot).unwrap_or(&Shape::DYN))
    }

    fn local(&self, local: usize) -> Extent {
        self.locals.get(local).cloned().unwrap_or(Extent::Scalar)
    }

    fn node(&mut self, node: &Node) -> Outcome {
        let (steps, own, value) = match &node.kind {
            Kind::Constant(constant) => (0, 0, of_constant(constant)),
            Kind::Slot(slot) => (0, 0, self.slot(*slot)),
            Kind::Composed(place) => (0, 0, self.composed(node.part, *place)),
            Kind::Local(local) => (0, 0, self.local(*local)),
            Kind::Path(path) => {
                let start = match path.start {
                    Start::Slot(slot) => self.slot(slot),
                    Start::Local(local) => self.local(local),
                };
                let each = (Budget::VALUE + 1).saturating_mul(length_of(path.steps.len()));
                (0, each, path.steps.iter().fold(start, |extent, step| extent.member(Some(&step.field))))
            }
            Kind::Select(select) => {
                let Outcome { steps, value } = self.node(&select.operand);
                (steps, Budget::VALUE, value.member(Some(&select.field)))
            }
            Kind::Has(select) => (self.node(&select.operand).steps, 0, Extent::Scalar),
            Kind::Index(index) => {
                let (steps, values) = self.all([&index.operand, &index.index]);
                let name = match index.index.constant() {
                    Some(Constant::String(name)) => Some(&**name),
                    _ => None,
                };
                let value = values.first().map_or(Extent::Scalar, |value| value.member(name));
                (steps, Budget::VALUE, value)
            }
            Kind::Not(operand) | Kind::Negate(operand) => (self.node(operand).steps, 0, Extent::Scalar),
            Kind::And(terms) | Kind::Or(terms) => (self.all(terms).0, 0, Extent::Scalar),
            Kind::Binary(operator, sides) => {
                let (steps, values) = self.all(&**sides);
                let (own, value) = binary(*operator, &values);
                (steps, own, value)
            }
            Kind::Conditional(parts) => {
                let (steps, mut values) = self.all(&**parts);
                let (otherwise, then) = (values.pop(), values.pop());
                (steps, 0, Extent::either(then.unwrap_or(Extent::Scalar), otherwise.unwrap_or(Extent::Scalar)))
            }
            Kind::List(elements) => {
                let (steps, values) = self.all(elements.iter().map(|element| &element.value));
                let count = length_of(values.len());
                (steps, count.saturating_mul(Budget::VALUE), Extent::list(count, Extent::largest(values)))
            }
            Kind::Map(entries) => {
                let (keys, _) = self.all(entries.iter().map(|entry| &entry.key));
                let (values, extents) = self.all(entries.iter().map(|entry| &entry.value));
                let count = length_of(entries.len());
                let value = Extent::list(count, Extent::largest(extents));
                (keys.saturating_add(values), count.saturating_mul(count), value)
            }
            Kind::Matches(matches) => {
                let Outcome { steps, value } = self.node(&matches.0);
                (steps, value.bytes() / 16, Extent::Scalar)
            }
            Kind::Call(call) => {
                let (steps, values) = self.all(&call.arguments);
                let constants: Vec<_> = call.arguments.iter().map(Node::constant).collect();
                let (own, value) = calls::call(&call.overloads, &values, &constants);
                (steps, own, value)
            }
            Kind::Loop(each) => self.each(each),
            Kind::Fallback(fallback) => {
                let (steps, mut values) = self.all([&fallback.optional, &fallback.fallback]);
                let (otherwise, found) = (values.pop(), values.pop());
                (steps, 0, Extent::either(found.unwrap_or(Extent::Scalar), otherwise.unwrap_or(Extent::Scalar)))
            }
            Kind::OptionalMap(map) => {
                let Outcome { steps, value } = self.node(&map.operand);
                self.set(map.local, value);
                let body = self.node(&map.body);
                (steps.saturating_add(body.steps), 0, body.value)
            }
        };
        let own = self.charge(node.part, own);
        Outcome { steps: steps.saturating_add(own), value }
    }

    fn each(&mut self, each: &Loop) -> (u64, u64, Extent) {
        let Outcome { steps: of_range, value: range } = self.node(&each.range);
        let count = range.elements();
        let element = range.element();
        match each.second {
            Some(second) => {
                self.set(each.local, range.key());
                self.set(second, element.clone());
            }
            // An element of a list or a key of a map, whichever it is.
            None => self.set(each.local, Extent::either(element.clone(), range.key())),
        }
        self.loops.push((each.range.part, count));
        let (steps, mut made) = self.all(each.test.iter().chain(&each.result));
        self.loops.pop();
        let result = if each.result.is_some() { made.pop() } else { None }.unwrap_or(element);
        let all = steps.saturating_mul(count);
        // What is collected is paid for, sorted with some comparisons for each element.
        let (own, value) = match each.kind {
            LoopKind::All | LoopKind::Exists | LoopKind::ExistsOne => (0, Extent::Scalar),
            LoopKind::Map | LoopKind::Filter | LoopKind::TransformMap => {
                (count.saturating_mul(Budget::VALUE), Extent::list(count, result))
            }
            LoopKind::SortBy => (count.saturating_mul(Budget::VALUE + 16), range),
            LoopKind::TransformMapEntry => {
                let made = count.saturating_mul(result.elements());
                (made.saturating_mul(made) / 2, Extent::list(made, result.element()))
            }
        };
        (of_range.saturating_add(all), own, value)
    }

    /// A composed variable: it takes its steps where it is read first, and only once.
    fn composed(&mut self, part: Part, place: usize) -> Extent {
        let Some(cost) = self.environment.cost_of(place) else { return Extent::Part(1, Shape::DYN) };
        let all = cost.reads | bit(place);
        let mut steps = 0_u64;
        for (other, known) in self.environment.costs().enumerate() {
            if all & !self.reads & bit(other) != 0 {
                steps = steps.saturating_add(known.own);
            }
        }
        self.reads |= all;
        self.variables = self.variables.saturating_add(steps);
        if steps > self.worst.steps {
            self.worst = Worst { steps, part, loops: Vec::new() };
        }
        cost.value.clone()
    }

    fn set(&mut self, local: usize, extent: Extent) {
        if let Some(place) = self.locals.get_mut(local) {
            *place = extent;
        }
    }
}

fn binary(operator: Operator, sides: &[Extent]) -> (u64, Extent) {
    let [left, right] = sides else { return (0, Extent::Scalar) };
    match operator {
        Operator::Add => {
            let sum = Extent::sum(left, right);
            (sum.built(), sum)
        }
        Operator::In => (right.elements().saturating_mul(left.compared().max(1)), Extent::Scalar),
        Operator::Equal | Operator::NotEqual => (left.compared().min(right.compared()), Extent::Scalar),
        _ => (left.bytes().min(right.bytes()) / 64, Extent::Scalar),
    }
}

fn of_constant(constant: &Constant) -> Extent {
    match constant {
        Constant::String(text) => Extent::text(length_of(text.len())),
        Constant::Bytes(bytes) => Extent::text(length_of(bytes.len())),
        Constant::List(elements) => {
            Extent::list(length_of(elements.len()), Extent::largest(elements.iter().map(of_constant)))
        }
        _ => Extent::Scalar,
    }
}

fn length_of(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
