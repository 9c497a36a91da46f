//! hyper driven by the program itself, over a Unix socket.

use crate::recorded::recorded;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use loopscope::event_loop::spawn;
use loopscope::http::rt::{LoopExecutor, LoopIo, LoopTimer};
use loopscope::net::UnixStream;
use std::convert::Infallible;
use std::io;
use std::time::Duration;

async fn hello(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    Ok(Response::new(format!("hello, {}", request.uri().path())))
}

#[test]
fn http1_over_a_unix_socket() {
    recorded(async {
        let (client, server) = UnixStream::pair().unwrap();
        let serving = hyper::server::conn::http1::Builder::new()
            .timer(LoopTimer)
            .header_read_timeout(Duration::from_secs(5))
            .serve_connection(LoopIo::new(server), service_fn(hello));
        let serving = spawn(serving);
        let handshake = hyper::client::conn::http1::handshake(LoopIo::new(client));
        let (mut sender, connection) = handshake.await.unwrap();
        spawn(connection).detach();
        let request = Request::get("/unix").body(String::new()).unwrap();
        let response = sender.send_request(request).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "hello, /unix");
        drop(sender);
        serving.await.unwrap().unwrap();
    });
}

#[test]
fn http2_over_a_unix_socket() {
    recorded(async {
        let (client, server) = UnixStream::pair().unwrap();
        let serving = hyper::server::conn::http2::Builder::new(LoopExecutor)
            .timer(LoopTimer)
            .serve_connection(LoopIo::new(server), service_fn(hello));
        let serving = spawn(serving);
        let handshake = hyper::client::conn::http2::Builder::new(LoopExecutor)
            .timer(LoopTimer)
            .handshake(LoopIo::new(client));
        let (mut sender, connection) = handshake.await.unwrap();
        spawn(connection).detach();
        let request = Request::get("http://a/unix").body(String::new()).unwrap();
        let response = sender.send_request(request).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "hello, /unix");
        drop(sender);
        serving.await.unwrap().unwrap();
    });
}

#[test]
fn a_peer_that_takes_nothing_makes_a_write_time_out() {
    let _clock = loopscope::clock::ManualClock::install();
    recorded(async {
        let (client, server) = UnixStream::pair().unwrap();
        let mut io = LoopIo::new(server).write_timeout(Some(Duration::from_secs(3)));
        let data = vec![0; 65_536];
        let error = loop {
            let write = std::future::poll_fn(|cx| {
                hyper::rt::Write::poll_write(std::pin::Pin::new(&mut io), cx, &data)
            });
            if let Err(error) = write.await {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(client);
    });
}
