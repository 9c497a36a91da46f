//! Certificates.

use loopscope::rustls::crypto::ring;
use loopscope::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use loopscope::rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::sync::Arc;

/// A certificate for `name`, valid now or in the past.
pub(crate) fn server_config(
    name: &str,
    expired: bool,
) -> (Arc<ServerConfig>, CertificateDer<'static>) {
    let mut parameters = rcgen::CertificateParams::new([String::from(name)]).unwrap();
    if expired {
        parameters.not_before = rcgen::date_time_ymd(2001, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2002, 1, 1);
    }
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = parameters.self_signed(&key).unwrap().der().clone();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"echo".to_vec()];
    (Arc::new(config), certificate)
}

/// A client that trusts these certificates.
pub(crate) fn client_config(trusted: Option<CertificateDer<'static>>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    if let Some(certificate) = trusted {
        roots.add(certificate).unwrap();
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"echo".to_vec()];
    Arc::new(config)
}
