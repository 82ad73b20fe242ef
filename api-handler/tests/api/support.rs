//! The function with a real database: the handler in this process, the SDK, HTTP on loopback, and the table of
//! `template.yaml`.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use api_handler::{config::Settings, handler::Handler};
use bytes::Bytes;
use dynoxide::Database;
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use lambda_support::{
    clock::{ManualClock, Timestamp},
    invocation::Invocation,
    log::{Lines, Log},
    settings::Source,
};
use saphyr::{LoadableYamlNode, Yaml};
use serde_json::{Value, json, value::RawValue};
use testkit::contexts;

/// 2026-01-01T00:00:00Z, the time at which every test begins.
pub const START: u64 = 1_767_225_600;

static TABLES: AtomicU32 = AtomicU32::new(0);

/// An invocation without a deadline.
pub const UNHURRIED: Invocation<'_> = Invocation {
    request_id: "r-1",
    deadline: Timestamp::from_secs(0),
};

/// An environment of variables, without files.
struct Variables<'a>(BTreeMap<&'a str, &'a str>);

impl Source for Variables<'_> {
    fn variable(&self, name: &str) -> Option<OsString> {
        self.0.get(name).map(Into::into)
    }

    fn file(&self, _: &str) -> std::io::Result<Vec<u8>> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

/// The function, with its own table.
pub struct Api {
    pub handler: Handler,
    pub table: String,
    pub endpoint: String,
    pub log: Arc<Lines>,
    clock: Arc<ManualClock>,
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub text: String,
    pub body: Value,
}

impl Reply {
    pub fn etag(&self) -> String {
        self.headers["etag"].clone()
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:#?}");
        self
    }

    pub fn pointers(&self) -> Vec<&str> {
        self.body["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["pointer"].as_str().unwrap())
            .collect()
    }

    pub fn ids(&self) -> Vec<&str> {
        self.body["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["id"].as_str().unwrap())
            .collect()
    }
}

/// The context of a caller whose token expires an hour after [`START`].
pub fn caller(principal: &str, groups: &[&str]) -> Value {
    contexts::signed_in(principal, groups, START + 3600)
}

/// A request to send.
#[derive(Clone)]
pub struct Ask {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Option<String>,
    caller: Value,
}

pub fn ask(method: &str, path: &str) -> Ask {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let query = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(n, v)| (n.to_owned(), v.to_owned()))
        .collect();
    Ask {
        method: method.to_owned(),
        path: path.to_owned(),
        query,
        headers: Vec::new(),
        body: None,
        caller: contexts::anonymous(),
    }
}

impl Ask {
    /// The same request for another path.
    pub fn to(self, path: &str) -> Self {
        let Self { path, query, .. } = ask("", path);
        Self {
            path,
            query,
            ..self
        }
    }

    pub fn by(mut self, principal: &str) -> Self {
        self.caller = caller(principal, &["Everyone"]);
        self
    }

    pub fn of(mut self, principal: &str, groups: &[&str]) -> Self {
        self.caller = caller(principal, groups);
        self
    }

    pub fn context(mut self, context: Value) -> Self {
        self.caller = context;
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn if_match(self, etag: &str) -> Self {
        self.header("If-Match", etag)
    }

    pub fn create(self) -> Self {
        self.header("If-None-Match", "*")
    }

    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", &body.to_string())
    }

    pub fn body(mut self, media_type: &str, text: &str) -> Self {
        self.body = Some(text.to_owned());
        self.header("Content-Type", media_type)
    }

    /// Uses a token that does not expire during the test, for functions that use the machine's clock.
    pub fn lasting(mut self) -> Self {
        self.caller["exp"] = "4102444800".into();
        self
    }

    pub fn method(&self) -> &str {
        &self.method
    }

