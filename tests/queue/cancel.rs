use crate::run::run;
use crate::tasks::getters;
use crate::turns::Log;
use loopscope::event_loop::{spawn, yield_now};
use loopscope::sync::AsyncQueue;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

#[test]
fn a_getter_that_is_cancelled_gives_its_item_to_the_next() {
    let got = Log::default();
    run(async {
        let queue = AsyncQueue::unbounded();
        let mut tasks = getters(&queue, 2, &got);
        yield_now().await;
        queue.put(7).await.unwrap();
        // The first was promised the item and has not run yet.
        let first = tasks.remove(0);
        first.cancel();
        assert!(first.await.is_err());
        tasks.remove(0).await.unwrap();
    });
    assert_eq!(*got.borrow(), [(1, 7)]);
}

#[test]
fn a_putter_that_is_cancelled_gives_its_room_to_the_next() {
    run(async {
        let queue = AsyncQueue::bounded(1);
        queue.put(0).await.unwrap();
        let put = |item| {
            let queue = queue.clone();
            spawn(async move { queue.put(item).await.is_ok() })
        };
        let (first, second) = (put(1), put(2));
        yield_now().await;
        assert_eq!(queue.get().await, Ok(0));
        first.cancel();
        assert!(second.await.unwrap());
        assert_eq!(queue.get().await, Ok(2));
        assert!(queue.is_empty());
    });
}

/// A waker may own what uses the queue when it is dropped.
#[test]
fn a_waker_may_use_the_queue_when_it_is_dropped() {
    struct Uses(Arc<AtomicBool>);
    impl Wake for Uses {
        fn wake(self: Arc<Self>) {}
    }
    impl Drop for Uses {
        fn drop(&mut self) {
            QUEUE.with(|queue| queue.is_closed());
            self.0.store(true, Ordering::Relaxed);
        }
    }
    thread_local! {
        static QUEUE: AsyncQueue<u8> = AsyncQueue::bounded(1);
    }
    let queue = QUEUE.with(AsyncQueue::clone);
    let poll_once = |waiting: Pin<&mut dyn Future<Output = ()>>| {
        let dropped = Arc::new(AtomicBool::new(false));
        let waker = Waker::from(Arc::new(Uses(dropped.clone())));
        assert!(waiting.poll(&mut Context::from_waker(&waker)).is_pending());
        dropped
    };
    let mut get = Box::pin(async { assert!(queue.get().await.is_err()) });
    let replaced = poll_once(get.as_mut());
    let left = poll_once(get.as_mut());
    assert!(replaced.load(Ordering::Relaxed));
    drop(get);
    assert!(left.load(Ordering::Relaxed));
    queue.try_put(0).unwrap();
    let mut put = Box::pin(async { assert!(queue.put(1).await.is_err()) });
    let replaced = poll_once(put.as_mut());
    let left = poll_once(put.as_mut());
    assert!(replaced.load(Ordering::Relaxed));
    drop(put);
    assert!(left.load(Ordering::Relaxed));
}
