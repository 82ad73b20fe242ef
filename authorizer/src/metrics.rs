//! Metrics, in CloudWatch's embedded metric format: they ride on the line of a decision and cost no call.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use once_cell::sync::Lazy;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::clock::Timestamp;
use crate::jwks::KeyCounters;

/// The namespace of all metrics; a dashboard and alarms in the template read it.
pub const NAMESPACE: &str = "Authorizer";

/// What happened to keys since the line before, over all issuers, and whether this is the first line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeyEvents {
    key_fetches: u64,
    key_fetch_failures: u64,
    stale_served: u64,
    cooldown_hits: u64,
    cold_starts: u64,
}

/// Turns counters that only grow into what happened since they were last looked at.
#[derive(Debug, Default)]
pub struct KeyEventMeter(Mutex<Option<KeyCounters>>);

impl KeyEventMeter {
    /// What happened since the last time; the first time also counts the cold start.
    pub fn since_last(&self, counters: impl Iterator<Item = KeyCounters>) -> KeyEvents {
        let total = counters.fold(KeyCounters::default(), |sum, next| KeyCounters {
            fetches: sum.fetches + next.fetches,
            failures: sum.failures + next.failures,
            stale_served: sum.stale_served + next.stale_served,
            cooldown_hits: sum.cooldown_hits + next.cooldown_hits,
            ..sum
        });
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = last.replace(total);
        drop(last);
        let base = before.unwrap_or_default();
        KeyEvents {
            key_fetches: total.fetches.saturating_sub(base.fetches),
            key_fetch_failures: total.failures.saturating_sub(base.failures),
            stale_served: total.stale_served.saturating_sub(base.stale_served),
            cooldown_hits: total.cooldown_hits.saturating_sub(base.cooldown_hits),
            cold_starts: u64::from(before.is_none()),
        }
    }
}

/// The members of a line that make it metrics.
#[derive(Debug, Serialize)]
pub(crate) struct EmbeddedMetrics {
    #[serde(rename = "_aws")]
    directives: Directives,
    #[serde(rename = "Decisions")]
    decisions: u8,
    #[serde(rename = "KeyAgeSeconds", skip_serializing_if = "Option::is_none")]
    key_age_seconds: Option<u64>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    key_events: Option<KeyEvents>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directives {
    timestamp: u64,
    cloud_watch_metrics: Vec<&'static RawValue>,
}

impl EmbeddedMetrics {
    /// Only what happened is named, for a directive must not name a member that is not there.
    pub(crate) fn new(now: Timestamp, key_age: Option<Duration>, key_events: KeyEvents) -> Self {
        let happened = key_events != KeyEvents::default();
        let mut cloud_watch_metrics = Vec::with_capacity(3);
        cloud_watch_metrics.extend(*DECISION);
        cloud_watch_metrics.extend(key_age.and(*KEY_AGE));
        cloud_watch_metrics.extend(happened.then_some(*KEY_EVENTS).flatten());
        Self {
            directives: Directives {
                timestamp: now.as_millis(),
                cloud_watch_metrics,
            },
            decisions: 1,
            key_age_seconds: key_age.map(|age| age.as_secs()),
            key_events: happened.then_some(key_events),
        }
    }
}

type Directive = Lazy<Option<&'static RawValue>>;

/// The directives never change, so they are read once and then copied as text.
static DECISION: Directive = Lazy::new(|| {
    serde_json::from_str(
        r#"{"Namespace":"Authorizer","Dimensions":[["function"],["function","decision"],["function","decision","reason"]],"Metrics":[{"Name":"Decisions","Unit":"Count"},{"Name":"durationMs","Unit":"Milliseconds"}]}"#,
    )
    .ok()
});

static KEY_AGE: Directive = Lazy::new(|| {
    serde_json::from_str(
        r#"{"Namespace":"Authorizer","Dimensions":[["function"]],"Metrics":[{"Name":"KeyAgeSeconds","Unit":"Seconds"}]}"#,
    )
    .ok()
});

static KEY_EVENTS: Directive = Lazy::new(|| {
    serde_json::from_str(
        r#"{"Namespace":"Authorizer","Dimensions":[["function"]],"Metrics":[{"Name":"KeyFetches","Unit":"Count"},{"Name":"KeyFetchFailures","Unit":"Count"},{"Name":"StaleServed","Unit":"Count"},{"Name":"CooldownHits","Unit":"Count"},{"Name":"ColdStarts","Unit":"Count"}]}"#,
    )
    .ok()
});
