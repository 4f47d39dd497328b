//! The objective of most variants: reconstruct the input, with what a variant changes about it. The
//! encoder may see a corrupted input while the loss asks for the clean one, the loss may count struck
//! inputs and others apart, the decoder may see only the largest codes, and a penalty may be added.

use ablate_data::{Shape, Stream, corruptions::Corruption};
use candle_core::{DType, Device, Result, Tensor, Var};

use crate::autoencoder::{Autoencoder, Pass};
use crate::cost;
use crate::engine::{AutoencoderStep, Changes};
use crate::learner::{ByBuffers, Graph, Learner, Moment, Objective, Start};
use crate::sampling;
use crate::variants::Penalty;

/// What a variant changes about plain reconstruction.
#[derive(Debug, Default)]
pub(crate) struct Autoencoding {
    /// What is done to the encoder's input.
    pub(crate) noise: Option<Noise>,
    /// Which codes the decoder sees.
    pub(crate) selection: Option<Selection>,
    /// What is added to the loss.
    pub(crate) penalty: Option<Penalty>,
    /// Noisy copies of each example whose codes the penalty looks at.
    pub(crate) neighbours: Option<Neighbours>,
}

/// So many copies of each example, each with Gaussian noise of standard deviation `sigma`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Neighbours {
    pub(crate) copies: usize,
    pub(crate) sigma: f64,
}

/// A corruption of the encoder's input, and how strong it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noise {
    pub(crate) corruption: &'static Corruption,
    pub(crate) severity: f32,
    pub(crate) emphasis: Option<Emphasis>,
}

/// How much the losses of the inputs count that the corruption struck, and those of the others
/// (alpha and beta in Vincent et al. 2010, section 5.1.3).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Emphasis {
    pub(crate) struck: f32,
    pub(crate) untouched: f32,
}

/// The decoder sees the `k` largest codes of each example. Before `annealing`, a share of the epochs,
/// has passed there are more of them, at first all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Selection {
    pub(crate) k: usize,
    pub(crate) annealing: f64,
}

impl Noise {
    /// Corrupts examples, one after another, of `inputs` values each.
    pub(crate) fn corrupt(&self, examples: &mut [f32], inputs: usize, stream: &mut Stream) {
        self.corruption.apply(examples, Shape::flat(inputs), self.severity, stream);
    }

    /// Puts in place of examples how much the loss of each input counts, for `stream` as
    /// [`Noise::corrupt`] finds it. An input may be struck and stay as it was: grey, which none
    /// becomes, shows which were.
    pub(crate) fn weigh(
        &self,
        emphasis: Emphasis,
        examples: &mut [f32],
        inputs: usize,
        stream: &mut Stream,
    ) {
        const GREY: f32 = 0.5;
        examples.fill(GREY);
        self.corrupt(examples, inputs, stream);
        let Emphasis { struck, untouched } = emphasis;
        for value in examples {
            *value = if *value == GREY { untouched } else { struck };
        }
    }
}

impl Selection {
    /// How many of `units` codes the decoder sees at `moment`; `None` if it is all.
    fn at(&self, moment: &Moment, units: usize) -> Option<usize> {
        let surplus = units.checked_sub(self.k).filter(|&surplus| surplus > 0)?;
        let left = 1.0 - moment.share() / self.annealing;
        let more = if left > 0.0 { (surplus as f64 * left).round() as usize } else { 0 };
        (more < surplus).then_some(self.k + more)
    }
}

/// Sets all but the `k` largest values of `code` to 0; of equal ones the earlier stay. `room` is
/// overwritten.
pub(crate) fn keep_largest(code: &mut [f32], k: usize, room: &mut Vec<f32>) {
    if k >= code.len() {
        return;
    }
    room.clear();
    room.extend_from_slice(code);
    let (above, threshold, _) = room.select_nth_unstable_by(k - 1, |a, b| b.total_cmp(a));
    let threshold = *threshold;
    let mut equals = k - above.iter().filter(|value| value.total_cmp(&threshold).is_gt()).count();
    for value in code {
        let order = value.total_cmp(&threshold);
        let stays = order.is_gt() || (order.is_eq() && equals > 0);
        equals -= usize::from(stays && order.is_eq());
        *value = if stays { *value } else { 0.0 };
    }
}

