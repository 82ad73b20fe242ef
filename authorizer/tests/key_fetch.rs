//! The driver of the key cache: which lookups fetch, which wait, and the effect of bad answers. The clock is moved by
//! hand.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

mod loopback;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use authorizer::algorithm::Algorithm;
use authorizer::clock::{ManualClock, Timestamp};
use authorizer::deadline::Deadline;
use authorizer::issuer::http_client::{ConnectionError, HttpClient, TransportError};
use authorizer::issuer::jwks::{
    FetchError, KeyLookup, KeyLookupError, KeyRefusal, KeySet, KeySettings, KeySource, KeyState,
};
use authorizer::issuer::metadata::MetadataError;
use lambda_support::log::{EventLog, Level, Lines, Log};
use loopback::gate::{Keeper, gate};
use loopback::{ED25519_X, LATER, OTHER_X, START, key_set, kid, settings};
use testkit::http::{LoopbackServer, Reply};

const ISSUER: &str = "https://issuer.example/oauth2/default";
const KEYS: &str = "https://issuer.example/oauth2/default/v1/keys";
const HOUR: Duration = Duration::from_secs(3600);

type Found = Result<KeyLookup, KeyLookupError>;

/// A source whose fetches the test answers, and its clock.
struct Bench {
    source: Arc<KeySource>,
    clock: Arc<ManualClock>,
    keeper: Keeper,
}

impl Bench {
    fn new(settings: KeySettings) -> Self {
        let (transport, keeper) = gate();
        let clock = Arc::new(ManualClock::at(START));
        let source = Arc::new(KeySource::new(settings, transport, Arc::clone(&clock) as _));
        Self {
            source,
            clock,
            keeper,
        }
    }

    /// A source that knows the URL of the keys and has no keys.
    fn cold() -> Self {
        Self::new(settings(ISSUER, Some(KEYS)))
    }

    /// A source that has just fetched the key `a`.
    async fn warm() -> Self {
        let bench = Self::cold();
        let lookup = bench.ask("a");
        bench.keeper.next().await.answer(&key_set("a", ED25519_X));
        assert_eq!(state(&lookup.await.unwrap()), "fetched");
        bench
    }

    /// A lookup that runs in the background.
    fn ask(&self, id: &str) -> tokio::task::JoinHandle<Found> {
        let (source, id) = (Arc::clone(&self.source), kid(id));
        tokio::spawn(async move { source.lookup(&id, Algorithm::EdDSA, LATER).await })
    }

    /// A lookup that must not wait for the network: it must be ready at the first poll.
    async fn at_once(&self, id: &str) -> Found {
        let id = kid(id);
        let lookup = self.source.lookup(&id, Algorithm::EdDSA, LATER);
        tokio::time::timeout(Duration::ZERO, lookup)
            .await
            .unwrap_or_else(|_| panic!("the lookup waits"))
    }
}

/// The outcome of a lookup, in one word.
fn state(found: &Found) -> &'static str {
    match found {
        Ok(found) => found.state.code(),
        Err(KeyLookupError::Unknown) => "unknown",
        Err(KeyLookupError::Unusable { .. }) => "unusable",
        Err(KeyLookupError::Unavailable { .. }) => "unavailable",
    }
}

#[tokio::test]
async fn keys_are_fetched_during_init_and_then_returned_without_waiting() {
    let bench = Bench::cold();
    let source = Arc::clone(&bench.source);
    let warm_up = tokio::spawn(async move { source.warm_up(LATER).await });
    let fetch = bench.keeper.next().await;
    assert_eq!((fetch.url.as_str(), &fetch.form), (KEYS, &None));
    fetch.answer(&key_set("a", ED25519_X));
    warm_up.await.unwrap();
    let found = bench.at_once("a").await.unwrap();
    assert_eq!(
        (found.state, found.age),
        (KeyState::Fresh, Some(Duration::ZERO))
    );
    assert_eq!(found.candidates.iter().count(), 1);
    bench.clock.advance(Duration::from_secs(60));
    assert_eq!(
        bench.at_once("a").await.unwrap().age,
        Some(Duration::from_secs(60))
    );
    assert_eq!(bench.source.counters().fetches, 1);
}

#[tokio::test]
async fn fifty_concurrent_lookups_cause_one_fetch() {
    let bench = Bench::cold();
    let lookups: Vec<_> = (0..50).map(|_| bench.ask("a")).collect();
    bench.keeper.next().await.answer(&key_set("a", ED25519_X));
    for lookup in lookups {
        assert_eq!(state(&lookup.await.unwrap()), "fetched");
    }
    assert_eq!(bench.source.counters().fetches, 1);
}

