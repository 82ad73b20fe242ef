//! The function's settings, read once from the environment.

use std::fmt;

use http::HeaderValue;
use lambda_support::log::Level;
use lambda_support::settings::{Reader, SettingsError, Source};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The name of the DynamoDB table.
    pub(crate) table: String,
    /// The origins that get CORS headers.
    pub(crate) allowed_origins: Vec<HeaderValue>,
    /// Members of this group may read and write every resource.
    pub(crate) admin_group: Option<String>,
    /// The URL under which callers reach the API; if `None`, the event has it.
    pub(crate) public_url: Option<String>,
    /// The data for the metadata document (RFC 9728), if the API publishes one.
    pub(crate) sign_in: Option<SignInMetadata>,
    pub log_level: Level,
    /// The SDK's settings for DynamoDB.
    pub(crate) aws: Aws,
}

/// The data for the metadata document that tells a client how to sign in (RFC 9728).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignInMetadata {
    /// `AUTHORIZATION_SERVERS`, at least one.
    pub(crate) authorization_servers: Vec<String>,
    /// `SCOPES_SUPPORTED`.
    pub(crate) scopes: Vec<String>,
    /// Whether the authorizer accepts only DPoP-bound tokens.
    pub(crate) requires_dpop: bool,
}

/// The AWS SDK's own variables that matter for the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Aws {
    /// `AWS_REGION`, else `AWS_DEFAULT_REGION`, else the profile's region.
    pub(crate) region: Option<String>,
    /// `AWS_ENDPOINT_URL_DYNAMODB`, else `AWS_ENDPOINT_URL`, else the region's endpoint.
    pub(crate) endpoint: Option<String>,
    pub(crate) use_fips: bool,
    pub(crate) use_dual_stack: bool,
    /// The credentials that Lambda sets. Without them the SDK's other sources of credentials are used.
    pub(crate) access_key: Option<AccessKey>,
}

/// The credentials in the environment.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct AccessKey {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) session_token: Option<String>,
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKey").finish_non_exhaustive()
    }
}

impl Settings {
    /// Reads all settings. The error has all invalid variables, with the value of each and what was expected.
    pub fn from_source(source: &dyn Source) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(source);
        let settings = Self {
            table: reader.required("STATE_TABLE", "the name of the DynamoDB table"),
            allowed_origins: read_origins(&mut reader),
            admin_group: reader.text("ADMIN_GROUP"),
            public_url: read_public_url(&mut reader),
            sign_in: SignInMetadata::read(&mut reader),
            log_level: reader.log_level(),
            aws: Aws::read(&mut reader),
        };
        let (settings, _warnings) = reader.finish(settings)?;
        Ok(settings)
    }
}

impl SignInMetadata {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        const SERVERS: &str = "AUTHORIZATION_SERVERS";
        const SCOPES: &str = "SCOPES_SUPPORTED";
        let authorization_servers = reader.list(SERVERS).unwrap_or_default();
        if authorization_servers.iter().any(|url| !is_plain_url(url)) {
            let expected = "issuer URLs separated by commas, without a query or a fragment";
            reader.fault(SERVERS, expected);
        }
        let scopes = reader.list(SCOPES).unwrap_or_default();
        if !scopes.iter().all(|scope| is_scope(scope)) {
            reader.fault(
                SCOPES,
                "scopes separated by commas, in printable ASCII without white space",
            );
        }
        let requires_dpop = reader.choice(
            "DPOP",
            ("off", false),
            &[("accept", false), ("require", true)],
        );
        (!authorization_servers.is_empty()).then_some(Self {
            authorization_servers,
            scopes,
            requires_dpop,
        })
    }
}

/// Whether a string is a single scope (RFC 6749, section 3.3).
fn is_scope(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
}

