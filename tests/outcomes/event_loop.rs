use crate::table::{Outcome, check};
use loopscope::event_loop::{EventLoop, sleep};
use loopscope::instrument::{EnterScope, RecordingInstrument};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(1);

/// What is recorded while `run` is called on a loop.
fn recorded(run: impl FnOnce(&EventLoop)) -> RecordingInstrument {
    let recorder = RecordingInstrument::new();
    let event_loop = EventLoop::new().unwrap();
    recorder.clone().in_scope(|| run(&event_loop));
    recorder
}

#[test]
fn success() {
    let record = recorded(|event_loop| {
        event_loop.run_until_complete(sleep(SHORT));
    });
    check("event_loop", Outcome::Success, &record);
}

/// The main future panics.
#[test]
fn error() {
    let record = recorded(|event_loop| {
        let run = || {
            event_loop.run_until_complete(async {
                sleep(SHORT).await;
                panic!("in the main future")
            })
        };
        assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
    });
    check("event_loop", Outcome::Error, &record);
}

/// The run is stopped.
#[test]
fn cancel() {
    let record = recorded(|event_loop| {
        let handle = event_loop.handle();
        let stopped = event_loop.try_run_until_complete(async {
            sleep(SHORT).await;
            handle.stop();
            sleep(Duration::from_secs(3600)).await;
        });
        assert!(stopped.is_err());
    });
    check("event_loop", Outcome::Cancel, &record);
}

/// A loop is dropped that does not run.
#[test]
fn drop() {
    let recorder = RecordingInstrument::new();
    let event_loop = EventLoop::new().unwrap();
    let scope = recorder.clone().enter();
    std::mem::drop(event_loop);
    std::mem::drop(scope);
    check("event_loop", Outcome::Drop, &recorder);
}
