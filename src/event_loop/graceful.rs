//! Runs that signals end in an orderly way.

use super::builder::EventLoop;
use super::core::Core;
use super::signal::{Signal, ctrl_c, terminate};
use super::sleep::sleep;
use super::task::Task;
use super::yield_now::yield_now;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::process::{ExitCode, Termination};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

impl EventLoop {
    /// Runs `main`, and all tasks meanwhile, until it is complete, or to a graceful end once SIGINT
    /// or SIGTERM arrives or [`Handle::stop_gracefully`](super::Handle::stop_gracefully) is called.
    ///
    /// At the graceful end
    ///
    /// 1. listeners accept what has been connected already, close, and end their `accept` in an
    ///    error; streams of connections end; [`stopping`](super::stopping) wakes who waits for it;
    /// 2. `main` and all tasks go on until they have ended by themselves, for `grace` at most and
    ///    until a second signal at most;
    /// 3. those that are left are cancelled, and drop what they hold.
    ///
    /// Telemetry is sent afterwards, by `Telemetry::shutdown`, when all spans have ended. From
    /// `fn main` an [`Ended`] may be returned as it is: its exit code is right.
    ///
    /// # Errors
    ///
    /// What the system says when it lets no signal handler be installed.
    ///
    /// # Panics
    ///
    /// If the future panics, and inside of a running loop.
    ///
    /// ```
    /// use futures_lite::{StreamExt, future};
    /// use loopscope::event_loop::{EventLoop, spawn, stopping};
    /// use loopscope::net::{TcpListener, TcpStream};
    /// use std::time::Duration;
    ///
    /// async fn serve(connection: TcpStream) -> std::io::Result<()> {
    ///     let mut buffer = [0; 1024];
    ///     loop {
    ///         // Between two requests the connection may end.
    ///         let request = future::or(async { Some(connection.read(&mut buffer).await) }, async {
    ///             stopping().await;
    ///             None
    ///         });
    ///         match request.await.transpose()? {
    ///             None | Some(0) => return Ok(()),
    ///             Some(size) => connection.write_all(&buffer[..size]).await?,
    ///         }
    ///     }
    /// }
    ///
    /// fn main() -> std::io::Result<()> {
    ///     let event_loop = EventLoop::new()?;
    ///     let ended = event_loop.run_gracefully(Duration::from_secs(10), async {
    ///         let listener = TcpListener::bind("127.0.0.1:0")?;
    ///         let mut connections = listener.incoming();
    /// #       signal_hook::low_level::raise(signal_hook::consts::SIGTERM)?;
    ///         while let Some(connection) = connections.next().await {
    ///             spawn(serve(connection?)).detach();
    ///         }
    ///         Ok::<(), std::io::Error>(())
    ///     })?;
    ///     assert!(ended.was_stopped());
    ///     assert_eq!(ended.cut_off(), 0);
    ///     Ok(())
    /// }
    /// ```
    pub fn run_gracefully<F: Future>(
        &self,
        grace: Duration,
        main: F,
    ) -> io::Result<Ended<F::Output>> {
        let run = Run {
            core: self.core.clone(),
            signals: Signals([ctrl_c()?, terminate()?]),
            grace,
        };
        let ended = self.try_run_until_complete(run.lead(main));
        Ok(ended.unwrap_or_else(|_| Ended {
            output: None,
            stopped: true,
            cut_off: self.core.task_count(),
        }))
    }
}

/// How a run of [`EventLoop::run_gracefully`] has ended.
///
/// As the result of `fn main` it is the process's exit code: that of the future's output where it
/// was complete; else success, unless tasks had to be cut off.
#[derive(Debug)]
#[must_use = "it tells whether tasks were cut off"]
pub struct Ended<T> {
    output: Option<T>,
    stopped: bool,
    cut_off: usize,
}

impl<T> Ended<T> {
    /// What the future returned; none where it was cut off.
    pub fn output(self) -> Option<T> {
        self.output
    }

    /// Whether the run was stopped: by a signal or a [`Handle`](super::Handle).
    pub fn was_stopped(&self) -> bool {
        self.stopped
    }

    /// How many tasks, the main one among them, had not ended in time.
    pub fn cut_off(&self) -> usize {
        self.cut_off
    }
}

impl<T: Termination> Termination for Ended<T> {
    fn report(self) -> ExitCode {
        match self.output {
            Some(output) if self.cut_off == 0 => output.report(),
            None if self.cut_off == 0 => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        }
    }
}

/// A run that ends gracefully.
struct Run {
    core: Rc<Core>,
    signals: Signals,
    grace: Duration,
}

impl Run {
    /// The loop's main task: `main`, and the way to its end.
    async fn lead<F: Future>(mut self, main: F) -> Ended<F::Output> {
        let mut main = pin!(Some(main));
        let mut output = None;
        let complete = poll_fn(|cx| {
            let stopped = self.signals.poll_any(cx) | self.core.stop.poll_asked(cx);
            match poll_main(main.as_mut(), &mut output, cx) {
                true => Poll::Ready(true),
                false if stopped => Poll::Ready(false),
                false => Poll::Pending,
            }
        });
        if complete.await {
            return Ended {
                output,
                stopped: false,
                cut_off: 0,
            };
        }
        self.core.stop.begin();
        let mut grace = pin!(sleep(self.grace));
        poll_fn(|cx| {
            self.core.stop.lead(cx);
            let over = grace.as_mut().poll(cx).is_ready() | self.signals.poll_any(cx);
            let complete = poll_main(main.as_mut(), &mut output, cx);
            // This task is left.
            let drained = complete && self.core.task_count() == 1;
            if over || drained {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        let cut_off = self.core.task_count() - 1 + usize::from(output.is_none());
        main.set(None);
        self.cancel_others().await;
        Ended {
            output,
            stopped: true,
            cut_off,
        }
    }

    /// Cancels all other tasks and waits until they have dropped what they hold.
    async fn cancel_others(&self) {
        let own = super::current_task().map(|task| task.id());
        while self.core.task_count() > 1 {
            let others = self.core.tasks();
            let others = others.iter().filter(|task| Some(task.info.id()) != own);
            others.for_each(Task::cancel);
            yield_now().await;
        }
    }
}

/// Polls `main`, unless it is complete; whether it is now.
fn poll_main<F: Future>(
    mut main: Pin<&mut Option<F>>,
    output: &mut Option<F::Output>,
    cx: &mut Context<'_>,
) -> bool {
    let Some(future) = main.as_mut().as_pin_mut() else {
        return true;
    };
    if let Poll::Ready(complete) = future.poll(cx) {
        *output = Some(complete);
        main.set(None);
    }
    output.is_some()
}

/// The signals that end a run.
struct Signals([Signal; 2]);

impl Signals {
    /// Whether one has arrived.
    fn poll_any(&mut self, cx: &mut Context<'_>) -> bool {
        // Each is asked, so that each wakes.
        self.0.iter_mut().fold(false, |any, signal| {
            any | Pin::new(signal).poll(cx).is_ready()
        })
    }
}
