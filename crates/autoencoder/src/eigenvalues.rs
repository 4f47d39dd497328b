//! Eigenvalues of a symmetric matrix: reflections make it tridiagonal (Householder), and shifted QL
//! steps make that diagonal (Bowdler, Martin, Reinsch, Wilkinson 1968). No vectors, in double precision,
//! always in the same order of operations.

/// The eigenvalues of `matrix`, a symmetric one of `side` rows laid out row by row of which only the
/// lower triangle is read, the largest first.
pub(crate) fn of_symmetric(mut matrix: Vec<f64>, side: usize) -> Vec<f64> {
    assert_eq!(matrix.len(), side * side, "the matrix is square");
    let (mut diagonal, mut beside) = tridiagonal(&mut matrix, side);
    diagonalize(&mut diagonal, &mut beside);
    diagonal.sort_unstable_by(|left, right| right.total_cmp(left));
    diagonal
}

/// Diagonal and subdiagonal (one shorter, filled up with 0) of a tridiagonal matrix with the eigenvalues
/// of `matrix`. From the last row up, so that what remains is the leading block.
fn tridiagonal(matrix: &mut [f64], side: usize) -> (Vec<f64>, Vec<f64>) {
    let (mut diagonal, mut beside) = (vec![0.0; side], vec![0.0; side]);
    let mut moved = vec![0.0; side];
    for last in (1..side).rev() {
        let (block, row) = matrix.split_at_mut(last * side);
        diagonal[last] = row[last];
        let vector = &mut row[..last];
        beside[last - 1] = reflection(vector);
        let squares = dot(vector, vector);
        if squares > 0.0 {
            let moved = &mut moved[..last];
            multiply(block, side, vector, moved);
            let scale = 2.0 / squares;
            let along = scale * scale * dot(vector, moved) / 2.0;
            for (moved, value) in moved.iter_mut().zip(&*vector) {
                *moved = scale * *moved - along * value;
            }
            for number in 0..last {
                let (v, w) = (vector[number], moved[number]);
                let line = &mut block[number * side..][..=number];
                for ((value, other_v), other_w) in line.iter_mut().zip(&*vector).zip(&*moved) {
                    *value -= v * other_w + w * other_v;
                }
            }
        }
    }
    diagonal.iter_mut().zip(&*matrix).take(1).for_each(|(first, corner)| *first = *corner);
    (diagonal, beside)
}

/// Makes `vector` the normal of the plane that reflects it onto its last axis, and returns where on that
/// axis it then lies. A vector that lies there already becomes 0.
fn reflection(vector: &mut [f64]) -> f64 {
    let last = vector.len() - 1;
    let (head, tip) = (dot(&vector[..last], &vector[..last]), vector[last]);
    if head == 0.0 {
        vector.fill(0.0);
        return tip;
    }
    let length = (head + tip * tip).sqrt();
    let image = if tip > 0.0 { -length } else { length };
    vector[last] = tip - image;
    image
}

/// The product of the leading block of a symmetric matrix, given by its lower triangle, and `vector`.
fn multiply(block: &[f64], side: usize, vector: &[f64], product: &mut [f64]) {
    product.fill(0.0);
    for number in 0..vector.len() {
        let line = &block[number * side..][..number];
        let value = vector[number];
        for (to, entry) in product.iter_mut().zip(line) {
            *to += value * entry;
        }
        product[number] += dot(line, &vector[..number]) + block[number * side + number] * value;
    }
}

/// In eight sums, so that the order of additions is that of a machine with wide registers.
fn dot(left: &[f64], right: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (lefts, left_rest) = left.as_chunks::<8>();
    let (rights, right_rest) = right.as_chunks::<8>();
    for (left, right) in lefts.iter().zip(rights) {
        for ((sum, left), right) in sums.iter_mut().zip(left).zip(right) {
            *sum += left * right;
        }
    }
    let rest: f64 = left_rest.iter().zip(right_rest).map(|(left, right)| left * right).sum();
    sums.iter().sum::<f64>() + rest
}

/// More steps an eigenvalue than it ever takes.
const MOST_STEPS: usize = 60;

/// Makes a tridiagonal matrix diagonal.
fn diagonalize(diagonal: &mut [f64], beside: &mut [f64]) {
    let side = diagonal.len();
    for first in 0..side {
        for _ in 0..MOST_STEPS {
            let negligible = |at: usize| {
                let around = diagonal[at].abs() + diagonal[at + 1].abs();
                beside[at].abs() <= f64::EPSILON * around
            };
            let split = (first..side - 1).find(|&at| negligible(at)).unwrap_or(side - 1);
            if split == first {
                break;
            }
            step(diagonal, beside, first, split);
        }
    }
}

