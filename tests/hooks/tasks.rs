//! Tasks: spawn, polls, ends.

use crate::recorded::recorded;
use loopscope::event_loop::{EventLoop, TaskBuilder, sleep, spawn, timeout, try_spawn, yield_now};
use loopscope::instrument::{
    EnterScope, Recorded, RecordingInstrument, Resumption, TaskException, TaskId,
};
use loopscope::net::{TcpListener, TcpStream, lookup_host};
use loopscope::sync::AsyncQueue;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(3600);

/// What was fired of one task.
fn of_task(recorder: &RecordingInstrument, task: TaskId) -> Vec<Recorded> {
    recorder
        .events()
        .into_iter()
        .filter(|event| event.task == Some(task) && event.hook.starts_with("on_task"))
        .collect()
}

fn hooks(events: &[Recorded]) -> Vec<&str> {
    events.iter().map(|event| event.hook).collect()
}

#[test]
fn a_task_is_told_from_spawn_to_end() {
    let mut id = None;
    let recorder = recorded(async {
        let task = TaskBuilder::new().name("worker").spawn(yield_now());
        id = Some(task.id());
        task.await.unwrap();
    });
    let events = of_task(&recorder, id.unwrap());
    assert_eq!(
        hooks(&events),
        [
            "on_task_spawned",
            "on_task_before_send",
            "on_task_after_send",
            "on_task_before_send",
            "on_task_completed"
        ]
    );
    assert!(
        events
            .iter()
            .all(|event| event.task_name.as_deref() == Some("worker"))
    );
    let main = recorder.of("on_task_spawned")[0].task;
    assert_eq!(events[0].parent, main);
    assert_eq!(events[1].resumption, Some(Resumption::Started));
    assert_eq!(
        events[1].wake_time, events[0].start_time,
        "it waits from its spawn on"
    );
    assert_eq!(events[2].command.as_deref(), Some("yield"));
    assert_eq!(events[3].resumption, Some(Resumption::Yielded));
    assert_eq!(events[4].since_spawn, Some(true));
    let main = of_task(&recorder, main.unwrap());
    assert!(
        main.iter().any(
            |event| event.command.as_deref() == Some(&format!("join of task #{}", id.unwrap()))
        )
    );
    assert!(
        main.iter()
            .any(|event| event.resumption == Some(Resumption::Joined))
    );
}

/// Waits for everything that there is to wait for.
async fn wait_for_everything() {
    sleep(Duration::from_millis(1)).await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        stream.read_exact(&mut [0; 1]).await.unwrap();
    });
    yield_now().await;
    let client = TcpStream::connect(address).await.unwrap();
    yield_now().await;
    client.write_all(b"x").await.unwrap();
    server.await.unwrap();
    // The resolver's thread may be quicker than the task; not every time.
    for _ in 0..50 {
        lookup_host("localhost").await.unwrap();
    }
    let queue = AsyncQueue::bounded(1).named("jobs");
    let other = queue.clone();
    let getter = spawn(async move { other.get().await.unwrap() });
    yield_now().await;
    queue.put(1).await.unwrap();
    getter.await.unwrap();
    let (sender, receiver) = futures_channel::oneshot::channel();
    let foreign = spawn(receiver);
    yield_now().await;
    sender.send(()).unwrap();
    foreign.await.unwrap().unwrap();
}

#[test]
fn each_wait_shows_as_its_command_and_each_wake_as_its_reason() {
    let recorder = recorded(wait_for_everything());
    let after = recorder.of("on_task_after_send");
    let commands: Vec<_> = after
        .iter()
        .map(|event| event.command.clone().unwrap())
        .collect();
    for wanted in [
        "sleep",
        "accept on 127.",
        "recv from 127.",
        "connect to 127.",
        "DNS lookup of localhost",
        "get from queue jobs",
        "join of task",
        "something foreign",
        "yield",
    ] {
        let found = commands.iter().any(|command| command.starts_with(wanted));
        assert!(found, "{wanted}: {commands:?}");
    }
    let before = recorder.of("on_task_before_send");
    for wanted in [
        Resumption::Started,
        Resumption::Yielded,
        Resumption::SocketReady,
        Resumption::TimerFired,
        Resumption::QueueReady,
        Resumption::Joined,
        Resumption::Resolved,
        Resumption::Foreign,
    ] {
        assert!(
            before.iter().any(|event| event.resumption == Some(wanted)),
            "{wanted}"
        );
    }
    for event in before {
        // Whoever was woken knows when.
        assert!(
            event
                .wake_time
                .is_some_and(|at| at <= event.start_time.unwrap()),
            "{event:?}"
        );
    }
}

