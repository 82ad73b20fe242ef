//! `cargo local access test`: the calls that callers may and may not make, decided by the authorizer's own code.

use std::fmt;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use authorizer::algorithm::Algorithm;
use authorizer::claims::CLIENT_ID_CLAIMS;
use authorizer::config::Settings;
use authorizer::dpop::DpopMode;
use authorizer::issuer::http_client::Transport;
use authorizer::verifier::TokenUse;
use lambda_support::clock::{Clock, SystemClock};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

use super::KEY_SOURCES;
use crate::commands::CommandError;
use crate::commands::decision::{CallJudge, CallOutcome, CalledRoute, Sent};
use crate::commands::in_process::{self, FixedKeys, InProcess, Replay};
use crate::commands::signing_key::SigningKey;
use crate::commands::template_args::OpenedTemplate;
use crate::progress::print;
use crate::template::api::TemplateAuthorizer;
use crate::text_file;

/// One caller, with the calls that it may and may not make.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AccessTest {
    name: Option<String>,
    caller: TestCaller,
    #[serde(default)]
    may: Vec<String>,
    #[serde(default)]
    may_not: Vec<String>,
}

#[derive(Debug)]
enum TestCaller {
    Anonymous,
    SignedIn(TestClaims),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TestClaims {
    claims: Map<String, Value>,
}

/// Not derived as an untagged enum, because its error names neither the unknown member nor the expectation.
impl<'de> Deserialize<'de> for TestCaller {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CallerVisitor;

        impl<'de> Visitor<'de> for CallerVisitor {
            type Value = TestCaller;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"anonymous\" or an object with `claims`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<TestCaller, E> {
                match text {
                    "anonymous" => Ok(TestCaller::Anonymous),
                    other => Err(E::invalid_value(Unexpected::Str(other), &self)),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<TestCaller, A::Error> {
                TestClaims::deserialize(MapAccessDeserializer::new(members))
                    .map(TestCaller::SignedIn)
            }
        }

        deserializer.deserialize_any(CallerVisitor)
    }
}

#[derive(Debug, Serialize)]
struct Results {
    tests: usize,
    failed: Vec<FailedCall>,
}

/// A call with another decision than expected.
#[derive(Debug, Serialize)]
struct FailedCall {
    name: String,
    call: String,
    expected: &'static str,
    found: String,
}

pub(super) async fn run(
    file: &Path,
    opened: OpenedTemplate,
    json: bool,
) -> Result<ExitCode, CommandError> {
    let text = text_file::read(file)?;
    let tests = parse(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    let setup = Setup::new(opened)?;
    let mut failed = Vec::new();
    for (index, test) in tests.iter().enumerate() {
        let name = test.name(index);
        let expectations = [("allowed", &test.may), ("not allowed", &test.may_not)];
        for (expected, calls) in expectations {
            for call in calls {
                let found = setup.found(call, &test.caller).await?;
                let is_allowed = found.0 == CallOutcome::Allowed;
                if is_allowed != (expected == "allowed") {
                    let found = format!("{}: {}", found.0, found.1);
                    failed.push(FailedCall {
                        name: name.clone(),
                        call: call.clone(),
                        expected,
                        found,
                    });
                }
            }
        }
    }
    let results = Results {
        tests: tests.len(),
        failed,
    };
    let exit = if results.failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    };
    print(&if json {
        format!("{}\n", serde_json::to_string_pretty(&results)?)
    } else {
        results.text()
    })?;
    Ok(exit)
}

impl AccessTest {
    fn name(&self, index: usize) -> String {
        let name = self.name.clone();
        name.unwrap_or_else(|| format!("test {index}"))
    }
}

/// The tests of a file. One without calls is refused, because it could not fail.
fn parse(text: &str) -> Result<Vec<AccessTest>, String> {
    let tests: Vec<AccessTest> = serde_json::from_str(text).map_err(|error| {
        format!(
            "expected an array of {{\"name\"?, \"caller\": {{\"claims\": {{…}}}} or \"anonymous\", \"may\": \
             [\"METHOD PATH\", …], \"mayNot\": […]}}: {error}"
        )
    })?;
    if tests.is_empty() {
        return Err("expected at least one test, found an empty array".into());
    }
    let mut named = tests.iter().enumerate();
    match named.find(|(_, test)| test.may.is_empty() && test.may_not.is_empty()) {
        Some((index, test)) => Err(format!(
            "{}: expected at least one call in `may` or `mayNot`, found none",
            test.name(index)
        )),
        None => Ok(tests),
    }
}

impl Results {
    fn text(&self) -> String {
        let mut lines: Vec<String> = self
            .failed
            .iter()
            .map(|failed| {
                format!(
                    "failed  {}: {}: expected {}, found {}",
                    failed.name, failed.call, failed.expected, failed.found
                )
            })
            .collect();
        let tests = self.tests;
        let plural = if tests == 1 { "" } else { "s" };
        lines.push(if self.failed.is_empty() {
            format!("{tests} test{plural} passed")
        } else {
            let calls = self.failed.len();
            format!("{calls} of the calls in {tests} test{plural} failed")
        });
        format!("{}\n", lines.join("\n"))
    }
}

/// The API, and an issuer that signs any claims.
struct Setup {
    judge: CallJudge,
    key: SigningKey,
    defaults: Vec<Defaults>,
}

/// The claim of access tokens with the client.
const CLIENT_ID: &str = "cid";

/// The claims that one issuer's tokens have by default.
struct Defaults {
    issuer: String,
    audience: Option<String>,
    client: Option<String>,
    /// The claim with the client. In an ID token it is `azp`, because the others are signs of an access token.
    client_claim: &'static str,
}

impl Setup {
    fn new(opened: OpenedTemplate) -> Result<Self, CommandError> {
        let key = SigningKey::generate()?;
        let set = key.jwk_set().to_string();
        let not_rules = [&KEY_SOURCES[..], &["INTROSPECTION"]].concat();
        let mut settings = in_process::settings(&opened.template, &opened.folder, &not_rules)?;
        in_process::replace_key_addresses(&mut settings);
        for settings in settings.values_mut() {
            settings.requirements.dpop = DpopMode::Off; // the rules do not depend on it
            for issuer in &mut settings.issuers {
                issuer.algorithms = vec![Algorithm::RS256];
            }
        }
        let ours = settings.values().flat_map(|settings| {
            let client_claim = match settings.requirements.token_use {
                TokenUse::Access => CLIENT_ID,
                TokenUse::Id => "azp",
            };
            settings.issuers.iter().map(move |issuer| Defaults {
                issuer: issuer.issuer.clone(),
                audience: issuer.audiences.first().cloned(),
                client: issuer.client_ids.iter().flatten().next().cloned(),
                client_claim,
            })
        });
        let mut defaults: Vec<Defaults> = ours.collect();
        let authorizers = opened.template.api.authorizers.values();
        defaults.extend(authorizers.filter_map(|authorizer| match authorizer {
            TemplateAuthorizer::Jwt(jwt) => Some(Defaults {
                issuer: jwt.issuer.clone(),
                audience: jwt.audience.first().cloned(),
                client: None,
                client_claim: CLIENT_ID,
            }),
            TemplateAuthorizer::Lambda(_) => None,
        }));
        let keys = Arc::new(FixedKeys::parse(&set)?);
        let replay: Arc<dyn Transport> = Arc::new(Replay::of(set));
        let transport = |_: &Settings| Ok(Arc::clone(&replay));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let functions = InProcess::new(&settings, &transport, &clock)?;
        let OpenedTemplate {
            template, region, ..
        } = opened;
        Ok(Self {
            judge: CallJudge::new(template.api, region, functions, keys, clock),
            key,
            defaults,
        })
    }

