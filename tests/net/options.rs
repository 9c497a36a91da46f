//! Options of sockets, read back from the system.

use crate::run::run;
use crate::skipped::skipped;
use loopscope::net::{TcpListener, TcpStream, UdpSocket};
use socket2::SockRef;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// Whether this machine has IPv6, for tests that are about it.
fn has_ipv6() -> bool {
    let bound = std::net::TcpListener::bind("[::1]:0");
    if let Err(error) = &bound {
        skipped(&format!("this machine has no IPv6: {error}"));
    }
    bound.is_ok()
}

#[test]
fn accepted_connections_have_the_options_of_their_listener() {
    run(async {
        let listener = TcpListener::builder()
            .nodelay(true)
            .keepalive(SECOND * 60, SECOND * 10, 3)
            .linger(Duration::ZERO)
            .recv_buffer_size(96 << 10)
            .send_buffer_size(48 << 10)
            .ttl(42)
            .bind("127.0.0.1:0")
            .unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (accepted, _) = listener.accept().await.unwrap();
        let socket = SockRef::from(&accepted);
        assert!(socket.tcp_nodelay().unwrap());
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), SECOND * 60);
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), SECOND * 10);
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), 3);
        assert_eq!(socket.linger().unwrap(), Some(Duration::ZERO));
        assert!(socket.recv_buffer_size().unwrap() >= 96 << 10);
        assert!(socket.send_buffer_size().unwrap() >= 48 << 10);
        assert_eq!(socket.ttl_v4().unwrap(), 42);
    });
}

#[test]
fn connections_have_the_options_of_their_builder() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let plain = TcpStream::connect(address).await.unwrap();
        let plain = SockRef::from(&plain);
        let stream = TcpStream::builder()
            .nodelay(true)
            .keepalive(SECOND * 30, SECOND * 5, 4)
            .linger(Duration::ZERO)
            .recv_buffer_size(96 << 10)
            .send_buffer_size(48 << 10)
            .ttl(7)
            .connect(address)
            .await
            .unwrap();
        let socket = SockRef::from(&stream);
        assert!(socket.tcp_nodelay().unwrap() && !plain.tcp_nodelay().unwrap());
        assert!(socket.keepalive().unwrap() && !plain.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), SECOND * 30);
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), SECOND * 5);
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), 4);
        assert_eq!(socket.linger().unwrap(), Some(Duration::ZERO));
        assert_eq!(plain.linger().unwrap(), None);
        assert_ne!(
            socket.recv_buffer_size().unwrap(),
            plain.recv_buffer_size().unwrap()
        );
        assert_ne!(
            socket.send_buffer_size().unwrap(),
            plain.send_buffer_size().unwrap()
        );
        assert_eq!(socket.ttl_v4().unwrap(), 7);
    });
}

#[test]
fn several_listeners_share_a_port_where_all_of_them_say_so() {
    run(async {
        let shared = TcpListener::builder().reuse_port(true);
        let one = shared.bind("127.0.0.1:0").unwrap();
        let address = one.local_addr().unwrap();
        let other = shared.bind(address).unwrap();
        assert!(SockRef::from(&other).reuse_port().unwrap());
        let error = TcpListener::bind(address).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        assert!(error.to_string().contains(&address.to_string()), "{error}");
    });
}

#[test]
fn the_address_of_a_listener_is_free_again_at_once() {
    run(async {
        let reuses = |listener: &TcpListener| SockRef::from(listener).reuse_address().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(reuses(&listener));
        let strict = TcpListener::builder().reuse_address(false);
        assert!(!reuses(&strict.bind("127.0.0.1:0").unwrap()));
        // The end that closes first is left in TIME_WAIT on the listener's address.
        let address = listener.local_addr().unwrap();
        let client = TcpStream::connect(address).await.unwrap();
        drop(listener.accept().await.unwrap());
        assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0);
        drop((client, listener));
        assert!(strict.bind(address).is_err());
        TcpListener::bind(address).unwrap();
    });
}

#[test]
fn the_backlog_limits_who_waits() {
    run(async {
        let small = TcpListener::builder().backlog(1).bind("127.0.0.1:0");
        let small = small.unwrap();
        let address = small.local_addr().unwrap();
        let connect = |_| std::net::TcpStream::connect_timeout(&address, Duration::from_millis(50));
        let taken: Vec<_> = (0..4).map(connect).filter_map(Result::ok).collect();
        assert!(
            taken.len() < 4,
            "the system takes one more than the backlog"
        );
    });
}

#[test]
fn all_addresses_are_those_of_both_families() {
    if !has_ipv6() {
        return;
    }
    run(async {
        let listener = TcpListener::bind("[::]:0").unwrap();
        assert!(!SockRef::from(&listener).only_v6().unwrap());
        let port = listener.local_addr().unwrap().port();
        for host in ["127.0.0.1", "::1"] {
            let client = TcpStream::connect((host, port)).await.unwrap();
            let (_, peer) = listener.accept().await.unwrap();
            assert_eq!(peer.ip().to_canonical().to_string(), host);
            drop(client);
        }
        let udp = UdpSocket::bind("[::]:0").unwrap();
        assert!(!SockRef::from(&udp).only_v6().unwrap());
    });
}

#[test]
fn ipv6_alone_leaves_the_port_to_ipv4() {
    if !has_ipv6() {
        return;
    }
    run(async {
        let only_v6 = TcpListener::builder().only_v6(true).ttl(9);
        let listener = only_v6.bind("[::]:0").unwrap();
        let socket = SockRef::from(&listener);
        assert!(socket.only_v6().unwrap());
        assert_eq!(socket.unicast_hops_v6().unwrap(), 9);
        let port = listener.local_addr().unwrap().port();
        TcpListener::bind(SocketAddr::from(([0, 0, 0, 0], port))).unwrap();
    });
}

#[test]
fn options_that_cannot_be_set_are_named() {
    run(async {
        let error = TcpListener::builder().only_v6(true).bind("127.0.0.1:0");
        let error = error.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert!(error.to_string().contains("only_v6"), "{error}");
        let error = TcpListener::builder().ttl(1000).bind("127.0.0.1:0");
        let error = error.unwrap_err().to_string();
        assert!(error.contains("cannot set IP_TTL"), "{error}");
    });
}

#[test]
fn datagram_sockets_have_the_options_of_their_builder() {
    run(async {
        let builder = UdpSocket::builder()
            .reuse_address(true)
            .reuse_port(true)
            .recv_buffer_size(96 << 10)
            .send_buffer_size(48 << 10)
            .ttl(11)
            .broadcast(true);
        let bound = builder.bind("127.0.0.1:0").unwrap();
        let connected = builder.connect(bound.local_addr().unwrap()).await.unwrap();
        for socket in [SockRef::from(&bound), SockRef::from(&connected)] {
            assert!(socket.reuse_address().unwrap() && socket.reuse_port().unwrap());
            assert!(socket.recv_buffer_size().unwrap() >= 96 << 10);
            assert!(socket.send_buffer_size().unwrap() >= 48 << 10);
            assert_eq!(socket.ttl_v4().unwrap(), 11);
            assert!(socket.broadcast().unwrap());
        }
    });
}
