//! The few shapes that plots are made of, as SVG. Looks are presentation attributes, never styles
//! or scripts, so that a page with a strict content policy may embed them; there are no ids, so
//! that several may stand on one page.

use std::fmt::Write;

use ablate_sweep::TrialId;

use crate::renderers::{escape, visible, width};

/// A point, in pixels from the upper left.
pub(super) type Point = (f64, f64);

/// How a line looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stroke {
    pub(super) colour: &'static str,
    pub(super) width: f64,
    /// Lengths of dashes and gaps; empty for a solid line.
    pub(super) dash: &'static str,
    pub(super) opacity: f64,
}

impl Stroke {
    pub(super) const fn solid(colour: &'static str, width: f64) -> Stroke {
        Stroke { colour, width, dash: "", opacity: 1.0 }
    }
}

/// Which end of a text stands at its point.
#[derive(Clone, Copy, Debug)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Font {
    pub(super) size: f64,
    pub(super) colour: &'static str,
    pub(super) bold: bool,
    pub(super) anchor: Anchor,
    /// By how many degrees it is turned around its point, counterclockwise.
    pub(super) turned: f64,
}

impl Font {
    pub(super) const fn new(size: f64, anchor: Anchor) -> Font {
        Font { size, colour: "#222222", bold: false, anchor, turned: 0.0 }
    }
}

/// The shape that marks a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    Circle,
    Square,
    Up,
    Diamond,
    Down,
    Cross,
    Plus,
}

/// A picture being drawn, later shapes over earlier ones.
#[derive(Debug, Default)]
pub(super) struct Canvas {
    body: String,
}

impl Canvas {
    fn put(&mut self, shape: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.body.write_fmt(shape);
        self.body.push('\n');
    }

    /// A line through `points`.
    pub(super) fn path(&mut self, points: &[Point], stroke: Stroke) {
        if points.len() < 2 {
            return;
        }
        let points = listed(points);
        let look = attributes(stroke);
        self.put(format_args!(
            "<polyline points=\"{points}\" fill=\"none\" stroke-linejoin=\"round\"{look}/>"
        ));
    }

    /// A filled area without an outline.
    pub(super) fn area(&mut self, points: &[Point], fill: &str, opacity: f64) {
        let points = listed(points);
        self.put(format_args!(
            "<polygon points=\"{points}\" fill=\"{fill}\" fill-opacity=\"{}\"/>",
            number(opacity)
        ));
    }

    /// A rectangle by its corner and its size.
    pub(super) fn rect(
        &mut self,
        (x, y): Point,
        (w, h): Point,
        fill: &str,
        stroke: Option<Stroke>,
    ) {
        let look = stroke.map(attributes).unwrap_or_default();
        self.put(format_args!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{fill}\"{look}/>",
            number(x),
            number(y),
            number(w),
            number(h)
        ));
    }

    /// A marker of `radius` around a point.
    pub(super) fn marker(&mut self, marker: Marker, at: Point, radius: f64, colour: &'static str) {
        let (x, y) = at;
        let r = radius;
        let shape: &[Point] = match marker {
            Marker::Circle => {
                self.put(format_args!(
                    "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{colour}\"/>",
                    number(x),
                    number(y),
                    number(r)
                ));
                return;
            }
            Marker::Cross | Marker::Plus => {
                let stroke = Stroke::solid(colour, (r * 0.5).max(0.8));
                let arms = match marker {
                    Marker::Cross => [[(-r, -r), (r, r)], [(-r, r), (r, -r)]],
                    _ => [[(-r, 0.0), (r, 0.0)], [(0.0, -r), (0.0, r)]],
                };
                for arm in arms {
                    self.path(&arm.map(|(dx, dy)| (x + dx, y + dy)), stroke);
                }
                return;
            }
            Marker::Square => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
            Marker::Up => &[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)],
            Marker::Down => &[(0.0, 1.2), (1.1, -0.8), (-1.1, -0.8)],
            Marker::Diamond => &[(0.0, -1.3), (1.1, 0.0), (0.0, 1.3), (-1.1, 0.0)],
        };
        let points: Vec<Point> = shape.iter().map(|(dx, dy)| (x + r * dx, y + r * dy)).collect();
        self.area(&points, colour, 1.0);
    }

    /// Begins shapes that belong to `trial`, so that a page can find them.
    pub(super) fn open(&mut self, trial: &TrialId) {
        self.put(format_args!("<g data-trial=\"{}\">", escape(&trial.0)));
    }

    /// Ends what [`Canvas::open`] began.
    pub(super) fn close(&mut self) {
        self.put(format_args!("</g>"));
    }

    /// An area that is not seen, which a page may let people drag over; `data` says what it is.
    pub(super) fn handle(&mut self, (x, y): Point, (w, h): Point, data: &[(&str, String)]) {
        let data: String = data
            .iter()
            .map(|(name, value)| format!(" data-{name}=\"{}\"", escape(value)))
            .collect();
        self.put(format_args!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" \
             pointer-events=\"all\"{data}/>",
            number(x),
            number(y),
            number(w),
            number(h)
        ));
    }

    /// A text, its baseline at `at`.
    pub(super) fn text(&mut self, (x, y): Point, font: Font, text: &str) {
        let anchor = match font.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let weight = if font.bold { " font-weight=\"bold\"" } else { "" };
        let (x, y) = (number(x), number(y));
        let turned = if font.turned == 0.0 {
            String::new()
        } else {
            format!(" transform=\"rotate({} {x} {y})\"", number(-font.turned))
        };
        self.put(format_args!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\" fill=\"{}\" text-anchor=\"{anchor}\"\
             {weight}{turned}>{}</text>",
            number(font.size),
            font.colour,
            escape(text)
        ));
    }

    /// The whole file: `title` names it, `description` says in a sentence what is seen.
    pub(super) fn finish(self, (w, h): Point, title: &str, description: &str) -> String {
        let (w, h) = (number(w), number(h));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{w}\" height=\"{h}\" \
             viewBox=\"0 0 {w} {h}\" font-family=\"Helvetica, Arial, sans-serif\">\n\
             <title>{}</title>\n<desc>{}</desc>\n\
             <rect width=\"{w}\" height=\"{h}\" fill=\"#ffffff\"/>\n{}</svg>\n",
            escape(title),
            escape(description),
            self.body
        )
    }
}

