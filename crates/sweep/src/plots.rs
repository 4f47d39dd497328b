//! What an experiment file declares about its pictures: `[[plot]]`.

use crate::filter::Filter;

/// The kinds of plots, by which keys each takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlotKind {
    /// A curve over epochs, mean and interval over seeds.
    Curve,
    /// A profile over its own axis, mean and interval over seeds.
    Profile,
    /// A metric over a numeric parameter, mean and interval over seeds.
    Line,
    /// A metric by the values of a parameter: every seed, the mean and its interval.
    Strip,
    /// A metric by the values of a parameter: quartiles, median and every seed.
    Box,
    /// The mean of a metric over two parameters.
    Heat,
    /// The means of several metrics, a row each, by groups.
    Matrix,
    /// Two values of every run against each other.
    Scatter,
    /// A line a trial through the values of its parameters to its metric.
    Parallel,
}

impl PlotKind {
    /// Every kind.
    pub const ALL: [PlotKind; 9] = [
        PlotKind::Curve,
        PlotKind::Profile,
        PlotKind::Line,
        PlotKind::Strip,
        PlotKind::Box,
        PlotKind::Heat,
        PlotKind::Matrix,
        PlotKind::Scatter,
        PlotKind::Parallel,
    ];

    /// Its one word.
    pub fn word(self) -> &'static str {
        match self {
            PlotKind::Curve => "curve",
            PlotKind::Profile => "profile",
            PlotKind::Line => "line",
            PlotKind::Strip => "strip",
            PlotKind::Box => "box",
            PlotKind::Heat => "heat",
            PlotKind::Matrix => "matrix",
            PlotKind::Scatter => "scatter",
            PlotKind::Parallel => "parallel",
        }
    }

    /// What it shows, in a line.
    pub fn summary(self) -> &'static str {
        match self {
            PlotKind::Curve => "A curve over epochs, with a band over seeds",
            PlotKind::Profile => "A profile over its own axis, such as an error over the severity",
            PlotKind::Line => "A metric over a numeric parameter, with a band over seeds",
            PlotKind::Strip => {
                "A metric by the values of a parameter: every seed, mean and interval"
            }
            PlotKind::Box => {
                "A metric by the values of a parameter: every seed, quartiles and median"
            }
            PlotKind::Heat => "The mean of a metric over two parameters",
            PlotKind::Matrix => "The means of several metrics, a row each, by groups",
            PlotKind::Scatter => "Two values of every run against each other",
            PlotKind::Parallel => "A line a trial through its parameters to its metric",
        }
    }

    /// The kind whose word this is.
    pub fn from_word(word: &str) -> Option<PlotKind> {
        PlotKind::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The keys that it needs, each with an example.
    pub fn needs(self) -> &'static [(&'static str, &'static str)] {
        const X: (&str, &str) = ("x", "x = \"depth\"");
        const METRIC: (&str, &str) = ("metric", "metric = \"test_error\"");
        match self {
            PlotKind::Curve => &[("curve", "curve = \"valid_error\"")],
            PlotKind::Profile => &[("profile", "profile = \"contraction\"")],
            PlotKind::Line | PlotKind::Strip | PlotKind::Box => &[X, METRIC],
            PlotKind::Matrix => &[
                ("metrics", "metrics = [\"test_error\", \"robust_error\"]"),
                ("by", "by = \"variant\""),
            ],
            PlotKind::Scatter => &[("x", "x = \"initial_jacobian_norm\""), METRIC],
            PlotKind::Heat => &[X, ("y", "y = \"sigma\""), METRIC],
            PlotKind::Parallel => &[("axes", "axes = [\"depth\", \"learning_rate\"]"), METRIC],
        }
    }

    /// The keys that it may have besides.
    pub fn allows(self) -> &'static [&'static str] {
        match self {
            PlotKind::Curve
            | PlotKind::Profile
            | PlotKind::Line
            | PlotKind::Strip
            | PlotKind::Box
            | PlotKind::Scatter => &["by", "log"],
            PlotKind::Heat | PlotKind::Matrix | PlotKind::Parallel => &[],
        }
    }

    /// Whether `key`, one of those that only some kinds take, means something for this one.
    pub fn takes(self, key: &str) -> bool {
        self.needs().iter().any(|(needed, _)| *needed == key) || self.allows().contains(&key)
    }

    /// The axes that may be logarithmic: those that numbers stand on.
    pub fn log_axes(self) -> &'static [&'static str] {
        match self {
            PlotKind::Curve | PlotKind::Profile | PlotKind::Line | PlotKind::Scatter => &["x", "y"],
            PlotKind::Strip | PlotKind::Box => &["y"],
            PlotKind::Heat | PlotKind::Matrix | PlotKind::Parallel => &[],
        }
    }
}

/// The keys that only some kinds take, as they were given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlotKeys {
    /// A parameter; of a scatter plot, a metric or one.
    pub x: Option<String>,
    /// A parameter.
    pub y: Option<String>,
    /// A metric.
    pub metric: Option<String>,
    /// Metrics.
    pub metrics: Vec<String>,
    /// The name of a curve.
    pub curve: Option<String>,
    /// The name of a profile.
    pub profile: Option<String>,
    /// Parameters.
    pub by: Vec<String>,
    /// Parameters.
    pub axes: Vec<String>,
}

