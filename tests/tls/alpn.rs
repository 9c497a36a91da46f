//! Application protocols.

use crate::certificates::Authority;
use crate::configs::{ALL, client, server};
use crate::ends::{agreed, both_fail};
use crate::recorded::recorded;
use loopscope::instrument::ErrorType;
use loopscope::rustls::{ClientConfig, ServerConfig};
use std::sync::Arc;

fn speaking(of_client: &[&[u8]], of_server: &[&[u8]]) -> (ClientConfig, ServerConfig) {
    let authority = Authority::new();
    let mut client = client(&authority, None, ALL);
    let mut server = server(&authority.issue("localhost"), None, ALL);
    client.alpn_protocols = of_client.iter().map(|name| name.to_vec()).collect();
    server.alpn_protocols = of_server.iter().map(|name| name.to_vec()).collect();
    (client, server)
}

fn agreed_on(of_client: &[&[u8]], of_server: &[&[u8]]) -> Option<String> {
    let (client, server) = speaking(of_client, of_server);
    let mut agreed_on = None;
    let recorder = recorded(async {
        let (client, server) = agreed(&Arc::new(client), &Arc::new(server)).await;
        assert_eq!(client.alpn_protocol(), server.alpn_protocol());
        agreed_on = client.alpn_protocol();
    });
    let agreed_on = agreed_on.map(|name| String::from_utf8(name).unwrap());
    for event in recorder.of("on_tls_handshake_complete") {
        let [_, _, _, protocol] = event.tls.unwrap();
        assert_eq!(protocol, agreed_on);
    }
    agreed_on
}

#[test]
fn the_servers_first_choice_of_what_the_client_speaks_is_taken() {
    let protocol = agreed_on(&[b"http/1.1", b"h2"], &[b"h3", b"h2", b"http/1.1"]);
    assert_eq!(protocol.as_deref(), Some("h2"));
}

#[test]
fn where_one_side_has_none_none_is_agreed_on() {
    assert_eq!(agreed_on(&[b"h2"], &[]), None);
    assert_eq!(agreed_on(&[], &[b"h2"]), None);
}

#[test]
fn without_one_in_common_both_ends_fail() {
    let (client, server) = speaking(&[b"h2"], &[b"http/1.1"]);
    let (client, server) = both_fail(client, server);
    assert_eq!(client.error_type, Some(ErrorType::TlsNoApplicationProtocol));
    assert_eq!(server.error_type, Some(ErrorType::TlsNoApplicationProtocol));
}
