//! Tokens to an expression: the grammar of CEL, one function for each of its levels.
//!
//! What is built is never deeper than [`DEPTH`], because everything behind it recurses, on the stack of whoever calls. A
//! chain of `&&` or `||` may be longer than that: it becomes a balanced tree.

mod next;

use std::ops::Range;

use super::tokens::{Kind as TokenKind, NESTING, Token};
use super::{literal, message};
use crate::cel::ast::{Element, Entry, Expression, Kind, Literal, Operator};
use crate::cel::problem::Problem;

/// Parts inside one another.
const DEPTH: usize = 128;

/// Words that are kept for the future; a field may be named so.
const RESERVED: [&str; 17] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "namespace",
    "package",
    "return",
    "var",
    "void",
    "while",
];

type Parsed = Result<Part, Problem>;

/// A part and how many parts are inside one another in it.
struct Part {
    expression: Expression,
    depth: usize,
}

/// A reader of tokens.
pub(super) struct Grammar<'s> {
    source: &'s str,
    tokens: &'s [Token],
    /// The place of the next token.
    at: usize,
    /// Expressions inside one another that are being read.
    nesting: usize,
    /// What is wrong and does not keep the rest from being read.
    problems: Vec<Problem>,
}

impl<'s> Grammar<'s> {
    /// A reader of these tokens.
    pub fn new(source: &'s str, tokens: &'s [Token]) -> Self {
        Grammar { source, tokens, at: 0, nesting: 0, problems: Vec::new() }
    }

    /// The whole expression.
    ///
    /// # Errors
    /// The first mistake of its grammar, or else all names and values that cannot be.
    pub fn whole(mut self) -> Result<Expression, Vec<Problem>> {
        let part = self.expression().map_err(|problem| vec![problem])?;
        if self.at < self.tokens.len() {
            return Err(vec![self.unexpected()]);
        }
        if self.problems.is_empty() { Ok(part.expression) } else { Err(self.problems) }
    }

    fn expression(&mut self) -> Parsed {
        // As deep as the brackets around it, and as what is built of it.
        if self.nesting > NESTING + DEPTH {
            return Err(too_deep(self.range(self.at).unwrap_or_else(|| self.end())));
        }
        self.nesting += 1;
        let condition = self.any()?;
        let question = self.at;
        let part = if self.eat("?") {
            let then = self.any()?;
            self.alternative(question)?;
            let otherwise = self.expression()?;
            let range = condition.start()..otherwise.end();
            let depth = condition.depth.max(then.depth).max(otherwise.depth);
            let parts = (condition.expression, then.expression, otherwise.expression);
            part(range, Kind::Conditional(Box::new(parts)), depth)?
        } else {
            condition
        };
        self.nesting -= 1;
        Ok(part)
    }

    fn any(&mut self) -> Parsed {
        let mut terms = vec![self.all()?];
        while self.eat("||") {
            terms.push(self.all()?);
        }
        balanced(Operator::Or, terms)
    }

    fn all(&mut self) -> Parsed {
        let mut terms = vec![self.operation(0)?];
        while self.eat("&&") {
            terms.push(self.operation(0)?);
        }
        balanced(Operator::And, terms)
    }

    /// Operands joined by operators that bind more strongly than `least`.
    fn operation(&mut self, least: u8) -> Parsed {
        let mut left = self.unary()?;
        while let Some((operator, strength)) = self.operator().filter(|(_, strength)| *strength > least) {
            self.at += 1;
            let right = self.operation(strength)?;
            left = binary(operator, left, right)?;
        }
        Ok(left)
    }

    fn operator(&self) -> Option<(Operator, u8)> {
        Some(match self.text(self.at)? {
            "<" => (Operator::Less, 1),
            "<=" => (Operator::LessOrEqual, 1),
            ">" => (Operator::Greater, 1),
            ">=" => (Operator::GreaterOrEqual, 1),
            "==" => (Operator::Equal, 1),
            "!=" => (Operator::NotEqual, 1),
            "in" => (Operator::In, 1),
            "+" => (Operator::Add, 2),
            "-" => (Operator::Subtract, 2),
            "*" => (Operator::Multiply, 3),
            "/" => (Operator::Divide, 3),
            "%" => (Operator::Remainder, 3),
            _ => return None,
        })
    }

    fn unary(&mut self) -> Parsed {
        let sign = match self.text(self.at) {
            Some("!") => "!",
            Some("-") if !self.is_number(self.at + 1) => "-",
            _ => return self.member(),
        };
        let first = self.at;
        while self.eat(sign) {}
        let signs = self.at - first;
        let operand = self.member()?;
        let (range, depth) = (self.start(first)..operand.end(), operand.depth);
        if signs.is_multiple_of(2) {
            return Ok(Part { expression: Expression { range, ..operand.expression }, depth });
        }
        let operand = Box::new(operand.expression);
        part(range, if sign == "!" { Kind::Not(operand) } else { Kind::Negate(operand) }, depth)
    }

