use crate::run::run;
use loopscope::clock::ManualClock;
use loopscope::event_loop::{
    EventLoop, Snapshot, Stopped, TaskBuilder, TaskState, sleep, snapshot, spawn, yield_now,
};
use loopscope::instrument::{EnterScope, RecordingInstrument};
use loopscope::net::TcpListener;
use loopscope::sync::AsyncQueue;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(3600);

#[test]
fn every_task_is_shown_with_what_it_waits_for() {
    let clock = ManualClock::install();
    let _scope = RecordingInstrument::new().enter();
    let event_loop = EventLoop::builder().name("shown").build().unwrap();
    event_loop.run_until_complete(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let queue = AsyncQueue::<u8>::unbounded().named("jobs");
        let acceptor = TaskBuilder::new()
            .name("acceptor")
            .spawn(async move { listener.accept().await.map(drop) });
        let worker = TaskBuilder::new().name("worker").spawn(async move {
            queue.get().await.unwrap();
        });
        yield_now().await;
        clock.advance(Duration::from_secs(2));
        let ready = spawn(async {});
        let shown = snapshot().unwrap();

        assert_eq!(shown.event_loop, "shown");
        let [main, accepting, working, started] = &shown.tasks[..] else {
            panic!("{shown}")
        };
        assert_eq!((main.state, main.parent), (TaskState::Running, None));
        assert_eq!((started.state, started.polls), (TaskState::Ready, 0));
        assert_eq!(accepting.id, acceptor.id());
        assert_eq!(accepting.state, TaskState::Waiting);
        assert_eq!(accepting.waits_for, Some(format!("accept on {address}")));
        assert_eq!(accepting.parent, Some(main.id));
        assert_eq!(working.id, worker.id());
        assert_eq!(working.name.as_deref(), Some("worker"));
        assert_eq!(working.waits_for.as_deref(), Some("get from queue jobs"));
        assert_eq!(working.waiting, Some(Duration::from_secs(2)));
        assert_eq!(working.age, Some(Duration::from_secs(2)));
        assert_eq!((working.polls, working.busy), (1, Some(Duration::ZERO)));
        let lines = shown.to_string();
        let expected = format!(
            "\n  worker#{} (from #{}) waits for get from queue jobs since 2.000 s; 1 poll, \
             0.000 s busy, 2.000 s old",
            worker.id(),
            main.id
        );
        let counts = "event loop shown: 4 tasks, 1 socket, 0 timers\n";
        assert!(lines.starts_with(counts), "{lines}");
        assert!(lines.contains(&expected), "{lines}");
        ready.await.unwrap();
    });
}

#[test]
fn without_an_instrument_times_are_unknown_and_the_rest_is_shown() {
    run(async {
        let sleeper = spawn(sleep(LONG));
        yield_now().await;
        let shown = snapshot().unwrap();
        let task = shown.tasks.iter().find(|task| task.id == sleeper.id());
        let task = task.unwrap();
        assert_eq!(task.waits_for.as_deref(), Some("sleep"));
        assert_eq!((task.waiting, task.age, task.busy), (None, None, None));
        assert_eq!(task.polls, 1);
    });
}

#[test]
fn a_hundred_thousand_tasks_are_shown() {
    const TASKS: usize = 100_000;
    run(async {
        let _tasks: Vec<_> = (0..TASKS).map(|_| spawn(sleep(LONG))).collect();
        yield_now().await;
        sleep(Duration::from_millis(1)).await;
        let shown = snapshot().unwrap();
        // The main task, and the limit of this test's time is a part of it.
        assert_eq!(shown.tasks.len(), TASKS + 1);
        assert!(shown.tasks.is_sorted_by_key(|task| task.id));
        assert_eq!(shown.to_string().lines().count(), TASKS + 2);
    });
}

#[test]
fn names_cannot_forge_lines() {
    run(async {
        let name = "two\nlines \u{1b}[31m";
        TaskBuilder::new().name(name).spawn(sleep(LONG)).detach();
        yield_now().await;
        let shown = snapshot().unwrap().to_string();
        assert_eq!(shown.lines().count(), 3, "{shown}");
        assert!(!shown.contains('\u{1b}'));
    });
}

#[test]
fn other_threads_ask_through_the_handle() {
    let event_loop = EventLoop::builder().name("asked").build().unwrap();
    let handle = event_loop.handle();
    let gone = handle.clone();
    let asking = std::thread::spawn(move || futures_lite::future::block_on(handle.snapshot()));
    let answer = event_loop.run_until_complete(async {
        while !asking.is_finished() {
            sleep(Duration::from_millis(1)).await;
        }
        asking.join().unwrap()
    });
    assert_eq!(answer.unwrap().event_loop, "asked");
    drop(event_loop);
    let answer = futures_lite::future::block_on(gone.snapshot());
    let _: Stopped = answer.unwrap_err();
}

#[test]
fn outside_of_a_loop_there_is_none() {
    assert_eq!(snapshot(), None::<Snapshot>);
}

#[cfg(feature = "serde")]
#[test]
fn programs_read_it_as_json() {
    let clock = ManualClock::install();
    let _scope = RecordingInstrument::new().enter();
    let event_loop = EventLoop::builder().name("json").build().unwrap();
    event_loop.run_until_complete(async {
        let sleeper = TaskBuilder::new().name("sleeper").spawn(sleep(LONG));
        yield_now().await;
        clock.advance(Duration::from_millis(1500));
        let shown = snapshot().unwrap();
        let json = serde_json::to_value(&shown).unwrap();
        assert_eq!(json["event_loop"], "json");
        assert_eq!(
            json["tasks"][1],
            serde_json::json!({
                "id": sleeper.id().get(),
                "name": "sleeper",
                "parent": shown.tasks[0].id.get(),
                "state": "waiting",
                "waits_for": "sleep",
                "waiting_seconds": 1.5,
                "age_seconds": 1.5,
                "polls": 1,
                "busy_seconds": 0.0,
            })
        );
        assert_eq!(serde_json::from_value::<Snapshot>(json).unwrap(), shown);
    });
}
