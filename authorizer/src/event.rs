//! The events of API Gateway. No other module knows their JSON.
//!
//! The parser is tolerant: members may be missing, null or new, and a header of any bytes is at worst a bad token. Only an
//! event of an unknown shape is our failure.

mod member;

use aws_lambda_events::apigw::ApiGatewayCustomAuthorizerRequest;
use serde::Deserialize;
use serde_json::value::RawValue;

use self::member::{Case, LossyText};
use crate::bearer::BearerToken;
use crate::error::EventFault;
use crate::refusal::Refusal;
use crate::target::{Route, Target};

/// A request, from any form of event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizerRequest {
    /// The form of the event, on which the form of the answer depends.
    pub form: Form,
    /// The route that is called.
    pub target: Target,
    /// The token, `None` without a credential, or what is wrong with the credential.
    pub credential: Result<Option<BearerToken>, Refusal>,
    /// The request's id at API Gateway, for the log.
    pub request_id: Option<String>,
}

/// The forms of authorizer events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// REST API, TOKEN authorizer.
    Token,
    /// REST or WebSocket API, REQUEST authorizer, or HTTP API with payload 1.0.
    Request,
    /// HTTP API with payload 2.0.
    HttpApi,
}

/// The members that are read, not yet parsed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outline<'e> {
    #[serde(borrow)]
    version: Option<&'e RawValue>,
    #[serde(borrow, rename = "type")]
    kind: Option<&'e RawValue>,
    #[serde(borrow)]
    method_arn: Option<&'e RawValue>,
    #[serde(borrow)]
    route_arn: Option<&'e RawValue>,
    #[serde(borrow)]
    authorization_token: Option<&'e RawValue>,
    #[serde(borrow)]
    headers: Option<&'e RawValue>,
    #[serde(borrow)]
    multi_value_headers: Option<&'e RawValue>,
    #[serde(borrow)]
    query_string_parameters: Option<&'e RawValue>,
    #[serde(borrow)]
    multi_value_query_string_parameters: Option<&'e RawValue>,
    #[serde(borrow)]
    request_context: Option<&'e RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    request_id: Option<LossyText>,
}

impl AuthorizerRequest {
    /// Parses an event.
    ///
    /// # Errors
    ///
    /// If its shape is unknown.
    pub fn parse(event: &RawValue) -> Result<Self, EventFault> {
        // Serde would also parse a struct from an array.
        if !event.get().starts_with('{') {
            return Err(EventFault::NotAnObject);
        }
        let outline: Outline<'_> =
            serde_json::from_str(event.get()).map_err(|_| EventFault::NotAnObject)?;
        let (version, kind) = (member::text(outline.version), member::text(outline.kind));
        match (
            kind.as_deref(),
            member::text(outline.method_arn),
            member::text(outline.route_arn),
        ) {
            (_, _, Some(arn)) if version.as_deref() == Some("2.0") => outline.http_api(&arn),
            (Some("TOKEN"), Some(arn), _) => Self::token(event, &arn),
            (Some("REQUEST"), Some(arn), _) => outline.request(&arn),
            _ => Err(EventFault::NoKnownForm),
        }
    }

    fn token(event: &RawValue, arn: &str) -> Result<Self, EventFault> {
        // The published type fails on a token that is not a string; then the token is malformed, not the event.
        let credential =
            match serde_json::from_str::<ApiGatewayCustomAuthorizerRequest>(event.get()) {
                Ok(event) => event
                    .authorization_token
                    .as_deref()
                    .map(BearerToken::from_authorization)
                    .transpose(),
                Err(_) => Err(Refusal::MalformedBearer),
            };
        Ok(Self {
            form: Form::Token,
            target: Target::parse(arn)?,
            credential,
            request_id: None,
        })
    }
}

