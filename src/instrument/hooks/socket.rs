//! Sockets and names.

use super::wait::{Start, current_task};
use crate::clock::Timestamp;
use crate::instrument::metadata::*;
use crate::instrument::scope::{self, Stack};
use crate::instrument::{Address, Failure, Hook, HookSet, SocketHandle};
use std::future::poll_fn;
use std::io;
use std::mem::ManuallyDrop;
use std::net::IpAddr;
use std::rc::Rc;
use std::task::{Context, Poll};

/// A socket that is open; dropping it reports the close to those who heard of the opening.
///
/// In a type that holds a socket this comes after the descriptor and the operations under way, so
/// that they are dropped first.
pub(crate) struct OpenSocket {
    handle: Rc<SocketHandle>,
    stack: Option<Stack>,
}

impl OpenSocket {
    /// Reports the opening.
    pub(crate) fn new(handle: Rc<SocketHandle>) -> Self {
        let stack = scope::current();
        if let Some(stack) = &stack {
            let task = current_task();
            let metadata = InstrumentationMetadata::new(task.as_deref(), &handle, Timestamp::now());
            stack.fire(Hook::SocketOpen, |instrument| {
                instrument.on_socket_open(&metadata)
            });
        }
        Self { handle, stack }
    }

    pub(crate) fn handle(&self) -> &Rc<SocketHandle> {
        &self.handle
    }

    /// Whether anyone is told of this socket, so that looking up its address pays.
    pub(crate) fn is_heard(&self) -> bool {
        self.stack.is_some()
    }
}

impl Drop for OpenSocket {
    fn drop(&mut self) {
        if let Some(stack) = self.stack.take() {
            let task = current_task();
            let metadata =
                InstrumentationMetadata::new(task.as_deref(), &self.handle, Timestamp::now());
            stack.fire(Hook::SocketClose, |instrument| {
                instrument.on_socket_close(&metadata)
            });
        }
    }
}

/// An operation on a socket under way: one start, and exactly one ready or error.
///
/// What ends it takes it by reference, since to move it costs more than all else where nobody
/// listens; once it has ended, nothing more is told of it. Dropped before it ended, it reports that
/// it was cancelled.
pub(crate) struct SocketOp {
    // Emptied by whatever ends it, at the latest by `drop`: dropping what is empty would cost a call
    // where nobody listens.
    heard: ManuallyDrop<Option<HeardOp>>,
    pending: bool,
}

struct HeardOp {
    start: Start,
    socket: Rc<SocketHandle>,
    /// What a connect is to reach, or whose a datagram is; few operations have one.
    target: Option<Box<Address>>,
    size: usize,
    operation: SocketOperation,
}

/// The hooks of an operation.
#[inline]
fn hooks_of(operation: SocketOperation) -> HookSet {
    match operation {
        SocketOperation::Connect => {
            const {
                HookSet::of(&[
                    Hook::SocketConnectStart,
                    Hook::SocketConnectReady,
                    Hook::SocketError,
                ])
            }
        }
        SocketOperation::Accept => {
            const {
                HookSet::of(&[
                    Hook::SocketAcceptStart,
                    Hook::SocketAcceptReady,
                    Hook::SocketError,
                ])
            }
        }
        SocketOperation::Recv => {
            const {
                HookSet::of(&[
                    Hook::SocketRecvStart,
                    Hook::SocketRecvReady,
                    Hook::SocketRecvData,
                    Hook::SocketError,
                ])
            }
        }
        SocketOperation::Send => {
            const {
                HookSet::of(&[
                    Hook::SocketSendStart,
                    Hook::SocketSendData,
                    Hook::SocketSendReady,
                    Hook::SocketError,
                ])
            }
        }
    }
}

