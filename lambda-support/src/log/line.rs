//! The log line of one invocation, with its metrics in CloudWatch's embedded metric format.

use std::time::Duration;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::Level;
use crate::clock::Timestamp;

/// The members that both functions' lines have. `F` holds the others. Names are in camel case; the names of metrics
/// begin with a capital.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line<'l, F> {
    #[serde(serialize_with = "as_rfc3339")]
    pub timestamp: Timestamp,
    #[serde(serialize_with = "as_name")]
    pub level: Level,
    pub message: &'static str,
    /// Lambda's id of the invocation.
    pub request_id: &'l str,
    /// API Gateway's id of the request, where the event has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_request_id: Option<&'l str>,
    /// The function's name, the dimension that separates the metrics of two stacks.
    pub function: &'l str,
    #[serde(flatten)]
    pub fields: F,
    /// Which members are metrics.
    #[serde(rename = "_aws")]
    pub metrics: Metrics,
}

/// The metadata of the embedded metric format. A directive may name only members that the line has.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Metrics {
    timestamp: u64,
    cloud_watch_metrics: Vec<&'static RawValue>,
}

impl Metrics {
    /// The directives are constant JSON, which is copied instead of built.
    pub const fn new(now: Timestamp, directives: Vec<&'static RawValue>) -> Self {
        Self {
            timestamp: now.as_millis(),
            cloud_watch_metrics: directives,
        }
    }
}

/// Milliseconds with three decimals.
pub fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

fn as_rfc3339<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.rfc3339())
}

fn as_name<S: Serializer>(level: &Level, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(level.name())
}
