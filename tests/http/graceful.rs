//! Servers that stop lose no request that has arrived.

use crate::ends::{read_to_end, serve, text, tls};
use crate::recorded::recorded;
use http::{Request, Response};
use loopscope::event_loop::{EventLoop, sleep, spawn};
use loopscope::http::{Body, Client, Server};
use loopscope::instrument::{EnterScope, RecordingInstrument};
use loopscope::net::{TcpListener, TcpStream};
use std::convert::Infallible;
use std::time::Duration;
use tower::service_fn;

/// Answers after a while.
async fn slow(_: Request<Body>) -> Result<Response<String>, Infallible> {
    sleep(Duration::from_millis(100)).await;
    Ok(Response::new("late".into()))
}

/// Runs a slow server and clients of it, and stops the loop while their requests are under way.
fn stopped(client: Client, clients: usize) {
    let recorder = RecordingInstrument::new();
    let scope = recorder.clone().enter();
    let event_loop = EventLoop::new().unwrap();
    let handle = event_loop.handle();
    let ended = event_loop.run_gracefully(Duration::from_secs(20), async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        let serving = spawn(async { Server::new().serve(listener, service_fn(slow)).await });
        let requests =
            futures_util::future::join_all((0..clients).map(|_| text(&client, &address)));
        let stop = async {
            sleep(Duration::from_millis(50)).await;
            handle.stop_gracefully();
        };
        let (texts, ()) = futures_util::future::join(requests, stop).await;
        assert_eq!(texts, vec!["late"; clients]);
        serving.await.unwrap().unwrap();
    });
    let ended = ended.unwrap();
    assert!(ended.was_stopped());
    assert_eq!(ended.cut_off(), 0, "kept connections hold nothing up");
    drop((ended, event_loop, scope));
    recorder.assert_paired();
}

#[test]
fn requests_of_http1_that_are_under_way_are_answered() {
    stopped(Client::new(), 10);
}

#[test]
fn requests_of_http2_that_are_under_way_are_answered() {
    stopped(Client::builder().http2_only().build(), 10);
}

#[test]
fn a_request_that_has_arrived_when_it_stops_is_answered() {
    recorded(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        // It is connected and has asked before anybody accepts.
        let client = TcpStream::connect(address).await.unwrap();
        client
            .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            .await
            .unwrap();
        let stop = sleep(Duration::from_millis(20));
        let serving = spawn(async {
            let until = async {
                let _slept = stop.await;
            };
            Server::new()
                .serve_until(listener, service_fn(slow), until)
                .await
        });
        let answer = read_to_end(&client).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        assert!(answer.contains("connection: close"), "{answer}");
        assert!(answer.ends_with("late"), "{answer}");
        serving.await.unwrap().unwrap();
    });
}

#[test]
fn what_is_idle_is_closed_at_once() {
    recorded(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = futures_channel::oneshot::channel::<()>();
        let serving = spawn(async {
            let until = async {
                let _ = stopped.await;
            };
            Server::new()
                .serve_until(listener, service_fn(slow), until)
                .await
        });
        // One that has asked nothing, one that has asked, one of HTTP/2.
        let silent = TcpStream::connect(address).await.unwrap();
        let kept = Client::new();
        let http2 = Client::builder().http2_only().build();
        for client in [&kept, &http2] {
            assert_eq!(text(client, &format!("http://{address}/")).await, "late");
        }
        drop(stop);
        assert_eq!(silent.read(&mut [0; 1]).await.unwrap(), 0);
        serving.await.unwrap().unwrap();
        assert!(
            TcpStream::connect(address).await.is_err(),
            "nobody listens there any more"
        );
    });
}

#[test]
fn a_server_that_is_dropped_has_its_connections_end() {
    recorded(async {
        let (server, client) = tls(&["h2"]);
        let (address, serving) = serve(server);
        let client = client.build();
        let address = format!("https://localhost:{}/", address.port());
        text(&client, &address).await;
        serving.cancel();
        assert!(serving.await.is_err());
        sleep(Duration::from_millis(50)).await;
        assert!(client.get(&address).await.is_err());
    });
}
