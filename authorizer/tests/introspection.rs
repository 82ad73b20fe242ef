//! Introspection: one request per token, cached answers, and no access without a usable answer.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

mod loopback;

use std::sync::Arc;
use std::time::Duration;

use authorizer::clock::{ManualClock, Timestamp};
use authorizer::deadline::Deadline;
use authorizer::issuer::http_client::{
    ConnectionError, Document, EndpointError, HttpClient, TransportError,
};
use authorizer::issuer::introspection::{
    AskedIssuer, AskedToken, Introspection, IntrospectionAnswerError, IntrospectionError,
    IntrospectionSettings, Secret,
};
use authorizer::issuer::metadata::MetadataError;
use authorizer::refusal::OtherMember;
use loopback::gate::{Keeper, Waiting, gate};
use loopback::{LATER, START};
use testkit::http::{LoopbackServer, Reply};

const ISSUER: &str = "https://issuer.example/oauth2/default";
const TOKEN: &str = "header.payload.signature";
const ACTIVE: &str = r#"{"active":true,"sub":"alice"}"#;
const TTL: Duration = Duration::from_secs(30);

type Verdict = Result<(), IntrospectionError>;

fn settings(uri: Option<&str>, ttl: Duration) -> IntrospectionSettings {
    IntrospectionSettings {
        uri: uri.map(|uri| uri.parse().unwrap()),
        client_id: "0oaclient".to_owned(),
        client_secret: None,
        ttl,
    }
}

fn issuer() -> AskedIssuer {
    AskedIssuer {
        issuer: ISSUER.to_owned(),
        token_type_hint: "access_token",
        timeout: Duration::from_secs(2),
        cooldown: Duration::from_secs(30),
        leeway: Duration::from_secs(60),
    }
}

const fn token(number: u8) -> AskedToken<'static> {
    AskedToken {
        text: TOKEN,
        sha256: [number; 32],
        issuer: ISSUER,
        subject: "alice",
        client_id: Some("web"),
    }
}

struct Bench {
    introspection: Arc<Introspection>,
    clock: Arc<ManualClock>,
    keeper: Keeper,
}

impl Bench {
    fn new(ttl: Duration) -> Self {
        Self::with(settings(Some("https://issuer.example/introspect"), ttl))
    }

    fn with(settings: IntrospectionSettings) -> Self {
        let (transport, keeper) = gate();
        let clock = Arc::new(ManualClock::at(START));
        let introspection =
            Introspection::new(issuer(), settings, transport, Arc::clone(&clock) as _);
        Self {
            introspection: Arc::new(introspection),
            clock,
            keeper,
        }
    }

    fn check(&self, token: u8) -> tokio::task::JoinHandle<Verdict> {
        self.check_by(token, LATER)
    }

    fn check_by(&self, token: u8, deadline: Deadline) -> tokio::task::JoinHandle<Verdict> {
        let introspection = Arc::clone(&self.introspection);
        tokio::spawn(async move { introspection.check(self::token(token), deadline).await })
    }

    /// A check that must not send a request.
    async fn at_once(&self, token: u8) -> Verdict {
        let check = self.introspection.check(self::token(token), LATER);
        tokio::time::timeout(Duration::ZERO, check)
            .await
            .unwrap_or_else(|_| panic!("the check sends a request"))
    }

    async fn asked(&self, token: u8, answer: impl FnOnce(Waiting)) -> Verdict {
        let check = self.check(token);
        answer(self.keeper.next().await);
        check.await.unwrap()
    }
}

const fn unavailable(failure: IntrospectionAnswerError) -> Verdict {
    Err(IntrospectionError::Unavailable(failure))
}

const OK: Verdict = Ok(());

