//! How spans are sent: over connections that are kept, again where that may help, in parts where
//! they are large.

use crate::server::{Answer, Server};
use crate::support::{
    LONG, builder, closed_port, listen, make_span, make_span_named, names, said_about, traces_to,
};
use loopscope::telemetry::Telemetry;
use opentelemetry::KeyValue;
use opentelemetry::trace::{Span, Tracer, TracerProvider};
use std::time::Duration;

const PATH: &str = "/v1/traces";

/// An answer that asks to be left alone for so many seconds.
fn busy(seconds: u32) -> Answer {
    Answer::with(503, &format!("retry-after: {seconds}\r\n"), b"")
}

#[test]
fn a_connection_is_kept() {
    let server = Server::start(Answer::Status(200));
    let telemetry = traces_to(&server.address, &[]);
    for _ in 0..3 {
        make_span(&telemetry);
        telemetry.flush(LONG).unwrap();
        assert_eq!(server.next(PATH).connection, 0);
    }
}

#[test]
fn a_kept_connection_that_was_closed_in_the_meantime_is_no_failure() {
    // It is closed when it is not in use, and when a request is on its way.
    let whole = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    let ways = [
        vec![Answer::HangUp(whole.to_vec()), Answer::Status(200)],
        vec![
            Answer::Status(200),
            Answer::HangUp(Vec::new()),
            Answer::Status(200),
        ],
    ];
    for answers in ways {
        let requests = answers.len();
        let server = Server::answering(answers);
        let telemetry = traces_to(&server.address, &[]);
        make_span_named(&telemetry, "first");
        telemetry.flush(LONG).unwrap();
        make_span_named(&telemetry, "second");
        // Nobody waits for another try any more.
        telemetry.shutdown().unwrap();
        let arrived = server.arrived();
        assert_eq!(arrived.len(), requests);
        assert_eq!(names(&arrived[requests - 1]), ["second"]);
    }
}

#[test]
fn what_may_succeed_later_is_sent_again() {
    let half_an_answer = Answer::HangUp(b"HTTP/1.1 200 O".to_vec());
    let failures = [429, 502, 503, 504].map(Answer::Status);
    for failure in failures
        .into_iter()
        .chain([Answer::HangUp(Vec::new()), half_an_answer])
    {
        let server = Server::answering([failure.clone(), Answer::Status(200)]);
        let telemetry = traces_to(&server.address, &[]);
        make_span(&telemetry);
        telemetry.flush(LONG).unwrap();
        assert!(telemetry.lost().is_nothing(), "{failure:?}");
        let arrived = server.arrived();
        assert_eq!(arrived.len(), 2, "{failure:?}");
        assert_eq!(arrived[0].body, arrived[1].body);
    }
}

#[test]
fn a_collector_that_is_started_late_gets_what_was_made_before() {
    let address = closed_port();
    let telemetry = traces_to(&format!("http://{address}"), &[]);
    make_span(&telemetry);
    // It has been tried in vain once, or will be when the collector is there.
    let _ = telemetry.flush(Duration::from_millis(100));
    let server = Server::on(&address, Answer::Status(200));
    telemetry.flush(LONG).unwrap();
    assert_eq!(names(&server.next(PATH)), ["a span"]);
    telemetry.shutdown().unwrap();
}

#[test]
fn what_would_fail_again_is_not_sent_again() {
    for status in [301, 308, 400, 401, 403, 404, 408, 413, 415, 500, 501, 505] {
        let server = Server::answering([Answer::Status(status), Answer::Status(200)]);
        let telemetry = traces_to(&server.address, &[]);
        make_span(&telemetry);
        telemetry.flush(LONG).unwrap();
        assert_eq!(telemetry.lost().spans, 1, "{status}");
        make_span_named(&telemetry, "next");
        telemetry.flush(LONG).unwrap();
        assert_eq!(telemetry.lost().spans, 1, "{status}");
        let arrived = server.arrived();
        assert_eq!(arrived.len(), 2, "{status}");
        assert_eq!(names(&arrived[1]), ["next"]);
    }
}

