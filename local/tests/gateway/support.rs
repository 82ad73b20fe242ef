//! A gateway in front of functions with fixed answers.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use lambda_support::clock::{ManualClock, Timestamp};
use local::gateway::Gateway;
use local::gateway::access_log::{AccessLine, AccessLog};
use local::lambda::invocation::{
    FunctionError, InvocationError, InvocationOutcome, Invoke, InvokeFuture,
};
use local::progress::PartLog;
use local::random;
use local::template::{Given, Template};
use serde_json::{Value, json};

/// Functions with fixed answers that record their events.
#[derive(Debug)]
pub(crate) struct FakeFunctions {
    pub(crate) guard: Mutex<InvocationOutcome>,
    pub(crate) handler: Mutex<InvocationOutcome>,
    pub(crate) events: Mutex<Vec<(String, Value)>>,
    pub(crate) guard_takes: Mutex<Duration>,
    pub(crate) handler_takes: Mutex<Duration>,
}

impl Invoke for FakeFunctions {
    fn invoke<'a>(&'a self, function: &'a str, payload: Bytes) -> InvokeFuture<'a> {
        if !self.knows(function) {
            let unknown = InvocationError::UnknownFunction(function.to_owned());
            return Box::pin(async { Err(unknown) });
        }
        let event = serde_json::from_slice(&payload).unwrap();
        self.events
            .lock()
            .unwrap()
            .push((function.to_owned(), event));
        let answer = if function == "guard" {
            &self.guard
        } else {
            &self.handler
        };
        let outcome = answer.lock().unwrap().clone();
        let takes = if function == "guard" {
            &self.guard_takes
        } else {
            &self.handler_takes
        };
        let takes = *takes.lock().unwrap();
        Box::pin(async move {
            tokio::time::sleep(takes).await;
            Ok(outcome)
        })
    }

    fn knows(&self, function: &str) -> bool {
        ["guard", "handler"].contains(&function)
    }
}

pub(crate) struct Api {
    data: Folder,
    pub(crate) gateway: Gateway,
    pub(crate) functions: Arc<FakeFunctions>,
    pub(crate) clock: Arc<ManualClock>,
}

pub(crate) fn success(answer: &Value) -> InvocationOutcome {
    InvocationOutcome::Success(answer.to_string().into())
}

pub(crate) fn failure(message: &str) -> InvocationOutcome {
    InvocationOutcome::Error(FunctionError::of_lambda("E", message))
}

pub(crate) fn policy(effect: &str, path: &str) -> Value {
    policy_of_stage("prod", effect, path)
}

pub(crate) fn policy_of_stage(stage: &str, effect: &str, path: &str) -> Value {
    let resource = format!("arn:aws:execute-api:us-east-1:123456789012:local00000/{stage}/{path}");
    json!({
        "principalId": "p",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}],
        },
        "context": {"signedIn": true, "exp": 5, "scope": "a b"},
    })
}

impl Api {
    pub(crate) fn of(template: &str) -> Self {
        Self::changed(template, |_| {})
    }

    /// The gateway of a template, with an API that is changed after it was read.
    pub(crate) fn changed(template: &str, change: fn(&mut local::template::Api)) -> Self {
        Self::given(template, Given::default(), change)
    }

    /// The gateway of a template with parameters.
    pub(crate) fn given(
        template: &str,
        given: Given,
        change: fn(&mut local::template::Api),
    ) -> Self {
        let given = Given {
            region: "us-east-1".to_owned(),
            ..given
        };
        let mut template = Template::read(template, &given).unwrap();
        change(&mut template.api);
        let functions = Arc::new(FakeFunctions {
            guard: Mutex::new(success(&policy("Allow", "*"))),
            handler: Mutex::new(success(&json!({"statusCode": 200, "body": "hello"}))),
            events: Mutex::default(),
            guard_takes: Mutex::default(),
            handler_takes: Mutex::default(),
        });
        let clock = Arc::new(ManualClock::at(Timestamp::from_secs(1_700_000_000)));
        let invoke: Arc<dyn Invoke> = functions.clone();
        let gateway = Gateway::new(
            template.api,
            "us-east-1".to_owned(),
            invoke,
            clock.clone(),
            PartLog::quiet("gateway"),
        );
        let data = Path::new(env!("CARGO_TARGET_TMPDIR")).join(random::request_id());
        fs::create_dir_all(&data).unwrap();
        let gateway = gateway.with_access_log(AccessLog::create(&data).unwrap());
        Self {
            data: Folder(data),
            gateway,
            functions,
            clock,
        }
    }

