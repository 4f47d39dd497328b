//! Every random draw of the project: a stream of random words that is named, not kept. Its key is
//! the SHA-256 of a seed, a purpose and counters (epoch, layer ...), its words are the ChaCha8 key
//! stream under that key (nonce 0, from block 0, little-endian), so that any draw can be made again
//! without what came before it and no generator's state is ever saved. D. J. Bernstein, "ChaCha, a
//! variant of Salsa20", 2008.
//!
//! How words become numbers is part of the promise: the same call gives the same bits on every
//! machine and in every version; stored runs are verified against them.

use rand_chacha::ChaCha8Core;
use rand_chacha::rand_core::SeedableRng;
use rand_chacha::rand_core::block::Generator;
use sha2::{Digest, Sha256};

use crate::normal;

/// Words that the generator makes at a time.
const BLOCK: usize = 64;

/// A stream of random draws.
#[derive(Clone, Debug)]
pub struct Stream {
    generator: ChaCha8Core,
    block: [u32; BLOCK],
    /// How many words of `block` are used up.
    used: usize,
    /// The second number of the last pair of normal ones, if it has not been given out.
    spare: Option<f32>,
}

impl Stream {
    /// The stream for `purpose` within everything that `seed` decides. `counters` tell apart the
    /// streams of one purpose, such as layer and epoch. Streams that differ in any of the three
    /// are independent; counters `[]`, `[0]` and `[0, 0]` differ.
    pub fn new(seed: u64, purpose: &str, counters: &[u64]) -> Stream {
        let mut key = Sha256::new_with_prefix(b"ablate stream 1\0");
        key.update(seed.to_le_bytes());
        key.update((purpose.len() as u64).to_le_bytes());
        key.update(purpose.as_bytes());
        key.update((counters.len() as u64).to_le_bytes());
        for counter in counters {
            key.update(counter.to_le_bytes());
        }
        let generator = ChaCha8Core::from_seed(key.finalize().into());
        Stream { generator, block: [0; BLOCK], used: BLOCK, spare: None }
    }

    /// The next 32 random bits.
    #[inline]
    pub fn word(&mut self) -> u32 {
        if self.used == BLOCK {
            self.refill();
        }
        let word = self.block[self.used];
        self.used += 1;
        word
    }

    /// The next 64 random bits: two words, the lower first.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        let low = u64::from(self.word());
        let high = u64::from(self.word());
        high << 32 | low
    }

    /// Fills `out` with what as many calls of [`Stream::word`] would give, faster.
    pub fn fill_words(&mut self, mut out: &mut [u32]) {
        while !out.is_empty() {
            if self.used == BLOCK {
                self.refill();
            }
            let ready = &self.block[self.used..];
            let (now, later) = out.split_at_mut(ready.len().min(out.len()));
            now.copy_from_slice(&ready[..now.len()]);
            self.used += now.len();
            out = later;
        }
    }

    /// A number in [0, 1): the upper 24 bits of a word, so every result is a multiple of 2^-24.
    #[inline]
    pub fn uniform(&mut self) -> f32 {
        unit(self.word())
    }

    /// Fills `out` with what as many calls of [`Stream::uniform`] would give, faster.
    pub fn fill_uniform(&mut self, out: &mut [f32]) {
        let mut words = [0; BLOCK];
        for slots in out.chunks_mut(BLOCK) {
            let words = &mut words[..slots.len()];
            self.fill_words(words);
            for (slot, word) in slots.iter_mut().zip(words) {
                *slot = unit(*word);
            }
        }
    }

    /// A number in [0, 1) with 53 random bits.
    #[inline]
    pub fn uniform_f64(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (0.5f64).powi(53)
    }

    /// A standard normal number. They are made in pairs by the method of Box and Muller, two words
    /// a pair; other draws in between do not disturb the second of a pair. None exceeds 6.66.
    #[inline]
    pub fn normal(&mut self) -> f32 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let radius = self.word();
        let (first, second) = normal::pair(radius, self.word());
        self.spare = Some(second);
        first
    }

    /// Fills `out` with what as many calls of [`Stream::normal`] would give, faster.
    pub fn fill_normal(&mut self, mut out: &mut [f32]) {
        if self.spare.is_some() && !out.is_empty() {
            out[0] = self.normal();
            out = &mut out[1..];
        }
        let (blocks, rest) = out.as_chunks_mut::<BLOCK>();
        let mut words = [0; BLOCK];
        for block in blocks {
            self.fill_words(&mut words);
            normal::fill(&words, block);
        }
        for slot in rest {
            *slot = self.normal();
        }
    }

    /// A whole number in [0, n), each equally likely (Lemire 2019, ACM Trans. Model. Comput. Simul.
    /// 29:3). Panics if `n` is 0.
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "there is no whole number below 0");
        let mut product = u128::from(self.bits()) * u128::from(n);
        if (product as u64) < n {
            let surplus = n.wrapping_neg() % n;
            while (product as u64) < surplus {
                product = u128::from(self.bits()) * u128::from(n);
            }
        }
        (product >> 64) as u64
    }

    /// -1 or 1, each equally likely: the lowest bit of a word.
    pub fn sign(&mut self) -> f64 {
        if self.word() & 1 == 0 { -1.0 } else { 1.0 }
    }

    /// The numbers 0 to `n` - 1 in random order, each order equally likely (Fisher and Yates, from
    /// the end). Panics if `n` does not fit in 32 bits.
    pub fn permutation(&mut self, n: usize) -> Vec<u32> {
        let n = u32::try_from(n).expect("what is permuted is counted in 32 bits");
        let mut order: Vec<u32> = (0..n).collect();
        for last in (1..order.len()).rev() {
            let chosen = self.below(last as u64 + 1) as usize;
            order.swap(last, chosen);
        }
        order
    }

    #[cold]
    #[inline(never)]
    fn refill(&mut self) {
        self.generator.generate(&mut self.block);
        self.used = 0;
    }
}

