//! Reading CSV after RFC 4180, with the place of every field. Lines end in LF or CRLF; a byte-order
//! mark and empty lines are passed over.

use super::Mistake;

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) line: usize,
    pub(super) cells: Vec<Cell>,
}

/// One field and where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) text: String,
    line: usize,
    column: usize,
}

impl Record {
    pub(super) fn mistake(&self, message: String) -> Mistake {
        Mistake { line: self.line, column: 1, message }
    }
}

impl Cell {
    pub(super) fn mistake(&self, message: String) -> Mistake {
        Mistake { line: self.line, column: self.column, message }
    }
}

/// The records of `text`; what breaks the format is reported and read as far as it makes sense.
pub(super) fn records(text: &str, mistakes: &mut Vec<Mistake>) -> Vec<Record> {
    let mut reader = Reader {
        rest: text.strip_prefix('\u{feff}').unwrap_or(text),
        line: 1,
        column: 1,
        mistakes,
    };
    let mut records = Vec::new();
    while !reader.rest.is_empty() {
        let record = reader.record();
        let is_empty = record.cells.iter().all(|cell| cell.text.trim().is_empty());
        if record.cells.len() > 1 || !is_empty {
            records.push(record);
        }
    }
    records
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    column: usize,
    mistakes: &'a mut Vec<Mistake>,
}

impl Reader<'_> {
    fn record(&mut self) -> Record {
        let line = self.line;
        let mut cells = vec![self.cell()];
        while self.take(',') {
            cells.push(self.cell());
        }
        self.take('\r');
        self.take('\n');
        Record { line, cells }
    }

    fn cell(&mut self) -> Cell {
        let (line, column) = (self.line, self.column);
        let mut text = String::new();
        if self.take('"') {
            self.quoted(&mut text, (line, column));
        }
        let misplaced = (self.line, self.column);
        let before = text.len();
        while let Some(next) = self.rest.chars().next().filter(|c| !matches!(c, ',' | '\n')) {
            if self.rest.starts_with("\r\n") || self.rest == "\r" {
                break;
            }
            self.step(next);
            text.push(next);
        }
        if before > 0 && text.len() > before {
            let (line, column) = misplaced;
            let message = "text behind the closing quote: quote all of the field".to_owned();
            self.mistakes.push(Mistake { line, column, message });
        }
        Cell { text, line, column }
    }

    /// Up to the closing quote; a doubled one stands for itself.
    fn quoted(&mut self, text: &mut String, (line, column): (usize, usize)) {
        while let Some(next) = self.rest.chars().next() {
            self.step(next);
            if next != '"' {
                text.push(next);
            } else if self.take('"') {
                text.push('"');
            } else {
                return;
            }
        }
        let message = "this quote is never closed".to_owned();
        self.mistakes.push(Mistake { line, column, message });
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.rest.starts_with(wanted);
        if found {
            self.step(wanted);
        }
        found
    }

    fn step(&mut self, c: char) {
        self.rest = &self.rest[c.len_utf8()..];
        if c == '\n' {
            self.line += 1;
            self.column = 1;
        } else {
            self.column += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<Vec<String>>, Vec<String>) {
        let mut mistakes = Vec::new();
        let records = records(text, &mut mistakes);
        let cells = |record: Record| record.cells.into_iter().map(|cell| cell.text).collect();
        (
            records.into_iter().map(cells).collect(),
            mistakes.iter().map(ToString::to_string).collect(),
        )
    }

    #[test]
    fn quotes_hold_commas_lines_and_quotes() {
        let (cells, mistakes) = read("\u{feff}a,\"b,\n\"\"c\"\"\"\r\n\r\n,\n日本,");
        assert_eq!(cells, [["a", "b,\n\"c\""], ["", ""], ["日本", ""]]);
        assert!(mistakes.is_empty());
    }

    #[test]
    fn broken_quotes_are_told_with_their_place() {
        let (_, mistakes) = read("a,\"b\"c,d\n\"e,f\ng");
        assert_eq!(
            mistakes,
            [
                "line 1, column 6: text behind the closing quote: quote all of the field",
                "line 2, column 1: this quote is never closed"
            ]
        );
    }
}
