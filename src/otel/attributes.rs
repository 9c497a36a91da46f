//! How metadata becomes the attributes of spans.

use super::metrics::signed;
use super::names;
use crate::instrument::{Address, SocketHandle, TaskInfo, TlsSession};
use opentelemetry::{Array, KeyValue, StringValue, Value};
use std::net::IpAddr;

/// The two ends of a socket; `peer` where the socket itself does not know it.
pub(super) fn push_socket(
    attributes: &mut Vec<KeyValue>,
    socket: &SocketHandle,
    peer: Option<&Address>,
) {
    let peer = socket.peer_address().or(peer);
    push_peer(attributes, peer);
    if let Some(local) = socket.local_address() {
        push_address(
            attributes,
            (names::NETWORK_LOCAL_ADDRESS, names::NETWORK_LOCAL_PORT),
            local,
        );
    }
    attributes.push(KeyValue::new(
        names::NETWORK_TRANSPORT,
        socket.transport().as_str(),
    ));
    let ip = peer.or(socket.local_address()).and_then(Address::as_ip);
    if let Some(ip) = ip {
        let version = if ip.is_ipv4() { "ipv4" } else { "ipv6" };
        attributes.push(KeyValue::new(names::NETWORK_TYPE, version));
    }
}

/// The other end of a socket.
pub(crate) fn push_peer(attributes: &mut Vec<KeyValue>, peer: Option<&Address>) {
    if let Some(peer) = peer {
        push_address(
            attributes,
            (names::NETWORK_PEER_ADDRESS, names::NETWORK_PEER_PORT),
            peer,
        );
    }
}

/// An address under a pair of keys: the IP address or path, and the port where there is one.
pub(super) fn push_address(
    attributes: &mut Vec<KeyValue>,
    (address_key, port_key): (&'static str, &'static str),
    address: &Address,
) {
    if let Some(host) = host_of(address) {
        attributes.push(KeyValue::new(address_key, host));
    }
    if let Address::Ip(address) = address {
        attributes.push(KeyValue::new(port_key, i64::from(address.port())));
    }
}

/// An address without its port: the IP address or path, where there is one.
pub(crate) fn host_of(address: &Address) -> Option<String> {
    match address {
        Address::Ip(address) => Some(address.ip().to_string()),
        Address::Unix(path) => Some(path.as_ref()?.display().to_string()),
    }
}

/// The task that something is about.
pub(super) fn push_task(attributes: &mut Vec<KeyValue>, task: &TaskInfo) {
    attributes.push(KeyValue::new(names::TASK_ID, signed(task.id().get())));
    if let Some(name) = task.name() {
        attributes.push(KeyValue::new(names::TASK_NAME, name.to_owned()));
    }
}

/// What two peers agreed on in a handshake.
pub(super) fn push_tls_session(attributes: &mut Vec<KeyValue>, session: &TlsSession<'_>) {
    let mut push = |key: &'static str, value: Option<&str>| {
        if let Some(value) = value {
            attributes.push(KeyValue::new(key, value.to_owned()));
        }
    };
    push(
        names::TLS_PROTOCOL_VERSION,
        session.version.map(tls_version),
    );
    push(names::TLS_CIPHER, session.cipher);
    push(names::TLS_CURVE, session.curve);
    let protocol = session.next_protocol.map(String::from_utf8_lossy);
    push(names::TLS_NEXT_PROTOCOL, protocol.as_deref());
    if let Some(resumed) = session.resumed {
        attributes.push(KeyValue::new(names::TLS_RESUMED, resumed));
    }
}

/// The number alone, as the conventions want it: `TLSv1.3` is `1.3`.
pub(super) fn tls_version(version: &str) -> &str {
    version.strip_prefix("TLSv").unwrap_or(version)
}

/// The addresses that a name resolved to.
pub(super) fn dns_answers(addresses: &[IpAddr]) -> KeyValue {
    let answers = addresses
        .iter()
        .map(|address| StringValue::from(address.to_string()))
        .collect();
    KeyValue::new(names::DNS_ANSWERS, Value::Array(Array::String(answers)))
}
