//! The real binary, with a Runtime API and an issuer that the test serves.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod support;

#[path = "binary/runtime.rs"]
mod runtime;

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use testkit::http::{LoopbackServer, Reply};
use testkit::runtime_api::{FakeRuntimeApi, event};

use runtime::Function;
use support::{Signer, bearer, http_api_event, mint, request_event, token_event, unauthorized};

/// A token that is valid now.
fn good_token(function: &Function) -> String {
    good_token_of(&function.issuer, "AT.1")
}

fn good_token_of(issuer: &str, id: &str) -> String {
    let exp = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() + 600;
    let claims = json!({"iss": issuer, "aud": "api://default", "sub": "alice", "cid": "web", "exp": exp, "jti": id});
    mint(
        &json!({"alg": "RS256", "kid": "k1"}),
        &claims,
        Signer::rsa(),
    )
}

#[test]
fn wrong_settings_end_the_process_with_one_message() {
    // Nothing listens on port 9 (discard). If the function called the Runtime API, the message would differ.
    let output = Command::new(env!("CARGO_BIN_EXE_authorizer"))
        .env_clear()
        .envs([
            ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9"),
            ("ISSUER", "http://example.com"),
        ])
        .envs([
            ("ALGORITHMS", "HS256"),
            ("INTROSPECTION_CLIENT_SECRET", "hush"),
        ])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
    let message = String::from_utf8(output.stderr).unwrap();
    let names: Vec<&str> = message
        .lines()
        .map(|line| line.trim().split(' ').next().unwrap())
        .collect();
    assert_eq!(
        names,
        ["authorizer:", "ALGORITHMS", "ISSUER", "AUDIENCE"],
        "{message}"
    );
    assert!(
        message.contains("HS256")
            && message.contains("http://example.com")
            && !message.contains("hush")
    );
}

#[test]
fn answers_and_errors_are_exact() {
    let function = Function::start(&[]);
    let token = good_token(&function);
    let answer = function.invoke(&token_event(&token).to_string());
    assert_eq!(answer.kind, "response");
    assert_eq!(answer.body["principalId"], "alice");

    let refused = function.invoke(&token_event("x.y.z").to_string());
    assert_eq!(
        (refused.kind.as_str(), &refused.body),
        ("error", &unauthorized())
    );
    assert_eq!(
        refused.text,
        r#"{"errorType":"Unauthorized","errorMessage":"Unauthorized"}"#
    );

    let missing = function.invoke(&request_event("GET/a", &json!({})).to_string());
    assert_eq!(
        (missing.kind.as_str(), &missing.body),
        ("error", &unauthorized())
    );

    let unknown = function.invoke("{}");
    assert_eq!(
        (unknown.kind.as_str(), &unknown.body["errorType"]),
        ("error", &json!("UnknownEvent"))
    );

    let log = function.stop();
    assert!(!log.contains(&token), "the log has the token");
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    assert_eq!(lines[0]["message"], "start");
    assert_eq!(
        lines[0]["settings"]["issuers"][0]["audience"],
        json!(["api://default"])
    );
    let decisions: Vec<&str> = lines
        .iter()
        .filter(|line| line["message"] == "decision")
        .filter_map(|line| line["reason"].as_str())
        .collect();
    assert_eq!(
        decisions,
        ["granted", "not_base64url", "no_token", "unknown_event"]
    );
    assert_eq!(
        lines.len(),
        5,
        "expected one line at start, one line per decision, and no error of the runtime: {log}"
    );
}

