//! One run: what it is, where it comes from, how it went and what it learned.

use ablate_records::Provenance;
use ablate_report::charts;
use ablate_report::visible;
use ablate_sweep::plots::LogAxes;
use ablate_sweep::{Curve, Metric, Profile, Run, RunState};
use maud::{Markup, html};

use crate::address::{Address, quoted};
use crate::page;
use crate::reply::{Problem, Reply};
use crate::views::{Visit, experiments, figure};

/// The address: `id`, or the beginning of one.
pub(crate) fn view(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let run = visit.store.find_run(visit.named("id")?)?;
    let provenance = visit.store.provenance(&run.id)?;
    let marks = visit.store.marks(&run.id)?;
    let curves = visit.store.curves(&run.id)?;
    let profiles = visit.store.profiles(&run.id)?;
    let siblings = format!("trial == {}", quoted(&run.trial.0));
    let body = html! {
        h1 { "Run " code { (run.id) } " " (page::chip(run.state.word())) }
        @if let Some((kind, message)) = &run.failure {
            p.said { strong { (kind.word()) } ": " (visible(message)) }
        }
        p {
            "Seed " (run.seed) " of trial "
            a href=(Address::new("/runs").with("filter", siblings)) { code { (run.trial) } }
            @for name in &provenance.experiments {
                " · " a href=(experiments::address(name)) { (visible(name)) }
            }
            @for tag in &marks.tags { " " span.chip { (visible(tag)) } }
        }
        @if let Some(note) = &marks.note { p.note { (visible(note)) } }
        div.columns {
            (scores(visit, &run))
            (params(visit, &run))
        }
        (log(visit, &run)?)
        (plots(&curves))
        (pictures(visit, &run))
        (measured(&profiles))
        (origin(&run, &provenance))
        (artifacts(visit, &run)?)
    };
    let trained = (run.state == RunState::Running).then_some(&run.id);
    let live = crate::live::address(trained);
    Ok(Reply::Page(page::whole(&format!("run {}", run.id), Some(&live), body)))
}

fn scores(visit: &Visit<'_>, run: &Run) -> Markup {
    /// About what every run is measured by; behind these stands each corruption at each severity.
    const MAIN: usize = 19;
    // In the order in which the probes declare them, which puts the main ones first.
    let declared = visit.laboratory.catalog().metrics.iter();
    let scores: Vec<_> =
        declared.filter_map(|metric| Some((metric, *run.scores.get(&metric.name)?))).collect();
    let (main, rest) = scores.split_at(scores.len().min(MAIN));
    let table = |scores: &[(&Metric, f64)]| {
        html! {
            div.scroll { table.list {
                thead { tr {
                    th scope="col" { "metric" } th.num scope="col" { "value" } th scope="col" { "unit" }
                } }
                tbody {
                    @for (metric, score) in scores {
                        tr {
                            th scope="row" title=(metric.summary) { (metric.name) }
                            td.num { (ablate_report::Field::Real(*score).words()) }
                            td { @if metric.unit != "1" { (metric.unit) } }
                        }
                    }
                }
            } }
        }
    };
    html! {
        section {
            h2 { "Scores" }
            @if main.is_empty() { p.said { "None yet." } } @else { (table(main)) }
            @if !rest.is_empty() {
                details { summary { (rest.len()) " more" } (table(rest)) }
            }
        }
    }
}

/// What is not at its default stands first and is marked.
fn params(visit: &Visit<'_>, run: &Run) -> Markup {
    let catalog = visit.laboratory.catalog();
    let at_default = |name: &str, value: &ablate_sweep::Value| {
        let declared = catalog.params.iter().find(|param| param.name == name);
        declared.is_some_and(|param| param.default == *value)
    };
    let (usual, own): (Vec<_>, Vec<_>) =
        run.params.iter().partition(|(name, value)| at_default(name, value));
    let row = |name: &str, value: &ablate_sweep::Value| {
        html! { tr { th scope="row" { (name) } td { (visible(&value.to_string())) } } }
    };
    html! {
        section {
            h2 { "Parameters" }
            div.scroll { table.list { tbody { @for (name, value) in own { (row(name, value)) } } } }
            details {
                summary { (usual.len()) " at their defaults" }
                div.scroll { table.list { tbody { @for (name, value) in usual { (row(name, value)) } } } }
            }
        }
    }
}

/// The end of its log: open while there is nothing else to say how it goes, or why it went no further.
fn log(visit: &Visit<'_>, run: &Run) -> Result<Markup, Problem> {
    /// A screen or two.
    const BYTES: u64 = 8 << 10;
    let file = run.id.log_file();
    let folder = visit.store.artifact_folder();
    let unread = |error| Problem::failed(format!("The log of this run cannot be read: {error}"));
    let tail = folder.tail(&file, BYTES).map_err(unread)?;
    let finished = run.state == RunState::Finished;
    Ok(match tail {
        None if finished => html! {},
        None => html! {
            section { h2 { "Log" } p { "None of it is kept here." } }
        },
        Some((tail, cut)) => {
            let lines: Vec<String> = tail.lines().map(visible).collect();
            html! {
                section {
                    h2 { "Log" }
                    details open[!finished] {
                        summary {
                            @match (cut, lines.len()) {
                                (true, lines) => { "The last " (lines) " lines" }
                                (false, 1) => { "1 line" }
                                (false, lines) => { (lines) " lines" }
                            }
                            " of " code { (file) }
                        }
                        pre.log tabindex="0" { (lines.join("\n")) }
                    }
                }
            }
        }
    })
}

