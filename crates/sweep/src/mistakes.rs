//! What is wrong with an experiment file: every mistake at once, each with its place in the text,
//! what is wrong there and what would be valid.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Renderer, Snippet, normalize_untrusted_str,
};

/// How many mistakes are shown; the rest is counted.
const MAX_SHOWN: usize = 30;

/// How much of a line is shown, in bytes on either side of the place.
const MAX_LINE: usize = 4_096;

/// Everything that is wrong with an experiment file and its overrides, or that a person is warned of.
/// There is at least one.
#[derive(Clone, Debug)]
pub struct Mistakes {
    text: Arc<SourceText>,
    mistakes: Vec<Mistake>,
}

impl Mistakes {
    /// The mistakes in the order of the text, each once.
    pub(crate) fn new(text: Arc<SourceText>, mut mistakes: Vec<Mistake>) -> Mistakes {
        mistakes.sort_by_key(|mistake| mistake.place.order());
        mistakes.dedup_by(|later, first| later.place == first.place && later.title == first.title);
        Mistakes { text, mistakes }
    }

    /// One line a mistake: what is wrong, without its place.
    pub fn titles(&self) -> impl Iterator<Item = &str> {
        self.mistakes.iter().map(|mistake| mistake.title.as_str())
    }

    /// The mistakes as a person reads them: path, line, column, the line itself with carets, what
    /// is wrong and what would be valid. Thirty are shown, the rest is counted.
    pub fn render(&self, color: Color) -> String {
        let renderer = match color {
            Color::Plain => Renderer::plain(),
            Color::Ansi => Renderer::styled(),
        };
        let shown = self.mistakes.iter().take(MAX_SHOWN);
        let mut reports: Vec<String> =
            shown.map(|mistake| renderer.render(&[mistake.group(&self.text)])).collect();
        let rest = self.mistakes.len().saturating_sub(MAX_SHOWN);
        if rest > 0 {
            reports.push(format!("... and {rest} more mistakes"));
        }
        reports.join("\n\n")
    }
}

/// As [`Mistakes::render`] without color.
impl fmt::Display for Mistakes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.render(Color::Plain))
    }
}

impl std::error::Error for Mistakes {}

/// Whether a rendering has ANSI escape codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// None.
    Plain,
    /// Bold and colored.
    Ansi,
}

/// The texts that mistakes point into.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SourceText {
    /// How the file is called in messages.
    pub(crate) path: String,
    /// The file.
    pub(crate) file: String,
    /// Every `--set`, as it was written.
    pub(crate) sets: Vec<String>,
}

impl SourceText {
    fn of(&self, place: &Place) -> (&str, &str) {
        match place {
            Place::File(_) => (&self.path, &self.file),
            Place::Set(index, _) => ("--set", &self.sets[*index]),
        }
    }
}

/// A stretch of the file or of one `--set`, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    File(Range<usize>),
    Set(usize, Range<usize>),
}

impl Place {
    fn span(&self) -> &Range<usize> {
        match self {
            Place::File(span) | Place::Set(_, span) => span,
        }
    }

    /// Sorts by the text, the overrides after the file.
    pub(crate) fn order(&self) -> (usize, usize) {
        match self {
            Place::File(span) => (0, span.start),
            Place::Set(index, span) => (1 + index, span.start),
        }
    }

    fn same_text(&self, other: &Place) -> bool {
        match (self, other) {
            (Place::File(_), Place::File(_)) => true,
            (Place::Set(left, _), Place::Set(right, _)) => left == right,
            (Place::File(_), Place::Set(..)) | (Place::Set(..), Place::File(_)) => false,
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mistake {
    /// Whether the file can be used for all that.
    warns: bool,
    place: Place,
    title: String,
    label: String,
    also: Vec<(Place, String)>,
    help: Vec<String>,
}

impl Mistake {
    /// `title` says what is wrong, as a lowercase fragment.
    pub(crate) fn new(place: &Place, title: impl Into<String>) -> Mistake {
        Mistake {
            warns: false,
            place: place.clone(),
            title: title.into(),
            label: String::new(),
            also: Vec::new(),
            help: Vec::new(),
        }
    }

    /// What a person should know of a file that can be used for all that.
    pub(crate) fn warning(place: &Place, title: impl Into<String>) -> Mistake {
        Mistake { warns: true, ..Mistake::new(place, title) }
    }

    /// Whether it is a warning only.
    pub(crate) fn warns(&self) -> bool {
        self.warns
    }

    /// The same, with words beside the carets.
    pub(crate) fn label(mut self, label: impl Into<String>) -> Mistake {
        self.label = label.into();
        self
    }

    /// The same, with a second place that has to do with it.
    pub(crate) fn also(mut self, place: &Place, label: impl Into<String>) -> Mistake {
        self.also.push((place.clone(), label.into()));
        self
    }

    /// The same, with a line below that says what would be valid.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Mistake {
        self.help.push(help.into());
        self
    }

    fn group<'a>(&'a self, text: &'a SourceText) -> Group<'a> {
        let level = if self.warns { Level::WARNING } else { Level::ERROR };
        let mut group = Group::with_title(level.primary_title(self.title.as_str()));
        let (here, elsewhere): (Vec<_>, Vec<_>) =
            self.also.iter().partition(|(place, _)| place.same_text(&self.place));
        let mut marks = vec![Mark::new(AnnotationKind::Primary, &self.place, &self.label)];
        marks.extend(
            here.iter().map(|(place, label)| Mark::new(AnnotationKind::Context, place, label)),
        );
        group = group.element(snippet(text, &marks));
        for (place, label) in elsewhere {
            group =
                group.element(snippet(text, &[Mark::new(AnnotationKind::Context, place, label)]));
        }
        for help in &self.help {
            group = group.element(Level::HELP.message(normalize_untrusted_str(help)));
        }
        group
    }
}

/// One place that is underlined.
struct Mark<'a> {
    kind: AnnotationKind,
    place: &'a Place,
    label: &'a str,
}

impl<'a> Mark<'a> {
    fn new(kind: AnnotationKind, place: &'a Place, label: &'a str) -> Mark<'a> {
        Mark { kind, place, label }
    }
}

