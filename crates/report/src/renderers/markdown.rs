//! GitHub-flavoured Markdown: a pipe table, the best in bold, ties in italics.

use crate::comparison::Comparison;
use crate::grid::Grid;
use crate::table::{Mark, Table};

use super::layout::{Layout, Shown};
use super::visible;

pub(super) fn table(table: &Table) -> String {
    let layout = Layout::new(table);
    let columns = layout.header.first().map_or(0, Vec::len);
    let heading = |at: usize| {
        let levels: Vec<String> = layout.header.iter().map(|level| escape(&level[at])).collect();
        levels.join(" / ")
    };
    let keys = layout.keys.iter().map(|key| escape(key));
    let names = keys.chain((0..columns).map(heading)).collect();
    let sides = [":--"].repeat(layout.keys.len()).into_iter().chain(["--:"].repeat(columns));
    let rows = layout.rows.iter().map(|row| {
        let labels = row.labels.iter().map(|label| escape(label));
        labels.chain(row.cells.iter().map(cell)).collect()
    });
    let mut out = format!("**{}**\n\n", escape(&layout.title));
    out.push_str(&pipes(names, sides, rows));
    let mut notes: Vec<String> = layout.legend.iter().map(|note| escape(note)).collect();
    notes.extend(layout.marks_legend("**bold**", "*italic*").map(|note| note.replace(">=", "≥")));
    notes.extend(layout.notes.iter().map(|note| escape(note)));
    out.push_str(&paragraph(&notes));
    out
}

pub(super) fn comparison(comparison: &Comparison) -> String {
    let sentences = comparison.sentences();
    let list: String =
        sentences.iter().map(|sentence| format!("- {}\n", escape(sentence))).collect();
    let further: String =
        comparison.further_tables().iter().map(|further| format!("\n{}", table(further))).collect();
    format!("{list}\n{}{further}", table(&comparison.summary_table()))
}

pub(super) fn grid(grid: &Grid) -> String {
    let names = grid.columns.iter().map(|name| escape(name)).collect();
    let sides = (0..grid.columns.len()).map(|at| if grid.is_numeric(at) { "--:" } else { ":--" });
    let rows = grid.rows.iter().map(|row| row.iter().map(|field| escape(&field.words())).collect());
    pipes(names, sides, rows)
}

fn pipes<'a>(
    names: Vec<String>,
    sides: impl Iterator<Item = &'a str>,
    rows: impl Iterator<Item = Vec<String>>,
) -> String {
    let line = |fields: Vec<String>| format!("| {} |\n", fields.join(" | "));
    let mut out = line(names);
    out.push_str(&line(sides.map(str::to_owned).collect()));
    out.extend(rows.map(line));
    out
}

/// One sentence a line: two blanks at the end of a line would be lost to editors that trim.
fn paragraph(notes: &[String]) -> String {
    if notes.is_empty() { String::new() } else { format!("\n{}\n", notes.join("<br>\n")) }
}

fn cell(cell: &Shown) -> String {
    let text = escape(&cell.text());
    let marked = match cell.mark {
        Some(Mark::Best) => format!("**{text}**"),
        Some(Mark::Tie) => format!("*{text}*"),
        Some(Mark::Worse | Mark::Untested) | None => text,
    };
    let n = cell.n.map(|n| format!(" ({n})")).unwrap_or_default();
    format!("{marked}{}{n}", escape(cell.sign))
}

/// `text` as it reads, whatever Markdown or HTML it looks like. An underscore within a word stays:
/// it starts no emphasis there, and `test_error` is to remain legible in the source.
pub(super) fn escape(text: &str) -> String {
    let chars: Vec<char> = visible(text).chars().collect();
    let is_word =
        |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(|c| c.is_alphanumeric());
    let mut out = String::with_capacity(text.len());
    for (at, c) in chars.iter().enumerate() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '_' if is_word(at.checked_sub(1)) && is_word(Some(at + 1)) => out.push('_'),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' | '!' => {
                out.extend(['\\', *c]);
            }
            // At the start of a line these would open a heading, a list or a quotation.
            '#' | '+' | '-' | '=' if at == 0 && chars.len() > 1 && !is_number(&chars) => {
                out.extend(['\\', *c]);
            }
            _ => out.push(*c),
        }
    }
    out
}

fn is_number(chars: &[char]) -> bool {
    chars.get(1).is_some_and(char::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn nothing_in_a_name_is_taken_for_markup() {
        assert_eq!(escape("test_error"), "test_error");
        assert_eq!(escape("_a_ *b* |c| <d>"), "\\_a\\_ \\*b\\* \\|c\\| &lt;d&gt;");
        assert_eq!(escape("a\nb\\"), "a\\\\nb\\\\");
        assert_eq!(escape("[x](y) ![z]"), "\\[x\\](y) \\!\\[z\\]");
        assert_eq!(
            (escape("- x"), escape("-1.2"), escape("-")),
            ("\\- x".into(), "-1.2".into(), "-".into())
        );
    }
}
