//! Plots as pixels: what `ablate plot` draws as SVG, as a PNG picture.

use anyhow::{Context, bail};
use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};

/// Pixels for each of the picture's own: about 340 to the inch in a column of a paper.
const SCALE: f32 = 3.0;

/// Fonts whose letters are about as wide as those that the pictures are laid out for, the likest first.
const FAMILIES: [&str; 5] = ["Helvetica", "Arial", "Liberation Sans", "DejaVu Sans", "Noto Sans"];

/// The picture `svg` as a PNG on white.
///
/// # Errors
/// If this machine has no font to write its text in.
pub(crate) fn png(svg: &str) -> anyhow::Result<Vec<u8>> {
    let mut options = Options::default();
    let fonts = options.fontdb_mut();
    fonts.load_system_fonts();
    let Some(family) = sans_serif(fonts) else {
        bail!("a PNG needs a font, and this machine has none: install one, or write an .svg")
    };
    fonts.set_sans_serif_family(family);
    let tree = Tree::from_str(svg, &options).context("the picture cannot be read back")?;
    let size = tree.size();
    let [width, height] = [size.width(), size.height()].map(|side| (side * SCALE).ceil() as u32);
    let mut pixels = Pixmap::new(width, height).context("the picture has no size")?;
    pixels.fill(Color::WHITE);
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    pixels.encode_png().context("the picture cannot be encoded")
}

/// The likest font that there is, or any.
fn sans_serif(fonts: &Database) -> Option<String> {
    let named = |family: &str| {
        fonts.faces().any(|face| face.families.iter().any(|(name, _)| name == family))
    };
    let likest = FAMILIES.into_iter().find(|family| named(family)).map(str::to_owned);
    likest.or_else(|| Some(fonts.faces().next()?.families.first()?.0.clone()))
}