#[tokio::test]
async fn no_lookup_waits_for_an_early_refresh_and_the_new_set_replaces_the_old() {
    let bench = Bench::warm().await;
    bench.clock.advance(Duration::from_secs(3300));
    assert_eq!(state(&bench.at_once("a").await), "fresh");
    let before = thumbprint(&bench.at_once("a").await);
    let fetch = bench.keeper.next().await;
    assert_eq!(state(&bench.at_once("a").await), "fresh");
    // The refresh replaces the key with another one that has the same id.
    fetch.answer(&key_set("a", OTHER_X));
    let after = until(&bench, |found| thumbprint(found) != before).await;
    assert_eq!(after.unwrap().age, Some(Duration::ZERO));
    assert_eq!(bench.source.counters().fetches, 2);
}

fn thumbprint(found: &Found) -> [u8; 32] {
    found
        .as_ref()
        .unwrap()
        .candidates
        .iter()
        .next()
        .unwrap()
        .thumbprint()
}

/// Runs the background fetch until a lookup has the expected outcome.
async fn until(bench: &Bench, done: impl Fn(&Found) -> bool) -> Found {
    for _ in 0..1000 {
        let found = bench.at_once("a").await;
        if done(&found) {
            return found;
        }
        tokio::task::yield_now().await;
    }
    panic!("the outcome never came")
}

#[tokio::test]
async fn while_keys_are_stale_the_first_lookup_waits_and_the_others_do_not() {
    let bench = Bench::warm().await;
    bench.clock.advance(HOUR);
    let first = bench.ask("a");
    let fetch = bench.keeper.next().await;
    assert_eq!(state(&bench.at_once("a").await), "stale");
    fetch.fail();
    assert_eq!(state(&first.await.unwrap()), "stale");
    assert_eq!(state(&bench.at_once("a").await), "stale");
    let counters = bench.source.counters();
    assert_eq!(
        (counters.fetches, counters.failures, counters.stale_served),
        (2, 1, 3)
    );
}

#[tokio::test]
async fn an_outage_longer_than_the_stale_time_is_an_internal_failure() {
    let bench = Bench::warm().await;
    bench.clock.advance(HOUR * 25);
    let lookup = bench.ask("a");
    bench.keeper.next().await.fail();
    let expected = KeyLookupError::Unavailable {
        last_failure: Some(FetchError::Transport(TransportError::Connect(
            ConnectionError::Refused,
        ))),
    };
    assert_eq!(lookup.await.unwrap().unwrap_err(), expected);
    // Until the first retry, a second later, lookups fail without a fetch.
    assert_eq!(bench.at_once("a").await.unwrap_err(), expected);
    assert!(bench.keeper.is_quiet());
    bench.clock.advance(Duration::from_secs(1));
    let lookup = bench.ask("a");
    bench.keeper.next().await.answer(&key_set("a", ED25519_X));
    assert_eq!(state(&lookup.await.unwrap()), "fetched");
}

#[tokio::test]
async fn an_unknown_key_is_fetched_once_per_cooldown() {
    let bench = Bench::warm().await;
    let lookup = bench.ask("b");
    bench.keeper.next().await.answer(&key_set("a", ED25519_X));
    assert_eq!(state(&lookup.await.unwrap()), "unknown");
    for junk in 0..1000 {
        assert_eq!(
            state(&bench.at_once(&format!("junk-{junk}")).await),
            "unknown"
        );
    }
    assert_eq!(bench.source.counters().cooldown_hits, 1000);
    bench.clock.advance(Duration::from_secs(30));
    let lookup = bench.ask("b");
    bench.keeper.next().await.answer(&key_set("b", OTHER_X));
    assert_eq!(state(&lookup.await.unwrap()), "fetched");
    // The key that the set no longer has is unknown.
    assert_eq!(state(&bench.at_once("a").await), "unknown");
}

#[tokio::test]
async fn a_failed_fetch_for_an_unknown_key_is_a_refusal_while_keys_are_usable() {
    let bench = Bench::warm().await;
    let lookup = bench.ask("b");
    bench.keeper.next().await.fail();
    assert_eq!(state(&lookup.await.unwrap()), "unknown");
    assert_eq!(state(&bench.at_once("a").await), "fresh");
}

