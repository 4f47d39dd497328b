//! A filter as bound SQL over the view `runs`. Values never become SQL text, and names only after
//! they have been found among the columns.
//!
//! The filter language has two truth values and SQL has three. A comparison with NULL is NULL, and
//! `AND`, `OR` and `WHERE` take NULL for false, as the filter language does; only a negation would
//! not. So every negated expression is wrapped: `NOT coalesce(.., 0)`.

use ablate_sweep::Value;
use ablate_sweep::filter::{Comparator, Expr, Filter, Name, Operand};
use rusqlite::Connection;
use rusqlite::types::Value as Sql;

use crate::columns::{Column, ColumnType, quoted};
use crate::error::{RecordsError, Trouble};
use crate::readings;
use crate::time::moment;
use crate::trial::column_value;

/// What a run may be in several of at once, and so has no column: a filter asks for one by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Membership {
    /// The experiments that plan it.
    Experiment,
    /// Its tags.
    Tag,
}

impl Membership {
    /// The one that a filter means by `name`.
    pub(crate) fn named(name: &Name) -> Option<Membership> {
        let all = [Membership::Experiment, Membership::Tag].into_iter();
        all.filter(|_| name.reading.is_none()).find(|membership| membership.word() == name.text)
    }

    /// The word by which a filter asks for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Membership::Experiment => "experiment",
            Membership::Tag => "tag",
        }
    }

    /// The column of `runs` that shows it, if one does.
    pub(crate) fn shown_as(self) -> Option<&'static str> {
        match self {
            Membership::Experiment => None,
            Membership::Tag => Some("tags"),
        }
    }

    /// A condition on a run: it is in one for which `condition` holds, or in any.
    fn holds(self, condition: Option<(&str, String)>) -> String {
        let (column, from, name) = match self {
            Membership::Experiment => (
                "id",
                "m.run FROM experiment_run AS m JOIN experiment AS e ON e.key = m.experiment",
                "e.name",
            ),
            Membership::Tag => ("number", "g.run FROM tag AS g", "g.name"),
        };
        let condition = condition.map(|(sign, value)| format!(" WHERE {name} {sign} {value}"));
        format!("{column} IN (SELECT {from}{})", condition.unwrap_or_default())
    }
}

/// `filter` as an SQL condition on `runs`.
///
/// # Errors
/// [`RecordsError::UnknownColumn`], [`RecordsError::UnknownCurve`] and
/// [`RecordsError::Incomparable`], with the place in the text.
pub(crate) fn compile(
    filter: &Filter,
    columns: &[Column],
    connection: &Connection,
) -> Result<Condition, Trouble> {
    for name in filter.expr.names().into_iter().filter(|name| name.reading.is_some()) {
        readings::check(name, connection)?;
    }
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
        nearest: nearest(columns.iter().map(|column| column.name.as_str()), name),
    })
}

/// Of `known`, at most three names that are spelled like `name`.
pub(crate) fn nearest<'a>(known: impl Iterator<Item = &'a str>, name: &str) -> Vec<String> {
    ablate_sweep::alike(name, known).into_iter().take(3).map(str::to_owned).collect()
}

