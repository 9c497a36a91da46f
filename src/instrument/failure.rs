//! How an operation failed.

use std::error::Error;
use std::fmt;
use std::io;

/// Why an operation had no success.
#[non_exhaustive]
#[derive(Debug, Clone, Copy)]
pub enum Failure<'a> {
    /// It failed.
    Error {
        /// What went wrong.
        error: &'a io::Error,
        /// The kind of failure, one of a closed list.
        error_type: ErrorType,
    },
    /// Its future was dropped before it ended.
    Cancelled,
}

impl<'a> Failure<'a> {
    /// A failure classified by what `error` says of itself.
    pub fn from_io(error: &'a io::Error) -> Self {
        Self::Error {
            error,
            error_type: ErrorType::from_io(error),
        }
    }
}

impl fmt::Display for Failure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error { error, .. } => error.fmt(f),
            Self::Cancelled => f.write_str("cancelled"),
        }
    }
}

/// Makes an enum whose values have a snake-case name, the value of `error.type`.
macro_rules! error_types {
    ($($variant:ident = $name:literal, $doc:literal;)*) => {
        /// The kinds of failure that telemetry tells apart: the closed list of `error.type`.
        ///
        /// Source: the OpenTelemetry semantic conventions' `error.type`, whose values for
        /// network operations are the names below.
        ///
        /// Both ends of a TLS handshake that fails have the same kind where TLS lets them know: a
        /// certificate is the peer's, or this side's where the peer has refused it by an alert. The
        /// error says which.
        #[non_exhaustive]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorType {
            $(#[doc = $doc] $variant,)*
        }

        impl ErrorType {
            /// Every kind of failure.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The value of `error.type`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

error_types! {
    AddressInUse = "address_in_use", "The local address is taken.";
    AddressNotAvailable = "address_not_available", "The local address is not this machine's.";
    BrokenPipe = "broken_pipe", "The peer reads no more.";
    ConnectionAborted = "connection_aborted", "The connection was given up on this side.";
    ConnectionRefused = "connection_refused", "Nobody listens there.";
    ConnectionReset = "connection_reset", "The peer tore the connection down.";
    HostUnreachable = "host_unreachable", "There is no way to the host.";
    MessageTooLong = "message_too_long", "The datagram is larger than the system sends.";
    NameResolution = "name_resolution_error", "The name could not be resolved.";
    HostNotFound = "host_not_found", "There is no such name.";
    InvalidInput = "invalid_input", "The operation's arguments make no sense.";
    NetworkUnreachable = "network_unreachable", "There is no way to the network.";
    NotConnected = "not_connected", "The socket is not connected.";
    OutOfMemory = "out_of_memory", "The kernel has no memory or buffers left.";
    PermissionDenied = "permission_denied", "The system forbids it.";
    TimedOut = "timed_out", "It took too long.";
    TooManyOpenFiles = "too_many_open_files", "The process or system has no descriptors left.";
    UnexpectedEof = "unexpected_eof", "The peer closed in the middle of something.";
    TlsAlert = "tls_alert_received", "The peer refused by a TLS alert that says no more.";
    TlsCertificateExpired = "tls_certificate_expired", "A certificate has expired.";
    TlsCertificateNotYetValid = "tls_certificate_not_yet_valid",
        "A certificate is not valid yet.";
    TlsCertificateRevoked = "tls_certificate_revoked", "A certificate was revoked.";
    TlsCertificateUnknownIssuer = "tls_certificate_unknown_issuer",
        "A certificate is not from a trusted authority.";
    TlsCertificateWrongName = "tls_certificate_wrong_name",
        "A certificate is for another name, or the server has none for the name.";
    TlsCertificateInvalid = "tls_certificate_invalid",
        "A certificate is refused for another reason.";
    TlsCertificateMissing = "tls_certificate_missing",
        "The client sent no certificate where one is required.";
    TlsProtocolVersion = "tls_protocol_version", "There is no TLS version that both sides speak.";
    TlsIncompatible = "tls_incompatible", "There are no TLS parameters that both sides accept.";
    TlsNoApplicationProtocol = "tls_no_application_protocol",
        "There is no application protocol (ALPN) that both sides speak.";
    TlsPlainHttp = "tls_plain_http", "The peer speaks HTTP without TLS.";
    TlsInvalidMessage = "tls_invalid_message",
        "Something arrived that is not TLS, or was changed on its way.";
    TlsTruncated = "tls_truncated", "The peer closed without TLS's close_notify.";
    Other = "_OTHER", "Anything else.";
}

impl ErrorType {
    /// The kind of failure that an I/O error tells of itself.
    ///
    /// Errors of this crate's sockets know more than their [`io::ErrorKind`], and this is where a
    /// program can tell them apart by: `ErrorType::from_io(&error) ==
    /// ErrorType::TlsCertificateExpired`.
    pub fn from_io(error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        if let Some(classified) = ClassifiedError::within(error) {
            return classified.error_type;
        }
        match error.kind() {
            Kind::AddrInUse => Self::AddressInUse,
            Kind::AddrNotAvailable => Self::AddressNotAvailable,
            Kind::BrokenPipe => Self::BrokenPipe,
            Kind::ConnectionAborted => Self::ConnectionAborted,
            Kind::ConnectionRefused => Self::ConnectionRefused,
            Kind::ConnectionReset => Self::ConnectionReset,
            Kind::HostUnreachable => Self::HostUnreachable,
            Kind::InvalidInput => Self::InvalidInput,
            Kind::NetworkUnreachable => Self::NetworkUnreachable,
            Kind::NotConnected => Self::NotConnected,
            Kind::OutOfMemory => Self::OutOfMemory,
            Kind::PermissionDenied => Self::PermissionDenied,
            Kind::TimedOut => Self::TimedOut,
            Kind::UnexpectedEof => Self::UnexpectedEof,
            _ => Self::from_errno(error.raw_os_error()),
        }
    }

    /// Errors that the standard library has no kind for.
    fn from_errno(errno: Option<i32>) -> Self {
        const ENFILE: i32 = 23;
        const EMFILE: i32 = 24;
        #[cfg(any(target_os = "linux", target_os = "android"))]
        const ENOBUFS: i32 = 105;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        const ENOBUFS: i32 = 55;
        #[cfg(any(target_os = "linux", target_os = "android"))]
        const EMSGSIZE: i32 = 90;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        const EMSGSIZE: i32 = 40;
        match errno {
            Some(EMSGSIZE) => Self::MessageTooLong,
            Some(ENFILE | EMFILE) => Self::TooManyOpenFiles,
            Some(ENOBUFS) => Self::OutOfMemory,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for ErrorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is wrapped in an [`io::Error`] whose kind of failure is known where it is made.
#[derive(Debug)]
pub(crate) struct ClassifiedError {
    error_type: ErrorType,
    message: String,
    source: Box<dyn Error + Send + Sync>,
}

impl ClassifiedError {
    /// An I/O error of this kind of failure, caused by `source`.
    pub(crate) fn io_error(
        error_type: ErrorType,
        kind: io::ErrorKind,
        message: String,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> io::Error {
        let classified = Self {
            error_type,
            message,
            source: source.into(),
        };
        io::Error::new(kind, classified)
    }

    fn within(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

impl fmt::Display for ClassifiedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for ClassifiedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_snake_case_and_distinct() {
        let mut names: Vec<_> = ErrorType::ALL.iter().map(|kind| kind.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ErrorType::ALL.len());
        assert!(names.iter().all(|name| {
            *name == "_OTHER"
                || name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        }));
    }

    #[test]
    fn errors_of_the_kernel_have_their_kind() {
        let kind = |errno| ErrorType::from_io(&io::Error::from_raw_os_error(errno));
        assert_eq!(kind(24), ErrorType::TooManyOpenFiles);
        assert_eq!(kind(90), ErrorType::MessageTooLong);
        assert_eq!(kind(111), ErrorType::ConnectionRefused);
        assert_eq!(kind(9999), ErrorType::Other);
    }

    #[test]
    fn a_classified_error_has_its_kind_message_and_source() {
        let source = io::Error::other("no route");
        let error = ClassifiedError::io_error(
            ErrorType::NameResolution,
            io::ErrorKind::NotFound,
            String::from("cannot resolve example.com"),
            source,
        );
        assert_eq!(ErrorType::from_io(&error), ErrorType::NameResolution);
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert_eq!(error.to_string(), "cannot resolve example.com");
        assert_eq!(error.source().unwrap().to_string(), "no route");
    }
}
