//! The numbers that filters ask of curves, as SQL over the packed series. What they mean is said by
//! [`Reading::of`]: here as there, a value that is not finite is missing.

use ablate_sweep::Direction;
use ablate_sweep::filter::{Epoch, Name, Reading};
use rusqlite::Connection;

use crate::columns::{Column, Role};
use crate::error::{RecordsError, Trouble};
use crate::filter::nearest;

/// Refuses a curve that no run has.
pub(crate) fn check(name: &Name, connection: &Connection) -> Result<(), Trouble> {
    // Whoever spells it right finds one soon; only a mistake looks at all curves.
    let exists = connection
        .prepare_cached("SELECT 1 FROM curve WHERE name = ?1 LIMIT 1")?
        .exists([&name.text])?;
    if exists {
        return Ok(());
    }
    let mut statement = connection.prepare("SELECT DISTINCT name FROM curve ORDER BY name")?;
    let known = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    let alike = nearest(known.iter().map(String::as_str), &name.text);
    let nearest = if alike.is_empty() { known } else { alike };
    Err(RecordsError::UnknownCurve { name: name.text.clone(), span: name.span.clone(), nearest }
        .into())
}

/// `reading` of the curve `name` as an SQL expression on `runs`. `bind` gives a value its place.
///
/// # Errors
/// [`RecordsError::Incomparable`] for the best of a metric of which neither direction is better.
pub(crate) fn sql(
    name: &Name,
    reading: Reading,
    columns: &[Column],
    bind: &mut dyn FnMut(String) -> String,
) -> Result<String, RecordsError> {
    let lowest = match reading {
        Reading::Min => true,
        Reading::Max => false,
        Reading::Best => best_is_lowest(name, columns)?,
        Reading::Final => {
            let curve = bind(name.text.clone());
            return Ok(format!(
                "(SELECT p.value FROM curve AS c, json_each(c.series) AS p WHERE {} \
                 ORDER BY p.key DESC LIMIT 1)",
                finite_of(&curve)
            ));
        }
        Reading::Last => return Ok(at(name, bind("$[#-1]".to_owned()), bind)),
        Reading::At(Epoch::Number(epoch)) => {
            return Ok(at(name, bind(format!("$[{}]", epoch.saturating_sub(1))), bind));
        }
        Reading::At(Epoch::Best) => {
            let value = at(name, "'$[' || (runs.best_epoch - 1) || ']'".to_owned(), bind);
            return Ok(format!("CASE WHEN runs.best_epoch >= 1 THEN {value} END"));
        }
    };
    let (extreme, curve) = (if lowest { "min" } else { "max" }, bind(name.text.clone()));
    Ok(format!(
        "(SELECT {extreme}(p.value) FROM curve AS c, json_each(c.series) AS p WHERE {})",
        finite_of(&curve)
    ))
}

/// The value at a path, if it is finite.
fn at(name: &Name, path: String, bind: &mut dyn FnMut(String) -> String) -> String {
    let curve = bind(name.text.clone());
    format!(
        "(SELECT nullif(nullif(json_extract(c.series, {path}), 9e999), -9e999) FROM curve AS c \
         WHERE c.run = runs.number AND c.name = {curve})"
    )
}

/// A condition: `p` is a finite point of a run's curve.
fn finite_of(curve: &str) -> String {
    format!("c.run = runs.number AND c.name = {curve} AND abs(p.value) < 9e999")
}

/// A curve that is no metric is a loss.
fn best_is_lowest(name: &Name, columns: &[Column]) -> Result<bool, RecordsError> {
    let roles = columns.iter().filter(|column| column.name == name.text);
    let direction = roles.map(|column| column.role).find_map(|role| match role {
        Role::Score(direction) => Some(direction),
        Role::Fixed | Role::Param => None,
    });
    match direction.unwrap_or(Direction::Lower) {
        Direction::Lower => Ok(true),
        Direction::Higher => Ok(false),
        Direction::Neither => Err(RecordsError::Incomparable {
            span: Some(name.span.clone()),
            message: format!(
                "`{0}` has no better direction: write min({0}) or max({0})",
                name.text
            ),
        }),
    }
}