impl SocketOp {
    /// Reports the start of a connect to `target`.
    pub(crate) fn connect(socket: &Rc<SocketHandle>, target: &Address) -> Self {
        let heard = Start::capture(hooks_of(SocketOperation::Connect)).map(|start| {
            let metadata =
                SocketConnectStartMetadata::new(start.task.as_deref(), socket, target, start.time);
            start.stack.fire(Hook::SocketConnectStart, |instrument| {
                instrument.on_socket_connect_start(&metadata);
            });
            HeardOp {
                start,
                operation: SocketOperation::Connect,
                socket: socket.clone(),
                target: Some(Box::new(target.clone())),
                size: 0,
            }
        });
        Self {
            heard: ManuallyDrop::new(heard),
            pending: false,
        }
    }

    /// Reports the start of any other operation.
    #[inline]
    pub(crate) fn start(operation: SocketOperation, socket: &Rc<SocketHandle>) -> Self {
        if scope::is_wanted(hooks_of(operation)) {
            return Self::start_heard(operation, socket);
        }
        Self {
            heard: ManuallyDrop::new(None),
            pending: false,
        }
    }

    fn start_heard(operation: SocketOperation, socket: &Rc<SocketHandle>) -> Self {
        let Some(start) = Start::capture(hooks_of(operation)) else {
            return Self {
                heard: ManuallyDrop::new(None),
                pending: false,
            };
        };
        // Made where it stays: to move it costs as much as to capture what is in it.
        let op = Self {
            heard: ManuallyDrop::new(Some(HeardOp {
                start,
                operation,
                socket: socket.clone(),
                target: None,
                size: 0,
            })),
            pending: false,
        };
        if let Some(heard) = &*op.heard {
            heard.started();
        }
        op
    }

    /// Reports the start of sending a datagram to `target`.
    pub(crate) fn send_to(socket: &Rc<SocketHandle>, target: impl FnOnce() -> Address) -> Self {
        let start = Start::capture(hooks_of(SocketOperation::Send));
        let heard = start.map(|start| HeardOp::send_to(start, socket, target()));
        Self {
            heard: ManuallyDrop::new(heard),
            pending: false,
        }
    }

    /// Goes on with the operation, and notes where the task has to wait. `step` is told whether
    /// anyone listens.
    #[inline(always)]
    pub(crate) fn step<T>(&mut self, step: impl FnOnce(bool) -> Poll<T>) -> Poll<T> {
        let polled = step(self.is_heard());
        self.pending |= polled.is_pending();
        polled
    }

