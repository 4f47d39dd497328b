//! What pages load besides themselves: a fixed table of embedded files, found by their whole path.

/// A file that is part of the program.
pub(crate) struct Asset {
    pub(crate) path: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) text: &'static str,
}

/// The style of every page, and of a report.
pub(crate) const STYLE: &str = include_str!("../assets/style.css");

/// Every asset.
pub(crate) const ALL: [Asset; 3] = [
    Asset { path: "/style.css", kind: "text/css; charset=utf-8", text: STYLE },
    Asset {
        path: "/script.js",
        kind: "text/javascript; charset=utf-8",
        text: include_str!("../assets/script.js"),
    },
    Asset { path: "/icon.svg", kind: "image/svg+xml", text: include_str!("../assets/icon.svg") },
];
