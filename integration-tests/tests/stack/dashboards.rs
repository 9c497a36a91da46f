//! The dashboards are as Grafana's own linter wants them, and speak of what is emitted.

use crate::names;
use backends::configuration_folder;
use loopscope::otel::names::METRICS;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

const NUMBER: usize = 4;

/// All dashboards.
pub(crate) fn all() -> Vec<Value> {
    let folder = configuration_folder().join("grafana/dashboards");
    let files = fs::read_dir(folder).unwrap();
    let dashboards = files.map(|file| {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        serde_json::from_str(&text).unwrap()
    });
    let dashboards: Vec<Value> = dashboards.collect();
    assert_eq!(dashboards.len(), NUMBER);
    dashboards
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// A dashboard's panels, without the headings of rows.
pub(crate) fn panels(dashboard: &Value) -> Vec<&Value> {
    let panels = list(&dashboard["panels"]).iter();
    panels.filter(|panel| panel["type"] != "row").collect()
}

/// The queries of a panel.
pub(crate) fn queries(panel: &Value) -> Vec<&str> {
    let targets = list(&panel["targets"]).iter();
    targets.map(|target| text(&target["expr"])).collect()
}

/// The selectors of a query, what is in braces.
fn selectors(query: &str) -> Vec<&str> {
    let starts = query.split('{').skip(1);
    starts.map(|rest| rest.split('}').next().unwrap()).collect()
}

fn variable<'a>(dashboard: &'a Value, name: &str) -> &'a Value {
    let variables = list(&dashboard["templating"]["list"]);
    let found = variables.iter().find(|variable| variable["name"] == name);
    found.unwrap_or_else(|| panic!("no variable {name} in {}", dashboard["title"]))
}

#[test]
fn each_has_a_name_that_stays_and_cannot_be_edited_apart_from_its_file() {
    let mut ids = BTreeSet::new();
    for dashboard in all() {
        assert!(ids.insert(text(&dashboard["uid"]).to_owned()));
        assert!(text(&dashboard["uid"]).starts_with("loopscope-"));
        assert!(!text(&dashboard["description"]).is_empty());
        assert_eq!(dashboard["editable"], false);
        assert_eq!(dashboard["schemaVersion"], 41);
        assert_eq!(dashboard["tags"], serde_json::json!(["loopscope"]));
    }
}

#[test]
fn each_lets_choose_data_source_service_instance_and_what_else_its_queries_vary_by() {
    for dashboard in all() {
        for (name, kind) in [("datasource", "prometheus"), ("jaeger", "jaeger")] {
            let source = variable(&dashboard, name);
            assert_eq!(source["type"], "datasource");
            assert_eq!(source["query"], kind);
        }
        for name in ["job", "instance"] {
            assert_eq!(variable(&dashboard, name)["allValue"], ".+");
        }
        assert_eq!(variable(&dashboard, "job")["label"], "Job");
        assert_eq!(variable(&dashboard, "instance")["label"], "Instance");
        for variable in list(&dashboard["templating"]["list"]) {
            let name = text(&variable["name"]);
            let used = format!("${name}");
            let used = dashboard["panels"].to_string().contains(&used)
                || dashboard["panels"]
                    .to_string()
                    .contains(&format!("${{{name}}}"));
            assert!(used, "{name} in {}", dashboard["title"]);
            if variable["type"] == "query" {
                assert_eq!(variable["datasource"]["uid"], "${datasource}");
                assert_eq!(variable["refresh"], 2, "with the time range");
                assert_eq!(
                    (&variable["multi"], &variable["includeAll"]),
                    (&true.into(), &true.into())
                );
                let query = text(&variable["query"]["query"]);
                names::metrics(query);
                assert_eq!(variable["definition"], query, "{name}");
                // Each is of what was chosen in those before it.
                let selected = ["job=~\"$job\"", "instance=~\"$instance\""];
                let before = ["job", "instance"]
                    .iter()
                    .take_while(|other| **other != name);
                for chosen in &selected[..before.count()] {
                    assert!(query.contains(chosen), "{query}");
                }
            }
        }
        for panel in panels(&dashboard) {
            for query in queries(panel) {
                for (label, name) in [
                    ("loopscope_loop_name=", "$loop"),
                    ("loopscope_queue_name=", "$queue"),
                ] {
                    if query.contains(label) {
                        assert!(query.contains(&format!("{label}~\"{name}\"")), "{query}");
                        variable(&dashboard, &name[1..]);
                    }
                }
            }
        }
    }
}

