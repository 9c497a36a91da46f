//! The loop as its user holds it.

use super::core::Core;
use super::handle::Handle;
use super::long_polls::{self, LongPolls};
use super::run;
#[cfg(unix)]
use super::signal;
use crate::instrument::LoopInfo;
use std::fmt;
use std::future::Future;
use std::io;
use std::rc::Rc;
use std::time::Duration;

/// An event loop: runs futures, timers and sockets on the thread that it was made on.
///
/// ```
/// use loopscope::event_loop::EventLoop;
///
/// let event_loop = EventLoop::new()?;
/// let sum = event_loop.run_until_complete(async { 1 + 2 });
/// assert_eq!(sum, 3);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// Tasks that are left when the future is complete go on when the loop is run again; when it is
/// dropped they are cancelled.
pub struct EventLoop {
    pub(super) core: Rc<Core>,
    #[cfg(unix)]
    _printer: Option<signal::Listener>,
}

impl EventLoop {
    /// A loop with the defaults.
    ///
    /// # Errors
    ///
    /// What the system says when it has no poller to give, as when descriptors have run out.
    pub fn new() -> io::Result<Self> {
        Self::builder().build()
    }

    /// A loop to be configured.
    pub fn builder() -> EventLoopBuilder {
        EventLoopBuilder::default()
    }

    /// Runs `future`, and all tasks meanwhile, until it is complete, and returns its output.
    ///
    /// The future is the loop's main task: it needs neither be `Send` nor `'static`, and inherits
    /// the instruments in force here, who hear the loop itself as well.
    ///
    /// # Panics
    ///
    /// If the future panics, if it is called inside of a running loop, and if
    /// [`Handle::stop`] ends the run ([`try_run_until_complete`](Self::try_run_until_complete)
    /// returns an error then).
    pub fn run_until_complete<F: Future>(&self, future: F) -> F::Output {
        match self.try_run_until_complete(future) {
            Ok(output) => output,
            Err(Stopped) => panic!(
                "Handle::stop ended the run before its future was complete: use \
                 try_run_until_complete where that is meant to happen"
            ),
        }
    }

    /// As [`run_until_complete`](Self::run_until_complete), for a loop that may be stopped.
    ///
    /// # Errors
    ///
    /// [`Stopped`] where [`Handle::stop`] ended the run; the future is dropped then.
    ///
    /// # Panics
    ///
    /// If the future panics, and inside of a running loop.
    pub fn try_run_until_complete<F: Future>(&self, future: F) -> Result<F::Output, Stopped> {
        run::until_complete(&self.core, future).ok_or(Stopped)
    }

    /// Runs the tasks that are left until none is.
    ///
    /// # Errors
    ///
    /// [`Stopped`] where [`Handle::stop`] ended the run.
    ///
    /// # Panics
    ///
    /// Inside of a running loop.
    pub fn run_until_idle(&self) -> Result<(), Stopped> {
        if run::until_idle(&self.core) {
            Ok(())
        } else {
            Err(Stopped)
        }
    }

    /// What reaches this loop from other threads.
    pub fn handle(&self) -> Handle {
        Handle::new(self.core.shared.clone())
    }
}

impl Drop for EventLoop {
    fn drop(&mut self) {
        run::close(&self.core);
    }
}

impl fmt::Debug for EventLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventLoop")
            .field("info", &self.core.info)
            .field("tasks", &self.core.task_count())
            .finish_non_exhaustive()
    }
}

/// [`Handle::stop`] ended a run before its future was complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("the event loop was stopped")]
pub struct Stopped;

/// Configures an [`EventLoop`].
#[derive(Debug)]
#[must_use = "a builder does nothing until it builds"]
pub struct EventLoopBuilder {
    name: Option<String>,
    long_poll_limit: Duration,
    #[cfg(unix)]
    snapshot_signal: Option<i32>,
}

impl Default for EventLoopBuilder {
    fn default() -> Self {
        Self {
            name: None,
            long_poll_limit: long_polls::DEFAULT_LIMIT,
            #[cfg(unix)]
            snapshot_signal: None,
        }
    }
}

impl EventLoopBuilder {
    /// Names the loop: telemetry tells loops of one process apart by it.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// How long a task may keep the loop busy in one poll before that is reported, through
    /// `tracing` at the level of warnings: 100 ms unless set; [`Duration::MAX`] reports none.
    ///
    /// Polls are measured where an instrument is in force in the task. A thread that all loops of
    /// the process share looks at them, and reports one while it goes on, so that a loop which is
    /// stuck for good is seen as well; a task is reported once in a minute.
    pub fn long_poll_limit(mut self, limit: Duration) -> Self {
        self.long_poll_limit = limit;
        self
    }

    /// Prints a [`snapshot`](super::snapshot()) of the loop to stderr each time the process gets
    /// this signal, most often `signal_hook::consts::SIGUSR1`.
    ///
    /// A loop that a task keeps busy prints it when the task has yielded.
    #[cfg(unix)]
    pub fn print_snapshot_on(mut self, signal: i32) -> Self {
        self.snapshot_signal = Some(signal);
        self
    }

    /// Makes the loop.
    ///
    /// # Errors
    ///
    /// What the system says when it has no poller to give, as when descriptors have run out, or
    /// lets no signal handler be installed.
    pub fn build(self) -> io::Result<EventLoop> {
        let long_polls = LongPolls::new(self.long_poll_limit);
        let core = Rc::new(Core::new(LoopInfo::new(self.name), long_polls)?);
        #[cfg(unix)]
        let printer = {
            let handle = Handle::new(core.shared.clone());
            self.snapshot_signal
                .map(|signal| signal::listen(signal, move || handle.print_snapshot()))
                .transpose()?
        };
        Ok(EventLoop {
            core,
            #[cfg(unix)]
            _printer: printer,
        })
    }
}
