//! A `tabular` with the rules of `booktabs`; compiles as it is under `\usepackage{booktabs}`. The
//! best is bold, ties are in italics, the notes stand below as footnote-sized text.

use crate::comparison::Comparison;
use crate::grid::Grid;
use crate::table::{Mark, Table};

use super::layout::{Layout, Shown};
use super::visible;

pub(super) fn table(table: &Table) -> String {
    let layout = Layout::new(table);
    let columns = layout.header.first().map_or(0, Vec::len);
    let spec = format!("{}{}", "l".repeat(layout.keys.len()), "r".repeat(columns));
    let rows = (0..layout.rows.len()).map(|at| {
        let labels = layout.fresh_labels(at).into_iter().map(|label| escape(&label));
        labels.chain(layout.rows[at].cells.iter().map(cell)).collect::<Vec<_>>()
    });
    let mut out = format!("% {}\n", comment(&layout.title));
    out.push_str(&tabular(&spec, &header(&layout), rows));
    let mut notes: Vec<String> = layout.legend.iter().map(|note| escape(note)).collect();
    let marks = layout.marks_legend("BEST", "TIE").map(|note| {
        escape(&note).replacen("BEST", "\\textbf{bold}:", 1).replacen("TIE", "\\emph{italic}:", 1)
    });
    notes.extend(marks);
    notes.extend(layout.notes.iter().map(|note| escape(note)));
    out.push_str(&below(&notes));
    out
}

pub(super) fn comparison(comparison: &Comparison) -> String {
    let sentences = comparison.sentences();
    let items: String =
        sentences.iter().map(|sentence| format!("  \\item {}.\n", escape(sentence))).collect();
    let list = if items.is_empty() {
        String::new()
    } else {
        format!("\\begin{{itemize}}\n{items}\\end{{itemize}}\n\n")
    };
    let further: String = comparison
        .further_tables()
        .iter()
        .map(|further| format!("\n\\bigskip\n{}", table(further)))
        .collect();
    format!("{list}{}{further}", table(&comparison.summary_table()))
}

pub(super) fn grid(grid: &Grid) -> String {
    let side = |at: usize| if grid.is_numeric(at) { 'r' } else { 'l' };
    let spec: String = (0..grid.columns.len()).map(side).collect();
    let names: Vec<String> = grid.columns.iter().map(|name| escape(name)).collect();
    let rows = grid.rows.iter().map(|row| row.iter().map(|field| escape(&field.words())).collect());
    tabular(&spec, &line(&names), rows)
}

fn tabular(spec: &str, header: &str, rows: impl Iterator<Item = Vec<String>>) -> String {
    let body: String = rows.map(|row| line(&row)).collect();
    format!(
        "\\begin{{tabular}}{{{spec}}}\n  \\toprule\n{header}  \\midrule\n{body}  \
         \\bottomrule\n\\end{{tabular}}\n"
    )
}

fn line(fields: &[String]) -> String {
    format!("  {} \\\\\n", fields.join(" & "))
}

/// The levels of the header; equal neighbours on an outer level are joined over a rule.
fn header(layout: &Layout) -> String {
    let mut out = String::new();
    for (level, names) in layout.header.iter().enumerate() {
        let is_leaf = level + 1 == layout.header.len();
        let name = |key: &String| if is_leaf { escape(key) } else { String::new() };
        let mut fields: Vec<String> = layout.keys.iter().map(name).collect();
        let (mut at, mut rules) = (fields.len() + 1, String::new());
        for same in names.chunk_by(|left, right| !is_leaf && left == right) {
            if is_leaf {
                fields.push(escape(&same[0]));
                continue;
            }
            let last = at + same.len() - 1;
            let heading = escape(&same[0]);
            fields.push(format!("\\multicolumn{{{}}}{{c}}{{{heading}}}", same.len()));
            rules.push_str(&format!(" \\cmidrule(lr){{{at}-{last}}}"));
            at = last + 1;
        }
        out.push_str(&line(&fields));
        if !rules.is_empty() {
            out.push_str(&format!(" {rules}\n"));
        }
    }
    out
}

fn below(notes: &[String]) -> String {
    if notes.is_empty() {
        return String::new();
    }
    format!("\n\\smallskip\n{{\\noindent\\footnotesize\n{}.\\par}}\n", notes.join(".\n"))
}

fn cell(cell: &Shown) -> String {
    let text = escape(&cell.text());
    let marked = match cell.mark {
        Some(Mark::Best) => format!("\\textbf{{{text}}}"),
        Some(Mark::Tie) => format!("\\emph{{{text}}}"),
        Some(Mark::Worse | Mark::Untested) | None => text,
    };
    let n = cell.n.map(|n| format!(" ({n})")).unwrap_or_default();
    format!("{marked}{}{n}", escape(cell.sign))
}

/// A comment ends with its line, so only what could end the line has to go.
fn comment(text: &str) -> String {
    visible(text)
}

/// `text` as it reads. A character that LaTeX's standard fonts lack is written as its code point.
pub(super) fn escape(text: &str) -> String {
    let shown = visible(text);
    let mut out = String::with_capacity(shown.len());
    let mut chars = shown.chars().peekable();
    let mut first = true;
    while let Some(c) = chars.next() {
        match c {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => out.extend(['\\', c]),
            '\\' => out.push_str("\\textbackslash{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '<' => out.push_str("$<$"),
            '>' if chars.next_if_eq(&'=').is_some() => out.push_str("$\\geq$"),
            '>' => out.push_str("$>$"),
            '|' => out.push_str("$|$"),
            '†' => out.push_str("$^\\dagger$"),
            '‡' => out.push_str("$^\\ddagger$"),
            '±' => out.push_str("$\\pm$"),
            // The standard encoding has no straight double quote.
            '"' => out.push_str("''"),
            '`' => out.push_str("\\textasciigrave{}"),
            '\'' => out.push_str("\\textquotesingle{}"),
            '-' if first && chars.peek().is_some_and(char::is_ascii_digit) => out.push_str("$-$"),
            // Two hyphens in a row would become a dash.
            '-' if chars.peek() == Some(&'-') => out.push_str("-{}"),
            // Right behind the end of a row these would be read as its options.
            '[' | '*' => out.extend(['{', c, '}']),
            _ if c.is_ascii() || ('\u{c0}'..='\u{ff}').contains(&c) => out.push(c),
            _ => out.push_str(&format!("U+{:04X}", u32::from(c))),
        }
        first = false;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn every_special_character_is_escaped() {
        assert_eq!(escape("a_b & 5% of $x #1 {y}"), "a\\_b \\& 5\\% of \\$x \\#1 \\{y\\}");
        assert_eq!(escape("\\input{x}"), "\\textbackslash{}input\\{x\\}");
        assert_eq!(escape("~^<>|"), "\\textasciitilde{}\\textasciicircum{}$<$$>$$|$");
        assert_eq!(
            (escape("--"), escape("-1"), escape("中")),
            ("-{}-".into(), "$-$1".into(), "U+4E2D".into())
        );
    }
}
