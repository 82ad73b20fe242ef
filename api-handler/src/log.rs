//! One JSON line a request, which is also its metrics: CloudWatch reads them out of it (embedded metric format). No
//! token, no claim, no value and no id is in it; a caller is known by a hash.

use std::{fmt::Write as _, io::Write as _, time::Duration};

use aws_lc_rs::digest;
use http::StatusCode;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::{clock::timestamp, config::LogLevel, event::Request, routes::Route};

/// Takes a line.
pub type Log = fn(&str);

/// Writes a line to the standard output, which Lambda takes to the function's log.
pub fn stdout(line: &str) {
    // Nothing can be done about a log that cannot be written.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// What is logged of a request.
#[derive(Debug)]
pub struct Line<'a> {
    /// When it came.
    pub time: OffsetDateTime,
    /// The request.
    pub request: &'a Request,
    /// What it names.
    pub route: &'a Route,
    /// How it ended.
    pub status: StatusCode,
    /// Who sent it.
    pub principal: Option<&'a str>,
    /// How long it took.
    pub duration: Duration,
    /// How much of that was the store.
    pub store: Duration,
    /// Whether it was the first of this environment.
    pub cold_start: bool,
    /// Why it failed, if that was our fault.
    pub cause: Option<String>,
}

impl Line<'_> {
    /// Writes the line. Below `info` only failures are written, and the metrics are of those alone.
    pub fn write(&self, level: LogLevel, log: Log) {
        if level >= LogLevel::Info || self.status.is_server_error() {
            log(&self.to_json().to_string());
        }
    }

    fn to_json(&self) -> Value {
        let milliseconds = |duration: Duration| (duration.as_secs_f64() * 1e5).round() / 100.0;
        let fault = self.status.is_server_error();
        let mut line = json!({
            "timestamp": timestamp(self.time),
            "level": if fault { "ERROR" } else { "INFO" },
            "message": "request",
            "requestId": self.request.request_id,
            "method": self.request.method.as_str(),
            "route": self.route.template(),
            "status": self.status.as_u16(),
            "durationMs": milliseconds(self.duration),
            "storeMs": milliseconds(self.store),
            "coldStart": u8::from(self.cold_start),
            "fault": u8::from(fault),
            "_aws": {
                "Timestamp": self.time.unix_timestamp() * 1000 + i64::from(self.time.millisecond()),
                "CloudWatchMetrics": [{
                    "Namespace": "StateApi",
                    "Dimensions": [["route"]],
                    "Metrics": [
                        {"Name": "durationMs", "Unit": "Milliseconds"},
                        {"Name": "storeMs", "Unit": "Milliseconds"},
                        {"Name": "coldStart", "Unit": "Count"},
                        {"Name": "fault", "Unit": "Count"},
                    ],
                }],
            },
        });
        if let Value::Object(members) = &mut line {
            if let Some(principal) = self.principal {
                members.insert("principal".to_owned(), hash(principal).into());
            }
            if let Some(cause) = &self.cause {
                members.insert("cause".to_owned(), cause.as_str().into());
            }
        }
        line
    }
}

/// Enough of a hash to follow one caller through the log, not to name them.
fn hash(principal: &str) -> String {
    let digest = digest::digest(&digest::SHA256, principal.as_bytes());
    digest
        .as_ref()
        .iter()
        .take(8)
        .fold(String::new(), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests;
