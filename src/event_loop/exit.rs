//! Ending a run from inside of any task.

use super::builder::{EventLoop, Stopped};
use super::core::Core;
use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::rc::{Rc, Weak};

/// Ends the run that [`EventLoop::run_until_exit`] began, from inside of any of its tasks.
///
/// Clones end the same run.
pub struct Exit<T> {
    /// Gone when the run is over.
    run: Weak<Run<T>>,
}

struct Run<T> {
    core: Rc<Core>,
    result: RefCell<Option<T>>,
}

impl<T> Exit<T> {
    /// Ends the run with `result`.
    ///
    /// No other task runs after this one has yielded, and this one is not resumed.
    ///
    /// # Errors
    ///
    /// Hands `result` back where the run has ended, or another task has ended it already: the
    /// first result is the run's.
    pub fn exit(&self, result: T) -> Result<(), T> {
        let Some(run) = self.run.upgrade() else {
            return Err(result);
        };
        let mut first = run.result.borrow_mut();
        if first.is_some() {
            return Err(result);
        }
        *first = Some(result);
        run.core.stopped.set(true);
        Ok(())
    }
}

impl<T> Clone for Exit<T> {
    fn clone(&self) -> Self {
        Self {
            run: self.run.clone(),
        }
    }
}

impl<T> fmt::Debug for Exit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exit").finish_non_exhaustive()
    }
}

impl EventLoop {
    /// Runs the future that `main` makes, and all tasks meanwhile, until it is complete or a task
    /// calls [`Exit::exit`], whichever comes first; returns the result of either.
    ///
    /// A result that is a value or an error is a `Result`. Tasks that are left go on when the loop
    /// is run again, and are cancelled when it is dropped.
    ///
    /// # Errors
    ///
    /// [`Stopped`] where [`Handle::stop`](super::Handle::stop) ended the run; the future is dropped
    /// then.
    ///
    /// # Panics
    ///
    /// If the future panics, and inside of a running loop.
    ///
    /// ```
    /// use loopscope::event_loop::{EventLoop, Exit, sleep, spawn};
    /// use std::time::Duration;
    ///
    /// let result = EventLoop::new()?.run_until_exit(|exit: Exit<Result<u8, String>>| async move {
    ///     spawn(async move { exit.exit(Err("the disk is full".into())) }).detach();
    ///     sleep(Duration::from_secs(3600)).await;
    ///     Ok(0)
    /// });
    /// assert_eq!(result.unwrap(), Err("the disk is full".into()));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn run_until_exit<T, F: Future<Output = T>>(
        &self,
        main: impl FnOnce(Exit<T>) -> F,
    ) -> Result<T, Stopped> {
        let run = Rc::new(Run {
            core: self.core.clone(),
            result: RefCell::new(None),
        });
        let exit = Exit {
            run: Rc::downgrade(&run),
        };
        let ended = self.try_run_until_complete(main(exit));
        let first = run.result.take();
        first.map_or(ended, Ok)
    }
}
