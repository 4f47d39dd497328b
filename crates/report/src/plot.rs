//! Curves as a line plot for a terminal, in braille: each character is a grid of 2 by 4 dots.
//!
//! Nothing is sampled away. Where a curve has more points than the plot has dots, each column of
//! dots is drawn from the least to the greatest of its points, so that a spike of one epoch shows.

use crate::number::plain;
use crate::renderers::{Emphasis, painted, visible, width};

/// How large a plot is, in characters, axes included; less than 24 by 5 is drawn as that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub width: usize,
    /// Rows of the plot itself; the axis below and the legend come on top.
    pub height: usize,
}

/// One curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Line<'a> {
    /// Its name, for the legend.
    pub name: &'a str,
    /// Its values after epochs 1, 2, 3 ...; what is not finite is a gap.
    pub values: &'a [f64],
}

/// The curves over a common pair of axes, with a legend of one line a curve: a letter, which also
/// stands at the curve's end, its name, its first, best-known and last value, and its gaps.
pub fn lines(curves: &[Line<'_>], size: Size, emphasis: Emphasis) -> String {
    let Some(frame) = Frame::around(curves, size) else {
        return format!("no finite value to plot\n{}", legend(curves, emphasis));
    };
    let mut canvas = Canvas::new(frame.columns, frame.rows);
    for (at, curve) in curves.iter().enumerate() {
        draw(&mut canvas, &frame, curve.values, at);
    }
    let mut out = String::new();
    for row in 0..frame.rows {
        let (axis, tick) = frame.axis(row);
        let dots = canvas.row(row, emphasis);
        let ends = ends(curves, &frame, row, emphasis);
        let line = format!("{axis} {tick}{dots}{ends}");
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out.push_str(&frame.footer());
    out.push_str(&legend(curves, emphasis));
    out
}

/// Dots in a character, across and down.
const ACROSS: usize = 2;
const DOWN: usize = 4;

/// ANSI colours in the order of the curves: told apart with the usual colour blindnesses.
const COLOURS: [&str; 6] = ["34", "33", "36", "35", "32", "31"];

/// Where the data lies, and where the plot does.
struct Frame {
    low: f64,
    high: f64,
    epochs: usize,
    columns: usize,
    rows: usize,
    ticks: [String; 3],
}

impl Frame {
    fn around(curves: &[Line<'_>], size: Size) -> Option<Frame> {
        let finite = || curves.iter().flat_map(|curve| curve.values).filter(|v| v.is_finite());
        let low = finite().copied().reduce(f64::min)?;
        let high = finite().copied().reduce(f64::max)?;
        let epochs = curves.iter().map(|curve| curve.values.len()).max()?;
        let rows = size.height.max(5);
        let middle = low + (high - low) / 2.0;
        let ticks = [high, middle, low].map(|value| tick(value, high - low));
        let wide = ticks.iter().map(|tick| width(tick)).max().unwrap_or(0);
        // Two columns for the axis and as many as there may be letters at the curves' ends.
        let taken = wide + 3 + curves.len();
        let columns = size.width.max(24).saturating_sub(taken).max(4);
        Some(Frame { low, high, epochs, columns, rows, ticks })
    }

    /// The dot column of the value at `index`: the first value left, the last one right.
    fn x(&self, index: usize) -> usize {
        let last = self.columns * ACROSS - 1;
        if self.epochs < 2 { 0 } else { index * last / (self.epochs - 1) }
    }

    /// The dot row of `value`, from the top; a flat plot runs through the middle.
    fn y(&self, value: f64) -> usize {
        let last = (self.rows * DOWN - 1) as f64;
        // Halves keep the span of very large values finite.
        let span = self.high / 2.0 - self.low / 2.0;
        let share = if span > 0.0 { (self.high / 2.0 - value / 2.0) / span } else { 0.5 };
        (share * last).round() as usize
    }

    /// The number and the piece of axis left of a row.
    fn axis(&self, row: usize) -> (String, char) {
        let wide = self.ticks.iter().map(|tick| width(tick)).max().unwrap_or(0);
        let label = match row {
            0 => Some(&self.ticks[0]),
            _ if row == self.rows / 2 && self.high > self.low => Some(&self.ticks[1]),
            _ if row + 1 == self.rows => Some(&self.ticks[2]),
            _ => None,
        };
        match label {
            Some(label) => (format!("{label:>wide$}"), '┤'),
            None => (" ".repeat(wide), '│'),
        }
    }

    fn footer(&self) -> String {
        let wide = self.ticks.iter().map(|tick| width(tick)).max().unwrap_or(0);
        let last = self.epochs.to_string();
        let room = self.columns.saturating_sub(last.len() + 1);
        format!(
            "{} └{}\n{}  1{:>room$}{last}  epoch\n",
            " ".repeat(wide),
            "─".repeat(self.columns),
            " ".repeat(wide),
            ""
        )
    }
}

fn tick(value: f64, span: f64) -> String {
    let reference = if span > 0.0 { span } else { value.abs() };
    if reference > 0.0 && !(1e-4..1e6).contains(&reference) {
        return format!("{value:.2e}");
    }
    let decimals = if reference > 0.0 { (2.0 - reference.log10().floor()).max(0.0) } else { 0.0 };
    plain(value, decimals as usize)
}

/// Dots, and for each character the curve that was drawn there last.
struct Canvas {
    columns: usize,
    cells: Vec<(u8, usize)>,
}

impl Canvas {
    fn new(columns: usize, rows: usize) -> Canvas {
        Canvas { columns, cells: vec![(0, 0); columns * rows] }
    }

    fn dot(&mut self, x: usize, y: usize, curve: usize) {
        // Unicode numbers the dots of a braille character down the left column, then the right, the
        // fourth row having been added later.
        const BITS: [[u8; DOWN]; ACROSS] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
        let cell = &mut self.cells[y / DOWN * self.columns + x / ACROSS];
        *cell = (cell.0 | BITS[x % ACROSS][y % DOWN], curve);
    }

    fn row(&self, row: usize, emphasis: Emphasis) -> String {
        let cells = &self.cells[row * self.columns..(row + 1) * self.columns];
        let mut out = String::new();
        // Cells of one curve side by side share one escape.
        for run in cells.chunk_by(|left, right| (left.0 == 0, left.1) == (right.0 == 0, right.1)) {
            let dots: String = run.iter().map(|(bits, _)| braille(*bits)).collect();
            if run[0].0 == 0 {
                out.push_str(&dots);
            } else {
                out.push_str(&painted(&dots, COLOURS[run[0].1 % COLOURS.len()], emphasis));
            }
        }
        out
    }
}

fn braille(bits: u8) -> char {
    if bits == 0 {
        return ' ';
    }
    char::from_u32(0x2800 + u32::from(bits)).expect("U+2800 to U+28FF are characters")
}

/// Joins neighbouring points by straight lines; a gap interrupts the line.
fn draw(canvas: &mut Canvas, frame: &Frame, values: &[f64], curve: usize) {
    let mut last: Option<(usize, usize)> = None;
    for (index, value) in values.iter().enumerate() {
        if !value.is_finite() {
            last = None;
            continue;
        }
        let point = (frame.x(index), frame.y(*value));
        segment(canvas, last.unwrap_or(point), point, curve);
        last = Some(point);
    }
}

fn segment(canvas: &mut Canvas, from: (usize, usize), to: (usize, usize), curve: usize) {
    let steps = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1)).max(1);
    let between = |from: usize, to: usize, step: usize| {
        let way = (to as f64 - from as f64) * step as f64 / steps as f64;
        (from as f64 + way).round() as usize
    };
    for step in 0..=steps {
        canvas.dot(between(from.0, to.0, step), between(from.1, to.1, step), curve);
    }
}

/// The letters of the curves that end in this row.
fn ends(curves: &[Line<'_>], frame: &Frame, row: usize, emphasis: Emphasis) -> String {
    let ends_here = |curve: &Line<'_>| {
        let last = curve.values.iter().rev().find(|value| value.is_finite());
        last.is_some_and(|value| frame.y(*value) / DOWN == row)
    };
    let letters = curves.iter().enumerate().filter(|(_, curve)| ends_here(curve));
    letters.map(|(at, _)| painted(&letter(at), COLOURS[at % COLOURS.len()], emphasis)).collect()
}

/// `a` to `z`, then `a` again: more curves than letters are told apart by nothing.
fn letter(at: usize) -> String {
    char::from(b'a' + (at % 26) as u8).to_string()
}

fn legend(curves: &[Line<'_>], emphasis: Emphasis) -> String {
    let names: Vec<String> = curves.iter().map(|curve| visible(curve.name)).collect();
    let wide = names.iter().map(|name| width(name)).max().unwrap_or(0);
    let line = |(at, (curve, name)): (usize, (&Line<'_>, &String))| {
        let blanks = " ".repeat(wide - width(name));
        let letter = painted(&letter(at), COLOURS[at % COLOURS.len()], emphasis);
        format!("{letter} {name}{blanks}  {}\n", course(curve.values))
    };
    curves.iter().zip(&names).enumerate().map(line).collect()
}

/// From the first to the last finite value, and how many are none.
fn course(values: &[f64]) -> String {
    let mut finite = values.iter().copied().filter(|value| value.is_finite());
    let gaps = values.iter().filter(|value| !value.is_finite()).count();
    let (first, last) = (finite.next(), values.iter().rev().copied().find(|v| v.is_finite()));
    let course = match (first, last) {
        (Some(first), Some(last)) => format!("{} → {}", four_digits(first), four_digits(last)),
        (None, _) | (_, None) => "no finite value".to_owned(),
    };
    if gaps == 0 { course } else { format!("{course}, {gaps} not finite") }
}

fn four_digits(value: f64) -> String {
    if value != 0.0 && !(1e-4..1e6).contains(&value.abs()) {
        return format!("{value:.3e}");
    }
    let digits = if value == 0.0 { 0.0 } else { value.abs().log10().floor() };
    plain(value, (3.0 - digits).max(0.0) as usize)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SIZE: Size = Size { width: 44, height: 8 };

    fn plot(curves: &[(&str, &[f64])]) -> String {
        let curves: Vec<Line<'_>> =
            curves.iter().map(|(name, values)| Line { name, values }).collect();
        lines(&curves, SIZE, Emphasis::Plain)
    }

    #[test]
    fn two_curves_share_their_axes() {
        let train: Vec<f64> = (0..40).map(|epoch| 0.7 * 0.93_f64.powi(epoch)).collect();
        let valid: Vec<f64> = (0..40).map(|epoch| 0.15 + 0.6 * 0.9_f64.powi(epoch)).collect();
        insta::assert_snapshot!(plot(&[("train_loss", &train), ("valid_loss", &valid)]));
    }

    #[test]
    fn a_gap_interrupts_the_line_and_is_counted() {
        let values = [1.0, 2.0, f64::NAN, f64::INFINITY, 2.0, 1.0];
        insta::assert_snapshot!(plot(&[("loss", &values)]));
    }

    #[test]
    fn without_a_finite_value_there_is_no_plot() {
        assert_eq!(
            plot(&[("a", &[f64::NAN])]),
            "no finite value to plot\na a  no finite value, 1 not finite\n"
        );
        assert_eq!(plot(&[]), "no finite value to plot\n");
    }

    #[test]
    fn one_epoch_among_ten_thousand_still_shows() {
        let mut values = vec![0.0; 10_000];
        values[5_000] = 1.0;
        let top = plot(&[("spike", &values)]).lines().next().unwrap().to_owned();
        assert!(top.chars().any(|c| ('\u{2801}'..='\u{28ff}').contains(&c)), "{top}");
    }

    #[test]
    fn a_hostile_name_cannot_reach_the_terminal() {
        assert!(!plot(&[("\u{1b}[2J", &[1.0])]).contains('\u{1b}'));
    }

    proptest! {
        #[test]
        fn any_values_fit_into_the_given_width(
            values in prop::collection::vec(any::<f64>(), 0..50),
            width_asked in 24..100_usize,
            height in 5..30_usize,
        ) {
            let size = Size { width: width_asked, height };
            let text = lines(&[Line { name: "x", values: &values }], size, Emphasis::Plain);
            let plot_lines = text.lines().filter(|line| line.contains(['│', '┤']));
            for line in plot_lines {
                prop_assert!(width(line) <= width_asked, "{line}");
            }
        }
    }
}
