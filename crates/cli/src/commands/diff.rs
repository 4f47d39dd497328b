//! `ablate diff`: what two runs do not have in common. Parameters, origin, code, curves and scores, each
//! only where they differ.

use std::collections::BTreeSet;

use ablate_records::{Provenance, Store};
use ablate_report::{Field, Format, Grid, visible};
use ablate_sweep::{Curve, Run};
use serde_json::{Map, Value as Json, json};

use crate::args::{Common, Diff, ShowFormat};
use crate::commands::query;
use crate::exit::Exit;
use crate::provenance::git;
use crate::terminal::Terminal;

pub(crate) fn run(args: &Diff, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let store = Store::open_read_only(&common.db)?;
    let (left, right) = (Side::read(&store, &args.left)?, Side::read(&store, &args.right)?);
    let sections = sections(&left, &right);
    let code = code(&left.provenance, &right.provenance, if args.patch { "-p" } else { "--stat" });
    let text = match args.format {
        ShowFormat::Json => {
            serde_json::to_string_pretty(&as_json(&left, &right, &sections, &code))?
        }
        ShowFormat::Text => as_text(&left, &right, &sections, &code, terminal),
    };
    terminal.data(&text)?;
    Ok(Exit::Done)
}

/// One of the two runs.
struct Side {
    run: Run,
    provenance: Provenance,
    curves: Vec<Curve>,
}

impl Side {
    fn read(store: &Store, prefix: &str) -> anyhow::Result<Side> {
        let run = store.find_run(prefix)?;
        let provenance = store.provenance(&run.id)?;
        Ok(Side { provenance, curves: store.curves(&run.id)?, run })
    }
}

/// What differs of one sort: a row a name, with both values.
struct Section {
    title: &'static str,
    rows: Vec<(String, Field, Field)>,
}

fn sections(left: &Side, right: &Side) -> Vec<Section> {
    let of = |title, left: Vec<(String, Field)>, right: Vec<(String, Field)>| Section {
        title,
        rows: differing(&left, &right),
    };
    vec![
        of("parameters", params(&left.run), params(&right.run)),
        of("origin", origin(left), origin(right)),
        of("scores", scores(&left.run), scores(&right.run)),
        Section { title: "curves", rows: curves(&left.curves, &right.curves) },
    ]
}

/// The names whose values differ, in the order in which either side first has them.
fn differing(left: &[(String, Field)], right: &[(String, Field)]) -> Vec<(String, Field, Field)> {
    let value = |side: &[(String, Field)], name: &str| {
        let found = side.iter().find(|(known, _)| known == name);
        found.map_or(Field::Null, |(_, value)| value.clone())
    };
    let mut seen = BTreeSet::new();
    let names = left.iter().chain(right).map(|(name, _)| name).filter(|name| seen.insert(*name));
    let pairs = names.map(|name| (name.clone(), value(left, name), value(right, name)));
    pairs.filter(|(_, left, right)| left != right).collect()
}

fn params(run: &Run) -> Vec<(String, Field)> {
    run.params.iter().map(|(name, value)| (name.to_owned(), Some(value.clone()).into())).collect()
}

fn scores(run: &Run) -> Vec<(String, Field)> {
    run.scores.iter().map(|(name, score)| (name.clone(), Field::Real(*score))).collect()
}

fn origin(side: &Side) -> Vec<(String, Field)> {
    let Side { run, provenance, .. } = side;
    let session = &provenance.session;
    let text = |text: &str| Field::Text(text.to_owned());
    let optional = |text: &Option<String>| text.clone().map_or(Field::Null, Field::Text);
    let weights = run.kept.as_ref().map(|kept| kept.weights_hash.clone());
    let fields = [
        ("trial", text(&run.trial.0)),
        ("seed", Field::Int(i64::try_from(run.seed).unwrap_or(i64::MAX))),
        ("state", text(run.state.word())),
        ("weights", optional(&weights)),
        ("data", text(&provenance.data_checksum)),
        ("training version", text(&provenance.training_version)),
        ("ablate", text(&session.version)),
        ("git", optional(&session.git_commit)),
        ("git changes", optional(&session.git_dirty)),
        ("experiments", text(&provenance.experiments.join(", "))),
        ("command", text(&session.command)),
        ("host", optional(&provenance.host)),
        ("binary", optional(&session.binary)),
        ("cpu", optional(&session.cpu)),
        ("vectors", optional(&session.simd)),
        ("os", text(&session.os)),
        ("started", text(&provenance.started_at)),
        ("seconds", run.seconds.map_or(Field::Null, Field::Real)),
    ];
    fields.into_iter().map(|(name, field)| (name.to_owned(), field)).collect()
}

