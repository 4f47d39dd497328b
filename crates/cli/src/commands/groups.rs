//! `ablate query --group-by`: one row a group of runs and metric, with statistics over the seeds.

use ablate_records::{Query as StoreQuery, Store};
use ablate_report::{Group, groups};

use crate::args::Query;
use crate::commands::query;
use crate::exit::{Exit, Usage};
use crate::format;
use crate::terminal::Terminal;

pub(crate) fn run(
    args: &Query,
    asked: &StoreQuery,
    store: &Store,
    terminal: &Terminal,
) -> anyhow::Result<Exit> {
    let trimmed = |names: &[String]| names.iter().map(|name| name.trim().to_owned()).collect();
    let (by, metrics): (Vec<String>, Vec<String>) =
        (trimmed(&args.group_by), trimmed(&args.metric));
    if !args.columns.is_empty() {
        let said = "--columns: the columns of groups are --group-by and the statistics of --metric";
        return Err(Usage(said.to_owned()).into());
    }
    let text = args.filter.as_deref().unwrap_or_default();
    let found = store.groups(asked, &by, &metrics);
    let found = found.map_err(|error| query::usage(error, text))?;
    let mixed = found.iter().filter(|group| group.trials > 1).count();
    let shown: Vec<Group> = found.into_iter().map(group).collect();
    let mut grid = groups::statistics(&by, &metrics, &shown);
    let sort: Vec<String> = trimmed(&args.sort);
    grid.sort(&sort).map_err(|said| Usage(format!("--sort: {said}")))?;
    let rows = grid.rows.len();
    grid.rows.truncate(asked.limit.unwrap_or(usize::MAX));
    terminal.data(&query::render_grid(&grid, args.format, terminal))?;
    terminal.message(&match grid.rows.len() {
        whole if whole == rows => format::count(rows, "row"),
        cut => format!("{cut} of {}", format::count(rows, "row")),
    });
    if mixed > 0 {
        terminal.message(&format!(
            "{} of several trials: each seed's value is their mean; --group-by trial keeps them apart",
            format::count(mixed, "group")
        ));
    }
    Ok(Exit::Done)
}

fn group(found: ablate_records::Group) -> Group {
    let ablate_records::Group { labels, runs, trials, values } = found;
    Group { labels: labels.into_iter().map(query::field).collect(), runs, trials, values }
}
