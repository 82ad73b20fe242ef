//! The fuzz target of whole events of any kind, and their answers.

use std::sync::LazyLock;

use authorizer::answer_size::MAX_ANSWER_BYTES;
use serde_json::{Value, json};
use testkit::json::changed;
use testkit::signer::{mint, sha256};

use super::{client_key, issuer_key, wait, world};
use crate::support::{NOW, claims_with, header, unauthorized};

const RULES: &str = r#"[
    {"methods": ["GET"], "path": "/public", "anonymous": true},
    {"methods": ["GET", "PUT"], "path": "/state/*"}
]"#;

/// Valid credentials. They replace `{{token}}`, `{{bound}}` and `{{proof}}` in an input.
struct Credentials {
    token: String,
    bound: String,
    proof: String,
}

fn credentials() -> &'static Credentials {
    static MADE: LazyLock<Credentials> = LazyLock::new(|| {
        let header = changed(header(), &json!({"alg": "EdDSA"}));
        let claims = claims_with(&json!({"cnf": {"jkt": client_key().thumbprint()}}));
        let bound = mint(&header, &claims, issuer_key());
        let proof = json!({
            "jti": "proof", "htm": "GET", "htu": "https://api.example.com/prod/state/42", "iat": NOW, "ath": sha256(&bound),
        });
        let proof_header =
            json!({"typ": "dpop+jwt", "alg": "EdDSA", "jwk": client_key().public_jwk()});
        Credentials {
            token: mint(&header, &claims_with(&json!({})), issuer_key()),
            proof: mint(&proof_header, &proof, client_key()),
            bound,
        }
    });
    &MADE
}

/// A caller without a verified token never gets more access than the rule for anonymous callers grants, and a bound token
/// needs its proof. A simple answer grants only a route that a rule grants. No part of a request is in a policy, and every
/// answer is within the limit. White space around the event and a second call do not change the answer.
pub(crate) fn event(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else {
        return;
    };
    let Credentials {
        token,
        bound,
        proof,
    } = credentials();
    let text = text
        .replace("{{token}}", token)
        .replace("{{bound}}", bound)
        .replace("{{proof}}", proof);
    if serde_json::from_str::<&serde_json::value::RawValue>(&text).is_err() {
        return;
    }
    for form in ["simple", "iam"] {
        let answer = ask(form, &text);
        assert_eq!(ask(form, &format!("\n{text} \t")), answer, "white space");
        assert!(answer.to_string().len() <= MAX_ANSWER_BYTES);
        check(&text, &answer);
    }
}

fn ask(form: &str, event: &str) -> Value {
    let settings = [
        ("ACCESS_RULES", RULES),
        ("DPOP", "accept"),
        ("HTTP_API_RESPONSE", form),
    ];
    let world = world(&settings);
    wait(async {
        let answer = world.ask_text(event).await;
        let again = world.ask_text(event).await;
        // The answers may differ only because a proof can be used only once.
        assert!(again == answer || again == unauthorized() || again["isAuthorized"] == false);
        answer
    })
}

fn check(event: &str, answer: &Value) {
    let Some(context) = answer.get("context") else {
        assert!(
            answer.get("errorType").is_some() || *answer == json!({"isAuthorized": false}),
            "{answer}"
        );
        return;
    };
    let is_signed_in = context["signedIn"] == true;
    if is_signed_in {
        assert!(has_token(event), "signed in without a token: {answer}");
        assert_eq!(context["principal"], "00u1");
    } else {
        assert_eq!(*context, json!({"signedIn": false}));
    }
    let Some(statement) = answer.pointer("/policyDocument/Statement/0") else {
        if answer["isAuthorized"] == true {
            check_route(event, is_signed_in);
        }
        return;
    };
    assert_eq!(statement["Effect"], "Allow", "a rule is met by any caller");
    let anonymous = ["/GET/public", "/$connect"];
    let extra = ["/GET/state/*", "/PUT/state/*"];
    for resource in statement["Resource"].as_array().unwrap() {
        let resource = resource.as_str().unwrap();
        let is_one_of = |granted: &[&str]| {
            let stage = granted.iter().find_map(|end| resource.strip_suffix(end));
            stage
                .is_some_and(|stage| stage.matches('/').count() == 1 && !stage.contains(['*', '?']))
        };
        assert!(
            is_one_of(&anonymous) || is_signed_in && is_one_of(&extra),
            "{resource}"
        );
    }
}

/// The route of the event is one that a rule grants to this caller.
fn check_route(event: &str, is_signed_in: bool) {
    // Another library refuses an event with a lone surrogate.
    let Ok(event) = serde_json::from_str::<Value>(event) else {
        return;
    };
    let route = event["routeArn"].as_str().unwrap();
    let mut parts = route.splitn(4, '/').skip(2);
    let (method, path) = (parts.next().unwrap(), parts.next().unwrap());
    let is_public = (method, path) == ("GET", "public");
    let is_state = ["GET", "PUT"].contains(&method) && path.starts_with("state/");
    assert!(is_public || is_signed_in && is_state, "{route}");
}

/// Whether the token, or the bound token with its proof, is anywhere in the event, with escapes or without.
fn has_token(event: &str) -> bool {
    let Credentials {
        token,
        bound,
        proof,
    } = credentials();
    let plain = serde_json::from_str::<Value>(event).map(|event| event.to_string());
    let has =
        |text: &str| text.contains(&**token) || text.contains(&**bound) && text.contains(&**proof);
    // Another library refuses an event with a lone surrogate.
    has(event) || plain.map_or_else(|_| event.contains("\\u"), |plain| has(&plain))
}
