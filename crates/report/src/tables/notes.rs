//! What a table has to say besides its numbers: what was chosen, what failed, what was not tested.

use crate::label::{Label, phrase};
use crate::number::counted;
use crate::run_set::TrialRuns;
use crate::selection::Selector;
use crate::table::{Cell, Mark, Row, Table};

use super::cells::Pick;
use super::marks::FEWEST_PAIRS;

/// More places than this are counted, not named.
const PLACES_NAMED: usize = 8;

/// The notes below `table`, whose groups of columns have these labels.
pub(super) fn notes(
    table: &Table,
    columns: &[Vec<Label>],
    picks: &[Vec<Pick<'_>>],
    selector: &Selector,
) -> Vec<String> {
    let notes = [
        chosen(picks, selector),
        ineligible(picks),
        failed(table, columns, picks),
        untested(table),
    ];
    notes.into_iter().flatten().collect()
}

fn chosen(picks: &[Vec<Pick<'_>>], selector: &Selector) -> Option<String> {
    let choices = picks.iter().flatten().filter_map(|pick| pick.choice.as_ref());
    let choices: Vec<_> = choices.collect();
    let among = choices.iter().map(|choice| choice.among);
    let (fewest, most) = (among.clone().min()?, among.max()?);
    let mut names: Vec<&str> =
        choices.iter().flat_map(|choice| choice.params.iter()).map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    let range = if fewest == most { most.to_string() } else { format!("{fewest} to {most}") };
    Some(format!(
        "{} chosen by mean {} over {range} trials a cell; see --format json for the choices",
        names.join(", "),
        selector.metric(),
    ))
}

/// Trials that lost the choice of a cell because they are incomplete, not because they are worse.
fn ineligible(picks: &[Vec<Pick<'_>>]) -> Option<String> {
    let several = picks.iter().flatten().filter(|pick| pick.members.len() > 1);
    let incomplete: usize = several
        .map(|pick| {
            let whole = |member: &&&TrialRuns| member.finished() == member.seeds.len();
            let complete = pick.members.iter().filter(whole).count();
            if complete == 0 { 0 } else { pick.members.len() - complete }
        })
        .sum();
    let trials = match incomplete {
        0 => return None,
        1 => "1 trial was".to_owned(),
        more => format!("{more} trials were"),
    };
    Some(format!("{trials} not eligible to be chosen: not all planned seeds have finished"))
}

fn failed(table: &Table, columns: &[Vec<Label>], picks: &[Vec<Pick<'_>>]) -> Option<String> {
    let mut places = Vec::new();
    let mut runs = 0;
    for (row, in_row) in table.rows.iter().zip(picks) {
        for (labels, pick) in columns.iter().zip(in_row) {
            let kinds = pick.failures();
            if !kinds.is_empty() {
                runs += kinds.values().sum::<usize>();
                let kinds: Vec<String> =
                    kinds.iter().map(|(kind, count)| format!("{count} {}", kind.word())).collect();
                places.push(format!("{} ({})", place(table, row, labels), kinds.join(", ")));
            }
        }
    }
    if places.is_empty() {
        return None;
    }
    let more = places.len().saturating_sub(PLACES_NAMED);
    places.truncate(PLACES_NAMED);
    if more > 0 {
        places.push(format!("and in {more} more"));
    }
    let runs = counted(runs, "run");
    Some(format!("{runs} of the trials shown failed: {}", places.join("; ")))
}

/// A cell in words, by the labels of its row and its column.
fn place(table: &Table, row: &Row, column: &[Label]) -> String {
    let names = table.keys.iter().chain(&table.column_keys).map(String::as_str);
    let labels = row.labels.iter().chain(column).map(ToString::to_string);
    let words = phrase(names.zip(labels).filter(|(_, label)| label != "-"));
    if words.is_empty() { "the only cell".to_owned() } else { words }
}

fn untested(table: &Table) -> Option<String> {
    let cells = table.rows.iter().flat_map(|row| &row.cells).filter_map(Cell::measured);
    let cells = match cells.filter(|cell| cell.mark == Some(Mark::Untested)).count() {
        0 => return None,
        1 => "1 cell was".to_owned(),
        more => format!("{more} cells were"),
    };
    Some(format!(
        "{cells} not tested against the best: fewer than {FEWEST_PAIRS} shared seeds, or \
         differences without spread"
    ))
}
