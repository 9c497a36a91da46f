//! Datagrams.

use crate::recorded::recorded;
use crate::run::run;
use loopscope::event_loop::{spawn, timeout, yield_now};
use loopscope::instrument::{
    Address, EnterScope, ErrorType, PrintInstrument, SocketRole, Transport,
};
use loopscope::net::UdpSocket;
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

fn bound() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").unwrap()
}

async fn connected(peer: &UdpSocket) -> UdpSocket {
    UdpSocket::connect(peer.local_addr().unwrap())
        .await
        .unwrap()
}

#[test]
fn each_datagram_is_one_pair_and_says_whose_it_is() {
    let addresses = Rc::new(RefCell::new(Vec::new()));
    let told = addresses.clone();
    let recorder = recorded(async move {
        let server = bound();
        let client = bound();
        for socket in [&server, &client] {
            assert_eq!(socket.handle().transport(), Transport::Udp);
            let address = Address::Ip(socket.local_addr().unwrap());
            told.borrow_mut().push(Some(address));
        }
        let to = server.local_addr().unwrap();
        assert_eq!(client.send_to(b"one", to).await.unwrap(), 3);
        assert_eq!(client.send_to(b"", to).await.unwrap(), 0);
        let mut buffer = [0; 16];
        let from = client.local_addr().unwrap();
        assert_eq!(server.recv_from(&mut buffer).await.unwrap(), (3, from));
        assert_eq!(&buffer[..3], b"one");
        assert_eq!(server.recv_from(&mut buffer).await.unwrap(), (0, from));
    });
    let addresses = addresses.borrow();
    let (server, client) = (&addresses[0], &addresses[1]);
    let sent = recorder.of("on_socket_send_ready");
    assert_eq!((&sent[0].peer, sent[0].size), (server, Some(3)));
    assert_eq!(&recorder.of("on_socket_send_start")[0].peer, server);
    assert_eq!(sent[1].size, Some(0));
    let received = recorder.of("on_socket_recv_ready");
    assert_eq!((&received[0].peer, received[0].size), (client, Some(3)));
    assert_eq!(received[1].size, Some(0));
    assert_eq!(recorder.of("on_socket_recv_start")[0].peer, None);
    let data = &recorder.of("on_socket_recv_data")[0];
    assert_eq!(data.data.as_deref(), Some(&b"one"[..]));
    assert_eq!(recorder.of("on_socket_close").len(), 2);
}

#[test]
fn a_connected_socket_knows_its_peer() {
    let recorder = recorded(async {
        let server = bound();
        let client = connected(&server).await;
        assert_eq!(client.peer_addr().unwrap(), server.local_addr().unwrap());
        assert_eq!(client.handle().role(), SocketRole::Client);
        client.send(b"ping").await.unwrap();
        let mut buffer = [0; 4];
        let (_, peer) = server.recv_from(&mut buffer).await.unwrap();
        // A stranger's datagram is not for it.
        let stranger = bound();
        let address = client.local_addr().unwrap();
        stranger.send_to(b"noise", address).await.unwrap();
        server.send_to(b"pong", peer).await.unwrap();
        assert_eq!(client.recv(&mut buffer).await.unwrap(), 4);
        assert_eq!(&buffer, b"pong");
    });
    let connect = &recorder.of("on_socket_connect_ready")[0];
    assert_eq!(connect.immediate, Some(true), "nothing is sent");
    assert!(connect.local.is_some());
}

#[test]
fn a_receive_waits_and_can_be_given_up() {
    let recorder = recorded(async {
        let server = bound();
        let mut buffer = [0; 4];
        let short = Duration::from_millis(1);
        assert!(timeout(short, server.recv_from(&mut buffer)).await.is_err());
        let address = server.local_addr().unwrap();
        let receiver =
            spawn(async move { server.recv_from(&mut [0; 4]).await.map(|(size, _)| size) });
        yield_now().await;
        bound().send_to(b"late", address).await.unwrap();
        assert_eq!(receiver.await.unwrap().unwrap(), 4);
    });
    let error = &recorder.of("on_socket_error")[0];
    assert_eq!(error.failure.as_deref(), Some("cancelled"));
    let ready = &recorder.of("on_socket_recv_ready")[0];
    assert_eq!(ready.immediate, Some(false));
    assert!(ready.ready_time.is_some());
}

