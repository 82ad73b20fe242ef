//! Calls of the API, the pages and the issuer with tokens, good and bad.

use std::fs;
use std::path::Path;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use testkit::node;
use tests::processes::{processes_of, signal};
use tests::{HttpAnswer, RunningStack, send};

use crate::Outputs;
use crate::commands::{MISTAKEN, run, sign_in};
use crate::known::{Kind, Secrets};

pub(crate) async fn send_all(
    stack: &RunningStack,
    record: &Path,
    outputs: &Outputs,
    secrets: &mut Secrets,
) {
    let good = sign_in(stack, outputs, &["alice"]);
    let expired = sign_in_at(stack, outputs, "/dev/age?seconds=7200").await;
    let foreign = sign_in_at(stack, outputs, "/dev/audience?value=api://other").await;
    for token in [&good, &expired, &foreign, MISTAKEN, &good.replace('.', "A")] {
        let kind = if token == MISTAKEN {
            Kind::Mistaken
        } else {
            Kind::AccessToken
        };
        secrets.add(kind, token);
        for authorization in [
            format!("Bearer {token}"),
            format!("DPoP {token}"),
            format!("Basic {token}"),
            format!("Bearer {token} {token}"),
            (*token).to_owned(),
        ] {
            for (method, path) in [(Method::GET, "/session"), (Method::PUT, "/state/secret")] {
                let request = stack
                    .request(method, path)
                    .header("authorization", &authorization);
                explained(stack, outputs, request).await;
            }
        }
        let query = format!("/state?access_token={token}&cursor={token}");
        explained(stack, outputs, stack.request(Method::GET, &query)).await;
        let elsewhere = stack
            .request(Method::PUT, "/state/secret")
            .bearer_auth(&good)
            .header("if-match", format!("\"{token}\""))
            .header("cookie", format!("token={token}"))
            .header("content-type", format!("application/{token}"));
        explained(stack, outputs, elsewhere.body(token.to_owned())).await;
    }
    prove(stack, outputs, secrets).await;
    redeem_again(stack, record, outputs).await;
}

/// A token of the issuer after one of its controls was used.
async fn sign_in_at(stack: &RunningStack, outputs: &Outputs, control: &str) -> String {
    assert_eq!(stack.issuer_control(control).await.status, 200);
    let token = sign_in(stack, outputs, &["alice"]);
    for control in ["/dev/age?seconds=0", "/dev/audience?value=api://default"] {
        assert_eq!(stack.issuer_control(control).await.status, 200);
    }
    token
}

/// Sends a bound token with a proof, with the same proof again, and with a proof for another URL.
async fn prove(stack: &RunningStack, outputs: &Outputs, secrets: &mut Secrets) {
    let folder = stack.data().join("dpop");
    let before = crate::known::files(&folder);
    let token = sign_in(stack, outputs, &["alice", "--dpop"]);
    let key = crate::known::files(&folder)
        .into_iter()
        .find(|file| !before.contains(file));
    let key = fs::read_to_string(key.expect("a new key")).expect("the key");
    let script = "
        import { createHash, randomUUID } from 'node:crypto';
        import { importJWK, SignJWT } from 'jose';
        const [token, key, url] = process.argv.slice(1);
        const { d, ...jwk } = JSON.parse(key);
        const ath = createHash('sha256').update(token).digest('base64url');
        const claims = { htm: 'GET', htu: url, jti: randomUUID(), ath };
        const proof = new SignJWT(claims).setIssuedAt().setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk });
        console.log(await proof.sign(await importJWK({ ...jwk, d }, 'ES256')));";
    let url = format!("{}/session", stack.address("api"));
    let arguments = ["--input-type=module", "-e", script, &token, &key, &url];
    let proof = node::node("local/issuer", &arguments, &[])
        .trim()
        .to_owned();
    secrets.add(Kind::Proof, &proof);
    for (path, expected) in [("/session", 200), ("/session", 401), ("/state", 401)] {
        let request = stack.request(Method::GET, path).header("dpop", &proof);
        let request = request.header("authorization", format!("DPoP {token}"));
        let answer = explained(stack, outputs, request).await;
        assert_eq!(answer.status, expected, "{path}");
    }
    let credential = [
        "--token",
        &*format!("DPoP {token}"),
        "--header",
        &*format!("DPoP: {proof}"),
    ];
    for path in ["/session", "/state"] {
        for flags in [&["--repeat", "2"][..], &["--json"]] {
            let explain = [&["explain", "GET", path], &credential[..], flags].concat();
            run(stack, outputs, &explain);
        }
    }
}

