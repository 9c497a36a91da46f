//! The dashboards are as Grafana's schema has them and show all that is emitted. What Grafana's linter
//! wants of them is in `linter`, and where their graphs lead to in `links`.

use crate::names;
use backends::{Server, locate};
use integration_tests::dashboards::{
    all, folder, kept, list, marks, panels, queries, text, variable,
};
use integration_tests::servers_are_there;
use loopscope::otel::names::{HTTP_METRICS, METRICS};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

/// What Grafana's schema says of files.
fn checked(files: &[PathBuf]) -> Output {
    let program = locate(Server::Grafana, "dashboard-check").unwrap();
    Command::new(program).args(files).output().unwrap()
}

#[test]
fn grafanas_schema_knows_all_that_is_in_them() {
    if !servers_are_there() {
        return;
    }
    let files = fs::read_dir(folder()).unwrap();
    let files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    let output = checked(&files);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");

    // What it does not know it refuses.
    let whole = fs::read_to_string(folder().join("http.json")).unwrap();
    let wrong = tempfile::NamedTempFile::new().unwrap();
    fs::write(
        wrong.path(),
        whole.replace("\"showValue\"", "\"showValues\""),
    )
    .unwrap();
    let output = checked(&[wrong.path().to_owned()]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("unexpected field 'showValues'"), "{said}");
    assert!(!output.status.success());
}

#[test]
fn each_has_a_name_that_stays() {
    let mut ids = BTreeSet::new();
    for dashboard in all() {
        assert!(ids.insert(text(&dashboard["uid"]).to_owned()));
        assert!(text(&dashboard["uid"]).starts_with("loopscope-"));
        assert!(!text(&dashboard["description"]).is_empty());
        assert_eq!(dashboard["schemaVersion"], 41);
        assert_eq!(dashboard["tags"], serde_json::json!(["loopscope"]));
    }
}

#[test]
fn each_lets_choose_what_its_queries_vary_by() {
    for dashboard in all() {
        let panels_text = dashboard["panels"].to_string();
        for variable in list(&dashboard["templating"]["list"]) {
            let name = text(&variable["name"]);
            let used = [format!("${name}"), format!("${{{name}}}")];
            assert!(
                used.iter().any(|used| panels_text.contains(used)),
                "{name} in {}",
                dashboard["title"]
            );
            if variable["type"] == "query" {
                assert_eq!(variable["datasource"]["uid"], "${prometheus_datasource}");
                assert_eq!(variable["includeAll"], true, "{name}");
                assert_eq!(variable["multi"], true, "{name}");
                let query = text(&variable["query"]["query"]);
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
        for query in panels(&dashboard).into_iter().flat_map(queries) {
            for (label, name) in [
                ("loopscope_loop_name=", "loop"),
                ("loopscope_queue_name=", "queue"),
                ("http_route=", "route"),
                ("server_address=", "server"),
            ] {
                if query.contains(label) {
                    assert!(query.contains(&format!("{label}~\"${name}\"")), "{query}");
                    // What lacks the label is in All.
                    assert_eq!(variable(&dashboard, name)["allValue"], ".*");
                }
            }
        }
    }
}

#[test]
fn each_panel_is_there_once_and_has_thresholds() {
    for dashboard in all() {
        let mut titles = BTreeSet::new();
        let mut ids = BTreeSet::new();
        for panel in panels(&dashboard) {
            let title = text(&panel["title"]);
            assert!(titles.insert(title), "{title} twice");
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}");
            let steps = &panel["fieldConfig"]["defaults"]["thresholds"]["steps"];
            assert!(
                panel["type"] == "heatmap" || !list(steps).is_empty(),
                "{title}"
            );
        }
    }
}

#[test]
fn legends_tell_the_lines_of_a_graph_apart() {
    for dashboard in all() {
        for panel in panels(&dashboard) {
            if panel["type"] != "timeseries" {
                continue;
            }
            for target in list(&panel["targets"]) {
                let legend = text(&target["legendFormat"]).split("{{").skip(1);
                let named: BTreeSet<_> = legend
                    .map(|rest| rest.split("}}").next().unwrap())
                    .collect();
                let kept = kept(text(&target["expr"])).into_iter();
                let kept: BTreeSet<_> = kept.filter(|label| *label != "le").collect();
                assert_eq!(named, kept, "{}", panel["title"]);
            }
        }
    }
}

/// What has no data when all is well says so.
#[test]
fn panels_of_failures_say_that_there_are_none() {
    let absent = [
        "error_type!=\"\"",
        "=\"error\"",
        "_ERROR\"",
        "=\"cancelled\"",
    ];
    for dashboard in all() {
        for panel in panels(&dashboard) {
            let queries = queries(panel);
            let may_be_empty = |query: &&str| {
                absent.iter().any(|label| query.contains(label)) && !query.contains(" or 0 * ")
            };
            if queries.iter().all(may_be_empty) {
                let says = panel["fieldConfig"]["defaults"]["noValue"].is_string();
                assert!(says, "{}", panel["title"]);
            }
        }
    }
}

#[test]
fn quantiles_and_heat_maps_ask_for_exemplars_and_nothing_else_does() {
    for dashboard in all() {
        for panel in panels(&dashboard) {
            for target in list(&panel["targets"]) {
                let is_quantile = text(&target["expr"]).contains("histogram_quantile(");
                let expected = is_quantile || panel["type"] == "heatmap";
                assert_eq!(target["exemplar"] == true, expected, "{}", panel["title"]);
            }
        }
    }
}

#[test]
fn graphs_are_marked_where_alerts_fired() {
    for dashboard in all() {
        let marks = marks(&dashboard);
        assert_eq!(names::metrics(marks).len(), 1);
        assert!(marks.contains("{job=~\"$job\", instance=~\"$instance\", "));
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
    for metric in METRICS.iter().chain(HTTP_METRICS) {
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
