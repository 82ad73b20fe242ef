//! Log lines, as files have them and as CloudWatch's tools print them.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::gateway::access_log::AccessLine;

/// How many braces of a line may begin its JSON: a stream's name may have some.
const MAX_BEGINNINGS: usize = 8;

/// The lines that are about requests.
#[derive(Debug, Default)]
pub(super) struct LogLines {
    pub(super) access: Vec<AccessLine>,
    pub(super) authorizer: Vec<AuthorizerLine>,
    pub(super) handler: Vec<HandlerLine>,
}

/// A decision of the authorizer.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuthorizerLine {
    pub(super) request_id: String,
    pub(super) api_request_id: Option<String>,
    pub(super) decision: String,
    pub(super) reason: String,
    pub(super) detail: Option<String>,
    pub(super) cache: Option<String>,
}

/// A request to the handler.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HandlerLine {
    pub(super) request_id: String,
    pub(super) api_request_id: Option<String>,
    pub(super) method: Option<String>,
    pub(super) route: Option<String>,
    pub(super) status: Option<u16>,
    pub(super) cause: Option<String>,
}

impl LogLines {
    /// Adds the lines of a text. Lines of other kinds are passed over.
    pub(super) fn read(&mut self, text: &str) {
        for members in text.lines().filter_map(object) {
            self.add(members);
        }
    }

    pub(super) const fn has_access_log(&self) -> bool {
        !self.access.is_empty()
    }

    fn add(&mut self, members: Map<String, Value>) {
        let message = members.get("message").and_then(Value::as_str);
        let has = |name: &str| members.get(name).is_some_and(Value::is_string);
        match message {
            Some("decision") if has("reason") => {
                self.authorizer.extend(parsed(members));
            }
            Some("request") => self.handler.extend(parsed(members)),
            None if has("requestId") && has("status") => self.access.extend(parsed(members)),
            _ => {}
        }
    }
}

fn parsed<T: serde::de::DeserializeOwned>(members: Map<String, Value>) -> Option<T> {
    serde_json::from_value(Value::Object(members)).ok()
}

/// The JSON object at the end of a line. A timestamp and a stream's name may precede it. CloudWatch's own export has
/// the line as a string inside of an object.
fn object(line: &str) -> Option<Map<String, Value>> {
    let beginnings = line.match_indices('{').take(MAX_BEGINNINGS);
    let members = beginnings
        .filter_map(|(place, _)| line.get(place..))
        .find_map(|json| match serde_json::from_str(json.trim_end()) {
            Ok(Value::Object(members)) => Some(members),
            _ => None,
        })?;
    match members.get("message").and_then(Value::as_str) {
        Some(inner) if inner.starts_with('{') => object(inner),
        _ => Some(members),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_tools_print_them() {
        const DECISION: &str =
            r#"{"message":"decision","requestId":"l","decision":"deny","reason":"no_rule_met"}"#;
        let quoted = Value::from(DECISION).to_string();
        for line in [
            DECISION.to_owned(),
            format!("2026-01-01T00:00:00.000000+00:00 2026/01/01/[$LATEST]0123 {DECISION}"),
            format!("2026-01-01T00:00:00 stream{{1}} {DECISION}"),
            format!(r#"{{"timestamp":1,"message":{quoted},"ingestionTime":2}}"#),
            format!("{DECISION}\r"),
        ] {
            let mut lines = LogLines::default();
            lines.read(&line);
            assert_eq!(lines.authorizer.len(), 1, "{line}");
        }
        let mut lines = LogLines::default();
        lines.read("START RequestId: x\n{\n{}\n[]\n{\"message\":\"start\",\"requestId\":\"x\"}\n");
        lines.read(r#"{"message":"decision","reason":5}"#);
        assert!(lines.authorizer.is_empty() && lines.handler.is_empty() && !lines.has_access_log());
    }
}
