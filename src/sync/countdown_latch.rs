//! Waiting for a number of things to be done.

use super::line::Line;
use crate::instrument::{Command, Resumption};
use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

/// A count that goes down to zero, and whoever waits goes on then.
///
/// Clones are handles on the same latch. Whoever is to count down counts down when it fails, too,
/// or the others wait for ever; a [`TaskGroup`](crate::event_loop::TaskGroup) sees to that by
/// itself.
///
/// Source: Java's `CountDownLatch`.
///
/// ```
/// use loopscope::event_loop::{EventLoop, spawn};
/// use loopscope::sync::CountdownLatch;
///
/// EventLoop::new()?.run_until_complete(async {
///     let connected = CountdownLatch::new(3).named("connected");
///     for _ in 0..3 {
///         let connected = connected.clone();
///         spawn(async move { connected.count_down() }).detach();
///     }
///     connected.wait().await;
///     assert_eq!(connected.count(), 0);
/// });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct CountdownLatch {
    shared: Rc<Shared>,
}

struct Shared {
    count: Cell<usize>,
    line: Line,
}

impl CountdownLatch {
    /// A latch that opens when it was counted down `count` times; with zero it is open.
    pub fn new(count: usize) -> Self {
        Self {
            shared: Rc::new(Shared {
                count: Cell::new(count),
                line: Line::new(Command::CountdownLatch, Resumption::Notified),
            }),
        }
    }

    /// Names the latch for whoever looks at what tasks wait for; the first name stays.
    pub fn named(self, name: impl Into<Rc<str>>) -> Self {
        self.shared.line.info.set_name(name);
        self
    }

    /// Counts one less; at zero, all who wait go on. At zero already, it does nothing.
    pub fn count_down(&self) {
        let Shared { count, line } = &*self.shared;
        if let Some(left) = count.get().checked_sub(1) {
            count.set(left);
            if left == 0 {
                line.notify_all();
            }
        }
    }

    /// How often it has still to be counted down.
    pub fn count(&self) -> usize {
        self.shared.count.get()
    }

    /// Waits until the count is zero.
    pub async fn wait(&self) {
        let Shared { count, line } = &*self.shared;
        line.pass(|| count.get() == 0).await.accept();
    }
}

impl fmt::Debug for CountdownLatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountdownLatch")
            .field("name", &self.shared.line.info.name())
            .field("count", &self.count())
            .finish()
    }
}
