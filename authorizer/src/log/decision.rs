//! The line of one decision, which carries its metrics with it.

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::{Level, rfc3339};
use crate::clock::Timestamp;
use crate::metrics::{EmbeddedMetrics, KeyEvents};
use crate::trace::{CacheOutcome, Trace};

/// How a decision ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The route that was asked for is granted.
    Allow,
    /// The caller is known, and the route is not granted: 403.
    Deny,
    /// The credential is missing or bad: 401.
    Unauthorized,
    /// Our own failure: 500.
    Error,
}

/// Everything about one decision that an operator may ask later. It never holds the token or a claim that names a
/// person; serialised by hand-picked members into one buffer, so that it costs about as much as the write.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionLine<'d> {
    #[serde(serialize_with = "as_rfc3339")]
    timestamp: Timestamp,
    level: &'static str,
    message: &'static str,
    decision: &'static str,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    request_id: &'d str,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_request_id: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<&'static str>,
    duration_ms: f64,
    keys_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    introspection_ms: Option<f64>,
    function: &'d str,
    #[serde(flatten)]
    metrics: EmbeddedMetrics,
    #[serde(skip)]
    severity: Level,
}

/// How a decision ended and why, with what only the end of it knows.
#[derive(Debug)]
pub struct Decided<'d> {
    /// How it ended.
    pub verdict: Verdict,
    /// The stable name of the reason.
    pub reason: &'static str,
    /// More about it, for people.
    pub detail: Option<String>,
    /// When.
    pub now: Timestamp,
    /// What it took.
    pub duration: Duration,
    /// Lambda's id of the invocation.
    pub request_id: &'d str,
    /// The name of this function, which tells its metrics from those of another.
    pub function: &'d str,
    /// What happened to keys since the line before.
    pub key_events: KeyEvents,
}

impl<'d> DecisionLine<'d> {
    /// The line of a decision.
    #[must_use]
    pub fn new(decided: Decided<'d>, trace: &'d Trace) -> Self {
        let Decided {
            verdict,
            reason,
            detail,
            now,
            duration,
            request_id,
            function,
            key_events,
        } = decided;
        let severity = if verdict == Verdict::Error {
            Level::Error
        } else {
            Level::Info
        };
        Self {
            timestamp: now,
            level: severity.name(),
            message: "decision",
            decision: verdict.name(),
            reason,
            detail,
            request_id,
            api_request_id: trace.request_id.as_deref(),
            kid: trace.key_id.as_ref().map(crate::key_id::KeyId::as_str),
            client_id: trace.client_id.as_deref(),
            cache: trace.cache.map(CacheOutcome::code),
            keys: trace.keys.map(|(state, _)| state.code()),
            duration_ms: millis(duration),
            keys_ms: millis(trace.keys_wait),
            introspection_ms: (!trace.introspection_wait.is_zero())
                .then(|| millis(trace.introspection_wait)),
            function,
            metrics: EmbeddedMetrics::new(now, trace.keys.map(|(_, age)| age), key_events),
            severity,
        }
    }

    /// The level of the line: a bad token is the caller's affair, a failure is ours.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.severity
    }
}

impl Verdict {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Unauthorized => "unauthorized",
            Self::Error => "error",
        }
    }
}

/// Milliseconds with three decimals.
fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

fn as_rfc3339<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*time))
}
