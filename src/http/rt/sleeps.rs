//! Sleeps that may be named from any thread: hyper asks for `Send` and `Sync`, which what belongs
//! to a loop is not. They stay in a table of their thread, and what is given out is their number.

use crate::clock::Timestamp;
use crate::event_loop::{Sleep, sleep_until};
use std::cell::RefCell;
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

thread_local! {
    static SLEEPS: RefCell<HashMap<u64, Sleep>> = RefCell::default();
}

/// A sleep in the table of the thread on which it is first polled.
#[derive(Debug)]
pub(super) struct SharedSleep {
    deadline: Timestamp,
    key: Option<u64>,
}

impl SharedSleep {
    pub(super) fn until(deadline: Timestamp) -> Self {
        Self {
            deadline,
            key: None,
        }
    }

    /// Has it end at another moment.
    pub(super) fn reset(&mut self, deadline: Timestamp) {
        self.take_away();
        self.deadline = deadline;
    }

    fn take_away(&mut self) {
        if let Some(key) = self.key.take() {
            // The sleep is dropped after the borrow. A thread that ends has dropped its table.
            let _sleep = SLEEPS.try_with(|sleeps| sleeps.borrow_mut().remove(&key));
        }
    }
}

impl Future for SharedSleep {
    type Output = ();

    /// # Panics
    ///
    /// On another thread than that of its first poll.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let (key, mut sleep) = match self.key {
            Some(key) => {
                let sleep = SLEEPS.with_borrow_mut(|sleeps| sleeps.remove(&key));
                let sleep = sleep.expect("a timer is polled on the thread of its loop");
                (key, sleep)
            }
            None => (next_key(), sleep_until(self.deadline)),
        };
        // Out of the table while it is polled: nothing is borrowed.
        if Pin::new(&mut sleep).poll(cx).is_ready() {
            self.key = None;
            return Poll::Ready(());
        }
        SLEEPS.with_borrow_mut(|sleeps| sleeps.insert(key, sleep));
        self.key = Some(key);
        Poll::Pending
    }
}

impl Drop for SharedSleep {
    fn drop(&mut self) {
        self.take_away();
    }
}

/// A number that no other sleep of any thread has.
fn next_key() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event_loop::EventLoop;
    use std::time::Duration;

    fn is_send_and_sync(_: &(impl Send + Sync)) {}

    #[test]
    fn a_sleep_ends_and_leaves_nothing_behind() {
        EventLoop::new().unwrap().run_until_complete(async {
            let start = Timestamp::now();
            let mut sleep = SharedSleep::until(start + Duration::from_secs(3600));
            is_send_and_sync(&sleep);
            std::future::poll_fn(|cx| {
                assert!(Pin::new(&mut sleep).poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
            assert_eq!(SLEEPS.with_borrow(HashMap::len), 1);
            sleep.reset(start + Duration::from_millis(2));
            assert_eq!(SLEEPS.with_borrow(HashMap::len), 0);
            (&mut sleep).await;
            assert!(Timestamp::now() >= start + Duration::from_millis(2));
            assert_eq!(SLEEPS.with_borrow(HashMap::len), 0);
        });
    }
}