/// At `trace` the Lambda runtime logs the whole event, and the HTTP client logs its requests.
#[test]
fn no_level_of_logging_writes_a_token_or_a_secret() {
    for level in ["LOG_LEVEL", "AWS_LAMBDA_LOG_LEVEL"] {
        let function = Function::start(&[
            (level, "TRACE"),
            ("INTROSPECTION", "on"),
            ("INTROSPECTION_CLIENT_ID", "client"),
            ("INTROSPECTION_CLIENT_SECRET", "hush-hush"),
        ]);
        let token = good_token(&function);
        let forged = format!("{}AAAA", good_token(&function));
        for token in [&token, &forged] {
            for event in [
                token_event(token),
                request_event("GET/a", &bearer(token)),
                http_api_event("GET/a", &bearer(token)),
            ] {
                function.invoke(&event.to_string());
            }
        }
        // The runtime itself reports a payload that is not JSON.
        function.invoke(&format!("{{\"authorizationToken\": \"Bearer {token}\","));
        let log = function.stop();
        assert!(log.contains(r#""reason":"granted""#), "{log}");
        let basic = STANDARD.encode("client:hush-hush");
        let parts = token.split('.').chain(forged.split('.'));
        for secret in parts.chain(["hush-hush", &basic]) {
            assert!(!log.contains(secret), "{level}: {secret} is in {log}");
        }
    }
}

#[test]
fn keys_are_fetched_before_the_first_event() {
    let function = Function::start(&[]);
    let token = good_token(&function);
    function.wait_for_init();
    function.issuer_goes_down();
    assert_eq!(
        function.invoke(&token_event(&token).to_string()).kind,
        "response"
    );
    function.stop();
}

#[test]
fn keys_from_a_file_are_used_for_the_first_request_without_network() {
    let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/keys.json");
    std::fs::write(path, json!({"keys": [Signer::rsa().jwk("k1")]}).to_string()).unwrap();
    let function = Function::start_without_issuer(&[("JWKS_FILE", path)]);
    let event = token_event(&good_token(&function)).to_string();
    assert_eq!(function.invoke(&event).kind, "response");
    function.stop();
}

/// The file is as deployment tools leave it: dated 1980 and written on Windows. The issuer accepts connections, but
/// never answers.
#[test]
fn keys_from_a_file_of_1980_are_used_while_the_issuer_hangs() {
    let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/keys_of_1980.json");
    let keys = json!({"keys": [Signer::rsa().jwk("k1")]});
    std::fs::write(path, format!("\u{feff}{keys}")).unwrap();
    let file = std::fs::File::options().write(true).open(path).unwrap();
    let in_1980 = std::time::UNIX_EPOCH + std::time::Duration::from_secs(315_532_800);
    file.set_modified(in_1980).unwrap();
    let hangs = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("http://{}/keys", hangs.local_addr().unwrap());
    let started = std::time::Instant::now();
    let variables = [
        ("JWKS_FILE", path),
        ("JWKS_URI", uri.as_str()),
        ("JWKS_TIMEOUT_MS", "60000"),
    ];
    let function = Function::start(&variables);
    let event = token_event(&good_token(&function)).to_string();
    for _ in 0..3 {
        assert_eq!(function.invoke(&event).kind, "response");
    }
    assert!(started.elapsed() < std::time::Duration::from_secs(5));
    // The refresh has started during init.
    hangs.accept().unwrap();
    function.stop();
}

#[test]
fn without_keys_the_answer_is_an_error_that_is_not_unauthorized() {
    let function = Function::start_without_issuer(&[]);
    let answer = function.invoke(&token_event(&good_token(&function)).to_string());
    assert_eq!(
        (answer.kind.as_str(), &answer.body["errorType"]),
        ("error", &json!("KeysUnavailable"))
    );
    assert_ne!(answer.body["errorMessage"], "Unauthorized");
    function.stop();
}

#[test]
fn an_event_that_is_not_json_is_an_error_and_the_next_event_is_answered() {
    let function = Function::start(&[]);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let odd = r#"{"type":"TOKEN","methodArn":"arn:aws:execute-api:r:1:a/s/GET/","authorizationToken":"Bearer \ud800"}"#;
    for garbage in [
        "",
        "null",
        "5",
        "[]",
        "{",
        "\u{0}",
        r#"{"type":"TOKEN"}"#,
        r#"{"headers":{"a":[[[]]]}}"#,
        &deep,
        odd,
    ] {
        let answer = function.invoke(garbage);
        assert_eq!(answer.kind, "error", "{garbage:.40}");
        assert!(
            !answer.text.contains("panic"),
            "{garbage:.40}: {}",
            answer.text
        );
        assert_eq!(
            answer.body["errorMessage"] == "Unauthorized",
            garbage == odd,
            "{garbage:.40}"
        );
    }
    let token = good_token(&function);
    assert_eq!(
        function.invoke(&token_event(&token).to_string()).kind,
        "response"
    );
    function.stop();
}

/// Concurrent calls, as on Lambda Managed Instances. The keys from init do not fit their tokens, so all need the same
/// fetch.
#[test]
fn many_concurrent_calls_cause_one_fetch_and_each_has_a_line() {
    const CALLS: usize = 64;
    let is_rotated = AtomicBool::new(false);
    let issuer = LoopbackServer::start(move |_| {
        let kid = if is_rotated.swap(true, Ordering::SeqCst) {
            "k1"
        } else {
            "k0"
        };
        Reply::json(&json!({"keys": [Signer::rsa().jwk(kid)]}).to_string())
    });
    let ids: Vec<String> = (0..CALLS).map(|call| format!("r-{call:02}")).collect();
    let call = |id: &String| {
        let token = good_token_of(&issuer.url(""), id);
        event(id, &token_event(&token).to_string())
    };
    let api = FakeRuntimeApi::start_with(ids.iter().map(call).collect(), CALLS);
    let mut function = runtime::command(&issuer.url(""));
    function.env("AWS_LAMBDA_MAX_CONCURRENCY", CALLS.to_string());
    let (posted, log) = api.run(function, CALLS);

    let mut answered: Vec<&str> = posted.iter().map(|answer| answer.path()).collect();
    answered.sort_unstable();
    let path = |id: &String| format!("/2018-06-01/runtime/invocation/{id}/response");
    assert_eq!(answered, ids.iter().map(path).collect::<Vec<_>>(), "{log}");
    assert_eq!(
        issuer.paths(),
        ["/keys", "/keys"],
        "one fetch at init, and one more"
    );

    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .filter(|line: &Value| line["message"] == "decision")
        .collect();
    let mut logged: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["requestId"].as_str())
        .collect();
    logged.sort_unstable();
    assert_eq!(logged, ids);
    let total = |metric: &str| lines.iter().filter_map(|line| line[metric].as_u64()).sum();
    let totals: [u64; 4] = ["Decisions", "KeyFetches", "KeyFetchFailures", "ColdStarts"].map(total);
    assert_eq!(totals, [64, 2, 0, 1]);
}
