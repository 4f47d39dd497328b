//! Every 12th training image and every 10th test image of MNIST (LeCun, Bottou, Bengio and Haffner
//! 1998, Proc. IEEE 86:2278), from the first on. As a scale: the nearest of the 5000 neighbors is
//! wrong for 7.6 % of the test images.
//!
//! The published training images alternate between two groups of writers, and these are all of the
//! one (the even ones), while the test images are of both: test scores include that step.

use crate::files::{Files, Place, SourceFile};
use crate::source::{Origin, Source};

/// Declared in [`crate::datasets::ALL`].
pub(super) static MNIST_5K: Source = Source {
    name: "mnist-5k",
    summary: "handwritten digits, embedded: 5000 to train and validate on, 1000 to test on",
    formula: "every 12th training and every 10th test image of mnist",
    source: "LeCun, Bottou, Bengio and Haffner 1998, Proc. IEEE 86:2278",
    licence: "(c) Yann LeCun and Corinna Cortes, CC BY-SA 3.0",
    classes: 10,
    origin: Origin::Files(Files {
        train_images_count: 5000,
        test_images_count: 1000,
        valid_every: 5,
        train_images: SourceFile {
            name: "mnist-train-s12-images-idx3-ubyte",
            sha256: "ed4cbac693d1069bb96f2a34f019b05df6107426c16a9709c2643cda19d5d419",
            place: Place::Embedded(include_bytes!(
                "../../images/mnist-train-s12-images-idx3-ubyte.gz"
            )),
        },
        train_labels: SourceFile {
            name: "mnist-train-s12-labels-idx1-ubyte",
            sha256: "0e8567b797004b4de6f8ebd8cbf3ac75fd698698bfe61e5fde637eb64beaffb5",
            place: Place::Embedded(include_bytes!(
                "../../images/mnist-train-s12-labels-idx1-ubyte.gz"
            )),
        },
        test_images: SourceFile {
            name: "mnist-t10k-s10-images-idx3-ubyte",
            sha256: "d353016623d61d7d75190455437c57a367f81866a607a1d686b6a0afd725d50d",
            place: Place::Embedded(include_bytes!(
                "../../images/mnist-t10k-s10-images-idx3-ubyte.gz"
            )),
        },
        test_labels: SourceFile {
            name: "mnist-t10k-s10-labels-idx1-ubyte",
            sha256: "36a2921a2f1378c9f834c85856c7f19fc85e97636abd8dd0ae14fe1c056e3ed1",
            place: Place::Embedded(include_bytes!(
                "../../images/mnist-t10k-s10-labels-idx1-ubyte.gz"
            )),
        },
    }),
};
