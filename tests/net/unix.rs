//! Unix sockets.

use crate::recorded::recorded;
use crate::run::run;
use futures_lite::{AsyncReadExt, AsyncWriteExt, StreamExt};
use loopscope::event_loop::{sleep, snapshot, spawn, yield_now};
use loopscope::instrument::{Address, SocketRole, Transport};
use loopscope::net::{UnixListener, UnixStream};
use std::io;
use std::net::Shutdown;
use std::path::PathBuf;
use std::time::Duration;

/// A path for a socket, gone with its directory.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("socket")
    }
}

#[test]
fn a_connection_is_told_from_both_ends() {
    let place = Place::new();
    let path = place.path();
    let recorder = recorded(async {
        let listener = UnixListener::bind(&path).unwrap();
        assert_eq!(listener.path(), path);
        let client = UnixStream::connect(&path).await.unwrap();
        let (server, peer) = listener.accept().await.unwrap();
        assert!(peer.is_unnamed());
        for stream in [&client, &server] {
            assert_eq!(stream.handle().transport(), Transport::Unix);
        }
        assert_eq!(server.handle().to_string(), path.display().to_string());
        client.write_all(b"hello").await.unwrap();
        let mut buffer = [0; 5];
        server.read_exact(&mut buffer).await.unwrap();
        assert_eq!(&buffer, b"hello");
        server.shutdown(Shutdown::Write).unwrap();
        assert_eq!(client.read(&mut buffer).await.unwrap(), 0);
    });
    let connect = &recorder.of("on_socket_connect_ready")[0];
    assert_eq!(connect.peer, Some(Address::Unix(Some(path.clone()))));
    assert_eq!(connect.immediate, Some(true));
    let roles: Vec<_> = recorder
        .of("on_socket_open")
        .iter()
        .map(|open| open.role.unwrap())
        .collect();
    assert_eq!(
        roles,
        [SocketRole::Listener, SocketRole::Client, SocketRole::Server]
    );
    assert_eq!(recorder.of("on_socket_recv_ready")[0].size, Some(5));
    assert_eq!(recorder.of("on_socket_close").len(), 3);
}

#[test]
fn large_streams_go_both_ways_through_futures_io() {
    const SIZE: usize = 4 << 20;
    run(async {
        let (mut one, other) = UnixStream::pair().unwrap();
        let echo = spawn(async move {
            let (mut reader, mut writer) = (&other, &other);
            futures_lite::io::copy(&mut reader, &mut writer)
                .await
                .unwrap()
        });
        let reader = spawn(async move {
            let sent = vec![5; SIZE];
            let (mut received, mut half) = (Vec::new(), &one);
            let send = async {
                one.write_all(&sent).await.unwrap();
                one.shutdown(Shutdown::Write).unwrap();
            };
            futures_lite::future::zip(send, half.read_to_end(&mut received))
                .await
                .1
                .unwrap();
            one.close().await.unwrap();
            assert!(received == sent);
        });
        reader.await.unwrap();
        assert_eq!(echo.await.unwrap(), SIZE as u64);
    });
}

#[test]
fn the_stream_of_connections_and_a_peer_that_is_gone() {
    let place = Place::new();
    run(async {
        let listener = UnixListener::bind(place.path()).unwrap();
        drop(UnixStream::connect(place.path()).await.unwrap());
        let connection = listener.incoming().next().await.unwrap().unwrap();
        assert_eq!(connection.read(&mut [0; 1]).await.unwrap(), 0);
        let error = loop {
            if let Err(error) = connection.write(b"anybody?").await {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_path_that_is_taken_says_by_whom() {
    let place = Place::new();
    let path = place.path();
    run(async {
        let bind = || UnixListener::bind(&path);
        let refused = |words: &str| {
            let error = bind().unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
            let said = error.to_string();
            assert!(
                said.contains(words) && said.contains(path.to_str().unwrap()),
                "{said}"
            );
        };
        let listener = bind().unwrap();
        refused("another server listens there");
        drop(listener);
        refused("remove the file and try again");
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "text").unwrap();
        refused("no socket");
    });
}

#[test]
fn nobody_there_is_an_error() {
    let place = Place::new();
    let path = place.path();
    let recorder = recorded(async {
        let error = UnixStream::connect(&path).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        drop(UnixListener::bind(&path).unwrap());
        let error = UnixStream::connect(&path).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    });
    assert_eq!(recorder.of("on_socket_error").len(), 2);
}

#[test]
fn a_connect_waits_while_the_backlog_is_full() {
    let place = Place::new();
    let path = place.path();
    let recorder = recorded(async {
        let listener = UnixListener::bind(&path).unwrap();
        // A smaller backlog than the system's, so that it is full soon.
        socket2::SockRef::from(&listener).listen(0).unwrap();
        let _first = UnixStream::connect(&path).await.unwrap();
        let second = {
            let path = path.clone();
            spawn(async move { UnixStream::connect(&path).await })
        };
        yield_now().await;
        let waits = snapshot().unwrap();
        let connects = format!("connect to {}", path.display());
        assert_eq!(waits.tasks[1].waits_for.as_deref(), Some(&*connects));
        sleep(Duration::from_millis(5)).await;
        assert!(!second.is_finished());
        listener.accept().await.unwrap();
        second.await.unwrap().unwrap();
    });
    let connects = recorder.of("on_socket_connect_ready");
    assert_eq!(connects[0].immediate, Some(true));
    assert_eq!(connects[1].immediate, Some(false));
}