    /// Goes on with the operation until `step` is ready.
    #[inline]
    pub(crate) async fn drive<T>(
        &mut self,
        mut step: impl FnMut(&mut Context<'_>, bool) -> Poll<T>,
    ) -> T {
        poll_fn(|cx| self.step(|heard| step(cx, heard))).await
    }

    /// Whether anyone listens.
    pub(crate) fn is_heard(&self) -> bool {
        self.heard.is_some()
    }

    /// Whether the task that runs is another than the one that started the operation.
    pub(crate) fn is_of_another_task(&self) -> bool {
        self.heard.as_ref().is_some_and(|heard| {
            heard.start.task.as_ref().map(|task| task.id()) != current_task().map(|task| task.id())
        })
    }

    /// The connection stands.
    pub(crate) fn connected(&mut self, ready_time: Option<Timestamp>) {
        let Some(heard) = self.heard.take() else {
            return;
        };
        let Some(target) = heard.target.as_deref() else {
            return;
        };
        let parked = heard.start.has_parked(self.pending);
        let mut metadata = SocketConnectReadyMetadata::new(
            heard.start.task.as_deref(),
            &heard.socket,
            target,
            !parked,
            heard.start.time,
            heard.start.finish(),
        );
        metadata.ready_time = heard.start.readiness(parked, ready_time);
        heard
            .start
            .stack
            .fire(Hook::SocketConnectReady, |instrument| {
                instrument.on_socket_connect_ready(&metadata);
            });
    }

    /// A connection was accepted.
    pub(crate) fn accepted(&mut self, accepted: &Rc<SocketHandle>, ready_time: Option<Timestamp>) {
        let Some(heard) = self.heard.take() else {
            return;
        };
        let mut metadata = heard.ready(self.pending, ready_time);
        metadata.accepted = Some(accepted);
        heard
            .start
            .stack
            .fire(Hook::SocketAcceptReady, |instrument| {
                instrument.on_socket_accept_ready(&metadata);
            });
    }

    /// A datagram of `sender` was received.
    pub(crate) fn received_from(
        &mut self,
        data: &[u8],
        sender: impl FnOnce() -> Address,
        ready_time: Option<Timestamp>,
    ) {
        if let Some(heard) = &mut *self.heard {
            heard.target = Some(Box::new(sender()));
            self.received_heard(data, ready_time);
        }
    }

    /// Data, or the end of the stream, was received.
    #[inline]
    pub(crate) fn received(&mut self, data: &[u8], ready_time: Option<Timestamp>) {
        // Where nobody listens, an operation that is never moved costs two checks.
        if self.is_heard() {
            self.received_heard(data, ready_time);
        }
    }

    fn received_heard(&mut self, data: &[u8], ready_time: Option<Timestamp>) {
        if let Some(heard) = &*self.heard {
            let mut metadata = heard.ready(self.pending, ready_time);
            metadata.size = Some(data.len());
            let stack = &heard.start.stack;
            stack.fire(Hook::SocketRecvReady, |instrument| {
                instrument.on_socket_recv_ready(&metadata);
            });
            heard.received_data(data);
        }
        *self.heard = None;
    }

    /// A part of the data was handed to the kernel.
    #[inline]
    pub(crate) fn sent_part(&mut self, data: &[u8], bytes_sent: usize) {
        let Some(heard) = &mut *self.heard else {
            return;
        };
        heard.size += bytes_sent;
        let metadata = SocketSendDataMetadata::new(&heard.socket, data, bytes_sent);
        heard.start.stack.fire(Hook::SocketSendData, |instrument| {
            instrument.on_socket_send_data(&metadata);
        });
    }

    /// All that was to be sent is sent.
    #[inline]
    pub(crate) fn sent(&mut self, ready_time: Option<Timestamp>) {
        if self.is_heard() {
            self.sent_heard(ready_time);
        }
    }

    fn sent_heard(&mut self, ready_time: Option<Timestamp>) {
        if let Some(heard) = &*self.heard {
            let mut metadata = heard.ready(self.pending, ready_time);
            metadata.size = Some(heard.size);
            let stack = &heard.start.stack;
            stack.fire(Hook::SocketSendReady, |instrument| {
                instrument.on_socket_send_ready(&metadata);
            });
        }
        *self.heard = None;
    }

    /// The operation failed.
    pub(crate) fn failed(&mut self, error: &io::Error, ready_time: Option<Timestamp>) {
        self.end_in(Failure::from_io(error), ready_time);
    }

    /// The operation failed after it had received `partial` data.
    pub(crate) fn failed_after(
        &mut self,
        partial: &[u8],
        error: &io::Error,
        ready_time: Option<Timestamp>,
    ) {
        self.received_part(partial);
        self.end_in(Failure::from_io(error), ready_time);
    }

    /// A part of what is to be received has arrived.
    pub(crate) fn received_part(&mut self, partial: &[u8]) {
        if let Some(heard) = &mut *self.heard
            && !partial.is_empty()
        {
            heard.size += partial.len();
            heard.received_data(partial);
        }
    }

    fn end_in(&mut self, failure: Failure<'_>, ready_time: Option<Timestamp>) {
        let Some(heard) = self.heard.take() else {
            return;
        };
        let parked = heard.start.had_parked(self.pending, &failure);
        let mut metadata = SocketErrorMetadata::new(
            heard.start.task.as_deref(),
            &heard.socket,
            heard.operation,
            failure,
            heard.start.time,
            heard.start.finish(),
        );
        metadata.target_address = heard.target.as_deref();
        metadata.immediate = !parked;
        metadata.ready_time = heard.start.readiness(parked, ready_time);
        metadata.size = heard.size;
        heard.start.stack.fire(Hook::SocketError, |instrument| {
            instrument.on_socket_error(&metadata);
        });
    }
}

impl Drop for SocketOp {
    #[inline]
    fn drop(&mut self) {
        if self.heard.is_some() {
            self.end_in(Failure::Cancelled, None);
        }
    }
}

impl HeardOp {
    fn send_to(start: Start, socket: &Rc<SocketHandle>, target: Address) -> Self {
        let mut metadata = InstrumentationMetadata::new(start.task.as_deref(), socket, start.time);
        metadata.peer_address = Some(&target);
        start.stack.fire(Hook::SocketSendStart, |instrument| {
            instrument.on_socket_send_start(&metadata);
        });
        Self {
            start,
            operation: SocketOperation::Send,
            socket: socket.clone(),
            target: Some(Box::new(target)),
            size: 0,
        }
    }

