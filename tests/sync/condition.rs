use crate::run::run;
use crate::turns::{Log, settle};
use loopscope::event_loop::{JoinHandle, spawn, timeout, yield_now};
use loopscope::sync::{Condition, Lock};
use proptest::prelude::*;
use std::collections::VecDeque;
use std::time::Duration;

/// A task that waits once and notes its number.
fn waiter(
    lock: &Lock<u32>,
    condition: &Condition,
    number: usize,
    log: &Log<usize>,
) -> JoinHandle<()> {
    let (lock, condition, log) = (lock.clone(), condition.clone(), log.clone());
    spawn(async move {
        let guard = lock.lock().await;
        let _guard = condition.wait(guard).await;
        log.borrow_mut().push(number);
    })
}

fn waiters(
    lock: &Lock<u32>,
    condition: &Condition,
    count: usize,
    log: &Log<usize>,
) -> Vec<JoinHandle<()>> {
    (0..count)
        .map(|number| waiter(lock, condition, number, log))
        .collect()
}

#[test]
fn a_notification_is_for_the_one_that_has_waited_longest() {
    let log = Log::default();
    run(async {
        let (lock, condition) = (Lock::new(0), Condition::new());
        // For nobody: it is not kept.
        condition.notify_one();
        let _tasks = waiters(&lock, &condition, 3, &log);
        settle().await;
        assert!(!lock.is_locked(), "who waits has released it");
        condition.notify_one();
        settle().await;
        assert_eq!(*log.borrow(), [0]);
        condition.notify_one();
        condition.notify_one();
        settle().await;
    });
    assert_eq!(*log.borrow(), [0, 1, 2]);
}

#[test]
fn all_who_wait_are_notified_and_take_turns_at_the_lock() {
    let log = Log::default();
    run(async {
        let (lock, condition) = (Lock::new(0), Condition::new());
        let _tasks = waiters(&lock, &condition, 3, &log);
        settle().await;
        let guard = lock.lock().await;
        condition.notify_all();
        let _later = waiter(&lock, &condition, 99, &log);
        settle().await;
        assert!(log.borrow().is_empty(), "the lock is held");
        drop(guard);
        settle().await;
    });
    assert_eq!(*log.borrow(), [0, 1, 2]);
}

#[test]
fn a_task_that_is_cancelled_once_it_was_notified_passes_that_on() {
    let log = Log::default();
    run(async {
        let (lock, condition) = (Lock::new(0), Condition::new());
        let tasks = waiters(&lock, &condition, 3, &log);
        settle().await;
        condition.notify_one();
        tasks[0].cancel();
        settle().await;
        assert_eq!(*log.borrow(), [1]);

        // Also while it waits for the lock again.
        let last = waiter(&lock, &condition, 3, &log);
        settle().await;
        let guard = lock.lock().await;
        condition.notify_one();
        settle().await;
        tasks[2].cancel();
        drop(guard);
        last.await.unwrap();
        assert_eq!(*log.borrow(), [1, 3]);
    });
}

#[test]
fn what_all_were_notified_of_is_not_passed_on() {
    let log = Log::default();
    run(async {
        let (lock, condition) = (Lock::new(0), Condition::new());
        let tasks = waiters(&lock, &condition, 1, &log);
        settle().await;
        let guard = lock.lock().await;
        condition.notify_all();
        let _later = waiter(&lock, &condition, 1, &log);
        settle().await;
        drop(guard);
        tasks[0].cancel();
        settle().await;
    });
    assert!(log.borrow().is_empty());
}

#[test]
fn a_wait_that_is_dropped_leaves_the_line_and_the_lock() {
    run(async {
        let (lock, condition) = (Lock::new(0), Condition::new());
        let guard = lock.lock().await;
        assert!(
            timeout(Duration::ZERO, condition.wait(guard))
                .await
                .is_err()
        );
        assert!(!lock.is_locked());
        let log = Log::default();
        let _tasks = waiters(&lock, &condition, 1, &log);
        settle().await;
        condition.notify_one();
        settle().await;
        assert_eq!(*log.borrow(), [0]);
    });
}

#[test]
fn waiting_while_something_holds_looks_again_at_each_notification() {
    run(async {
        let (lock, condition) = (Lock::new(0), Condition::new());
        let (shared, waiting) = (lock.clone(), condition.clone());
        let looks = Log::default();
        let looked = looks.clone();
        let task = spawn(async move {
            let guard = shared.lock().await;
            let look = |value: &mut u32| {
                looked.borrow_mut().push(*value);
                *value < 2
            };
            *waiting.wait_while(guard, look).await
        });
        settle().await;
        for _ in 0..2 {
            *lock.lock().await += 1;
            condition.notify_one();
            settle().await;
        }
        assert_eq!(task.await.unwrap(), 2);
        assert_eq!(*looks.borrow(), [0, 1, 2]);
    });
}

#[test]
fn debug_output_says_who_it_is() {
    let condition = Condition::default().named("not empty");
    let shown = format!("{condition:?}");
    assert_eq!(shown, r#"Condition { name: Some("not empty"), .. }"#);
}

#[derive(Debug, Clone)]
enum Step {
    Wait,
    NotifyOne,
    NotifyAll,
    CancelWaiting(prop::sample::Index),
    /// Notifies, and cancels who was notified before it runs.
    NotifyOneAndCancel,
    /// Has the lock for a while, so that those who were notified are in line for it.
    Hold,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => Just(Step::Wait),
        3 => Just(Step::NotifyOne),
        1 => Just(Step::NotifyAll),
        2 => any::<prop::sample::Index>().prop_map(Step::CancelWaiting),
        2 => Just(Step::NotifyOneAndCancel),
        1 => Just(Step::Hold),
    ];
    prop::collection::vec(step, 1..50)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// The model is a line: a notification takes the first out of it who is not cancelled, or is
    /// lost where nobody waits. Nobody else goes on.
    #[test]
    fn notifications_reach_those_in_line_in_order(steps in steps()) {
        run(async {
            let (lock, condition) = (Lock::new(0), Condition::new());
            let (log, mut expected) = (Log::default(), Vec::new());
            let mut line = VecDeque::new();
            for (number, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Wait => {
                        line.push_back((number, waiter(&lock, &condition, number, &log)));
                    }
                    Step::NotifyOne => {
                        condition.notify_one();
                        expected.extend(line.pop_front().map(|(number, _)| number));
                    }
                    Step::NotifyAll => {
                        condition.notify_all();
                        expected.extend(line.drain(..).map(|(number, _)| number));
                    }
                    Step::CancelWaiting(pick) if !line.is_empty() => {
                        if let Some((_, task)) = line.remove(pick.index(line.len())) {
                            task.cancel();
                        }
                    }
                    Step::NotifyOneAndCancel => {
                        condition.notify_one();
                        if let Some((_, task)) = line.pop_front() {
                            task.cancel();
                        }
                        expected.extend(line.pop_front().map(|(number, _)| number));
                    }
                    _ => {
                        let guard = lock.lock().await;
                        let first = line.pop_front();
                        condition.notify_one();
                        yield_now().await;
                        expected.extend(first.map(|(number, _)| number));
                        drop(guard);
                    }
                }
                settle().await;
                assert_eq!(*log.borrow(), expected);
            }
            assert!(!lock.is_locked());
        });
    }
}