    fn member(&mut self) -> Parsed {
        let mut left = self.primary()?;
        loop {
            if self.eat(".") {
                left = self.selected(left)?;
            } else if self.is("[") {
                let open = self.at;
                self.at += 1;
                let optional = self.eat("?");
                let index = self.expression()?;
                let range = left.start()..self.close(open, "]")?;
                let depth = left.depth.max(index.depth);
                let (operand, index) = (Box::new(left.expression), Box::new(index.expression));
                left = part(range, Kind::Index { operand, index, optional }, depth)?;
            } else {
                return Ok(left);
            }
        }
    }

    /// What stands behind a dot.
    fn selected(&mut self, operand: Part) -> Parsed {
        let optional = self.eat("?");
        let (start, depth) = (operand.start(), operand.depth);
        let operand = Box::new(operand.expression);
        if !optional && self.is_name() && self.text(self.at + 1) == Some("(") {
            return self.call(start, Some(operand), depth);
        }
        let field = match self.tokens.get(self.at) {
            Some(Token { kind: TokenKind::Escaped, .. }) => self.text(self.at).map(|text| text.trim_matches('`')),
            Some(_) if self.is_name() => self.text(self.at),
            _ => None,
        };
        let (Some(field), Some(name)) = (field, self.range(self.at)) else { return Err(self.unexpected()) };
        self.at += 1;
        part(start..name.end, Kind::Select { operand, field: field.to_owned(), optional }, depth)
    }

    /// A call, of which the name is next; all before it begins at `start`.
    fn call(&mut self, start: usize, receiver: Option<Box<Expression>>, depth: usize) -> Parsed {
        let function = self.text(self.at).unwrap_or_default().to_owned();
        let open = self.at + 1;
        self.at += 2;
        let mut depth = depth;
        let mut arguments = Vec::new();
        let mut more = !self.is(")");
        while more {
            let argument = self.expression()?;
            depth = depth.max(argument.depth);
            arguments.push(argument.expression);
            more = self.eat(",");
        }
        let end = self.close(open, ")")?;
        part(start..end, Kind::Call { function, receiver, arguments }, depth)
    }

    fn primary(&mut self) -> Parsed {
        let Some(token) = self.tokens.get(self.at) else { return Err(self.unexpected()) };
        let text = self.text(self.at).unwrap_or_default();
        match (token.kind, text) {
            (TokenKind::Sign, "(") => self.nested(),
            (TokenKind::Sign, "[") => self.list(),
            (TokenKind::Sign, "{") => self.map(),
            (TokenKind::Sign, "-") if self.is_number(self.at + 1) => self.literal(true),
            (TokenKind::Sign, ".") => {
                self.at += 1;
                if self.is_name() { self.name(true) } else { Err(self.unexpected()) }
            }
            (TokenKind::Sign | TokenKind::Escaped, _) | (TokenKind::Word, "in") => Err(self.unexpected()),
            (TokenKind::Word, "true" | "false" | "null") => self.literal(false),
            (TokenKind::Word, _) => self.name(false),
            _ => self.literal(false),
        }
    }

    fn nested(&mut self) -> Parsed {
        let open = self.at;
        self.at += 1;
        let inner = self.expression()?;
        let range = self.start(open)..self.close(open, ")")?;
        Ok(Part { expression: Expression { range, ..inner.expression }, depth: inner.depth })
    }

    /// A name or a call, of which the name is next.
    fn name(&mut self, is_global: bool) -> Parsed {
        let Some(own) = self.range(self.at) else { return Err(self.unexpected()) };
        if let Some(problem) = self.message() {
            return Err(problem);
        }
        let name = self.text(self.at).unwrap_or_default();
        if RESERVED.contains(&name) {
            self.problems.push(Problem::new(own.clone(), format!("`{name}` is a reserved word")));
        }
        if self.text(self.at + 1) == Some("(") {
            return self.call(own.start, None, 0);
        }
        self.at += 1;
        let name = if is_global { format!(".{name}") } else { name.to_owned() };
        Ok(leaf(own, Kind::Name(name)))
    }

    /// A message, which would begin here.
    fn message(&self) -> Option<Problem> {
        let mut last = self.at;
        while self.text(last + 1) == Some(".")
            && self.tokens.get(last + 2).is_some_and(|token| token.kind == TokenKind::Word)
        {
            last += 2;
        }
        if self.text(last + 1) != Some("{") {
            return None;
        }
        let start = self.range(self.at)?.start;
        let mut open = 0_usize;
        let mut end = self.end().end;
        for (place, token) in self.tokens.iter().enumerate().skip(last + 1) {
            match self.text(place) {
                Some("(" | "[" | "{") => open += 1,
                Some(")" | "]" | "}") => open = open.saturating_sub(1),
                _ => {}
            }
            if open == 0 {
                end = token.range.end;
                break;
            }
        }
        let name: String = (self.at..=last).filter_map(|place| self.text(place)).collect();
        let message = format!("`{name}{{..}}` makes a message, which there are none of");
        Some(Problem::new(start..end, message).help("a map is written `{'key': value}`"))
    }

