//! Tasks for hyper.

use crate::event_loop::spawn;
use hyper::rt::Executor;

/// Spawns what hyper wants to go on beside a connection, such as the streams of HTTP/2, as tasks of
/// the loop that runs.
///
/// ```
/// use loopscope::event_loop::EventLoop;
/// use loopscope::http::rt::LoopExecutor;
/// use hyper::rt::Executor;
///
/// EventLoop::new()?.run_until_complete(async { LoopExecutor.execute(async { /* … */ }) });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct LoopExecutor;

impl<F: Future + 'static> Executor<F> for LoopExecutor {
    /// # Panics
    ///
    /// Outside of a running loop.
    fn execute(&self, future: F) {
        spawn(future).detach();
    }
}