    /// The event of a REST API.
    pub fn rest_event(&self) -> Value {
        let resource = match self.path.as_str() {
            path if path.starts_with("/state/") && path.matches('/').count() == 2 => "/state/{id}",
            path @ ("/state"
            | "/session"
            | "/openapi.json"
            | "/.well-known/oauth-protected-resource") => path,
            _ => "/{proxy+}",
        };
        let mut headers: BTreeMap<&str, Vec<&str>> = BTreeMap::from([
            ("Host", vec!["api.example.com"]),
            ("X-Forwarded-Proto", vec!["https"]),
        ]);
        for (name, value) in &self.headers {
            headers.entry(name).or_default().push(value);
        }
        let mut query: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, value) in &self.query {
            query.entry(name).or_default().push(value);
        }
        let single: BTreeMap<_, _> = headers
            .iter()
            .map(|(name, values)| (name, values.last()))
            .collect();
        let null_if_empty = |value: Value| {
            if value.as_object().is_some_and(|o| o.is_empty()) {
                Value::Null
            } else {
                value
            }
        };
        json!({
            "resource": resource,
            "path": self.path,
            "httpMethod": self.method,
            "headers": single,
            "multiValueHeaders": headers,
            "queryStringParameters": null_if_empty(json!(query.iter().map(|(n, v)| (n, v.last())).collect::<BTreeMap<_, _>>())),
            "multiValueQueryStringParameters": null_if_empty(json!(query)),
            "pathParameters": null,
            "stageVariables": null,
            "requestContext": {
                "accountId": "111122223333",
                "apiId": "a1b2c3d4e5",
                "stage": "prod",
                "path": format!("/prod{}", self.path),
                "resourcePath": resource,
                "httpMethod": self.method,
                "domainName": "api.example.com",
                "protocol": "HTTP/1.1",
                "requestId": "request-1",
                "identity": {"sourceIp": "203.0.113.9", "userAgent": "test"},
                "authorizer": self.caller,
            },
            "body": self.body,
            "isBase64Encoded": false,
        })
    }
}

impl Api {
    pub async fn start() -> Self {
        Self::at(&endpoint(), &[]).await
    }

    /// Starts with more settings.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        Self::at(&endpoint(), settings).await
    }

    /// Starts with a new table in the database at `endpoint`.
    pub async fn at(endpoint: &str, settings: &[(&str, &str)]) -> Self {
        let table = format!(
            "state-{}-{}",
            std::process::id(),
            TABLES.fetch_add(1, Ordering::Relaxed)
        );
        create_table(endpoint, &table).await;
        Self::over(endpoint, &table, settings)
    }

    /// Starts with a table that may not exist.
    pub fn over(endpoint: &str, table: &str, settings: &[(&str, &str)]) -> Self {
        let mut environment: BTreeMap<&str, &str> =
            environment(endpoint, table).into_iter().collect();
        environment.extend(settings.iter().copied());
        let settings = Settings::from_source(&Variables(environment)).unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp::from_secs(START)));
        let log = Arc::new(Lines::default());
        let lines = Log::new(settings.log_level, log.clone());
        let handler = Handler::new(settings, clock.clone(), lines, "api-handler".to_owned());
        Self {
            handler: handler.unwrap(),
            table: table.to_owned(),
            endpoint: endpoint.to_owned(),
            log,
            clock,
        }
    }

    /// Moves the clock.
    pub fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    pub async fn send(&self, ask: Ask) -> Reply {
        self.event(ask.rest_event()).await
    }

    pub async fn event(&self, event: Value) -> Reply {
        let event = raw(&event);
        let answer = self.handler.answer(&event, UNHURRIED).await.unwrap();
        reply(&serde_json::to_value(answer).unwrap())
    }

    /// Creates a resource, which must succeed.
    pub async fn put(&self, principal: &str, id: &str, body: &Value) -> Reply {
        self.send(
            ask("PUT", &format!("/state/{id}"))
                .by(principal)
                .create()
                .json(body),
        )
        .await
        .expect(201)
    }
}

/// An event as the runtime receives it.
pub fn raw(event: &Value) -> Box<RawValue> {
    serde_json::value::to_raw_value(event).unwrap()
}

/// Reads a proxy answer.
pub fn reply(answer: &Value) -> Reply {
    assert_eq!(answer["isBase64Encoded"], false, "{answer}");
    let text = answer["body"].as_str().unwrap().to_owned();
    Reply {
        status: answer["statusCode"].as_u64().unwrap().try_into().unwrap(),
        headers: serde_json::from_value(answer["headers"].clone()).unwrap(),
        body: if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap()
        },
        text,
    }
}

/// The environment of the function.
pub fn environment<'a>(endpoint: &'a str, table: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("STATE_TABLE", table),
        (
            "ALLOWED_ORIGINS",
            "https://app.example.com,http://127.0.0.1:8080",
        ),
        ("ADMIN_GROUP", "Admins"),
        ("LOG_LEVEL", "error"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_ENDPOINT_URL_DYNAMODB", endpoint),
    ]
}

