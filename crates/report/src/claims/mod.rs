//! Claims: what an experiment file states, held against its runs. Every claim comes down to tests
//! over seeds; the tests of all claims of a file are one family for Holm's correction, and a claim is
//! `supported` or `refuted` only by what survives it. What each kind tests is told in `METHOD.md`.

mod along;
mod arms;
mod correlation;
mod display;
mod pairs;
mod words;

use ablate_sweep::claim::{ClaimSpec, Statement};
use ablate_sweep::{Catalog, Metric, Trial};

use crate::error::ReportError;
use crate::label::{Label, groups};
use crate::run_set::{RunSet, TrialRuns};
use crate::selection::{Selector, find_metric};
use crate::stats::{Interval, holm};
use crate::tables::ALPHA;

pub use arms::Arm;

/// What the runs of `set` say to every claim of an experiment.
///
/// # Errors
/// Unknown metrics, or a `select` that was not measured on validation images.
pub fn judge(set: &RunSet, specs: &[ClaimSpec], catalog: &Catalog) -> Result<Claims, ReportError> {
    let claims = specs.iter().map(|spec| claim(set, spec, catalog));
    let mut claims = claims.collect::<Result<Vec<Claim>, _>>()?;
    correct(&mut claims);
    for claim in &mut claims {
        for part in &mut claim.parts {
            part.verdict = Verdict::of_tests(&part.tests);
        }
        claim.verdict = Verdict::of_parts(&claim.parts);
    }
    Ok(Claims { claims })
}

/// The claims of one experiment, judged together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claims {
    /// In the order of the file.
    pub claims: Vec<Claim>,
}

impl Claims {
    /// Whether every claim is supported.
    pub fn all_supported(&self) -> bool {
        self.claims.iter().all(|claim| claim.verdict == Verdict::Supported)
    }

    /// What no run could ever answer, since no planned trial is in an arm: one sentence each.
    pub fn unanswerable(&self) -> Vec<String> {
        let of_claim = |claim: &Claim| {
            let gaps = claim.parts.iter().filter_map(|part| match &part.gap {
                Some(Gap::NotPlanned(what)) => Some(what.clone()),
                Some(Gap::NotYet(_)) | None => None,
            });
            let name = claim.spec.name.clone();
            gaps.map(move |gap| format!("claim {name:?}: {gap}")).collect::<Vec<_>>()
        };
        self.claims.iter().flat_map(of_claim).collect()
    }
}

/// One claim and what the runs say to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// What was claimed.
    pub spec: ClaimSpec,
    /// What it is about.
    pub metric: Metric,
    /// One part for every value of the `by` parameters.
    pub parts: Vec<Part>,
    /// Supported if every part is, refuted if any part is.
    pub verdict: Verdict,
}

/// What is claimed for one value of the `by` parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The values of the `by` parameters.
    pub group: Vec<Label>,
    /// What is compared, in the order in which the tests name it.
    pub arms: Vec<Arm>,
    /// What the seeds say that all arms have.
    pub tests: Vec<Test>,
    /// Why there are no tests.
    pub gap: Option<Gap>,
    /// The judgement.
    pub verdict: Verdict,
}

/// Why nothing can be said.
#[derive(Clone, Debug, PartialEq)]
pub enum Gap {
    /// The plan has no trial for it.
    NotPlanned(String),
    /// Runs that would tell are missing, have failed, or are too few.
    NotYet(String),
}

impl Gap {
    /// In words.
    pub fn words(&self) -> &str {
        match self {
            Gap::NotPlanned(why) | Gap::NotYet(why) => why,
        }
    }
}

/// A number and the test of which side of the claim it is on.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// What the number is.
    pub what: String,
    /// The number.
    pub value: f64,
    /// What its unit is.
    pub scale: Scale,
    /// Where the true number lies.
    pub interval: Option<Interval>,
    /// Over how many seeds.
    pub n: usize,
    /// The side of the claim that the number is on.
    pub side: Side,
    /// The p-value for the hypothesis that the truth is not on this side; `None` where it is
    /// undefined.
    pub p: Option<f64>,
    /// The same, Holm-corrected over the tests of all claims of the file.
    pub holm_p: Option<f64>,
    /// What it can decide.
    pub role: Role,
}

/// What the number of a test is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// A difference of values of the metric.
    Metric,
    /// A ratio, 1 for equal sides.
    Ratio,
    /// A correlation.
    Correlation,
}

/// Where a number stands to its claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// As claimed.
    For,
    /// Not so.
    Against,
}

/// What a test can decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It can support and refute.
    Whole,
    /// One step of a trend: it can refute.
    Step,
}

/// What the runs say to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Supported,
    /// Its opposite holds.
    Refuted,
    /// Neither is shown.
    Undecided,
}

impl Verdict {
    /// Its one word.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Supported => "supported",
            Verdict::Refuted => "refuted",
            Verdict::Undecided => "undecided",
        }
    }

    fn of_tests(tests: &[Test]) -> Verdict {
        let decided = |test: &&Test| test.holm_p.is_some_and(|p| p < ALPHA);
        let mut found = tests.iter().filter(decided);
        if found.clone().any(|test| test.side == Side::Against) {
            Verdict::Refuted
        } else if found.any(|test| test.role == Role::Whole) {
            Verdict::Supported
        } else {
            Verdict::Undecided
        }
    }

    fn of_parts(parts: &[Part]) -> Verdict {
        let has = |verdict: Verdict| parts.iter().any(|part| part.verdict == verdict);
        if has(Verdict::Refuted) {
            Verdict::Refuted
        } else if parts.is_empty() || has(Verdict::Undecided) {
            Verdict::Undecided
        } else {
            Verdict::Supported
        }
    }
}

