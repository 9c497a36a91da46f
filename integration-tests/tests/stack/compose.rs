//! The compose file, as Compose's own parser reads it.

use backends::{Server, configuration_folder, locate};
use integration_tests::servers_are_there;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// The services of the compose file, with names and anchors resolved.
fn services() -> Vec<(String, Value)> {
    let file = configuration_folder().join("../docker/compose.yaml");
    let parser = locate(Server::Compose, "compose-check").unwrap();
    let output = Command::new(parser).arg(file).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    let mut project: Value = serde_json::from_slice(&output.stdout).unwrap();
    let services = project["services"].as_object_mut().unwrap();
    std::mem::take(services).into_iter().collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn compose_runs_the_stack_on_this_machine_alone_from_pinned_images() {
    if !servers_are_there() {
        return;
    }
    let services = services();
    let names: Vec<_> = services.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["collector", "grafana", "jaeger", "prometheus"]);
    for (name, service) in &services {
        let image = service["image"].as_str().unwrap();
        let (_, version) = image.rsplit_once(':').unwrap();
        let version = version.trim_start_matches('v');
        assert_eq!(version.split('.').count(), 3, "{image}");
        assert!(
            version.split('.').all(|part| part.parse::<u32>().is_ok()),
            "{image}"
        );
        assert!(!list(&service["ports"]).is_empty(), "{name}");
        for port in list(&service["ports"]) {
            assert_eq!(port["host_ip"], "127.0.0.1", "{name}");
        }
        // Nothing in the Collector's image could make the request.
        let checked = service["healthcheck"]["test"].is_array();
        assert!(checked || name == "collector", "{name}");
    }
}

#[test]
fn compose_uses_the_configuration_that_is_tested() {
    if !servers_are_there() {
        return;
    }
    let folder = configuration_folder().canonicalize().unwrap();
    let mut mounted = 0;
    for (name, service) in services() {
        for volume in list(&service["volumes"]) {
            if volume["type"] == "bind" {
                let source = Path::new(volume["source"].as_str().unwrap());
                let source = source.canonicalize().unwrap();
                assert!(source.starts_with(&folder), "{name}: {}", source.display());
                assert_eq!(volume["read_only"], true, "{name}");
                mounted += 1;
            }
        }
    }
    assert_eq!(mounted, 5);
    // What is switched on by flags is the same where the tests run it.
    let services = services();
    let prometheus = services.iter().find(|(name, _)| name == "prometheus");
    let command = prometheus.unwrap().1["command"].to_string();
    for flag in backends::PROMETHEUS_FLAGS {
        assert!(command.contains(flag), "{flag}");
    }
}

#[test]
fn grafana_finds_the_dashboards_and_the_servers() {
    if !servers_are_there() {
        return;
    }
    let services = services();
    let grafana = services.iter().find(|(name, _)| name == "grafana");
    let volumes = list(&grafana.unwrap().1["volumes"]).iter();
    let targets: Vec<_> = volumes.map(|volume| volume["target"].clone()).collect();
    let provisioned = |file: &str| -> Value {
        let file = configuration_folder()
            .join("grafana/provisioning")
            .join(file);
        serde_saphyr::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
    };
    let dashboards = provisioned("dashboards/dashboards.yaml");
    let path = &dashboards["providers"][0]["options"]["path"];
    assert!(targets.contains(path), "{path}");

    let sources = provisioned("datasources/datasources.yaml");
    let sources = list(&sources["datasources"]);
    for (source, kind) in sources.iter().zip(["prometheus", "jaeger"]) {
        assert_eq!(source["uid"], kind);
        assert_eq!(source["type"], kind);
        let url = source["url"].as_str().unwrap();
        assert!(url.starts_with(&format!("http://{kind}:")), "{url}");
    }
    let to_traces = &sources[0]["jsonData"]["exemplarTraceIdDestinations"][0];
    assert_eq!(to_traces["datasourceUid"], sources[1]["uid"]);
    let to_metrics = &sources[1]["jsonData"]["tracesToMetrics"];
    assert_eq!(to_metrics["datasourceUid"], sources[0]["uid"]);
    for query in list(&to_metrics["queries"]) {
        // As Grafana does it.
        let query = query["query"].as_str().unwrap();
        let query = query
            .replace("$$__tags", "")
            .replace("$$__rate_interval", "1m");
        crate::names::metrics(&query);
    }
}
