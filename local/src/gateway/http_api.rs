//! The behaviour of an HTTP API: preflight, route, identity sources, authorizer, integration.

pub(crate) mod answer;
pub(crate) mod cors;
pub(crate) mod event;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, Request, Response, StatusCode};
use serde_json::{Value, json};

use super::authorization::{AnswerForm, Identified, Repeated, identify, identity_value};
use super::call::{Call, headers_size, request_line_size};
use super::functions::{AuthorizationError, IntegrationError};
use super::jwt::{self, JwtError};
use super::policy::PolicyVerdict;
use super::record::RecordedParts;
use super::route::{self, Matched};
use super::{Gateway, MAX_HEADERS, note_answer};
use crate::aws;
use crate::request_body::BodyTooLarge;
use crate::template::api::{
    CorsConfiguration, Identity, Integration, JwtAuthorizer, LambdaAuthorizer, PayloadFormat,
    TemplateAuthorizer,
};
use event::Authorized;

/// The reason why API Gateway itself answers. A template cannot change these answers.
#[derive(Clone, Debug, PartialEq, Eq)]
enum HttpApiError {
    NotFound,
    /// An identity source is missing, the authorizer's error is `Unauthorized`, or the JWT is not valid.
    Unauthorized {
        /// The header `WWW-Authenticate` of a JWT authorizer.
        challenge: Option<String>,
    },
    /// The policy or the simple response denies, or the JWT lacks a scope.
    Forbidden {
        /// The header `WWW-Authenticate` of a JWT authorizer.
        challenge: Option<String>,
    },
    /// The authorizer or the integration failed.
    Internal,
    /// The integration took too long.
    Unavailable,
    /// The request line and the headers together are larger than 10,240 bytes.
    HeadersTooLarge,
    /// The body is larger than 10 MB, or than Lambda accepts.
    TooLarge,
}

impl HttpApiError {
    const UNAUTHORIZED: Self = Self::Unauthorized { challenge: None };
    const FORBIDDEN: Self = Self::Forbidden { challenge: None };

