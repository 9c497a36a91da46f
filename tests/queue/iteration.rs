use crate::run::run;
use crate::tasks::{getters, putters};
use crate::turns::{Log, settle};
use futures_lite::StreamExt;
use loopscope::event_loop::{spawn, timeout, yield_now};
use loopscope::sync::{AsyncQueue, PutError};
use std::time::Duration;

#[test]
fn a_peek_leaves_the_item_where_it_is() {
    run(async {
        let queue = AsyncQueue::unbounded();
        let later = queue.clone();
        let peeked = spawn(async move { later.peek().await });
        yield_now().await;
        queue.put(7).await.unwrap();
        assert_eq!(peeked.await.unwrap(), Ok(7));
        assert_eq!(queue.len(), 1);
    });
}

#[test]
fn until_empty_takes_what_is_there_and_closes() {
    run(async {
        let queue = AsyncQueue::bounded(3);
        for item in 0..3 {
            queue.put(item).await.unwrap();
        }
        let waiting = queue.clone();
        let putter = spawn(async move { waiting.put(3).await });
        settle().await;
        // No task runs in between: who waits to put something in does not come in time.
        let drained: Vec<_> = queue.until_empty().collect().await;
        assert_eq!(drained, [0, 1, 2]);
        assert!(queue.is_closed(), "as the original does");
        assert_eq!(putter.await.unwrap(), Err(PutError(3)));
    });
}

#[test]
fn until_empty_leaves_promised_items_to_those_in_line() {
    let got = Log::default();
    run(async {
        let queue = AsyncQueue::unbounded();
        let tasks = getters(&queue, 1, &got);
        settle().await;
        queue.put(1).await.unwrap();
        queue.put(2).await.unwrap();
        let drained: Vec<_> = queue.until_empty().collect().await;
        assert_eq!(drained, [2]);
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert_eq!(*got.borrow(), [(0, 1)]);
}

#[test]
fn a_queue_is_a_stream_until_it_is_closed_and_empty() {
    run(async {
        let queue = AsyncQueue::bounded(1);
        let items = queue.clone();
        let all = spawn(items.collect::<Vec<_>>());
        for item in 0..10 {
            queue.put(item).await.unwrap();
        }
        queue.close();
        assert_eq!(all.await.unwrap(), (0..10).collect::<Vec<_>>());
    });
}

#[test]
fn streams_wait_in_line_with_the_others() {
    let got = Log::default();
    run(async {
        let queue = AsyncQueue::unbounded();
        let before = getters(&queue, 1, &got);
        settle().await;
        let (mut items, streamed) = (queue.clone(), got.clone());
        let stream = spawn(async move {
            let item = items.next().await;
            streamed.borrow_mut().push((9, item.unwrap()));
        });
        settle().await;
        let after = getters(&queue, 1, &got);
        settle().await;
        putters(&queue, 10..13, &Log::default());
        for task in before.into_iter().chain([stream]).chain(after) {
            task.await.unwrap();
        }
    });
    assert_eq!(*got.borrow(), [(0, 10), (9, 11), (0, 12)]);
}

#[test]
fn a_stream_that_is_dropped_passes_on_what_it_was_promised() {
    run(async {
        let queue = AsyncQueue::unbounded();
        let items = queue.clone();
        let stream = spawn(items.collect::<Vec<u32>>());
        settle().await;
        queue.put(1).await.unwrap();
        stream.cancel();
        assert_eq!(queue.get().await, Ok(1));
        assert!(stream.await.is_err());
    });
}

/// The handle's stream was promised an item; nobody waits for the stream any more.
#[test]
fn a_stream_that_is_no_longer_awaited_keeps_no_item_from_its_handle() {
    run(async {
        let mut queue = AsyncQueue::unbounded();
        let next = timeout(Duration::ZERO, queue.next()).await;
        assert!(next.is_err(), "it is empty");
        queue.put(1).await.unwrap();
        assert_eq!(queue.try_get(), Ok(1));
        let next = timeout(Duration::ZERO, queue.next()).await;
        assert!(next.is_err(), "it is empty");
        queue.put(2).await.unwrap();
        assert_eq!(queue.peek().await, Ok(2));
        assert_eq!(queue.get().await, Ok(2));
    });
}