#[tokio::test]
async fn a_lookup_of_an_unknown_key_waits_for_a_fetch_in_flight_and_may_start_another() {
    let bench = Bench::warm().await;
    bench.clock.advance(Duration::from_secs(3300));
    assert_eq!(state(&bench.at_once("a").await), "fresh");
    let refresh = bench.keeper.next().await;
    let lookup = bench.ask("b");
    tokio::task::yield_now().await;
    // This answer was sent before the rotation.
    refresh.answer(&key_set("a", ED25519_X));
    bench.keeper.next().await.answer(&key_set("b", OTHER_X));
    assert_eq!(state(&lookup.await.unwrap()), "fetched");
}

#[tokio::test]
async fn a_refused_key_causes_no_fetch() {
    let bench = Bench::cold();
    let set = key_set("a", ED25519_X).replace(
        "]}",
        r#",{"kty":"oct","kid":"h","k":"AAAA"},{"kty":"RSA","kid":"n","n":"AQAB","e":"AQAB"}]}"#,
    );
    let lookup = bench.ask("a");
    bench.keeper.next().await.answer(&set);
    assert_eq!(state(&lookup.await.unwrap()), "fetched");
    for (id, reason) in [("h", KeyRefusal::Symmetric), ("n", KeyRefusal::RsaTooSmall)] {
        let found = bench.at_once(id).await.unwrap_err();
        assert_eq!(found, KeyLookupError::Unusable { reason });
    }
    let found = bench
        .source
        .lookup(&kid("a"), Algorithm::RS256, LATER)
        .await
        .unwrap_err();
    assert_eq!(
        found,
        KeyLookupError::Unusable {
            reason: KeyRefusal::DoesNotFitAlgorithm
        }
    );
    assert!(bench.keeper.is_quiet());
}

#[tokio::test]
async fn a_key_set_without_a_usable_key_does_not_replace_the_last_good_one() {
    for body in [
        "",
        "<html><body>Down for maintenance</body></html>",
        r#"{"keys":[]}"#,
        r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","#,
        r#"{"keys":[null,{"kty":"oct","kid":"a","k":"AAAA"}]}"#,
        r#"{"error":"too_many_requests"}"#,
        "null",
    ] {
        let bench = Bench::warm().await;
        bench.clock.advance(HOUR);
        let lookup = bench.ask("a");
        bench.keeper.next().await.answer(body);
        assert_eq!(state(&lookup.await.unwrap()), "stale", "{body}");
        assert_eq!(bench.source.counters().failures, 1, "{body}");
        // When the issuer works again, its keys are used again.
        bench.clock.advance(Duration::from_secs(30));
        let lookup = bench.ask("a");
        bench.keeper.next().await.answer(&key_set("a", ED25519_X));
        assert_eq!(state(&lookup.await.unwrap()), "fetched", "{body}");
    }
}

#[tokio::test]
async fn a_cancelled_lookup_does_not_block_the_cache() {
    let bench = Bench::cold();
    let lookup = bench.ask("a");
    let fetch = bench.keeper.next().await;
    lookup.abort();
    assert!(lookup.await.unwrap_err().is_cancelled());
    let next = bench.ask("a");
    tokio::task::yield_now().await;
    fetch.answer(&key_set("a", ED25519_X));
    assert_eq!(state(&next.await.unwrap()), "fetched");
    assert_eq!(bench.source.counters().fetches, 1);
}

#[tokio::test]
async fn a_fetch_from_before_a_freeze_is_abandoned_with_its_answer() {
    let bench = Bench::warm().await;
    bench.clock.advance(Duration::from_secs(3300));
    assert_eq!(state(&bench.at_once("a").await), "fresh");
    let frozen = bench.keeper.next().await;
    bench.clock.advance(HOUR);
    let lookup = bench.ask("a");
    let fetch = bench.keeper.next().await;
    frozen.answer(&key_set("a", OTHER_X));
    fetch.answer(&key_set("a", ED25519_X));
    let found = lookup.await.unwrap();
    assert_eq!(state(&found), "fetched");
    assert_eq!(thumbprint(&found), thumbprint(&bench.at_once("a").await));
    let counters = bench.source.counters();
    assert_eq!((counters.fetches, counters.failures), (3, 0));
}

