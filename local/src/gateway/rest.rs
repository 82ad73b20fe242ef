//! The behaviour of a REST API: route, identity source, cache, authorizer, policy for this method, integration.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use serde_json::{Map, Value};

use super::authorization::{AnswerForm, Authorization, Identified, identify};
use super::call::{Call, headers_size};
use super::functions::{AuthorizationError, IntegrationError};
use super::policy::PolicyVerdict;
use super::response::{self, GatewayError};
use super::route::{self, Matched};
use super::{Gateway, MAX_HEADERS, MAX_METHOD_ARN, answer, event, note_answer};
use crate::aws;
use crate::request_body::BodyTooLarge;
use crate::template::api::{ApiKind, Identity, Integration, LambdaAuthorizer, TemplateAuthorizer};
use crate::template::gateway_response::CustomResponse;

/// An error, and the values that its gateway response may use.
#[derive(Debug)]
struct RestError {
    error: GatewayError,
    resource: Option<String>,
    authorizer: Option<Map<String, Value>>,
}

impl RestError {
    const fn of(error: GatewayError) -> Self {
        Self {
            error,
            resource: None,
            authorizer: None,
        }
    }
}

impl Gateway {
    /// Answers a request to a REST API. For a call outside the stage `in_stage` is false.
    pub(super) async fn answer_rest(
        &self,
        call: &Call,
        request: &Request<Bytes>,
        in_stage: bool,
        responses: &BTreeMap<String, CustomResponse>,
    ) -> Response<Bytes> {
        let answered = if in_stage {
            self.in_rest_stage(call, request).await
        } else {
            Err(RestError::of(GatewayError::UnknownStage))
        };
        let mut response = answered.unwrap_or_else(|failure| {
            let resource = failure.resource.as_deref();
            let context = self.context(call, resource, failure.authorizer.as_ref());
            call.record.note(|entry| {
                entry.response_type = failure.error.response_type();
                entry.error_message = failure.error.message();
            });
            response::answer(&failure.error, responses, &context)
        });
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::from_str(&call.id) {
            headers.insert("x-amzn-requestid", id.clone());
            headers.insert("x-amz-apigw-id", id);
        }
        response
    }

    async fn in_rest_stage(
        &self,
        call: &Call,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, RestError> {
        if headers_size(request.headers()) > MAX_HEADERS {
            return Err(RestError::of(GatewayError::HeadersTooLarge));
        }
        if request.extensions().get::<BodyTooLarge>().is_some() {
            return Err(RestError::of(GatewayError::RequestTooLarge));
        }
        let matched = route::find(&self.api.routes, &call.verb, &call.path)
            .ok_or_else(|| RestError::of(GatewayError::MissingAuthenticationToken))?;
        let resource = matched.route.path.to_string();
        call.record
            .note(|entry| entry.resource = Some(resource.clone()));
        let at_resource = |error| RestError {
            error,
            resource: Some(resource.clone()),
            authorizer: None,
        };
        let method_arn = aws::method_arn(&self.region, &self.api.stage, &call.verb, &call.path);
        let named = self
            .authorizer(&matched)
            .map_err(|_| at_resource(GatewayError::AuthorizerConfiguration))?;
        let context = match named {
            None => None,
            Some(_) if method_arn.len() > MAX_METHOD_ARN => {
                return Err(at_resource(GatewayError::UriTooLong));
            }
            // A REST API has no such authorizer. A route is never served without its authorizer.
            Some((_, TemplateAuthorizer::Jwt(_))) => {
                return Err(at_resource(GatewayError::AuthorizerConfiguration));
            }
            Some((name, TemplateAuthorizer::Lambda(authorizer))) => {
                let authorized = self
                    .authorize_rest(call, &matched, &resource, name, authorizer, &method_arn)
                    .await;
                let (authorization, latency) = authorized.map_err(at_resource)?;
                let context = authorization.rest_context(latency);
                let error = match self.verdict(&authorization, call, &method_arn) {
                    PolicyVerdict::Allowed => None,
                    PolicyVerdict::NotAllowed => {
                        Some(GatewayError::AccessDenied { explicit: false })
                    }
                    PolicyVerdict::Denied => Some(GatewayError::AccessDenied { explicit: true }),
                };
                if let Some(error) = error {
                    return Err(RestError {
                        error,
                        resource: Some(resource),
                        authorizer: Some(context),
                    });
                }
                Some(context)
            }
        };
        let answered = self
            .integrate_rest(call, &matched, &resource, context.as_ref())
            .await;
        answered.map_err(|error| RestError {
            error,
            resource: Some(resource),
            authorizer: context,
        })
    }

    /// The authorizer's answer for the caller, cached or new, and the function's latency.
    async fn authorize_rest(
        &self,
        call: &Call,
        matched: &Matched<'_>,
        resource: &str,
        name: &str,
        authorizer: &LambdaAuthorizer,
        method_arn: &str,
    ) -> Result<(Authorization, Duration), GatewayError> {
        let context = self.context(call, Some(resource), None);
        let Identified::By(values) = identify(authorizer, call, &context) else {
            return Err(GatewayError::Unauthorized);
        };
        let event = || match (&authorizer.identity, values.first()) {
            (Identity::Token { .. }, Some(value)) => event::token(value, method_arn),
            _ => event::request(call, &self.api, resource, &matched.parameters, method_arn),
        };
        self.ask(call, name, authorizer, &values, event, AnswerForm::Rest)
            .await
            .map_err(|error| match error {
                AuthorizationError::Unauthorized => GatewayError::Unauthorized,
                AuthorizationError::Failed => GatewayError::AuthorizerConfiguration,
            })
    }

    async fn integrate_rest(
        &self,
        call: &Call,
        matched: &Matched<'_>,
        resource: &str,
        authorizer: Option<&Map<String, Value>>,
    ) -> Result<Response<Bytes>, GatewayError> {
        let (function, timeout) = match &matched.route.integration {
            Integration::Function { name, timeout, .. } => (name, *timeout),
            Integration::Preflight(headers) => return Ok(answer::preflight(headers)),
        };
        let event = event::proxy(call, &self.api, resource, &matched.parameters, authorizer);
        let payload = self.integrate(call, function, &event, timeout).await;
        let payload = payload.map_err(|error| match error {
            IntegrationError::TooLarge => GatewayError::RequestTooLarge,
            IntegrationError::Timeout => GatewayError::IntegrationTimeout,
            IntegrationError::Failed => GatewayError::BadIntegrationAnswer,
        })?;
        let binary_media_types = match &self.api.kind {
            ApiKind::Rest {
                binary_media_types, ..
            } => binary_media_types.as_slice(),
            ApiKind::Http { .. } => &[],
        };
        let response = answer::read(&payload, call, binary_media_types).map_err(|malformed| {
            self.log.warn(format_args!(
                "{function} returned an answer that AWS does not accept, so the status is 502: {malformed}"
            ));
            GatewayError::BadIntegrationAnswer
        })?;
        note_answer(call, &response);
        Ok(response)
    }
}