    fn list(&mut self) -> Parsed {
        let (range, elements, depth) = self.elements("]", |grammar| {
            let optional = grammar.eat("?");
            let value = grammar.expression()?;
            Ok((Element { value: value.expression, optional }, value.depth))
        })?;
        part(range, Kind::List(elements), depth)
    }

    fn map(&mut self) -> Parsed {
        let (range, entries, depth) = self.elements("}", |grammar| {
            let optional = grammar.eat("?");
            let key = grammar.expression()?;
            grammar.colon()?;
            let value = grammar.expression()?;
            let depth = key.depth.max(value.depth);
            Ok((Entry { key: key.expression, value: value.expression, optional }, depth))
        })?;
        part(range, Kind::Map(entries), depth)
    }

    /// What stands between the bracket that is next and the sign that closes it, and how deep that goes. A comma may stand
    /// behind the last one.
    fn elements<T>(
        &mut self,
        end: &str,
        read: impl Fn(&mut Self) -> Result<(T, usize), Problem>,
    ) -> Result<(Range<usize>, Vec<T>, usize), Problem> {
        let open = self.at;
        self.at += 1;
        let (mut found, mut deepest) = (Vec::new(), 0);
        let mut more = !self.is(end) && !self.is(",");
        while more {
            let (one, depth) = read(self)?;
            deepest = deepest.max(depth);
            found.push(one);
            more = self.comma(end);
        }
        self.eat(",");
        Ok((self.start(open)..self.close(open, end)?, found, deepest))
    }

    fn literal(&mut self, is_negative: bool) -> Parsed {
        let start = self.start(self.at);
        self.at += usize::from(is_negative);
        let Some(Token { range, kind }) = self.tokens.get(self.at) else { return Err(self.unexpected()) };
        let text = self.text(self.at).unwrap_or_default();
        let too_large = || Problem::new(range.clone(), format!("`{text}` is not a whole number of 64 bits"));
        let literal = match kind {
            TokenKind::Int => literal::int(text, is_negative).map(Literal::Int).ok_or_else(too_large),
            TokenKind::Uint => literal::uint(text).map(Literal::Uint).ok_or_else(too_large),
            TokenKind::Double => literal::double(text)
                .map(|size| Literal::Double(if is_negative { -size } else { size }))
                .ok_or_else(|| Problem::new(range.clone(), "the number is too large")),
            TokenKind::String => {
                literal::string(text).map(Literal::String).ok_or_else(|| message::bad_escape(range.clone()))
            }
            TokenKind::Bytes => {
                literal::bytes(text).map(Literal::Bytes).ok_or_else(|| message::bad_escape(range.clone()))
            }
            TokenKind::Word | TokenKind::Escaped | TokenKind::Sign => Ok(match text {
                "true" => Literal::Bool(true),
                "false" => Literal::Bool(false),
                _ => Literal::Null,
            }),
        };
        self.at += 1;
        let literal = literal.unwrap_or_else(|problem| {
            self.problems.push(problem);
            Literal::Null
        });
        Ok(leaf(start..range.end, Kind::Literal(literal)))
    }
}

impl Part {
    fn start(&self) -> usize {
        self.expression.range.start
    }

    fn end(&self) -> usize {
        self.expression.range.end
    }
}

fn leaf(range: Range<usize>, kind: Kind) -> Part {
    Part { expression: Expression { range, kind }, depth: 0 }
}

/// A part of which the deepest child is so deep.
fn part(range: Range<usize>, kind: Kind, depth: usize) -> Parsed {
    if depth >= DEPTH {
        return Err(too_deep(range));
    }
    Ok(Part { expression: Expression { range, kind }, depth: depth + 1 })
}

fn too_deep(range: Range<usize>) -> Problem {
    Problem::new(range, format!("more than {DEPTH} parts inside one another")).help("split it up with `variables`")
}

fn binary(operator: Operator, left: Part, right: Part) -> Parsed {
    let (range, depth) = (left.start()..right.end(), left.depth.max(right.depth));
    part(range, Kind::Binary(operator, Box::new((left.expression, right.expression))), depth)
}

/// One operator between all terms.
fn balanced(operator: Operator, mut terms: Vec<Part>) -> Parsed {
    let right = terms.split_off(terms.len().div_ceil(2));
    if right.is_empty() {
        return terms.pop().ok_or_else(|| Problem::new(0..0, "the expression is empty"));
    }
    binary(operator, balanced(operator, terms)?, balanced(operator, right)?)
}
