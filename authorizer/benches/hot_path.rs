//! Measures each step of a decision, and the floor: one signature verification with a parsed key over the same bytes.

#![expect(clippy::unwrap_used, reason = "a benchmark: an error ends it")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::ffi::OsString;
use std::future::Future;
use std::hint::black_box;
use std::io;
use std::sync::Arc;

use authorizer::access::{AccessRules, CallerClaims};
use authorizer::algorithm::Algorithm;
use authorizer::answer::policy::PolicyDocument;
use authorizer::bearer::BearerToken;
use authorizer::clock::{Clock, ManualClock, Timestamp};
use authorizer::config::Settings;
use authorizer::credential::Credential;
use authorizer::deadline::Deadline;
use authorizer::issuer::http_client::Transport;
use authorizer::key_id::KeyId;
use authorizer::log::trace::Trace;
use authorizer::target::Target;
use authorizer::verifier::{VerifiedClaims, Verifier};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use lambda_support::invocation::Invocation;
use lambda_support::settings::Source;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use support::{
    FakeIssuer, ISSUER, KEYS_URI, NOW, STAGE, Signer, World, claims_with, header, mint,
    token_event, token_with,
};

fn wait<F: Future>(future: F) -> F::Output {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}

/// The settings of a small deployment, and one other setting.
struct Given<'g>(&'g str, &'g str);

impl Source for Given<'_> {
    fn variable(&self, name: &str) -> Option<OsString> {
        let value = match name {
            "ISSUER" => ISSUER,
            "AUDIENCE" => "api://default",
            "JWKS_URI" => KEYS_URI,
            _ if name == self.0 => self.1,
            _ => return None,
        };
        Some(value.into())
    }

    fn file(&self, _: &str) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

fn given(name: &str, value: &str) -> Settings {
    Settings::from_source(&Given(name, value)).unwrap()
}

/// A verifier whose keys have been fetched.
fn verifier(settings: &Settings, cache_entries: usize, keys: &[Value]) -> Verifier {
    let issuer = Arc::new(FakeIssuer::default());
    issuer.publish(KEYS_URI, keys);
    let transport: Arc<dyn Transport> = issuer;
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(Timestamp::from_secs(NOW)));
    let issuers = settings.issuers.iter();
    let issuers = issuers.map(|one| one.trusted(settings, &transport, &clock));
    Verifier::new(
        issuers.collect(),
        settings.requirements.clone(),
        cache_entries,
        clock,
    )
}

fn verify(verifier: &Verifier, token: &Credential) -> Option<Arc<VerifiedClaims>> {
    wait(verifier.verify(token, Deadline::UNKNOWN, &mut Trace::default())).ok()
}

fn credential(token: &str) -> Credential {
    Credential::Bearer(BearerToken::from_token(token).unwrap())
}

/// One verification with a parsed key, over the bytes of this token.
fn floor(token: &str, key: &ParsedPublicKey) -> impl Fn() + use<> {
    let (text, signature) = token.rsplit_once('.').unwrap();
    let (text, signature) = (text.to_owned(), URL_SAFE_NO_PAD.decode(signature).unwrap());
    let key = key.clone();
    move || {
        key.verify_sig(black_box(text.as_bytes()), black_box(&signature))
            .unwrap()
    }
}

fn member(jwk: &Value, name: &str) -> Vec<u8> {
    let text = jwk.get(name).and_then(Value::as_str).unwrap();
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// From token to claims.
fn tokens(c: &mut Criterion) {
    let settings = given("ALGORITHMS", "RS256,ES256");
    let (rsa, p256) = (Signer::rsa().jwk("k1"), Signer::p256().jwk("p1"));
    let keys = [rsa.clone(), p256.clone()];
    let token = token_with(&json!({}));
    let ec_header = json!({"kid": "p1", "alg": "ES256"});
    let ec_token = mint(&ec_header, &claims_with(&json!({})), Signer::p256());
    let forged = mint(&header(), &claims_with(&json!({})), Signer::other_rsa());

    let rsa_key = RsaPublicKeyComponents {
        n: member(&rsa, "n"),
        e: member(&rsa, "e"),
    };
    let rsa_key = rsa_key
        .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
        .unwrap();
    let point = [vec![4], member(&p256, "x"), member(&p256, "y")].concat();
    let p256_key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).unwrap();

    let mut group = c.benchmark_group("token");
    let floor_rsa = floor(&token, &rsa_key);
    group.bench_function("floor, RSA-2048", |b| b.iter(&floor_rsa));
    let floor_p256 = floor(&ec_token, &p256_key);
    group.bench_function("floor, P-256", |b| b.iter(&floor_p256));
    let (uncached, cached) = (
        verifier(&settings, 0, &keys),
        verifier(&settings, 100, &keys),
    );
    for (name, verifier, token, is_valid) in [
        ("distinct, RSA-2048", &uncached, &token, true),
        ("distinct, P-256", &uncached, &ec_token, true),
        ("refused, RSA-2048", &uncached, &forged, false),
        ("repeated", &cached, &token, true),
    ] {
        let token = credential(token);
        assert_eq!(verify(verifier, &token).is_some(), is_valid, "{name}");
        group.bench_function(name, |b| b.iter(|| verify(verifier, &token)));
    }
    group.finish();
}

