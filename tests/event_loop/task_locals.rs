use crate::run::run;
use loopscope::event_loop::{current_task, sleep, spawn, task_local, timeout, yield_now};
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

task_local! {
    static NUMBER: u32;
    static LOG: Rc<RefCell<Vec<u32>>>;
}

#[test]
fn tasks_that_take_turns_see_each_their_own() {
    run(async {
        let tasks: Vec<_> = (0..10)
            .map(|number| {
                spawn(NUMBER.scope(number, async move {
                    for _ in 0..5 {
                        assert_eq!(NUMBER.get(), number);
                        yield_now().await;
                    }
                }))
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(NUMBER.try_with(|number| *number), None);
    });
}

#[test]
fn scopes_nest_and_end_with_their_future() {
    run(NUMBER.scope(1, async {
        assert_eq!(NUMBER.scope(2, async { NUMBER.get() }).await, 2);
        assert_eq!(NUMBER.get(), 1);
        // A task of its own has none.
        let inherited = spawn(async { NUMBER.try_with(|number| *number) });
        assert_eq!(inherited.await.unwrap(), None);
    }));
}

#[test]
fn what_is_dropped_in_the_scope_sees_the_value() {
    struct NoteOnDrop;
    impl Drop for NoteOnDrop {
        fn drop(&mut self) {
            LOG.with(|log| log.borrow_mut().push(NUMBER.get()));
        }
    }
    let log = Rc::new(RefCell::new(Vec::new()));
    let scope = |number, endless| {
        let future = async move {
            let _note = NoteOnDrop;
            yield_now().await;
            if endless {
                sleep(Duration::from_secs(3600)).await;
            }
        };
        LOG.scope(log.clone(), NUMBER.scope(number, future))
    };
    run(async {
        scope(1, false).await;
        assert!(timeout(Duration::ZERO, scope(2, true)).await.is_err());
        let task = spawn(scope(3, true));
        yield_now().await;
        task.cancel();
        assert!(task.await.unwrap_err().is_cancelled());
    });
    assert_eq!(*log.borrow(), [1, 2, 3]);
    assert_eq!(
        Rc::strong_count(&log),
        1,
        "the values are dropped with their scopes"
    );
}

#[test]
fn a_panic_leaves_no_value_behind() {
    run(async {
        let panicking = spawn(NUMBER.scope(1, async { panic!("in the scope") }));
        assert!(panicking.await.unwrap_err().is_panic());
        assert_eq!(NUMBER.try_with(|number| *number), None);
    });
}

#[test]
fn reading_outside_of_a_scope_says_what_to_do() {
    let payload = catch_unwind(AssertUnwindSafe(|| NUMBER.get())).unwrap_err();
    let message = payload.downcast_ref::<&str>().unwrap();
    assert!(
        message.contains("wrap the task's future in TaskLocal::scope"),
        "{message}"
    );
}

#[test]
fn a_value_may_be_changed_through_a_cell() {
    task_local! {
        static COUNT: Cell<u32>;
    }
    run(COUNT.scope(Cell::new(0), async {
        for _ in 0..3 {
            COUNT.with(|count| count.set(count.get() + 1));
            yield_now().await;
        }
        assert_eq!(COUNT.with(Cell::get), 3);
        assert!(current_task().is_some());
    }));
}
