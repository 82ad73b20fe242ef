//! The cause of a rejected server certificate: the verifier's reason, and the chain that the server sent.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use authorizer::issuer::http_client::HttpClientError;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use x509_cert::Certificate;
use x509_cert::der::asn1::AnyRef;
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::name::Name;

/// Lets the usual verifier decide, and keeps rejected chains, so that the report can name the missing certificate.
#[derive(Debug)]
pub(super) struct RecordingVerifier {
    inner: Arc<WebPkiServerVerifier>,
    roots: Arc<RootCertStore>,
    rejected: Mutex<Option<RejectedCertificate>>,
}

impl RecordingVerifier {
    pub(super) fn new(
        roots: Arc<RootCertStore>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, HttpClientError> {
        let inner = WebPkiServerVerifier::builder_with_provider(Arc::clone(&roots), provider);
        Ok(Self {
            inner: inner.build().map_err(|_| HttpClientError::Tls)?,
            roots,
            rejected: Mutex::default(),
        })
    }

    /// Takes the details of the last rejected chain.
    pub(super) fn take_fault(&self) -> Option<RejectedCertificate> {
        let mut rejected = self.rejected.lock().unwrap_or_else(PoisonError::into_inner);
        rejected.take()
    }
}

impl ServerCertVerifier for RecordingVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.inner.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        if verified.is_err() {
            let chain = std::iter::once(end_entity).chain(intermediates);
            let mut rejected = self.rejected.lock().unwrap_or_else(PoisonError::into_inner);
            *rejected = RejectedCertificate::of(chain, &self.roots);
        }
        verified
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// The details of a rejected chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::commands) struct RejectedCertificate {
    /// The subject of the server's own certificate.
    pub(in crate::commands) subject: String,
    /// The end of its validity.
    pub(in crate::commands) not_after: String,
    /// The end of the chain that the server sent.
    pub(in crate::commands) end: ChainEnd,
}

/// The last certificate of the chain that begins with the server's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::commands) enum ChainEnd {
    /// It is signed by a trusted root, so the fault is not in the chain.
    Trusted,
    /// It is a root that is not trusted.
    UnknownRoot(String),
    /// Its issuer, which has this name, is neither sent nor a trusted root.
    MissingIssuer(String),
}

impl RejectedCertificate {
    fn of<'c>(
        chain: impl Iterator<Item = &'c CertificateDer<'c>>,
        roots: &RootCertStore,
    ) -> Option<Self> {
        let chain: Option<Vec<Certificate>> = chain
            .map(|certificate| Certificate::from_der(certificate).ok())
            .collect();
        let chain = chain?;
        let own = chain.first()?.tbs_certificate();
        Some(Self {
            subject: own.subject().to_string(),
            not_after: own.validity().not_after.to_string(),
            end: ChainEnd::of(&chain, roots)?,
        })
    }
}

impl ChainEnd {
    fn of(chain: &[Certificate], roots: &RootCertStore) -> Option<Self> {
        let mut last = chain.first()?.tbs_certificate();
        // Each step uses one certificate, so the loop ends.
        for _ in chain {
            let issuer = chain
                .iter()
                .map(Certificate::tbs_certificate)
                .find(|other| other.subject() == last.issuer());
            match issuer {
                Some(issuer) if issuer.subject() != last.subject() => last = issuer,
                Some(_) | None => break,
            }
        }
        let name = last.issuer().to_string();
        Some(if is_root(last.issuer(), roots) {
            Self::Trusted
        } else if last.issuer() == last.subject() {
            Self::UnknownRoot(name)
        } else {
            Self::MissingIssuer(name)
        })
    }
}

/// Whether a trusted root has this name. Of a root's name only the contents are kept.
fn is_root(name: &Name, roots: &RootCertStore) -> bool {
    let der = name.to_der().unwrap_or_default();
    let Ok(contents) = AnyRef::from_der(&der).map(|any| any.value().to_vec()) else {
        return false;
    };
    roots.roots.iter().any(|root| *root.subject == *contents)
}

impl fmt::Display for ChainEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trusted => f.write_str("a trusted root"),
            Self::UnknownRoot(name) => write!(f, "the root `{name}`, which is not trusted"),
            Self::MissingIssuer(name) => {
                write!(f, "`{name}`, which the server does not send")
            }
        }
    }
}
