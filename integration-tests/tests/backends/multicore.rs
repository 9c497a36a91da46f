//! The example `multicore_echo`: several loops share one instrument, and a signal ends them.

use crate::program::Program;
use integration_tests::{Collector, Jaeger, Prometheus, servers_are_there};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

const CLIENTS: usize = 40;
const REQUESTS: usize = 5;
const REQUEST: &[u8] = b"0123456789";

/// What the example prints of each loop: for how long it was active, by its name.
fn active(table: &str) -> BTreeMap<String, f64> {
    let lines = table.lines().skip(1);
    lines
        .map(|line| {
            let cells: Vec<_> = line.split_whitespace().collect();
            let seconds = cells[4].trim_end_matches('s').parse();
            (cells[0].into(), seconds.expect("seconds"))
        })
        .collect()
}

#[test]
fn what_all_loops_saw_arrives_and_tells_them_apart() {
    if !servers_are_there() {
        return;
    }
    let (jaeger, prometheus) = (Jaeger::start(), Prometheus::start());
    let collector = Collector::start(&jaeger, &prometheus);
    let environment = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.otlp_http()),
        ("OTEL_METRIC_EXPORT_INTERVAL", String::from("200")),
    ];
    let arguments = ["--listen", "127.0.0.1:0", "--loops", "2"];
    let mut server = Program::start("multicore_echo", &arguments, &environment);
    let address = server.says("2 loops listening on ");
    for _ in 0..CLIENTS {
        let mut stream = TcpStream::connect(&address).unwrap();
        for _ in 0..REQUESTS {
            stream.write_all(REQUEST).unwrap();
            stream.read_exact(&mut [0; REQUEST.len()]).unwrap();
        }
    }
    server.signal("TERM");
    assert_eq!(server.complains(), "", "it ends without a complaint");
    let (table, status) = server.end();
    assert!(status.success(), "{table}");

    // All of it was sent before the program ended.
    const JOB: &str = "job=\"multicore-echo\"";
    let bytes = (CLIENTS * REQUESTS * REQUEST.len()) as f64;
    for (query, expected) in [
        (
            "loopscope_socket_io_bytes_total{network_io_direction=\"receive\",JOB}",
            bytes,
        ),
        (
            "loopscope_socket_io_bytes_total{network_io_direction=\"transmit\",JOB}",
            bytes,
        ),
        (
            "loopscope_task_duration_seconds_count{loopscope_task_name=\"connection\",JOB}",
            CLIENTS as f64,
        ),
        ("loopscope_socket_active{JOB}", 0.0),
        ("loopscope_task_active{JOB}", 0.0),
    ] {
        prometheus.wait_for_sum(&query.replace("JOB", JOB), expected);
    }
    let active = active(&table);
    assert_eq!(active.len(), 2, "{table}");
    for (name, seconds) in active {
        let time = format!(
            "loopscope_loop_time_seconds_total{{loopscope_loop_name=\"{name}\",\
             loopscope_loop_state=\"active\",{JOB}}}"
        );
        let exported = prometheus.sum(&time).unwrap();
        assert!(
            (exported - seconds).abs() < 0.001,
            "{name}: {exported}\n{table}"
        );
    }
    // Of each connection the accept, the task, the requests and the end; they come in batches.
    let spans_of_connection = 2 + 2 * REQUESTS + 1;
    let spans = jaeger.wait_for_spans("multicore-echo", CLIENTS * spans_of_connection);
    let connections = spans.iter().filter(|span| span.name == "task connection");
    assert_eq!(connections.count(), CLIENTS);
}
