//! Plots of a store: which runs' curves and profiles a plot needs is asked of the plot, they are read, and
//! it is drawn.

use ablate_records::{RecordsError, Store};
use ablate_report::charts::{self, Closeup, Trace, Traces};
use ablate_report::{ReportError, RunSet};
use ablate_sweep::plots::{Drawing, PlotSpec, SeriesKind};
use ablate_sweep::{Catalog, RunId};

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum DrawError {
    /// The runs do not have what the plot shows.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The store cannot be read.
    #[error(transparent)]
    Records(#[from] RecordsError),
}

/// The picture of `set` that `spec` asks for, as an SVG file; its curves and profiles are read from
/// `store`.
///
/// # Errors
/// As [`charts::draw`], and if the store cannot be read.
pub fn draw(
    store: &Store,
    set: &RunSet,
    spec: &PlotSpec,
    catalog: &Catalog,
    closeup: &Closeup,
) -> Result<String, DrawError> {
    let runs = charts::traced(set, spec, catalog)?;
    let traces = match &spec.drawing {
        Drawing::Series { of, .. } => {
            let of_run = |run: &RunId| Ok((run.clone(), traces(store, run, *of)?));
            runs.iter().map(of_run).collect::<Result<_, RecordsError>>()?
        }
        _ => Traces::new(),
    };
    Ok(charts::draw(set, spec, catalog, &traces, closeup)?)
}

/// The curves or the profiles of a run.
pub(crate) fn traces(
    store: &Store,
    run: &RunId,
    kind: SeriesKind,
) -> Result<Vec<Trace>, RecordsError> {
    Ok(match kind {
        SeriesKind::Curve => store.curves(run)?.into_iter().map(Trace::from).collect(),
        SeriesKind::Profile => store.profiles(run)?.into_iter().map(Trace::from).collect(),
    })
}
