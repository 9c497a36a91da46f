//! Queues: order, waiting, cancellation, closing; and random programs against a model.

#[cfg(test)]
mod cancel;
#[cfg(test)]
mod closing;
#[cfg(test)]
mod iteration;
#[cfg(test)]
mod order;
#[cfg(test)]
mod properties;

#[cfg(test)]
mod support {
    use loopscope::event_loop::{EventLoop, JoinHandle, spawn, timeout, yield_now};
    use loopscope::sync::AsyncQueue;
    use std::cell::RefCell;
    use std::rc::Rc;
    use std::time::Duration;

    /// What happened, in order.
    pub(crate) type Log<T> = Rc<RefCell<Vec<T>>>;

    pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
        let event_loop = EventLoop::new().unwrap();
        event_loop
            .run_until_complete(async { timeout(Duration::from_secs(30), future).await })
            .expect("nothing hangs")
    }

    /// Lets all tasks run until each of them waits.
    pub(crate) async fn settle() {
        for _ in 0..20 {
            yield_now().await;
        }
    }

    /// Tasks that each get one item and note it with their number.
    pub(crate) fn getters(
        queue: &AsyncQueue<u32>,
        count: u32,
        got: &Log<(u32, u32)>,
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

    /// Tasks that each put their number and note when it is in.
    pub(crate) fn putters(
        queue: &AsyncQueue<u32>,
        numbers: std::ops::Range<u32>,
        put: &Log<u32>,
    ) -> Vec<JoinHandle<()>> {
        numbers
            .map(|number| {
                let (queue, put) = (queue.clone(), put.clone());
                spawn(async move {
                    if queue.put(number).await.is_ok() {
                        put.borrow_mut().push(number);
                    }
                })
            })
            .collect()
    }
}
