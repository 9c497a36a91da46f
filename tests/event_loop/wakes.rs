//! Whom a waker wakes, how often, and in what order.

use crate::run::run;
use loopscope::event_loop::{EventLoop, spawn, yield_now};
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// So many yields are more than a turn of the loop: what other threads did is seen.
const YIELDS: u32 = 200;

/// Lets everything run that is ready.
async fn settle() {
    for _ in 0..YIELDS {
        yield_now().await;
    }
}

/// Where a task leaves its waker and counts its polls.
#[derive(Clone, Default)]
struct Sleeper {
    waker: Rc<RefCell<Option<Waker>>>,
    polls: Rc<Cell<u32>>,
}

impl Sleeper {
    /// Never ends.
    fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        self.polls.set(self.polls.get() + 1);
        *self.waker.borrow_mut() = Some(cx.waker().clone());
        Poll::Pending
    }

    fn spawn(&self) {
        let sleeper = self.clone();
        spawn(poll_fn(move |cx| sleeper.poll(cx))).detach();
    }

    fn waker(&self) -> Waker {
        self.waker.borrow().clone().expect("it has been polled")
    }
}

#[test]
fn the_waker_of_a_task_that_has_ended_wakes_no_other() {
    run(async {
        let mut stale = Vec::new();
        for _ in 0..3 {
            let waker = spawn(poll_fn(|cx| Poll::Ready(cx.waker().clone()))).await;
            stale.push(waker.unwrap());
        }
        // What is left of those tasks, and their places, are these ones'.
        let sleepers = std::array::from_fn::<_, 4, _>(|_| Sleeper::default());
        sleepers.iter().for_each(Sleeper::spawn);
        settle().await;
        stale.iter().for_each(Waker::wake_by_ref);
        std::thread::spawn(|| stale.into_iter().for_each(Waker::wake))
            .join()
            .unwrap();
        settle().await;
        assert!(sleepers.iter().all(|sleeper| sleeper.polls.get() == 1));
    });
}

#[test]
fn the_waker_of_a_main_future_that_has_ended_does_nothing() {
    let event_loop = EventLoop::new().unwrap();
    let stale = event_loop.run_until_complete(poll_fn(|cx| Poll::Ready(cx.waker().clone())));
    let polls = Cell::new(0);
    event_loop.run_until_complete(async {
        stale.wake_by_ref();
        let mut yields = Box::pin(settle());
        poll_fn(|cx| {
            polls.set(polls.get() + 1);
            yields.as_mut().poll(cx)
        })
        .await;
    });
    assert_eq!(
        polls.get(),
        1 + YIELDS,
        "once, and after each of its yields"
    );
}

#[test]
fn a_task_that_was_woken_often_is_polled_once() {
    run(async {
        let sleeper = Sleeper::default();
        sleeper.spawn();
        settle().await;
        let polls = &sleeper.polls;
        for polls_so_far in [1, 3] {
            assert_eq!(polls.get(), polls_so_far);
            let (here, there) = (sleeper.waker(), sleeper.waker());
            (0..9).for_each(|_| here.wake_by_ref());
            settle().await;
            assert_eq!(polls.get(), polls_so_far + 1);
            std::thread::spawn(move || (0..9).for_each(|_| there.wake_by_ref()))
                .join()
                .unwrap();
            settle().await;
            assert_eq!(polls.get(), polls_so_far + 2);
        }
    });
}

#[test]
fn a_task_that_wakes_itself_comes_after_those_that_it_wakes() {
    run(async {
        let order = Rc::new(RefCell::new(String::new()));
        let (sleeper, said) = (Sleeper::default(), order.clone());
        let inner = sleeper.clone();
        spawn(poll_fn(move |cx| {
            said.borrow_mut().push('b');
            inner.poll(cx)
        }))
        .detach();
        settle().await;
        let said = order.clone();
        let mut polls = 0;
        spawn(poll_fn(move |cx| {
            said.borrow_mut().push('a');
            polls += 1;
            if polls == 2 {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            sleeper.waker().wake();
            Poll::Pending
        }))
        .await
        .unwrap();
        assert_eq!(*order.borrow(), "baba");
    });
}

#[test]
fn a_waker_is_the_loops_on_another_loop_of_the_thread_too() {
    let (first, second) = (EventLoop::new().unwrap(), EventLoop::new().unwrap());
    let sleeper = Sleeper::default();
    first.run_until_complete(async {
        sleeper.spawn();
        settle().await;
    });
    second.run_until_complete(async { sleeper.waker().wake() });
    assert_eq!(sleeper.polls.get(), 1);
    first.run_until_complete(settle());
    assert_eq!(sleeper.polls.get(), 2);
}

#[test]
fn joining_a_task_twice_is_told() {
    run(async {
        let mut task = spawn(async { 7 });
        assert_eq!((&mut task).await.unwrap(), 7);
        let mut again = std::pin::pin!(task);
        let polled = poll_fn(|cx| {
            let again = again.as_mut();
            Poll::Ready(catch_unwind(AssertUnwindSafe(|| again.poll(cx))))
        });
        assert!(polled.await.is_err());
    });
}
