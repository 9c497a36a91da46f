//! TCP connections.

use crate::connections::{closed_address, pair, reset};
use crate::run::run;
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use loopscope::event_loop::{spawn, timeout, yield_now};
use loopscope::net::{TcpListener, TcpStream};
use std::io;
use std::net::Shutdown;
use std::rc::Rc;
use std::time::Duration;

#[test]
fn two_tasks_read_and_write_one_socket_at_once() {
    const SIZE: usize = 8 << 20;
    run(async {
        let (client, server) = pair().await;
        let (client, server) = (Rc::new(client), Rc::new(server));
        let both = |stream: Rc<TcpStream>, byte: u8| {
            let writer = stream.clone();
            let write = spawn(async move {
                writer.write_all(&vec![byte; SIZE]).await.unwrap();
                writer.shutdown(Shutdown::Write).unwrap();
            });
            let read = spawn(async move {
                let mut data = Vec::new();
                (&*stream).read_to_end(&mut data).await.unwrap();
                data
            });
            (write, read)
        };
        let (client_write, client_read) = both(client, 1);
        let (server_write, server_read) = both(server, 2);
        client_write.await.unwrap();
        server_write.await.unwrap();
        let (at_client, at_server) = (client_read.await.unwrap(), server_read.await.unwrap());
        assert!(at_client.len() == SIZE && at_client.iter().all(|byte| *byte == 2));
        assert!(at_server.len() == SIZE && at_server.iter().all(|byte| *byte == 1));
    });
}

#[test]
fn a_half_closed_connection_still_receives() {
    run(async {
        let (client, server) = pair().await;
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(server.read(&mut [0; 1]).await.unwrap(), 0);
        server.write_all(b"still").await.unwrap();
        let mut answer = [0; 5];
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"still");
    });
}

#[test]
fn a_short_read_and_then_the_end() {
    run(async {
        for _ in 0..100 {
            let (client, server) = pair().await;
            let reader = spawn(async move {
                let mut received = 0;
                let mut buffer = [0; 64];
                loop {
                    match client.read(&mut buffer).await.unwrap() {
                        0 => return received,
                        count => received += count,
                    }
                }
            });
            server.write_all(b"short").await.unwrap();
            drop(server);
            assert_eq!(reader.await.unwrap(), 5);
        }
    });
}

#[test]
fn a_thousand_connections_and_several_acceptors() {
    run(async {
        let listener = Rc::new(TcpListener::bind("127.0.0.1:0").unwrap());
        let address = listener.local_addr().unwrap();
        for _ in 0..4 {
            let listener = listener.clone();
            spawn(async move {
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    spawn(async move {
                        let mut byte = [0; 1];
                        stream.read_exact(&mut byte).await.unwrap();
                        stream.write_all(&byte).await.unwrap();
                    })
                    .detach();
                }
            })
            .detach();
        }
        let clients: Vec<_> = (0..1000)
            .map(|number| {
                spawn(async move {
                    let stream = TcpStream::connect(address).await.unwrap();
                    let byte = [number as u8];
                    stream.write_all(&byte).await.unwrap();
                    let mut answer = [0; 1];
                    stream.read_exact(&mut answer).await.unwrap();
                    assert_eq!(answer, byte);
                })
            })
            .collect();
        for client in clients {
            client.await.unwrap();
        }
    });
}

#[test]
fn streams_speak_futures_io() {
    run(async {
        let (client, mut server) = pair().await;
        let copied = spawn(async move {
            let (mut reader, mut writer) = (&client, &client);
            futures_lite::io::copy(&mut reader, &mut writer)
                .await
                .unwrap()
        });
        AsyncWriteExt::write_all(&mut server, b"there and back")
            .await
            .unwrap();
        server.close().await.unwrap();
        let mut back = String::new();
        server.read_to_string(&mut back).await.unwrap();
        assert_eq!(back, "there and back");
        assert_eq!(copied.await.unwrap(), 14);
    });
}

#[test]
fn a_read_that_is_given_up_loses_nothing() {
    run(async {
        let (client, server) = pair().await;
        let given_up = timeout(Duration::from_millis(1), client.read(&mut [0; 4])).await;
        assert!(given_up.is_err());
        server.write_all(b"data").await.unwrap();
        let mut buffer = [0; 4];
        client.read_exact(&mut buffer).await.unwrap();
        assert_eq!(&buffer, b"data");
    });
}

#[test]
fn a_refusal_is_an_error() {
    let error = run(TcpStream::connect(closed_address())).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}

#[test]
fn a_socket_that_is_always_ready_does_not_starve_the_others() {
    run(async {
        let (client, server) = pair().await;
        let flood = spawn(async move {
            let data = [0; 1024];
            while server.write_all(&data).await.is_ok() {}
        });
        let drain = spawn(async move {
            let mut buffer = [0; 64];
            while client.read(&mut buffer).await.is_ok() {}
        });
        for _ in 0..100 {
            yield_now().await;
        }
        flood.cancel();
        drain.cancel();
    });
}

#[test]
fn a_peer_that_resets_is_an_error_of_reads_and_of_writes() {
    run(async {
        let client = reset().await;
        let error = client.read(&mut [0; 1]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        // The system tells of the reset once.
        let error = client.write(b"anybody?").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    });
}
