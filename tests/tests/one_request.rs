//! One real request, end to end: a token of a real `OpenID` provider, the real authorizer, the real handler.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests may fail so"
)]

use reqwest::Method;
use serde_json::{Value, json};
use tests::{RunningStack, assert_matches, send};

fn session_of(login: &str, scopes: &[&str], groups: &[&str]) -> Value {
    json!({
        "signedIn": true,
        "principal": "00u…",
        "subject": login,
        "clientId": "web",
        "scopes": scopes,
        "groups": groups,
        "expiresAt": "…",
    })
}

#[tokio::test]
async fn requests_with_a_token_without_one_and_with_a_bad_one() {
    let stack = RunningStack::start("one-request", &[]);
    let alice = stack.token("alice");
    session_is_answered(&stack, &alice).await;
    bad_tokens_are_rejected(&stack, &alice).await;
    write_needs_a_token_with_its_scope(&stack, &alice).await;
    read_needs_the_owner_or_an_admin(&stack, &alice).await;
}

/// The same route answers signed-in and anonymous callers.
async fn session_is_answered(stack: &RunningStack, alice: &str) {
    let answer = stack.get("/session", Some(alice)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let mut session = answer.json();
    sort(&mut session["scopes"]);
    let scopes = [
        "email",
        "groups",
        "openid",
        "profile",
        "state:read",
        "state:write",
    ];
    assert_matches(
        "alice",
        &session,
        &session_of("alice@example.com", &scopes, &["Everyone"]),
    );
    let answer = stack.get("/session", None).await;
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({"signedIn": false}))
    );
}

/// A bad token is a 401 on that route too; its caller is never treated as anonymous.
async fn bad_tokens_are_rejected(stack: &RunningStack, alice: &str) {
    let (head, last) = alice.split_at(alice.len() - 10);
    let flipped = if last.starts_with('A') { "B" } else { "A" };
    let one_byte_changed = format!("{head}{flipped}{}", last.get(1..).expect("ten characters"));
    for (case, token) in [
        (
            "one byte of the signature changed",
            one_byte_changed.as_str(),
        ),
        ("not a token", "nonsense"),
        (
            "no signature",
            head.rsplit_once('.').expect("three parts").0,
        ),
    ] {
        for path in ["/session", "/state"] {
            let answer = stack.get(path, Some(token)).await;
            assert_eq!(
                (answer.status, answer.json()),
                (401, json!({"message": "Unauthorized"})),
                "{case}"
            );
        }
    }
}

