//! The time that the local gateway adds to a call.
//!
//! The functions answer in this process and at once. So the difference between a call through the gateway and a call to a
//! bare server is the gateway's own work: routing, events, the authorizer's cache, policies, and the access log.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use bytes::Bytes;
use http::Method;
use http::header::AUTHORIZATION;
use lambda_support::clock::SystemClock;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::figure::{Figure, micros};
use super::{BenchError, Effort, listen, template};
use crate::aws;
use crate::decisions::Decisions;
use crate::gateway::Gateway;
use crate::gateway::access_log::AccessLog;
use crate::gateway::request_lines::RequestLines;
use crate::http_client;
use crate::lambda::invocation::{InvocationOutcome, Invoke, InvokeFuture};
use crate::progress::{PartLog, Progress, Verbosity};
use crate::server::Server;
use crate::template::Api;

/// The target for the median of the added time, in microseconds.
const TARGET: f64 = 300.0;
/// The length of an access token of Okta.
const TOKEN_LENGTH: usize = 900;
const HANDLER: &str = r#"{"statusCode":200,"headers":{"content-type":"application/json","etag":"\"1\""},"body":"{\"lamp\":\"on\"}"}"#;
const ANSWER: &str = r#"{"lamp":"on"}"#;

struct CallKind {
    name: &'static str,
    template: &'static str,
    method: Method,
    path: &'static str,
    authorizer: fn() -> Value,
}

const KINDS: [CallKind; 3] = [
    CallKind {
        name: "gateway, REST API, cached policy",
        template: "template.yaml",
        method: Method::PUT,
        path: "/state/x",
        authorizer: policy,
    },
    CallKind {
        name: "gateway, REST API, authorizer called",
        template: "template.yaml",
        method: Method::GET,
        path: "/state/x",
        authorizer: policy,
    },
    CallKind {
        name: "gateway, HTTP API, cached simple answer",
        template: "examples/http-api/template.yaml",
        method: Method::GET,
        path: "/notes",
        authorizer: || json!({"isAuthorized": true, "context": context()}),
    },
];

pub(super) async fn measure(
    workspace: &Path,
    scratch: &Path,
    effort: Effort,
) -> Result<Vec<Figure>, BenchError> {
    let bare = Serving::bare().await?;
    let mut figures = Vec::new();
    for kind in KINDS {
        let gateway = Serving::gateway(
            template(workspace, kind.template)?.api,
            scratch,
            kind.authorizer,
        )
        .await?;
        figures.push(compare(&kind, &gateway, &bare, effort).await?);
    }
    Ok(figures)
}

/// The median of the added time, for each round.
async fn compare(
    kind: &CallKind,
    gateway: &Serving,
    bare: &Serving,
    effort: Effort,
) -> Result<Figure, BenchError> {
    let client = http_client::new()?;
    let urls = [gateway, bare].map(|server| format!("{}{}", server.url, kind.path));
    let mut added = Vec::new();
    // The first round opens the connections and fills the cache.
    for round in 0..=effort.rounds {
        let [ours, bare] = medians(&client, &kind.method, &urls, effort.invocations).await?;
        if round > 0 {
            added.push(micros(ours) - micros(bare));
        }
    }
    Ok(Figure::rounds(kind.name, "µs", &added, Some(TARGET)))
}

/// The median time of calls of each URL, which alternate.
async fn medians(
    client: &reqwest::Client,
    method: &Method,
    urls: &[String; 2],
    count: u32,
) -> Result<[Duration; 2], BenchError> {
    let token = format!("Bearer {}", "t".repeat(TOKEN_LENGTH));
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..count {
        for (url, times) in urls.iter().zip(&mut times) {
            let request = client
                .request(method.clone(), url)
                .header(AUTHORIZATION, &token);
            let started = Instant::now();
            let answer = request.send().await.map_err(BenchError::Call)?;
            let body = answer.text().await.map_err(BenchError::Call)?;
            times.push(started.elapsed());
            if body != ANSWER {
                return Err(BenchError::Answer(ANSWER, body));
            }
        }
    }
    Ok(times.map(|mut times| {
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    }))
}

/// A running server. Dropping it ends the server.
struct Serving {
    url: String,
    task: JoinHandle<()>,
}

impl Serving {
    /// A server that only answers.
    async fn bare() -> Result<Self, BenchError> {
        let (listener, address) = listen().await?;
        let url = format!("http://{address}");
        let router = Router::new().fallback(async || ANSWER);
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { url, task })
    }

    /// The gateway of an API, with its logs, as `cargo local` serves it.
    async fn gateway(api: Api, data: &Path, authorizer: fn() -> Value) -> Result<Self, BenchError> {
        let functions: Arc<dyn Invoke> = Arc::new(AtOnce(authorizer().to_string().into()));
        let log = PartLog::open("gateway", data, Progress::new(Verbosity::Quiet));
        let lines = RequestLines::new(log.clone(), Arc::new(Decisions::default()), false);
        let region = aws::DEFAULT_REGION.to_owned();
        let clock = Arc::new(SystemClock);
        let (listener, address) = listen().await?;
        let url = format!("http://{address}{}", api.base_path());
        let gateway = Gateway::new(api, region, Arc::clone(&functions), clock, log)
            .with_access_log(AccessLog::create(data).map_err(BenchError::Io)?)
            .with_request_lines(lines);
        let gateway = Arc::new(gateway);
        let server = Server { gateway, functions };
        let task = tokio::spawn(async move {
            let _ = server.serve(listener).await;
        });
        Ok(Self { url, task })
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn context() -> Value {
    json!({"signedIn": true, "principal": "p", "scope": "openid state:write", "exp": 1_900_000_000})
}

/// A policy like the authorizer's: one statement with all routes.
fn policy() -> Value {
    let routes = [
        "GET/session",
        "GET/state",
        "GET/state/*",
        "HEAD/state/*",
        "PUT/state/*",
        "PATCH/state/*",
        "DELETE/state/*",
    ];
    let resources = routes.map(|route| aws::method_arn(aws::DEFAULT_REGION, "prod", route, ""));
    let statement =
        json!({"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resources});
    json!({
        "principalId": "p",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": context(),
    })
}

/// Functions that answer in this process. The value is the authorizer's answer.
#[derive(Debug)]
struct AtOnce(Bytes);

impl Invoke for AtOnce {
    fn invoke<'a>(&'a self, function: &'a str, _: Bytes) -> InvokeFuture<'a> {
        let answer = match function {
            "authorizer" => self.0.clone(),
            _ => Bytes::from_static(HANDLER.as_bytes()),
        };
        Box::pin(async move { Ok(InvocationOutcome::Success(answer)) })
    }

    fn knows(&self, _: &str) -> bool {
        true
    }
}
