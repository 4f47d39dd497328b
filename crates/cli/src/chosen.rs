//! Which runs a command is to change: named one by one, or found by a filter.

use ablate_records::{Archive, Cell, Columns, Query, Store};
use ablate_sweep::RunId;

use crate::commands::query;

/// The runs that begin with `prefixes` and those that `filter` finds, each once.
///
/// # Errors
/// A prefix that names no run or several, or a filter that the store does not understand.
pub(crate) fn runs(
    store: &Store,
    prefixes: &[String],
    filter: Option<&str>,
    archive: Archive,
) -> anyhow::Result<Vec<RunId>> {
    let mut runs: Vec<RunId> = Vec::new();
    for prefix in prefixes {
        runs.push(store.find_run(prefix)?.id);
    }
    if let Some(text) = filter {
        let columns = Columns::Named(vec!["id".to_owned()]);
        let filter = query::filter(Some(text))?;
        let asked = Query { filter, archive, columns, ..Query::default() };
        let found = store.query(&asked).map_err(|error| query::usage(error, text))?;
        runs.extend(found.rows.into_iter().flatten().filter_map(|cell| match cell {
            Cell::Text(id) => Some(RunId(id)),
            Cell::Null | Cell::Int(_) | Cell::Real(_) | Cell::Blob(_) => None,
        }));
    }
    runs.sort();
    runs.dedup();
    Ok(runs)
}