#[tokio::test]
async fn the_deadline_of_the_invocation_ends_the_wait() {
    let bench = Bench::cold();
    let soon = Deadline::at(START.plus(Duration::from_millis(20)));
    let id = kid("a");
    let lookup = bench.source.lookup(&id, Algorithm::EdDSA, soon);
    let found = tokio::time::timeout(Duration::from_secs(20), lookup)
        .await
        .unwrap();
    // The manual clock does not move, so the timer ended both waits.
    assert_eq!(
        found.unwrap_err(),
        KeyLookupError::Unavailable { last_failure: None }
    );
    // The fetch continues, and the next lookup gets its keys.
    let next = bench.ask("a");
    bench.keeper.next().await.answer(&key_set("a", ED25519_X));
    assert_eq!(state(&next.await.unwrap()), "fetched");
}

#[tokio::test]
async fn no_fetch_is_started_once_the_deadline_has_passed() {
    let bench = Bench::cold();
    let unavailable = KeyLookupError::Unavailable { last_failure: None };
    for passed in [Timestamp::from_millis(600_000), START] {
        let (kid, deadline) = (kid("a"), Deadline::at(passed));
        let found = bench.source.lookup(&kid, Algorithm::EdDSA, deadline).await;
        assert_eq!(found.unwrap_err(), unavailable);
    }
    assert_eq!(bench.source.counters().fetches, 0);
}

fn with_file(json: &str) -> Bench {
    let keys = KeySet::parse(json.as_bytes(), &[Algorithm::EdDSA]).unwrap();
    let mut settings = settings(ISSUER, Some(KEYS));
    settings.cache.key_file = Some(Arc::new(keys));
    Bench::new(settings)
}

#[tokio::test]
async fn keys_from_a_file_are_used_while_the_issuer_hangs_and_a_refresh_starts_at_init() {
    let bench = with_file(&key_set("a", ED25519_X));
    tokio::time::timeout(Duration::ZERO, bench.source.warm_up(LATER))
        .await
        .unwrap();
    let refresh = bench.keeper.next().await;
    for _ in 0..100 {
        let found = bench.at_once("a").await.unwrap();
        assert_eq!((found.state, found.age), (KeyState::File, None));
        bench.clock.advance(Duration::from_millis(50));
    }
    // No fetch has failed yet, so this is not an outage.
    let counters = bench.source.counters();
    assert_eq!((counters.fetches, counters.stale_served), (1, 0));
    refresh.fail();
    while bench.source.counters().failures == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(state(&bench.at_once("a").await), "file");
    assert_eq!(bench.source.counters().stale_served, 1);
}

#[tokio::test]
async fn a_fetched_set_replaces_the_keys_of_a_file_completely() {
    let bench = with_file(&key_set("a", ED25519_X));
    // A lookup for a key that is not in the file waits for the refresh in flight.
    bench.source.warm_up(LATER).await;
    let lookup = bench.ask("b");
    tokio::task::yield_now().await;
    bench.keeper.next().await.answer(&key_set("b", OTHER_X));
    assert_eq!(state(&lookup.await.unwrap()), "fetched");
    let gone = bench.ask("a");
    bench.keeper.next().await.answer(&key_set("b", OTHER_X));
    assert_eq!(state(&gone.await.unwrap()), "unknown");
}

#[tokio::test]
async fn keys_from_a_file_are_used_for_the_stale_time_after_init() {
    let bench = with_file(&key_set("a", ED25519_X));
    bench.clock.advance(HOUR * 24 - Duration::from_secs(1));
    assert_eq!(state(&bench.at_once("a").await), "file");
    bench.keeper.next().await.fail();
    while bench.source.counters().failures == 0 {
        tokio::task::yield_now().await;
    }
    bench.clock.advance(Duration::from_secs(1));
    let lookup = bench.ask("a");
    bench.keeper.next().await.fail();
    assert_eq!(state(&lookup.await.unwrap()), "unavailable");
}

#[tokio::test]
async fn a_failed_first_fetch_is_retried_after_a_second() {
    let bench = Bench::cold();
    for pause in [1, 2, 4, 8, 16, 30, 30] {
        let lookup = bench.ask("a");
        bench.keeper.next().await.fail();
        assert_eq!(state(&lookup.await.unwrap()), "unavailable");
        bench.clock.advance(Duration::from_millis(pause * 1000 - 1));
        assert_eq!(state(&bench.at_once("a").await), "unavailable");
        bench.clock.advance(Duration::from_millis(1));
    }
}

