//! Adversarial attacks on the fine-tuned network, by the conventions of Foolbox 3: images in [0, 1],
//! an attack may move one by at most epsilon in its norm, what it makes of it is clipped to [0, 1], and
//! an image that is wrong without any attack counts as broken. Gradients are of the cross-entropy.
//!
//! Units that saturate have no gradient to follow, and a network may look robust only because its
//! gradients are hidden. So beside FGSM and PGD two attacks run that ask nothing of the network but its
//! answers: points drawn at random from the border of the ball, and FGSM on a logistic regression of the
//! pixels, carried over. `hidden_gradients` is the share of images that these break and PGD does not.

mod steps;
#[cfg(test)]
mod tests;

use ablate_data::Stream;
use ablate_sweep::{Direction, Metric, Profile};

use super::{Moment, Networks, Occasion, Probe, Subject, decimal, evenly, linear, on_test};
use crate::batches::Rows;
use crate::engine::{Evaluation, InputGradient, Stack};
use steps::Norm;

/// How many test images are attacked, at most.
const EXAMPLES: usize = 250;

/// Random points an image: the image counts as broken if one of them breaks it.
const POINTS: u64 = 20;

/// The surrogate is trained alike for every network that has seen the same images.
const SURROGATE_SEED: u64 = 0;

pub(super) const PROBE: Probe = Probe {
    name: "attacks",
    summary: "error under adversarial attack, and whether gradients hide",
    formula: "FGSM x + eps step(g); PGD x <- clip(project(x + a step(g))), g = dl/dx; step = sign or g / |g|_2",
    source: "Goodfellow et al. 2015; Madry et al. 2018; Rauber et al. 2020 (Foolbox)",
    occasion: Occasion::OnRequest,
    networks: Networks::Classifiers,
    moments: &[Moment::Tuned],
    work: |extent| {
        let steps: usize = Norm::ALL.into_iter().map(Norm::steps).sum();
        let attacks = Norm::ALL[0].epsilons().len() as f64;
        let passes = attacks * (2.0 * steps as f64 + 2.0 * (POINTS as f64 + 4.0));
        passes * extent.pass(EXAMPLES) + linear::work((extent.inputs, extent.classes), extent.train)
    },
    metrics: || {
        let error =
            |name: &str, summary: &str| on_test(name, "fraction", Direction::Lower, summary);
        let mut metrics = vec![
            error(
                "attack_error",
                "share of 250 test images that PGD breaks, mean over norms and epsilons",
            ),
            on_test(
                "hidden_gradients",
                "fraction",
                Direction::Neither,
                "share of images that PGD leaves whole and an attack without gradients breaks, mean \
                 over norms and epsilons",
            ),
            error(
                "attack_clean_error",
                "share of the attacked images that are wrong without attack",
            ),
        ];
        metrics.extend(each().map(|(attack, norm, epsilon)| metric(attack, norm, epsilon)));
        metrics
    },
    measure: |subject, found| {
        let broken = Broken::by_all(subject);
        found.scores.insert("attack_clean_error".into(), share(&broken.clean));
        let (mut error, mut hidden) = (0.0, 0.0);
        let count = each().filter(|(attack, ..)| *attack == Attack::Pgd).count() as f64;
        for norm in Norm::ALL {
            for &epsilon in norm.epsilons() {
                let by = |attack| broken.by(attack, norm, epsilon);
                error += share(by(Attack::Pgd)) / count;
                let without_gradients = by(Attack::Noise).iter().zip(by(Attack::Transfer));
                let hides = without_gradients.zip(by(Attack::Pgd));
                let hides: Vec<bool> = hides.map(|((a, b), pgd)| (*a || *b) && !pgd).collect();
                hidden += share(&hides) / count;
            }
        }
        found.scores.insert("attack_error".into(), error);
        found.scores.insert("hidden_gradients".into(), hidden);
        for attack in Attack::ALL {
            for norm in Norm::ALL {
                let shares = |epsilon: &f32| share(broken.by(attack, norm, *epsilon));
                let values: Vec<f64> = norm.epsilons().iter().map(shares).collect();
                for (epsilon, value) in norm.epsilons().iter().zip(&values) {
                    found.scores.insert(metric(attack, norm, *epsilon).name, *value);
                }
                let at = norm.epsilons().iter().map(|&epsilon| decimal(epsilon)).collect();
                let name = format!("attack_{}_{}", attack.word(), norm.word());
                found.profiles.push(Profile { name, axis: "epsilon".into(), at, values });
            }
        }
        Ok(())
    },
};

/// How an image is attacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attack {
    Fgsm,
    Pgd,
    Noise,
    Transfer,
}

impl Attack {
    const ALL: [Attack; 4] = [Attack::Fgsm, Attack::Pgd, Attack::Noise, Attack::Transfer];

    fn word(self) -> &'static str {
        match self {
            Attack::Fgsm => "fgsm",
            Attack::Pgd => "pgd",
            Attack::Noise => "noise",
            Attack::Transfer => "transfer",
        }
    }

    fn summary(self) -> &'static str {
        match self {
            Attack::Fgsm => "one step along the gradient",
            Attack::Pgd => "projected gradient descent from a random point",
            Attack::Noise => "the best of 20 random points on the border of the ball",
            Attack::Transfer => {
                "one step along the gradient of a logistic regression of the pixels"
            }
        }
    }
}

/// Every attack in every norm at every epsilon.
fn each() -> impl Iterator<Item = (Attack, Norm, f32)> {
    let of_norm =
        |attack, norm: Norm| norm.epsilons().iter().map(move |&epsilon| (attack, norm, epsilon));
    let of = move |attack| Norm::ALL.into_iter().flat_map(move |norm| of_norm(attack, norm));
    Attack::ALL.into_iter().flat_map(of)
}

