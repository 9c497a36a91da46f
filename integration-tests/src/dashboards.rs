//! The dashboards, and what is in them.

#![expect(
    clippy::missing_panics_doc,
    reason = "all panic where a dashboard is not as it should be"
)]

use backends::configuration_folder;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

const NUMBER: usize = 5;

/// Where they are.
pub fn folder() -> PathBuf {
    configuration_folder().join("grafana/dashboards")
}

/// All dashboards.
pub fn all() -> Vec<Value> {
    let files = fs::read_dir(folder()).expect("the dashboards are well formed");
    let dashboards = files.map(|file| {
        let text = fs::read_to_string(file.expect("the dashboards are well formed").path())
            .expect("the dashboards are well formed");
        serde_json::from_str(&text).expect("the dashboards are well formed")
    });
    let dashboards: Vec<Value> = dashboards.collect();
    assert_eq!(dashboards.len(), NUMBER);
    dashboards
}

/// The items of a list.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().expect("the dashboards are well formed")
}

/// A value that is text.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// A dashboard's panels, without the headings of rows.
pub fn panels(dashboard: &Value) -> Vec<&Value> {
    let panels = list(&dashboard["panels"]).iter();
    panels.filter(|panel| panel["type"] != "row").collect()
}

/// The queries of a panel.
pub fn queries(panel: &Value) -> Vec<&str> {
    let targets = list(&panel["targets"]).iter();
    targets.map(|target| text(&target["expr"])).collect()
}

/// The labels that a query of a graph keeps.
pub fn kept(query: &str) -> Vec<&str> {
    let by = query
        .split(" by (")
        .nth(1)
        .expect("the dashboards are well formed");
    by.split(')')
        .next()
        .expect("the dashboards are well formed")
        .split(", ")
        .collect()
}

/// The query that marks the graphs of a dashboard with the alerts that fire.
pub fn marks(dashboard: &Value) -> &str {
    text(&dashboard["annotations"]["list"][0]["expr"])
}

/// A variable that users choose by.
pub fn variable<'a>(dashboard: &'a Value, name: &str) -> &'a Value {
    let variables = list(&dashboard["templating"]["list"]);
    let found = variables.iter().find(|variable| variable["name"] == name);
    found.unwrap_or_else(|| panic!("no variable {name} in {}", dashboard["title"]))
}

/// A panel's query for a service, as Grafana puts it where all else is chosen.
pub fn filled(query: &str, job: &str) -> String {
    let query = query
        .replace("$__rate_interval", "1m")
        .replace("$job", job)
        .replace("$instance", ".+")
        .replace("$loop", ".*")
        .replace("$queue", ".*")
        .replace("$route", ".*")
        .replace("$server", ".*");
    // What stands for a group of a regular expression is no variable of Grafana's.
    assert!(!query.replace("\"$1\"", "").contains('$'), "{query}");
    query
}
