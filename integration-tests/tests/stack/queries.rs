//! All together: two services, one of them with every fault, export to the stack that users run, and
//! each query of each panel and rule is put to its Prometheus.

use crate::load::{Healthy, NO_NAME, faulty_turn};
use crate::requests::{BROKEN, Service};
use crate::{links, names, pages, support};
use backends::{Ports, Stack};
use integration_tests::dashboards::{self, filled};
use integration_tests::{
    JaegerApi, PrometheusApi, percent_encoded, servers_are_there, wait_for_at_most,
};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

const FAULTY: &str = "faulty";
/// It is in a namespace, which Prometheus puts in front of its name; the healthy one is in none.
const FAULTY_JOB: &str = "test/faulty";
const HEALTHY: &str = "multicore-echo";
/// Rates need two exports of each, the Collector's own come every 10 seconds, rules are evaluated
/// every 15.
const PATIENCE: Duration = Duration::from_secs(240);

/// What is raised for the faulty service.
const RAISED: [&str; 6] = [
    "LoopscopeHttpServerErrors",
    "LoopscopeLoopSaturated",
    "LoopscopeQueueFull",
    "LoopscopeSchedulingDelayHigh",
    "LoopscopeTelemetryLost",
    "LoopscopeTlsHandshakesFail",
];

/// Each fault: the panel that shows it, and the label by which it shows.
const SHOWN: [(&str, &str, &str); 14] = [
    ("Long polls", "loopscope_task_name", "hog"),
    ("Errors by type", "error_type", "connection_refused"),
    ("Failed handshakes", "error_type", "tls_plain_http"),
    ("Failed look-ups", "dns_question_name", NO_NAME),
    ("Puts that wait", "loopscope_queue_name", "jobs"),
    ("Failed tasks", "loopscope_task_name", "failing"),
    ("Telemetry errors", "error_type", "hook_panicked"),
    ("Failed spans", "span_name", "task failing"),
    ("Alerts", "alertname", "LoopscopeTelemetryLost"),
    ("Failed requests", "http_route", BROKEN),
    ("Share of failures", "http_route", BROKEN),
    ("Cancelled requests", "service", FAULTY),
    ("Failed requests sent", "error_type", "connection_refused"),
    ("Share of HTTP requests that fail", "service", FAULTY),
];

#[test]
fn every_query_finds_data_and_the_right_alerts_are_raised() {
    if !servers_are_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let stack = Stack::start(folder.path(), Ports::default()).unwrap();
    let prometheus = PrometheusApi::at(stack.prometheus());
    let jaeger = JaegerApi::at(stack.jaeger());
    let healthy = Healthy::start(stack.otlp_http());
    let endpoint = support::all_to(stack.otlp_grpc(), "grpc");
    let namespace = ("OTEL_RESOURCE_ATTRIBUTES", "service.namespace=test".into());
    let variables: Vec<_> = endpoint.into_iter().chain([namespace]).collect();
    let telemetry = support::telemetry(FAULTY, &variables);
    let service = Service::start(&telemetry);

    wait_for_at_most(PATIENCE, "data for every query and every alert", || {
        faulty_turn(&telemetry, &service);
        healthy.turn();
        panels_have_data(&prometheus)?;
        for query in pages::queries(FAULTY_JOB) {
            names::metrics(&query);
            prometheus.has_data(&query)?;
        }
        faults_show(&prometheus)?;
        rules_have_data(&prometheus)?;
        let raised = raised(&prometheus, FAULTY_JOB)?;
        let expected: BTreeSet<_> = RAISED.map(String::from).into();
        if raised == expected {
            Ok(())
        } else {
            Err(format!("raised are {raised:?}"))
        }
    });
    for job in [HEALTHY, "otelcol"] {
        assert_eq!(raised(&prometheus, job).unwrap(), BTreeSet::new(), "{job}");
    }
    exemplars_lead_to_traces(&prometheus, &jaeger);
    for (service, job) in [(FAULTY, FAULTY_JOB), (HEALTHY, HEALTHY)] {
        links::find_traces(&prometheus, &jaeger, service, job);
    }
    telemetry.shutdown().expect("nothing is lost");
    drop(healthy);
    stack.stop().expect("all servers end in order");
}

