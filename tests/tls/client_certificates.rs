//! Clients that show who they are, and those that do not.

use crate::certificates::{Authority, Identity};
use crate::configs::{Versions, client, server};
use crate::ends::{agreed, both_fail, handshake, socket_errors, the_error};
use crate::recorded::recorded;
use crate::versions::{ONLY_12, ONLY_13};
use loopscope::instrument::{ErrorType, SocketOperation, SocketRole};
use std::sync::Arc;

#[test]
fn a_server_learns_who_its_client_is() {
    let authority = Authority::new();
    let identity = authority.issue("client");
    for versions in [ONLY_12, ONLY_13] {
        let server = server(&authority.issue("localhost"), Some(&authority), versions);
        let client = client(&authority, Some(&identity), versions);
        recorded(async {
            let (client, server) = agreed(&Arc::new(client), &Arc::new(server)).await;
            let shown = server.peer_certificates().unwrap();
            assert_eq!(shown, std::slice::from_ref(&identity.certificate));
            assert_eq!(client.peer_certificates().unwrap().len(), 1);
            client.write_all(b"x").await.unwrap();
            server.read_exact(&mut [0; 1]).await.unwrap();
        });
    }
}

#[test]
fn a_server_that_does_not_ask_learns_nothing() {
    let authority = Authority::new();
    let identity = authority.issue("client");
    let server = server(&authority.issue("localhost"), None, ONLY_13);
    let client = client(&authority, Some(&identity), ONLY_13);
    recorded(async {
        let (_client, server) = agreed(&Arc::new(client), &Arc::new(server)).await;
        assert_eq!(server.peer_certificates(), None);
    });
}

/// With TLS 1.2 the server judges before the handshake is complete at either end.
fn fails_with_12(identity: Option<&Identity>, authority: &Authority, expected: ErrorType) {
    let server = server(&authority.issue("localhost"), Some(authority), ONLY_12);
    let (client, server) = both_fail(client(authority, identity, ONLY_12), server);
    assert_eq!(client.error_type, Some(expected));
    assert_eq!(server.error_type, Some(expected));
}

/// With TLS 1.3 the client is done before the server judges: it is told when it reads.
fn fails_with_13(identity: Option<&Identity>, authority: &Authority, expected: ErrorType) {
    let versions: Versions = ONLY_13;
    let server = Arc::new(server(
        &authority.issue("localhost"),
        Some(authority),
        versions,
    ));
    let client = Arc::new(client(authority, identity, versions));
    let recorder = recorded(async {
        let (client, server) = handshake(&client, &server).await;
        assert_eq!(ErrorType::from_io(&server.unwrap_err()), expected);
        let client = client.unwrap();
        for _ in 0..2 {
            let error = client.read(&mut [0; 1]).await.unwrap_err();
            assert_eq!(ErrorType::from_io(&error), expected, "each time");
        }
    });
    let error = the_error(&recorder, SocketRole::Server);
    assert_eq!(error.error_type, Some(expected));
    let complete = recorder.of("on_tls_handshake_complete");
    assert_eq!(complete.len(), 1);
    assert_eq!(complete[0].role, Some(SocketRole::Client));
    for error in recorder.of("on_socket_error") {
        assert_eq!(error.error_type, Some(expected));
        assert_eq!(error.operation, Some(SocketOperation::Recv));
        assert_eq!(error.role, Some(SocketRole::Client));
    }
    assert_eq!(recorder.of("on_socket_error").len(), 2);
}

#[test]
fn a_client_without_a_certificate_is_refused() {
    let authority = Authority::new();
    fails_with_12(None, &authority, ErrorType::TlsCertificateMissing);
    fails_with_13(None, &authority, ErrorType::TlsCertificateMissing);
}

#[test]
fn a_client_whose_certificate_is_of_an_unknown_issuer_is_refused() {
    let authority = Authority::new();
    let stranger = Authority::new().issue("client");
    let expected = ErrorType::TlsCertificateUnknownIssuer;
    fails_with_12(Some(&stranger), &authority, expected);
    fails_with_13(Some(&stranger), &authority, expected);
}

#[test]
fn a_client_whose_certificate_has_expired_is_refused() {
    let authority = Authority::new();
    let expired = authority.issue_with("client", |parameters| {
        parameters.not_before = rcgen::date_time_ymd(2001, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2002, 1, 1);
    });
    let expected = ErrorType::TlsCertificateExpired;
    fails_with_12(Some(&expired), &authority, expected);
    fails_with_13(Some(&expired), &authority, expected);
}

#[test]
fn what_a_refused_client_sends_meanwhile_does_not_hide_why() {
    let authority = Authority::new();
    let server = Arc::new(server(
        &authority.issue("localhost"),
        Some(&authority),
        ONLY_13,
    ));
    let client = Arc::new(client(&authority, None, ONLY_13));
    let recorder = recorded(async {
        let (client, server) = handshake(&client, &server).await;
        assert!(server.is_err());
        let client = client.unwrap();
        // It may be sent or not: the server has closed, but the client has not seen it.
        let _ = client.write_all(b"request").await;
        let error = client.read(&mut [0; 1]).await.unwrap_err();
        assert_eq!(ErrorType::from_io(&error), ErrorType::TlsCertificateMissing);
        assert!(error.to_string().contains("configure one"), "{error}");
    });
    let error = recorder.of("on_socket_error").pop().unwrap();
    assert_eq!(error.operation, Some(SocketOperation::Recv));
    assert_eq!(error.error_type, Some(ErrorType::TlsCertificateMissing));
}

#[test]
fn the_late_word_of_the_server_is_one_error_of_the_first_read() {
    let authority = Authority::new();
    let server = Arc::new(server(
        &authority.issue("localhost"),
        Some(&authority),
        ONLY_13,
    ));
    let client = Arc::new(client(&authority, None, ONLY_13));
    let recorder = recorded(async {
        let (client, _) = handshake(&client, &server).await;
        assert!(client.unwrap().read_exact(&mut [0; 4]).await.is_err());
    });
    let expected = [ErrorType::TlsCertificateMissing];
    assert_eq!(socket_errors(&recorder), expected);
}
