//! Introspection: asked once a token, remembered for a while, and closed when in doubt.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod loopback;

use std::sync::Arc;
use std::time::Duration;

use authorizer::clock::ManualClock;
use authorizer::deadline::Deadline;
use authorizer::http_client::{ConnectFault, Document, EndpointError, HttpClient, TransportError};
use authorizer::introspection::{
    Active, Introspection, IntrospectionError, IntrospectionFailure, IntrospectionSettings, Secret,
};
use authorizer::issuer_metadata::MetadataError;
use loopback::gate::{Keeper, Waiting, gate};
use loopback::server::{Reply, Server};
use loopback::{LATER, START};

const ISSUER: &str = "https://issuer.example/oauth2/default";
const TOKEN: &str = "header.payload.signature";
const ACTIVE: &str = r#"{"active":true,"sub":"alice"}"#;
const TTL: Duration = Duration::from_secs(30);

type Verdict = Result<Active, IntrospectionError>;

fn settings(uri: Option<&str>, ttl: Duration) -> IntrospectionSettings {
    IntrospectionSettings {
        issuer: ISSUER.to_owned(),
        uri: uri.map(|uri| uri.parse().unwrap()),
        client_id: Some("0oaclient".to_owned()),
        client_secret: None,
        token_type_hint: "access_token",
        ttl,
        timeout: Duration::from_secs(2),
    }
}

struct Bench {
    introspection: Arc<Introspection>,
    clock: Arc<ManualClock>,
    keeper: Keeper,
}

impl Bench {
    fn new(ttl: Duration) -> Self {
        let (transport, keeper) = gate();
        let clock = Arc::new(ManualClock::at(START));
        let settings = settings(Some("https://issuer.example/introspect"), ttl);
        let introspection = Introspection::new(settings, transport, Arc::clone(&clock) as _);
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
        tokio::spawn(async move { introspection.check([token; 32], TOKEN, deadline).await })
    }

    /// A check that must not ask anybody.
    async fn at_once(&self, token: u8) -> Verdict {
        let check = self.introspection.check([token; 32], TOKEN, LATER);
        tokio::time::timeout(Duration::ZERO, check)
            .await
            .unwrap_or_else(|_| panic!("it asks"))
    }

    async fn asked(&self, token: u8, answer: impl FnOnce(Waiting)) -> Verdict {
        let check = self.check(token);
        answer(self.keeper.next().await);
        check.await.unwrap()
    }
}

const fn unavailable(failure: IntrospectionFailure) -> Verdict {
    Err(IntrospectionError::Unavailable(failure))
}

const ASKED: Verdict = Ok(Active { remembered: false });
const REMEMBERED: Verdict = Ok(Active { remembered: true });

