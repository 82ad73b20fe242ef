//! For any event the authorizer returns an answer or an error, and no hostile event makes it allow a call.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod support;

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use support::{STAGE, Signer, World, claims, header, mint, token_with};

/// Any JSON, in which names and strings that this authorizer parses are more frequent.
fn any_json() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        Just("type"),
        Just("TOKEN"),
        Just("REQUEST"),
        Just("version"),
        Just("2.0"),
        Just("1.0"),
        Just("methodArn"),
        Just("routeArn"),
        Just("authorizationToken"),
        Just("headers"),
        Just("multiValueHeaders"),
        Just("Authorization"),
        Just("authorization"),
        Just("Bearer a.b.c"),
        Just("Bearer"),
        Just("requestContext"),
        Just("http"),
        Just("queryStringParameters"),
        Just("access_token"),
        Just("arn:aws:execute-api:r:1:a/s/GET/x"),
        Just("arn:aws:execute-api:r:1:a/s/$connect"),
        Just("identitySource"),
    ]
    .prop_map(str::to_owned);
    let text = prop_oneof![3 => word, 1 => any::<String>()];
    let leaf = prop_oneof![
        4 => text.clone().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(text.clone(), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn grants_nothing(answer: &Value) -> bool {
    let error = answer.get("errorType").is_some();
    error || answer == &json!({"isAuthorized": false})
}

static TOKEN: LazyLock<String> = LazyLock::new(|| token_with(&json!({})));

/// One world for all cases, because the state that one event leaves must not help the next event.
static WORLD: LazyLock<World> =
    LazyLock::new(|| World::new(&[("CONTEXT_CLAIMS", "x"), ("CLIENT_IDS", "web")]));

fn ask(event: &str) -> Value {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(WORLD.ask_text(event))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_json_without_a_good_token_is_allowed(event in any_json()) {
        let answer = ask(&event.to_string());
        prop_assert!(grants_nothing(&answer), "{event} got {answer}");
    }

    #[test]
    fn a_real_event_with_any_changed_member_grants_nothing(name in "(type|version|headers|multiValueHeaders|authorizationToken|\
        queryStringParameters|requestContext|identitySource|path|x)", value in any_json(), connect: bool)
    {
        let route = if connect { "$connect" } else { "GET/a" };
        let mut event = json!({"type": "REQUEST", "methodArn": format!("{STAGE}/{route}"), "headers": {}});
        event[name] = value;
        let answer = ask(&event.to_string());
        prop_assert!(grants_nothing(&answer), "{event} got {answer}");
    }

    #[test]
    fn no_string_as_a_credential_is_allowed(credential in any::<String>()) {
        let event = json!({"type": "TOKEN", "methodArn": format!("{STAGE}/GET/a"), "authorizationToken": credential});
        prop_assert_eq!(ask(&event.to_string()), support::unauthorized());
    }

    #[test]
    fn no_header_or_payload_of_any_bytes_is_accepted(
        header_bytes in prop::collection::vec(any::<u8>(), 0..64),
        payload in prop::collection::vec(any::<u8>(), 0..64),
        signature in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let part = |bytes: &[u8]| testkit::signer::base64url(bytes);
        let good_header = header().to_string();
        for header in [&header_bytes[..], good_header.as_bytes()] {
            let token = format!("{}.{}.{}", part(header), part(&payload), part(&signature));
            prop_assert_eq!(ask(&support::token_event(&token).to_string()), support::unauthorized());
        }
    }
}

// Without optimisation a signature takes a hundred times as long as the rest of a case.
proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_claim_of_any_kind_breaks_the_answer_to_a_signed_token(name in "(iss|aud|exp|nbf|iat|sub|cid|scp|scope|groups|jti|uid|cnf|x)",
        value in any_json())
    {
        let mut claims = claims();
        claims[name] = value;
        let token = mint(&header(), &claims, Signer::rsa());
        let answer = ask(&support::token_event(&token).to_string());
        // The token is refused, or its context is flat and has only types that API Gateway accepts.
        if answer != support::unauthorized() {
            for value in answer["context"].as_object().unwrap().values() {
                prop_assert!(value.is_string() || value.is_number() || value.is_boolean(), "{answer}");
            }
        }
    }

    #[test]
    fn the_requested_path_never_reaches_the_policy(verb in "[A-Z]{1,8}", path in any::<String>()) {
        let mut event = support::token_event(&TOKEN);
        event["methodArn"] = json!(format!("{STAGE}/{verb}/{path}"));
        let answer = ask(&event.to_string());
        prop_assert_eq!(&answer["policyDocument"]["Statement"][0]["Resource"], &json!([format!("{STAGE}/*")]));
    }
}
