//! A filter as bound SQL over the view `runs`. Values never become SQL text, and names only after
//! they have been found among the columns.
//!
//! The filter language has two truth values and SQL has three. A comparison with NULL is NULL, and
//! `AND`, `OR` and `WHERE` take NULL for false, as the filter language does; only a negation would
//! not. So every negated expression is wrapped: `NOT coalesce(.., 0)`.

use ablate_sweep::Value;
use ablate_sweep::filter::{Comparator, Expr, Filter, Name, Operand};
use rusqlite::types::Value as Sql;

use crate::columns::{Column, ColumnType, quoted};
use crate::error::RecordsError;
use crate::trial::column_value;

/// The name by which a filter asks for the runs that an experiment plans.
pub(crate) const EXPERIMENT: &str = "experiment";

/// `filter` as an SQL condition on `runs`.
///
/// # Errors
/// [`RecordsError::UnknownColumn`] and [`RecordsError::Incomparable`], with the place in the text.
pub(crate) fn compile(filter: &Filter, columns: &[Column]) -> Result<Condition, RecordsError> {
    let mut compiler = Compiler { columns, values: Vec::new() };
    let sql = compiler.expr(&filter.expr)?;
    Ok(Condition { sql, values: compiler.values })
}

/// An SQL condition and the values of its parameters `?1`, `?2` ...
#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) sql: String,
    pub(crate) values: Vec<Sql>,
}

/// The column `name`, or an error that names its neighbours in spelling.
pub(crate) fn column<'a>(
    columns: &'a [Column],
    name: &str,
    span: Option<std::ops::Range<usize>>,
) -> Result<&'a Column, RecordsError> {
    columns.iter().find(|column| column.name == name).ok_or_else(|| RecordsError::UnknownColumn {
        name: name.to_owned(),
        span,
        nearest: nearest(columns, name),
    })
}

/// At most three names within a third of the letters, and one letter at least.
fn nearest(columns: &[Column], name: &str) -> Vec<String> {
    if name.len() > 64 {
        return Vec::new();
    }
    let spelling = |name: &str| name.to_lowercase().replace('-', "_");
    let allowed = (name.chars().count() / 3).max(1);
    let mut found: Vec<(usize, &str)> = columns
        .iter()
        .map(|column| {
            let distance = strsim::damerau_levenshtein(&spelling(name), &spelling(&column.name));
            (distance, column.name.as_str())
        })
        .filter(|(distance, _)| *distance <= allowed)
        .collect();
    found.sort_by_key(|(distance, _)| *distance);
    found.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
}

/// What a side of a comparison can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Flag,
    /// Numbers, texts and lists, row by row.
    Mixed,
    /// A list of whole numbers, which mixed columns hold as JSON text.
    List,
}

impl Kind {
    fn of_column(column: &Column) -> Kind {
        match column.kind {
            ColumnType::Integer | ColumnType::Real => Kind::Number,
            ColumnType::Text => Kind::Text,
            ColumnType::Flag => Kind::Flag,
            ColumnType::Any => Kind::Mixed,
        }
    }

    fn of_value(value: &Value) -> Kind {
        match value {
            Value::Int(_) | Value::Float(_) => Kind::Number,
            Value::Text(_) => Kind::Text,
            Value::Bool(_) => Kind::Flag,
            Value::List(_) => Kind::List,
        }
    }

    fn phrase(self) -> &'static str {
        match self {
            Kind::Number => "a number",
            Kind::Text => "a text",
            Kind::Flag => "true or false",
            Kind::Mixed => "a number or a text",
            Kind::List => "a list",
        }
    }

    fn comparable_with(self, other: Kind) -> bool {
        match (self, other) {
            (Kind::Mixed, Kind::Flag) | (Kind::Flag, Kind::Mixed) => false,
            (Kind::Mixed, _) | (_, Kind::Mixed) => true,
            (left, right) => left == right,
        }
    }
}

