//! What is right by its types and probably not meant: comparisons that come out the same for every request, and
//! variables of macros that nothing reads. Doubts are warnings, because Kubernetes grows.

use std::ops::Range;

use crate::cel::ast::{self, Expression, Literal, Operator};
use crate::cel::blame::piece;
use crate::cel::compile::{Compiler, part};
use crate::cel::node::{Constant, Node};
use crate::cel::problem::Problem;
use crate::cel::shape::{Shape, Words};
use crate::cel::types::Type;
use crate::diagnostic;

/// One side of an operator.
type Side<'s> = (&'s Expression, &'s Shape);

impl Compiler<'_> {
    fn doubt(&mut self, problem: Problem) {
        self.doubts.push(problem);
    }

    /// The source of a part, for a message.
    fn source_of(&self, range: &Range<usize>) -> String {
        piece(self.source, part(range)).unwrap_or_default()
    }

    /// What an operator makes of two sides that are known well enough.
    pub(super) fn doubt_comparison(
        &mut self,
        range: &Range<usize>,
        operator: Operator,
        left: Side<'_>,
        right: Side<'_>,
    ) {
        use Operator::{Equal, Greater, GreaterOrEqual, In, Less, LessOrEqual, NotEqual};
        match operator {
            Equal | NotEqual | Less | LessOrEqual | Greater | GreaterOrEqual if is_one_value(left, right) => {
                let holds = matches!(operator, Equal | LessOrEqual | GreaterOrEqual);
                let message = format!("this is always {holds}: both sides are the same");
                self.doubt(Problem::new(range.clone(), message));
            }
            Equal | NotEqual => {
                self.doubt_null(left, right);
                self.doubt_null(right, left);
                self.doubt_equality(range, left, right);
                self.doubt_size(range, operator, left.0, right.0);
            }
            In => self.doubt_membership(range, left, right),
            Less | LessOrEqual | Greater | GreaterOrEqual => self.doubt_size(range, operator, left.0, right.0),
            _ => {}
        }
    }

    /// Words that can never be equal.
    fn doubt_equality(&mut self, range: &Range<usize>, left: Side<'_>, right: Side<'_>) {
        let (Shape::Word(words), Shape::Word(others)) = (left.1, right.1) else { return };
        if !words.are_apart(others) {
            return;
        }
        match (text(left.0), text(right.0)) {
            (Some(word), _) => self.doubt_word(right.0, others, left.0, word),
            (_, Some(word)) => self.doubt_word(left.0, words, right.0, word),
            _ => {
                let (left, right) = (self.source_of(&left.0.range), self.source_of(&right.0.range));
                let message = format!("`{left}` and `{right}` are never equal");
                self.doubt(Problem::new(range.clone(), message).help(one_of(&format!("`{left}` is"), words)));
            }
        }
    }

    /// Words that are never in a list.
    fn doubt_membership(&mut self, range: &Range<usize>, left: Side<'_>, right: Side<'_>) {
        let (Shape::Word(words), Shape::List(element)) = (left.1, right.1) else { return };
        if let ast::Kind::List(elements) = &right.0.kind {
            for element in elements {
                if let Some(word) = text(&element.value)
                    && let Shape::Word(written) = Shape::written(word)
                    && words.are_apart(&written)
                {
                    self.doubt_word(left.0, words, &element.value, word);
                }
            }
        } else if let Shape::Word(others) = &**element
            && words.are_apart(others)
        {
            let (left, right) = (self.source_of(&left.0.range), self.source_of(&right.0.range));
            let message = format!("`{left}` is never in `{right}`");
            self.doubt(Problem::new(range.clone(), message).help(one_of("in it are", others)));
        }
    }

    /// A word that a field never holds. Whether it is empty may be asked of every text.
    fn doubt_word(&mut self, field: &Expression, words: &Words, place: &Expression, word: &str) {
        if word.is_empty() {
            return;
        }
        let field = self.source_of(&field.range);
        let mut problem = Problem::new(place.range.clone(), format!("`{field}` is never `{word}`"));
        problem = problem.suggest(word, words.iter());
        if problem.help.is_none() {
            problem = problem.help(one_of("it is", words));
        }
        self.doubt(problem);
    }

    /// A field of the API that is asked whether it is `null`: it may be missing, and that is an error.
    fn doubt_null(&mut self, field: Side<'_>, null: Side<'_>) {
        let is_null = matches!(null.0.kind, ast::Kind::Literal(Literal::Null));
        let is_field = matches!(field.0.kind, ast::Kind::Select { optional: false, .. });
        if let Shape::Object(object) = field.1
            && is_null
            && is_field
            && object.is_of_the_api()
        {
            let source = self.source_of(&field.0.range);
            let message =
                format!("`{source}` is never null: a field that is not set is not there, and reading it an error");
            self.doubt(Problem::new(field.0.range.clone(), message).help(format!("ask `has({source})`")));
        }
    }

    /// A size that is compared with a number that tells none apart.
    fn doubt_size(&mut self, range: &Range<usize>, operator: Operator, left: &Expression, right: &Expression) {
        let (operator, number) = match (is_size(left), number(left), is_size(right), number(right)) {
            (true, _, _, Some(number)) => (operator, number),
            (_, Some(number), true, _) => (mirrored(operator), number),
            _ => return,
        };
        let holds = match operator {
            Operator::GreaterOrEqual if number <= 0 => true,
            Operator::Greater | Operator::NotEqual if number < 0 => true,
            Operator::Less if number <= 0 => false,
            Operator::LessOrEqual | Operator::Equal if number < 0 => false,
            _ => return,
        };
        self.doubt(Problem::new(range.clone(), format!("this is always {holds}: no size is below 0")));
    }

    /// The terms of a chain of `&&` or `||`: one that decides nothing, and two that leave nothing to decide.
    pub(super) fn doubt_terms(&mut self, operator: Operator, terms: &[&Expression], nodes: &[Node]) {
        for (term, node) in terms.iter().zip(nodes) {
            self.doubt_constant(&term.range, node);
        }
        let wanted = if operator == Operator::And { Operator::Equal } else { Operator::NotEqual };
        let holds = operator == Operator::Or;
        let mut tests: Vec<Test<'_>> = Vec::new();
        for (place, term) in terms.iter().enumerate() {
            if terms.iter().take(place).any(|before| is_same(before, term)) {
                let source = self.source_of(&term.range);
                self.doubt(Problem::new(term.range.clone(), format!("`{source}` stands here twice")));
            }
            let Some(test) = Test::of(term, wanted) else { continue };
            if let Some(other) = tests.iter().find(|other| other.excludes(&test)) {
                let [tested, one, two] =
                    [test.tested, other.value, test.value].map(|expression| self.source_of(&expression.range));
                let cannot = if holds { "is never" } else { "cannot be" };
                let message = format!("this is always {holds}: `{tested}` {cannot} both `{one}` and `{two}`");
                let (found, meant) = if holds { ("||", "&&") } else { ("&&", "||") };
                let range = other.term.range.start..term.range.end;
                let help = format!("`{meant}` is probably meant, not `{found}`");
                self.doubt(Problem::new(range, message).help(help));
                break;
            }
            tests.push(test);
        }
    }

    /// A condition that is the same for every request.
    pub(super) fn doubt_constant(&mut self, range: &Range<usize>, node: &Node) {
        if let Some(Constant::Bool(value)) = node.constant() {
            self.doubt(Problem::new(range.clone(), format!("this is always {value}")));
        }
    }

    /// Variables of a macro of which nothing is read. One that begins with `_` is not meant to be.
    pub(super) fn doubt_unused(&mut self, names: &[&Expression], from: usize) {
        let locals = self.locals.get(from..).unwrap_or_default();
        if locals.iter().any(|local| local.is_read || local.name.is_empty() || local.name.starts_with('_')) {
            return;
        }
        if let (Some(name), Some(local)) = (names.first(), locals.first()) {
            let message = format!("the variable `{}` is never used", local.name);
            self.doubt(Problem::new(name.range.clone(), message));
        }
    }
}

