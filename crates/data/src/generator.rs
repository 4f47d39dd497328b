//! Datasets that the program makes: images of 28 x 28 in 256 shades of grey, each drawn from a stream
//! of its own that is named by the dataset and the image's number. Numbers run through the training,
//! the validation and the test images. What is drawn is the same on every machine.

use std::path::Path;

use crate::datasets;
use crate::error::DataError;
use crate::files::{Contents, Labelling};
use crate::images::{Images, Labelled, Shape};
use crate::photographs::{self, Patches, Photographs};
use crate::source::{Origin, Source};
use crate::stream::Stream;

/// The size of every image.
pub(crate) const SHAPE: Shape = Shape { rows: 28, columns: 28 };

/// The dataset that digits are taken from.
const DIGITS: &str = "mnist";

/// How a dataset is made.
#[derive(Clone, Debug)]
pub struct Generator {
    /// Counts the meanings that its code has had: a change that alters an image adds one.
    pub version: u32,
    /// How many images it makes.
    pub sizes: Sizes,
    pub(crate) recipe: Recipe,
}

/// How many images a dataset has to train, validate and test on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// To train on.
    pub train: usize,
    /// To validate on.
    pub valid: usize,
    /// To test on.
    pub test: usize,
}

impl Sizes {
    /// Those of most sets of Larochelle et al. 2007.
    pub(crate) const LAROCHELLE: Sizes = Sizes { train: 10_000, valid: 2_000, test: 50_000 };

    fn total(self) -> usize {
        self.train + self.valid + self.test
    }
}

/// How one image is made, in place, from what.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Recipe {
    /// From black, and returns its label.
    Drawn(fn(&mut [f32], &mut Stream) -> u8),
    /// Likewise, with patches of photographs.
    OnPhotographs(fn(&mut [f32], Patches<'_>, &mut Stream) -> u8),
    /// From a digit, which keeps its label.
    Digit(fn(&mut [f32], &mut Stream)),
    /// Likewise, with patches of photographs.
    DigitOnPhotographs(fn(&mut [f32], Patches<'_>, &mut Stream)),
}

impl Generator {
    /// What tells apart all that it can make: itself, and what it is made from.
    pub(crate) fn identity(&self, name: &str) -> String {
        let Sizes { train, valid, test } = self.sizes;
        let mut identity =
            format!("generated 1\n{name} {}\n{train} {valid} {test}\n", self.version);
        if let Recipe::OnPhotographs(_) | Recipe::DigitOnPhotographs(_) = self.recipe {
            identity.push_str(photographs::SHA256);
            identity.push('\n');
        }
        if let Some(Origin::Files(files)) = self.made_from().map(|source| &source.origin) {
            for file in files.all() {
                identity.push_str(file.sha256);
                identity.push('\n');
            }
        }
        identity
    }

    /// The dataset whose files it needs.
    pub(crate) fn made_from(&self) -> Option<&'static Source> {
        match self.recipe {
            Recipe::Drawn(_) | Recipe::OnPhotographs(_) => None,
            Recipe::Digit(_) | Recipe::DigitOnPhotographs(_) => datasets::find(DIGITS),
        }
    }

    /// The training, validation and test images; `dir` is where the digits are.
    pub(crate) fn load(&self, name: &str, dir: &Path) -> Result<[Labelled; 3], DataError> {
        let photographs = Photographs::decode()?;
        match self.made_from() {
            None => Ok(self.make(name, None, &photographs)),
            Some(source) => {
                let Origin::Files(files) = &source.origin else {
                    unreachable!("digits are read from files")
                };
                let make = |contents: Contents<'_>| {
                    self.make(name, Some(&Digits::shuffled(&contents)), &photographs)
                };
                files.read(source, dir, make)
            }
        }
    }

    /// Every image, split by split.
    fn make(
        &self,
        name: &str,
        digits: Option<&Digits<'_>>,
        photographs: &Photographs,
    ) -> [Labelled; 3] {
        let purpose = format!("datasets/{name}");
        let Sizes { train, valid, .. } = self.sizes;
        let splits = [
            (0..train, photographs.to_train_on()),
            (train..train + valid, photographs.to_train_on()),
            (train + valid..self.sizes.total(), photographs.to_test_on()),
        ];
        splits.map(|(numbers, patches)| {
            let mut bytes = Vec::with_capacity(numbers.len() * SHAPE.pixels());
            let mut labels = Vec::with_capacity(numbers.len());
            for number in numbers {
                let mut stream = Stream::new(0, &purpose, &[number as u64]);
                let (image, label) = self.recipe.image(number, digits, patches, &mut stream);
                bytes.extend(image.iter().map(|pixel| (pixel * 255.0).round() as u8));
                labels.push(label);
            }
            Labelled { images: Images::from_bytes(SHAPE, &bytes), labels }
        })
    }
}

impl Recipe {
    fn image(
        self,
        number: usize,
        digits: Option<&Digits<'_>>,
        patches: Patches<'_>,
        stream: &mut Stream,
    ) -> (Vec<f32>, u8) {
        let black = || vec![0.0; SHAPE.pixels()];
        let digit = || digits.expect("a recipe for digits is given digits").number(number);
        match self {
            Recipe::Drawn(draw) => {
                let mut image = black();
                let label = draw(&mut image, stream);
                (image, label)
            }
            Recipe::OnPhotographs(draw) => {
                let mut image = black();
                let label = draw(&mut image, patches, stream);
                (image, label)
            }
            Recipe::Digit(change) => {
                let (mut image, label) = digit();
                change(&mut image, stream);
                (image, label)
            }
            Recipe::DigitOnPhotographs(change) => {
                let (mut image, label) = digit();
                change(&mut image, patches, stream);
                (image, label)
            }
        }
    }
}

/// The digits of MNIST in an order of their own, the same for every dataset made from them: drawn
/// from its 60000 training and 10000 test images alike, so writers are everywhere the same.
struct Digits<'a> {
    train: Labelling<'a>,
    test: Labelling<'a>,
    order: Vec<u32>,
}

