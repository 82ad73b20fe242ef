//! Metrics in CloudWatch's embedded metric format. They are part of the decision's log line, so they need no API call.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lambda_support::log::millis;
use once_cell::sync::Lazy;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::issuer::jwks::KeyCounters;

/// Key events of all issuers since the previous line, and whether this is the first line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct KeyEvents {
    key_fetches: u64,
    key_fetch_failures: u64,
    stale_served: u64,
    cooldown_hits: u64,
    cold_starts: u64,
}

impl KeyEvents {
    /// Whether there was a key event. A cold start is not a key event.
    pub(crate) fn happened(self) -> bool {
        let cold_starts = self.cold_starts;
        self != Self {
            cold_starts,
            ..Self::default()
        }
    }
}

/// Turns counters into the differences since they were last read.
#[derive(Debug, Default)]
pub(crate) struct KeyEventMeter(Mutex<Option<KeyCounters>>);

impl KeyEventMeter {
    /// The events since the last call; the first call also counts the cold start.
    ///
    /// The counters are read under the lock. Otherwise one of two concurrent invocations could read the counters first
    /// but take the lock second, and the events in between would be counted twice.
    pub(crate) fn since_last(&self, counters: impl Iterator<Item = KeyCounters>) -> KeyEvents {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let total = counters.fold(KeyCounters::default(), |sum, next| KeyCounters {
            fetches: sum.fetches + next.fetches,
            failures: sum.failures + next.failures,
            stale_served: sum.stale_served + next.stale_served,
            cooldown_hits: sum.cooldown_hits + next.cooldown_hits,
        });
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

/// The members of a line that are metrics.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DecisionMetrics {
    decisions: u8,
    duration_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_age_seconds: Option<u64>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    key_events: Option<KeyEvents>,
}

impl DecisionMetrics {
    pub(crate) fn new(
        duration: Duration,
        key_age: Option<Duration>,
        key_events: KeyEvents,
    ) -> Self {
        Self {
            decisions: 1,
            duration_ms: millis(duration),
            key_age_seconds: key_age.map(|age| age.as_secs()),
            key_events: Some(key_events).filter(|events| *events != KeyEvents::default()),
        }
    }
}

/// The directives for these metrics. A directive must not name a member that the line lacks.
pub(crate) fn directives(
    key_age: Option<Duration>,
    key_events: KeyEvents,
) -> Vec<&'static RawValue> {
    let mut directives = Vec::with_capacity(3);
    directives.extend(*DECISION);
    directives.extend(key_age.and(*KEY_AGE));
    directives.extend((*KEY_EVENTS).filter(|_| key_events != KeyEvents::default()));
    directives
}

type Directive = Lazy<Option<&'static RawValue>>;

/// A constant, which is parsed once and copied into each line.
static DECISION: Directive = Lazy::new(|| {
    serde_json::from_str(
        r#"{"Namespace":"Authorizer","Dimensions":[["function"],["function","decision"],["function","decision","reason"]],"Metrics":[{"Name":"Decisions","Unit":"Count"},{"Name":"DurationMs","Unit":"Milliseconds"}]}"#,
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn concurrent_lines_have_each_key_event_once() {
        const THREADS: u64 = 8;
        const LINES: u64 = 2_000;
        let (fetches, meter) = (AtomicU64::new(0), KeyEventMeter::default());
        let lines = || {
            let events = (0..LINES).map(|_| {
                fetches.fetch_add(1, Ordering::SeqCst);
                meter.since_last(std::iter::once_with(|| KeyCounters {
                    fetches: fetches.load(Ordering::SeqCst),
                    ..KeyCounters::default()
                }))
            });
            events.map(|events| events.key_fetches).sum::<u64>()
        };
        let counted: u64 = thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(lines)).collect();
            threads.into_iter().map(|one| one.join().unwrap()).sum()
        });
        assert_eq!(counted, THREADS * LINES);
    }
}
