//! Every 30th training image and every 10th test image of Fashion-MNIST (Xiao, Rasul and Vollgraf
//! 2017, arXiv:1708.07747), from the first on.

use crate::files::{Files, Place, SourceFile};
use crate::source::{Origin, Source};

/// Declared in [`crate::datasets::ALL`].
pub(super) static FASHION_2K: Source = Source {
    name: "fashion-2k",
    summary: "articles of clothing, embedded: 2000 to train and validate on, 1000 to test on",
    formula: "every 30th training and every 10th test image of fashion-mnist",
    source: "Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747",
    licence: "(c) 2017 Zalando SE, MIT",
    classes: 10,
    origin: Origin::Files(Files {
        train_images_count: 2000,
        test_images_count: 1000,
        valid_every: 5,
        train_images: SourceFile {
            name: "fashion-train-s30-images-idx3-ubyte",
            sha256: "fc65ba84a80f53fa98f7b8a2d1fe3d09a036101c319b35b7289c3cd4fabb5a6a",
            place: Place::Embedded(include_bytes!(
                "../../images/fashion-train-s30-images-idx3-ubyte.gz"
            )),
        },
        train_labels: SourceFile {
            name: "fashion-train-s30-labels-idx1-ubyte",
            sha256: "24d8db230e50a8861c4322cd2c0c926747794abeb9f99955df5962204052dd49",
            place: Place::Embedded(include_bytes!(
                "../../images/fashion-train-s30-labels-idx1-ubyte.gz"
            )),
        },
        test_images: SourceFile {
            name: "fashion-t10k-s10-images-idx3-ubyte",
            sha256: "49bffda68c283b1a29b7e5823f57626f4d7d3df88d55f54df063f2ce50432529",
            place: Place::Embedded(include_bytes!(
                "../../images/fashion-t10k-s10-images-idx3-ubyte.gz"
            )),
        },
        test_labels: SourceFile {
            name: "fashion-t10k-s10-labels-idx1-ubyte",
            sha256: "404285368ee769541bc1e4a194dad9cd86117e10689627d831dde6a7e22de803",
            place: Place::Embedded(include_bytes!(
                "../../images/fashion-t10k-s10-labels-idx1-ubyte.gz"
            )),
        },
    }),
};
