//! The header of a token whose signature has not been verified.

use serde_json::{Map, Value};

use crate::algorithm::Algorithm;
use crate::key_id::KeyId;
use crate::refusal::Refusal;

/// The unverified JOSE header of a token (RFC 7515, section 4). It selects the key and the algorithm to try, but never
/// where to fetch a key: `jku`, `jwk`, `x5u` and `x5c` are not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnverifiedHeader {
    algorithm: Algorithm,
    key_id: KeyId,
    says_access_token: bool,
}

impl UnverifiedHeader {
    /// Parses the members of a header. The checks are ordered so that the most informative fault is reported. Fails if
    /// a member is missing or malformed, or demands something that is unsupported or not allowed.
    pub(crate) fn parse(members: &Map<String, Value>) -> Result<Self, Refusal> {
        let algorithm = algorithm(members)?;
        check_extensions(members)?;
        let says_access_token = says_access_token(members)?;
        Ok(Self {
            algorithm,
            key_id: key_id(members)?,
            says_access_token,
        })
    }

    /// The algorithm. It has not been checked against the issuer's algorithms.
    pub(crate) const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(crate) const fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// Whether `typ` is `at+jwt` (RFC 9068, section 2.1).
    pub(crate) const fn says_access_token(&self) -> bool {
        self.says_access_token
    }
}

pub(crate) fn algorithm(members: &Map<String, Value>) -> Result<Algorithm, Refusal> {
    match members.get("alg") {
        Some(Value::String(name)) => name.parse().map_err(|_| Refusal::AlgorithmNotAllowed),
        _ => Err(Refusal::AlgorithmNotAllowed),
    }
}

/// Refuses extensions that change the signing input or must be understood.
pub(crate) fn check_extensions(members: &Map<String, Value>) -> Result<(), Refusal> {
    if members.contains_key("crit") {
        return Err(Refusal::CriticalExtension);
    }
    if members.contains_key("b64") {
        return Err(Refusal::UnencodedPayload);
    }
    Ok(())
}

/// Parses `kid`.
pub(crate) fn key_id(members: &Map<String, Value>) -> Result<KeyId, Refusal> {
    match members.get("kid") {
        Some(Value::String(kid)) if !kid.is_empty() => {
            KeyId::parse(kid).map_err(|too_long| Refusal::KeyIdTooLong {
                bytes: too_long.bytes,
            })
        }
        _ => Err(Refusal::KeyIdMissing),
    }
}

/// Parses `typ`. Okta's access tokens have none, so a missing `typ` says nothing about the kind of token. Media types
/// are compared case-insensitively (RFC 7515, section 4.1.9).
pub(crate) fn says_access_token(members: &Map<String, Value>) -> Result<bool, Refusal> {
    match members.get("typ") {
        None => Ok(false),
        Some(Value::String(typ)) if typ.eq_ignore_ascii_case("JWT") => Ok(false),
        Some(Value::String(typ))
            if typ.eq_ignore_ascii_case("at+jwt")
                || typ.eq_ignore_ascii_case("application/at+jwt") =>
        {
            Ok(true)
        }
        Some(_) => Err(Refusal::TypeNotAllowed),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "`json!` creates values")]
    fn check(header: Value, expected: Result<(Algorithm, &str, bool), Refusal>) {
        let parsed = UnverifiedHeader::parse(header.as_object().unwrap());
        let found = parsed
            .as_ref()
            .map(|h| (h.algorithm(), h.key_id().as_str(), h.says_access_token()))
            .map_err(|refusal| *refusal);
        assert_eq!(found, expected, "{header}");
    }

    #[test]
    fn headers_of_okta_and_of_rfc_9068_are_accepted() {
        check(
            json!({"kid": "k", "alg": "RS256"}),
            Ok((Algorithm::RS256, "k", false)),
        );
        check(
            json!({"kid": "k", "alg": "ES256", "typ": "JWT"}),
            Ok((Algorithm::ES256, "k", false)),
        );
        check(
            json!({"kid": "k", "alg": "ES256", "typ": "jwt"}),
            Ok((Algorithm::ES256, "k", false)),
        );
        check(
            json!({"kid": "k", "alg": "PS256", "typ": "at+jwt"}),
            Ok((Algorithm::PS256, "k", true)),
        );
        check(
            json!({"kid": "k", "alg": "EdDSA", "typ": "application/AT+jwt"}),
            Ok((Algorithm::EdDSA, "k", true)),
        );
    }

    #[test]
    fn symmetric_unknown_and_missing_algorithms_are_refused() {
        for alg in [
            json!("none"),
            json!("None"),
            json!("HS256"),
            json!("rs256"),
            json!("ES512"),
            json!(5),
            json!(null),
        ] {
            check(
                json!({"kid": "k", "alg": alg}),
                Err(Refusal::AlgorithmNotAllowed),
            );
        }
        check(json!({"kid": "k"}), Err(Refusal::AlgorithmNotAllowed));
    }

    #[test]
    fn critical_extensions_and_unencoded_payloads_are_refused() {
        for crit in [json!(["exp"]), json!([]), json!(null), json!(["b64"])] {
            check(
                json!({"kid": "k", "alg": "RS256", "crit": crit}),
                Err(Refusal::CriticalExtension),
            );
        }
        for b64 in [json!(true), json!(false), json!(null)] {
            check(
                json!({"kid": "k", "alg": "RS256", "b64": b64}),
                Err(Refusal::UnencodedPayload),
            );
        }
    }

    #[test]
    fn tokens_of_other_types_are_refused() {
        for typ in [
            json!("dpop+jwt"),
            json!("application/jwt"),
            json!("secevent+jwt"),
            json!(""),
            json!(null),
            json!(1),
            json!("application/okta-internal-at+jwt"),
            json!("at+jwt "),
            json!(["JWT"]),
        ] {
            check(
                json!({"kid": "k", "alg": "RS256", "typ": typ}),
                Err(Refusal::TypeNotAllowed),
            );
        }
    }

    #[test]
    fn a_key_id_of_at_most_256_bytes_is_required() {
        check(json!({"alg": "RS256"}), Err(Refusal::KeyIdMissing));
        check(
            json!({"alg": "RS256", "kid": 1}),
            Err(Refusal::KeyIdMissing),
        );
        check(
            json!({"alg": "RS256", "kid": ""}),
            Err(Refusal::KeyIdMissing),
        );
        let longest = "k".repeat(256);
        check(
            json!({"alg": "RS256", "kid": longest}),
            Ok((Algorithm::RS256, &longest, false)),
        );
        check(
            json!({"alg": "RS256", "kid": "k".repeat(257)}),
            Err(Refusal::KeyIdTooLong { bytes: 257 }),
        );
    }

    #[test]
    fn embedded_keys_and_key_urls_are_ignored() {
        let header = json!({"alg": "RS256", "kid": "k", "jku": "https://evil.example/keys", "jwk": {"kty": "oct", "k": ""},
            "x5u": 5, "x5c": "no"});
        check(header, Ok((Algorithm::RS256, "k", false)));
    }
}
