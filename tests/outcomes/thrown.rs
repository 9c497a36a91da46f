//! Tasks that are resumed by an error.

use crate::run::run;
use crate::table::{Outcome, check};
use loopscope::event_loop::{EventLoop, TaskBuilder, sleep, timeout, yield_now};
use loopscope::instrument::{EnterScope, RecordingInstrument};
use loopscope::sync::AsyncQueue;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(3600);

/// What is recorded of a task named `watched` that `program` makes.
fn watched(program: impl Future<Output = ()>) -> RecordingInstrument {
    let recorder = RecordingInstrument::new();
    recorder.clone().in_scope(|| run(program));
    recorder.select(|event| event.task_name.as_deref() == Some("watched"))
}

/// The task goes on after the error.
#[test]
fn success() {
    let record = watched(async {
        let task = TaskBuilder::new().name("watched").spawn(async {
            assert!(
                timeout(Duration::from_millis(1), sleep(LONG))
                    .await
                    .is_err()
            );
            yield_now().await;
        });
        task.await.unwrap();
    });
    check("thrown", Outcome::Success, &record);
}

/// The task ends in the error.
#[test]
fn error() {
    let record = watched(async {
        let queue = AsyncQueue::<u8>::unbounded();
        let closing = queue.clone();
        let task = TaskBuilder::new().name("watched");
        let task = task.try_spawn(async move { queue.get().await.map(std::mem::drop) });
        yield_now().await;
        closing.close();
        assert!(task.await.is_err());
    });
    check("thrown", Outcome::Error, &record);
}

#[test]
fn cancel() {
    let record = watched(async {
        let task = TaskBuilder::new().name("watched").spawn(sleep(LONG));
        yield_now().await;
        task.cancel();
        assert!(task.await.is_err());
    });
    check("thrown", Outcome::Cancel, &record);
}

/// A task cannot be dropped but with its loop.
#[test]
fn drop() {
    let recorder = RecordingInstrument::new();
    let event_loop = EventLoop::new().unwrap();
    recorder.clone().in_scope(|| {
        event_loop.run_until_complete(async {
            TaskBuilder::new()
                .name("watched")
                .spawn(sleep(LONG))
                .detach();
            yield_now().await;
        });
    });
    std::mem::drop(event_loop);
    let record = recorder.select(|event| event.task_name.as_deref() == Some("watched"));
    check("thrown", Outcome::Drop, &record);
}
