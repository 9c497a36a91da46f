//! The example `echo_server` as its user drives it: start, load, SIGTERM, nothing lost, exit code 0.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

struct Server {
    child: Child,
    output: BufReader<ChildStdout>,
    tcp: String,
    tls: String,
}

impl Server {
    fn start() -> Self {
        let mut child = Command::new(program())
            .args(["--tcp", "127.0.0.1:0", "--tls", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the example is built: cargo build --examples --all-features");
        let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut address = |prefix| {
            let mut line = String::new();
            output
                .read_line(&mut line)
                .expect("it says where it listens");
            let address = line.trim_end().strip_prefix(prefix);
            address
                .unwrap_or_else(|| panic!("unexpected: {line}"))
                .to_owned()
        };
        let (tcp, tls) = (address("tcp listening on "), address("tls listening on "));
        Self {
            child,
            output,
            tcp,
            tls,
        }
    }

    /// Asks it to stop, and waits until it says that it does.
    fn terminate(&mut self) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .expect("there is kill");
        assert!(sent.success());
        let mut line = String::new();
        self.output
            .read_line(&mut line)
            .expect("it says that it stops");
        assert!(line.starts_with("stopping"), "{line}");
    }

    /// What it says until it ends, and whether that was with exit code 0.
    fn end(mut self) -> (String, bool) {
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).expect("it is text");
        (rest, self.child.wait().expect("it ends").success())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

/// Examples are beside the folder of the tests.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let target = test.ancestors().nth(2).expect("target/PROFILE/deps/TEST");
    target.join("examples").join("echo_server")
}

fn echo(stream: &mut TcpStream, text: &[u8]) {
    stream.write_all(text).expect("it takes what is sent");
    let mut answer = vec![0; text.len()];
    stream.read_exact(&mut answer).expect("it answers");
    assert_eq!(answer, text);
}

#[test]
fn connections_are_drained_on_sigterm() {
    let mut server = Server::start();
    let mut connections: Vec<_> = (0..20)
        .map(|_| TcpStream::connect(&server.tcp).expect("it accepts"))
        .collect();
    for connection in &mut connections {
        echo(connection, b"before");
    }
    let address = server.tcp.clone();
    server.terminate();
    // What is open goes on to be served, and is then closed.
    let mut open = connections.pop().expect("there are twenty");
    echo(&mut open, b"while it stops");
    open.shutdown(Shutdown::Write).expect("it is open");
    assert_eq!(open.read(&mut [0; 1]).expect("it is closed in order"), 0);
    drop(connections);
    let (said, success) = server.end();
    assert!(success);
    assert_eq!(said, "stopped; 0 connections cut off\n");
    assert!(
        TcpStream::connect(address).is_err(),
        "nobody listens there any more"
    );
}

#[test]
fn tls_is_served_beside_tcp() {
    use rustls::pki_types::ServerName;
    use std::sync::Arc;

    let mut server = Server::start();
    // The certificate is the server's own: this client trusts whatever it is shown.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .expect("the provider has them")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(TrustAll(provider)))
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let mut connection = rustls::ClientConnection::new(Arc::new(config), name).expect("a client");
    let mut socket = TcpStream::connect(&server.tls).expect("it accepts");
    let mut stream = rustls::Stream::new(&mut connection, &mut socket);
    stream.write_all(b"hello").expect("it takes what is sent");
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).expect("it answers");
    assert_eq!(&answer, b"hello");
    drop(socket);
    server.terminate();
    assert!(server.end().1);
}

#[derive(Debug)]
struct TrustAll(std::sync::Arc<rustls::crypto::CryptoProvider>);

impl rustls::client::danger::ServerCertVerifier for TrustAll {
    fn verify_server_cert(
        &self,
        _: &rustls::pki_types::CertificateDer<'_>,
        _: &[rustls::pki_types::CertificateDer<'_>],
        _: &rustls::pki_types::ServerName<'_>,
        _: &[u8],
        _: rustls::pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &rustls::pki_types::CertificateDer<'_>,
        signature: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &rustls::pki_types::CertificateDer<'_>,
        signature: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
