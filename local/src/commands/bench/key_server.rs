//! An issuer for measurements: one RSA key, its JWK Set over http and https, and tokens signed with it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use axum::serve::Listener;
use lambda_support::clock::{Clock as _, SystemClock};
use rustls::pki_types::PrivateKeyDer;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::{BenchError, listen};
use crate::commands::signing_key::SigningKey;

pub(super) const AUDIENCE: &str = "api://default";

/// An access token as Okta issues it; `number` makes it distinct.
pub(super) fn token(key: &SigningKey, issuer: &str, number: usize) -> Result<String, BenchError> {
    let now = SystemClock.now().as_secs();
    let claims = json!({
        "ver": 1, "jti": format!("AT.{number:032}"), "iss": issuer, "aud": AUDIENCE,
        "iat": now, "exp": now + 3600, "cid": "0oa1bench", "uid": "00u1bench",
        "scp": ["openid", "profile", "state:read", "state:write"], "auth_time": now,
        "sub": "bench@example.com", "groups": ["Everyone", "Engineering", "Support"],
    });
    key.token(&claims).map_err(|_| BenchError::Key)
}

/// Serves the JWK Set at `/keys` on a free port.
pub(super) async fn serve(key: &SigningKey) -> Result<SocketAddr, BenchError> {
    let (listener, address) = listen().await?;
    let router = router(key);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

/// Serves the JWK Set at `/keys` on a free port over TLS, and returns the certificate to trust, in PEM.
pub(super) async fn serve_tls(key: &SigningKey) -> Result<(SocketAddr, String), BenchError> {
    let failed = |cause: &dyn std::fmt::Display| BenchError::Tls(cause.to_string());
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()])
        .map_err(|cause| failed(&cause))?;
    let private =
        PrivateKeyDer::try_from(own.signing_key.serialize_der()).map_err(|cause| failed(&cause))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let settings = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|settings| {
            settings
                .with_no_client_auth()
                .with_single_cert(vec![own.cert.der().clone()], private)
        })
        .map_err(|cause| failed(&cause))?;
    let (listener, address) = listen().await?;
    let listener = TlsListener {
        listener,
        acceptor: TlsAcceptor::from(Arc::new(settings)),
    };
    let router = router(key);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok((address, own.cert.pem()))
}

fn router(key: &SigningKey) -> Router {
    let set = key.jwk_set().to_string();
    let headers = [
        ("content-type", "application/json"),
        ("cache-control", "max-age=3600"),
    ];
    Router::new().route("/keys", get(move || async move { (headers, set) }))
}

struct TlsListener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            // A client that aborts the handshake is ignored; the next one is served. Without Nagle's delay, as issuers
            // send: otherwise the response waits 40 ms until the client acknowledges the last message of the handshake.
            if let Ok((stream, address)) = self.listener.accept().await
                && let Ok(()) = stream.set_nodelay(true)
                && let Ok(stream) = self.acceptor.accept(stream).await
            {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}
