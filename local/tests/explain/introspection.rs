//! Introspection: the command sends the token to the issuer, unless the keys are from a file.

use serde_json::json;
use testkit::http::{LoopbackServer, Reply};

use super::signer::{jwk_set, token};
use super::whole::{REQUEST, Whole, check};

/// Each reason, with the issuer's answer about the token.
pub(super) const CASES: [(&str, &str, &str); 4] = [
    ("granted", r#"{"active": true}"#, ""),
    (
        "token_revoked",
        r#"{"active": false}"#,
        "refused: the issuer reports that the token is not active",
    ),
    (
        "introspection_mismatch",
        r#"{"active": true, "sub": "mallory@example.com"}"#,
        "refused: the `sub` in the issuer's introspection answer differs from the token's",
    ),
    (
        "introspection_unavailable",
        r#"{"active": "yes"}"#,
        "failed: introspection failed: the issuer's answer is not a JSON object with a boolean `active` and members \
         of the right types",
    ),
];

#[test]
fn the_answer_of_the_issuer_decides() {
    for (reason, answer, detail) in CASES {
        let server = LoopbackServer::start(move |request| {
            Reply::json(&match request.path() {
                "/keys" => jwk_set(),
                _ => answer.to_owned(),
            })
        });
        let case = |reason, detail: &str| Whole {
            reason,
            template: REQUEST,
            settings: json!({
                "JWKS_URI": server.url("/keys"), "INTROSPECTION": "on", "INTROSPECTION_CLIENT_ID": "web",
                "INTROSPECTION_URI": server.url("/introspect"),
            }),
            arguments: vec![format!("--token={}", token(&json!({})))],
            detail: detail.to_owned(),
        };
        check("introspection", &case(reason, detail), None);
        assert_eq!(server.paths(), ["/keys", "/introspect"], "{reason}");
        check("introspection", &case("granted", ""), Some(&jwk_set()));
        assert_eq!(
            server.paths().len(),
            2,
            "{reason}: with --jwks no request is sent"
        );
    }
}
