//! What all plots look like: dark on a white ground, so that they can be read on any page.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

pub(super) const WIDTH: u32 = 800;
pub(super) const INK: RGBColor = RGBColor(0x1f, 0x23, 0x28);
pub(super) const GRID: RGBColor = RGBColor(0xd8, 0xde, 0xe4);
/// Of those who are compared, told apart by those who see no red or no green too.
const COLOURS: [RGBColor; 4] = [
    RGBColor(0x00, 0x5a, 0xb5),
    RGBColor(0xe0, 0x8a, 0x00),
    RGBColor(0x6f, 0x7a, 0x85),
    RGBColor(0x9b, 0x2d, 0x7f),
];
const FONT: &str = "sans-serif";
const TEXT: u32 = 14;

/// A colour for each of those who are compared; ours is the same everywhere.
pub(super) fn colours(names: &[&str]) -> Vec<RGBColor> {
    let mut others = COLOURS[1..].iter().cycle();
    let is_ours = |name: &str| name.starts_with("loopscope") || name.starts_with("our");
    let colour = |name: &&str| match others.next() {
        Some(other) if !is_ours(name) && names.len() > 1 => *other,
        _ => COLOURS[0],
    };
    names.iter().map(colour).collect()
}

pub(super) fn title<'a>() -> TextStyle<'a> {
    (FONT, 17).into_font().color(&INK)
}

pub(super) fn axis<'a>() -> TextStyle<'a> {
    (FONT, 12).into_font().color(&INK)
}

/// Text whose left, middle or right is where it is drawn.
pub(super) fn text<'a>(side: HPos) -> TextStyle<'a> {
    let text = (FONT, TEXT).into_font().color(&INK);
    text.pos(Pos::new(side, VPos::Center))
}

/// A number as it is read: no more digits than count.
pub(super) fn number(value: f64) -> String {
    match value {
        0.0..10.0 => format!("{value:.2}"),
        10.0..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
