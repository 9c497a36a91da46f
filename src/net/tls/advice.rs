//! What somebody can do about a failure, for the message of its error.

use crate::instrument::ErrorType;

/// What to do where this side has found something wrong.
pub(super) fn for_own_finding(error_type: ErrorType) -> Option<&'static str> {
    Some(match error_type {
        ErrorType::TlsCertificateExpired => {
            "the peer has to renew its certificate, or this machine's clock is fast"
        }
        ErrorType::TlsCertificateNotYetValid => {
            "the peer's certificate is for later, or this machine's clock is slow"
        }
        ErrorType::TlsCertificateRevoked => "the peer needs a new certificate",
        ErrorType::TlsCertificateUnknownIssuer => {
            "have the configuration trust the root of the issuer, or the peer send its \
             intermediate certificates"
        }
        ErrorType::TlsCertificateWrongName => {
            "the name that the client connects by has to be in the server's certificate"
        }
        ErrorType::TlsCertificateMissing => {
            "the client has to send a certificate, or the server's configuration not to require one"
        }
        other => return for_both(other),
    })
}

/// What to do where the peer has said by an alert that something is wrong with this side.
pub(super) fn for_alert(error_type: ErrorType) -> Option<&'static str> {
    Some(match error_type {
        ErrorType::TlsCertificateExpired => {
            "for the peer, this side's certificate has expired or is not valid yet: renew it, or \
             set the peer's clock"
        }
        ErrorType::TlsCertificateRevoked => "this side needs a new certificate",
        ErrorType::TlsCertificateUnknownIssuer => {
            "the peer does not trust this side's certificate: have the configuration send the \
             intermediate certificates, or the peer trust their root"
        }
        ErrorType::TlsCertificateWrongName => {
            "the server has no certificate for the name that the client asked for"
        }
        ErrorType::TlsCertificateInvalid => {
            "the peer refuses this side's certificate: see that it has the name that the client \
             connects by and is meant for this use"
        }
        ErrorType::TlsCertificateMissing => "the peer requires a client certificate: configure one",
        other => return for_both(other),
    })
}

fn for_both(error_type: ErrorType) -> Option<&'static str> {
    Some(match error_type {
        ErrorType::TlsProtocolVersion => "enable a version of TLS that both sides speak",
        ErrorType::TlsIncompatible => {
            "enable cipher suites, key exchange groups and signature schemes of both sides"
        }
        ErrorType::TlsNoApplicationProtocol => {
            "configure an application protocol (ALPN) that both sides speak"
        }
        ErrorType::TlsInvalidMessage => {
            "the peer does not speak TLS here, or something between has changed what was sent"
        }
        ErrorType::TlsPlainHttp => {
            "a client that sends plain HTTP has to use https://, and a client of TLS another port"
        }
        _ => return None,
    })
}
