//! Plots as parts of a page.

use ablate_report::RunSet;
use ablate_report::charts::Closeup;
use ablate_sweep::Filter;
use ablate_sweep::plots::{Drawing, LogAxes, PlotSpec};
use maud::{Markup, PreEscaped, html};

use crate::drawing;
use crate::page;
use crate::views::Visit;

/// The plot of `spec`, or why there is none.
pub(crate) fn plot(visit: &Visit<'_>, set: &RunSet, spec: &PlotSpec, closeup: &Closeup) -> Markup {
    shown(drawn(visit, set, spec, closeup))
}

/// A picture, or why there is none.
pub(crate) fn shown(drawn: Result<String, String>) -> Markup {
    html! {
        figure.figure {
            @match drawn {
                // Within a page the namespace is known.
                Ok(svg) => (PreEscaped(svg.replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1))),
                Err(said) => p.said { (said) },
            }
        }
    }
}

/// The same as an SVG file.
///
/// # Errors
/// In words: why it cannot be drawn, or the store not be read.
pub(crate) fn drawn(
    visit: &Visit<'_>,
    set: &RunSet,
    spec: &PlotSpec,
    closeup: &Closeup,
) -> Result<String, String> {
    let catalog = visit.laboratory.catalog();
    drawing::draw(visit.store, set, spec, catalog, closeup).map_err(|error| error.to_string())
}

/// The plot that shows `drawing` of the trials that the address asks for.
///
/// # Errors
/// A mistake in the filter, shown at its place.
pub(crate) fn asked(visit: &Visit<'_>, drawing: Drawing) -> Result<PlotSpec, String> {
    let text = visit.asked.get("filter");
    let parse = |text| Filter::parse(text).map_err(|error| error.render(text));
    let log = visit.asked.list("log");
    let has = |axis: &str| log.iter().any(|known| known == axis);
    Ok(PlotSpec {
        name: title(&drawing),
        drawing,
        log: LogAxes { x: has("x"), y: has("y") },
        filter: text.map(parse).transpose()?,
        select: visit.asked.get("select").unwrap_or("valid_error").to_owned(),
    })
}

fn title(drawing: &Drawing) -> String {
    match drawing {
        Drawing::Series { name, .. } => name.clone(),
        Drawing::Metric { x, metric, .. } => format!("{metric} by {x}"),
        Drawing::Heat { x, y, metric } => format!("{metric} over {x} and {y}"),
        Drawing::Matrix { by, .. } => format!("means by {}", by.join(", ")),
        Drawing::Scatter { x, metric, .. } => format!("{metric} against {x}"),
        Drawing::Parallel { metric, .. } => format!("{metric} of every trial"),
    }
}

/// A field of a form for the filter, and what is wrong with it.
pub(crate) fn filter_field(visit: &Visit<'_>, mistake: Option<&str>) -> Markup {
    html! {
        label.wide { "Trials"
            input type="search" name="filter" value=(visit.asked.get("filter").unwrap_or_default())
                spellcheck="false" autocomplete="off" data-focus="/"
                aria-invalid=[mistake.map(|_| "true")] placeholder="depth == 3 and variant != 'basic'";
        }
        @if let Some(said) = mistake { (page::mistake(said)) }
    }
}

/// Boxes to tick for the axes that are to be logarithmic.
pub(crate) fn log_fields(visit: &Visit<'_>, axes: &[&str]) -> Markup {
    let log = visit.asked.list("log");
    html! {
        fieldset {
            legend { "Logarithmic" }
            @for axis in axes {
                label { input type="checkbox" name="log" value=(axis)
                    checked[log.iter().any(|known| known == axis)]; (axis) }
            }
        }
    }
}
