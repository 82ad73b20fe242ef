//! No secret and no claim reaches the log, an error or a `Debug` output.

use authorizer::bearer::BearerToken;
use authorizer::clock::Timestamp;
use authorizer::error::{AuthorizerError, InternalError, UnknownEventError};
use authorizer::issuer::http_client::{Document, TransportError};
use authorizer::issuer::introspection::IntrospectionAnswerError;
use authorizer::issuer::jwks::{FetchError, KeyRefusal};
use authorizer::refusal::{JwsError, OtherMember, ProofRefusal, Refusal, TokenPart};
use authorizer::target::TargetError;
use lambda_runtime::Diagnostic;
use serde_json::json;
use serde_json::value::RawValue;

use super::support::{NOW, Signer, World, bearer, claims, mint, request_event, token_with};
use super::wait;

#[test]
fn neither_a_token_nor_a_personal_claim_is_logged() {
    let world = World::new(&[("LOG_LEVEL", "trace"), ("CONTEXT_CLAIMS", "email")]);
    let person = json!({"sub": "person@example.com", "uid": "person-uid", "email": "person-mail", "groups": ["person-group"]});
    let mut expired = person.clone();
    expired["exp"] = json!(NOW - 1000);
    let mut stranger = person.clone();
    stranger["iss"] = json!("https://person.example");
    let tokens = [
        token_with(&person),
        token_with(&expired),
        token_with(&stranger),
        "person.person.person".to_owned(),
    ];
    for token in &tokens {
        let answer = wait(world.ask(&request_event("GET/person", &bearer(token))));
        assert!(
            !format!("{:?}", world.authorizer).contains("person"),
            "{answer}"
        );
    }
    let log = world.log.text();
    assert!(!log.contains("person"), "{log}");
    for token in tokens.iter().flat_map(|token| token.split('.')) {
        assert!(!log.contains(token));
    }
}

fn refusals() -> Vec<Refusal> {
    vec![
        Refusal::NoToken,
        Refusal::MalformedBearer,
        Refusal::SeveralTokens,
        Refusal::TokenTooLong { bytes: 10_241 },
        JwsError::NotThreeParts.into(),
        JwsError::NotBase64Url {
            part: TokenPart::Signature,
        }
        .into(),
        JwsError::NotJsonObject {
            part: TokenPart::Header,
        }
        .into(),
        JwsError::NotJsonObject {
            part: TokenPart::Payload,
        }
        .into(),
        JwsError::RepeatedMember {
            part: TokenPart::Payload,
        }
        .into(),
        JwsError::NumberOutOfRange {
            part: TokenPart::Payload,
        }
        .into(),
        Refusal::AlgorithmNotAllowed,
        Refusal::CriticalExtension,
        Refusal::UnencodedPayload,
        Refusal::TypeNotAllowed,
        Refusal::KeyIdMissing,
        Refusal::KeyIdTooLong { bytes: 257 },
        Refusal::IssuerNotTrusted,
        Refusal::OrgServerToken,
        Refusal::KeyUnknown,
        Refusal::KeyUnusable {
            reason: KeyRefusal::Symmetric,
        },
        Refusal::KeyUnusable {
            reason: KeyRefusal::RsaTooSmall,
        },
        Refusal::WrongSignature,
        Refusal::ExpiryMissing,
        Refusal::TimeMalformed { claim: "exp" },
        Refusal::Expired { seconds_ago: 61 },
        Refusal::NotYetValid { seconds_ahead: 61 },
        Refusal::IssuedInFuture { seconds_ahead: 61 },
        Refusal::AudienceMissing,
        Refusal::AudienceMalformed,
        Refusal::AudienceNotOurs,
        Refusal::SubjectMissing,
        Refusal::PrincipalMissing,
        Refusal::PrincipalMalformed,
        Refusal::PrincipalTooLong { bytes: 513 },
        Refusal::ClientNotAllowed,
        Refusal::IdToken,
        Refusal::AccessToken,
        Refusal::BoundToken,
        Refusal::NotBoundToKey,
        Refusal::DpopOff,
        Refusal::DpopRequired,
        Refusal::NoProofPossible,
        Refusal::Proof(ProofRefusal::Missing),
        Refusal::Proof(ProofRefusal::Several),
        Refusal::Proof(ProofRefusal::Type),
        Refusal::Proof(ProofRefusal::AlgorithmNotAllowed),
        Refusal::Proof(ProofRefusal::Key {
            reason: KeyRefusal::PrivateKey,
        }),
        Refusal::Proof(ProofRefusal::Url),
        Refusal::Proof(ProofRefusal::Replayed),
        Refusal::Revoked,
        Refusal::IntrospectionMismatch {
            member: OtherMember::Subject,
        },
    ]
}

