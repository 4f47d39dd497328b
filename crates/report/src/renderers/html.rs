//! HTML: a table, its caption and its notes, without styles or scripts, to be put into a page. The best
//! is `strong`, ties are `em`. Everything that is not a tag is escaped.

use crate::comparison::Comparison;
use crate::grid::Grid;
use crate::table::{Absence, Cell, Mark, Table};
use crate::tables::Place;

use super::layout::{Layout, Shown};
use super::visible;

pub(super) fn table(table: &Table) -> String {
    linked(table, &|_| None)
}

/// The same, each number that has runs behind it a link to the address that `link` gives for it.
pub(super) fn linked(table: &Table, link: &dyn Fn(Place) -> Option<String>) -> String {
    let layout = Layout::new(table);
    let linked = |at: usize, column: usize, text: String| {
        let place = Place { row: at + 1, column: column + 1 };
        let traced = matches!(
            table.rows[at].cells[column],
            Cell::Measured(_) | Cell::Absent(Absence::Failed { .. } | Absence::NotMeasured)
        );
        match traced.then(|| link(place)).flatten() {
            Some(address) => format!("<a href=\"{}\">{text}</a>", escape(&address)),
            None => text,
        }
    };
    let rows = (0..layout.rows.len()).map(|at| {
        let labels = layout.fresh_labels(at).into_iter();
        let labels = labels.map(|label| format!("<th scope=\"row\">{}</th>", escape(&label)));
        let cells = layout.rows[at].cells.iter().enumerate();
        let cells =
            cells.map(|(column, shown)| format!("<td>{}</td>", linked(at, column, cell(shown))));
        labels.chain(cells).collect()
    });
    let mut out = framed(&layout.title, &header(&layout), rows);
    let marks = layout.marks_legend("BEST", "TIE").map(|note| {
        escape(&note).replacen("BEST", "<strong>bold</strong>:", 1).replacen(
            "TIE",
            "<em>italic</em>:",
            1,
        )
    });
    let notes = layout.legend.iter().map(|note| escape(note)).chain(marks);
    for note in notes.chain(layout.notes.iter().map(|note| escape(note))) {
        out.push_str(&format!("<p>{note}</p>\n"));
    }
    out
}

pub(super) fn comparison(comparison: &Comparison) -> String {
    let items: String = comparison
        .sentences()
        .iter()
        .map(|sentence| format!("  <li>{}</li>\n", escape(sentence)))
        .collect();
    let further: String = comparison.further_tables().iter().map(table).collect();
    format!("<ul>\n{items}</ul>\n{}{further}", table(&comparison.summary_table()))
}

pub(super) fn grid(grid: &Grid) -> String {
    let names: String = grid
        .columns
        .iter()
        .map(|name| format!("<th scope=\"col\">{}</th>", escape(name)))
        .collect();
    let rows = grid.rows.iter().map(|row| {
        row.iter().map(|field| format!("<td>{}</td>", escape(&field.words()))).collect()
    });
    framed("", &format!("    <tr>{names}</tr>\n"), rows)
}

fn framed(title: &str, header: &str, rows: impl Iterator<Item = Vec<String>>) -> String {
    let caption = match title {
        "" => String::new(),
        title => format!("  <caption>{}</caption>\n", escape(title)),
    };
    let body: String = rows.map(|row| format!("    <tr>{}</tr>\n", row.concat())).collect();
    format!(
        "<table>\n{caption}  <thead>\n{header}  </thead>\n  <tbody>\n{body}  </tbody>\n</table>\n"
    )
}

/// The levels of the header; equal neighbours on an outer level are one heading.
fn header(layout: &Layout) -> String {
    let mut out = String::new();
    for (level, names) in layout.header.iter().enumerate() {
        let is_leaf = level + 1 == layout.header.len();
        let name = |key: &String| if is_leaf { escape(key) } else { String::new() };
        let keys = layout.keys.iter().map(|key| format!("<th scope=\"col\">{}</th>", name(key)));
        let headings = names.chunk_by(|left, right| !is_leaf && left == right).map(|same| {
            let heading = escape(&same[0]);
            match (is_leaf, same.len()) {
                (true, _) | (false, 1) => format!("<th scope=\"col\">{heading}</th>"),
                (false, wide) => {
                    format!("<th scope=\"colgroup\" colspan=\"{wide}\">{heading}</th>")
                }
            }
        });
        let line: String = keys.chain(headings).collect();
        out.push_str(&format!("    <tr>{line}</tr>\n"));
    }
    out
}

fn cell(cell: &Shown) -> String {
    let text = escape(&cell.text());
    let marked = match cell.mark {
        Some(Mark::Best) => format!("<strong>{text}</strong>"),
        Some(Mark::Tie) => format!("<em>{text}</em>"),
        Some(Mark::Worse | Mark::Untested) | None => text,
    };
    let n = cell.n.map(|n| format!(" ({n})")).unwrap_or_default();
    format!("{marked}{}{n}", cell.sign)
}

/// `text` as HTML and XML show it: nothing in it can begin a tag, end an attribute or be no XML at all.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn nothing_in_a_name_is_a_tag_or_leaves_an_attribute() {
        assert_eq!(
            escape("<script>alert(\"x\")</script>&'"),
            "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#39;"
        );
        assert_eq!(escape("a\n\u{202e}b"), "a\\n\\u{202e}b");
        assert_eq!(escape("a\u{0}\u{7}\u{fffe}\u{ffff}b"), "a\\u{0}\\u{7}\u{fffd}\u{fffd}b");
    }
}
