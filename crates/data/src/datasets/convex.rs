//! Convex sets and others: the problem "convex" of Larochelle et al. 2007 (ICML), made anew. White sets
//! of pixels on black, each label equally likely. A convex set (1) is what K half-planes have in
//! common, K ~ Geometric(0.195), each through a uniform point of the image in a uniform direction,
//! drawn again while it has fewer than 19 pixels. Another set (0) is the union of 2 to 4 such sets
//! with K ~ Geometric(0.07), each of at least 10 pixels, drawn again while it is convex, and kept
//! with probability exp(-n / 200), n being its pixels: this makes the mean size of both kinds equal,
//! as it is in the paper (by parameters that are not written down).
//!
//! A set of pixels is convex if the convex hull of their centers holds no center of another pixel;
//! the paper tests pairs of pixels instead.

use crate::generator::{Generator, Recipe, Sizes};
use crate::source::{Origin, Source};
use crate::stream::Stream;

/// Declared in [`crate::datasets::ALL`].
pub(super) static CONVEX: Source = Source {
    name: "convex",
    summary: "white sets of pixels, convex (1) or not (0)",
    formula: "x = 1 on an intersection of half-planes, or on a union of 2 to 4 that is not convex",
    source: "Larochelle, Erhan, Courville, Bergstra and Bengio 2007, ICML",
    licence: "none: made by the program",
    classes: 2,
    origin: Origin::Generated(Generator {
        version: 1,
        sizes: Sizes { train: 6_000, valid: 2_000, test: 50_000 },
        recipe: Recipe::Drawn(draw_set),
    }),
};

fn draw_set(image: &mut [f32], stream: &mut Stream) -> u8 {
    let label = u8::from(stream.word() & 1 == 1);
    let set = if label == 1 { convex(stream, 0.195, 19) } else { not_convex(stream) };
    for (i, pixel) in image.iter_mut().enumerate() {
        *pixel = (set.0[i / 28] >> (i % 28) & 1) as f32;
    }
    label
}

/// What a number of half-planes have in common; at least `least` pixels.
fn convex(stream: &mut Stream, p: f64, least: u32) -> Pixels {
    loop {
        let mut set = Pixels([(1 << 28) - 1; 28]);
        for _ in 0..geometric(stream.uniform_f64(), p) {
            let (x, y) = (28.0 * stream.uniform_f64(), 28.0 * stream.uniform_f64());
            let angle = std::f64::consts::TAU * stream.uniform_f64();
            set.cut(x, y, angle);
        }
        if set.len() >= least {
            return set;
        }
    }
}

/// A union of convex sets that is not convex itself.
fn not_convex(stream: &mut Stream) -> Pixels {
    loop {
        let mut union = Pixels([0; 28]);
        for _ in 0..2 + stream.below(3) {
            let set = convex(stream, 0.07, 10);
            union.0.iter_mut().zip(set.0).for_each(|(all, row)| *all |= row);
        }
        // Unions would be larger; thinned out so, both kinds have 272 pixels in the mean.
        let kept = stream.uniform_f64() < libm::exp(-f64::from(union.len()) / 200.0);
        if kept && !union.is_convex() {
            return union;
        }
    }
}

/// The least K >= 1 with P(1) + ... + P(K) > u, where P(K) = p (1 - p)^(K - 1).
fn geometric(u: f64, p: f64) -> u64 {
    1 + (libm::log1p(-u) / libm::log1p(-p)).floor() as u64
}

/// A set of pixels: bit c of row r.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pixels([u32; 28]);

impl Pixels {
    fn len(&self) -> u32 {
        self.0.iter().map(|row| row.count_ones()).sum()
    }

    /// Takes out what lies behind the line through (x, y), seen in the direction of `angle`.
    fn cut(&mut self, x: f64, y: f64, angle: f64) {
        let (sin, cos) = (libm::sin(angle), libm::cos(angle));
        for (row, bits) in self.0.iter_mut().enumerate().filter(|(_, bits)| **bits != 0) {
            let ahead = |column: u32| {
                (f64::from(column) + 0.5 - x) * cos + (row as f64 + 0.5 - y) * sin >= 0.0
            };
            let kept = (0..28).filter(|column| ahead(*column)).map(|column| 1 << column);
            *bits &= kept.fold(0, |all, bit: u32| all | bit);
        }
    }