fn panels_have_data(prometheus: &PrometheusApi) -> Result<(), String> {
    let jobs = format!("{FAULTY_JOB}|{HEALTHY}");
    for dashboard in dashboards::all() {
        prometheus.query(&filled(dashboards::marks(&dashboard), &jobs))?;
        for panel in dashboards::panels(&dashboard) {
            for query in dashboards::queries(panel) {
                prometheus.has_data(&filled(query, &jobs))?;
            }
        }
    }
    Ok(())
}

/// Each fault is seen in its panel, wherever that is, for the service that has it and no other.
fn faults_show(prometheus: &PrometheusApi) -> Result<(), String> {
    let dashboards = dashboards::all();
    for (title, label, value) in SHOWN {
        let panels = dashboards.iter().flat_map(dashboards::panels);
        let panels = panels.filter(|panel| panel["title"] == title);
        let queries: Vec<_> = panels.flat_map(dashboards::queries).collect();
        assert!(!queries.is_empty(), "there is a panel {title}");
        for query in queries {
            for (job, faulty) in [(FAULTY_JOB, true), (HEALTHY, false)] {
                let samples = prometheus.query(&filled(query, job))?;
                let shows = samples.iter().any(|sample| {
                    sample.labels.get(label).is_some_and(|has| has == value) && sample.value > 0.0
                });
                if shows != faulty {
                    return Err(format!("{title} of {job}: {samples:?}"));
                }
            }
        }
    }
    Ok(())
}

/// All rules, as Prometheus has them.
fn rules(prometheus: &PrometheusApi) -> Result<Vec<Value>, String> {
    let groups = prometheus.data("rules")?;
    let groups = groups["groups"].as_array().cloned().unwrap_or_default();
    let rules = groups
        .iter()
        .map(|group| group["rules"].as_array().cloned());
    Ok(rules.flatten().flatten().collect())
}

/// What is recorded is there, and so is all that alerts are raised by.
fn rules_have_data(prometheus: &PrometheusApi) -> Result<(), String> {
    for rule in rules(prometheus)? {
        if rule["health"] != "ok" {
            return Err(format!("not evaluated, or not well: {rule}"));
        }
        let query = dashboards::text(&rule["query"]);
        let metrics = names::metrics(query);
        if rule["type"] == "recording" {
            prometheus.has_data(dashboards::text(&rule["name"]))?;
        } else {
            // What the Collector has lost it tells when it has lost something.
            let metrics = metrics.iter().filter(|metric| !metric.contains("_failed_"));
            metrics
                .into_iter()
                .try_for_each(|metric| prometheus.has_data(metric))?;
            for annotation in ["summary", "description", "runbook"] {
                assert!(rule["annotations"][annotation].is_string(), "{rule}");
            }
            for alert in dashboards::list(&rule["alerts"]) {
                // A mistake in a template is told in its text.
                let said = alert["annotations"].to_string();
                assert!(!said.contains("<error"), "{said}");
                assert!(!said.contains("<no value>"), "{said}");
            }
        }
    }
    Ok(())
}

/// The alerts about a service that are pending or fire.
fn raised(prometheus: &PrometheusApi, job: &str) -> Result<BTreeSet<String>, String> {
    let alerts = prometheus.query(&format!("ALERTS{{job=\"{job}\"}}"))?;
    let names = alerts
        .into_iter()
        .map(|alert| alert.labels["alertname"].clone());
    Ok(names.collect())
}

fn exemplars_lead_to_traces(prometheus: &PrometheusApi, jaeger: &JaegerApi) {
    let metric =
        format!("traces_span_metrics_duration_milliseconds_bucket{{job=\"{FAULTY_JOB}\"}}");
    let query = percent_encoded(&metric);
    let exemplars = prometheus
        .data(&format!(
            "query_exemplars?query={query}&start=0&end=4102444800"
        ))
        .unwrap();
    let id = &exemplars[0]["exemplars"][0]["labels"]["trace_id"];
    let id = id
        .as_str()
        .unwrap_or_else(|| panic!("no exemplar: {exemplars}"));
    let spans = jaeger.trace(id).unwrap();
    assert!(spans.iter().any(|span| span.trace_id == id), "{id}");
}