/// What a side of a comparison can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Time,
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
            ColumnType::Time => Kind::Time,
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
            Kind::Time => "a time",
            Kind::Flag => "true or false",
            Kind::Mixed => "a number or a text",
            Kind::List => "a list",
        }
    }

    fn comparable_with(self, other: Kind) -> bool {
        match (self, other) {
            (Kind::Mixed, Kind::Flag | Kind::Time) | (Kind::Flag | Kind::Time, Kind::Mixed) => {
                false
            }
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
            Kind::Text | Kind::Time => "1".to_owned(),
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
            Expr::Missing(name) => match Membership::named(name) {
                Some(membership) => negated(&membership.holds(None)),
                None => format!("({} IS NULL)", self.named(name)?.sql),
            },
        })
    }

    fn comparison(
        &mut self,
        left: &Operand,
        comparator: Comparator,
        right: &Operand,
    ) -> Result<String, RecordsError> {
        for (named, other) in [(left, right), (right, left)] {
            if let Some((membership, name)) = membership_in(named) {
                return self.of_membership(membership, name, comparator, other);
            }
        }
        let (left, right) = self.sides(left, right)?;
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
        if let Some(membership) = Membership::named(name) {
            for value in values {
                let value = Operand::Value(value.clone());
                any.push(self.of_membership(membership, name, Comparator::Equal, &value)?);
            }
            let any = any.join(" OR ");
            return Ok(if any.is_empty() { "0".to_owned() } else { format!("({any})") });
        }
        let column = self.named(name)?;
        for value in values {
            let value = self.literal_beside(&column, value)?;
            if !column.kind.comparable_with(value.kind) {
                return Err(incomparable(&column, &value));
            }
            any.push(value.sql);
        }
        Ok(format!("({} IN ({}))", column.sql, any.join(", ")))
    }

    /// `GLOB` is SQLite's `LIKE` that heeds case.
    fn like(&mut self, name: &Name, pattern: &str) -> Result<String, RecordsError> {
        let glob = self.bind(Sql::Text(glob_of(pattern)));
        if let Some(membership) = Membership::named(name) {
            return Ok(membership.holds(Some(("GLOB", glob))));
        }
        let column = self.named(name)?;
        match column.kind {
            Kind::Text | Kind::Time => Ok(format!("({} GLOB {glob})", column.sql)),
            Kind::Mixed => Ok(format!("({} = 1 AND {} GLOB {glob})", column.class(), column.sql)),
            Kind::Number | Kind::Flag | Kind::List => Err(RecordsError::Incomparable {
                span: Some(name.span.clone()),
                message: format!(
                    "`{name}` is {}, and `like` is for texts: compare it with ==, < or >",
                    column.kind.phrase()
                ),
            }),
        }
    }

    fn of_membership(
        &mut self,
        membership: Membership,
        name: &Name,
        comparator: Comparator,
        other: &Operand,
    ) -> Result<String, RecordsError> {
        let (Comparator::Equal | Comparator::NotEqual, Operand::Value(Value::Text(wanted))) =
            (comparator, other)
        else {
            return Err(RecordsError::Incomparable {
                span: Some(name.span.clone()),
                message: format!(
                    "`{}` takes ==, !=, in, like or missing, and names in quotes, since a run may \
                     have several",
                    membership.word()
                ),
            });
        };
        let wanted = self.bind(Sql::Text(wanted.clone()));
        let member = membership.holds(Some(("=", wanted)));
        Ok(if comparator == Comparator::NotEqual { negated(&member) } else { member })
    }

    fn sides(&mut self, left: &Operand, right: &Operand) -> Result<(Side, Side), RecordsError> {
        Ok(match (left, right) {
            (Operand::Name(left), Operand::Name(right)) => (self.named(left)?, self.named(right)?),
            (Operand::Name(left), Operand::Value(right)) => {
                let left = self.named(left)?;
                let right = self.literal_beside(&left, right)?;
                (left, right)
            }
            (Operand::Value(left), Operand::Name(right)) => {
                let right = self.named(right)?;
                (self.literal_beside(&right, left)?, right)
            }
            (Operand::Value(left), Operand::Value(right)) => {
                (self.literal(left), self.literal(right))
            }
        })
    }

    fn named(&mut self, name: &Name) -> Result<Side, RecordsError> {
        if let Some(reading) = name.reading {
            let values = &mut self.values;
            let mut bind = |text| place_of(values, Sql::Text(text));
            let sql = readings::sql(name, reading, self.columns, &mut bind)?;
            return Ok(Side { sql, kind: Kind::Number, name: Some(name.clone()) });
        }
        if Membership::Tag.shown_as() == Some(&name.text) {
            return Err(RecordsError::Incomparable {
                span: Some(name.span.clone()),
                message: "`tags` shows all tags of a run: ask for one by `tag == 'name'`".into(),
            });
        }
        let column = column(self.columns, &name.text, Some(name.span.clone()))?;
        Ok(Side {
            sql: quoted(&column.name),
            kind: Kind::of_column(column),
            name: Some(name.clone()),
        })
    }

    /// `value` as it is compared with `side`: beside a time, a text is one.
    fn literal_beside(&mut self, side: &Side, value: &Value) -> Result<Side, RecordsError> {
        let (Kind::Time, Value::Text(text)) = (side.kind, value) else {
            return Ok(self.literal(value));
        };
        let Some(moment) = moment(text) else {
            return Err(RecordsError::Incomparable {
                span: side.name.as_ref().map(|name| name.span.clone()),
                message: format!(
                    "{text:?} is no time: write '2026-11-01' or '2026-11-01 12:30', in UTC"
                ),
            });
        };
        Ok(Side { sql: self.bind(Sql::Text(moment)), kind: Kind::Time, name: None })
    }

    fn literal(&mut self, value: &Value) -> Side {
        Side { sql: self.bind(column_value(value)), kind: Kind::of_value(value), name: None }
    }

    fn bind(&mut self, value: Sql) -> String {
        place_of(&mut self.values, value)
    }
}

/// The place of `value` among the values of the parameters.
fn place_of(values: &mut Vec<Sql>, value: Sql) -> String {
    values.push(value);
    format!("?{}", values.len())
}

fn negated(condition: &str) -> String {
    format!("(NOT coalesce({condition}, 0))")
}

fn membership_in(operand: &Operand) -> Option<(Membership, &Name)> {
    match operand {
        Operand::Name(name) => Some((Membership::named(name)?, name)),
        Operand::Value(_) => None,
    }
}

fn incomparable(left: &Side, right: &Side) -> RecordsError {
    let (named, other) = if left.name.is_some() { (left, right) } else { (right, left) };
    let what = |side: &Side| match &side.name {
        Some(name) => format!("`{name}`, which is {},", side.kind.phrase()),
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