/// The endpoint of the database: `STATE_TEST_ENDPOINT`, or a database in this process.
pub fn endpoint() -> String {
    static ENDPOINT: OnceLock<String> = OnceLock::new();
    let start = || {
        std::env::var("STATE_TEST_ENDPOINT").unwrap_or_else(|_| serve(Database::memory().unwrap()))
    };
    ENDPOINT.get_or_init(start).clone()
}

/// Whether the database is the project's own, not the one at `STATE_TEST_ENDPOINT`.
pub fn is_first_opinion() -> bool {
    std::env::var_os("STATE_TEST_ENDPOINT").is_none()
}

/// Serves a database on a free port.
pub fn serve(database: Database) -> String {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            dynoxide::server::serve_on(
                tokio::net::TcpListener::from_std(listener).unwrap(),
                database,
            )
            .await
        });
    });
    endpoint
}

fn template_resources<T>(read: impl FnOnce(&Yaml<'_>) -> T) -> T {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml")).unwrap();
    read(&Yaml::load_from_str(&text).unwrap()[0]["Resources"])
}

/// The methods and paths of `template.yaml`, without catch-all routes.
pub fn template_routes() -> BTreeSet<String> {
    template_resources(|resources| {
        let events = resources["ApiHandlerFunction"]["Properties"]["Events"]
            .as_mapping()
            .unwrap();
        let text = |yaml: &Yaml<'_>| yaml.as_str().unwrap().to_owned();
        let route = |event: &Yaml<'_>| {
            (
                text(&event["Properties"]["Method"]),
                text(&event["Properties"]["Path"]),
            )
        };
        let routes = events.iter().map(|(_, event)| route(event));
        routes
            .filter(|(method, _)| method != "ANY")
            .map(|(method, path)| format!("{method} {path}"))
            .collect()
    })
}

/// The input of `CreateTable` for the table of `template.yaml`.
pub fn table_definition(name: &str) -> Value {
    // The tests do not need these, and the tags refer to the stack.
    let left_out = ["PointInTimeRecoverySpecification", "Tags"];
    let mut members: serde_json::Map<String, Value> = template_resources(|resources| {
        let properties = resources["StateTable"]["Properties"].as_mapping().unwrap();
        let named = properties
            .iter()
            .map(|(name, value)| (name.as_str().unwrap(), value));
        named
            .filter(|(name, _)| !left_out.contains(name))
            .map(|(name, value)| (name.to_owned(), to_json(value)))
            .collect()
    });
    members.insert("TableName".to_owned(), name.into());
    members.into()
}

fn to_json(yaml: &Yaml<'_>) -> Value {
    if let Some(mapping) = yaml.as_mapping() {
        mapping
            .iter()
            .map(|(name, value)| (name.as_str().unwrap().to_owned(), to_json(value)))
            .collect()
    } else if let Some(items) = yaml.as_sequence() {
        items.iter().map(to_json).collect()
    } else if let Some(truth) = yaml.as_bool() {
        truth.into()
    } else {
        yaml.as_str().unwrap().into()
    }
}

/// Creates the table and waits until it is active. Before that dynalite and DynamoDB refuse every other call.
pub async fn create_table(endpoint: &str, name: &str) {
    dynamodb(endpoint, "CreateTable", &table_definition(name)).await;
    let table = json!({"TableName": name});
    let active = async {
        while dynamodb(endpoint, "DescribeTable", &table).await["Table"]["TableStatus"] != "ACTIVE"
        {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let limit = Duration::from_secs(60);
    tokio::time::timeout(limit, active).await.unwrap();
}

/// One call of DynamoDB's API without the SDK, which must succeed.
pub async fn dynamodb(endpoint: &str, operation: &str, input: &Value) -> Value {
    let (status, body) = forward(endpoint, operation, input).await;
    assert_eq!(status, 200, "{operation}: {body}");
    serde_json::from_str(&body).unwrap()
}

/// One call of DynamoDB's API without the SDK. The databases here check only the form of the signature.
pub async fn forward(endpoint: &str, operation: &str, input: &Value) -> (u16, String) {
    let request = http::Request::post(format!("{endpoint}/"))
        .header("Content-Type", "application/x-amz-json-1.0")
        .header("X-Amz-Target", format!("DynamoDB_20120810.{operation}"))
        .header("X-Amz-Date", "20260101T000000Z")
        .header(
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=local/20260101/eu-west-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0",
        )
        .body(Full::new(Bytes::from(input.to_string())))
        .unwrap();
    let response = Client::builder(TokioExecutor::new())
        .build_http()
        .request(request)
        .await
        .unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}
