//! Why there is no connection, for whoever looks for a wrong name, a firewall or a missing root.

use std::error::Error as StdError;
use std::io;

use rustls::CertificateError;
use rustls::pki_types::InvalidDnsNameError;
use thiserror::Error;

/// Why there is no connection. Like all errors of a fetch it carries nothing of what was sent, and no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ConnectFault {
    /// The name of the host leads to no address.
    #[error("its host name was not found")]
    Name,
    /// Nobody listens, a firewall, no route, or an end before TLS was agreed on.
    #[error("refused, cut off, or no way to its host")]
    Refused,
    /// No chain of certificates from the server's to a root.
    #[error(
        "its certificate leads to no trusted root: CA_FILE lacks that root, or the server does not send an \
         intermediate certificate"
    )]
    UnknownRoot,
    /// A certificate that does not have the name in the address.
    #[error("its certificate is for another host name")]
    OtherName,
    /// A certificate out of its time.
    #[error("its certificate has expired or is not valid yet")]
    OutOfTime,
    /// Anything else about a certificate.
    #[error("its certificate cannot be used")]
    Certificate,
    /// No common version or cipher, or a server that does not speak TLS.
    #[error("no TLS with it: it speaks another version, or none")]
    Tls,
    /// No connection to the forward proxy.
    #[error("the proxy of HTTPS_PROXY cannot be reached")]
    Proxy,
    /// The forward proxy is reached and does not connect: other credentials, its rules, or an issuer that it cannot
    /// reach.
    #[error(
        "the proxy of HTTPS_PROXY does not connect to it: the user name or password is wrong, the proxy's rules forbid \
         it, or the proxy cannot reach it; NO_PROXY can name hosts to reach without the proxy"
    )]
    ProxyRefused,
}

impl ConnectFault {
    /// Finds out by the causes of an error. What says nothing that is known here counts as [`Self::Refused`].
    pub(super) fn of(error: &(dyn StdError + 'static)) -> Self {
        if let Some(error) = error.downcast_ref::<rustls::Error>() {
            return Self::of_tls(error);
        }
        // The library does not publish the type of errors between it and the proxy.
        if let Some(tunnel) = error.to_string().strip_prefix("tunnel error: ") {
            return match tunnel {
                "failed to create underlying connection" => Self::Proxy,
                _ => Self::ProxyRefused,
            };
        }
        // The source of an `io::Error` is that of the error inside it, which is passed over.
        let inside = error.downcast_ref().and_then(io::Error::get_ref);
        if let Some(inside) = inside {
            return Self::of(inside);
        }
        // The one by TLS, to which a host must be known by name. The other by the resolver; the HTTP library does not
        // publish its type.
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
    fn each_fault_of_a_certificate_is_told_apart() {
        for (error, expected) in [
            (CertificateError::UnknownIssuer, ConnectFault::UnknownRoot),
            (CertificateError::NotValidForName, ConnectFault::OtherName),
            (CertificateError::Expired, ConnectFault::OutOfTime),
            (CertificateError::NotValidYet, ConnectFault::OutOfTime),
            (CertificateError::BadSignature, ConnectFault::Certificate),
        ] {
            let error = io::Error::other(rustls::Error::InvalidCertificate(error));
            // As it comes from the HTTP library: twice wrapped.
            assert_eq!(ConnectFault::of(&io::Error::other(error)), expected);
        }
        let alert = rustls::Error::AlertReceived(rustls::AlertDescription::ProtocolVersion);
        assert_eq!(
            ConnectFault::of(&io::Error::other(alert)),
            ConnectFault::Tls
        );
    }

    /// As the HTTP library tells of it, around what the resolver said. Asking a real one is no business of a test.
    #[derive(Debug, Error)]
    #[error("dns error")]
    struct Resolving(#[source] io::Error);

    #[test]
    fn a_name_that_is_not_found() {
        let error = io::Error::other(Resolving(io::ErrorKind::NotFound.into()));
        assert_eq!(ConnectFault::of(&error), ConnectFault::Name);
        let error = io::Error::other(InvalidDnsNameError);
        assert_eq!(ConnectFault::of(&error), ConnectFault::Name);
    }

    #[test]
    fn what_says_nothing_is_a_connection_that_was_refused() {
        for error in [
            io::ErrorKind::ConnectionRefused.into(),
            io::Error::other("handshake eof"),
        ] {
            assert_eq!(ConnectFault::of(&error), ConnectFault::Refused);
        }
    }
}
