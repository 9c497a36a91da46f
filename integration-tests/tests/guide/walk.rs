//! From its first command to its last.

use crate::commands::{PATIENCE, Running, commands, page, root, run};
use crate::purchases;
use backends::Ports;
use integration_tests::{JaegerApi, servers_are_there, wait_for_at_most};
use std::net::TcpListener;

/// What runs until it is told to end, and what it prints when it is ready.
const RUNS_ON: [(&str, &str); 2] = [
    ("cargo xtask stack", "Ctrl-C stops all of it."),
    (
        "OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 cargo run --features http --example hello",
        "listening on 127.0.0.1:8000",
    ),
];

/// The guide is written for the usual ports.
fn ports_are_free() {
    let Ports {
        otlp_grpc,
        otlp_http,
        jaeger,
        prometheus,
        ..
    } = Ports::USUAL;
    for port in [otlp_grpc, otlp_http, jaeger, prometheus, 8443, 8000] {
        if let Err(error) = TcpListener::bind(("127.0.0.1", port)) {
            panic!("the guide needs port {port}: {error}; is a stack running?");
        }
    }
}

/// Texts that a command of the guide which ends by itself prints.
fn expected(command: &str) -> &'static [&'static str] {
    let all: [(&str, &[&str]); 7] = [
        (
            "--example quickstart",
            &[
                "[TLS] Handshake complete",
                "\ntrace ",
                "loopscope.timer.delay",
            ],
        ),
        ("xtask trace --service hello", &["GET /{name}"]),
        (
            "xtask trace",
            &["shop-load", "shop-gateway", "shop-worker", "shop-store"],
        ),
        (
            "api/v1/query",
            &[r#""http_route":"/stock/{item}""#, r#""job":"shop-store""#],
        ),
        (
            "shop load",
            &["look              200", "order             201"],
        ),
        ("api/v1/alerts", &[r#""status":"success""#]),
        ("localhost:8000", &["hello, world\n"]),
    ];
    let mut found = all.into_iter().filter(|(part, _)| command.contains(part));
    match found.next() {
        Some((_, texts)) => texts,
        None => panic!("what is to come of this? {command}"),
    }
}

/// Runs a command and holds what it prints against what is expected.
fn try_run(command: &str) -> Result<(), String> {
    let said = run(command)?;
    let missing = expected(command).iter().find(|text| !said.contains(**text));
    match missing {
        None => Ok(()),
        Some(missing) => Err(format!("no {missing:?} in {said}")),
    }
}

#[test]
fn the_guides_commands_do_what_it_says() {
    if !servers_are_there() {
        return;
    }
    ports_are_free();
    let jaeger = JaegerApi::at("http://localhost:16686".into());
    let mut running = Vec::new();
    for command in commands(&page("getting-started.md")) {
        // Those are read by Compose's own parser, in the test `stack`.
        if command.starts_with("docker compose ") {
            continue;
        }
        let runs_on = RUNS_ON.iter().find(|(start, _)| command.starts_with(start));
        if let Some((_, ready)) = runs_on {
            running.push(Running::start(&command, ready));
            if command.contains("--shop") {
                purchases::are_whole(&jaeger);
            }
            continue;
        }
        // What was just done arrives in a moment: spans after five seconds, metrics as well.
        wait_for_at_most(PATIENCE, &command, || try_run(&command));
    }
    assert_eq!(running.len(), RUNS_ON.len());
    let stack = running.remove(0);
    for service in running {
        service.interrupt();
    }
    assert!(stack.interrupt().ends_with("stopping\nstopped\n"));
}

#[test]
fn the_guide_shows_the_smallest_example_as_it_is() {
    let page = page("getting-started.md");
    let shown = page.split("```rust,no_run\n").nth(1).unwrap();
    let shown = shown.split("```").next().unwrap();
    let example = std::fs::read_to_string(root().join("examples/hello.rs")).unwrap();
    let (_, code) = example.split_once("\n\n").unwrap();
    assert_eq!(shown, code);
}