#[test]
fn a_server_that_asks_for_an_hour_of_peace_has_it() {
    listen();
    let server = Server::answering([busy(3600), Answer::Status(200)]);
    let telemetry = traces_to(&server.address, &[]);
    make_span(&telemetry);
    telemetry.flush(LONG).unwrap();
    assert_eq!(telemetry.lost().spans, 1, "an export does not take so long");
    assert_eq!(server.arrived().len(), 1);
    let said = said_about(&server.address).concat();
    assert!(said.contains("503 Service Unavailable"), "{said}");
    assert!(said.contains("3600 s"), "{said}");
}

#[test]
fn a_flush_takes_as_long_as_the_tries_do() {
    // The SDK's own gives up after five seconds.
    let server = Server::answering([busy(6), Answer::Status(200)]);
    let telemetry = traces_to(&server.address, &[]);
    make_span(&telemetry);
    telemetry.flush(LONG).unwrap();
    assert_eq!(server.arrived().len(), 2);
}

/// Telemetry whose exporter waits, for longer than the shutdown may take, for another try.
fn waiting(server: &Server) -> Telemetry {
    let timeout = ("OTEL_EXPORTER_OTLP_TIMEOUT", "3600000");
    let telemetry = traces_to(&server.address, &[timeout]);
    make_span(&telemetry);
    telemetry.flush(Duration::from_millis(1)).unwrap_err();
    server.next(PATH);
    telemetry
}

#[test]
fn a_shutdown_cuts_the_wait_for_another_try_short() {
    let server = Server::answering([busy(1800), Answer::Status(200)]);
    let telemetry = waiting(&server);
    make_span_named(&telemetry, "next");
    telemetry.shutdown().unwrap();
    let names: Vec<_> = server.arrived().iter().map(names).collect();
    assert_eq!(names, [["a span"], ["next"]], "each is sent once more");
}

#[test]
fn a_shutdown_waits_for_no_further_try() {
    // Over the connection that was kept, which breaks, the first is sent once more.
    for (failure, requests) in [(Answer::Status(503), 2), (Answer::HangUp(Vec::new()), 3)] {
        let server = Server::answering([busy(1800), failure]);
        let telemetry = waiting(&server);
        make_span_named(&telemetry, "next");
        let error = telemetry.shutdown().unwrap_err();
        assert!(error.to_string().contains("2 spans"), "{error}");
        assert_eq!(server.arrived().len(), requests);
    }
}

#[test]
fn a_batch_that_is_too_large_for_a_collector_is_sent_in_parts() {
    const LARGE: usize = 3 << 20;
    const COUNT: usize = 16;
    let server = Server::start(Answer::Status(200));
    let telemetry = traces_to(&server.address, &[]);
    let tracer = telemetry.tracer_provider().tracer("test");
    for size in [LARGE; COUNT].into_iter().chain([21 << 20]) {
        let mut span = tracer.start("a span");
        span.set_attribute(KeyValue::new("text", "x".repeat(size)));
        span.end();
    }
    telemetry.flush(LONG).unwrap();
    assert_eq!(telemetry.lost().spans, 1, "one that is too large by itself");
    let arrived = server.arrived();
    assert!(arrived.iter().all(|request| request.body.len() <= 20 << 20));
    assert_eq!(arrived.iter().flat_map(names).count(), COUNT);
}

#[test]
fn a_header_that_cannot_be_sent_is_an_error_that_names_it() {
    let build = |header| builder(&[("OTEL_EXPORTER_OTLP_HEADERS", header)]).build();
    for (header, name) in [("x y=1", "x y"), ("token=a%0Ab", "token")] {
        let error = build(header).unwrap_err().to_string();
        assert!(error.contains(&format!("the header {name:?}")), "{error}");
    }
}
