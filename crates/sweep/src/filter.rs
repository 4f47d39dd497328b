//! The filter language of `exclude`, `when`, tables and `ablate query`: a text becomes an
//! [`Expr`], which is either matched against values here or compiled to bound SQL by the store.
//! Never evaluated as code.
//!
//! ```text
//! variant == 'contractive' and (depth >= 2 or not lambda in [0.1, 1]) and test_error < 0.1
//! note is missing
//! ```

use std::ops::Range;

use crate::value::Value;

/// A filter: its text and what the text means.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// The text, as it was written.
    pub text: String,
    /// Its meaning.
    pub expr: Expr,
}

/// A boolean expression. A comparison with a missing value is false, and `!=` is the negation of
/// `==` (so it is true where the value is missing).
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// Both hold.
    And(Box<Expr>, Box<Expr>),
    /// At least one holds.
    Or(Box<Expr>, Box<Expr>),
    /// It does not hold.
    Not(Box<Expr>),
    /// `left op right`.
    Compare(Operand, Comparator, Operand),
    /// `name in [a, b]`.
    In(Name, Vec<Value>),
    /// `name like 'pattern'`: `%` stands for any text, `_` for one character; case counts.
    Like(Name, String),
    /// `name is missing`.
    Missing(Name),
}

/// A name or a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A parameter, a metric or another column of a run.
    Name(Name),
    /// A literal.
    Value(Value),
}

/// A name and where it stands in the text, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// The name.
    pub text: String,
    /// Where it stands.
    pub span: Range<usize>,
}

/// `==`, `!=`, `<`, `<=`, `>`, `>=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparator {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}
