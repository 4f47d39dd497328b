//! Small pure functions from numbers to numbers: no runs, no names, no formatting. A statistic that
//! the numbers at hand cannot give (a spread from one value, a test without spread) is `None`, never
//! 0 and never NaN. What each one means, and when to believe it, is told in `METHOD.md`.

mod estimate;
mod holm;
mod location;
mod paired;
mod permutation;
mod student;
mod superiority;

pub use estimate::{Estimate, Interval, LEVEL, estimate};
pub use holm::holm;
pub use location::{mean, median, sd};
pub use paired::{PairedTest, difference, paired_test};
pub use permutation::{EXACT_UP_TO, RESAMPLES, sign_flip_p};
pub use student::{t_quantile, t_two_sided_p};
pub use superiority::probability_of_improvement;