impl Objective for Autoencoding {
    fn graph<'a>(&'a self, layer: &'a Autoencoder, _: &Start) -> Result<Box<dyn Graph + 'a>> {
        Ok(Box::new(self.over(layer)))
    }

    fn by_hand<'a>(
        &'a self,
        layer: &'a Autoencoder,
        start: &Start,
    ) -> Result<Option<Box<dyn Learner + 'a>>> {
        if self.penalty.as_ref().is_some_and(|penalty| penalty.by_hand.is_none()) {
            return Ok(None);
        }
        let copies = self.neighbours.map_or(0, |neighbours| neighbours.copies);
        let step = AutoencoderStep::load(layer, start.rule, start.rows)?.with_copies(copies);
        Ok(ByBuffers::learner(layer, step, |step: &mut AutoencoderStep, batch, moment| {
            step.gather(batch.inputs, batch.which);
            if let Some(noise) = &self.noise {
                step.corrupt(noise, moment.stream("corruption"));
            }
            if let Some(Neighbours { sigma, .. }) = self.neighbours {
                step.scatter(sigma as f32, moment.stream("noise"));
            }
            let units = step.outputs();
            step.objective(Changes {
                penalty: self.penalty.as_ref().and_then(|penalty| penalty.by_hand.as_ref()),
                kept: self.selection.and_then(|selection| selection.at(moment, units)),
                latents: None,
            })
        }))
    }

    fn work(&self, inputs: usize, outputs: usize) -> f64 {
        // Copies are encoded, and what they pull the weights by is one product more.
        let copies = self.neighbours.map_or(0, |neighbours| neighbours.copies);
        cost::autoencoding(inputs, outputs) + 4.0 * (copies * inputs * outputs) as f64
    }

    fn noise(&self) -> Option<Noise> {
        self.noise
    }
}

impl Autoencoding {
    /// Reconstruction loss plus `penalty`.
    pub(crate) fn penalized(penalty: Penalty) -> Autoencoding {
        Autoencoding { penalty: Some(penalty), ..Autoencoding::default() }
    }

    /// Its graph over `layer`.
    pub(crate) fn over<'a>(&'a self, layer: &'a Autoencoder) -> Reconstructing<'a> {
        Reconstructing {
            objective: self,
            layer,
            seen: None,
            weights: None,
            kept: None,
            near: Vec::new(),
        }
    }
}

/// The graph, and the draws of a step.
#[derive(Debug)]
pub(crate) struct Reconstructing<'a> {
    objective: &'a Autoencoding,
    layer: &'a Autoencoder,
    seen: Option<Tensor>,
    weights: Option<Tensor>,
    kept: Option<usize>,
    /// x + e, as many times as there are copies.
    near: Vec<Tensor>,
}

impl Graph for Reconstructing<'_> {
    fn vars(&self) -> Vec<Var> {
        self.layer.vars()
    }

    fn draw(&mut self, clean: &Tensor, moment: &Moment) -> Result<()> {
        let (examples, inputs) = clean.dims2()?;
        if let Some(noise) = &self.objective.noise {
            let mut stream = moment.stream("corruption");
            let mut values = clean.flatten_all()?.to_dtype(DType::F32)?.to_vec1::<f32>()?;
            let tensor = |values: Vec<f32>| -> Result<Tensor> {
                let tensor = Tensor::from_vec(values, (examples, inputs), &Device::Cpu)?;
                tensor.to_dtype(clean.dtype())
            };
            if let Some(emphasis) = noise.emphasis {
                let mut weights = values.clone();
                noise.weigh(emphasis, &mut weights, inputs, &mut stream.clone());
                self.weights = Some(tensor(weights)?);
            }
            noise.corrupt(&mut values, inputs, &mut stream);
            self.seen = Some(tensor(values)?);
        }
        if let Some(Neighbours { copies, sigma }) = self.objective.neighbours {
            let mut stream = moment.stream("noise");
            let near = (0..copies).map(|_| {
                let noise = sampling::normal((examples, inputs), &mut stream)?;
                clean + (noise.to_dtype(clean.dtype())? * sigma)?
            });
            self.near = near.collect::<Result<_>>()?;
        }
        let units = self.layer.encoder.bias.dim(0)?;
        self.kept = self.objective.selection.and_then(|selection| selection.at(moment, units));
        Ok(())
    }

    fn objective(&self, clean: &Tensor) -> Result<Tensor> {
        let (layer, examples) = (self.layer, clean.dim(0)? as f64);
        let code = layer.encode(self.seen.as_ref().unwrap_or(clean))?;
        let code = match self.kept {
            Some(k) => (&code * largest(&code, k)?)?,
            None => code,
        };
        let z = layer.decoder_preactivation(&code)?;
        let loss = match &self.weights {
            Some(weights) => {
                ((layer.reconstruction.losses(&z, clean)? * weights)?.sum_all()? / examples)?
            }
            None => layer.reconstruction.loss(&z, clean)?,
        };
        match &self.objective.penalty {
            Some(penalty) => {
                let near = self.near.iter().map(|near| layer.encode(near));
                let near = near.collect::<Result<Vec<_>>>()?;
                loss + (penalty.graph)(&Pass { autoencoder: layer, code: &code, near: &near })?
            }
            None => Ok(loss),
        }
    }
}

