//! The headers of `web/template.yaml` that `CloudFront` adds to the web pages.

use serde::Deserialize;
use serde_json::Value;

use super::error::{DefinitionError, TemplateError};
use super::given::Given;
use super::sections::Sections;

/// The resource that holds them.
const KIND: &str = "AWS::CloudFront::ResponseHeadersPolicy";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct HeadersPolicy {
    #[serde(rename = "Name")]
    _name: Value,
    #[serde(default)]
    security_headers_config: SecurityHeaders,
    #[serde(default)]
    custom_headers_config: Custom,
}

/// An unknown header is an error, because otherwise the pages would have other headers here than where they are hosted.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SecurityHeaders {
    content_security_policy: Option<ContentSecurityPolicy>,
    content_type_options: Option<Value>,
    frame_options: Option<FrameOptions>,
    referrer_policy: Option<ReferrerPolicy>,
    /// Not sent: browsers ignore it over plain http (RFC 6797, section 8.1).
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
    items: Vec<HeaderItem>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HeaderItem {
    header: String,
    value: String,
}

/// Reads the one `AWS::CloudFront::ResponseHeadersPolicy` of `web/template.yaml`: header names in lower case, and values.
/// Fails if the template is malformed, does not have exactly one such resource, or has an unknown header.
pub(crate) fn read(text: &str, given: &Given) -> Result<Vec<(String, String)>, TemplateError> {
    let document = Sections::read(text)?;
    let scope = document.scope(given)?;
    let resources = document.section("Resources")?;
    let policies: Vec<_> = resources
        .iter()
        .filter(|(_, resource)| resource.get("Type").is_some_and(|kind| kind == KIND))
        .collect();
    let [(id, resource)] = policies.as_slice() else {
        let (expected, found) = (format!("one {KIND}"), policies.len().to_string());
        return Err(TemplateError::at(
            "Resources",
            DefinitionError::Unexpected { expected, found },
        ));
    };
    let at = || format!("Resources/{id}/Properties/ResponseHeadersPolicyConfig");
    let config = resource
        .pointer("/Properties/ResponseHeadersPolicyConfig")
        .cloned()
        .unwrap_or_default();
    let config = scope
        .resolve(&config)
        .map_err(|error| error.inside(at()))?
        .unwrap_or_default();
    let HeadersPolicy {
        security_headers_config: security,
        custom_headers_config: custom,
        ..
    } = serde_json::from_value(config)
        .map_err(|error| TemplateError::at(at(), DefinitionError::Intrinsic(error.to_string())))?;

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
    for HeaderItem { header, value } in custom.items {
        add(&header.to_ascii_lowercase(), Some(value));
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const POLICY: &str = r#"
Parameters:
  ApiUrl: {Type: String}
Resources:
  Headers:
    Type: AWS::CloudFront::ResponseHeadersPolicy
    Properties:
      ResponseHeadersPolicyConfig:
        Name: !Ref "AWS::StackId"
        SecurityHeadersConfig:
          ContentSecurityPolicy: {ContentSecurityPolicy: !Sub "connect-src ${ApiUrl}", Override: true}
          ContentTypeOptions: {Override: true}
          FrameOptions: {FrameOption: DENY, Override: true}
          StrictTransportSecurity: {AccessControlMaxAgeSec: 1, Override: true}
        CustomHeadersConfig: {Items: [{Header: Cache-Control, Value: no-cache, Override: true}]}
  Bucket: {Type: AWS::S3::Bucket, Properties: {X: !ImportValue y}}
"#;

    fn given() -> Given {
        Given {
            parameters: BTreeMap::from([("ApiUrl".to_owned(), "http://127.0.0.1:1".to_owned())]),
            region: "us-east-1".to_owned(),
            ..Given::default()
        }
    }

    #[test]
    fn headers_of_the_policy() {
        let headers = read(POLICY, &given()).unwrap();
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let expected = [
            ("content-security-policy", "connect-src http://127.0.0.1:1"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("cache-control", "no-cache"),
        ];
        assert_eq!(headers, expected);
    }

    #[test]
    fn an_unknown_header_or_a_missing_policy_is_refused() {
        fn check(from: &str, to: &str, expected: &str) {
            assert!(POLICY.contains(from), "{from}");
            let error = read(&POLICY.replacen(from, to, 1), &given()).unwrap_err();
            assert!(error.to_string().contains(expected), "{to}: {error}");
        }
        check("FrameOptions", "XSSProtection", "XSSProtection");
        check("::ResponseHeadersPolicy", "::Function", "expected one");
        check(
            "ApiUrl: {",
            "WebUrl: {",
            "no parameter of the template is named `ApiUrl`",
        );
    }
}