impl<'a> Digits<'a> {
    fn shuffled(contents: &Contents<'a>) -> Digits<'a> {
        let Contents { train, test, .. } = *contents;
        let count = train.labels.len() + test.labels.len();
        let order = Stream::new(0, "datasets/digits", &[]).permutation(count);
        Digits { train, test, order }
    }

    fn number(&self, number: usize) -> (Vec<f32>, u8) {
        let place = self.order[number] as usize;
        let (part, i) = match place.checked_sub(self.train.labels.len()) {
            None => (self.train, place),
            Some(i) => (self.test, i),
        };
        let pixels = &part.pixels[i * SHAPE.pixels()..][..SHAPE.pixels()];
        (pixels.iter().map(|byte| f32::from(*byte) / 255.0).collect(), part.labels[i])
    }
}

/// Lays `image` over a patch: the brighter of the two, pixel by pixel.
pub(crate) fn lay_over(image: &mut [f32], background: &[f32]) {
    for (pixel, behind) in image.iter_mut().zip(background) {
        *pixel = pixel.max(*behind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The embedded digits in place of all of MNIST.
    fn made(name: &str, sizes: Sizes) -> [Labelled; 3] {
        let source = datasets::find(name).unwrap();
        let Origin::Generated(generator) = &source.origin else { panic!("{name} is generated") };
        let generator = Generator { sizes, ..generator.clone() };
        let embedded = datasets::find("mnist-5k").unwrap();
        let Origin::Files(files) = &embedded.origin else { panic!("it is read from files") };
        let photographs = Photographs::decode().unwrap();
        let make = |contents: Contents<'_>| {
            generator.make(name, Some(&Digits::shuffled(&contents)), &photographs)
        };
        files.read(embedded, Path::new("no such folder"), make).unwrap()
    }

    const SMALL: Sizes = Sizes { train: 60, valid: 20, test: 40 };

    const DIGITS: [&str; 5] =
        ["mnist-basic", "mnist-rot", "mnist-bg-rand", "mnist-bg-img", "mnist-bg-img-rot"];

    #[test]
    fn problems_made_from_digits_have_the_same_digits() {
        let labels = |name| made(name, SMALL).map(|split| split.labels);
        let basic = labels("mnist-basic");
        assert_eq!(basic.each_ref().map(Vec::len), [60, 20, 40]);
        for name in DIGITS {
            assert_eq!(labels(name), basic, "{name}");
        }
    }

    #[test]
    fn an_image_does_not_depend_on_how_many_others_there_are() {
        for name in DIGITS {
            let fewer = made(name, Sizes { test: 10, ..SMALL });
            let [_, _, test] = made(name, SMALL);
            assert_eq!(test.images.pixels()[..7840], *fewer[2].images.pixels(), "{name}");
        }
    }

    #[test]
    fn basic_digits_are_digits_each_once() {
        let [train, valid, test] =
            made("mnist-basic", Sizes { train: 4_000, valid: 1_000, test: 1_000 });
        let all = datasets::find("mnist-5k").unwrap().load(Path::new("none")).unwrap();
        let sorted = |splits: [&Labelled; 3]| {
            let mut images: Vec<Vec<u32>> = Vec::new();
            for split in splits {
                images.extend((0..split.len()).map(|i| {
                    let pixels = split.images.row(i).iter().map(|pixel| pixel.to_bits());
                    pixels.chain([u32::from(split.labels[i])]).collect()
                }));
            }
            images.sort_unstable();
            images
        };
        assert_eq!(sorted([&train, &valid, &test]), sorted([&all.train, &all.valid, &all.test]));
    }

    #[test]
    fn a_background_is_never_darker_than_its_digit() {
        let [basic, ..] = made("mnist-basic", SMALL);
        for name in ["mnist-bg-rand", "mnist-bg-img"] {
            let [over, ..] = made(name, SMALL);
            let pairs = over.images.pixels().iter().zip(basic.images.pixels());
            assert!(pairs.clone().all(|(pixel, digit)| pixel >= digit), "{name}");
            let mean = |labelled: &Labelled| {
                labelled.images.pixels().iter().sum::<f32>() / labelled.images.pixels().len() as f32
            };
            assert!(mean(&over) > 2.0 * mean(&basic), "{name}");
        }
    }

    /// Turning moves ink about the center: its amount stays, up to rounding and what leaves a corner.
    #[test]
    fn turned_digits_keep_their_ink() {
        let [basic, ..] = made("mnist-basic", SMALL);
        let [turned, ..] = made("mnist-rot", SMALL);
        for i in 0..60 {
            let ink = |labelled: &Labelled| labelled.images.row(i).iter().sum::<f32>();
            let (before, after) = (ink(&basic), ink(&turned));
            assert!((after / before - 1.0).abs() < 0.1, "{i}: {before} {after}");
        }
    }
}