#[test]
fn errors_are_thrown() {
    let recorder = recorded(async {
        // Cancelled, queue closed, joined task failed, timed out.
        let cancelled = spawn(sleep(LONG));
        yield_now().await;
        cancelled.cancel();
        assert!(cancelled.await.unwrap_err().is_cancelled());
        let queue = AsyncQueue::<u8>::unbounded();
        let other = queue.clone();
        let getter = spawn(async move { other.get().await.is_err() });
        yield_now().await;
        queue.close();
        assert!(getter.await.unwrap());
        assert!(
            timeout(Duration::from_millis(1), sleep(LONG))
                .await
                .is_err()
        );
    });
    let before = recorder.of("on_task_before_throw");
    for wanted in [
        TaskException::Cancelled,
        TaskException::QueueClosed,
        TaskException::JoinedTaskFailed,
        TaskException::TimedOut,
    ] {
        assert!(
            before.iter().any(|event| event.exception == Some(wanted)),
            "{wanted}"
        );
    }
    // The main task went on after each error and waited for something else.
    assert!(!recorder.of("on_task_after_throw").is_empty());
}

#[test]
fn each_end_is_told_once() {
    let recorder = recorded(async {
        assert_eq!(spawn(async { 1 }).await.unwrap(), 1);
        let failed = try_spawn(async { "x".parse::<u8>() });
        assert_eq!(
            failed.await.unwrap_err().to_string(),
            "the task failed: invalid digit found in string"
        );
        let panicked = spawn(async { panic!("boom") });
        assert!(panicked.await.unwrap_err().is_panic());
        let unstarted = spawn(sleep(LONG));
        unstarted.cancel();
        assert!(unstarted.await.unwrap_err().is_cancelled());
    });
    let errors: Vec<_> = recorder
        .of("on_task_error")
        .into_iter()
        .map(|event| event.failure.unwrap())
        .collect();
    assert_eq!(errors, ["invalid digit found in string", "boom"]);
    assert_eq!(
        recorder.of("on_task_completed").len(),
        2,
        "the first one and the main task"
    );
    assert_eq!(recorder.of("on_task_cancelled").len(), 1);
    assert_eq!(recorder.of("on_task_spawned").len(), 5);
}

#[test]
fn a_panic_in_a_destructor_is_the_tasks() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in a destructor");
        }
    }
    let recorder = recorded(async {
        let task = spawn(async {
            let _bomb = Bomb;
            sleep(LONG).await;
        });
        yield_now().await;
        task.cancel();
        assert!(task.await.unwrap_err().is_panic());
    });
    assert_eq!(
        recorder.of("on_task_error")[0].failure.as_deref(),
        Some("in a destructor")
    );
}

#[test]
fn tasks_left_at_the_end_of_the_loop_are_cancelled() {
    let recorder = RecordingInstrument::new();
    let _scope = recorder.clone().enter();
    let event_loop = EventLoop::new().unwrap();
    event_loop.run_until_complete(async {
        spawn(sleep(LONG)).detach();
        yield_now().await;
        spawn(sleep(LONG)).detach();
    });
    assert_eq!(recorder.of("on_task_cancelled").len(), 0);
    drop(event_loop);
    assert_eq!(recorder.of("on_task_cancelled").len(), 2);
    recorder.assert_paired();
}

#[test]
fn an_instrument_entered_within_a_task_hears_its_end_and_knows_that_it_missed_the_spawn() {
    let late = RecordingInstrument::new();
    let inner = late.clone();
    let early = recorded(async move {
        let scope = inner.enter();
        yield_now().await;
        // Taken along out of the task's body, the scope is in force when the task ends.
        std::mem::forget(scope);
    });
    let end = &late.of("on_task_completed")[0];
    assert_eq!(end.since_spawn, Some(false));
    assert_eq!(
        late.of("on_task_before_send").len(),
        1,
        "the poll after it was entered"
    );
    assert_eq!(early.of("on_task_completed")[0].since_spawn, Some(true));
    late.assert_paired();
}