    /// The outcome of a call, with its reason.
    async fn found(
        &self,
        call: &str,
        caller: &TestCaller,
    ) -> Result<(CallOutcome, &'static str), CommandError> {
        let (method, path) = call
            .split_once(' ')
            .ok_or_else(|| format!("expected a call such as `GET /state/x`, found `{call}`"))?;
        // Not a usage error: the command line is right, the file is wrong.
        let called =
            CalledRoute::parse(method, path.trim_start()).map_err(|wrong| wrong.to_string())?;
        let token = match caller {
            TestCaller::Anonymous => None,
            TestCaller::SignedIn(TestClaims { claims }) => Some(self.token(claims)?),
        };
        let sent = Sent::bearer(token.as_deref());
        let decided = self.judge.decide(&called, &sent).await?;
        Ok((decided.outcome, decided.reason))
    }

    /// A token with these claims, and those that every token has.
    fn token(&self, claims: &Map<String, Value>) -> Result<String, CommandError> {
        let mut claims = claims.clone();
        let named = claims.get("iss").and_then(Value::as_str);
        let defaults = self
            .defaults
            .iter()
            .find(|defaults| Some(defaults.issuer.as_str()) == named)
            .or_else(|| self.defaults.first());
        let mut fill = |name: &str, value: Value| {
            claims.entry(name).or_insert(value);
        };
        let now = SystemClock.now().as_secs();
        fill("exp", json!(now + 3600));
        fill("sub", json!("access-test"));
        if let Some(defaults) = defaults {
            fill("iss", json!(defaults.issuer));
            if let Some(audience) = &defaults.audience {
                fill("aud", json!(audience));
            }
        }
        if !CLIENT_ID_CLAIMS
            .iter()
            .any(|name| claims.contains_key(*name))
        {
            let client = defaults.and_then(|defaults| defaults.client.as_deref());
            let client = client.unwrap_or("access-test");
            let claim = defaults.map_or(CLIENT_ID, |defaults| defaults.client_claim);
            claims.insert(claim.to_owned(), json!(client));
        }
        Ok(self.key.token(&Value::Object(claims))?)
    }
}
