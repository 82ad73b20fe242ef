//! The authorizer's decisions, from its log lines, while a stack runs.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::Notify;

/// The maximum number of the authorizer's decisions that are kept until their request is shown.
const MAX_DECISIONS: usize = 256;
/// The maximum time that a request waits for the authorizer's line, which does not arrive with its answer.
const MAX_WAIT: Duration = Duration::from_millis(200);

/// The reasons in the authorizer's log lines, by the id of the invocation.
#[derive(Debug, Default)]
pub(crate) struct Decisions {
    known: Mutex<VecDeque<(String, String)>>,
    changed: Notify,
}

/// A decision, as the authorizer logs it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DecisionLine {
    message: String,
    request_id: String,
    reason: String,
}

impl Decisions {
    /// Stores the decision in a function's log line, if it has one.
    pub(crate) fn note(&self, line: &str) {
        let Ok(decision) = serde_json::from_str::<DecisionLine>(line) else {
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

    /// The reason of an invocation, if its line arrives in time.
    pub(crate) async fn reason(&self, request_id: &str) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

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
