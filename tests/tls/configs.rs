//! Configurations of rustls.

use crate::certificates::{Authority, Identity};
use loopscope::rustls::client::WebPkiServerVerifier;
use loopscope::rustls::crypto::{CryptoProvider, ring};
use loopscope::rustls::server::WebPkiClientVerifier;
use loopscope::rustls::{ALL_VERSIONS, ClientConfig, ServerConfig, SupportedProtocolVersion};
use std::sync::Arc;

pub(crate) type Versions = &'static [&'static SupportedProtocolVersion];

pub(crate) const ALL: Versions = ALL_VERSIONS;

/// A server; where `clients` is an authority, its clients have to show a certificate of it.
pub(crate) fn server(
    identity: &Identity,
    clients: Option<&Authority>,
    versions: Versions,
) -> ServerConfig {
    server_with(ring::default_provider(), identity, clients, versions)
}

/// A server with the cryptography of `provider`.
pub(crate) fn server_with(
    provider: CryptoProvider,
    identity: &Identity,
    clients: Option<&Authority>,
    versions: Versions,
) -> ServerConfig {
    let provider = Arc::new(provider);
    let config = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(versions)
        .unwrap();
    let config = match clients {
        Some(authority) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(authority.roots(), provider);
            config.with_client_cert_verifier(verifier.build().unwrap())
        }
        None => config.with_no_client_auth(),
    };
    let chain = vec![identity.certificate.clone()];
    config
        .with_single_cert(chain, identity.key.clone_key())
        .unwrap()
}

/// A client that trusts `servers`, and shows `identity`.
pub(crate) fn client(
    servers: &Authority,
    identity: Option<&Identity>,
    versions: Versions,
) -> ClientConfig {
    client_with(ring::default_provider(), servers, identity, versions)
}

/// A client with the cryptography of `provider`.
pub(crate) fn client_with(
    provider: CryptoProvider,
    servers: &Authority,
    identity: Option<&Identity>,
    versions: Versions,
) -> ClientConfig {
    let provider = Arc::new(provider);
    let verifier = WebPkiServerVerifier::builder_with_provider(servers.roots(), provider.clone());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_webpki_verifier(verifier.build().unwrap());
    match identity {
        Some(identity) => config
            .with_client_auth_cert(vec![identity.certificate.clone()], identity.key.clone_key())
            .unwrap(),
        None => config.with_no_client_auth(),
    }
}
