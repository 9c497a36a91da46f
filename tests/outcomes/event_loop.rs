use crate::table::{Outcome, check};
use loopscope::event_loop::{EventLoop, sleep};
use loopscope::instrument::{EnterScope, RecordingInstrument};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// What is recorded while `run` is called on a loop, with the record so far.
fn recorded(run: impl FnOnce(&EventLoop, RecordingInstrument)) -> RecordingInstrument {
    let recorder = RecordingInstrument::new();
    let event_loop = EventLoop::new().unwrap();
    let record = recorder.clone();
    recorder.clone().in_scope(|| run(&event_loop, record));
    recorder
}

/// Waits until the loop has slept: where the machine is busy a moment may pass before it does.
async fn let_it_sleep(record: &RecordingInstrument) {
    while record.of("on_loop_unpark").is_empty() {
        sleep(Duration::from_millis(1)).await;
    }
}

#[test]
fn success() {
    let record = recorded(|event_loop, record| {
        event_loop.run_until_complete(let_it_sleep(&record));
    });
    check("event_loop", Outcome::Success, &record);
}

/// The main future panics.
#[test]
fn error() {
    let record = recorded(|event_loop, record| {
        let run = || {
            event_loop.run_until_complete(async {
                let_it_sleep(&record).await;
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
    let record = recorded(|event_loop, record| {
        let handle = event_loop.handle();
        let stopped = event_loop.try_run_until_complete(async {
            let_it_sleep(&record).await;
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
