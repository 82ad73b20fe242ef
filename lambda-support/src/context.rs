//! The context in which the authorizer describes the caller to the API.
//!
//! Both Lambdas use one type, so that they cannot disagree. A REST API passes every value of the context as a string,
//! and an HTTP API passes the context unchanged, so the parser accepts both forms.

mod members;

use std::borrow::Cow;

use serde::Deserializer;
use serde::ser::{self, Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use self::members::{MemberValue, ReadMembers, ReadVisitor};
use crate::clock::Timestamp;

/// The members that the authorizer itself defines. No claim can replace them.
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

/// The latest `exp` of a context, in seconds: the largest integer that every JSON parser reads exactly. A later expiry of
/// a token becomes this one.
pub const MAX_EXPIRY_SECONDS: f64 = 9_007_199_254_740_991.0;

#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one per request, and most callers are signed in"
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
    pub subject: Option<String>,
    pub issuer: Option<String>,
    /// The client that the token was issued to.
    pub client_id: Option<String>,
    pub scopes: Option<Vec<String>>,
    pub groups: Option<Vec<String>>,
    pub expires_at: Timestamp,
    pub token_id: Option<String>,
    /// The `acr` values that the route accepts, separated by spaces, if the token's is not one of them (RFC 9470).
    pub step_up: Option<String>,
    /// Other claims, by name.
    pub claims: Map<String, Value>,
}

/// Shows no claim: claims are personal data.
impl std::fmt::Debug for SignedInContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedInContext").finish_non_exhaustive()
    }
}

/// Shows no claim: claims are personal data.
impl std::fmt::Debug for ContextMembers<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ContextMembers").finish_non_exhaustive()
    }
}

/// The context of a verified token in the form that is serialised, borrowed from the token.
#[derive(Clone)]
pub struct ContextMembers<'c> {
    pub principal: &'c str,
    pub subject: Option<&'c str>,
    pub issuer: Option<&'c str>,
    pub client_id: Option<&'c str>,
    pub scopes: Option<&'c [String]>,
    pub groups: Option<Cow<'c, [String]>>,
    pub expires_at: Timestamp,
    pub token_id: Option<&'c str>,
    pub step_up: Option<&'c str>,
    pub claims: &'c Map<String, Value>,
}

/// A flat object of strings, numbers and booleans, without nulls: API Gateway answers 500 to any other value.
impl Serialize for ContextMembers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut context = serializer.serialize_map(None)?;
        context.serialize_entry("signedIn", &true)?;
        context.serialize_entry("principal", self.principal)?;
        let texts = [
            ("sub", self.subject),
            ("iss", self.issuer),
            ("clientId", self.client_id),
            ("jti", self.token_id),
            ("stepUp", self.step_up),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                context.serialize_entry(name, text)?;
            }
        }
        if let Some(scopes) = self.scopes {
            context.serialize_entry("scope", &scopes.join(" "))?;
        }
        if let Some(groups) = &self.groups {
            context.serialize_entry("groups", &json_text(groups)?)?;
        }
        context.serialize_entry("exp", &self.expires_at.as_secs())?;
        for (name, value) in self.claims {
            match value {
                _ if FIXED_NAMES.contains(&name.as_str()) => {}
                Value::Null => {}
                Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                    context.serialize_entry(name, value)?;
                }
                Value::Array(_) | Value::Object(_) => {
                    context.serialize_entry(name, &json_text(value)?)?;
                }
            }
        }
        context.end()
    }
}

fn json_text<E: ser::Error>(value: &(impl Serialize + ?Sized)) -> Result<String, E> {
    serde_json::to_string(value).map_err(ser::Error::custom)
}

impl SignedInContext {
    /// The form that is serialised.
    pub(crate) fn members(&self) -> ContextMembers<'_> {
        ContextMembers {
            principal: &self.principal,
            subject: self.subject.as_deref(),
            issuer: self.issuer.as_deref(),
            client_id: self.client_id.as_deref(),
            scopes: self.scopes.as_deref(),
            groups: self.groups.as_deref().map(Cow::Borrowed),
            expires_at: self.expires_at,
            token_id: self.token_id.as_deref(),
            step_up: self.step_up.as_deref(),
            claims: &self.claims,
        }
    }
}

impl Serialize for AuthorizerContext {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Anonymous => serializer.collect_map([("signedIn", false)]),
            Self::SignedIn(caller) => caller.members().serialize(serializer),
        }
    }
}

impl AuthorizerContext {
    /// Parses a context. The caller is anonymous if the authorizer cannot have written this context.
    pub fn parse<'c>(context: impl Deserializer<'c>) -> Self {
        let context = context.deserialize_map(ReadVisitor);
        let context = context.ok().and_then(SignedInContext::parse);
        context.map_or(Self::Anonymous, Self::SignedIn)
    }
}

impl SignedInContext {
    fn parse(read: ReadMembers<'_>) -> Option<Self> {
        let is_signed_in = match read.signed_in? {
            MemberValue::Bool(signed_in) => signed_in,
            MemberValue::Text(text) => &*text == "true",
            MemberValue::Number(_) | MemberValue::Other => false,
        };
        if !is_signed_in {
            return None;
        }
        Some(Self {
            principal: text(read.principal).filter(|principal| !principal.is_empty())?,
            subject: text(read.subject),
            issuer: text(read.issuer),
            client_id: text(read.client_id),
            scopes: text(read.scopes)
                .map(|scopes| scopes.split_ascii_whitespace().map(str::to_owned).collect()),
            // Groups that are not a JSON array of strings are ignored, which can only take rights away from the caller.
            groups: text(read.groups).and_then(|groups| serde_json::from_str(&groups).ok()),
            expires_at: expiry(&read.expires_at?)?,
            token_id: text(read.token_id),
            step_up: text(read.step_up),
            claims: read.claims,
        })
    }
}

fn text(member: Option<MemberValue<'_>>) -> Option<String> {
    match member? {
        MemberValue::Text(text) => Some(text.into_owned()),
        MemberValue::Bool(_) | MemberValue::Number(_) | MemberValue::Other => None,
    }
}

/// Parses epoch seconds: a number, or a string that contains one, with or without a fraction. A time before 1970
/// becomes 1970. A time after the year 9999 becomes its last second, because a later time has no RFC 3339 form.
fn expiry(exp: &MemberValue<'_>) -> Option<Timestamp> {
    const LAST_SECOND: f64 = 253_402_300_799.0;
    let seconds = match exp {
        MemberValue::Number(seconds) => Some(*seconds),
        MemberValue::Text(text) => text.trim().parse().ok(),
        MemberValue::Bool(_) | MemberValue::Other => None,
    };
    let seconds =
        seconds.filter(|seconds| *seconds <= MAX_EXPIRY_SECONDS && *seconds > f64::NEG_INFINITY)?;
    let since_1970 =
        std::time::Duration::try_from_secs_f64(seconds.clamp(0.0, LAST_SECOND)).ok()?;
    Some(Timestamp::from_secs(0).plus(since_1970))
}

#[cfg(test)]
mod tests;
