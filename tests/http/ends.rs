//! Both ends of HTTP, made short.

use crate::certificates::Authority;
use http::{Request, Response};
use http_body_util::BodyExt;
use loopscope::event_loop::{JoinHandle, spawn};
use loopscope::http::{Body, Client, ClientBuilder, Server};
use loopscope::net::{TcpListener, TcpStream, TlsAcceptor};
use loopscope::rustls::crypto::ring;
use loopscope::rustls::{ClientConfig, ServerConfig};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tower::service_fn;

/// A request's path and body.
pub(crate) async fn echo(
    request: Request<Body>,
) -> Result<Response<String>, loopscope::http::Error> {
    let path = request.uri().path().to_owned();
    let version = request.version();
    let body = request.into_body().collect().await?.to_bytes();
    let body = String::from_utf8_lossy(&body).into_owned();
    Ok(Response::new(format!("{version:?} {path} {body}")))
}

/// Serves `echo` on a free port.
pub(crate) fn serve(server: Server) -> (SocketAddr, JoinHandle<io::Result<()>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = spawn(async move { server.serve(listener, service_fn(echo)).await });
    (address, serving)
}

/// Serves what answers each request with the same body.
pub(crate) fn serve_body(server: Server, body: String) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let service = service_fn(move |_: Request<Body>| {
        let body = body.clone();
        async move { Ok::<_, Infallible>(Response::new(body)) }
    });
    spawn(async move { server.serve(listener, service).await }).detach();
    address
}

/// A server and clients that trust it, where it is called `localhost`.
pub(crate) fn tls(of_server: &[&str]) -> (Server, ClientBuilder) {
    let (server, client) = tls_configs(of_server);
    let server = Server::new().tls(TlsAcceptor::new(Arc::new(server)));
    (server, Client::builder().tls(Arc::new(client)))
}

pub(crate) fn tls_configs(of_server: &[&str]) -> (ServerConfig, ClientConfig) {
    let authority = Authority::new();
    let identity = authority.issue("localhost");
    let provider = Arc::new(ring::default_provider());
    let mut server = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![identity.certificate], identity.key)
        .unwrap();
    server.alpn_protocols = of_server
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(authority.roots())
        .with_no_client_auth();
    (server, client)
}

/// Sends these bytes and returns all that comes back until the peer closes.
pub(crate) async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let stream = TcpStream::connect(address).await.unwrap();
    // A peer that has had enough may have closed before it has read all.
    let _ = stream.write_all(bytes).await;
    read_to_end(&stream).await
}

/// All that comes until the peer closes, or resets.
pub(crate) async fn read_to_end(stream: &TcpStream) -> String {
    let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        all.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8_lossy(&all).into_owned()
}

/// The text of what an address answers.
pub(crate) async fn text(client: &Client, address: &str) -> String {
    let response = client.get(address).await.unwrap();
    response.into_body().text().await.unwrap()
}
