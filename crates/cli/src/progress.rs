//! A running sweep on the screen: on a terminal a bar for the whole, the best run so far and a line a
//! worker, with the curve of the loss; else a plain line every ten seconds.

mod best;
mod sparkline;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ablate_runner::{Event, Lowered, TimeLeft};
use ablate_sweep::{Progress, RunId, RunPlan};
use indicatif::{ProgressBar, ProgressStyle};

pub(crate) use self::best::Best;
use self::sparkline::sparkline;
use crate::format;
use crate::terminal::Terminal;

/// How long a plain line waits for the next one.
const QUIET: Duration = Duration::from_secs(10);

/// How many places a curve has, and how many on a narrow screen.
const CURVE: usize = 16;
const SHORT_CURVE: usize = 8;

/// On a screen of fewer columns bars and curves are short.
const NARROW: usize = 80;

/// Shows what the runner tells.
pub(crate) struct Screen<'a> {
    terminal: &'a Terminal,
    labels: BTreeMap<RunId, String>,
    total: ProgressBar,
    best: Best,
    best_line: ProgressBar,
    /// A line a worker, which stays on the screen and shows one run after another: lines that come
    /// and go would make the screen jump.
    lines: Vec<ProgressBar>,
    on_line: BTreeMap<RunId, usize>,
    curves: BTreeMap<RunId, StageCurve>,
    time_left: TimeLeft,
    started: Instant,
    plain: PlainLines,
    ended: u64,
    failed: u64,
}

/// How far things are where no bar can be drawn: a line now and then.
#[derive(Debug)]
pub(crate) struct PlainLines {
    told: Instant,
}

impl PlainLines {
    pub(crate) fn new() -> PlainLines {
        PlainLines { told: Instant::now() }
    }

    /// Says `line`, if it is time for one.
    pub(crate) fn tell(&mut self, terminal: &Terminal, line: impl FnOnce() -> String) {
        if !terminal.is_live() && self.told.elapsed() >= QUIET {
            self.told = Instant::now();
            terminal.message(&line());
        }
    }
}

/// The losses of the stage that a run is in, as they were told.
#[derive(Debug, Default)]
struct StageCurve {
    stage: String,
    losses: Vec<f64>,
}

