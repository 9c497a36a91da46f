//! The descriptors of sockets, for options and calls that this crate has no words for.

use super::accepting::Accept as _;
use super::{TcpListener, TcpStream, UdpSocket, UnixListener, UnixStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

macro_rules! has_descriptor {
    ($($type:ty: $socket:ident),*) => {
        $(impl AsFd for $type {
            /// The descriptor, to be left open and nonblocking. What is done through it by others
            /// fires no hooks.
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.$socket().io().as_fd()
            }
        }

        impl AsRawFd for $type {
            fn as_raw_fd(&self) -> RawFd {
                self.as_fd().as_raw_fd()
            }
        })*
    };
}

has_descriptor!(
    TcpListener: socket,
    TcpStream: raw,
    UdpSocket: socket,
    UnixListener: socket,
    UnixStream: raw
);
