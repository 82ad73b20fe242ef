//! A public key that verifies signatures.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use thiserror::Error;

use super::parsed_key::{self, ParsedKey};
use crate::algorithm::Algorithm;
use crate::key_id::KeyId;
use crate::refusal::KeyRefusal;

/// A public key of a key set that has passed every check at load time.
///
/// It is only constructed by parsing a key set. So it is asymmetric, has an allowed size, is for signatures, and has a
/// type and curve that [`Algorithm`] supports. An unusable key causes one log line at load time, not one 401 per request.
pub struct VerificationKey {
    kid: KeyId,
    key: PublicKey,
    /// Keeps the parsed key alive, so that it is parsed once and not for each token.
    _parsed: Arc<ParsedKey>,
}

/// The SHA-256 thumbprint of RFC 7638. Keys with the same thumbprint are the same key.
pub type Thumbprint = [u8; 32];

/// The public key of a JWK, without its id. It is asymmetric, has an allowed size, and has a type and curve that
/// [`Algorithm`] supports.
pub(crate) struct PublicKey {
    kind: KeyKind,
    /// The only algorithm that the JWK allows, if it has `alg` (RFC 7517, section 4.4).
    alg: Option<Algorithm>,
    thumbprint: Thumbprint,
    key: DecodingKey,
}

/// The kinds of keys. An RSA key verifies PKCS #1 and PSS signatures; each curve belongs to one algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyKind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

impl KeyKind {
    pub(super) const fn of(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::RS256
            | Algorithm::RS384
            | Algorithm::RS512
            | Algorithm::PS256
            | Algorithm::PS384
            | Algorithm::PS512 => Self::Rsa,
            Algorithm::ES256 => Self::P256,
            Algorithm::ES384 => Self::P384,
            Algorithm::EdDSA => Self::Ed25519,
        }
    }
}

/// The signature was not made with this key over this input, or is not base64url without padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the signature was not made with the key that it names")]
pub struct SignatureError;

impl VerificationKey {
    pub(super) fn new(kid: KeyId, key: PublicKey) -> Self {
        let _parsed = ParsedKey::keep(&key.key);
        Self { kid, key, _parsed }
    }

    pub const fn kid(&self) -> &KeyId {
        &self.kid
    }

    /// The thumbprint, which identifies the key whatever its id is.
    pub const fn thumbprint(&self) -> Thumbprint {
        self.key.thumbprint()
    }

    /// Whether this key can verify signatures of `algorithm`: its type and curve fit, and the key set does not bind it
    /// to another algorithm (RFC 8725, section 3.1).
    pub(crate) fn fits(&self, algorithm: Algorithm) -> bool {
        self.key.fits(algorithm)
    }

    /// Checks a signature (RFC 7515, section 5.2). `signing_input` is the first two parts of a token with the dot between
    /// them, `signature` the third. Fails if the signature is wrong. The error has no details, because they would only
    /// help a forger.
    pub fn verify(
        &self,
        algorithm: Algorithm,
        signing_input: &[u8],
        signature: &str,
    ) -> Result<(), SignatureError> {
        self.key.verify(algorithm, signing_input, signature)
    }
}

