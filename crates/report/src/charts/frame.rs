//! What stands around every plot: title, axes, legend and notes, in the width of a column.

use super::canvas::{Anchor, Canvas, Font, Marker, Point, Stroke, broken, extent, fitted, wrapped};
use super::palette::Look;
use super::scale::Scale;

/// Pixels across. At 85 mm, a column of a paper, the ticks are about 6 points high.
pub(super) const WIDTH: f64 = 380.0;
/// Height of the area that data is drawn in.
const HEIGHT: f64 = 200.0;
const TOP: f64 = 26.0;
const MARGIN: f64 = 12.0;

const TICK: f64 = 10.0;
const LABEL: f64 = 11.0;
const NOTE: f64 = 9.0;

/// Names that do not fit side by side are turned by so many degrees, and no longer than this.
const SLANT: f64 = 35.0;
const SLANTED: f64 = 160.0;

const GRID: Stroke = Stroke::solid("#e3e3e3", 0.6);
const AXIS: Stroke = Stroke::solid("#444444", 0.8);

/// What an axis is marked with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Marks<'a> {
    Numbers(&'a Scale),
    /// Slots of equal width, each with its name.
    Names(&'a [String]),
}

/// The area of a plot, and what is drawn around it.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) canvas: Canvas,
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    /// Where the next thing below begins.
    below: f64,
}

impl Frame {
    /// The frame of a plot whose vertical axis has marks of at most `widest` pixels, with `beside`
    /// pixels left free at the right.
    pub(super) fn new(title: &str, widest: f64, beside: f64) -> Frame {
        let mut canvas = Canvas::default();
        let font = Font { bold: true, ..Font::new(LABEL, Anchor::Start) };
        canvas.text((MARGIN, 16.0), font, &fitted(title, LABEL * 1.1, WIDTH - 2.0 * MARGIN));
        let left = MARGIN + 16.0 + widest.min(110.0) + 6.0;
        let bottom = TOP + HEIGHT;
        let right = WIDTH - MARGIN - beside;
        Frame { canvas, left, right, top: TOP, bottom, below: bottom }
    }

    /// Makes room for so many rows of text, for more than fit the usual height.
    pub(super) fn grow(&mut self, rows: usize) {
        self.bottom = self.bottom.max(self.top + 11.0 * rows as f64);
        self.below = self.bottom;
    }

