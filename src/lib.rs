//! An async event loop on mio and rustls whose every wait can be observed, and its bridge to
//! OpenTelemetry.
//!
//! A program that runs on the loop shows, without a line of tracing code of its own, where its
//! time goes: which task waited for which socket, queue, lock, timer or TLS handshake, for how long,
//! and how late the loop woke it. Hooks fire in start/ready pairs; instruments listen to them in nested
//! scopes. With no instrument in force a hook costs one check.
//!
//! ```
//! use loopscope::event_loop::{EventLoop, spawn};
//! use loopscope::instrument::{EnterScope, PrintInstrument};
//! use loopscope::net::{TcpListener, TcpStream};
//!
//! let _scope = PrintInstrument::new().enter();
//! EventLoop::new()?.run_until_complete(async {
//!     let listener = TcpListener::bind("127.0.0.1:0")?;
//!     let address = listener.local_addr()?;
//!     let server = spawn(async move { listener.accept().await?.0.write_all(b"hello").await });
//!     // [CONNECT] Connecting to 127.0.0.1:40123.
//!     let stream = TcpStream::connect(address).await?;
//!     // [RECV] Waiting for data from 127.0.0.1:40123
//!     stream.read_exact(&mut [0; 5]).await?;
//!     server.await.expect("it neither panics nor is cancelled")
//! })?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Parts
//!
//! ```text
//!   net  sync        sockets, TLS, names; queues, locks, events
//!     │  │
//!   event_loop       tasks, timers, readiness          telemetry   OTLP set up from OTEL_*
//!     │                                                    ┆
//!   instrument ◀──── otel                              opentelemetry_sdk
//!   hooks, scopes    spans and metrics ───▶ opentelemetry (API)
//!     │
//!   clock
//! ```
//!
//! - [`event_loop`]: the loop, its tasks and timers.
//! - [`net`]: sockets, TLS and names.
//! - [`sync`]: what tasks wait for each other with: queues, locks, events, conditions, latches.
//! - [`instrument`]: the hooks, the scopes in which they are heard, and the instruments that print
//!   and log.
//! - `otel` (feature `otel`): `OtelInstrument`, which turns pairs into spans and histograms.
//! - `telemetry` (feature `otlp`): sending them over OTLP, set up from the `OTEL_*` variables.
//! - `http` (feature `http`): a server for `tower` services and a client with a pool of connections.
//! - [`clock`]: the one reader of time.
//!
//! # Features
//!
//! | feature | what it adds | default |
//! | --- | --- | --- |
//! | `tls` | TLS streams on rustls; the caller brings the configuration and so the cryptography | yes |
//! | `otel` | `OtelInstrument`, on the OpenTelemetry API alone | yes |
//! | `otlp` | `Telemetry`: OTLP over HTTP with protobuf, without an async runtime | yes |
//! | `otlp-json` | the protocol `http/json` | |
//! | `otlp-grpc` | the protocol `grpc`, which brings tokio and tonic | |
//! | `http` | HTTP/1.1 and HTTP/2, client and server: hyper on this loop | |
//! | `serde` | snapshots of a loop can be serialized | |
//! | `testing` | `RecordingInstrument` and `ManualClock`, for tests | |
//!
//! # Hooks
//!
//! The model is the instrumentation of flowno, a Python event loop. Every hook of it is here under
//! its own name, and takes one struct:
//!
//! | hook of the original | here: what it is told | when it fires |
//! | --- | --- | --- |
//! | `on_queue_get(queue, item, immediate)` | [`QueueMetadata`](instrument::QueueMetadata) | a task has an item |
//! | `on_queue_put(queue, item, immediate)` | [`QueueMetadata`](instrument::QueueMetadata) | a queue has accepted an item |
//! | `on_socket_connect_start(SocketConnectStartMetadata)` | [`SocketConnectStartMetadata`](instrument::SocketConnectStartMetadata) | a connect starts |
//! | `on_socket_connect_ready(SocketConnectReadyMetadata)` | [`SocketConnectReadyMetadata`](instrument::SocketConnectReadyMetadata) | a connection stands |
//! | `on_socket_accept_start(InstrumentationMetadata)` | [`InstrumentationMetadata`](instrument::InstrumentationMetadata) | a task waits for a connection |
//! | `on_socket_accept_ready(ReadySocketInstrumentationMetadata)` | [`ReadySocketInstrumentationMetadata`](instrument::ReadySocketInstrumentationMetadata), with the connection | a connection was accepted |
//! | `on_socket_recv_start(InstrumentationMetadata)` | [`InstrumentationMetadata`](instrument::InstrumentationMetadata) | a receive starts |
//! | `on_socket_recv_ready(ReadySocketInstrumentationMetadata)` | [`ReadySocketInstrumentationMetadata`](instrument::ReadySocketInstrumentationMetadata), with the size | data, or the end of the stream, was received |
//! | `on_socket_recv_data(SocketRecvDataMetadata)` | [`SocketRecvDataMetadata`](instrument::SocketRecvDataMetadata) | right after that, with the data |
//! | `on_socket_send_start(InstrumentationMetadata)` | [`InstrumentationMetadata`](instrument::InstrumentationMetadata) | a send starts |
//! | `on_socket_send_ready(ReadySocketInstrumentationMetadata)` | [`ReadySocketInstrumentationMetadata`](instrument::ReadySocketInstrumentationMetadata), with the size | all is sent |
//! | `on_socket_send_data(SocketSendDataMetadata)` | [`SocketSendDataMetadata`](instrument::SocketSendDataMetadata) | the kernel took a part |
//! | `on_socket_close(InstrumentationMetadata)` | [`InstrumentationMetadata`](instrument::InstrumentationMetadata) | a socket was closed or dropped; never in the original |
//! | `on_tls_handshake_complete(TLSHandshakeMetadata)` | [`TlsHandshakeMetadata`](instrument::TlsHandshakeMetadata) | a handshake succeeded |
//! | `on_task_before_send(TaskSendMetadata)` | [`TaskSendMetadata`](instrument::TaskSendMetadata): the value is a [`Resumption`](instrument::Resumption) | a task is about to be polled |
//! | `on_task_after_send(TaskSendMetadata, Command)` | [`TaskAfterSendMetadata`](instrument::TaskAfterSendMetadata), with the [`Command`](instrument::Command) | it has yielded again |
//! | `on_task_before_throw(TaskThrowMetadata)` | [`TaskThrowMetadata`](instrument::TaskThrowMetadata): the exception is a [`TaskException`](instrument::TaskException) | a task is about to be polled because of an error |
//! | `on_task_after_throw(TaskThrowMetadata, Command)` | [`TaskAfterThrowMetadata`](instrument::TaskAfterThrowMetadata), with the [`Command`](instrument::Command) | it has yielded again |
//! | `on_task_completed(task, result)` | [`TaskEndMetadata`](instrument::TaskEndMetadata) | a task has completed |
//! | `on_task_error(task, exception)` | [`TaskErrorMetadata`](instrument::TaskErrorMetadata) | a task panicked or ended in an `Err` |
//! | `on_task_cancelled(task, exception)` | [`TaskEndMetadata`](instrument::TaskEndMetadata) | a task was cancelled |
//!
//! Beyond the original:
//!
//! | hook | what it is told | when it fires |
//! | --- | --- | --- |
//! | `on_socket_open` | [`InstrumentationMetadata`](instrument::InstrumentationMetadata) | a socket came into being: who hears it hears one close |
//! | `on_socket_error` | [`SocketErrorMetadata`](instrument::SocketErrorMetadata) | an operation failed or was cancelled, in place of its ready |
//! | `on_tls_handshake_error` | [`TlsHandshakeErrorMetadata`](instrument::TlsHandshakeErrorMetadata) | a handshake failed or was cancelled |
//! | `on_dns_lookup_start` | [`DnsLookupStartMetadata`](instrument::DnsLookupStartMetadata) | a name is looked up |
//! | `on_dns_lookup_ready` | [`DnsLookupReadyMetadata`](instrument::DnsLookupReadyMetadata), with the outcome | the look-up has ended |
//! | `on_task_spawned` | [`TaskSpawnedMetadata`](instrument::TaskSpawnedMetadata), with the parent | a task was spawned |
//! | `on_loop_park` | [`LoopParkMetadata`](instrument::LoopParkMetadata) | the loop goes to sleep, or its run ends |
//! | `on_loop_unpark` | [`LoopUnparkMetadata`](instrument::LoopUnparkMetadata) | it woke |
//! | `on_timer_fired` | [`TimerFiredMetadata`](instrument::TimerFiredMetadata) | a timer fired |
//!
//! # When each hook fires
//!
//! For one operation that succeeds, that fails, whose task is cancelled, or whose future is
//! dropped: exactly once, once for each part of it (each part of a send, each poll of a task, each
//! sleep of a loop), or not at all. An operation that is cancelled or dropped says so as its
//! failure, and the outcome of a look-up is told by its ready hook.
//!
//! | hook | success | error | cancel | drop | shown by |
//! | --- | --- | --- | --- | --- | --- |
//! | `on_queue_get` | once | – | – | – | `queue_get` |
//! | `on_queue_put` | once | – | – | – | `queue_put` |
//! | `on_socket_open` | once | once | once | once | `socket` |
//! | `on_socket_close` | once | once | once | once | `socket` |
//! | `on_socket_connect_start` | once | once | once | once | `connect` |
//! | `on_socket_connect_ready` | once | – | – | – | `connect` |
//! | `on_socket_error` | – | once | once | once | `connect` |
//! | `on_socket_accept_start` | once | once | once | once | `accept` |
//! | `on_socket_accept_ready` | once | – | – | – | `accept` |
//! | `on_socket_error` | – | once | once | once | `accept` |
//! | `on_socket_recv_start` | once | once | once | once | `recv` |
//! | `on_socket_recv_ready` | once | – | – | – | `recv` |
//! | `on_socket_recv_data` | once | – | – | – | `recv` |
//! | `on_socket_error` | – | once | once | once | `recv` |
//! | `on_socket_send_start` | once | once | once | once | `send` |
//! | `on_socket_send_data` | each | – | each | each | `send` |
//! | `on_socket_send_ready` | once | – | – | – | `send` |
//! | `on_socket_error` | – | once | once | once | `send` |
//! | `on_tls_handshake_complete` | once | – | – | – | `handshake` |
//! | `on_tls_handshake_error` | – | once | once | once | `handshake` |
//! | `on_dns_lookup_start` | once | once | once | once | `look_up` |
//! | `on_dns_lookup_ready` | once | once | once | once | `look_up` |
//! | `on_task_spawned` | once | once | once | once | `task` |
//! | `on_task_before_send` | each | each | each | each | `task` |
//! | `on_task_after_send` | each | each | each | each | `task` |
//! | `on_task_completed` | once | – | – | – | `task` |
//! | `on_task_error` | – | once | – | – | `task` |
//! | `on_task_cancelled` | – | – | once | once | `task` |
//! | `on_task_before_throw` | once | once | once | once | `thrown` |
//! | `on_task_after_throw` | once | – | – | – | `thrown` |
//! | `on_loop_park` | each | each | each | – | `event_loop` |
//! | `on_loop_unpark` | each | each | each | – | `event_loop` |
//! | `on_timer_fired` | once | once | – | – | `timer` |
//!
//! Each row is held by the tests in the file of `tests/outcomes` that its last column names, one
//! for each outcome: they make it happen on the real loop and count the hook. A task is resumed by
//! an error (`thrown`) when it is cancelled, a limit of time has passed, a queue is closed or a task
//! that it joins has failed; it goes on (success) or ends in it. A loop's run succeeds, panics, is
//! stopped, or is not under way when the loop is dropped; a task is dropped with its loop. A timer's
//! error is a limit that has passed.
//!
//! # Names
//!
//! Of the metadata, the start of an operation has no `immediate` here: whether the task has to wait
//! is known at its end. `get_current_instrument` is
//! [`current_instrument`](instrument::current_instrument), `_CompositeInstrument` is
//! [`CompositeInstrument`](instrument::CompositeInstrument), and `with PrintInstrument():` is
//! `let _scope = PrintInstrument::new().enter();`.

pub mod clock;
pub mod event_loop;
#[cfg(feature = "otlp")]
mod fast_lane;
#[cfg(feature = "http")]
pub mod http;
pub mod instrument;
pub mod net;
#[cfg(feature = "otel")]
pub mod otel;
pub mod sync;
#[cfg(feature = "otlp")]
pub mod telemetry;

/// The rustls that the TLS streams are on, for the caller's configurations.
#[cfg(feature = "tls")]
pub use rustls;

/// Compiles the examples of the pages that have some.
#[cfg(all(doctest, feature = "http", feature = "otel", feature = "otlp"))]
mod pages {
    #[doc = include_str!("../README.md")]
    mod readme {}
    #[doc = include_str!("../docs/getting-started.md")]
    mod getting_started {}
}
