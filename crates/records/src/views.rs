//! The flat views that people query: `runs`, `curves`, `profiles`, `pairs`, `members`, `artifacts` and
//! `tags`. They are made anew, in the same transaction, whenever a column is added or the schema
//! changes.

use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::columns::{ColumnType, quoted};
use crate::declaration::{Declared, DeclaredRelative};
use crate::error::Trouble;

/// The names of the views.
pub(crate) const NAMES: [&str; 7] =
    ["runs", "curves", "profiles", "pairs", "members", "artifacts", "tags"];

/// What `pairs` puts before a metric's name for the baseline's score.
pub(crate) const BASELINE: &str = "baseline_";

/// A column of `runs` that every store has.
pub(crate) struct FixedColumn {
    pub(crate) name: &'static str,
    /// Where it comes from: `r` is the run, `t` its trial, `s` the session of its last attempt.
    source: &'static str,
    pub(crate) kind: ColumnType,
}

const fn column(name: &'static str, source: &'static str, kind: ColumnType) -> FixedColumn {
    FixedColumn { name, source, kind }
}

/// The columns before the parameters.
pub(crate) const FIRST: &[FixedColumn] = &[
    column("id", "r.id", ColumnType::Text),
    column("trial", "t.id", ColumnType::Text),
    column("seed", "r.seed", ColumnType::Integer),
    column("state", "r.state", ColumnType::Text),
    column("current", "r.current", ColumnType::Flag),
];

/// The columns after the scores.
pub(crate) const LAST: &[FixedColumn] = &[
    column("failure", "r.failure", ColumnType::Text),
    column("failure_message", "r.failure_message", ColumnType::Text),
    column("epochs_run", "r.epochs", ColumnType::Integer),
    column("best_epoch", "r.best_epoch", ColumnType::Integer),
    column("weights_hash", "r.weights_hash", ColumnType::Text),
    column("content_hash", "r.content_hash", ColumnType::Text),
    column("seconds", "r.seconds", ColumnType::Real),
    column("attempt", "r.attempt", ColumnType::Integer),
    column("started_at", "r.started_at", ColumnType::Time),
    column("ended_at", "r.ended_at", ColumnType::Time),
    column("data_checksum", "r.data_checksum", ColumnType::Text),
    column("training_version", "r.training_version", ColumnType::Text),
    column("git_commit", "s.git_commit", ColumnType::Text),
    column("git_dirty", "s.git_dirty", ColumnType::Text),
    column("version", "s.version", ColumnType::Text),
    column("host", "s.host", ColumnType::Text),
    column("cpu", "s.cpu", ColumnType::Text),
    column("simd", "s.simd", ColumnType::Text),
    column("imported", "s.imported_file", ColumnType::Text),
    column("number", "r.key", ColumnType::Integer),
    column("tags", TAGS, ColumnType::Text),
    column("note", "r.note", ColumnType::Text),
    column("archived", "r.archived", ColumnType::Flag),
];

/// All tags of a run, in the order of the table's key.
const TAGS: &str = "(SELECT group_concat(g.name, ', ') FROM tag AS g WHERE g.run = r.key)";

/// Names that no parameter or metric may take, whatever their case: the fixed columns, those of
/// `pairs`, SQLite's own, and the words by which filters ask for an experiment or a tag.
pub(crate) fn reserved() -> impl Iterator<Item = &'static str> {
    let fixed = FIRST.iter().chain(LAST).map(|column| column.name);
    fixed.chain(["run", "experiment", "tag", "rowid", "oid", "_rowid_"])
}

/// Takes the views away, so that tables can change.
pub(crate) fn drop_all(transaction: &Transaction<'_>) -> Result<(), Trouble> {
    for name in NAMES {
        transaction.execute_batch(&format!("DROP VIEW IF EXISTS {name}"))?;
    }
    Ok(())
}

/// Makes the views for the columns declared so far.
pub(crate) fn rebuild(transaction: &Transaction<'_>) -> Result<(), Trouble> {
    drop_all(transaction)?;
    for view in definitions(transaction)? {
        transaction.execute_batch(&view)?;
    }
    Ok(())
}

