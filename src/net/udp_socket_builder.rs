//! Datagram sockets with options.

use super::UdpSocket;
use super::address::{ToTarget, bind_address};
use super::connecting::connect;
use super::happy_eyeballs::connect_first;
use super::options::{SocketOptions, option_methods};
use super::socket::{Registered, Socket};
use crate::instrument::hooks::OpenSocket;
use crate::instrument::{Address, SocketHandle, SocketRole, Transport};
use socket2::{Protocol, Type};
use std::io;
use std::net::SocketAddr;

/// Sets options of a [`UdpSocket`]; see [`UdpSocket::builder`].
///
/// ```
/// use loopscope::event_loop::EventLoop;
/// use loopscope::net::UdpSocket;
///
/// EventLoop::new()?.run_until_complete(async {
///     let socket = UdpSocket::builder()
///         .recv_buffer_size(1 << 20)
///         .broadcast(true)
///         .bind("0.0.0.0:0")?;
///     assert_ne!(socket.local_addr()?.port(), 0);
///     std::io::Result::Ok(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it binds or connects"]
pub struct UdpSocketBuilder {
    options: SocketOptions,
}

impl UdpSocketBuilder {
    pub(super) fn new() -> Self {
        Self {
            options: SocketOptions::default(),
        }
    }

    option_methods!(reuse_address reuse_port only_v6 recv_buffer_size send_buffer_size ttl broadcast);

    /// Binds as [`UdpSocket::bind`] does.
    ///
    /// # Errors
    ///
    /// As [`UdpSocket::bind`], and options that the system does not take.
    pub fn bind(&self, address: impl ToTarget) -> io::Result<UdpSocket> {
        let address = bind_address(&address, "bind to")?;
        self.bind_to(address).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot bind to {address}: {error}"))
        })
    }

    fn bind_to(&self, address: SocketAddr) -> io::Result<UdpSocket> {
        let options = self.options.clone().for_all_addresses(address);
        let socket = options.open(address, Type::DGRAM, Protocol::UDP)?;
        socket.bind(&address.into())?;
        let io = mio::net::UdpSocket::from_std(socket.into());
        let handle = SocketHandle::new(Transport::Udp, SocketRole::Listener);
        handle.set_local_address(Address::Ip(io.local_addr()?));
        let socket = Socket::new(io, OpenSocket::new(handle.into()))?;
        Ok(UdpSocket::new(socket))
    }

    /// Connects as [`UdpSocket::connect`] does.
    ///
    /// # Errors
    ///
    /// As [`UdpSocket::connect`], and options that the system does not take.
    pub async fn connect(&self, target: impl ToTarget) -> io::Result<UdpSocket> {
        connect_first(&target, |address| self.connect_to(address)).await
    }

    async fn connect_to(&self, address: SocketAddr) -> io::Result<UdpSocket> {
        let handle = SocketHandle::new(Transport::Udp, SocketRole::Client);
        let start = async {
            let socket = self.options.open(address, Type::DGRAM, Protocol::UDP)?;
            socket.connect(&address.into())?;
            Registered::new(mio::net::UdpSocket::from_std(socket.into()))
        };
        let socket = connect(handle, Address::Ip(address), start).await?;
        Ok(UdpSocket::new(socket))
    }
}