impl<'a> Screen<'a> {
    /// For a sweep of `plans`, which the parameters `telling` tell apart; `best` is the best run of those
    /// that finished before.
    pub(crate) fn new<'p>(
        terminal: &'a Terminal,
        plans: impl ExactSizeIterator<Item = &'p RunPlan>,
        telling: &[String],
        best: Best,
    ) -> Screen<'a> {
        let total = terminal.bars.add(ProgressBar::new(plans.len() as u64));
        let style = template(if is_narrow(terminal) {
            "{bar:8} {pos}/{len} runs  {wide_msg}"
        } else {
            "{bar:30} {pos}/{len} runs  {elapsed} elapsed  {wide_msg}"
        });
        total.set_style(style.progress_chars("=> "));
        total.enable_steady_tick(Duration::from_millis(500));
        let best_line = terminal.bars.add(ProgressBar::new(0));
        best_line.set_style(template("  {wide_msg}"));
        best_line.set_message(best.words().unwrap_or_default());
        let labels = plans.map(|plan| (plan.id.clone(), label(plan, telling))).collect();
        let now = Instant::now();
        Screen {
            terminal,
            labels,
            total,
            best,
            best_line,
            lines: Vec::new(),
            on_line: BTreeMap::new(),
            curves: BTreeMap::new(),
            time_left: TimeLeft::default(),
            started: now,
            plain: PlainLines::new(),
            ended: 0,
            failed: 0,
        }
    }

    /// Shows `event`.
    pub(crate) fn show(&mut self, event: &Event) {
        self.time_left.observe(event, self.started.elapsed());
        match event {
            Event::Planned { jobs, .. } => {
                // That there are fewer runs than jobs is no news.
                if let Some(lowered @ Lowered::Memory { .. }) = &jobs.lowered {
                    let jobs = format::count(jobs.used, "job");
                    self.terminal.message(&format!("{jobs} at a time: {lowered}"));
                }
                self.lines = (0..jobs.used).map(|_| self.line()).collect();
            }
            Event::Started { run, worker, .. } => {
                self.on_line.insert(run.clone(), *worker);
                self.write(run, 0.0, "starts");
            }
            Event::Progress { run, progress } => {
                let Progress { stage, epoch, epochs, loss, done } = progress;
                let curve = self.curves.entry(run.clone()).or_default();
                if curve.stage != *stage {
                    *curve = StageCurve { stage: stage.clone(), losses: Vec::new() };
                }
                curve.losses.push(*loss);
                self.write(run, *done, &format!("{stage} {epoch}/{epochs}, loss {loss:.4}"));
            }
            Event::Failed { run, failure, .. } => {
                self.failed += 1;
                let (label, kind) = (self.label(run), failure.kind.word());
                self.terminal.message(&format!("{run} {kind}: {} ({label})", failure.message));
                self.end(run);
            }
            Event::Elsewhere { run } => {
                let label = self.label(run);
                self.terminal.message(&format!("{run} is another process's ({label})"));
                self.end(run);
            }
            Event::Finished { run, outcome, .. } => {
                let label = self.labels.get(run).map_or(run.0.as_str(), String::as_str);
                if self.best.see(&outcome.scores, label) {
                    self.best_line.set_message(self.best.words().unwrap_or_default());
                }
                self.end(run);
            }
            Event::Interrupted { run } | Event::AlreadyFinished { run } => self.end(run),
        }
        self.tell();
    }

    /// Takes the bars away; what was said stays.
    pub(crate) fn close(&self) {
        let foot = [&self.best_line, &self.total];
        self.lines.iter().chain(foot).for_each(ProgressBar::finish_and_clear);
    }

    fn line(&self) -> ProgressBar {
        let line = self.terminal.bars.add(ProgressBar::new(1000));
        let bar =
            if is_narrow(self.terminal) { "{bar:5} {wide_msg}" } else { "  {bar:12} {wide_msg}" };
        line.set_style(template(bar).progress_chars("-> "));
        line
    }

    /// Puts what a run is doing on its worker's line.
    fn write(&self, run: &RunId, done: f64, doing: &str) {
        if let Some(line) = self.on_line.get(run).and_then(|&line| self.lines.get(line)) {
            line.set_position((done * 1000.0) as u64);
            let losses = self.curves.get(run).map_or(&[][..], |curve| &curve.losses);
            let places = if is_narrow(self.terminal) { SHORT_CURVE } else { CURVE };
            // What changes stands before what may be cut off.
            line.set_message(format!("{} {doing}: {}", sparkline(losses, places), self.label(run)));
        }
    }

    fn end(&mut self, run: &RunId) {
        self.on_line.remove(run);
        self.curves.remove(run);
        self.ended += 1;
        self.total.set_position(self.ended);
    }

    /// How long it will still take, on the bar or as a line.
    fn tell(&mut self) {
        let left = match self.time_left.left(self.started.elapsed()) {
            Some(left) => format!("{} left", format::about(left.as_secs_f64())),
            None => "time left not known yet".to_owned(),
        };
        let failed =
            if self.failed > 0 { format!(", {} failed", self.failed) } else { String::new() };
        self.total.set_message(format!("{left}{failed}"));
        let total = self.total.length().unwrap_or(0);
        self.plain.tell(self.terminal, || format!("{}/{total} runs{failed}, {left}", self.ended));
    }

    fn label<'s>(&'s self, run: &'s RunId) -> &'s str {
        self.labels.get(run).map_or(run.0.as_str(), String::as_str)
    }
}

/// What tells a run apart, as short as can be: `greedy contractive 0.1 depth 3 seed 2`.
pub(crate) fn label(plan: &RunPlan, telling: &[String]) -> String {
    let mut words: Vec<String> = Vec::new();
    for name in telling {
        if let Some(value) = plan.trial.params.get(name) {
            let speaks = value.as_text().is_some();
            words.push(if speaks { value.to_string() } else { format!("{name} {value}") });
        }
    }
    words.push(format!("seed {}", plan.seed));
    words.join(" ")
}

/// A bar for shards that are being read.
pub(crate) fn shards(terminal: &Terminal) -> ProgressBar {
    let bar = terminal.bars.add(ProgressBar::no_length());
    let style = template("{bar:30} {pos}/{len} shards read  {elapsed}");
    bar.with_style(style.progress_chars("=> "))
}

fn is_narrow(terminal: &Terminal) -> bool {
    terminal.stderr_columns().is_some_and(|columns| columns < NARROW)
}

fn template(text: &str) -> ProgressStyle {
    ProgressStyle::with_template(text).expect("the templates of this file are well formed")
}