    /// The status and the message of the answer.
    const fn answer(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "Not Found"),
            Self::Unauthorized { .. } => (StatusCode::UNAUTHORIZED, "Unauthorized"),
            Self::Forbidden { .. } => (StatusCode::FORBIDDEN, "Forbidden"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
            Self::HeadersTooLarge => (
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "Request Header Fields Too Large",
            ),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
        }
    }

    /// Records the error for the access log.
    const fn note(&self, entry: &mut RecordedParts) {
        let (_, message) = self.answer();
        entry.error_message = Some(message);
        entry.response_type = match self {
            Self::Unauthorized { .. } => Some("UNAUTHORIZED"),
            Self::Forbidden { .. } => Some("ACCESS_DENIED"),
            Self::TooLarge => Some("REQUEST_TOO_LARGE"),
            Self::Unavailable => Some("INTEGRATION_TIMEOUT"),
            Self::NotFound | Self::Internal | Self::HeadersTooLarge => None,
        };
    }

    fn response(&self) -> Response<Bytes> {
        let (status, message) = self.answer();
        let mut response = Response::new(json!({ "message": message }).to_string().into());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Self::Unauthorized { challenge } | Self::Forbidden { challenge } = self
            && let Some(challenge) = challenge
            && let Ok(challenge) = HeaderValue::from_str(challenge)
        {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl Gateway {
    /// Answers a request to an HTTP API. For a call outside the stage `in_stage` is false.
    pub(super) async fn answer_http(
        &self,
        call: &Call,
        request: &Request<Bytes>,
        in_stage: bool,
        cors: Option<&CorsConfiguration>,
    ) -> Response<Bytes> {
        let answered = match cors {
            Some(cors) if in_stage && cors::is_preflight(call) => Ok(cors::preflight(cors, call)),
            _ if in_stage => self.in_http_stage(call, request).await,
            _ => Err(HttpApiError::NotFound),
        };
        let mut response = match (answered, cors) {
            (Ok(mut response), Some(cors)) => {
                cors::apply(cors, call, response.headers_mut());
                response
            }
            (Ok(response), None) => response,
            (Err(error), _) => {
                call.record.note(|entry| error.note(entry));
                error.response()
            }
        };
        if let Ok(id) = HeaderValue::from_str(&call.id) {
            response.headers_mut().insert("apigw-requestid", id);
        }
        response
    }

    async fn in_http_stage(
        &self,
        call: &Call,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, HttpApiError> {
        if request_line_size(request) + headers_size(request.headers()) > MAX_HEADERS {
            return Err(HttpApiError::HeadersTooLarge);
        }
        if request.extensions().get::<BodyTooLarge>().is_some() {
            return Err(HttpApiError::TooLarge);
        }
        let matched = route::find_http(&self.api.routes, &call.verb, &call.path)
            .ok_or(HttpApiError::NotFound)?;
        call.record
            .note(|entry| entry.resource = Some(matched.route.key()));
        let named = self
            .authorizer(&matched)
            .map_err(|_| HttpApiError::Internal)?;
        let authorized = match named {
            None => Authorized::Anyone,
            Some((name, TemplateAuthorizer::Lambda(authorizer))) => {
                self.authorize_http(call, &matched, name, authorizer)
                    .await?
            }
            Some((_, TemplateAuthorizer::Jwt(authorizer))) => {
                self.authorize_jwt(call, &matched, authorizer).await?
            }
        };
        self.integrate_http(call, &matched, &authorized).await
    }

    async fn authorize_http(
        &self,
        call: &Call,
        matched: &Matched<'_>,
        name: &str,
        authorizer: &LambdaAuthorizer,
    ) -> Result<Authorized, HttpApiError> {
        let key = matched.route.key();
        let context = self.context(call, Some(&key), None);
        let Identified::By(values) = identify(authorizer, call, &context) else {
            return Err(HttpApiError::UNAUTHORIZED);
        };
        let arn = aws::method_arn(&self.region, &self.api.stage, &call.verb, &call.path);
        let (payload, form) = match authorizer.identity {
            Identity::Http {
                payload,
                simple: true,
                ..
            } => (payload, AnswerForm::Simple),
            Identity::Http { payload, .. } => (payload, AnswerForm::Policy),
            Identity::Token { .. } | Identity::Request { .. } => {
                return Err(HttpApiError::Internal);
            }
        };
        let event = || match payload {
            PayloadFormat::V1 => event::authorizer_v1(call, &self.api, matched, &values, &arn),
            PayloadFormat::V2 => event::authorizer_v2(call, &self.api, matched, &values, &arn),
        };
        let asked = self.ask(call, name, authorizer, &values, event, form).await;
        let (authorization, _) = asked.map_err(|error| match error {
            AuthorizationError::Unauthorized => HttpApiError::UNAUTHORIZED,
            AuthorizationError::Failed => HttpApiError::Internal,
        })?;
        match self.verdict(&authorization, call, &arn) {
            PolicyVerdict::Allowed => Ok(Authorized::ByLambda(authorization)),
            PolicyVerdict::NotAllowed | PolicyVerdict::Denied => Err(HttpApiError::FORBIDDEN),
        }
    }

    async fn authorize_jwt(
        &self,
        call: &Call,
        matched: &Matched<'_>,
        authorizer: &JwtAuthorizer,
    ) -> Result<Authorized, HttpApiError> {
        let key = matched.route.key();
        let context = self.context(call, Some(&key), None);
        let Some(token) = identity_value(&authorizer.source, Repeated::Joined, call, &context)
        else {
            let challenge = Some("Bearer".to_owned());
            return Err(HttpApiError::Unauthorized { challenge });
        };
        let scopes = &matched.route.scopes;
        let now = self.clock.now();
        let verified = jwt::verify(&token, authorizer, scopes, self.keys.as_ref(), now).await;
        verified.map(Authorized::ByJwt).map_err(|error| {
            let challenge = Some(error.challenge(scopes));
            self.log.line(format_args!("the JWT is refused: {error}"));
            call.record
                .note(|entry| entry.jwt_error = Some(error.to_string()));
            match error {
                JwtError::InsufficientScope => HttpApiError::Forbidden { challenge },
                _ => HttpApiError::Unauthorized { challenge },
            }
        })
    }

    async fn integrate_http(
        &self,
        call: &Call,
        matched: &Matched<'_>,
        authorized: &Authorized,
    ) -> Result<Response<Bytes>, HttpApiError> {
        let Integration::Function {
            name,
            payload: format,
            timeout,
        } = &matched.route.integration
        else {
            return Err(HttpApiError::Internal);
        };
        let event: Value = match format {
            PayloadFormat::V1 => event::proxy_v1(call, &self.api, matched, authorized),
            PayloadFormat::V2 => event::proxy_v2(call, &self.api, matched, authorized),
        };
        let payload = self.integrate(call, name, &event, *timeout).await;
        let payload = payload.map_err(|error| match error {
            IntegrationError::TooLarge => HttpApiError::TooLarge,
            IntegrationError::Timeout => HttpApiError::Unavailable,
            IntegrationError::Failed => HttpApiError::Internal,
        })?;
        let response = answer::read(&payload, *format).map_err(|malformed| {
            self.log.warn(format_args!(
                "{name} returned an answer that AWS does not accept, so the status is 500: {malformed}"
            ));
            HttpApiError::Internal
        })?;
        note_answer(call, &response);
        Ok(response)
    }
}