/// One implicit QL step on rows `first` to `last`, shifted towards the eigenvalue at `first`.
fn step(diagonal: &mut [f64], beside: &mut [f64], first: usize, last: usize) {
    let half = (diagonal[first + 1] - diagonal[first]) / (2.0 * beside[first]);
    let root = (half * half + 1.0).sqrt();
    let mut g = diagonal[last] - diagonal[first] + beside[first] / (half + root.copysign(half));
    let (mut sine, mut cosine, mut shift) = (1.0, 1.0, 0.0);
    for at in (first..last).rev() {
        let (f, b) = (sine * beside[at], cosine * beside[at]);
        let length = (f * f + g * g).sqrt();
        beside[at + 1] = length;
        if length == 0.0 {
            diagonal[at + 1] -= shift;
            beside[last] = 0.0;
            return;
        }
        (sine, cosine) = (f / length, g / length);
        g = diagonal[at + 1] - shift;
        let turned = (diagonal[at] - g) * sine + 2.0 * cosine * b;
        shift = sine * turned;
        diagonal[at + 1] = g + shift;
        g = cosine * turned - b;
    }
    diagonal[first] -= shift;
    beside[first] = g;
    beside[last] = 0.0;
}

#[cfg(test)]
mod tests {
    use ablate_data::Stream;

    use super::*;

    /// The second difference 2, -1 on `side` points has the eigenvalues 2 - 2 cos(k pi / (side + 1)).
    #[test]
    fn the_second_difference_has_its_known_eigenvalues() {
        for side in [1, 2, 3, 10, 57] {
            let entry = |place: usize| match (place / side).abs_diff(place % side) {
                0 => 2.0,
                1 => -1.0,
                _ => 0.0,
            };
            let found = of_symmetric((0..side * side).map(entry).collect(), side);
            for (number, found) in found.into_iter().enumerate() {
                let k = (side - number) as f64;
                let angle = k * std::f64::consts::PI / (side + 1) as f64;
                let expected = 2.0 - 2.0 * angle.cos();
                assert!((found - expected).abs() < 1e-13, "{side}: {found}, {expected}");
            }
        }
    }

    /// Eigenvalues that are multiplied into a matrix by random reflections come back.
    #[test]
    fn eigenvalues_put_in_come_out() {
        for side in [2, 5, 24] {
            let mut wanted: Vec<f64> = (0..side).map(|k| (k as f64 - 3.0).powi(3)).collect();
            wanted[side - 1] = wanted[0];
            let mut matrix = vec![0.0; side * side];
            (0..side).for_each(|k| matrix[k * side + k] = wanted[k]);
            for number in 0..4 {
                let mut vector = vec![0.0; side];
                Stream::new(number, "test/eigenvalues", &[]).fill_normal(&mut vector);
                let vector: Vec<f64> = vector.into_iter().map(f64::from).collect();
                matrix = reflected(&matrix, side, &vector);
            }
            wanted.sort_unstable_by(|left, right| right.total_cmp(left));
            for (found, wanted) in of_symmetric(matrix, side).into_iter().zip(&wanted) {
                assert!((found - wanted).abs() < 1e-10 * (1.0 + wanted.abs()), "{found}, {wanted}");
            }
        }
    }

    /// H A H with H = I - 2 v v^T / |v|^2.
    fn reflected(matrix: &[f64], side: usize, vector: &[f64]) -> Vec<f64> {
        let squares: f64 = vector.iter().map(|value| value * value).sum();
        let h = |row: usize, column: usize| {
            f64::from(u8::from(row == column)) - 2.0 * vector[row] * vector[column] / squares
        };
        let product = |left: &dyn Fn(usize, usize) -> f64, right: &dyn Fn(usize, usize) -> f64| {
            let entry = |place: usize| {
                let (row, column) = (place / side, place % side);
                (0..side).map(|k| left(row, k) * right(k, column)).sum::<f64>()
            };
            (0..side * side).map(entry).collect::<Vec<f64>>()
        };
        let half = product(&h, &|row, column| matrix[row * side + column]);
        product(&|row, column| half[row * side + column], &h)
    }

    #[test]
    fn zeros_and_diagonals_are_left_as_they_are() {
        assert_eq!(of_symmetric(vec![0.0; 9], 3), [0.0; 3]);
        assert_eq!(of_symmetric(vec![1.0, 0.0, 0.0, 5.0], 2), [5.0, 1.0]);
        assert!(of_symmetric(Vec::new(), 0).is_empty());
    }
}
