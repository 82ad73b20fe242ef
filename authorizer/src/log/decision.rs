//! The log line of one decision, with its metrics.

use std::time::Duration;

use lambda_support::log::{Level, Line, Log, Metrics, millis};
use serde::Serialize;

use crate::clock::Timestamp;
use crate::key_id::KeyId;
use crate::log::metrics::{DecisionMetrics, KeyEvents, directives};
use crate::log::trace::{CacheOutcome, Trace};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The caller may call the route of the event.
    Allow,
    /// The credential is valid, but the caller may not call the route: 403.
    Deny,
    /// The credential is missing or invalid: 401.
    Unauthorized,
    /// An internal failure: 500.
    Error,
}

/// The log record of one decision. It never contains the token or a claim that identifies a person.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DecisionFields<'d> {
    decision: &'static str,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'d KeyId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<&'static str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    context_left_out: &'d [String],
    keys_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    introspection_ms: Option<f64>,
    #[serde(flatten)]
    metrics: DecisionMetrics,
}

/// The outcome of a decision, with the values that are known only at its end.
#[derive(Debug)]
pub(crate) struct DecisionResult<'d> {
    pub(crate) verdict: Verdict,
    /// The stable reason code.
    pub(crate) reason: &'static str,
    /// The message of the reason, for people.
    pub(crate) detail: Option<String>,
    pub(crate) now: Timestamp,
    pub(crate) duration: Duration,
    /// Lambda's id of the invocation.
    pub(crate) request_id: &'d str,
    /// This function's name, a dimension of its metrics.
    pub(crate) function: &'d str,
    /// Key events since the previous line.
    pub(crate) key_events: KeyEvents,
}

impl DecisionResult<'_> {
    /// Writes the line. Alarms need the metrics of every line except those of allowed calls without a key event. Only
    /// an internal failure has the level `error`, because an invalid token is the caller's fault.
    pub(crate) fn write(self, trace: &Trace, log: &Log) {
        let is_error = self.verdict == Verdict::Error;
        let severity = if is_error { Level::Error } else { Level::Info };
        let is_routine = self.verdict == Verdict::Allow && !self.key_events.happened();
        let Some(level) = log.level_of(severity, !is_routine) else {
            return;
        };
        let key_age = trace.keys.and_then(|(_, age)| age);
        log.write_line(&Line {
            timestamp: self.now,
            level,
            message: "decision",
            request_id: self.request_id,
            api_request_id: trace.request_id.as_deref(),
            function: self.function,
            fields: DecisionFields {
                decision: self.verdict.name(),
                reason: self.reason,
                detail: self.detail,
                kid: trace.key_id.as_ref(),
                client_id: trace.client_id.as_deref(),
                cache: trace.cache.map(CacheOutcome::code),
                keys: trace.keys.map(|(state, _)| state.code()),
                context_left_out: &trace.context_left_out,
                keys_ms: millis(trace.keys_wait),
                introspection_ms: (!trace.introspection_wait.is_zero())
                    .then(|| millis(trace.introspection_wait)),
                metrics: DecisionMetrics::new(self.duration, key_age, self.key_events),
            },
            metrics: Metrics::new(self.now, directives(key_age, self.key_events)),
        });
    }
}

impl Verdict {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Unauthorized => "unauthorized",
            Self::Error => "error",
        }
    }
}
