use crate::run::run;
use crate::turns::{Log, settle};
use futures_lite::StreamExt;
use loopscope::event_loop::{spawn, yield_now};
use loopscope::instrument::{EnterScope, RecordingInstrument};
use loopscope::sync::{AsyncQueue, AsyncSetQueue, PutError, TryGetError, TryPutError};
use proptest::prelude::*;
use std::collections::VecDeque;
use std::rc::Rc;

#[test]
fn an_item_that_is_queued_is_not_put_a_second_time() {
    run(async {
        let queue = AsyncSetQueue::unbounded();
        for item in [1, 2, 1, 3, 2] {
            queue.put(item).await.unwrap();
        }
        assert_eq!(queue.len(), 3);
        assert!(queue.contains(&2));
        assert_eq!(queue.get().await, Ok(1));
        assert!(!queue.contains(&1));
        // It is out, and so may come in again, at the end.
        queue.put(1).await.unwrap();
        let items: Vec<_> = queue.until_empty().collect().await;
        assert_eq!(items, [2, 3, 1]);
        assert_eq!(queue.try_get(), Err(TryGetError::Closed));
    });
}

#[test]
fn a_put_that_changes_nothing_needs_no_room() {
    run(async {
        let queue = AsyncSetQueue::bounded(1);
        queue.put(1).await.unwrap();
        queue.put(1).await.unwrap();
        assert_eq!(queue.try_put(1), Ok(()));
        assert_eq!(queue.try_put(2), Err(TryPutError::Full(2)));
        queue.close();
        assert_eq!(queue.put(1).await, Err(PutError(1)), "closed is closed");
    });
}

/// Two tasks wait for room for equal items: the second leaves what it was promised to the third.
#[test]
fn room_that_is_not_needed_goes_to_the_next() {
    run(async {
        let queue = AsyncSetQueue::bounded(2);
        queue.put(0).await.unwrap();
        queue.put(1).await.unwrap();
        let put = |item| {
            let queue = queue.clone();
            spawn(async move { queue.put(item).await })
        };
        let tasks = [put(7), put(7), put(8)];
        settle().await;
        assert_eq!(queue.get().await, Ok(0));
        assert_eq!(queue.get().await, Ok(1));
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        assert_eq!(queue.try_get(), Ok(7));
        assert_eq!(queue.try_get(), Ok(8));
        assert_eq!(queue.try_get(), Err(TryGetError::Empty));
    });
}

#[test]
fn instruments_hear_of_what_was_put_in() {
    let recorder = RecordingInstrument::new();
    recorder.clone().in_scope(|| {
        run(async {
            let queue = AsyncSetQueue::bounded(2).named("stale");
            for item in [5, 5, 6] {
                queue.put(item).await.unwrap();
            }
            assert_eq!(queue.get().await, Ok(5));
        });
    });
    let moved = |hook| -> Vec<_> {
        let events = recorder.of(hook).into_iter();
        events.map(|it| (it.name, it.data, it.size)).collect()
    };
    let of = |item: &str, len| (Some("stale".into()), Some(item.into()), Some(len));
    assert_eq!(moved("on_queue_put"), [of("5", 1), of("6", 2)]);
    assert_eq!(moved("on_queue_get"), [of("5", 1)]);
    recorder.assert_paired();
}

/// Functions that take any queue take this one, and items are in it once through them, too.
#[test]
fn it_is_an_async_queue() {
    async fn put_twice(queue: AsyncQueue<Rc<str>>) {
        queue.put("x".into()).await.unwrap();
        queue.put("x".into()).await.unwrap();
        queue.close();
    }
    run(async {
        let mut queue = AsyncSetQueue::opaque_bounded(1);
        put_twice(AsyncQueue::clone(&queue)).await;
        assert_eq!(queue.next().await.as_deref(), Some("x"));
        assert_eq!(queue.next().await, None);
        assert!(queue.is_closed());
        let shown = format!("{queue:?}");
        assert!(
            shown.starts_with("AsyncSetQueue { name: None, len: 0"),
            "{shown}"
        );
    });
    assert_eq!(AsyncSetQueue::<u8>::opaque_unbounded().capacity(), None);
}

#[derive(Debug, Clone)]
enum Step {
    TryPut(u8),
    Put(u8),
    TryGet,
    CancelPutter(prop::sample::Index),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => (0_u8..5).prop_map(Step::TryPut),
        3 => (0_u8..5).prop_map(Step::Put),
        3 => Just(Step::TryGet),
        1 => any::<prop::sample::Index>().prop_map(Step::CancelPutter),
    ];
    prop::collection::vec(step, 1..60)
}

/// A queue in which no item is twice, and those who wait to put one in.
#[derive(Default)]
struct Model {
    items: VecDeque<u8>,
    putters: VecDeque<(usize, u8)>,
    done: Vec<usize>,
}

impl Model {
    fn takes(&self, capacity: usize, item: u8) -> bool {
        self.items.len() < capacity || self.items.contains(&item)
    }

    fn put(&mut self, item: u8) {
        if !self.items.contains(&item) {
            self.items.push_back(item);
        }
    }

    /// Those who wait put their items in while there is room.
    fn settle(&mut self, capacity: usize) {
        while self.items.len() < capacity
            && let Some((number, item)) = self.putters.pop_front()
        {
            self.put(item);
            self.done.push(number);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Puts that wait, that are cancelled and that change nothing, against a model.
    #[test]
    fn it_is_a_queue_in_which_no_item_is_twice(capacity in 1_usize..4, steps in steps()) {
        run(async {
            let (queue, done) = (AsyncSetQueue::bounded(capacity), Log::default());
            let (mut model, mut tasks) = (Model::default(), Vec::new());
            for (number, step) in steps.into_iter().enumerate() {
                match step {
                    Step::TryPut(item) => {
                        let takes = model.takes(capacity, item);
                        assert_eq!(queue.try_put(item).is_ok(), takes);
                        if takes {
                            model.put(item);
                        }
                    }
                    Step::Put(item) => {
                        let (queue, done) = (queue.clone(), done.clone());
                        tasks.push((number, spawn(async move {
                            queue.put(item).await.unwrap();
                            done.borrow_mut().push(number);
                        })));
                        if model.takes(capacity, item) {
                            model.put(item);
                            model.done.push(number);
                        } else {
                            model.putters.push_back((number, item));
                        }
                    }
                    Step::TryGet => assert_eq!(queue.try_get().ok(), model.items.pop_front()),
                    Step::CancelPutter(pick) if !tasks.is_empty() => {
                        let (number, task) = tasks.swap_remove(pick.index(tasks.len()));
                        task.cancel();
                        model.putters.retain(|(it, _)| *it != number);
                    }
                    Step::CancelPutter(_) => yield_now().await,
                }
                settle().await;
                model.settle(capacity);
                assert_eq!(queue.len(), model.items.len());
                assert_eq!(*done.borrow(), model.done);
                for item in 0..5 {
                    assert_eq!(queue.contains(&item), model.items.contains(&item));
                }
            }
        });
    }
}
