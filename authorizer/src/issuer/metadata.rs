//! Fetches and parses an issuer's metadata.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use crate::issuer::http_client::{
    Endpoint, EndpointError, IssuerRequest, Transport, TransportError,
};

/// The URLs in an issuer's metadata (OpenID Connect Discovery 1.0, section 3; RFC 8414, section 2).
///
/// A URL is parsed only when it is used, so that a malformed one does not affect the others.
#[derive(Clone, Debug, Deserialize)]
pub struct IssuerMetadata {
    issuer: String,
    jwks_uri: Option<Value>,
    introspection_endpoint: Option<Value>,
}

/// Why metadata, or a URL in it, cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MetadataError {
    /// No document can be fetched from the issuer's URL.
    #[error("the issuer is {0}")]
    Issuer(EndpointError),
    #[error(transparent)]
    Transport(TransportError),
    #[error("the issuer's metadata is not a JSON object with a string `issuer`")]
    Malformed,
    /// The metadata names another issuer, so its keys are not this issuer's (RFC 8414, section 3.3).
    #[error(
        "the metadata names another issuer; compare it with ISSUER character by character, including a slash at the end"
    )]
    OtherIssuer,
    #[error("the metadata has no `{0}`")]
    Missing(&'static str),
    /// This function may not connect to a URL in the metadata.
    #[error("`{member}` in the metadata is {error}")]
    Address {
        member: &'static str,
        error: EndpointError,
    },
    /// The issuer is not on loopback, but a URL in its metadata is: this function would connect to its own machine.
    #[error("`{0}` in the metadata is on a loopback host, but the issuer is not")]
    Loopback(&'static str),
}

impl IssuerMetadata {
    /// Fetches the OpenID metadata of `issuer`, or its OAuth metadata if there is none. Fails if both are missing or
    /// malformed, or the metadata names another issuer.
    pub async fn fetch(
        issuer: &str,
        transport: &dyn Transport,
        timeout: Duration,
    ) -> Result<Self, MetadataError> {
        let openid = endpoint(&format!(
            "{}/.well-known/openid-configuration",
            issuer.strip_suffix('/').unwrap_or(issuer)
        ))?;
        let get = |endpoint| {
            transport.send(IssuerRequest {
                endpoint,
                timeout,
                form: None,
            })
        };
        let document = match get(&openid).await {
            // The second URL is tried only if the document is missing. An unreachable server would be unreachable there
            // too.
            Err(TransportError::Status(400..=499)) => get(&Self::oauth_url(issuer)?).await,
            outcome => outcome,
        };
        Self::parse(&document.map_err(MetadataError::Transport)?.body, issuer)
    }

    /// The URL of the OAuth metadata of `issuer`. The well-known part is between the host and the issuer's path (RFC
    /// 8414, section 3.1). Fails if no document can be fetched from the issuer's URL.
    pub fn oauth_url(issuer: &str) -> Result<Endpoint, MetadataError> {
        let after_scheme = issuer.find("://").map_or(0, |at| at + 3);
        let host_end = issuer
            .char_indices()
            .find(|(at, character)| *at >= after_scheme && *character == '/')
            .map_or(issuer.len(), |(at, _)| at);
        let (origin, path) = issuer.split_at_checked(host_end).unwrap_or((issuer, ""));
        let path = path.strip_suffix('/').unwrap_or(path);
        endpoint(&format!(
            "{origin}/.well-known/oauth-authorization-server{path}"
        ))
    }

    fn parse(json: &[u8], issuer: &str) -> Result<Self, MetadataError> {
        // Serde would also deserialise a struct from an array, which the specification does not allow.
        let json = json.trim_ascii();
        if !json.starts_with(b"{") {
            return Err(MetadataError::Malformed);
        }
        let metadata: Self = serde_json::from_slice(json).map_err(|_| MetadataError::Malformed)?;
        if metadata.issuer == issuer {
            Ok(metadata)
        } else {
            Err(MetadataError::OtherIssuer)
        }
    }

    /// The URL of the keys. Fails if it is missing, or this function may not connect to it.
    pub fn jwks_uri(&self) -> Result<Endpoint, MetadataError> {
        self.address("jwks_uri", self.jwks_uri.as_ref())
    }

    /// The URL of the introspection endpoint (RFC 7662). Fails if it is missing, or this function may not connect to
    /// it.
    pub fn introspection_endpoint(&self) -> Result<Endpoint, MetadataError> {
        self.address(
            "introspection_endpoint",
            self.introspection_endpoint.as_ref(),
        )
    }

    /// The URL in the member `member`. Fails if it is missing, or this function may not connect to it.
    pub fn address(
        &self,
        member: &'static str,
        value: Option<&Value>,
    ) -> Result<Endpoint, MetadataError> {
        let value = value.ok_or(MetadataError::Missing(member))?;
        let text = value.as_str().ok_or(EndpointError::NotAUrl);
        let fault = |error| MetadataError::Address { member, error };
        let address: Endpoint = text.and_then(str::parse).map_err(fault)?;
        if address.is_on_loopback() && !endpoint(&self.issuer)?.is_on_loopback() {
            return Err(MetadataError::Loopback(member));
        }
        Ok(address)
    }
}

fn endpoint(text: &str) -> Result<Endpoint, MetadataError> {
    text.parse().map_err(MetadataError::Issuer)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://example.okta.com/oauth2/default";

    #[track_caller]
    fn check(json: &str, expected: Result<&str, MetadataError>) {
        let found =
            IssuerMetadata::parse(json.as_bytes(), ISSUER).and_then(|metadata| metadata.jwks_uri());
        let found = found.as_ref().map(Endpoint::as_str).map_err(|error| *error);
        assert_eq!(found, expected, "{json}");
    }

    fn with(issuer: &str, jwks_uri: &str) -> String {
        format!(r#"{{"issuer":"{issuer}","jwks_uri":"{jwks_uri}","x":[1]}}"#)
    }

    #[test]
    fn the_url_of_the_keys_is_read() {
        let keys = "https://example.okta.com/oauth2/default/v1/keys";
        check(&with(ISSUER, keys), Ok(keys));
    }

    #[test]
    fn metadata_of_another_issuer_is_refused() {
        let keys = "https://example.okta.com/keys";
        for issuer in [
            "https://example.okta.com/oauth2/default/",
            "https://example.okta.com",
            "https://EXAMPLE.okta.com/oauth2/default",
        ] {
            check(&with(issuer, keys), Err(MetadataError::OtherIssuer));
        }
    }

    #[test]
    fn keys_over_plain_http_are_refused() {
        let error = EndpointError::Insecure;
        let expected = Err(MetadataError::Address {
            member: "jwks_uri",
            error,
        });
        check(&with(ISSUER, "http://example.okta.com/keys"), expected);
    }

    #[test]
    fn metadata_may_name_loopback_only_if_the_issuer_is_on_loopback() {
        for address in [
            "http://127.0.0.1/keys",
            "http://localhost:9000/keys",
            "https://localhost./keys",
            "https://[::1]/keys",
            "https://[::ffff:127.0.0.1]/keys",
            "https://0.0.0.0/keys",
        ] {
            for member in ["jwks_uri", "introspection_endpoint"] {
                let read = |issuer: &str| {
                    let json = format!(r#"{{"issuer":"{issuer}","{member}":"{address}"}}"#);
                    let metadata = IssuerMetadata::parse(json.as_bytes(), issuer).unwrap();
                    if member == "jwks_uri" {
                        metadata.jwks_uri()
                    } else {
                        metadata.introspection_endpoint()
                    }
                };
                let expected = MetadataError::Loopback(member);
                assert_eq!(read(ISSUER), Err(expected), "{address}");
                assert!(read("http://127.0.0.1:9000/as").is_ok(), "{address}");
                assert!(read("https://localhost/as").is_ok(), "{address}");
            }
        }
    }

    #[test]
    fn a_malformed_url_matters_only_if_it_is_needed() {
        let error = EndpointError::NotAUrl;
        let expected = MetadataError::Address {
            member: "jwks_uri",
            error,
        };
        for value in ["5", "[]", "{}", "true"] {
            let json = format!(r#"{{"issuer":"{ISSUER}","jwks_uri":{value}}}"#);
            check(&json, Err(expected));
        }
        let missing = Err(MetadataError::Missing("jwks_uri"));
        check(
            &format!(r#"{{"issuer":"{ISSUER}","jwks_uri":null}}"#),
            missing,
        );
        let keys = "https://example.okta.com/oauth2/default/v1/keys";
        check(
            &format!(r#"{{"issuer":"{ISSUER}","jwks_uri":"{keys}","introspection_endpoint":5}}"#),
            Ok(keys),
        );
    }

    #[test]
    fn documents_that_are_not_metadata_are_refused() {
        for json in [
            "",
            "<html>",
            "[]",
            "{",
            r#"{"issuer":5}"#,
            r#"["https://a", null, null]"#,
        ] {
            check(json, Err(MetadataError::Malformed));
        }
        check(
            &format!(r#"{{"issuer":"{ISSUER}"}}"#),
            Err(MetadataError::Missing("jwks_uri")),
        );
        check(
            &format!(r#"{{"issuer":"{ISSUER}","issuer":"{ISSUER}"}}"#),
            Err(MetadataError::Malformed),
        );
    }

    #[test]
    fn the_well_known_part_goes_between_host_and_path() {
        for (issuer, expected) in [
            (
                ISSUER,
                "https://example.okta.com/.well-known/oauth-authorization-server/oauth2/default",
            ),
            (
                "https://a.example",
                "https://a.example/.well-known/oauth-authorization-server",
            ),
            (
                "https://a.example/",
                "https://a.example/.well-known/oauth-authorization-server",
            ),
            (
                "https://a.example/b/",
                "https://a.example/.well-known/oauth-authorization-server/b",
            ),
        ] {
            let found = IssuerMetadata::oauth_url(issuer);
            assert_eq!(found.as_ref().map(Endpoint::as_str), Ok(expected));
        }
    }
}