#[tokio::test]
async fn an_answer_is_cached_per_token_until_its_time_to_live_ends() {
    let bench = Bench::new(TTL);
    assert_eq!(bench.asked(1, |asked| asked.answer(ACTIVE)).await, OK);
    bench.clock.advance(Duration::from_secs(29));
    assert_eq!(bench.at_once(1).await, OK);
    assert_eq!(bench.asked(2, |asked| asked.answer(ACTIVE)).await, OK);
    bench.clock.advance(Duration::from_secs(1));
    let revoked = bench
        .asked(1, |asked| asked.answer(r#"{"active":false}"#))
        .await;
    assert_eq!(revoked, Err(IntrospectionError::Revoked));
    assert_eq!(bench.at_once(1).await, Err(IntrospectionError::Revoked));
}

#[tokio::test]
async fn the_age_of_an_answer_is_measured_from_its_request() {
    let bench = Bench::new(TTL);
    let check = bench.check(1);
    let asked = bench.keeper.next().await;
    bench.clock.advance(TTL);
    asked.answer(ACTIVE);
    assert_eq!(check.await.unwrap(), OK);
    assert_eq!(bench.asked(1, |asked| asked.answer(ACTIVE)).await, OK);
}

#[tokio::test]
async fn with_a_ttl_of_zero_each_request_introspects() {
    let bench = Bench::new(Duration::ZERO);
    for _ in 0..3 {
        assert_eq!(bench.asked(1, |asked| asked.answer(ACTIVE)).await, OK);
    }
}

#[tokio::test]
async fn twenty_checks_of_one_token_cause_one_request_and_another_token_does_not_wait() {
    for ttl in [TTL, Duration::ZERO] {
        let bench = Bench::new(ttl);
        let checks: Vec<_> = (0..20).map(|_| bench.check(1)).collect();
        let first = bench.keeper.next().await;
        assert_eq!(bench.asked(2, |asked| asked.answer(ACTIVE)).await, OK);
        first.answer(r#"{"active":false}"#);
        for check in checks {
            assert_eq!(check.await.unwrap(), Err(IntrospectionError::Revoked));
        }
        assert!(bench.keeper.is_quiet());
    }
}

#[tokio::test]
async fn the_next_check_repeats_a_cancelled_introspection() {
    let bench = Bench::new(TTL);
    let gone = bench.check(1);
    let lost = bench.keeper.next().await;
    let next = bench.check(1);
    tokio::task::yield_now().await;
    gone.abort();
    bench.keeper.next().await.answer(ACTIVE);
    assert_eq!(next.await.unwrap(), OK);
    lost.answer(r#"{"active":false}"#);
    assert_eq!(bench.at_once(1).await, OK);
}

#[tokio::test]
async fn without_a_usable_answer_the_token_is_refused_and_the_next_request_is_delayed() {
    let malformed = [
        "",
        "<html>",
        "{}",
        r#"{"active":"true"}"#,
        r#"[{"active":true}]"#,
        r#"{"active":true,"sub":5}"#,
        r#"{"active":true,"exp":"1"}"#,
        "true",
    ];
    let document = |body: &str| Document {
        body: body.as_bytes().to_vec(),
        ..Document::default()
    };
    let malformed = malformed.map(|body| (Ok(document(body)), IntrospectionAnswerError::Malformed));
    let failed = [
        TransportError::Connect(ConnectionError::Refused),
        TransportError::TimedOut,
        TransportError::Status(401),
        TransportError::Status(404),
        TransportError::Status(429),
        TransportError::TooLarge,
        TransportError::Broken,
    ];
    let failed = failed.map(|error| (Err(error), IntrospectionAnswerError::Transport(error)));
    for (outcome, failure) in malformed.into_iter().chain(failed) {
        let bench = Bench::new(TTL);
        let verdict = bench.asked(1, |asked| asked.finish(outcome)).await;
        assert_eq!(verdict, unavailable(failure));
        // Every token of this issuer fails without a request.
        assert_eq!(bench.at_once(1).await, unavailable(failure));
        assert_eq!(bench.at_once(2).await, unavailable(failure));
        bench.clock.advance(Duration::from_secs(1));
        assert_eq!(bench.asked(1, |asked| asked.answer(ACTIVE)).await, OK);
    }
}

#[tokio::test]
async fn failures_back_off_to_the_cooldown_while_cached_answers_are_used() {
    let bench = Bench::new(TTL * 1000);
    assert_eq!(bench.asked(9, |asked| asked.answer(ACTIVE)).await, OK);
    let failure = IntrospectionAnswerError::Transport(TransportError::Status(503));
    let fail = |asked: Waiting| asked.finish(Err(TransportError::Status(503)));
    for pause in [1, 2, 4, 8, 16, 30, 30] {
        assert_eq!(bench.asked(1, fail).await, unavailable(failure));
        bench.clock.advance(Duration::from_millis(pause * 1000 - 1));
        assert_eq!(bench.at_once(2).await, unavailable(failure));
        assert_eq!(bench.at_once(9).await, OK);
        bench.clock.advance(Duration::from_millis(1));
    }
    // A usable answer ends the backoff.
    assert_eq!(bench.asked(1, |asked| asked.answer(ACTIVE)).await, OK);
    assert_eq!(bench.asked(2, fail).await, unavailable(failure));
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.asked(2, |asked| asked.answer(ACTIVE)).await, OK);
}

#[tokio::test]
async fn failures_delay_the_next_request_after_the_clock_was_set_back() {
    let bench = Bench::new(TTL);
    let failure = IntrospectionAnswerError::Transport(TransportError::Status(503));
    let fail = |asked: Waiting| asked.finish(Err(TransportError::Status(503)));
    assert_eq!(bench.asked(1, fail).await, unavailable(failure));
    bench.clock.set(Timestamp::from_secs(1));
    // How long ago the failure was is unknown, so the next request is sent. Its failure has a time again.
    assert_eq!(bench.asked(1, fail).await, unavailable(failure));
    assert_eq!(bench.at_once(2).await, unavailable(failure));
}

#[tokio::test]
async fn concurrent_introspections_that_fail_are_one_failure() {
    for later in [Duration::ZERO, Duration::from_millis(10)] {
        let bench = Bench::new(TTL);
        let checks: Vec<_> = (0..20).map(|token| bench.check(token)).collect();
        let mut asked = Vec::new();
        for _ in &checks {
            asked.push(bench.keeper.next().await);
        }
        bench.clock.advance(later);
        asked.into_iter().for_each(Waiting::fail);
        let failure = TransportError::Connect(ConnectionError::Refused);
        for check in checks {
            let expected = unavailable(IntrospectionAnswerError::Transport(failure));
            assert_eq!(check.await.unwrap(), expected, "{later:?}");
        }
        bench.clock.advance(Duration::from_secs(1));
        let asked = bench.asked(1, |asked| asked.answer(ACTIVE)).await;
        assert_eq!(asked, OK, "{later:?}");
    }
}

#[tokio::test]
async fn an_answer_about_another_token_is_a_refusal_and_is_cached() {
    for (members, member) in [
        (r#""iss":"https://other.example""#, OtherMember::Issuer),
        (r#""sub":"bob""#, OtherMember::Subject),
        (r#""client_id":"app""#, OtherMember::ClientId),
    ] {
        let bench = Bench::new(TTL);
        let answer = format!(r#"{{"active":true,{members}}}"#);
        let expected = Err(IntrospectionError::Other(member));
        assert_eq!(
            bench.asked(1, |asked| asked.answer(&answer)).await,
            expected
        );
        assert_eq!(bench.at_once(1).await, expected);
    }
}

#[tokio::test]
async fn a_cached_answer_also_ends_with_its_expiry() {
    let bench = Bench::new(TTL);
    let answer = format!(r#"{{"active":true,"exp":{}}}"#, START.as_secs() - 50);
    assert_eq!(bench.asked(1, |asked| asked.answer(&answer)).await, OK);
    bench.clock.advance(Duration::from_secs(9));
    assert_eq!(bench.at_once(1).await, OK);
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.at_once(1).await, Err(IntrospectionError::Revoked));
}

#[tokio::test]
async fn the_deadline_of_the_invocation_ends_the_wait() {
    let bench = Bench::new(TTL);
    let soon = Deadline::at(START.plus(Duration::from_millis(20)));
    let (asks, waits) = (bench.check_by(1, soon), bench.check_by(1, soon));
    let asked = bench.keeper.next().await;
    for check in [asks, waits] {
        assert_eq!(
            check.await.unwrap(),
            unavailable(IntrospectionAnswerError::Deadline)
        );
    }
    asked.answer(ACTIVE);
    bench.clock.advance(Duration::from_secs(1));
    let passed = bench.introspection.check(token(2), soon);
    let at_once = tokio::time::timeout(Duration::ZERO, passed).await;
    assert_eq!(
        at_once.unwrap(),
        unavailable(IntrospectionAnswerError::Deadline),
        "a request was started after the deadline"
    );
}

#[tokio::test]
async fn only_the_body_contains_the_token() {
    let server = LoopbackServer::always(Reply::json(ACTIVE));
    let transport = Arc::new(HttpClient::new(None).unwrap());
    let mut settings = settings(Some(&server.url("/introspect")), TTL);
    let clock: Arc<ManualClock> = Arc::new(ManualClock::at(START));
    let public = Introspection::new(
        issuer(),
        settings.clone(),
        Arc::clone(&transport) as _,
        Arc::clone(&clock) as _,
    );
    assert_eq!(public.check(token(1), LATER).await, OK);
    settings.client_secret = Some(Secret::new("s&c".to_owned()));
    let confidential = Introspection::new(issuer(), settings, transport, clock);
    assert_eq!(confidential.check(token(1), LATER).await, OK);

    let asked = server.requests();
    let [public, confidential] = asked.as_slice() else {
        panic!("{asked:?}")
    };
    for asked in [public, confidential] {
        assert_eq!(asked.line, "POST /introspect HTTP/1.1");
        assert!(!asked.head.contains(TOKEN));
        let form = "content-type: application/x-www-form-urlencoded";
        assert!(
            asked.head.to_ascii_lowercase().contains(form),
            "{}",
            asked.head
        );
    }
    let common = format!("token={TOKEN}&token_type_hint=access_token");
    assert_eq!(public.body, format!("{common}&client_id=0oaclient"));
    assert!(!public.head.to_ascii_lowercase().contains("authorization"));
    assert_eq!(confidential.body, common);
    // 0oaclient:s%26c
    assert!(
        confidential.head.contains("Basic MG9hY2xpZW50OnMlMjZj"),
        "{}",
        confidential.head
    );
}

fn metadata(endpoint: &str) -> String {
    format!(r#"{{"issuer":"{ISSUER}","introspection_endpoint":"{endpoint}"}}"#)
}

const METADATA: &str = "https://issuer.example/oauth2/default/.well-known/openid-configuration";
const OLD: &str = "https://issuer.example/introspect";
const NEW: &str = "https://new.example/introspect";

/// Answers the requests of one check in order. Each step has the URL that the request must go to.
async fn script(
    bench: &Bench,
    number: u8,
    steps: &[(&str, Result<&str, TransportError>)],
) -> Verdict {
    let check = bench.check(number);
    for (url, reply) in steps {
        let asked = bench.keeper.next().await;
        assert_eq!(asked.url, *url);
        asked.finish(reply.map(|body| Document {
            body: body.as_bytes().to_vec(),
            ..Document::default()
        }));
    }
    let verdict = check.await.unwrap();
    assert!(bench.keeper.is_quiet());
    verdict
}

#[tokio::test]
async fn the_endpoint_is_discovered_once() {
    let bench = Bench::with(settings(None, TTL));
    let insecure = metadata("http://issuer.example/introspect");
    let (member, error) = ("introspection_endpoint", EndpointError::Insecure);
    let expected = IntrospectionAnswerError::Discovery(MetadataError::Address { member, error });
    let refused = script(&bench, 1, &[(METADATA, Ok(&insecure))]).await;
    assert_eq!(refused, unavailable(expected));

    bench.clock.advance(Duration::from_secs(1));
    let old = metadata(OLD);
    let first = [(METADATA, Ok(old.as_str())), (OLD, Ok(ACTIVE))];
    assert_eq!(script(&bench, 1, &first).await, OK);
    assert_eq!(script(&bench, 2, &[(OLD, Ok(ACTIVE))]).await, OK);
}

#[tokio::test]
async fn a_missing_endpoint_is_discovered_again_at_once() {
    for status in [404, 410] {
        let gone = Err(TransportError::Status(status));
        let failure = unavailable(IntrospectionAnswerError::Transport(TransportError::Status(
            status,
        )));
        let bench = Bench::with(settings(None, TTL));
        let (old, new) = (metadata(OLD), metadata(NEW));
        let first = [(METADATA, Ok(old.as_str())), (OLD, Ok(ACTIVE))];
        assert_eq!(script(&bench, 1, &first).await, OK);
        let moved = [(OLD, gone), (METADATA, Ok(new.as_str())), (NEW, Ok(ACTIVE))];
        assert_eq!(script(&bench, 2, &moved).await, OK);
        assert_eq!(script(&bench, 3, &[(NEW, Ok(ACTIVE))]).await, OK);

        // If metadata still names the missing endpoint, the next check fetches it again.
        let same = [(NEW, gone), (METADATA, Ok(new.as_str()))];
        assert_eq!(script(&bench, 4, &same).await, failure);
        bench.clock.advance(Duration::from_secs(1));
        let back = [(METADATA, Ok(new.as_str())), (NEW, gone)];
        assert_eq!(script(&bench, 4, &back).await, failure);
        bench.clock.advance(Duration::from_secs(2));
        let back = [(METADATA, Ok(new.as_str())), (NEW, Ok(ACTIVE))];
        assert_eq!(script(&bench, 4, &back).await, OK);
    }
    // After any other status the endpoint is kept.
    let bench = Bench::with(settings(None, TTL));
    let old = metadata(OLD);
    let first = [(METADATA, Ok(old.as_str())), (OLD, Ok(ACTIVE))];
    assert_eq!(script(&bench, 1, &first).await, OK);
    let failed = [(OLD, Err(TransportError::Status(503)))];
    assert!(script(&bench, 2, &failed).await.is_err());
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(script(&bench, 2, &[(OLD, Ok(ACTIVE))]).await, OK);
}
