//! The name that a client asks for, as the server is told it.

use crate::certificates::{Authority, Identity};
use crate::configs::{ALL, client, server};
use crate::ends::{agreed, both_fail, pair, the_error};
use crate::recorded::recorded;
use crate::versions::{ONLY_12, ONLY_13};
use loopscope::clock::ManualClock;
use loopscope::event_loop::spawn;
use loopscope::instrument::{ErrorType, SocketRole};
use loopscope::net::{TlsAcceptor, TlsConnector};
use loopscope::rustls::ServerConfig;
use loopscope::rustls::crypto::ring;
use loopscope::rustls::server::ResolvesServerCertUsingSni;
use loopscope::rustls::sign::CertifiedKey;
use std::sync::Arc;

#[test]
fn both_ends_and_the_stream_have_the_name() {
    let authority = Authority::new();
    let server = Arc::new(server(&authority.issue("localhost"), None, ALL));
    let client = Arc::new(client(&authority, None, ALL));
    let recorder = recorded(async {
        let (client, server) = agreed(&client, &server).await;
        assert_eq!(server.server_name().as_deref(), Some("localhost"));
        assert_eq!(client.server_name(), None);
    });
    for event in recorder.of("on_tls_handshake_complete") {
        assert_eq!(event.name.as_deref(), Some("localhost"));
    }
}

#[test]
fn a_server_without_a_name_is_told_none() {
    let authority = Authority::new();
    let identity = authority.issue("127.0.0.1");
    let server = Arc::new(server(&identity, None, ALL));
    let client = Arc::new(client(&authority, None, ALL));
    let recorder = recorded(async {
        let (stream, accepted) = pair().await;
        let accepting = spawn(async move { TlsAcceptor::new(server).accept(accepted).await });
        let connector = TlsConnector::new(client);
        connector.connect("127.0.0.1", stream).await.unwrap();
        let stream = accepting.await.unwrap().unwrap();
        assert_eq!(stream.server_name(), None);
    });
    for event in recorder.of("on_tls_handshake_complete") {
        let expected = match event.role {
            Some(SocketRole::Client) => Some("127.0.0.1"),
            _ => None,
        };
        assert_eq!(event.name.as_deref(), expected);
    }
}

#[test]
fn the_server_knows_the_name_although_the_client_refuses_its_certificate() {
    let authority = Authority::new();
    for versions in [ONLY_12, ONLY_13] {
        let server = server(&authority.issue("elsewhere"), None, versions);
        let (_, server) = both_fail(client(&authority, None, versions), server);
        assert_eq!(server.name.as_deref(), Some("localhost"));
    }
}

#[test]
fn the_server_knows_the_name_although_it_refuses_the_hello() {
    let authority = Authority::new();
    let identity = authority.issue("localhost");
    let mut of_server = server(&identity, None, ALL);
    let mut of_client = client(&authority, None, ALL);
    of_server.alpn_protocols = vec![b"h2".to_vec()];
    of_client.alpn_protocols = vec![b"http/1.1".to_vec()];
    let (_, refused) = both_fail(of_client, of_server);
    assert_eq!(refused.name.as_deref(), Some("localhost"));

    let of_client = client(&authority, None, ONLY_12);
    let (_, refused) = both_fail(of_client, server(&identity, None, ONLY_13));
    assert_eq!(refused.error_type, Some(ErrorType::TlsProtocolVersion));
}

#[test]
fn the_server_knows_the_name_of_a_client_that_stays_away_after_its_hello() {
    let _clock = ManualClock::install();
    let authority = Authority::new();
    let server = Arc::new(server(&authority.issue("localhost"), None, ALL));
    let client = Arc::new(client(&authority, None, ALL));
    let recorder = recorded(async {
        let (stream, to_client) = pair().await;
        let (to_server, accepted) = pair().await;
        let hello = spawn(async move {
            let connector = TlsConnector::new(client);
            connector.connect("localhost", stream).await.map(drop)
        });
        let mut buffer = [0; 4096];
        let count = to_client.read(&mut buffer).await.unwrap();
        to_server.write_all(&buffer[..count]).await.unwrap();
        assert!(TlsAcceptor::new(server).accept(accepted).await.is_err());
        assert!(hello.await.unwrap().is_err());
    });
    let error = the_error(&recorder, SocketRole::Server);
    assert_eq!(error.error_type, Some(ErrorType::TimedOut));
    assert_eq!(error.name.as_deref(), Some("localhost"));
}

/// A server that has a certificate for `name` and no other.
fn server_for(name: &str, identity: &Identity) -> ServerConfig {
    let provider = ring::default_provider();
    let chain = vec![identity.certificate.clone()];
    let key = CertifiedKey::from_der(chain, identity.key.clone_key(), &provider).unwrap();
    let mut resolver = ResolvesServerCertUsingSni::new();
    resolver.add(name, key).unwrap();
    ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver))
}

#[test]
fn a_name_that_the_server_has_no_certificate_for_is_a_wrong_name() {
    let authority = Authority::new();
    let server = server_for("elsewhere", &authority.issue("elsewhere"));
    let (client, server) = both_fail(client(&authority, None, ALL), server);
    assert_eq!(server.error_type, Some(ErrorType::TlsCertificateWrongName));
    assert_eq!(server.name.as_deref(), Some("localhost"));
    // rustls' server tells its client no more than that it refuses.
    assert_eq!(client.error_type, Some(ErrorType::TlsAlert));
}
