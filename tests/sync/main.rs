//! What tasks wait for each other with: whose turn it is, what is shown and what cancelling does.

#[cfg(test)]
mod commands;
#[cfg(test)]
mod condition;
#[cfg(test)]
mod countdown_latch;
#[cfg(test)]
mod event;
#[cfg(test)]
mod lock;
#[cfg(test)]
mod set_queue;

#[cfg(test)]
mod support {
    use loopscope::event_loop::{EventLoop, timeout, yield_now};
    use std::cell::RefCell;
    use std::rc::Rc;
    use std::time::Duration;

    /// What happened, in order.
    pub(crate) type Log<T> = Rc<RefCell<Vec<T>>>;

    /// Runs a future on a loop of its own; one that hangs fails.
    pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
        let event_loop = EventLoop::new().unwrap();
        event_loop
            .run_until_complete(async { timeout(Duration::from_secs(30), future).await })
            .expect("nothing hangs")
    }

    /// Lets all tasks run until each of them waits, for as many turns as the longest takes.
    pub(crate) async fn settle() {
        for _ in 0..20 {
            yield_now().await;
        }
    }
}
