//! Colours of the pictures, each in two shades: for a light ground and for a dark one.
//!
//! Pictures are drawn in the light shades. A style sheet turns each into the other by its value, so every colour here
//! must differ from every other. Series follow Okabe and Ito (2008), whose colours colour-blind readers can tell apart;
//! they are darkened or brightened until each has a contrast of 3:1 or more to its ground (WCAG 2.2, 1.4.11).

use plotters::style::RGBColor;
use std::fmt::Write;

/// A colour on a light ground and on a dark one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour {
    light: u32,
    dark: u32,
}

const fn colour(light: u32, dark: u32) -> Colour {
    Colour { light, dark }
}

/// The ground that pictures stand on.
pub const GROUND: Colour = colour(0xFF_FF_FF, 0x16_1B_22);
/// Words.
pub const INK: Colour = colour(0x1F_23_28, 0xE6_ED_F3);
/// Numbers and names along the axes.
pub const MUTED: Colour = colour(0x57_60_6A, 0x9D_A7_B3);
/// Lines behind the data.
pub const GRID: Colour = colour(0xE4_E7_EB, 0x2B_32_3B);
/// The objective.
pub const TARGET: Colour = colour(0xB4_23_18, 0xFF_7B_72);
/// An interval, behind what it is of.
pub const BAND: Colour = colour(0xF6_D9_D5, 0x4A_25_28);
/// What happened at a moment: checkpoints, vacuums, stages.
pub const MARK: Colour = colour(0x6E_77_81, 0x8B_94_9F);

/// Of series, in the order in which they are given out.
pub const SERIES: [Colour; 8] = [
    colour(0x00_72_B2, 0x58_A6_FF),
    colour(0xD5_5E_00, 0xF0_88_3E),
    colour(0x00_7F_5C, 0x3F_B9_8A),
    colour(0xA8_44_7F, 0xE3_9A_C4),
    colour(0x93_6A_00, 0xE3_B3_41),
    colour(0x2B_8C_BE, 0x9B_D8_F2),
    colour(0x1F_23_29, 0xE6_ED_F2),
    colour(0x7A_7F_86, 0xA3_A9_B1),
];

/// From few to many, in one hue, so that darkness alone tells the order.
pub const HEAT: [Colour; 8] = [
    colour(0xD9_E8_F5, 0x12_2B_45),
    colour(0xBA_D5_ED, 0x14_3F_68),
    colour(0x93_BF_E2, 0x17_55_8D),
    colour(0x69_A6_D4, 0x1F_6F_B5),
    colour(0x44_8B_C3, 0x3A_8F_D6),
    colour(0x27_6F_AE, 0x66_AE_EA),
    colour(0x12_53_91, 0x9B_CC_F5),
    colour(0x08_30_6B, 0xD3_E9_FD),
];

/// Of parts of a bar: pale, so that words can stand on them.
pub const PARTS: [Colour; 5] = [
    colour(0xF4_C7_A1, 0x7A_43_18),
    colour(0xF1_E0_94, 0x66_52_0C),
    colour(0xD7_DB_E0, 0x47_4F_5A),
    colour(0xA9_CC_EC, 0x1C_4E_84),
    colour(0xB9_E2_CB, 0x1B_5A_3F),
];

impl Colour {
    /// As plotters draws it.
    #[must_use]
    pub fn rgb(self) -> RGBColor {
        let [_, red, green, blue] = self.light.to_be_bytes();
        RGBColor(red, green, blue)
    }

    /// As SVG and CSS write its light shade.
    #[must_use]
    pub fn code(self) -> String {
        format!("#{:06X}", self.light)
    }

    fn all() -> Vec<Self> {
        let own = [GROUND, INK, MUTED, GRID, TARGET, BAND, MARK];
        own.into_iter().chain(SERIES).chain(HEAT).chain(PARTS).collect()
    }
}

/// The colour of the series with that index; after eight they come again, and [`dashes`] tells them apart.
#[must_use]
pub fn series(index: usize) -> Colour {
    SERIES[index % SERIES.len()]
}

/// `stroke-dasharray` of the series with that index; empty for a whole line.
#[must_use]
pub fn dashes(index: usize) -> &'static str {
    match index / SERIES.len() {
        0 => "",
        1 => "12 6",
        2 => "3 6",
        _ => "18 6 3 6",
    }
}

/// CSS that turns the light shades within `scope` into the dark ones.
#[must_use]
pub fn darkening(scope: &str) -> String {
    let mut css = String::new();
    for Colour { light, dark } in Colour::all() {
        // Writing to a String cannot fail.
        let _ = writeln!(
            css,
            "{scope} [fill=\"#{light:06X}\"]{{fill:#{dark:06X}}}{scope} [stroke=\"#{light:06X}\"]{{stroke:#{dark:06X}}}"
        );
    }
    css
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Contrast of two colours (WCAG 2.2): from 1 to 21.
    fn contrast(one: u32, other: u32) -> f64 {
        let luminance = |colour: u32| {
            let [_, red, green, blue] = colour.to_be_bytes();
            let linear = |channel: u8| {
                let share = f64::from(channel) / 255.0;
                if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
        };
        let (a, b) = (luminance(one), luminance(other));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_colour_differs_so_that_css_can_tell_it() {
        let all = Colour::all();
        let lights: BTreeSet<u32> = all.iter().map(|colour| colour.light).collect();
        assert_eq!(lights.len(), all.len());
    }

    #[test]
    fn lines_and_words_can_be_seen_on_both_grounds() {
        for colour in SERIES.into_iter().chain([TARGET, MARK]) {
            assert!(contrast(colour.light, GROUND.light) >= 3.0, "{colour:X?}");
            assert!(contrast(colour.dark, GROUND.dark) >= 3.0, "{colour:X?}");
        }
        for part in PARTS {
            assert!(contrast(INK.light, part.light) >= 4.5 && contrast(INK.dark, part.dark) >= 4.5);
        }
        for words in [INK, MUTED] {
            assert!(contrast(words.light, GROUND.light) >= 4.5, "{words:X?}");
            assert!(contrast(words.dark, GROUND.dark) >= 4.5, "{words:X?}");
        }
    }

    #[test]
    fn more_is_darker_on_light_and_brighter_on_dark() {
        for pair in HEAT.windows(2) {
            assert!(contrast(pair[1].light, GROUND.light) > contrast(pair[0].light, GROUND.light));
            assert!(contrast(pair[1].dark, GROUND.dark) > contrast(pair[0].dark, GROUND.dark));
        }
    }
}
