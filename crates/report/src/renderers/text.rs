//! Aligned columns for a terminal. Means, half-widths and marks are aligned each for itself, so that
//! the numbers of a column can be compared at a glance; what is too wide is split into blocks.

use crate::comparison::Comparison;
use crate::grid::{Field, Grid};
use crate::table::{Mark, Table};

use super::layout::{Layout, Shown};
use super::{Emphasis, Style, painted, visible, width};

/// Blanks between two columns.
const GAP: usize = 2;

/// Text columns of a sheet are cut to this many columns where the terminal's width is known.
const WIDEST_FIELD: usize = 60;

pub(super) fn table(table: &Table, style: Style) -> String {
    let layout = Layout::new(table);
    let mut out = format!("{}\n\n", painted(&visible(&layout.title), "1", style.emphasis));
    out.push_str(&blocks(&sheet(&layout), style));
    let marks = layout.marks_legend("*", "~");
    let mut notes = layout.legend;
    notes.extend(marks);
    notes.extend(layout.notes);
    if !notes.is_empty() {
        out.push('\n');
    }
    for note in notes {
        for line in wrapped(&visible(&note), style.width) {
            out.push_str(&painted(&line, "2", style.emphasis));
            out.push('\n');
        }
    }
    out
}

pub(super) fn comparison(comparison: &Comparison, style: Style) -> String {
    let mut out = String::new();
    for sentence in comparison.sentences() {
        for line in wrapped(&visible(&sentence), style.width) {
            out.push_str(&line);
            out.push('\n');
        }
    }
    out.push('\n');
    out.push_str(&table(&comparison.summary_table(), style));
    for further in comparison.further_tables() {
        out.push('\n');
        out.push_str(&table(&further, style));
    }
    out
}

pub(super) fn grid(grid: &Grid, style: Style) -> String {
    let most = if style.width.is_some() { WIDEST_FIELD } else { usize::MAX };
    let sides: Vec<Side> = (0..grid.columns.len())
        .map(|at| if grid.is_numeric(at) { Side::Right } else { Side::Left })
        .collect();
    let piece = |(words, side): (String, &Side)| Piece {
        text: cut(&visible(&words), most),
        side: *side,
        mark: None,
    };
    let sheet = Sheet {
        fixed: 1,
        header: vec![grid.columns.iter().cloned().zip(&sides).map(piece).collect()],
        body: grid
            .rows
            .iter()
            .map(|row| row.iter().map(Field::words).zip(&sides).map(piece).collect())
            .collect(),
    };
    blocks(&sheet, style)
}

/// Rows of pieces; the first `fixed` columns are repeated in every block.
struct Sheet {
    fixed: usize,
    header: Vec<Vec<Piece>>,
    body: Vec<Vec<Piece>>,
}

/// One field: its text, and on which side of its column it stands.
#[derive(Clone, Default)]
struct Piece {
    text: String,
    side: Side,
    mark: Option<Mark>,
}

#[derive(Clone, Copy, Default)]
enum Side {
    #[default]
    Left,
    Right,
}

impl Piece {
    fn left(text: String) -> Piece {
        Piece { text, side: Side::Left, mark: None }
    }

    fn right(text: String) -> Piece {
        Piece { text, side: Side::Right, mark: None }
    }

    fn padded(&self, wide: usize, emphasis: Emphasis) -> String {
        let blanks = " ".repeat(wide.saturating_sub(width(&self.text)));
        let text = match self.mark {
            Some(Mark::Best) => painted(&self.text, "1", emphasis),
            Some(Mark::Tie | Mark::Worse | Mark::Untested) | None => self.text.clone(),
        };
        match self.side {
            Side::Left => format!("{text}{blanks}"),
            Side::Right => format!("{blanks}{text}"),
        }
    }
}

fn sheet(layout: &Layout) -> Sheet {
    let columns: Vec<(Vec<Piece>, String)> = (0..layout.header.first().map_or(0, Vec::len))
        .map(|at| aligned(&layout.rows.iter().map(|row| &row.cells[at]).collect::<Vec<_>>()))
        .collect();
    let levels = layout.header.len();
    let header = layout.header.iter().enumerate().map(|(level, names)| {
        // The names of the row labels stand right above them, in the last line of the header.
        let is_leaf = level + 1 == levels;
        let key = |key: &String| if is_leaf { visible(key) } else { String::new() };
        let repeats = |at: usize| !is_leaf && at > 0 && names[at] == names[at - 1];
        let heading = |(at, name): (usize, &String)| {
            let name = if repeats(at) { String::new() } else { visible(name) };
            Piece::right(format!("{name}{}", columns[at].1))
        };
        let keys = layout.keys.iter().map(|name| Piece::left(key(name)));
        keys.chain(names.iter().enumerate().map(heading)).collect()
    });
    let body = (0..layout.rows.len()).map(|at| {
        let labels = layout.fresh_labels(at).into_iter().map(|label| Piece::left(visible(&label)));
        labels.chain(columns.iter().map(|(cells, _)| cells[at].clone())).collect()
    });
    Sheet { fixed: layout.keys.len(), header: header.collect(), body: body.collect() }
}

