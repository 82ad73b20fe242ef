//! What API Gateway is answered.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::policy::PolicyDocument;

/// An answer in one of the two forms there are. Own types: those of `aws_lambda_events` write nulls.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// A policy: for REST and WebSocket APIs and HTTP API payload 1.0, and for 2.0 if so set.
    #[serde(rename_all = "camelCase")]
    Policy {
        /// Who it is.
        principal_id: String,
        /// What may be called.
        policy_document: PolicyDocument,
        /// What the API is told.
        context: Map<String, Value>,
    },
    /// A yes or no for the very route: the simple response of HTTP API payload 2.0.
    #[serde(rename_all = "camelCase")]
    Simple {
        /// The yes or no.
        is_authorized: bool,
        /// What the API is told; nothing about a caller whose token is bad.
        #[serde(skip_serializing_if = "Option::is_none")]
        context: Option<Map<String, Value>>,
    },
}
