//! Few labels: which training images keep theirs. The rest serve pretraining only, as they do in the
//! semi-supervised experiments of Rifai et al. 2011 and Kingma et al. 2014.

use ablate_data::Stream;

use crate::finetuning::Examples;
use crate::selection::Selection;
use crate::settings::{FineTuning, Settings};

/// As many of `train` as `settings` say, in the order in which they stand there, and as many of each
/// class as of any other: all classes in turn give one, drawn by `seed`, for as long as they have any.
pub(crate) fn draw(train: Examples<'_>, settings: &Settings, seed: u64) -> Selection {
    match settings.labels {
        None => Selection::All,
        Some(count) => Selection::of(train, &chosen(train.labels, count, seed)),
    }
}

/// What fine-tuning learns from: all of `train`, where it asks for no labels.
pub(crate) fn learned<'a>(
    settings: &Settings,
    train: Examples<'a>,
    labelled: Examples<'a>,
) -> Examples<'a> {
    match settings.fine_tuning {
        FineTuning::Reconstruction(_) => train,
        FineTuning::Supervised(_) | FineTuning::Frozen { .. } => labelled,
    }
}

fn chosen(labels: &[u8], count: usize, seed: u64) -> Vec<u32> {
    let mut stream = Stream::new(seed, "labels", &[]);
    let classes = usize::from(labels.iter().copied().max().unwrap_or(0)) + 1;
    // Which classes give one more where the count is no multiple of their number.
    let turns = stream.permutation(classes);
    let mut waiting = vec![Vec::new(); classes];
    for number in stream.permutation(labels.len()) {
        waiting[usize::from(labels[number as usize])].push(number);
    }
    let mut chosen = Vec::with_capacity(count);
    while chosen.len() < count.min(labels.len()) {
        let round = turns.iter().filter_map(|&class| waiting[class as usize].pop());
        let room = count - chosen.len();
        chosen.extend(round.take(room));
    }
    chosen.sort_unstable();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 300 labels of 4 classes, the last of which has 5 images only.
    fn labels() -> Vec<u8> {
        (0..300).map(|number| if number % 60 == 0 { 3 } else { (number % 3) as u8 }).collect()
    }

    fn counts(chosen: &[u32]) -> Vec<usize> {
        let labels = labels();
        let of = |class| chosen.iter().filter(|&&at| labels[at as usize] == class).count();
        (0..4).map(of).collect()
    }

    #[test]
    fn every_class_gives_as_many_as_any_other_as_long_as_it_has_them() {
        assert_eq!(counts(&chosen(&labels(), 20, 1)), [5, 5, 5, 5]);
        let uneven = counts(&chosen(&labels(), 18, 1));
        assert!(uneven.iter().all(|&count| count == 4 || count == 5), "{uneven:?}");
        let exhausted = counts(&chosen(&labels(), 35, 1));
        assert_eq!((exhausted[3], exhausted.iter().sum::<usize>()), (5, 35));
        assert!(exhausted[..3].iter().all(|&count| count == 10), "{exhausted:?}");
    }

    #[test]
    fn a_seed_draws_the_same_images_again_and_another_seed_others() {
        assert_eq!(chosen(&labels(), 40, 1), chosen(&labels(), 40, 1));
        assert_ne!(chosen(&labels(), 40, 1), chosen(&labels(), 40, 2));
    }

    #[test]
    fn all_labels_are_all_images_in_their_order() {
        assert_eq!(chosen(&labels(), 300, 1), (0..300).collect::<Vec<u32>>());
    }
}
