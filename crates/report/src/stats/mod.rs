//! Small pure functions from numbers to numbers: no runs, no names, no formatting. A statistic that
//! the numbers at hand cannot give (a spread from one value, a test without spread) is `None`, never
//! 0 and never NaN. What each one means, and when to believe it, is told in `METHOD.md`.

mod bootstrap;
mod correlation;
mod equivalence;
mod estimate;
mod holm;
mod location;
mod paired;
mod permutation;
mod signed_rank;
mod stream;
mod student;
mod summary;
mod superiority;
mod variance;

#[cfg(test)]
mod reference;

pub use bootstrap::{BOOTSTRAP_RESAMPLES, FEWEST_FOR_BOOTSTRAP, bca_interval, stratified_interval};
pub(crate) use bootstrap::{percentile_interval, replicates};
pub use correlation::{pearson, spearman};
pub use equivalence::{equivalence_p, t_test_p};
pub use estimate::{Estimate, Interval, LEVEL, estimate};
pub use holm::holm;
pub use location::{iqm, location, mean, median, sd};
pub use paired::{PairedTest, difference, paired_test};
pub use permutation::{EXACT_UP_TO, RESAMPLES, sign_flip_p};
pub use signed_rank::{RANKS_EXACT_UP_TO, signed_rank_p};
pub use student::{t_quantile, t_two_sided_p};
pub use summary::{Summary, summary};
pub use superiority::{probability_of_improvement, profile};
pub use variance::{SpreadTest, spread_test};
