//! Parses a proof and checks its claims.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::replay::ProofId;
use super::target::TargetUrl;
use crate::algorithm::Algorithm;
use crate::bearer::TokenDigest;
use crate::clock::Timestamp;
use crate::compact_jws::CompactJws;
use crate::issuer::jwks::{KeyRefusal, PublicKey, Thumbprint};
use crate::refusal::{MAX_PROOF_BYTES, MAX_PROOF_ID_BYTES, ProofRefusal};
use crate::times::{numeric_date, seconds};

/// The unverified value of a `DPoP` header. `Debug` never shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct UnverifiedProof(String);

impl UnverifiedProof {
    /// Takes the value of a request's only `DPoP` header. Fails if it is too long, or consists of several values: HTTP
    /// APIs join repeated headers with commas.
    pub fn from_header(value: &str) -> Result<Self, ProofRefusal> {
        let value = value.trim_matches([' ', '\t']);
        if value.contains(',') {
            return Err(ProofRefusal::Several);
        }
        if value.len() > MAX_PROOF_BYTES {
            return Err(ProofRefusal::TooLong { bytes: value.len() });
        }
        Ok(Self(value.to_owned()))
    }
}

impl fmt::Debug for UnverifiedProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnverifiedProof({} bytes)", self.0.len())
    }
}

/// A well-formed proof with an acceptable key. Its claims and signature have not been checked.
pub(super) struct ParsedProof<'p> {
    jws: CompactJws<'p>,
    algorithm: Algorithm,
    key: PublicKey,
    claims: Map<String, Value>,
}

impl<'p> ParsedProof<'p> {
    pub(super) fn parse(proof: &'p UnverifiedProof) -> Result<Self, ProofRefusal> {
        let jws = CompactJws::split(&proof.0)?;
        let mut header = jws.header()?;
        if header.get("typ").and_then(Value::as_str) != Some("dpop+jwt") {
            return Err(ProofRefusal::Type);
        }
        if header.contains_key("crit") {
            return Err(ProofRefusal::CriticalExtension);
        }
        let algorithm: Algorithm = header
            .get("alg")
            .and_then(Value::as_str)
            .and_then(|name| name.parse().ok())
            .ok_or(ProofRefusal::AlgorithmNotAllowed)?;
        let Some(Value::Object(jwk)) = header.remove("jwk") else {
            return Err(ProofRefusal::KeyMissing);
        };
        let unusable = |reason| ProofRefusal::Key { reason };
        let key = PublicKey::from_jwk(jwk).map_err(unusable)?;
        if !key.fits(algorithm) {
            return Err(unusable(KeyRefusal::DoesNotFitAlgorithm));
        }
        let claims = jws.payload()?;
        jws.check_signature_form()?;
        Ok(Self {
            jws,
            algorithm,
            key,
            claims,
        })
    }

    /// Checks `htm`. Methods are case-sensitive (RFC 9110, section 9.1).
    pub(super) fn check_method(&self, method: &str) -> Result<(), ProofRefusal> {
        if self.string("htm") == Some(method) {
            Ok(())
        } else {
            Err(ProofRefusal::Method)
        }
    }

    pub(super) fn check_url(&self, called: &[TargetUrl]) -> Result<(), ProofRefusal> {
        let htu = self.string("htu").ok_or(ProofRefusal::UrlMalformed)?;
        let htu = TargetUrl::parse(htu).map_err(|_| ProofRefusal::UrlMalformed)?;
        if called.contains(&htu) {
            Ok(())
        } else {
            Err(ProofRefusal::Url)
        }
    }

    /// Checks that the proof was made within `window` of `now`, in either direction, and returns the end of its
    /// validity.
    pub(super) fn check_time(
        &self,
        now: Timestamp,
        window: Duration,
    ) -> Result<Timestamp, ProofRefusal> {
        let issued_at = self.claims.get("iat").and_then(numeric_date);
        let issued_at = issued_at.ok_or(ProofRefusal::TimeMissing)?;
        // Rounding once, to whole milliseconds, makes the end of the window and the check agree exactly.
        let issued_at = Timestamp::from_millis(to_millis(issued_at));
        let (ago, ahead) = (now.since(issued_at), issued_at.since(now));
        if ago > window {
            return Err(ProofRefusal::Expired {
                seconds_ago: ago.as_secs(),
            });
        }
        if ahead > window {
            return Err(ProofRefusal::InFuture {
                seconds_ahead: ahead.as_secs(),
            });
        }
        Ok(issued_at.plus(window))
    }

    /// Checks `exp` and `nbf`, which are optional in a proof (RFC 7519, sections 4.1.4 and 4.1.5).
    pub(super) fn check_validity(
        &self,
        now: Timestamp,
        leeway: Duration,
    ) -> Result<(), ProofRefusal> {
        let (now, leeway) = (seconds(now), leeway.as_secs_f64());
        if self.time("exp")?.is_some_and(|exp| now >= exp + leeway) {
            return Err(ProofRefusal::PastExpiry);
        }
        if self.time("nbf")?.is_some_and(|nbf| nbf - now > leeway) {
            return Err(ProofRefusal::BeforeStart);
        }
        Ok(())
    }

    pub(super) fn check_token(&self, token: &TokenDigest) -> Result<(), ProofRefusal> {
        if self.string("ath") == Some(URL_SAFE_NO_PAD.encode(token).as_str()) {
            Ok(())
        } else {
            Err(ProofRefusal::Token)
        }
    }

    pub(super) fn check_key(&self, bound_to: Thumbprint) -> Result<(), ProofRefusal> {
        if self.key.thumbprint() == bound_to {
            Ok(())
        } else {
            Err(ProofRefusal::OtherKey)
        }
    }

    /// The digest of `jti`, which is stored instead of the id.
    pub(super) fn id(&self) -> Result<ProofId, ProofRefusal> {
        let jti = self.string("jti").filter(|jti| !jti.is_empty());
        let jti = jti.ok_or(ProofRefusal::IdMissing)?;
        if jti.len() > MAX_PROOF_ID_BYTES {
            return Err(ProofRefusal::IdTooLong { bytes: jti.len() });
        }
        let mut id = ProofId::default();
        id.copy_from_slice(digest(&SHA256, jti.as_bytes()).as_ref());
        Ok(id)
    }

    pub(super) fn check_signature(&self) -> Result<(), ProofRefusal> {
        let signing_input = self.jws.signing_input.as_bytes();
        self.key
            .verify(self.algorithm, signing_input, self.jws.signature)
            .map_err(|_| ProofRefusal::WrongSignature)
    }

    fn time(&self, claim: &str) -> Result<Option<f64>, ProofRefusal> {
        let time = self.claims.get(claim);
        time.map(|time| numeric_date(time).ok_or(ProofRefusal::TimeMalformed))
            .transpose()
    }

    fn string(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim)?.as_str()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast from a float saturates, and a saturated time is outside every window"
)]
fn to_millis(seconds: f64) -> u64 {
    (seconds * 1000.0).round() as u64
}
