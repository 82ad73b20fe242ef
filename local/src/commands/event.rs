//! `cargo local event`: sample events, made by the gateway's own code.

mod kind;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use http::{HeaderName, HeaderValue, Request};
use lambda_support::clock::{ManualClock, Timestamp};
use lambda_support::context::{AuthorizerContext, SignedInContext};
use serde_json::{Map, Value, json};

use self::kind::{EventKind, HTTP_ID};
use super::decision::{CalledRoute, header_of, without_query};
use super::template_args::TemplateArgs;
use super::{CommandError, UsageError};
use crate::aws;
use crate::gateway::authorization::{AnswerForm, Authorization};
use crate::gateway::call::Call;
use crate::gateway::event as rest;
use crate::gateway::http_api::event::{self as http_api, Authorized};
use crate::gateway::route::{self, Matched};
use crate::issuer::{User, users};
use crate::progress::print;
use crate::stack::StackOptions;
use crate::template::Api;
use crate::template::api::{ApiKind, Integration, PayloadFormat, TemplateRoute};
use crate::template::route_path::RoutePath;

/// Print a sample event of API Gateway for a function
///
/// Tokens and proofs in it are placeholders (`{{token:USER}}`, `{{bound-token:USER}}` and `{{proof:USER METHOD URL}}`),
/// which `cargo local invoke` replaces with real ones. Times and ids are fixed.
#[derive(Debug, Args)]
pub(crate) struct SampleEvent {
    /// Kind of event
    #[arg(value_enum)]
    kind: EventKind,
    /// Method of the call
    #[arg(default_value = "GET", requires = "path")]
    method: String,
    /// Path of the call without the stage, optionally with a query
    #[arg(default_value = "/state")]
    path: String,
    /// Calling user; without it the caller is anonymous (except in a TOKEN event, which always has a user: alice)
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Scopes of the user's token, separated by spaces
    #[arg(long, value_name = "SCOPES", requires = "user")]
    scope: Option<String>,
    /// For the authorizer: the user's token is bound to a key, and the request has a proof (DPoP)
    #[arg(long, requires = "user", conflicts_with = "expired")]
    dpop: bool,
    /// For the handler: the user's token has expired
    #[arg(long, requires = "user")]
    expired: bool,
    /// Header of the request; may be repeated
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Body of the request, for the handler
    #[arg(long, value_name = "TEXT")]
    body: Option<String>,
    #[command(flatten)]
    template: TemplateArgs,
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue), UsageError> {
    header_of(text).ok_or_else(|| UsageError::found("`NAME: VALUE`", text))
}

/// The moment of every sample: the start of 2026.
const AT_SECONDS: u64 = 1_767_225_600;
/// When the tokens of samples expire: the start of 2100.
const EXPIRES_AT_SECONDS: u64 = 4_102_444_800;
/// The caller's address, one for documentation (RFC 5737).
const SOURCE_IP: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));
const TRACE: &str = "Root=1-6955b900-000000000000000000000001";
const ISSUER: &str = "https://example.okta.com/oauth2/default";
const SCOPES: &str = "openid state:read state:write";
const LATENCY: Duration = Duration::from_millis(12);

impl SampleEvent {
    pub(crate) async fn run(&self, options: &StackOptions) -> Result<ExitCode, CommandError> {
        CalledRoute::parse(&self.method, &self.path)?;
        if self.dpop && !self.kind.carries_a_proof() {
            let expected = "a kind with a proof in its event: request, http-1.0 or http-2.0";
            return Err(UsageError::Option("--dpop", expected).into());
        }
        let user = match self.user.as_deref() {
            None if self.kind == EventKind::Token => users().first(),
            None => None,
            Some(name) => {
                let user = users().iter().find(|user| user.name == name);
                Some(user.ok_or_else(|| UsageError::UnknownUser(name.to_owned()))?)
            }
        };
        let opened = self.template.open(options).await?;
        // Not the shell's region, so that samples are the same everywhere.
        let event = self.event(opened.template.api, aws::DEFAULT_REGION, user)?;
        print(&format!("{}\n", serde_json::to_string_pretty(&event)?))?;
        Ok(ExitCode::SUCCESS)
    }

