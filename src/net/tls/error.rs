//! The errors of TLS, as I/O errors that know their kind and say what to do.

use super::advice;
use super::error_type::error_type;
use super::first_bytes::FirstBytes;
use crate::instrument::{ClassifiedError, ErrorType};
use rustls::Error;
use std::io;
use std::time::Duration;

/// What rustls ended in.
pub(super) fn from_rustls(error: Error) -> io::Error {
    let error_type = error_type(&error);
    let message = match &error {
        Error::AlertReceived(_) => described(&error, advice::for_alert(error_type)),
        _ => described(&error, advice::for_own_finding(error_type)),
    };
    ClassifiedError::io_error(error_type, io::ErrorKind::InvalidData, message, error)
}

/// What rustls ended in before the handshake was complete.
pub(super) fn in_handshake(error: Error, first: &FirstBytes) -> io::Error {
    if !matches!(error, Error::InvalidMessage(_)) || !first.are_http() {
        return from_rustls(error);
    }
    let error_type = ErrorType::TlsPlainHttp;
    let message = match advice::for_own_finding(error_type) {
        Some(advice) => format!("the peer speaks HTTP without TLS: {advice}"),
        None => error.to_string(),
    };
    ClassifiedError::io_error(error_type, io::ErrorKind::InvalidData, message, error)
}

/// What rustls' reader or writer says, which may be what the connection has ended in.
pub(super) fn from_io(error: io::Error) -> io::Error {
    match error.downcast() {
        Ok(error) => from_rustls(error),
        Err(error) => error,
    }
}

/// The stream has ended, without the word that this is its end.
pub(super) fn truncated(error: io::Error) -> io::Error {
    ClassifiedError::io_error(
        ErrorType::TlsTruncated,
        io::ErrorKind::UnexpectedEof,
        String::from(
            "the peer closed the connection without TLS's close_notify: what it sent may be cut \
             off; a peer that means to end the stream has to close its TLS stream first",
        ),
        error,
    )
}

/// The peer has closed the connection before the handshake was complete.
pub(super) fn gone() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "the peer closed the connection in the middle of the TLS handshake: see its log",
    )
}

/// The handshake was not complete in time.
pub(super) fn too_slow(limit: Duration) -> io::Error {
    io::Error::new(
        io::ErrorKind::TimedOut,
        format!(
            "the TLS handshake was not complete after {limit:?}: the peer is silent or slow, or \
             does not speak TLS; handshake_timeout sets the limit"
        ),
    )
}

fn described(error: &Error, advice: Option<&str>) -> String {
    match advice {
        Some(advice) => format!("{error}: {advice}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::{AlertDescription, CertificateError};
    use std::error::Error as _;

    #[test]
    fn an_error_says_what_to_do_and_keeps_its_source() {
        let expired = Error::InvalidCertificate(CertificateError::Expired);
        let error = from_rustls(expired.clone());
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert_eq!(
            error.to_string(),
            "invalid peer certificate: Expired: the peer has to renew its certificate, or this \
             machine's clock is fast"
        );
        let source = error.source().unwrap().downcast_ref::<Error>();
        assert_eq!(source, Some(&expired));
    }

    #[test]
    fn who_is_to_act_depends_on_who_found_it() {
        let told = from_rustls(Error::AlertReceived(AlertDescription::CertificateExpired));
        assert_eq!(ErrorType::from_io(&told), ErrorType::TlsCertificateExpired);
        assert!(told.to_string().contains("this side's certificate"));
    }

    #[test]
    fn errors_of_the_system_stay_what_they_are() {
        let reset = from_io(io::ErrorKind::ConnectionReset.into());
        assert_eq!(ErrorType::from_io(&reset), ErrorType::ConnectionReset);
        let wrapped = io::Error::new(io::ErrorKind::InvalidData, Error::DecryptError);
        assert_eq!(
            ErrorType::from_io(&from_io(wrapped)),
            ErrorType::TlsInvalidMessage
        );
    }
}
