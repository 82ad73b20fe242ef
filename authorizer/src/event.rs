//! The events of API Gateway. This is the only module that parses their JSON.
//!
//! The parser is tolerant: members may be missing, null or unknown, and a header with arbitrary bytes is only an
//! invalid token. Only an event of an unknown shape is an internal failure.

mod member;

use std::borrow::Cow;

use aws_lambda_events::apigw::ApiGatewayCustomAuthorizerRequest;
use serde::Deserialize;
use serde_json::value::RawValue;

use self::member::NameCase;
use crate::bearer::{BearerToken, Scheme};
use crate::credential::Credential;
use crate::dpop::{Address, ProvenRequest, UnverifiedProof};
use crate::error::UnknownEventError;
use crate::refusal::{ProofRefusal, Refusal};
use crate::target::{EventRoute, Target};

/// A request, parsed from any form of event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuthorizerRequest {
    /// Determines the form of the answer.
    pub(crate) form: EventForm,
    pub(crate) target: Target,
    /// The credential if one was sent, or why it is refused.
    pub(crate) credential: Result<Option<Credential>, Refusal>,
    /// API Gateway's id of the request, for the log.
    pub(crate) request_id: Option<String>,
}

/// The forms of authorizer events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventForm {
    /// REST API, TOKEN authorizer.
    Token,
    /// REST or WebSocket API, REQUEST authorizer, or HTTP API with payload 1.0.
    Request,
    /// HTTP API with payload 2.0.
    HttpApi,
}

/// The members of an event that are used, not yet parsed.
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
    raw_path: Option<&'e RawValue>,
    #[serde(borrow)]
    request_context: Option<&'e RawValue>,
}

/// The members of `requestContext` that are used, not yet parsed: a malformed one matters only if it is needed.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EventContext<'e> {
    #[serde(borrow)]
    request_id: Option<&'e RawValue>,
    #[serde(borrow)]
    domain_name: Option<&'e RawValue>,
    #[serde(borrow)]
    path: Option<&'e RawValue>,
}

impl AuthorizerRequest {
    /// Parses an event. Fails if its shape is unknown.
    pub(crate) fn parse(event: &RawValue) -> Result<Self, UnknownEventError> {
        // Serde would also deserialise a struct from an array.
        if !event.get().starts_with('{') {
            return Err(UnknownEventError::NotAnObject);
        }
        let outline: Outline<'_> =
            serde_json::from_str(event.get()).map_err(|_| UnknownEventError::NotAnObject)?;
        let (version, kind) = (member::text(outline.version), member::text(outline.kind));
        match (
            kind.as_deref(),
            member::text(outline.method_arn),
            member::text(outline.route_arn),
        ) {
            (_, _, Some(arn)) if version.as_deref() == Some("2.0") => outline.http_api(&arn),
            (Some("TOKEN"), Some(arn), _) => Self::token(event, &arn),
            (Some("REQUEST"), Some(arn), _) => outline.request(&arn),
            _ => Err(UnknownEventError::NoKnownForm),
        }
    }

    /// REST API, TOKEN authorizer.
    fn token(event: &RawValue, arn: &str) -> Result<Self, UnknownEventError> {
        // The published type cannot be deserialised if the token is not a string. Then the token is malformed, not the
        // event.
        let credential = match serde_json::from_str(event.get()) {
            Ok(ApiGatewayCustomAuthorizerRequest {
                authorization_token,
                ..
            }) => without_proof(authorization_token.as_deref()),
            Err(_) => Err(Refusal::MalformedBearer),
        };
        Ok(Self {
            form: EventForm::Token,
            target: Target::parse(arn)?,
            credential,
            request_id: None,
        })
    }
}

impl<'e> Outline<'e> {
    /// REST API, WebSocket API, or HTTP API with payload 1.0.
    fn request(&self, arn: &str) -> Result<AuthorizerRequest, UnknownEventError> {
        let target = Target::parse(arn)?;
        let header = self.authorization()?;
        let credential = match target.route() {
            EventRoute::Connect => {
                let parameter = self.access_token()?;
                header.and_then(|header| one_method(header, parameter))
            }
            EventRoute::Http { verb, path } => {
                match header.and_then(|header| self.header_beside_identity(header)) {
                    Ok(header) => {
                        let address_path = self.request_context().path;
                        self.credential(header.as_deref(), verb, path, address_path)?
                    }
                    Err(refusal) => Err(refusal),
                }
            }
        };
        Ok(AuthorizerRequest {
            form: EventForm::Request,
            target,
            credential,
            request_id: self.request_id(),
        })
    }

    fn http_api(&self, arn: &str) -> Result<AuthorizerRequest, UnknownEventError> {
        let target = Target::parse(arn)?;
        let credential = match (self.authorization()?, target.route()) {
            (Ok(header), EventRoute::Http { verb, path }) => {
                self.credential(header.as_deref(), verb, path, self.raw_path)?
            }
            (Ok(header), EventRoute::Connect) => without_proof(header.as_deref()),
            (Err(refusal), _) => Err(refusal),
        };
        Ok(AuthorizerRequest {
            form: EventForm::HttpApi,
            target,
            credential,
            request_id: self.request_id(),
        })
    }

