//! Attacks stay inside their balls, and on linear networks, where the best attack is known in closed
//! form, they are the best.

use candle_core::{Device, Tensor, Var};

use super::*;
use crate::activation::Activation;
use crate::geometry;
use crate::network::{Dense, Network};
use crate::probes::tests::sitter;

const WIDTH: usize = 12;

/// Images between 0.4 and 0.6, which small attacks do not drive to the border.
fn images(count: usize) -> Vec<f32> {
    let mut images = vec![0.0; count * WIDTH];
    Stream::new(1, "test/attacks", &[]).fill_uniform(&mut images);
    images.iter_mut().for_each(|pixel| *pixel = 0.4 + 0.2 * *pixel);
    images
}

#[test]
fn no_attack_leaves_its_ball_or_the_unit_cube() {
    let network = sitter(&[WIDTH, 9], Activation::Tanh, None);
    let stack = Stack::load(&network).unwrap();
    let mut images = images(40);
    // Some at the border.
    images.iter_mut().step_by(3).for_each(|pixel| *pixel = pixel.round());
    let labels: Vec<u8> = (0..40).map(|number| number % 3).collect();
    let rows = Rows::new(&images, WIDTH);
    let mut victim = Victim::new(&stack, rows, &labels);
    for norm in Norm::ALL {
        for &epsilon in norm.epsilons() {
            let noise = victim.drawn(norm, epsilon, "noise", 3, Norm::draw_on_border);
            for points in [victim.fast(norm, epsilon), victim.projected(norm, epsilon), noise] {
                assert!(points.iter().all(|pixel| (0.0..=1.0).contains(pixel)));
                for (point, image) in points.chunks(WIDTH).zip(images.chunks(WIDTH)) {
                    let moved = match norm {
                        Norm::L2 => geometry::distance(point, image),
                        Norm::Linf => largest(point, image),
                    };
                    assert!(moved <= f64::from(epsilon) * (1.0 + 1e-5), "{norm:?}: {moved}");
                    assert!(moved > 0.0);
                }
            }
        }
    }
}

fn largest(point: &[f32], image: &[f32]) -> f64 {
    let changes = point.iter().zip(image).map(|(x, y)| f64::from((x - y).abs()));
    changes.fold(0.0, f64::max)
}

/// Two classes of which `weights` is the difference of the logits, without a hidden layer.
fn linear_network(weights: &[f32]) -> Network {
    let var = |values: Vec<f32>, shape: &[usize]| {
        Var::from_tensor(&Tensor::from_vec(values, shape, &Device::Cpu).unwrap()).unwrap()
    };
    let both: Vec<f32> = weights.iter().copied().chain(weights.iter().map(|w| -w)).collect();
    let middle = weights.iter().sum::<f32>() * 0.5;
    let output = Dense { weight: var(both, &[2, WIDTH]), bias: var(vec![-middle, middle], &[2]) };
    Network::of(Vec::new(), Activation::Linear, output)
}

/// The margin w (x - 1/2) of a linear classifier falls by at most eps |w| in the dual norm, and one
/// step along the gradient, as well as many, gets there.
#[test]
fn on_a_linear_network_attacks_break_exactly_what_can_be_broken() {
    let mut weights = vec![0.0; WIDTH];
    Stream::new(2, "test/attacks", &[]).fill_normal(&mut weights);
    let network = linear_network(&weights);
    let stack = Stack::load(&network).unwrap();
    let images = images(200);
    let margin = |image: &[f32]| -> f64 {
        let pairs = image.iter().zip(&weights);
        pairs.map(|(x, w)| f64::from(*w) * (f64::from(*x) - 0.5)).sum()
    };
    let labels: Vec<u8> = images.chunks(WIDTH).map(|image| u8::from(margin(image) < 0.0)).collect();
    let mut victim = Victim::new(&stack, Rows::new(&images, WIDTH), &labels);
    assert!(victim.missed(&images).iter().all(|missed| !missed));
    for (norm, epsilon) in [(Norm::Linf, 0.02_f32), (Norm::Linf, 0.05), (Norm::L2, 0.1)] {
        let dual: f64 = match norm {
            Norm::Linf => weights.iter().map(|w| f64::from(w.abs())).sum(),
            Norm::L2 => geometry::length(&weights),
        };
        let reach = f64::from(epsilon) * dual;
        let breakable: Vec<bool> =
            images.chunks(WIDTH).map(|image| margin(image).abs() < reach).collect();
        let (count, all) = (breakable.iter().filter(|one| **one).count(), breakable.len());
        assert!(count > all / 10 && count < all, "{count} of {all} tell nothing");
        let fast = victim.broken(Attack::Fgsm, norm, epsilon, &stack);
        assert_eq!(fast, breakable, "{norm:?} {epsilon}");
        // From a random point the steps of PGD reach at least a quarter of the way out.
        let pgd = victim.broken(Attack::Pgd, norm, epsilon, &stack);
        for ((pgd, breakable), image) in pgd.iter().zip(&breakable).zip(images.chunks(WIDTH)) {
            assert!(*breakable || !pgd);
            assert!(*pgd || margin(image).abs() > reach / 4.0);
        }
        assert!(share(&pgd) > 0.85 * share(&breakable));
        assert_eq!(victim.broken(Attack::Transfer, norm, epsilon, &stack), breakable);
        let noise = victim.broken(Attack::Noise, norm, epsilon, &stack);
        assert!(noise.iter().zip(&breakable).all(|(broken, breakable)| *breakable || !broken));
    }
}

#[test]
fn where_a_gradient_vanishes_attacks_along_it_fail_and_the_others_do_not() {
    // One unit that jumps where the first pixel passes a half; elsewhere its slope is next to nothing.
    let mut weights = vec![0.0; WIDTH];
    weights[0] = 1e4;
    let mut network = sitter(&[WIDTH, 1], Activation::Sigmoid, Some(&weights));
    let var = |values: &[f32], shape: &[usize]| {
        Var::from_tensor(&Tensor::from_vec(values.to_vec(), shape, &Device::Cpu).unwrap()).unwrap()
    };
    network.hidden[0].bias = var(&[-5e3], &[1]);
    network.output = Dense { weight: var(&[-9.0, 9.0], &[2, 1]), bias: var(&[4.0, -4.0], &[2]) };
    let stack = Stack::load(&network).unwrap();
    let mut images = images(50);
    images.chunks_mut(WIDTH).for_each(|image| image[0] = 0.45);
    let labels = [0; 50];
    let mut victim = Victim::new(&stack, Rows::new(&images, WIDTH), &labels);
    let breaks = |broken: Vec<bool>| share(&broken);
    assert_eq!(breaks(victim.broken(Attack::Fgsm, Norm::L2, 1.5, &stack)), 0.0);
    // Nearly half of the sphere lies on the other side.
    assert!(breaks(victim.broken(Attack::Noise, Norm::L2, 1.5, &stack)) > 0.99);
}

#[test]
fn metrics_are_named_by_attack_norm_and_epsilon() {
    assert_eq!(metric(Attack::Pgd, Norm::Linf, 0.05).name, "attack_pgd_linf_0_05");
    assert_eq!(metric(Attack::Fgsm, Norm::L2, 1.0).name, "attack_fgsm_l2_1");
    assert_eq!(each().count(), 32);
    assert_eq!(decimal(0.05), 0.05);
}
