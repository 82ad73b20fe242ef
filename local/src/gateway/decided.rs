//! Infers from a request's line in the access log which component decided it.

use serde::Serialize;

use super::access_log::{AccessLine, NOT_PERMITTED, value};

/// The component that answered a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DecidedBy {
    /// API Gateway itself.
    Gateway,
    /// A policy of the authorizer that API Gateway has cached.
    CachedPolicy,
    /// The authorizer, called for this request.
    Authorizer,
    /// The function behind the route.
    Handler,
}

impl DecidedBy {
    /// The component, as part of a sentence.
    pub(crate) const fn in_words(self) -> &'static str {
        match self {
            Self::Gateway => "by the gateway",
            Self::CachedPolicy => "by a cached policy",
            Self::Authorizer => "by the authorizer",
            Self::Handler => "by the handler",
        }
    }
}

/// The component that decided, and the code of the reason in `docs/reasons.md`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    pub by: DecidedBy,
    /// The reason, if this line shows it.
    pub reason: String,
}

impl AccessLine {
    /// Infers the component and the reason.
    pub fn decided(&self) -> Cause {
        let decided = |by, reason: &str| Cause {
            by,
            reason: reason.to_owned(),
        };
        let gateway = |reason| decided(DecidedBy::Gateway, reason);
        let status = self.status.as_str();
        if self.authorizer_error == NOT_PERMITTED {
            return gateway("authorizer_not_permitted");
        }
        let by_authorizer = if self.asked_authorizer() {
            DecidedBy::Authorizer
        } else {
            DecidedBy::CachedPolicy
        };
        match value(&self.response_type) {
            Some("UNAUTHORIZED") if self.asked_authorizer() => {
                decided(DecidedBy::Authorizer, "unauthorized")
            }
            Some("UNAUTHORIZED") if self.refused_jwt() => gateway("jwt_not_valid"),
            Some("ACCESS_DENIED") if self.refused_jwt() => gateway("jwt_scope_missing"),
            Some("UNAUTHORIZED" | "MISSING_IDENTITY_SOURCE") => gateway("identity_source_missing"),
            Some("ACCESS_DENIED") => decided(by_authorizer, "policy_denies"),
            Some("AUTHORIZER_FAILURE" | "AUTHORIZER_CONFIGURATION_ERROR") => {
                decided(DecidedBy::Authorizer, "authorizer_failed")
            }
            Some("MISSING_AUTHENTICATION_TOKEN") => gateway("no_route"),
            Some("INTEGRATION_TIMEOUT") => gateway("integration_timeout"),
            Some("INTEGRATION_FAILURE" | "API_CONFIGURATION_ERROR") => {
                gateway("integration_failed")
            }
            Some("THROTTLED" | "QUOTA_EXCEEDED") => gateway("throttled"),
            Some("WAF_FILTERED") => gateway("filtered"),
            Some("REQUEST_TOO_LARGE" | "BAD_REQUEST_BODY" | "BAD_REQUEST_PARAMETERS") => {
                gateway("request_not_accepted")
            }
            _ if value(&self.integration_status).is_some() => by_handler(status),
            _ if value(&self.integration_request_id).is_some() => gateway("integration_failed"),
            _ => self.without_integration(status, by_authorizer),
        }
    }

    /// The cause if the line has neither the type of a gateway response nor an integration: API Gateway sent an answer
    /// that cannot be customised.
    fn without_integration(&self, status: &str, by_authorizer: DecidedBy) -> Cause {
        let (by, reason) = match status {
            "413" | "414" | "431" => (DecidedBy::Gateway, "request_not_accepted"),
            "429" => (DecidedBy::Gateway, "throttled"),
            "401" if self.refused_jwt() => (DecidedBy::Gateway, "jwt_not_valid"),
            "403" if self.refused_jwt() => (DecidedBy::Gateway, "jwt_scope_missing"),
            "401" if self.asked_authorizer() => (DecidedBy::Authorizer, "unauthorized"),
            "401" => (DecidedBy::Gateway, "identity_source_missing"),
            "403" if self.has_route() => (by_authorizer, "policy_denies"),
            "403" | "404" => (DecidedBy::Gateway, "no_route"),
            "500" if self.asked_authorizer() => (DecidedBy::Authorizer, "authorizer_failed"),
            "503" | "504" => (DecidedBy::Gateway, "integration_timeout"),
            status if status.starts_with('5') => (DecidedBy::Gateway, "integration_failed"),
            _ => (DecidedBy::Gateway, "preflight"),
        };
        Cause {
            by,
            reason: reason.to_owned(),
        }
    }

    /// Whether the authorizer was called for this request.
    pub(crate) fn asked_authorizer(&self) -> bool {
        value(&self.authorizer_request_id).is_some()
            || (value(&self.authorizer_error).is_some() && !self.refused_jwt())
    }

    /// Whether the JWT authorizer of an HTTP API refused the token.
    fn refused_jwt(&self) -> bool {
        self.route_key.is_some()
            && value(&self.authorizer_error).is_some()
            && value(&self.authorizer_request_id).is_none()
    }

    fn has_route(&self) -> bool {
        let members = [&self.resource_path, &self.route_key];
        members
            .into_iter()
            .flatten()
            .any(|resource| value(resource).is_some())
    }
}

/// The handler answered. The code of an error is its status, which `docs/reasons.md` lists.
fn by_handler(status: &str) -> Cause {
    let reason = if status.starts_with(['4', '5']) {
        status
    } else {
        "answered"
    };
    Cause {
        by: DecidedBy::Handler,
        reason: reason.to_owned(),
    }
}
