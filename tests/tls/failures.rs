//! Handshakes on which two ends that speak TLS do not agree.

use crate::certificates::Authority;
use crate::configs::{ALL, Versions, client, client_with, server, server_with};
use crate::ends::both_fail;
use crate::versions::{ONLY_12, ONLY_13};
use loopscope::instrument::ErrorType;
use loopscope::rustls::crypto::{CryptoProvider, ring};
use loopscope::rustls::{CipherSuite, SupportedCipherSuite};
use rcgen::CertificateParams;

/// What the client and the server are told where the server's certificate is no good.
fn with_certificate(
    change: impl Fn(&mut CertificateParams),
    versions: Versions,
) -> (ErrorType, ErrorType) {
    let authority = Authority::new();
    let identity = authority.issue_with("localhost", change);
    let server = server(&identity, None, versions);
    let (client, server) = both_fail(client(&authority, None, versions), server);
    assert_eq!(client.name.as_deref(), Some("localhost"));
    (client.error_type.unwrap(), server.error_type.unwrap())
}

#[test]
fn a_certificate_that_has_expired() {
    for versions in [ONLY_12, ONLY_13] {
        let kinds = with_certificate(
            |parameters| {
                parameters.not_before = rcgen::date_time_ymd(2001, 1, 1);
                parameters.not_after = rcgen::date_time_ymd(2002, 1, 1);
            },
            versions,
        );
        let expired = ErrorType::TlsCertificateExpired;
        assert_eq!(kinds, (expired, expired));
    }
}

#[test]
fn a_certificate_that_is_not_valid_yet() {
    let kinds = with_certificate(
        |parameters| parameters.not_before = rcgen::date_time_ymd(3000, 1, 1),
        ALL,
    );
    // TLS has one alert for both.
    let expected = (
        ErrorType::TlsCertificateNotYetValid,
        ErrorType::TlsCertificateExpired,
    );
    assert_eq!(kinds, expected);
}

#[test]
fn a_certificate_for_another_use() {
    let kinds = with_certificate(
        |parameters| {
            parameters.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
        },
        ALL,
    );
    let invalid = ErrorType::TlsCertificateInvalid;
    assert_eq!(kinds, (invalid, invalid));
}

#[test]
fn a_certificate_of_an_unknown_issuer() {
    for versions in [ONLY_12, ONLY_13] {
        let server = server(&Authority::new().issue("localhost"), None, versions);
        let (client, server) = both_fail(client(&Authority::new(), None, versions), server);
        let unknown = Some(ErrorType::TlsCertificateUnknownIssuer);
        assert_eq!((client.error_type, server.error_type), (unknown, unknown));
        let advice = server.failure.unwrap();
        assert!(advice.contains("does not trust this side"), "{advice}");
    }
}

#[test]
fn a_certificate_for_another_name() {
    let authority = Authority::new();
    let server = server(&authority.issue("elsewhere"), None, ALL);
    let (client, server) = both_fail(client(&authority, None, ALL), server);
    assert_eq!(client.error_type, Some(ErrorType::TlsCertificateWrongName));
    // TLS has no alert that says more.
    assert_eq!(server.error_type, Some(ErrorType::TlsCertificateInvalid));
}

#[test]
fn versions_of_tls_that_do_not_meet() {
    for (of_client, of_server) in [(ONLY_12, ONLY_13), (ONLY_13, ONLY_12)] {
        let authority = Authority::new();
        let server = server(&authority.issue("localhost"), None, of_server);
        let (client, server) = both_fail(client(&authority, None, of_client), server);
        let version = Some(ErrorType::TlsProtocolVersion);
        assert_eq!((client.error_type, server.error_type), (version, version));
    }
}

#[test]
fn cipher_suites_that_do_not_meet() {
    let authority = Authority::new();
    let mut provider = ring::default_provider();
    // The server's certificate has an ECDSA key.
    let only = CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256;
    provider
        .cipher_suites
        .retain(|suite: &SupportedCipherSuite| suite.suite() == only);
    let client = client_with(provider, &authority, None, ONLY_12);
    let server = server(&authority.issue("localhost"), None, ONLY_12);
    let (client, server) = both_fail(client, server);
    let incompatible = Some(ErrorType::TlsIncompatible);
    assert_eq!(client.error_type, incompatible);
    assert_eq!(server.error_type, incompatible);
}

#[test]
fn key_exchange_groups_that_do_not_meet() {
    let authority = Authority::new();
    let with = |group| CryptoProvider {
        kx_groups: vec![group],
        ..ring::default_provider()
    };
    let client = client_with(with(ring::kx_group::SECP384R1), &authority, None, ONLY_13);
    let identity = authority.issue("localhost");
    let server = server_with(with(ring::kx_group::X25519), &identity, None, ONLY_13);
    let (client, server) = both_fail(client, server);
    let incompatible = Some(ErrorType::TlsIncompatible);
    assert_eq!(client.error_type, incompatible);
    assert_eq!(server.error_type, incompatible);
}
