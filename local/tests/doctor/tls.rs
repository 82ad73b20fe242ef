//! Certificates, right and wrong, and a server that presents them.

use std::io::Write as _;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};
use testkit::http::{ReceivedRequest, Reply};

/// The certificates that a server presents, and the root that signed them.
pub(crate) struct Chain {
    pub(crate) root_pem: String,
    certificates: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    Nothing,
    Expired,
    NoIntermediate,
    OtherName,
}

impl Chain {
    /// A chain for `localhost` of a root, an intermediate and the server's own certificate.
    pub(crate) fn new(wrong: Wrong) -> Self {
        let root = CertifiedIssuer::self_signed(authority("Test Root"), key()).unwrap();
        let intermediate =
            CertifiedIssuer::signed_by(authority("Test Intermediate"), key(), &root).unwrap();
        let name = if wrong == Wrong::OtherName {
            "other.example"
        } else {
            "localhost"
        };
        let mut own = CertificateParams::new(vec![name.to_owned()]).unwrap();
        own.distinguished_name.push(DnType::CommonName, name);
        if wrong == Wrong::Expired {
            own.not_before = date_time_ymd(2020, 1, 1);
            own.not_after = date_time_ymd(2021, 1, 1);
        }
        let own_key = key();
        let own = own.signed_by(&own_key, &intermediate).unwrap();
        let mut certificates = vec![own.der().clone()];
        if wrong != Wrong::NoIntermediate {
            certificates.push(intermediate.der().clone());
        }
        Self {
            root_pem: root.pem(),
            certificates,
            key: PrivateKeyDer::Pkcs8(own_key.serialize_der().into()),
        }
    }
}

fn key() -> KeyPair {
    KeyPair::generate().unwrap()
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// Serves requests over TLS on a free port, and returns the origin. A failed connection is not an error, because the peer
/// may reject the certificate.
pub(crate) fn serve_tls<A>(chain: &Chain, answer: impl FnOnce(&str) -> A) -> String
where
    A: Fn(&ReceivedRequest) -> Reply + Send + 'static,
{
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain.certificates.clone(), chain.key.clone_key())
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let origin = format!("https://localhost:{port}");
    let answer = answer(&origin);
    thread::spawn(move || {
        for mut socket in listener.incoming().flatten() {
            let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = Stream::new(&mut connection, &mut socket);
            if let Ok(request) = ReceivedRequest::read(&mut stream)
                && let Reply::Close(bytes) = answer(&request)
            {
                let _gone = stream.write_all(&bytes);
            }
        }
    });
    origin
}