/// What every part of a claim is made with.
struct Request<'a> {
    spec: &'a ClaimSpec,
    metric: &'a Metric,
    selector: Selector,
    catalog: &'a Catalog,
}

fn claim(set: &RunSet, spec: &ClaimSpec, catalog: &Catalog) -> Result<Claim, ReportError> {
    let place = format!("claim {:?}", spec.name);
    let metric = find_metric(&place, &spec.metric, catalog)?;
    let metric = &Metric { name: spec.measured(), ..metric.clone() };
    let selector = Selector::new(&place, &spec.select, catalog)?;
    let request = Request { spec, metric, selector, catalog };
    let trials = request.trials(set);
    let parts = parts_by(&trials, &spec.by);
    let parts = parts.into_iter().map(|(group, trials)| request.part(group, &trials)).collect();
    let (spec, metric) = (spec.clone(), metric.clone());
    Ok(Claim { spec, metric, parts, verdict: Verdict::Undecided })
}

impl Request<'_> {
    /// The trials that the filter lets through and an arm, if there are any, takes.
    fn trials<'b>(&self, set: &'b RunSet) -> Vec<&'b TrialRuns> {
        let arms = self.filters();
        let wanted = |runs: &&TrialRuns| {
            let passes = |filter| arms::takes(filter, runs);
            self.spec.filter.as_ref().is_none_or(passes)
                && (arms.is_empty() || arms.iter().any(|arm| arms::takes(arm, runs)))
        };
        set.trials.iter().filter(wanted).collect()
    }

    fn filters(&self) -> &[ablate_sweep::Filter] {
        match &self.spec.statement {
            Statement::Below(arms) | Statement::Above(arms) | Statement::LessSpread(arms) => arms,
            Statement::Equal { arms, .. } | Statement::GapGrows { arms, .. } => arms,
            Statement::RankCorrelation { arms, .. } => arms,
            Statement::Rising(_) | Statement::Falling(_) | Statement::InnerOptimum(_) => &[],
        }
    }

    fn part(&self, group: Vec<Label>, trials: &[&TrialRuns]) -> Part {
        let found = match &self.spec.statement {
            Statement::Below(arms) => pairs::ordered(self, arms, trials, Side::For),
            Statement::Above(arms) => pairs::ordered(self, arms, trials, Side::Against),
            Statement::Equal { arms, margin } => pairs::equal(self, arms, trials, *margin),
            Statement::LessSpread(arms) => pairs::less_spread(self, arms, trials),
            Statement::GapGrows { arms, along } => along::gap_grows(self, arms, along, trials),
            Statement::Rising(along) => along::monotone(self, along, trials, Side::Against),
            Statement::Falling(along) => along::monotone(self, along, trials, Side::For),
            Statement::InnerOptimum(along) => along::inner_optimum(self, along, trials),
            Statement::RankCorrelation { arms, values, at_least } => {
                correlation::ranks(self, arms, values, *at_least, trials)
            }
        };
        let verdict = Verdict::Undecided;
        match found {
            Ok((arms, tests)) => Part { group, arms, tests, gap: None, verdict },
            Err((arms, gap)) => Part { group, arms, tests: vec![], gap: Some(gap), verdict },
        }
    }
}

/// The arms of a part with its tests, or with what is lacking.
type Found = Result<(Vec<Arm>, Vec<Test>), (Vec<Arm>, Gap)>;

/// The trials of every value of the `by` parameters. A trial for which such a parameter means nothing
/// (a variant, without pretraining) belongs to every value.
fn parts_by<'a>(trials: &[&'a TrialRuns], by: &[String]) -> Vec<(Vec<Label>, Vec<&'a TrialRuns>)> {
    let plain: Vec<&Trial> = trials.iter().map(|runs| runs.trial.as_ref()).collect();
    let found: Vec<Vec<Label>> = groups(&plain, by).into_iter().map(|(labels, _)| labels).collect();
    let whole = |labels: &&Vec<Label>| labels.iter().all(|label| label.0.is_some());
    let mut values: Vec<Vec<Label>> = found.iter().filter(whole).cloned().collect();
    if values.is_empty() {
        // Nothing splits the trials, but there is a claim about them.
        values = found;
        values.truncate(1);
    }
    if values.is_empty() {
        values.push(by.iter().map(|_| Label(None)).collect());
    }
    let belongs = |runs: &&&TrialRuns, labels: &[Label]| {
        by.iter().zip(labels).all(|(name, label)| {
            let own = runs.trial.params.get(name);
            own.is_none() || own == label.0.as_ref()
        })
    };
    let members = |labels: Vec<Label>| {
        let of_value = trials.iter().filter(|runs| belongs(runs, &labels)).copied().collect();
        (labels, of_value)
    };
    values.into_iter().map(members).collect()
}

fn correct(claims: &mut [Claim]) {
    let mut tests: Vec<&mut Test> = claims
        .iter_mut()
        .flat_map(|claim| claim.parts.iter_mut().flat_map(|part| &mut part.tests))
        .collect();
    let corrected = holm(&tests.iter().map(|test| test.p).collect::<Vec<_>>());
    for (test, p) in tests.iter_mut().zip(corrected) {
        test.holm_p = p;
    }
}

#[cfg(test)]
mod tests;
