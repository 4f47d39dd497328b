//! The random numbers of this crate: a stream that begins at the same seed for every statistic, so
//! that a p-value or an interval depends on its values alone and comes out the same to the bit.
//!
//! Steele, Lea and Flood (2014), "Fast splittable pseudorandom number generators".

/// Where every stream begins.
const SEED: u64 = 0x6162_6c61_7465;

/// SplitMix64.
pub(super) struct SplitMix64(u64);

impl SplitMix64 {
    /// The stream from its beginning.
    pub(super) fn new() -> SplitMix64 {
        SplitMix64(SEED)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A place from 0 to `n - 1`: the upper half of the product of 64 random bits and `n`, whose
    /// bias of at most `n / 2^64` no count of resamples could show.
    pub(super) fn place(&mut self, n: usize) -> usize {
        let scaled = (u128::from(self.next()) * n as u128) >> 64;
        usize::try_from(scaled).expect("the upper half of a product with n is below n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitmix64_gives_the_published_stream() {
        // The first outputs of the reference C code for the seed 1234567.
        let mut stream = SplitMix64(1_234_567);
        assert_eq!(stream.next(), 6_457_827_717_110_365_317);
        assert_eq!(stream.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn places_are_drawn_evenly_from_all_there_are() {
        let mut stream = SplitMix64::new();
        let mut counts = [0_u32; 7];
        (0..7_000).for_each(|_| counts[stream.place(7)] += 1);
        // The standard deviation of each count is 29.
        assert!(counts.iter().all(|count| count.abs_diff(1_000) < 120), "{counts:?}");
    }
}