/// A write needs a token with the scope for writes.
async fn write_needs_a_token_with_its_scope(stack: &RunningStack, alice: &str) {
    let put = |token: Option<&str>| {
        let request = stack.create("/state/home", r#"{"value": {"lamp": "on"}}"#);
        send(match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
    };
    assert_eq!(put(None).await.status, 401);
    let reader = stack.token_for("alice", &["--scope", "openid state:read"]);
    let answer = put(Some(&reader)).await;
    assert_eq!((answer.status, answer.json()), (403, denied("")));
    // Two tokens are refused, even if each would be accepted.
    let writer = stack.token_for("bob", &["--scope", "state:write"]);
    let two = stack.create("/state/home", "{\"value\": 1}");
    assert_eq!(
        send(two.bearer_auth(alice).bearer_auth(&writer))
            .await
            .status,
        401
    );
    let answer = put(Some(alice)).await;
    assert_eq!(answer.status, 201, "{answer:?}");
}

/// Only alice may read what she wrote.
async fn read_needs_the_owner_or_an_admin(stack: &RunningStack, alice: &str) {
    let answer = stack.get("/state/home", Some(alice)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let resource = json!({
        "id": "home", "owner": "00u…", "visibility": "private", "value": {"lamp": "on"}, "version": 1,
        "createdAt": "…Z", "updatedAt": "…Z",
    });
    assert_matches("home", &answer.json(), &resource);
    let bob = stack.token("bob");
    assert_eq!(stack.get("/state/home", Some(&bob)).await.status, 404);
    assert_eq!(stack.get("/state/home", None).await.status, 404);
    let ada = stack.token("ada");
    assert_eq!(
        stack.get("/state/home", Some(&ada)).await.status,
        200,
        "an admin sees it"
    );
}

fn sort(list: &mut Value) {
    if let Some(list) = list.as_array_mut() {
        list.sort_by_key(ToString::to_string);
    }
}

/// The body of a denial, with the `acr` values that would be accepted.
fn denied(step_up: &str) -> Value {
    json!({"Message": "User is not authorized to access this resource", "stepUp": step_up})
}

/// The body belongs to this call, not to an earlier call with the same token.
#[tokio::test]
async fn a_denial_lists_the_sign_ins_that_would_be_accepted() {
    const ACR: &str = "urn:okta:loa:2fa:any";
    let parameter = format!("DeletionAcr={ACR}");
    let stack = RunningStack::start("step-up", &["--parameter", &parameter]);
    let alice = stack.token("alice");
    let reader = stack.token_for("alice", &["--scope", "openid state:read"]);
    for (method, token, expected) in [
        (Method::PUT, &alice, None),
        (Method::DELETE, &alice, Some(ACR)),
        (Method::DELETE, &reader, Some("")),
        (Method::PUT, &reader, Some("")),
        (Method::DELETE, &reader, Some("")),
    ] {
        let request = stack.request(method.clone(), "/state/step-up");
        let answer = send(request.bearer_auth(token)).await;
        match expected {
            Some(acr) => assert_eq!((answer.status, answer.json()), (403, denied(acr))),
            // The handler answers: the write has no body.
            None => assert_eq!(answer.status, 415, "{answer:?}"),
        }
    }
}

/// A bound token is the only output on standard output, standard error names the file with its key, and the token is useless
/// without a proof.
#[tokio::test]
async fn a_bound_token_is_useless_without_its_key() {
    let stack = RunningStack::start_for_bound_tokens("bound-token");
    let output = stack.run(&["token", "alice", "--dpop"]);
    let report = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{report}");
    let token = String::from_utf8(output.stdout).unwrap();
    assert_eq!(token.trim().split('.').count(), 3);

    let path = report.split("the key in ").nth(1).unwrap();
    let path = path.split(": ").next().unwrap();
    let key: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let names: Vec<&String> = key.as_object().unwrap().keys().collect();
    assert_eq!(names, ["crv", "d", "kty", "x", "y"]);

    // The requests that a thief of the token can send.
    for scheme in ["Bearer", "DPoP"] {
        let authorization = format!("{scheme} {}", token.trim());
        let request = stack.request(Method::GET, "/session");
        let answer = send(request.header("authorization", authorization)).await;
        assert_eq!(answer.status, 401, "{scheme}");
    }

    // The requests of its owner, and of the owner of another key.
    let url = format!("{}/session", stack.address("api"));
    let event = |prover: &str| {
        json!({
            "type": "REQUEST",
            "methodArn": "arn:aws:execute-api:us-east-1:123456789012:api/prod/GET/session",
            "headers": {
                "Authorization": "DPoP {{bound-token:alice}}",
                "A-First": "{{bound-token:bob}}",
                "DPoP": format!("{{{{proof:{prover} GET {url}}}}}"),
            },
        })
    };
    let file = std::env::temp_dir().join(format!("bound-token-{}.json", std::process::id()));
    for (prover, expected) in [("alice", "Allow"), ("bob", "Unauthorized")] {
        std::fs::write(&file, event(prover).to_string()).unwrap();
        let output = stack.run(&["invoke", "authorizer", &file.display().to_string()]);
        let answer = String::from_utf8(output.stdout).unwrap();
        assert!(answer.contains(expected), "{prover}: {answer}");
    }
    std::fs::remove_file(file).unwrap();
}

/// The whole life of a token and its keys, at an issuer that is made to misbehave.
#[tokio::test]
async fn a_token_over_its_whole_life_at_an_issuer_that_misbehaves() {
    let stack = RunningStack::start("issuer-troubles", &[]);
    let alice = stack.token("alice");
    assert_eq!(stack.get("/session", Some(&alice)).await.status, 200);

    // A token for another audience, from the same issuer and with the same key.
    assert_eq!(
        stack
            .issuer_control("/dev/audience?value=api://other")
            .await
            .status,
        200
    );
    let foreign = stack.token("alice");
    assert_eq!(stack.get("/session", Some(&foreign)).await.status, 401);
    assert_eq!(
        stack
            .issuer_control("/dev/audience?value=api://default")
            .await
            .status,
        200
    );

    // A token that expired longer ago than the leeway: the issuer issues one that is two hours old.
    assert_eq!(
        stack.issuer_control("/dev/age?seconds=7200").await.status,
        200
    );
    let expired = stack.token("alice");
    assert_eq!(stack.get("/session", Some(&expired)).await.status, 401);
    assert_eq!(stack.issuer_control("/dev/age?seconds=0").await.status, 200);

    // A planned rotation: the next key was published beforehand.
    assert_eq!(stack.issuer_control("/dev/rotate").await.status, 200);
    let rotated = stack.token("alice");
    assert_eq!(stack.get("/session", Some(&rotated)).await.status, 200);
    assert_eq!(
        stack.get("/session", Some(&alice)).await.status,
        200,
        "the old key is still published"
    );

    // A sudden rotation: the key is new, and is fetched for this token.
    assert_eq!(stack.issuer_control("/dev/rotate?sudden").await.status, 200);
    let sudden = stack.token("alice");
    assert_eq!(stack.get("/session", Some(&sudden)).await.status, 200);

    // Without the issuer, the cached keys still accept good tokens and refuse bad ones.
    stack.kill_issuer();
    for (token, expected) in [
        (&sudden, 200),
        (&rotated, 200),
        (&expired, 401),
        (&foreign, 401),
    ] {
        assert_eq!(stack.get("/session", Some(token)).await.status, expected);
    }
    assert_eq!(stack.get("/state", Some(&sudden)).await.status, 200);
}
