//! Key-bound tokens and their proofs (RFC 9449), and the events that carry them.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::{NOW, STAGE, Signer, changed, mint, token_with};
use testkit::signer::sha256;

pub(crate) const DOMAIN: &str = "api.example.com";

/// The URL of the request for which proofs are made by default.
pub(crate) const URL: &str = "https://api.example.com/prod/state/42";

/// A key of a client, and the algorithm with which it signs proofs.
#[derive(Clone, Copy)]
pub(crate) struct Prover {
    pub(crate) signer: &'static Signer,
    pub(crate) alg: &'static str,
}

impl Prover {
    /// The client's key.
    pub(crate) fn client() -> Self {
        Self {
            signer: Signer::p256(),
            alg: "ES256",
        }
    }

    /// The key of a thief.
    pub(crate) fn thief() -> Self {
        Self {
            signer: Signer::ed25519(),
            alg: "EdDSA",
        }
    }

    pub(crate) fn jwk(self) -> Value {
        self.signer.public_jwk()
    }

    pub(crate) fn thumbprint(self) -> String {
        self.signer.thumbprint()
    }

    /// A good token bound to the key.
    pub(crate) fn token(self) -> String {
        token_with(&json!({"cnf": {"jkt": self.thumbprint()}}))
    }

    pub(crate) fn header(self) -> Value {
        json!({"typ": "dpop+jwt", "alg": self.alg, "jwk": self.jwk()})
    }

    /// A good proof for `GET` of [`URL`] with this token. Each proof has its own `jti`.
    pub(crate) fn proof(self, token: &str) -> String {
        self.proof_with(token, &json!({}), &json!({}))
    }

    /// The same proof with changes to its header and its claims.
    pub(crate) fn proof_with(self, token: &str, header: &Value, claims: &Value) -> String {
        let header = changed(self.header(), header);
        mint(&header, &changed(proof_claims(token), claims), self.signer)
    }
}

pub(crate) fn proof_claims(token: &str) -> Value {
    static PROOFS: AtomicU64 = AtomicU64::new(0);
    let number = PROOFS.fetch_add(1, Ordering::Relaxed);
    json!({
        "jti": format!("proof-{number}"), "htm": "GET", "htu": URL, "iat": NOW, "ath": sha256(token),
    })
}

pub(crate) fn dpop_headers(token: &str, proof: &str) -> Value {
    json!({"Authorization": format!("DPoP {token}"), "DPoP": proof})
}

/// A REST REQUEST event of `GET` of [`URL`].
pub(crate) fn rest_event(headers: &Value) -> Value {
    rest_event_at("GET/state/42", "/prod/state/42", headers)
}

/// A REST REQUEST event of another method and path below the stage, with this full path.
pub(crate) fn rest_event_at(method_and_path: &str, path: &str, headers: &Value) -> Value {
    json!({
        "type": "REQUEST", "methodArn": format!("{STAGE}/{method_and_path}"), "headers": headers,
        "requestContext": {"domainName": DOMAIN, "path": path, "stage": "prod", "requestId": "g-1"},
    })
}

/// An HTTP API event, payload 2.0, of `GET` of [`URL`].
pub(crate) fn http_2_event(headers: &Value) -> Value {
    json!({
        "version": "2.0", "type": "REQUEST", "routeArn": format!("{STAGE}/GET/state/42"), "rawPath": "/prod/state/42",
        "headers": headers,
        "requestContext": {"domainName": DOMAIN, "http": {"method": "GET", "path": "/prod/state/42"}, "stage": "prod"},
    })
}
