//! Key-bound tokens and proofs of possession (RFC 9449): a correct proof, and one for each fault.

use serde_json::{Value, json};
use testkit::json::changed;
use testkit::signer::{Signer, base64url, mint_text, sha256};

use super::signer::token;
use super::whole::{REQUEST, TOKEN, Whole};

const HOST: &str = "Host: api.example.com";
/// The time of every call: 2026-01-01T00:10:00Z.
const NOW: u64 = 1_767_226_200;

fn bound_token() -> String {
    token(&json!({"cnf": {"jkt": Signer::p256().thumbprint()}}))
}

fn header() -> Value {
    json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": Signer::p256().public_jwk()})
}

/// The claims of a right proof for `GET /a` with this token.
fn claims(token: &str) -> Value {
    json!({
        "jti": "one", "htm": "GET", "htu": "https://api.example.com/prod/a", "iat": NOW, "ath": sha256(token),
    })
}

fn signed(header: &str, claims: &str) -> String {
    mint_text(header, claims, Signer::p256())
}

/// A call with a token in the scheme `DPoP` and these proofs.
fn sent(reason: &'static str, token: &str, proofs: &[String], detail: &str) -> Whole {
    let mut arguments = vec![format!("--token=DPoP {token}"), format!("--header={HOST}")];
    arguments.extend(proofs.iter().map(|proof| format!("--header=DPoP: {proof}")));
    Whole {
        reason,
        template: REQUEST,
        settings: json!({"DPOP": "accept"}),
        arguments,
        detail: format!("refused: {detail}"),
    }
}

/// A call whose proof has a fault.
fn faulty(reason: &'static str, proof: String, fault: &str) -> Whole {
    let detail = format!("the DPoP proof: {fault}");
    sent(reason, &bound_token(), &[proof], &detail)
}

pub(super) fn right() -> Whole {
    let token = bound_token();
    let proof = signed(&header().to_string(), &claims(&token).to_string());
    Whole {
        detail: String::new(),
        ..sent("granted", &token, &[proof], "")
    }
}

/// A right proof for the API at another address.
pub(super) fn right_at(api: &str) -> Whole {
    let token = bound_token();
    let claims = changed(claims(&token), &json!({"htu": format!("{api}/a")}));
    let proof = signed(&header().to_string(), &claims.to_string());
    Whole {
        arguments: vec![
            format!("--token=DPoP {token}"),
            format!("--header=DPoP: {proof}"),
        ],
        ..right()
    }
}

pub(super) fn cases() -> Vec<Whole> {
    let mut cases = vec![right()];
    cases.extend(scheme());
    cases.extend(form());
    cases.extend(of_header());
    cases.extend(of_claims());
    cases
}

/// Faults of the scheme, and of the headers with the token.
fn scheme() -> Vec<Whole> {
    let token = bound_token();
    let proof = || signed(&header().to_string(), &claims(&token).to_string());
    let not_bound = "the scheme is DPoP, but `cnf` does not bind the token to one key by `jkt`";
    let no_url = "failed: the event has no known shape: expected the domain name and the path of the request, or the \
                  setting DPOP_PUBLIC_URL";
    vec![
        sent(
            "token_not_bound",
            &super::signer::token(&json!({})),
            &[proof()],
            not_bound,
        ),
        Whole {
            settings: json!({"DPOP": "off"}),
            ..sent(
                "dpop_off",
                &token,
                &[proof()],
                "key-bound tokens are not accepted: DPOP is off",
            )
        },
        Whole {
            template: TOKEN,
            ..sent(
                "dpop_no_proof_possible",
                &token,
                &[proof()],
                "this kind of event cannot carry the proof of a key-bound token: use a REQUEST authorizer",
            )
        },
        // The gateway reads the domain name only from this header.
        Whole {
            arguments: vec![
                format!("--token=DPoP {token}"),
                "--header=Host:".to_owned(),
                format!("--header=DPoP: {}", proof()),
            ],
            detail: no_url.to_owned(),
            ..sent("unknown_event", &token, &[], "")
        },
        sent(
            "dpop_proof_missing",
            &token,
            &[],
            "the DPoP proof: no `DPoP` header",
        ),
        sent(
            "dpop_several_proofs",
            &token,
            &[proof(), proof()],
            "the DPoP proof: more than one value in `DPoP` headers",
        ),
    ]
}

