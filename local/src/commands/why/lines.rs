//! Log lines, as they are in files and as CloudWatch's tools print them.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::gateway::access_log::{AccessLine, value};

/// The maximum number of braces that are tried as the beginning of a line's JSON. A stream's name can have braces too.
const MAX_BEGINNINGS: usize = 8;

/// The maximum number of lines of each kind that are kept.
const MAX_LINES: usize = 1000;

/// The beginnings of Lambda's own lines, and of the lines of `--output text`.
const OF_AWS: [&str; 8] = [
    "START RequestId: ",
    "END RequestId: ",
    "REPORT RequestId: ",
    "XRAY TraceId: ",
    "INIT_START ",
    "INIT_REPORT ",
    "EXTENSION\t",
    "EVENTS\t",
];

/// Members that only lines of a log have.
const OF_LOGS: [&str; 4] = ["requestId", "level", "_aws", "record"];

/// The lines about some requests.
#[derive(Debug, Default)]
pub(super) struct LogLines {
    /// The ids of these requests and of their invocations. Without ids, each line is kept.
    wanted: BTreeSet<String>,
    has_access_log: bool,
    pub(super) access: Vec<AccessLine>,
    pub(super) authorizer: Vec<AuthorizerLine>,
    pub(super) handler: Vec<HandlerLine>,
}

/// Whether a record is a line of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Understood {
    /// It is a line of a log, whether or not lines of its kind are kept.
    Line,
    /// It is not a line of a log, or it is malformed.
    Nothing,
}

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
    /// An empty set for lines of the requests and invocations with these ids.
    pub(super) fn about(wanted: BTreeSet<String>) -> Self {
        Self {
            wanted,
            ..Self::default()
        }
    }

    /// The ids in the lines, and the wanted ids.
    pub(super) fn ids(&self) -> BTreeSet<String> {
        let access = self.access.iter().flat_map(LogLine::ids);
        let authorizer = self.authorizer.iter().flat_map(LogLine::ids);
        let handler = self.handler.iter().flat_map(LogLine::ids);
        let found = access.chain(authorizer).chain(handler);
        found
            .map(str::to_owned)
            .chain(self.wanted.clone())
            .collect()
    }

    /// Adds a line of a log, if it is about one of the requests.
    pub(super) fn line(&mut self, line: &str) -> Understood {
        match object(line) {
            Some(members) => self.object(members),
            None if is_other_line(line) => Understood::Line,
            None => Understood::Nothing,
        }
    }

    /// Adds a parsed line. In the output of CloudWatch's own tools, the line is a string inside an object.
    pub(super) fn object(&mut self, members: Map<String, Value>) -> Understood {
        let message = members.get("message").and_then(Value::as_str);
        let has = |name: &str| members.get(name).is_some_and(Value::is_string);
        match message {
            Some("decision") if has("reason") => keep(&mut self.authorizer, &self.wanted, members),
            Some("request") => keep(&mut self.handler, &self.wanted, members),
            Some(line) if !members.contains_key("level") => match object(line) {
                Some(inner) => self.object(inner),
                // An event of CloudWatch with another line.
                None => Understood::Line,
            },
            None if has("requestId") && has("status") => {
                let understood = keep(&mut self.access, &self.wanted, members);
                self.has_access_log |= understood == Understood::Line;
                understood
            }
            Some(_) => Understood::Line,
            None if OF_LOGS.iter().any(|name| members.contains_key(*name)) => Understood::Line,
            None => Understood::Nothing,
        }
    }

    pub(super) const fn has_access_log(&self) -> bool {
        self.has_access_log
    }
}

/// A line that is about a request.
pub(super) trait LogLine: DeserializeOwned {
    /// The ids of the request and of its invocations.
    fn ids(&self) -> impl Iterator<Item = &str>;
}

impl LogLine for AccessLine {
    fn ids(&self) -> impl Iterator<Item = &str> {
        let ids = [
            &self.request_id,
            &self.authorizer_request_id,
            &self.integration_request_id,
        ];
        ids.into_iter().filter_map(|member| value(member))
    }
}

