//! The alerts: each fires for the services that have its fault, and for no others.

use crate::shops::{FAULTS, WELL, job};
use backends::configuration_folder;
use integration_tests::PrometheusApi;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each fault, the services of the shop that are to be complained of, and by which alert.
const FIRES: [(&str, &str, &str); 10] = [
    ("blocked-store", "store", "LoopscopeLoopSaturated"),
    ("blocked-store", "store", "LoopscopeSchedulingDelayHigh"),
    (
        "refused-connections",
        "gateway",
        "LoopscopeHttpServerErrors",
    ),
    ("refused-connections", "worker", "LoopscopeHttpServerErrors"),
    ("full-queue", "worker", "LoopscopeQueueFull"),
    ("full-queue", "worker", "LoopscopeHttpServerErrors"),
    ("full-queue", "gateway", "LoopscopeHttpServerErrors"),
    ("bad-certificate", "gateway", "LoopscopeTlsHandshakesFail"),
    ("bad-certificate", "load", "LoopscopeTlsHandshakesFail"),
    // Slow is no failure: how slow is too slow is for each service to say.
    ("slow-store", "", ""),
];

/// Prometheus' configuration, with rules that wait for half a minute where the stack's wait for
/// several, and are evaluated more often. That the stack's wait as long as they say, promtool tests.
pub(crate) fn hurried(folder: &Path) -> PathBuf {
    let own = configuration_folder().join("prometheus");
    let read = |file: &str| fs::read_to_string(own.join(file)).unwrap();
    let rules = read("rules/loopscope.rules.yaml");
    let waits = rules.matches("for: 5m").count() + rules.matches("for: 10m").count();
    assert_eq!(rules.matches("        for: ").count(), waits);
    let rules = rules
        .replace("for: 5m", "for: 30s")
        .replace("for: 10m", "for: 30s");
    let config = read("prometheus.yaml");
    let often = config.replace("evaluation_interval: 15s", "evaluation_interval: 5s");
    assert_ne!(config, often);
    fs::create_dir_all(folder.join("rules")).unwrap();
    fs::write(folder.join("rules/loopscope.rules.yaml"), rules).unwrap();
    let path = folder.join("prometheus.yaml");
    fs::write(&path, often).unwrap();
    path
}

type Alerts = BTreeSet<(String, String)>;

/// What fires: services, by their jobs, and alerts.
fn firing(prometheus: &PrometheusApi) -> Result<Alerts, String> {
    let alerts = prometheus.query(r#"ALERTS{alertstate="firing"}"#)?;
    let labels = alerts.iter().map(|alert| &alert.labels);
    Ok(labels
        .map(|labels| (labels["job"].clone(), labels["alertname"].clone()))
        .collect())
}

/// Whether what fires is what is to, no more and no less.
pub(crate) fn are_right(prometheus: &PrometheusApi) -> Result<(), String> {
    for fault in FAULTS {
        assert!(FIRES.iter().any(|(listed, ..)| *listed == fault), "{fault}");
    }
    let listed = FIRES.iter().filter(|(.., alert)| !alert.is_empty());
    let expected: Alerts = listed
        .map(|(fault, service, alert)| (job(fault, service), (*alert).to_owned()))
        .collect();
    let firing = firing(prometheus)?;
    let too_many: Vec<_> = firing.difference(&expected).collect();
    assert!(too_many.is_empty(), "{too_many:?}");
    let missing: Vec<_> = expected.difference(&firing).collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("these do not fire: {missing:?}"))
    }
}

/// What the guide's table says of faults and alerts.
#[test]
fn the_guide_says_which_alerts_fire() {
    let guide = configuration_folder().join("../docs/getting-started.md");
    let guide = fs::read_to_string(guide).unwrap();
    for fault in FAULTS {
        let row = format!("\n| `{fault}` | ");
        let (_, row) = guide.split_once(&row).unwrap_or_else(|| panic!("{fault}"));
        let column = row.lines().next().unwrap().split(" | ").nth(1).unwrap();
        let said: BTreeSet<_> = column
            .split('`')
            .filter(|part| part.starts_with("Loop"))
            .collect();
        let fires = FIRES.iter().filter(|(listed, ..)| *listed == fault);
        let fires = fires
            .map(|(.., alert)| *alert)
            .filter(|alert| !alert.is_empty());
        assert_eq!(said, fires.collect(), "{fault}");
    }
    assert!(!FIRES.iter().any(|(fault, ..)| *fault == WELL));
}