/// One side of a comparison.
struct Side {
    sql: String,
    kind: Kind,
    name: Option<Name>,
}

impl Side {
    /// SQL for what sort of value the row has here: 0 for a number, 1 for a text, 2 for a list.
    fn class(&self) -> String {
        match self.kind {
            Kind::Number | Kind::Flag => "0".to_owned(),
            Kind::Text => "1".to_owned(),
            Kind::List => "2".to_owned(),
            Kind::Mixed => format!(
                "CASE WHEN typeof({0}) <> 'text' THEN 0 WHEN substr({0}, 1, 1) <> '[' THEN 1 \
                 ELSE 2 END",
                self.sql
            ),
        }
    }
}

struct Compiler<'a> {
    columns: &'a [Column],
    values: Vec<Sql>,
}

impl Compiler<'_> {
    fn expr(&mut self, expr: &Expr) -> Result<String, RecordsError> {
        Ok(match expr {
            Expr::And(left, right) => format!("({} AND {})", self.expr(left)?, self.expr(right)?),
            Expr::Or(left, right) => format!("({} OR {})", self.expr(left)?, self.expr(right)?),
            Expr::Not(inner) => negated(&self.expr(inner)?),
            Expr::Compare(left, comparator, right) => self.comparison(left, *comparator, right)?,
            Expr::In(name, values) => self.one_of(name, values)?,
            Expr::Like(name, pattern) => self.like(name, pattern)?,
            Expr::Missing(name) if name.text == EXPERIMENT => {
                "id NOT IN (SELECT run FROM members)".to_owned()
            }
            Expr::Missing(name) => format!("({} IS NULL)", self.named(name)?.sql),
        })
    }

    fn comparison(
        &mut self,
        left: &Operand,
        comparator: Comparator,
        right: &Operand,
    ) -> Result<String, RecordsError> {
        if let Some(name) = experiment_in(left).or(experiment_in(right)) {
            let other = if experiment_in(left).is_some() { right } else { left };
            return self.of_experiment(name, comparator, other);
        }
        let (left, right) = (self.side(left)?, self.side(right)?);
        let sign = match comparator {
            Comparator::Equal | Comparator::NotEqual => "=",
            Comparator::Less => "<",
            Comparator::LessOrEqual => "<=",
            Comparator::Greater => ">",
            Comparator::GreaterOrEqual => ">=",
        };
        let condition = self.compared(&left, sign, &right)?;
        Ok(match comparator {
            Comparator::NotEqual => negated(&condition),
            Comparator::Equal
            | Comparator::Less
            | Comparator::LessOrEqual
            | Comparator::Greater
            | Comparator::GreaterOrEqual => condition,
        })
    }

    fn compared(&self, left: &Side, sign: &str, right: &Side) -> Result<String, RecordsError> {
        if !left.kind.comparable_with(right.kind) {
            return Err(incomparable(left, right));
        }
        let (l, r) = (&left.sql, &right.sql);
        if left.kind != Kind::Mixed && right.kind != Kind::Mixed {
            return Ok(format!("({l} {sign} {r})"));
        }
        // SQLite puts every text after every number; here the two cannot be compared.
        Ok(format!("({l} {sign} {r} AND {} = {})", left.class(), right.class()))
    }

    fn one_of(&mut self, name: &Name, values: &[Value]) -> Result<String, RecordsError> {
        let mut any = Vec::with_capacity(values.len());
        if name.text == EXPERIMENT {
            for value in values {
                let value = Operand::Value(value.clone());
                any.push(self.of_experiment(name, Comparator::Equal, &value)?);
            }
        } else {
            let column = self.named(name)?;
            for value in values {
                let value = self.literal(value);
                if !column.kind.comparable_with(value.kind) {
                    return Err(incomparable(&column, &value));
                }
                any.push(value.sql);
            }
            return Ok(format!("({} IN ({}))", column.sql, any.join(", ")));
        }
        Ok(if any.is_empty() { "0".to_owned() } else { format!("({})", any.join(" OR ")) })
    }

    /// `GLOB` is SQLite's `LIKE` that heeds case.
    fn like(&mut self, name: &Name, pattern: &str) -> Result<String, RecordsError> {
        let glob = self.bind(Sql::Text(glob_of(pattern)));
        if name.text == EXPERIMENT {
            return Ok(format!("id IN (SELECT run FROM members WHERE experiment GLOB {glob})"));
        }
        let column = self.named(name)?;
        match column.kind {
            Kind::Text => Ok(format!("({} GLOB {glob})", column.sql)),
            Kind::Mixed => Ok(format!("({} = 1 AND {} GLOB {glob})", column.class(), column.sql)),
            Kind::Number | Kind::Flag | Kind::List => Err(RecordsError::Incomparable {
                span: Some(name.span.clone()),
                message: format!(
                    "`{}` is {}, and `like` is for texts: compare it with ==, < or >",
                    name.text,
                    column.kind.phrase()
                ),
            }),
        }
    }

    fn of_experiment(
        &mut self,
        name: &Name,
        comparator: Comparator,
        other: &Operand,
    ) -> Result<String, RecordsError> {
        let (Comparator::Equal | Comparator::NotEqual, Operand::Value(Value::Text(wanted))) =
            (comparator, other)
        else {
            return Err(RecordsError::Incomparable {
                span: Some(name.span.clone()),
                message: "`experiment` takes ==, != , in, like or missing, and names in quotes, \
                          since a run may belong to several"
                    .to_owned(),
            });
        };
        let wanted = self.bind(Sql::Text(wanted.clone()));
        let member = format!("id IN (SELECT run FROM members WHERE experiment = {wanted})");
        Ok(if comparator == Comparator::NotEqual { negated(&member) } else { member })
    }

    fn side(&mut self, operand: &Operand) -> Result<Side, RecordsError> {
        match operand {
            Operand::Name(name) => self.named(name),
            Operand::Value(value) => Ok(self.literal(value)),
        }
    }

    fn named(&self, name: &Name) -> Result<Side, RecordsError> {
        let column = column(self.columns, &name.text, Some(name.span.clone()))?;
        Ok(Side {
            sql: quoted(&column.name),
            kind: Kind::of_column(column),
            name: Some(name.clone()),
        })
    }

    fn literal(&mut self, value: &Value) -> Side {
        Side { sql: self.bind(column_value(value)), kind: Kind::of_value(value), name: None }
    }

    fn bind(&mut self, value: Sql) -> String {
        self.values.push(value);
        format!("?{}", self.values.len())
    }
}

