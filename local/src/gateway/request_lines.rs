//! The line that the terminal or a program gets about each request.

use std::fmt;
use std::io::IsTerminal as _;
use std::sync::Arc;

use serde::Serialize;

use super::access_log::{AccessLine, value};
use super::decided::{Cause, DecidedBy};
use crate::decisions::Decisions;
use crate::progress::{PartLog, print, printable};

#[derive(Clone, Debug)]
pub(crate) struct RequestLines {
    decisions: Arc<Decisions>,
    log: PartLog,
    json: bool,
    colours: bool,
}

impl RequestLines {
    /// Writes requests to a log or, with `json`, as one JSON object each to standard output.
    pub(crate) fn new(log: PartLog, decisions: Arc<Decisions>, json: bool) -> Self {
        let is_wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self {
            decisions,
            log,
            json,
            colours: is_wanted && std::io::stderr().is_terminal(),
        }
    }

    /// Shows a request, once the authorizer's reason is known.
    pub(super) fn show(&self, line: AccessLine) {
        let this = self.clone();
        tokio::spawn(async move {
            let mut decided = line.decided();
            if decided.by == DecidedBy::Authorizer
                && let Some(id) = value(&line.authorizer_request_id)
                && let Some(reason) = this.decisions.reason(id).await
            {
                decided.reason = reason;
            }
            let request = RequestLine::new(&line, &decided);
            if this.json {
                // A closed standard output does not stop the API.
                let _ = serde_json::to_string(&request).map(|json| print(&format!("{json}\n")));
            }
            let text = request.to_string();
            let shown = this.colours.then(|| coloured(&text, &line.status));
            this.log.request(&text, shown.as_deref(), !this.json);
        });
    }
}

/// The line about a request: its line of the access log, the part that decided, and the reason.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestLine<'l> {
    #[serde(flatten)]
    line: &'l AccessLine,
    decided_by: DecidedBy,
    reason: &'l str,
    /// The latency without that of both functions, in milliseconds.
    gateway_latency: String,
}

impl<'l> RequestLine<'l> {
    pub(super) fn new(line: &'l AccessLine, decided: &'l Cause) -> Self {
        let functions = millis(&line.authorizer_latency) + millis(&line.integration_latency);
        let gateway = millis(&line.response_latency).saturating_sub(functions);
        Self {
            line,
            decided_by: decided.by,
            reason: &decided.reason,
            gateway_latency: gateway.to_string(),
        }
    }
}

impl fmt::Display for RequestLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line;
        write!(
            f,
            "{} {} {} {}: {} (gateway {} ms, authorizer {} ms, function {} ms)",
            line.http_method,
            printable(&line.path),
            line.status,
            self.decided_by.in_words(),
            self.reason,
            self.gateway_latency,
            millis(&line.authorizer_latency),
            millis(&line.integration_latency),
        )
    }
}

fn millis(member: &str) -> u64 {
    member.parse().unwrap_or(0)
}

/// Red for failures, yellow for refusals, green for the rest.
fn coloured(text: &str, status: &str) -> String {
    let colour = match status.as_bytes().first() {
        Some(b'5') => "31",
        Some(b'4') => "33",
        _ => "32",
    };
    format!("\u{1b}[{colour}m{text}\u{1b}[0m")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_in_words() {
        let line = AccessLine {
            http_method: "PUT".to_owned(),
            path: "/prod/state/x".to_owned(),
            status: "403".to_owned(),
            response_latency: "12".to_owned(),
            authorizer_latency: "9".to_owned(),
            ..AccessLine::default()
        };
        let decided = Cause {
            by: DecidedBy::Authorizer,
            reason: "no_rule_met".to_owned(),
        };
        let request = RequestLine::new(&line, &decided);
        assert_eq!(
            request.to_string(),
            "PUT /prod/state/x 403 by the authorizer: no_rule_met (gateway 3 ms, authorizer 9 ms, function 0 ms)"
        );
        let json = serde_json::to_value(&request).unwrap();
        assert_eq!(
            [
                &json["path"],
                &json["decidedBy"],
                &json["reason"],
                &json["gatewayLatency"]
            ],
            ["/prod/state/x", "authorizer", "no_rule_met", "3"]
        );
        let line = AccessLine {
            path: "/\u{9b}2J\u{202e}é".to_owned(),
            ..line
        };
        let shown = RequestLine::new(&line, &decided).to_string();
        assert!(
            shown.starts_with("PUT /\\u{9b}2J\\u{202e}é 403 "),
            "{shown}"
        );
        assert_eq!(coloured("x", "200"), "\u{1b}[32mx\u{1b}[0m");
    }
}