#[test]
fn what_does_not_fit_into_the_buffer_is_lost() {
    run(async {
        let server = bound();
        let client = connected(&server).await;
        client.send(b"longer").await.unwrap();
        client.send(b"next").await.unwrap();
        let mut buffer = [0; 4];
        assert_eq!(server.recv(&mut buffer).await.unwrap(), 4);
        assert_eq!(&buffer, b"long");
        assert_eq!(server.recv(&mut buffer).await.unwrap(), 4);
        assert_eq!(&buffer, b"next");
    });
}

#[test]
fn nobody_there_is_an_error_of_the_next_operation() {
    let recorder = recorded(async {
        let gone = bound();
        let client = connected(&gone).await;
        drop(gone);
        client.send(b"anybody?").await.unwrap();
        let error = client.recv(&mut [0; 4]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    });
    let error = &recorder.of("on_socket_error")[0];
    assert_eq!(error.error_type, Some(ErrorType::ConnectionRefused));
}

#[test]
fn a_datagram_that_is_too_large_is_an_error_that_names_whom_it_was_for() {
    let recorder = recorded(async {
        let client = bound();
        let target = bound().local_addr().unwrap();
        assert!(client.send_to(&[0; 70_000], target).await.is_err());
    });
    let error = &recorder.of("on_socket_error")[0];
    assert_eq!(error.error_type, Some(ErrorType::MessageTooLong));
    assert!(matches!(error.peer, Some(Address::Ip(_))));
    assert_eq!(error.size, Some(0));
}

#[test]
fn ten_thousand_datagrams_of_two_tasks_on_one_socket() {
    const COUNT: usize = 5_000;
    run(async {
        let server = Rc::new(bound());
        let echo = server.clone();
        let echo = spawn(async move {
            let mut buffer = [0; 8];
            loop {
                let (size, peer) = echo.recv_from(&mut buffer).await.unwrap();
                echo.send_to(&buffer[..size], peer).await.unwrap();
            }
        });
        let clients: Vec<_> = (0..2)
            .map(|_| {
                let server = server.clone();
                spawn(async move {
                    let client = connected(&server).await;
                    let mut buffer = [0; 8];
                    for number in 0..COUNT {
                        let sent = number.to_le_bytes();
                        client.send(&sent).await.unwrap();
                        assert_eq!(client.recv(&mut buffer).await.unwrap(), 8);
                        assert_eq!(buffer, sent);
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.unwrap();
        }
        echo.cancel();
    });
}

#[test]
fn what_is_printed_names_both_ends() {
    let printed = Rc::new(RefCell::new(Vec::new()));
    let print = PrintInstrument::with_writer(Shared(printed.clone()));
    let (server, client) = print.in_scope(|| {
        run(async {
            let (server, client) = (bound(), bound());
            let address = server.local_addr().unwrap();
            client.send_to(b"hi", address).await.unwrap();
            server.recv_from(&mut [0; 4]).await.unwrap();
            (address, client.local_addr().unwrap())
        })
    });
    let text = String::from_utf8(printed.borrow().clone()).unwrap();
    for line in [
        format!("[SEND] Starting send to {server}"),
        format!("[SEND] Completed send to {server} in "),
        format!("[RECV] Waiting for data on {server}"),
        format!("[RECV] Ready to receive data from {client} in "),
    ] {
        assert!(text.contains(&line), "{line:?} is not in:\n{text}");
    }
}

/// A writer whose text can be read.
#[derive(Debug, Clone)]
struct Shared(Rc<RefCell<Vec<u8>>>);

impl io::Write for Shared {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
