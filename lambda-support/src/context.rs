//! The authorizer's context: what one Lambda reports about the caller and the other relies on.
//!
//! One type, so that the two cannot disagree. API Gateway hands the context of a REST API over with every value as a
//! string and that of an HTTP API as it is, so parsing accepts both.

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

/// Who is calling.
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

/// What the context says about a verified token. What the token lacks is `None`.
#[derive(Clone, PartialEq)]
pub struct SignedInContext {
    /// Who owns what this caller creates.
    pub principal: String,
    /// `sub`.
    pub subject: Option<String>,
    /// `iss`.
    pub issuer: Option<String>,
    /// The client that the token was issued to.
    pub client_id: Option<String>,
    /// The scopes.
    pub scopes: Option<Vec<String>>,
    /// The groups.
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

/// Flat, of strings, numbers and booleans, without nulls: API Gateway answers 500 to any other value.
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
    /// Reads a context. One that the authorizer cannot have written is that of an anonymous caller.
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
            // Groups that are not a JSON array of strings are none: the caller has fewer rights by it, never more.
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
