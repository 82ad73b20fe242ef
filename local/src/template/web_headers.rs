//! The headers that the template's `CloudFront` distribution adds to the web pages.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::intrinsic::Scope;
use super::{TemplateError, typed};

/// The resource that holds them.
const KIND: &str = "AWS::CloudFront::ResponseHeadersPolicy";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Policy {
    #[serde(rename = "Name")]
    _name: Value,
    #[serde(default)]
    security_headers_config: Security,
    #[serde(default)]
    custom_headers_config: Custom,
}

/// A header that is not known here is an error: pages would run here under other rules than where they are hosted.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Security {
    content_security_policy: Option<ContentSecurityPolicy>,
    content_type_options: Option<Value>,
    frame_options: Option<FrameOptions>,
    referrer_policy: Option<ReferrerPolicy>,
    /// Not sent: a browser takes it only over https (RFC 6797, 7.2), and there is none here.
    #[serde(rename = "StrictTransportSecurity")]
    _strict_transport_security: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContentSecurityPolicy {
    content_security_policy: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FrameOptions {
    frame_option: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReferrerPolicy {
    referrer_policy: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Custom {
    items: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Item {
    header: String,
    value: String,
}

/// Reads the one `AWS::CloudFront::ResponseHeadersPolicy`, whatever its condition: pages are served here also for a
/// template that hosts none. None when there is no such resource.
pub(super) fn read(
    resources: &Map<String, Value>,
    scope: &Scope,
) -> Result<Vec<(String, String)>, TemplateError> {
    let mut policies = resources
        .iter()
        .filter(|(_, resource)| resource.get("Type").is_some_and(|kind| kind == KIND));
    let Some((id, resource)) = policies.next() else {
        return Ok(Vec::new());
    };
    if policies.next().is_some() {
        return Err(TemplateError::at(
            "Resources",
            format!("expected at most one {KIND}"),
        ));
    }
    let at = || format!("Resources/{id}");
    let config = resource
        .pointer("/Properties/ResponseHeadersPolicyConfig")
        .cloned()
        .unwrap_or_default();
    let config = scope
        .resolve(&config)
        .map_err(|error| error.inside(at()))?
        .unwrap_or_default();
    let Policy {
        security_headers_config: security,
        custom_headers_config: custom,
        ..
    } = typed(at, config)?;

    let mut headers: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, value: Option<String>| {
        headers.extend(value.map(|value| (name.to_owned(), value)))
    };
    add(
        "content-security-policy",
        security
            .content_security_policy
            .map(|policy| policy.content_security_policy),
    );
    add(
        "x-content-type-options",
        security.content_type_options.map(|_| "nosniff".to_owned()),
    );
    add(
        "x-frame-options",
        security.frame_options.map(|options| options.frame_option),
    );
    add(
        "referrer-policy",
        security
            .referrer_policy
            .map(|policy| policy.referrer_policy),
    );
    for Item { header, value } in custom.items {
        add(&header.to_ascii_lowercase(), Some(value));
    }
    Ok(headers)
}
