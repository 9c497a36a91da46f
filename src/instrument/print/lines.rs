//! The line of each event.

use super::PrintInstrument;
use crate::clock::Timestamp;
use crate::instrument::metadata::*;
use crate::instrument::text::{Escape, Item};
use crate::instrument::{Address, EventLoopInstrument, Failure, SocketHandle, SocketRole};
use std::fmt;
use std::io::Write;
use std::time::Duration;

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
struct Local<'a>(&'a SocketHandle);

impl fmt::Display for Local<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.local_address() {
            Some(address) => Escape(address).fmt(f),
            None => f.write_str("an unknown address"),
        }
    }
}

/// The other end of an operation after its preposition, or else this end: `from 192.0.2.1:443`,
/// `on 192.0.2.9:53`.
struct With<'a>(&'static str, &'a SocketHandle, Option<&'a Address>);

impl fmt::Display for With<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(preposition, socket, peer) = *self;
        match peer {
            Some(peer) => write!(f, "{preposition} {}", Escape(peer)),
            None if socket.peer_address().is_some() => {
                write!(f, "{preposition} {}", Escape(socket))
            }
            None => write!(f, "on {}", Escape(socket)),
        }
    }
}

/// What was tried, and with whom: `recv from 192.0.2.1:443`.
struct Attempt<'a>(&'a SocketErrorMetadata<'a>);

impl fmt::Display for Attempt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(metadata) = self;
        let operation = metadata.operation.as_str();
        let preposition = match metadata.operation {
            SocketOperation::Connect | SocketOperation::Send => "to",
            SocketOperation::Accept => "on",
            SocketOperation::Recv => "from",
        };
        let target = metadata.target_address;
        let with = With(preposition, metadata.socket_handle, target);
        write!(f, "{operation} {with}")
    }
}

/// Addresses, one after the other.
struct Answers<'a>(&'a [std::net::IpAddr]);

impl fmt::Display for Answers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, others)) = self.0.split_first() else {
            return f.write_str("no address");
        };
        first.fmt(f)?;
        others.iter().try_for_each(|answer| write!(f, ", {answer}"))
    }
}

impl<W: Write> EventLoopInstrument for PrintInstrument<W> {
    fn on_queue_get(&self, metadata: &QueueMetadata<'_>) {
        let item = Item(metadata.item);
        self.print(format_args!(
            "[QUEUE-GET] Item retrieved from queue: {item}"
        ));
    }

    fn on_queue_put(&self, metadata: &QueueMetadata<'_>) {
        let item = Item(metadata.item);
        self.print(format_args!("[QUEUE-PUT] Item put in queue: {item}"));
    }

    fn on_socket_open(&self, metadata: &InstrumentationMetadata<'_>) {
        let socket = Escape(metadata.socket_handle);
        if metadata.socket_handle.role() == SocketRole::Listener {
            self.print(format_args!("[LISTEN] Listening on {socket}"));
        }
    }

    fn on_socket_connect_start(&self, metadata: &SocketConnectStartMetadata<'_>) {
        self.print(format_args!(
            "[CONNECT] Connecting to {}.",
            Escape(metadata.target_address)
        ));
    }

    fn on_socket_connect_ready(&self, metadata: &SocketConnectReadyMetadata<'_>) {
        let took = seconds(metadata.start_time, metadata.finish_time);
        let target = Escape(metadata.target_address);
        let local = Local(metadata.socket_handle);
        self.print(format_args!(
            "[CONNECT] Connected to {target} in {took} via {local}"
        ));
    }

    fn on_socket_accept_start(&self, metadata: &InstrumentationMetadata<'_>) {
        let socket = Escape(metadata.socket_handle);
        self.print(format_args!(
            "[ACCEPT] Waiting for a connection on {socket}"
        ));
    }

    fn on_socket_accept_ready(&self, metadata: &ReadySocketInstrumentationMetadata<'_>) {
        let took = seconds(metadata.start_time, metadata.finish_time);
        let listener = Escape(metadata.socket_handle);
        let peer = Escape(metadata.accepted.unwrap_or(metadata.socket_handle));
        self.print(format_args!(
            "[ACCEPT] Accepted a connection from {peer} in {took} on {listener}"
        ));
    }

    fn on_socket_recv_start(&self, metadata: &InstrumentationMetadata<'_>) {
        self.print(format_args!(
            "[RECV] Waiting for data {}",
            With("from", metadata.socket_handle, metadata.peer_address)
        ));
    }

