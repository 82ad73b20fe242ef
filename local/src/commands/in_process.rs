//! The functions of a template for a decision: the authorizer's library runs in this process, and invocations of
//! integrations are only recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{fs, io};

use authorizer::authorizer::{Authorizer, Explanation};
use authorizer::config::Settings;
use authorizer::error::Diagnostic;
use authorizer::issuer::http_client::{
    Document, IssuerRequest, Sending, Transport, TransportError,
};
use bytes::Bytes;
use jsonwebtoken::jwk::JwkSet;
use lambda_support::clock::{Clock, Timestamp};
use lambda_support::log::{Level, Lines, Log};
use lambda_support::settings::{SettingsError, Source};
use serde_json::value::RawValue;

use super::CommandError;
use crate::gateway::jwt::{IssuerKeys, KeySetFuture};
use crate::lambda::invocation::{
    FunctionError, InvocationError, InvocationOutcome, Invoke, InvokeFuture,
};
use crate::template::api::TemplateAuthorizer;
use crate::template::{FunctionDefinition, Template};

/// The binary of this project's authorizer.
const AUTHORIZER: &str = "authorizer";
/// The authorizer's timeout.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
#[error("the settings of the function {function}: {faults}")]
pub(super) struct FunctionSettingsError {
    function: String,
    faults: SettingsError,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum KeyFileError {
    #[error("expected a JWK Set, found {0}")]
    NotJson(#[from] serde_json::Error),
    #[error("expected a JWK Set, found JSON without an array `keys`")]
    NoKeys,
}

/// This project's authorizers in a template, each with its settings, by the function's name. Fails if the settings of
/// one are wrong.
pub(super) fn settings(
    template: &Template,
    folder: &Path,
    left_out: &[&str],
) -> Result<BTreeMap<String, Settings>, FunctionSettingsError> {
    let asked: BTreeSet<&str> = template
        .api
        .authorizers
        .values()
        .filter_map(|authorizer| match authorizer {
            TemplateAuthorizer::Lambda(lambda) => Some(lambda.function.as_str()),
            TemplateAuthorizer::Jwt(_) => None,
        })
        .collect();
    let ours = template.functions.iter().filter(|function| {
        asked.contains(function.name.as_str()) && function.binary.as_deref() == Some(AUTHORIZER)
    });
    ours.map(|function| {
        let source = OfFunction {
            function,
            folder,
            left_out,
        };
        match Settings::from_source(&source) {
            Ok(settings) => Ok((function.name.clone(), settings)),
            Err(faults) => Err(FunctionSettingsError {
                function: function.logical_id.clone(),
                faults,
            }),
        }
    })
    .collect()
}

/// The variables that a template gives to a function, and the files beside the template.
struct OfFunction<'t> {
    function: &'t FunctionDefinition,
    folder: &'t Path,
    left_out: &'t [&'t str],
}

impl Source for OfFunction<'_> {
    fn variable(&self, name: &str) -> Option<OsString> {
        let value = self.function.environment.get(name)?;
        (!self.left_out.contains(&name)).then(|| value.into())
    }

    /// Reads a file that a setting names. A relative path begins at the folder of the template, from which the code is packed.
    fn file(&self, path: &str) -> io::Result<Vec<u8>> {
        let path = PathBuf::from(path.strip_prefix("/var/task/").unwrap_or(path));
        fs::read(self.folder.join(path))
    }
}

/// Creates the transport with which an authorizer with these settings reaches its issuers.
type Connect<'c> = dyn Fn(&Settings) -> Result<Arc<dyn Transport>, CommandError> + 'c;

#[derive(Debug)]
pub(super) struct InProcess {
    authorizers: BTreeMap<String, Authorizer>,
    clock: Arc<dyn Clock>,
    seen: Mutex<SeenInvocations>,
}

/// The invocations since the last query.
#[derive(Debug, Default)]
pub(super) struct SeenInvocations {
    /// The authorizer's decision, if one was called.
    pub(super) explanation: Option<Explanation>,
    /// Whether an integration was invoked.
    pub(super) integration: bool,
}