    fn event(
        &self,
        template: Api,
        region: &str,
        user: Option<&User>,
    ) -> Result<Value, CommandError> {
        let path = without_query(&self.path);
        let unmatched = TemplateRoute {
            path: RoutePath::parse(path).map_err(|fault| fault.to_string())?,
            verb: Some(self.method.clone()),
            integration: Integration::Function {
                name: String::new(),
                payload: PayloadFormat::V1,
                timeout: Duration::ZERO,
            },
            authorizer: None,
            scopes: Vec::new(),
            place: String::new(),
        };
        let routes = template.routes.clone();
        let matched = match &template.kind {
            ApiKind::Rest { .. } => route::find(&routes, &self.method, path),
            ApiKind::Http { .. } => route::find_http(&routes, &self.method, path),
        };
        let matched = matched.unwrap_or(Matched {
            route: &unmatched,
            parameters: BTreeMap::new(),
        });
        let api = self.kind.api(template);
        let call = self.call(&api, region, user)?;
        let arn = aws::method_arn(region, &api.stage, &call.verb, &call.path);
        let credentials: Vec<String> = call
            .header_values("authorization")
            .into_iter()
            .map(str::to_owned)
            .collect();
        let (resource, parameters) = (matched.route.path.to_string(), &matched.parameters);
        Ok(match self.kind {
            EventKind::Token => rest::token(&credentials.join(","), &arn),
            EventKind::Request => rest::request(&call, &api, &resource, parameters, &arn),
            EventKind::Http1 => http_api::authorizer_v1(&call, &api, &matched, &credentials, &arn),
            EventKind::Http2 => http_api::authorizer_v2(&call, &api, &matched, &credentials, &arn),
            EventKind::Websocket => self.websocket(region, user),
            EventKind::Rest => {
                let authorization = self.authorization(&matched, user, AnswerForm::Rest)?;
                let context = authorization.map(|given| given.rest_context(LATENCY));
                rest::proxy(&call, &api, &resource, parameters, context.as_ref())
            }
            EventKind::Http => {
                let authorization = self.authorization(&matched, user, AnswerForm::Simple)?;
                let authorized = authorization.map_or(Authorized::Anyone, Authorized::ByLambda);
                http_api::proxy_v2(&call, &api, &matched, &authorized)
            }
        })
    }

