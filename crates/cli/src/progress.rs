//! A running sweep on the screen: a bar for the whole and a line a worker on a terminal, else a plain
//! line every ten seconds.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ablate_runner::{Event, TimeLeft};
use ablate_sweep::{Progress, RunId, RunPlan};
use indicatif::{ProgressBar, ProgressStyle};

use crate::format;
use crate::terminal::Terminal;

/// How long a plain line waits for the next one.
const QUIET: Duration = Duration::from_secs(10);

/// Shows what the runner tells.
pub(crate) struct Screen<'a> {
    terminal: &'a Terminal,
    labels: BTreeMap<RunId, String>,
    total: ProgressBar,
    lines: BTreeMap<RunId, ProgressBar>,
    time_left: TimeLeft,
    started: Instant,
    said: Instant,
    ended: u64,
    failed: u64,
}

impl<'a> Screen<'a> {
    /// For a sweep of `plans`, in which `varying` parameters tell the runs apart.
    pub(crate) fn new<'p>(
        terminal: &'a Terminal,
        plans: impl ExactSizeIterator<Item = &'p RunPlan>,
        varying: &[String],
    ) -> Screen<'a> {
        let total = ProgressBar::new(plans.len() as u64);
        let style = "{bar:30} {pos}/{len} runs  {elapsed} elapsed  {msg}";
        total.set_style(template(style).progress_chars("=> "));
        let total = terminal.bars.add(total);
        total.enable_steady_tick(Duration::from_millis(500));
        let labels = plans.map(|plan| (plan.id.clone(), label(plan, varying))).collect();
        let now = Instant::now();
        Screen {
            terminal,
            labels,
            total,
            lines: BTreeMap::new(),
            time_left: TimeLeft::default(),
            started: now,
            said: now,
            ended: 0,
            failed: 0,
        }
    }

    /// Shows `event`.
    pub(crate) fn show(&mut self, event: &Event) {
        self.time_left.observe(event, self.started.elapsed());
        match event {
            Event::Planned { jobs, .. } => {
                if let Some(lowered) = &jobs.lowered {
                    self.terminal.message(&lowered.to_string());
                }
            }
            Event::Started { run, .. } => self.begin(run),
            Event::Progress { run, progress } => self.advance(run, progress),
            Event::Finished { run, .. } => self.end(run),
            Event::Failed { run, failure, .. } => {
                self.failed += 1;
                let (label, kind) = (self.label(run), failure.kind.word());
                self.terminal.message(&format!("{run} {kind}: {} ({label})", failure.message));
                self.end(run);
            }
            Event::Interrupted { run } => self.end(run),
            Event::Elsewhere { run } => {
                let label = self.label(run);
                self.terminal
                    .message(&format!("{run} is being trained by another process ({label})"));
                self.end(run);
            }
            Event::AlreadyFinished { run } => self.end(run),
        }
        self.tell();
    }

    /// Takes the bars away; what was said stays.
    pub(crate) fn close(&self) {
        for line in self.lines.values() {
            line.finish_and_clear();
        }
        self.total.finish_and_clear();
    }

    fn begin(&mut self, run: &RunId) {
        let line = ProgressBar::new(1000);
        line.set_style(template("  {bar:12} {prefix}  {msg}").progress_chars("-> "));
        line.set_prefix(self.label(run));
        self.lines.insert(run.clone(), self.terminal.bars.add(line));
    }

    fn advance(&mut self, run: &RunId, progress: &Progress) {
        if let Some(line) = self.lines.get(run) {
            line.set_position((progress.done * 1000.0) as u64);
            let Progress { stage, epoch, epochs, loss, .. } = progress;
            line.set_message(format!("{stage} {epoch}/{epochs}, loss {loss:.4}"));
        }
    }

    fn end(&mut self, run: &RunId) {
        if let Some(line) = self.lines.remove(run) {
            line.finish_and_clear();
            self.terminal.bars.remove(&line);
        }
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
        if !self.terminal.is_live() && self.said.elapsed() >= QUIET {
            self.said = Instant::now();
            let total = self.total.length().unwrap_or(0);
            self.terminal.message(&format!("{}/{total} runs{failed}, {left}", self.ended));
        }
    }

    fn label(&self, run: &RunId) -> String {
        self.labels.get(run).cloned().unwrap_or_else(|| run.to_string())
    }
}

/// What tells a run apart, as short as can be: `greedy contractive 0.1 depth 3 seed 2`.
fn label(plan: &RunPlan, varying: &[String]) -> String {
    let mut words: Vec<String> = Vec::new();
    for name in varying {
        if let Some(value) = plan.trial.params.get(name) {
            let speaks = value.as_text().is_some();
            words.push(if speaks { value.to_string() } else { format!("{name} {value}") });
        }
    }
    words.push(format!("seed {}", plan.seed));
    words.join(" ")
}

fn template(text: &str) -> ProgressStyle {
    ProgressStyle::with_template(text).expect("the templates of this file are well formed")
}
