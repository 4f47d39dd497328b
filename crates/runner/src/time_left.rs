//! How long a sweep will still take: the speed seen so far, in floating-point operations per second
//! of one worker, applied to what is left, laid out over the workers as the runner will do it.
//!
//! ```text
//! speed = sum(flop done) / sum(seconds of workers spent on it)
//! left  = end of the last worker, when each in turn takes the next waiting run
//! ```
//!
//! Dividing what is left by the number of workers would promise too much wherever one long run
//! remains. Runs in flight count with the share that they said they had done, up to the moment
//! when they said it, and from the moment when they first said one: before that they made their data, or
//! took up what an earlier process had done.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use ablate_sweep::RunId;

use crate::event::Event;

/// Follows the events of one sweep. Pure: times are told to it, as time since the sweep began.
#[derive(Clone, Debug, Default)]
pub struct TimeLeft {
    workers: usize,
    waiting: VecDeque<(RunId, f64)>,
    running: BTreeMap<RunId, Running>,
    ended: Work,
}

#[derive(Clone, Copy, Debug)]
struct Running {
    flop: f64,
    /// From which share on its work is timed, and when it had done that: from the beginning, and once there
    /// is a second report, from the first.
    from: (f64, Duration),
    /// The share done, and when that was said.
    done: f64,
    said: Duration,
    reports: usize,
}

/// Floating-point operations, and the seconds of one worker that they took.
#[derive(Clone, Copy, Debug, Default)]
struct Work {
    flop: f64,
    seconds: f64,
}

impl TimeLeft {
    /// Takes note of `event`, which happened `at` this time. The first one,
    /// [`Event::Planned`], says what there is to do.
    pub fn observe(&mut self, event: &Event, at: Duration) {
        match event {
            Event::Planned { jobs, costs } => {
                self.workers = jobs.used;
                // `max` also turns an unknown cost (NaN) into none.
                let waiting = costs.iter().map(|(run, cost)| (run.clone(), cost.flop.max(0.0)));
                self.waiting = waiting.collect();
            }
            Event::Started { run, .. } => {
                if let Some(flop) = self.take_waiting(run) {
                    let running =
                        Running { flop, from: (0.0, at), done: 0.0, said: at, reports: 0 };
                    self.running.insert(run.clone(), running);
                }
            }
            Event::Progress { run, progress } => {
                if let Some(running) = self.running.get_mut(run) {
                    running.say(progress.done.clamp(0.0, 1.0), at);
                }
            }
            Event::Finished { run, seconds, .. } => {
                if let Some(Running { flop, .. }) = self.running.remove(run) {
                    self.ended.add(Work { flop, seconds: *seconds });
                }
            }
            Event::Failed { run, .. } | Event::Interrupted { run } => {
                if let Some(running) = self.running.remove(run) {
                    self.ended.add(running.work());
                }
            }
            Event::Elsewhere { run } | Event::AlreadyFinished { run } => {
                self.take_waiting(run);
            }
        }
    }

    /// The expected time from `at` to the end of the sweep; `None` while nothing is known of the
    /// speed, zero when nothing is left.
    pub fn left(&self, at: Duration) -> Option<Duration> {
        if self.waiting.is_empty() && self.running.is_empty() {
            return Some(Duration::ZERO);
        }
        let speed = self.speed()?;
        let mut busy: Vec<f64> =
            self.running.values().map(|running| running.seconds_left(speed, at)).collect();
        busy.resize(self.workers.max(busy.len()).max(1), 0.0);
        for (_, flop) in &self.waiting {
            let next = busy.iter_mut().min_by(|left, right| left.total_cmp(right));
            *next.expect("there is at least one worker") += flop / speed;
        }
        let last = busy.into_iter().fold(0.0, f64::max);
        Duration::try_from_secs_f64(last).ok()
    }

