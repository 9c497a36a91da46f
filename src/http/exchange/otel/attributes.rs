//! What the conventions say of a request.

use crate::http::exchange::Ends;
use crate::instrument::Address;
use crate::otel::attributes::{host_of, push_peer};
use crate::otel::names;
use http::header::{HOST, USER_AGENT};
use http::uri::Authority;
use http::{HeaderMap, Method, Request, Uri, Version};
use opentelemetry::KeyValue;
use std::borrow::Cow;

/// Attributes of a span, and which of them are a metric's too.
#[derive(Default)]
pub(super) struct Attributes {
    pub(super) span: Vec<KeyValue>,
    pub(super) metric: Vec<KeyValue>,
}

impl Attributes {
    fn on_span(&mut self, attribute: KeyValue) {
        self.span.push(attribute);
    }

    fn on_both(&mut self, attribute: KeyValue) {
        self.metric.push(attribute.clone());
        self.span.push(attribute);
    }

    /// The method; one that is not in the list could be anything, and be one of any number.
    fn push_method(&mut self, method: &Method) {
        match known(method) {
            Some(method) => self.on_both(KeyValue::new(names::HTTP_REQUEST_METHOD, method)),
            None => {
                self.on_both(KeyValue::new(names::HTTP_REQUEST_METHOD, "_OTHER"));
                self.on_span(KeyValue::new(
                    names::HTTP_REQUEST_METHOD_ORIGINAL,
                    method.as_str().to_owned(),
                ));
            }
        }
    }

    /// What a server knows when a request has arrived.
    pub(super) fn of_server<B>(request: &Request<B>, ends: &Ends) -> Self {
        let mut this = Self::default();
        this.push_method(request.method());
        let scheme = if ends.secure { "https" } else { "http" };
        this.on_both(KeyValue::new(names::URL_SCHEME, scheme));
        let uri = request.uri();
        this.on_span(KeyValue::new(names::URL_PATH, uri.path().to_owned()));
        if let Some(query) = uri.query() {
            this.on_span(KeyValue::new(names::URL_QUERY, redacted(query)));
        }
        if let Some((host, port)) = asked_for(uri, request.headers()) {
            this.on_span(KeyValue::new(names::SERVER_ADDRESS, host));
            let local = ends.local.as_ref().and_then(Address::as_ip);
            let port = port.or(local.map(|local| local.port()));
            if let Some(port) = port {
                this.on_span(KeyValue::new(names::SERVER_PORT, i64::from(port)));
            }
        }
        if let Some(client) = host_of(&ends.peer) {
            this.on_span(KeyValue::new(names::CLIENT_ADDRESS, client));
        }
        push_peer(&mut this.span, Some(&ends.peer));
        if let Some(version) = version(request.version()) {
            this.on_both(KeyValue::new(names::NETWORK_PROTOCOL_VERSION, version));
        }
        let agent = request.headers().get(USER_AGENT);
        if let Some(agent) = agent.and_then(|agent| agent.to_str().ok()) {
            this.on_span(KeyValue::new(names::USER_AGENT_ORIGINAL, agent.to_owned()));
        }
        this
    }

    /// What a client knows before it sends a request.
    pub(super) fn of_client<B>(request: &Request<B>) -> Self {
        let mut this = Self::default();
        this.push_method(request.method());
        let uri = request.uri();
        this.on_span(KeyValue::new(names::URL_FULL, full(uri)));
        if let Some(host) = uri.host() {
            this.on_both(KeyValue::new(names::SERVER_ADDRESS, bare(host)));
        }
        let port = uri.port_u16().or_else(|| default_port(uri));
        if let Some(port) = port {
            this.on_both(KeyValue::new(names::SERVER_PORT, i64::from(port)));
        }
        this
    }
}

/// A method in the list of the conventions.
pub(super) fn known(method: &Method) -> Option<&'static str> {
    const KNOWN: [&str; 9] = [
        "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE",
    ];
    KNOWN.into_iter().find(|known| *known == method.as_str())
}

/// The version as the conventions write it.
pub(super) fn version(version: Version) -> Option<&'static str> {
    match version {
        Version::HTTP_10 => Some("1.0"),
        Version::HTTP_11 => Some("1.1"),
        Version::HTTP_2 => Some("2"),
        _ => None,
    }
}

/// The host, and the port if it is said, that a client wanted.
fn asked_for(uri: &Uri, headers: &HeaderMap) -> Option<(String, Option<u16>)> {
    let authority = match uri.authority() {
        Some(authority) => authority.clone(),
        None => Authority::try_from(headers.get(HOST)?.as_bytes()).ok()?,
    };
    Some((bare(authority.host()), authority.port_u16()))
}

/// A host without the brackets of an IPv6 address.
fn bare(host: &str) -> String {
    host.trim_matches(['[', ']']).to_owned()
}

fn default_port(uri: &Uri) -> Option<u16> {
    match uri.scheme_str()? {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// An address without what must not be shown.
fn full(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or("http");
    let authority = uri.authority().map_or("", Authority::as_str);
    let authority: Cow<'_, str> = match authority.rsplit_once('@') {
        Some((_, host)) => format!("REDACTED:REDACTED@{host}").into(),
        None => authority.into(),
    };
    let path = uri.path();
    match uri.query() {
        Some(query) => format!("{scheme}://{authority}{path}?{}", redacted(query)),
        None => format!("{scheme}://{authority}{path}"),
    }
}

/// A query without the signatures that the conventions name.
fn redacted(query: &str) -> String {
    const SECRET: [&str; 4] = ["AWSAccessKeyId", "Signature", "sig", "X-Goog-Signature"];
    let shown = query.split('&').map(|pair| match pair.split_once('=') {
        Some((key, _)) if SECRET.contains(&key) => format!("{key}=REDACTED").into(),
        _ => Cow::Borrowed(pair),
    });
    shown.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let uri = Uri::from_static("https://me:mine@example.org:8443/a?x=1&sig=abc&Signature=d");
        assert_eq!(
            full(&uri),
            "https://REDACTED:REDACTED@example.org:8443/a?x=1&sig=REDACTED&Signature=REDACTED"
        );
    }

    #[test]
    fn methods_that_are_not_in_the_list_are_one() {
        let mut request = Request::new(());
        *request.method_mut() = Method::from_bytes(b"BREW").unwrap();
        *request.uri_mut() = Uri::from_static("http://[::1]/pot");
        let attributes = Attributes::of_client(&request);
        let shown = attributes.metric.iter();
        let shown: Vec<_> = shown.map(|kv| format!("{}={}", kv.key, kv.value)).collect();
        assert_eq!(
            shown,
            [
                "http.request.method=_OTHER",
                "server.address=::1",
                "server.port=80"
            ]
        );
    }
}
