//! The log line of one request, with its metrics. It contains no token, claim, value or resource id. A hash identifies
//! the caller.

use std::{sync::LazyLock, time::Duration};

use aws_lc_rs::digest;
use http::StatusCode;
use lambda_support::{
    clock::Timestamp,
    log::{Level, Line, Log, Metrics, millis},
};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{event::Request, routes::Route};

/// The log record of one invocation.
#[derive(Debug)]
pub(crate) struct Invoked<'a> {
    /// The time at which the event arrived.
    pub(crate) time: Timestamp,
    /// Lambda's id of the invocation.
    pub(crate) request_id: &'a str,
    pub(crate) function: &'a str,
    /// `None` if the event is not a request.
    pub(crate) request: Option<(&'a Request, &'a Route)>,
    /// The answer's status; `None` if the invocation failed.
    pub(crate) status: Option<StatusCode>,
    pub(crate) principal: Option<&'a str>,
    pub(crate) duration: Duration,
    /// The time spent on the store.
    pub(crate) store: Duration,
    /// Whether this is the first invocation in its environment.
    pub(crate) cold_start: bool,
    /// The cause of an internal error.
    pub(crate) cause: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestFields<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    route: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    #[serde(flatten)]
    metrics: RequestMetrics,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RequestMetrics {
    duration_ms: f64,
    store_ms: f64,
    cold_starts: u8,
    faults: u8,
}

impl Invoked<'_> {
    /// Writes the line. A fault is written at every level, because an alarm uses its metric.
    pub(crate) fn write(self, log: &Log) {
        let fault = self.status.is_none_or(|status| status.is_server_error());
        let severity = if fault { Level::Error } else { Level::Info };
        let Some(level) = log.level_of(severity, fault) else {
            return;
        };
        log.write_line(&Line {
            timestamp: self.time,
            level,
            message: "request",
            request_id: self.request_id,
            api_request_id: self
                .request
                .map(|(request, _)| request.request_id.as_str())
                .filter(|id| !id.is_empty()),
            function: self.function,
            fields: RequestFields {
                method: self.request.map(|(request, _)| request.method.as_str()),
                route: self.request.map_or("none", |(_, route)| route.template()),
                status: self.status.map(|status| status.as_u16()),
                principal: self.principal.map(hash),
                cause: self.cause,
                metrics: RequestMetrics {
                    duration_ms: millis(self.duration),
                    store_ms: millis(self.store),
                    cold_starts: u8::from(self.cold_start),
                    faults: u8::from(fault),
                },
            },
            metrics: Metrics::new(self.time, DIRECTIVE.into_iter().collect()),
        });
    }
}

/// A constant, which is parsed once and copied into each line.
static DIRECTIVE: LazyLock<Option<&RawValue>> = LazyLock::new(|| {
    serde_json::from_str(
        r#"{"Namespace":"StateApi","Dimensions":[["function"],["function","route"]],"Metrics":[{"Name":"DurationMs","Unit":"Milliseconds"},{"Name":"StoreMs","Unit":"Milliseconds"},{"Name":"ColdStarts","Unit":"Count"},{"Name":"Faults","Unit":"Count"}]}"#,
    )
    .ok()
});

/// The start of a hash, long enough to follow one caller through the log without identifying them.
fn hash(principal: &str) -> String {
    let digest = digest::digest(&digest::SHA256, principal.as_bytes());
    let bytes = digest.as_ref().iter().take(8);
    let digits = bytes.flat_map(|byte| [byte >> 4, byte & 0xf]);
    digits
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

#[cfg(test)]
mod tests;