fn failures() -> Vec<InternalError> {
    vec![
        InternalError::UnknownEvent(UnknownEventError::NotAnObject),
        InternalError::UnknownEvent(UnknownEventError::NoKnownForm),
        InternalError::UnknownEvent(UnknownEventError::List),
        InternalError::UnknownEvent(UnknownEventError::Arn(TargetError::Form)),
        InternalError::UnknownEvent(UnknownEventError::Arn(TargetError::TooLong)),
        InternalError::UnknownEvent(UnknownEventError::Arn(TargetError::Part("stage"))),
        InternalError::UnknownEvent(UnknownEventError::NoUrl),
        InternalError::KeysUnavailable { cause: None },
        InternalError::KeysUnavailable {
            cause: Some(FetchError::Transport(TransportError::TimedOut)),
        },
        InternalError::IntrospectionUnavailable {
            cause: IntrospectionAnswerError::Malformed,
        },
        InternalError::ProofMemoryFull,
    ]
}

#[test]
fn every_error_reads_well_and_none_can_hold_a_secret() {
    let mut codes = std::collections::HashSet::new();
    for refusal in refusals() {
        assert!(
            codes.insert(refusal.code()),
            "{} occurs twice",
            refusal.code()
        );
        let diagnostic = Diagnostic::from(AuthorizerError::from(refusal));
        assert_eq!(
            (&*diagnostic.error_type, &*diagnostic.error_message),
            ("Unauthorized", "Unauthorized")
        );
        reads_well(&refusal.to_string());
    }
    for failure in failures() {
        let error = AuthorizerError::from(failure);
        let diagnostic = Diagnostic::from(error);
        assert_ne!(diagnostic.error_message, "Unauthorized");
        reads_well(&failure.to_string());
        assert!(
            !codes.contains(error.code()),
            "{} is a refusal's",
            error.code()
        );
    }
    let code_is_stable = |code: &str| {
        code.bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    assert!(codes.into_iter().all(code_is_stable));
    // `Refusal` and `InternalError` are `Copy`, so no variant can hold a `String`.
    fn is_copy<T: Copy>() {}
    is_copy::<AuthorizerError>();
}

fn reads_well(message: &str) {
    assert!(
        !message.ends_with('.') && !message.starts_with(char::is_uppercase)
            || message.starts_with("JWT"),
        "{message}"
    );
}

#[test]
fn debug_of_a_token_shows_only_its_length() {
    let token = BearerToken::from_token("secret.secret.secret").unwrap();
    assert_eq!(format!("{token:?}"), "BearerToken(20 bytes)");
}

#[test]
fn debug_of_an_explanation_shows_no_claim() {
    let world = World::new(&[("CONTEXT_CLAIMS", "email")]);
    let token = token_with(&json!({"uid": "person", "email": "person@example.com"}));
    let event = request_event("GET/a", &bearer(&token)).to_string();
    let event: Box<RawValue> = serde_json::from_str(&event).unwrap();
    let explanation = wait(world.authorizer.explain(&event, Timestamp::from_secs(0)));
    assert!(
        explanation
            .answer
            .as_ref()
            .unwrap()
            .get()
            .contains("person@example.com")
    );
    let shown = format!("{explanation:?}");
    assert!(
        shown.contains("granted") && !shown.contains("person"),
        "{shown}"
    );
}

/// The answer of an introspection endpoint has claims.
#[test]
fn debug_of_a_document_shows_only_its_length() {
    let document = Document {
        body: b"{\"username\": \"person\"}".to_vec(),
        cache_control: Some("max-age=60".to_owned()),
        age: None,
    };
    let shown = r#"Document { body_bytes: 22, cache_control: Some("max-age=60"), age: None }"#;
    assert_eq!(format!("{document:?}"), shown);
}

/// An attacker can choose a key id, so no control or bidirectional character in it may reach a terminal.
#[test]
fn the_key_id_in_the_log_is_printable_ascii() {
    for (kid, shown) in [
        ("k1/+=~ ", "k1/+=~ "),
        (
            "a\u{202e}b\n\u{1b}[2J\u{7f}",
            "a\\u{202e}b\\u{a}\\u{1b}[2J\\u{7f}",
        ),
        ("caf\u{e9}", "caf\\u{e9}"),
        ("\\u{202e}", "\\\\u{202e}"),
    ] {
        let world = World::new(&[]);
        let token = mint(
            &json!({"kid": kid, "alg": "RS256"}),
            &claims(),
            Signer::rsa(),
        );
        wait(world.ask(&request_event("GET/a", &bearer(&token))));
        assert_eq!(world.log.last()["kid"], shown);
        assert!(
            world
                .log
                .text()
                .trim_end()
                .bytes()
                .all(|b| matches!(b, b' '..=b'~'))
        );
    }
}
