//! The views: each makes a page of what the store says about a query. One file a view.

mod cell;
mod compare;
mod curves;
mod experiment;
mod experiments;
mod figure;
mod parallel;
mod picture;
pub(crate) mod report;
mod robustness;
mod run;
mod runs;
mod sheet;

use ablate_records::Store;

use crate::address::Asked;
use crate::laboratory::{Answer, Laboratory};
use crate::reply::{Problem, Reply};

/// What a view looks at.
pub(crate) struct Visit<'a> {
    /// The store, as it is now; what is read of it must be read within seconds.
    pub(crate) store: &'a Store,
    /// What cannot be read off the store.
    pub(crate) laboratory: &'a dyn Laboratory,
    /// What the address says.
    pub(crate) asked: &'a Asked,
}

impl Visit<'_> {
    /// The value of that name in the address, which must be there.
    fn named(&self, name: &str) -> Result<&str, Problem> {
        let lacking = || Problem::mistaken(format!("The address lacks `{name}`."));
        self.asked.get(name).ok_or_else(lacking)
    }

    /// The experiment that the address names.
    fn answer(&self) -> Result<Answer, Problem> {
        self.laboratory.answer(self.store, self.named("name")?).map_err(Problem::missing)
    }
}

/// Makes a page.
pub(crate) type View = fn(&Visit<'_>) -> Result<Reply, Problem>;

/// Every view with its path; what it shows stands in the query alone.
pub(crate) const ALL: [(&str, View); 15] = [
    ("/", experiments::first),
    ("/experiments", experiments::all),
    ("/experiment", experiment::view),
    ("/experiment/copy", experiment::copy),
    ("/experiment/plot", experiment::plot),
    ("/cell", cell::view),
    ("/runs", runs::view),
    ("/runs/copy", runs::copy),
    ("/run", run::view),
    ("/picture", picture::view),
    ("/compare", compare::view),
    ("/compare/copy", compare::copy),
    ("/curves", curves::view),
    ("/robustness", robustness::view),
    ("/parallel", parallel::view),
];
