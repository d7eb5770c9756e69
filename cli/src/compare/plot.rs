//! Lines over a number, as SVG.
use std::fmt::Display;

use anyhow::anyhow;
use plotters::prelude::*;

/// A plot with one line per name.
pub(super) struct Plot<'a> {
    pub(super) title: &'a str,
    pub(super) x: &'a str,
    pub(super) y: &'a str,
    pub(super) lines: Vec<(String, Vec<(f64, f64)>)>,
}

const SIZE: (u32, u32) = (760, 420);
/// Colours that differ for everyone (Okabe & Ito 2008).
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(213, 94, 0),
    RGBColor(86, 180, 233),
    RGBColor(90, 90, 90),
];

impl Plot<'_> {
    /// # Errors
    /// Nothing that a drawing into memory comes to.
    pub(super) fn svg(&self) -> anyhow::Result<String> {
        let mut text = String::new();
        self.draw(&mut text).map_err(|error| anyhow!("{}: {error}", self.title))?;
        text.push('\n');
        Ok(text)
    }

    fn draw(&self, text: &mut String) -> Result<(), String> {
        fn told(error: impl Display) -> String {
            error.to_string()
        }
        let points = || self.lines.iter().flat_map(|(_, line)| line);
        let (from, to) = points().fold((f64::MAX, f64::MIN), |(from, to), (x, _)| (from.min(*x), to.max(*x)));
        let top = points().fold(1.0f64, |top, (_, y)| top.max(*y)) * 1.3;
        let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
        area.fill(&WHITE).map_err(told)?;
        let mut chart = ChartBuilder::on(&area)
            .caption(self.title, ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(70)
            .build_cartesian_2d(from..to, 0.0..top)
            .map_err(told)?;
        chart
            .configure_mesh()
            .x_desc(self.x)
            .y_desc(self.y)
            .light_line_style(WHITE)
            .x_label_formatter(&|x| format!("{x:.0}"))
            .y_label_formatter(&|y| format!("{y:.0}"))
            .draw()
            .map_err(told)?;
        for ((name, line), colour) in self.lines.iter().zip(COLOURS.iter().cycle()) {
            let style = colour.stroke_width(2);
            let drawn = chart.draw_series(LineSeries::new(line.iter().copied(), style)).map_err(told)?;
            drawn.label(name).legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK.mix(0.3))
            .draw()
            .map_err(told)?;
        area.present().map_err(told)
    }
}
