//! Pictures of a run, made when they are asked for.

use crate::reply::{Problem, Reply};
use crate::views::Visit;

/// The address: `run`, an id, and `kind`, which must be one of the pictures that the run has.
pub(crate) fn view(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let run = visit.store.find_run(visit.named("run")?)?;
    let kind = visit.named("kind")?;
    let known = visit.laboratory.pictures(visit.store, &run);
    let picture = known.into_iter().find(|picture| picture.word() == kind);
    let picture = picture.ok_or_else(|| Problem::missing(format!("No picture {kind:?} of it.")))?;
    let bytes = visit.laboratory.draw(visit.store, &run, picture);
    bytes.map(Reply::Png).map_err(Problem::missing)
}