#[tokio::test]
async fn an_answer_is_remembered_for_its_time_by_token() {
    let bench = Bench::new(TTL);
    assert_eq!(bench.asked(1, |asked| asked.answer(ACTIVE)).await, ASKED);
    bench.clock.advance(Duration::from_secs(29));
    assert_eq!(bench.at_once(1).await, REMEMBERED);
    assert_eq!(bench.asked(2, |asked| asked.answer(ACTIVE)).await, ASKED);
    bench.clock.advance(Duration::from_secs(1));
    let revoked = bench
        .asked(1, |asked| asked.answer(r#"{"active":false}"#))
        .await;
    assert_eq!(revoked, Err(IntrospectionError::Revoked));
    assert_eq!(bench.at_once(1).await, Err(IntrospectionError::Revoked));
}

#[tokio::test]
async fn an_answer_is_as_old_as_its_question() {
    let bench = Bench::new(TTL);
    let check = bench.check(1);
    let asked = bench.keeper.next().await;
    bench.clock.advance(TTL);
    asked.answer(ACTIVE);
    assert_eq!(check.await.unwrap(), ASKED);
    assert_eq!(bench.asked(1, |asked| asked.answer(ACTIVE)).await, ASKED);
}

#[tokio::test]
async fn with_no_time_to_live_each_request_asks() {
    let bench = Bench::new(Duration::ZERO);
    for _ in 0..3 {
        assert_eq!(bench.asked(1, |asked| asked.answer(ACTIVE)).await, ASKED);
    }
}

#[tokio::test]
async fn twenty_with_one_token_ask_once_and_another_token_does_not_wait() {
    for ttl in [TTL, Duration::ZERO] {
        let bench = Bench::new(ttl);
        let checks: Vec<_> = (0..20).map(|_| bench.check(1)).collect();
        let first = bench.keeper.next().await;
        assert_eq!(bench.asked(2, |asked| asked.answer(ACTIVE)).await, ASKED);
        first.answer(r#"{"active":false}"#);
        for check in checks {
            assert_eq!(check.await.unwrap(), Err(IntrospectionError::Revoked));
        }
        assert!(bench.keeper.is_quiet());
    }
}

#[tokio::test]
async fn whoever_goes_away_while_asking_leaves_the_turn_to_the_next() {
    let bench = Bench::new(TTL);
    let gone = bench.check(1);
    let lost = bench.keeper.next().await;
    let next = bench.check(1);
    tokio::task::yield_now().await;
    gone.abort();
    bench.keeper.next().await.answer(ACTIVE);
    assert_eq!(next.await.unwrap(), ASKED);
    lost.answer(r#"{"active":false}"#);
    assert_eq!(bench.at_once(1).await, REMEMBERED);
}

#[tokio::test]
async fn in_doubt_the_token_is_not_let_through_and_the_doubt_is_not_remembered() {
    for body in [
        "",
        "<html>",
        "{}",
        r#"{"active":"true"}"#,
        r#"[{"active":true}]"#,
        "true",
    ] {
        let bench = Bench::new(TTL);
        let verdict = bench.asked(1, |asked| asked.answer(body)).await;
        assert_eq!(
            verdict,
            unavailable(IntrospectionFailure::Malformed),
            "{body}"
        );
        assert_eq!(
            bench.asked(1, |asked| asked.answer(ACTIVE)).await,
            ASKED,
            "{body}"
        );
    }
    for error in [
        TransportError::Connect(ConnectFault::Refused),
        TransportError::TimedOut,
        TransportError::Status(401),
        TransportError::Status(429),
        TransportError::TooLarge,
        TransportError::Broken,
    ] {
        let bench = Bench::new(TTL);
        let verdict = bench.asked(1, |asked| asked.finish(Err(error))).await;
        assert_eq!(verdict, unavailable(IntrospectionFailure::Transport(error)));
        assert_eq!(bench.asked(1, |asked| asked.answer(ACTIVE)).await, ASKED);
    }
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
            unavailable(IntrospectionFailure::Deadline)
        );
    }
    asked.answer(ACTIVE);
    bench.clock.advance(Duration::from_secs(1));
    let passed = bench.introspection.check([2; 32], TOKEN, soon);
    let at_once = tokio::time::timeout(Duration::ZERO, passed).await;
    assert_eq!(
        at_once.unwrap(),
        unavailable(IntrospectionFailure::Deadline),
        "a request was started after the deadline"
    );
}

#[tokio::test]
async fn the_token_is_in_the_body_and_nowhere_else() {
    let server = Server::always(Reply::json(ACTIVE));
    let transport = Arc::new(HttpClient::new(None).unwrap());
    let mut settings = settings(Some(&server.url("/introspect")), TTL);
    let clock: Arc<ManualClock> = Arc::new(ManualClock::at(START));
    let public = Introspection::new(
        settings.clone(),
        Arc::clone(&transport) as _,
        Arc::clone(&clock) as _,
    );
    assert_eq!(public.check([1; 32], TOKEN, LATER).await, ASKED);
    settings.client_secret = Some(Secret::new("s&c".to_owned()));
    let confidential = Introspection::new(settings, transport, clock);
    assert_eq!(confidential.check([1; 32], TOKEN, LATER).await, ASKED);

    let asked = server.asked();
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

#[tokio::test]
async fn the_endpoint_is_found_out_once() {
    let (transport, keeper) = gate();
    let clock = Arc::new(ManualClock::at(START));
    let introspection = Arc::new(Introspection::new(settings(None, TTL), transport, clock));
    let check = |token| {
        let introspection = Arc::clone(&introspection);
        tokio::spawn(async move { introspection.check([token; 32], TOKEN, LATER).await })
    };
    let metadata = |endpoint: &str| {
        format!(r#"{{"issuer":"{ISSUER}","introspection_endpoint":"{endpoint}"}}"#)
    };
    let refused = check(1);
    keeper
        .next()
        .await
        .answer(&metadata("http://issuer.example/introspect"));
    let (member, error) = ("introspection_endpoint", EndpointError::Insecure);
    let expected = IntrospectionFailure::Discovery(MetadataError::Address { member, error });
    assert_eq!(refused.await.unwrap(), unavailable(expected));

    let first = check(1);
    let asked = keeper.next().await;
    assert_eq!(
        asked.url,
        format!("{ISSUER}/.well-known/openid-configuration")
    );
    asked.answer(&metadata("https://issuer.example/introspect"));
    let asked = keeper.next().await;
    assert_eq!(asked.url, "https://issuer.example/introspect");
    asked.finish(Ok(Document {
        body: ACTIVE.as_bytes().to_vec(),
        ..Document::default()
    }));
    assert_eq!(first.await.unwrap(), ASKED);

    let second = check(2);
    let asked = keeper.next().await;
    assert_eq!(asked.url, "https://issuer.example/introspect");
    asked.answer(ACTIVE);
    assert_eq!(second.await.unwrap(), ASKED);
}
