//! What kind of failure a TLS handshake ended in.

use crate::instrument::ErrorType;
use futures_rustls::rustls::{CertificateError, Error, PeerIncompatible};
use std::io;

/// The kind of failure, from rustls' error where there is one in `error`.
pub(super) fn error_type(error: &io::Error) -> ErrorType {
    match error
        .get_ref()
        .and_then(|source| source.downcast_ref::<Error>())
    {
        Some(error) => rustls_error_type(error),
        None => ErrorType::from_io(error),
    }
}

fn rustls_error_type(error: &Error) -> ErrorType {
    match error {
        Error::InvalidCertificate(error) => certificate_error_type(error),
        Error::NoCertificatesPresented => ErrorType::TlsCertificateMissing,
        Error::AlertReceived(_) => ErrorType::TlsAlert,
        Error::NoApplicationProtocol => ErrorType::TlsNoApplicationProtocol,
        Error::PeerIncompatible(error) => incompatible_error_type(error),
        Error::InvalidMessage(_)
        | Error::InappropriateMessage { .. }
        | Error::InappropriateHandshakeMessage { .. }
        | Error::PeerMisbehaved(_)
        | Error::PeerSentOversizedRecord
        | Error::DecryptError => ErrorType::TlsInvalidMessage,
        _ => ErrorType::Other,
    }
}

fn certificate_error_type(error: &CertificateError) -> ErrorType {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ErrorType::TlsCertificateExpired
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ErrorType::TlsCertificateNotYetValid
        }
        CertificateError::Revoked => ErrorType::TlsCertificateRevoked,
        CertificateError::UnknownIssuer => ErrorType::TlsCertificateUnknownIssuer,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            ErrorType::TlsCertificateWrongName
        }
        _ => ErrorType::TlsCertificateInvalid,
    }
}

fn incompatible_error_type(error: &PeerIncompatible) -> ErrorType {
    match error {
        PeerIncompatible::ServerDoesNotSupportTls12Or13
        | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
        | PeerIncompatible::SupportedVersionsExtensionRequired
        | PeerIncompatible::Tls12NotOffered
        | PeerIncompatible::Tls12NotOfferedOrEnabled
        | PeerIncompatible::Tls13RequiredForQuic => ErrorType::TlsProtocolVersion,
        _ => ErrorType::TlsIncompatible,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_rustls::rustls::InvalidMessage;

    #[test]
    fn rustls_errors_are_told_apart_within_io_errors() {
        let kind = |error: Error| error_type(&io::Error::new(io::ErrorKind::InvalidData, error));
        assert_eq!(
            kind(Error::InvalidCertificate(CertificateError::Expired)),
            ErrorType::TlsCertificateExpired
        );
        assert_eq!(
            kind(Error::InvalidMessage(InvalidMessage::InvalidContentType)),
            ErrorType::TlsInvalidMessage
        );
        assert_eq!(
            error_type(&io::ErrorKind::UnexpectedEof.into()),
            ErrorType::UnexpectedEof
        );
    }
}
