//! Connecting to the first of several addresses that answers.

use crate::connections::{closed_address, stalled_address};
use crate::recorded::recorded;
use crate::run::run;
use loopscope::clock::ManualClock;
use loopscope::event_loop::{sleep, spawn};
use loopscope::instrument::{Address, ErrorType, RecordingInstrument};
use loopscope::net::{TcpListener, TcpStream};
use std::io;
use std::time::Duration;

const HEAD_START: Duration = Duration::from_millis(250);

/// The hooks of connects and closes, by their part of the name and by the number of the attempt.
fn told(recorder: &RecordingInstrument) -> Vec<(&'static str, usize)> {
    let starts = recorder.of("on_socket_connect_start");
    let attempt = |socket| starts.iter().position(|start| start.socket == socket);
    let events = recorder.events().into_iter().filter_map(|event| {
        let part = match (event.hook, event.failure.as_deref()) {
            ("on_socket_connect_start", _) => "start",
            ("on_socket_connect_ready", _) => "ready",
            ("on_socket_error", Some("cancelled")) => "cancelled",
            ("on_socket_error", _) => "error",
            ("on_socket_close", _) => "close",
            _ => return None,
        };
        Some((part, attempt(event.socket)?))
    });
    events.collect()
}

#[test]
fn the_next_address_is_tried_when_the_last_does_not_answer() {
    let recorder = recorded(async {
        let (stalled, _full) = stalled_address();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stream = TcpStream::connect([stalled, address]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), address);
    });
    assert_eq!(
        told(&recorder),
        [
            ("start", 0),
            ("start", 1),
            ("ready", 1),
            ("cancelled", 0),
            ("close", 0),
            ("close", 1)
        ]
    );
    let starts = recorder.of("on_socket_connect_start");
    assert!(starts[1].start_time.unwrap() - starts[0].start_time.unwrap() >= HEAD_START);
}

#[test]
fn an_attempt_that_fails_is_followed_at_once() {
    let clock = ManualClock::install();
    let recorder = recorded(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        TcpStream::connect([closed_address(), closed_address(), address])
            .await
            .unwrap();
    });
    drop(clock);
    assert_eq!(
        told(&recorder)[..6],
        [
            ("start", 0),
            ("error", 0),
            ("close", 0),
            ("start", 1),
            ("error", 1),
            ("close", 1)
        ]
    );
    let starts = recorder.of("on_socket_connect_start");
    let errors = recorder.of("on_socket_error");
    assert_eq!(errors[0].error_type, Some(ErrorType::ConnectionRefused));
    assert!(starts[1].start_time.unwrap() - errors[0].finish_time.unwrap() < HEAD_START);
}

#[test]
fn where_all_fail_the_error_says_so_of_each() {
    let addresses = [closed_address(), closed_address()];
    let error = run(TcpStream::connect(addresses)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    let said = error.to_string();
    for address in addresses {
        assert!(said.contains(&format!("{address}: ")), "{said}");
    }
}

#[test]
fn given_up_all_attempts_are_cancelled() {
    let recorder = recorded(async {
        let (stalled, _full) = stalled_address();
        let task = spawn(TcpStream::connect([stalled, stalled]));
        sleep(HEAD_START * 2).await;
        task.cancel();
        assert!(task.await.is_err());
    });
    let mut told = told(&recorder);
    told.sort_unstable();
    let parts: Vec<_> = told.iter().map(|(part, _)| *part).collect();
    assert_eq!(
        parts,
        ["cancelled", "cancelled", "close", "close", "start", "start"]
    );
}

#[test]
fn a_name_with_addresses_of_both_families_reaches_whichever_listens() {
    // Where the machine has no IPv6 the name has one address, and the test is a plain connect.
    let recorder = recorded(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let stream = TcpStream::connect(("localhost", port)).await.unwrap();
        assert!(stream.peer_addr().unwrap().is_ipv4());
    });
    let ready = &recorder.of("on_socket_connect_ready")[0];
    assert!(matches!(ready.peer, Some(Address::Ip(peer)) if peer.is_ipv4()));
}
