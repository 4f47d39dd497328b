"""Makes reference.json: what scipy 1.17, rliable 1.2 and arch 7.2 give on the cases below.

    python -m venv v && v/bin/pip install scipy==1.17.1 'arch<8' 'pandas<3' absl-py seaborn
    v/bin/pip install --no-deps rliable==1.2.0
    v/bin/python reference.py > reference.json

The bootstraps of scipy and rliable are given our random numbers in place of their own, so that they
resample the very same values and the intervals can be compared to the last digits.
"""

import json
import warnings

import numpy as np
import scipy.stats as st
import scipy.stats._resampling as resampling
from rliable import library, metrics

warnings.filterwarnings("ignore")
B = 9_999


class SplitMix64:
    def __init__(self):
        self.state = 0x61626C617465

    def next(self):
        mask = (1 << 64) - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        mixed = self.state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & mask
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & mask
        return mixed ^ (mixed >> 31)

    def place(self, n):
        return (self.next() * n) >> 64


def bca(x, statistic):
    stream = SplitMix64()
    resampling.rng_integers = lambda rng, low, n, shape: np.array(
        [[stream.place(n) for _ in range(shape[1])] for _ in range(shape[0])])
    # Rounded, so that equal resamples are equal whatever the order of their sums.
    rounded = lambda x, axis: np.round(statistic(x, axis), 13)
    found = st.bootstrap((np.sort(x),), rounded, n_resamples=B, method="BCa", vectorized=True)
    return [found.confidence_interval.low, found.confidence_interval.high]


def stratified(score_dict, func):
    """Intervals of rliable; scores are runs x tasks, our strata are the tasks."""
    stream = SplitMix64()

    def choice(n, shape, replace):
        runs, tasks = shape
        return np.array([[stream.place(n) for _ in range(runs)] for _ in range(tasks)]).T

    library.np.random.choice, kept = choice, library.np.random.choice
    points, intervals = library.get_interval_estimates(score_dict, func, reps=B)
    library.np.random.choice = kept
    (key,) = score_dict
    return float(points[key][0]), [float(end) for end in intervals[key][:, 0]]


def iqm(x, axis):
    return st.trim_mean(x, 0.25, axis=axis)


rng = np.random.default_rng(7)
cases = {"bca": [], "signed_rank": [], "spearman": [], "spread": [], "equivalence": [],
         "pooled": [], "improvement": [], "profile": []}

samples = [rng.normal(4, 0.3, 8), rng.exponential(1, 12), rng.normal(0, 1, 25),
           np.round(rng.normal(0.042, 0.002, 10), 3), rng.normal(2, 1, 4)]
for x in samples:
    for name, statistic in (("mean", np.mean), ("median", np.median), ("iqm", iqm)):
        low, high = bca(x, statistic)
        if np.isfinite(low):
            cases["bca"].append({"x": list(x), "statistic": name, "low": low, "high": high})

for d in [rng.normal(0.5, 1, 6), rng.normal(0.2, 1, 30), rng.normal(0.3, 1, 49),
          rng.normal(0.2, 1, 80), np.round(rng.normal(0.2, 1, 90), 1)]:
    d = d[d != 0]
    method = "exact" if len(d) <= 50 else "asymptotic"
    cases["signed_rank"].append({"d": list(d), "p": st.wilcoxon(d, method=method).pvalue})
for d in [np.array([1, 1, -1, 2, 3, 3, 4, 0]), np.array([0.5, 0.5, 0.5, -0.5, 1, 1, 2, -3, 4, 4])]:
    # With ties, scipy looks at every choice of signs.
    cases["signed_rank"].append({"d": [float(v) for v in d], "p": st.wilcoxon(d).pvalue})

for n in (4, 7, 12):
    x, y = rng.normal(0, 1, n), np.round(rng.normal(0, 1, n), 0)
    cases["spearman"].append({"x": list(x), "y": list(y), "r": st.spearmanr(x, y).statistic})

for n in (4, 5, 10, 20):
    x = rng.normal(4, 0.2, n)
    y = 0.5 * x + rng.normal(4, 0.5, n)
    c, t = st.pearsonr(x, y).statistic, st.t.ppf(0.975, n - 2)
    ratio, k = np.var(x, ddof=1) / np.var(y, ddof=1), 1 + 2 * (1 - c * c) * t * t / (n - 2)
    cases["spread"].append({
        "x": list(x), "y": list(y), "p": st.pearsonr(x + y, x - y).pvalue,
        "low": np.sqrt(ratio * (k - np.sqrt(k * k - 1))),
        "high": np.sqrt(ratio * (k + np.sqrt(k * k - 1)))})

for n, margin in ((5, 0.5), (10, 0.3), (10, 2.0)):
    d = rng.normal(0.1, 0.4, n)
    p = max(st.ttest_1samp(d, -margin, alternative="greater").pvalue,
            st.ttest_1samp(d, margin, alternative="less").pvalue)
    cases["equivalence"].append({"d": list(d), "margin": margin, "p": p,
                                 "t_p": st.ttest_1samp(d, margin).pvalue})

for runs, tasks in ((5, 3), (10, 2), (3, 6)):
    x = rng.normal(0.6, 0.1, (runs, tasks)) + rng.normal(0, 0.2, tasks)
    y = rng.normal(0.55, 0.1, (runs, tasks)) + rng.normal(0, 0.2, tasks)
    point, interval = stratified({"x": x}, lambda x: np.array([metrics.aggregate_iqm(x)]))
    cases["pooled"].append({"tasks": x.T.tolist(), "iqm": point, "interval": interval})
    point, interval = stratified(
        {"x,y": [x, y]}, lambda x, y: np.array([metrics.probability_of_improvement(x, y)]))
    cases["improvement"].append({"x": x.T.tolist(), "y": y.T.tolist(), "p": point,
                                 "interval": interval})
    taus = np.linspace(0.2, 1, 5)
    cases["profile"].append({"x": list(x.flatten()), "taus": list(taus),
                             "above": list(library.score_distributions(x, taus))})

print(json.dumps(cases, indent=1))
