//! Lines for people.

use super::metadata::*;
use super::text::{Escape, Preview};
use super::{EventLoopInstrument, Failure, SocketHandle, TaskInfo};
use crate::clock::Timestamp;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::io::{self, Stdout, Write};
use std::time::Duration;

/// Prints a line for each event on sockets, TLS, names and queues, and where asked on tasks and the
/// loop.
///
/// Payloads are private: their sizes are printed, and their first bytes where a
/// [`preview`](Self::preview) is asked for. Items of queues are printed as the queue shows them;
/// an `opaque` queue shows none. What comes from outside is printed without control characters.
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

struct Output<W> {
    writer: W,
    /// A line is gathered here, so that it is written at once.
    line: Vec<u8>,
    failed: Cell<bool>,
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
        let output = Output {
            writer,
            line: Vec::new(),
            failed: Cell::new(false),
        };
        Self {
            output: RefCell::new(output),
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
        let Output {
            writer,
            line: buffer,
            failed,
        } = &mut *output;
        buffer.clear();
        let result = writeln!(buffer, "{line}").and_then(|()| writer.write_all(buffer));
        match result {
            Err(error) if !failed.replace(true) => tracing::warn!(
                target: "loopscope::instrument",
                %error,
                "PrintInstrument cannot write its lines: they are lost until its writer works \
                 again. Is the disk full, or has the reader of a pipe gone?"
            ),
            Err(_) => {}
            Ok(()) => failed.set(false),
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

/// A duration in seconds with four decimals, as the original prints it.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.4}s", self.0.as_secs_f64())
    }
}

fn seconds(start: Timestamp, finish: Timestamp) -> Seconds {
    Seconds(finish - start)
}

/// The address of this end, as far as it is known.
fn local(socket: &SocketHandle) -> impl fmt::Display {
    match socket.local_address() {
        Some(address) => address.to_string(),
        None => "an unknown address".into(),
    }
}

fn task_name(task: &TaskInfo) -> impl fmt::Display {
    Escape(task)
}

impl<W: Write> EventLoopInstrument for PrintInstrument<W> {
    fn on_queue_get(&self, metadata: &QueueMetadata<'_>) {
        let item = Escape(format_args!("{:?}", metadata.item));
        self.print(format_args!(
            "[QUEUE-GET] Item retrieved from queue: {item}"
        ));
    }

    fn on_queue_put(&self, metadata: &QueueMetadata<'_>) {
        let item = Escape(format_args!("{:?}", metadata.item));
        self.print(format_args!("[QUEUE-PUT] Item put in queue: {item}"));
    }

    fn on_socket_open(&self, metadata: &InstrumentationMetadata<'_>) {
        let socket = metadata.socket_handle;
        if socket.role() == super::SocketRole::Listener {
            self.print(format_args!("[LISTEN] Listening on {socket}"));
        }
    }

    fn on_socket_connect_start(&self, metadata: &SocketConnectStartMetadata<'_>) {
        self.print(format_args!(
            "[CONNECT] Connecting to {}.",
            metadata.target_address
        ));
    }

    fn on_socket_connect_ready(&self, metadata: &SocketConnectReadyMetadata<'_>) {
        let took = seconds(metadata.start_time, metadata.finish_time);
        let (target, local) = (metadata.target_address, local(metadata.socket_handle));
        self.print(format_args!(
            "[CONNECT] Connected to {target} in {took} via {local}"
        ));
    }

    fn on_socket_accept_start(&self, metadata: &InstrumentationMetadata<'_>) {
        let socket = metadata.socket_handle;
        self.print(format_args!(
            "[ACCEPT] Waiting for a connection on {socket}"
        ));
    }

    fn on_socket_accept_ready(&self, metadata: &ReadySocketInstrumentationMetadata<'_>) {
        let took = seconds(metadata.start_time, metadata.finish_time);
        let listener = metadata.socket_handle;
        let peer = metadata.accepted.unwrap_or(listener);
        self.print(format_args!(
            "[ACCEPT] Accepted a connection from {peer} in {took} on {listener}"
        ));
    }

