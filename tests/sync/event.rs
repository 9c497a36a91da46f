use crate::run::run;
use crate::turns::{Log, settle};
use loopscope::event_loop::{spawn, timeout, yield_now};
use loopscope::sync::Event;
use proptest::prelude::*;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

#[test]
fn once_it_is_set_all_go_on_in_the_order_of_arrival() {
    let log = Log::default();
    run(async {
        let event = Event::new();
        let wait = |number| {
            let (event, log) = (event.clone(), log.clone());
            spawn(async move {
                event.wait().await;
                log.borrow_mut().push(number);
            })
        };
        let mut tasks: Vec<_> = (0..4).map(wait).collect();
        settle().await;
        assert!(log.borrow().is_empty());
        event.set();
        event.set();
        tasks.push(wait(4));
        for task in tasks {
            task.await.unwrap();
        }
        assert!(event.is_set());
    });
    assert_eq!(*log.borrow(), [0, 1, 2, 3, 4]);
}

#[test]
fn who_waited_when_it_was_set_goes_on_though_it_is_cleared() {
    run(async {
        let event = Event::new();
        let waiting = event.clone();
        let waiter = spawn(async move { waiting.wait().await });
        settle().await;
        event.set();
        event.clear();
        assert!(timeout(Duration::ZERO, event.wait()).await.is_err());
        waiter.await.unwrap();
        assert!(!event.is_set());
    });
}

/// As it is for a condition: here there is nothing to pass on, and who comes later waits.
#[test]
fn a_waiter_that_is_cancelled_lets_no_newcomer_through() {
    run(async {
        let event = Event::new();
        let wait = || {
            let event = event.clone();
            spawn(async move { event.wait().await })
        };
        let first = wait();
        settle().await;
        event.set();
        event.clear();
        first.cancel();
        let second = wait();
        assert!(first.await.is_err());
        settle().await;
        assert!(!second.is_finished());
        event.set();
        second.await.unwrap();
    });
}

#[test]
fn others_run_while_one_task_asks_again_and_again() {
    const MANY: u32 = 100_000;
    run(async {
        let event = Event::new();
        event.set();
        let (waits, asked) = (Rc::new(Cell::new(0)), event.clone());
        let counted = waits.clone();
        let task = spawn(async move {
            for _ in 0..MANY {
                asked.wait().await;
                counted.set(counted.get() + 1);
            }
        });
        yield_now().await;
        assert!((1..MANY).contains(&waits.get()));
        task.await.unwrap();
    });
}

#[test]
fn debug_output_says_who_it_is() {
    let event = Event::default().named("ready");
    let shown = format!("{event:?}");
    assert_eq!(shown, r#"Event { name: Some("ready"), is_set: false }"#);
}

#[derive(Debug, Clone)]
enum Step {
    Wait,
    Set,
    Clear,
    Cancel(prop::sample::Index),
    Settle,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Wait),
        1 => Just(Step::Set),
        1 => Just(Step::Clear),
        2 => any::<prop::sample::Index>().prop_map(Step::Cancel),
        2 => Just(Step::Settle),
    ];
    prop::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// The model: whoever has begun to wait goes on if the event is set then or is set later, and
    /// only then.
    #[test]
    fn those_and_only_those_go_on_who_saw_it_set(steps in steps()) {
        run(async {
            let (event, went_on) = (Event::new(), Log::default());
            let (mut tasks, mut expected, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
            let mut cancelled = Vec::new();
            let mut is_set = false;
            for (number, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Wait => {
                        let (event, went_on) = (event.clone(), went_on.clone());
                        tasks.push((number, spawn(async move {
                            event.wait().await;
                            went_on.borrow_mut().push(number);
                        })));
                        // It begins.
                        yield_now().await;
                        waiting.push(number);
                    }
                    Step::Set => {
                        event.set();
                        is_set = true;
                    }
                    Step::Clear => {
                        event.clear();
                        is_set = false;
                    }
                    Step::Cancel(pick) if !tasks.is_empty() => {
                        let (number, task) = &tasks[pick.index(tasks.len())];
                        task.cancel();
                        cancelled.push(*number);
                        waiting.retain(|it| it != number);
                    }
                    _ => settle().await,
                }
                if is_set {
                    expected.append(&mut waiting);
                }
                assert_eq!(event.is_set(), is_set);
            }
            settle().await;
            let went_on = went_on.borrow();
            for (number, task) in &tasks {
                assert!(task.is_finished() || waiting.contains(number));
                assert!(!went_on.contains(number) || expected.contains(number));
            }
            assert!(expected.iter().all(|it| went_on.contains(it) || cancelled.contains(it)));
        });
    }
}