#[tokio::test]
async fn unknown_key_ids_cause_one_fetch_per_cooldown_whatever_the_max_age_is() {
    for max_age in [0, 1] {
        let mut settings = settings(ISSUER, Some(KEYS));
        settings.cache.max_age = Duration::from_secs(max_age);
        let bench = Bench::new(settings);
        let lookup = bench.ask("a");
        bench.keeper.next().await.answer(&key_set("a", ED25519_X));
        assert_eq!(state(&lookup.await.unwrap()), "fetched");
        let mut fetches = 0;
        for second in 1..=300 {
            bench.clock.advance(Duration::from_secs(1));
            let lookup = bench.ask(&format!("junk-{second}"));
            while !lookup.is_finished() {
                tokio::task::yield_now().await;
                if let Some(fetch) = bench.keeper.try_next() {
                    fetches += 1;
                    fetch.answer(&key_set("a", ED25519_X));
                }
            }
        }
        assert_eq!(fetches, 10);
    }
}

/// An issuer on real sockets; the URL of the keys comes from its metadata.
fn issuer(metadata: impl Fn(&str) -> Reply + Send + Sync + 'static) -> (LoopbackServer, KeySource) {
    let server = LoopbackServer::start(move |asked| match asked.path() {
        "/as/keys" => Reply::json(&key_set("a", ED25519_X)),
        path => metadata(path),
    });
    let source = source(&server.url("/as"), None);
    (server, source)
}

fn source(issuer: &str, jwks_uri: Option<&str>) -> KeySource {
    let transport = Arc::new(HttpClient::new(None).unwrap());
    KeySource::new(
        settings(issuer, jwks_uri),
        transport,
        Arc::new(ManualClock::at(START)),
    )
}

fn metadata(server: &str) -> String {
    format!(r#"{{"issuer":"{server}/as","jwks_uri":"{server}/as/keys"}}"#)
}

fn lookup<'a>(source: &'a KeySource, id: &str) -> impl Future<Output = Found> + use<'a> {
    let id = kid(id);
    async move { source.lookup(&id, Algorithm::EdDSA, LATER).await }
}

/// A server with these answers, which contain its own URL.
fn issuer_with(answers: &'static [(&'static str, u16)]) -> (LoopbackServer, KeySource) {
    let own = Arc::new(std::sync::OnceLock::<String>::new());
    let known = Arc::clone(&own);
    let (server, source) = issuer(move |path| {
        let status = answers
            .iter()
            .find(|(answered, _)| *answered == path)
            .map_or(404, |found| found.1);
        Reply::with(status, "", &metadata(known.get().unwrap()))
    });
    own.set(server.url("")).unwrap();
    (server, source)
}

const OPENID: &str = "/as/.well-known/openid-configuration";
const OAUTH: &str = "/.well-known/oauth-authorization-server/as";

#[tokio::test]
async fn the_url_of_the_keys_is_discovered_once() {
    let (server, source) = issuer_with(&[(OPENID, 200)]);
    assert_eq!(state(&lookup(&source, "a").await), "fetched");
    assert_eq!(state(&lookup(&source, "b").await), "unknown");
    assert_eq!(server.paths(), [OPENID, "/as/keys", "/as/keys"]);
}

#[tokio::test]
async fn an_issuer_without_openid_metadata_may_have_oauth_metadata() {
    let (server, source) = issuer_with(&[(OAUTH, 200)]);
    assert_eq!(state(&lookup(&source, "a").await), "fetched");
    assert_eq!(server.paths(), [OPENID, OAUTH, "/as/keys"]);
}

#[tokio::test]
async fn after_a_server_error_the_other_metadata_is_not_requested() {
    let (server, source) = issuer_with(&[(OPENID, 503), (OAUTH, 200)]);
    assert_eq!(state(&lookup(&source, "a").await), "unavailable");
    assert_eq!(server.paths(), [OPENID]);
}

#[tokio::test]
async fn metadata_of_another_issuer_is_rejected() {
    let (server, source) = issuer(|_| {
        let metadata =
            r#"{"issuer":"https://evil.example","jwks_uri":"https://evil.example/keys"}"#;
        Reply::json(metadata)
    });
    let expected = FetchError::Discovery(MetadataError::OtherIssuer);
    assert_eq!(
        lookup(&source, "a").await.unwrap_err(),
        KeyLookupError::Unavailable {
            last_failure: Some(expected)
        }
    );
    assert_eq!(server.paths(), [OPENID]);
}

