//! The pages about dashboards and alerts speak of those that there are.

use crate::dashboards::{all, panels, text};
use backends::configuration_folder;
use std::collections::BTreeSet;
use std::fs;

fn read(file: &str) -> String {
    fs::read_to_string(configuration_folder().join("..").join(file)).unwrap()
}

/// What follows a mark in the lines of a text.
fn after<'a>(text: &'a str, mark: &str) -> BTreeSet<&'a str> {
    let lines = text.lines().map(str::trim);
    lines.filter_map(|line| line.strip_prefix(mark)).collect()
}

#[test]
fn each_alert_has_a_section_and_a_row() {
    let rules = read("otel-config/prometheus/rules/loopscope.rules.yaml");
    let alerts = after(&rules, "- alert: ");
    let page = read("docs/alerts.md");
    assert_eq!(after(&page, "## "), alerts);
    for alert in alerts {
        assert!(page.contains(&format!("\n| `{alert}` | ")), "{alert}");
    }
}

#[test]
fn each_panel_is_described_as_the_dashboard_does() {
    let page = read("docs/dashboards.md");
    let mut described = 0;
    for dashboard in all() {
        let title = text(&dashboard["title"]).replace("loopscope / ", "\n## ");
        let section = page.split_once(&format!("{title}\n")).unwrap().1;
        let section = section.split("\n## ").next().unwrap();
        for panel in panels(&dashboard) {
            let (title, description) = (text(&panel["title"]), text(&panel["description"]));
            let row = format!("\n| {title} | {description} |\n");
            assert!(section.contains(&row), "{row}");
            described += 1;
        }
    }
    assert_eq!(page.matches("\n| ").count(), described + 2 * all().len());
}