/// Whether the file holds other views than this program makes, as an earlier release may have.
pub(crate) fn are_stale(connection: &Connection) -> Result<bool, Trouble> {
    let mut statement =
        connection.prepare("SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = ?1")?;
    for (name, wanted) in NAMES.iter().zip(definitions(connection)?) {
        let stored: Option<String> = statement.query_row([name], |row| row.get(0)).optional()?;
        if stored.as_deref() != Some(wanted.as_str()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The statements that make the views, in the order of [`NAMES`].
fn definitions(connection: &Connection) -> Result<[String; NAMES.len()], Trouble> {
    let declared = Declared::in_store(connection)?;
    Ok([runs(&declared), curves(), profiles(), pairs(&declared), members(), artifacts(), tags()])
}

/// Left joins, though every run has its trial: SQLite leaves out those that a query does not look at.
fn runs(declared: &Declared) -> String {
    let mut columns: Vec<String> = Vec::new();
    let fixed = |list: &[FixedColumn]| {
        list.iter()
            .map(|column| format!("{} AS {}", column.source, quoted(column.name)))
            .collect::<Vec<_>>()
    };
    columns.extend(fixed(FIRST));
    columns.extend(params_of("p", declared));
    columns.extend(
        declared.metrics.iter().map(|metric| format!("m.{0} AS {0}", quoted(&metric.name))),
    );
    columns.extend(fixed(LAST));
    format!(
        "CREATE VIEW runs AS
SELECT {}
FROM run AS r
LEFT JOIN trial AS t ON t.key = r.trial
LEFT JOIN trial_params AS p ON p.trial = r.trial
LEFT JOIN score AS m ON m.run = r.key
LEFT JOIN session AS s ON s.key = r.session",
        columns.join(",\n    ")
    )
}

fn curves() -> String {
    "CREATE VIEW curves AS
SELECT r.id AS run, c.name AS name, point.key + 1 AS epoch, point.value AS value
FROM curve AS c
JOIN run AS r ON r.key = c.run
JOIN json_each(c.series) AS point"
        .to_owned()
}

fn profiles() -> String {
    "CREATE VIEW profiles AS
SELECT r.id AS run, p.name AS name, p.axis AS axis, place.value AS at, point.value AS value
FROM profile AS p
JOIN run AS r ON r.key = p.run
JOIN json_each(p.at) AS place
JOIN json_each(p.series) AS point ON point.key = place.key"
        .to_owned()
}

/// Both runs finished, with the same seed, data and training version.
fn pairs(declared: &Declared) -> String {
    let mut columns: Vec<String> = [
        "r.id AS run",
        "b.id AS baseline_run",
        "t.id AS trial",
        "t.baseline AS baseline_trial",
        "r.seed AS seed",
        "min(r.current, b.current) AS current",
    ]
    .map(str::to_owned)
    .into();
    columns.extend(params_of("p", declared));
    for metric in &declared.metrics {
        let name = quoted(&metric.name);
        let baseline = quoted(&format!("{BASELINE}{}", metric.name));
        columns.push(format!("m.{name} AS {name}"));
        columns.push(format!("n.{name} AS {baseline}"));
    }
    columns.extend(
        declared
            .relative
            .iter()
            .map(|relative| format!("{} AS {}", mean_ratio(relative), quoted(&relative.name))),
    );
    format!(
        "CREATE VIEW pairs AS
SELECT {}
FROM run AS r
JOIN trial AS t ON t.key = r.trial
JOIN trial AS u ON u.id = t.baseline
JOIN run AS b ON b.trial = u.key AND b.seed = r.seed AND b.state = 'finished'
    AND b.data_checksum = r.data_checksum
    AND substr(b.training_version, 1, instr(b.training_version || '.', '.') - 1)
        = substr(r.training_version, 1, instr(r.training_version || '.', '.') - 1)
LEFT JOIN trial_params AS p ON p.trial = r.trial
LEFT JOIN score AS m ON m.run = r.key
LEFT JOIN score AS n ON n.run = b.key
WHERE r.state = 'finished'",
        columns.join(",\n    ")
    )
}

/// The value of `relative` for the scores `m` and the baseline's `n`; NULL where one is missing or a
/// group of the baseline comes to 0.
fn mean_ratio(relative: &DeclaredRelative) -> String {
    let sum = |scores: &str, group: &[String]| {
        let term = |name: &String| match &relative.minus {
            Some(minus) => format!("{scores}.{} - {scores}.{}", quoted(name), quoted(minus)),
            None => format!("{scores}.{}", quoted(name)),
        };
        let terms: Vec<String> = group.iter().map(|name| format!("({})", term(name))).collect();
        format!("({})", terms.join(" + "))
    };
    let ratio = |group: &Vec<String>| format!("{} / {}", sum("m", group), sum("n", group));
    let ratios: Vec<String> = relative.groups.iter().map(ratio).collect();
    format!("100.0 * ({}) / {}", ratios.join(" + "), ratios.len())
}

fn members() -> String {
    "CREATE VIEW members AS
SELECT e.name AS experiment, m.position AS position, m.run AS run
FROM experiment_run AS m
JOIN experiment AS e ON e.key = m.experiment"
        .to_owned()
}

fn artifacts() -> String {
    "CREATE VIEW artifacts AS
SELECT r.id AS run, a.role AS role, a.file AS file, a.bytes AS bytes, a.hash AS hash,
    a.reused AS reused
FROM artifact AS a
JOIN run AS r ON r.key = a.run"
        .to_owned()
}

fn tags() -> String {
    "CREATE VIEW tags AS
SELECT r.id AS run, g.name AS tag
FROM tag AS g
JOIN run AS r ON r.key = g.run"
        .to_owned()
}

fn params_of(table: &str, declared: &Declared) -> Vec<String> {
    declared.params.iter().map(|param| format!("{table}.{0} AS {0}", quoted(&param.name))).collect()
}
