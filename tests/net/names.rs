//! Names.

use crate::recorded::recorded;
use crate::run::run;
use loopscope::event_loop::{TaskGroup, spawn, yield_now};
use loopscope::instrument::ErrorType;
use loopscope::net::{TcpListener, TcpStream, lookup_host};
use std::cell::Cell;
use std::io;
use std::rc::Rc;

#[test]
fn names_are_connected_to() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let stream = TcpStream::connect(format!("localhost:{port}"))
            .await
            .unwrap();
        assert_eq!(stream.peer_addr().unwrap().port(), port);
        let error = TcpStream::connect("no host has spaces:80")
            .await
            .unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot resolve no host has spaces: "),
            "{error}"
        );
    });
}

#[test]
fn a_name_that_cannot_be_is_told_from_a_resolver_that_fails() {
    // Refused by the system before any server is asked.
    const NO_NAME: &str = "no host has spaces";
    let recorder = recorded(async {
        let error = lookup_host(NO_NAME).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    });
    let ready = &recorder.of("on_dns_lookup_ready")[0];
    assert_eq!(ready.error_type, Some(ErrorType::HostNotFound));
    let said = ready.failure.as_ref().unwrap();
    assert!(
        said.starts_with("cannot resolve no host has spaces: "),
        "{said}"
    );
}

#[test]
fn look_ups_leave_the_loop_to_others() {
    const LOOKUPS: usize = 200;
    let turns = Rc::new(Cell::new(0));
    let counted = turns.clone();
    let recorder = recorded(async {
        let counter = spawn(async move {
            loop {
                yield_now().await;
                counted.set(counted.get() + 1);
            }
        });
        let group = TaskGroup::new();
        for number in 0..LOOKUPS {
            group.spawn(async move { lookup_host(&format!("name {number}")).await });
        }
        for result in group.join_all().await.unwrap() {
            assert!(result.is_err());
        }
        counter.cancel();
    });
    assert!(turns.get() > 0);
    let ended = recorder.of("on_dns_lookup_ready");
    assert_eq!(ended.len(), LOOKUPS);
    // Unless the resolver was very quick they waited for it, those too that had no thread yet.
    let waited = ended.iter().filter(|event| event.immediate == Some(false));
    let waits = recorder.select(|event| {
        event.hook == "on_task_after_send"
            && event
                .command
                .as_deref()
                .is_some_and(|what| what.starts_with("DNS lookup of name "))
    });
    assert!((1..=waits.events().len()).contains(&waited.count()));
}