/// One column of cells, means and half-widths padded so that each stands below its like, and the
/// blanks that a heading needs to end where the numbers do.
fn aligned(cells: &[&Shown]) -> (Vec<Piece>, String) {
    let widest = |part: fn(&Shown) -> usize| cells.iter().map(|cell| part(cell)).max().unwrap_or(0);
    let spread = widest(|cell| width(&cell.spread));
    let tail = widest(|cell| width(&suffix(cell)));
    let piece = |cell: &&Shown| {
        let suffix = suffix(cell);
        let blanks = " ".repeat(tail - width(&suffix));
        let half = if cell.spread.is_empty() {
            String::new()
        } else {
            format!("{}{:>spread$}", cell.between, cell.spread)
        };
        let text = format!("{}{half}{suffix}{blanks}", visible(&cell.value));
        Piece { text, side: Side::Right, mark: cell.mark }
    };
    (cells.iter().map(piece).collect(), " ".repeat(tail))
}

fn suffix(cell: &Shown) -> String {
    let n = cell.n.map(|n| format!(" ({n})")).unwrap_or_default();
    let sign = if cell.sign.is_empty() { String::new() } else { format!(" {}", cell.sign) };
    match cell.mark {
        Some(Mark::Best) => format!("{n} *"),
        Some(Mark::Tie) => format!("{n} ~"),
        Some(Mark::Worse | Mark::Untested) | None => format!("{n}{sign}"),
    }
}

/// The sheet in as many blocks as the width asks for.
fn blocks(sheet: &Sheet, style: Style) -> String {
    let rows = || sheet.header.iter().chain(&sheet.body);
    let count = rows().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count)
        .map(|at| rows().filter_map(|row| row.get(at)).map(|p| width(&p.text)).max().unwrap_or(0))
        .collect();
    let fixed: Vec<usize> = (0..sheet.fixed.min(count)).collect();
    let fixed_width: usize = fixed.iter().map(|at| widths[*at] + GAP).sum();
    let limit = style.width.unwrap_or(usize::MAX);
    let mut blocks: Vec<Vec<usize>> = vec![fixed.clone()];
    let mut used = fixed_width;
    for (at, wide) in widths.iter().enumerate().skip(fixed.len()) {
        let is_first = blocks.last().is_some_and(|block| block.len() == fixed.len());
        if !is_first && used + wide > limit {
            blocks.push(fixed.clone());
            used = fixed_width;
        }
        used += wide + GAP;
        blocks.last_mut().expect("there is always a block").push(at);
    }
    let drawn: Vec<String> =
        blocks.iter().map(|columns| block(sheet, columns, &widths, style.emphasis)).collect();
    drawn.join("\n")
}

fn block(sheet: &Sheet, columns: &[usize], widths: &[usize], emphasis: Emphasis) -> String {
    let line = |row: &Vec<Piece>, emphasis: Emphasis| {
        let blank = Piece::default();
        let pieces =
            columns.iter().map(|at| row.get(*at).unwrap_or(&blank).padded(widths[*at], emphasis));
        let text = pieces.collect::<Vec<_>>().join(&" ".repeat(GAP));
        format!("{}\n", text.trim_end())
    };
    let total: usize = columns.iter().map(|at| widths[*at] + GAP).sum();
    let rule = format!("{}\n", painted(&"─".repeat(total.saturating_sub(GAP)), "2", emphasis));
    let header: String = sheet.header.iter().map(|row| line(row, emphasis)).collect();
    let body: String = sheet.body.iter().map(|row| line(row, emphasis)).collect();
    format!("{header}{rule}{body}")
}

/// `text` broken at blanks into lines of at most `limit` columns; further lines are indented.
fn wrapped(text: &str, limit: Option<usize>) -> Vec<String> {
    let limit = limit.unwrap_or(usize::MAX).max(20);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last_mut().expect("there is always a line");
        if last.trim().is_empty() {
            last.push_str(word);
        } else if width(last) + 1 + width(word) <= limit {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(format!("  {word}"));
        }
    }
    lines
}

/// The first `most` columns of `text`, with an ellipsis where something was cut off.
fn cut(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        if width(&kept) + 2 > most {
            break;
        }
        kept.push(c);
    }
    kept + "…"
}