    /// How wide the marks of a vertical axis are.
    pub(super) fn widest<'a>(marks: impl IntoIterator<Item = &'a String>) -> f64 {
        marks.into_iter().map(|mark| extent(mark, TICK)).fold(0.0, f64::max)
    }

    /// The pixels of the vertical axis, from its foot up: the same in every frame.
    pub(super) const fn rise() -> (f64, f64) {
        (TOP + HEIGHT, TOP)
    }

    pub(super) fn across(&self) -> (f64, f64) {
        (self.left, self.right)
    }

    /// The middle of a slot and its width.
    pub(super) fn slot(&self, place: usize, of: usize) -> (f64, f64) {
        let wide = (self.right - self.left) / of.max(1) as f64;
        (self.left + wide * (place as f64 + 0.5), wide)
    }

    /// The same, from the foot up.
    pub(super) fn row(&self, place: usize, of: usize) -> (f64, f64) {
        let high = (self.bottom - self.top) / of.max(1) as f64;
        (self.bottom - high * (place as f64 + 0.5), high)
    }

    /// Draws both axes, with lines behind the data at the numbers of the vertical one.
    pub(super) fn axes(&mut self, x: Marks<'_>, x_label: &str, y: Marks<'_>, y_label: &str) {
        match y {
            Marks::Numbers(scale) => {
                for (value, text) in scale.ticks(5) {
                    let at = scale.at(value);
                    self.canvas.path(&[(self.left, at), (self.right, at)], GRID);
                    self.y_mark(at, &text);
                }
            }
            Marks::Names(names) => {
                for (place, name) in names.iter().enumerate() {
                    self.y_mark(self.row(place, names.len()).0, name);
                }
            }
        }
        let drop = match x {
            Marks::Numbers(scale) => {
                for (value, text) in scale.ticks(6) {
                    self.x_mark(scale.at(value), &text);
                }
                0.0
            }
            Marks::Names(names) => self.x_names(names),
        };
        let corner = [(self.left, self.top), (self.left, self.bottom), (self.right, self.bottom)];
        self.canvas.path(&corner, AXIS);
        self.x_label(x_label, drop);
        self.y_label(y_label);
    }

    /// The names of slots, slanted where they would not fit side by side; by how much they reach
    /// further down than a line.
    fn x_names(&mut self, names: &[String]) -> f64 {
        let slot = (self.right - self.left) / names.len().max(1) as f64;
        let widest = Frame::widest(names).min(SLANTED);
        let middle = |place: usize| self.slot(place, names.len()).0;
        let places: Vec<f64> = (0..names.len()).map(middle).collect();
        if widest + 3.0 <= slot || slot < 8.0 {
            // Where there are very many, every second name, or third, says enough.
            let every = ((widest.min(extent("0.000", TICK)) + 3.0) / slot).ceil().max(1.0);
            for (at, name) in places.iter().zip(names).step_by(every as usize) {
                self.x_mark(*at, &fitted(name, TICK, slot * every - 2.0));
            }
            return 0.0;
        }
        let (sin, cos) = SLANT.to_radians().sin_cos();
        let mut longest = 0.0_f64;
        for (at, name) in places.iter().zip(names) {
            self.canvas.path(&[(*at, self.bottom), (*at, self.bottom + 3.0)], AXIS);
            let font = Font { turned: SLANT, ..Font::new(TICK, Anchor::End) };
            // No further than to the edge of the picture.
            let name = fitted(name, TICK, SLANTED.min(at / cos));
            self.canvas.text((at + 3.0, self.bottom + 11.0), font, &name);
            longest = longest.max(extent(&name, TICK));
        }
        longest * sin
    }

    fn x_label(&mut self, label: &str, drop: f64) {
        let middle = (self.left + self.right) / 2.0;
        let label = fitted(label, LABEL, WIDTH - 2.0 * MARGIN);
        let at = (middle, self.bottom + drop + 28.0);
        self.canvas.text(at, Font::new(LABEL, Anchor::Middle), &label);
        self.below = self.bottom + drop + if label.is_empty() { 20.0 } else { 34.0 };
    }

    /// Beside the axis, and where it is longer down to where the legend begins.
    fn y_label(&mut self, label: &str) {
        let font = Font { turned: 90.0, ..Font::new(LABEL, Anchor::Middle) };
        let high = self.bottom - self.top;
        let over = (extent(label, LABEL) - high).clamp(0.0, 30.0);
        let at = (MARGIN + 8.0, (self.top + self.bottom + over) / 2.0);
        self.canvas.text(at, font, &fitted(label, LABEL, high + over));
    }

    fn y_mark(&mut self, at: f64, text: &str) {
        self.canvas.path(&[(self.left - 3.0, at), (self.left, at)], AXIS);
        let text = fitted(text, TICK, 110.0);
        self.canvas.text((self.left - 5.0, at + 3.5), Font::new(TICK, Anchor::End), &text);
    }

    fn x_mark(&mut self, at: f64, text: &str) {
        self.canvas.path(&[(at, self.bottom), (at, self.bottom + 3.0)], AXIS);
        self.canvas.text((at, self.bottom + 14.0), Font::new(TICK, Anchor::Middle), text);
    }

    /// An upright axis within the plot, with a name below it and texts beside it.
    pub(super) fn upright(&mut self, at: f64, name: &str, room: f64, marks: &[(f64, String)]) {
        self.canvas.path(&[(at, self.top), (at, self.bottom)], AXIS);
        // Beside the outer ones the picture ends before their neighbours begin.
        let (low, high) = ((at - room / 2.0).max(2.0), (at + room / 2.0).min(WIDTH - 2.0));
        let lines = broken(name, TICK, high - low);
        let half = Frame::widest(&lines) / 2.0;
        let middle = at + (low - (at - half)).max(0.0) - (at + half - high).max(0.0);
        for (line, y) in lines.iter().zip([14.0, 25.0]) {
            self.canvas.text((middle, self.bottom + y), Font::new(TICK, Anchor::Middle), line);
        }
        for (y, text) in marks {
            self.canvas.path(&[(at - 2.0, *y), (at + 2.0, *y)], AXIS);
            let text = fitted(text, NOTE, room - 6.0);
            // White behind the text keeps it readable over the lines.
            let wide = extent(&text, NOTE) + 2.0;
            self.canvas.rect((at + 3.0, y - 5.0), (wide, 10.0), "#ffffff", None);
            self.canvas.text((at + 4.0, y + 3.0), Font::new(NOTE, Anchor::Start), &text);
        }
        self.below = self.below.max(self.bottom + 9.0 + 11.0 * lines.len() as f64);
    }

    /// What a page may let people drag over along the horizontal axis.
    pub(super) fn stretch(&mut self, scale: &Scale) {
        let (low, high) = scale.ends();
        let data = [("low", low.to_string()), ("high", high.to_string())];
        let size = (self.right - self.left, self.bottom - self.top);
        let kind = ("log", if scale.is_log() { "10" } else { "" }.to_owned());
        self.canvas.handle((self.left, self.top), size, &[&data[..], &[kind]].concat());
    }

    /// What a page may let people drag over along an upright axis at `x`, the one of that number.
    pub(super) fn rail(&mut self, x: f64, number: usize) {
        let size = (20.0, self.bottom - self.top);
        self.canvas.handle((x - 10.0, self.top), size, &[("axis", number.to_string())]);
    }

    /// A small text within the plot.
    pub(super) fn inscribe(&mut self, at: Point, text: &str, colour: &'static str, anchor: Anchor) {
        let font = Font { colour, ..Font::new(NOTE, anchor) };
        self.canvas.text((at.0, at.1 + 3.0), font, text);
    }

    /// The names of the groups with their looks, in lines; none for a single group without a name.
    pub(super) fn legend(&mut self, groups: &[(String, Look)], lines: bool) {
        let (mut x, mut y) = (MARGIN, self.below + 10.0);
        for (name, look) in groups.iter().filter(|(name, _)| !name.is_empty()) {
            let name = fitted(name, TICK, WIDTH - 2.0 * MARGIN - 28.0);
            let wide = 28.0 + extent(&name, TICK) + 10.0;
            if x > MARGIN && x + wide > WIDTH - MARGIN + 10.0 {
                (x, y) = (MARGIN, y + 14.0);
            }
            if lines {
                self.canvas.path(&[(x, y - 3.5), (x + 22.0, y - 3.5)], look.stroke(1.6));
            }
            self.canvas.marker(look.marker, (x + 11.0, y - 3.5), 3.0, look.colour);
            self.canvas.text((x + 26.0, y), Font::new(TICK, Anchor::Start), &name);
            x += wide;
            self.below = y + 4.0;
        }
    }

    /// The whole picture, with notes below it. Its description is what `seen` says, and the notes.
    pub(super) fn finish(mut self, title: &str, seen: &str, notes: &[String]) -> String {
        let font = Font { colour: "#555555", ..Font::new(NOTE, Anchor::Start) };
        let mut y = self.below + 8.0;
        let said = notes.join("; ");
        for line in wrapped(&said, NOTE, WIDTH - 2.0 * MARGIN) {
            self.canvas.text((MARGIN, y + 3.0), font, &line);
            y += 11.0;
        }
        let description = if said.is_empty() { seen.to_owned() } else { format!("{seen}: {said}") };
        self.canvas.finish((WIDTH, y + 4.0), title, &description)
    }

    /// A dot for one seed.
    pub(super) fn dot(&mut self, at: Point, look: Look, radius: f64) {
        match look.marker {
            Marker::Circle => self.canvas.marker(Marker::Circle, at, radius * 0.9, look.colour),
            other => self.canvas.marker(other, at, radius, look.colour),
        }
    }
}
