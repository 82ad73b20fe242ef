//! What a person, or a machine, sees of each request: one line.

use std::collections::VecDeque;
use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::Notify;

use crate::gateway::access_log::{AccessLine, value};
use crate::gateway::decided::DecidedBy;
use crate::progress::{Log, print};

/// How many of the authorizer's decisions are kept until their request is shown.
const MAX_DECISIONS: usize = 256;
/// How long a request waits for the authorizer's line, which comes by another way than its answer.
const MAX_WAIT: Duration = Duration::from_millis(200);

/// The reasons that the authorizer's log lines give, by the id of the invocation.
#[derive(Debug, Default)]
pub struct Decisions {
    known: Mutex<VecDeque<(String, String)>>,
    changed: Notify,
}

/// A decision, as the authorizer logs it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Decision {
    message: String,
    request_id: String,
    reason: String,
}

impl Decisions {
    /// Notes a function's log line if it is a decision.
    pub fn note(&self, line: &str) {
        let Ok(decision) = serde_json::from_str::<Decision>(line) else {
            return;
        };
        if decision.message != "decision" {
            return;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() == MAX_DECISIONS {
            known.pop_front();
        }
        known.push_back((decision.request_id, decision.reason));
        drop(known);
        self.changed.notify_waiters();
    }

    /// The reason of an invocation, when its line comes in time.
    async fn reason(&self, request_id: &str) -> Option<String> {
        let found = async {
            loop {
                let changed = self.changed.notified();
                if let Some(reason) = self.find(request_id) {
                    return reason;
                }
                changed.await;
            }
        };
        tokio::time::timeout(MAX_WAIT, found).await.ok()
    }

    fn find(&self, request_id: &str) -> Option<String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.iter().find(|(id, _)| id == request_id);
        found.map(|(_, reason)| reason.clone())
    }
}

/// Shows requests.
#[derive(Clone, Debug)]
pub struct RequestLines {
    decisions: Arc<Decisions>,
    log: Log,
    json: bool,
    colours: bool,
}

impl RequestLines {
    /// Requests on a log, or with `json` as lines of the access log on standard output.
    #[must_use]
    pub fn new(log: Log, decisions: Arc<Decisions>, json: bool) -> Self {
        let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self {
            decisions,
            log,
            json,
            colours,
        }
    }

    /// Shows a request, once the authorizer's reason is known.
    pub(crate) fn show(&self, line: AccessLine) {
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
pub(crate) fn in_words(line: &AccessLine, by: DecidedBy, reason: &str) -> String {
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

    #[tokio::test]
    async fn reasons_come_from_the_authorizers_lines() {
        let decisions = Arc::new(Decisions::default());
        let waiting = Arc::clone(&decisions);
        let reason = tokio::spawn(async move { waiting.reason("b").await });
        decisions.note("panic");
        decisions.note(r#"{"message":"start","requestId":"b","reason":"x"}"#);
        decisions.note(r#"{"message":"decision","requestId":"a","reason":"granted"}"#);
        decisions.note(r#"{"message":"decision","requestId":"b","reason":"token_expired"}"#);
        assert_eq!(reason.await.unwrap().as_deref(), Some("token_expired"));
    }
}
