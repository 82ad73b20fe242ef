//! Good and bad tokens of an issuer that exists only in a test.

use serde_json::{Value, json};
use testkit::json::changed;
use testkit::signer::{Signer, base64url, mint_text};

pub(crate) const ISSUER: &str = "https://example.okta.com/oauth2/default";

/// A key set with a good key, `good`, and one for each fault, named after it.
pub(crate) fn jwk_set() -> String {
    let good = Signer::rsa().jwk("good");
    let but = |kid: &str, changes: &Value| {
        let mut key = changed(good.clone(), changes);
        key["kid"] = kid.into();
        key
    };
    json!({"keys": [
        good,
        Signer::p256().jwk("elliptic"),
        but("encryption", &json!({"use": "enc"})),
        json!({"kty": "oct", "kid": "symmetric", "k": "c2VjcmV0"}),
        but("private", &json!({"d": "AQAB"})),
        but("small", &json!({"n": base64url([0xff; 128])})),
        json!({"kty": "OKP", "crv": "X25519", "kid": "unsupported", "x": base64url([1; 32])}),
        but("malformed", &json!({"n": 5})),
    ]})
    .to_string()
}

/// The claims of a token that is valid from 2026 on.
pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": "api://default", "cid": "web", "sub": "alice@example.com", "uid": "00u1",
        "iat": 1_767_225_600_u64, "exp": 1_767_229_200_u64, "scp": ["state:write"], "groups": ["Everyone"],
    })
}

/// The claims with some changed, and those left out that are null.
pub(crate) fn claims_but(changes: &Value) -> String {
    changed(claims(), changes).to_string()
}

/// A token by the good key over any header and payload.
pub(crate) fn signed(header: &str, payload: &str) -> String {
    mint_text(header, payload, Signer::rsa())
}

pub(crate) const HEADER: &str = r#"{"alg": "RS256", "kid": "good"}"#;

/// A good token with these claims changed.
pub(crate) fn token(changes: &Value) -> String {
    signed(HEADER, &claims_but(changes))
}
