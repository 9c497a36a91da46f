//! Lines over numbers of which each is many times that before.

use super::style::{self, GRID, WIDTH};
use super::{Point, distinct};
use plotters::prelude::*;
use std::error::Error;

const HEIGHT: u32 = 340;

pub(super) fn draw(title: &str, points: &[Point]) -> Result<String, Box<dyn Error>> {
    let series = distinct(points.iter().map(|point| &*point.by));
    let numbers: Result<Vec<f64>, _> = points.iter().map(|point| point.of.parse()).collect();
    let numbers = numbers?;
    let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let most = numbers.iter().copied().fold(0.0, f64::max);
    let highest = points.iter().map(|point| point.value).fold(0.0, f64::max);

    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, HEIGHT)).into_drawing_area();
        root.fill(&WHITE)?;
        root.draw(&Text::new(title, (16, 14), style::title()))?;
        let mut chart = ChartBuilder::on(&root)
            .margin_top(44)
            .margin_right(30)
            .margin_left(10)
            .x_label_area_size(30)
            .y_label_area_size(40)
            .build_cartesian_2d((least..most).log_scale(), 0.0..highest * 1.15)?;
        chart
            .configure_mesh()
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .axis_style(GRID)
            .label_style(style::axis())
            .x_label_formatter(&|number| format!("{number:.0}"))
            .y_label_formatter(&|value| format!("{value:.0}"))
            .draw()?;
        for (name, colour) in series.iter().zip(style::colours(&series)) {
            let of_series = points.iter().zip(&numbers);
            let line = of_series.filter(|(point, _)| point.by == *name);
            let line: Vec<_> = line.map(|(point, number)| (*number, point.value)).collect();
            let dots = line.iter().map(|at| Circle::new(*at, 4, colour.filled()));
            chart.draw_series(dots)?;
            chart
                .draw_series(LineSeries::new(line, colour.stroke_width(2)))?
                .label(*name)
                .legend(move |(x, y)| {
                    Rectangle::new([(x, y - 6), (x + 12, y + 6)], colour.filled())
                });
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .background_style(WHITE)
            .border_style(GRID)
            .label_font(style::axis())
            .draw()?;
        root.present()?;
    }
    Ok(svg)
}