impl LogLine for AuthorizerLine {
    fn ids(&self) -> impl Iterator<Item = &str> {
        of_function(&self.request_id, self.api_request_id.as_deref())
    }
}

impl LogLine for HandlerLine {
    fn ids(&self) -> impl Iterator<Item = &str> {
        of_function(&self.request_id, self.api_request_id.as_deref())
    }
}

/// The ids in a function's line: Lambda's, and API Gateway's where the event has one.
fn of_function<'l>(invocation: &'l str, request: Option<&'l str>) -> impl Iterator<Item = &'l str> {
    std::iter::once(invocation).chain(request)
}

/// Adds a line to those of its kind, if it is about a wanted request. Without wanted ids, every line is added.
fn keep<L: LogLine>(
    lines: &mut Vec<L>,
    wanted: &BTreeSet<String>,
    members: Map<String, Value>,
) -> Understood {
    let Ok(line) = serde_json::from_value::<L>(Value::Object(members)) else {
        return Understood::Nothing;
    };
    let is_wanted = wanted.is_empty() || line.ids().any(|id| wanted.contains(id));
    if is_wanted && lines.len() < MAX_LINES {
        lines.push(line);
    }
    Understood::Line
}

/// Whether a line without JSON is one of Lambda's, or has the timestamp of `aws logs tail` or of an export to S3.
fn is_other_line(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or_default();
    let first = first.trim_start_matches("\u{1b}[32m");
    let is_time = |shape: &[u8]| {
        let digits = first.bytes().zip(shape).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            _ => byte == *form,
        });
        digits && first.len() >= shape.len()
    };
    is_time(b"0000-00-00T00:00:00") || OF_AWS.iter().any(|start| line.starts_with(start))
}

/// The JSON object at the end of a line. A timestamp and a stream's name may precede it, and with `--output text` a column
/// may follow.
fn object(line: &str) -> Option<Map<String, Value>> {
    let beginnings = line.match_indices('{').take(MAX_BEGINNINGS);
    let mut candidates = beginnings.filter_map(|(place, _)| line.get(place..));
    candidates.find_map(|json| {
        let mut values = serde_json::Deserializer::from_str(json).into_iter::<Map<String, Value>>();
        let members = values.next()?.ok()?;
        let rest = json.get(values.byte_offset()..)?;
        (rest.trim_end().is_empty() || rest.starts_with('\t')).then_some(members)
    })
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
            format!("2026-01-01T00:00:00 stream{{}} {DECISION}"),
            format!("EVENTS\t1\t2\tstream\t{DECISION}\t3"),
            format!(r#"{{"timestamp":1,"message":{quoted},"ingestionTime":2}}"#),
            format!("{DECISION}\r"),
        ] {
            let mut lines = LogLines::default();
            assert_eq!(lines.line(&line), Understood::Line, "{line}");
            assert_eq!(lines.authorizer.len(), 1, "{line}");
        }
    }

    #[test]
    fn other_lines() {
        fn check(line: &str, expected: Understood) {
            let mut lines = LogLines::default();
            assert_eq!(lines.line(line), expected, "{line}");
            assert!(
                lines.authorizer.is_empty() && lines.handler.is_empty(),
                "{line}"
            );
            assert!(!lines.has_access_log(), "{line}");
        }
        for line in [
            "START RequestId: x Version: $LATEST",
            "2026-01-01T00:00:00.000Z panicked at src/main.rs",
            "\u{1b}[32m2026-01-01T00:00:00\u{1b}[0m END",
            r#"{"timestamp":"t","level":"INFO","message":"start","requestId":"x"}"#,
            r#"{"time":"t","type":"platform.start","record":{}}"#,
            r#"{"eventId":"1","message":"START RequestId: x"}"#,
            r#"{"_aws":{}}"#,
        ] {
            check(line, Understood::Line);
        }
        for line in [
            "note: compiled",
            "{",
            "[]",
            "{}",
            r#"{"name": "x"}"#,
            "2026-01-01",
            r#"{"message":"request","requestId":5}"#,
            r#"{"message":"decision","level":"INFO","reason":"x"}"#,
            r#"{"requestId":"x","status":"200","path":5}"#,
        ] {
            check(line, Understood::Nothing);
        }
    }
}
