//! MNIST (LeCun, Bottou, Bengio and Haffner 1998, Proc. IEEE 86:2278), the four published files.
//! One in six training images is a validation image, so 50000 are left to train on, as in the
//! papers on stacked autoencoders. Over all pixels of the 60000 the mean is 0.1307 and the standard
//! deviation 0.3081.

use crate::files::{Files, Place, SourceFile};
use crate::source::{Origin, Source};

/// Declared in [`crate::datasets::ALL`].
pub(super) static MNIST: Source = Source {
    name: "mnist",
    summary: "handwritten digits: 60000 to train and validate on, 10000 to test on",
    formula: "as published",
    source: "LeCun, Bottou, Bengio and Haffner 1998, Proc. IEEE 86:2278",
    licence: "(c) Yann LeCun and Corinna Cortes, CC BY-SA 3.0",
    classes: 10,
    origin: Origin::Files(Files {
        train_images_count: 60_000,
        test_images_count: 10_000,
        valid_every: 6,
        train_images: SourceFile {
            name: "train-images-idx3-ubyte",
            sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            place: Place::Folder,
        },
        train_labels: SourceFile {
            name: "train-labels-idx1-ubyte",
            sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            place: Place::Folder,
        },
        test_images: SourceFile {
            name: "t10k-images-idx3-ubyte",
            sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            place: Place::Folder,
        },
        test_labels: SourceFile {
            name: "t10k-labels-idx1-ubyte",
            sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            place: Place::Folder,
        },
    }),
};