    fn on_socket_recv_start(&self, metadata: &InstrumentationMetadata<'_>) {
        self.print(format_args!(
            "[RECV] Waiting for data from {}",
            metadata.socket_handle
        ));
    }

    fn on_socket_recv_ready(&self, metadata: &ReadySocketInstrumentationMetadata<'_>) {
        let took = seconds(metadata.start_time, metadata.finish_time);
        let socket = metadata.socket_handle;
        self.print(format_args!(
            "[RECV] Ready to receive data from {socket} in {took}"
        ));
    }

    fn on_socket_recv_data(&self, metadata: &SocketRecvDataMetadata<'_>) {
        let data = metadata.data;
        let preview = Preview {
            data,
            limit: self.preview,
        };
        self.print(format_args!(
            "[RECV-DATA] Got {} bytes{preview}",
            data.len()
        ));
    }

    fn on_socket_send_start(&self, metadata: &InstrumentationMetadata<'_>) {
        self.print(format_args!(
            "[SEND] Starting send to {}",
            metadata.socket_handle
        ));
    }

    fn on_socket_send_data(&self, metadata: &SocketSendDataMetadata<'_>) {
        let (data, sent) = (metadata.data, metadata.bytes_sent);
        let preview = Preview {
            data,
            limit: self.preview,
        };
        self.print(format_args!(
            "[SEND-DATA] Sent {sent}/{} bytes{preview}",
            data.len()
        ));
    }

    fn on_socket_send_ready(&self, metadata: &ReadySocketInstrumentationMetadata<'_>) {
        let took = seconds(metadata.start_time, metadata.finish_time);
        self.print(format_args!(
            "[SEND] Completed send to {} in {took}",
            metadata.socket_handle
        ));
    }

    fn on_socket_error(&self, metadata: &SocketErrorMetadata<'_>) {
        let took = seconds(metadata.start_time, metadata.finish_time);
        let (operation, socket) = (metadata.operation.as_str(), metadata.socket_handle);
        match metadata.failure {
            Failure::Cancelled => {
                self.print(format_args!(
                    "[CANCEL] {operation} of {socket} cancelled after {took}"
                ));
            }
            failure => self.print(format_args!(
                "[ERROR] {operation} of {socket} failed after {took}: {}",
                Escape(failure)
            )),
        }
    }

    fn on_socket_close(&self, metadata: &InstrumentationMetadata<'_>) {
        let socket = metadata.socket_handle;
        if socket.role() == super::SocketRole::Listener {
            self.print(format_args!("[CLOSE] Listener closed on {socket}"));
        } else {
            self.print(format_args!("[CLOSE] Connection closed to {socket}"));
        }
    }

    fn on_tls_handshake_complete(&self, metadata: &TlsHandshakeMetadata<'_>) {
        let took = seconds(metadata.start_time, metadata.finish_time);
        let version = metadata.session.version.unwrap_or("an unknown version");
        let cipher = metadata.session.cipher.unwrap_or("an unknown cipher");
        self.print(format_args!(
            "[TLS] Handshake complete in {took}: {version}, {cipher}"
        ));
    }

    fn on_tls_handshake_error(&self, metadata: &TlsHandshakeErrorMetadata<'_>) {
        let took = seconds(metadata.start_time, metadata.finish_time);
        match metadata.failure {
            Failure::Cancelled => {
                self.print(format_args!("[TLS] Handshake cancelled after {took}"));
            }
            failure => {
                let failure = Escape(failure);
                self.print(format_args!(
                    "[TLS] Handshake failed after {took}: {failure}"
                ));
            }
        }
    }

    fn on_dns_lookup_start(&self, metadata: &DnsLookupStartMetadata<'_>) {
        self.print(format_args!("[DNS] Looking up {}", Escape(metadata.name)));
    }

