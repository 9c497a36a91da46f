use crate::run::run;
use crate::turns::settle;
use loopscope::event_loop::{TaskBuilder, snapshot};
use loopscope::instrument::{EnterScope, RecordingInstrument, Resumption};
use loopscope::sync::{AsyncQueue, AsyncSetQueue, Condition, CountdownLatch, Event, Lock};

/// What a task shows to wait for while `wait` does, to snapshots and to instruments, and what it is
/// resumed with when `end` has ended the wait.
fn watch(
    wait: impl Future<Output = ()> + 'static,
    end: impl AsyncFnOnce(),
) -> (Option<String>, Option<Resumption>) {
    let recorder = RecordingInstrument::new();
    let in_snapshot = recorder.clone().in_scope(|| {
        run(async {
            let task = TaskBuilder::new().name("watched").spawn(wait);
            settle().await;
            let shown = snapshot().unwrap();
            let waiting = shown.tasks.into_iter().find(|it| it.id == task.id());
            end().await;
            task.await.unwrap();
            waiting.unwrap().waits_for
        })
    });
    let watched = recorder.select(|event| event.task_name.as_deref() == Some("watched"));
    let yields = watched.of("on_task_after_send");
    assert_eq!(yields[0].command, in_snapshot);
    let resumed = watched.of("on_task_before_send");
    (in_snapshot, resumed[1].resumption)
}

#[test]
fn a_lock_shows_as_such() {
    let lock = Lock::new(()).named("config");
    let held = lock.clone();
    let guard = held.try_lock().unwrap();
    let wait = async move { drop(lock.lock().await) };
    let (command, resumption) = watch(wait, async || drop(guard));
    assert_eq!(command.as_deref(), Some("lock config"));
    assert_eq!(resumption, Some(Resumption::LockAcquired));
}

#[test]
fn an_event_shows_as_such() {
    let event = Event::new().named("ready");
    let waiting = event.clone();
    let (command, resumption) = watch(async move { waiting.wait().await }, async || event.set());
    assert_eq!(command.as_deref(), Some("event ready"));
    assert_eq!(resumption, Some(Resumption::Notified));
}

#[test]
fn a_condition_shows_as_such() {
    let condition = Condition::new().named("refilled");
    let waiting = condition.clone();
    let wait = async move {
        let lock = Lock::new(());
        drop(waiting.wait(lock.lock().await).await);
    };
    let (command, resumption) = watch(wait, async || condition.notify_one());
    assert_eq!(command.as_deref(), Some("condition refilled"));
    assert_eq!(resumption, Some(Resumption::Notified));
}

/// Notified, a task waits for the lock, and that is shown then.
#[test]
fn a_condition_whose_lock_is_held_shows_as_the_lock() {
    let (condition, lock) = (Condition::new(), Lock::new(()).named("stock"));
    let (waiting, locked) = (condition.clone(), lock.clone());
    run(async {
        let task = TaskBuilder::new().name("watched").spawn(async move {
            drop(waiting.wait(locked.lock().await).await);
        });
        settle().await;
        let guard = lock.lock().await;
        condition.notify_all();
        settle().await;
        let shown = snapshot().unwrap();
        let waiting = shown.tasks.iter().find(|it| it.id == task.id()).unwrap();
        assert_eq!(waiting.waits_for.as_deref(), Some("lock stock"));
        drop(guard);
        task.await.unwrap();
    });
}

#[test]
fn a_countdown_latch_shows_as_such() {
    let latch = CountdownLatch::new(1).named("peers");
    let waiting = latch.clone();
    let wait = async move { waiting.wait().await };
    let (command, resumption) = watch(wait, async || latch.count_down());
    assert_eq!(command.as_deref(), Some("countdown latch peers"));
    assert_eq!(resumption, Some(Resumption::Notified));
}

#[test]
fn a_set_queue_shows_as_a_queue() {
    let queue = AsyncSetQueue::bounded(1).named("stale");
    let getting = queue.clone();
    let wait = async move { assert_eq!(getting.get().await, Ok(7)) };
    let (command, resumption) = watch(wait, async || queue.put(7).await.unwrap());
    assert_eq!(command.as_deref(), Some("get from queue stale"));
    assert_eq!(resumption, Some(Resumption::QueueReady));

    let queue = AsyncSetQueue::bounded(1).named("stale");
    queue.try_put(7).unwrap();
    let putting = queue.clone();
    let wait = async move { putting.put(8).await.unwrap() };
    let (command, resumption) = watch(wait, async || assert_eq!(queue.get().await, Ok(7)));
    assert_eq!(command.as_deref(), Some("put to queue stale"));
    assert_eq!(resumption, Some(Resumption::QueueReady));
}

/// It joins the line behind one that was promised the first item, and is promised the second at
/// once: it wakes itself.
#[test]
fn a_getter_that_lets_another_go_first_is_resumed_by_the_queue() {
    let recorder = RecordingInstrument::new();
    recorder.clone().in_scope(|| {
        run(async {
            let queue = AsyncQueue::unbounded();
            let get = |name| {
                let queue = queue.clone();
                let task = TaskBuilder::new().name(name);
                task.spawn(async move { queue.get().await })
            };
            let first = get("first");
            settle().await;
            let second = get("second");
            for item in [1, 2] {
                queue.try_put(item).unwrap();
            }
            assert_eq!(second.await.unwrap(), Ok(2));
            assert_eq!(first.await.unwrap(), Ok(1));
        });
    });
    let second = recorder.select(|event| event.task_name.as_deref() == Some("second"));
    let resumed = second.of("on_task_before_send");
    let resumed: Vec<_> = resumed.iter().map(|event| event.resumption).collect();
    let expected = [Resumption::Started, Resumption::QueueReady];
    assert_eq!(resumed, expected.map(Some));
    let got = second.of("on_queue_get");
    assert_eq!((got.len(), got[0].immediate), (1, Some(false)));
}

/// Without a name it is told apart by its number.
#[test]
fn what_has_no_name_shows_its_number() {
    let event = Event::new();
    let waiting = event.clone();
    let (command, _) = watch(async move { waiting.wait().await }, async || event.set());
    let number = command.as_deref().and_then(|it| it.strip_prefix("event #"));
    assert!(number.unwrap().parse::<u64>().is_ok());
}
