use crate::run::run;
use loopscope::event_loop::{
    EventLoop, JoinError, TaskBuilder, current_task, sleep, spawn, timeout, try_spawn, yield_now,
};
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(3600);

/// Sets a flag when it is dropped.
struct SetOnDrop(Rc<Cell<u32>>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn the_main_future_may_borrow_and_need_not_be_send() {
    let local = Rc::new(String::from("borrowed"));
    let length = run(async {
        yield_now().await;
        local.len()
    });
    assert_eq!(length, 8);
}

#[test]
fn results_reach_whoever_joins() {
    run(async {
        assert_eq!(spawn(async { 7 }).await.unwrap(), 7);
        let failed = try_spawn(async { Err::<(), _>(std::io::Error::other("no")) }).await;
        assert!(matches!(failed, Err(JoinError::Failed(error)) if error.to_string() == "no"));
        let panicked = spawn(async { panic!("number 1") }).await.unwrap_err();
        assert_eq!(panicked.to_string(), "the task panicked: number 1");
        let JoinError::Panicked(payload) = panicked else {
            panic!("it did")
        };
        assert_eq!(
            payload.into_inner().downcast_ref::<&str>().copied(),
            Some("number 1")
        );
    });
}

#[test]
fn a_panic_of_the_main_future_is_the_callers() {
    let event_loop = EventLoop::new().unwrap();
    let run = || event_loop.run_until_complete(async { panic!("main") });
    let payload = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    assert_eq!(*payload.downcast_ref::<&str>().unwrap(), "main");
    // The loop is as good as before.
    assert_eq!(event_loop.run_until_complete(async { 1 }), 1);
}

#[test]
fn a_task_that_panics_unjoined_harms_nobody() {
    run(async {
        spawn(async { panic!("unheard") }).detach();
        yield_now().await;
        assert_eq!(spawn(async { 1 }).await.unwrap(), 1);
    });
}

#[test]
fn cancelling_drops_the_future_once() {
    let dropped = Rc::new(Cell::new(0));
    run(async {
        for polls in 0..2 {
            let guard = SetOnDrop(dropped.clone());
            let task = spawn(async move {
                let _guard = guard;
                sleep(LONG).await;
            });
            for _ in 0..polls {
                yield_now().await;
            }
            task.cancel();
            task.cancel();
            assert!(task.await.unwrap_err().is_cancelled());
        }
    });
    assert_eq!(dropped.get(), 2);
}

#[test]
fn a_finished_task_keeps_its_result_when_it_is_cancelled() {
    run(async {
        let task = spawn(async { 5 });
        yield_now().await;
        assert!(task.is_finished());
        // Its place may be another's by now.
        let other = spawn(async {
            yield_now().await;
            6
        });
        task.cancel();
        assert_eq!(task.await.unwrap(), 5);
        assert_eq!(other.await.unwrap(), 6);
    });
}

#[test]
fn a_task_may_cancel_itself() {
    run(async {
        let own = Rc::new(RefCell::new(None));
        let slot = own.clone();
        let task = spawn(async move {
            yield_now().await;
            if let Some(task) = &*slot.borrow() {
                loopscope::event_loop::JoinHandle::<()>::cancel(task);
            }
            sleep(LONG).await;
        });
        let id = task.id();
        *own.borrow_mut() = Some(task);
        yield_now().await;
        yield_now().await;
        yield_now().await;
        let task = own.borrow_mut().take().unwrap();
        assert_eq!(task.id(), id);
        assert!(
            timeout(Duration::from_secs(10), task)
                .await
                .unwrap()
                .unwrap_err()
                .is_cancelled()
        );
    });
}

#[test]
fn dropping_the_handle_leaves_the_task_running() {
    let done = Rc::new(Cell::new(false));
    let flag = done.clone();
    run(async {
        drop(spawn(async move {
            yield_now().await;
            flag.set(true);
        }));
        yield_now().await;
        yield_now().await;
        yield_now().await;
    });
    assert!(done.get());
}

#[test]
fn tasks_go_on_in_the_next_run_and_end_with_the_loop() {
    let steps = Rc::new(Cell::new(0));
    let dropped = Rc::new(Cell::new(0));
    let event_loop = EventLoop::new().unwrap();
    let (counted, guard) = (steps.clone(), SetOnDrop(dropped.clone()));
    event_loop.run_until_complete(async {
        spawn(async move {
            let _guard = guard;
            loop {
                counted.set(counted.get() + 1);
                yield_now().await;
            }
        })
        .detach();
    });
    let before = steps.get();
    event_loop.run_until_complete(async {
        for _ in 0..10 {
            yield_now().await;
        }
    });
    assert!(steps.get() > before);
    drop(event_loop);
    assert_eq!(dropped.get(), 1);
}

#[test]
fn a_destructor_may_spawn_while_the_loop_ends() {
    struct Spawner(Rc<Cell<u32>>);
    impl Drop for Spawner {
        fn drop(&mut self) {
            let guard = SetOnDrop(self.0.clone());
            spawn(async move {
                let _guard = guard;
                loop {
                    yield_now().await;
                }
            })
            .detach();
        }
    }
    let dropped = Rc::new(Cell::new(0));
    let event_loop = EventLoop::new().unwrap();
    event_loop.run_until_complete(async {
        let spawner = Spawner(dropped.clone());
        spawn(async move {
            let _spawner = spawner;
            sleep(LONG).await;
        })
        .detach();
        yield_now().await;
    });
    drop(event_loop);
    assert_eq!(dropped.get(), 1);
}

#[test]
fn a_loop_that_runs_until_it_is_idle_finishes_its_tasks() {
    let event_loop = EventLoop::new().unwrap();
    let mut spawned = None;
    event_loop.run_until_complete(async {
        spawned = Some(spawn(sleep(Duration::from_millis(1))));
    });
    event_loop.run_until_idle().unwrap();
    assert!(spawned.unwrap().is_finished());
}

#[test]
fn a_busy_task_does_not_keep_timers_and_others_waiting() {
    run(async {
        let busy = spawn(async {
            loop {
                yield_now().await;
            }
        });
        sleep(Duration::from_millis(2)).await;
        busy.cancel();
        assert!(busy.await.is_err());
    });
}

#[test]
fn foreign_futures_run_unchanged() {
    run(async {
        let (sender, receiver) = futures_channel::mpsc::unbounded();
        let thread = std::thread::spawn(move || {
            for number in 0..100 {
                sender.unbounded_send(number).unwrap();
            }
        });
        let sum: i32 = futures_lite::StreamExt::fold(receiver, 0, |sum, number| sum + number).await;
        assert_eq!(sum, 4950);
        thread.join().unwrap();
        let first = futures_lite::future::or(async { 1 }, async {
            sleep(LONG).await;
            2
        });
        assert_eq!(first.await, 1);
    });
}

#[test]
fn a_waker_may_be_used_when_the_loop_is_gone() {
    let event_loop = EventLoop::new().unwrap();
    let waker = event_loop.run_until_complete(async {
        let (sender, receiver) = futures_channel::oneshot::channel();
        let mut sender = Some(sender);
        let waiting = spawn(std::future::poll_fn(move |cx| {
            if let Some(sender) = sender.take() {
                let _ = sender.send(cx.waker().clone());
            }
            std::task::Poll::<()>::Pending
        }));
        let waker = receiver.await.unwrap();
        drop(waiting);
        waker
    });
    drop(event_loop);
    std::thread::spawn(move || waker.wake()).join().unwrap();
}

#[test]
fn a_task_that_was_woken_from_elsewhere_and_has_not_run_ends_with_the_loop() {
    let event_loop = EventLoop::new().unwrap();
    let dropped = Rc::new(Cell::new(0));
    let guard = SetOnDrop(dropped.clone());
    let (sender, receiver) = futures_channel::oneshot::channel();
    event_loop.run_until_complete(async {
        spawn(async move {
            let _guard = guard;
            let _ = receiver.await;
            sleep(LONG).await;
        })
        .detach();
        yield_now().await;
    });
    // It is in the queue of the loop, which does not run.
    std::thread::spawn(move || sender.send(()))
        .join()
        .unwrap()
        .unwrap();
    drop(event_loop);
    assert_eq!(dropped.get(), 1);
}

#[test]
fn a_loop_may_end_while_other_threads_wake_its_tasks() {
    for _ in 0..200 {
        let event_loop = EventLoop::new().unwrap();
        let (sender, mut receiver) = futures_channel::mpsc::unbounded();
        event_loop.run_until_complete(async {
            spawn(async move {
                while futures_lite::StreamExt::next(&mut receiver).await.is_some() {}
            })
            .detach();
            yield_now().await;
        });
        let waking = std::thread::spawn(move || while sender.unbounded_send(()).is_ok() {});
        drop(event_loop);
        waking.join().unwrap();
    }
}

#[test]
fn tasks_know_their_names() {
    assert!(current_task().is_none());
    run(async {
        let name = TaskBuilder::new()
            .name("named")
            .spawn(async { current_task().unwrap().name().map(String::from) });
        assert_eq!(name.await.unwrap().as_deref(), Some("named"));
    });
}

#[test]
fn a_hundred_thousand_tasks() {
    run(async {
        let tasks: Vec<_> = (0..100_000u64)
            .map(|number| spawn(async move { number }))
            .collect();
        let mut sum = 0;
        for task in tasks {
            sum += task.await.unwrap();
        }
        assert_eq!(sum, 4_999_950_000);
    });
}