    pub(crate) fn guard(self, outcome: InvocationOutcome) -> Self {
        *self.functions.guard.lock().unwrap() = outcome;
        self
    }

    pub(crate) fn handler(self, outcome: InvocationOutcome) -> Self {
        *self.functions.handler.lock().unwrap() = outcome;
        self
    }

    /// `GET /path` and headers, each `Name: value`.
    pub(crate) async fn send(&self, line: &str, headers: &[&str]) -> Response<Bytes> {
        self.send_body(line, headers, "").await
    }

    pub(crate) async fn send_body(
        &self,
        line: &str,
        headers: &[&str],
        body: &'static str,
    ) -> Response<Bytes> {
        let (method, path) = line.split_once(' ').unwrap();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("Host", "127.0.0.1:3000");
        for header in headers {
            let (name, value) = header.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        self.gateway
            .answer(
                request.body(Bytes::from(body)).unwrap(),
                IpAddr::from([127, 0, 0, 1]),
            )
            .await
    }

    /// The last line of the access log.
    pub(crate) fn access_line(&self) -> AccessLine {
        let log = fs::read_to_string(self.data.0.join(AccessLog::FILE)).unwrap();
        serde_json::from_str(log.lines().last().unwrap()).unwrap()
    }

    /// The number of invocations of a function.
    pub(crate) fn invoked(&self, function: &str) -> usize {
        self.functions
            .events
            .lock()
            .unwrap()
            .iter()
            .filter(|(name, _)| name == function)
            .count()
    }

    pub(crate) fn last_event(&self, function: &str) -> Value {
        let events = self.functions.events.lock().unwrap();
        events
            .iter()
            .rev()
            .find(|(name, _)| name == function)
            .unwrap()
            .1
            .clone()
    }
}

/// A folder that is removed when this value is dropped.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

pub(crate) fn header<'a>(response: &'a Response<Bytes>, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map(|value| value.to_str().unwrap())
        .unwrap_or_default()
}

/// One row of a decision table: the request, the authorizer's answer, and the response.
pub(crate) struct Row<'a> {
    /// The source of the row: a page of AWS, or else a report.
    pub(crate) source: &'a str,
    /// The verb and path.
    pub(crate) request: &'a str,
    /// Headers, each `Name: value`.
    pub(crate) headers: &'a [&'a str],
    /// The answer of the authorizer.
    pub(crate) guard: InvocationOutcome,
    pub(crate) status: u16,
    /// The beginning of its body.
    pub(crate) body: &'a str,
    /// Its header `x-amzn-ErrorType`.
    pub(crate) error_type: &'a str,
    /// The number of invocations of the authorizer.
    pub(crate) invoked: usize,
}

impl Row<'_> {
    /// Sends the request to a new gateway and compares the response.
    pub(crate) async fn check(self, template: &str) {
        let api = Api::of(template).guard(self.guard);
        let response = api.send(self.request, self.headers).await;
        let context = format!("{} {:?} ({})", self.request, self.headers, self.source);
        assert!(!self.source.is_empty(), "{context}");
        assert_eq!(response.status().as_u16(), self.status, "{context}");
        let body = text(&response);
        assert!(body.starts_with(self.body), "{context}: {body}");
        let error_type = header(&response, "x-amzn-errortype");
        assert_eq!(error_type, self.error_type, "{context}");
        let ids = ["x-amzn-requestid", "apigw-requestid"].map(|name| header(&response, name));
        assert_eq!(ids.concat().len(), 36, "{context}");
        assert_eq!(api.invoked("guard"), self.invoked, "{context}");
        let reached = usize::from(self.status == 200);
        assert_eq!(api.invoked("handler"), reached, "{context}");
    }
}
