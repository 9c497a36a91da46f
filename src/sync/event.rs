//! Waiting for something to happen.

use super::line::Line;
use crate::instrument::{Command, Resumption};
use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

/// Something that happens once, or until it is [cleared](Self::clear): whoever waits for it goes on
/// then, and who comes later does not wait.
///
/// Clones are handles on the same event.
///
/// Source: Python's `asyncio.Event`.
///
/// ```
/// use loopscope::event_loop::{EventLoop, spawn};
/// use loopscope::sync::Event;
///
/// EventLoop::new()?.run_until_complete(async {
///     let ready = Event::new().named("ready");
///     let waiting = ready.clone();
///     let waiter = spawn(async move { waiting.wait().await });
///     assert!(!ready.is_set());
///     ready.set();
///     waiter.await.unwrap();
///     ready.wait().await;
/// });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Event {
    shared: Rc<Shared>,
}

struct Shared {
    is_set: Cell<bool>,
    line: Line,
}

impl Event {
    /// An event that has not happened.
    pub fn new() -> Self {
        Self {
            shared: Rc::new(Shared {
                is_set: Cell::new(false),
                line: Line::new(Command::Event, Resumption::Notified),
            }),
        }
    }

    /// Names the event for whoever looks at what tasks wait for; the first name stays.
    pub fn named(self, name: impl Into<Rc<str>>) -> Self {
        self.shared.line.info.set_name(name);
        self
    }

    /// Sets the event: all who wait for it go on.
    pub fn set(&self) {
        if !self.shared.is_set.replace(true) {
            self.shared.line.notify_all();
        }
    }

    /// Has those who come from now on wait until it is set again. Who waited when it was set goes
    /// on all the same.
    pub fn clear(&self) {
        self.shared.is_set.set(false);
    }

    /// Whether the event is set.
    pub fn is_set(&self) -> bool {
        self.shared.is_set.get()
    }

    /// Waits until the event is set.
    pub async fn wait(&self) {
        let Shared { is_set, line } = &*self.shared;
        line.pass(|| is_set.get()).await.accept();
    }
}

impl Default for Event {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("name", &self.shared.line.info.name())
            .field("is_set", &self.is_set())
            .finish()
    }
}