/// Curves that share a unit share a plot: losses of the layers, losses and errors of fine-tuning.
fn groups(curves: &[Curve]) -> Vec<(String, Vec<&Curve>)> {
    let mut groups: Vec<(String, Vec<&Curve>)> = Vec::new();
    for curve in curves {
        let title = match curve.name.rsplit_once('_') {
            Some((stage, _)) if stage.starts_with("layer") || stage == "autoencoder" => {
                "pretraining loss".to_owned()
            }
            Some((_, what)) => what.to_owned(),
            None => curve.name.clone(),
        };
        match groups.iter_mut().find(|(known, _)| *known == title) {
            Some((_, group)) => group.push(curve),
            None => groups.push((title, vec![curve])),
        }
    }
    groups
}

fn plots(curves: &[Curve]) -> Markup {
    let points =
        |curve: &Curve| (1_u32..).map(f64::from).zip(curve.values.iter().copied()).collect();
    html! {
        @if !curves.is_empty() {
            section {
                h2 { "Curves" }
                div.figures { @for (title, group) in groups(curves) {
                    @let lines: Vec<(&str, Vec<(f64, f64)>)> =
                        group.iter().map(|curve| (curve.name.as_str(), points(curve))).collect();
                    (drawn(&title, "epoch", &lines))
                } }
            }
        }
    }
}

fn drawn(title: &str, axis: &str, lines: &[(&str, Vec<(f64, f64)>)]) -> Markup {
    let drawn = charts::lines(title, axis, lines, LogAxes::default());
    figure::shown(drawn.ok_or_else(|| format!("{title}: no value that can be drawn")))
}

fn pictures(visit: &Visit<'_>, run: &Run) -> Markup {
    let known = visit.laboratory.pictures(visit.store, run);
    html! {
        @if !known.is_empty() {
            section {
                h2 { "Pictures" }
                div.pictures {
                    @for picture in known {
                        @let address =
                            Address::new("/picture").with("run", &run.id).with("kind", picture.word());
                        figure {
                            img src=(address) alt=(picture.caption()) loading="lazy";
                            figcaption { (picture.caption()) }
                        }
                    }
                }
            }
        }
    }
}

fn measured(profiles: &[Profile]) -> Markup {
    html! {
        @if !profiles.is_empty() {
            section {
                h2 { "Profiles" }
                div.figures { @for profile in profiles {
                    @let points: Vec<(f64, f64)> =
                        profile.at.iter().copied().zip(profile.values.iter().copied()).collect();
                    (drawn(&profile.name, &profile.axis, &[(&profile.name, points)]))
                } }
                details { summary { "In numbers" } @for profile in profiles {
                    div.scroll {
                        table.list {
                            tbody {
                                tr {
                                    th scope="row" { (profile.axis) }
                                    @for at in &profile.at { td.num { (at) } }
                                }
                                tr {
                                    th scope="row" { (profile.name) }
                                    @for value in &profile.values {
                                        td.num { (ablate_report::Field::Real(*value).words()) }
                                    }
                                }
                            }
                        }
                    }
                } }
            }
        }
    }
}

/// Where it comes from, and the commands that make it again.
fn origin(run: &Run, provenance: &Provenance) -> Markup {
    let session = &provenance.session;
    let optional = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let git = match &session.git_dirty {
        Some(hash) => format!("{} with changes {hash}", optional(&session.git_commit)),
        None => optional(&session.git_commit),
    };
    let mut facts = vec![
        ("started", provenance.started_at.clone()),
        ("ended", optional(&provenance.ended_at)),
        ("attempt", provenance.attempt.to_string()),
        ("data", provenance.data_checksum.clone()),
        ("training version", provenance.training_version.clone()),
        ("ablate", session.version.clone()),
        ("git", git),
        ("machine", format!("{}: {}", optional(&provenance.host), optional(&session.cpu))),
        ("vectors", optional(&session.simd)),
        ("system", session.os.clone()),
    ];
    if let Some(seconds) = run.seconds {
        facts.insert(2, ("seconds", format!("{seconds:.2}")));
    }
    if let Some(kept) = &run.kept {
        facts.push(("epochs", format!("{}, epoch {} kept", kept.epochs, kept.best_epoch)));
        facts.push(("weights", kept.weights_hash.clone()));
    }
    if let Some(file) = &provenance.imported {
        facts.push(("imported from", format!("{} (SHA-256 {})", file.name, file.hash)));
    }
    html! {
        section {
            h2 { "Provenance" }
            table.list { tbody {
                @for (name, value) in facts {
                    tr { th scope="row" { (name) } td.wrap { (visible(&value)) } }
                }
            } }
            h3 { "Train it again" }
            @if run.kept.is_some() {
                pre.command { "ablate verify " (run.id) }
                p { "trains this run again and compares every bit. It was trained by" }
            } @else { p { "It was begun by" } }
            pre.command { (visible(&session.command)) }
        }
    }
}

fn artifacts(visit: &Visit<'_>, run: &Run) -> Result<Markup, Problem> {
    let artifacts = visit.store.artifacts(&run.id)?;
    Ok(html! {
        @if !artifacts.is_empty() {
            section {
                h2 { "Weights" }
                div.scroll { table.list {
                    thead { tr {
                        th scope="col" { "of" } th scope="col" { "file" }
                        th scope="col" { "bytes" } th scope="col" { "SHA-256" }
                    } }
                    tbody { @for one in artifacts { tr {
                        th scope="row" { (one.role) } td { code { (visible(&one.file)) } }
                        td.num { (one.bytes) } td { code { (one.hash) } }
                    } } }
                } }
                pre.command { "ablate weights " (run.id) " -o weights.safetensors" }
            }
        }
    })
}