impl InProcess {
    pub(super) fn new(
        settings: &BTreeMap<String, Settings>,
        transport: &Connect<'_>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, CommandError> {
        // Without this call `jsonwebtoken` would select its provider by crate features, and panic if two crates enable
        // different ones.
        let _first = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        let mut authorizers = BTreeMap::new();
        for (name, settings) in settings {
            let log = Log::new(Level::Error, Arc::new(Lines::default()));
            let clock = Arc::clone(clock);
            let transport = transport(settings)?;
            let authorizer = Authorizer::new(settings, &transport, clock, log, name.clone());
            authorizers.insert(name.clone(), authorizer);
        }
        Ok(Self {
            authorizers,
            clock: Arc::clone(clock),
            seen: Mutex::default(),
        })
    }

    pub(super) fn is_authorizer(&self, function: &str) -> bool {
        self.authorizers.contains_key(function)
    }

    pub(super) fn take_seen(&self) -> SeenInvocations {
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, SeenInvocations> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn authorize(&self, authorizer: &Authorizer, payload: &Bytes) -> InvocationOutcome {
        let Ok(event) = serde_json::from_slice::<&RawValue>(payload) else {
            return InvocationOutcome::Error(FunctionError::of_lambda(
                "Event",
                "the event is not JSON",
            ));
        };
        let deadline = self.clock.now().plus(PATIENCE);
        let explanation = authorizer.explain(event, deadline).await;
        let outcome = match &explanation.answer {
            Ok(answer) => {
                InvocationOutcome::Success(serde_json::to_vec(answer).unwrap_or_default().into())
            }
            Err(error) => {
                let error = Diagnostic::from(*error);
                InvocationOutcome::Error(FunctionError::of_lambda(
                    &error.error_type,
                    &error.error_message,
                ))
            }
        };
        self.lock().explanation = Some(explanation);
        outcome
    }
}

impl Invoke for InProcess {
    fn invoke<'a>(&'a self, function: &'a str, payload: Bytes) -> InvokeFuture<'a> {
        Box::pin(async move {
            let outcome: Result<InvocationOutcome, InvocationError> =
                match self.authorizers.get(function) {
                    Some(authorizer) => Ok(self.authorize(authorizer, &payload).await),
                    None => {
                        self.lock().integration = true;
                        Ok(InvocationOutcome::Success(Bytes::from_static(
                            b"{\"statusCode\": 200}",
                        )))
                    }
                };
            outcome
        })
    }

    fn knows(&self, _: &str) -> bool {
        true
    }
}

/// Gives the same answer to every request of an authorizer, such as a key set from a file or of a generated key.
#[derive(Debug)]
pub(super) struct Replay(pub(super) Result<Document, TransportError>);

impl Replay {
    pub(super) fn of(body: String) -> Self {
        Self(Ok(Document {
            body: body.into_bytes(),
            ..Document::default()
        }))
    }
}

impl Transport for Replay {
    fn send<'a>(&'a self, _: IssuerRequest<'a>) -> Sending<'a> {
        Box::pin(async { self.0.clone() })
    }
}

/// Sets the key address of every issuer, so that no metadata is requested from [`Replay`].
pub(super) fn replace_key_addresses(settings: &mut BTreeMap<String, Settings>) {
    let issuers = settings
        .values_mut()
        .flat_map(|settings| &mut settings.issuers);
    for issuer in issuers {
        issuer.jwks_uri = "https://keys.invalid/".parse().ok();
    }
}

/// The key set that JWT authorizers use for every issuer, instead of the published keys.
#[derive(Debug)]
pub(super) struct FixedKeys(JwkSet);

impl FixedKeys {
    /// Reads a JWK Set. Fails if it is not one. A key that cannot be used is skipped.
    pub(super) fn parse(json: &str) -> Result<Self, KeyFileError> {
        let set: serde_json::Value = serde_json::from_str(json)?;
        let keys = set
            .get("keys")
            .and_then(serde_json::Value::as_array)
            .ok_or(KeyFileError::NoKeys)?;
        let usable = keys
            .iter()
            .filter_map(|key| serde_json::from_value(key.clone()).ok());
        Ok(Self(JwkSet {
            keys: usable.collect(),
        }))
    }
}

impl IssuerKeys for FixedKeys {
    fn of<'a>(&'a self, _: &'a str, _: Timestamp) -> KeySetFuture<'a> {
        Box::pin(async { Some(self.0.clone()) })
    }
}
