//! Connections of every kind.

use loopscope::net::{TcpListener, TcpStream};
use socket2::{Domain, SockRef, Socket, Type};
use std::net::SocketAddr;
use std::time::Duration;

/// Two ends of a connection.
pub(crate) async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap());
    let client = client.await.unwrap();
    (client, listener.accept().await.unwrap().0)
}

/// An end of a connection that the other end has reset.
pub(crate) async fn reset() -> TcpStream {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap());
    let client = client.await.unwrap();
    let (server, _) = listener.accept().unwrap();
    SockRef::from(&server)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
    drop(server);
    client
}

/// An address at which nobody listens.
pub(crate) fn closed_address() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// An address at which a connect waits: so many wait to be accepted already that the system takes
/// no more. It does for as long as what is returned beside it lives.
pub(crate) fn stalled_address() -> (SocketAddr, impl Sized) {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    listener.bind(&any.into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let connect = || std::net::TcpStream::connect_timeout(&address, Duration::from_millis(50));
    let waiting: Vec<_> = std::iter::from_fn(|| connect().ok()).collect();
    (address, (listener, waiting))
}