/// The upper 24 bits of `word`, as many as an `f32` holds, as a number in [0, 1).
#[inline(always)]
fn unit(word: u32) -> f32 {
    (word >> 8) as i32 as f32 * (0.5f32).powi(24)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stream() -> Stream {
        Stream::new(1, "weights", &[2, 3])
    }

    fn take<T>(n: usize, mut draw: impl FnMut(&mut Stream) -> T) -> Vec<T> {
        let mut stream = stream();
        (0..n).map(|_| draw(&mut stream)).collect()
    }

    /// Made by ChaCha8 and SHA-256 written out in Python from the description in the head of this
    /// file: the blocks 0, 1, 2 ... of eight rounds as little-endian words, under the key
    /// sha256(b"ablate stream 1\0" + pack("<QQ", 1, 7) + b"weights" + pack("<QQQ", 2, 2, 3)).
    /// Stored runs rest on these values: where one would change, add a new way to draw instead.
    #[test]
    fn the_draws_of_a_named_stream_never_change() {
        let words = take(66, Stream::word);
        assert_eq!(words[..4], [0x047c_eb08, 0x984a_0719, 0x2669_3fb4, 0xf5da_f258]);
        assert_eq!(words[64..], [0x2a1e_fee3, 0x278c_8f0f]);
        assert_eq!(take(1, Stream::bits), [0x984a_0719_047c_eb08]);
        assert_eq!(take(3, Stream::uniform), [0.017_531_097, 0.594_879_57, 0.150_043_43]);
        assert_eq!(take(1, Stream::uniform_f64), [0.594_879_573_447_986_3]);
        assert_eq!(stream().permutation(10), [0, 9, 6, 4, 7, 1, 2, 3, 8, 5]);
        let normals = take(6, |stream| stream.normal().to_bits());
        // 0.8351820, -2.7184607, 1.9326577, -0.2418564, 0.7766646, 1.9443809 in double precision.
        let pinned = [0x3f55_ce7b, 0xc02d_fb43, 0x3ff7_6153, 0xbe77_a935, 0x3f46_d37c, 0x3ff8_e179];
        assert_eq!(normals, pinned);
    }

    #[test]
    fn streams_that_differ_in_seed_purpose_or_counters_differ() {
        let names: [(u64, &str, &[u64]); 10] = [
            (1, "weights", &[2, 3]),
            (2, "weights", &[2, 3]),
            (1, "weight", &[2, 3]),
            (1, "order", &[2, 3]),
            (1, "", &[2, 3]),
            (1, "weights", &[3, 2]),
            (1, "weights", &[2]),
            (1, "weights", &[]),
            (1, "weights", &[0]),
            (1, "weights", &[0, 0]),
        ];
        let mut firsts: Vec<u64> = names
            .iter()
            .map(|(seed, purpose, counters)| Stream::new(*seed, purpose, counters).bits())
            .collect();
        firsts.sort_unstable();
        firsts.dedup();
        assert_eq!(firsts.len(), names.len());
    }

    proptest! {
        #[test]
        fn filling_gives_what_single_draws_give(
            skipped in 0usize..70, normals in 0usize..3, n in 0usize..400,
        ) {
            let mut one = stream();
            for _ in 0..skipped {
                one.word();
            }
            for _ in 0..normals {
                one.normal();
            }
            let mut many = one.clone();

            let mut words = vec![0; n];
            many.fill_words(&mut words);
            prop_assert_eq!(words, (0..n).map(|_| one.word()).collect::<Vec<_>>());
            let mut filled = vec![0.0; n];
            many.fill_normal(&mut filled);
            prop_assert_eq!(&filled, &(0..n).map(|_| one.normal()).collect::<Vec<_>>());
            many.fill_uniform(&mut filled);
            prop_assert_eq!(filled, (0..n).map(|_| one.uniform()).collect::<Vec<_>>());
            prop_assert_eq!(many.bits(), one.bits());
        }

        #[test]
        fn a_permutation_holds_every_number_once(n in 0usize..300, seed: u64) {
            let mut order = Stream::new(seed, "order", &[]).permutation(n);
            order.sort_unstable();
            prop_assert_eq!(order, (0..n as u32).collect::<Vec<_>>());
        }

        #[test]
        fn below_stays_below(n in 1u64.., seed: u64) {
            prop_assert!(Stream::new(seed, "below", &[]).below(n) < n);
        }
    }

    /// Means of `n` draws lie within five of their standard errors.
    fn assert_mean(values: impl Iterator<Item = f64>, mean: f64, variance: f64) {
        let (n, sum) = values.fold((0.0, 0.0), |(n, sum), value| (n + 1.0, sum + value));
        let found: f64 = sum / n;
        let error = (variance / n).sqrt();
        assert!((found - mean).abs() < 5.0 * error, "{found}, expected {mean} +- {error}");
    }

    /// E z = 0, E z^2 = 1, E z^3 = 0, E z^4 = 3, and their variances 1, 2, 15, 96.
    #[test]
    fn normal_numbers_have_the_moments_of_the_normal_distribution() {
        let mut normals = vec![0.0; 1_000_000];
        stream().fill_normal(&mut normals);
        let power = |k| normals.iter().map(move |z| f64::from(*z).powi(k));
        assert_mean(power(1), 0.0, 1.0);
        assert_mean(power(2), 1.0, 2.0);
        assert_mean(power(3), 0.0, 15.0);
        assert_mean(power(4), 3.0, 96.0);
        let product = |lag: usize| {
            normals.iter().zip(&normals[lag..]).map(|(a, b)| f64::from(*a) * f64::from(*b))
        };
        assert_mean(product(1), 0.0, 1.0);
        assert_mean(product(2), 0.0, 1.0);
    }

    /// P(z < q) from tables of the normal distribution, tails included.
    #[test]
    fn normal_numbers_fall_below_the_quantiles_as_often_as_they_should() {
        let mut normals = vec![0.0; 1_000_000];
        stream().fill_normal(&mut normals);
        let table = [
            (-3.0, 0.001_349_898),
            (-2.0, 0.022_750_132),
            (-1.0, 0.158_655_254),
            (-0.01, 0.496_010_644),
            (0.0, 0.5),
            (0.5, 0.691_462_461),
            (1.5, 0.933_192_799),
            (4.0, 0.999_968_329),
        ];
        for (quantile, p) in table {
            let below = normals.iter().map(|z| f64::from(u8::from(*z < quantile)));
            assert_mean(below, p, p * (1.0 - p));
        }
    }

    #[test]
    fn uniform_numbers_have_the_moments_of_the_uniform_distribution() {
        let draws = take(200_000, Stream::uniform);
        assert!(draws.iter().all(|draw| (0.0..1.0).contains(draw)));
        assert_mean(draws.iter().map(|draw| f64::from(*draw)), 0.5, 1.0 / 12.0);
        assert_mean(draws.iter().map(|draw| f64::from(*draw).powi(2)), 1.0 / 3.0, 4.0 / 45.0);
        let draws = take(200_000, Stream::uniform_f64);
        assert!(draws.iter().all(|draw| (0.0..1.0).contains(draw)));
        assert_mean(draws.iter().copied(), 0.5, 1.0 / 12.0);
        assert_mean(draws.iter().map(|draw| draw.powi(2)), 1.0 / 3.0, 4.0 / 45.0);
    }

    #[test]
    fn below_is_unbiased() {
        let draws = take(70_000, |stream| stream.below(7));
        for value in 0..7 {
            let hits = draws.iter().map(|draw| f64::from(u8::from(*draw == value)));
            assert_mean(hits, 1.0 / 7.0, 6.0 / 49.0);
        }
        // Of 3 * 2^62 numbers every third one would come twice as often without the rejection.
        let n = 3 << 62;
        let draws = take(20_000, |stream| stream.below(n));
        assert_mean(draws.iter().map(|draw| f64::from((draw % 3) as u32)), 1.0, 2.0 / 3.0);
        assert_mean(draws.iter().map(|draw| *draw as f64 / n as f64), 0.5, 1.0 / 12.0);
    }

    #[test]
    fn every_order_of_three_is_equally_likely() {
        let orders = take(12_000, |stream| stream.permutation(3));
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let hits = orders.iter().map(|found| f64::from(u8::from(*found == order)));
            assert_mean(hits, 1.0 / 6.0, 5.0 / 36.0);
        }
    }
}