impl Aws {
    fn read(reader: &mut Reader<'_>) -> Self {
        let region = ["AWS_REGION", "AWS_DEFAULT_REGION"]
            .into_iter()
            .find_map(|name| reader.text(name));
        // Read even if the region is set, because a value that is not UTF-8 is a fault.
        let profile = reader.text("AWS_PROFILE");
        if region.is_none() && profile.is_none() {
            reader.fault(
                "AWS_REGION",
                "the region of the table, unless the profile in AWS_PROFILE has one",
            );
        }
        Self {
            region,
            endpoint: ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"]
                .into_iter()
                .find_map(|name| read_url(reader, name)),
            use_fips: read_bool(reader, "AWS_USE_FIPS_ENDPOINT"),
            use_dual_stack: read_bool(reader, "AWS_USE_DUALSTACK_ENDPOINT"),
            access_key: AccessKey::read(reader),
        }
    }
}

impl AccessKey {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        const ID: &str = "AWS_ACCESS_KEY_ID";
        const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
        match (reader.text(ID), reader.text(SECRET)) {
            (None, None) => None,
            (Some(id), Some(secret)) => Some(Self {
                id,
                secret,
                session_token: reader.text("AWS_SESSION_TOKEN"),
            }),
            (Some(_), None) => {
                reader.fault(
                    SECRET,
                    "the secret of AWS_ACCESS_KEY_ID; set both or neither",
                );
                None
            }
            (None, Some(_)) => {
                reader.fault(ID, "the id of AWS_SECRET_ACCESS_KEY; set both or neither");
                None
            }
        }
    }
}

/// Reads `true` or `false` in any case, as the SDK does.
fn read_bool(reader: &mut Reader<'_>, name: &str) -> bool {
    let text = reader.text(name).unwrap_or_default();
    if !text.is_empty()
        && !["true", "false"]
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word))
    {
        reader.fault(name, "true or false");
    }
    text.eq_ignore_ascii_case("true")
}

fn read_public_url(reader: &mut Reader<'_>) -> Option<String> {
    const NAME: &str = "PUBLIC_URL";
    let url = reader.text(NAME)?;
    if !is_plain_url(&url) || url.ends_with('/') {
        reader.fault(
            NAME,
            "an http or https URL such as https://api.example.com/prod, without a query, a fragment or a slash at its end",
        );
    }
    Some(url)
}

fn read_url(reader: &mut Reader<'_>, name: &str) -> Option<String> {
    let url = reader.text(name)?;
    if !is_url(&url) {
        reader.fault(name, "an http or https URL");
    }
    Some(url)
}

fn read_origins(reader: &mut Reader<'_>) -> Vec<HeaderValue> {
    const NAME: &str = "ALLOWED_ORIGINS";
    let text = reader.text(NAME).unwrap_or_default();
    // A template that joins values leaves an empty item for each value that is not set.
    let items = text.split(',').map(str::trim);
    let origins: Option<Vec<HeaderValue>> = items
        .filter(|item| !item.is_empty())
        .map(|origin| {
            let value = HeaderValue::from_str(origin).ok();
            value.filter(|_| is_origin(origin))
        })
        .collect();
    if origins.is_none() {
        reader.fault(
            NAME,
            "origins such as https://app.example.com, separated by commas, without a path, never `*`",
        );
    }
    origins.unwrap_or_default()
}

/// Whether a string is a URL without a query, a fragment, a user, and characters that would end it in a header.
fn is_plain_url(text: &str) -> bool {
    is_url(text) && !text.contains(['?', '#', '@', '"', '<', '>', '\\'])
}

fn is_url(text: &str) -> bool {
    text.parse::<http::Uri>()
        .is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some())
}

/// Whether a string is an origin as a browser sends it: scheme, host and port, in lower case, without a path (RFC 6454,
/// section 6.2).
fn is_origin(text: &str) -> bool {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty()
            && !host.contains(['/', '*', '?', '#', '@', ' ', '\''])
            && !host.contains(char::is_uppercase)
    }) && is_url(text)
}

#[cfg(test)]
mod tests;
