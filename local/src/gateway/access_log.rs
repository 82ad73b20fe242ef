//! The access log: one JSON object per request, with the members that `template.yaml` sets for API Gateway's own.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::call::Call;
use super::event::request_time;
use super::record::FunctionCall;

/// API Gateway's placeholder for a missing value.
const NONE: &str = "-";

/// One line of the access log, with the names of API Gateway's variables. Every value is a string. A member that a
/// product does not have is absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AccessLine {
    pub request_id: String,
    pub(crate) request_time: String,
    pub(crate) http_method: String,
    pub(crate) path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resource_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) route_key: Option<String>,
    pub(crate) status: String,
    pub(crate) response_type: String,
    pub(crate) error_message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) authorize_error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) authorize_status: Option<String>,
    pub authorizer_error: String,
    pub(crate) authorizer_status: String,
    pub(crate) authorizer_latency: String,
    pub(crate) authorizer_request_id: String,
    pub(crate) principal_id: String,
    pub(crate) integration_status: String,
    pub(crate) integration_error: String,
    pub(crate) integration_latency: String,
    pub(crate) integration_request_id: String,
    pub(crate) response_latency: String,
    pub(crate) source_ip: String,
    pub(crate) protocol: String,
}

impl Default for AccessLine {
    fn default() -> Self {
        let none = || NONE.to_owned();
        Self {
            request_id: none(),
            request_time: none(),
            http_method: none(),
            path: none(),
            resource_path: None,
            route_key: None,
            status: none(),
            response_type: none(),
            error_message: none(),
            authorize_error: None,
            authorize_status: None,
            authorizer_error: none(),
            authorizer_status: none(),
            authorizer_latency: none(),
            authorizer_request_id: none(),
            principal_id: none(),
            integration_status: none(),
            integration_error: none(),
            integration_latency: none(),
            integration_request_id: none(),
            response_latency: none(),
            source_ip: none(),
            protocol: none(),
        }
    }
}

/// The `authorizerError` of this gateway if it may not invoke the authorizer.
pub(super) const NOT_PERMITTED: &str = "API Gateway may not invoke the function";

/// The value of a member, if API Gateway had one.
pub(crate) fn value(member: &str) -> Option<&str> {
    (member != NONE && !member.is_empty()).then_some(member)
}

/// The line of a request that has been answered.
pub(super) fn line(
    call: &Call,
    is_rest: bool,
    status: StatusCode,
    latency: Duration,
) -> AccessLine {
    let entry = call.record.entry();
    let or_none = |value: Option<String>| value.unwrap_or_else(|| NONE.to_owned());
    let part = |invoked: Option<FunctionCall>| {
        let of = |member: fn(&FunctionCall) -> Option<String>| {
            or_none(invoked.as_ref().and_then(member))
        };
        (
            of(|invoked| invoked.status.map(number)),
            of(|invoked| invoked.error.clone()),
            of(|invoked| Some(millis(invoked.latency))),
            of(|invoked| invoked.request_id.clone()),
        )
    };
    let (authorizer_status, authorizer_error, authorizer_latency, authorizer_request_id) =
        part(entry.authorizer);
    let (integration_status, integration_error, integration_latency, integration_request_id) =
        part(entry.integration);
    let resource = or_none(entry.resource);
    let denied = entry.authorize_status == Some(StatusCode::FORBIDDEN);
    let authorize_error = denied.then(|| DENIED.to_owned());
    AccessLine {
        request_id: call.id.clone(),
        request_time: request_time(call),
        http_method: call.verb.clone(),
        path: call.full_path.clone(),
        resource_path: is_rest.then(|| resource.clone()),
        route_key: (!is_rest).then_some(resource),
        status: number(status),
        response_type: or_none(entry.response_type.map(str::to_owned)),
        error_message: or_none(entry.error_message.map(str::to_owned)),
        authorize_error: is_rest.then(|| or_none(authorize_error)),
        authorize_status: is_rest.then(|| or_none(entry.authorize_status.map(number))),
        authorizer_error: entry.jwt_error.unwrap_or(authorizer_error),
        authorizer_status,
        authorizer_latency,
        authorizer_request_id,
        principal_id: or_none(entry.principal),
        integration_status,
        integration_error,
        integration_latency,
        integration_request_id,
        response_latency: millis(latency),
        source_ip: call.source_ip.to_string(),
        protocol: call.protocol.clone(),
    }
}

const DENIED: &str = "The client is not authorized to perform this operation.";

fn number(status: StatusCode) -> String {
    status.as_u16().to_string()
}

fn millis(duration: Duration) -> String {
    duration.as_millis().to_string()
}

#[derive(Debug)]
pub struct AccessLog(Mutex<File>);

impl AccessLog {
    /// The name of the file in a data folder.
    pub const FILE: &str = "access.log";

    /// A new file in a data folder.
    pub fn create(data: &Path) -> io::Result<Self> {
        Ok(Self(Mutex::new(File::create(data.join(Self::FILE))?)))
    }

    /// Adds a line. A full disk does not stop the API.
    pub(super) fn write(&self, line: &AccessLine) {
        if let Ok(mut json) = serde_json::to_vec(line) {
            json.push(b'\n');
            let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = file.write_all(&json);
        }
    }
}
