//! The rules of Grafana's dashboard-linter, each under the name that it has there.
//!
//! Of its seventeen, those about LogQL speak of no query here, and `target-promql-rule` is held by
//! Prometheus itself, which is put each query in `queries`. There is no exception.

use crate::names;
use integration_tests::dashboards::{all, list, panels, queries, text, variable};

/// What it knows of Grafana's units, as far as they are used here.
const UNITS: [&str; 8] = [
    "Bps",
    "cps",
    "ms",
    "ops",
    "percentunit",
    "reqps",
    "s",
    "short",
];

/// The selectors of a query, what is in braces.
fn selectors(query: &str) -> Vec<&str> {
    let starts = query.split('{').skip(1);
    starts.map(|rest| rest.split('}').next().unwrap()).collect()
}

/// All queries of all dashboards.
fn all_queries() -> Vec<String> {
    let dashboards = all();
    let panels = dashboards.iter().flat_map(panels);
    panels.flat_map(queries).map(String::from).collect()
}

#[test]
fn template_datasource_rule() {
    for dashboard in all() {
        let variables = list(&dashboard["templating"]["list"]).iter();
        let sources: Vec<_> = variables
            .filter(|variable| variable["type"] == "datasource")
            .collect();
        // Where there are several, their names and labels say of which kind each is. The linter
        // takes the first to be that of the queries.
        for (source, (kind, label)) in sources.iter().zip([
            ("prometheus", "Prometheus data source"),
            ("jaeger", "Jaeger data source"),
        ]) {
            assert_eq!(source["query"], kind);
            assert_eq!(source["name"], format!("{kind}_datasource"));
            assert_eq!(source["label"], label);
        }
        assert_eq!(sources.len(), 2);
    }
}

#[test]
fn template_job_rule_and_template_instance_rule() {
    for dashboard in all() {
        for (name, label) in [("job", "Job"), ("instance", "Instance")] {
            let variable = variable(&dashboard, name);
            assert_eq!(variable["type"], "query");
            assert_eq!(variable["datasource"]["uid"], "${prometheus_datasource}");
            assert_eq!(variable["label"], label);
            assert_eq!(variable["multi"], true);
            assert_eq!(variable["allValue"], ".+");
        }
    }
}

#[test]
fn template_label_promql_rule_and_template_on_time_change_reload_rule() {
    for dashboard in all() {
        for variable in list(&dashboard["templating"]["list"]) {
            if variable["type"] == "query" {
                let query = text(&variable["query"]["query"]);
                assert!(query.starts_with("label_values("), "{query}");
                names::metrics(query);
                assert_eq!(variable["refresh"], 2, "with the range of time: {query}");
            }
        }
    }
}

#[test]
fn panel_datasource_rule_and_panel_no_targets_rule() {
    for dashboard in all() {
        for panel in panels(&dashboard) {
            let title = text(&panel["title"]);
            let targets = list(&panel["targets"]);
            assert!(!targets.is_empty(), "{title}");
            for source in targets.iter().chain([panel]) {
                let source = &source["datasource"]["uid"];
                assert_eq!(source, "${prometheus_datasource}", "{title}");
            }
        }
    }
}

#[test]
fn panel_title_description_rule_and_panel_units_rule() {
    for dashboard in all() {
        for panel in panels(&dashboard) {
            let title = text(&panel["title"]);
            assert!(!title.is_empty());
            assert!(text(&panel["description"]).ends_with('.'), "{title}");
            let unit = text(&panel["fieldConfig"]["defaults"]["unit"]);
            assert!(UNITS.contains(&unit), "{title}: {unit}");
        }
    }
}

#[test]
fn target_job_rule_and_target_instance_rule() {
    for query in all_queries() {
        let selectors = selectors(&query);
        assert!(selectors.len() >= names::metrics(&query).len(), "{query}");
        for selector in selectors {
            assert!(
                selector.starts_with("job=~\"$job\", instance=~\"$instance\""),
                "{query}"
            );
        }
    }
}

#[test]
fn target_rate_interval_rule() {
    for query in all_queries() {
        for range in query.split('[').skip(1) {
            assert!(range.starts_with("$__rate_interval]"), "{query}");
        }
    }
}

#[test]
fn target_counter_agg_rule() {
    let counts = ["_total", "_bucket", "_count", "_sum"];
    for query in all_queries() {
        for metric in names::metrics(&query) {
            if counts.iter().any(|suffix| metric.ends_with(suffix)) {
                let rates = ["rate", "increase"]
                    .map(|function| query.matches(&format!("{function}({metric}{{")).count());
                let places = query.matches(&metric).count();
                assert_eq!(places, rates[0] + rates[1], "{query}");
            }
        }
    }
}

#[test]
fn uneditable_dashboard() {
    for dashboard in all() {
        assert_eq!(dashboard["editable"], false);
    }
}
