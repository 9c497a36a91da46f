use crate::run::run;
use crate::table::{Outcome, check};
use loopscope::event_loop::{EventLoop, JoinHandle, TaskBuilder, sleep, yield_now};
use loopscope::instrument::{EnterScope, RecordingInstrument};
use std::time::Duration;

/// What is recorded of a task that waits once and then ends as `fate` says.
fn task(fate: impl AsyncFnOnce(JoinHandle<()>), fails: bool) -> RecordingInstrument {
    let recorder = RecordingInstrument::new();
    recorder.clone().in_scope(|| {
        run(async {
            let task = TaskBuilder::new().name("watched").try_spawn(async move {
                sleep(Duration::from_millis(1)).await;
                if fails { Err("failed") } else { Ok(()) }
            });
            yield_now().await;
            fate(task).await;
        });
    });
    recorder.select(|event| event.task_name.as_deref() == Some("watched"))
}

#[test]
fn success() {
    let record = task(async |task| task.await.unwrap(), false);
    check("task", Outcome::Success, &record);
}

#[test]
fn error() {
    let record = task(async |task| assert!(task.await.is_err()), true);
    check("task", Outcome::Error, &record);
}

#[test]
fn cancel() {
    let cancelled = async |task: JoinHandle<()>| {
        task.cancel();
        assert!(task.await.is_err());
    };
    check("task", Outcome::Cancel, &task(cancelled, false));
}

/// A task cannot be dropped but with its loop.
#[test]
fn drop() {
    let recorder = RecordingInstrument::new();
    let event_loop = EventLoop::new().unwrap();
    recorder.clone().in_scope(|| {
        event_loop.run_until_complete(async {
            let endless = sleep(Duration::from_secs(3600));
            TaskBuilder::new().name("watched").spawn(endless).detach();
            yield_now().await;
        });
    });
    std::mem::drop(event_loop);
    let record = recorder.select(|event| event.task_name.as_deref() == Some("watched"));
    check("task", Outcome::Drop, &record);
}