impl PublicKey {
    /// An RSA key from its two numbers, big-endian (RFC 7518, section 6.3.1). Some issuers send leading zero bytes;
    /// they are dropped.
    pub(super) fn rsa(
        alg: Option<Algorithm>,
        modulus: &[u8],
        exponent: &[u8],
    ) -> Result<Self, KeyRefusal> {
        let (n, e) = (
            without_leading_zeros(modulus),
            without_leading_zeros(exponent),
        );
        match bits(n) {
            0..2048 => return Err(KeyRefusal::RsaTooSmall),
            2048..=8192 => {}
            _ => return Err(KeyRefusal::RsaTooLarge),
        }
        if !is_odd(e) || !(2..=33).contains(&bits(e)) {
            return Err(KeyRefusal::RsaExponent);
        }
        // The library would reject an even modulus only at the first signature.
        if !is_odd(n) {
            return Err(KeyRefusal::NotAPublicKey);
        }
        RsaPublicKeyComponents { n, e }
            .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
            .map_err(|_| KeyRefusal::NotAPublicKey)?;
        let members = format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, encode(e), encode(n));
        Ok(Self::new(
            KeyKind::Rsa,
            alg,
            &members,
            DecodingKey::from_rsa_raw_components(n, e),
        ))
    }

    /// A key on P-256 or P-384 (RFC 7518, section 6.2.1). Both coordinates have the full length of the curve.
    pub(super) fn ec(
        alg: Option<Algorithm>,
        kind: KeyKind,
        x: &[u8],
        y: &[u8],
    ) -> Result<Self, KeyRefusal> {
        let (crv, length, verification) = match kind {
            KeyKind::P256 => ("P-256", 32, &ECDSA_P256_SHA256_FIXED),
            KeyKind::P384 => ("P-384", 48, &ECDSA_P384_SHA384_FIXED),
            KeyKind::Rsa | KeyKind::Ed25519 => return Err(KeyRefusal::UnsupportedCurve),
        };
        if x.len() != length {
            return Err(KeyRefusal::NotAPublicKey);
        }
        // The uncompressed form (SEC 1, section 2.3.3). Parsing it checks the whole length, and that the point is on the
        // curve.
        let point = [&[4], x, y].concat();
        ParsedPublicKey::new(verification, &point).map_err(|_| KeyRefusal::NotAPublicKey)?;
        let members = format!(
            r#"{{"crv":"{crv}","kty":"EC","x":"{}","y":"{}"}}"#,
            encode(x),
            encode(y)
        );
        Ok(Self::new(
            kind,
            alg,
            &members,
            DecodingKey::from_ec_der(&point),
        ))
    }

    /// An Ed25519 key (RFC 8037, section 2).
    pub(super) fn ed25519(alg: Option<Algorithm>, x: &[u8]) -> Result<Self, KeyRefusal> {
        ParsedPublicKey::new(&ED25519, x).map_err(|_| KeyRefusal::NotAPublicKey)?;
        let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, encode(x));
        Ok(Self::new(
            KeyKind::Ed25519,
            alg,
            &members,
            DecodingKey::from_ed_der(x),
        ))
    }

    fn new(kind: KeyKind, alg: Option<Algorithm>, members: &str, key: DecodingKey) -> Self {
        parsed_key::install();
        let mut thumbprint = [0; 32];
        thumbprint.copy_from_slice(digest::digest(&digest::SHA256, members.as_bytes()).as_ref());
        Self {
            kind,
            alg,
            thumbprint,
            key,
        }
    }

    pub(crate) const fn thumbprint(&self) -> Thumbprint {
        self.thumbprint
    }

    /// See [`VerificationKey::fits`].
    pub(crate) fn fits(&self, algorithm: Algorithm) -> bool {
        KeyKind::of(algorithm) == self.kind && self.alg.is_none_or(|alg| alg == algorithm)
    }

    /// See [`VerificationKey::verify`].
    pub(crate) fn verify(
        &self,
        algorithm: Algorithm,
        signing_input: &[u8],
        signature: &str,
    ) -> Result<(), SignatureError> {
        use jsonwebtoken::Algorithm as Alg;
        if !self.fits(algorithm) {
            return Err(SignatureError);
        }
        let alg = match algorithm {
            Algorithm::RS256 => Alg::RS256,
            Algorithm::RS384 => Alg::RS384,
            Algorithm::RS512 => Alg::RS512,
            Algorithm::PS256 => Alg::PS256,
            Algorithm::PS384 => Alg::PS384,
            Algorithm::PS512 => Alg::PS512,
            Algorithm::ES256 => Alg::ES256,
            Algorithm::ES384 => Alg::ES384,
            Algorithm::EdDSA => Alg::EdDSA,
        };
        match jsonwebtoken::crypto::verify(signature, signing_input, &self.key, alg) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(SignatureError),
        }
    }
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kid,
            key,
            _parsed: _,
        } = self;
        f.debug_struct("VerificationKey")
            .field("kid", kid)
            .field("key", key)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            alg,
            thumbprint,
            key: _,
        } = self;
        f.debug_struct("PublicKey")
            .field("kind", kind)
            .field("alg", alg)
            .field("thumbprint", &encode(thumbprint))
            .finish_non_exhaustive()
    }
}

fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|byte| byte % 2 == 1)
}

/// The length in bits of a number without leading zero bytes.
fn bits(number: &[u8]) -> usize {
    let unused = number
        .first()
        .map_or(0, |byte| byte.leading_zeros() as usize);
    number.len() * 8 - unused
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use crate::algorithm::Algorithm;
    use crate::issuer::jwks::KeySet;

    #[test]
    fn the_thumbprint_of_rfc_7638_section_3_1() {
        let json = include_str!("../../../tests/data/rfc7638_jwks.json");
        let set = KeySet::parse(json.as_bytes(), &Algorithm::ALL).unwrap();
        let thumbprint = super::encode(&set.keys()[0].thumbprint());
        assert_eq!(thumbprint, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }
}
