//! Distinct indices in random order, for grids too large to list. The order is a Fisher-Yates
//! shuffle of which only the moved entries are kept; its random numbers are SHA-256 of the seed and
//! a counter, so that the same seed draws the same cells on every machine, and drawing more cells
//! keeps those that were drawn before.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

/// Every index from 0 to `total - 1`, each once, in the order that `seed` gives.
pub(super) struct Distinct {
    random: Random,
    total: u128,
    drawn: u128,
    /// Entries of the shuffled list that are not where they began.
    moved: HashMap<u128, u128>,
}

impl Distinct {
    pub(super) fn new(seed: u64, total: u128) -> Distinct {
        Distinct { random: Random { seed, counter: 0 }, total, drawn: 0, moved: HashMap::new() }
    }
}

impl Iterator for Distinct {
    type Item = u128;

    fn next(&mut self) -> Option<u128> {
        let left = self.total.checked_sub(self.drawn).filter(|left| *left > 0)?;
        let chosen = self.drawn + self.random.below(left);
        let here = self.moved.remove(&self.drawn).unwrap_or(self.drawn);
        let index = if chosen == self.drawn {
            here
        } else {
            self.moved.insert(chosen, here).unwrap_or(chosen)
        };
        self.drawn += 1;
        Some(index)
    }
}

struct Random {
    seed: u64,
    counter: u64,
}

impl Random {
    /// A number below `bound`, which is not 0; every one is equally likely.
    fn below(&mut self, bound: u128) -> u128 {
        // Numbers past the last whole multiple of the bound would favour small results.
        let surplus = (u128::MAX % bound + 1) % bound;
        loop {
            let number = self.number();
            if number <= u128::MAX - surplus {
                return number % bound;
            }
        }
    }

    fn number(&mut self) -> u128 {
        let text = format!("sample\n{}\n{}", self.seed, self.counter);
        self.counter += 1;
        let hash = Sha256::digest(text.as_bytes());
        hash.iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_index_is_drawn_once() {
        for total in [0, 1, 2, 7, 100] {
            let drawn: Vec<u128> = Distinct::new(3, total).collect();
            let all: BTreeSet<u128> = drawn.iter().copied().collect();
            assert_eq!(drawn.len() as u128, total);
            assert_eq!(all, (0..total).collect());
        }
    }

    /// Python: `h = hashlib.sha256(f"sample\n1\n{k}".encode()).digest()`, then
    /// `k + int.from_bytes(h[:16], "big") % (10**12 - k)` for k = 0, 1, 2.
    #[test]
    fn the_same_seed_draws_the_same_for_ever() {
        let drawn: Vec<u128> = Distinct::new(1, 1_000_000_000_000).take(3).collect();
        assert_eq!(drawn, [468_206_700_750, 62_219_657_349, 217_830_096_868]);
        let other: Vec<u128> = Distinct::new(2, 1_000_000_000_000).take(3).collect();
        assert_ne!(drawn, other);
    }

    /// Pearson's chi-squared over which of four indices comes first; 16.27 is its 0.999 quantile
    /// at three degrees of freedom.
    #[test]
    fn each_index_comes_first_equally_often() {
        let mut counts = [0_i32; 4];
        for seed in 0..4_000 {
            counts[Distinct::new(seed, 4).next().unwrap() as usize] += 1;
        }
        let squared = counts.map(|count| f64::from((count - 1000).pow(2)) / 1000.0);
        assert!(squared.iter().sum::<f64>() < 16.27, "{counts:?}");
    }

    #[test]
    fn the_largest_bound_is_drawn_below() {
        assert!(Distinct::new(1, u128::MAX).take(100).all(|index| index < u128::MAX));
    }
}
