//! Looks that tell groups apart with every usual colour blindness and in black and white: the
//! colours of Okabe and Ito (2008), each with a marker and a dash of its own.

use super::canvas::{Marker, Stroke};

/// The colours, yellow left out: it does not show on white.
const COLOURS: [&str; 7] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];

const MARKERS: [Marker; 7] = [
    Marker::Circle,
    Marker::Square,
    Marker::Up,
    Marker::Diamond,
    Marker::Down,
    Marker::Cross,
    Marker::Plus,
];

const DASHES: [&str; 5] = ["", "5 2.5", "1.5 2", "7 2 1.5 2", "10 3"];

/// The most groups that still look different enough to be told apart.
pub(super) const MOST_GROUPS: usize = 24;

/// How a group looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Look {
    pub(super) colour: &'static str,
    pub(super) marker: Marker,
    dash: &'static str,
}

impl Look {
    /// That of the group at this place, below [`MOST_GROUPS`].
    pub(super) fn of(place: usize) -> Look {
        let round = place / COLOURS.len();
        Look {
            colour: COLOURS[place % COLOURS.len()],
            marker: MARKERS[(place + round) % MARKERS.len()],
            dash: DASHES[(place + round) % DASHES.len()],
        }
    }

    pub(super) fn stroke(self, width: f64) -> Stroke {
        Stroke { dash: self.dash, ..Stroke::solid(self.colour, width) }
    }
}

/// Steps of viridis (Smith and van der Walt 2015), dark to light: ordered in gray, too.
const VIRIDIS: [(u8, u8, u8); 9] = [
    (68, 1, 84),
    (71, 44, 122),
    (59, 81, 139),
    (44, 113, 142),
    (33, 144, 141),
    (39, 173, 129),
    (92, 200, 99),
    (170, 220, 50),
    (253, 231, 37),
];

/// The colour of a share from 0 to 1, and one in which text on it can be read.
pub(super) fn shade(share: f64) -> (String, &'static str) {
    let place = share.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    let below = (place.floor() as usize).min(VIRIDIS.len() - 2);
    let (from, to, part) = (VIRIDIS[below], VIRIDIS[below + 1], place - below as f64);
    let mix = |from: u8, to: u8| {
        (f64::from(from) + part * (f64::from(to) - f64::from(from))).round() as u8
    };
    let (red, green, blue) = (mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2));
    let text = if share < 0.6 { "#ffffff" } else { "#000000" };
    (format!("#{red:02x}{green:02x}{blue:02x}"), text)
}

/// The same, in few steps, for lines on white: the lightest ones would not show.
pub(super) fn line_colour(share: f64) -> &'static str {
    const STEPS: [&str; 8] =
        ["#440154", "#472c7a", "#3b518b", "#2c718e", "#21908d", "#27ad81", "#5cc863", "#aadc32"];
    STEPS[(share.clamp(0.0, 1.0) * (STEPS.len() - 1) as f64).round() as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_groups_look_alike() {
        let looks: Vec<Look> = (0..MOST_GROUPS).map(Look::of).collect();
        for (at, look) in looks.iter().enumerate() {
            for other in &looks[..at] {
                let same = look.colour == other.colour;
                assert!(!same || (look.dash != other.dash && look.marker != other.marker));
            }
        }
    }

    #[test]
    fn shades_begin_and_end_with_viridis_and_cope_with_anything() {
        assert_eq!(shade(0.0).0, "#440154");
        assert_eq!(shade(1.0).0, "#fde725");
        assert_eq!(shade(7.0).0, "#fde725");
        assert_eq!(shade(f64::NAN).0.len(), 7);
    }
}