    /// Whether every pixel whose center lies in the convex hull of the set belongs to it.
    fn is_convex(&self) -> bool {
        let ends: Vec<(i64, i64, i64)> = (0..28)
            .zip(self.0)
            .filter(|(_, bits)| *bits != 0)
            .map(|(row, bits)| {
                (row, i64::from(bits.trailing_zeros()), 31 - i64::from(bits.leading_zeros()))
            })
            .collect();
        // In each row the hull spans what lies between the ends of any two rows around it.
        let (Some(first), Some(last)) = (ends.first(), ends.last()) else { return true };
        (first.0..=last.0).all(|row| {
            let above = ends.iter().filter(|end| end.0 <= row);
            let (mut left, mut right) = (i64::MAX, i64::MIN);
            for (top, top_left, top_right) in above {
                for (bottom, bottom_left, bottom_right) in ends.iter().filter(|end| end.0 >= row) {
                    let (up, down) = (row - top, bottom - row);
                    let height = (up + down).max(1);
                    let (up, down) = if up + down == 0 { (0, 1) } else { (up, down) };
                    let leftmost = top_left * down + bottom_left * up;
                    left =
                        left.min(leftmost.div_euclid(height) + i64::from(leftmost % height != 0));
                    right = right.max((top_right * down + bottom_right * up).div_euclid(height));
                }
            }
            i64::from(self.0[row as usize].count_ones()) == (right - left + 1).max(0)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixels(rows: &[&str]) -> Pixels {
        let mut set = Pixels([0; 28]);
        for (row, line) in rows.iter().enumerate() {
            for (column, _) in line.bytes().enumerate().filter(|(_, byte)| *byte == b'#') {
                set.0[row] |= 1 << column;
            }
        }
        set
    }

    #[test]
    fn a_set_is_convex_if_its_hull_holds_no_other_pixel() {
        let convex = [
            &["#"][..],
            &["####"],
            &[".##.", "####", ".##."],
            &["#...", ".#..", "..#."],
            &["#......", "..##...", "......#"],
            &["#.", "", ".#"],
        ];
        let others = [
            &["#.#"][..],
            &["###", "#..", "###"],
            &["#", "", "#"],
            &["##....", "", ".....#"],
            &["#...", "#...", "####"],
        ];
        assert!(convex.iter().all(|rows| pixels(rows).is_convex()));
        assert!(others.iter().all(|rows| !pixels(rows).is_convex()));
    }

    #[test]
    fn half_planes_always_meet_in_a_convex_set_and_other_sets_are_not() {
        let mut stream = Stream::new(1, "convex test", &[]);
        for _ in 0..300 {
            let set = convex(&mut stream, 0.195, 19);
            assert!(set.len() >= 19 && set.is_convex(), "{set:?}");
            assert!(!not_convex(&mut stream).is_convex());
        }
    }

    /// To five standard errors: sizes have a deviation of about 210 (convex) and 130 pixels.
    #[test]
    fn both_kinds_are_equally_large_in_the_mean() {
        let mut stream = Stream::new(2, "convex test", &[]);
        let mut mean = |draw: &mut dyn FnMut(&mut Stream) -> Pixels| {
            (0..1_500).map(|_| f64::from(draw(&mut stream).len())).sum::<f64>() / 1_500.0
        };
        let sets = mean(&mut |stream| convex(stream, 0.195, 19));
        let others = mean(&mut |stream| not_convex(stream));
        assert!(
            (sets - others).abs() < 5.0 * (210f64.hypot(130.0)) / 1_500f64.sqrt(),
            "{sets} {others}"
        );
    }

    /// P(K > k) = (1 - p)^k.
    #[test]
    fn the_number_of_half_planes_is_geometric() {
        assert_eq!([0.0, 0.194, 0.196, 0.35].map(|u| geometric(u, 0.195)), [1, 1, 2, 2]);
        assert_eq!(geometric(0.353, 0.195), 3);
        assert!(geometric(1.0 - 1e-16, 0.07) < 1000);
    }
}
