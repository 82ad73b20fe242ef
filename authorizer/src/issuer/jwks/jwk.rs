//! Parses one element of `keys` to a key, or to the reason why it is refused.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::key::{KeyKind, PublicKey, VerificationKey};
use super::members::JwkMembers;
use crate::algorithm::Algorithm;
use crate::key_id::KeyId;
use crate::refusal::KeyRefusal;

/// Members that only private keys have (RFC 7518, sections 6.2.2 and 6.3.2).
const PRIVATE_MEMBERS: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];

/// A refused element of `keys`, with its id if it has a valid one.
pub(super) struct RefusedJwk {
    pub(super) kid: Option<KeyId>,
    pub(super) refusal: KeyRefusal,
}

/// Parses one JSON Web Key (RFC 7517, section 4).
///
/// `jsonwebtoken` rejects a whole set because of one malformed key, ignores `use`, `key_ops`, `alg` and `crv`, and
/// turns an `oct` key into an HMAC key, so it receives only the numbers of a key. `x5c`, `x5u` and unknown members are
/// ignored, as RFC 7517 requires.
pub(super) fn parse(json: &str, allowed: &[Algorithm]) -> Result<VerificationKey, RefusedJwk> {
    let without_kid = |refusal| RefusedJwk { kid: None, refusal };
    let members = JwkMembers::parse(json).map_err(without_kid)?;
    let kid = key_id(&members).map_err(without_kid)?;
    match for_signatures(&members, allowed) {
        Ok(key) => Ok(VerificationKey::new(kid, key)),
        Err(refusal) => Err(RefusedJwk {
            kid: Some(kid),
            refusal,
        }),
    }
}

impl PublicKey {
    /// Parses a JWK outside a key set: the key itself and the algorithm that it is bound to. `kid` and `use` mean
    /// nothing if the sender of the signature also sends the key.
    pub(crate) fn from_jwk(members: Map<String, Value>) -> Result<Self, KeyRefusal> {
        let members = JwkMembers::new(members);
        let kty = key_type(&members)?;
        if members.has("k") {
            return Err(KeyRefusal::Symmetric);
        }
        public_key(&members, &kty)
    }
}

fn for_signatures(members: &JwkMembers, allowed: &[Algorithm]) -> Result<PublicKey, KeyRefusal> {
    let kty = key_type(members)?;
    check_use(members)?;
    let key = public_key(members, &kty)?;
    if allowed.iter().any(|algorithm| key.fits(*algorithm)) {
        Ok(key)
    } else {
        Err(KeyRefusal::AlgorithmNotAllowed)
    }
}

/// Checks that `kty` is the type of a public key and that no member is private.
fn key_type(members: &JwkMembers) -> Result<String, KeyRefusal> {
    let kty = string(members, "kty")?.ok_or(KeyRefusal::MissingMember("kty"))?;
    match kty.as_str() {
        "RSA" | "EC" | "OKP" => {}
        "oct" => return Err(KeyRefusal::Symmetric),
        _ => return Err(KeyRefusal::UnsupportedKeyType),
    }
    if PRIVATE_MEMBERS.iter().any(|name| members.has(name)) {
        return Err(KeyRefusal::PrivateKey);
    }
    Ok(kty)
}

fn public_key(members: &JwkMembers, kty: &str) -> Result<PublicKey, KeyRefusal> {
    let kind = kind(members, kty)?;
    let alg = string(members, "alg")?
        .map(|name| {
            name.parse::<Algorithm>()
                .map_err(|_| KeyRefusal::AlgorithmConflict)
        })
        .transpose()?;
    if alg.is_some_and(|alg| KeyKind::of(alg) != kind) {
        return Err(KeyRefusal::AlgorithmConflict);
    }
    match kind {
        KeyKind::Rsa => PublicKey::rsa(alg, &number(members, "n")?, &number(members, "e")?),
        KeyKind::P256 | KeyKind::P384 => {
            PublicKey::ec(alg, kind, &number(members, "x")?, &number(members, "y")?)
        }
        KeyKind::Ed25519 => PublicKey::ed25519(alg, &number(members, "x")?),
    }
}

fn key_id(members: &JwkMembers) -> Result<KeyId, KeyRefusal> {
    let kid = string(members, "kid")?.ok_or(KeyRefusal::NoKeyId)?;
    KeyId::parse(&kid).map_err(|_| KeyRefusal::KeyIdTooLong)
}

/// Checks `use` and `key_ops`. Both are optional, but must allow verification if they are present (RFC 7517, sections
/// 4.2 and 4.3).
fn check_use(members: &JwkMembers) -> Result<(), KeyRefusal> {
    if string(members, "use")?.is_some_and(|usage| usage != "sig") {
        return Err(KeyRefusal::NotForSignatures);
    }
    let operations: Option<Vec<String>> = members.read("key_ops")?;
    if operations.is_some_and(|operations| !operations.iter().any(|name| name == "verify")) {
        return Err(KeyRefusal::NotForSignatures);
    }
    Ok(())
}

fn kind(members: &JwkMembers, kty: &str) -> Result<KeyKind, KeyRefusal> {
    if kty == "RSA" {
        return Ok(KeyKind::Rsa);
    }
    let crv = string(members, "crv")?.ok_or(KeyRefusal::MissingMember("crv"))?;
    match (kty, crv.as_str()) {
        ("EC", "P-256") => Ok(KeyKind::P256),
        ("EC", "P-384") => Ok(KeyKind::P384),
        ("OKP", "Ed25519") => Ok(KeyKind::Ed25519),
        _ => Err(KeyRefusal::UnsupportedCurve),
    }
}

fn string(members: &JwkMembers, name: &'static str) -> Result<Option<String>, KeyRefusal> {
    members.read(name)
}

fn number(members: &JwkMembers, name: &'static str) -> Result<Vec<u8>, KeyRefusal> {
    let text = string(members, name)?.ok_or(KeyRefusal::MissingMember(name))?;
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| KeyRefusal::MalformedMember(name))
}
