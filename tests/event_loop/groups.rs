use crate::recorded::recorded;
use crate::run::run;
use loopscope::clock::ManualClock;
use loopscope::event_loop::{JoinError, TaskBuilder, TaskGroup, sleep, spawn, timeout, yield_now};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(3600);

/// Notes its name when it is dropped.
struct Noted(&'static str, Rc<RefCell<Vec<&'static str>>>);

impl Drop for Noted {
    fn drop(&mut self) {
        self.1.borrow_mut().push(self.0);
    }
}

#[test]
fn outputs_come_in_the_order_of_the_spawns() {
    let _clock = ManualClock::install();
    run(async {
        let group = TaskGroup::new();
        for number in 0..10_u64 {
            group.spawn(async move {
                sleep(Duration::from_secs(10 - number)).await;
                number
            });
        }
        assert_eq!(group.len(), 10);
        assert_eq!(group.join_all().await.unwrap(), (0..10).collect::<Vec<_>>());
    });
}

#[test]
fn the_first_error_cancels_the_rest_and_waits_for_it() {
    let log = Rc::new(RefCell::new(Vec::new()));
    run(async {
        let group = TaskGroup::new();
        for name in ["first", "second"] {
            let noted = Noted(name, log.clone());
            group.spawn(async move {
                let _noted = noted;
                sleep(LONG).await;
            });
        }
        group.try_spawn(async {
            yield_now().await;
            Err("too hot")
        });
        let error = group.join_all().await.unwrap_err();
        assert_eq!(error.to_string(), "the task failed: too hot");
        // Ended, not only asked to.
        assert_eq!(log.borrow().len(), 2);
    });
}

#[test]
fn a_panic_and_a_cancellation_are_errors_too() {
    run(async {
        let group = TaskGroup::new();
        group.spawn(async {
            sleep(LONG).await;
        });
        group.spawn(async { panic!("three") });
        assert!(group.join_all().await.unwrap_err().is_panic());

        let group = TaskGroup::<Duration>::new();
        let task = spawn(sleep(LONG));
        task.cancel();
        group.add(task);
        group.spawn(sleep(LONG));
        assert!(matches!(group.join_all().await, Err(JoinError::Cancelled)));
    });
}

#[test]
fn tasks_are_joined_as_they_end() {
    let _clock = ManualClock::install();
    run(async {
        let mut group = TaskGroup::new();
        for seconds in [3, 1, 2] {
            group.spawn(async move {
                sleep(Duration::from_secs(seconds)).await;
                seconds
            });
        }
        let mut ended = Vec::new();
        while let Some(result) = group.join_next().await {
            ended.push(result.unwrap());
            if ended.len() == 1 {
                group.spawn(async { 9 });
            }
        }
        assert_eq!(ended, [1, 9, 2, 3]);
        assert!(group.is_empty());
    });
}

#[test]
fn a_group_that_is_dropped_cancels_its_tasks() {
    let log = Rc::new(RefCell::new(Vec::new()));
    run(async {
        let group = TaskGroup::new();
        let noted = Noted("cancelled", log.clone());
        group.spawn(async move {
            let _noted = noted;
            sleep(LONG).await;
        });
        yield_now().await;
        // A wait that is given up takes the group with it.
        assert!(timeout(Duration::ZERO, group.join_all()).await.is_err());
        yield_now().await;
        assert_eq!(*log.borrow(), ["cancelled"]);
    });
}

#[test]
fn waiting_for_a_group_shows_as_such() {
    let recorder = recorded(async {
        let waiting = TaskBuilder::new().name("waiting").spawn(async {
            let group = TaskGroup::new();
            for _ in 0..3 {
                group.spawn(yield_now());
            }
            group.join_all().await.map(drop)
        });
        waiting.await.unwrap().unwrap();
    });
    let yields = recorder.of("on_task_after_send");
    let first = yields
        .iter()
        .find(|event| event.task_name.as_deref() == Some("waiting"));
    let command = first.and_then(|event| event.command.as_deref());
    assert_eq!(command, Some("join of one of 3 tasks"));
}