    /// The call, with fixed values for everything that differs between calls.
    fn call(&self, api: &Api, region: &str, user: Option<&User>) -> Result<Call, CommandError> {
        let domain = domain(region);
        let mut request = Request::builder()
            .method(self.method.as_str())
            .uri(format!("{}{}", api.base_path(), self.path))
            .header("host", domain)
            .header("user-agent", "curl/8.5.0")
            .header("x-forwarded-port", "443")
            .header("x-amzn-trace-id", TRACE);
        for (name, value) in self.credentials(user) {
            if !self.headers.iter().any(|(given, _)| given == name) {
                request = request.header(name, value);
            }
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let body = self.body.clone().unwrap_or_default();
        let request = request.body(Bytes::from(body))?;
        let path = without_query(&self.path);
        let mut call = Call::new(
            &request,
            path,
            SOURCE_IP,
            &ManualClock::at(Timestamp::from_secs(AT_SECONDS)),
        );
        call.id = self.kind.request_id().to_owned();
        for (name, value) in &mut call.headers {
            match name.as_str() {
                "X-Forwarded-Proto" => "https".clone_into(value),
                "X-Forwarded-Port" => "443".clone_into(value),
                _ => {}
            }
        }
        Ok(call)
    }

    /// The headers with which a user calls.
    fn credentials(&self, user: Option<&User>) -> Vec<(&'static str, String)> {
        match user.filter(|_| self.kind.is_for_authorizer()) {
            None => Vec::new(),
            Some(user) if self.dpop => {
                let path = without_query(&self.path);
                let proof = format!("{{{{proof:{} {} {path}}}}}", user.name, self.method);
                let token = self.token("bound-token", user);
                vec![("authorization", format!("DPoP {token}")), ("dpop", proof)]
            }
            Some(user) => {
                let token = self.token("token", user);
                vec![("authorization", format!("Bearer {token}"))]
            }
        }
    }

    /// The placeholder of a user's token.
    fn token(&self, kind: &str, user: &User) -> String {
        let scopes = self.scope.iter().map(|scopes| format!(":{scopes}"));
        let scopes: String = scopes.collect();
        format!("{{{{{kind}:{}{scopes}}}}}", user.name)
    }

    /// The authorizer's answer for the caller; none on a route without an authorizer.
    fn authorization(
        &self,
        matched: &Matched<'_>,
        user: Option<&User>,
        form: AnswerForm,
    ) -> Result<Option<Authorization>, CommandError> {
        if matched.route.authorizer.is_none() && user.is_none() {
            return Ok(None);
        }
        let (principal, context) = match user {
            None => ("anonymous", AuthorizerContext::Anonymous),
            Some(user) => (
                user.uid.as_str(),
                AuthorizerContext::SignedIn(self.signed_in(user)),
            ),
        };
        let answer = json!({
            "principalId": principal, "context": context, "isAuthorized": true,
            "policyDocument": {"Version": "2012-10-17", "Statement": []},
        });
        let authorization = Authorization::read(answer.to_string().as_bytes(), form)?;
        Ok(Some(authorization))
    }

    fn signed_in(&self, user: &User) -> SignedInContext {
        let scopes = self.scope.as_deref().unwrap_or(SCOPES);
        let expires_at = if self.expired {
            AT_SECONDS
        } else {
            EXPIRES_AT_SECONDS
        };
        SignedInContext {
            principal: user.uid.clone(),
            subject: Some(user.login.clone()),
            issuer: Some(ISSUER.to_owned()),
            client_id: Some(crate::issuer::CLIENT_ID.to_owned()),
            scopes: Some(scopes.split(' ').map(str::to_owned).collect()),
            groups: Some(user.groups.clone()),
            expires_at: Timestamp::from_secs(expires_at),
            token_id: Some("AT.sample".to_owned()),
            step_up: None,
            claims: Map::new(),
        }
    }

    /// The `$connect` event of a WebSocket. Browsers cannot set headers there, so the token is in the query.
    fn websocket(&self, region: &str, user: Option<&User>) -> Value {
        let domain = domain(region);
        let token = user.map(|user| self.token("token", user));
        let single: Map<String, Value> = token
            .iter()
            .map(|token| ("access_token".to_owned(), json!(token)))
            .collect();
        let multiple: Map<String, Value> = token
            .iter()
            .map(|token| ("access_token".to_owned(), json!([token])))
            .collect();
        let at = Timestamp::from_secs(AT_SECONDS).as_millis();
        json!({
            "type": "REQUEST",
            "methodArn": format!(
                "arn:{}:execute-api:{region}:{}:{}/prod/$connect",
                aws::PARTITION, aws::ACCOUNT, aws::API_ID
            ),
            "headers": {"Host": domain, "Sec-WebSocket-Version": "13"},
            "multiValueHeaders": {"Host": [domain], "Sec-WebSocket-Version": ["13"]},
            "queryStringParameters": single,
            "multiValueQueryStringParameters": multiple,
            "stageVariables": {},
            "requestContext": {
                "apiId": aws::API_ID,
                "connectedAt": at,
                "connectionId": "JKJaXdPLvHcCIQ=",
                "domainName": domain,
                "eventType": "CONNECT",
                "identity": {"sourceIp": SOURCE_IP.to_string()},
                "messageDirection": "IN",
                "requestId": HTTP_ID,
                "requestTimeEpoch": at + 1,
                "routeKey": "$connect",
                "stage": "prod",
            },
        })
    }
}

fn domain(region: &str) -> String {
    format!("{}.execute-api.{region}.amazonaws.com", aws::API_ID)
}
