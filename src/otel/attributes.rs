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
struct Ends {
    peer: Option<End>,
    local: Option<End>,
}

/// An address as attributes have it; its text is shared by all spans.
struct End {
    host: Option<Arc<str>>,
    port: Option<u16>,
}

/// The two ends of a socket; `peer` where the socket itself does not know it.
pub(crate) fn push_socket(
    attributes: &mut Vec<KeyValue>,
    key: SlotKey,
    socket: &SocketHandle,
    peer: Option<&Address>,
) {
    let (known_peer, local) = (socket.peer_address(), socket.local_address());
    let kept = socket.slots().get::<Ends>(key);
    // A socket learns its addresses while it connects.
    let is_current = |ends: &Rc<Ends>| {
        ends.peer.is_some() == known_peer.is_some() && ends.local.is_some() == local.is_some()
    };
    let ends = kept.filter(is_current).unwrap_or_else(|| {
        let ends = Ends {
            peer: known_peer.map(End::of),
            local: local.map(End::of),
        };
        socket.slots().insert(key, ends)
    });
    match &ends.peer {
        Some(peer) => peer.push(attributes, PEER),
        None => push_peer(attributes, peer),
    }
    if let Some(local) = &ends.local {
        local.push(attributes, LOCAL);
    }
    let transport = socket.transport().as_str();
    attributes.push(KeyValue::new(names::NETWORK_TRANSPORT, transport));
    let ip = known_peer.or(peer).or(local).and_then(Address::as_ip);
    if let Some(ip) = ip {
        let version = if ip.is_ipv4() { "ipv4" } else { "ipv6" };
        attributes.push(KeyValue::new(names::NETWORK_TYPE, version));
    }
}

/// The keys of an address and its port.
type Keys = (&'static str, &'static str);

const PEER: Keys = (names::NETWORK_PEER_ADDRESS, names::NETWORK_PEER_PORT);
const LOCAL: Keys = (names::NETWORK_LOCAL_ADDRESS, names::NETWORK_LOCAL_PORT);

impl End {
    fn of(address: &Address) -> Self {
        Self {
            host: host_of(address).map(Arc::from),
            port: address.as_ip().map(|ip| ip.port()),
        }
    }

    /// The IP address or path, and the port where there is one.
    fn push(&self, attributes: &mut Vec<KeyValue>, (address, port): Keys) {
        let host = self.host.clone();
        attributes.extend(host.map(|host| KeyValue::new(address, host)));
        attributes.extend(self.port.map(|it| KeyValue::new(port, i64::from(it))));
    }
}

/// The other end of a socket.
pub(crate) fn push_peer(attributes: &mut Vec<KeyValue>, peer: Option<&Address>) {
    if let Some(peer) = peer {
        push_address(attributes, PEER, peer);
    }
}

/// An address under a pair of keys.
pub(super) fn push_address(attributes: &mut Vec<KeyValue>, keys: Keys, address: &Address) {
    End::of(address).push(attributes, keys);
}

/// An address without its port: the IP address or path, where there is one.
pub(crate) fn host_of(address: &Address) -> Option<String> {
    match address {
        Address::Ip(address) => Some(address.ip().to_string()),
        Address::Unix(path) => Some(path.as_ref()?.display().to_string()),
    }
}

/// The task that something is about, and its name where that is at hand.
pub(crate) fn push_task(attributes: &mut Vec<KeyValue>, task: &TaskInfo, name: Option<Arc<str>>) {
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
