//! The deployed binary, as a process behind a Lambda Runtime API.

use std::{collections::HashMap, process::Command};

use serde_json::{Value, json};
use testkit::{
    function_process::FunctionProcess,
    http::{LoopbackServer, Reply as HttpReply},
};

use crate::support::{Api, Ask, Reply, ask, environment, reply};

/// A process of the function, which handles one event at a time, as in Lambda.
pub struct Function(FunctionProcess);

impl Function {
    /// Starts the function with the table of `api`.
    pub fn start(api: &Api) -> Self {
        Self::with(api, |environment| environment)
    }

    /// The same, with a changed environment.
    pub fn with(
        api: &Api,
        change: impl FnOnce(HashMap<String, String>) -> HashMap<String, String>,
    ) -> Self {
        let variables = environment(&api.endpoint, &api.table)
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let mut command = Command::new(env!("CARGO_BIN_EXE_api-handler"));
        command
            .env_clear()
            .envs(change(variables))
            .env("AWS_LAMBDA_FUNCTION_NAME", "api-handler")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("LOG_LEVEL", "info");
        Self(FunctionProcess::start(command))
    }

    pub async fn send(&self, ask: Ask) -> Reply {
        reply(&self.invoke(&ask.lasting().rest_event()).await.unwrap())
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }

    pub async fn invoke(&self, event: &Value) -> Result<Value, Value> {
        let pending = self.0.send(&event.to_string());
        // Runs on another thread, because the test's own stores may run on this one.
        let outcome = tokio::task::spawn_blocking(|| pending.wait())
            .await
            .unwrap();
        if outcome.kind == "response" {
            Ok(outcome.body)
        } else {
            Err(outcome.body)
        }
    }

    /// Ends the process and returns its log.
    fn end(self) -> Vec<Value> {
        let text = self.0.stop();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

#[tokio::test]
async fn the_binary_answers_and_logs_one_line_per_request() {
    let api = Api::start().await;
    let function = Function::start(&api);
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
    assert!(function.invoke(&json!({"Records": []})).await.is_err());
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

/// Starts the function without an access key, but with other variables of the SDK. Its reads must work.
async fn reads_with(variables: &[(&str, &str)]) -> String {
    let direct = Api::start().await;
    let body = json!({"value": 1, "visibility": "public"});
    direct.put("alice", "a", &body).await;
    let (endpoint, calls) = crate::fake_store::recording(&direct.endpoint).await;
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
    });
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
    let server = LoopbackServer::always(HttpReply::json(&credentials.to_string()));
    let authorization = reads_with(&[
        ("AWS_REGION", "eu-west-1"),
        (
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            &server.url("/credentials"),
        ),
    ])
    .await;
    assert!(
        authorization.contains("Credential=OFCONTAINER/"),
        "{authorization}"
    );
}