    /// Floating-point operations per second of one worker, if any work has been seen.
    fn speed(&self) -> Option<f64> {
        let mut seen = self.ended;
        self.running.values().for_each(|running| seen.add(running.work()));
        Some(seen.flop / seen.seconds).filter(|speed| *speed > 0.0 && speed.is_finite())
    }

    /// Runs are started in order, so the search ends at once.
    fn take_waiting(&mut self, run: &RunId) -> Option<f64> {
        let index = self.waiting.iter().position(|(waiting, _)| waiting == run)?;
        self.waiting.remove(index).map(|(_, flop)| flop)
    }
}

impl Running {
    /// The first report counts from the beginning until there is another: better a bad guess than none.
    fn say(&mut self, done: f64, at: Duration) {
        if self.reports == 1 {
            self.from = (self.done, self.said);
        }
        self.reports += 1;
        (self.done, self.said) = (done, at);
    }

    fn work(&self) -> Work {
        let (done, at) = self.from;
        let seconds = self.said.saturating_sub(at).as_secs_f64();
        Work { flop: self.flop * (self.done - done).max(0.0), seconds }
    }

    fn seconds_left(&self, speed: f64, at: Duration) -> f64 {
        let since = at.saturating_sub(self.said).as_secs_f64();
        (self.flop * (1.0 - self.done) / speed - since).max(0.0)
    }
}

