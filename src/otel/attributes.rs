//! How metadata becomes the attributes of spans.

use super::metrics::signed;
use super::names;
use crate::instrument::{Address, SlotKey, SocketHandle, TaskInfo, TlsSession};
use opentelemetry::{Array, KeyValue, StringValue, Value};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

/// What is the same in all spans of a socket, kept in its slot: to write addresses as text takes as
/// long as to build a span.
struct OfSocket {
    knows_local: bool,
    knows_peer: bool,
    attributes: Vec<KeyValue>,
}

/// The two ends of a socket; `peer` where the socket itself does not know it.
pub(super) fn push_socket(
    attributes: &mut Vec<KeyValue>,
    key: SlotKey,
    socket: &SocketHandle,
    peer: Option<&Address>,
) {
    let knows_peer = socket.peer_address().is_some();
    if !knows_peer && peer.is_some() {
        return push_ends(attributes, socket, peer);
    }
    let knows_local = socket.local_address().is_some();
    let kept = socket.slots().get::<OfSocket>(key);
    // A socket learns its addresses while it connects.
    let is_current =
        |kept: &Rc<OfSocket>| kept.knows_local == knows_local && kept.knows_peer == knows_peer;
    let kept = kept.filter(is_current).unwrap_or_else(|| {
        let mut attributes = Vec::new();
        push_ends(&mut attributes, socket, None);
        let of_socket = OfSocket {
            knows_local,
            knows_peer,
            attributes,
        };
        socket.slots().insert(key, of_socket)
    });
    attributes.extend_from_slice(&kept.attributes);
}

fn push_ends(attributes: &mut Vec<KeyValue>, socket: &SocketHandle, peer: Option<&Address>) {
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
        // Shared by all that it is cloned into.
        attributes.push(KeyValue::new(address_key, Arc::<str>::from(host)));
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

/// The task that something is about, and its name where that is at hand.
pub(super) fn push_task(attributes: &mut Vec<KeyValue>, task: &TaskInfo, name: Option<Arc<str>>) {
    attributes.push(KeyValue::new(names::TASK_ID, signed(task.id().get())));
    let name = name.or_else(|| task.name().map(Arc::from));
    attributes.extend(name.map(|name| KeyValue::new(names::TASK_NAME, name)));
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
