//! `ablate sql`: a SELECT of the user's own, read-only and within limits.

use std::time::Duration;

use ablate_records::{SqlLimits, Store};

use crate::args::{Common, Sql};
use crate::exit::{Exit, Usage};
use crate::format;
use crate::terminal::Terminal;

pub(crate) fn run(args: &Sql, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    if !(args.timeout > 0.0 && args.timeout <= 86_400.0) {
        return Err(Usage(format!("--timeout {}: give seconds, up to a day", args.timeout)).into());
    }
    let store = Store::open_read_only(&common.db)?;
    let time = Duration::from_secs_f64(args.timeout);
    let limits = SqlLimits { rows: args.limit, bytes: 1 << 30, time };
    let rows = store.sql(&args.statement, limits)?;
    let truncated = rows.truncated();
    terminal.data(&super::query::render(rows, args.format, terminal))?;
    if truncated {
        terminal.error(&format!(
            "cut off after {}: --limit N shows more",
            format::count(args.limit, "row")
        ));
    }
    Ok(Exit::Done)
}