fn attributes(stroke: Stroke) -> String {
    let mut look =
        format!(" stroke=\"{}\" stroke-width=\"{}\"", stroke.colour, number(stroke.width));
    if !stroke.dash.is_empty() {
        let _ = write!(look, " stroke-dasharray=\"{}\"", stroke.dash);
    }
    if stroke.opacity < 1.0 {
        let _ = write!(look, " stroke-opacity=\"{}\"", number(stroke.opacity));
    }
    look
}

fn listed(points: &[Point]) -> String {
    let points: Vec<String> =
        points.iter().map(|(x, y)| format!("{},{}", number(*x), number(*y))).collect();
    points.join(" ")
}

/// A length to a hundredth of a pixel, without idle digits.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// About how wide `text` is drawn, in pixels: the widths of Helvetica's letters in five classes, and a little
/// more, since fonts differ.
pub(super) fn extent(text: &str, size: f64) -> f64 {
    let ems = |c: char| match c {
        'i' | 'j' | 'l' | '\'' | '|' => 0.24,
        'f' | 't' | 'r' | 'I' | ' ' | '.' | ',' | ':' | ';' | '-' | '/' | '(' | ')' | '[' | ']' => {
            0.35
        }
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 0.9,
        'A'..='Z' => 0.74,
        // Twice that where a terminal takes two columns.
        _ => 0.58 * width(c.encode_utf8(&mut [0; 4])) as f64,
    };
    visible(text).chars().map(ems).sum::<f64>() * size
}

/// As much of `text` as fits into `room` pixels, with an ellipsis where some is cut off.
pub(super) fn fitted(text: &str, size: f64, room: f64) -> String {
    if extent(text, size) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in visible(text).chars() {
        kept.push(c);
        if extent(&kept, size) + size * 0.6 > room {
            kept.pop();
            break;
        }
    }
    format!("{}…", kept.trim_end())
}

/// A name in one line of at most `room` pixels, or else in two: broken at a space if that is enough, or
/// behind a `_`, so that the wider line is as narrow as can be.
pub(super) fn broken(name: &str, size: f64, room: f64) -> Vec<String> {
    if extent(name, size) <= room {
        return vec![name.to_owned()];
    }
    let wider =
        |(first, second): &(&str, &str)| extent(first.trim_end(), size).max(extent(second, size));
    let broken_at = |marks: &[char]| {
        let parts = name.match_indices(marks).map(|(at, _)| name.split_at(at + 1));
        parts.min_by(|left, right| wider(left).total_cmp(&wider(right)))
    };
    let at_a_space = broken_at(&[' ']).filter(|parts| wider(parts) <= room);
    match at_a_space.or_else(|| broken_at(&['_', ' '])) {
        Some((first, second)) => {
            [first.trim_end(), second].map(|line| fitted(line, size, room)).to_vec()
        }
        None => vec![fitted(name, size, room)],
    }
}

/// `text` in lines of at most `room` pixels, broken between words.
pub(super) fn wrapped(text: &str, size: f64, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if extent(&format!("{line} {word}"), size) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(fitted(word, size, room)),
        }
    }
    lines
}