/// A sentence that begins so: which words there are.
fn one_of(subject: &str, words: &Words) -> String {
    const MOST: usize = 8;
    let all: Vec<_> = words.iter().filter(|word| !word.is_empty()).collect();
    match all.get(..MOST) {
        _ if all.is_empty() => format!("{subject} `''`"),
        Some(first) if all.len() > MOST => format!("{subject} `{}` or one of others", first.join("`, `")),
        _ => format!("{subject} {}", diagnostic::words(&all, "or")),
    }
}

fn text(expression: &Expression) -> Option<&str> {
    match &expression.kind {
        ast::Kind::Literal(Literal::String(text)) => Some(text),
        _ => None,
    }
}

fn number(expression: &Expression) -> Option<i64> {
    match &expression.kind {
        ast::Kind::Literal(Literal::Int(number)) => Some(*number),
        ast::Kind::Negate(operand) => number(operand).and_then(i64::checked_neg),
        _ => None,
    }
}

fn is_size(expression: &Expression) -> bool {
    matches!(&expression.kind, ast::Kind::Call { function, .. } if function == "size")
}

/// The operator that says the same with its sides exchanged.
fn mirrored(operator: Operator) -> Operator {
    match operator {
        Operator::Less => Operator::Greater,
        Operator::LessOrEqual => Operator::GreaterOrEqual,
        Operator::Greater => Operator::Less,
        Operator::GreaterOrEqual => Operator::LessOrEqual,
        other => other,
    }
}

