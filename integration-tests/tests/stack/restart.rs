//! What the Collector has taken it delivers, whatever happens to the servers behind it.

use crate::support;
use backends::{Ports, Stack};
use integration_tests::{JaegerApi, PrometheusApi, servers_are_there, wait_for};
use std::process::Command;

const SERVICE: &str = "patient";

#[test]
fn what_waits_for_a_server_that_is_down_survives_a_restart() {
    if !servers_are_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let stack = Stack::start(folder.path(), Ports::default()).unwrap();
    let [_, jaeger, _] = stack.process_ids()[..] else {
        panic!("three servers");
    };
    let mut kill = Command::new("kill");
    kill.args(["-s", "KILL", &jaeger.to_string()]);
    assert!(kill.status().unwrap().success());

    let endpoint = support::all_to(stack.otlp_http(), "http/protobuf");
    let telemetry = support::telemetry(SERVICE, &endpoint);
    support::run(&telemetry, "kept");
    telemetry.shutdown().expect("the Collector has taken it");
    let killed = stack.stop().expect_err("Jaeger was killed").to_string();
    assert!(killed.contains("the jaeger: it has ended"), "{killed}");

    let stack = Stack::start(folder.path(), Ports::default()).unwrap();
    let spans = JaegerApi::at(stack.jaeger()).wait_for_spans(SERVICE, 1);
    assert!(spans.iter().any(|span| span.name == "kept"), "{spans:?}");
    // Whether before the restart or after: the metrics arrive as well.
    let prometheus = PrometheusApi::at(stack.prometheus());
    let active = format!("last_over_time(loopscope_task_active{{job=\"{SERVICE}\"}}[1h])");
    wait_for("metrics", || match prometheus.query(&active)?.len() {
        0 => Err("none".to_owned()),
        _ => Ok(()),
    });
    stack.stop().expect("all servers end in order");
}
