//! Classifies connection errors, so that an operator can distinguish a wrong name, a firewall and a missing root.

use std::error::Error as StdError;
use std::io;

use rustls::CertificateError;
use rustls::pki_types::InvalidDnsNameError;
use thiserror::Error;

/// Why a connection failed. Like all fetch errors it contains no part of the request and no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ConnectionError {
    #[error("its host name was not found")]
    Name,
    /// No listener, a firewall, no route, or the connection was closed before the TLS handshake.
    #[error("it refused or closed the connection, or there is no route to it")]
    Refused,
    #[error(
        "its certificate chain does not end at a trusted root: CA_FILE lacks the root, or the server does not send an \
         intermediate certificate"
    )]
    UnknownRoot,
    #[error("its certificate is for another host name")]
    OtherName,
    #[error("its certificate has expired or is not valid yet")]
    OutOfTime,
    #[error("its certificate cannot be used")]
    Certificate,
    /// No common version or cipher, or the server does not use TLS.
    #[error("the TLS handshake failed: it supports no common TLS version, or no TLS")]
    Tls,
    #[error("the proxy of HTTPS_PROXY cannot be reached")]
    Proxy,
    #[error(
        "the proxy of HTTPS_PROXY does not connect to it: the user name or password is wrong, the proxy's rules forbid \
         it, or the proxy cannot reach it; NO_PROXY can name hosts to reach without the proxy"
    )]
    ProxyRefused,
}

impl ConnectionError {
    /// Classifies an error by its causes. An unknown error is [`Self::Refused`].
    pub(super) fn of(error: &(dyn StdError + 'static)) -> Self {
        if let Some(error) = error.downcast_ref::<rustls::Error>() {
            return Self::of_tls(error);
        }
        // The HTTP library does not publish the error type of proxy connections.
        if let Some(tunnel) = error.to_string().strip_prefix("tunnel error: ") {
            return match tunnel {
                "failed to create underlying connection" => Self::Proxy,
                _ => Self::ProxyRefused,
            };
        }
        // `io::Error::source` skips the error inside it and returns that error's source.
        let inside = error.downcast_ref().and_then(io::Error::get_ref);
        if let Some(inside) = inside {
            return Self::of(inside);
        }
        // The first error comes from TLS, for an invalid name. The second comes from the resolver, and the HTTP library
        // does not publish its type.
        if error.is::<InvalidDnsNameError>() || error.to_string() == "dns error" {
            return Self::Name;
        }
        error.source().map_or(Self::Refused, Self::of)
    }

    const fn of_tls(error: &rustls::Error) -> Self {
        let rustls::Error::InvalidCertificate(error) = error else {
            return Self::Tls;
        };
        match error {
            CertificateError::UnknownIssuer => Self::UnknownRoot,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::OtherName
            }
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Self::OutOfTime,
            _ => Self::Certificate,
        }
    }

    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Name => "dns",
            Self::Refused => "connect",
            Self::UnknownRoot | Self::OtherName | Self::OutOfTime | Self::Certificate => {
                "certificate"
            }
            Self::Tls => "tls",
            Self::Proxy | Self::ProxyRefused => "proxy",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_faults_of_a_certificate_are_distinguished() {
        for (error, expected) in [
            (
                CertificateError::UnknownIssuer,
                ConnectionError::UnknownRoot,
            ),
            (
                CertificateError::NotValidForName,
                ConnectionError::OtherName,
            ),
            (CertificateError::Expired, ConnectionError::OutOfTime),
            (CertificateError::NotValidYet, ConnectionError::OutOfTime),
            (CertificateError::BadSignature, ConnectionError::Certificate),
        ] {
            let error = io::Error::other(rustls::Error::InvalidCertificate(error));
            // The HTTP library wraps the error twice.
            assert_eq!(ConnectionError::of(&io::Error::other(error)), expected);
        }
        let alert = rustls::Error::AlertReceived(rustls::AlertDescription::ProtocolVersion);
        assert_eq!(
            ConnectionError::of(&io::Error::other(alert)),
            ConnectionError::Tls
        );
    }

    /// Imitates the HTTP library's error for a failure of the resolver. A test must not use a real resolver.
    #[derive(Debug, Error)]
    #[error("dns error")]
    struct Resolving(#[source] io::Error);

    #[test]
    fn a_host_name_without_an_address_is_a_name_fault() {
        let error = io::Error::other(Resolving(io::ErrorKind::NotFound.into()));
        assert_eq!(ConnectionError::of(&error), ConnectionError::Name);
        let error = io::Error::other(InvalidDnsNameError);
        assert_eq!(ConnectionError::of(&error), ConnectionError::Name);
    }

    #[test]
    fn an_unknown_error_is_a_refused_connection() {
        for error in [
            io::ErrorKind::ConnectionRefused.into(),
            io::Error::other("handshake eof"),
        ] {
            assert_eq!(ConnectionError::of(&error), ConnectionError::Refused);
        }
    }
}