    fn started(&self) {
        let Start {
            stack, task, time, ..
        } = &self.start;
        let metadata = InstrumentationMetadata::new(task.as_deref(), &self.socket, *time);
        match self.operation {
            SocketOperation::Connect => {}
            SocketOperation::Accept => stack.fire(Hook::SocketAcceptStart, |instrument| {
                instrument.on_socket_accept_start(&metadata);
            }),
            SocketOperation::Recv => stack.fire(Hook::SocketRecvStart, |instrument| {
                instrument.on_socket_recv_start(&metadata);
            }),
            SocketOperation::Send => stack.fire(Hook::SocketSendStart, |instrument| {
                instrument.on_socket_send_start(&metadata);
            }),
        }
    }

    fn ready(
        &self,
        pending: bool,
        ready_time: Option<Timestamp>,
    ) -> ReadySocketInstrumentationMetadata<'_> {
        let parked = self.start.has_parked(pending);
        let mut metadata = ReadySocketInstrumentationMetadata::new(
            self.start.task.as_deref(),
            &self.socket,
            !parked,
            self.start.time,
            self.start.finish(),
        );
        metadata.ready_time = self.start.readiness(parked, ready_time);
        metadata.peer_address = self.target.as_deref();
        metadata
    }

    fn received_data(&self, data: &[u8]) {
        let metadata = SocketRecvDataMetadata::new(&self.socket, data);
        self.start.stack.fire(Hook::SocketRecvData, |instrument| {
            instrument.on_socket_recv_data(&metadata);
        });
    }
}

/// A look-up of a name under way. Dropped before it ended, it reports that it was cancelled.
pub(crate) struct DnsLookup {
    start: Option<Start>,
    name: Rc<str>,
    pending: bool,
}

impl DnsLookup {
    /// A look-up starts.
    pub(crate) fn start(name: Rc<str>) -> Self {
        let hooks = HookSet::of(&[Hook::DnsLookupStart, Hook::DnsLookupReady]);
        let start = Start::capture(hooks);
        if let Some(start) = &start {
            let metadata = DnsLookupStartMetadata::new(start.task.as_deref(), &name, start.time);
            start.stack.fire(Hook::DnsLookupStart, |instrument| {
                instrument.on_dns_lookup_start(&metadata);
            });
        }
        Self {
            start,
            name,
            pending: false,
        }
    }

    /// Notes that the task has to wait.
    pub(crate) fn park(&mut self) {
        self.pending = true;
    }

    /// The look-up has ended.
    pub(crate) fn ready(mut self, outcome: Result<&[IpAddr], &io::Error>) {
        self.end_in(outcome.map_err(Failure::from_io));
    }

    fn end_in(&mut self, outcome: Result<&[IpAddr], Failure<'_>>) {
        let Some(start) = self.start.take() else {
            return;
        };
        let parked = match &outcome {
            Ok(_) => start.has_parked(self.pending),
            Err(failure) => start.had_parked(self.pending, failure),
        };
        let metadata = DnsLookupReadyMetadata::new(
            start.task.as_deref(),
            &self.name,
            outcome,
            !parked,
            start.time,
            start.finish(),
        );
        start.stack.fire(Hook::DnsLookupReady, |instrument| {
            instrument.on_dns_lookup_ready(&metadata);
        });
    }
}

impl Drop for DnsLookup {
    fn drop(&mut self) {
        self.end_in(Err(Failure::Cancelled));
    }
}
