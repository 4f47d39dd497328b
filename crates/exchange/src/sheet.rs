//! Sheets: named columns of one kind each, as CSV, JSON lines or Parquet. Runs are one sheet, a row a
//! run; curves and profiles others, a row a point.

use ablate_report::{Field, Format, Grid, Style};
use serde_json::{Map, Value as Json};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Whole numbers.
    Int,
    /// Real numbers, infinities included.
    Real,
    /// Text.
    Text,
    /// Yes or no, as 1 or 0.
    Flag,
}

/// Columns and rows; every row has one field a column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    /// Names and kinds.
    pub columns: Vec<(String, Kind)>,
    /// The rows.
    pub rows: Vec<Vec<Field>>,
}

impl Sheet {
    /// As CSV: real numbers with every bit, absent ones empty; texts that a spreadsheet would take for
    /// a formula begin with an apostrophe.
    pub fn to_csv(&self) -> String {
        let columns = self.columns.iter().map(|(name, _)| name.clone()).collect();
        Grid { columns, rows: self.rows.clone() }.render(Format::Csv, Style::default())
    }

    /// As one JSON object a line. JSON has no infinity: such a number is `null`, like an absent one.
    pub fn to_json_lines(&self) -> String {
        let mut text = String::new();
        for row in &self.rows {
            let object: Map<String, Json> = self
                .columns
                .iter()
                .zip(row)
                .map(|((name, kind), field)| (name.clone(), json(*kind, field)))
                .collect();
            text.push_str(&Json::Object(object).to_string());
            text.push('\n');
        }
        text
    }
}

fn json(kind: Kind, field: &Field) -> Json {
    match field {
        Field::Null => Json::Null,
        Field::Int(whole) if kind == Kind::Flag => Json::from(*whole != 0),
        Field::Int(whole) => Json::from(*whole),
        Field::Real(real) => Json::from(*real),
        Field::Text(text) => Json::from(text.as_str()),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A sheet with whatever a format may stumble over.
    pub(crate) fn hostile() -> Sheet {
        let long = "x".repeat(10_000);
        let texts =
            ["=HYPERLINK(\"http://x\")", "two\nlines, \"quoted\"", "日本 🦀\u{1b}[31m", &long];
        let row = |index: usize, text: &str| {
            let number = index as f64;
            let real = [0.1 + 0.2, f64::INFINITY, -0.0, number][index];
            vec![
                Field::Text(text.to_owned()),
                Field::Int(i64::MAX - index as i64),
                Field::Real(real),
                if index == 2 { Field::Null } else { Field::Int(i64::from(index == 1)) },
                Field::Null,
            ]
        };
        let column = |name: &str, kind| (name.to_owned(), kind);
        Sheet {
            columns: vec![
                column("te,xt", Kind::Text),
                column("whole", Kind::Int),
                column("real", Kind::Real),
                column("flag", Kind::Flag),
                column("nothing", Kind::Real),
            ],
            rows: texts.iter().enumerate().map(|(index, text)| row(index, text)).collect(),
        }
    }

    #[test]
    fn csv_keeps_lines_and_quotes_and_defuses_formulas() {
        let csv = hostile().to_csv();
        assert!(csv.starts_with("\"te,xt\",whole,real,flag,nothing\n"), "{csv:.80}");
        assert!(
            csv.contains("\"'=HYPERLINK(\"\"http://x\"\")\",9223372036854775807,"),
            "{csv:.200}"
        );
        assert!(csv.contains("0.30000000000000004"));
        assert!(csv.contains("\"two\nlines, \"\"quoted\"\"\""));
    }

    #[test]
    fn every_json_line_reads_back() {
        let text = hostile().to_json_lines();
        let lines: Vec<Json> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[0]["te,xt"], "=HYPERLINK(\"http://x\")");
        assert_eq!(lines[1]["te,xt"], "two\nlines, \"quoted\"");
        assert_eq!((&lines[1]["flag"], &lines[0]["flag"]), (&Json::from(true), &Json::from(false)));
        assert_eq!((&lines[1]["real"], &lines[2]["flag"]), (&Json::Null, &Json::Null));
        assert_eq!(lines[0]["real"], 0.1 + 0.2);
    }
}
