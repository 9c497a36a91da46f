//! A door for benchmarks to the façade that fires the hooks. No part of the public interface.

use super::hooks::SocketOp;
use super::{SocketHandle, SocketOperation};
use std::hint::black_box;
use std::rc::Rc;

/// Fires what a receive of `data` fires that does not have to wait, without the receive.
pub fn recv(socket: &Rc<SocketHandle>, data: &[u8]) {
    let mut op = SocketOp::start(SocketOperation::Recv, socket);
    // As in the future of a read, the operation lies in memory while the system call is made.
    black_box(&mut op);
    op.received(data, None);
}
