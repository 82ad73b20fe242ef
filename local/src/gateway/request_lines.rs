//! What a person, or a machine, sees of each request: one line.

use std::io::IsTerminal as _;
use std::sync::Arc;

use super::access_log::{AccessLine, value};
use super::decided::DecidedBy;
use crate::decisions::Decisions;
use crate::progress::{PartLog, print};

#[derive(Clone, Debug)]
pub struct RequestLines {
    decisions: Arc<Decisions>,
    log: PartLog,
    json: bool,
    colours: bool,
}

impl RequestLines {
    /// Requests on a log, or with `json` as lines of the access log on standard output.
    #[must_use]
    pub fn new(log: PartLog, decisions: Arc<Decisions>, json: bool) -> Self {
        let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self {
            decisions,
            log,
            json,
            colours,
        }
    }

    /// Shows a request, once the authorizer's reason is known.
    pub(super) fn show(&self, line: AccessLine) {
        if self.json {
            // A reader that has gone away does not stop the API.
            let _ = serde_json::to_string(&line).map(|json| print(&format!("{json}\n")));
        }
        let this = self.clone();
        tokio::spawn(async move {
            let mut decided = line.decided();
            if decided.by == DecidedBy::Authorizer
                && let Some(id) = value(&line.authorizer_request_id)
                && let Some(reason) = this.decisions.reason(id).await
            {
                decided.reason = reason;
            }
            let text = in_words(&line, decided.by, &decided.reason);
            let shown = this.colours.then(|| coloured(&text, &line.status));
            this.log.request(&text, shown.as_deref(), !this.json);
        });
    }
}

/// A request as people read it: the times are the gateway's own, the authorizer's and the function's.
pub(super) fn in_words(line: &AccessLine, by: DecidedBy, reason: &str) -> String {
    let latency = |member: &str| member.parse::<u64>().unwrap_or(0);
    let authorizer = latency(&line.authorizer_latency);
    let function = latency(&line.integration_latency);
    let gateway = latency(&line.response_latency).saturating_sub(authorizer + function);
    format!(
        "{} {} {} {}: {reason} (gateway {gateway} ms, authorizer {authorizer} ms, function {function} ms)",
        line.http_method,
        line.path,
        line.status,
        by.in_words(),
    )
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
        let text = in_words(&line, DecidedBy::Authorizer, "no_rule_met");
        assert_eq!(
            text,
            "PUT /prod/state/x 403 by the authorizer: no_rule_met (gateway 3 ms, authorizer 9 ms, function 0 ms)"
        );
        assert_eq!(coloured("x", "200"), "\u{1b}[32mx\u{1b}[0m");
    }
}
