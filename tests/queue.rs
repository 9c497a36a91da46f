//! Queues: order, waiting, cancellation, closing; and random programs against a model.

#[cfg(test)]
mod tests {
    use futures_lite::StreamExt;
    use loopscope::event_loop::{EventLoop, JoinHandle, spawn, timeout, yield_now};
    use loopscope::sync::AsyncQueue;
    use proptest::prelude::*;
    use std::cell::RefCell;
    use std::collections::VecDeque;
    use std::pin::Pin;
    use std::rc::Rc;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::{Context, Wake, Waker};
    use std::time::Duration;

    fn run<T>(future: impl Future<Output = T>) -> T {
        let event_loop = EventLoop::new().unwrap();
        event_loop
            .run_until_complete(async { timeout(Duration::from_secs(30), future).await })
            .expect("nothing hangs")
    }

    /// Tasks that each get one item and note it with their number.
    fn getters(
        queue: &AsyncQueue<u32>,
        count: u32,
        got: &Rc<RefCell<Vec<(u32, u32)>>>,
    ) -> Vec<JoinHandle<()>> {
        (0..count)
            .map(|number| {
                let (queue, got) = (queue.clone(), got.clone());
                spawn(async move {
                    if let Ok(item) = queue.get().await {
                        got.borrow_mut().push((number, item));
                    }
                })
            })
            .collect()
    }

    #[test]
    fn first_come_first_served() {
        let got = Rc::new(RefCell::new(Vec::new()));
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
    fn a_getter_that_is_cancelled_gives_its_item_to_the_next() {
        let got = Rc::new(RefCell::new(Vec::new()));
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

    #[test]
    fn items_can_be_looked_at_iterated_and_drained() {
        run(async {
            let queue = AsyncQueue::unbounded();
            let later = queue.clone();
            let peeked = spawn(async move { later.peek().await.unwrap() });
            yield_now().await;
            for item in 0..3 {
                queue.put(item).await.unwrap();
            }
            assert_eq!(peeked.await.unwrap(), 0);
            assert_eq!(queue.len(), 3);
            let drained: Vec<_> = queue.until_empty().collect().await;
            assert_eq!(drained, [0, 1, 2]);
            assert!(queue.is_closed(), "as the original does");

            let queue = AsyncQueue::bounded(1);
            let items = queue.clone();
            let sum = spawn(items.fold(0, |sum, item| sum + item));
            for item in 0..10 {
                queue.put(item).await.unwrap();
            }
            queue.close();
            assert_eq!(sum.await.unwrap(), 45);
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

    #[derive(Debug, Clone)]
    enum Step {
        Put,
        Get,
        CancelGetter(prop::sample::Index),
        CancelPutter(prop::sample::Index),
        Yield,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            3 => Just(Step::Put),
            3 => Just(Step::Get),
            1 => any::<prop::sample::Index>().prop_map(Step::CancelGetter),
            1 => any::<prop::sample::Index>().prop_map(Step::CancelPutter),
            2 => Just(Step::Yield),
        ];
        prop::collection::vec(step, 1..60)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// Whoever is cancelled when: items come out in the order in which they went in, each
        /// once, and none is lost that was put in.
        #[test]
        fn nothing_is_lost_doubled_or_reordered(capacity in 1usize..4, steps in steps()) {
            let accepted = Rc::new(RefCell::new(VecDeque::new()));
            let taken = Rc::new(RefCell::new(Vec::new()));
            run(async {
                let queue = AsyncQueue::bounded(capacity);
                let (mut getters, mut putters) = (Vec::new(), Vec::new());
                for (number, step) in steps.into_iter().enumerate() {
                    match step {
                        Step::Put => {
                            let (queue, accepted) = (queue.clone(), accepted.clone());
                            putters.push(spawn(async move {
                                if queue.put(number).await.is_ok() {
                                    accepted.borrow_mut().push_back(number);
                                }
                            }));
                        }
                        Step::Get => {
                            let (queue, taken) = (queue.clone(), taken.clone());
                            getters.push(spawn(async move {
                                if let Ok(item) = queue.get().await {
                                    taken.borrow_mut().push(item);
                                }
                            }));
                        }
                        Step::CancelGetter(pick) if !getters.is_empty() => {
                            getters.swap_remove(pick.index(getters.len())).cancel();
                        }
                        Step::CancelPutter(pick) if !putters.is_empty() => {
                            putters.swap_remove(pick.index(putters.len())).cancel();
                        }
                        _ => yield_now().await,
                    }
                    assert!(queue.len() <= capacity);
                }
                for _ in 0..100 {
                    yield_now().await;
                }
                queue.close();
                for task in getters.into_iter().chain(putters) {
                    let _ = task.await;
                }
                let left: Vec<_> = queue.until_empty().collect().await;
                taken.borrow_mut().extend(left);
            });
            prop_assert_eq!(&*taken.borrow(), &accepted.borrow().iter().copied().collect::<Vec<_>>());
        }
    }
}
