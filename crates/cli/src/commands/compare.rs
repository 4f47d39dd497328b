//! `ablate compare`: runs paired by seed along one axis.

use ablate_records::Store;
use ablate_sweep::{ComparisonSpec, Experiment, Value};

use crate::args::{Common, Compare};
use crate::commands::{query, table};
use crate::exit::{Exit, Usage};
use crate::laboratory::Laboratory;
use crate::prepared::Prepared;
use crate::terminal::Terminal;

pub(crate) fn run(args: &Compare, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let catalog = ablate_autoencoder::catalog();
    let laboratory = Laboratory::new(common.data.clone());
    let prepared = Prepared::read(&args.target, common, &catalog, &laboratory, terminal)?;
    let spec = spec(args, &prepared.experiment)?;
    let store = Store::open_read_only(&common.db)?;
    let set =
        prepared.run_set(&store, query::archive(args.archived), &catalog, &laboratory, terminal)?;
    let comparison =
        ablate_report::compare(&set, &spec, &catalog).map_err(|error| Usage(error.to_string()))?;
    if comparison.cells.is_empty() {
        let (axis, baseline) = (&comparison.axis, &comparison.baseline);
        let why = format!("no run has a partner that differs only in {axis} = {baseline}");
        return Err(Usage(format!("nothing to compare: {why}; see --axis and --baseline")).into());
    }
    terminal.data(&comparison.render(table::format(args.format), query::style(terminal)))?;
    Ok(Exit::Done)
}

/// What the command line asks for, filled up with what the experiment declares.
fn spec(args: &Compare, experiment: &Experiment) -> Result<ComparisonSpec, Usage> {
    let declared = experiment.comparison.clone();
    let Some(axis) = args.axis.clone().or_else(|| declared.as_ref().map(|spec| spec.axis.clone()))
    else {
        return Err(Usage(format!(
            "{} declares no [compare]: name the axis with --axis PARAMETER",
            experiment.name
        )));
    };
    // The declared baseline and split belong to the declared axis.
    let same = declared.filter(|spec| spec.axis == axis);
    let metric = args.metric.clone().or_else(|| same.as_ref().map(|spec| spec.metric.clone()));
    let baseline = match &args.baseline {
        Some(text) => Some(Value::typed(text)),
        None => same.as_ref().and_then(|spec| spec.baseline.clone()),
    };
    let by = if args.by.is_empty() {
        same.as_ref().map(|spec| spec.by.clone()).unwrap_or_default()
    } else {
        args.by.clone()
    };
    Ok(ComparisonSpec {
        axis,
        baseline,
        metric: metric.unwrap_or_else(|| "test_error".to_owned()),
        by,
        select: same.map_or_else(|| "valid_error".to_owned(), |spec| spec.select),
    })
}
