//! The deployed binary, as a process behind a Lambda Runtime API.

use std::{
    collections::HashMap,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    response::IntoResponse,
    routing::{get, post},
};
use serde_json::{Value, json};
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::support::{Api, Ask, Reply, ask, environment, reply};

/// A process of the function. It handles one event at a time, as in Lambda.
pub struct Function {
    events: mpsc::UnboundedSender<Event>,
    process: Child,
    log: Option<std::thread::JoinHandle<String>>,
}

type Event = (Value, oneshot::Sender<Result<Value, Value>>);

struct Runtime {
    events: Mutex<mpsc::UnboundedReceiver<Event>>,
    waiting: Mutex<HashMap<String, oneshot::Sender<Result<Value, Value>>>>,
    count: AtomicU64,
}

impl Function {
    /// Starts the function over the table of `api`.
    pub async fn start(api: &Api) -> Self {
        Self::with(api, |environment| environment).await
    }

    /// The same, with a changed environment.
    pub async fn with(
        api: &Api,
        change: impl FnOnce(HashMap<String, String>) -> HashMap<String, String>,
    ) -> Self {
        let (events, receiver) = mpsc::unbounded_channel();
        let runtime = Arc::new(Runtime {
            events: Mutex::new(receiver),
            waiting: Mutex::default(),
            count: AtomicU64::new(0),
        });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route(
                "/2018-06-01/runtime/invocation/{id}/response",
                post(response),
            )
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            // An answer of the function may have 6 MB.
            .layer(DefaultBodyLimit::disable())
            .with_state(runtime);
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let variables = environment(&api.endpoint, &api.table)
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let mut process = Command::new(env!("CARGO_BIN_EXE_api-handler"))
            .env_clear()
            .envs(change(variables))
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .env("AWS_LAMBDA_FUNCTION_NAME", "api-handler")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("LOG_LEVEL", "info")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = process.stdout.take().unwrap();
        let log = Some(std::thread::spawn(move || {
            std::io::read_to_string(output).unwrap()
        }));
        Self {
            events,
            process,
            log,
        }
    }

    pub async fn send(&self, ask: Ask) -> Reply {
        reply(&self.invoke(ask.lasting().rest_event()).await.unwrap())
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    pub async fn invoke(&self, event: Value) -> Result<Value, Value> {
        let (sender, receiver) = oneshot::channel();
        self.events.send((event, sender)).unwrap();
        tokio::time::timeout(Duration::from_secs(20), receiver)
            .await
            .expect("no answer from the process")
            .unwrap()
    }

    /// Ends the process and returns its log.
    fn end(mut self) -> Vec<Value> {
        self.process.kill().unwrap();
        let text = self.log.take().unwrap().join().unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn next(State(runtime): State<Arc<Runtime>>) -> impl IntoResponse {
    let Some((event, sender)) = runtime.events.lock().await.recv().await else {
        return std::future::pending().await;
    };
    let id = format!(
        "invocation-{}",
        runtime.count.fetch_add(1, Ordering::Relaxed)
    );
    runtime.waiting.lock().await.insert(id.clone(), sender);
    #[expect(
        clippy::disallowed_methods,
        reason = "the process goes by the machine's clock"
    )]
    let deadline = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        + Duration::from_secs(20);
    let headers = [
        ("lambda-runtime-aws-request-id", id),
        (
            "lambda-runtime-deadline-ms",
            deadline.as_millis().to_string(),
        ),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-west-1:111122223333:function:api-handler".to_owned(),
        ),
    ];
    (headers, event.to_string())
}

async fn response(
    State(runtime): State<Arc<Runtime>>,
    Path(id): Path<String>,
    body: Bytes,
) -> &'static str {
    let sender = runtime.waiting.lock().await.remove(&id).unwrap();
    let _ = sender.send(Ok(serde_json::from_slice(&body).unwrap()));
    ""
}

async fn error(
    State(runtime): State<Arc<Runtime>>,
    Path(id): Path<String>,
    body: Bytes,
) -> &'static str {
    let sender = runtime.waiting.lock().await.remove(&id).unwrap();
    let _ = sender.send(Err(serde_json::from_slice(&body).unwrap()));
    ""
}

