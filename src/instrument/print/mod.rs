//! Lines for people.

use super::text::Preview;
use std::cell::RefCell;
use std::fmt;
use std::io::{self, Stdout, Write};

mod lines;
mod output;
#[cfg(test)]
mod tests;

use output::Output;

/// Prints a line for each event on sockets, TLS, names and queues, and where asked on tasks and the
/// loop.
///
/// Payloads are private: their sizes are printed, and their first bytes where a
/// [`preview`](Self::preview) is asked for. An item of a queue is printed as its `Debug` shows it,
/// its beginning if it is long; items that must not be shown belong into an `opaque` queue, which
/// shows them as `<opaque>`. Whatever a peer has a say in is escaped, so that an event is one line
/// and no control character reaches a terminal.
///
/// Each line is handed to the writer at once. Where that fails the line is lost, which is reported
/// once through `tracing`; the program goes on, and so does the printing.
///
/// Source: the lines of the original's `PrintInstrument` (flowno 0.1.19).
///
/// The original's own example:
///
/// ```
/// use loopscope::event_loop::EventLoop;
/// use loopscope::instrument::{EnterScope, PrintInstrument};
/// use loopscope::sync::AsyncQueue;
/// use std::io::Read;
///
/// // Define a simple future that uses a queue.
/// async fn queue_example() -> i32 {
///     let queue = AsyncQueue::unbounded();
///     // Put an item into the queue.
///     queue.put(42).await.expect("the queue is open");
///     // Get the item back from the queue.
///     queue.get().await.expect("the queue has an item")
/// }
///
/// // Create an event loop and run with instrumentation; PrintInstrument::new() prints to stdout.
/// let (mut output, writer) = std::io::pipe()?;
/// let event_loop = EventLoop::new()?;
/// let scope = PrintInstrument::with_writer(writer).enter();
/// let result = event_loop.run_until_complete(queue_example());
/// drop(scope);
///
/// let mut lines = String::new();
/// output.read_to_string(&mut lines)?;
/// assert_eq!(
///     lines,
///     "[QUEUE-PUT] Item put in queue: 42\n\
///      [QUEUE-GET] Item retrieved from queue: 42\n"
/// );
/// assert_eq!(result, 42);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct PrintInstrument<W = Stdout> {
    output: RefCell<Output<W>>,
    preview: usize,
    tasks: bool,
    event_loop: bool,
}

impl PrintInstrument {
    /// Prints to stdout.
    #[expect(
        clippy::new_without_default,
        reason = "where it prints to is better said"
    )]
    pub fn new() -> Self {
        Self::with_writer(io::stdout())
    }
}

impl<W: Write> PrintInstrument<W> {
    /// Prints to `writer`.
    pub fn with_writer(writer: W) -> Self {
        Self {
            output: RefCell::new(Output::new(writer)),
            preview: 0,
            tasks: false,
            event_loop: false,
        }
    }

    /// Prints also the first `bytes` bytes of what is sent and received.
    #[must_use]
    pub fn preview(mut self, bytes: usize) -> Self {
        self.preview = bytes;
        self
    }

    /// Prints also what happens to tasks.
    #[must_use]
    pub fn with_tasks(mut self) -> Self {
        self.tasks = true;
        self
    }

    /// Prints also when the loop sleeps and wakes and when timers fire.
    #[must_use]
    pub fn with_loop(mut self) -> Self {
        self.event_loop = true;
        self
    }

    fn print(&self, line: fmt::Arguments<'_>) {
        // A writer that is itself watched may come back here: its lines are not printed.
        let Ok(mut output) = self.output.try_borrow_mut() else {
            return;
        };
        let error = output.write_line(line);
        drop(output);
        if let Some(error) = error {
            tracing::warn!(
                target: "loopscope::instrument",
                %error,
                "PrintInstrument cannot write its lines: they are lost until its writer works \
                 again. Is the disk full, or has the reader of a pipe gone? Further failures are \
                 not reported"
            );
        }
    }

    /// Prints a line on a payload, with the payload's beginning where that is asked for.
    fn print_data(&self, line: fmt::Arguments<'_>, data: &[u8]) {
        match Preview::of(data, self.preview) {
            Some(preview) => self.print(format_args!("{line}: {preview}")),
            None => self.print(line),
        }
    }

    fn print_task(&self, line: fmt::Arguments<'_>) {
        if self.tasks {
            self.print(line);
        }
    }

    fn print_loop(&self, line: fmt::Arguments<'_>) {
        if self.event_loop {
            self.print(line);
        }
    }
}

impl<W> fmt::Debug for PrintInstrument<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrintInstrument")
            .field("preview", &self.preview)
            .field("tasks", &self.tasks)
            .field("event_loop", &self.event_loop)
            .finish_non_exhaustive()
    }
}
