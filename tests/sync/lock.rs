use crate::run::run;
use crate::turns::{Log, settle};
use loopscope::event_loop::{JoinHandle, spawn, timeout, yield_now};
use loopscope::sync::Lock;
use proptest::prelude::*;
use std::collections::VecDeque;
use std::time::Duration;

/// Tasks that each take the lock, note their number and release it at once.
fn takers(lock: &Lock<()>, count: usize, log: &Log<usize>) -> Vec<JoinHandle<()>> {
    let taker = |number| {
        let (lock, log) = (lock.clone(), log.clone());
        spawn(async move {
            let _guard = lock.lock().await;
            log.borrow_mut().push(number);
        })
    };
    (0..count).map(taker).collect()
}

#[test]
fn it_is_given_in_the_order_of_arrival() {
    let log = Log::default();
    run(async {
        let lock = Lock::new(());
        let guard = lock.lock().await;
        let tasks = takers(&lock, 5, &log);
        settle().await;
        assert!(log.borrow().is_empty());
        drop(guard);
        for task in tasks {
            task.await.unwrap();
        }
        assert!(!lock.is_locked());
    });
    assert_eq!(*log.borrow(), [0, 1, 2, 3, 4]);
}

#[test]
fn a_newcomer_does_not_overtake_those_in_line() {
    let log = Log::default();
    run(async {
        let lock = Lock::new(());
        let guard = lock.lock().await;
        let tasks = takers(&lock, 2, &log);
        settle().await;
        drop(guard);
        // The first in line was given it and has not run since.
        assert!(lock.is_locked());
        assert!(lock.try_lock().is_none());
        let _guard = lock.lock().await;
        log.borrow_mut().push(99);
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert_eq!(*log.borrow(), [0, 1, 99]);
}

#[test]
fn a_task_that_is_cancelled_releases_it() {
    run(async {
        let lock = Lock::new(0);
        let held = lock.clone();
        let holder = spawn(async move {
            let mut guard = held.lock().await;
            *guard = 1;
            std::future::pending::<()>().await;
        });
        settle().await;
        assert!(lock.try_lock().is_none());
        let waiting = lock.clone();
        let waiter = spawn(async move { *waiting.lock().await });
        settle().await;
        holder.cancel();
        assert_eq!(waiter.await.unwrap(), 1, "as it was left");
        assert!(holder.await.unwrap_err().is_cancelled());
        assert!(lock.try_lock().is_some());
    });
}

#[test]
fn a_task_that_panics_releases_it() {
    run(async {
        let lock = Lock::new(0);
        let held = lock.clone();
        let holder = spawn(async move {
            let mut guard = held.lock().await;
            yield_now().await;
            *guard = 1;
            panic!("with the lock held");
        });
        let waiting = lock.clone();
        let waiter = spawn(async move { *waiting.lock().await });
        assert_eq!(waiter.await.unwrap(), 1, "as it was left");
        assert!(holder.await.unwrap_err().is_panic());
        assert!(lock.try_lock().is_some());
    });
}

#[test]
fn a_task_that_is_cancelled_once_it_was_given_it_passes_it_on() {
    let log = Log::default();
    run(async {
        let lock = Lock::new(());
        let guard = lock.lock().await;
        let mut tasks = takers(&lock, 3, &log);
        settle().await;
        // The first is given it, then the second, and neither runs with it.
        drop(guard);
        tasks[0].cancel();
        tasks[1].cancel();
        tasks.remove(2).await.unwrap();
        assert!(lock.try_lock().is_some());
        for task in tasks {
            assert!(task.await.unwrap_err().is_cancelled());
        }
    });
    assert_eq!(*log.borrow(), [2]);
}

#[test]
fn the_last_in_line_that_is_cancelled_leaves_it_free() {
    run(async {
        let lock = Lock::new(());
        let guard = lock.lock().await;
        let tasks = takers(&lock, 1, &Log::default());
        settle().await;
        drop(guard);
        tasks[0].cancel();
        settle().await;
        assert!(!lock.is_locked());
    });
}

#[test]
fn a_wait_that_is_dropped_leaves_the_line() {
    run(async {
        let lock = Lock::new(());
        let guard = lock.lock().await;
        assert!(timeout(Duration::ZERO, lock.lock()).await.is_err());
        drop(guard);
        assert!(lock.try_lock().is_some());
        // One that never was in line gives nothing up.
        let guard = lock.lock().await;
        drop(lock.lock());
        assert!(lock.is_locked());
        drop(guard);
    });
}

#[test]
fn others_run_while_one_task_takes_it_again_and_again() {
    const MANY: u32 = 100_000;
    run(async {
        let lock = Lock::new(0);
        let greedy = lock.clone();
        let task = spawn(async move {
            for _ in 0..MANY {
                *greedy.lock().await += 1;
            }
        });
        yield_now().await;
        assert!((1..MANY).contains(&*lock.lock().await));
        task.await.unwrap();
    });
}

#[test]
fn debug_output_says_who_it_is_and_shows_the_value_to_its_holder() {
    let lock = Lock::new(7)
        .named("seven")
        .named("later names do not count");
    let guard = lock.try_lock().unwrap();
    assert_eq!(
        (format!("{guard:?}"), guard.to_string()),
        ("7".into(), "7".into())
    );
    let shown = format!("{lock:?}");
    assert_eq!(
        shown,
        r#"Lock { name: Some("seven"), is_locked: true, .. }"#
    );
}

#[derive(Debug, Clone)]
enum Step {
    Spawn,
    Release(prop::sample::Index),
    Cancel(prop::sample::Index),
    TryLock,
    Settle,
    Yield,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Spawn),
        3 => any::<prop::sample::Index>().prop_map(Step::Release),
        2 => any::<prop::sample::Index>().prop_map(Step::Cancel),
        1 => Just(Step::TryLock),
        2 => Just(Step::Settle),
        1 => Just(Step::Yield),
    ];
    prop::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Tasks come, are cancelled in line or with the lock, and end, in any order and also before
    /// they have run: one has it at a time, those that are left have it in the order in which they
    /// came, and it is free when all are gone.
    #[test]
    fn one_has_it_at_a_time_in_the_order_of_arrival(steps in steps()) {
        run(async {
            let (lock, log) = (Lock::new(None), Log::default());
            let mut tasks = VecDeque::new();
            let mut cancelled = Vec::new();
            for (number, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Spawn => {
                        let (lock, log) = (lock.clone(), log.clone());
                        let (release, released) = futures_channel::oneshot::channel::<()>();
                        let task = spawn(async move {
                            let mut guard = lock.lock().await;
                            assert_eq!(guard.replace(number), None, "another has it");
                            log.borrow_mut().push(number);
                            let _taken = TakeBack(guard);
                            let _ = released.await;
                        });
                        tasks.push_back((number, task, Some(release)));
                    }
                    Step::Release(pick) if !tasks.is_empty() => {
                        let index = pick.index(tasks.len());
                        tasks[index].2 = None;
                    }
                    Step::Cancel(pick) if !tasks.is_empty() => {
                        let (number, task, _) = &tasks[pick.index(tasks.len())];
                        task.cancel();
                        cancelled.push(*number);
                    }
                    Step::TryLock => {
                        if let Some(guard) = lock.try_lock() {
                            assert_eq!(*guard, None);
                        }
                    }
                    Step::Settle => settle().await,
                    _ => yield_now().await,
                }
            }
            let numbers: Vec<_> = tasks.iter().map(|(number, ..)| *number).collect();
            for (number, task, release) in tasks {
                drop(release);
                let ended = task.await;
                assert!(ended.is_ok() || cancelled.contains(&number), "{ended:?}");
            }
            assert_eq!(lock.try_lock().as_deref(), Some(&None));
            // Those that were not cancelled have all had it, in order.
            let log = log.borrow();
            assert!(log.is_sorted(), "{log:?}");
            assert!(numbers.iter().all(|it| log.contains(it) || cancelled.contains(it)));
        });
    }
}

/// Clears the value when its holder ends, in whatever way.
struct TakeBack<'a>(loopscope::sync::LockGuard<'a, Option<usize>>);

impl Drop for TakeBack<'_> {
    fn drop(&mut self) {
        *self.0 = None;
    }
}