#[tokio::test]
async fn the_binary_answers_and_logs_one_line_per_request() {
    let api = Api::start().await;
    let function = Function::start(&api).await;
    function
        .send(
            ask("PUT", "/state/a")
                .by("alice")
                .create()
                .json(&json!({"value": "secret-value"})),
        )
        .await
        .expect(201);
    let got = function
        .send(
            ask("GET", "/state/a")
                .by("alice")
                .header("Authorization", "Bearer secret-token"),
        )
        .await
        .expect(200);
    assert_eq!(got.body["value"], "secret-value");
    // An unknown event ends its invocation, not the process.
    assert!(function.invoke(json!({"Records": []})).await.is_err());
    function.send(ask("GET", "/session")).await.expect(200);

    let lines = function.end();
    assert_eq!(
        lines.iter().map(|line| &line["route"]).collect::<Vec<_>>(),
        ["/state/{id}", "/state/{id}", "none", "/session"]
    );
    assert_eq!(
        lines
            .iter()
            .map(|line| &line["ColdStarts"])
            .collect::<Vec<_>>(),
        [1, 0, 0, 0]
    );
    assert!(lines[0]["StoreMs"].as_f64().unwrap() > 0.0);
    assert_eq!(lines[0]["principal"], lines[1]["principal"]);
    let text = json!(lines).to_string();
    for hidden in ["alice", "secret", "Everyone", "web", "/state/a"] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
}

#[test]
fn wrong_settings_end_the_process_with_one_message() {
    let output = Command::new(env!("CARGO_BIN_EXE_api-handler"))
        .env_clear()
        .env("ALLOWED_ORIGINS", "*")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    for name in ["STATE_TABLE", "AWS_REGION", "ALLOWED_ORIGINS holds \"*\""] {
        assert!(text.contains(name), "{name} in {text}");
    }
}

/// Starts the function without an access key, but with other variables of the SDK; its reads must work.
async fn reads_with(variables: &[(&str, &str)]) -> String {
    let direct = Api::start().await;
    let body = json!({"value": 1, "visibility": "public"});
    direct.put("alice", "a", &body).await;
    let (endpoint, calls) = crate::faults::recording(&direct.endpoint).await;
    let api = Api::over(&endpoint, &direct.table, &[]);
    let function = Function::with(&api, |mut environment| {
        environment.remove("AWS_ACCESS_KEY_ID");
        environment.remove("AWS_SECRET_ACCESS_KEY");
        environment.remove("AWS_REGION");
        environment.extend(
            variables
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned())),
        );
        environment
    })
    .await;
    function.send(ask("GET", "/state/a")).await.expect(200);
    let calls = calls.lock().unwrap();
    calls[0].authorization.clone()
}

#[tokio::test]
async fn a_profile_has_credentials_and_region() {
    let folder = std::env::temp_dir().join(format!("api-handler-profile-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (config, credentials) = (folder.join("config"), folder.join("credentials"));
    std::fs::write(&config, "[profile dev]\nregion = eu-north-1\n").unwrap();
    let keys = "[dev]\naws_access_key_id = OFPROFILE\naws_secret_access_key = hush\n";
    std::fs::write(&credentials, keys).unwrap();
    let authorization = reads_with(&[
        ("AWS_PROFILE", "dev"),
        ("AWS_CONFIG_FILE", config.to_str().unwrap()),
        ("AWS_SHARED_CREDENTIALS_FILE", credentials.to_str().unwrap()),
    ])
    .await;
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(
        authorization.contains("Credential=OFPROFILE/"),
        "{authorization}"
    );
    assert!(
        authorization.contains("/eu-north-1/dynamodb/"),
        "{authorization}"
    );
}

#[tokio::test]
async fn a_container_has_credentials() {
    let credentials = json!({
        "AccessKeyId": "OFCONTAINER", "SecretAccessKey": "hush", "Token": "t", "Expiration": "2100-01-01T00:00:00Z"
    });
    let router = Router::new().route("/credentials", get(async move || credentials.to_string()));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let authorization = reads_with(&[
        ("AWS_REGION", "eu-west-1"),
        (
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            &format!("http://{address}/credentials"),
        ),
    ])
    .await;
    assert!(
        authorization.contains("Credential=OFCONTAINER/"),
        "{authorization}"
    );
}

/// `.cargo/config.toml` builds the crypto library without CPU-jitter entropy, which would cost 22 ms of CPU at every cold
/// start. The names of its functions are in the symbol table of an unstripped binary.
#[test]
fn the_crypto_library_is_built_without_cpu_jitter_entropy() {
    let binary = std::fs::read(env!("CARGO_BIN_EXE_api-handler")).unwrap();
    let text = String::from_utf8_lossy(&binary);
    assert!(
        text.contains("RAND_bytes"),
        "no symbols: the binary is stripped"
    );
    assert!(
        !text.contains("jent_"),
        "AWS_LC_SYS_NO_JITTER_ENTROPY is lost"
    );
}