/// 1 where `code` (examples x units) is one of the `k` largest of its example and not 0, else 0.
fn largest(code: &Tensor, k: usize) -> Result<Tensor> {
    let mut values = code.flatten_all()?.to_dtype(DType::F32)?.to_vec1::<f32>()?;
    let mut room = Vec::new();
    values.chunks_mut(code.dim(1)?).for_each(|code| keep_largest(code, k, &mut room));
    let stays = values.into_iter().map(|value| if value == 0.0 { 0.0_f32 } else { 1.0 });
    let stays = Tensor::from_vec(stays.collect::<Vec<_>>(), code.dims(), &Device::Cpu)?;
    stays.to_dtype(code.dtype())
}

#[cfg(test)]
mod tests {
    use ablate_data::corruptions;

    use super::*;

    #[test]
    fn the_largest_codes_stay_and_of_equal_ones_the_earlier() {
        let kept = |k| {
            let mut code = [0.5, -1.0, 2.0, 0.5, 0.5];
            keep_largest(&mut code, k, &mut Vec::new());
            code
        };
        assert_eq!(kept(1), [0.0, 0.0, 2.0, 0.0, 0.0]);
        assert_eq!(kept(3), [0.5, 0.0, 2.0, 0.5, 0.0]);
        assert_eq!(kept(5), [0.5, -1.0, 2.0, 0.5, 0.5]);
    }

    #[test]
    fn annealing_lets_the_number_of_codes_fall_from_all_to_k() {
        let selection = Selection { k: 10, annealing: 0.5 };
        let at = |epoch| {
            let moment = Moment { seed: 1, layer: 0, epoch, epochs: 20, step: 0 };
            selection.at(&moment, 100)
        };
        assert_eq!(
            [at(1), at(6), at(10), at(11), at(20)],
            [None, Some(55), Some(19), Some(10), Some(10)]
        );
        let moment = Moment { seed: 1, layer: 0, epoch: 1, epochs: 20, step: 0 };
        assert_eq!(Selection { k: 10, annealing: 0.0 }.at(&moment, 100), Some(10));
        assert_eq!(Selection { k: 10, annealing: 0.0 }.at(&moment, 10), None);
    }

    #[test]
    fn losses_are_weighed_by_what_was_struck_even_where_nothing_changed() {
        let emphasis = Emphasis { struck: 1.0, untouched: 0.25 };
        let corruption = corruptions::find("masking").unwrap();
        let noise = Noise { corruption, severity: 0.3, emphasis: Some(emphasis) };
        let stream = Stream::new(1, "test/emphasis", &[]);
        let (mut seen, mut weights) = (vec![1.0; 500], vec![0.0; 500]);
        noise.weigh(emphasis, &mut weights, 50, &mut stream.clone());
        noise.corrupt(&mut seen, 50, &mut stream.clone());
        for (seen, weight) in seen.iter().zip(&weights) {
            assert_eq!(*weight, if *seen == 0.0 { 1.0 } else { 0.25 });
        }
        // A black image is struck at the same places, and looks untouched.
        let mut black = vec![0.0; 500];
        noise.weigh(emphasis, &mut black, 50, &mut stream.clone());
        assert_eq!(black, weights);
    }
}
