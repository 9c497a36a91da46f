//! The panels: each has data where services are at work, and shows the faults that are its.

use crate::shops::{FAULTS, WELL, job};
use integration_tests::PrometheusApi;
use integration_tests::dashboards::{self, filled};
use std::collections::BTreeSet;

/// What no shop does: its panels are put to services that do, in the test `stack`.
const ELSEWHERE: [&str; 5] = [
    "Cancelled requests",
    "Cancelled requests sent",
    "Failed look-ups",
    "Failed tasks",
    "Telemetry errors",
];

/// Each fault, the service that shows it, in which panel, and by which label; where that has no name,
/// by the value, which is above this one.
const SHOWN: [(&str, &str, &str, Shows); 14] = [
    (
        "slow-store",
        "store",
        "Request time by route, percentiles",
        Shows::Above(0.3),
    ),
    (
        "slow-store",
        "gateway",
        "Time of requests sent by server, percentiles",
        Shows::Above(0.3),
    ),
    ("blocked-store", "store", "Utilisation", Shows::Above(0.9)),
    (
        "blocked-store",
        "store",
        "Scheduling delay, percentiles",
        Shows::Above(0.1),
    ),
    (
        "blocked-store",
        "store",
        "Poll time by task",
        Shows::Above(0.1),
    ),
    ("blocked-store", "store", "Long polls", Shows::Above(0.5)),
    (
        "refused-connections",
        "worker",
        "Errors by type",
        Shows::Label("error_type", "connection_refused"),
    ),
    (
        "refused-connections",
        "worker",
        "Failed requests sent",
        Shows::Label("error_type", "connection_refused"),
    ),
    (
        "refused-connections",
        "gateway",
        "Failed requests",
        Shows::Label("error_type", "502"),
    ),
    (
        "full-queue",
        "worker",
        "Puts that wait",
        Shows::Label("loopscope_queue_name", "orders"),
    ),
    ("full-queue", "worker", "Depth", Shows::Above(6.0)),
    (
        "full-queue",
        "gateway",
        "Requests by status",
        Shows::Label("http_response_status_code", "503"),
    ),
    (
        "bad-certificate",
        "gateway",
        "Failed handshakes",
        Shows::Label("error_type", "tls_certificate_expired"),
    ),
    (
        "bad-certificate",
        "load",
        "Failed requests sent",
        Shows::Label("error_type", "tls_certificate_expired"),
    ),
];

enum Shows {
    Label(&'static str, &'static str),
    Above(f64),
}

/// Whether every panel's every query finds something among the shops.
pub(crate) fn have_data(prometheus: &PrometheusApi) -> Result<(), String> {
    let names = FAULTS.iter().chain([&WELL]);
    let jobs: Vec<_> = names.map(|shop| job(shop, ".+")).collect();
    let jobs = jobs.join("|");
    let mut titles = BTreeSet::new();
    for dashboard in dashboards::all() {
        for panel in dashboards::panels(&dashboard) {
            let title = dashboards::text(&panel["title"]);
            titles.insert(title.to_owned());
            if ELSEWHERE.contains(&title) {
                continue;
            }
            for query in dashboards::queries(panel) {
                prometheus
                    .has_data(&filled(query, &jobs))
                    .map_err(|error| format!("{title}: {error}"))?;
            }
        }
    }
    for title in ELSEWHERE
        .iter()
        .chain(SHOWN.iter().map(|(_, _, title, _)| title))
    {
        assert!(titles.contains(*title), "there is a panel {title}");
    }
    Ok(())
}

/// Whether each fault is seen in the shop that has it, and not in the one that is well.
pub(crate) fn show_the_faults(prometheus: &PrometheusApi) -> Result<(), String> {
    for (fault, service, title, shows) in &SHOWN {
        for (shop, faulty) in [(*fault, true), (WELL, false)] {
            let job = job(shop, service);
            if is_shown(prometheus, title, &job, shows)? != faulty {
                return Err(format!("{title} of {job}, {fault}"));
            }
        }
    }
    Ok(())
}

fn is_shown(
    prometheus: &PrometheusApi,
    title: &str,
    job: &str,
    shows: &Shows,
) -> Result<bool, String> {
    let dashboards = dashboards::all();
    let panels = dashboards.iter().flat_map(dashboards::panels);
    let panels = panels.filter(|panel| panel["title"] == title);
    for query in panels.flat_map(dashboards::queries) {
        for sample in prometheus.query(&filled(query, job))? {
            let shown = match shows {
                Shows::Above(limit) => sample.value > *limit,
                Shows::Label(label, value) => {
                    let labelled = sample.labels.get(*label).is_some_and(|has| has == value);
                    labelled && sample.value > 0.0
                }
            };
            if shown {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
