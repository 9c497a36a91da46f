use crate::run::run;
use loopscope::event_loop::{TaskBuilder, sleep, spawn, spawn_blocking, timeout, yield_now};
use loopscope::instrument::{EnterScope, RecordingInstrument, Resumption};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(3600);

#[test]
fn the_loop_goes_on_while_work_blocks() {
    let other_thread = run(async {
        let (free, blocked) = mpsc::channel();
        let work = spawn_blocking(move || {
            blocked.recv().expect("the loop is not blocked");
            thread::current().id()
        });
        // This runs although the work does not end before.
        spawn(async move { free.send(()).unwrap() }).await.unwrap();
        work.await.unwrap()
    });
    assert_ne!(other_thread, thread::current().id());
}

#[test]
fn a_panic_of_the_work_is_the_tasks() {
    let error = run(spawn_in_task(|| panic!("broken disk"))).unwrap_err();
    assert_eq!(error.to_string(), "the task panicked: broken disk");
}

async fn spawn_in_task(
    work: impl FnOnce() + Send + 'static,
) -> Result<(), loopscope::event_loop::JoinError> {
    spawn_blocking(work).await
}

#[test]
fn whoever_cancels_does_not_wait_for_the_work() {
    run(async {
        let (free, blocked) = mpsc::channel::<()>();
        let (started, has_started) = futures_channel::oneshot::channel();
        let work = spawn_blocking(move || {
            let _ = started.send(());
            // Ends when the sender is dropped, after the task was cancelled.
            blocked.recv().is_err()
        });
        has_started.await.unwrap();
        work.cancel();
        assert!(work.await.unwrap_err().is_cancelled());
        drop(free);
    });
}

#[test]
fn the_wait_is_shown() {
    let recorder = RecordingInstrument::new();
    recorder.clone().in_scope(|| {
        run(async {
            let (free, blocked) = mpsc::channel();
            let work = TaskBuilder::new()
                .name("hash")
                .spawn_blocking(move || blocked.recv());
            yield_now().await;
            free.send(()).unwrap();
            work.await.unwrap().unwrap();
        });
    });
    let of_work = recorder.select(|event| event.task_name.as_deref() == Some("hash"));
    of_work.assert_hooks(&[
        "on_task_spawned",
        "on_task_before_send",
        "on_task_after_send",
        "on_task_before_send",
        "on_task_completed",
    ]);
    let events = of_work.events();
    assert_eq!(events[2].command.as_deref(), Some("blocking work"));
    assert_eq!(events[3].resumption, Some(Resumption::Joined));
}

#[test]
fn timers_fire_while_work_blocks() {
    run(async {
        let (free, blocked) = mpsc::channel::<()>();
        let work = spawn_blocking(move || blocked.recv().is_err());
        sleep(Duration::from_millis(1)).await;
        assert!(
            timeout(Duration::from_millis(1), sleep(LONG))
                .await
                .is_err()
        );
        drop(free);
        assert!(work.await.unwrap());
    });
}
