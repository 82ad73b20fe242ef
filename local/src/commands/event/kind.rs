//! The kinds of events, and the API that each comes from.

use std::collections::BTreeMap;

use clap::ValueEnum;

use crate::template::Api;
use crate::template::api::{ApiKind, DEFAULT_STAGE};

const REST_ID: &str = "00000000-0000-4000-8000-000000000001";
pub(super) const HTTP_ID: &str = "JKJaXmPLvHcESHA=";

/// The events that functions receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum EventKind {
    /// For the authorizer: TOKEN authorizer of a REST API
    Token,
    /// For the authorizer: REQUEST authorizer of a REST API
    Request,
    /// For the authorizer: HTTP API with payload format 1.0
    #[value(name = "http-1.0")]
    Http1,
    /// For the authorizer: HTTP API with payload format 2.0
    #[value(name = "http-2.0")]
    Http2,
    /// For the authorizer: `$connect` of a WebSocket API
    Websocket,
    /// For the handler: REST API
    Rest,
    /// For the handler: HTTP API with payload format 2.0
    Http,
}

impl EventKind {
    pub(super) const fn is_for_authorizer(self) -> bool {
        !matches!(self, Self::Rest | Self::Http)
    }

    pub(super) const fn carries_a_proof(self) -> bool {
        matches!(self, Self::Request | Self::Http1 | Self::Http2)
    }

    const fn is_http(self) -> bool {
        matches!(self, Self::Http1 | Self::Http2 | Self::Http)
    }

    pub(super) const fn request_id(self) -> &'static str {
        if self.is_http() { HTTP_ID } else { REST_ID }
    }

    /// The template's API, as the product of this kind of event would serve it.
    pub(super) fn api(self, template: Api) -> Api {
        let (kind, stage) = match (self.is_http(), template.kind) {
            (true, kind @ ApiKind::Http { .. }) | (false, kind @ ApiKind::Rest { .. }) => {
                (kind, template.stage)
            }
            (true, ApiKind::Rest { .. }) => {
                (ApiKind::Http { cors: None }, DEFAULT_STAGE.to_owned())
            }
            (false, ApiKind::Http { .. }) => {
                let (responses, binary_media_types) = (BTreeMap::new(), Vec::new());
                let kind = ApiKind::Rest {
                    responses,
                    binary_media_types,
                };
                (kind, "prod".to_owned())
            }
        };
        Api {
            kind,
            stage,
            ..template
        }
    }
}