impl Work {
    fn add(&mut self, other: Work) {
        self.flop += other.flop;
        self.seconds += other.seconds;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ablate_sweep::run::{Cost, Progress};
    use ablate_sweep::{Failure, FailureKind, Outcome};

    use super::*;
    use crate::budget::Jobs;

    fn id(name: &str) -> RunId {
        RunId(name.to_owned())
    }

    /// Follows a sweep of runs of these costs on so many workers.
    fn planned(workers: usize, costs: &[(&str, f64)]) -> TimeLeft {
        let costs = costs.iter().map(|(run, flop)| (id(run), Cost { flop: *flop, bytes: 0 }));
        let jobs = Jobs { asked: workers, used: workers, lowered: None };
        let mut time_left = TimeLeft::default();
        time_left.see(0, Event::Planned { jobs, costs: costs.collect() });
        time_left
    }

    impl TimeLeft {
        fn see(&mut self, seconds: u64, event: Event) {
            self.observe(&event, Duration::from_secs(seconds));
        }

        fn seconds(&self, at: u64) -> Option<f64> {
            self.left(Duration::from_secs(at)).map(|left| left.as_secs_f64())
        }
    }

    fn started(run: &str) -> Event {
        Event::Started { run: id(run), worker: 0, attempt: 1 }
    }

    fn at_share(run: &str, done: f64) -> Event {
        let stage = "fine-tuning".to_owned();
        let progress = Progress { stage, epoch: 1, epochs: 10, done, loss: 0.5 };
        Event::Progress { run: id(run), progress }
    }

    fn finished(run: &str, seconds: f64) -> Event {
        let outcome = Outcome {
            scores: BTreeMap::new(),
            profiles: Vec::new(),
            curves: Vec::new(),
            epochs: 1,
            best_epoch: 1,
            weights_hash: String::new(),
            artifacts: Vec::new(),
        };
        Event::Finished { run: id(run), outcome, seconds }
    }

    fn failed(run: &str, seconds: f64) -> Event {
        let message = "loss is NaN".to_owned();
        let failure = Failure { kind: FailureKind::Diverged, message, curves: Vec::new() };
        Event::Failed { run: id(run), failure, seconds }
    }

    #[test]
    fn nothing_is_known_before_anything_is_done_and_nothing_is_left_at_the_end() {
        let mut sweep = planned(1, &[("a", 100.0)]);
        assert_eq!(sweep.seconds(0), None);
        sweep.see(0, started("a"));
        assert_eq!(sweep.seconds(3), None);
        sweep.see(4, finished("a", 4.0));
        assert_eq!(sweep.seconds(4), Some(0.0));
        assert_eq!(planned(2, &[]).seconds(0), Some(0.0));
    }

    #[test]
    fn what_a_run_in_flight_says_it_has_done_counts() {
        let mut sweep = planned(1, &[("a", 100.0), ("b", 50.0)]);
        sweep.see(10, started("a"));
        sweep.see(30, at_share("a", 0.25));
        // 25 flop in 20 s: 75 more take 60 s, and b takes 40 s.
        assert_eq!(sweep.seconds(30), Some(100.0));
        assert_eq!(sweep.seconds(45), Some(85.0), "it goes down between reports");
        assert_eq!(sweep.seconds(500), Some(40.0), "an overdue run is about to end");
    }

    #[test]
    fn what_came_before_the_first_report_says_nothing_of_the_speed() {
        let mut sweep = planned(2, &[("slow to begin", 100.0), ("taken up", 100.0)]);
        sweep.see(0, started("slow to begin"));
        sweep.see(60, at_share("slow to begin", 0.1));
        sweep.see(70, at_share("slow to begin", 0.2));
        // 10 flop in the last 10 s: 80 more take 80, and the other run 100 beside it.
        assert_eq!(sweep.seconds(70), Some(100.0));
        sweep.see(70, started("taken up"));
        sweep.see(71, at_share("taken up", 0.5));
        sweep.see(76, at_share("taken up", 0.55));
        sweep.see(80, at_share("slow to begin", 0.3));
        assert_eq!(sweep.seconds(80), Some(70.0));
    }

    #[test]
    fn one_long_run_is_not_shared_between_workers() {
        let mut sweep = planned(4, &[("short", 10.0), ("long", 400.0)]);
        sweep.see(0, started("short"));
        sweep.see(0, started("long"));
        sweep.see(1, finished("short", 1.0));
        assert_eq!(sweep.seconds(1), Some(39.0));
    }

    #[test]
    fn waiting_runs_are_laid_out_over_the_workers_in_order() {
        let mut sweep =
            planned(2, &[("a", 1.0), ("b", 5.0), ("c", 4.0), ("d", 3.0), ("e", 3.0), ("f", 3.0)]);
        sweep.see(0, started("a"));
        sweep.see(1, finished("a", 1.0));
        // At one flop a second: b and e end at 8, c and d at 7, and f begins at 7.
        assert_eq!(sweep.seconds(1), Some(10.0));
    }

    #[test]
    fn the_speed_is_that_of_one_worker_however_many_there_are() {
        let mut sweep = planned(2, &[("a", 10.0), ("b", 10.0), ("c", 10.0), ("d", 10.0)]);
        for run in ["a", "b"] {
            sweep.see(0, started(run));
        }
        for run in ["a", "b"] {
            sweep.see(5, finished(run, 5.0));
        }
        assert_eq!(sweep.seconds(5), Some(5.0));
    }

    #[test]
    fn a_failed_run_counts_for_what_it_had_done_and_others_runs_not_at_all() {
        let mut sweep = planned(1, &[("a", 100.0), ("b", 80.0), ("c", 60.0), ("d", 20.0)]);
        sweep.see(0, started("a"));
        sweep.see(10, at_share("a", 0.5));
        sweep.see(12, failed("a", 12.0));
        sweep.see(12, Event::Elsewhere { run: id("b") });
        sweep.see(12, Event::AlreadyFinished { run: id("c") });
        // 50 flop in 10 s; what it did after its last report is not known.
        assert_eq!(sweep.seconds(12), Some(4.0));
        sweep.see(12, failed("never started", 0.0));
        assert_eq!(sweep.seconds(12), Some(4.0));
    }

    #[test]
    fn costs_that_are_no_numbers_do_no_harm() {
        let mut sweep = planned(1, &[("a", f64::NAN), ("b", f64::INFINITY), ("c", -1.0)]);
        sweep.see(0, started("a"));
        sweep.see(1, finished("a", 1.0));
        assert_eq!(sweep.seconds(1), None);
    }
}
