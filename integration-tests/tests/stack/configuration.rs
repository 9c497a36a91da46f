//! Each file is valid to the program that it is for. Jaeger's is tried by its start, in `queries`.

use backends::{Server, configuration_folder, locate};
use integration_tests::servers_are_there;
use std::process::Command;

/// Runs a program on a configuration file; returns what it says.
fn accepts(server: Server, program: &str, arguments: &[&str], file: &str) -> String {
    let output = Command::new(locate(server, program).unwrap())
        .args(arguments)
        .arg(configuration_folder().join(file))
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{file}: {said}");
    said
}

#[test]
fn the_collector_accepts_its_configuration() {
    if servers_are_there() {
        let validate = ["validate", "--config"];
        accepts(Server::Collector, "otelcol", &validate, "collector.yaml");
    }
}

#[test]
fn prometheus_accepts_its_configuration() {
    if servers_are_there() {
        let check = ["check", "config", "--lint=all", "--lint-fatal"];
        let file = "prometheus/prometheus.yaml";
        let said = accepts(Server::Prometheus, "promtool", &check, file);
        assert!(said.contains("1 rule files found"), "{said}");
    }
}

#[test]
fn the_rules_do_what_their_tests_say() {
    if servers_are_there() {
        let check = ["check", "rules", "--lint=all", "--lint-fatal"];
        let rules = "prometheus/rules/loopscope.rules.yaml";
        accepts(Server::Prometheus, "promtool", &check, rules);
        let tests = "prometheus/rules/loopscope.test.yaml";
        accepts(Server::Prometheus, "promtool", &["test", "rules"], tests);
    }
}
