//! What may be given as an address.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// Where to connect to: an address, one of several, or a name to resolve.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// An address.
    Address(SocketAddr),
    /// The first of these addresses that answers.
    Addresses(Vec<SocketAddr>),
    /// A host's name and a port.
    Name {
        /// The name.
        host: String,
        /// The port.
        port: u16,
    },
}

/// What may be given as an address: socket addresses, several of them, pairs of host and port, and
/// text such as `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`.
pub trait ToTarget {
    /// Reads the address.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidInput`] where it is none.
    fn to_target(&self) -> io::Result<Target>;
}

macro_rules! addresses {
    ($($type:ty),*) => {
        $(impl ToTarget for $type {
            fn to_target(&self) -> io::Result<Target> {
                Ok(Target::Address((*self).into()))
            }
        })*
    };
}

addresses!(
    SocketAddr,
    SocketAddrV4,
    SocketAddrV6,
    (IpAddr, u16),
    (Ipv4Addr, u16),
    (Ipv6Addr, u16)
);

impl ToTarget for [SocketAddr] {
    fn to_target(&self) -> io::Result<Target> {
        match self {
            [] => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "there is no address in an empty list",
            )),
            [address] => Ok(Target::Address(*address)),
            several => Ok(Target::Addresses(several.into())),
        }
    }
}

impl ToTarget for Vec<SocketAddr> {
    fn to_target(&self) -> io::Result<Target> {
        self.as_slice().to_target()
    }
}

impl<const N: usize> ToTarget for [SocketAddr; N] {
    fn to_target(&self) -> io::Result<Target> {
        self.as_slice().to_target()
    }
}

impl ToTarget for (&str, u16) {
    fn to_target(&self) -> io::Result<Target> {
        let (host, port) = *self;
        Ok(match host.parse::<IpAddr>() {
            Ok(ip) => Target::Address((ip, port).into()),
            Err(_) => Target::Name {
                host: host.into(),
                port,
            },
        })
    }
}

impl ToTarget for str {
    fn to_target(&self) -> io::Result<Target> {
        if let Ok(address) = self.parse() {
            return Ok(Target::Address(address));
        }
        let parts = self
            .rsplit_once(':')
            .and_then(|(host, port)| Some((host, port.parse().ok()?)));
        match parts {
            // Whatever still has a colon is an IPv6 address without its brackets.
            Some((host, port)) if !host.is_empty() && !host.contains(':') => Ok(Target::Name {
                host: host.into(),
                port,
            }),
            _ => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "{self:?} is no address: expected HOST:PORT, such as localhost:8080, \
                     127.0.0.1:8080 or [::1]:8080"
                ),
            )),
        }
    }
}

impl ToTarget for String {
    fn to_target(&self) -> io::Result<Target> {
        self.as_str().to_target()
    }
}

impl<T: ToTarget + ?Sized> ToTarget for &T {
    fn to_target(&self) -> io::Result<Target> {
        (**self).to_target()
    }
}

/// The address to bind a socket to: no name, and not several. `what` says what it is bound for.
pub(super) fn bind_address(address: &impl ToTarget, what: &str) -> io::Result<SocketAddr> {
    let problem = match address.to_target()? {
        Target::Address(address) => return Ok(address),
        Target::Addresses(several) => {
            let count = several.len();
            format!("cannot {what} {count} addresses by one socket: bind one for each")
        }
        Target::Name { host, port } => format!(
            "cannot {what} {host}:{port}: expected an IP address, such as 127.0.0.1:{port}, or \
             [::]:{port} for all addresses"
        ),
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_as_address_or_name() {
        let address = |text: &str| Target::Address(text.parse().unwrap());
        let name = |host: &str, port| Target::Name {
            host: host.into(),
            port,
        };
        assert_eq!("127.0.0.1:80".to_target().unwrap(), address("127.0.0.1:80"));
        assert_eq!("[::1]:80".to_target().unwrap(), address("[::1]:80"));
        assert_eq!("localhost:80".to_target().unwrap(), name("localhost", 80));
        assert_eq!(("::1", 80).to_target().unwrap(), address("[::1]:80"));
        assert_eq!(
            ("example.org", 80).to_target().unwrap(),
            name("example.org", 80)
        );
    }

    #[test]
    fn what_is_no_address_says_what_would_be() {
        for text in [
            "",
            "localhost",
            ":80",
            "localhost:http",
            "localhost:70000",
            "::1:80",
        ] {
            let error = text.to_target().unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{text}");
            assert!(error.to_string().contains("expected HOST:PORT"), "{error}");
        }
        let refused = |error: io::Error, words: &str| {
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            assert!(error.to_string().contains(words), "{error}");
        };
        refused(
            bind_address(&"localhost:80", "listen on").unwrap_err(),
            "expected an IP address",
        );
        let two = vec![SocketAddr::from(([127, 0, 0, 1], 80)); 2];
        refused(
            bind_address(&two, "listen on").unwrap_err(),
            "bind one for each",
        );
        let none: &[SocketAddr] = &[];
        refused(none.to_target().unwrap_err(), "empty list");
    }
}