#[tokio::test]
async fn a_cache_control_header_shortens_the_freshness() {
    let body = key_set("a", ED25519_X);
    let server = LoopbackServer::always(Reply::with(
        200,
        "Cache-Control: max-age=600\r\nAge: 60\r\n",
        &body,
    ));
    let clock = Arc::new(ManualClock::at(START));
    let transport = Arc::new(HttpClient::new(None).unwrap());
    let settings = settings(ISSUER, Some(&server.url("/keys")));
    let source = KeySource::new(settings, transport, Arc::clone(&clock) as _);
    assert_eq!(state(&lookup(&source, "a").await), "fetched");
    clock.advance(Duration::from_secs(480));
    assert_eq!(state(&lookup(&source, "a").await), "fresh");
    assert_eq!(server.requests().len(), 1);
    clock.advance(Duration::from_secs(60));
    assert_eq!(state(&lookup(&source, "a").await), "fetched");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_redirect_to_other_keys_is_not_followed() {
    let elsewhere = LoopbackServer::always(Reply::json(&key_set("a", ED25519_X)));
    let location = format!("Location: {}\r\n", elsewhere.url("/keys"));
    let server = LoopbackServer::always(Reply::with(302, &location, ""));
    let source = source(ISSUER, Some(&server.url("/keys")));
    let expected = FetchError::Transport(TransportError::Status(302));
    assert_eq!(
        lookup(&source, "a").await.unwrap_err(),
        KeyLookupError::Unavailable {
            last_failure: Some(expected)
        }
    );
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn a_set_with_changed_refused_keys_is_logged_in_at_most_21_lines() {
    let lines = Arc::new(Lines::default());
    let log = Log::new(Level::Info, Arc::clone(&lines) as _);
    let _watched = tracing::subscriber::set_default(EventLog::new(log, "authorizer"));
    let bench = Bench::warm().await;
    for (refused, expected) in [
        (0, 0),
        (1, 1),
        (20, 20),
        (21, 21),
        (20_000, 21),
        (20_000, 0),
    ] {
        let junk = ",{}".repeat(refused);
        let set = key_set("a", ED25519_X).replace("]}", &format!("{junk}]}}"));
        bench.clock.advance(HOUR);
        let before = lines.all().len();
        let lookup = bench.ask("a");
        bench.keeper.next().await.answer(&set);
        assert_eq!(state(&lookup.await.unwrap()), "fetched");
        assert_eq!(lines.all().len() - before, expected, "{refused} refused");
    }
}

#[tokio::test]
async fn the_id_of_a_refused_key_is_logged_as_printable_ascii() {
    let lines = Arc::new(Lines::default());
    let log = Log::new(Level::Info, Arc::clone(&lines) as _);
    let _watched = tracing::subscriber::set_default(EventLog::new(log, "authorizer"));
    let bench = Bench::warm().await;
    let refused = r#",{"kty":"oct","kid":"a\u202eb"}]}"#;
    let set = key_set("a", ED25519_X).replace("]}", refused);
    bench.clock.advance(HOUR);
    let lookup = bench.ask("a");
    bench.keeper.next().await.answer(&set);
    assert_eq!(state(&lookup.await.unwrap()), "fetched");
    let kids: Vec<_> = lines
        .all()
        .into_iter()
        .map(|line| line["kid"].clone())
        .collect();
    assert_eq!(kids, ["a\\u{202e}b"]);
}

#[tokio::test]
async fn a_failed_fetch_is_logged_once_with_its_reason() {
    let lines = Arc::new(Lines::default());
    let log = Log::new(Level::Info, Arc::clone(&lines) as _);
    let _watched = tracing::subscriber::set_default(EventLog::new(log, "authorizer"));
    for (jwks_uri, body, expected) in [
        (Some(KEYS), None, "connect"),
        (Some(KEYS), Some("{}"), "key_set"),
        (None, Some("{}"), "discovery"),
    ] {
        let bench = Bench::new(settings(ISSUER, jwks_uri));
        let before = lines.all().len();
        let lookup = bench.ask("a");
        let fetch = bench.keeper.next().await;
        match body {
            Some(body) => fetch.answer(body),
            None => fetch.fail(),
        }
        assert_eq!(state(&lookup.await.unwrap()), "unavailable");
        let logged: Vec<_> = lines.all().split_off(before);
        let reasons: Vec<_> = logged.iter().map(|line| &line["reason"]).collect();
        assert_eq!(reasons, [expected]);
    }
}
