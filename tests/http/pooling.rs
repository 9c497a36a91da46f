//! Connections that are kept for the next request.

use crate::ends::{serve, serve_body, text, tls};
use crate::recorded::recorded;
use http::Request;
use http_body_util::StreamBody;
use loopscope::clock::ManualClock;
use loopscope::event_loop::{sleep, spawn};
use loopscope::http::{Client, Error, Server};
use loopscope::instrument::RecordingInstrument;
use loopscope::net::TcpListener;
use std::time::Duration;

fn connects(record: &RecordingInstrument) -> usize {
    record.of("on_socket_connect_ready").len()
}

#[test]
fn a_connection_serves_one_request_after_the_other() {
    let record = recorded(async {
        let (address, _) = serve(Server::new());
        let client = Client::new();
        for _ in 0..10 {
            assert_eq!(
                text(&client, &format!("http://{address}/")).await,
                "HTTP/1.1 / "
            );
        }
    });
    assert_eq!(connects(&record), 1);
}

#[test]
fn over_tls_as_well() {
    let record = recorded(async {
        let (server, client) = tls(&["http/1.1"]);
        let (address, _) = serve(server);
        let address = format!("https://localhost:{}/", address.port());
        let client = client.build();
        for _ in 0..5 {
            text(&client, &address).await;
        }
    });
    assert_eq!(connects(&record), 1);
    assert_eq!(
        record.of("on_tls_handshake_complete").len(),
        2,
        "one at each end"
    );
}

#[test]
fn requests_at_the_same_time_have_a_connection_each() {
    let record = recorded(async {
        let (address, _) = serve(Server::new());
        let (client, address) = (Client::new(), format!("http://{address}/"));
        futures_util::future::join_all((0..5).map(|_| text(&client, &address))).await;
        futures_util::future::join_all((0..5).map(|_| text(&client, &address))).await;
    });
    assert_eq!(connects(&record), 5);
}

#[test]
fn no_more_connections_than_allowed() {
    let record = recorded(async {
        let (address, _) = serve(Server::new());
        let client = Client::builder().max_connections(2).build();
        let address = format!("http://{address}/");
        let all = futures_util::future::join_all((0..9).map(|_| text(&client, &address))).await;
        assert_eq!(all, ["HTTP/1.1 / "; 9]);
    });
    assert_eq!(connects(&record), 2);
}

#[test]
fn a_request_that_is_given_up_gives_its_place_to_the_next() {
    recorded(async {
        // It accepts, and says nothing.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/", silent.local_addr().unwrap());
        let client = Client::builder().max_connections(1).build();
        let (first, asked) = (client.clone(), address.clone());
        let first = spawn(async move { first.get(&asked).await });
        let (connection, _) = silent.accept().await.unwrap();
        let (second, asked) = (client.clone(), address.clone());
        let second = spawn(async move { second.get(&asked).await });
        first.cancel();
        assert!(first.await.is_err());
        let (other, _) = silent.accept().await.unwrap();
        let _ = other.read(&mut [0; 1024]).await.unwrap();
        other
            .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
            .await
            .unwrap();
        assert_eq!(second.await.unwrap().unwrap().status(), 204);
        drop(connection);
    });
}

#[test]
fn a_body_that_is_not_read_to_its_end_closes_its_connection() {
    let record = recorded(async {
        let address = serve_body(Server::new(), "x".repeat(1_000_000));
        let (client, address) = (Client::new(), format!("http://{address}/"));
        let mut body = client.get(&address).await.unwrap().into_body();
        assert!(body.chunk().await.unwrap().is_some());
        drop(body);
        assert_eq!(text(&client, &address).await.len(), 1_000_000);
    });
    assert_eq!(connects(&record), 2);
}

#[test]
fn what_the_server_has_closed_is_not_used() {
    let record = recorded(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        let server = spawn(async move {
            for _ in 0..3 {
                let (stream, _) = listener.accept().await.unwrap();
                let _ = stream.read(&mut [0; 1024]).await.unwrap();
                let response = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                stream.write_all(response).await.unwrap();
            }
        });
        let client = Client::new();
        for _ in 0..3 {
            assert_eq!(text(&client, &address).await, "ok");
        }
        server.await.unwrap();
    });
    assert_eq!(connects(&record), 3);
}

#[test]
fn what_is_idle_for_too_long_is_closed() {
    let _clock = ManualClock::install();
    let record = recorded(async {
        let (address, _) = serve(Server::new());
        let client = Client::builder()
            .idle_timeout(Duration::from_secs(5))
            .build();
        let address = format!("http://{address}/");
        text(&client, &address).await;
        sleep(Duration::from_secs(4)).await;
        text(&client, &address).await;
        sleep(Duration::from_secs(6)).await;
        text(&client, &address).await;
    });
    assert_eq!(connects(&record), 2);
}

#[test]
fn a_client_that_is_dropped_closes_what_it_kept() {
    let record = recorded(async {
        let (address, serving) = serve(Server::new());
        let client = Client::new();
        text(&client, &format!("http://{address}/")).await;
        drop(client);
        // The connections' tasks see it.
        sleep(Duration::from_millis(50)).await;
        serving.cancel();
    });
    let closed = record.of("on_socket_close").len();
    assert_eq!(closed, record.of("on_socket_open").len());
}

#[test]
fn a_connection_on_which_a_request_is_still_sent_is_not_used() {
    let record = recorded(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        // It answers before it has seen the body, and leaves the connection open.
        let server = spawn(async move {
            let mut connections = Vec::new();
            for _ in 0..2 {
                let (stream, _) = listener.accept().await.unwrap();
                let _ = stream.read(&mut [0; 1024]).await.unwrap();
                let response = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                stream.write_all(response).await.unwrap();
                connections.push(stream);
            }
            connections
        });
        let client = Client::new();
        let endless = futures_util::stream::pending::<Result<http_body::Frame<_>, Error>>();
        let request = Request::post(&address).body(StreamBody::new(endless));
        let response = client.request(request.unwrap()).await.unwrap();
        assert_eq!(response.into_body().text().await.unwrap(), "ok");
        assert_eq!(text(&client, &address).await, "ok");
        server.await.unwrap();
    });
    assert_eq!(connects(&record), 2);
}