/// What is drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Drawing {
    /// Series of one name, one a group of `by`.
    Series {
        /// A curve, over epochs, or a profile, over its own axis.
        of: SeriesKind,
        /// The name of the curve or the profile.
        name: String,
        /// The parameters that tell the groups apart.
        by: Vec<String>,
    },
    /// A metric over a parameter.
    Metric {
        /// How its seeds are shown.
        shown: Shown,
        /// The parameter.
        x: String,
        /// The metric.
        metric: String,
        /// The parameters that tell the groups apart.
        by: Vec<String>,
    },
    /// A metric over two parameters.
    Heat {
        /// The parameter of the columns.
        x: String,
        /// The parameter of the rows.
        y: String,
        /// The metric.
        metric: String,
    },
    /// Several metrics.
    Matrix {
        /// The metrics, the one of the first row first.
        metrics: Vec<String>,
        /// The parameters that tell the columns apart.
        by: Vec<String>,
    },
    /// A mark a run.
    Scatter {
        /// The metric or the parameter that lies across.
        x: String,
        /// The metric that stands upright.
        metric: String,
        /// The parameters that tell the groups apart.
        by: Vec<String>,
    },
    /// A line a trial.
    Parallel {
        /// The parameters, from left to right.
        axes: Vec<String>,
        /// The metric of the last axis.
        metric: String,
    },
}

/// What a series is measured over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeriesKind {
    /// Epochs.
    Curve,
    /// Something else.
    Profile,
}

impl SeriesKind {
    /// Its one word.
    pub fn word(self) -> &'static str {
        match self {
            SeriesKind::Curve => "curve",
            SeriesKind::Profile => "profile",
        }
    }
}

/// How the seeds of a metric are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A line through the means with a band.
    Line,
    /// Every seed beside the mean and its interval.
    Strip,
    /// Every seed over quartiles and median.
    Box,
}

impl Drawing {
    /// What `kind` draws of `keys`; `None` where one that it needs is not there.
    pub fn new(kind: PlotKind, keys: PlotKeys) -> Option<Drawing> {
        let PlotKeys { x, y, metric, metrics, curve, profile, by, axes } = keys;
        let metric_by = |shown| {
            Some(Drawing::Metric { shown, x: x.clone()?, metric: metric.clone()?, by: by.clone() })
        };
        match kind {
            PlotKind::Curve => Some(Drawing::Series { of: SeriesKind::Curve, name: curve?, by }),
            PlotKind::Profile => {
                Some(Drawing::Series { of: SeriesKind::Profile, name: profile?, by })
            }
            PlotKind::Line => metric_by(Shown::Line),
            PlotKind::Strip => metric_by(Shown::Strip),
            PlotKind::Box => metric_by(Shown::Box),
            PlotKind::Heat => Some(Drawing::Heat { x: x?, y: y?, metric: metric? }),
            PlotKind::Matrix if metrics.is_empty() || by.is_empty() => None,
            PlotKind::Matrix => Some(Drawing::Matrix { metrics, by }),
            PlotKind::Scatter => Some(Drawing::Scatter { x: x?, metric: metric?, by }),
            PlotKind::Parallel if axes.is_empty() => None,
            PlotKind::Parallel => Some(Drawing::Parallel { axes, metric: metric? }),
        }
    }

    /// The word of its kind.
    pub fn kind(&self) -> PlotKind {
        match self {
            Drawing::Series { of: SeriesKind::Curve, .. } => PlotKind::Curve,
            Drawing::Series { of: SeriesKind::Profile, .. } => PlotKind::Profile,
            Drawing::Metric { shown: Shown::Line, .. } => PlotKind::Line,
            Drawing::Metric { shown: Shown::Strip, .. } => PlotKind::Strip,
            Drawing::Metric { shown: Shown::Box, .. } => PlotKind::Box,
            Drawing::Heat { .. } => PlotKind::Heat,
            Drawing::Matrix { .. } => PlotKind::Matrix,
            Drawing::Scatter { .. } => PlotKind::Scatter,
            Drawing::Parallel { .. } => PlotKind::Parallel,
        }
    }
}

/// Which axes are logarithmic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogAxes {
    /// The horizontal one.
    pub x: bool,
    /// The vertical one.
    pub y: bool,
}

/// One `[[plot]]` of an experiment file.
#[derive(Clone, Debug, PartialEq)]
pub struct PlotSpec {
    /// Its name, by which `ablate plot EXPERIMENT NAME` finds it.
    pub name: String,
    /// What is drawn.
    pub drawing: Drawing,
    /// Which axes are logarithmic.
    pub log: LogAxes,
    /// Which trials are looked at; all of them without it.
    pub filter: Option<Filter>,
    /// The metric, measured on validation images, by which one trial is chosen where several would
    /// stand in one place.
    pub select: String,
}
