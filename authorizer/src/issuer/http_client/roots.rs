//! The root certificates that the client trusts.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::HttpClientError;

/// Mozilla's roots, which are compiled in, and those in `extra_pem`. Fails if `extra_pem` has no certificate, or a
/// malformed one.
pub fn trusted_roots(extra_pem: Option<&[u8]>) -> Result<RootCertStore, HttpClientError> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    if let Some(pem) = extra_pem {
        add_roots(&mut roots, pem)?;
    }
    Ok(roots)
}

fn add_roots(roots: &mut RootCertStore, pem: &[u8]) -> Result<(), HttpClientError> {
    let mut count = 0;
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| HttpClientError::NoCertificate)?;
        roots
            .add(certificate)
            .map_err(|_| HttpClientError::NotACertificate)?;
        count += 1;
    }
    if count == 0 {
        Err(HttpClientError::NoCertificate)
    } else {
        Ok(())
    }
}