fn metric(attack: Attack, norm: Norm, epsilon: f32) -> Metric {
    let name = format!("attack_{}_{}_{epsilon}", attack.word(), norm.word()).replace('.', "_");
    let summary =
        format!("share broken by {}, {} at most {epsilon}", attack.summary(), norm.symbol());
    on_test(&name, "fraction", Direction::Lower, &summary)
}

fn share(broken: &[bool]) -> f64 {
    broken.iter().filter(|broken| **broken).count() as f64 / broken.len() as f64
}

/// Which images are broken by what.
struct Broken {
    clean: Vec<bool>,
    attacked: Vec<Vec<bool>>,
}

impl Broken {
    fn by_all(subject: &Subject<'_>) -> Broken {
        let which = evenly(subject.on.test.images.len(), EXAMPLES);
        let images = subject.on.test.images.gather(&which);
        let labels: Vec<u8> =
            which.iter().map(|&number| subject.on.test.labels[number as usize]).collect();
        let surrogate =
            linear::fit(subject.on.train, subject.sitter.stack.classes(), SURROGATE_SEED);
        let images = Rows::new(&images, subject.on.test.images.width());
        let mut victim = Victim::new(&subject.sitter.stack, images, &labels);
        let clean = victim.missed(images.values());
        let attacked = each().map(|(attack, norm, epsilon)| {
            let mut broken = victim.broken(attack, norm, epsilon, &surrogate);
            broken.iter_mut().zip(&clean).for_each(|(broken, clean)| *broken |= clean);
            broken
        });
        Broken { attacked: attacked.collect(), clean }
    }

    fn by(&self, attack: Attack, norm: Norm, epsilon: f32) -> &[bool] {
        let place = each().position(|one| one == (attack, norm, epsilon));
        &self.attacked[place.expect("every attack is in the list")]
    }
}

/// A network under attack.
struct Victim<'a> {
    stack: &'a Stack,
    images: Rows<'a>,
    labels: &'a [u8],
    evaluation: Evaluation,
    gradient: InputGradient,
}

impl<'a> Victim<'a> {
    fn new(stack: &'a Stack, images: Rows<'a>, labels: &'a [u8]) -> Victim<'a> {
        let evaluation = Evaluation::new(stack);
        let gradient = InputGradient::new(stack, images.len());
        Victim { stack, images, labels, evaluation, gradient }
    }

    /// Which of `points`, one an image, are classified wrongly.
    fn missed(&mut self, points: &[f32]) -> Vec<bool> {
        let points = Rows::new(points, self.images.width());
        self.evaluation.missed(self.stack, points, self.labels)
    }

    fn broken(&mut self, attack: Attack, norm: Norm, epsilon: f32, surrogate: &Stack) -> Vec<bool> {
        let points = match attack {
            Attack::Fgsm => self.fast(norm, epsilon),
            Attack::Pgd => self.projected(norm, epsilon),
            Attack::Transfer => {
                Victim::new(surrogate, self.images, self.labels).fast(norm, epsilon)
            }
            Attack::Noise => return self.best_of_noise(norm, epsilon),
        };
        self.missed(&points)
    }

    /// One step of length epsilon.
    fn fast(&mut self, norm: Norm, epsilon: f32) -> Vec<f32> {
        let mut points = self.images.values().to_vec();
        self.step(&mut points, norm, epsilon, epsilon);
        points
    }

    /// Many short steps, each brought back into the ball.
    fn projected(&mut self, norm: Norm, epsilon: f32) -> Vec<f32> {
        let mut points = self.drawn(norm, epsilon, "start", 0, Norm::draw_inside);
        for _ in 0..norm.steps() {
            self.step(&mut points, norm, epsilon, norm.relative_step() * epsilon);
        }
        points
    }

    /// Which images one of several random points breaks.
    fn best_of_noise(&mut self, norm: Norm, epsilon: f32) -> Vec<bool> {
        let mut broken = vec![false; self.labels.len()];
        for number in 0..POINTS {
            let points = self.drawn(norm, epsilon, "noise", number, Norm::draw_on_border);
            let missed = self.missed(&points);
            broken.iter_mut().zip(missed).for_each(|(broken, missed)| *broken |= missed);
        }
        broken
    }

    /// A step of that length up the loss from each of `points`, which stay within epsilon of their
    /// images.
    fn step(&mut self, points: &mut [f32], norm: Norm, epsilon: f32, length: f32) {
        let width = self.images.width();
        let rows = Rows::new(points, width);
        let gradient = self.gradient.of_loss(self.stack, rows, self.labels);
        let origins = self.images.values().chunks(width);
        let rows = points.chunks_mut(width).zip(origins).zip(gradient.lines());
        for ((point, origin), gradient) in rows {
            norm.ascend(point, gradient, length);
            norm.project(point, origin, epsilon);
            clip(point);
        }
    }

    /// A random point near each image, clipped: the same for every network.
    fn drawn(
        &self,
        norm: Norm,
        epsilon: f32,
        what: &str,
        number: u64,
        draw: fn(Norm, &mut [f32], &mut Stream),
    ) -> Vec<f32> {
        let (mut points, width) = (self.images.values().to_vec(), self.images.width());
        let mut offset = vec![0.0; width];
        let purpose = format!("probes/attacks/{what}/{}", norm.word());
        for (image, point) in points.chunks_mut(width).enumerate() {
            let mut stream = Stream::new(0, &purpose, &[image as u64, number]);
            draw(norm, &mut offset, &mut stream);
            point.iter_mut().zip(&offset).for_each(|(x, offset)| *x += epsilon * offset);
            clip(point);
        }
        points
    }
}

fn clip(point: &mut [f32]) {
    point.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
}
