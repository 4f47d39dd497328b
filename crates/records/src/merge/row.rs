//! A row of any table by the names of its columns, so that it can go from one store to another whose
//! columns stand in another order.

use rusqlite::types::Value;
use rusqlite::{Connection, ToSql, params_from_iter};

use crate::columns::quoted;
use crate::error::Trouble;

/// Names and values, without the row's number, which means nothing elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row(Vec<(String, Value)>);

impl Row {
    /// The rows of `table` whose `column` is `value`, by number.
    pub(super) fn all(
        connection: &Connection,
        table: &str,
        column: &str,
        value: &dyn ToSql,
    ) -> Result<Vec<Row>, Trouble> {
        let (table, column) = (quoted(table), quoted(column));
        let select = format!("SELECT * FROM {table} WHERE {column} = ?1 ORDER BY rowid");
        let mut statement = connection.prepare_cached(&select)?;
        let mut cursor = statement.query([value])?;
        let mut rows = Vec::new();
        while let Some(row) = cursor.next()? {
            let cells = (0..row.as_ref().column_count())
                .map(|index| Ok((row.as_ref().column_name(index)?.to_owned(), row.get(index)?)))
                .filter(|cell| !matches!(cell, Ok((name, _)) if name == "key"));
            rows.push(Row(cells.collect::<rusqlite::Result<_>>()?));
        }
        Ok(rows)
    }

    /// The one row of `table` whose `column` is `value`, if there is one.
    pub(super) fn one(
        connection: &Connection,
        table: &str,
        column: &str,
        value: &dyn ToSql,
    ) -> Result<Option<Row>, Trouble> {
        Ok(Row::all(connection, table, column, value)?.into_iter().next())
    }

    /// The value of a column that every schema has.
    pub(super) fn get(&self, name: &str) -> &Value {
        self.0.iter().find(|(known, _)| known == name).map_or(&Value::Null, |(_, value)| value)
    }

    /// The text in a column; empty if there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        match self.get(name) {
            Value::Text(text) => text,
            _ => "",
        }
    }

    /// The whole number in a column; 0 if there is none.
    pub(super) fn whole(&self, name: &str) -> i64 {
        match self.get(name) {
            Value::Integer(whole) => *whole,
            _ => 0,
        }
    }

    /// The same row with another value in a column.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Row {
        let value = value.into();
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, held)) => *held = value,
            None => self.0.push((name.to_owned(), value)),
        }
        self
    }

    /// Only the columns of these names.
    pub(super) fn only(mut self, names: &[&str]) -> Row {
        self.0.retain(|(name, _)| names.contains(&name.as_str()));
        self
    }

    /// Without the columns of these names.
    pub(super) fn without(mut self, names: &[&str]) -> Row {
        self.0.retain(|(name, _)| !names.contains(&name.as_str()));
        self
    }

    /// Names and values of what is there.
    pub(super) fn present(&self) -> impl Iterator<Item = (&str, &Value)> {
        let present = self.0.iter().filter(|(_, value)| *value != Value::Null);
        present.map(|(name, value)| (name.as_str(), value))
    }

    /// Inserts the row; its number.
    pub(super) fn insert(&self, connection: &Connection, table: &str) -> Result<i64, Trouble> {
        let names: Vec<String> = self.0.iter().map(|(name, _)| quoted(name)).collect();
        let places: Vec<String> = (1..=names.len()).map(|index| format!("?{index}")).collect();
        let insert = format!(
            "INSERT INTO {} ({}) VALUES ({})",
            quoted(table),
            names.join(", "),
            places.join(", ")
        );
        let values = self.0.iter().map(|(_, value)| value);
        connection.prepare_cached(&insert)?.execute(params_from_iter(values))?;
        Ok(connection.last_insert_rowid())
    }

    /// Gives the columns of the row `key` these values.
    pub(super) fn update(
        &self,
        connection: &Connection,
        table: &str,
        key: i64,
    ) -> Result<(), Trouble> {
        if self.0.is_empty() {
            return Ok(());
        }
        let sets: Vec<String> = (1..)
            .zip(&self.0)
            .map(|(index, (name, _))| format!("{} = ?{index}", quoted(name)))
            .collect();
        let update =
            format!("UPDATE {} SET {} WHERE rowid = {key}", quoted(table), sets.join(", "));
        let values = self.0.iter().map(|(_, value)| value);
        connection.prepare(&update)?.execute(params_from_iter(values))?;
        Ok(())
    }
}