/// Where each curve first differs, with both values there.
fn curves(left: &[Curve], right: &[Curve]) -> Vec<(String, Field, Field)> {
    let values = |side: &[Curve], name: &str| {
        let found = side.iter().find(|curve| curve.name == name);
        found.map(|curve| curve.values.clone()).unwrap_or_default()
    };
    let mut seen = BTreeSet::new();
    let names = left.iter().chain(right).map(|curve| &curve.name);
    let names = names.filter(|name| seen.insert(*name));
    names
        .filter_map(|name| {
            let (left, right) = (values(left, name), values(right, name));
            let at = |side: &[f64], epoch: usize| side.get(epoch).map(|value| value.to_bits());
            let longest = left.len().max(right.len());
            let epoch = (0..longest).find(|epoch| at(&left, *epoch) != at(&right, *epoch))?;
            let field = |side: &[f64]| side.get(epoch).map_or(Field::Null, |v| Field::Real(*v));
            Some((format!("{name}, epoch {}", epoch + 1), field(&left), field(&right)))
        })
        .collect()
}

/// What git says of the commits of both runs, if it knows them here.
fn code(left: &Provenance, right: &Provenance, how: &str) -> String {
    let (left, right) = (&left.session, &right.session);
    let changes = match (&left.git_dirty, &right.git_dirty) {
        (None, None) => "",
        _ => "; what was not committed is not kept",
    };
    let (Some(from), Some(to)) = (&left.git_commit, &right.git_commit) else {
        return "the commit of one is not known".to_owned();
    };
    if from == to {
        let same = left.git_dirty == right.git_dirty;
        return if same { "the same".to_owned() } else { format!("the same commit{changes}") };
    }
    // A store may come from anyone: only a hash is handed to git.
    let hash = |text: &str| text.len() >= 7 && text.bytes().all(|c| c.is_ascii_hexdigit());
    for commit in [from, to] {
        let object = format!("{commit}^{{commit}}");
        if !hash(commit) || git(&["rev-parse", "--verify", &object]).is_none() {
            return format!("git does not know {commit} here{changes}");
        }
    }
    match git(&["diff", "--no-color", how, from, to]) {
        Some(diff) if changes.is_empty() => diff,
        Some(diff) => format!("{diff}\n{}", changes.trim_start_matches("; ")),
        None => format!("the same in both commits{changes}"),
    }
}

fn as_text(
    left: &Side,
    right: &Side,
    sections: &[Section],
    code: &str,
    terminal: &Terminal,
) -> String {
    let mut page = String::new();
    for Section { title, rows } in sections {
        if rows.is_empty() {
            page.push_str(&format!("{title}: the same\n\n"));
            continue;
        }
        let columns = [*title, &left.run.id.0, &right.run.id.0].map(str::to_owned).to_vec();
        let row = |(name, left, right): &(String, Field, Field)| {
            vec![Field::Text(name.clone()), left.clone(), right.clone()]
        };
        let grid = Grid { columns, rows: rows.iter().map(row).collect() };
        page.push_str(&grid.render(Format::Text, query::style(terminal)));
        page.push('\n');
    }
    page.push_str("code\n");
    for line in code.lines() {
        page.push_str(&format!("  {}\n", visible(line)));
    }
    page
}

fn as_json(left: &Side, right: &Side, sections: &[Section], code: &str) -> Json {
    let value = |field: &Field| match field {
        Field::Null => Json::Null,
        Field::Int(whole) => json!(whole),
        Field::Real(real) => json!(real),
        Field::Text(text) => json!(text),
    };
    let mut page = Map::new();
    page.insert("runs".to_owned(), json!([left.run.id.0, right.run.id.0]));
    for Section { title, rows } in sections {
        let rows = rows.iter().map(|(name, l, r)| (name.clone(), json!([value(l), value(r)])));
        page.insert((*title).to_owned(), Json::Object(rows.collect()));
    }
    page.insert("code".to_owned(), json!(code));
    Json::Object(page)
}
