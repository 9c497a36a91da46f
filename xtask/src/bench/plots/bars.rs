//! Horizontal bars, in groups, each with its number.

use super::style::{self, GRID, INK, WIDTH};
use super::{Point, distinct};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;
use std::error::Error;

/// How high a bar is, and the room between groups in bars.
const BAR: u32 = 20;
const GAP: f64 = 0.6;
const TITLE: u32 = 44;
const AXIS: u32 = 30;
const NAMES: u32 = 310;

type Root<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Box<dyn Error>>;

/// Draws bars, with a line for what they are compared with.
pub(super) fn draw(
    title: &str,
    points: &[Point],
    reference: Option<f64>,
) -> Result<String, Box<dyn Error>> {
    let groups = distinct(points.iter().map(|point| &*point.of));
    let series = distinct(points.iter().map(|point| &*point.by));
    let rows = points.len() as f64 + GAP * groups.len() as f64;
    let top = match series.len() {
        1 => TITLE,
        names => TITLE + BAR * names as u32,
    };
    let height = top + (rows * f64::from(BAR)) as u32 + AXIS;
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        root.fill(&WHITE)?;
        root.draw(&Text::new(title, (16, 14), style::title()))?;
        if series.len() > 1 {
            draw_legend(&root, &series)?;
        }
        draw_groups(&root, top, points, &groups, &series, reference)?;
        root.present()?;
    }
    Ok(svg)
}

fn draw_legend(root: &Root<'_>, series: &[&str]) -> Drawn {
    let mut y = (TITLE + BAR / 2) as i32;
    let x = NAMES as i32;
    for (name, colour) in series.iter().zip(style::colours(series)) {
        let mark = [(x, y - 6), (x + 12, y + 6)];
        root.draw(&Rectangle::new(mark, colour.filled()))?;
        root.draw(&Text::new(*name, (x + 20, y), style::text(HPos::Left)))?;
        y += BAR as i32;
    }
    Ok(())
}

fn draw_groups(
    root: &Root<'_>,
    top: u32,
    points: &[Point],
    groups: &[&str],
    series: &[&str],
    reference: Option<f64>,
) -> Drawn {
    let rows = points.len() as f64 + GAP * groups.len() as f64;
    let most = points.iter().map(|point| point.value);
    let most = most.chain(reference).fold(0.0, f64::max) * 1.12;
    let mut chart = ChartBuilder::on(root)
        .margin_top(top)
        .margin_right(20)
        .x_label_area_size(AXIS)
        .y_label_area_size(NAMES)
        .build_cartesian_2d(0.0..most, 0.0..rows)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(GRID)
        .x_label_style(style::axis())
        .x_label_formatter(&|value| format!("{}", (value * 100.0).round() / 100.0))
        .draw()?;
    if let Some(reference) = reference {
        let line = [(reference, 0.0), (reference, rows)];
        chart.draw_series([PathElement::new(line, INK)])?;
    }
    let colours = style::colours(series);
    let mut top = rows;
    for group in groups {
        top -= GAP;
        let bars = points.iter().filter(|point| point.of == *group);
        let middle = top - bars.clone().count() as f64 / 2.0;
        let (x, y) = chart.backend_coord(&(0.0, middle));
        root.draw(&Text::new(*group, (x - 8, y), style::text(HPos::Right)))?;
        for Point { by, value, .. } in bars {
            let number = series.iter().position(|name| name == by).unwrap_or(0);
            let bar = [(0.0, top - 0.08), (*value, top - 0.92)];
            chart.draw_series([Rectangle::new(bar, colours[number].filled())])?;
            let (x, y) = chart.backend_coord(&(*value, top - 0.5));
            let value = style::number(*value);
            root.draw(&Text::new(value, (x + 5, y), style::text(HPos::Left)))?;
            top -= 1.0;
        }
    }
    Ok(())
}
