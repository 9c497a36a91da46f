//! A certificate for this run, and both ends' TLS configurations that trust it.

use loopscope::rustls::crypto::ring;
use loopscope::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use loopscope::rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::error::Error;
use std::sync::Arc;

/// The configurations of a server called `localhost` and of clients that trust it alone.
pub(crate) fn for_localhost()
-> Result<(Arc<ServerConfig>, Arc<ClientConfig>), Box<dyn Error + Send + Sync>> {
    let made = rcgen::generate_simple_self_signed([String::from("localhost")])?;
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(ring::default_provider());

    let server = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)?;
    let mut roots = RootCertStore::empty();
    roots.add(certificate)?;
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok((Arc::new(server), Arc::new(client)))
}
