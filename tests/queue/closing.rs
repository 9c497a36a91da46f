use crate::run::run;
use crate::turns::settle;
use futures_lite::future::poll_once;
use loopscope::event_loop::{spawn, yield_now};
use loopscope::sync::{AsyncQueue, PutError, TryGetError, TryPutError};
use std::pin::pin;

#[test]
fn closing_wakes_both_sides() {
    run(async {
        let full = AsyncQueue::bounded(1);
        full.put(0).await.unwrap();
        let putting = full.clone();
        let putter = spawn(async move { putting.put(1).await.unwrap_err().0 });
        let empty = AsyncQueue::<u8>::unbounded();
        let getting = empty.clone();
        let getter = spawn(async move { getting.get().await.is_err() });
        yield_now().await;
        full.close();
        empty.close();
        assert_eq!(putter.await.unwrap(), 1);
        assert!(getter.await.unwrap());
    });
}

/// One getter was promised the item that fills the queue and has not run since: another getter
/// waits behind it, and a putter for room.
#[test]
fn closing_with_waiters_on_both_sides_keeps_promises_and_hands_items_back() {
    run(async {
        let queue = AsyncQueue::bounded(1);
        let getting = queue.clone();
        let promised = spawn(async move { getting.get().await });
        settle().await;
        queue.try_put(1).unwrap();
        let (mut get, mut put) = (pin!(queue.get()), pin!(queue.put(2)));
        assert_eq!(poll_once(&mut get).await, None);
        assert_eq!(poll_once(&mut put).await, None);
        queue.close();
        assert!(get.await.is_err());
        assert_eq!(put.await, Err(PutError(2)));
        assert_eq!(promised.await.unwrap(), Ok(1));
    });
}

#[test]
fn putters_in_line_get_their_items_back_and_the_rest_can_be_drained() {
    run(async {
        let queue = AsyncQueue::bounded(2);
        queue.put(0).await.unwrap();
        queue.put(1).await.unwrap();
        let put = |item| {
            let queue = queue.clone();
            spawn(async move { queue.put(item).await })
        };
        let putters = [put(2), put(3)];
        settle().await;
        queue.close();
        for (task, item) in putters.into_iter().zip(2..) {
            assert_eq!(task.await.unwrap(), Err(PutError(item)));
        }
        assert_eq!(queue.put(4).await, Err(PutError(4)));
        assert_eq!(queue.try_put(5), Err(TryPutError::Closed(5)));
        assert_eq!(queue.get().await, Ok(0));
        assert_eq!(queue.peek().await, Ok(1));
        assert_eq!(queue.try_get(), Ok(1));
        assert!(queue.get().await.is_err());
        assert!(queue.peek().await.is_err());
        assert_eq!(queue.try_get(), Err(TryGetError::Closed));
    });
}

/// It was promised room before the queue was closed, and finds it closed.
#[test]
fn a_putter_that_was_promised_room_gets_its_item_back() {
    run(async {
        let queue = AsyncQueue::bounded(1);
        queue.put(0).await.unwrap();
        let putting = queue.clone();
        let putter = spawn(async move { putting.put(1).await });
        settle().await;
        assert_eq!(queue.try_get(), Ok(0));
        queue.close();
        assert_eq!(putter.await.unwrap(), Err(PutError(1)));
        assert!(queue.get().await.is_err());
    });
}
