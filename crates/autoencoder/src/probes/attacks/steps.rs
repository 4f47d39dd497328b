//! The two norms: how far an attack may go, in which direction it steps, and how it is brought back.

use ablate_data::Stream;

use crate::geometry;

/// How the size of a perturbation is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Norm {
    /// The largest change of a pixel.
    Linf,
    /// The Euclidean length of the change.
    L2,
}

impl Norm {
    pub(super) const ALL: [Norm; 2] = [Norm::Linf, Norm::L2];

    pub(super) fn word(self) -> &'static str {
        match self {
            Norm::Linf => "linf",
            Norm::L2 => "l2",
        }
    }

    pub(super) fn symbol(self) -> &'static str {
        match self {
            Norm::Linf => "|x~ - x|_inf",
            Norm::L2 => "|x~ - x|_2",
        }
    }

    /// The sizes that are tried.
    pub(super) fn epsilons(self) -> &'static [f32] {
        match self {
            Norm::Linf => &[0.05, 0.1, 0.2, 0.3],
            Norm::L2 => &[0.5, 1.0, 1.5, 2.0],
        }
    }

    /// How many steps PGD makes (Foolbox's defaults, as is the length of a step).
    pub(super) fn steps(self) -> usize {
        match self {
            Norm::Linf => 40,
            Norm::L2 => 50,
        }
    }

    /// The length of a step of PGD as a share of epsilon.
    pub(super) fn relative_step(self) -> f32 {
        match self {
            Norm::Linf => 0.01 / 0.3,
            Norm::L2 => 0.025,
        }
    }

    /// Moves `point` by a step of that length up `gradient`; where that is 0, not at all.
    pub(super) fn ascend(self, point: &mut [f32], gradient: &[f32], length: f32) {
        let pairs = point.iter_mut().zip(gradient);
        match self {
            Norm::Linf => pairs.for_each(|(x, &slope)| {
                if slope != 0.0 {
                    *x += length * slope.signum();
                }
            }),
            Norm::L2 => {
                let factor = f64::from(length) / geometry::length(gradient).max(SHORTEST);
                pairs.for_each(|(x, slope)| *x += factor as f32 * slope);
            }
        }
    }

    /// Brings `point` back to within `epsilon` of `origin`.
    pub(super) fn project(self, point: &mut [f32], origin: &[f32], epsilon: f32) {
        let pairs = point.iter_mut().zip(origin);
        match self {
            Norm::Linf => pairs.for_each(|(x, &origin)| {
                *x = x.clamp(origin - epsilon, origin + epsilon);
            }),
            Norm::L2 => {
                let factor = (f64::from(epsilon) / geometry::distance(point, origin)) as f32;
                if factor < 1.0 {
                    let pairs = point.iter_mut().zip(origin);
                    pairs.for_each(|(x, origin)| *x = origin + factor * (*x - origin));
                }
            }
        }
    }

    /// Fills `offset` with a point that is uniform in the ball of radius 1.
    pub(super) fn draw_inside(self, offset: &mut [f32], stream: &mut Stream) {
        match self {
            Norm::Linf => {
                stream.fill_uniform(offset);
                offset.iter_mut().for_each(|value| *value = 2.0 * *value - 1.0);
            }
            Norm::L2 => geometry::draw_in_ball(offset, stream),
        }
    }

    /// Fills `offset` with a point as far from 0 as the ball of radius 1 has: a corner of the cube, or
    /// a point that is uniform on the sphere.
    pub(super) fn draw_on_border(self, offset: &mut [f32], stream: &mut Stream) {
        match self {
            Norm::Linf => {
                let corner = |value: &mut f32| *value = if *value < 0.5 { -1.0 } else { 1.0 };
                stream.fill_uniform(offset);
                offset.iter_mut().for_each(corner);
            }
            Norm::L2 => geometry::draw_direction(offset, stream),
        }
    }
}

/// What a gradient's length is taken to be at least.
const SHORTEST: f64 = 1e-12;
