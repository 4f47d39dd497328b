//! Trials in the store: their parameters as one JSON object, which reads back exactly, and as one
//! typed column each, which is what queries look at.

use ablate_sweep::{Params, Trial, TrialId, Value};
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use crate::columns::quoted;
use crate::error::{RecordsError, Trouble};

/// The key of `trial`, whose row is made or brought up to date: a release that knows a new
/// parameter names it (with the default that was always meant) for trials that are already there.
pub(crate) fn save(
    transaction: &Connection,
    trial: &Trial,
    baseline: Option<&TrialId>,
) -> Result<i64, Trouble> {
    if let Some(key) = refresh(transaction, trial)? {
        if let Some(baseline) = baseline {
            transaction
                .prepare_cached(
                    "UPDATE trial SET baseline = ?2 WHERE key = ?1 AND baseline IS NOT ?2",
                )?
                .execute(params![key, baseline.0])?;
        }
        return Ok(key);
    }
    let text = trial.params.to_json().to_string();
    transaction
        .prepare_cached("INSERT INTO trial (id, params, baseline) VALUES (?1, ?2, ?3)")?
        .execute(params![trial.id.0, text, baseline.map(|id| &id.0)])?;
    let key = transaction.last_insert_rowid();
    insert_columns(transaction, key, &trial.params)?;
    Ok(key)
}

/// The key of `trial` if it is in the store, its parameters brought up to date.
pub(crate) fn refresh(transaction: &Connection, trial: &Trial) -> Result<Option<i64>, Trouble> {
    let found: Option<(i64, String)> = transaction
        .prepare_cached("SELECT key, params FROM trial WHERE id = ?1")?
        .query_row([&trial.id.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((key, stored)) = found else { return Ok(None) };
    let text = trial.params.to_json().to_string();
    if stored != text {
        transaction
            .prepare_cached("UPDATE trial SET params = ?2 WHERE key = ?1")?
            .execute(params![key, text])?;
        transaction.prepare_cached("DELETE FROM trial_params WHERE trial = ?1")?.execute([key])?;
        insert_columns(transaction, key, &trial.params)?;
    }
    Ok(Some(key))
}

/// The parameters that a row's `params` holds.
pub(crate) fn params_in(text: &str) -> Result<Params, Trouble> {
    serde_json::from_str(text)
        .ok()
        .and_then(|json| Params::from_json(&json))
        .ok_or_else(|| Trouble::Damaged(format!("a trial has the unreadable parameters {text}")))
}

fn insert_columns(transaction: &Connection, key: i64, params: &Params) -> Result<(), Trouble> {
    let mut names = String::from("trial");
    let mut places = String::from("?1");
    let mut values = vec![Sql::Integer(key)];
    for (name, value) in params.iter() {
        require_declared(transaction, name)?;
        values.push(column_value(value));
        names.push_str(&format!(", {}", quoted(name)));
        places.push_str(&format!(", ?{}", values.len()));
    }
    let insert = format!("INSERT INTO trial_params ({names}) VALUES ({places})");
    transaction.prepare_cached(&insert)?.execute(params_from_iter(values))?;
    Ok(())
}

fn require_declared(connection: &Connection, name: &str) -> Result<(), Trouble> {
    let mut statement =
        connection.prepare_cached("SELECT 1 FROM parameter WHERE name = ?1 COLLATE BINARY")?;
    if statement.exists([name])? {
        return Ok(());
    }
    Err(RecordsError::Undeclared { kind: "parameter", name: name.to_owned() }.into())
}

/// A parameter's value as its column holds it: a flag as 0 or 1, a list as JSON text.
pub(crate) fn column_value(value: &Value) -> Sql {
    match value {
        Value::Bool(flag) => Sql::Integer(i64::from(*flag)),
        Value::Int(whole) => Sql::Integer(*whole),
        Value::Float(real) => Sql::Real(*real),
        Value::Text(text) => Sql::Text(text.clone()),
        Value::List(_) => Sql::Text(value.to_json().to_string()),
    }
}
