//! What was fired, for tests.

use super::event_loop_instrument::for_each_hook;
use super::metadata::*;
use super::{EventLoopInstrument, Failure, SocketId, SocketOperation, TaskId};
use crate::clock::Timestamp;
use std::cell::RefCell;
use std::rc::Rc;

mod fact;
use fact::Facts;
pub use fact::Recorded;

/// Records every event, so that a test can assert what was fired.
///
/// Clones are handles on the same record.
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

    /// Forgets what was fired.
    pub fn clear(&self) {
        self.events.borrow_mut().clear();
    }

    /// Checks the rules that all pairs keep, over everything recorded.
    ///
    /// # Panics
    ///
    /// With the event, where a start has no end or two, an end has no start, times are out of
    /// order, a socket was not closed exactly once, or a task's polls are not bracketed.
    pub fn assert_paired(&self) {
        let events = self.events.borrow();
        let mut checks = pairs::Checks::default();
        for event in events.iter() {
            checks.add(event);
        }
        checks.finish();
    }
}

/// Hooks by name, with the macro that lists them: a new hook cannot be forgotten here.
macro_rules! record_hooks {
    ($($hook:ident: $metadata:ty,)*) => {
        $(fn $hook(&self, metadata: &$metadata) {
            let recorded = metadata.facts(stringify!($hook));
            self.events.borrow_mut().push(recorded);
        })*
    };
}

impl EventLoopInstrument for RecordingInstrument {
    for_each_hook!(record_hooks);
}

mod pairs {
    //! The rules that pairs keep.

    use super::{Recorded, SocketId, SocketOperation, TaskId};
    use std::collections::{HashMap, HashSet};

    #[derive(Default)]
    pub(super) struct Checks {
        open: HashSet<SocketId>,
        closed: HashSet<SocketId>,
        started: HashMap<(SocketId, SocketOperation, Option<TaskId>), usize>,
        lookups: HashMap<(Option<TaskId>, String), usize>,
        polled: HashSet<TaskId>,
        ended: HashSet<TaskId>,
    }

    impl Checks {
        pub(super) fn add(&mut self, event: &Recorded) {
            if let (Some(start), Some(finish)) = (event.start_time, event.finish_time) {
                assert!(start <= finish, "times are out of order: {event:?}");
                let ready = event.ready_time.unwrap_or(start);
                assert!(ready <= finish, "readiness after the end: {event:?}");
                assert!(
                    event.immediate != Some(true) || event.ready_time.is_none(),
                    "what did not wait has no readiness to tell: {event:?}"
                );
            }
            match event.hook {
                "on_socket_open" | "on_socket_close" => self.add_socket(event),
                hook if hook.starts_with("on_socket") => self.add_operation(event),
                hook if hook.starts_with("on_dns") => self.add_lookup(event),
                hook if hook.starts_with("on_task") => self.add_task(event),
                _ => {}
            }
        }

        fn add_socket(&mut self, event: &Recorded) {
            let Some(socket) = event.socket else { return };
            if event.hook == "on_socket_open" {
                assert!(self.open.insert(socket), "opened twice: {event:?}");
            } else {
                assert!(
                    self.open.contains(&socket),
                    "closed but not opened: {event:?}"
                );
                assert!(self.closed.insert(socket), "closed twice: {event:?}");
            }
        }

        fn add_operation(&mut self, event: &Recorded) {
            let (Some(socket), Some(operation)) = (event.socket, event.operation) else {
                return;
            };
            let under_way = self
                .started
                .entry((socket, operation, event.task))
                .or_default();
            if event.hook.ends_with("_start") {
                *under_way += 1;
            } else if !event.hook.ends_with("_data") {
                assert!(*under_way > 0, "an end without a start: {event:?}");
                *under_way -= 1;
            }
        }

        fn add_lookup(&mut self, event: &Recorded) {
            let name = event.name.clone().unwrap_or_default();
            let under_way = self.lookups.entry((event.task, name)).or_default();
            if event.hook.ends_with("_start") {
                *under_way += 1;
            } else {
                assert!(*under_way > 0, "an end without a start: {event:?}");
                *under_way -= 1;
            }
        }

        fn add_task(&mut self, event: &Recorded) {
            let Some(task) = event.task else { return };
            match event.hook {
                "on_task_spawned" => {}
                "on_task_before_send" | "on_task_before_throw" => {
                    assert!(
                        !self.ended.contains(&task),
                        "polled after its end: {event:?}"
                    );
                    assert!(self.polled.insert(task), "polled within a poll: {event:?}");
                }
                "on_task_after_send" | "on_task_after_throw" => {
                    assert!(self.polled.remove(&task), "after without before: {event:?}");
                }
                _ => {
                    self.polled.remove(&task);
                    assert!(self.ended.insert(task), "ended twice: {event:?}");
                }
            }
        }

        pub(super) fn finish(self) {
            let mut started = self.started.iter().filter(|(_, under_way)| **under_way > 0);
            assert!(
                started.next().is_none(),
                "a start without an end: {started:?}"
            );
            let mut lookups = self.lookups.iter().filter(|(_, under_way)| **under_way > 0);
            assert!(
                lookups.next().is_none(),
                "a look-up without an end: {lookups:?}"
            );
            let left: Vec<_> = self.open.difference(&self.closed).collect();
            assert!(left.is_empty(), "sockets that were not closed: {left:?}");
            assert!(
                self.polled.is_empty(),
                "polls without an end: {:?}",
                self.polled
            );
        }
    }
}

/// What one failure says, for the record.
fn describe(failure: &Failure<'_>) -> (String, Option<super::ErrorType>) {
    match failure {
        Failure::Error { error, error_type } => (error.to_string(), Some(*error_type)),
        Failure::Cancelled => ("cancelled".into(), None),
    }
}

/// When an event happened that has no duration.
fn at(time: Timestamp) -> Option<Timestamp> {
    Some(time)
}
