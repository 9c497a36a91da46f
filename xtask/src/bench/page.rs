//! The page: prose from a template, and what was measured in the places that it leaves.

use super::Place;
use super::plots::Plot;
use super::results::Results;
use super::targets;
use std::collections::BTreeSet;

/// A line `{{targets}}`, `{{machine}}`, `{{plot NAME}}` or `{{MEASUREMENT TABLE}}` stands for what it
/// says.
const TEMPLATE: &str = include_str!("page.md");

pub(super) fn write(place: &Place, results: &Results) -> Result<(), String> {
    super::write(place.page(), &render(TEMPLATE, results)?)
}

fn render(template: &str, results: &Results) -> Result<String, String> {
    let lines = template.lines().map(|line| {
        let name = line.strip_prefix("{{").and_then(|it| it.strip_suffix("}}"));
        match name {
            Some(name) => filled(name, results),
            None => Ok(format!("{line}\n")),
        }
    });
    lines.collect()
}

fn filled(name: &str, results: &Results) -> Result<String, String> {
    match name.split(' ').collect::<Vec<_>>()[..] {
        ["targets"] => Ok(targets::table(results).to_markdown()),
        ["machine"] => Ok(machines(results)),
        ["plot", name] => {
            let plot = Plot::of_name(name).ok_or_else(|| format!("{name}: no plot"))?;
            Ok(match results.0.get(plot.measurement) {
                Some(_) => format!("![{}](benchmarks/{name}.svg)\n", plot.title),
                None => String::new(),
            })
        }
        [measurement, table] => {
            let number = table.parse().map_err(|_| format!("{name}: no table"))?;
            Ok(match results.table(measurement, number) {
                Some(table) => format!(
                    "`cargo xtask bench {measurement}`, {}:\n\n{}",
                    table.title,
                    table.to_markdown()
                ),
                None => format!("{}\n", targets::not_measured(measurement)),
            })
        }
        _ => Err(format!("{name}: the template's place has no such name")),
    }
}

/// On what was measured: one machine, if all of it was measured anew.
fn machines(results: &Results) -> String {
    let all = results.0.values().map(|measured| &*measured.machine);
    let all: Vec<_> = all.collect::<BTreeSet<_>>().into_iter().collect();
    format!("{}.\n", all.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::results::Measured;
    use crate::bench::table::{Figure, Table};

    #[test]
    fn the_page_is_what_the_kept_results_make() {
        let place = Place::new(false);
        let results = Results::read(&place.results()).unwrap();
        let page = std::fs::read_to_string(place.page()).unwrap();
        assert!(
            render(TEMPLATE, &results).unwrap() == page,
            "docs/benchmarks.md is not up to date: `cargo xtask bench page` makes it"
        );
    }

    #[test]
    fn places_are_filled_and_prose_stays() {
        let row = vec![Figure::text("yield"), Figure::number(25.64, 1)];
        let measured = Measured {
            machine: "2 cores".into(),
            tables: vec![Table::new("60 rounds".into(), &["what", "ns"], vec![row])],
        };
        let mut results = Results::default();
        results.0.insert("tasks", measured);
        let template = "# Tasks\n{{machine}}\n{{tasks 0}}\n{{idle 0}}\nThe end.\n";
        assert_eq!(
            render(template, &results).unwrap(),
            "# Tasks\n\
             2 cores.\n\
             `cargo xtask bench tasks`, 60 rounds:\n\n\
             | what | ns |\n\
             | --- | --- |\n\
             | yield | 25.6 |\n\
             not measured yet: `cargo xtask bench idle`\n\
             The end.\n"
        );
        let error = render("{{what is this}}\n", &results).unwrap_err();
        assert!(error.starts_with("what is this"), "{error}");
    }
}
