//! The compose file and the Dockerfile, as Docker's own parsers read them.

use backends::{Server, configuration_folder, locate};
use integration_tests::servers_are_there;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// What a file in the folder `docker` comes to.
fn read(kind: &str, file: &str) -> Value {
    let file = configuration_folder().join("../docker").join(file);
    let parser = locate(Server::Compose, "compose-check").unwrap();
    let output = Command::new(parser).arg(kind).arg(file).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The services of the compose file, with names and anchors resolved.
fn all_services() -> Vec<(String, Value)> {
    let mut project = read("compose", "compose.yaml");
    let services = project["services"].as_object_mut().unwrap();
    std::mem::take(services).into_iter().collect()
}

/// Those of the stack, or those of the shop.
fn services(of_shop: bool) -> Vec<(String, Value)> {
    let mut services = all_services();
    services.retain(|(_, service)| (service["profiles"] == json!(["shop"])) == of_shop);
    services
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn compose_runs_the_stack_on_this_machine_alone_from_pinned_images() {
    if !servers_are_there() {
        return;
    }
    let services = services(false);
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
    for (name, service) in services(false) {
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
    let services = services(false);
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
    let services = services(false);
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
    let tags = serde_json::json!([{"key": "service.instance.id", "value": "instance"}]);
    assert_eq!(to_metrics["tags"], tags);
    for query in list(&to_metrics["queries"]) {
        // As Grafana does it.
        let query = query["query"].as_str().unwrap();
        let query = query
            .replace("$$__tags", "")
            .replace("$$__rate_interval", "1m");
        crate::names::metrics(&query);
    }
}

#[test]
fn the_shop_is_built_in_one_stage_and_run_in_another_by_nobody_in_particular() {
    if !servers_are_there() {
        return;
    }
    let stages = read("dockerfile", "Dockerfile");
    let [build, run] = list(&stages) else {
        panic!("two stages: {stages}");
    };
    for base in [build, run].map(|stage| stage["base"].as_str().unwrap()) {
        let (_, version) = base.rsplit_once(':').unwrap();
        let is_pinned = version.starts_with(|first: char| first.is_ascii_digit());
        assert!(is_pinned && version.contains('.'), "{base}");
    }
    let commands: Vec<_> = list(&run["commands"]).iter().map(text).collect();
    let starting_with = |word: &str| {
        let mut found = commands.iter().filter(|command| command.starts_with(word));
        *found
            .next()
            .unwrap_or_else(|| panic!("no {word} in {commands:?}"))
    };
    assert_eq!(starting_with("USER"), "USER 10001:10001");
    assert!(starting_with("HEALTHCHECK").contains("shop health $SHOP_HEALTH"));
    // What is built is the example, as its manifest wants it.
    let built = list(&build["commands"]).last().unwrap().to_string();
    assert!(
        built.contains("--locked --features http --example shop"),
        "{built}"
    );
}

#[test]
fn the_shop_runs_where_it_is_asked_for_and_each_service_after_those_that_it_asks() {
    if !servers_are_there() {
        return;
    }
    let services = services(true);
    let names: Vec<_> = services.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["customers", "gateway", "store", "worker"]);
    for (name, service) in &services {
        assert_eq!(
            service["build"]["dockerfile"], "docker/Dockerfile",
            "{name}"
        );
        assert_eq!(service["read_only"], true, "{name}");
        let endpoint = &service["environment"]["OTEL_EXPORTER_OTLP_ENDPOINT"];
        assert_eq!(endpoint, "http://collector:4318", "{name}");
        for port in list(&service["ports"]) {
            assert_eq!(port["host_ip"], "127.0.0.1", "{name}");
        }
        let checked = service["healthcheck"]["disable"] != true;
        assert_eq!(checked, name != "customers", "nobody can ask customers");
        assert_eq!(
            checked,
            service["environment"]["SHOP_HEALTH"].is_string(),
            "{name}"
        );
        let waits_for = service["depends_on"].as_object().into_iter().flatten();
        for (other, condition) in waits_for {
            assert_eq!(condition["condition"], "service_healthy", "{name} {other}");
        }
    }
    let waits_for = |name: &str| {
        let (_, service) = services.iter().find(|(other, _)| other == name).unwrap();
        let others = service["depends_on"].as_object().into_iter().flatten();
        others.map(|(other, _)| other.clone()).collect::<Vec<_>>()
    };
    assert_eq!(waits_for("customers"), ["gateway"]);
    assert_eq!(waits_for("gateway"), ["worker"]);
    assert_eq!(waits_for("worker"), ["store"]);
}

/// The command lines of the compose file are ones that the shop takes.
#[test]
fn the_shop_understands_what_compose_tells_it() {
    if !servers_are_there() {
        return;
    }
    for (name, service) in services(true) {
        let command = list(&service["command"]).iter().map(text);
        // All that is wrong with it is the one word too many.
        let output = Command::new(crate::program::path("shop"))
            .args(command.chain(["--seconds=x"]))
            .output()
            .unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        let unknown = match name.as_str() {
            "customers" => "invalid value 'x' for '--seconds <N>'",
            _ => "unexpected argument '--seconds' found",
        };
        assert!(complaint.contains(unknown), "{name}: {complaint}");
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}
