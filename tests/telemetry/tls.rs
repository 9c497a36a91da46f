//! Telemetry sent over TLS.

use crate::server::Server;
use crate::support::{LONG, listen, make_span, said_about, traces_to};
use loopscope::telemetry::{DeliveryError, Telemetry};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::fs;
use std::sync::Arc;
use tempfile::TempDir;

/// An authority of the test's own, and a folder with what it issues.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let authority = Self {
            issuer: CertifiedIssuer::self_signed(parameters, key).unwrap(),
            folder: tempfile::tempdir().unwrap(),
        };
        fs::write(authority.path("authority.pem"), authority.issuer.pem()).unwrap();
        let (certificate, key) = authority.issue("client");
        fs::write(authority.path("client.pem"), certificate.pem()).unwrap();
        fs::write(authority.path("client.key"), key.serialize_pem()).unwrap();
        authority
    }

    fn issue(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let parameters = CertificateParams::new([String::from(name)]).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        (certificate, key)
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// A server, which where asked to wants to see a certificate of the authority.
    fn server(&self, asks_clients: bool) -> Server {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap();
        let config = if asks_clients {
            let mut roots = RootCertStore::empty();
            roots.add(self.issuer.der().clone()).unwrap();
            let roots = Arc::new(roots);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
            config.with_client_cert_verifier(verifier.build().unwrap())
        } else {
            config.with_no_client_auth()
        };
        let (certificate, key) = self.issue("localhost");
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let chain = vec![certificate.der().clone()];
        Server::with_tls(Arc::new(config.with_single_cert(chain, key).unwrap()))
    }
}

fn lost(telemetry: Telemetry) -> u64 {
    match telemetry.shutdown() {
        Err(DeliveryError::Lost(lost)) => lost.spans,
        other => panic!("{other:?}"),
    }
}

#[test]
fn https_is_spoken_with_whom_the_certificate_variable_trusts() {
    listen();
    let authority = Authority::new();
    let server = authority.server(false);
    let trusted = (
        "OTEL_EXPORTER_OTLP_CERTIFICATE",
        &*authority.path("authority.pem"),
    );
    let trusting = traces_to(&server.address, &[trusted]);
    for _ in 0..2 {
        make_span(&trusting);
        trusting.flush(LONG).unwrap();
        assert_eq!(server.next("/v1/traces").connection, 0, "it is kept");
    }
    trusting.shutdown().unwrap();

    let wary = traces_to(&server.address, &[]);
    make_span(&wary);
    wary.flush(LONG).unwrap();
    assert_eq!(lost(wary), 1);
    let said = said_about(&server.address).concat();
    assert!(said.contains("invalid peer certificate"), "{said}");
    assert!(!said.contains("tries"), "it would not help: {said}");
}

#[test]
fn a_server_that_asks_for_it_is_shown_the_clients_certificate() {
    let authority = Authority::new();
    let server = authority.server(true);
    let path = |name: &str| authority.path(name);
    let (trusted, certificate, key) = (
        path("authority.pem"),
        path("client.pem"),
        path("client.key"),
    );
    let variables = [
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", &*trusted),
        ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", &certificate),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", &key),
    ];
    let known = traces_to(&server.address, &variables);
    make_span(&known);
    known.shutdown().unwrap();

    let unknown = traces_to(&server.address, &variables[..1]);
    make_span(&unknown);
    assert_eq!(lost(unknown), 1);
}
