//! Which server a request is for.

use crate::http::Error;
use http::Uri;
use http::uri::Scheme;

/// A scheme, a host and a port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Origin {
    pub(super) is_secure: bool,
    /// In lower case; without brackets where it is an IPv6 address.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Origin {
    pub(super) fn of(uri: &Uri) -> Result<Self, Error> {
        let invalid = |why: &str| Err(Error::InvalidRequest(format!("{uri}: {why}")));
        let (is_secure, default_port) = match uri.scheme_str() {
            Some("http") => (false, 80),
            Some("https") => (true, 443),
            _ => return invalid("the scheme is neither http nor https"),
        };
        let host = uri.host().unwrap_or_default();
        if host.is_empty() {
            return invalid("there is no host");
        }
        Ok(Self {
            is_secure,
            host: host.trim_matches(['[', ']']).to_ascii_lowercase(),
            port: uri.port_u16().unwrap_or(default_port),
        })
    }

    /// `host`, or `host:port` where the port is not the scheme's own.
    pub(super) fn authority(&self) -> String {
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        match (self.is_secure, self.port) {
            (false, 80) | (true, 443) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }

    /// The address with scheme and host, without user and password.
    pub(super) fn absolute(&self, uri: &Uri) -> Result<Uri, Error> {
        let scheme = if self.is_secure {
            Scheme::HTTPS
        } else {
            Scheme::HTTP
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let uri = Uri::builder()
            .scheme(scheme)
            .authority(self.authority())
            .path_and_query(path);
        uri.build()
            .map_err(|error| Error::InvalidRequest(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(uri: &'static str) -> Result<Origin, Error> {
        Origin::of(&Uri::from_static(uri))
    }

    #[test]
    fn the_scheme_tells_the_port() {
        assert_eq!(
            origin("http://Example.org/x").unwrap().authority(),
            "example.org"
        );
        assert_eq!(origin("https://a.b:443/").unwrap().authority(), "a.b");
        let ipv6 = origin("https://u:p@[::1]:8443/a?b").unwrap();
        assert_eq!(
            (ipv6.host.as_str(), ipv6.authority().as_str()),
            ("::1", "[::1]:8443")
        );
        let absolute = ipv6.absolute(&Uri::from_static("https://u:p@[::1]:8443/a?b"));
        assert_eq!(absolute.unwrap(), "https://[::1]:8443/a?b");
    }

    #[test]
    fn what_has_no_server_is_refused() {
        for uri in ["/path", "ftp://example.org/", "example.org:80"] {
            assert!(
                matches!(origin(uri), Err(Error::InvalidRequest(_))),
                "{uri}"
            );
        }
    }
}
