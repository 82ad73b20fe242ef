//! The reason why a server did not answer, with advice.

use authorizer::issuer::http_client::{ConnectionError, MAX_BODY_BYTES, TransportError};

use super::probe::{ChainEnd, MAX_WAIT, NoAnswer};

/// The finding, and advice for its cause.
pub(super) fn explain(failure: &NoAnswer) -> (String, String) {
    let (found, advice) = match failure.error {
        TransportError::Connect(fault) => return connect(failure, fault),
        TransportError::TimedOut => (
            format!("no complete answer within {} seconds", MAX_WAIT.as_secs()),
            "check the host name, the firewall and whether this network needs a proxy (HTTPS_PROXY)",
        ),
        TransportError::TooLarge => (
            format!("an answer of more than {MAX_BODY_BYTES} bytes"),
            "check the address: the answer is larger than expected",
        ),
        // An answer with another status is an answer, so the last variant does not occur here.
        TransportError::Broken | TransportError::Status(_) => (
            "the connection broke in the middle of an answer, or it was not HTTP".to_owned(),
            "check that an HTTP server answers at this host and port",
        ),
    };
    (found, advice.to_owned())
}

fn connect(failure: &NoAnswer, fault: ConnectionError) -> (String, String) {
    let certificate = failure.certificate.as_ref();
    let found = match (certificate, fault) {
        (Some(certificate), ConnectionError::OutOfTime) => format!(
            "{fault}: the certificate of `{}` is valid until {}",
            certificate.subject, certificate.not_after
        ),
        (Some(certificate), ConnectionError::UnknownRoot) => format!(
            "the chain of the certificate of `{}` ends at {}",
            certificate.subject, certificate.end
        ),
        (Some(certificate), _) => format!(
            "{fault}: the certificate is that of `{}`",
            certificate.subject
        ),
        (None, _) => fault.to_string(),
    };
    let advice = match fault {
        ConnectionError::Name => {
            "check the spelling of the domain, and that this machine's DNS resolves it".to_owned()
        }
        ConnectionError::Refused => {
            "check host and port; behind a firewall, check that this machine may reach it"
                .to_owned()
        }
        ConnectionError::UnknownRoot => unknown_root(certificate.map(|certificate| &certificate.end)),
        ConnectionError::OtherName => {
            "use the host name that the certificate has, or correct the certificate".to_owned()
        }
        ConnectionError::OutOfTime => {
            "renew the certificate, unless the clock of this machine is wrong".to_owned()
        }
        ConnectionError::Certificate => "replace the server's certificate".to_owned(),
        ConnectionError::Tls => {
            "let the server use TLS 1.2 or 1.3; a port for plain http causes the same error"
                .to_owned()
        }
        ConnectionError::Proxy => "check host and port of HTTPS_PROXY".to_owned(),
        ConnectionError::ProxyRefused => {
            "check user name and password in HTTPS_PROXY, and that the proxy allows this host; NO_PROXY names hosts to \
             reach without it"
                .to_owned()
        }
    };
    (found, advice)
}

fn unknown_root(end: Option<&ChainEnd>) -> String {
    match end {
        Some(ChainEnd::MissingIssuer(name)) => format!(
            "let the server send the intermediate certificate `{name}` with its own; if `{name}` is a private root, \
             give it with --ca-file, and to the authorizer with CA_FILE"
        ),
        Some(ChainEnd::UnknownRoot(name)) => format!(
            "if you trust `{name}` (a private CA, an inspecting proxy), give it with --ca-file, and to the authorizer \
             with CA_FILE"
        ),
        Some(ChainEnd::Trusted) | None => {
            "give the missing root with --ca-file, and to the authorizer with CA_FILE".to_owned()
        }
    }
}
