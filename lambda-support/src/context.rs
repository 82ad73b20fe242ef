//! The authorizer's context: what the authorizer reports about the caller to the API.
//!
//! Both Lambdas use one type, so that they cannot disagree. API Gateway passes the context of a REST API with every
//! value as a string and that of an HTTP API unchanged, so parsing accepts both.

use serde_json::{Map, Value};

use crate::clock::Timestamp;

/// The members that always have these names. No claim can replace them.
pub const FIXED_NAMES: [&str; 10] = [
    "signedIn",
    "principal",
    "sub",
    "iss",
    "clientId",
    "scope",
    "groups",
    "exp",
    "jti",
    "stepUp",
];

/// The names that API Gateway reserves in a request's context.
pub const RESERVED_NAMES: [&str; 5] = [
    "principalId",
    "integrationLatency",
    "claims",
    "scopes",
    "error",
];

/// The caller.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "one per request, and most callers are signed in"
)]
pub enum AuthorizerContext {
    /// A caller without a token.
    Anonymous,
    /// A caller with a verified token.
    SignedIn(SignedInContext),
}

/// The context of a verified token. Claims that the token lacks are `None`.
#[derive(Clone, PartialEq)]
pub struct SignedInContext {
    /// The owner of the resources that this caller creates.
    pub principal: String,
    /// `sub`.
    pub subject: Option<String>,
    /// `iss`.
    pub issuer: Option<String>,
    /// The client that the token was issued to.
    pub client_id: Option<String>,
    pub scopes: Option<Vec<String>>,
    pub groups: Option<Vec<String>>,
    /// When the token expires.
    pub expires_at: Timestamp,
    /// `jti`.
    pub token_id: Option<String>,
    /// The `acr` values, separated by spaces, one of which the route demands (RFC 9470).
    pub step_up: Option<String>,
    /// Other claims, by name.
    pub claims: Map<String, Value>,
}

/// Claims are personal data, so none is shown.
impl std::fmt::Debug for SignedInContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedInContext").finish_non_exhaustive()
    }
}

/// Flat, with strings, numbers and booleans and without nulls: API Gateway answers 500 to any other value.
impl From<AuthorizerContext> for Map<String, Value> {
    fn from(context: AuthorizerContext) -> Self {
        match context {
            AuthorizerContext::Anonymous => [("signedIn".to_owned(), false.into())]
                .into_iter()
                .collect(),
            AuthorizerContext::SignedIn(caller) => caller.into(),
        }
    }
}

impl From<SignedInContext> for Map<String, Value> {
    fn from(caller: SignedInContext) -> Self {
        let mut context = Self::new();
        for (name, value) in caller.claims {
            match value {
                Value::Null => {}
                Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                    context.insert(name, value);
                }
                Value::Array(_) | Value::Object(_) => {
                    context.insert(name, value.to_string().into());
                }
            }
        }
        let mut fixed = |name: &str, value: Option<Value>| {
            context.remove(name);
            context.extend(value.map(|value| (name.to_owned(), value)));
        };
        let text = |value: Option<String>| value.map(Value::from);
        fixed("signedIn", Some(true.into()));
        fixed("principal", Some(caller.principal.into()));
        fixed("sub", text(caller.subject));
        fixed("iss", text(caller.issuer));
        fixed("clientId", text(caller.client_id));
        fixed("scope", text(caller.scopes.map(|scopes| scopes.join(" "))));
        fixed(
            "groups",
            text(caller.groups.map(|groups| Value::from(groups).to_string())),
        );
        fixed("exp", Some(caller.expires_at.as_secs().into()));
        fixed("jti", text(caller.token_id));
        fixed("stepUp", text(caller.step_up));
        context
    }
}

impl AuthorizerContext {
    /// Parses a context. One that the authorizer cannot have written is anonymous.
    #[must_use]
    pub fn parse(context: &Value) -> Self {
        context
            .as_object()
            .and_then(SignedInContext::parse)
            .map_or(Self::Anonymous, Self::SignedIn)
    }
}

impl SignedInContext {
    fn parse(context: &Map<String, Value>) -> Option<Self> {
        let signed_in = context.get("signedIn")?;
        if signed_in.as_bool() != Some(true) && signed_in.as_str() != Some("true") {
            return None;
        }
        let text = |name: &str| context.get(name)?.as_str().map(str::to_owned);
        let is_claim = |name: &str| !FIXED_NAMES.contains(&name) && !RESERVED_NAMES.contains(&name);
        Some(Self {
            principal: text("principal").filter(|principal| !principal.is_empty())?,
            subject: text("sub"),
            issuer: text("iss"),
            client_id: text("clientId"),
            scopes: text("scope")
                .map(|scopes| scopes.split_ascii_whitespace().map(str::to_owned).collect()),
            // Groups that are not a JSON array of strings are ignored: the caller has fewer rights as a result, never
            // more.
            groups: text("groups").and_then(|groups| serde_json::from_str(&groups).ok()),
            expires_at: expiry(context.get("exp")?)?,
            token_id: text("jti"),
            step_up: text("stepUp"),
            claims: context
                .iter()
                .filter(|(name, _)| is_claim(name))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        })
    }
}

/// Epoch seconds, a number or a string with one, perhaps with a fraction. A time before 1970 is 1970.
fn expiry(exp: &Value) -> Option<Timestamp> {
    /// The last second of the year 9999.
    const MAX_SECONDS: f64 = 253_402_300_799.0;
    let seconds = exp
        .as_f64()
        .or_else(|| exp.as_str()?.trim().parse().ok())
        .filter(|seconds: &f64| *seconds <= MAX_SECONDS && *seconds > f64::NEG_INFINITY)?;
    let since_1970 = std::time::Duration::try_from_secs_f64(seconds.max(0.0)).ok()?;
    Some(Timestamp::from_secs(0).plus(since_1970))
}

#[cfg(test)]
mod tests;