fn negated(condition: &str) -> String {
    format!("(NOT coalesce({condition}, 0))")
}

fn experiment_in(operand: &Operand) -> Option<&Name> {
    match operand {
        Operand::Name(name) if name.text == EXPERIMENT => Some(name),
        Operand::Name(_) | Operand::Value(_) => None,
    }
}

fn incomparable(left: &Side, right: &Side) -> RecordsError {
    let (named, other) = if left.name.is_some() { (left, right) } else { (right, left) };
    let what = |side: &Side| match &side.name {
        Some(name) => format!("`{}`, which is {},", name.text, side.kind.phrase()),
        None => side.kind.phrase().to_owned(),
    };
    let message = format!("{} cannot be compared with {}", what(named), what(other));
    RecordsError::Incomparable {
        span: named.name.as_ref().map(|name| name.span.clone()),
        message: message.trim_end_matches(',').to_owned(),
    }
}

/// `%` and `_` as GLOB's `*` and `?`; what means something to GLOB alone is put in brackets.
fn glob_of(pattern: &str) -> String {
    let mut glob = String::with_capacity(pattern.len());
    for letter in pattern.chars() {
        match letter {
            '%' => glob.push('*'),
            '_' => glob.push('?'),
            '*' | '?' | '[' => glob.extend(['[', letter, ']']),
            plain => glob.push(plain),
        }
    }
    glob
}
