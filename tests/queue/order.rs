use crate::run::run;
use crate::tasks::{getters, putters};
use crate::turns::{Log, settle};
use futures_lite::future::poll_once;
use loopscope::event_loop::yield_now;
use loopscope::sync::AsyncQueue;
use std::pin::pin;

#[test]
fn getters_are_served_in_the_order_of_arrival() {
    let got = Log::default();
    run(async {
        let queue = AsyncQueue::unbounded();
        let tasks = getters(&queue, 3, &got);
        yield_now().await;
        for item in 10..13 {
            queue.put(item).await.unwrap();
        }
        // Whoever comes now is behind those who wait.
        assert!(queue.try_get().is_err());
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert_eq!(*got.borrow(), [(0, 10), (1, 11), (2, 12)]);
}

#[test]
fn putters_are_served_in_the_order_of_arrival() {
    let put = Log::default();
    run(async {
        let queue = AsyncQueue::bounded(1);
        queue.put(0).await.unwrap();
        let tasks = putters(&queue, 1..4, &put);
        settle().await;
        assert!(put.borrow().is_empty());
        for item in 0..4 {
            assert_eq!(queue.get().await, Ok(item));
        }
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert_eq!(*put.borrow(), [1, 2, 3]);
}

/// The item is promised to a task that has not run since.
#[test]
fn a_newcomer_does_not_overtake_a_getter_in_line() {
    let got = Log::default();
    run(async {
        let queue = AsyncQueue::unbounded();
        let tasks = getters(&queue, 2, &got);
        settle().await;
        for item in [10, 11, 12] {
            queue.put(item).await.unwrap();
        }
        assert_eq!(queue.get().await, Ok(12));
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert_eq!(*got.borrow(), [(0, 10), (1, 11)]);
}

/// Two items for two in line, of whom the second looks first.
#[test]
fn each_getter_has_the_item_of_its_turn_whoever_runs_first() {
    run(async {
        let queue = AsyncQueue::unbounded();
        let (mut first, mut second) = (pin!(queue.get()), pin!(queue.get()));
        assert_eq!(poll_once(&mut first).await, None);
        assert_eq!(poll_once(&mut second).await, None);
        for item in [10, 11, 12] {
            queue.put(item).await.unwrap();
        }
        assert_eq!(second.await, Ok(11));
        assert_eq!(queue.try_get(), Ok(12));
        assert_eq!(first.await, Ok(10));
    });
}

/// There is room for two, and one of them is in line and has not run since.
#[test]
fn a_newcomer_with_room_of_its_own_still_comes_second() {
    let put = Log::default();
    run(async {
        let queue = AsyncQueue::bounded(2);
        queue.put(0).await.unwrap();
        queue.put(0).await.unwrap();
        let tasks = putters(&queue, 1..2, &put);
        settle().await;
        assert_eq!(queue.try_get(), Ok(0));
        assert_eq!(queue.try_get(), Ok(0));
        assert!(queue.try_put(99).is_err());
        queue.put(2).await.unwrap();
        assert_eq!(queue.try_get(), Ok(1));
        assert_eq!(queue.try_get(), Ok(2));
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert_eq!(*put.borrow(), [1]);
}

/// A future that is kept and not polled has what it was promised, and no more than that.
#[test]
fn who_does_not_take_its_turn_holds_up_nobody() {
    run(async {
        let queue = AsyncQueue::bounded(2);
        let mut idle = pin!(queue.get());
        assert_eq!(poll_once(&mut idle).await, None);
        queue.put(0).await.unwrap();
        queue.put(1).await.unwrap();
        assert_eq!(queue.get().await, Ok(1));
        assert_eq!(idle.await, Ok(0));

        queue.put(2).await.unwrap();
        queue.put(3).await.unwrap();
        let mut idle = pin!(queue.put(5));
        assert_eq!(poll_once(&mut idle).await, None);
        assert_eq!(queue.get().await, Ok(2));
        assert_eq!(queue.get().await, Ok(3));
        queue.put(4).await.unwrap();
        idle.await.unwrap();
        assert_eq!(queue.get().await, Ok(4));
        assert_eq!(queue.get().await, Ok(5));
    });
}

/// The room is promised to a task that has not run since.
#[test]
fn a_newcomer_does_not_overtake_a_putter_in_line() {
    let put = Log::default();
    run(async {
        let queue = AsyncQueue::bounded(1);
        queue.put(0).await.unwrap();
        let tasks = putters(&queue, 1..3, &put);
        settle().await;
        assert_eq!(queue.try_get(), Ok(0));
        assert!(queue.is_empty());
        assert_eq!(queue.try_put(99).unwrap_err().into_inner(), 99);
        let last = putters(&queue, 3..4, &put);
        for item in 1..4 {
            assert_eq!(queue.get().await, Ok(item));
        }
        for task in tasks.into_iter().chain(last) {
            task.await.unwrap();
        }
    });
    assert_eq!(*put.borrow(), [1, 2, 3]);
}