/// The lookup of a cached key.
fn keys(c: &mut Criterion) {
    let settings = given("LOG_LEVEL", "error");
    let verifier = verifier(&settings, 0, &[Signer::rsa().jwk("k1")]);
    let issuer = verifier.issuers().first().unwrap();
    let kid = KeyId::parse("k1").unwrap();
    c.bench_function("key cache", |b| {
        b.iter(|| {
            wait(
                issuer
                    .keys
                    .lookup(&kid, Algorithm::RS256, Deadline::UNKNOWN),
            )
            .unwrap()
        });
    });
}

/// `count` rules for ten routes.
fn rules(count: usize, with_claims: bool) -> String {
    let rule = |place: usize| {
        let path = format!("/r{}/*", place % 10);
        if with_claims {
            let claims = json!({"uid": [format!("00u{}", place + 1)], "department": ["none"]});
            let claims = if place == 0 {
                json!({"uid": ["00u1"]})
            } else {
                claims
            };
            json!({"methods": ["GET"], "path": path, "claims": claims})
        } else {
            let scope = if place == 0 {
                "state:write".to_owned()
            } else {
                format!("s{place}")
            };
            json!({"methods": ["GET"], "path": path, "scopes": [scope]})
        }
    };
    (0..count).map(rule).collect::<Value>().to_string()
}

/// Rules and policy.
fn access(c: &mut Criterion) {
    let mut group = c.benchmark_group("rules and policy");
    let target = Target::parse(&format!("{STAGE}/GET/r0/1")).unwrap();
    let now = Timestamp::from_secs(NOW);
    let policy = |rules: &AccessRules, claims: &VerifiedClaims| {
        let decision = rules.decide(CallerClaims::SignedIn(claims), now);
        serde_json::to_string(&PolicyDocument::new(&decision, &target, None)).unwrap()
    };
    for (kind, with_claims) in [("", false), (", with claims", true)] {
        for count in [10, 100, 1000] {
            let settings = given("ACCESS_RULES", &rules(count, with_claims));
            let rules = &settings.access_rules;
            let verifier = verifier(&settings, 0, &[Signer::rsa().jwk("k1")]);
            let fresh = verify(&verifier, &credential(&token_with(&json!({})))).unwrap();
            let decided = fresh.as_ref().clone();
            assert_eq!(policy(rules, &decided).matches(STAGE).count(), 1);
            group.bench_function(format!("{count} rules{kind}, new token"), |b| {
                let undecided = || fresh.as_ref().clone();
                b.iter_batched(
                    undecided,
                    |claims| policy(rules, &claims),
                    BatchSize::SmallInput,
                );
            });
            group.bench_function(format!("{count} rules{kind}, known token"), |b| {
                b.iter(|| policy(rules, black_box(&decided)));
            });
        }
    }
    group.finish();
}

/// From event to answer, as JSON.
fn answers(c: &mut Criterion) {
    let mut group = c.benchmark_group("event to answer");
    let every_route = r#"[{"methods": ["*"], "path": "/*"}]"#.to_owned();
    let (few, many) = (rules(10, true), rules(1000, true));
    for (name, cache, rules) in [
        ("distinct", "0", &every_route),
        ("distinct, 10 rules with claims", "0", &few),
        ("distinct, 1000 rules with claims", "0", &many),
        ("repeated", "100", &every_route),
        ("repeated, 10 rules with claims", "100", &few),
        ("repeated, 1000 rules with claims", "100", &many),
    ] {
        let world = World::new(&[
            ("TOKEN_CACHE_ENTRIES", cache),
            ("LOG_LEVEL", "error"),
            ("ACCESS_RULES", rules),
        ]);
        let event = token_event(&token_with(&json!({"iss": ISSUER})));
        let event = RawValue::from_string(event.to_string()).unwrap();
        let invocation = Invocation {
            request_id: "r-1",
            deadline: Timestamp::from_secs(NOW + 5),
        };
        wait(world.authorizer.warm_up());
        group.bench_function(name, |b| {
            b.iter(|| {
                let answer = wait(world.authorizer.authorize(&event, invocation)).unwrap();
                serde_json::to_vec(&answer).unwrap()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, tokens, keys, access, answers);
criterion_main!(benches);
