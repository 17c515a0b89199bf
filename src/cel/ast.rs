//! An expression as it was written, each part with its place. The only shape of syntax that the rest of this module
//! knows; macros are still calls.

use std::ops::Range;

/// A part of an expression.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    pub range: Range<usize>,
    pub kind: Kind,
}

/// What kind of part.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Literal(Literal),
    Name(String),
    Select { operand: Box<Expression>, field: String, optional: bool },
    Index { operand: Box<Expression>, index: Box<Expression>, optional: bool },
    Not(Box<Expression>),
    Negate(Box<Expression>),
    Binary(Operator, Box<(Expression, Expression)>),
    Conditional(Box<(Expression, Expression, Expression)>),
    Call { function: String, receiver: Option<Box<Expression>>, arguments: Vec<Expression> },
    List(Vec<Element>),
    Map(Vec<Entry>),
}

#[derive(Clone, Debug)]
pub(crate) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(String),
    Bytes(Vec<u8>),
}

/// One element of a list literal; an optional one (`?x`) is left out if it has no value.
#[derive(Clone, Debug)]
pub(crate) struct Element {
    pub value: Expression,
    pub optional: bool,
}

/// One entry of a map literal; an optional one (`?k: v`) is left out if it has no value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub key: Expression,
    pub value: Expression,
    pub optional: bool,
}

/// An operator between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Operator {
    /// Whether it gives a boolean, of values of any type.
    pub fn is_test(self) -> bool {
        matches!(
            self,
            Operator::Equal
                | Operator::NotEqual
                | Operator::Less
                | Operator::LessOrEqual
                | Operator::Greater
                | Operator::GreaterOrEqual
                | Operator::In
        )
    }

    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Operator::Or => "||",
            Operator::And => "&&",
            Operator::Equal => "==",
            Operator::NotEqual => "!=",
            Operator::Less => "<",
            Operator::LessOrEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterOrEqual => ">=",
            Operator::In => "in",
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Multiply => "*",
            Operator::Divide => "/",
            Operator::Remainder => "%",
        }
    }
}