impl Outline<'_> {
    /// REST API, WebSocket API, or HTTP API with payload 1.0.
    fn request(&self, arn: &str) -> Result<AuthorizerRequest, EventFault> {
        let target = Target::parse(arn)?;
        let header = self.authorization()?;
        let credential = match target.route() {
            Route::Connect => {
                let parameter = self.access_token()?;
                header.and_then(|header| one_method(header, parameter))
            }
            Route::Http { .. } => header.and_then(|header| self.header_beside_identity(header)),
        };
        Ok(AuthorizerRequest {
            form: Form::Request,
            target,
            credential,
            request_id: self.request_id(),
        })
    }

    fn http_api(&self, arn: &str) -> Result<AuthorizerRequest, EventFault> {
        let credential = self
            .authorization()?
            .and_then(|header| from_header(header.as_deref()));
        Ok(AuthorizerRequest {
            form: Form::HttpApi,
            target: Target::parse(arn)?,
            credential,
            request_id: self.request_id(),
        })
    }

    /// The only value of the header `Authorization`.
    fn authorization(&self) -> Result<Result<Option<String>, Refusal>, EventFault> {
        one_value(
            "authorization",
            Case::Ignored,
            self.headers,
            self.multi_value_headers,
        )
    }

    /// The only value of the query parameter `access_token` (RFC 6750, section 2.3). Browsers cannot set headers when they
    /// open a WebSocket. It is not read anywhere else, because URLs appear in logs.
    fn access_token(&self) -> Result<Result<Option<String>, Refusal>, EventFault> {
        let (single, multiple) = (
            self.query_string_parameters,
            self.multi_value_query_string_parameters,
        );
        one_value("access_token", Case::Exact, single, multiple)
    }

    /// HTTP API payload 1.0 has all identity sources, joined by commas, in `authorizationToken`. They may be query
    /// parameters, so no token is taken from there. A bearer token other than the header's is a second credential.
    fn header_beside_identity(
        &self,
        header: Option<String>,
    ) -> Result<Option<BearerToken>, Refusal> {
        let identity = self.authorization_token.and_then(member::lossy_text);
        let Some(header) = header else {
            return Ok(None);
        };
        let is_other_bearer = |part: &str| {
            let scheme = part.trim_start().get(..7);
            scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer "))
                && part.trim() != header.trim()
        };
        if identity.is_some_and(|identity| identity.split(',').any(is_other_bearer)) {
            return Err(Refusal::SeveralTokens);
        }
        from_header(Some(&header))
    }

    fn request_id(&self) -> Option<String> {
        let context: RequestContext = serde_json::from_str(self.request_context?.get()).ok()?;
        context.request_id.map(|id| id.0)
    }
}

/// The only value of a name in the single- and the multi-value form of one list. REST APIs send both forms, each with the
/// same value. Two entries in one form are two values, whatever the case of their names.
fn one_value(
    name: &str,
    case: Case,
    single: Option<&RawValue>,
    multiple: Option<&RawValue>,
) -> Result<Result<Option<String>, Refusal>, EventFault> {
    let mut single = member::values_of(single, name, case)?.into_iter();
    let mut multiple = member::values_of(multiple, name, case)?.into_iter();
    Ok(
        match (
            single.next(),
            single.next(),
            multiple.next(),
            multiple.next(),
        ) {
            (one, None, None, None) | (None, None, one, None) => Ok(one),
            (Some(one), None, Some(same), None) if one == same => Ok(Some(one)),
            _ => Err(Refusal::SeveralTokens),
        },
    )
}

/// RFC 6750, section 2: not more than one method.
fn one_method(
    header: Option<String>,
    parameter: Result<Option<String>, Refusal>,
) -> Result<Option<BearerToken>, Refusal> {
    match (header, parameter?) {
        (Some(_), Some(_)) => Err(Refusal::SeveralTokens),
        (header, None) => from_header(header.as_deref()),
        (None, Some(token)) => BearerToken::from_token(&token).map(Some),
    }
}

fn from_header(value: Option<&str>) -> Result<Option<BearerToken>, Refusal> {
    value.map(BearerToken::from_authorization).transpose()
}

#[cfg(test)]
mod tests;