    /// The only value of the `Authorization` header.
    fn authorization(&self) -> Result<Result<Option<Cow<'e, str>>, Refusal>, UnknownEventError> {
        let value = one_value(
            "authorization",
            NameCase::Ignored,
            self.headers,
            self.multi_value_headers,
        )?;
        Ok(value.map_err(|SeveralValues| Refusal::SeveralTokens))
    }

    /// The credential in the `Authorization` header. If its scheme is `DPoP`, the credential includes the proof and the
    /// request that the proof must name.
    fn credential(
        &self,
        authorization: Option<&str>,
        method: &str,
        path: &str,
        address_path: Option<&RawValue>,
    ) -> Result<Result<Option<Credential>, Refusal>, UnknownEventError> {
        let Some(authorization) = authorization else {
            return Ok(Ok(None));
        };
        let token = match BearerToken::from_authorization(authorization) {
            Ok((Scheme::Dpop, token)) => token,
            Ok((Scheme::Bearer, token)) => return Ok(Ok(Some(Credential::Bearer(token)))),
            Err(refusal) => return Ok(Err(refusal)),
        };
        let domain_name = member::text(self.request_context().domain_name);
        let address = domain_name
            .zip(member::text(address_path))
            .map(|(domain_name, path)| Address {
                domain_name: domain_name.into_owned(),
                path: path.into_owned(),
            });
        Ok(Ok(Some(Credential::Dpop {
            token,
            proof: self.proof()?,
            call: ProvenRequest {
                method: method.to_owned(),
                path: path.to_owned(),
                address,
            },
        })))
    }

    /// The only value of the `DPoP` header (RFC 9449, section 4.3).
    fn proof(&self) -> Result<Result<UnverifiedProof, ProofRefusal>, UnknownEventError> {
        let value = one_value(
            "dpop",
            NameCase::Ignored,
            self.headers,
            self.multi_value_headers,
        )?;
        Ok(match value {
            Ok(Some(value)) => UnverifiedProof::from_header(&value),
            Ok(None) => Err(ProofRefusal::Missing),
            Err(SeveralValues) => Err(ProofRefusal::Several),
        })
    }

    /// The only value of the query parameter `access_token` (RFC 6750, section 2.3). It is accepted because browsers
    /// cannot set headers when they open a WebSocket. In other events it is ignored, because URLs appear in logs.
    fn access_token(&self) -> Result<Result<Option<Cow<'e, str>>, Refusal>, UnknownEventError> {
        let (single, multiple) = (
            self.query_string_parameters,
            self.multi_value_query_string_parameters,
        );
        let value = one_value("access_token", NameCase::Exact, single, multiple)?;
        Ok(value.map_err(|SeveralValues| Refusal::SeveralTokens))
    }

    /// The header, unless `authorizationToken` contains another token. HTTP API payload 1.0 joins all identity sources
    /// with commas in that member. They may be query parameters, so it is not used as a token. But a value in it that
    /// has a scheme and differs from the header is a second credential.
    fn header_beside_identity<'h>(
        &self,
        header: Option<Cow<'h, str>>,
    ) -> Result<Option<Cow<'h, str>>, Refusal> {
        let identity = self.authorization_token.and_then(member::lossy_text);
        let Some(header) = header else {
            return Ok(None);
        };
        let is_other_token = |part: &str| {
            let part = part.trim();
            let scheme = part.split(' ').next().unwrap_or_default();
            ["bearer", "dpop"]
                .iter()
                .any(|known| scheme.eq_ignore_ascii_case(known))
                && part != header.trim()
        };
        if identity.is_some_and(|identity| identity.split(',').any(is_other_token)) {
            return Err(Refusal::SeveralTokens);
        }
        Ok(Some(header))
    }

    fn request_id(&self) -> Option<String> {
        member::text(self.request_context().request_id).map(Cow::into_owned)
    }

    fn request_context(&self) -> EventContext<'e> {
        self.request_context
            .and_then(|context| serde_json::from_str(context.get()).ok())
            .unwrap_or_default()
    }
}

/// The only value of a header or parameter. REST APIs send each list in a single-value and a multi-value form, both
/// with the same value. Two entries in one form are two values, whatever the case of their names.
fn one_value<'e>(
    name: &str,
    case: NameCase,
    single: Option<&'e RawValue>,
    multiple: Option<&'e RawValue>,
) -> Result<Result<Option<Cow<'e, str>>, SeveralValues>, UnknownEventError> {
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
            _ => Err(SeveralValues),
        },
    )
}

/// A header or parameter has more than one value.
struct SeveralValues;

/// A request must not send its token in more than one way (RFC 6750, section 2).
fn one_method(
    header: Option<Cow<'_, str>>,
    parameter: Result<Option<Cow<'_, str>>, Refusal>,
) -> Result<Option<Credential>, Refusal> {
    match (header, parameter?) {
        (Some(_), Some(_)) => Err(Refusal::SeveralTokens),
        (header, None) => without_proof(header.as_deref()),
        (None, Some(token)) => Ok(Some(Credential::Bearer(BearerToken::from_token(&token)?))),
    }
}

/// The credential in the `Authorization` header of an event that cannot carry a proof.
fn without_proof(authorization: Option<&str>) -> Result<Option<Credential>, Refusal> {
    match authorization
        .map(BearerToken::from_authorization)
        .transpose()?
    {
        None => Ok(None),
        Some((Scheme::Bearer, token)) => Ok(Some(Credential::Bearer(token))),
        Some((Scheme::Dpop, _)) => Err(Refusal::NoProofPossible),
    }
}

#[cfg(test)]
mod tests;
