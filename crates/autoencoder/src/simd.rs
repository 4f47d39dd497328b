//! Which vectors this processor has, as far as bits depend on it.

use pulp::Arch;

/// The widest vectors that matrix products are computed in: `avx512`, `avx2` (with fused
/// multiplication), `neon`, or `scalar` where there is none of them.
///
/// `gemm` sums in another order for each, so the last bits of a training depend on it; on nothing else of
/// a processor: it splits sums by the first-level cache as well, but never below 512 terms, and above
/// only for caches with ways of more than 8 KiB. It asks for fewer features than `pulp` does (`avx512f`,
/// `fma`) and then insists on all of them, so where it works at all, both choose alike.
pub fn simd() -> &'static str {
    match Arch::new() {
        #[cfg(target_arch = "x86_64")]
        Arch::V4(_) => "avx512",
        #[cfg(target_arch = "x86_64")]
        Arch::V3(_) => "avx2",
        #[cfg(target_arch = "aarch64")]
        Arch::Neon(_) => "neon",
        _ => "scalar",
    }
}
