//! `ablate claims`: what the runs say to the claims of an experiment.

use ablate_records::Store;
use ablate_report::claims;

use crate::args::{Claims, Common};
use crate::commands::{query, table};
use crate::exit::{Exit, Usage};
use crate::laboratory::Laboratory;
use crate::prepared::Prepared;
use crate::terminal::Terminal;

pub(crate) fn run(args: &Claims, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let catalog = ablate_autoencoder::catalog();
    let laboratory = Laboratory::new(common.data.clone());
    let prepared = Prepared::read(&args.target, common, &catalog, &laboratory, terminal)?;
    let specs = &prepared.experiment.claims;
    if specs.is_empty() {
        let name = &prepared.experiment.name;
        return Err(Usage(format!("{name} declares no [[claim]]")).into());
    }
    let store = Store::open_read_only(&common.db)?;
    let set =
        prepared.run_set(&store, query::archive(args.archived), &catalog, &laboratory, terminal)?;
    let judged = claims::judge(&set, specs, &catalog).map_err(|error| Usage(error.to_string()))?;
    terminal.data(&judged.render(table::format(args.format), query::style(terminal)))?;
    Ok(if judged.all_supported() { Exit::Done } else { Exit::Unsupported })
}
