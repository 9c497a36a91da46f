//! Which version of HTTP two ends speak.

use crate::ends::{serve, text, tls};
use crate::recorded::recorded;
use http::{Method, Request};
use loopscope::http::{Client, Server};
use loopscope::instrument::RecordingInstrument;

fn over_tls(of_server: &[&str]) -> RecordingInstrument {
    let of_server: Vec<_> = of_server.iter().map(|name| (*name).to_owned()).collect();
    recorded(async move {
        let names: Vec<_> = of_server.iter().map(String::as_str).collect();
        let (server, client) = tls(&names);
        let (address, _) = serve(server);
        let address = format!("https://localhost:{}/path", address.port());
        let version = if names.contains(&"h2") {
            "HTTP/2.0"
        } else {
            "HTTP/1.1"
        };
        assert_eq!(
            text(&client.build(), &address).await,
            format!("{version} /path ")
        );
    })
}

#[test]
fn in_the_handshake_http2_is_chosen_where_both_speak_it() {
    let record = over_tls(&["h2", "http/1.1"]);
    for event in record.of("on_tls_handshake_complete") {
        let [_, _, _, protocol] = event.tls.unwrap();
        assert_eq!(protocol.as_deref(), Some("h2"));
    }
}

#[test]
fn in_the_handshake_http1_is_chosen_where_the_server_speaks_no_other() {
    over_tls(&["http/1.1"]);
}

#[test]
fn without_protocols_in_the_handshake_it_is_http1() {
    over_tls(&[]);
}

#[test]
fn without_tls_the_server_sees_the_version_from_the_first_bytes() {
    recorded(async {
        let (address, _) = serve(Server::new());
        let address = format!("http://{address}/path");
        assert_eq!(text(&Client::new(), &address).await, "HTTP/1.1 /path ");
        let http2 = Client::builder().http2_only().build();
        assert_eq!(text(&http2, &address).await, "HTTP/2.0 /path ");
    });
}

#[test]
fn bodies_of_any_size_go_both_ways() {
    recorded(async {
        let (address, _) = serve(Server::new());
        for client in [Client::new(), Client::builder().http2_only().build()] {
            for size in [0, 1, 65_536, 1_000_000] {
                let body = "x".repeat(size);
                let request = Request::builder()
                    .method(Method::POST)
                    .uri(format!("http://{address}/"))
                    .body(body.clone())
                    .unwrap();
                let response = client.request(request).await.unwrap();
                let text = response.into_body().text().await.unwrap();
                assert_eq!(text.split_once("/ ").unwrap().1, body);
            }
        }
    });
}

#[test]
fn many_requests_share_a_connection_of_http2() {
    let record = recorded(async {
        let (address, _) = serve(Server::new());
        let address = format!("http://{address}/");
        let client = Client::builder().http2_only().build();
        assert_eq!(text(&client, &address).await, "HTTP/2.0 / ");
        let requests = (0..20).map(|_| text(&client, &address));
        for text in futures_util::future::join_all(requests).await {
            assert_eq!(text, "HTTP/2.0 / ");
        }
    });
    assert_eq!(record.of("on_socket_connect_ready").len(), 1);
}