/// The lines from the first mark to the last, all of one text, cut so that neither a long file nor
/// a long line costs anything.
fn snippet<'a>(text: &'a SourceText, marks: &[Mark<'a>]) -> Snippet<'a, Annotation<'a>> {
    let (path, source) = text.of(marks[0].place);
    let spans = || marks.iter().map(|mark| clip(source, mark.place.span()));
    let first = spans().map(|span| span.start).min().unwrap_or(0);
    let last = spans().map(|span| span.end).max().unwrap_or(0);
    let line_start = source[..first].rfind('\n').map_or(0, |newline| newline + 1);
    let start = floor(source, line_start.max(first.saturating_sub(MAX_LINE)));
    let line_end = source[last..].find('\n').map_or(source.len(), |newline| last + newline);
    let end = floor(source, line_end.min(last.saturating_add(MAX_LINE)));
    let annotations = marks.iter().zip(spans()).map(|(mark, span)| {
        let span = span.start - start..span.end - start;
        mark.kind.span(span).label((!mark.label.is_empty()).then_some(mark.label))
    });
    Snippet::source(&source[start..end])
        .path(path)
        .line_start(1 + source[..start].matches('\n').count())
        .annotations(annotations)
}

/// The part of `span` on its first line, on boundaries of characters.
fn clip(source: &str, span: &Range<usize>) -> Range<usize> {
    let start = floor(source, span.start);
    let end = floor(source, span.end).max(start);
    let line = source[start..end].find(['\n', '\r']).map_or(end, |newline| start + newline);
    start..line
}

/// The last boundary of a character at or before `index`.
pub(crate) fn floor(text: &str, index: usize) -> usize {
    (0..=index.min(text.len())).rev().find(|index| text.is_char_boundary(*index)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(file: &str) -> Arc<SourceText> {
        let sets = vec!["depth=two".to_owned()];
        Arc::new(SourceText { path: "a.toml".into(), file: file.into(), sets })
    }

    #[test]
    fn mistakes_stand_in_the_order_of_the_text_and_each_once() {
        let mistake = |start: usize, title: &str| Mistake::new(&Place::File(start..start), title);
        let set = Mistake::new(&Place::Set(0, 6..9), "set");
        let list = vec![set, mistake(3, "second"), mistake(0, "first"), mistake(3, "second")];
        let mistakes = Mistakes::new(text("abcdef"), list);
        assert_eq!(mistakes.titles().collect::<Vec<_>>(), ["first", "second", "set"]);
    }

    #[test]
    fn a_mistake_in_an_override_shows_both_texts() {
        let mistake = Mistake::new(&Place::Set(0, 6..9), "no number")
            .label("a text")
            .also(&Place::File(0..5), "replaces this")
            .help("write 2");
        let mistakes = Mistakes::new(text("depth = 1\n"), vec![mistake]);
        insta::assert_snapshot!(mistakes, @r"
        error: no number
         --> --set:1:7
          |
        1 | depth=two
          |       ^^^ a text
          |
         ::: a.toml:1:1
          |
        1 | depth = 1
          | ----- replaces this
          |
          = help: write 2
        ");
        assert!(mistakes.render(Color::Ansi).contains("\u{1b}["));
    }

    #[test]
    fn a_huge_line_and_control_characters_are_rendered_harmlessly() {
        let file = format!("a = '\u{1b}[31mµ{}'", "x".repeat(2_000_000));
        let place = Place::File(1_000_000..1_999_999);
        let mistakes = Mistakes::new(text(&file), vec![Mistake::new(&place, "bad \u{1b}[31m")]);
        let plain = mistakes.to_string();
        assert!(!plain.contains('\u{1b}') && plain.len() < 10_000, "{} bytes", plain.len());
        let at_start = Mistake::new(&Place::File(0..1), "bad");
        let plain = Mistakes::new(text(&file), vec![at_start]).to_string();
        assert!(!plain.contains('\u{1b}') && plain.len() < 10_000, "{} bytes", plain.len());
    }

    #[test]
    fn only_the_first_thirty_are_shown_and_the_rest_is_counted() {
        let many = (0..100).map(|at| Mistake::new(&Place::File(at..at + 1), "bad"));
        let mistakes = Mistakes::new(text(&"x".repeat(200)), many.collect());
        assert!(mistakes.to_string().ends_with("... and 70 more mistakes"));
    }
}
