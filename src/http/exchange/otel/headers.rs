//! Headers as what propagators read and write.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::propagation::{Extractor, Injector};
use std::collections::HashMap;

/// Where a propagator writes to.
pub(super) struct Outgoing<'a>(pub(super) &'a mut HeaderMap);

impl Injector for Outgoing<'_> {
    fn set(&mut self, key: &str, value: String) {
        let name = HeaderName::from_bytes(key.as_bytes());
        // An empty `tracestate` is left out.
        if let (Ok(name), Ok(value), false) =
            (name, HeaderValue::from_str(&value), value.is_empty())
        {
            self.0.insert(name, value);
        }
    }
}

/// What a propagator reads from.
pub(super) struct Incoming<'a> {
    headers: &'a HeaderMap,
    /// The values of those that are there more than once, which counts as a list.
    joined: HashMap<&'a str, String>,
}

impl<'a> Incoming<'a> {
    pub(super) fn new(headers: &'a HeaderMap) -> Self {
        let mut joined = HashMap::new();
        for name in ["tracestate", "baggage"] {
            let values: Vec<_> = headers.get_all(name).iter().collect();
            if values.len() > 1 {
                let values: Vec<_> = values.iter().filter_map(|v| v.to_str().ok()).collect();
                joined.insert(name, values.join(","));
            }
        }
        Self { headers, joined }
    }
}

impl Extractor for Incoming<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match self.joined.get(key) {
            Some(joined) => Some(joined),
            None => self.headers.get(key)?.to_str().ok(),
        }
    }

    fn keys(&self) -> Vec<&str> {
        self.headers.keys().map(HeaderName::as_str).collect()
    }
}
