//! Lengths, distances, and random points on spheres and in balls, in as many dimensions as an image
//! has pixels.

use ablate_data::Stream;

use crate::engine::sum_of;

/// Euclidean length.
pub(crate) fn length(of: &[f32]) -> f64 {
    sum_of(
        of,
        of,
        #[inline(always)]
        |value, same| value * same,
    )
    .sqrt()
}

/// Euclidean distance.
pub(crate) fn distance(from: &[f32], to: &[f32]) -> f64 {
    sum_of(
        from,
        to,
        #[inline(always)]
        |from, to| (from - to) * (from - to),
    )
    .sqrt()
}

/// Scales `vector` to that length; zeros stay zeros.
pub(crate) fn scale_to(wanted: f64, vector: &mut [f32]) {
    let length = length(vector);
    if length > 0.0 {
        let factor = (wanted / length) as f32;
        vector.iter_mut().for_each(|value| *value *= factor);
    }
}

/// Fills `direction` with a point that is uniform on the sphere of radius 1.
pub(crate) fn draw_direction(direction: &mut [f32], stream: &mut Stream) {
    stream.fill_normal(direction);
    scale_to(1.0, direction);
}

/// Fills `point` with one that is uniform in the ball of radius 1: the first n of n + 2 coordinates
/// of a point on the sphere (Voelker, Gosmann, Stewart 2017).
pub(crate) fn draw_in_ball(point: &mut [f32], stream: &mut Stream) {
    let mut longer = vec![0.0; point.len() + 2];
    draw_direction(&mut longer, stream);
    point.copy_from_slice(&longer[..point.len()]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_distances_are_euclidean() {
        assert!((length(&[3.0, 0.0, 4.0]) - 5.0).abs() < 1e-9);
        assert!((distance(&[1.0, 1.0], &[4.0, 5.0]) - 5.0).abs() < 1e-9);
        let mut vector = [3.0, 4.0];
        scale_to(10.0, &mut vector);
        assert_eq!(vector, [6.0, 8.0]);
        let mut zeros = [0.0; 2];
        scale_to(1.0, &mut zeros);
        assert_eq!(zeros, [0.0; 2]);
    }

    /// In n dimensions the radius of a point in the ball is distributed as U^(1/n): its mean is
    /// n / (n + 1); a coordinate on the sphere has variance 1 / n.
    #[test]
    fn points_are_uniform_on_the_sphere_and_in_the_ball() {
        let mut stream = Stream::new(1, "test/geometry", &[]);
        let (mut squares, mut radii) = (0.0, 0.0);
        let mut point = [0.0; 3];
        const DRAWS: usize = 20_000;
        for _ in 0..DRAWS {
            draw_direction(&mut point, &mut stream);
            assert!((length(&point) - 1.0).abs() < 1e-6);
            squares += f64::from(point[0]).powi(2);
            draw_in_ball(&mut point, &mut stream);
            radii += length(&point);
        }
        // Standard deviations of the means: 0.0021 and 0.0014.
        assert!((squares / DRAWS as f64 - 1.0 / 3.0).abs() < 0.009, "{squares}");
        assert!((radii / DRAWS as f64 - 0.75).abs() < 0.006, "{radii}");
    }
}
