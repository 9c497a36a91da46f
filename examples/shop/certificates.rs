//! The shop's own authority, and the gateway's certificates: one that is good, and one that has
//! expired, which it shows to clients that ask for no name.

use crate::Failure;
use loopscope::rustls::crypto::ring;
use loopscope::rustls::pki_types::pem::PemObject;
use loopscope::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use loopscope::rustls::server::{ClientHello, ResolvesServerCert};
use loopscope::rustls::sign::CertifiedKey;
use loopscope::rustls::{ClientConfig, RootCertStore, ServerConfig};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use std::fmt::Display;
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

const AUTHORITY: &str = "authority.pem";
const GOOD: &str = "gateway";
const EXPIRED: &str = "expired";
/// What the gateway is called: here, and among the containers of `docker/compose.yaml`.
const NAMES: [&str; 2] = ["localhost", "gateway"];

/// Makes all of them and keeps them in a folder, unless they are there.
pub(crate) fn make(folder: &Path) -> Result<(), Failure> {
    if folder.join(AUTHORITY).exists() {
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(within(folder))?;
    let mut parameters = CertificateParams::default();
    let name = &mut parameters.distinguished_name;
    name.push(DnType::CommonName, "loopscope shop");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(parameters, KeyPair::generate()?)?;
    for (file, expired) in [(GOOD, false), (EXPIRED, true)] {
        let mut parameters = CertificateParams::new(NAMES.map(String::from))?;
        if expired {
            parameters.not_before = date_time_ymd(2020, 1, 1);
            parameters.not_after = date_time_ymd(2021, 1, 1);
        }
        let key = KeyPair::generate()?;
        let certificate = parameters.signed_by(&key, &authority)?;
        write(&folder.join(format!("{file}.pem")), &certificate.pem())?;
        write(&folder.join(format!("{file}.key")), &key.serialize_pem())?;
    }
    // At the end: it shows that all of them are there.
    write(&folder.join(AUTHORITY), &authority.pem())
}

/// Writes a file that nobody else may read: it may be a key.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let written = options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    Ok(written.map_err(within(path))?)
}

/// What the gateway shows.
pub(crate) fn server(folder: &Path) -> Result<Arc<ServerConfig>, Failure> {
    let shown = Shown {
        good: certified(folder, GOOD)?,
        expired: certified(folder, EXPIRED)?,
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(shown));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Whom customers trust: the shop's own authority alone.
pub(crate) fn client(folder: &Path) -> Result<Arc<ClientConfig>, Failure> {
    let path = folder.join(AUTHORITY);
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&path).map_err(within(&path))?)?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

#[derive(Debug)]
struct Shown {
    good: Arc<CertifiedKey>,
    expired: Arc<CertifiedKey>,
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let shown = match hello.server_name() {
            Some(_) => &self.good,
            None => &self.expired,
        };
        Some(shown.clone())
    }
}

fn certified(folder: &Path, file: &str) -> Result<Arc<CertifiedKey>, Failure> {
    let (certificate, key) = (
        folder.join(format!("{file}.pem")),
        folder.join(format!("{file}.key")),
    );
    let chain = vec![CertificateDer::from_pem_file(&certificate).map_err(within(&certificate))?];
    let private = PrivateKeyDer::from_pem_file(&key).map_err(within(&key))?;
    let certified = CertifiedKey::from_der(chain, private, &ring::default_provider());
    Ok(Arc::new(certified.map_err(within(&key))?))
}

/// Which file an error is about, and who makes it.
fn within<E: Display>(path: &Path) -> impl Fn(E) -> String {
    move |error| {
        let path = path.display();
        format!("{path}: {error}; the gateway makes certificates where there are none")
    }
}