/// A term that compares something with a literal.
struct Test<'s> {
    term: &'s Expression,
    tested: &'s Expression,
    value: &'s Expression,
}

impl<'s> Test<'s> {
    fn of(term: &'s Expression, operator: Operator) -> Option<Self> {
        let ast::Kind::Binary(found, sides) = &term.kind else { return None };
        let is_literal = |side: &Expression| matches!(side.kind, ast::Kind::Literal(_));
        match &**sides {
            _ if *found != operator => None,
            (tested, value) if is_literal(value) => Some(Test { term, tested, value }),
            (value, tested) if is_literal(value) => Some(Test { term, tested, value }),
            _ => None,
        }
    }

    /// Whether one value cannot equal both literals.
    fn excludes(&self, other: &Test<'_>) -> bool {
        let (ast::Kind::Literal(one), ast::Kind::Literal(two)) = (&self.value.kind, &other.value.kind) else {
            return false;
        };
        let differ = match (one, two) {
            (Literal::String(one), Literal::String(two)) => one != two,
            (Literal::Int(one), Literal::Int(two)) => one != two,
            (Literal::Bool(one), Literal::Bool(two)) => one != two,
            _ => false,
        };
        differ && is_same(self.tested, other.tested)
    }
}

/// Whether both sides have one value, which is equal to itself: a double need not be.
fn is_one_value(left: Side<'_>, right: Side<'_>) -> bool {
    !matches!(left.0.kind, ast::Kind::Literal(_)) && left.1.flat() != Type::Double && is_same(left.0, right.0)
}

/// Whether two parts are written alike and have one value wherever they stand together: names, and what is selected
/// from them.
fn is_same(one: &Expression, other: &Expression) -> bool {
    use ast::Kind::{Binary, Index, Literal, Name, Not, Select};
    match (&one.kind, &other.kind) {
        (Name(one), Name(other)) => one == other,
        (
            Select { operand: one, field, optional },
            Select { operand: other, field: other_field, optional: other_optional },
        ) => field == other_field && optional == other_optional && is_same(one, other),
        (
            Index { operand: one, index, optional },
            Index { operand: other, index: other_index, optional: other_optional },
        ) => optional == other_optional && is_same(one, other) && (is_same(index, other_index)),
        (Literal(one), Literal(other)) => is_equal(one, other),
        (Not(one), Not(other)) => is_same(one, other),
        (Binary(operator, sides), Binary(other_operator, others)) => {
            operator == other_operator && is_same(&sides.0, &others.0) && is_same(&sides.1, &others.1)
        }
        _ => false,
    }
}

/// Whether two literals are the same one.
fn is_equal(one: &Literal, other: &Literal) -> bool {
    match (one, other) {
        (Literal::Null, Literal::Null) => true,
        (Literal::Bool(one), Literal::Bool(other)) => one == other,
        (Literal::Int(one), Literal::Int(other)) => one == other,
        (Literal::Uint(one), Literal::Uint(other)) => one == other,
        (Literal::String(one), Literal::String(other)) => one == other,
        _ => false,
    }
}
