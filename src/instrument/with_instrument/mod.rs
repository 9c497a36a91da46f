//! A scope around a future.

use super::EventLoopInstrument;
use super::scope::{self, Stack};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

#[cfg(test)]
mod tests;

/// Puts an instrument in force around a future; every future has it.
pub trait WithInstrumentExt: Future + Sized {
    /// Puts `instrument` in force whenever this future is polled, on top of what is in force where
    /// it is polled first.
    ///
    /// ```
    /// use loopscope::event_loop::{EventLoop, yield_now};
    /// use loopscope::instrument::{PrintInstrument, WithInstrumentExt, current_instrument};
    ///
    /// EventLoop::new()?.run_until_complete(async {
    ///     async {
    ///         yield_now().await;
    ///         assert!(current_instrument().is_some());
    ///     }
    ///     .with_instrument(PrintInstrument::new())
    ///     .await;
    ///     assert!(current_instrument().is_none());
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn with_instrument<I: EventLoopInstrument + 'static>(
        self,
        instrument: I,
    ) -> WithInstrument<Self> {
        WithInstrument {
            scope: FutureScope::Unpolled(Rc::new(instrument)),
            future: Some(self),
        }
    }
}

impl<F: Future> WithInstrumentExt for F {}

enum FutureScope {
    Unpolled(Rc<dyn EventLoopInstrument>),
    /// The stack as the future left it at its last poll: guards that it holds are on it.
    Polled(Option<Stack>),
}

impl FutureScope {
    /// Runs `f` with this scope in force, also if it panics.
    fn run<R>(&mut self, f: impl FnOnce() -> R) -> R {
        let stack = match self {
            Self::Unpolled(instrument) => Some(Stack::on_current(instrument.clone())),
            Self::Polled(stack) => stack.take(),
        };
        let _restore = Restore {
            outer: scope::swap(stack),
            scope: self,
        };
        scope::enter_future();
        f()
    }
}

/// Puts the outer stack back and keeps the inner one.
struct Restore<'a> {
    outer: Option<Stack>,
    scope: &'a mut FutureScope,
}

impl Drop for Restore<'_> {
    fn drop(&mut self) {
        scope::leave_future();
        *self.scope = FutureScope::Polled(scope::swap(self.outer.take()));
    }
}

pin_project! {
    /// A future with an instrument in force; see [`WithInstrumentExt::with_instrument`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct WithInstrument<F> {
        #[pin]
        future: Option<F>,
        scope: FutureScope,
    }

    impl<F> PinnedDrop for WithInstrument<F> {
        fn drop(this: Pin<&mut Self>) {
            // What the future drops (an operation that it has under way, a socket) is still
            // heard in its scope.
            let mut this = this.project();
            if this.future.is_some() {
                this.scope.run(|| this.future.set(None));
            }
        }
    }
}

impl<F> fmt::Debug for WithInstrument<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithInstrument").finish_non_exhaustive()
    }
}

impl<F: Future> Future for WithInstrument<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        this.scope.run(|| {
            let Some(future) = this.future.as_mut().as_pin_mut() else {
                panic!("a future with an instrument was polled after it had ended");
            };
            let poll = future.poll(cx);
            if poll.is_ready() {
                this.future.set(None);
            }
            poll
        })
    }
}