#[test]
fn each_panel_says_what_it_shows_and_in_which_unit() {
    for dashboard in all() {
        let mut titles = BTreeSet::new();
        let mut ids = BTreeSet::new();
        for panel in panels(&dashboard) {
            let title = text(&panel["title"]);
            assert!(titles.insert(title), "{title} twice");
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}");
            assert!(text(&panel["description"]).ends_with('.'), "{title}");
            let unit = text(&panel["fieldConfig"]["defaults"]["unit"]);
            assert!(!unit.is_empty(), "{title}");
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
            assert!(!list(&panel["targets"]).is_empty(), "{title}");
            for target in list(&panel["targets"]) {
                assert_eq!(target["datasource"]["uid"], "${datasource}", "{title}");
            }
            let steps = &panel["fieldConfig"]["defaults"]["thresholds"]["steps"];
            assert!(
                panel["type"] == "heatmap" || !list(steps).is_empty(),
                "{title}"
            );
        }
    }
}

#[test]
fn no_two_panels_cover_each_other() {
    for dashboard in all() {
        let mut cells = BTreeSet::new();
        for panel in list(&dashboard["panels"]) {
            let at = |key: &str| panel["gridPos"][key].as_u64().unwrap();
            assert!(at("x") + at("w") <= 24);
            for x in at("x")..at("x") + at("w") {
                for y in at("y")..at("y") + at("h") {
                    assert!(
                        cells.insert((x, y)),
                        "{} in {}",
                        panel["title"],
                        dashboard["title"]
                    );
                }
            }
        }
    }
}

#[test]
fn each_query_is_of_the_services_that_were_chosen_and_over_the_interval_that_fits() {
    for dashboard in all() {
        for query in panels(&dashboard).into_iter().flat_map(queries) {
            let metrics = names::metrics(query);
            let selectors = selectors(query);
            assert!(selectors.len() >= metrics.len(), "{query}");
            for selector in selectors {
                assert!(
                    selector.starts_with("job=~\"$job\", instance=~\"$instance\""),
                    "{query}"
                );
            }
            for range in query.split('[').skip(1) {
                assert!(range.starts_with("$__rate_interval]"), "{query}");
            }
            let counts = ["_total", "_bucket", "_count", "_sum"];
            for metric in metrics {
                if counts.iter().any(|suffix| metric.ends_with(suffix)) {
                    let places = query.matches(&metric).count();
                    let rates = ["rate", "increase"]
                        .map(|function| query.matches(&format!("{function}({metric}{{")).count());
                    assert_eq!(places, rates[0] + rates[1], "{query}");
                }
            }
        }
    }
}

#[test]
fn graphs_lead_to_the_traces_of_the_service() {
    for dashboard in all() {
        for panel in panels(&dashboard) {
            if panel["type"] != "timeseries" {
                continue;
            }
            let title = &panel["title"];
            let links = list(&panel["fieldConfig"]["defaults"]["links"]);
            let url = text(&links[0]["url"]);
            assert!(url.starts_with("/explore?"), "{title}");
            for part in [
                "${jaeger}",
                "%22search%22",
                "${__field.labels.job}",
                "${__from}",
            ] {
                assert!(url.contains(part), "{title}: {url}");
            }
            for query in queries(panel) {
                assert!(
                    query.contains(" by (job"),
                    "the link needs the label: {query}"
                );
            }
        }
    }
}

#[test]
fn every_metric_is_shown_and_every_histogram_as_a_heat_map() {
    let (mut shown, mut mapped) = (BTreeSet::new(), BTreeSet::new());
    for dashboard in all() {
        for panel in panels(&dashboard) {
            let metrics = queries(panel).into_iter().flat_map(names::metrics);
            if panel["type"] == "heatmap" {
                assert_eq!(panel["targets"][0]["format"], "heatmap");
                mapped.extend(metrics);
            } else {
                shown.extend(metrics);
            }
        }
    }
    for metric in METRICS {
        let names = crate::prometheus_names::in_prometheus(metric);
        let is_in = |set: &BTreeSet<String>| names.iter().any(|name| set.contains(name));
        assert!(is_in(&shown), "{}", metric.name);
        if metric.kind.as_str() == "histogram" {
            assert!(is_in(&mapped), "{}", metric.name);
        }
    }
}

#[test]
fn the_overview_leads_to_each_of_the_others() {
    let dashboards = all();
    let overview = dashboards
        .iter()
        .find(|board| board["uid"] == "loopscope-overview");
    let links = overview.unwrap()["panels"].to_string();
    for dashboard in &dashboards {
        let id = text(&dashboard["uid"]);
        assert!(
            id == "loopscope-overview" || links.contains(&format!("/d/{id}?")),
            "{id}"
        );
    }
}