    fn on_socket_recv_ready(&self, metadata: &ReadySocketInstrumentationMetadata<'_>) {
        let took = seconds(metadata.start_time, metadata.finish_time);
        let with = With("from", metadata.socket_handle, metadata.peer_address);
        self.print(format_args!(
            "[RECV] Ready to receive data {with} in {took}"
        ));
    }

    fn on_socket_recv_data(&self, metadata: &SocketRecvDataMetadata<'_>) {
        let size = metadata.data.len();
        self.print_data(format_args!("[RECV-DATA] Got {size} bytes"), metadata.data);
    }

    fn on_socket_send_start(&self, metadata: &InstrumentationMetadata<'_>) {
        self.print(format_args!(
            "[SEND] Starting send {}",
            With("to", metadata.socket_handle, metadata.peer_address)
        ));
    }

    fn on_socket_send_data(&self, metadata: &SocketSendDataMetadata<'_>) {
        let (sent, size) = (metadata.bytes_sent, metadata.data.len());
        self.print_data(
            format_args!("[SEND-DATA] Sent {sent}/{size} bytes"),
            metadata.data,
        );
    }

    fn on_socket_send_ready(&self, metadata: &ReadySocketInstrumentationMetadata<'_>) {
        let took = seconds(metadata.start_time, metadata.finish_time);
        self.print(format_args!(
            "[SEND] Completed send {} in {took}",
            With("to", metadata.socket_handle, metadata.peer_address)
        ));
    }

    fn on_socket_error(&self, metadata: &SocketErrorMetadata<'_>) {
        let took = seconds(metadata.start_time, metadata.finish_time);
        let attempt = Attempt(metadata);
        match metadata.failure {
            Failure::Cancelled => {
                self.print(format_args!("[CANCEL] {attempt} cancelled after {took}"));
            }
            failure => self.print(format_args!(
                "[ERROR] {attempt} failed after {took}: {}",
                Escape(failure)
            )),
        }
    }

    fn on_socket_close(&self, metadata: &InstrumentationMetadata<'_>) {
        let socket = Escape(metadata.socket_handle);
        if metadata.socket_handle.role() == SocketRole::Listener {
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
                let answers = Answers(answers);
                self.print(format_args!("[DNS] Looked up {name} in {took}: {answers}"));
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
        let task = Escape(metadata.task);
        match metadata.parent {
            Some(parent) => {
                let parent = Escape(parent);
                self.print_task(format_args!("[TASK] {task} spawned by {parent}"));
            }
            None => self.print_task(format_args!("[TASK] {task} spawned")),
        }
    }

    fn on_task_before_send(&self, metadata: &TaskSendMetadata<'_>) {
        let (task, resumption) = (Escape(metadata.task), metadata.resumption);
        self.print_task(format_args!("[TASK] {task} resumed: {resumption}"));
    }

    fn on_task_after_send(&self, metadata: &TaskAfterSendMetadata<'_>) {
        let took = seconds(metadata.sent.start_time, metadata.finish_time);
        let (task, command) = (Escape(metadata.sent.task), Escape(metadata.command));
        self.print_task(format_args!(
            "[TASK] {task} ran {took}, now waits: {command}"
        ));
    }

    fn on_task_before_throw(&self, metadata: &TaskThrowMetadata<'_>) {
        let (task, exception) = (Escape(metadata.task), metadata.exception);
        self.print_task(format_args!(
            "[TASK] {task} resumed by an error: {exception}"
        ));
    }

    fn on_task_after_throw(&self, metadata: &TaskAfterThrowMetadata<'_>) {
        let took = seconds(metadata.thrown.start_time, metadata.finish_time);
        let (task, command) = (Escape(metadata.thrown.task), Escape(metadata.command));
        self.print_task(format_args!(
            "[TASK] {task} ran {took}, now waits: {command}"
        ));
    }

    fn on_task_completed(&self, metadata: &TaskEndMetadata<'_>) {
        self.print_task(format_args!("[TASK] {} completed", Escape(metadata.task)));
    }

    fn on_task_error(&self, metadata: &TaskErrorMetadata<'_>) {
        let task = Escape(metadata.end.task);
        let verb = if metadata.failure.is_panic() {
            "panicked"
        } else {
            "failed"
        };
        let failure = Escape(metadata.failure);
        self.print_task(format_args!("[TASK] {task} {verb}: {failure}"));
    }

    fn on_task_cancelled(&self, metadata: &TaskEndMetadata<'_>) {
        self.print_task(format_args!("[TASK] {} cancelled", Escape(metadata.task)));
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
                let task = Escape(task);
                self.print_loop(format_args!("[TIMER] Fired for {task}, {late} late"));
            }
            None => self.print_loop(format_args!("[TIMER] Fired, {late} late")),
        }
    }
}
