use crate::recorded::recorded;
use crate::table::{Outcome, check};
use loopscope::event_loop::{spawn, yield_now};
use loopscope::instrument::RecordingInstrument;
use loopscope::net::lookup_host;

/// No such name can exist: the system says so without asking anybody.
const NO_NAME: &str = "no host has spaces";

#[test]
fn success() {
    let record = recorded(async {
        lookup_host("localhost").await.unwrap();
    });
    check("look_up", Outcome::Success, &record);
}

#[test]
fn error() {
    let record = recorded(async {
        assert!(lookup_host(NO_NAME).await.is_err());
    });
    check("look_up", Outcome::Error, &record);
}

/// What is recorded of a look-up that is given up while it waits; the resolver may be quicker, and
/// then another one is tried.
fn given_up<F: Future<Output = bool>>(attempt: impl Fn() -> F) -> RecordingInstrument {
    loop {
        let mut was_given_up = false;
        let record = recorded(async { was_given_up = attempt().await });
        if was_given_up {
            return record;
        }
    }
}

#[test]
fn cancel() {
    let record = given_up(|| async {
        let task = spawn(lookup_host(NO_NAME));
        yield_now().await;
        task.cancel();
        task.await.is_err()
    });
    check("look_up", Outcome::Cancel, &record);
}

#[test]
fn drop() {
    let record = given_up(|| async {
        let polled = futures_lite::future::poll_once(lookup_host(NO_NAME)).await;
        polled.is_none()
    });
    check("look_up", Outcome::Drop, &record);
}