fn form() -> Vec<Whole> {
    let (header, claims) = (header().to_string(), claims(&bound_token()).to_string());
    let good = signed(&header, &claims);
    let (input, _) = good.rsplit_once('.').unwrap();
    vec![
        faulty(
            "dpop_proof_too_long",
            "x".repeat(4097),
            "it has 4097 bytes; at most 4096 are accepted",
        ),
        faulty(
            "dpop_not_three_parts",
            "x".to_owned(),
            "not a JWT: not three parts joined by dots",
        ),
        faulty(
            "dpop_not_base64url",
            format!("{good}="),
            "not a JWT: the signature is not base64url without padding",
        ),
        faulty(
            "dpop_header_not_json_object",
            signed("[]", &claims),
            "not a JWT: the header is not a JSON object",
        ),
        faulty(
            "dpop_payload_not_json_object",
            signed(&header, "[]"),
            "not a JWT: the payload is not a JSON object",
        ),
        faulty(
            "dpop_repeated_member",
            signed(&header, r#"{"a": 1, "a": 1}"#),
            "not a JWT: the payload has an object with a repeated member",
        ),
        faulty(
            "dpop_number_out_of_range",
            signed(&header, r#"{"iat": 1e999}"#),
            "not a JWT: the payload has a number that is out of range",
        ),
        faulty(
            "dpop_wrong_signature",
            format!("{input}.{}", base64url([1; 64])),
            "wrong signature",
        ),
    ]
}

fn of_header() -> Vec<Whole> {
    let small = json!({"kty": "RSA", "n": base64url([0xff; 128]), "e": "AQAB"});
    let key = |fault: &str| format!("the `jwk` cannot be used: {fault}");
    [
        (
            "dpop_type_not_allowed",
            json!({"typ": "JWT"}),
            "`typ` is not `dpop+jwt`".to_owned(),
        ),
        (
            "dpop_critical_extension",
            json!({"crit": ["x"]}),
            "the header names critical extensions".to_owned(),
        ),
        (
            "dpop_algorithm_not_allowed",
            json!({"alg": "none"}),
            format!("`alg` is not one of {ALGORITHMS}"),
        ),
        (
            "dpop_algorithm_not_for_key",
            json!({"alg": "RS256"}),
            key("`alg` is not an algorithm of this key"),
        ),
        (
            "dpop_key_missing",
            json!({"jwk": null}),
            "`jwk` is missing or not an object".to_owned(),
        ),
        (
            "dpop_key_private",
            json!({"jwk": changed(Signer::p256().public_jwk(), &json!({"d": "AQAB"}))}),
            key("a private key: anyone who reads it can sign with it; replace it at once"),
        ),
        (
            "dpop_key_symmetric",
            json!({"jwk": {"kty": "oct", "k": "c2VjcmV0"}}),
            key("a symmetric key"),
        ),
        (
            "dpop_key_rsa_too_small",
            json!({"alg": "RS256", "jwk": small}),
            key("an RSA modulus under 2048 bits"),
        ),
        (
            "dpop_key_unsupported",
            json!({"jwk": {"kty": "OKP", "crv": "X25519", "x": base64url([1; 32])}}),
            key("a curve that no accepted algorithm uses"),
        ),
        (
            "dpop_key_malformed",
            json!({"jwk": {"kty": "EC", "crv": "P-256", "x": 5, "y": 5}}),
            key("member `x` has the wrong type or encoding"),
        ),
    ]
    .into_iter()
    .map(|(reason, changes, fault)| {
        let header = changed(header(), &changes).to_string();
        let proof = signed(&header, &claims(&bound_token()).to_string());
        faulty(reason, proof, &fault)
    })
    .collect()
}

const ALGORITHMS: &str = "RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA";

fn of_claims() -> Vec<Whole> {
    let url = "`htu` is not the URL of the request; if callers use a domain name or base path that differs from the event's, \
               set DPOP_PUBLIC_URL";
    let mut cases: Vec<_> = [
        (
            "dpop_method_mismatch",
            json!({"htm": "PUT"}),
            "`htm` is not the method of the request",
        ),
        (
            "dpop_url_malformed",
            json!({"htu": "/a"}),
            "`htu` is not an absolute URL",
        ),
        (
            "dpop_url_mismatch",
            json!({"htu": "https://api.example.com/prod/b"}),
            url,
        ),
        (
            "dpop_iat_missing",
            json!({"iat": null}),
            "`iat` is not a number of seconds",
        ),
        (
            "dpop_time_malformed",
            json!({"exp": "soon"}),
            "`exp` or `nbf` is not a number of seconds",
        ),
        (
            "dpop_proof_expired",
            json!({"iat": NOW - 1000}),
            "made 1000 s ago",
        ),
        (
            "dpop_proof_in_future",
            json!({"iat": NOW + 1000}),
            "made 1000 s in the future",
        ),
        (
            "dpop_token_mismatch",
            json!({"ath": sha256("other")}),
            "`ath` is not the SHA-256 hash of the token",
        ),
        (
            "dpop_jti_missing",
            json!({"jti": null}),
            "`jti` is missing, empty or not a string",
        ),
        (
            "dpop_jti_too_long",
            json!({"jti": "j".repeat(257)}),
            "its `jti` has 257 bytes; at most 256 are accepted",
        ),
    ]
    .into_iter()
    .map(|(reason, changes, fault)| {
        let claims = changed(claims(&bound_token()), &changes);
        faulty(
            reason,
            signed(&header().to_string(), &claims.to_string()),
            fault,
        )
    })
    .collect();
    let stolen = token(&json!({"cnf": {"jkt": sha256("another key")}}));
    let proof = signed(&header().to_string(), &claims(&stolen).to_string());
    cases.push(sent(
        "dpop_key_mismatch",
        &stolen,
        &[proof],
        "the DPoP proof: the key of the proof is not the key that the token is bound to",
    ));
    cases
}
