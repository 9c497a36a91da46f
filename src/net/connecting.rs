//! Connecting, to whatever a socket can be connected to.

use super::socket::{Registered, Socket};
use crate::event_loop::park;
use crate::event_loop::reactor::Side;
use crate::instrument::hooks::{OpenSocket, SocketOp};
use crate::instrument::{Address, SocketHandle, SocketOperation};
use std::future::Future;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll};

/// What a socket is connected by.
pub(super) trait Connect: mio::event::Source + Sized {
    /// The address of this end.
    fn local_address(&self) -> io::Result<Address>;

    /// Whether the connection stands; an error if it has failed, or is not decided yet
    /// ([`io::ErrorKind::NotConnected`]).
    fn check(&self) -> io::Result<()>;
}

/// Connects to `target`, as one connect pair. `start` makes the socket and begins the connection.
pub(super) async fn connect<S: Connect>(
    handle: SocketHandle,
    target: Address,
    start: impl Future<Output = io::Result<Registered<S>>>,
) -> io::Result<Socket<S>> {
    handle.set_peer_address(target.clone());
    let open = OpenSocket::new(handle.into());
    // Declared after what is closed: given up, the operation ends before that.
    let mut op = SocketOp::connect(open.handle(), &target);
    let mut start = pin!(start);
    let started = op.drive(|cx, _heard| {
        let polled = start.as_mut().poll(cx);
        if polled.is_pending() {
            // Whatever else it waits for on the way.
            park::wait_on_socket(SocketOperation::Connect, open.handle());
        }
        polled
    });
    let socket = match started.await {
        Ok(registered) => registered.opened(open),
        Err(error) => {
            op.failed(&error, None);
            return Err(error);
        }
    };
    let mut op = op;
    let result = op
        .drive(|cx, heard| poll_connected(&socket, cx, heard))
        .await;
    let ready_time = socket.ready_time(Side::Write);
    match result {
        Ok(()) => {
            socket.tell_local_address();
            op.connected(ready_time);
            Ok(socket)
        }
        Err(error) => {
            op.failed(&error, ready_time);
            Err(error)
        }
    }
}

/// Waits until the connection stands or has failed.
fn poll_connected<S: Connect>(
    socket: &Socket<S>,
    cx: &Context<'_>,
    heard: bool,
) -> Poll<io::Result<()>> {
    socket.poll_io(Side::Write, cx, heard, SocketOperation::Connect, |io| {
        match io.check() {
            // The poller may tell of a new socket before it is connected.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => {
                Err(io::ErrorKind::WouldBlock.into())
            }
            result => result,
        }
    })
}
