//! Walks down to the part that decides: once more through an expression that was false or failed, with the values at
//! hand that its macros had when it did.

use crate::cel::blame::Blame;
use crate::cel::error::Part;
use crate::cel::eval::Evaluation;
use crate::cel::node::{Kind, Loop, LoopKind, Node, OptionalMap, Path};
use crate::cel::value::Value;

/// What became of a part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    True,
    False,
    Failed,
    /// Something else, which decides nothing.
    Other,
    /// The budget is spent: nothing can be found out any more.
    Spent,
}

impl<'a> Evaluation<'_, 'a> {
    /// The part of `root` that decides its result; [`None`] if that cannot be found out within the budget.
    pub fn blame(&self, root: &'a Node) -> Option<Blame<'a>> {
        let mut elements = Vec::new();
        let mut node = root;
        loop {
            let outcome = self.outcome(node);
            if outcome == Outcome::Spent {
                return None;
            }
            match self.decisive(node, outcome, &mut elements) {
                Some(next) => node = next,
                None => break,
            }
        }
        let mut values = Vec::new();
        self.values(node, &mut values);
        let part = self.part(node);
        let is_narrower = part != root.part;
        let outcome = self.outcome(node);
        let variable = match node.kind {
            Kind::Composed(place) if outcome == Outcome::Failed => Some(place),
            _ => None,
        };
        Some(Blame { part, is_narrower, holds: outcome == Outcome::True, variable, elements, values })
    }

    /// The part that a node is; of a path that leads nowhere, up to the step that cannot be made.
    fn part(&self, node: &'a Node) -> Part {
        let Kind::Path(path) = &node.kind else { return node.part };
        let next = path.steps.get(self.made(path) + 1);
        next.map_or(node.part, |next| next.from)
    }

    /// How many steps of a path can be made, of all but the last.
    fn made(&self, path: &'a Path) -> usize {
        let leads = |count: &usize| path.steps.get(..*count).is_some_and(|steps| self.path(path, steps).is_ok());
        (1..path.steps.len()).take_while(leads).count()
    }

    fn outcome(&self, node: &'a Node) -> Outcome {
        match self.value(node) {
            Ok(Value::Bool(true)) => Outcome::True,
            Ok(Value::Bool(false)) => Outcome::False,
            Ok(_) => Outcome::Other,
            Err(failed) if self.why(failed).is_fatal() => Outcome::Spent,
            Err(_) => Outcome::Failed,
        }
    }

    /// The part of `node` that alone makes it what it is, if there is one.
    fn decisive(&self, node: &'a Node, outcome: Outcome, elements: &mut Vec<(Part, Value<'a>)>) -> Option<&'a Node> {
        let first = |nodes: &'a [Node]| nodes.iter().find(|node| self.outcome(node) == outcome);
        match (&node.kind, outcome) {
            (Kind::And(terms), Outcome::False | Outcome::Failed) => first(terms),
            (Kind::Or(terms), Outcome::True | Outcome::Failed) => first(terms),
            (Kind::Not(operand), Outcome::Failed) => Some(operand),
            // What cannot be taken apart any more is shown with its `!`.
            (Kind::Not(operand), _) if is_taken_apart(operand, self.outcome(operand)) => Some(operand),
            (Kind::Conditional(parts), _) => {
                let [condition, then, otherwise] = &**parts;
                Some(match self.truth(condition) {
                    Ok(true) => then,
                    Ok(false) => otherwise,
                    Err(_) => condition,
                })
            }
            (Kind::Loop(each), _) => self.decisive_element(each, outcome, elements),
            (Kind::OptionalMap(map), Outcome::Failed) => self.decisive_body(map),
            (_, Outcome::Failed) => node.first_of(|child| self.outcome(child) == Outcome::Failed),
            _ => None,
        }
    }

    /// The test or result of the element that decides, with the variables of the loop set to that element.
    fn decisive_element(
        &self,
        each: &'a Loop,
        outcome: Outcome,
        elements: &mut Vec<(Part, Value<'a>)>,
    ) -> Option<&'a Node> {
        let range = match self.value(&each.range) {
            Ok(range) => range,
            Err(_) => return Some(&each.range),
        };
        if outcome != Outcome::Failed && !is_decided_by_one(each.kind, outcome) {
            return None;
        }
        for place in 0..self.length(each, range).ok()? {
            self.enter(each, range, place);
            for part in each.test.iter().chain(&each.result) {
                match self.outcome(part) {
                    Outcome::Spent => return None,
                    found if found == outcome => {
                        let element = match range {
                            Value::Map(map) => map.entry(place).map(|(key, _)| key)?,
                            _ => Value::Int(i64::try_from(place).ok()?),
                        };
                        elements.push((each.range.part, element));
                        return Some(part);
                    }
                    // What the test does not take has no result.
                    Outcome::False if each.result.is_some() => break,
                    _ => {}
                }
            }
        }
        None
    }

    fn decisive_body(&self, map: &'a OptionalMap) -> Option<&'a Node> {
        match self.value(&map.operand) {
            Ok(Value::Optional(Some(value))) => {
                self.set(map.local, *value);
                (self.outcome(&map.body) == Outcome::Failed).then_some(&map.body)
            }
            Ok(_) => None,
            Err(_) => Some(&map.operand),
        }
    }

    /// What the parts of `node` are, as far as they have a value and are not written there.
    fn values(&self, node: &'a Node, values: &mut Vec<(Part, Value<'a>)>) {
        if let Kind::Path(path) = &node.kind {
            let made = self.made(path);
            let (steps, next) = path.steps.split_at_checked(made).unwrap_or_default();
            values.extend(next.first().map(|next| next.from).zip(self.path(path, steps).ok()));
        }
        node.first_of(|child| {
            match &child.kind {
                Kind::Constant(_) => {}
                Kind::And(_) | Kind::Or(_) | Kind::Not(_) | Kind::Binary(..) | Kind::Has(_) if self.is_test(child) => {
                    self.values(child, values);
                }
                _ if values.iter().any(|(part, _)| *part == child.part) => {}
                _ => values.extend(self.value(child).ok().map(|value| (child.part, value))),
            }
            values.len() >= Blame::MOST_VALUES
        });
    }

    /// Whether a part is a boolean made of others, which say more than it does.
    fn is_test(&self, node: &'a Node) -> bool {
        matches!(self.outcome(node), Outcome::True | Outcome::False | Outcome::Failed)
    }
}

/// Whether one part of a test may decide it alone.
fn is_taken_apart(node: &Node, outcome: Outcome) -> bool {
    match &node.kind {
        Kind::Not(_) | Kind::Conditional(_) => true,
        Kind::And(_) => outcome == Outcome::False,
        Kind::Or(_) => outcome == Outcome::True,
        Kind::Loop(each) => is_decided_by_one(each.kind, outcome),
        _ => false,
    }
}

/// Whether one element is enough for a loop to come out so.
fn is_decided_by_one(kind: LoopKind, outcome: Outcome) -> bool {
    matches!((kind, outcome), (LoopKind::All, Outcome::False) | (LoopKind::Exists, Outcome::True))
}