    fn on_dns_lookup_ready(&self, metadata: &DnsLookupReadyMetadata<'_>) {
        let took = seconds(metadata.start_time, metadata.finish_time);
        let name = Escape(metadata.name);
        match metadata.outcome {
            Ok(answers) => {
                self.print(format_args!(
                    "[DNS] Looked up {name} in {took}: {answers:?}"
                ));
            }
            Err(Failure::Cancelled) => {
                self.print(format_args!(
                    "[DNS] Look-up of {name} cancelled after {took}"
                ));
            }
            Err(failure) => self.print(format_args!(
                "[DNS] Look-up of {name} failed after {took}: {}",
                Escape(failure)
            )),
        }
    }

    fn on_task_spawned(&self, metadata: &TaskSpawnedMetadata<'_>) {
        let task = task_name(metadata.task);
        match metadata.parent {
            Some(parent) => {
                let parent = task_name(parent);
                self.print_task(format_args!("[TASK] {task} spawned by {parent}"));
            }
            None => self.print_task(format_args!("[TASK] {task} spawned")),
        }
    }

    fn on_task_before_send(&self, metadata: &TaskSendMetadata<'_>) {
        let (task, resumption) = (task_name(metadata.task), metadata.resumption);
        self.print_task(format_args!("[TASK] {task} resumed: {resumption}"));
    }

    fn on_task_after_send(&self, metadata: &TaskAfterSendMetadata<'_>) {
        let took = seconds(metadata.sent.start_time, metadata.finish_time);
        let (task, command) = (task_name(metadata.sent.task), Escape(metadata.command));
        self.print_task(format_args!(
            "[TASK] {task} ran {took}, now waits: {command}"
        ));
    }

    fn on_task_before_throw(&self, metadata: &TaskThrowMetadata<'_>) {
        let (task, exception) = (task_name(metadata.task), metadata.exception);
        self.print_task(format_args!(
            "[TASK] {task} resumed by an error: {exception}"
        ));
    }

    fn on_task_after_throw(&self, metadata: &TaskAfterThrowMetadata<'_>) {
        let took = seconds(metadata.thrown.start_time, metadata.finish_time);
        let (task, command) = (task_name(metadata.thrown.task), Escape(metadata.command));
        self.print_task(format_args!(
            "[TASK] {task} ran {took}, now waits: {command}"
        ));
    }

    fn on_task_completed(&self, metadata: &TaskEndMetadata<'_>) {
        self.print_task(format_args!(
            "[TASK] {} completed",
            task_name(metadata.task)
        ));
    }

    fn on_task_error(&self, metadata: &TaskErrorMetadata<'_>) {
        let task = task_name(metadata.end.task);
        let verb = if metadata.failure.is_panic() {
            "panicked"
        } else {
            "failed"
        };
        let failure = Escape(metadata.failure);
        self.print_task(format_args!("[TASK] {task} {verb}: {failure}"));
    }

    fn on_task_cancelled(&self, metadata: &TaskEndMetadata<'_>) {
        self.print_task(format_args!(
            "[TASK] {} cancelled",
            task_name(metadata.task)
        ));
    }

    fn on_loop_park(&self, metadata: &LoopParkMetadata<'_>) {
        let active = seconds(metadata.active_since, metadata.park_time);
        let (event_loop, verb) = (
            Escape(metadata.event_loop),
            if metadata.stops { "stops" } else { "sleeps" },
        );
        self.print_loop(format_args!(
            "[LOOP] {event_loop} {verb} after {active} of work"
        ));
    }

    fn on_loop_unpark(&self, metadata: &LoopUnparkMetadata<'_>) {
        let idle = seconds(metadata.park_time, metadata.unpark_time);
        let (event_loop, events) = (Escape(metadata.event_loop), metadata.events);
        self.print_loop(format_args!(
            "[LOOP] {event_loop} woke after {idle}: {events} events"
        ));
    }

    fn on_timer_fired(&self, metadata: &TimerFiredMetadata<'_>) {
        let late = seconds(metadata.deadline, metadata.fire_time);
        match metadata.task {
            Some(task) => {
                let task = task_name(task);
                self.print_loop(format_args!("[TIMER] Fired for {task}, {late} late"));
            }
            None => self.print_loop(format_args!("[TIMER] Fired, {late} late")),
        }
    }
}
