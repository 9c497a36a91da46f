//! Which kind of failure an error of rustls is.

use crate::instrument::ErrorType;
use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible};

pub(super) fn error_type(error: &Error) -> ErrorType {
    match error {
        Error::InvalidCertificate(error) => of_certificate(error),
        Error::NoCertificatesPresented => ErrorType::TlsCertificateMissing,
        Error::AlertReceived(alert) => of_alert(*alert),
        Error::NoApplicationProtocol => ErrorType::TlsNoApplicationProtocol,
        Error::PeerIncompatible(error) => of_incompatibility(error),
        Error::InvalidMessage(_)
        | Error::InappropriateMessage { .. }
        | Error::InappropriateHandshakeMessage { .. }
        | Error::PeerMisbehaved(_)
        | Error::PeerSentOversizedRecord
        | Error::DecryptError => ErrorType::TlsInvalidMessage,
        // rustls has no kind for it: the server's configuration has no certificate for the name.
        Error::General(text) if text == NO_CERTIFICATE => ErrorType::TlsCertificateWrongName,
        _ => ErrorType::Other,
    }
}

const NO_CERTIFICATE: &str = "no server certificate chain resolved";

fn of_certificate(error: &CertificateError) -> ErrorType {
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

fn of_incompatibility(error: &PeerIncompatible) -> ErrorType {
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

/// What the peer found wrong: the same kind as it has itself, as far as alerts tell.
fn of_alert(alert: AlertDescription) -> ErrorType {
    use AlertDescription as Alert;
    match alert {
        // Of one that is not valid yet as well.
        Alert::CertificateExpired => ErrorType::TlsCertificateExpired,
        Alert::CertificateRevoked => ErrorType::TlsCertificateRevoked,
        Alert::UnknownCA => ErrorType::TlsCertificateUnknownIssuer,
        Alert::UnrecognisedName => ErrorType::TlsCertificateWrongName,
        // Of a wrong name as well.
        Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateUnknown
        | Alert::CertificateUnobtainable
        | Alert::BadCertificateStatusResponse
        | Alert::BadCertificateHashValue => ErrorType::TlsCertificateInvalid,
        Alert::CertificateRequired | Alert::NoCertificate => ErrorType::TlsCertificateMissing,
        Alert::ProtocolVersion | Alert::InappropriateFallback => ErrorType::TlsProtocolVersion,
        Alert::HandshakeFailure
        | Alert::InsufficientSecurity
        | Alert::ExportRestriction
        | Alert::MissingExtension
        | Alert::UnsupportedExtension => ErrorType::TlsIncompatible,
        Alert::NoApplicationProtocol => ErrorType::TlsNoApplicationProtocol,
        Alert::UnexpectedMessage
        | Alert::BadRecordMac
        | Alert::DecryptionFailed
        | Alert::RecordOverflow
        | Alert::DecompressionFailure
        | Alert::IllegalParameter
        | Alert::DecodeError
        | Alert::DecryptError => ErrorType::TlsInvalidMessage,
        _ => ErrorType::TlsAlert,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::InvalidMessage;

    #[test]
    fn both_ends_call_a_failure_the_same() {
        // What rustls finds, and the alert by which it tells the peer.
        let pairs = [
            (
                Error::InvalidCertificate(CertificateError::Expired),
                AlertDescription::CertificateExpired,
            ),
            (
                Error::InvalidCertificate(CertificateError::Revoked),
                AlertDescription::CertificateRevoked,
            ),
            (
                Error::InvalidCertificate(CertificateError::UnknownIssuer),
                AlertDescription::UnknownCA,
            ),
            (
                Error::InvalidCertificate(CertificateError::BadEncoding),
                AlertDescription::BadCertificate,
            ),
            (
                Error::NoCertificatesPresented,
                AlertDescription::CertificateRequired,
            ),
            (
                Error::PeerIncompatible(PeerIncompatible::Tls12NotOffered),
                AlertDescription::ProtocolVersion,
            ),
            (
                Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon),
                AlertDescription::HandshakeFailure,
            ),
            (
                Error::NoApplicationProtocol,
                AlertDescription::NoApplicationProtocol,
            ),
            (
                Error::InvalidMessage(InvalidMessage::InvalidContentType),
                AlertDescription::DecodeError,
            ),
            (Error::DecryptError, AlertDescription::BadRecordMac),
            (
                Error::PeerSentOversizedRecord,
                AlertDescription::RecordOverflow,
            ),
        ];
        for (error, alert) in pairs {
            assert_eq!(error_type(&error), of_alert(alert), "{error:?}");
            assert_ne!(error_type(&error), ErrorType::Other, "{error:?}");
        }
    }

    #[test]
    fn an_alert_that_tells_no_reason_is_an_alert() {
        for alert in [
            AlertDescription::InternalError,
            AlertDescription::AccessDenied,
            AlertDescription::from(200),
        ] {
            assert_eq!(of_alert(alert), ErrorType::TlsAlert);
        }
    }
}
