//! Fashion-MNIST (Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747), the four published files, split
//! as MNIST is. A few pairs across training and test set are nearly alike. Over all pixels of the
//! 60000 the mean is 0.2860 and the standard deviation 0.3530.

use crate::files::{Files, Place, SourceFile};
use crate::source::{Origin, Source};

/// Declared in [`crate::datasets::ALL`].
pub(super) static FASHION_MNIST: Source = Source {
    name: "fashion-mnist",
    summary: "articles of clothing: 60000 to train and validate on, 10000 to test on",
    formula: "as published",
    source: "Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747",
    licence: "(c) 2017 Zalando SE, MIT",
    classes: 10,
    origin: Origin::Files(Files {
        train_images_count: 60_000,
        test_images_count: 10_000,
        valid_every: 6,
        train_images: SourceFile {
            name: "train-images-idx3-ubyte",
            sha256: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            place: Place::Folder,
        },
        train_labels: SourceFile {
            name: "train-labels-idx1-ubyte",
            sha256: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            place: Place::Folder,
        },
        test_images: SourceFile {
            name: "t10k-images-idx3-ubyte",
            sha256: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            place: Place::Folder,
        },
        test_labels: SourceFile {
            name: "t10k-labels-idx1-ubyte",
            sha256: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            place: Place::Folder,
        },
    }),
};