/// Sends used codes and refresh tokens again, to the issuer and to the pages.
async fn redeem_again(stack: &RunningStack, record: &Path, outputs: &Outputs) {
    let client = Client::new();
    let text = fs::read_to_string(record).expect("the recorded exchanges");
    let exchanges = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let endpoint = format!("{}/v1/token", stack.address("issuer"));
    let post = |form: &str| {
        let request = client.post(&endpoint).body(form.to_owned());
        request.header("content-type", "application/x-www-form-urlencoded")
    };
    let mut renewals = 0;
    for exchange in exchanges {
        let answer = exchange["answer"].as_str().unwrap_or_default();
        let answer: Value = serde_json::from_str(answer).unwrap_or_default();
        if let Some(token) = answer["refresh_token"].as_str() {
            let form = format!("grant_type=refresh_token&client_id=web&refresh_token={token}");
            for _ in 0..2 {
                outputs.refusal(&send(post(&form)).await);
                renewals += 1;
            }
        }
        // The issuer revokes the tokens of a code that is used twice.
        let form = exchange["body"].as_str().unwrap_or_default();
        if form.starts_with("grant_type=authorization_code") {
            outputs.answer(&send(post(form)).await);
            let url = format!("{}/callback.html?{form}", stack.address("web"));
            outputs.answer(&send(client.get(url)).await);
        }
    }
    assert!(renewals > 0, "no refresh token was issued");
}

/// Kills functions during a call.
pub(crate) async fn crash_functions(stack: &RunningStack, outputs: &Outputs) {
    let token = sign_in(stack, outputs, &["alice"]);
    for (function, end) in [("authorizer", "ABRT"), ("api-handler", "KILL")] {
        let running = processes_of(function, stack.process_id());
        assert!(!running.is_empty());
        running.iter().for_each(|process| signal("STOP", *process));
        let request = stack.request(Method::GET, "/session").bearer_auth(&token);
        let call = tokio::spawn(send(request));
        tokio::time::sleep(Duration::from_millis(300)).await;
        running.iter().for_each(|process| signal(end, *process));
        running.iter().for_each(|process| signal("CONT", *process));
        let answer = call.await.expect("an answer");
        assert!(answer.status >= 500, "{function}: {answer:?}");
        outputs.answer(&answer);
        run(stack, outputs, &["why", answer.header("x-amzn-requestid")]);
    }
}

/// Makes calls that end in an error, and asks for their causes.
pub(crate) async fn fail(stack: &RunningStack, outputs: &Outputs) {
    let token = sign_in(stack, outputs, &["alice", "--dpop"]);
    let request = stack
        .request(Method::GET, "/session")
        .header("authorization", format!("DPoP {token}"));
    explained(stack, outputs, request).await;
    let token = sign_in(
        stack,
        outputs,
        &["alice", "--scope", "openid offline_access"],
    );
    let request = stack.request(Method::GET, "/session").bearer_auth(&token);
    let answer = explained(stack, outputs, request).await;
    assert_eq!(answer.status, 500, "the introspection fails");
}

/// Sends a call, and runs `why` on it.
async fn explained(stack: &RunningStack, outputs: &Outputs, request: RequestBuilder) -> HttpAnswer {
    let answer = send(request).await;
    outputs.answer(&answer);
    let id = answer.header("x-amzn-requestid");
    run(stack, outputs, &["why", id]);
    run(stack, outputs, &["why", id, "--json"]);
    answer
}

impl Outputs {
    fn answer(&self, answer: &HttpAnswer) {
        self.keep("answer", format!("{answer:?}").as_bytes());
    }

    /// Keeps an answer of the token endpoint, which has no new tokens.
    fn refusal(&self, answer: &HttpAnswer) {
        if answer.status != 200 {
            self.answer(answer);
        }
    }
}
