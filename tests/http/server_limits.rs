//! What a server bears.

use crate::ends::{echo, raw, read_to_end, serve, serve_body, text};
use crate::recorded::recorded;
use http::{Method, Request};
use loopscope::clock::ManualClock;
use loopscope::event_loop::{sleep, spawn};
use loopscope::http::{Client, Server};
use loopscope::net::{TcpListener, TcpStream};
use std::time::Duration;
use tower::service_fn;

#[test]
fn a_head_that_is_too_slow_is_given_up() {
    let _clock = ManualClock::install();
    recorded(async {
        let (address, _) = serve(Server::new().head_timeout(Duration::from_secs(3)));
        // Nothing at all, the beginning of one, and one that stops after a first request.
        assert_eq!(raw(address, b"").await, "");
        let started = raw(address, b"GET / HTTP/1.1\r\nhost: a\r\n").await;
        assert!(!started.contains("200 OK"), "{started}");
        let again = raw(address, b"GET /x HTTP/1.1\r\nhost: a\r\n\r\nGET").await;
        assert!(again.contains("HTTP/1.1 /x"), "{again}");
    });
}

#[test]
fn a_body_that_stalls_is_given_up() {
    let _clock = ManualClock::install();
    recorded(async {
        let (address, _) = serve(Server::new().stall_timeout(Duration::from_secs(3)));
        let head = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf";
        // The service fails, and with it the connection.
        assert_eq!(raw(address, head).await, "");
    });
}

#[test]
fn a_response_that_nobody_takes_is_given_up() {
    let _clock = ManualClock::install();
    recorded(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::new().stall_timeout(Duration::from_secs(3));
        let service = service_fn(async |_| {
            Ok::<_, std::convert::Infallible>(http::Response::new("x".repeat(50_000_000)))
        });
        let (stop, stopped) = futures_channel::oneshot::channel::<()>();
        let serving = spawn(async move {
            let until = async {
                let _ = stopped.await;
            };
            server.serve_until(listener, service, until).await
        });
        let client = TcpStream::connect(address).await.unwrap();
        client
            .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            .await
            .unwrap();
        sleep(Duration::from_secs(10)).await;
        drop(stop);
        // It would wait for the connection otherwise.
        serving.await.unwrap().unwrap();
    });
}

#[test]
fn heads_and_bodies_that_are_too_long_are_refused() {
    recorded(async {
        let (address, _) = serve(Server::new().max_head_size(8192).max_body_size(10));
        let head = format!(
            "GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n",
            "y".repeat(20_000)
        );
        let answer = raw(address, head.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
        for client in [Client::new(), Client::builder().http2_only().build()] {
            for (size, fits) in [(10, true), (11, false)] {
                let request = Request::builder()
                    .method(Method::POST)
                    .uri(format!("http://{address}/"))
                    .body("z".repeat(size))
                    .unwrap();
                let response = client.request(request).await;
                assert_eq!(response.is_ok(), fits, "{size} bytes: {response:?}");
            }
        }
    });
}

#[test]
fn no_more_connections_than_allowed_are_accepted() {
    recorded(async {
        let (address, _) = serve(Server::new().max_connections(1));
        let first = TcpStream::connect(address).await.unwrap();
        let address = format!("http://{address}/");
        let second = spawn(async move { text(&Client::new(), &address).await });
        sleep(Duration::from_millis(50)).await;
        assert!(!second.is_finished(), "it waits in the system's queue");
        drop(first);
        assert_eq!(second.await.unwrap(), "HTTP/1.1 / ");
    });
}

#[test]
fn garbage_is_refused_and_the_server_goes_on() {
    recorded(async {
        let (address, _) = serve(Server::new());
        for garbage in [
            &b"\x16\x03\x01\x02\x00\x01\x00"[..],
            b"hello\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            b"PRI * HTTP/2.0\r\n\r\nnot that",
        ] {
            let answer = raw(address, garbage).await;
            assert!(!answer.contains("200 OK"), "{answer}");
        }
        assert_eq!(
            text(&Client::new(), &format!("http://{address}/")).await,
            "HTTP/1.1 / "
        );
    });
}

#[test]
fn clients_that_vanish_leave_nothing_behind() {
    let record = recorded(async {
        let (stop, stopped) = futures_channel::oneshot::channel::<()>();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let serving = spawn(async move {
            let until = async {
                let _ = stopped.await;
            };
            Server::new()
                .serve_until(listener, service_fn(echo), until)
                .await
        });
        for head in [
            "GET / HTT",
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf",
            "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
        ] {
            let client = TcpStream::connect(address).await.unwrap();
            client.write_all(head.as_bytes()).await.unwrap();
            sleep(Duration::from_millis(10)).await;
        }
        let body = serve_body(Server::new(), "x".repeat(10_000_000));
        let client = TcpStream::connect(body).await.unwrap();
        client
            .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            .await
            .unwrap();
        client.read_exact(&mut [0; 100]).await.unwrap();
        drop(client);
        drop(stop);
        serving.await.unwrap().unwrap();
    });
    assert!(record.of("on_task_error").is_empty(), "no task panicked");
}

#[test]
fn requests_that_are_sent_at_once_are_answered_in_order() {
    recorded(async {
        let (address, _) = serve(Server::new());
        let stream = TcpStream::connect(address).await.unwrap();
        let requests =
            ["/1", "/2", "/3"].map(|path| format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n"));
        let last = "GET /4 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        stream
            .write_all((requests.concat() + last).as_bytes())
            .await
            .unwrap();
        let answers = read_to_end(&stream).await;
        let places: Vec<_> = (1..=4)
            .map(|n| answers.find(&format!("HTTP/1.1 /{n} ")))
            .collect();
        assert!(
            places.is_sorted() && places.iter().all(Option::is_some),
            "{answers}"
        );
    });
}
