//! What was fired, for tests.

use super::event_loop_instrument::for_each_hook;
use super::metadata::*;
use super::{EventLoopInstrument, SocketId, TaskId};
use std::cell::RefCell;
use std::fmt::Write as _;
use std::rc::Rc;

mod fact;
mod pairs;
#[cfg(test)]
mod tests;

use fact::Facts;
pub use fact::Recorded;
use pairs::Pairs;

/// Records every event, so that a test can assert what was fired.
///
/// Clones are handles on the same record. [`select`](Self::select) and its like take a part of the
/// record, to be asserted by itself.
///
/// ```
/// use loopscope::event_loop::EventLoop;
/// use loopscope::instrument::{EnterScope, RecordingInstrument};
/// use loopscope::sync::AsyncQueue;
///
/// let recorder = RecordingInstrument::new();
/// let _scope = recorder.clone().enter();
/// EventLoop::new()?.run_until_complete(async {
///     let queue = AsyncQueue::unbounded();
///     queue.put("item").await.unwrap();
/// });
/// let puts = recorder.of("on_queue_put");
/// assert_eq!(puts.len(), 1);
/// assert_eq!(puts[0].immediate, Some(true));
/// recorder
///     .select(|event| event.hook.starts_with("on_task"))
///     .assert_hooks(&["on_task_spawned", "on_task_before_send", "on_task_completed"]);
/// recorder.assert_paired();
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct RecordingInstrument {
    events: Rc<RefCell<Vec<Recorded>>>,
}

impl RecordingInstrument {
    /// An empty record.
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything that was fired, in order.
    pub fn events(&self) -> Vec<Recorded> {
        self.events.borrow().clone()
    }

    /// What was fired of one hook, in order.
    pub fn of(&self, hook: &str) -> Vec<Recorded> {
        self.events
            .borrow()
            .iter()
            .filter(|event| event.hook == hook)
            .cloned()
            .collect()
    }

    /// The names of the hooks that were fired, in order, those that `wanted` accepts.
    pub fn hooks(&self, wanted: impl Fn(&str) -> bool) -> Vec<&'static str> {
        self.events
            .borrow()
            .iter()
            .map(|event| event.hook)
            .filter(|hook| wanted(hook))
            .collect()
    }

    /// The events that `wanted` accepts, as a record of its own.
    #[must_use = "the record itself stays as it is"]
    pub fn select(&self, wanted: impl Fn(&Recorded) -> bool) -> Self {
        let events = self.events.borrow();
        let selected = events.iter().filter(|event| wanted(event)).cloned();
        Self {
            events: Rc::new(RefCell::new(selected.collect())),
        }
    }

    /// The events of one task, as a record of its own.
    #[must_use = "the record itself stays as it is"]
    pub fn of_task(&self, task: TaskId) -> Self {
        self.select(|event| event.task == Some(task))
    }

    /// The events on one socket, as a record of its own.
    #[must_use = "the record itself stays as it is"]
    pub fn of_socket(&self, socket: SocketId) -> Self {
        self.select(|event| event.socket == Some(socket))
    }

    /// Forgets what was fired.
    pub fn clear(&self) {
        self.events.borrow_mut().clear();
    }

    /// The starts that no end has followed so far, and the sockets that are still open.
    pub fn unfinished(&self) -> Vec<Recorded> {
        Pairs::of(&self.events.borrow()).unfinished()
    }

    /// Checks that exactly these hooks were fired, in this order.
    ///
    /// # Panics
    ///
    /// With what was expected and what was fired side by side, where they differ.
    #[track_caller]
    pub fn assert_hooks(&self, expected: &[&str]) {
        let fired = self.hooks(|_| true);
        assert!(
            fired == expected,
            "other hooks were fired than expected:\n{}",
            side_by_side(expected, &fired)
        );
    }

    /// Checks the rules that all pairs keep, over everything recorded.
    ///
    /// # Panics
    ///
    /// With the events concerned, where a start has no end or two, an end has no start, times are
    /// out of order, a socket was not closed exactly once, or a task's polls are not bracketed.
    #[track_caller]
    pub fn assert_paired(&self) {
        let pairs = Pairs::of(&self.events.borrow());
        let broken = pairs.broken();
        assert!(
            broken.is_empty(),
            "rules are broken:\n{}",
            broken.join("\n")
        );
        let unfinished = pairs.unfinished();
        assert!(unfinished.is_empty(), "these have no end:\n{unfinished:#?}");
    }
}

/// Two lists of hooks, the lines in which they differ marked.
fn side_by_side(expected: &[&str], fired: &[&str]) -> String {
    let mut table = format!("  {:<28} {}\n", "expected", "fired");
    for line in 0..expected.len().max(fired.len()) {
        let cell = |hooks: &[&str]| hooks.get(line).map_or("-", |hook| *hook).to_owned();
        let (left, right) = (cell(expected), cell(fired));
        let mark = if left == right { ' ' } else { '>' };
        let _ = writeln!(table, "{mark} {left:<28} {right}");
    }
    table
}

/// Hooks by name, with the macro that lists them: a new hook cannot be forgotten here.
macro_rules! record_hooks {
    ($($hook:ident = $name:ident: $metadata:ty,)*) => {
        $(fn $hook(&self, metadata: &$metadata) {
            let recorded = metadata.facts(stringify!($hook));
            self.events.borrow_mut().push(recorded);
        })*
    };
}

impl EventLoopInstrument for RecordingInstrument {
    for_each_hook!(record_hooks);
}
